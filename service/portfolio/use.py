"""A loan book as jobs: one that splits it, one for each partition, and a last one that merges; workers share them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session, undefer

from models.errors import Text, YuetanError
from models.provenance import fingerprint
from service import jobs
from service.attempt import attempt
from service.audit.use import record
from service.auth import Who, visible
from service.finance.use import Question
from service.heart import Heart, Lost
from service.library import Library
from service.parts import Parts
from service.policy.use import card_of
from service.portfolio.run import plan_of, planned, whole, worked
from service.portfolio.store import Store
from service.prices.use import own_market
from service.refusals import NotFound
from service.settings import Settings
from service.tables import Job, Upload

PLAN, PART, MERGE = "portfolio", "portfolio_part", "portfolio_merge"


class NotDone(YuetanError):
    code = "portfolio.not_done"
    message = Text("贷款簿还没有算完。", "The loan book is not worked out yet.")
    hint = Text("请稍后再看；进度在本页。", "Look again in a moment; its page tells how far it is.")


State = Literal["queued", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Run:
    """A book being worked out: partitions done and in all, none before it is split."""

    job: Job
    state: State
    done: int
    parts: int | None
    reason: Mapping[str, Any] | None


def store_of(settings: Settings) -> Store:
    """Return where the partitions of this installation lie."""
    return Store(settings.portfolio_store or str(settings.data_dir / "portfolio"))


def folder_of(who: Who, run: UUID) -> str:
    """Return the folder of a run; every organisation has its own."""
    return f"{who.organisation_id}/{run}"


def ask(
    db: Session, who: Who, library: Library, loans: Upload, borrowers: Upload, asked: Question, today: dt.date
) -> Job:
    """Ask for a book; the same files and choices on one day and under one policy are one job."""
    card = card_of(db, who, library, today)
    payload = {
        "loans": str(loans.id), "borrowers": str(borrowers.id), "asked": asked.model_dump(mode="json"),
        "today": today.isoformat(),
    }  # fmt: skip
    content = [loans.sha256, borrowers.sha256, payload["asked"], today, library.edition, card.policy_hash]
    return jobs.enqueue(db, who, PLAN, payload, content)


def run_of(db: Session, who: Who, run: UUID, settings: Settings) -> Run:
    """Return how far a book is."""
    job = db.scalar(visible(Job, who).where(Job.id == run, Job.kind == PLAN))
    if job is None:
        raise NotFound
    if job.state in ("failed", "parked", "cancelled"):
        return Run(job, "failed", 0, None, job.reason)
    if job.state != "done":
        return Run(job, "queued" if job.state == "queued" else "running", 0, None, None)
    plan = plan_of(store_of(settings), folder_of(who, run))
    rows = list(db.scalars(visible(Job, who).where(Job.content.in_(_contents(run, plan.parts)))).all())
    bad = next((one for one in rows if one.state in ("failed", "parked", "cancelled")), None)
    done = sum(one.kind == PART and one.state == "done" for one in rows)
    if bad is not None:
        return Run(job, "failed", done, plan.parts, bad.reason)
    ended = any(one.kind == MERGE and one.state == "done" for one in rows)
    return Run(job, "done" if ended else "running", done, plan.parts, None)


def runs(db: Session, who: Who, limit: int) -> list[Job]:
    """Return the books asked for last."""
    query = visible(Job, who).where(Job.kind == PLAN).order_by(Job.created.desc(), Job.id).limit(limit)
    return list(db.scalars(query).all())


def summary(db: Session, who: Who, run: UUID, settings: Settings) -> dict[str, Any]:
    """
    Return the whole of a book.

    Raises
    ------
    NotDone
        It is not worked out yet.
    """
    if run_of(db, who, run, settings).state != "done":
        raise NotDone
    store, folder = store_of(settings), folder_of(who, run)
    return whole(store, folder, plan_of(store, folder))


def loans_file(db: Session, who: Who, run: UUID, part: int, settings: Settings) -> bytes:
    """Return the loans of a partition as a Parquet file."""
    found = run_of(db, who, run, settings)
    if found.state != "done":
        raise NotDone
    path = f"{folder_of(who, run)}/out/loans-{part:05d}.parquet"
    store = store_of(settings)
    if not store.has(path):
        raise NotFound
    return store.read(path)


def work_plan(here: Parts, job_id: UUID) -> str:
    """Split the book of a job and ask for its partitions, in the transaction that ends the job."""

    def do(job: Job, who: Who, heart: Heart) -> None:
        payload, library = job.payload, here.library
        today = dt.date.fromisoformat(payload["today"])
        with here.database.reading(who.organisation_id) as db:
            loans, borrowers = (_content_of(db, who, UUID(payload[name])) for name in ("loans", "borrowers"))
            market, card = own_market(db, who, library), card_of(db, who, library, today)
        asked = Question.model_validate(payload["asked"], strict=False)
        store, tell = store_of(here.settings), heart.telling("read")
        planned(
            store,
            folder_of(who, job.id),
            loans,
            borrowers,
            asked,
            library,
            market,
            card,
            today,
            tell=lambda _, done, total: tell(done, total),
        )

    def then(db: Session, job: Job, who: Who) -> None:
        plan = plan_of(store_of(here.settings), folder_of(who, job.id))
        for part in range(plan.parts):
            payload = {"run": str(job.id), "part": part}
            jobs.enqueue(db, who, PART, payload, _part(job.id, part))

    return _job(here, job_id, do, then)


def work_part(here: Parts, job_id: UUID) -> str:
    """Work one partition out; whoever ends the last one asks for the merge."""

    def do(job: Job, who: Who, heart: Heart) -> None:
        store, folder = store_of(here.settings), folder_of(who, UUID(job.payload["run"]))
        heart.telling("assess")(0, 1)
        worked(store, folder, plan_of(store, folder), job.payload["part"], here.library)

    def then(db: Session, job: Job, who: Who) -> None:
        run = UUID(job.payload["run"])
        # Two that end at once are told apart by the row of the run.
        db.scalar(visible(Job, who).where(Job.id == run).with_for_update())
        plan = plan_of(store_of(here.settings), folder_of(who, run))
        parts = db.scalars(visible(Job, who).where(Job.content.in_(_contents(run, plan.parts)), Job.kind == PART)).all()
        if all(one.state == "done" or one.id == job.id for one in parts):
            jobs.enqueue(db, who, MERGE, {"run": str(run)}, _merge(run))

    return _job(here, job_id, do, then)


def work_merge(here: Parts, job_id: UUID) -> str:
    """Merge the partitions, once every one of them is there."""

    def do(job: Job, who: Who, _: Heart) -> None:
        store, folder = store_of(here.settings), folder_of(who, UUID(job.payload["run"]))
        whole(store, folder, plan_of(store, folder))

    def then(db: Session, job: Job, who: Who) -> None:
        record(db, who, "portfolio.done", job.payload["run"])

    return _job(here, job_id, do, then)


def _job(
    here: Parts,
    job_id: UUID,
    do: Callable[[Job, Who, Heart], None],
    then: Callable[[Session, Job, Who], None],
) -> str:
    """Do a job; a refusal ends it with its reason, and what follows from it is asked for in the transaction that ends it."""

    def act(job: Job, who: Who, heart: Heart) -> str:
        refusal: YuetanError | None = None
        try:
            do(job, who, heart)
        except YuetanError as error:
            refusal = error
        values = {} if refusal is None else {"reason": jobs.told(refusal)}
        state = "done" if refusal is None else "failed"
        with here.database.writing(who.organisation_id) as db:
            if not jobs.finish(db, job.id, job.attempt, state, **values):
                raise Lost
            if refusal is None:
                then(db, job, who)
        here.sender.send(jobs.taken_to_send(db))
        return state

    return attempt(here.database, job_id, here.settings.lease_s, act)


def _content_of(db: Session, who: Who, upload: UUID) -> bytes:
    row = db.scalars(visible(Upload, who).where(Upload.id == upload).options(undefer(Upload.content))).one()
    return row.content


def _part(run: UUID, part: int) -> list[Any]:
    return [str(run), part]


def _merge(run: UUID) -> list[Any]:
    return [str(run), "merge"]


def _contents(run: UUID, parts: int) -> list[str]:
    """Return what tells the jobs of a run from all others."""
    of = [fingerprint({"kind": PART, "content": _part(run, part)}) for part in range(parts)]
    return [*of, fingerprint({"kind": MERGE, "content": _merge(run)})]
