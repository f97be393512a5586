"""
The position of a compliance year out of the allowance account: obligation, what covers it, what it has cost and may cost.

The cost is what the units used have cost, by the operator's own contracts; what
is still to be bought is valued apart, on named prices, and is never a price paid.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from models.entitlement import FreeAllocation
from models.errors import NOTHING, MissingInput, OutOfRange, Text
from models.findings import Finding
from models.holdings import FREE, OFFSETS, Account, Draw, Instrument, Lot, draw_by_age
from models.home_prices import AllowanceLine
from models.inputs import Input, NonNegative
from models.law import LawAt, Read
from models.offset_limit import LAW_OF, above_limit, local_share, offset_limit
from models.regime import Regime
from models.table import Result, Row

METHOD = "models.compliance/1"
EmissionsBasis = Literal["verified", "expected", "run_rate"]
_BASES: dict[EmissionsBasis, Text] = {
    "verified": Text("经核查", "verified"),
    "expected": Text("企业预计，未核查", "expected by the operator, not verified"),
    "run_rate": Text("假设：按目前进度推算全年", "assumption: the pace so far held to the end of the year"),
}


class Emitted(Input):
    """Emissions of the compliance year as far as they are known, tCO2; ``low_t`` and ``high_t`` are the operator's range."""

    verified_t: NonNegative | None = None
    to_date_t: NonNegative | None = None
    to_date_on: dt.date | None = None
    expected_t: NonNegative | None = None
    low_t: NonNegative | None = None
    high_t: NonNegative | None = None
    #: Verified emissions of the year before: base of the pilot's limit on offsets.
    previous_t: NonNegative | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a price makes of the tonnes still to be bought: cost, total of the year, and per tonne emitted."""

    line: AllowanceLine
    open_cny: float
    low_cny: float
    high_cny: float
    total_cny: float | None
    per_t_cny: float | None


@dataclass(frozen=True, slots=True)
class CompliancePosition(Result):
    """
    Where an installation stands in a compliance year.

    ``net_t`` is the obligation less free allocation (negative: surplus of the
    year alone); ``open_t`` what no unit held or still to be allocated covers;
    ``spare_t`` what is left over;
    all three are ``None`` while the free allocation is not known. ``cost_cny`` is what the units surrendered and
    set aside for the year have cost, with fees, less the gain on sales;
    ``None`` where a contract price is not stated.
    """

    compliance_year: int
    instrument: str | None
    as_of: dt.date
    deadline: dt.date | None
    emissions_t: float
    low_t: float
    high_t: float
    emissions_basis: EmissionsBasis
    free_t: float | None
    received_free_t: float
    provisional: bool
    net_t: float | None
    surrendered_t: float
    offsets_used_t: float
    set_aside_t: float
    open_t: float | None
    spare_t: float | None
    cost_cny: float | None
    sales_gain_cny: float | None
    average_paid_cny_per_t: float | None
    marginal_cny_per_t: float | None
    marginal_note: Text
    outlook: tuple[Outlook, ...]
    held: tuple[tuple[str, int | None, float, float | None], ...]
    findings: tuple[Finding, ...]
    reads: tuple[Read, ...]

    def rows(self) -> list[Row]:
        later = Text("最终配额未定", "the final allocation is pending") if self.provisional else NOTHING
        span = NOTHING
        if self.low_t < self.high_t:
            span = Text(f"；{self.low_t:,.0f}–{self.high_t:,.0f}", f"; {self.low_t:,.0f} to {self.high_t:,.0f}")
        basis = _BASES[self.emissions_basis]
        surplus = Text("为负：卖出所得多于支出", "negative: sales brought more than was spent")
        paid_note = Text("每吨排放；按自己的合同，非市场价", "per tonne emitted; own contracts, not the market price")
        return [
            Row("emissions", Text("应清缴（排放量）", "Obligation (emissions)"), self.emissions_t, "tCO2",
                Text(basis.zh + span.zh, basis.en + span.en), 0),
            Row("free", Text("免费配额", "Free allocation"), self.free_t, "t", later, 0),
            Row("net", Text("净缺口（负数为盈余）", "Net short (negative: surplus)"), self.net_t, "t", digits=0),
            Row("surrendered", Text("已清缴", "Surrendered"), self.surrendered_t, "t", digits=0),
            Row("offsets", Text("其中抵销单位", "of them offsets"), self.offsets_used_t, "t", digits=0),
            Row("set_aside", Text("账户中可用于清缴", "Held or to come, to be surrendered"), self.set_aside_t, "t", digits=0),
            Row("open", Text("尚需购买", "Still to be bought"), self.open_t, "t", digits=0),
            Row("spare", Text("清缴后剩余", "Left after surrender"), self.spare_t, "t", digits=0),
            Row("deadline", Text("清缴截止日", "Last day to surrender"), str(self.deadline or "—"), "",
                NOTHING if self.deadline else Text("不在我们的来源中，请看清缴通知", "not in our sources: see the notice")),
            Row("cost", Text("截至今日的碳成本", "Carbon cost to date"), self.cost_cny, "CNY",
                surplus if self.cost_cny is not None and self.cost_cny < 0 else NOTHING),
            Row("sales", Text("其中卖出损益", "of it gain on sales"), self.sales_gain_cny, "CNY"),
            Row("average_paid", Text("平均已付碳价", "Average price paid"), self.average_paid_cny_per_t, "CNY/tCO2", paid_note, 4),
            Row("marginal", Text("多排放一吨的代价", "One more tonne emitted"), self.marginal_cny_per_t, "CNY/tCO2", self.marginal_note),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return [read.line() for read in self.reads]


def compliance_position(
    account: Account,
    regime: Regime,
    law: LawAt,
    emitted: Emitted,
    allocation: FreeAllocation | None,
    marginal_slope: tuple[float | None, Text],
    market_price_cny_per_t: float | None,
    prices: Sequence[AllowanceLine] = (),
) -> CompliancePosition:
    """
    Return obligation, cover and cost of a compliance year on the day of ``account``.

    Parameters
    ----------
    account : Account
        Entries of any years; other years' units count as far as they are held.
    regime : Regime
        Market of the installation in the year.
    law : LawAt
        The law of the year.
    emitted : Emitted
        Verified, expected, or so far.
    allocation : FreeAllocation or None
        Worked out or issued; without it the account's own entries speak.
    marginal_slope : (float or None, Text)
        Allowances owed for one more tonne emitted, and why (``models.position.marginal_slope``).
    market_price_cny_per_t : float or None
        Market reference price: for the marginal view alone, never a price paid.
    prices : sequence of AllowanceLine
        Prices for what is still to be bought.

    Raises
    ------
    MissingInput
        No emissions at all.
    OutOfRange
        Low above high, or a day outside the year.

    Notes
    -----
    cost = units used at their own cost + fees - rebates - (sales - what the
    units sold had cost). Where nothing bought is carried over this is the
    formula of ``ets.md`` 4; what is carried over keeps its cost for its year.
    """
    year = regime.compliance_year
    emissions, basis = _emissions(emitted, year)
    low = emissions if emitted.low_t is None else emitted.low_t
    high = emissions if emitted.high_t is None else emitted.high_t
    if not low <= emissions <= high:
        raise OutOfRange(
            name_zh="排放量区间", name_en="range of emissions", why_zh="下限、估计值、上限应依次不减",
            why_en="low, estimate and high must not fall", field="emitted.low_t",
        )  # fmt: skip
    if regime.word == "none":
        emissions = low = high = 0.0
    instrument = cast("Instrument | None", regime.instrument)
    received = math.fsum(
        e.tonnes or 0.0 for e in account.entries if e.kind == "allocation" and e.settles == year
    ) or math.fsum(e.tonnes or 0.0 for e in account.entries if e.kind == "pre_allocation" and e.settles == year)
    final = any(e.kind == "allocation" and e.settles == year for e in account.entries)
    free = allocation.free_t if allocation is not None and not final else (received or None)
    findings = [*account.findings, *(allocation.findings if allocation else ()), *regime.findings]

    done = account.drawn("surrender", year)
    offsets_done = math.fsum(d.tonnes for d in done if d.lot.instrument in OFFSETS)
    limit, limit_note = offset_limit(regime, law, emissions, emitted.previous_t)
    findings += limit_note if offsets_done or account.held_t(*_OFFSETS) else []
    if limit is not None and offsets_done > limit + 1e-6:
        findings.append(above_limit(offsets_done, limit))
    findings += local_share(regime, law, done)
    surrendered = math.fsum(d.tonnes for d in done) - max(
        0.0, offsets_done - (offsets_done if limit is None else limit)
    )
    to_come = max(0.0, (free or 0.0) - received)
    usable, offset_room = _usable(account, instrument, year, to_come), max(0.0, (limit or 0.0) - offsets_done)
    need = max(0.0, emissions - surrendered)
    by_offsets = draw_by_age([lot for lot in account.lots if lot.instrument in OFFSETS], min(need, offset_room))
    projected = [*by_offsets, *draw_by_age(usable, need - math.fsum(t for _, t in by_offsets))]
    aside = math.fsum(t for _, t in projected)
    still = max(0.0, need - aside)
    spare = math.fsum(lot.tonnes for lot in usable) - math.fsum(
        t for lot, t in projected if lot.instrument not in OFFSETS
    )

    used = [*((d.lot, d.tonnes) for d in done), *projected]
    cost, gain = _cost(account, year, used)
    deadline = _deadline(law, regime)
    known = free is not None or regime.word == "none"
    if not known:
        findings.append(_allocation_unknown(year))
    elif still > 0.5:
        findings.append(_open(still, deadline, account.as_of))
    reads = tuple(law.reads.values())
    slope, note = marginal_slope
    # Where the slope is not known each further tonne is taken to need an allowance of its own.
    ends = [max(0.0, still - spare + (1.0 if slope is None else slope) * (at - emissions)) for at in (low, high)]
    return CompliancePosition(
        compliance_year=year,
        instrument=instrument,
        as_of=account.as_of,
        deadline=deadline,
        emissions_t=emissions,
        low_t=low,
        high_t=high,
        emissions_basis=basis,
        free_t=free,
        received_free_t=received,
        provisional=regime.word != "none" and not final and (allocation is None or allocation.provisional),
        net_t=None if free is None else emissions - free,
        surrendered_t=surrendered,
        offsets_used_t=offsets_done + math.fsum(t for _, t in by_offsets),
        set_aside_t=aside,
        open_t=still if known else None,
        spare_t=spare if known else None,
        cost_cny=cost,
        sales_gain_cny=gain,
        average_paid_cny_per_t=None if cost is None or not emissions else cost / emissions,
        marginal_cny_per_t=_times(slope, market_price_cny_per_t),
        marginal_note=note,
        outlook=tuple(_outlook(line, still, ends, emissions, cost) for line in prices) if known else (),
        held=tuple(account.by_vintage()),
        findings=tuple(findings),
        reads=reads,
    )


_OFFSETS = cast("tuple[Instrument, ...]", OFFSETS)


def _emissions(emitted: Emitted, year: int) -> tuple[float, EmissionsBasis]:
    if emitted.verified_t is not None:
        return emitted.verified_t, "verified"
    if emitted.expected_t is not None:
        return emitted.expected_t, "expected"
    if emitted.to_date_t is None or emitted.to_date_on is None:
        raise MissingInput(
            name_zh="核查、预计或截至某日的排放量", name_en="verified emissions, expected emissions, or emissions to a day",
            what_zh="应清缴量", what_en="the obligation", field="emitted.verified_t",
        )  # fmt: skip
    if emitted.to_date_on.year != year:
        raise OutOfRange(
            name_zh="排放量截止日", name_en="day to which emissions are known", why_zh=f"应在 {year} 年内",
            why_en=f"it must lie in {year}", field="emitted.to_date_on",
        )  # fmt: skip
    days = (emitted.to_date_on - dt.date(year, 1, 1)).days + 1
    whole = (dt.date(year, 12, 31) - dt.date(year, 1, 1)).days + 1
    return emitted.to_date_t * whole / days, "run_rate"


def _usable(account: Account, instrument: Instrument | None, year: int, to_come_t: float) -> list[Lot]:
    """Return the allowances that may be surrendered for the year, oldest first, with what is still to be allocated."""
    lots = [lot for lot in account.lots if lot.instrument == instrument]
    if to_come_t > 0 and instrument is not None:
        lots.append(Lot(instrument, year, "allocation", account.as_of, to_come_t, 0.0))
    return sorted(lots, key=lambda lot: (lot.vintage or lot.on.year, lot.kind not in FREE, lot.on))


def _cost(account: Account, year: int, used: Sequence[tuple[Lot, float]]) -> tuple[float | None, float | None]:
    """Return cost of the year and gain on its sales, CNY; ``None`` where a price is not stated."""
    spent = [None if lot.cost_cny_per_t is None else t * lot.cost_cny_per_t for lot, t in used]
    sold = account.drawn("sale", year)
    revenue = [_revenue(account, draw) for draw in sold]
    basis = [draw.cost_cny for draw in sold]
    gain = (
        None
        if None in revenue or None in basis
        else math.fsum(x or 0.0 for x in revenue) - math.fsum(x or 0.0 for x in basis)
    )
    of_year = [e for e in account.entries if e.settles == year]
    fees = math.fsum(e.amount_cny or 0.0 for e in of_year if e.kind == "fee")
    rebates = math.fsum(e.amount_cny or 0.0 for e in of_year if e.kind == "rebate")
    if None in spent or gain is None:
        return None, gain
    return math.fsum(x or 0.0 for x in spent) + fees - rebates - gain, gain


def _times(slope: float | None, price: float | None) -> float | None:
    if slope == 0.0:
        return 0.0
    return None if slope is None or price is None else slope * price


def _revenue(account: Account, draw: Draw) -> float | None:
    price = account.entries[draw.entry].price_cny_per_t
    return None if price is None else price * draw.tonnes


def _deadline(law: LawAt, regime: Regime) -> dt.date | None:
    read = law.find(f"{LAW_OF[regime.word]}.surrender_deadline") if regime.word in LAW_OF else None
    return None if read is None else dt.date.fromisoformat(str(read.value))


def _outlook(
    line: AllowanceLine, still_t: float, range_t: Sequence[float], emissions_t: float, cost_cny: float | None
) -> Outlook:
    """Value the open tonnes, and those at the ends of the range of emissions, at one price."""
    at = line.cny_per_t
    total = None if cost_cny is None else cost_cny + still_t * at
    return Outlook(
        line=line,
        open_cny=still_t * at,
        low_cny=range_t[0] * at,
        high_cny=range_t[1] * at,
        total_cny=total,
        per_t_cny=None if total is None or not emissions_t else total / emissions_t,
    )


def _allocation_unknown(year: int) -> Finding:
    return Finding(
        code="ets.allocation_unknown",
        severity="warning",
        text=Text(
            f"{year} 履约年度的免费配额未知，无法判断还需购买多少。",
            f"The free allocation of {year} is not known: what is still to be bought cannot be told.",
        ),
        hint=Text(
            "请填写分配方法和参数，或在账户中填写预分配、最终配额。",
            "Enter method and figures of the allocation, or the (pre-)allocation in the account.",
        ),
        field="allocation",
    )


def _open(still_t: float, deadline: dt.date | None, as_of: dt.date) -> Finding:
    late = deadline is not None and as_of > deadline
    when = Text(f"，截止 {deadline}" if deadline else "", f" by {deadline}" if deadline else "")
    return Finding(
        code="ets.overdue" if late else "ets.shortfall_open",
        severity="warning",
        text=Text(
            f"还缺 {still_t:,.0f} t" + (f"，已过清缴截止日 {deadline}。" if late else f"{when.zh}。"),
            f"{still_t:,.0f} t are missing" + (f"; the last day, {deadline}, has passed." if late else f"{when.en}."),
        ),
        hint=Text("购入后请补填数量和合同价格。", "Enter tonnes and contract price once they are bought."),
        field="entries",
    )
