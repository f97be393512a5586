"""The cost of a chain over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, File, Query, Response, UploadFile

from models.roll_up_asked import ChainAsk
from service.assessment.routes import WORKBOOK, XLSX
from service.batch.routes import content_of, plain_name
from service.embedded import use
from service.embedded.read import ChainFileRead, ChainRead, chain_read, file_read
from service.embedded.workbook import EXAMPLE as ROWS
from service.embedded.workbook import template_bytes
from service.errors import PROBLEMS
from service.provide import Law
from service.safety import MULTIPART_LIMIT
from service.strict import StrictRoute

router = APIRouter(prefix="/embedded", tags=["embedded"], route_class=StrictRoute, responses=PROBLEMS)

EXAMPLE: dict[str, Any] = {"nodes": ROWS["nodes"], "inputs": ROWS["inputs"], "market": ROWS["market"][0]}


@router.post("/chain", summary="Carbon cost along a chain", response_model=ChainRead)
def chain(
    asked: Annotated[
        ChainAsk,
        Body(openapi_examples={"steel": {"summary": "Power, slab and sheet with its scrap", "value": EXAMPLE}}),
    ],
    law: Law,
) -> ChainRead:
    """
    Work out what carbon costs each product of a chain, own site and upstream, in three views.

    Loops are solved; one whose amounts do not shrink on the way round is refused
    and named. A tonne that schemes count at generator and user is charged once,
    every payment is named once, and what is not known is null as far as it reaches.
    """
    return chain_read(use.rolled_up(asked, law))


@router.get("/template.xlsx", summary="Workbook of a chain", response_class=Response, responses=WORKBOOK)
def template(example: Annotated[bool, Query(description="Filled in with an example")] = False) -> Response:
    """Return the workbook to fill in, in Chinese and English."""
    headers = {"Content-Disposition": 'attachment; filename="yuetan-chain.xlsx"'}
    return Response(template_bytes(example=example), media_type=XLSX, headers=headers)


@router.post(
    "/chain/file", summary="Carbon cost of a chain from a file", response_model=ChainFileRead,
    max_body_size=MULTIPART_LIMIT,
)  # fmt: skip
def from_file(
    file: Annotated[UploadFile, File(description="The filled template, or a csv of nodes")],
    law: Law,
    inputs: Annotated[
        UploadFile | None, File(description="A csv of inputs, where `file` holds the nodes alone")
    ] = None,
) -> ChainFileRead:
    """
    Work a filled template out, or a table of nodes with one of inputs.

    Each finding names sheet, row and cell. `chain` is null where anything is refused: what is left out would cost nothing.
    """
    plain_name(file.filename)
    more = None
    if inputs is not None:
        plain_name(inputs.filename)
        more = content_of(inputs)
    return file_read(*use.from_file(content_of(file), law, more))
