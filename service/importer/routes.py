"""The year of an importer over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Response

from cbam.calendar import ics
from service.change.routes import PAPER, PDF, Language
from service.dossier.routes import XLSX
from service.errors import PROBLEMS
from service.importer import use
from service.importer.read import ImporterRead, importer_paper, importer_read
from service.importer.use import ImporterYear
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Law, LawScenarios, Today
from service.strict import StrictRoute

router = APIRouter(prefix="/importers", tags=["importers"], route_class=StrictRoute, responses=PROBLEMS)

_EXAMPLES = {
    "sixty_tonnes": {
        "summary": "Sixty tonnes of steel structures in 2027, ten certificates bought",
        "value": {
            "year": 2027,
            "imports": [
                {"cn_code": "73089059", "origin": "CN", "net_mass_t": 30.0, "imported_on": "2027-01-15"},
                {"cn_code": "73089059", "origin": "CN", "net_mass_t": 30.0, "imported_on": "2027-05-20"},
            ],
            "moves": [
                {"on": "2027-09-20", "kind": "purchase", "certificates": 10, "price_eur": "82.10", "for_year": 2027}
            ],
        },
    }
}
Asked = Annotated[ImporterYear, Body(openapi_examples=_EXAMPLES)]
_NAME = "attachment; filename=importer-year"


@router.post("/year", summary="An importer's year", response_model=ImporterRead)
def year(
    importer: Asked,
    law: Law,
    today: Today,
    law_scenario: LawScenarios = [],  # noqa: B006 - FastAPI copies it
) -> ImporterRead:
    """
    Say whether an importer is above the 50 tonnes, what to declare, hold and buy, what is at stake, and by when.

    Above the threshold every import of the year counts, also those before it was passed. A line that cannot be
    settled is told by its place and leaves the others; where none can, the first reason is the answer.
    """
    return importer_read(use.worked_out(importer, law.book(law_scenario), today))


@router.post("/year.pdf", summary="The year on paper", response_class=Response, responses=PAPER)
def paper(importer: Asked, law: Law, today: Today, lang: Language = "zh") -> Response:
    """Return the year as a PDF."""
    found = importer_paper(use.worked_out(importer, law.book(), today), today)
    return Response(pdf(found, lang), media_type=PDF, headers={"Content-Disposition": f"{_NAME}.pdf"})


@router.post("/year.xlsx", summary="The year as a workbook", response_class=Response)
def sheet(importer: Asked, law: Law, today: Today, lang: Language = "zh") -> Response:
    """Return the year as a workbook."""
    found = importer_paper(use.worked_out(importer, law.book(), today), today)
    return Response(xlsx(found, lang), media_type=XLSX, headers={"Content-Disposition": f"{_NAME}.xlsx"})


@router.post("/year.ics", summary="The calendar of the year", response_class=Response)
def days(importer: Asked, law: Law, today: Today, lang: Language = "zh") -> Response:
    """Return the dated duties of the year as an iCalendar file."""
    found = use.worked_out(importer, law.book(), today)
    return Response(
        ics(found.calendar, today, lang), media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f"{_NAME}.ics"},
    )  # fmt: skip
