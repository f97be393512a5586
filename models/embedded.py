"""
Embedded carbon cost at home: three views of what carbon costs a tonne of product.

The paid price and the market price are two things and never stand in for each
other: the paid view rests on the operator's own purchases, or says that it is
an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import NOTHING, Text
from models.law import Read
from models.position import BASES, Position, joined
from models.regime import Regime
from models.settlement import PaidBasis
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


def full_cost(price_cny_per_t: Numbers, intensity_tco2_per_t: Numbers) -> Numbers:
    """Return P e, the opportunity cost of all covered emissions, CNY per t of product."""
    return price_cny_per_t * intensity_tco2_per_t


def marginal_cost(
    price_cny_per_t: Numbers, intensity_tco2_per_t: Numbers, free_tco2_per_t: Numbers, output_share: Numbers
) -> Numbers:
    """
    Carbon cost of one more tonne of product: kappa = P (e - lambda b).

    Parameters
    ----------
    price_cny_per_t : float or array, shape (n,)
        Market price, CNY per tCO2.
    intensity_tco2_per_t, free_tco2_per_t : float or array, shape (n,)
        Covered emissions e and free allowances b per t of product.
    output_share : float or array, shape (n,)
        lambda: 1 where allocation follows output, 0 for a lump sum.

    Returns
    -------
    float or array, shape (n,)
        CNY per t of product; the view that moves prices. May be negative.
    """
    return price_cny_per_t * (intensity_tco2_per_t - output_share * free_tco2_per_t)


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
    #: The position rests on an allocation that is not final.
    provisional: bool = False

    @property
    def surplus(self) -> bool:
        """Whether the paid view is negative: more came in than went out."""
        return self.paid_cny_per_t is not None and self.paid_cny_per_t < 0

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
        paid_note = not_covered if none else BASES[self.paid_basis]
        if self.surplus:
            paid_note = joined(paid_note, Text("盈余，为负值", "a surplus, hence negative"))
        if self.provisional:
            paid_note = joined(paid_note, Text("最终配额未定", "final allocation pending"))
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
        provisional=of_site is not None and of_site.provisional,
    )
