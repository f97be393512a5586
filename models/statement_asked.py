"""What a carbon cost statement rests on: the own site, its allowances, and the suppliers' parts."""

from __future__ import annotations

import datetime as dt
from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from models.errors import Text
from models.inputs import Input, MassT, NonNegative, Positive, TCO2ePerT

Attribution = Literal["subdivision", "physical", "economic"]
ATTRIBUTIONS: dict[Attribution, Text] = {
    "subdivision": Text("划分工序并分别计量", "processes divided and metered"),
    "physical": Text("物理关系（质量、能量、含碳量）", "physical relation (mass, energy, carbon)"),
    "economic": Text("经济价值", "economic value"),
}
#: How a supplier's part is known, best first.
Level = Literal["statement", "sector_average", "input_output"]
LEVELS: dict[Level, Text] = {
    "statement": Text("供应商成本单", "supplier statement"),
    "sector_average": Text("行业平均", "sector average"),
    "input_output": Text("投入产出估计", "input-output estimate"),
}
Scheme = Literal["GDEA", "CEA", "SZA"]
PaidKind = Literal["own_purchases", "nothing_bought", "estimate", "not_covered"]
PAID: dict[PaidKind, Text] = {
    "own_purchases": Text("按企业自己的购买", "from the firm's own purchases"),
    "nothing_bought": Text("无缺口，未购买", "no shortfall, nothing bought"),
    "estimate": Text(
        "估算：市场价 × (强度 − 免费配额)，不是已付价格",
        "estimate: market price x (intensity - free allocation), not a price paid",
    ),
    "not_covered": Text("未纳入碳市场", "outside any market"),
}


class Party(Input):
    """A firm by its name and, where it has one, its unified social credit code."""

    name: str = Field(min_length=1, max_length=200)
    uscc: str | None = Field(default=None, pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")


class PaidBy(Input):
    """A carbon price paid by someone, per tonne of the statement's product; a surplus sold is negative."""

    issuer: str = Field(min_length=1, max_length=200)
    installation: str = Field(min_length=1, max_length=200)
    scheme: Scheme
    compliance_year: int = Field(ge=2013, le=2060)
    cny_per_t: float = Field(ge=-1e6, le=1e6)
    evidence: str | None = Field(default=None, max_length=300)

    @property
    def place(self) -> tuple[str, str, str, int]:
        """Who paid, where, under what and for which year: one obligation."""
        return (self.issuer, self.installation, self.scheme, self.compliance_year)


class Span(NamedTuple):
    """A figure with its interval."""

    low: float
    value: float
    high: float

    def times(self, factor: float) -> Span:
        """Return the figure times a factor that is not negative."""
        return Span(self.low * factor, self.value * factor, self.high * factor)

    @classmethod
    def about(cls, value: float, share: float) -> Span:
        """Return a figure with a relative half-width, whichever its sign."""
        wide = abs(value) * share
        return cls(value - wide, value, value + wide)


class Views(NamedTuple):
    """The three views of carbon cost, CNY per t of product; none where it is not known."""

    full: Span | None
    paid: Span | None
    marginal: Span | None

    def plus(self, other: Views) -> Views:
        """Return the sum; the intervals add up as if all were wrong the same way, which is the wider reading."""
        return Views(*(_sum(a, b) for a, b in zip(self, other, strict=True)))

    def times(self, factor: float) -> Views:
        """Return the views times a factor that is not negative."""
        return Views(*(None if one is None else one.times(factor) for one in self))


ZERO = Views(Span(0.0, 0.0, 0.0), Span(0.0, 0.0, 0.0), Span(0.0, 0.0, 0.0))


def _sum(a: Span | None, b: Span | None) -> Span | None:
    return None if a is None or b is None else Span(a.low + b.low, a.value + b.value, a.high + b.high)


class Cost(Input):
    """One view of a supplier's product, CNY per t of it, with its interval where there is one."""

    cny_per_t: float = Field(ge=-1e6, le=1e6)
    low: float | None = Field(default=None, ge=-1e6, le=1e6)
    high: float | None = Field(default=None, ge=-1e6, le=1e6)

    @model_validator(mode="after")
    def _around(self) -> Cost:
        low, high = (self.cny_per_t if end is None else end for end in (self.low, self.high))
        if not low <= self.cny_per_t <= high:
            raise ValueError("the interval does not hold the value")
        return self

    def span(self) -> Span:
        """Return the view with its interval; without one it is a point."""
        low, high = (self.cny_per_t if end is None else end for end in (self.low, self.high))
        return Span(low, self.cny_per_t, high)


class Upstream(Input):
    """A supplier's product that goes into ours, ``t_per_t`` tonnes per tonne, and what carbon costs a tonne of it."""

    product: str = Field(min_length=1, max_length=200)
    issuer: str = Field(min_length=1, max_length=200)
    t_per_t: float = Field(gt=0, le=1e3)
    level: Level
    statement: str | None = Field(default=None, max_length=80)
    #: Where an average or an estimate stands; needed for both.
    source: str | None = Field(default=None, max_length=300)
    tco2e_per_t: TCO2ePerT | None = None
    full: Cost | None = None
    paid: Cost | None = None
    marginal: Cost | None = None
    paid_by: tuple[PaidBy, ...] = Field(default=(), max_length=500)

    @model_validator(mode="after")
    def _known_from(self) -> Upstream:
        if self.level == "statement" and not self.statement:
            raise ValueError("a supplier statement needs its number")
        if self.level != "statement" and not self.source:
            raise ValueError("an average or an estimate needs its source")
        return self

    def views(self) -> Views:
        """Return what the input costs, CNY per t of our product."""
        return Views(*(None if c is None else c.span() for c in (self.full, self.paid, self.marginal))).times(
            self.t_per_t
        )


class MarketPrice(Input):
    """A market price with its averaging window and source, CNY per tCO2."""

    cny_per_t: Positive
    statistic: str = Field(min_length=1, max_length=100)
    first: dt.date
    last: dt.date
    source: str = Field(min_length=1, max_length=300)


class Rate(Input):
    """An exchange rate at the date of the price."""

    cny_per_eur: Positive
    on: dt.date
    source: str = Field(min_length=1, max_length=300)


class StatementInput(Input):
    """
    What a statement rests on, per tonne of product where not said otherwise.

    ``direct`` and ``electricity`` are emissions at the own site; each is covered
    by the scheme or not. ``power_price_carbon_share`` is the part of the
    electricity's emissions whose carbon cost the power price really contains
    (0 for an administered tariff). ``error_share`` is the relative half-width
    of the emissions' 95 % interval; none is none given.
    """

    issuer: Party
    customer: Party
    installation: str = Field(min_length=1, max_length=200)
    product: str = Field(min_length=1, max_length=200)
    product_code: str | None = Field(default=None, pattern=r"^[0-9]{6,10}$")
    first: dt.date
    last: dt.date
    quantity_t: MassT
    direct_tco2_per_t: TCO2ePerT
    electricity_tco2_per_t: TCO2ePerT | None = None
    direct_covered: bool = True
    electricity_covered: bool = False
    power_price_carbon_share: float = Field(default=0.0, ge=0, le=1)
    attribution: Attribution
    attribution_note: str | None = Field(default=None, max_length=500)
    data_quality: int = Field(ge=1, le=5)
    error_share: float | None = Field(default=None, ge=0, le=1)
    scheme: Scheme | None
    compliance_year: int = Field(ge=2013, le=2060)
    market: MarketPrice | None = None
    free_tco2_per_t: NonNegative | None = None
    allocation: (
        Literal["benchmark", "historical_intensity", "historical_emissions", "equal_to_emissions", "band"] | None
    ) = None
    average_paid_cny_per_tco2: float | None = Field(default=None, ge=-1e5, le=1e5)
    paid_evidence: str | None = Field(default=None, max_length=300)
    #: Whether the final allocation is pending; absent means final, or what the position says where there is one.
    provisional: bool | None = None
    surcharge_cny_per_t: NonNegative | None = None
    rate: Rate | None = None
    verified_by: str | None = Field(default=None, max_length=200)
    verification_report: str | None = Field(default=None, max_length=200)
    upstream: tuple[Upstream, ...] = Field(default=(), max_length=500)

    @model_validator(mode="after")
    def _in_order(self) -> StatementInput:
        if self.last < self.first:
            raise ValueError("the period ends before it begins")
        if self.attribution == "economic" and not self.attribution_note:
            raise ValueError("attribution by value needs a statement why the other ways fail")
        return self
