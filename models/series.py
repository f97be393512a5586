"""
Quotes of one allowance over time, and the policy by which they are read.

A row of a ``Series`` is a day or a whole week: what was traded between its
first day and its last session. A session is *informative* when its close is a
new price; after a day of 100 t or less the Guangdong exchange repeats the
previous close, which is no news.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from models.errors import BadData, Text, YuetanError
from models.inputs import Input, NonNegative, Positive
from models.law import CONFIDENCE
from models.units import FloatArray

Days: TypeAlias = NDArray[np.datetime64]
Counts: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.str_]

_ROW_FIELDS = (
    "first",
    "last",
    "last_informative",
    "close",
    "mean_close",
    "volume_t",
    "excess_t",
    "turnover",
    "sessions",
    "informative",
    "source",
    "confidence",
)


class MarketMismatch(YuetanError):
    code = "price.mismatch"
    message = Text(
        "导入的行情（{found}）与现有序列（{wanted}）不是同一品种或币种。",
        "The imported quotes ({found}) are not of the instrument or currency of the series ({wanted}).",
    )
    hint = Text(
        "请选择与行情一致的品种后重新导入。", "Choose the instrument that the quotes belong to and import again."
    )


class NoPrice(YuetanError):
    code = "price.none"
    message = Text(
        "{instrument} 在 {first} 至 {last} 之间没有有效收盘价。",
        "There is no informative close of {instrument} between {first} and {last}.",
    )
    hint = Text(
        "请在“装置”表中录入价格（注明日期和来源），或导入该时段的交易所行情。",
        "Enter a price (with date and source) on the installations sheet, or import exchange quotes of that time.",
    )


class PriceTooOld(YuetanError):
    code = "price.too_old"
    message = Text(
        "{instrument} 最近一次有效收盘价在 {last_informative}，距 {on} 已 {age_days} 天，超过 {limit_days} 天的上限。",
        "The last informative close of {instrument} is of {last_informative}, {age_days} days before {on}; "
        "the limit is {limit_days} days.",
    )
    hint = Text(
        "请在“装置”表中录入价格（注明日期和来源），或导入更新的交易所行情（日期、收盘价、成交量）。",
        "Enter a price (with date and source) on the installations sheet, or import newer exchange quotes "
        "(date, close, volume).",
    )


class InstrumentRule(Input):
    """What an exchange's rules say about the quotes of one instrument."""

    #: Quotes before this day are never used (EUA: first phase).
    not_before: dt.date
    #: (first day, tonnes): a session is informative when more than these tonnes traded.
    informative_above_t: tuple[tuple[dt.date, NonNegative], ...] = Field(min_length=1)
    #: Largest daily change as a fraction of the previous close; ``None`` where we know of none.
    daily_limit: Positive | None = None
    #: Step of the quotes, for what rounding adds to the limit.
    tick: NonNegative | None = None

    def above_t(self, days: Days) -> FloatArray:
        """Return for each day the tonnes that a session must exceed to be informative."""
        since = np.array([day for day, _ in self.informative_above_t], dtype="datetime64[D]")
        tonnes = np.array([t for _, t in self.informative_above_t], dtype=np.float64)
        at: FloatArray = tonnes[np.maximum(np.searchsorted(since, days, side="right") - 1, 0)]
        return at


class ReferencePolicy(Input):
    """
    How a reference price is formed; the values are in ``data/prices/policy.yaml``, each with its reason.

    Sessions are counts, spans and ages calendar days, tonnes tCO2.
    """

    short_sessions: int = Field(ge=1)
    long_sessions: int = Field(ge=1)
    short_span_days: int = Field(ge=1)
    long_span_days: int = Field(ge=1)
    min_tonnes: NonNegative
    stale_sessions: int = Field(ge=0)
    stale_days: int = Field(ge=0)
    informative_share: float = Field(ge=0, le=1)
    max_age_days: int = Field(ge=0)
    instruments: Mapping[str, InstrumentRule]

    @property
    def windows(self) -> tuple[tuple[int, int], ...]:
        """The windows in the order they are tried: sessions, span in days."""
        return ((self.short_sessions, self.short_span_days), (self.long_sessions, self.long_span_days))


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """
    Quotes of one instrument, in order of their last session; all columns have shape (n,).

    Prices are in ``unit``, tonnes in tCO2, NaN is "not known". ``volume_t``
    is the tonnes of the sessions that the row's mean rests on; a weekly row
    counts its thin sessions too, at most ``excess_t`` of them. A row without
    a close (negotiated deals only) has no session.
    """

    instrument: str
    market: str
    label: Text
    contract: Text
    currency: str
    unit: str
    #: Whether tonnes are part of the quotes (EUA: not carried).
    has_tonnes: bool
    first: Days
    last: Days
    last_informative: Days
    close: FloatArray
    #: Mean of the informative closes in the row, weighted by tonnes where they are known.
    mean_close: FloatArray
    volume_t: FloatArray
    excess_t: FloatArray
    turnover: FloatArray
    sessions: Counts
    informative: Counts
    source: Words
    confidence: Words

    def __len__(self) -> int:
        return len(self.last)

    def pick(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Series:
        """Return the series with the given rows only."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _ROW_FIELDS})

    @property
    def last_informative_day(self) -> dt.date | None:
        """Day of the newest informative close, ``None`` if there is none."""
        known = self.last_informative[~np.isnat(self.last_informative)]
        return to_date(known.max()) if len(known) else None

    def sources(self) -> str:
        """Return the sources of all rows."""
        return ", ".join(sorted(set(self.source.tolist())))

    def weakest(self) -> str:
        """Return the weakest confidence among the rows."""
        return max(map(str, self.confidence), key=CONFIDENCE.index)


def to_date(day: np.datetime64) -> dt.date:
    """Return a numpy day as a date."""
    return dt.date.fromisoformat(str(day))


def daily_series(
    like: Series,
    rule: InstrumentRule,
    days: Sequence[dt.date],
    close: FloatArray,
    volume_t: FloatArray,
    turnover: FloatArray,
    *,
    source: str,
    confidence: str,
) -> Series:
    """
    Make a series of daily quotes of the instrument of ``like``.

    Parameters
    ----------
    like : Series
        Gives instrument, contract, currency and unit; its rows are not used.
    rule : InstrumentRule
        Decides which sessions are informative.
    days : sequence of date, shape (n,)
        Sessions, rising, each once.
    close, volume_t, turnover : array, shape (n,)
        Official close, tonnes and money of all trades of the day; NaN is "not known".
        A session of unknown tonnes is not informative where tonnes are part of the quotes.

    Raises
    ------
    BadData
        Days do not rise, or lie before the first day that may be used.
    """
    when = np.array(list(days), dtype="datetime64[D]")
    if len(when) and (np.any(np.diff(when) <= np.timedelta64(0, "D")) or to_date(when[0]) < rule.not_before):
        raise BadData(path=source, what=f"days must rise and not lie before {rule.not_before}")
    quoted = np.isfinite(close)
    news = quoted & (volume_t > rule.above_t(when)) if like.has_tonnes else quoted
    return replace(
        like,
        first=when,
        last=when,
        last_informative=np.where(news, when, np.datetime64("NaT", "D")),
        close=close,
        mean_close=np.where(news, close, np.nan),
        volume_t=volume_t,
        excess_t=np.zeros(len(when)),
        turnover=turnover,
        sessions=quoted.astype(np.int64),
        informative=news.astype(np.int64),
        source=np.full(len(when), source),
        confidence=np.full(len(when), confidence),
    )


def extend(base: Series, imported: Series) -> Series:
    """
    Return ``base`` with the imported quotes in place of its rows of the same days.

    A week of which the import has a day is given up as a whole, so that no
    trade counts twice.

    Raises
    ------
    MarketMismatch
        The two are not of one instrument, currency and unit.
    """
    ours, theirs = [(s.instrument, s.currency, s.unit) for s in (base, imported)]
    if ours != theirs:
        raise MarketMismatch(found=" ".join(theirs), wanted=" ".join(ours))
    if not len(imported):
        return base
    begun = np.searchsorted(imported.first, base.last, side="right")
    ended = np.searchsorted(imported.last, base.first, side="left")
    kept = base.pick(begun == ended)
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(kept, name), getattr(imported, name)]) for name in _ROW_FIELDS
    }
    order = np.argsort(joined["last"], kind="stable")
    return replace(base, **joined).pick(order)
