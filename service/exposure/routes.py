"""One consignment over HTTP."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, Field

from cbam.consignment import Consignment
from cbam.exposure import METHOD, Exposure
from cbam.projection import YearCost
from finance.assessment import Options
from service.errors import PROBLEMS
from service.exposure import use
from service.provide import Caller, Law, LawScenarios, PricePath, Today, Transaction, UseScenarioPrice
from service.schemas import ReadRead, RowRead, TextRead, read_of, rows_of
from service.store import exact
from service.strict import StrictRoute
from service.tables import Assessment

router = APIRouter(prefix="/exposures", tags=["exposures"], route_class=StrictRoute, responses=PROBLEMS)

_EXAMPLES = {
    "default": {
        "summary": "10 t of 7308 90 59 from China on default values",
        "value": {"cn_code": "73089059", "origin": "CN", "net_mass_t": 10.0, "imported_on": "2026-05-12"},
    },
    "actual": {
        "summary": "25 t of aluminium profiles on verified values",
        "value": {
            "cn_code": "76042990",
            "origin": "CN",
            "net_mass_t": 25.0,
            "imported_on": "2026-02-10",
            "basis": "actual",
            "see_tco2e_per_t": 2.4,
            "sefa_tco2e_per_t": 1.3,
        },
    },
}


class YearRead(BaseModel):
    """One year of the projection; ``assumed`` names what is neither settled law nor a published price."""

    year: int
    see_tco2e_per_t: float
    sefa_tco2e_per_t: float
    certificates: float
    price_eur_per_t: float
    price_status: str
    cost_eur: Decimal
    assumed: list[str]


class ExposureRead(BaseModel):
    """What a consignment owes, and how the figure came about. Money is a decimal string."""

    id: UUID | None = Field(description="Set when the result was kept; see /assessments/{id}")
    key: str = Field(
        description="Provenance key: same inputs, law and method give the same; what is kept holds the years ahead too and has its own"
    )
    method: str
    see_tco2e_per_t: float
    sefa_tco2e_per_t: float
    secp_tco2e_per_t: float
    certificates: float = Field(description="Before the one rounding per declarant and year")
    price_eur_per_t: float
    price_status: str = Field(description="official, scenario or user")
    price_label: TextRead
    cost_eur: Decimal
    confidence: str = Field(description="The weakest among the values read")
    rows: list[RowRead]
    reads: list[ReadRead]
    projection: list[YearRead]


@router.post(
    "",
    summary="Assess one consignment",
    response_model=ExposureRead,
    responses={201: {"model": ExposureRead, "description": "Assessed and kept"}},
)
def assess(
    goods: Annotated[Consignment, Body(openapi_examples=_EXAMPLES)],
    response: Response,
    law: Law,
    who: Caller,
    db: Transaction,
    today: Today,
    price_path: PricePath = "flat",
    use_scenario_price: UseScenarioPrice = False,
    law_scenario: LawScenarios = [],  # noqa: B006 - FastAPI copies it
    projection: Annotated[bool, Query(description="Add every year of the phase-in on the price path")] = False,
    keep: Annotated[bool, Query(description="Keep the result; answered with 201")] = False,
) -> ExposureRead:
    """
    Work out what one import line owes under CBAM: emissions, free allocation, certificates, price and cost.

    Each step says which value of the law it rests on. Nothing is kept unless `keep` is set; the same consignment
    under the same law is then kept once.
    """
    options = Options(price_path=price_path, use_scenario_price=use_scenario_price, law_scenarios=tuple(law_scenario))
    exposure = use.assess(goods, law, options)
    years = use.years(exposure, law, options) if projection or keep else ()
    kept = use.keep(db, who, exposure, years, law, options, today).row if keep else None
    if kept is not None:
        response.status_code = 201
        response.headers["Location"] = f"/api/v1/assessments/{kept.id}"
    return _read(exposure, kept, years if projection else ())


def _read(exposure: Exposure, kept: Assessment | None, years: tuple[YearCost, ...]) -> ExposureRead:
    provenance = exposure.provenance
    return ExposureRead(
        id=kept.id if kept else None,
        key=kept.key if kept else provenance.key,
        method=METHOD,
        see_tco2e_per_t=exposure.embedded.see_tco2e_per_t,
        sefa_tco2e_per_t=exposure.embedded.sefa_tco2e_per_t,
        secp_tco2e_per_t=exposure.secp_tco2e_per_t,
        certificates=exposure.certificates,
        price_eur_per_t=exposure.price.eur_per_t,
        price_status=exposure.price.status,
        price_label=TextRead(**exposure.price.label._asdict()),
        cost_eur=exact(exposure.cost_eur, 2) or Decimal(0),
        confidence=provenance.confidence,
        rows=rows_of(exposure),
        reads=[read_of(read) for read in provenance.reads],
        projection=[
            YearRead(
                year=year.year,
                see_tco2e_per_t=year.see_tco2e_per_t,
                sefa_tco2e_per_t=year.sefa_tco2e_per_t,
                certificates=year.certificates,
                price_eur_per_t=year.price.eur_per_t,
                price_status=year.price.status,
                cost_eur=exact(year.cost_eur, 2) or Decimal(0),
                assumed=list(year.assumed),
            )
            for year in years
        ],
    )
