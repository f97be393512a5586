"""
From series as given to one sample: a common calendar, thin markets, gaps, and a report of what was dropped and why.

A week without trade is missing and never a repeated price; a hole of more than
two periods is never filled, the longest stretch without one is used.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models.errors import NOTHING, Text
from models.findings import Finding
from models.passthrough.errors import NotEstimable
from models.passthrough.series import Raw, Read, read, refused, step
from models.provenance import fingerprint
from models.units import FloatArray

Frequency = Literal["weekly", "monthly", "quarterly"]
#: Longest step, in days, that a series of this frequency usually has.
STEP_DAYS: dict[Frequency, float] = {"weekly": 9.0, "monthly": 32.0, "quarterly": 95.0}
LONGEST_FILLED = 2
#: Above this share of repeated prices no grade is better than C.
MANY_REPEATED = 0.60
#: Fewer periods than this carry no dynamic model with an interval worth printing.
LEAST_PERIODS = 40
_LESS_THAN_THE_DUST = 1e-9


@dataclass(frozen=True, slots=True)
class Sample:
    """
    One product's price and costs on a common calendar, without holes.

    ``y`` in CNY per t, shape (n,); ``x``, shape (n, k), the carbon cost first.
    """

    product: str
    frequency: Frequency
    periods: tuple[dt.date, ...]
    y: FloatArray
    costs: tuple[str, ...]
    x: FloatArray
    repeated_share: float
    untraded_share: float
    filled: int
    findings: tuple[Finding, ...]
    #: What English sentences call a series, by its name; a series without an entry keeps its name.
    names_en: Mapping[str, str] = field(default_factory=dict)

    def said(self, name: str) -> Text:
        """Return the name of a series in both languages."""
        return Text(name, self.names_en.get(name, name))

    @property
    def inputs_hash(self) -> str:
        """SHA-256 of everything the estimate reads."""
        return fingerprint(
            {
                "product": self.product,
                "frequency": self.frequency,
                "periods": list(self.periods),
                "y": self.y.tolist(),
                "costs": list(self.costs),
                "x": self.x.tolist(),
            }
        )


def period_of(day: dt.date, frequency: Frequency) -> dt.date:
    """Return the last day of the week (Sunday), month or quarter that a day is in."""
    if frequency == "weekly":
        return day + dt.timedelta(days=6 - day.weekday())
    month = day.month if frequency == "monthly" else day.month + (-day.month) % 3
    following = dt.date(day.year + (month == 12), month % 12 + 1, 1)
    return following - dt.timedelta(days=1)


def periods_between(first: dt.date, last: dt.date, frequency: Frequency) -> list[dt.date]:
    """Return every period from one to another, both included."""
    found = [first]
    while found[-1] < last:
        found.append(period_of(found[-1] + dt.timedelta(days=1), frequency))
    return found


def by_period(series: Read, frequency: Frequency) -> tuple[dict[dt.date, float], float]:
    """
    Return the price of each period, and the share of its days without trade.

    Parameters
    ----------
    series : Read
    frequency : Frequency

    Notes
    -----
    Volume-weighted where volumes are given; a period without trade is left out,
    whatever was quoted in it. Without volumes the mean of what was quoted.
    """
    at = np.array([period_of(day, frequency).toordinal() for day in series.days])
    weight = np.isfinite(series.values).astype(np.float64)
    if series.volumes is not None:
        weight = weight * series.volumes
    labels, place = np.unique(at, return_inverse=True)
    total = np.bincount(place, weights=weight)
    middle = float(np.nanmean(series.values)) if np.isfinite(series.values).any() else 0.0
    summed = np.bincount(place, weights=np.where(weight > 0, series.values - middle, 0.0) * weight)
    traded = total > 0
    price = {
        dt.date.fromordinal(int(label)): middle + float(part / whole)
        for label, part, whole in zip(labels[traded], summed[traded], total[traded], strict=True)
    }
    return price, float(1.0 - (weight > 0).mean())


def _usual_step(series: Read) -> float:
    days = np.array([day.toordinal() for day in series.days])
    return float(np.median(np.diff(days))) if days.size > 1 else 0.0


def prepare(price: Raw, carbon: Raw, others: Sequence[Raw] = (), *, frequency: Frequency = "weekly") -> Sample:
    """
    Bring price, carbon cost and other costs onto one calendar.

    Parameters
    ----------
    price : Raw
        One product, one grade, one place.
    carbon : Raw
        Carbon cost per t of product: allowance price times an intensity fixed in the sample.
    others : sequence of Raw
        The other input costs.
    frequency : Frequency
        Of the estimate; a series quoted less often is refused.

    Returns
    -------
    Sample
        With a finding for every step taken.

    Raises
    ------
    BadSeries, NotEstimable
        Where there is no honest sample.
    """
    names = [price.name, carbon.name, *(one.name for one in others)]
    if len(set(names)) < len(names):
        raise refused(price.name, "有两个序列同名", "two series have the same name", "请改名。", "Rename one.")
    series = [read(raw) for raw in (price, carbon, *others)]
    said = [one.said for one in series]
    findings = [finding for one in series for finding in one.steps]
    for one in series:
        _not_coarser(one, frequency)
    columns = [by_period(one, frequency) for one in series]
    if columns[0][1] > 0:
        findings.append(
            step(
                "untraded",
                price.said,
                f"{columns[0][1]:.0%} 的报价日无成交，未计入。",
                f"{columns[0][1]:.0%} of the days quoted had no trade and do not count.",
            )
        )
    first = max(min(values, default=dt.date.max) for values, _ in columns)
    last = min(max(values, default=dt.date.min) for values, _ in columns)
    if first >= last:
        raise NotEstimable(
            why_zh="各序列没有共同的时期",
            why_en="the series have no period in common",
            mend_zh="请核对各序列的起止日期。",
            mend_en="Check where each series begins and ends.",
        )
    calendar = periods_between(first, last, frequency)
    table = np.array([[values.get(period, np.nan) for values, _ in columns] for period in calendar])
    _say_unused(series, columns, first, last, findings)
    table, filled = _short_gaps(table, said, findings)
    start, stop = _longest(table, calendar, findings)
    table, calendar = table[start:stop], calendar[start:stop]
    if len(calendar) < LEAST_PERIODS:
        raise NotEstimable(
            why_zh=f"连续可用的时期只有 {len(calendar)} 个，少于 {LEAST_PERIODS} 个",
            why_en=f"only {len(calendar)} periods in a row are usable, fewer than {LEAST_PERIODS}",
            mend_zh="请补充数据，或改用更高频率的报价。",
            mend_en="Supply more data, or quotes of a higher frequency.",
        )
    repeated = _moving(table, said, findings)
    return Sample(
        price.name,
        frequency,
        tuple(calendar),
        np.ascontiguousarray(table[:, 0]),
        tuple(names[1:]),
        np.ascontiguousarray(table[:, 1:]),
        repeated,
        columns[0][1],
        filled,
        tuple(findings),
        {one.zh: one.en for one in said if one.en != one.zh},
    )


def _not_coarser(series: Read, frequency: Frequency) -> None:
    usual = _usual_step(series)
    if usual > STEP_DAYS[frequency]:
        raise refused(
            series.name,
            f"报价间隔通常为 {usual:.0f} 天，频率低于所选频率",
            f"it is quoted every {usual:.0f} days, less often than the frequency of the estimate",
            "请统一改用最低的频率（月度或季度）。",
            "Estimate at the lowest frequency of all series (monthly or quarterly).",
        )


def _say_unused(
    series: Sequence[Read],
    columns: Sequence[tuple[dict[dt.date, float], float]],
    first: dt.date,
    last: dt.date,
    findings: list[Finding],
) -> None:
    for one, (values, _) in zip(series, columns, strict=True):
        outside = sum(1 for period in values if not first <= period <= last)
        if outside:
            findings.append(
                step(
                    "outside_span",
                    one.said,
                    f"“{one.name}”有 {outside} 期在共同区间之外，未用。",
                    f"{outside} periods of '{one.said.en}' lie outside the common span and are not used.",
                )
            )


def _short_gaps(table: FloatArray, names: Sequence[Text], findings: list[Finding]) -> tuple[FloatArray, int]:
    """Draw a line across holes of at most two periods, and count them; longer holes stay."""
    table, total = table.copy(), 0
    rows = np.arange(len(table))
    for j, name in enumerate(names):
        gone = ~np.isfinite(table[:, j])
        if not gone.any() or gone.all():
            continue
        edge = np.flatnonzero(np.diff(np.concatenate(([0], gone.astype(np.int8), [0]))))
        runs = edge.reshape(-1, 2)
        short = [(a, b) for a, b in runs.tolist() if b - a <= LONGEST_FILLED and a > 0 and b < len(table)]
        for a, b in short:
            table[a:b, j] = np.interp(rows[a:b], rows[~gone], table[~gone, j])
        count = sum(b - a for a, b in short)
        total += count
        if count:
            findings.append(
                step(
                    "filled",
                    name,
                    f"“{name.zh}”有 {count} 期缺失（每处不超过 {LONGEST_FILLED} 期），按直线补齐。",
                    f"{count} missing periods of '{name.en}' (holes of at most {LONGEST_FILLED}) were bridged by a line.",
                )
            )
    return table, total


def _longest(table: FloatArray, calendar: Sequence[dt.date], findings: list[Finding]) -> tuple[int, int]:
    """Return the longest stretch without a hole, and tell what it leaves out."""
    whole = np.isfinite(table).all(axis=1)
    edge = np.flatnonzero(np.diff(np.concatenate(([0], whole.astype(np.int8), [0])))).reshape(-1, 2)
    if not len(edge):
        return 0, 0
    start, stop = (int(v) for v in edge[int(np.argmax(edge[:, 1] - edge[:, 0]))])
    left = int(whole.sum()) - (stop - start)
    if not whole.all():
        findings.append(
            step(
                "gap",
                NOTHING,
                f"存在超过 {LONGEST_FILLED} 期的缺口，不予补齐；只用 {calendar[start]} 至 {calendar[stop - 1]}，舍弃其余 {left} 期。",
                f"There are holes of more than {LONGEST_FILLED} periods, which are not filled; only {calendar[start]} to "
                f"{calendar[stop - 1]} is used and {left} other periods are dropped.",
                "warning",
            )
        )
    return start, stop


def _moving(table: FloatArray, names: Sequence[Text], findings: list[Finding]) -> float:
    """Refuse what does not move; return the share of prices that repeat the one before."""
    for j, name in enumerate(names):
        if np.ptp(table[:, j]) <= _LESS_THAN_THE_DUST * abs(table[0, j]):
            what = ("碳成本从未变动，无从识别传导率", "the carbon cost never moves, so that no rate can be told") if j == 1 else (
                "序列为常数", "the series is constant")  # fmt: skip
            raise refused(
                name.zh, *what, "请换用有变动的序列或更长的样本。", "Use a series that moves, or a longer sample."
            )
    repeated = float((np.diff(table[:, 0]) == 0).mean())
    if repeated > MANY_REPEATED:
        findings.append(
            step(
                "repeated",
                names[0],
                f"{repeated:.0%} 的价格与上期相同，等级最高为 C；名义价格宜按季度建模。",
                f"{repeated:.0%} of the prices repeat the one before; no grade above C, and list prices want quarterly data.",
                "warning",
            )
        )
    level = np.median(table, axis=0)
    apart = [name for name, value in zip(names[1:], level[1:], strict=True) if value > 100.0 * level[0]]
    for name in apart:
        findings.append(
            step(
                "scale",
                name,
                f"“{name.zh}”比产品价格高两个数量级，请核对单位。",
                f"'{name.en}' is two orders of magnitude above the price; check the units.",
                "warning",
            )
        )
    jumps = np.abs(np.diff(np.log(table[:, 0])))
    far = max(0.5, 20.0 * float(np.median(jumps)))
    back = np.flatnonzero((jumps[:-1] > far) & (jumps[1:] > far))
    if back.size > 2:
        raise refused(
            names[0].zh,
            "价格在两个水平之间反复跳动，似为两种产品或两种单位混在一列",
            "the price jumps to and fro between two levels, as two products or units in one column do",
            "请按产品和单位分开。",
            "Part the products and units.",
        )
    return repeated
