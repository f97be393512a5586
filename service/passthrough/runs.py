"""Runs in the background: one product or a thousand, each kept as soon as it is through."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from pydantic import Field
from sqlalchemy.orm import Session, undefer

from models.errors import Text, YuetanError
from models.inputs import Input
from models.passthrough.handed_on import HandedOn
from models.passthrough.panel import benjamini_hochberg
from models.passthrough.report import PassThrough
from models.provenance import fingerprint
from service import jobs
from service.attempt import attempt
from service.audit.use import record
from service.auth import Who, visible
from service.database import Database
from service.heart import Heart, Lost
from service.passthrough.tables import PassthroughProduct, PassthroughRun
from service.passthrough.use import EstimateAsk, estimated
from service.refusals import NotFound
from service.tables import Job, JobProgress

KIND = "passthrough"
MOST_PRODUCTS = 2000
#: After this long a run gives its worker free and goes on in another attempt: below the limit of a job's time.
PAUSE_S = 600.0
FALSE_SHARE = 0.05


class RunAsk(Input):
    """One product or many, estimated in the background. Products are told apart by the names of their prices."""

    title: str = Field(default="", max_length=200)
    products: tuple[EstimateAsk, ...] = Field(min_length=1, max_length=MOST_PRODUCTS)


class SameProduct(YuetanError):
    """Two products of a run with one name."""

    code = "passthrough.same_product"
    message = Text("产品“{name}”出现两次。", "The product '{name}' occurs twice.")
    hint = Text("请给每个产品、牌号和地点不同的名称。", "Give each product, grade and place a name of its own.")


class NoSuchEstimate(YuetanError):
    """An estimate that is not there, or tells no rate."""

    code = "passthrough.no_such_estimate"
    message = Text(
        "所选的传导率估计不存在，或没有相对全额成本的有界区间。",
        "The estimate chosen is not there, or has no bounded set.",
    )
    hint = Text(
        "请在列表中重选，或在“传导率”页重新估计。",
        "Choose one of the list, or estimate anew on the page of pass-through.",
    )


class Seen(NamedTuple):
    """A run as its owner sees it."""

    run: PassthroughRun
    job: Job | None
    progress: JobProgress | None
    products: Sequence[PassthroughProduct]
    discoveries: dict[int, dict[str, Any]]


def ask_run(db: Session, who: Who, asked: RunAsk) -> PassthroughRun:
    """
    Keep a question and ask for its run; the same question is one run, and one that was given up goes on.

    Raises
    ------
    SameProduct
        Two products have one name.
    """
    names = [one.price.name for one in asked.products]
    for name in names:
        if names.count(name) > 1:
            raise SameProduct(field="products", name=name)
    plain = [one.model_dump(mode="json") for one in asked.products]
    key = fingerprint([KIND, asked.title, plain])
    found = db.scalar(visible(PassthroughRun, who).where(PassthroughRun.key == key))
    if found is None:
        found = PassthroughRun(
            organisation_id=who.organisation_id,
            person_id=who.person_id,
            key=key,
            title=asked.title or names[0],
            products=len(names),
        )
        db.add(found)
        db.flush()
        db.add_all(
            PassthroughProduct(
                organisation_id=who.organisation_id, run_id=found.id, number=number, name=name, asked=one
            )
            for number, (name, one) in enumerate(zip(names, plain, strict=True))
        )
        db.flush()
    payload = {"run": str(found.id), "page": f"/passthrough/runs/{found.id}"}
    found.job_id = jobs.enqueue(db, who, KIND, payload, key).id
    record(db, who, "passthrough.asked", found.id, products=found.products)
    return found


def work(database: Database, job_id: UUID, lease_s: float) -> str:
    """Do a run, or what is left of it; see ``service.attempt`` for why it may run twice."""
    return attempt(database, job_id, lease_s, lambda job, who, heart: _work(database, job, who, heart))


def _work(database: Database, job: Job, who: Who, heart: Heart, clock: Callable[[], float] = time.monotonic) -> str:
    run_id, began = UUID(job.payload["run"]), clock()
    with database.reading(who.organisation_id) as db:
        of_run = visible(PassthroughProduct, who).where(PassthroughProduct.run_id == run_id)
        rows = [(row.number, row.state) for row in db.scalars(of_run.order_by(PassthroughProduct.number))]
    waiting = [number for number, state in rows if state == "waiting"]
    tell = heart.telling("estimate")
    for at, number in enumerate(waiting, start=len(rows) - len(waiting)):
        if clock() - began > PAUSE_S:
            with database.writing() as db:
                jobs.go_on_later(db, job.id, job.attempt)
            return f"paused at {at} of {len(rows)}"
        tell(at, len(rows))
        _one(database, who, job, run_id, number)
    with database.writing(who.organisation_id) as db:
        summary = _close(db, who, run_id)
        if not jobs.finish(db, job.id, job.attempt, "done", summary=summary):
            raise Lost
    tell(len(rows), len(rows))
    return "done"


def _one(database: Database, who: Who, job: Job, run_id: UUID, number: int) -> None:
    """Estimate one product and keep it, unless the job is no longer ours."""
    mine = visible(PassthroughProduct, who).where(
        PassthroughProduct.run_id == run_id, PassthroughProduct.number == number
    )
    with database.reading(who.organisation_id) as db:
        asked = db.scalars(mine.options(undefer(PassthroughProduct.asked))).one().asked
    state, result, head = "done", None, dict[str, Any]()
    try:
        found = estimated(EstimateAsk.model_validate(asked))
        result, head = found.data(), head_of(found)
    except YuetanError as refusal:
        state, head = "refused", jobs.told(refusal)
    with database.writing(who.organisation_id) as db:
        if not jobs.still_mine(db, job.id, job.attempt):
            raise Lost
        row = db.scalars(mine).one()
        row.state, row.head, row.result = state, head, result


def head_of(found: PassThrough) -> dict[str, Any]:
    """Return the line of a list; a D has no point value in it."""
    bounded = found.within.bounded
    p = found.rate.p_of(0.0)
    full, ends, _ = found.rate_against("full")
    return {
        "name_en": found.sample.said(found.sample.product).en,
        "grade": found.grade.letter,
        "theta": found.theta,
        "low": found.within.low if bounded else None,
        "high": found.within.high if bounded else None,
        "shape": found.within.shape,
        # Against full cost, for what compares with it; none where the set is unbounded or full cost is not known.
        "full": None if ends is None else {"theta": full, "low": ends[0], "high": ends[1]},
        "alpha": found.alpha,
        "bounds": found.bounds.verdict,
        "nobs": found.model.fit.nobs,
        "p_zero": p if np.isfinite(p) else None,
        "verdict": found.verdict()._asdict(),
    }


def _close(db: Session, who: Who, run_id: UUID) -> dict[str, int]:
    """Adjust for false discoveries over the products that could be estimated, and count what became of all."""
    of_run = visible(PassthroughProduct, who).where(PassthroughProduct.run_id == run_id)
    rows = db.scalars(of_run.order_by(PassthroughProduct.number)).all()
    tested = [
        (row, row.head["p_zero"]) for row in rows if row.state == "done" and row.head and row.head["p_zero"] is not None
    ]
    run = db.scalars(visible(PassthroughRun, who).where(PassthroughRun.id == run_id)).one()
    run.discoveries = []
    if tested:
        p = np.array([value for _, value in tested])
        found = benjamini_hochberg(tuple(row.name for row, _ in tested), p, FALSE_SHARE)
        run.discoveries = [
            {"number": row.number, "p": value, "adjusted": float(adjusted), "stands": stands}
            for (row, value), adjusted, stands in zip(tested, found.adjusted, found.stands, strict=True)
        ]
    done = sum(row.state == "done" for row in rows)
    record(db, who, "passthrough.done", run_id, done=done, refused=len(rows) - done)
    return {"products": len(rows), "done": done, "refused": len(rows) - done}


def runs(db: Session, who: Who, most: int = 20) -> Sequence[PassthroughRun]:
    """Return the newest runs."""
    ordered = visible(PassthroughRun, who).order_by(PassthroughRun.created.desc(), PassthroughRun.id)
    return db.scalars(ordered.limit(most)).all()


def seen(db: Session, who: Who, run_id: UUID) -> Seen:
    """Return a run with its products; ``NotFound`` where there is none to see."""
    wanted = visible(PassthroughRun, who).where(PassthroughRun.id == run_id)
    run = db.scalar(wanted.options(undefer(PassthroughRun.discoveries)).execution_options(populate_existing=True))
    if run is None:
        raise NotFound
    job = db.scalar(visible(Job, who).where(Job.id == run.job_id))
    progress = db.scalar(visible(JobProgress, who).where(JobProgress.job_id == run.job_id))
    of_run = visible(PassthroughProduct, who).where(PassthroughProduct.run_id == run_id)
    rows = db.scalars(of_run.order_by(PassthroughProduct.number)).all()
    return Seen(run, job, progress, rows, {one["number"]: one for one in run.discoveries or ()})


def bounded(db: Session, who: Who, most: int = 50) -> Sequence[tuple[PassthroughRun, PassthroughProduct]]:
    """Return estimates with a bounded set against full cost, newest first."""
    newest = {run.id: run for run in runs(db, who)}
    rows = db.scalars(
        visible(PassthroughProduct, who).where(
            PassthroughProduct.run_id.in_(newest), PassthroughProduct.state == "done", PassthroughProduct.number < most
        )
    ).all()
    told = [(newest[row.run_id], row) for row in rows if row.head and row.head["full"]]
    return sorted(told, key=lambda pair: (-pair[0].created.timestamp(), pair[1].number))[:most]


def choices_of(db: Session, who: Who, lang: str) -> list[tuple[str, str]]:
    """Return the estimates that others can be put beside: address within the runs, and name with grade and day."""
    return [
        (f"{run.id}/{row.number}", f"{name_of(row, lang)} ({row.head['grade']}, {run.created:%Y-%m-%d})")
        for run, row in bounded(db, who)
        if row.head
    ]


def name_of(row: PassthroughProduct, lang: str) -> str:
    """Return what a product is called in a language; what was kept before had one name."""
    return str((row.head or {}).get("name_en") or row.name) if lang == "en" else row.name


def rate_of(db: Session, who: Who, chosen: str) -> HandedOn:
    """
    Return a chosen estimate against full cost, as finance and the exporter's split take it.

    Parameters
    ----------
    chosen : str
        Of ``choices_of``: run and number.

    Raises
    ------
    NoSuchEstimate
        There is none to see, or its set is unbounded.
    """
    run_id, _, number = chosen.partition("/")
    try:
        found = product(db, who, UUID(run_id), int(number[:6])).result
    except (ValueError, NotFound):
        found = None
    rate = found and found["rates"]["full"]
    if not rate:
        raise NoSuchEstimate(field="estimate")
    return HandedOn.model_validate(rate)


def product(db: Session, who: Who, run_id: UUID, number: int) -> PassthroughProduct:
    """Return one product with its question and result; ``NotFound`` where there is none to see."""
    wanted = visible(PassthroughProduct, who).where(
        PassthroughProduct.run_id == run_id, PassthroughProduct.number == number
    )
    row = db.scalar(wanted.options(undefer(PassthroughProduct.asked), undefer(PassthroughProduct.result)))
    if row is None:
        raise NotFound
    return row
