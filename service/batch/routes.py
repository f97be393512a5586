"""Files in, jobs, and the empty and the example workbook."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, Path, Query, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from finance.assessment import Options
from service import jobs
from service.assessment import use as assessing
from service.assessment.routes import WORKBOOK, XLSX
from service.batch import use
from service.errors import MISSING, PROBLEMS
from service.provide import Caller, Law, Limit, Reading, Today, Transaction
from service.refusals import TooLarge, WrongMedia
from service.safety import MULTIPART_LIMIT, UPLOAD_LIMIT
from service.schemas import FindingRead, TextRead
from service.workbook.example import example_bytes
from service.workbook.template import template_bytes

router = APIRouter(tags=["uploads"], responses=PROBLEMS)

ENDINGS = (".xlsx", ".xlsm", ".xls", ".csv")
#: Text without the characters that no text has.
PLAIN = r"^[^\x00-\x08\x0b-\x1f]*$"
#: A choice that is the name of a path or of a scenario.
Word = Annotated[str, Form(pattern=r"^[A-Za-z0-9_.\-]{1,60}$")]
JobId = Annotated[UUID, Path(description="Id of a job")]


class ProgressRead(BaseModel):
    """How far a job is: `read`, `assess`, then `keep`."""

    stage: str
    done: int
    total: int | None


class ReasonRead(BaseModel):
    """Why a job did not end well."""

    code: str
    text: TextRead
    hint: TextRead


class JobRead(BaseModel):
    """A job. Ask again until `state` is one of done, failed, parked, cancelled."""

    id: UUID
    kind: str
    state: str = Field(description="queued, running, done, failed (refused), parked (gave up), cancelled")
    attempt: int
    created: dt.datetime
    finished: dt.datetime | None
    progress: ProgressRead | None
    summary: dict[str, int] | None = Field(description="How many rows went where")
    reason: ReasonRead | None
    assessment_id: UUID | None
    links: dict[str, str]


class FindingPage(BaseModel):
    """What was found in a file; `next` is the value of `after` for the next ones."""

    items: list[FindingRead]
    total: int
    next: int | None


@router.post(
    "/uploads",
    summary="Hand in a workbook or CSV",
    status_code=202,
    response_model=JobRead,
    max_body_size=MULTIPART_LIMIT,
)
def upload(
    file: Annotated[UploadFile, File(description="xlsx, xlsm, xls or csv, up to 30 MB; see /template.xlsx")],
    response: Response,
    law: Law,
    who: Caller,
    db: Transaction,
    today: Today,
    price_path: Word = "flat",
    use_scenario_price: Annotated[bool, Form()] = False,
    own_price_eur_per_t: Annotated[
        float | None,
        Form(gt=0, le=1e6, allow_inf_nan=False, description="One certificate price for every year, in place of a path"),
    ] = None,
    law_scenario: Annotated[list[Word] | None, Form(max_length=5)] = None,
    fx_cny_per_eur: Annotated[float | None, Form(gt=0, le=1e6, allow_inf_nan=False)] = None,
    fx_on: Annotated[dt.date | None, Form()] = None,
    fx_source: Annotated[str | None, Form(max_length=300, pattern=PLAIN)] = None,
) -> JobRead:
    """
    Keep a file and ask for its assessment; the answer is a job to look at.

    The same file with the same choices on the same day and data is one job, however often it is sent.
    """
    options = Options(
        price_path=price_path,
        use_scenario_price=use_scenario_price,
        law_scenarios=tuple(law_scenario or ()),
        fx_cny_per_eur=fx_cny_per_eur,
        fx_on=fx_on,
        fx_source=fx_source,
    )
    if own_price_eur_per_t is not None:
        options = assessing.at_own_price(options, own_price_eur_per_t, law)
    law.book(options.law_scenarios)  # a scenario that does not exist is refused here, not in the job
    name = plain_name(file.filename)
    kept = assessing.keep_upload(db, who, content_of(file), name)
    job = assessing.ask(db, who, law, kept, options, today)
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return job_read(use.Seen(job, None))


def content_of(file: UploadFile) -> bytes:
    """Return the bytes of an uploaded file; ``TooLarge`` above the limit."""
    data = file.file.read(UPLOAD_LIMIT + 1)
    if len(data) > UPLOAD_LIMIT:
        raise TooLarge(field="file", limit_mb=UPLOAD_LIMIT // 1_000_000)
    return data


def plain_name(name: str | None) -> str:
    """Return a file name without folders and control characters; ``WrongMedia`` where its ending is not ours."""
    last = re.split(r"[/\\]", name or "")[-1]
    plain = "".join(c for c in last if c.isprintable()).strip()[-120:]
    if not plain.lower().endswith(ENDINGS):
        raise WrongMedia(field="file", expected=" / ".join(ENDINGS))
    return plain


@router.get("/jobs/{job_id}", summary="One job", response_model=JobRead, responses=MISSING)
def job(job_id: JobId, who: Caller, db: Reading) -> JobRead:
    """Return how far a job is, and what came of it."""
    return job_read(use.seen(db, who, job_id))


@router.post(
    "/jobs/{job_id}/cancel",
    summary="Cancel a job",
    response_model=JobRead,
    responses=MISSING | {409: MISSING[404] | {"description": "The job has ended"}},
)
def cancel(job_id: JobId, who: Caller, db: Transaction) -> JobRead:
    """Cancel a job that has not ended; nothing of it is kept."""
    jobs.cancel(db, who, job_id)
    return job_read(use.seen(db, who, job_id))


class RetryAsk(BaseModel):
    """Why a job is tried again."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=300, pattern=PLAIN, description="Kept in the audit trail")


@router.post(
    "/jobs/{job_id}/retry",
    summary="Try a job again",
    response_model=JobRead,
    responses=MISSING | {409: MISSING[404] | {"description": "The job has not ended, or ended well"}},
)
def retry(job_id: JobId, asked: RetryAsk, who: Caller, db: Transaction) -> JobRead:
    """Have a job that was refused, cancelled or parked done again, with the rights of who asks now."""
    jobs.retry(db, who, job_id, asked.reason)
    return job_read(use.seen(db, who, job_id))


@router.get("/jobs/{job_id}/findings", summary="Findings of a file", response_model=FindingPage, responses=MISSING)
def findings(
    job_id: JobId,
    who: Caller,
    db: Reading,
    after: Annotated[int, Query(ge=0, le=10_000_000, description="`next` of the answer before")] = 0,
    limit: Limit = 100,
) -> FindingPage:
    """Return what was found in the file: row, cell, what is wrong and how to mend it."""
    every = use.findings_of(db, who, job_id)
    some = every[after : after + limit]
    end = after + len(some)
    return FindingPage(
        items=[FindingRead(**finding) for finding in some], total=len(every), next=end if end < len(every) else None
    )


@router.get("/template.xlsx", summary="Empty workbook", response_class=Response, responses=WORKBOOK)
def template() -> Response:
    """Return the workbook to fill in, in Chinese and English."""
    return _workbook(template_bytes(), "yuetan-template.xlsx")


@router.get("/example.xlsx", summary="Example workbook", response_class=Response, responses=WORKBOOK)
def example() -> Response:
    """Return a filled workbook of an invented exporter."""
    return _workbook(example_bytes(), "yuetan-example.xlsx")


def _workbook(data: bytes, name: str) -> Response:
    return Response(data, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def job_read(seen: use.Seen) -> JobRead:
    """Return a job as the API shows it."""
    job, progress = seen
    links = {
        "self": f"/api/v1/jobs/{job.id}",
        "events": f"/api/v1/jobs/{job.id}/events",
        "findings": f"/api/v1/jobs/{job.id}/findings",
    }
    if job.assessment_id:
        links["assessment"] = f"/api/v1/assessments/{job.assessment_id}"
        links["report"] = f"/api/v1/assessments/{job.assessment_id}/report.xlsx?job={job.id}"
    reason: dict[str, Any] | None = job.reason
    return JobRead(
        id=job.id,
        kind=job.kind,
        state=job.state,
        attempt=job.attempt,
        created=job.created,
        finished=job.finished,
        progress=ProgressRead(stage=progress.stage, done=progress.done, total=progress.total) if progress else None,
        summary=job.summary,
        reason=ReasonRead(**reason) if reason else None,
        assessment_id=job.assessment_id,
        links=links,
    )
