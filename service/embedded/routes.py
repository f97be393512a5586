"""The cost of a chain over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, File, Query, Response, UploadFile

from service.assessment.routes import WORKBOOK, XLSX
from service.batch.routes import content_of, plain_name
from service.embedded import use
from service.embedded.read import ChainFileRead, ChainRead, chain_read, file_read
from service.embedded.supplies import ChainQuestion
from service.embedded.use import Shelf
from service.embedded.workbook import EXAMPLE as ROWS
from service.embedded.workbook import read_chain, template_bytes
from service.errors import PROBLEMS
from service.provide import Caller, Law, Reading
from service.safety import MULTIPART_LIMIT
from service.strict import StrictRoute

router = APIRouter(prefix="/embedded", tags=["embedded"], route_class=StrictRoute, responses=PROBLEMS)

EXAMPLE: dict[str, Any] = {"nodes": ROWS["nodes"], "inputs": ROWS["inputs"], "market": ROWS["market"][0]}


@router.post("/chain", summary="Carbon cost along a chain", response_model=ChainRead)
def chain(
    asked: Annotated[
        ChainQuestion,
        Body(openapi_examples={"steel": {"summary": "Power, slab and sheet with its scrap", "value": EXAMPLE}}),
    ],
    law: Law,
    who: Caller,
    db: Reading,
) -> ChainRead:
    """
    Work out what carbon costs each product of a chain, own site and upstream, in three views.

    Loops are solved; one whose amounts do not shrink on the way round is refused
    and named. A tonne that schemes count at generator and user is charged once,
    every payment is named once, and what is not known is null as far as it reaches.
    A supplier's signed statement is a node by its number, once it was brought in, or
    with its signed JSON text enclosed; one that was changed or withdrawn is refused.
    """
    return chain_read(use.rolled_up(asked, law, Shelf(db, who)))


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
    who: Caller,
    db: Reading,
    inputs: Annotated[
        UploadFile | None, File(description="A csv of inputs, where `file` holds the nodes alone")
    ] = None,
    statement_files: Annotated[
        list[UploadFile] | None,
        File(description="Suppliers' signed statements, JSON, PDF or xlsx, that the workbook names"),
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
    shelf = Shelf(db, who, signed_files(statement_files))
    return file_read(*use.from_file(read_chain(content_of(file), more), law, shelf))


def signed_files(files: Sequence[UploadFile] | None) -> list[bytes]:
    """Return the content of statements that were handed in; a field left empty is none."""
    return [content_of(one) for one in files or () if one.filename]
