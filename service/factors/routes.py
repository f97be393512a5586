"""Factors handed in and reviewed over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Body, File, Path, Query, Response, UploadFile
from pydantic import Field

from models.factor_records import FactorMap, Family
from models.factor_review import HandIn
from models.inputs import Input
from service.assessment.routes import WORKBOOK, XLSX
from service.batch.routes import content_of, plain_name
from service.errors import MISSING, PROBLEMS, Problem, there
from service.factors import use
from service.factors.many import import_file
from service.factors.read import (
    ChosenRead,
    FactorFileRead,
    FileRead,
    MapRead,
    SubmissionPage,
    SubmissionRead,
    chosen_read,
    factor_file_read,
    map_read,
    submission_read,
)
from service.factors.workbook import template_bytes
from service.identity.permit import needs
from service.provide import Caller, Law, Limit, On, Reading, Today, Transaction
from service.registers.files import evidence_name
from service.safety import MULTIPART_LIMIT
from service.strict import StrictRoute

router = APIRouter(prefix="/factors", tags=["factors"], route_class=StrictRoute, responses=PROBLEMS)

_TAKEN: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "Its id is taken by other content, or it was decided before"}
}
_Id = Annotated[UUID, Path(description="Id of a submission")]
_Reason = Annotated[str, Field(min_length=1, max_length=2000, examples=["与原文第 3 页一致"])]
_EXAMPLE = {
    "made-up": {
        "summary": "A made-up provincial factor",
        "value": {
            "record": {
                "id": "EX-GD-2025", "key": "electricity", "name_zh": "示例省级电力因子", "value": 0.5,
                "unit": "kgCO2e/kWh", "level": "provincial", "region": "Guangdong", "data_year": 2024,
                "published": "2026-01-15", "source": "示例，非真实数据", "licence": "own", "uncertainty": 0.05,
            },
            "evidence": "示例文件第 3 页",
        },
    }
}  # fmt: skip


class ReviewAsk(Input):
    """What a reviewer decides, and why."""

    decision: Literal["accepted", "rejected"]
    reason: _Reason


class WithdrawAsk(Input):
    """Why a factor is taken back."""

    reason: _Reason


@router.post(
    "/submissions", status_code=201, summary="Hand in a factor", response_model=SubmissionRead,
    responses=_TAKEN | there(SubmissionRead),
)  # fmt: skip
def hand_in(
    given: Annotated[HandIn, Body(openapi_examples=_EXAMPLE)], who: Caller, db: Transaction, law: Law, today: Today,
    response: Response,
) -> SubmissionRead:  # fmt: skip
    """
    Hand in a factor with its source and evidence; it counts once somebody else has accepted it.

    The same one again changes nothing (200); a correction bears a new id and names what it supersedes.
    """
    row, made = use.hand_in(db, who, law, given, today)
    response.status_code = 201 if made else 200
    response.headers["Location"] = f"/api/v1/factors/submissions/{row.id}"
    return submission_read(use.one(db, who, row.id))


@router.get("/submissions", summary="Factors handed in", response_model=SubmissionPage, responses=MISSING)
def submissions(
    who: Caller, db: Reading,
    state: Annotated[Literal["submitted", "accepted", "rejected", "withdrawn"] | None, Query()] = None,
    after: UUID | None = None, limit: Limit = 100,
) -> SubmissionPage:  # fmt: skip
    """Return factors with every decision on them, newest first."""
    found, following = use.held(db, who, limit, state, after)
    return SubmissionPage(items=[submission_read(one) for one in found], next=following)


@router.get("/submissions/{submission_id}", summary="One factor", response_model=SubmissionRead, responses=MISSING)
def one(submission_id: _Id, who: Caller, db: Reading) -> SubmissionRead:
    """Return a factor that was handed in."""
    return submission_read(use.one(db, who, submission_id))


@router.post(
    "/submissions/{submission_id}/review", summary="Review a factor", response_model=SubmissionRead,
    responses=MISSING | _TAKEN, openapi_extra=needs("review"),
)  # fmt: skip
def review(submission_id: _Id, asked: ReviewAsk, who: Caller, db: Transaction, today: Today) -> SubmissionRead:
    """Accept or reject a factor; never one's own, and once only."""
    use.review(db, who, submission_id, asked.decision, asked.reason, today)
    return submission_read(use.one(db, who, submission_id))


@router.post(
    "/submissions/{submission_id}/withdrawal", summary="Take a factor back", response_model=SubmissionRead,
    responses=MISSING | _TAKEN,
)  # fmt: skip
def withdraw(submission_id: _Id, asked: WithdrawAsk, who: Caller, db: Transaction, today: Today) -> SubmissionRead:
    """Take a factor back: by its submitter, or by somebody who may review. What was made with it stays."""
    use.withdraw(db, who, submission_id, asked.reason, today)
    return submission_read(use.one(db, who, submission_id))


@router.post(
    "/submissions/{submission_id}/evidence", status_code=201, summary="Hand in a file that shows a factor",
    response_model=FileRead, responses=MISSING | there(FileRead), max_body_size=MULTIPART_LIMIT,
)  # fmt: skip
def attach(
    submission_id: _Id, file: Annotated[UploadFile, File(description="pdf, ofd, jpg, png, xlsx, docx or zip")],
    who: Caller, db: Transaction, response: Response,
) -> FileRead:  # fmt: skip
    """Keep a file with a factor as it came; the same one again changes nothing (200)."""
    data = content_of(file)
    upload, made = use.attach(db, who, submission_id, data, evidence_name(file.filename, data))
    response.status_code = 201 if made else 200
    return FileRead.model_validate(upload, from_attributes=True)


@router.get(
    "/submissions/{submission_id}/evidence/{file_id}", summary="A file of a factor", response_class=Response,
    responses=MISSING,
)  # fmt: skip
def download(submission_id: _Id, file_id: UUID, who: Caller, db: Reading) -> Response:
    """Return a file as it came."""
    upload = use.file_of(db, who, submission_id, file_id)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(upload.filename)}"}
    return Response(upload.content, media_type="application/octet-stream", headers=headers)


@router.get("/choice", summary="The factor that would be taken", response_model=ChosenRead)
def choice(
    key: Annotated[str, Query(min_length=1, max_length=100, examples=["electricity"])],
    year: Annotated[int, Query(ge=1990, le=2060, description="Year of the activity data")],
    on: On, who: Caller, db: Reading, law: Law,
    region: Annotated[str, Query(min_length=1, max_length=60)] = "China",
    supplier: Annotated[str, Query(max_length=200)] = "",
    family: Family = "footprint",
) -> ChosenRead:  # fmt: skip
    """Return the factor that a footprint would take on a day, why, and the best of each other level."""
    return chosen_read(
        use.would_choose(db, who, law, key, region=region, supplier=supplier, year=year, on=on, family=family)
    )


@router.get("/maps", summary="Map of national and provincial ids", response_model=list[MapRead])
def maps(who: Caller, db: Reading) -> list[MapRead]:
    """Return which national and provincial factors stand for the same thing."""
    return [map_read(one) for one in use.pairs(db, who)]


@router.post("/maps", status_code=201, summary="Map two factors", response_model=MapRead, responses=there(MapRead))
def add_map(given: FactorMap, who: Caller, db: Transaction, law: Law, response: Response) -> MapRead:
    """Keep that a national and a provincial factor stand for the same thing; once more changes nothing (200)."""
    _, made = use.pair(db, who, law, given)
    response.status_code = 201 if made else 200
    return map_read(given)


@router.get("/template.xlsx", summary="Workbook of factors", response_class=Response, responses=WORKBOOK)
def template(example: Annotated[bool, Query(description="Filled in with a made-up example")] = False) -> Response:
    """Return the workbook to fill in, in Chinese and English."""
    headers = {"Content-Disposition": 'attachment; filename="yuetan-factors.xlsx"'}
    return Response(template_bytes(example=example), media_type=XLSX, headers=headers)


@router.post("/file", summary="Hand in a workbook", response_model=FactorFileRead, max_body_size=MULTIPART_LIMIT)
def from_file(
    file: Annotated[UploadFile, File(description="The filled template, xlsx or xlsm")], who: Caller, db: Transaction,
    law: Law, today: Today,
) -> FactorFileRead:  # fmt: skip
    """Hand in every factor of a workbook that is not refused, and keep its map; once more changes nothing."""
    plain_name(file.filename)
    return factor_file_read(import_file(db, who, law, content_of(file), today))
