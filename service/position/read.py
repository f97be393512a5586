"""What the API and the terminal say of a position."""

from __future__ import annotations

import datetime as dt
import math

from pydantic import BaseModel, Field

from models.compliance import METHOD
from models.units import FloatArray
from service.position.use import Positioned
from service.schemas import FindingRead, ReadRead, RowRead, TextRead, ViewsRead, read_of, rows_of


class HeldRead(BaseModel):
    """Units held of one vintage."""

    instrument: str
    vintage: int | None = Field(description="Null where the entry did not say")
    tonnes: float
    cost_cny: float | None = Field(description="What they cost; null where a price is not stated")


class OutlookRead(BaseModel):
    """What is still to be bought, at one named price; never a price paid."""

    name: str
    label: TextRead
    kind: str = Field(description="path, grid or user")
    source: str
    cny_per_t: float
    open_cny: float
    low_cny: float = Field(description="At the low end of the range of emissions")
    high_cny: float
    total_cny: float | None = Field(description="With what has been spent")
    per_t_cny: float | None = Field(description="Per tonne emitted")


class ProductCostRead(BaseModel):
    """What carbon costs a product: full, paid and marginal view, CNY per t and for the year; null where not known."""

    product: str
    output_t: float
    intensity_tco2_per_t: float
    free_tco2_per_t: float | None = Field(description="Its own, or by its share of the emissions")
    cost_cny_per_t: ViewsRead
    total_cny: ViewsRead


class RestRead(BaseModel):
    """What no product of the list holds; with it the products add up to the installation."""

    emissions_t: float
    total_cny: ViewsRead


class PositionRead(BaseModel):
    """Where an installation stands in a compliance year."""

    method: str
    regime: str
    instrument: str | None
    compliance_year: int
    as_of: dt.date
    deadline: dt.date | None
    provisional: bool
    emissions_t: float
    emissions_basis: str = Field(description="verified, expected or run_rate (an assumption)")
    free_t: float | None
    net_t: float | None
    open_t: float | None
    spare_t: float | None
    cost_cny: float | None
    average_paid_cny_per_t: float | None
    marginal_cny_per_t: float | None
    market_price_cny_per_t: float | None = Field(description="Reference price; null where it was refused")
    rows: list[RowRead]
    allocation: list[RowRead]
    price: list[RowRead]
    held: list[HeldRead]
    outlook: list[OutlookRead]
    findings: list[FindingRead]
    reads: list[ReadRead]
    products: list[ProductCostRead] = Field(description="Empty where none are stated, or they exceed the installation")
    rest: RestRead | None


class PositionFileRead(BaseModel):
    """A workbook of a compliance year: the position, and every finding with its cell."""

    position: PositionRead | None
    findings: list[FindingRead]


def position_read(found: Positioned) -> PositionRead:
    """Return the position as the API shows it."""
    made = found.position
    return PositionRead(
        method=METHOD,
        regime=found.regime.word,
        instrument=made.instrument,
        compliance_year=made.compliance_year,
        as_of=made.as_of,
        deadline=made.deadline,
        provisional=made.provisional,
        emissions_t=made.emissions_t,
        emissions_basis=made.emissions_basis,
        free_t=made.free_t,
        net_t=made.net_t,
        open_t=made.open_t,
        spare_t=made.spare_t,
        cost_cny=made.cost_cny,
        average_paid_cny_per_t=made.average_paid_cny_per_t,
        marginal_cny_per_t=made.marginal_cny_per_t,
        market_price_cny_per_t=found.price.value if found.price else None,
        rows=rows_of(made),
        allocation=rows_of(found.allocation) if found.allocation else [],
        price=rows_of(found.price) if found.price else [],
        held=[HeldRead(instrument=i, vintage=v, tonnes=t, cost_cny=cost) for i, v, t, cost in made.held],
        outlook=[
            OutlookRead(
                name=one.line.name,
                label=TextRead(**one.line.label._asdict()),
                kind=one.line.kind,
                source=one.line.source,
                cny_per_t=one.line.cny_per_t,
                open_cny=one.open_cny,
                low_cny=one.low_cny,
                high_cny=one.high_cny,
                total_cny=one.total_cny,
                per_t_cny=one.per_t_cny,
            )
            for one in made.outlook
        ],
        findings=[FindingRead.model_validate(finding.to_dict()) for finding in found.findings],
        reads=[read_of(read) for read in made.reads],
        products=_products(found),
        rest=None
        if found.costs is None
        else RestRead(emissions_t=float(found.costs.rest_t[0]), total_cny=_views(found.costs.rest_cny[0])),
    )


def _products(found: Positioned) -> list[ProductCostRead]:
    of = found.costs
    if of is None:
        return []
    return [
        ProductCostRead(
            product=one.product,
            output_t=one.output_t,
            intensity_tco2_per_t=float(of.intensity_tco2_per_t[i]),
            free_tco2_per_t=_known(of.free_tco2_per_t[i]),
            cost_cny_per_t=_views(of.views_cny_per_t[i]),
            total_cny=_views(of.totals_cny[i]),
        )
        for i, one in enumerate(found.products)
    ]


def _views(three: FloatArray) -> ViewsRead:
    full, paid, marginal = map(_known, three)
    return ViewsRead(full=full, paid=paid, marginal=marginal)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
