"""A park and offers over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, File, Query, Response, UploadFile

from models.bids import BidAsk
from models.park_asked import ParkAsk
from service.assessment.routes import WORKBOOK, XLSX
from service.batch.routes import content_of, plain_name
from service.errors import PROBLEMS
from service.provide import Law
from service.safety import MULTIPART_LIMIT
from service.strict import StrictRoute
from service.supply import use
from service.supply.read import (
    BidsFileRead,
    BidsRead,
    ParkFileRead,
    ParkRead,
    bids_file_read,
    bids_read,
    park_file_read,
    park_read,
)
from service.supply.workbook import BID_ROWS, BIDS, PARK, PARK_ROWS, template_bytes

parks = APIRouter(prefix="/parks", tags=["parks"], route_class=StrictRoute, responses=PROBLEMS)
bids = APIRouter(prefix="/bids", tags=["bids"], route_class=StrictRoute, responses=PROBLEMS)

PARK_EXAMPLE: dict[str, Any] = PARK_ROWS["park"][0] | {
    name: PARK_ROWS[name] for name in ("members", "supplies", "flows")
}
BID_EXAMPLE: dict[str, Any] = {name: value for name, value in BID_ROWS["need"][0].items() if name != "unit"} | {
    "offers": BID_ROWS["offers"]
}
Example = Annotated[bool, Query(description="Filled in with an example")]
Filled = Annotated[UploadFile, File(description="The filled template")]


@parks.post("", summary="Roll-up of a park", response_model=ParkRead)
def park(
    asked: Annotated[
        ParkAsk, Body(openapi_examples={"park": {"summary": "A park with its own plant", "value": PARK_EXAMPLE}})
    ],
    law: Law,
) -> ParkRead:
    """
    Add member companies up with the power and heat that they share, every tonne at one place.

    A supply's emissions go to whoever took of it, losses included, and leave the member
    that runs it. What does not add up is refused by name; a member whose direct emissions
    are not known makes the total null.
    """
    return park_read(use.park_of(asked, law))


@parks.get("/template.xlsx", summary="Workbook of a park", response_class=Response, responses=WORKBOOK)
def park_template(example: Example = False) -> Response:
    """Return the workbook to fill in, in Chinese and English."""
    return _workbook(template_bytes(PARK, PARK_ROWS if example else None), "park")


@parks.post(
    "/file", summary="Roll-up of a park from a workbook", response_model=ParkFileRead, max_body_size=MULTIPART_LIMIT
)
def park_from_file(file: Filled, law: Law) -> ParkFileRead:
    """Work a filled template out. Each finding names sheet, row and cell; `park` is null where anything is refused."""
    plain_name(file.filename)
    return park_file_read(*use.park_file(content_of(file), law))


@bids.post("", summary="Offers compared with carbon", response_model=BidsRead)
def compare(
    asked: Annotated[
        BidAsk, Body(openapi_examples={"steel": {"summary": "Three offers of steel sections", "value": BID_EXAMPLE}})
    ],
    law: Law,
) -> BidsRead:
    """
    Rank offers by price and carbon at the buyer's own shadow price, and say at which prices the ranking changes.

    Footprints of different boundaries are refused; an offer without one has no rank and is not taken for zero.
    """
    return bids_read(use.bids_of(asked, law))


@bids.get("/template.xlsx", summary="Workbook of offers", response_class=Response, responses=WORKBOOK)
def bids_template(example: Example = False) -> Response:
    """Return the workbook to fill in, in Chinese and English."""
    return _workbook(template_bytes(BIDS, BID_ROWS if example else None), "bids")


@bids.post(
    "/file", summary="Offers compared from a workbook", response_model=BidsFileRead, max_body_size=MULTIPART_LIMIT
)
def bids_from_file(file: Filled, law: Law) -> BidsFileRead:
    """Compare the offers of a filled template; one that is refused is told by its cell and the others are compared."""
    plain_name(file.filename)
    return bids_file_read(*use.bids_file(content_of(file), law))


def _workbook(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="yuetan-{name}.xlsx"'}
    return Response(content, media_type=XLSX, headers=headers)
