"""Suppliers without PACT over HTTP: asked, the workbook to send, the answer brought in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Path, Response, UploadFile
from pydantic import BaseModel, Field

from models.register_chain import SupplierRequest
from service.assessment.routes import WORKBOOK, XLSX
from service.batch.routes import content_of, plain_name
from service.errors import MISSING, PROBLEMS
from service.provide import Caller, Reading, Today, Transaction
from service.registers.tables import RegisterRecord
from service.safety import MULTIPART_LIMIT
from service.schemas import FindingRead
from service.strict import StrictRoute
from service.supply import letters
from service.supply.letters import Answered, LetterAnswer, LetterAsk

router = APIRouter(prefix="/supplier-requests", tags=["registers"], route_class=StrictRoute, responses=PROBLEMS)


class LetterRead(BaseModel):
    """A request that goes out as a workbook; its record is that of the register of requests."""

    id: UUID = Field(description="Of the register of requests, and the number in the workbook")
    record: SupplierRequest


class AnsweredRead(BaseModel):
    """What became of a workbook that came back; null where anything of it is refused, and then the findings say why."""

    request: LetterRead | None
    answer: LetterAnswer | None
    findings: list[FindingRead] = Field(description="Every finding, with sheet, row and cell")


@router.post("", status_code=201, summary="Ask a supplier by workbook", response_model=LetterRead)
def ask(given: LetterAsk, who: Caller, db: Transaction, today: Today) -> LetterRead:
    """Enter a request in the register; the workbook to send is at its address. The same of the same day changes nothing."""
    return letter_read(letters.ask(db, who, given, today))


@router.get(
    "/{request_id}/workbook.xlsx", summary="Workbook to send", response_class=Response, responses=WORKBOOK | MISSING
)
def workbook(request_id: Annotated[UUID, Path(description="Id of the request")], who: Caller, db: Reading) -> Response:
    """Return the workbook that the supplier fills in and sends back, in Chinese and English."""
    headers = {"Content-Disposition": f'attachment; filename="request-{str(request_id)[:8]}.xlsx"'}
    return Response(letters.workbook(db, who, request_id), media_type=XLSX, headers=headers)


@router.post("/answers", summary="Bring an answer in", response_model=AnsweredRead, max_body_size=MULTIPART_LIMIT)
def answer(
    file: Annotated[UploadFile, File(description="The workbook that came back")], who: Caller, db: Transaction,
    today: Today,
) -> AnsweredRead:  # fmt: skip
    """
    Enter the answer of a workbook: the request is closed, and the file kept with its record.

    Each finding names sheet, row and cell; where one refuses nothing is entered.
    """
    return answered_read(letters.answered(db, who, content_of(file), plain_name(file.filename), today))


def letter_read(row: RegisterRecord) -> LetterRead:
    """Return a request as the API shows it."""
    return LetterRead(id=row.id, record=SupplierRequest.model_validate(row.body))


def answered_read(found: Answered) -> AnsweredRead:
    """Return what became of an answer as the API shows it."""
    return AnsweredRead(
        request=letter_read(found.row) if found.row else None,
        answer=found.answer,
        findings=[FindingRead.model_validate(finding.to_dict()) for finding in found.findings],
    )
