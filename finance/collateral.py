"""
Allowances as collateral: what can be pledged, at which price, with which haircut, and when more is called for.

Policy (window, liquidation days, loan-to-value limits, quantile) is the bank's;
the price is that of real sessions and never of a day without trades.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from models.errors import NOTHING, Text, YuetanError
from models.inputs import Input, NonNegative
from models.series import Series
from models.table import Result, Row
from models.units import FloatArray

METHOD = "finance.collateral/1"
#: Sessions of the reference price (``finance.md`` section 9).
WINDOW = 20


class TooFewSessions(YuetanError):
    code = "finance.too_few_sessions"
    message = Text(
        "截至 {on} 只有 {found} 个有成交的交易日，需要 {needed} 个。",
        "Up to {on} there are {found} sessions with trades and {needed} are needed.",
    )
    hint = Text("请补充行情，或由银行自行估值。", "Add quotes, or let the bank value the pledge itself.")


class TooOldPrice(YuetanError):
    code = "finance.collateral_price_old"
    message = Text(
        "最近一次成交在 {last}，距 {on} 超过 {limit} 天。",
        "The last trade was on {last}, more than {limit} days before {on}.",
    )
    hint = Text("请补充行情后再估值。", "Add newer quotes first.")


class PledgePolicy(Input):
    """The bank's rules; none has a default."""

    z: Annotated[float, Field(gt=0, le=6)]
    days_to_liquidate: Annotated[float, Field(gt=0, le=250)]
    ltv_cap: Annotated[float, Field(gt=0, le=1)]
    margin_call_ltv: Annotated[float, Field(gt=0, le=1)]
    max_age_days: Annotated[int, Field(ge=1, le=400)]


class Pledge(Input):
    """
    An allowance account offered as collateral, tCO2.

    ``due_t`` are surrender obligations before maturity, ``encumbered_t`` what is
    already pledged or frozen. ``carried_over`` says whether the vintage can be
    used in the next cycle by its market's own rules; one that cannot is worth
    nothing after its own, and counts as nothing where the loan outlives it.
    """

    holdings_t: NonNegative
    due_t: NonNegative
    encumbered_t: NonNegative = 0.0
    carried_over: bool
    maturity: dt.date
    cycle_ends: dt.date
    loan_cny: NonNegative | None = None

    @property
    def pledgeable_t(self) -> float:
        """Tonnes that can be pledged, not below 0."""
        if not self.carried_over and self.maturity > self.cycle_ends:
            return 0.0
        return max(0.0, self.holdings_t - self.due_t - self.encumbered_t)


@dataclass(frozen=True, slots=True)
class CollateralPrice:
    """The lower of mean and last close, CNY per t; ``skipped`` are stale or empty sessions inside the window."""

    on: dt.date
    value: float
    mean: float
    last_close: float
    first: dt.date
    last: dt.date
    skipped: int
    daily_sigma: float


def collateral_price(
    days: NDArray[np.datetime64], close: FloatArray, volume_t: FloatArray, on: dt.date, policy: PledgePolicy
) -> CollateralPrice:
    """
    Return the reference price of a pledge: the lower of the 20-session volume-weighted mean and the last close.

    Parameters
    ----------
    days : array of datetime64[D], shape (n,)
        Sessions in order.
    close, volume_t : array, shape (n,)
        Close in CNY per t and tonnes; NaN close or no tonnes is a session
        without a price, skipped and counted.
    on : date
        Day of the question; nothing later is used.

    Raises
    ------
    TooFewSessions, TooOldPrice
        Not 20 sessions with trades; the last is older than the policy takes.

    Notes
    -----
    ``finance.md`` section 9. Volatility is the standard deviation of log returns
    between the sessions of the window, per session.
    """
    known = days <= np.datetime64(on, "D")
    traded = np.flatnonzero(known & np.isfinite(close) & (close > 0) & (volume_t > 0))
    if traded.size < WINDOW:
        raise TooFewSessions(on=on, found=int(traded.size), needed=WINDOW, field="on")
    rows = traded[-WINDOW:]
    last = days[rows[-1]].astype(dt.date)
    if (on - last).days > policy.max_age_days:
        raise TooOldPrice(on=on, last=last, limit=policy.max_age_days, field="on")
    mean = float(np.average(close[rows], weights=volume_t[rows]))
    returns = np.diff(np.log(close[rows]))
    inside = int(known[rows[0] :].sum())
    return CollateralPrice(
        on=on,
        value=min(mean, float(close[rows[-1]])),
        mean=mean,
        last_close=float(close[rows[-1]]),
        first=days[rows[0]].astype(dt.date),
        last=last,
        skipped=inside - WINDOW,
        daily_sigma=float(returns.std(ddof=1)),
    )


def series_price(series: Series, on: dt.date, policy: PledgePolicy) -> CollateralPrice:
    """
    Return the same price from the quotes that we carry, whose rows are days or whole weeks.

    Parameters
    ----------
    series : Series
        A row counts once its last session is not after ``on``, and enters whole
        with its volume-weighted mean; the window is the fewest newest rows that
        hold 20 informative sessions.

    Raises
    ------
    TooFewSessions, TooOldPrice
        As ``collateral_price``.

    Notes
    -----
    Volatility: standard deviation of the log returns between the closes of the
    last 20 rows with news, over the root of the sessions in a row, so that it is
    per session; a week's return hides what happened within it. Rows of daily
    quotes give what ``collateral_price`` gives.
    """
    known = series.pick(series.last <= np.datetime64(on, "D"))
    news = np.flatnonzero((known.informative > 0) & np.isfinite(known.close) & (known.close > 0))
    held = np.cumsum(known.informative[news][::-1])
    if news.size < 2 or held[-1] < WINDOW:
        found = int(held[-1]) if news.size else 0
        raise TooFewSessions(on=on, found=found, needed=WINDOW, field="on")
    rows = news[-(int(np.searchsorted(held, WINDOW)) + 1) :]
    last = known.last_informative[rows[-1]].astype(dt.date)
    if (on - last).days > policy.max_age_days:
        raise TooOldPrice(on=on, last=last, limit=policy.max_age_days, field="on")
    spread = news[-WINDOW:]
    returns = np.diff(np.log(known.close[spread]))
    per_row = float(known.informative[spread].mean())
    weights = np.nan_to_num(known.volume_t[rows])
    mean = float(np.average(known.mean_close[rows], weights=weights if weights.sum() > 0 else None))
    return CollateralPrice(
        on=on,
        value=min(mean, float(known.close[rows[-1]])),
        mean=mean,
        last_close=float(known.close[rows[-1]]),
        first=known.first[rows[0]].astype(dt.date),
        last=last,
        skipped=int(known.sessions[rows[0] :].sum() - known.informative[rows].sum()),
        daily_sigma=float(returns.std(ddof=1)) / np.sqrt(per_row) if returns.size > 1 else 0.0,
    )


def haircut(z: float, daily_sigma: float, days: float) -> float:
    """Return 1 - exp(-z sigma sqrt(days to liquidate)), a fraction (``finance.md`` section 9)."""
    return float(-np.expm1(-z * daily_sigma * np.sqrt(days)))


@dataclass(frozen=True, slots=True)
class Collateral(Result):
    """What a pledge can carry; ``state`` is ``unknown`` where no loan is stated."""

    pledge: Pledge
    price: CollateralPrice
    policy: PledgePolicy

    @property
    def value_cny(self) -> float:
        """Tonnes times reference price."""
        return self.pledge.pledgeable_t * self.price.value

    @property
    def haircut(self) -> float:
        """Fraction taken off for the time it takes to sell."""
        return haircut(self.policy.z, self.price.daily_sigma, self.policy.days_to_liquidate)

    @property
    def loan_cap_cny(self) -> float:
        """Most that may be lent: the lower of the loan-to-value limit and one less the haircut, times the value."""
        return min(self.policy.ltv_cap, 1.0 - self.haircut) * self.value_cny

    @property
    def ltv(self) -> float | None:
        """Loan over value; ``None`` without a loan or a value."""
        return None if self.pledge.loan_cny is None or not self.value_cny else self.pledge.loan_cny / self.value_cny

    @property
    def state(self) -> Literal["unknown", "sound", "above_cap", "margin_call"]:
        """Where the loan stands; a loan against nothing is a margin call."""
        loan = self.pledge.loan_cny
        if loan is None:
            return "unknown"
        if loan > 0 and (self.ltv is None or self.ltv > self.policy.margin_call_ltv):
            return "margin_call"
        return "above_cap" if loan > self.loan_cap_cny else "sound"

    @property
    def call_price(self) -> float | None:
        """Price at which the margin is called, CNY per t."""
        loan, tonnes = self.pledge.loan_cny, self.pledge.pledgeable_t
        return None if loan is None or not tonnes else loan / tonnes / self.policy.margin_call_ltv

    def rows(self) -> list[Row]:
        p = self.price
        skipped = Text(f"跳过无成交 {p.skipped} 日", f"{p.skipped} sessions without trades skipped")
        states = {
            "unknown": Text("未填贷款", "no loan stated"),
            "sound": Text("在上限内", "within the cap"),
            "above_cap": Text("高于可贷上限", "above the cap"),
            "margin_call": Text("须追加保证金", "margin call"),
        }
        return [
            Row("tonnes", Text("可质押数量", "Pledgeable"), self.pledge.pledgeable_t, "t", digits=0),
            Row("price", Text("参考价", "Reference price"), p.value, "CNY/t", skipped),
            Row("value", Text("质押物价值", "Value"), self.value_cny, "CNY"),
            Row("haircut", Text("折扣", "Haircut"), self.haircut, "", digits=4),
            Row("cap", Text("可贷上限", "Loan cap"), self.loan_cap_cny, "CNY"),
            Row("ltv", Text("贷款价值比", "Loan to value"), self.ltv, "", states[self.state], 4),
            Row("call_price", Text("追保价格", "Price of the margin call"), self.call_price, "CNY/t"),
        ]

    def proof(self) -> list[str]:
        p = self.price
        return [f"{METHOD}; {WINDOW} sessions {p.first} to {p.last}"]


@dataclass(frozen=True, slots=True)
class Watched:
    """The pledge on one day; ``value`` is ``None`` where no price could be formed, and ``why`` says so."""

    on: dt.date
    value: Collateral | None
    why: Text = NOTHING

    @property
    def missing_cny(self) -> float:
        """Money that brings the loan back to its cap; nothing unless the margin is called."""
        made = self.value
        if made is None or made.state != "margin_call" or made.pledge.loan_cny is None:
            return 0.0
        return made.pledge.loan_cny - made.loan_cap_cny


@dataclass(frozen=True, slots=True)
class Watch(Result):
    """A pledge from day to day, each with the prices known then."""

    days: tuple[Watched, ...]

    @property
    def first_call(self) -> Watched | None:
        """The first day on which the margin is called."""
        return next((one for one in self.days if one.value is not None and one.value.state == "margin_call"), None)

    @property
    def highest_ltv(self) -> float | None:
        """Highest loan to value of all days."""
        return max((one.value.ltv for one in self.days if one.value and one.value.ltv is not None), default=None)

    def rows(self) -> list[Row]:
        first, unknown = self.first_call, sum(one.value is None for one in self.days)
        calls = sum(one.value is not None and one.value.state == "margin_call" for one in self.days)
        none = Text("未触发", "never called")
        return [
            Row("days", Text("观察次数", "Days watched"), float(len(self.days)), digits=0),
            Row("calls", Text("触发追保的次数", "Days with a margin call"), float(calls), digits=0),
            Row(
                "first_call",
                Text("首次追保", "First margin call"),
                str(first.on) if first else "—",
                "",
                NOTHING if first else none,
            ),
            Row(
                "missing",
                Text("首次追保须补", "To be paid at the first call"),
                first.missing_cny if first else 0.0,
                "CNY",
            ),
            Row("highest_ltv", Text("最高贷款价值比", "Highest loan to value"), self.highest_ltv, "", digits=4),
            Row("unknown", Text("无价格的次数", "Days without a price"), float(unknown), digits=0),
        ]

    def proof(self) -> list[str]:
        return [METHOD]


def watched(pledge: Pledge, series: Series, policy: PledgePolicy, first: dt.date, last: dt.date) -> Watch:
    """
    Return a pledge after every row of quotes from ``first`` to ``last``, each with what was known then.

    A day without a price (too few sessions, too old) is told and is no margin call.
    """
    days: list[Watched] = []
    ends = series.last[(series.last >= np.datetime64(first, "D")) & (series.last <= np.datetime64(last, "D"))]
    for end in (day.astype(dt.date) for day in ends):
        try:
            days.append(Watched(end, Collateral(pledge, series_price(series, end, policy), policy)))
        except (TooFewSessions, TooOldPrice) as refusal:
            days.append(Watched(end, None, Text(refusal.text("zh"), refusal.text("en"))))
    return Watch(tuple(days))
