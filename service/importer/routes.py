"""The year of an importer over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from cbam.year import METHOD
from service.errors import PROBLEMS
from service.importer import use
from service.importer.use import ImporterYear
from service.provide import Law, LawScenarios, Today
from service.schemas import RowRead, rows_of
from service.strict import StrictRoute

router = APIRouter(prefix="/importers", tags=["importers"], route_class=StrictRoute, responses=PROBLEMS)

_EXAMPLES = {
    "sixty_tonnes": {
        "summary": "Sixty tonnes of steel structures in 2027",
        "value": {
            "year": 2027,
            "imports": [
                {"cn_code": "73089059", "origin": "CN", "net_mass_t": 30.0, "imported_on": "2027-01-15"},
                {"cn_code": "73089059", "origin": "CN", "net_mass_t": 30.0, "imported_on": "2027-05-20"},
            ],
        },
    }
}


class HoldingRead(BaseModel):
    """Certificates to hold at the end of one quarter, by both permitted methods."""

    quarter_end: dt.date
    by_defaults: float
    by_last_year: float | None
    rows: list[RowRead]


class ImporterRead(BaseModel):
    """Where an importer stands in a year."""

    method: str
    in_scope: bool
    passed_on: dt.date | None
    expected_on: dt.date | None = Field(description="A forecast at the pace so far, no legal date")
    threshold: list[RowRead]
    holdings: list[HoldingRead]
    certificates: float = Field(description="Sum of the goods, before the one rounding")
    to_buy: int = Field(description="Whole certificates, rounded up, less what is held")


@router.post("/year", summary="An importer's year", response_model=ImporterRead)
def year(
    importer: Annotated[ImporterYear, Body(openapi_examples=_EXAMPLES)],
    law: Law,
    today: Today,
    law_scenario: LawScenarios = [],  # noqa: B006 - FastAPI copies it
) -> ImporterRead:
    """
    Say whether an importer is above the 50 tonnes, what to hold at each quarter end, and how many certificates to buy.

    Above the threshold every import of the year counts, also those before it was passed.
    """
    found = use.worked_out(importer, law.book(law_scenario), today)
    return ImporterRead(
        method=METHOD,
        in_scope=found.threshold.in_scope,
        passed_on=found.threshold.passed_on,
        expected_on=found.threshold.expected_on,
        threshold=rows_of(found.threshold),
        holdings=[
            HoldingRead(
                quarter_end=one.quarter_end,
                by_defaults=one.by_defaults,
                by_last_year=one.by_last_year,
                rows=rows_of(one),
            )
            for one in found.holdings
        ],
        certificates=found.certificates,
        to_buy=found.to_buy,
    )
