"""Product footprints, methods and reconciliations over HTTP."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Body, File, Query, Response, UploadFile

from service.assessment.routes import WORKBOOK, XLSX
from service.batch.routes import content_of, plain_name
from service.change.routes import PDF
from service.errors import PROBLEMS
from service.factors.provide import Kept
from service.footprint import use
from service.footprint.example import CHECKS, EXAMPLE
from service.footprint.file import from_file as read_file
from service.footprint.paper import footprint_paper
from service.footprint.read import (
    CompareRead,
    FootprintFileRead,
    FootprintRead,
    ProfileRead,
    ReconciliationRead,
    compare_read,
    file_read,
    footprint_read,
    profile_read,
    reconciliation_read,
)
from service.footprint.workbook import template_bytes
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Law, Today
from service.safety import MULTIPART_LIMIT
from service.strict import StrictRoute

router = APIRouter(prefix="/footprints", tags=["footprints"], route_class=StrictRoute, responses=PROBLEMS)
reconciliations = APIRouter(prefix="/reconciliations", tags=["footprints"], route_class=StrictRoute, responses=PROBLEMS)

_SITE = {"profiles": {"summary": "Two aluminium profiles of one press", "value": EXAMPLE}}
_BOTH = {"one": "gbt-24067-2024", "other": "cbam-boundary"}
_TWO = {"two": {"summary": "The same by the standard and inside CBAM's boundary", "value": EXAMPLE | _BOTH}}
_CHECKED = {"checked": {"summary": "Products and power against reports", "value": EXAMPLE | CHECKS}}


@router.post("", summary="Footprint of the products of a site", response_model=FootprintRead)
def make(
    asked: Annotated[use.FootprintAsk, Body(openapi_examples=_SITE)], law: Law, today: Today, kept: Kept
) -> FootprintRead:
    """
    Work activities out to products by life-cycle stage, each number with its 95 % interval.

    What is wrong with an activity stops the products it belongs to; where no
    product is left the first reason is the answer. Factors handed in count only
    once somebody else has accepted them.
    """
    return footprint_read(use.worked_out(asked, law, today, kept))


@router.post("/compare-methods", summary="One bill by two methods", response_model=CompareRead)
def compare(
    asked: Annotated[use.CompareAsk, Body(openapi_examples=_TWO)], law: Law, today: Today, kept: Kept
) -> CompareRead:
    """Return each product by both methods with parts that add up to the difference, and the rules side by side."""
    return compare_read(asked.one, asked.other, use.compared(asked, law, today, kept))


_OfProduct = Annotated[str, Query(max_length=100, description="Id of the product")]
_Tongue = Annotated[str, Query(pattern="^(zh|en)$")]


@router.post("/report.pdf", summary="Report of a product on paper", response_class=Response)
def report(
    asked: Annotated[use.FootprintAsk, Body(openapi_examples=_SITE)],
    law: Law,
    today: Today,
    kept: Kept,
    product: _OfProduct,
    lang: _Tongue = "zh",
) -> Response:
    """Return the report in the sections of its method; what the bill does not say is printed as not stated."""
    return _download(
        pdf(footprint_paper(use.of_product(asked, product, law, today, kept), product, today), lang),
        PDF,
        "footprint.pdf",
    )


@router.post("/report.xlsx", summary="Report of a product as a workbook", response_class=Response, responses=WORKBOOK)
def sheet(
    asked: Annotated[use.FootprintAsk, Body(openapi_examples=_SITE)],
    law: Law,
    today: Today,
    kept: Kept,
    product: _OfProduct,
    lang: _Tongue = "zh",
) -> Response:
    """Return the same as a workbook."""
    return _download(
        xlsx(footprint_paper(use.of_product(asked, product, law, today, kept), product, today), lang),
        XLSX,
        "footprint.xlsx",
    )


@router.get("/template.xlsx", summary="Workbook of a footprint", response_class=Response, responses=WORKBOOK)
def template(example: Annotated[bool, Query(description="Filled in with an example")] = False) -> Response:
    """Return the workbook to fill in, in Chinese and English."""
    return _download(template_bytes(example_ask() if example else None), XLSX, "yuetan-footprint.xlsx")


@router.post(
    "/file", summary="Footprint from a workbook", response_model=FootprintFileRead, max_body_size=MULTIPART_LIMIT
)
def from_file(
    file: Annotated[UploadFile, File(description="The filled template, xlsx or xlsm")],
    law: Law,
    today: Today,
    kept: Kept,
) -> FootprintFileRead:
    """
    Work a filled template out, with its checks.

    Each finding names sheet, row and cell. With a row of the bill that cannot be
    read `footprint` is null: a sum with a line missing would be too low.
    """
    plain_name(file.filename)
    return file_read(read_file(content_of(file), law, today, kept))


@router.get("/profiles", summary="Methods of product footprints", response_model=list[ProfileRead])
def profiles(law: Law) -> list[ProfileRead]:
    """Return every method with what it states and what our sources leave open."""
    return [profile_read(one) for one in law.profiles.values()]


def example_ask() -> use.ReconcileAsk:
    """Return the example with its checks."""
    return use.ReconcileAsk.model_validate_json(json.dumps(EXAMPLE | CHECKS))


def _download(data: bytes, media: str, name: str) -> Response:
    return Response(data, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@reconciliations.post("", summary="Products and amounts against reports", response_model=ReconciliationRead)
def reconcile(
    asked: Annotated[use.ReconcileAsk, Body(openapi_examples=_CHECKED)], law: Law, today: Today, kept: Kept
) -> ReconciliationRead:
    """
    Hold products against verified emissions, and amounts against ETS report, energy-use report, meters and invoices.

    What follows from the boundary of the rules is explained and is no error.
    Tolerances, grades and what a difference does to data quality are
    assumptions, named in `proof`.
    """
    return reconciliation_read(use.reconciled(asked, law, today, kept))
