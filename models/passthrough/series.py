"""A price series as it is given, and as it is read: days, numbers, unit, and what was wrong with it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.errors import Text
from models.findings import Finding, Severity
from models.passthrough.errors import BadSeries
from models.units import FloatArray

#: What a price may be quoted in, as a multiple of CNY per t. Other currencies need a rate and are not converted here.
PER_T: dict[str, float] = {
    "CNY/t": 1.0,
    "元/吨": 1.0,
    "CNY/kg": 1000.0,
    "元/千克": 1000.0,
    "元/公斤": 1000.0,
    "10kCNY/t": 10000.0,
    "万元/吨": 10000.0,
}
_DAY = re.compile(r"^\s*(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?\s*$")


@dataclass(frozen=True, slots=True)
class Raw:
    """
    A series as a user gives it.

    ``vat`` holds (first day, rate) pairs where the price includes value-added
    tax; none means that it does not. ``volumes`` weight the days of a period.
    ``rolls`` holds (first day of the new contract, new price less old price on
    that day). ``products`` is a column that must name one product only.
    ``rates`` converts day by day into CNY where the unit is in another currency.
    ``name_en`` is what English sentences call it; without one, ``name``.
    """

    name: str
    days: Sequence[dt.date | str]
    values: Sequence[float | str | None]
    unit: str = "CNY/t"
    vat: Sequence[tuple[dt.date, float]] = ()
    volumes: Sequence[float | None] | None = None
    rolls: Sequence[tuple[dt.date, float]] = ()
    products: Sequence[str] | None = None
    rates: Sequence[float] | None = None
    name_en: str = ""

    @property
    def said(self) -> Text:
        """Return its name in both languages."""
        return Text(self.name, self.name_en or self.name)


@dataclass(frozen=True, slots=True)
class Read:
    """A series in CNY per t without value-added tax: rising days, not a number where nothing was quoted."""

    name: str
    days: tuple[dt.date, ...]
    values: FloatArray
    volumes: FloatArray | None
    steps: tuple[Finding, ...] = field(default=())
    #: The same prices before rolls were taken out; equal where there are none.
    unadjusted: FloatArray | None = None
    name_en: str = ""

    @property
    def said(self) -> Text:
        """Return its name in both languages."""
        return Text(self.name, self.name_en or self.name)


def refused(name: str, zh: str, en: str, mend_zh: str, mend_en: str) -> BadSeries:
    """Return a refusal of one series."""
    return BadSeries(field=name, name=name, why_zh=zh, why_en=en, mend_zh=mend_zh, mend_en=mend_en)


def step(code: str, of: Text, zh: str, en: str, severity: Severity = "info") -> Finding:
    """Return what a step of the preparation did or saw; its sentence names the series, in each language its own name."""
    if of.zh and of.zh not in zh:
        zh, en = f"“{of.zh}”：{zh}", f"'{of.en}': {en}"
    return Finding(f"passthrough.{code}", severity, Text(zh, en), field=of.zh)


def day_of(said: dt.date | str, name: str) -> dt.date:
    """
    Return a day from a date or its text.

    Examples
    --------
    >>> day_of("2026年1月31日", "x")
    datetime.date(2026, 1, 31)
    >>> day_of("2026-01", "x")
    datetime.date(2026, 1, 1)
    """
    if isinstance(said, dt.datetime):
        return said.date()
    if isinstance(said, dt.date):
        return said
    found = _DAY.match(str(said)) or re.match(r"^\s*(\d{4})-(\d{1,2})\s*$", str(said))
    try:
        if found:
            parts = [int(part) for part in found.groups() if part]
            return dt.date(parts[0], parts[1], parts[2] if len(parts) > 2 else 1)
    except ValueError:
        pass
    raise refused(
        name,
        f"“{said}”不是日期",
        f"'{said}' is not a date",
        "请写成 2026-01-31 或 2026年1月31日。",
        "Write 2026-01-31 or 2026年1月31日.",
    )


def _number(said: float | str | None, name: str) -> float:
    if said is None or (isinstance(said, str) and said.strip() in ("", "-", "—", "NA", "n/a")):
        return np.nan
    try:
        return float(said.replace(",", "")) if isinstance(said, str) else float(said)
    except ValueError:
        raise refused(
            name, f"“{said}”不是数", f"'{said}' is not a number", "请更正该数值。", "Correct the value."
        ) from None


def read(raw: Raw) -> Read:
    """
    Read a series: days, numbers, unit, tax, rolls; refuse what has no single reading.

    Parameters
    ----------
    raw : Raw

    Returns
    -------
    Read
        CNY per t without value-added tax.
    """
    name = raw.name
    if len(raw.days) != len(raw.values) or not raw.days:
        raise refused(
            name,
            "日期与数值个数不符或为空",
            "days and values do not match, or there are none",
            "请核对两列。",
            "Check both columns.",
        )
    _one_product(raw)
    days = [day_of(said, name) for said in raw.days]
    values = np.array([_number(said, name) for said in raw.values])
    steps: list[Finding] = []
    order = np.argsort([day.toordinal() for day in days], kind="stable")
    if np.any(np.diff(order) < 0):
        steps.append(step("sorted", raw.said, "日期未按序，已排序。", "Days did not rise; they were put in order."))
    days = [days[i] for i in order.tolist()]
    twice = next((b for a, b in pairwise(days) if a == b), None)
    if twice is not None:
        raise refused(
            name,
            f"日期 {twice} 重复",
            f"the day {twice} occurs more than once",
            "请每日只留一行；若一列混有两种产品，请分开。",
            "Keep one row for each day; part the products if two share the column.",
        )
    values = values[order]
    if np.any(np.isinf(values)) or np.any(values[np.isfinite(values)] <= 0):
        steps.append(
            step(
                "not_positive",
                raw.said,
                "零或负的报价视为缺失。",
                "Quotes that are not positive are missing.",
                "warning",
            )
        )
        values = np.where(np.isfinite(values) & (values > 0), values, np.nan)
    values = values * _to_cny_per_t(raw, order)
    values = _without_vat(raw, days, values, steps)
    adjusted = _without_rolls(raw, days, values, steps)
    volumes = None
    if raw.volumes is not None:
        volumes = np.array([_number(said, name) for said in raw.volumes])[order]
        volumes = np.where(np.isfinite(volumes), volumes, 0.0)
    return Read(name, tuple(days), adjusted, volumes, tuple(steps), values, raw.name_en)


def _one_product(raw: Raw) -> None:
    names = {label.strip() for label in raw.products or () if label.strip()}
    if len(names) > 1:
        shown = "、".join(sorted(names)[:4])
        raise refused(
            raw.name,
            f"一列中有 {len(names)} 种产品（{shown}）",
            f"{len(names)} products share one column ({', '.join(sorted(names)[:4])})",
            "请按产品、牌号和地点分成单独的序列。",
            "Give each product, grade and place a series of its own.",
        )


def _to_cny_per_t(raw: Raw, order: NDArray[np.intp]) -> FloatArray:
    if raw.rates is not None:
        if len(raw.rates) != len(raw.values) or not all(np.isfinite(rate) and rate > 0 for rate in raw.rates):
            raise refused(
                raw.name,
                "汇率缺失或个数不符",
                "rates are missing or do not match",
                "请逐日给出汇率。",
                "Give a rate for each day.",
            )
        return np.asarray(raw.rates, dtype=np.float64)[order]
    if raw.unit not in PER_T:
        raise refused(
            raw.name,
            f"单位“{raw.unit}”无法换算为元/吨",
            f"the unit '{raw.unit}' cannot be turned into CNY per t",
            f"可用单位：{'、'.join(PER_T)}；其他货币请附逐日汇率。",
            f"Known are {', '.join(PER_T)}; give daily rates for another currency.",
        )
    return np.full(len(raw.values), PER_T[raw.unit])


def _without_vat(raw: Raw, days: list[dt.date], values: FloatArray, steps: list[Finding]) -> FloatArray:
    if not raw.vat:
        return values
    table = sorted(raw.vat)
    if any(not 0.0 <= rate < 1.0 for _, rate in table):
        raise refused(
            raw.name, "增值税率不在 0 至 1 之间", "a VAT rate does not lie in 0 to 1", "请写成 0.13。", "Write 0.13."
        )
    if days[0] < table[0][0]:
        raise refused(
            raw.name,
            f"{days[0]} 没有增值税率（税率始于 {table[0][0]}）",
            f"no VAT rate is given for {days[0]} (rates begin on {table[0][0]})",
            "请补充当时的税率。",
            "Give the rate of that day.",
        )
    since = np.array([day.toordinal() for day, _ in table])
    at = np.searchsorted(since, [day.toordinal() for day in days], side="right") - 1
    steps.append(
        step("vat", raw.said, f"已按 {len(table)} 个税率扣除增值税。", f"VAT taken out by {len(table)} dated rate(s).")
    )
    return np.asarray(values / (1.0 + np.array([rate for _, rate in table])[at]), dtype=np.float64)


def _without_rolls(raw: Raw, days: list[dt.date], values: FloatArray, steps: list[Finding]) -> FloatArray:
    """Take the jump of each roll out of what came before it; the last contract keeps its prices."""
    adjusted = values.copy()
    ordinals = np.array([day.toordinal() for day in days])
    for day, jump in raw.rolls:
        adjusted[ordinals < day.toordinal()] += jump
    if raw.rolls:
        steps.append(
            step(
                "rolls",
                raw.said,
                f"已剔除 {len(raw.rolls)} 次期货换月跳空，原序列并列保留。",
                f"The jumps of {len(raw.rolls)} futures rolls were taken out; the raw series stands beside it.",
            )
        )
    return adjusted
