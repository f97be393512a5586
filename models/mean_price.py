"""The mean price of an allowance over a past period, e.g. a compliance year."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from models.errors import Text
from models.law import Read
from models.series import Days, NoPrice, Series, to_date
from models.table import Result, Row


@dataclass(frozen=True, slots=True)
class MeanPrice(Result):
    """
    The mean price of a past period and how much of the period the quotes cover.

    ``value`` weights informative closes by tonnes (by sessions where tonnes are
    not quoted, and is then equal to ``mean_close``). ``coverage`` is the share
    of the period's calendar weeks with at least one session. ``all_trades`` is
    turnover over tonnes, negotiated deals included: a statistic, not a price of
    the listed market; ``None`` where turnover is not carried.
    """

    instrument: str
    first: dt.date
    last: dt.date
    value: float
    mean_close: float
    all_trades: float | None
    unit: str
    currency: str
    volume_t: float | None
    sessions: int
    informative: int
    first_session: dt.date
    last_session: dt.date
    coverage: float
    source: str
    confidence: str
    notes: tuple[Text, ...] = ()

    def rows(self) -> list[Row]:
        note = Text("；".join(n.zh for n in self.notes), "; ".join(n.en for n in self.notes))
        span = Text(f"{self.first_session} – {self.last_session}", f"{self.first_session} – {self.last_session}")
        return [
            Row(
                "price",
                Text(f"{self.instrument} 期间均价（成交量加权）", f"{self.instrument} mean price, volume-weighted"),
                self.value,
                self.unit,
                note,
                4,
            ),
            Row(
                "mean_close",
                Text("收盘价按交易日平均", "Mean close over sessions"),
                self.mean_close,
                self.unit,
                digits=4,
            ),
            Row("all_trades", Text("全部成交均价", "Average of all trades"), self.all_trades, self.unit, digits=4),
            Row("period", Text("期间", "Period"), f"{self.first} – {self.last}"),
            Row(
                "coverage", Text("有报价的周数占比", "Share of weeks with quotes"), self.coverage * 100.0, "%", span, 1
            ),
            Row("volume_t", Text("成交量", "Tonnes"), self.volume_t, "t", digits=0),
            Row("sessions", Text("交易日数", "Sessions"), self.sessions, digits=0),
            Row("informative", Text("其中有效收盘日数", "of them informative"), self.informative, digits=0),
            Row("source", Text("来源", "Source"), self.source, "", Text(self.confidence, self.confidence)),
        ]

    def read(self) -> Read:
        """Return the mean as a value read, for a provenance."""
        return Read(
            key=f"price.{self.instrument.lower()}.mean",
            value=self.value,
            since=self.first,
            until=self.last,
            unit=self.unit,
            source=self.source,
            confidence=self.confidence,
            note=f"coverage {self.coverage:.3f}",
        )

    def proof(self) -> list[str]:
        return [self.read().line()]


def mean_over(series: Series, first: dt.date, last: dt.date) -> MeanPrice:
    """
    Return the mean price of the sessions from ``first`` to ``last``.

    Parameters
    ----------
    series : Series
        Daily or weekly quotes. A week belongs to the period its last session falls in, so that the weeks of
        consecutive periods add up; near the edges it may hold sessions of the period before.
    first, last : date
        Period, both days included.

    Returns
    -------
    MeanPrice
        In the unit of the series.

    Raises
    ------
    NoPrice
        No informative close in the period.

    Notes
    -----
    ``value`` is sum(close * tonnes) / sum(tonnes) over informative sessions. It
    is not the average of all trades (turnover over tonnes), which negotiated
    deals pull down, and not the mean close over sessions.
    """
    start, end = np.datetime64(first, "D"), np.datetime64(last, "D")
    rows = series.pick((series.last >= start) & (series.last <= end))
    used = rows.pick(rows.informative > 0)
    unknown = np.isnan(used.volume_t)
    weighted = used.pick(~unknown) if series.has_tonnes else used
    if not len(weighted):
        raise NoPrice(instrument=series.instrument, first=first, last=last, field="first")
    notes = []
    if series.has_tonnes and unknown.any():
        notes.append(
            Text(
                f"{int(unknown.sum())} 个成交量不明的收盘价未计入",
                f"{int(unknown.sum())} closes of unknown tonnes are left out",
            )
        )
    early = int(((rows.first < start) & (rows.last >= start)).sum())
    late = int(((series.first <= end) & (series.last > end)).sum())
    if early or late:
        notes.append(
            Text(
                "周数据按该周最后交易日归入期间，首尾各至多相差一周",
                "weeks belong to the period of their last session, so either end may differ by up to one week",
            )
        )
    around = series.pick((series.last >= start) & (series.first <= end) & (series.sessions > 0))
    weeks = (_monday(end) - _monday(start)) // np.timedelta64(7, "D") + 1
    covered = len(np.unique(_monday(np.clip(around.last, start, end))))
    by_session = weighted.informative.astype(np.float64)
    weights = weighted.volume_t if series.has_tonnes else by_session
    traded = rows.pick(rows.volume_t > 0)
    whole = len(traded) > 0 and bool(np.isfinite(traded.turnover).all())
    return MeanPrice(
        instrument=series.instrument,
        first=first,
        last=last,
        value=float(np.average(weighted.mean_close, weights=weights)),
        mean_close=float(np.average(weighted.mean_close, weights=by_session)),
        all_trades=float(traded.turnover.sum() / traded.volume_t.sum()) if whole else None,
        unit=series.unit,
        currency=series.currency,
        volume_t=float(weighted.volume_t.sum()) if series.has_tonnes else None,
        sessions=int(rows.sessions.sum()),
        informative=int(weighted.informative.sum()),
        first_session=to_date(np.maximum(rows.first[0], start)),
        last_session=to_date(rows.last[-1]),
        coverage=covered / int(weeks),
        source=weighted.sources(),
        confidence=weighted.weakest(),
        notes=tuple(notes),
    )


def _monday(days: Days | np.datetime64) -> Days:
    # 1970-01-01 was a Thursday: three days after a Monday.
    since = np.asarray(days, dtype="datetime64[D]").astype(np.int64) + 3
    return np.asarray((since // 7) * 7 - 3).astype("datetime64[D]")
