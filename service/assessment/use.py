"""The main job: a submission, from JSON or from a file, becomes a kept assessment. Web, terminal and worker use this."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session, undefer

from cbam.goods import candidates
from cbam.projection import years_of
from finance.assessment import Assessment as Result
from finance.assessment import Options, assess_submission
from finance.submission import Submission
from models.errors import YuetanError
from models.findings import Finding
from models.fx import FxTable
from service import jobs, store
from service.attempt import attempt
from service.audit.use import record
from service.auth import Who, visible
from service.database import Database
from service.feeds.use import fetched_fx
from service.heart import Heart, Lost
from service.library import Library
from service.prices.use import every_series
from service.refusals import Refused, SameLine
from service.tables import Job, Upload
from service.workbook.read import ReadResult, read_submission

KIND = "assess"
#: Kind of what is kept.
KEPT = "submission"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class FileResult:
    """A file, read and assessed; ``findings`` are all of them, each with its cell where it has one."""

    read: ReadResult
    result: Result
    findings: tuple[Finding, ...]

    @property
    def summary(self) -> dict[str, int]:
        """How many rows went where."""
        computed = sum(line.ok for line in self.result.lines)
        return {
            "rows_seen": self.read.rows_seen,
            "rows_read": self.read.rows_kept,
            "rows_skipped": self.read.rows_skipped,
            "rows_computed": computed,
            "rows_refused": len(self.result.lines) - computed,
        }


def read_file(library: Library, data: bytes, filename: str, progress: Progress | None = None) -> ReadResult:
    """Read a workbook or CSV in the guarded child."""
    book = library.book()
    return read_submission(data, filename, candidates=lambda prefix: candidates(book, prefix), progress=progress)


def at_own_price(options: Options, eur_per_t: float, library: Library) -> Options:
    """Return ``options`` with one certificate price of the user in place of the path, for every year of the phase-in."""
    prices = dict.fromkeys(years_of(library.book()), eur_per_t)
    return options.model_copy(update={"price_path": "user", "user_prices": prices, "use_scenario_price": True})


def assess_read(
    read: ReadResult,
    library: Library,
    options: Options,
    as_of: dt.date,
    quotes: Sequence[Any] = (),
    progress: Progress | None = None,
    fx: FxTable | None = None,
) -> FileResult:
    """
    Assess what was read from a file.

    Raises
    ------
    Refused
        Nothing in the file can be computed; the findings say why.
    """
    if read.submission is None:
        raise Refused
    context = library.context(options.law_scenarios, as_of, quotes, fx)
    result = assess_submission(read.submission, options, context, progress=progress)
    located = [_located(f, line.line.line, read) for line in result.lines for f in line.findings]
    return FileResult(read, result, (*read.findings, *located, *result.findings))


def _located(finding: Finding, row: int, read: ReadResult) -> Finding:
    column = read.columns.get(finding.field or "")
    return replace(finding, sheet=read.sheet, row=row, cell=f"{column}{row}" if column else None)


def assess(db: Session, who: Who, library: Library, submission: Submission, options: Options, as_of: dt.date) -> Result:
    """
    Assess a submission with the quotes that ``who`` brought in laid over the market's.

    Raises
    ------
    SameLine
        Two goods have one line.
    UnknownScenario, UnknownPath
        An option names what does not exist.
    """
    seen: set[int] = set()
    for good in submission.goods:
        if good.line in seen:
            raise SameLine(field="goods", line=good.line)
        seen.add(good.line)
    quotes, fx = every_series(db, who, library), fetched_fx(db, library)
    return assess_submission(submission, options, library.context(options.law_scenarios, as_of, quotes, fx))


def line_rows(result: Result) -> list[dict[str, Any]]:
    """Return the lines of a result as they are kept; for a long file before the transaction begins."""
    return store.line_rows(line.record() for line in result.lines)


def keep(db: Session, who: Who, result: Result, rows: Sequence[dict[str, Any]] | None = None) -> store.Kept:
    """Keep a result with its lines under its provenance key."""
    return store.keep_once(
        db,
        who,
        kind=KEPT,
        title=result.submission.firm.name,
        inputs=result.submission.model_dump(mode="json"),
        head=result.head(),
        cost_eur=result.totals.get("cost_eur"),
        lines=line_rows(result) if rows is None else rows,
    )


def keep_upload(db: Session, who: Who, data: bytes, filename: str) -> Upload:
    """Keep a file; the same bytes under the same name are kept once."""
    digest = hashlib.sha256(data).hexdigest()
    same = visible(Upload, who).where(Upload.sha256 == digest, Upload.filename == filename)
    found = db.scalar(same)
    if found is None:
        found = Upload(
            organisation_id=who.organisation_id,
            person_id=who.person_id,
            sha256=digest,
            filename=filename,
            size=len(data),
            content=data,
        )
        db.add(found)
        db.flush()
        record(db, who, "file.kept", found.id, sha256=digest, size=len(data))
    return found


def ask(
    db: Session, who: Who, library: Library, upload: Upload, options: Options, as_of: dt.date, *, anew: bool = False
) -> Job:
    """Ask for the assessment of an upload; the same file, choices, day and data are one job."""
    chosen = options.model_dump(mode="json")
    payload = {"upload_id": str(upload.id), "options": chosen, "as_of": as_of.isoformat()}
    content = [upload.sha256, upload.filename, chosen, as_of, library.edition]
    return jobs.enqueue(db, who, KIND, payload, content, anew=anew)


def work(database: Database, library: Library, job_id: UUID, lease_s: float) -> str:
    """Do a job, if it is still to be done; see ``service.attempt`` for why it may run twice."""
    return attempt(database, job_id, lease_s, lambda job, who, heart: _work(database, library, job, who, heart))


def _work(database: Database, library: Library, job: Job, who: Who, heart: Heart) -> str:
    payload: Mapping[str, Any] = job.payload
    with database.reading(who.organisation_id) as db:
        wanted = visible(Upload, who).where(Upload.id == UUID(payload["upload_id"])).options(undefer(Upload.content))
        upload = db.scalars(wanted).one()
        quotes, fx = every_series(db, who, library), fetched_fx(db, library)
    findings: Sequence[Finding] = ()
    values: dict[str, Any] = {}
    result = None
    try:
        options = Options.model_validate(payload["options"])
        read = read_file(library, upload.content, upload.filename, heart.telling("read"))
        findings = read.findings
        values["summary"] = {
            "rows_seen": read.rows_seen,
            "rows_read": read.rows_kept,
            "rows_skipped": read.rows_skipped,
        }
        as_of = dt.date.fromisoformat(payload["as_of"])
        done = assess_read(read, library, options, as_of, quotes, heart.telling("assess"), fx)
        findings, result, values["summary"] = done.findings, done.result, done.summary
    except YuetanError as refusal:
        values["reason"] = jobs.told(refusal)
    count = len(result.lines) if result else 0
    heart.telling("keep")(0, count)
    rows = line_rows(result) if result else []
    told = [finding.to_dict() for finding in findings]
    state = "done" if result else "failed"
    with database.writing(who.organisation_id) as db:
        jobs.check_right(db, who, job.kind)
        if result is not None:
            values["assessment_id"] = keep(db, who, result, rows).row.id
        if not jobs.finish(db, job.id, job.attempt, state, findings=told, **values):
            raise Lost
    heart.telling("keep")(count, count)
    return state
