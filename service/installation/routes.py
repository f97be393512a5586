"""Actual emissions of an installation over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, File, Query, Response, UploadFile

from cbam.plant import Installation
from service.assessment.routes import WORKBOOK, XLSX
from service.batch.routes import content_of, plain_name
from service.change.routes import PDF
from service.errors import PROBLEMS
from service.installation import use
from service.installation.paper import installation_paper
from service.installation.read import FileRead, InstallationRead, file_of, installation_of
from service.installation.workbook import template_bytes
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Law, LawScenarios, Today
from service.safety import MULTIPART_LIMIT
from service.strict import StrictRoute

router = APIRouter(prefix="/installations", tags=["installations"], route_class=StrictRoute, responses=PROBLEMS)

Origin = Annotated[str, Query(pattern=r"^[A-Z]{2}$", description="Country of the installation, to compare by")]
Price = Annotated[float | None, Query(gt=0, le=1e4, description="Certificate price to compare at, EUR per tCO2e")]
Tongue = Annotated[str, Query(pattern="^(zh|en)$")]

_EXAMPLES = {
    "structure": {
        "summary": "A shop that makes steel structures of bought coil with verified values",
        "value": {
            "year": 2026,
            "processes": [
                {
                    "id": "structure",
                    "cn_code": "73089059",
                    "activity_t": 1000.0,
                    "direct_t": 20.0,
                    "precursors": [
                        {
                            "name": "hot-rolled coil",
                            "mass_t": 1050.0,
                            "known": "verified",
                            "see_tco2e_per_t": 2.1,
                            "sefa_tco2e_per_t": 1.38148491,
                        }
                    ],
                }
            ],
        },
    },
    "galvanising": {
        "summary": "A galvanising line: gas by its meter, coil of two suppliers, one of them without a verified report",
        "value": {
            "year": 2026,
            "processes": [{"id": "galvanised", "cn_code": "72104900", "activity_t": 1020.0}],
            "streams": [
                {
                    "id": "natural gas",
                    "method": "combustion",
                    "amount": 2100.0,
                    "unit": "GJ",
                    "ef_tco2_per_tj": 56.1,
                    "shares": {"galvanised": 1.0},
                }
            ],
            "purchases": [
                {
                    "id": "A-2026",
                    "material": "hot-rolled coil",
                    "supplier": "A",
                    "cn_code": "72083700",
                    "origin": "CN",
                    "bought_t": 700.0,
                    "see_direct_tco2e_per_t": 2.1,
                    "sefa_tco2e_per_t": 1.3,
                    "verified": True,
                    "report_year": 2026,
                },
                {
                    "id": "B-2026",
                    "material": "hot-rolled coil",
                    "supplier": "B",
                    "cn_code": "72083700",
                    "origin": "VN",
                    "bought_t": 350.0,
                },
            ],
            "uses": [{"process": "galvanised", "material": "hot-rolled coil", "mass_t": 1050.0}],
        },
    },
}


@router.post("/see", summary="SEE and SEFA of an installation's goods", response_model=InstallationRead)
def see(
    installation: Annotated[Installation, Body(openapi_examples=_EXAMPLES)],
    law: Law,
    law_scenario: LawScenarios = [],  # noqa: B006 - FastAPI copies it
) -> InstallationRead:
    """
    Work out what an installation measured, bought and made to SEE and SEFA of each process and code.

    A row that cannot be settled stops only the processes it belongs to, and each
    finding names its place; where nothing can be computed the first reason is
    the answer. What comes out may be declared only once an accredited verifier
    has verified it.
    """
    return installation_of(use.worked_out(installation, law, law_scenario))


@router.get("/template.xlsx", summary="Workbook of an installation", response_class=Response, responses=WORKBOOK)
def template(example: Annotated[bool, Query(description="Filled in with an example")] = False) -> Response:
    """Return the workbook to fill in, in Chinese and English."""
    return _download(template_bytes(example_plant() if example else None), XLSX, "yuetan-installation.xlsx")


def example_plant() -> Installation:
    """Return the example of a galvanising line."""
    return Installation.model_validate(_EXAMPLES["galvanising"]["value"])


@router.post(
    "/file",
    summary="SEE and SEFA from a workbook",
    response_model=FileRead,
    max_body_size=MULTIPART_LIMIT,
)
def from_file(
    file: Annotated[UploadFile, File(description="The filled template, xlsx or xlsm")],
    law: Law,
    law_scenario: LawScenarios = [],  # noqa: B006 - FastAPI copies it
) -> FileRead:
    """
    Work a filled template out.

    Each finding names sheet, row and cell; good rows are computed all the same. `installation` is null where
    nothing could be computed.
    """
    plain_name(file.filename)
    return file_of(*use.from_file(content_of(file), law, law_scenario))


@router.post("/see.pdf", summary="An installation on paper", response_class=Response)
def paper(
    installation: Annotated[Installation, Body(openapi_examples=_EXAMPLES)],
    law: Law,
    today: Today,
    origin: Origin = "CN",
    price_eur_per_t: Price = None,
    lang: Tongue = "zh",
) -> Response:
    """Return the result as a PDF: goods, own against default values, where the cost comes from, every step."""
    made = use.told(use.worked_out(installation, law, ()), law, origin, price_eur_per_t)
    return _download(pdf(installation_paper(made, today), lang), PDF, "installation.pdf")


@router.post("/see.xlsx", summary="An installation as a workbook", response_class=Response, responses=WORKBOOK)
def sheet(
    installation: Annotated[Installation, Body(openapi_examples=_EXAMPLES)],
    law: Law,
    today: Today,
    origin: Origin = "CN",
    price_eur_per_t: Price = None,
    lang: Tongue = "zh",
) -> Response:
    """Return the same as a workbook."""
    made = use.told(use.worked_out(installation, law, ()), law, origin, price_eur_per_t)
    return _download(xlsx(installation_paper(made, today), lang), XLSX, "installation.xlsx")


def _download(data: bytes, media: str, name: str) -> Response:
    return Response(data, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})
