"""The position of a compliance year over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, File, Query, Response, UploadFile

from service.assessment.routes import WORKBOOK, XLSX
from service.batch.routes import content_of, plain_name
from service.errors import PROBLEMS
from service.position.read import PositionFileRead, PositionRead, position_read
from service.position.use import PositionAsk, positioned
from service.position.workbook import placed, read_year, template_bytes
from service.prices.use import own_market
from service.provide import Caller, Law, Reading, Today
from service.safety import MULTIPART_LIMIT
from service.schemas import FindingRead
from service.strict import StrictRoute

router = APIRouter(prefix="/positions", tags=["positions"], route_class=StrictRoute, responses=PROBLEMS)

EXAMPLE: dict[str, Any] = {
    "year": {
        "installation": "佛山陶瓷一厂",
        "compliance_year": 2024,
        "process": "ceramics",
        "verified_emissions_t": 100000.0,
    },
    "allocation": {
        "activity": "ceramics",
        "sector": "other",
        "products": [
            {"product": "瓷砖", "output_t": 50000.0, "historic_tco2_per_t": {"value": 2.0, "document": "配额核定表"}}
        ],
    },
    "entries": [
        {"on": "2025-06-01", "kind": "purchase", "instrument": "GDEA", "tonnes": 5000.0, "price_cny_per_t": 39.04}
    ],
    "on": "2025-07-01",
    "products": [
        {"product": "抛光砖", "output_t": 30000.0, "emissions_t": 66000.0},
        {"product": "釉面砖", "output_t": 20000.0, "emissions_t": 32000.0},
    ],
}


@router.post("", summary="Position of a compliance year", response_model=PositionRead)
def position(
    asked: Annotated[
        PositionAsk, Body(openapi_examples={"pilot": {"summary": "A tile maker of the pilot", "value": EXAMPLE}})
    ],
    law: Law,
    who: Caller,
    db: Reading,
    today: Today,
) -> PositionRead:
    """
    Work out obligation, free allocation, what is held, what is still to be bought, what it has cost and may cost.

    An entry that cannot count is named and left out, the others stand. The price
    paid rests on the entries' own contract prices; the market's price values
    what is still to be bought and nothing else. Products get what carbon costs them
    per tonne, full, paid and marginal; with the rest they add up to the installation.
    """
    return position_read(positioned(asked, law, own_market(db, who, law), today))


@router.get("/template.xlsx", summary="Workbook of a compliance year", response_class=Response, responses=WORKBOOK)
def template(example: Annotated[bool, Query(description="Filled in with an example")] = False) -> Response:
    """Return the workbook to fill in, in Chinese and English."""
    headers = {"Content-Disposition": 'attachment; filename="yuetan-position.xlsx"'}
    return Response(template_bytes(example=example), media_type=XLSX, headers=headers)


@router.post(
    "/file", summary="Position from a workbook", response_model=PositionFileRead, max_body_size=MULTIPART_LIMIT
)
def from_file(
    file: Annotated[UploadFile, File(description="The filled template, xlsx or xlsm")],
    law: Law,
    who: Caller,
    db: Reading,
    today: Today,
) -> PositionFileRead:
    """
    Work a filled template out.

    Each finding names sheet, row and cell; good rows count all the same. `position` is null where it could not be told.
    """
    plain_name(file.filename)
    read = read_year(content_of(file), law.book())
    found = positioned(read.asked, law, own_market(db, who, law), today) if read.asked else None
    findings = (*read.findings, *(placed(read, one) for one in (found.findings if found else ())))
    return PositionFileRead(
        position=position_read(found) if found else None,
        findings=[FindingRead.model_validate(finding.to_dict()) for finding in findings],
    )
