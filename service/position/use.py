"""The position of a compliance year, worked out from what the operator states and the market's reference price."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from models.allocation_notice import AllocationAsk
from models.allowance import ReferencePrice, reference_price, user_price
from models.compliance import CompliancePosition, Emitted, compliance_position
from models.embedded import OUTPUT_SHARE
from models.entitlement import FreeAllocation, free_allocation
from models.errors import YuetanError
from models.findings import Finding
from models.holdings import Account, Entry, account_on
from models.home_prices import allowance_lines
from models.inputs import Input, NonNegative, Positive
from models.installation import EtsYear
from models.law import LawAt
from models.market import Market
from models.position import allocation_rule, marginal_slope
from models.product_costs import ProductColumns, ProductCosts, SiteColumns, product_costs
from models.regime import Regime, law_of_year, regime_of
from models.units import FloatArray
from service.library import Library


class OwnAllowancePrice(Input):
    """A price the operator expects for what is still to be bought, CNY per tCO2."""

    name: str = Field(min_length=1, max_length=100, examples=["远期报价"])
    cny_per_t: Positive


class MadeProduct(Input):
    """A product of the installation in the year, for what carbon costs it: output, covered emissions, and free allowances of its own."""

    product: str = Field(min_length=1, max_length=200)
    output_t: Positive
    emissions_t: NonNegative
    free_allocation_t: NonNegative | None = None


class PositionAsk(Input):
    """An installation in a compliance year: who it is, what it emits, how it is allocated, its allowance account and its products."""

    year: EtsYear
    emitted: Emitted | None = None
    allocation: AllocationAsk | None = None
    entries: tuple[Entry, ...] = Field(default=(), max_length=20_000)
    #: Day of the question; later entries are plans. Today where absent.
    on: dt.date | None = Field(default=None, ge=dt.date(2013, 1, 1), le=dt.date(2060, 12, 31))
    own_prices: tuple[OwnAllowancePrice, ...] = Field(default=(), max_length=10)
    products: tuple[MadeProduct, ...] = Field(default=(), max_length=20_000)


@dataclass(frozen=True, slots=True)
class Positioned:
    """The position with the market, the allocation and the price it rests on; ``price`` is none where it was refused."""

    installation: str
    position: CompliancePosition
    regime: Regime
    allocation: FreeAllocation | None
    account: Account
    price: ReferencePrice | None
    findings: tuple[Finding, ...]
    products: tuple[MadeProduct, ...] = ()
    #: What carbon costs each of ``products``; none where there are none or they are refused.
    costs: ProductCosts | None = None


def positioned(asked: PositionAsk, library: Library, market: Market, today: dt.date) -> Positioned:
    """
    Return the position on the day asked about.

    The reference price is the user's where one is entered with the year, else
    the market's; where it is refused the position stands without it. An
    allocation that is refused is told and leaves the account standing.

    Raises
    ------
    RegimeUnknown, MissingInput, OutOfRange
        Market or emissions cannot be told.
    """
    on, book, findings = asked.on or today, library.book(), list[Finding]()
    year = _with_intensity(asked)
    regime = regime_of(year, book)
    law = law_of_year(book, year.compliance_year)
    emitted = asked.emitted or Emitted(verified_t=year.verified_emissions_t)
    allocation = _allocated(asked, regime, law, emitted, findings)
    price = _price(year, regime, market, on, findings)
    value = price.value if price else None
    own = [(one.name, one.cny_per_t) for one in asked.own_prices]
    lines = allowance_lines(
        library.allowance_paths, library.allowance_grid, regime.instrument or "", year.compliance_year, value, own
    )
    account = account_on(asked.entries, on)
    made = compliance_position(
        account, regime, law, emitted, allocation, marginal_slope(year, regime, law), value, lines
    )
    method = allocation.method if allocation else year.allocation_method or allocation_rule(regime, law)
    costs = _costs(asked, made, value, method, findings)
    return Positioned(
        year.installation, made, regime, allocation, account, price, (*findings, *made.findings), asked.products, costs
    )


def _costs(
    asked: PositionAsk, made: CompliancePosition, price: float | None, method: str | None, findings: list[Finding]
) -> ProductCosts | None:
    """Return what carbon costs each product; products that hold more than the installation are told and not costed."""
    if not asked.products:
        return None

    def column(*values: float | None) -> FloatArray:
        return np.array([np.nan if value is None else value for value in values])

    site = SiteColumns(
        emissions_t=column(made.emissions_t),
        free_t=column(made.free_t),
        average_paid_cny_per_t=column(made.average_paid_cny_per_t),
        market_price_cny_per_t=column(price),
        output_share=column(OUTPUT_SHARE.get(method or "")),
        covered=np.array([made.instrument is not None]),
    )
    products = ProductColumns(
        site=np.zeros(len(asked.products), dtype=np.int64),
        output_t=column(*(one.output_t for one in asked.products)),
        emissions_t=column(*(one.emissions_t for one in asked.products)),
        free_t=column(*(one.free_allocation_t for one in asked.products)),
    )
    try:
        return product_costs(site, products, lambda _: asked.year.installation)
    except YuetanError as refusal:
        findings.append(Finding.of(refusal))
        return None


def _with_intensity(asked: PositionAsk) -> EtsYear:
    """Return the year with intensity and balance value of the allocation, which the marginal view needs too."""
    of = asked.allocation
    if of is None or asked.year.intensity_tco2_per_t is not None:
        return asked.year
    balance = of.balance_value_tco2_per_t
    return asked.year.model_copy(
        update={
            "intensity_tco2_per_t": of.intensity_tco2_per_t,
            "balance_value_tco2_per_t": balance.value if balance else None,
        }
    )


def _allocated(
    asked: PositionAsk, regime: Regime, law: LawAt, emitted: Emitted, findings: list[Finding]
) -> FreeAllocation | None:
    if asked.allocation is None or regime.word == "none":
        return None
    emissions = emitted.verified_t if emitted.verified_t is not None else emitted.expected_t
    try:
        return free_allocation(asked.allocation, regime.word, regime.compliance_year, law, emissions)
    except YuetanError as refusal:
        findings.append(Finding.of(refusal, field=f"allocation.{refusal.field}"))
        return None


def _price(
    year: EtsYear, regime: Regime, market: Market, on: dt.date, findings: list[Finding]
) -> ReferencePrice | None:
    if regime.instrument is None:
        return None
    try:
        if year.user_price_cny_per_t is not None:
            day, source = year.user_price_on or on, year.user_price_source or "-"
            return user_price(year.user_price_cny_per_t, day, source, instrument=regime.instrument)
        return reference_price(market.of(regime.instrument), on, market.policy)
    except YuetanError as refusal:
        findings.append(Finding.of(refusal, severity="warning", field="year.user_price_cny_per_t"))
        return None
