"""The pages of the assessment: Chinese first, English by a switch; every figure comes from the same records as the API."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse

from finance.assessment import Options
from service import jobs, store
from service.assessment import use as assessing
from service.auth import Who, visible
from service.batch import use as batch
from service.batch.routes import PLAIN, Word, content_of, plain_name
from service.law import use as law_use
from service.pages.frame import Lang, PageRoute, number_typed, page, sources, tools
from service.provide import Caller, Law, Reading, Today, Transaction
from service.safety import MULTIPART_LIMIT
from service.tables import Job
from service.workbook.example import example_bytes

LINES_AT_ONCE = 50
_OVER = ("done", "failed", "parked", "cancelled")
#: Findings that stop a row come first.
_WEIGHT = ("error", "question", "warning", "info")


router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
def home(request: Request, lang: Lang, law: Law, who: Caller, db: Reading) -> Response:
    """Show what this is, the upload form and what was assessed before."""
    return page(
        request,
        lang,
        "home.html",
        paths=law.paths,
        scenarios=law.scenarios.values(),
        recent=store.recent(db, who, None, 10).rows,
        tools=tools(),
    )


@router.post("/upload", max_body_size=MULTIPART_LIMIT)
def upload(
    file: Annotated[UploadFile, File()],
    law: Law,
    who: Caller,
    db: Transaction,
    today: Today,
    price_path: Word = "flat",
    use_scenario_price: Annotated[bool, Form()] = False,
    law_scenario: Annotated[str, Form(max_length=60)] = "",
    fx_cny_per_eur: Annotated[str, Form(max_length=20)] = "",
    fx_source: Annotated[str, Form(max_length=300)] = "",
    own_price_eur_per_t: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Keep the file, ask for its assessment and go to the job."""
    options = Options(
        price_path=price_path,
        use_scenario_price=use_scenario_price,
        law_scenarios=(law_scenario,) if law_scenario else (),
        fx_cny_per_eur=number_typed("fx", fx_cny_per_eur),
        fx_source=fx_source or None,
    )
    if own := number_typed("own_price", own_price_eur_per_t):
        options = assessing.at_own_price(options, own, law)
    law.book(options.law_scenarios)
    kept = assessing.keep_upload(db, who, content_of(file), plain_name(file.filename))
    return _to_job(assessing.ask(db, who, law, kept, options, today))


@router.post("/example")
def example(law: Law, who: Caller, db: Transaction, today: Today) -> Response:
    """Run the example workbook as if it had been uploaded."""
    kept = assessing.keep_upload(db, who, example_bytes(), "foshan.xlsx")
    return _to_job(assessing.ask(db, who, law, kept, Options(), today))


def _to_job(job: Job) -> Response:
    return RedirectResponse(f"/jobs/{job.id}", 303)


@router.get("/jobs/{job_id}")
def job(request: Request, job_id: UUID, lang: Lang, who: Caller, db: Reading) -> Response:
    """Show how far a job is; a finished one leads to its result."""
    seen = batch.seen(db, who, job_id)
    if seen.job.state == "done" and (result := _result_of(seen.job)):
        return RedirectResponse(result, 303)
    findings = batch.findings_of(db, who, job_id) if seen.job.state in _OVER else []
    return page(request, lang, "job.html", job=seen.job, progress=seen.progress, findings=findings[:500])


@router.get("/jobs/{job_id}/progress")
def progress(request: Request, job_id: UUID, lang: Lang, who: Caller, db: Reading) -> Response:
    """Return the progress alone; a job that is over sends the browser on."""
    seen = batch.seen(db, who, job_id)
    made = page(request, lang, "progress.html", job=seen.job, progress=seen.progress)
    if seen.job.state in _OVER:
        made.headers["HX-Redirect"] = _result_of(seen.job) or f"/jobs/{job_id}"
    return made


def _result_of(job: Job) -> str | None:
    """Return the page of what came of a job: an assessment, or the page that who asked for it named."""
    if job.assessment_id:
        return f"/assessments/{job.assessment_id}"
    page_of: str | None = job.payload.get("page")
    return page_of


@router.post("/jobs/{job_id}/cancel")
def cancel(job_id: UUID, who: Caller, db: Transaction) -> Response:
    """Cancel a job that is not over."""
    jobs.cancel(db, who, job_id)
    return RedirectResponse(f"/jobs/{job_id}", 303)


@router.post("/jobs/{job_id}/retry")
def retry(
    job_id: UUID,
    who: Caller,
    db: Transaction,
    reason: Annotated[str, Form(min_length=1, max_length=300, pattern=PLAIN)],
) -> Response:
    """Have a job that did not end well done again."""
    jobs.retry(db, who, job_id, reason)
    return RedirectResponse(f"/jobs/{job_id}", 303)


@router.get("/assessments/{assessment_id}")
def assessment(request: Request, assessment_id: UUID, lang: Lang, who: Caller, db: Reading) -> Response:
    """Show a result: the conclusion first, then everything it rests on."""
    row = store.one(db, who, assessment_id)
    head = store.head_of(row)
    rows, following = store.lines(db, who, assessment_id, 0, LINES_AT_ONCE)
    of_file = _job_of(db, who, assessment_id)
    findings = batch.findings_of(db, who, of_file.id) if of_file else head["findings"]
    return page(
        request,
        lang,
        "assessment.html",
        row=row,
        head=head,
        lines=rows,
        following=following,
        chosen="",
        findings=sorted(findings, key=lambda f: _WEIGHT.index(f["severity"]))[:500],
        findings_count=len(findings),
        job=of_file,
        sources=sources(),
    )


@router.get("/assessments/{assessment_id}/lines")
def lines(
    request: Request,
    assessment_id: UUID,
    lang: Lang,
    who: Caller,
    db: Reading,
    after: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    status: Annotated[str, Query(pattern="^(refused)?$")] = "",
) -> Response:
    """Return the next rows of the table of lines."""
    rows, following = store.lines(db, who, assessment_id, after, LINES_AT_ONCE, status or None)
    row = store.one(db, who, assessment_id)
    return page(request, lang, "lines.html", row=row, lines=rows, following=following, chosen=status)


@router.get("/assessments/{assessment_id}/lines/{number}")
def line(request: Request, assessment_id: UUID, number: int, lang: Lang, who: Caller, db: Reading) -> Response:
    """Return every step of one line and the values of the law under it."""
    found = store.line(db, who, assessment_id, number)
    head = store.head_of(store.one(db, who, assessment_id))
    reads = {read["key"]: read for read in head["reads"]}
    return page(
        request,
        lang,
        "line.html",
        record=found.record,
        note_url=f"/assessments/{assessment_id}/lines/{number}/note",
        legend=head.get("legend", {}),
        reads=[reads[key] for key in found.record.get("reads", ()) if key in reads],
        sources=sources(),
    )


def _job_of(db: Reading, who: Who, assessment_id: UUID) -> Job | None:
    return db.scalars(
        visible(Job, who).where(Job.assessment_id == assessment_id).order_by(Job.created.desc()).limit(1)
    ).first()


@router.get("/law")
def law_page(
    request: Request,
    lang: Lang,
    law: Law,
    today: Today,
    key: Annotated[str, Query(max_length=120)] = "",
    on: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Browse the law data, or look one parameter up on a day."""
    try:
        day = dt.date.fromisoformat(on) if on else today
    except ValueError:
        raise RequestValidationError([]) from None
    book = law.book()
    entry = book.entries.get(key)
    return page(
        request,
        lang,
        "law.html",
        entries=sorted(book.entries.values(), key=lambda e: e.key),
        tables=sorted(book.tables.values(), key=lambda t: t.key),
        key=key,
        on=day,
        entry=entry,
        unknown=bool(key) and entry is None,
        read=law_use.in_force(book, entry, day) if entry else None,
        history=law_use.history(entry) if entry else (),
        sources=sources(),
    )
