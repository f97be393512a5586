"""Registers and grades over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Body, File, Path, Query, Response, UploadFile

from models.inputs import Input
from models.register_answers import in_catalogue
from models.register_chain import ProductGroup, SupplierRequest, coverage, group_of
from models.registers import CatalogueItem
from service.assessment.routes import WORKBOOK, XLSX
from service.batch.routes import content_of, plain_name
from service.errors import EDITED, MISSING, PROBLEMS, Problem, there
from service.provide import Caller, Editions, Law, Limit, On, Reading, Today, Transaction
from service.registers import use
from service.registers.files import evidence_name
from service.registers.kinds import KINDS, Kind
from service.registers.many import import_file
from service.registers.read import (
    RECOGNISED,
    AnswerRead,
    CoverageRead,
    EffectRead,
    EvidenceRead,
    FirmRead,
    GradeRead,
    ImportRead,
    QualityRead,
    RecordPage,
    RecordRead,
    RegisterRead,
    answer_read,
    coverage_read,
    effect_read,
    evidence_read,
    firm_read,
    grade_read,
    import_read,
    quality_read,
    record_read,
    registers_read,
)
from service.registers.workbook import template_bytes
from service.safety import MULTIPART_LIMIT
from service.strict import StrictRoute

router = APIRouter(prefix="/registers", tags=["registers"], route_class=StrictRoute, responses=PROBLEMS)
grades = APIRouter(prefix="/grades", tags=["registers"], route_class=StrictRoute, responses=PROBLEMS)

_TAKEN: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "The record is there with other content"}
}
_Id = Annotated[UUID, Path(description="Id of a record")]
_Name = Annotated[str, Query(min_length=1, max_length=200)]
_Maybe = Annotated[str | None, Query(min_length=1, max_length=200)]
_Code = Annotated[str | None, Query(pattern=r"^[0-9A-Z]{18}$", description="Unified social credit code")]
_Limit = Annotated[float | None, Query(ge=0, le=1e15, allow_inf_nan=False)]
_File = Annotated[UploadFile, File(description="pdf, ofd, jpg, png, xlsx, docx or zip, up to 30 MB")]
_GRADE = {
    "made-up": {
        "summary": "A made-up scheme of three classes",
        "value": {
            "scheme": {
                "id": "example", "name": "示例分级", "product_group": "示例产品组", "version": "1", "unit": "kgCO2e/kWh",
                "better": "lower", "status": "illustrative", "source": "示例，非真实方案",
                "classes": [
                    {"name": "A", "limit": 60.0, "includes_limit": True}, {"name": "B", "limit": 80.0, "includes_limit": True},
                    {"name": "C"},
                ],
            },
            "value": 75.0, "unit": "kgCO2e/kWh", "half_width": 0.1,
            "parts": [{"name": "电芯", "value": 50.0}, {"name": "电力", "value": 25.0}],
        },
    }
}  # fmt: skip


@grades.post("", summary="Grade of a footprint", response_model=GradeRead, responses=MISSING)
def grade(
    asked: Annotated[use.GradeQuestion, Body(openapi_examples=_GRADE)], who: Caller, db: Reading, law: Law, today: Today
) -> GradeRead:
    """
    Grade a footprint under a scheme that is given, or one that the register holds.

    The chance of each class follows from the 95 % interval; without one it is
    not known. `gap` is the way to the next class: how far, and which part alone
    would close it. No scheme ships with the service.
    """
    return grade_read(use.grade(db, who, law, asked, today))


@router.get("", summary="Registers", response_model=list[RegisterRead])
def registers() -> list[RegisterRead]:
    """Return every register with an example of its records."""
    return registers_read()


@router.get("/template.xlsx", summary="Workbook of registers", response_class=Response, responses=WORKBOOK)
def template(example: Annotated[bool, Query(description="Filled in with made-up examples")] = False) -> Response:
    """Return the workbook to fill in, in Chinese and English."""
    headers = {"Content-Disposition": 'attachment; filename="yuetan-registers.xlsx"'}
    return Response(template_bytes(example=example), media_type=XLSX, headers=headers)


@router.post("/file", summary="Import a workbook", response_model=ImportRead, max_body_size=MULTIPART_LIMIT)
def from_file(
    file: Annotated[UploadFile, File(description="The filled template, xlsx or xlsm")], who: Caller, db: Transaction
) -> ImportRead:
    """Keep every record of a workbook that is not refused; handed in again, nothing changes."""
    plain_name(file.filename)
    return import_read(import_file(db, who, content_of(file)))


@router.get("/accreditation", summary="Whether a verifier is accredited", response_model=AnswerRead)
def accreditation(
    verifier: _Name, on: On, who: Caller, db: Reading, scope: _Maybe = None, uscc: _Code = None
) -> AnswerRead:
    """Answer for a day; what the register does not hold is not known."""
    return answer_read(use.accreditation(db, who, verifier, on, scope, uscc))


@router.get("/statement-quality", summary="Data quality of a statement", response_model=QualityRead)
def statement_quality(
    data_quality: Annotated[float, Query(ge=1, le=5)], on: On, who: Caller, db: Reading, law: Law,
    verifier: _Maybe = None, scope: _Maybe = None,
) -> QualityRead:  # fmt: skip
    """Lower the data quality of a statement whose verifier shows no valid accreditation on its day, and say so."""
    found = use.quality(db, who, law, data_quality, verifier, on, scope)
    return quality_read(found, law.accreditation.line())


@router.get("/firm", summary="What is held of a firm", response_model=FirmRead)
def firm(name: _Name, on: On, who: Caller, db: Reading, uscc: _Code = None) -> FirmRead:
    """Return the list of untrustworthy entities (entered by hand), statuses and certificates that hold on a day."""
    return firm_read(use.firm(db, who, name, uscc, on), on)


@router.get("/offsets", summary="Credits against the limit of a year", response_model=EffectRead)
def offsets(asked: Annotated[use.OffsetQuestion, Query()], who: Caller, db: Reading, law: Law) -> EffectRead:
    """
    Return credits held, how many may be used, what they had cost and what they save against allowances.

    The limit is the one stated, else that of a market and compliance year on its own base.
    """
    return effect_read(*use.offsets(db, who, law, asked))


@router.get("/in-catalogue", summary="Whether a catalogue has a product", response_model=AnswerRead)
def catalogue(product: _Name, catalogue: _Name, on: On, who: Caller, db: Reading) -> AnswerRead:
    """Answer for a day; a product that no record names is not known."""
    return answer_read(in_catalogue(product, catalogue, on, use.records(db, who, "catalogue", CatalogueItem)))


@router.get("/group-of", summary="Group of a code of goods", response_model=AnswerRead)
def group(
    code: Annotated[str, Query(pattern=r"^[0-9]{2,10}$", description="Digits of the code")],
    on: On, who: Caller, db: Reading,
) -> AnswerRead:  # fmt: skip
    """Return the group that holds a code on a day, by the longest digits; two that hold it alike are not known."""
    return answer_read(group_of(code, on, use.records(db, who, "groups", ProductGroup))[0])


@router.get("/coverage", summary="What suppliers have sent", response_model=CoverageRead)
def covered(on: On, who: Caller, db: Reading) -> CoverageRead:
    """Return how much of what suppliers were asked for has come by a day, and whom to chase."""
    return coverage_read(coverage(use.records(db, who, "requests", SupplierRequest), on), on)


@router.get(
    "/certificates/{record_id}/recognition", summary="Whether a certificate is accepted", response_model=AnswerRead,
    responses=MISSING,
)  # fmt: skip
def recognition(record_id: _Id, region: _Name, on: On, who: Caller, db: Reading, method: _Maybe = None) -> AnswerRead:
    """Answer for a region and a day with reasons; without a record of recognition it is not known."""
    return answer_read(use.recognised(db, who, record_id, region, on, method), RECOGNISED)


def _tagged(response: Response, kind: Kind, one: use.Held, on: dt.date) -> RecordRead:
    read = record_read(kind, one, on)
    response.headers["ETag"] = f'"{read.version}"'
    return read


def _register(kind: Kind) -> None:
    """Give a register its addresses; the body of each is its own model."""
    under, name = f"/{kind.word}", kind.text.en
    made_up = {"made-up": {"summary": "Made up", "value": dict(kind.example)}}
    body = Annotated[kind.model, Body(openapi_examples=made_up)]  # type: ignore[name-defined]

    def add(record: Input, who: Caller, db: Transaction, today: Today, response: Response) -> RecordRead:
        """Keep a record; the same one again changes nothing (200), with other content it is refused (409)."""
        row, made = use.add(db, who, kind, record)
        response.status_code = 201 if made else 200
        response.headers["Location"] = f"/api/v1/registers/{kind.word}/{row.id}"
        return _tagged(response, kind, use.one(db, who, kind, row.id), today)

    def change(
        record_id: _Id,
        record: Input,
        editions: Editions,
        who: Caller,
        db: Transaction,
        today: Today,
        response: Response,
    ) -> RecordRead:
        """Put a corrected record in the place of the edition that was seen; the audit trail keeps what it said before."""
        use.change(db, who, kind, record_id, record, editions)
        return _tagged(response, kind, use.one(db, who, kind, record_id), today)

    def every(
        who: Caller, db: Reading, today: Today, on: On | None = None, after: UUID | None = None, limit: Limit = 100
    ) -> RecordPage:
        """List records by name, each with its state on a day; today where none is given."""
        found = use.held(db, who, kind, limit + 1, after)
        more = found[limit - 1].row.id if len(found) > limit else None
        return RecordPage(items=[record_read(kind, one, on or today) for one in found[:limit]], next=more)

    for to_type in (add, change):
        to_type.__annotations__["record"] = body
    router.add_api_route(
        under, every, methods=["GET"], summary=name, response_model=RecordPage, operation_id=f"list_{kind.word}",
        responses=MISSING,
    )  # fmt: skip
    router.add_api_route(
        under, add, methods=["POST"], status_code=201, summary=f"{name}: add", response_model=RecordRead,
        responses=_TAKEN | there(RecordRead), operation_id=f"add_{kind.word}",
    )  # fmt: skip
    router.add_api_route(
        under + "/{record_id}", change, methods=["PUT"], summary=f"{name}: correct", response_model=RecordRead,
        responses=MISSING | _TAKEN | EDITED, operation_id=f"change_{kind.word}",
    )  # fmt: skip


for _kind in KINDS.values():
    _register(_kind)

_Word = Annotated[str, Path(pattern="^(" + "|".join(KINDS) + ")$", description="A register")]


@router.get("/{kind}/{record_id}", summary="One record", response_model=RecordRead, responses=MISSING)
def one(
    kind: _Word, record_id: _Id, who: Caller, db: Reading, today: Today, response: Response, on: On | None = None
) -> RecordRead:
    """Return a record and its state on a day; today where none is given."""
    return _tagged(response, KINDS[kind], use.one(db, who, KINDS[kind], record_id), on or today)


@router.delete("/{kind}/{record_id}", status_code=204, summary="Remove a record", responses=MISSING | EDITED)
def remove(kind: _Word, record_id: _Id, editions: Editions, who: Caller, db: Transaction) -> None:
    """Remove a record entered by mistake; what ended is corrected with its last day instead."""
    use.remove(db, who, KINDS[kind], record_id, editions)


@router.get(
    "/{kind}/{record_id}/evidence", summary="Files of a record", response_model=list[EvidenceRead], responses=MISSING
)
def evidence(kind: _Word, record_id: _Id, who: Caller, db: Reading) -> list[EvidenceRead]:
    """List the files that show a record."""
    return [evidence_read(one) for one in use.evidence(db, who, KINDS[kind], record_id)]


@router.post(
    "/{kind}/{record_id}/evidence", status_code=201, summary="Hand in a file that shows a record",
    response_model=EvidenceRead, responses=MISSING | there(EvidenceRead), max_body_size=MULTIPART_LIMIT,
)  # fmt: skip
def attach(kind: _Word, record_id: _Id, file: _File, who: Caller, db: Transaction, response: Response) -> EvidenceRead:
    """Keep a file with a record as it came; the same one again changes nothing (200)."""
    data = content_of(file)
    upload, made = use.attach(db, who, KINDS[kind], record_id, data, evidence_name(file.filename, data))
    response.status_code = 201 if made else 200
    return evidence_read(upload)


@router.get(
    "/{kind}/{record_id}/evidence/{file_id}", summary="A file of a record", response_class=Response, responses=MISSING
)
def download(kind: _Word, record_id: _Id, file_id: UUID, who: Caller, db: Reading) -> Response:
    """Return a file as it came."""
    upload = use.file_of(db, who, KINDS[kind], record_id, file_id)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(upload.filename)}"}
    return Response(upload.content, media_type="application/octet-stream", headers=headers)
