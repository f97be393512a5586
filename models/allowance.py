"""
Reference prices of emission allowances (GDEA, CEA, EUA) where trading is thin.

``reference_price`` answers for one day and never looks past it; what it cannot
answer it refuses. ``mean_over`` answers for a past period, e.g. a compliance
year. A price the user enters is kept apart as the user's (``user_price``).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.errors import NOTHING, OutOfRange, Text
from models.law import Read
from models.market import Market, load_prices
from models.mean_price import MeanPrice, mean_over
from models.series import InstrumentRule, NoPrice, PriceTooOld, ReferencePolicy, Series, daily_series, extend, to_date
from models.table import Result, Row

__all__ = [
    "InstrumentRule",
    "Market",
    "MeanPrice",
    "NoPrice",
    "PriceTooOld",
    "ReferencePolicy",
    "ReferencePrice",
    "Series",
    "daily_series",
    "extend",
    "load_prices",
    "mean_over",
    "reference_price",
    "user_price",
]

#: Window mean of closes weighted by tonnes; plain window mean; close of the last informative session; mean of the
#: last week with one, where its day's close is not carried; entered by the user.
Statistic = Literal["volume_weighted_close", "mean_close", "last_close", "last_week_mean", "user"]
#: A: the short window is enough. B: the long one is, or no tonnes are quoted. C: thin or stale. U: the user's.
Quality = Literal["A", "B", "C", "U"]

STATISTICS: Mapping[Statistic, Text] = {
    "volume_weighted_close": Text("窗口内收盘价按成交量加权平均", "volume-weighted mean of the closes in the window"),
    "mean_close": Text("窗口内收盘价简单平均", "plain mean of the closes in the window"),
    "last_close": Text("最近一次有效收盘价", "last informative close"),
    "last_week_mean": Text("最近有效一周的收盘均价", "mean of the closes of the last week with an informative close"),
    "user": Text("用户录入价格", "entered by the user"),
}
_QUALITIES: Mapping[Quality, Text] = {
    "A": Text("A：短窗口成交充足，报价较新", "A: enough tonnes in the short window, fresh"),
    "B": Text(
        "B：需放宽窗口、有效报价偏少或无成交量", "B: wider window, few informative sessions, or no tonnes quoted"
    ),
    "C": Text("C：成交稀少、成交量不明或报价陈旧，慎用", "C: thin, tonnes unknown or stale; use with care"),
    "U": Text("U：用户录入，未经核对", "U: the user's, not checked"),
}


@dataclass(frozen=True, slots=True)
class ReferencePrice(Result):
    """
    A price for one day and what it rests on.

    ``value`` is in ``unit``; ``volume_t`` is the tonnes in the window, ``None``
    where they are not known; ``age_days`` counts calendar days since the last
    informative close. ``confidence`` is the weakest among the quotes used.
    """

    instrument: str
    on: dt.date
    value: float
    unit: str
    currency: str
    statistic: Statistic
    first: dt.date
    last: dt.date
    volume_t: float | None
    sessions: int | None
    informative: int | None
    last_informative: dt.date
    age_days: int
    source: str
    confidence: str
    quality: Quality
    contract: Text = NOTHING
    notes: tuple[Text, ...] = ()

    def rows(self) -> list[Row]:
        label = Text(f"{self.instrument} 参考价", f"{self.instrument} reference price").get
        note = Text(
            "；".join([STATISTICS[self.statistic].zh, *(n.zh for n in self.notes)]),
            "; ".join([STATISTICS[self.statistic].en, *(n.en for n in self.notes)]),
        )
        return [
            Row("price", Text(label("zh"), label("en")), self.value, self.unit, note, 4),
            Row("statistic", Text("统计口径", "Statistic"), self.statistic, "", STATISTICS[self.statistic]),
            Row("window", Text("窗口", "Window"), f"{self.first} – {self.last}", "", self.contract),
            Row("volume_t", Text("窗口成交量", "Tonnes in the window"), self.volume_t, "t", digits=0),
            Row("sessions", Text("窗口交易日数", "Sessions in the window"), self.sessions, digits=0),
            Row("informative", Text("其中有效收盘日数", "of them informative"), self.informative, digits=0),
            Row("age_days", Text("距最近有效收盘", "Age of the last informative close"), self.age_days, "d", digits=0),
            Row("quality", Text("质量等级", "Quality class"), self.quality, "", _QUALITIES[self.quality]),
            Row("source", Text("来源", "Source"), self.source, "", Text(self.confidence, self.confidence)),
        ]

    def read(self) -> Read:
        """Return the price as a value read, for a provenance."""
        return Read(
            key=f"price.{self.instrument.lower() or 'user'}.{self.statistic}",
            value=self.value,
            since=self.first,
            until=self.last,
            unit=self.unit,
            source=self.source,
            confidence=self.confidence,
            note=f"on {self.on}, quality {self.quality}, age {self.age_days} d",
        )

    def proof(self) -> list[str]:
        return [self.read().line()]


def reference_price(series: Series, on: dt.date, policy: ReferencePolicy) -> ReferencePrice:
    """
    Return what one allowance cost on ``on``, as far as the quotes up to that day can say.

    Parameters
    ----------
    series : Series
        Daily or weekly quotes, or both; a week counts once its last session is not after ``on``.
    on : date
        Day asked about; nothing after it is used.
    policy : ReferencePolicy
        Windows, tonnes and ages.

    Returns
    -------
    ReferencePrice
        In the unit of the series, e.g. CNY per tCO2.

    Raises
    ------
    NoPrice
        No informative close on or before ``on``.
    PriceTooOld
        The last informative close is older than ``policy.max_age_days``.

    Notes
    -----
    The short window is tried, then the long one: the volume-weighted mean of
    informative closes, if the window holds ``min_tonnes``. Where neither does,
    or where the tonnes of a close are not known, the last informative close is
    taken. A window is the fewest newest rows that hold its sessions, and not
    longer than its span in days, because the sessions of days without quotes
    are unknown. Weekly rows enter whole: their mean close with the tonnes of
    the week. Without tonnes (EUA) the mean is over informative sessions.
    Source: closing-price rule of the Guangdong exchange since 2018-07-31
    (``ceex-closing-rule``); windows and classes are house policy.
    """
    day = np.datetime64(on, "D")
    known = series.pick(series.last <= day)
    news = np.flatnonzero(known.informative > 0)
    if not len(news):
        raise NoPrice(
            instrument=series.instrument,
            first=min(to_date(series.first[0]), on) if len(series) else on,
            last=on,
            field="on",
        )
    newest = known.pick(news[-1:])
    last_informative = to_date(newest.last_informative[0])
    age = (on - last_informative).days
    if age > policy.max_age_days:
        raise PriceTooOld(
            instrument=series.instrument,
            last_informative=last_informative,
            on=on,
            age_days=age,
            limit_days=policy.max_age_days,
            field="on",
        )
    quiet = int(known.sessions[news[-1] + 1 :].sum())
    if newest.last_informative[0] < newest.last[0]:
        quiet += int(newest.sessions[0] - newest.informative[0])
    stale = quiet > policy.stale_sessions or age > policy.stale_days
    notes = []
    if stale:
        notes.append(
            Text(
                f"最近有效收盘后已过 {quiet} 个已知交易日、{age} 个自然日（上限 {policy.stale_sessions} 个交易日，"
                f"交易日不明时按 {policy.stale_days} 个自然日）",
                f"{quiet} known sessions and {age} calendar days since the last informative close (limit "
                f"{policy.stale_sessions} sessions, or {policy.stale_days} days where sessions are not known)",
            )
        )

    statistic: Statistic = "last_close"
    quality: Quality = "C"
    used = newest
    window = newest
    for rank, (sessions, span) in enumerate(policy.windows):
        window = _window(known, day, sessions, span)
        used = window.pick(window.informative > 0)
        if not len(used):
            continue
        if series.has_tonnes:
            if np.isnan(used.volume_t).any():
                notes.append(Text("窗口内有收盘价的成交量不明", "tonnes of a close in the window are not known"))
                break
            if used.volume_t.sum() - used.excess_t.sum() < policy.min_tonnes:
                continue
        statistic = "volume_weighted_close" if series.has_tonnes else "mean_close"
        enough = window.informative.sum() >= policy.informative_share * sessions
        best = rank == 0 and series.has_tonnes and enough
        quality = "C" if stale else "A" if best else "B"
        break
    else:
        notes.append(
            Text(
                f"{policy.long_sessions} 个交易日窗口内成交不足 {policy.min_tonnes:,.0f} 吨",
                f"less than {policy.min_tonnes:,.0f} t in the window of {policy.long_sessions} sessions",
            )
        )

    if statistic == "last_close":
        used = window = newest
        # A week's last close is the last informative one only if both are of one day.
        exact = newest.last_informative[0] == newest.last[0]
        statistic = "last_close" if exact else "last_week_mean"
        value = float(newest.close[0] if exact else newest.mean_close[0])
    else:
        weights = used.volume_t if series.has_tonnes else used.informative.astype(np.float64)
        value = float(np.average(used.mean_close, weights=weights))
    if not series.has_tonnes:
        notes.append(Text("行情不含成交量", "the quotes carry no tonnes"))
    single = statistic == "last_close"
    weeks = int((window.first < window.last).sum())
    if weeks and not single:
        notes.append(
            Text(
                f"窗口含 {weeks} 个完整周、共 {int(window.sessions.sum())} 个交易日",
                f"the window has {weeks} whole weeks, {int(window.sessions.sum())} sessions in all",
            )
        )
    excess = float(used.excess_t.sum()) if series.has_tonnes and not single else 0.0
    if excess > 0:
        notes.append(
            Text(
                f"周成交量含清淡交易日，至多多计 {excess:,.0f} 吨",
                f"tonnes of thin sessions included, at most {excess:,.0f} t",
            )
        )
    whole_week = single and weeks > 0
    volume = float(used.volume_t.sum()) if series.has_tonnes and not whole_week else math.nan
    return ReferencePrice(
        instrument=series.instrument,
        on=on,
        value=value,
        unit=series.unit,
        currency=series.currency,
        statistic=statistic,
        first=last_informative if single else to_date(window.first[0]),
        last=last_informative if single else to_date(window.last[-1]),
        volume_t=None if math.isnan(volume) else volume,
        sessions=1 if single else int(window.sessions.sum()),
        informative=1 if single else int(window.informative.sum()),
        last_informative=last_informative,
        age_days=age,
        source=used.sources(),
        confidence=used.weakest(),
        quality=quality,
        contract=series.contract,
        notes=tuple(notes),
    )


def user_price(
    value: float,
    on: dt.date,
    source: str,
    *,
    instrument: str = "",
    currency: str = "CNY",
) -> ReferencePrice:
    """
    Return a price the user enters, marked as the user's.

    Parameters
    ----------
    value : float
        Price in ``currency`` per tCO2, above zero.
    on : date
        Day the price is of.
    source : str
        What the user says it rests on, e.g. a contract or a broker's quote.

    Raises
    ------
    OutOfRange
        The price is not a finite number above zero.
    """
    if not (math.isfinite(value) and value > 0):
        raise OutOfRange(
            name_zh="碳价",
            name_en="carbon price",
            why_zh="必须是大于零的数",
            why_en="it must be a number above zero",
            field="value",
        )
    return ReferencePrice(
        instrument=instrument,
        on=on,
        value=float(value),
        unit=f"{currency}/t",
        currency=currency,
        statistic="user",
        first=on,
        last=on,
        volume_t=None,
        sessions=None,
        informative=None,
        last_informative=on,
        age_days=0,
        source=f"user: {source}",
        confidence="inferred",
        quality="U",
        notes=(Text(f"用户录入，来源：{source}", f"entered by the user, source: {source}"),),
    )


def _window(known: Series, day: np.datetime64, sessions: int, span_days: int) -> Series:
    """Return the fewest newest rows that hold ``sessions``, none of which starts ``span_days`` or more before ``day``."""
    near = known.pick(known.first > day - np.timedelta64(span_days, "D"))
    held = np.cumsum(near.sessions[::-1])
    rows = int(np.searchsorted(held, sessions, side="left")) + 1
    return near.pick(np.arange(max(len(near) - rows, 0), len(near)))
