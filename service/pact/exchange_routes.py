"""Suppliers asked, and the workbook of footprints to offer, over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Query, Response, UploadFile
from pydantic import BaseModel, Field

from models.register_chain import SupplierRequest, coverage
from service.assessment.routes import WORKBOOK, XLSX
from service.batch.routes import content_of, plain_name
from service.errors import MISSING, PROBLEMS
from service.footprint.offers import Batch, offer_file
from service.identity.permit import needs
from service.pact.asks import STATES, SupplierAsk, ask, asks, stop
from service.pact.routes import PartnerId
from service.pact.tables import PactAsk
from service.pact.workbook import template_bytes
from service.provide import Caller, HereParts, Law, Limit, Reading, Today, Transaction
from service.registers.read import CoverageRead, coverage_read
from service.registers.use import records
from service.safety import MULTIPART_LIMIT
from service.schemas import FindingRead, TextRead
from service.strict import StrictRoute

router = APIRouter(prefix="/pact", tags=["pact"], responses=PROBLEMS, route_class=StrictRoute)
_File = Annotated[UploadFile, File(description="The filled template, xlsx or xlsm")]


class AskRead(BaseModel):
    """A supplier that was asked over the exchange."""

    id: UUID
    partner_id: UUID
    request_id: UUID | None = Field(description="Its record in the register of requests")
    product_id: list[str]
    due: dt.date
    state: str = Field(description="waiting, fulfilled, rejected or stopped")
    state_text: TextRead
    reminded: int = Field(description="How often it was reminded")
    next_reminder: dt.datetime | None = Field(description="When the next reminder goes out by itself")
    created: dt.datetime


class AsksRead(BaseModel):
    """The newest asks, and how much of all requests has come."""

    items: list[AskRead]
    coverage: CoverageRead


class OfferedRow(BaseModel):
    """A footprint of a workbook as PACT writes it; `pf_id` is null where it was only checked."""

    product: str
    kgco2e: str
    unit: str
    pf_id: UUID | None
    partners_told: int


class OfferedFile(BaseModel):
    """What came of a workbook; a row that is refused is among the findings alone."""

    rows: list[OfferedRow]
    findings: list[FindingRead]


def _ask(row: PactAsk) -> AskRead:
    return AskRead(
        id=row.id, partner_id=row.partner_id, request_id=row.request_id, product_id=row.data["productId"], due=row.due,
        state=row.state, state_text=TextRead(**STATES[row.state]._asdict()), reminded=row.reminded,
        next_reminder=row.next_reminder, created=row.created,
    )  # fmt: skip


@router.post(
    "/partners/{partner_id}/asks", status_code=201, summary="Ask a supplier", response_model=AskRead, responses=MISSING
)
def ask_supplier(
    partner_id: PartnerId, given: SupplierAsk, who: Caller, db: Transaction, here: HereParts, today: Today
) -> AskRead:
    """
    Send a partner a request with a due day and enter it in the register of requests.

    It is reminded by itself after the due day, as often as the policy says, and
    closed by its answer.
    """
    return _ask(ask(db, who, here.settings, partner_id, given, today))


@router.get("/asks", summary="Suppliers asked", response_model=AsksRead)
def asked(who: Caller, db: Reading, today: Today, limit: Limit = 100) -> AsksRead:
    """Return whom was asked, how it stands, and the coverage of all requests with whom to chase."""
    found = coverage(records(db, who, "requests", SupplierRequest), today)
    return AsksRead(items=[_ask(row) for row in asks(db, who, limit)], coverage=coverage_read(found, today))


@router.post("/asks/{ask_id}/stop", status_code=204, summary="Ask no more", responses=MISSING)
def stop_asking(ask_id: UUID, who: Caller, db: Transaction, today: Today) -> None:
    """Stop reminding; the request is withdrawn in the register. One that was answered stays as it is."""
    stop(db, who, ask_id, today)


@router.get(
    "/offers/template.xlsx", summary="Workbook of footprints to offer", response_class=Response, responses=WORKBOOK
)
def template(example: Annotated[bool, Query(description="Filled in with a made-up example")] = False) -> Response:
    """Return the workbook to fill in, in Chinese and English."""
    headers = {"Content-Disposition": 'attachment; filename="yuetan-pact.xlsx"'}
    return Response(template_bytes(example=example), media_type=XLSX, headers=headers)


@router.post(
    "/offers/file/preview", summary="A workbook of footprints checked", response_model=OfferedFile,
    max_body_size=MULTIPART_LIMIT,
)  # fmt: skip
def check(file: _File, who: Caller, db: Reading, law: Law, here: HereParts) -> OfferedFile:
    """Check every footprint of a workbook against PACT 3.0; nothing is published."""
    plain_name(file.filename)
    return _file(offer_file(db, who, law, here.settings, content_of(file), publish=False))


@router.post(
    "/offers/file", summary="Publish a workbook of footprints", response_model=OfferedFile, max_body_size=MULTIPART_LIMIT,
    openapi_extra=needs("share"),
)  # fmt: skip
def publish(file: _File, who: Caller, db: Transaction, law: Law, here: HereParts) -> OfferedFile:
    """Publish every footprint of a workbook that is not refused; handed in again, nothing new is published."""
    plain_name(file.filename)
    return _file(offer_file(db, who, law, here.settings, content_of(file), publish=True))


def _file(found: Batch) -> OfferedFile:
    return OfferedFile(
        rows=[OfferedRow.model_validate(one, from_attributes=True) for one in found.rows],
        findings=[FindingRead.model_validate(one.to_dict()) for one in found.findings],
    )
