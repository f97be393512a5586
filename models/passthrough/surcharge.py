"""Back-test of a surcharge clause on real index prices, its true-up, and its place beside an estimated rate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.errors import NOTHING, Text
from models.findings import Finding
from models.passthrough.errors import BadTermSheet, IndexMissing
from models.passthrough.terms import TermSheet, surcharge
from models.provenance import fingerprint
from models.table import Result, Row
from models.units import FloatArray

METHOD = "models.passthrough.surcharge/1"
_NEVER = Text(
    "附加费不是成本传导率：基价可能同时让步", "a surcharge is not a pass-through: the base price may give way"
)


@dataclass(frozen=True, slots=True)
class Index:
    """A published index: day and value; not a number on a day announced and not published."""

    days: Sequence[dt.date]
    values: FloatArray

    def ordinals(self) -> FloatArray:
        """Return the days as whole numbers, checked to rise."""
        days = np.array([day.toordinal() for day in self.days], dtype=np.float64)
        if days.size != np.size(self.values) or days.size == 0:
            raise BadTermSheet(
                field="index", why_zh="指数的日期与数值个数不符", why_en="days and values of the index do not match"
            )
        if np.any(np.diff(days) <= 0):
            raise BadTermSheet(
                field="index", why_zh="指数日期重复或未按序", why_en="days of the index repeat or do not rise"
            )
        return days


@dataclass(frozen=True, slots=True)
class BackTest(Result):
    """
    What a clause would have brought, delivery by delivery.

    ``per_t`` is not a number where the window could not be priced; each of these
    has a finding, and the total covers the others only.
    """

    terms: TermSheet
    deliveries: tuple[dt.date, ...]
    quantity_t: FloatArray
    mean_price: FloatArray
    fx: FloatArray
    per_t: FloatArray
    full_per_t: FloatArray
    findings: tuple[Finding, ...]
    inputs_hash: str

    @property
    def priced(self) -> FloatArray:
        """Return which deliveries are priced, as a mask."""
        return np.isfinite(self.per_t)

    @property
    def total(self) -> float:
        """Surcharge of the deliveries priced, invoice currency."""
        return float(np.nansum(self.per_t * self.quantity_t))

    @property
    def full_total(self) -> float:
        """Full carbon cost above the base price of the same deliveries: e_ref (Pbar - P0)."""
        return float(np.nansum(np.where(self.priced, self.full_per_t, np.nan) * self.quantity_t))

    def rows(self) -> list[Row]:
        money, priced = self.terms.invoice_currency, int(self.priced.sum())
        some = priced > 0
        part = self.total / self.full_total if some and abs(self.full_total) > 0 else None
        missed = Text(f"{len(self.deliveries) - priced} 笔未计算", f"{len(self.deliveries) - priced} not priced")
        return [
            Row("deliveries", Text("交货笔数", "Deliveries"), float(len(self.deliveries)), "", digits=0),
            Row("priced", Text("已计价", "Priced"), float(priced), "", missed, 0),
            Row("total", Text("附加费合计", "Surcharge"), self.total if some else None, money, _NEVER),
            Row(
                "full_total",
                Text("同期超出基价的全额碳成本", "Full carbon cost above the base price"),
                self.full_total if some else None,
                money,
                Text("参考强度 × 价差", "reference intensity x price difference"),
            ),
            Row("collected", Text("附加费占全额成本", "Surcharge over full cost"), part, "", digits=4),
            Row("low", Text("最低每吨", "Lowest per tonne"), _edge(self.per_t, np.nanmin), f"{money}/t"),
            Row("high", Text("最高每吨", "Highest per tonne"), _edge(self.per_t, np.nanmax), f"{money}/t"),
        ]

    def proof(self) -> list[str]:
        return [f"{METHOD}; {self.terms.index}; {self.inputs_hash[:16]}"]


def _edge(values: FloatArray, of: np.ufunc | object) -> float | None:
    return float(of(values)) if np.any(np.isfinite(values)) and callable(of) else None


def window_means(terms: TermSheet, index: Index, deliveries: FloatArray) -> tuple[FloatArray, FloatArray]:
    """
    Mean of the index over each delivery's window, and how many values it rests on.

    Parameters
    ----------
    terms : TermSheet
        Window, lag and the rule on missing days.
    index : Index
        The index; its own days are the days on which a value is due.
    deliveries : array, shape (n,)
        Ordinals of the delivery days.

    Returns
    -------
    means, counts : array, shape (n,)
        Not a number where the window holds too few values, where ``refuse``
        meets a missing day, or where the index does not reach the window's end.

    Notes
    -----
    Running sums over values less their mean: uncentred sums lose digits.
    """
    days, values = index.ordinals(), np.asarray(index.values, dtype=np.float64)
    seen = np.isfinite(values)
    used = _carried(values) if terms.missing_day == "last" else values
    counted = np.isfinite(used)
    middle = float(np.mean(values[seen])) if seen.any() else 0.0
    sums = np.concatenate(([0.0], np.cumsum(np.where(counted, used - middle, 0.0))))
    counts = np.concatenate(([0], np.cumsum(counted)))
    real = np.concatenate(([0], np.cumsum(seen)))
    last = deliveries - terms.lag_days
    begin = np.searchsorted(days, last - terms.window_days + 1, side="left")
    end = np.searchsorted(days, last, side="right")
    held = (counts[end] - counts[begin]).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = middle + (sums[end] - sums[begin]) / held
    bad = (real[end] - real[begin] < terms.least_values) | (held < 1)
    # An index that ends inside the window would be averaged over the part that is there: nobody agreed on that.
    bad |= days[0] > last - terms.window_days + 1 + _slack(days)
    bad |= (days[-1] + _slack(days)) <= last
    if terms.missing_day == "refuse":
        bad |= (end - begin) > held
    return np.where(bad, np.nan, means), (real[end] - real[begin]).astype(np.float64)


def _slack(days: FloatArray) -> float:
    """Return the days by which a window may reach past the index: its usual step, and a weekend for a daily one."""
    step = float(np.median(np.diff(days))) if days.size > 1 else 1.0
    return max(step, 4.0)


def _carried(values: FloatArray) -> FloatArray:
    """Return values with each missing one replaced by the last seen before it."""
    at = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(values.size), 0))
    return np.asarray(values[at], dtype=np.float64)


def _rates(terms: TermSheet, fx: Index | None, at: FloatArray) -> FloatArray:
    """Return the rate last published on or before each day; not a number where there is none within ten days."""
    if terms.index_currency == terms.invoice_currency:
        return np.ones(at.size)
    if fx is None:
        raise BadTermSheet(
            field="fx",
            why_zh=f"指数为 {terms.index_currency}、发票为 {terms.invoice_currency}，缺少汇率",
            why_en=f"the index is in {terms.index_currency}, the invoice in {terms.invoice_currency}, and no rate is given",
        )
    days, values = fx.ordinals(), np.asarray(fx.values, dtype=np.float64)
    seen = np.isfinite(values)
    days, values = days[seen], values[seen]
    place = np.searchsorted(days, at, side="right") - 1
    found = np.where(place >= 0, values[np.maximum(place, 0)], np.nan)
    return np.where(at - days[np.maximum(place, 0)] > 10, np.nan, found)


def back_test(
    terms: TermSheet,
    index: Index,
    deliveries: Sequence[dt.date],
    quantity_t: FloatArray,
    fx: Index | None = None,
) -> BackTest:
    """
    Price every delivery under the clause.

    Parameters
    ----------
    terms : TermSheet
        The clause.
    index : Index
        Published prices, index currency per tCO2.
    deliveries : sequence of date, length n
        Delivery days.
    quantity_t : array, shape (n,)
        Tonnes of product.
    fx : Index, optional
        Invoice currency for one of the index currency; needed where they differ.

    Returns
    -------
    BackTest

    Notes
    -----
    With ``currency_date = "index_day"`` each index value and the base price of
    its day are converted at that day's rate, so that the mean of the products
    counts: mean(P x) / mean(x) is the price and mean(x) the rate.
    """
    days = np.array([day.toordinal() for day in deliveries], dtype=np.float64)
    tonnes = np.asarray(quantity_t, dtype=np.float64)
    if tonnes.shape != days.shape or np.any(~np.isfinite(tonnes)) or np.any(tonnes < 0):
        raise BadTermSheet(
            field="quantity_t", why_zh="数量与交货日不符或为负", why_en="quantities are negative or do not match"
        )
    means, counts = window_means(terms, index, days)
    if terms.currency_date == "index_day" and terms.index_currency != terms.invoice_currency:
        daily = _rates(terms, fx, index.ordinals())
        gone = ~np.isfinite(np.asarray(index.values, dtype=np.float64))
        rates, _ = window_means(terms, Index(index.days, np.where(gone, np.nan, daily)), days)
        paid, _ = window_means(terms, Index(index.days, index.values * daily), days)
        means, rate = paid / rates, rates
    else:
        rate = _rates(terms, fx, days if terms.currency_date == "delivery" else days - terms.lag_days)
    with np.errstate(invalid="ignore"):
        per_t = surcharge(terms, means, rate)
        per_t = np.where(np.isfinite(means) & np.isfinite(rate), per_t, np.nan)
        full = (means - terms.base_price) * terms.emissions_tco2_per_t * rate
    findings = tuple(
        _missing(terms, deliveries[i], int(counts[i])) for i in np.flatnonzero(~np.isfinite(per_t)).tolist()
    )
    told = {
        "terms": terms.model_dump(),
        "index": [list(index.days), [None if not np.isfinite(v) else float(v) for v in index.values]],
        "deliveries": [list(deliveries), tonnes.tolist()],
        "fx": None if fx is None else [list(fx.days), [None if not np.isfinite(v) else float(v) for v in fx.values]],
    }
    return BackTest(terms, tuple(deliveries), tonnes, means, rate, per_t, full, findings, fingerprint(told))


def _missing(terms: TermSheet, day: dt.date, seen: int) -> Finding:
    last = day - dt.timedelta(days=terms.lag_days)
    first = last - dt.timedelta(days=terms.window_days - 1)
    return Finding.of(
        IndexMissing(field="index", day=day, first=first, last=last, seen=seen, needed=terms.least_values)
    )


@dataclass(frozen=True, slots=True)
class TrueUp(Result):
    """What is settled after verification: invoice currency, positive where the customer still owes."""

    invoiced: float
    due: float
    currency: str

    @property
    def settlement(self) -> float:
        """Amount still due, negative where it goes back to the customer."""
        return self.due - self.invoiced

    def rows(self) -> list[Row]:
        return [
            Row("invoiced", Text("已开票附加费", "Surcharge invoiced"), self.invoiced, self.currency),
            Row("due", Text("按核查数据应收", "Due on verified figures"), self.due, self.currency),
            Row(
                "settlement",
                Text("清算差额（负数为退还）", "Settlement (negative: paid back)"),
                self.settlement,
                self.currency,
            ),
        ]


def true_up(test: BackTest, emissions_tco2_per_t: float, free_share: float) -> TrueUp:
    """
    Settle a back-tested or invoiced series on verified emissions and free share.

    Parameters
    ----------
    test : BackTest
        What was invoiced under the reference values.
    emissions_tco2_per_t : float
        Verified emissions, tCO2 per t of product.
    free_share : float
        Share of the emissions that was given free, as verified, 0 to 1.

    Returns
    -------
    TrueUp
        Over the deliveries that were priced.
    """
    if not test.terms.true_up:
        raise BadTermSheet(field="true_up", why_zh="条款未约定清算", why_en="the clause agrees on no true-up")
    if not (np.isfinite(emissions_tco2_per_t) and emissions_tco2_per_t > 0 and 0.0 <= free_share <= 1.0):
        raise BadTermSheet(
            field="emissions_tco2_per_t", why_zh="核查值不合理", why_en="the verified figures are not plausible"
        )
    again = surcharge(test.terms, test.mean_price, test.fx, emissions_tco2_per_t, free_share)
    due = float(np.nansum(np.where(test.priced, again, np.nan) * test.quantity_t))
    return TrueUp(test.total, due, test.terms.invoice_currency)


@dataclass(frozen=True, slots=True)
class Beside(Result):
    """A clause beside the rate estimated from prices: two figures that answer two questions."""

    collected_share: float | None
    rate: float | None
    low: float
    high: float

    def rows(self) -> list[Row]:
        share = self.collected_share
        inside = None if share is None else ("within" if self.low <= share <= self.high else "outside")
        verdict = {"within": Text("在区间内", "within it"), "outside": Text("在区间外", "outside it"), None: NOTHING}[
            inside
        ]
        unknown = Text("等级为 D，无点值", "grade D: no point value") if self.rate is None else NOTHING
        return [
            Row("clause", Text("条款收取占全额碳成本", "Clause collects, over full cost"), share, "", _NEVER, 4),
            Row("market", Text("估计的市场传导率", "Estimated market rate"), self.rate, "CNY/CNY", unknown, 4),
            Row("interval", Text("其 95% 区间", "Its 95 % set"), f"{self.low:.4f} – {self.high:.4f}", "", verdict),
        ]


def beside(test: BackTest, rate: float | None, low: float, high: float) -> Beside:
    """Put what a clause collects of full cost beside the estimated rate against full cost and its interval."""
    full = test.full_total
    return Beside(test.total / full if test.priced.any() and abs(full) > 0 else None, rate, low, high)
