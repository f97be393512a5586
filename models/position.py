"""
Position of an installation in a compliance year: what it was given free, what it is short of, and what it paid.

The paid price and the market price are two things and never stand in for each
other: what is paid rests on the operator's own purchases, or says that it is
an estimate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.allocation import band_rate, band_slope, national_free_allocation
from models.errors import NOTHING, Text
from models.findings import Finding
from models.installation import EtsYear
from models.law import LawAt, Read
from models.regime import Regime
from models.settlement import BASIS_OF, Dealings, PaidBasis, settled
from models.table import Result, Row
from models.units import FloatArray


@dataclass(frozen=True, slots=True)
class Position(Result):
    """
    Position of one installation in one compliance year.

    ``cost_cny`` is what the operator's own purchases, offsets and fees cost,
    less sales; ``None`` where it cannot be known. ``average_paid`` is that over
    verified emissions, with its sign: a surplus sold is negative.
    """

    emissions_t: float | None
    free_t: float | None
    net_t: float | None
    open_t: float | None
    cost_cny: float | None
    average_paid_cny_per_t: float | None
    basis: PaidBasis
    provisional: bool
    findings: tuple[Finding, ...] = ()
    #: How the free allocation is known where the operator has not stated it.
    free_note: Text = NOTHING
    #: What one more tonne emitted costs at fixed output; ``None`` where the rule or the price is not known.
    marginal_cny_per_tco2: float | None = None
    marginal_note: Text = NOTHING
    reads: tuple[Read, ...] = ()

    def rows(self) -> list[Row]:
        later = Text("预分配，最终配额未定", "provisional, final allocation pending") if self.provisional else NOTHING
        later = joined(later, self.free_note)
        return [
            Row("emissions", Text("核查排放量", "Verified emissions"), self.emissions_t, "tCO2"),
            Row("free", Text("免费配额", "Free allocation"), self.free_t, "tCO2", later),
            Row("net", Text("净缺口（负数为盈余）", "Net short (negative: surplus)"), self.net_t, "tCO2"),
            Row("open", Text("尚未购足", "Still to be bought"), self.open_t, "tCO2"),
            Row("cost", Text("已付碳成本", "Carbon cost paid"), self.cost_cny, "CNY", BASES[self.basis]),
            Row(
                "average_paid",
                Text("平均已付碳价", "Average price paid"),
                self.average_paid_cny_per_t,
                "CNY/tCO2",
                Text("每吨核查排放，非市场价", "per tonne of verified emissions, not the market price"),
                4,
            ),
            Row(
                "marginal_price",
                Text("多排放一吨的代价（产量不变）", "One more tonne emitted, output unchanged"),
                self.marginal_cny_per_tco2,
                "CNY/tCO2",
                self.marginal_note,
            ),
        ]

    def proof(self) -> list[str]:
        return [read.line() for read in self.reads]


def joined(first: Text, second: Text) -> Text:
    """Return two notes as one; an empty note adds nothing."""
    if not (first.zh and second.zh):
        return first if first.zh else second
    return Text(f"{first.zh}；{second.zh}", f"{first.en}; {second.en}")


BASES: dict[PaidBasis, Text] = {
    "own_purchases": Text("按企业自己的购买合同", "from the operator's own purchases"),
    "nothing_bought": Text("无缺口，未购买", "no shortfall, nothing bought"),
    "estimate": Text("估算：缺口 × 市场参考价，不是已付价格", "estimate: shortfall x market price, not a paid price"),
    "unknown": Text("缺少核查排放、免费配额或购买记录", "verified emissions, free allocation or purchases are missing"),
    "not_covered": Text("未纳入碳市场，没有碳成本", "outside any market, no carbon cost"),
}


def position(year: EtsYear, regime: Regime, law: LawAt, market_price_cny_per_t: float | None) -> Position:
    """
    Return the position and the carbon cost paid of an installation.

    Parameters
    ----------
    year : EtsYear
        The operator's figures.
    regime : Regime
        Its market in that year.
    law : LawAt
        The law of the compliance year, for the offset limit.
    market_price_cny_per_t : float or None
        Market reference price; used only for what has no price of its own, and
        then the basis is ``estimate``.

    Notes
    -----
    net = E - free - banked - offsets; cost = bought + auction + offsets + fees
    - sold, at the operator's prices; average = cost / E (``ets.md`` 4). Under
    allocation equal to emissions (2024) the net position is zero by rule.
    """
    if regime.word == "none":
        return Position(year.verified_emissions_t, None, None, None, 0.0, 0.0, "not_covered", provisional=False)
    emissions = year.verified_emissions_t
    free, free_note = _free(year, regime, law)
    slope, marginal_note = marginal_slope(year, regime, law)
    findings = (*_allocation_findings(year, regime, law), *_offset_findings(year, regime, law))
    marginal = None if market_price_cny_per_t is None or slope is None else slope * market_price_cny_per_t
    if slope == 0.0:
        marginal = 0.0

    def made(
        basis: PaidBasis,
        net: float | None = None,
        still: float | None = None,
        cost: float | None = None,
        *more: Finding,
    ) -> Position:
        return Position(
            emissions_t=emissions,
            free_t=free,
            net_t=net,
            open_t=still,
            cost_cny=cost,
            average_paid_cny_per_t=None if cost is None or not emissions else cost / emissions,
            basis=basis,
            provisional=year.allocation_is_final is False or _by_band(year, regime, law),
            findings=(*findings, *more),
            free_note=free_note,
            marginal_cny_per_tco2=marginal,
            marginal_note=marginal_note,
            reads=tuple(law.reads.values()),
        )

    found = settled(
        Dealings.of(year, free), np.array([np.nan if market_price_cny_per_t is None else market_price_cny_per_t])
    )
    net, still, cost = (_known(column) for column in (found.net_t, found.open_t, found.cost_cny))
    traded = any(x is not None for x in (year.purchased_t, year.auction_t, year.sold_t, year.fees_cny))
    short = [_shortfall_open(still)] if still and traded and cost is not None else []
    return made(BASIS_OF[int(found.basis[0])], net, still, cost, *short)


def _known(column: FloatArray) -> float | None:
    return None if math.isnan(column[0]) else float(column[0])


def allocation_rule(regime: Regime, law: LawAt) -> str | None:
    """Return the rule by which the national market allocates in the year; ``None`` elsewhere and where it is not known."""
    rule = law.find("cn.ets.national.allocation_rule") if regime.word == "national" else None
    return None if rule is None else str(rule.value)


def _band(law: LawAt) -> tuple[float, float, Text] | None:
    """Return band, gap at the band, and how sure they are; ``None`` where the year has none in our sources."""
    band, gap = law.find("cn.ets.national.band"), law.find("cn.ets.national.gap_at_band")
    if band is None or gap is None:
        return None
    note = Text(f"幅度 ±{float(band.value or 0):.0%}", f"band +/-{float(band.value or 0):.0%}")
    if "inferred" in (band.confidence, gap.confidence):
        note = Text(f"{note.zh}，参数未经证实", f"{note.en}, parameters unverified")
    return float(band.value or 0.0), float(gap.value or 0.0), note


def _by_band(year: EtsYear, regime: Regime, law: LawAt) -> bool:
    """Tell whether the free allocation is not stated and follows from own intensity and balance value."""
    known = year.intensity_tco2_per_t is not None and year.balance_value_tco2_per_t is not None
    return year.free_allocation_t is None and known and allocation_rule(regime, law) == "band"


def _free(year: EtsYear, regime: Regime, law: LawAt) -> tuple[float | None, Text]:
    """Return the free allocation as stated, or as the national rule of the year gives it."""
    emissions = year.verified_emissions_t
    if year.free_allocation_t is not None or emissions is None:
        return year.free_allocation_t, NOTHING
    if allocation_rule(regime, law) == "equal_to_emissions":
        return emissions, Text("按规则等于核查排放", "equal to verified emissions by rule")
    found = _band(law) if _by_band(year, regime, law) else None
    if found is None or year.intensity_tco2_per_t is None or year.balance_value_tco2_per_t is None:
        return None, NOTHING
    band, gap, note = found
    rate = band_rate(year.intensity_tco2_per_t, year.balance_value_tco2_per_t, band, gap)
    shown = Text(
        f"按本单位强度与行业平衡值推算，{note.zh}", f"worked out from own intensity and sector balance value, {note.en}"
    )
    return float(national_free_allocation(emissions, rate)), shown


def marginal_slope(year: EtsYear, regime: Regime, law: LawAt) -> tuple[float | None, Text]:
    """Return allowances owed for one more tonne emitted at fixed output, and why; ``None`` where not known."""
    if regime.word == "guangdong_pilot":
        return 1.0, Text("配额不随当年排放变化，等于市场价", "allocation does not react to it: the market price")
    rule = allocation_rule(regime, law)
    if rule == "equal_to_emissions":
        return 0.0, Text("配额等于核查排放", "allowances equal verified emissions")
    found = _band(law) if rule == "band" else None
    if found is None:
        return None, Text("本年度分配规则不在我们的来源中", "the rule of the year is not in our sources")
    if year.intensity_tco2_per_t is None or year.balance_value_tco2_per_t is None:
        return None, Text("缺少本单位强度或行业平衡值", "own intensity or sector balance value is missing")
    band, gap, note = found
    slope = float(band_slope(year.intensity_tco2_per_t, year.balance_value_tco2_per_t, band, gap))
    return slope, Text(f"市场价的 {slope:.1%}（{note.zh}）", f"{slope:.1%} of the market price ({note.en})")


def _allocation_findings(year: EtsYear, regime: Regime, law: LawAt) -> list[Finding]:
    """Tell of a stated free allocation that lies outside the national rule: most often it is a pre-allocation."""
    emissions, free = year.verified_emissions_t, year.free_allocation_t
    if not emissions or free is None:
        return []
    rule = allocation_rule(regime, law)
    found = _band(law) if rule == "band" else None
    most, note = (found[0], found[2]) if found else (0.0, Text("应等于核查排放", "equal to verified emissions by rule"))
    if (rule != "equal_to_emissions" and found is None) or abs(free / emissions - 1.0) <= most + 1e-6:
        return []
    return [
        Finding(
            code="ets.free_outside_rule",
            severity="warning",
            text=Text(
                f"免费配额与核查排放相差 {free / emissions - 1.0:+.1%}，超出 {year.compliance_year} 年度全国市场规则（{note.zh}）。",
                f"Free allocation differs from verified emissions by {free / emissions - 1.0:+.1%}, outside the national rule "
                f"of {year.compliance_year} ({note.en}).",
            ),
            hint=Text(
                "若为预分配，请将“最终配额”填为“否”，或改填最终配额。",
                "If it is a pre-allocation, answer 'Allocation final' with no, or enter the final allocation.",
            ),
            field="free_allocation_t",
        )
    ]


def _shortfall_open(still_t: float) -> Finding:
    return Finding(
        code="ets.shortfall_open",
        severity="warning",
        text=Text(
            f"仍有 {still_t:,.0f} t 缺口未购买，实付碳成本只含已购部分。",
            f"{still_t:,.0f} t are still to be bought; the cost paid covers only what has been bought.",
        ),
        hint=Text("购足后请补填数量和价格。", "Enter tonnes and price once they are bought."),
        field="purchased_t",
    )


def _offset_findings(year: EtsYear, regime: Regime, law: LawAt) -> list[Finding]:
    if not year.offsets_t or not year.verified_emissions_t or regime.word not in ("national", "guangdong_pilot"):
        return []
    if regime.word == "guangdong_pilot":
        return [_pilot_offsets(law)]
    share = law.find("cn.ets.national.offset_share")
    limit = float(share.value or 0.0) * year.verified_emissions_t if share else None
    if limit is None or year.offsets_t <= limit:
        return []
    return [
        Finding(
            code="ets.offsets_above_limit",
            severity="warning",
            text=Text(
                f"抵销量 {year.offsets_t:,.0f} t 超过上限 {limit:,.0f} t。",
                f"Offsets of {year.offsets_t:,.0f} t are above the limit of {limit:,.0f} t.",
            ),
            hint=Text("请核对抵销量；超出部分不能用于清缴。", "Check the tonnes; the excess cannot be surrendered."),
            field="offsets_t",
        )
    ]


def _pilot_offsets(law: LawAt) -> Finding:
    """The pilot's base is the emissions of the year before, which is not asked for: the rule is told instead."""
    most, local = law.number("cn.ets.guangdong.offset_share"), law.number("cn.ets.guangdong.offset_local_share")
    return Finding(
        code="ets.offsets_not_checked",
        severity="info",
        text=Text(
            f"广东试点抵销不得超过上年度排放的 {most:.0%}，其中省内项目至少 {local:.0%}；缺少上年度排放，未核对。",
            f"The pilot allows offsets up to {most:.0%} of the emissions of the year before, at least {local:.0%} of them from "
            "Guangdong projects; that year's emissions are not given, so this was not checked.",
        ),
        hint=Text("请对照清缴通知核对抵销量。", "Check the tonnes against the surrender notice."),
        field="offsets_t",
    )
