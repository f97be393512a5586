"""
Embedded carbon cost at home: the position of an installation, and three views of what carbon costs a tonne of product.

The paid price and the market price are two things and never stand in for each
other: the paid view rests on the operator's own purchases, or says that it is
an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.errors import NOTHING, Text
from models.findings import Finding
from models.installation import EtsYear
from models.law import LawAt, Read
from models.regime import Regime
from models.table import Result, Row
from models.units import Numbers

METHOD = "models.embedded/1"
#: Share of the free allocation that follows current output, by method of allocation (lambda).
OUTPUT_SHARE: dict[str, float] = {
    "benchmark": 1.0,
    "historical_intensity": 1.0,
    "equal_to_emissions": 1.0,
    "band": 1.0,
    "historical_emissions": 0.0,
}
PaidBasis = Literal["own_purchases", "nothing_bought", "estimate", "unknown", "not_covered"]


def free_allocation_pilot(entitlement_t: Numbers, free_share: float) -> Numbers:
    """
    Free allowances of the Guangdong pilot.

    Parameters
    ----------
    entitlement_t : float or array, shape (n,)
        By benchmark: benchmark x output; by historical intensity: own intensity
        x output x reduction factor; by historical emissions: mean x factor. t.
    free_share : float
        ``cn.ets.guangdong.free_share``.

    Returns
    -------
    float or array, shape (n,)
        t of allowances. Source ``gd-ets-years``.

    Examples
    --------
    >>> round(free_allocation_pilot(1000.0 * 0.98, 0.95), 6)
    931.0
    """
    return entitlement_t * free_share


def band_rate(
    intensity_tco2_per_t: Numbers, balance_value_tco2_per_t: Numbers, band: float, gap_at_band: float
) -> Numbers:
    """
    Surplus (positive) or deficit of the national market's band, as a share of emissions.

    Parameters
    ----------
    intensity_tco2_per_t, balance_value_tco2_per_t : float or array, shape (n,)
        Own intensity I and sector balance value BV, tCO2 per t.
    band, gap_at_band : float
        ``cn.ets.national.band`` and ``cn.ets.national.gap_at_band``, fractions.

    Returns
    -------
    float or array, shape (n,)
        r = clamp((BV - I) / BV * band / gap_at_band, -band, +band); free = E (1 + r).
    """
    gap = 1.0 - intensity_tco2_per_t / balance_value_tco2_per_t
    rate = np.clip(gap * (band / gap_at_band), -band, band)
    return rate if isinstance(rate, np.ndarray) else float(rate)


def band_slope(
    intensity_tco2_per_t: Numbers, balance_value_tco2_per_t: Numbers, band: float, gap_at_band: float
) -> Numbers:
    """
    Net allowances owed for one more tonne emitted at fixed output, dNet/dE, inside the band rule.

    Returns
    -------
    float or array, shape (n,)
        s (2 I / BV - 1) with s = band / gap_at_band inside the band; +band at
        the deficit limit, -band at the surplus limit. Derived from net = -r E.
    """
    ratio = intensity_tco2_per_t / balance_value_tco2_per_t
    gap = 1.0 - ratio
    inside = (band / gap_at_band) * (2.0 * ratio - 1.0)
    slope = np.where(gap <= -gap_at_band, band, np.where(gap >= gap_at_band, -band, inside))
    return slope if slope.ndim else float(slope)


def net_position(emissions_t: Numbers, free_t: Numbers, banked_t: Numbers = 0.0, offsets_t: Numbers = 0.0) -> Numbers:
    """Return emissions less free allowances, banked units and offsets, t; negative is a surplus (``ets.md`` 4)."""
    return emissions_t - free_t - banked_t - offsets_t


def full_cost(price_cny_per_t: Numbers, intensity_tco2_per_t: Numbers) -> Numbers:
    """Return P e, the opportunity cost of all covered emissions, CNY per t of product."""
    return price_cny_per_t * intensity_tco2_per_t


def marginal_cost(
    price_cny_per_t: Numbers, intensity_tco2_per_t: Numbers, free_tco2_per_t: Numbers, output_share: float
) -> Numbers:
    """
    Carbon cost of one more tonne of product: kappa = P (e - lambda b).

    Parameters
    ----------
    price_cny_per_t : float or array, shape (n,)
        Market price, CNY per tCO2.
    intensity_tco2_per_t, free_tco2_per_t : float or array, shape (n,)
        Covered emissions e and free allowances b per t of product.
    output_share : float
        lambda: 1 where allocation follows output, 0 for a lump sum.

    Returns
    -------
    float or array, shape (n,)
        CNY per t of product; the view that moves prices. May be negative.
    """
    return price_cny_per_t * (intensity_tco2_per_t - output_share * free_tco2_per_t)


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

    def rows(self) -> list[Row]:
        later = Text("预分配，最终配额未定", "provisional, final allocation pending") if self.provisional else NOTHING
        return [
            Row("emissions", Text("核查排放量", "Verified emissions"), self.emissions_t, "tCO2"),
            Row("free", Text("免费配额", "Free allocation"), self.free_t, "tCO2", later),
            Row("net", Text("净缺口（负数为盈余）", "Net short (negative: surplus)"), self.net_t, "tCO2"),
            Row("open", Text("尚未购足", "Still to be bought"), self.open_t, "tCO2"),
            Row("cost", Text("已付碳成本", "Carbon cost paid"), self.cost_cny, "CNY", _BASES[self.basis]),
            Row(
                "average_paid",
                Text("平均已付碳价", "Average price paid"),
                self.average_paid_cny_per_t,
                "CNY/tCO2",
                Text("每吨核查排放，非市场价", "per tonne of verified emissions, not the market price"),
                4,
            ),
        ]


_BASES: dict[PaidBasis, Text] = {
    "own_purchases": Text("按企业自己的购买合同", "from the operator's own purchases"),
    "nothing_bought": Text("无缺口，未购买", "no shortfall, nothing bought"),
    "estimate": Text("估算：缺口 × 市场参考价，不是已付价格", "estimate: shortfall x market price, not a paid price"),
    "unknown": Text("缺少核查排放、免费配额或购买记录", "verified emissions, free allocation or purchases are missing"),
    "not_covered": Text("未纳入碳市场，没有碳成本", "outside any market, no carbon cost"),
}


def _money(tonnes: float | None, price: float | None, fallback: float | None) -> tuple[float | None, bool]:
    """Return tonnes times price, and whether the market price stood in for a missing contract price."""
    if not tonnes:
        return 0.0, False
    if price is not None:
        return tonnes * price, False
    return (None, True) if fallback is None else (tonnes * fallback, True)


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
    emissions, free = year.verified_emissions_t, year.free_allocation_t
    if regime.word == "none":
        return Position(emissions, None, None, None, 0.0, 0.0, "not_covered", provisional=False)
    if free is None and emissions is not None and _equal_by_rule(regime, law):
        free = emissions
    provisional = year.allocation_is_final is False
    if emissions is None or free is None or emissions == 0:
        return Position(emissions, free, None, None, None, None, "unknown", provisional)
    net = float(net_position(emissions, free, year.banked_used_t or 0.0, year.offsets_t or 0.0))
    bought, auctioned, sold = (x or 0.0 for x in (year.purchased_t, year.auction_t, year.sold_t))
    traded = any(x is not None for x in (year.purchased_t, year.auction_t, year.sold_t, year.fees_cny))
    still = max(0.0, net - bought - auctioned + sold)
    parts = [
        _money(year.purchased_t, year.purchase_price_cny_per_t, market_price_cny_per_t),
        _money(year.auction_t, year.auction_price_cny_per_t, market_price_cny_per_t),
        _money(year.offsets_t, year.offset_price_cny_per_t, None),
        _money(year.sold_t, year.sale_price_cny_per_t, market_price_cny_per_t),
    ]
    findings = tuple(_offset_findings(year, regime, law, emissions))
    if not traded and net > 0:
        cost = None if market_price_cny_per_t is None else net * market_price_cny_per_t
        average = None if cost is None else cost / emissions
        basis: PaidBasis = "unknown" if cost is None else "estimate"
        return Position(emissions, free, net, still, cost, average, basis, provisional, findings)
    if any(amount is None for amount, _ in parts):
        return Position(emissions, free, net, still, None, None, "unknown", provisional, findings)
    buys, auctions, offsets, sales = (float(amount or 0.0) for amount, _ in parts)
    cost = buys + auctions + offsets + (year.fees_cny or 0.0) - sales
    basis = "estimate" if any(guess for _, guess in parts) else ("own_purchases" if traded else "nothing_bought")
    return Position(emissions, free, net, still, cost, cost / emissions, basis, provisional, findings)


def _equal_by_rule(regime: Regime, law: LawAt) -> bool:
    rule = law.find("cn.ets.national.allocation_rule") if regime.word == "national" else None
    return rule is not None and rule.value == "equal_to_emissions"


def _offset_findings(year: EtsYear, regime: Regime, law: LawAt, emissions_t: float) -> list[Finding]:
    if not year.offsets_t or regime.word != "national":
        return []  # the pilot's base is the emissions of the previous year, which is not asked for here
    share = law.find("cn.ets.national.offset_share")
    limit = float(share.value or 0.0) * emissions_t if share else None
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


@dataclass(frozen=True, slots=True)
class EmbeddedCost(Result):
    """
    Carbon cost in one product at home, CNY per t of product, in three views that always stand together.

    ``None`` is "not known" with the reason beside it; zero is zero. A negative
    paid or marginal view is a surplus and is shown as it is.
    """

    intensity_tco2_per_t: float
    intensity_basis: Text
    data_quality: int
    mass_t: float
    regime: Regime
    market_price_cny_per_t: float | None
    price_note: Text
    full_cny_per_t: float | None
    paid_cny_per_t: float | None
    marginal_cny_per_t: float | None
    paid_basis: PaidBasis
    marginal_note: Text
    reads: tuple[Read, ...]

    @property
    def totals_cny(self) -> tuple[float | None, float | None, float | None]:
        """Full, paid and marginal cost of the whole line, CNY."""
        views = (self.full_cny_per_t, self.paid_cny_per_t, self.marginal_cny_per_t)
        full, paid, marginal = (None if view is None else view * self.mass_t for view in views)
        return full, paid, marginal

    def rows(self) -> list[Row]:
        full, paid, marginal = self.totals_cny
        none = self.regime.word == "none"
        not_covered = Text("未纳入碳市场的排放没有碳成本", "emissions outside any market carry no carbon cost")
        paid_note = not_covered if none else _BASES[self.paid_basis]
        return [
            Row("regime", Text("所属碳市场", "Carbon market"), self.regime.instrument or "—", "", self.regime.reason),
            Row(
                "intensity",
                Text("纳入核算的直接排放强度", "Covered direct emissions"),
                self.intensity_tco2_per_t,
                "tCO2/t",
                Text(
                    f"{self.intensity_basis.zh}；数据质量 {self.data_quality}（1 最好，5 最差）",
                    f"{self.intensity_basis.en}; data quality {self.data_quality} (1 best, 5 worst)",
                ),
                4,
            ),
            Row(
                "market_price",
                Text("市场参考价", "Market reference price"),
                self.market_price_cny_per_t,
                "CNY/tCO2",
                self.price_note,
            ),
            Row("full", Text("全额（机会成本）", "Full (opportunity cost)"), self.full_cny_per_t, "CNY/t",
                not_covered if none else Text("市场价 × 强度", "market price x intensity")),
            Row("paid", Text("实付", "Paid"), self.paid_cny_per_t, "CNY/t", paid_note),
            Row("marginal", Text("边际（多产一吨）", "Marginal (one more tonne)"), self.marginal_cny_per_t, "CNY/t",
                not_covered if none else self.marginal_note),
            Row("full_total", Text("全额合计", "Full, whole line"), full, "CNY"),
            Row("paid_total", Text("实付合计", "Paid, whole line"), paid, "CNY"),
            Row("marginal_total", Text("边际合计", "Marginal, whole line"), marginal, "CNY"),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return [read.line() for read in self.reads]


def embedded_cost(
    intensity_tco2_per_t: float,
    mass_t: float,
    regime: Regime,
    of_site: Position | None,
    method: str | None,
    market_price_cny_per_t: float | None,
    *,
    intensity_basis: Text,
    data_quality: int,
    price_note: Text = NOTHING,
) -> EmbeddedCost:
    """
    Return full, paid and marginal carbon cost of a product at home.

    Parameters
    ----------
    intensity_tco2_per_t : float
        Covered direct emissions per t of product, tCO2.
    mass_t : float
        Tonnes of product in the line.
    regime : Regime
        Market of the installation; outside any, all three views are zero.
    of_site : Position or None
        The installation's position; without it paid and marginal are not known.
    method : str or None
        Allocation method, a key of ``OUTPUT_SHARE``; without it the marginal
        view is not known, except where allocation equals emissions by rule.
    market_price_cny_per_t : float or None
        Market reference price, CNY per tCO2.

    Notes
    -----
    full = P e; paid = average paid x e; marginal = P (e - lambda b) with b the
    free allowances per t of product, e F / E (``passthrough.md`` 2.2).
    """
    e, p = intensity_tco2_per_t, market_price_cny_per_t
    full = paid = marginal = None
    basis: PaidBasis = of_site.basis if of_site else "unknown"
    note = Text("缺少核查排放、免费配额或分配方法", "verified emissions, free allocation or its method are missing")
    if regime.word == "none":
        full = paid = marginal = 0.0
        basis = "not_covered"
    else:
        full = None if p is None else float(full_cost(p, e))
        if of_site is not None and of_site.average_paid_cny_per_t is not None:
            paid = of_site.average_paid_cny_per_t * e
        share = OUTPUT_SHARE.get(method or "")
        known = of_site is not None and of_site.emissions_t and of_site.free_t is not None
        if p is None:
            note = Text("缺少市场参考价", "the market reference price is missing")
        elif known and of_site is not None and share is not None:
            free_per_t = e * float(of_site.free_t or 0.0) / float(of_site.emissions_t or 1.0)
            marginal = float(marginal_cost(p, e, free_per_t, share))
            note = Text(f"P × (e − λ·b)，λ = {share:g}", f"P x (e - lambda b), lambda = {share:g}")
    return EmbeddedCost(
        intensity_tco2_per_t=e,
        intensity_basis=intensity_basis,
        data_quality=data_quality,
        mass_t=mass_t,
        regime=regime,
        market_price_cny_per_t=p,
        price_note=price_note,
        full_cny_per_t=full,
        paid_cny_per_t=paid,
        marginal_cny_per_t=marginal,
        paid_basis=basis,
        marginal_note=note,
        reads=regime.reads,
    )
