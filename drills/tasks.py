"""
Jobs that misbehave, for workers of drills alone: ``python -m drills.tasks`` is a worker that knows them too.

``effect`` leaves a row in a table without any rule against doubles, so that a
second effect would be seen; the others eat memory, or never end.
"""

from __future__ import annotations

import os
import sys
import time
from uuid import UUID

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from service import jobs
from service.attempt import attempt
from service.auth import EMBEDDED, Who
from service.broker import TASKS
from service.database import Database
from service.heart import Heart, Lost
from service.tables import Job

EFFECT, EAT, SPIN, DEAF, NOTHING, LINES = (
    f"drill.{name}" for name in ("effect", "eat", "spin", "deaf", "nothing", "lines")
)
KINDS = (EFFECT, EAT, SPIN, DEAF, NOTHING, LINES)
TASKS.update({kind: f"yuetan.{kind}" for kind in KINDS})

#: A task that is no job.
NO_OP = "yuetan.drill.no_op"
_TABLE = "CREATE TABLE IF NOT EXISTS drill_effect (job_id uuid NOT NULL, attempt integer NOT NULL)"


def prepare(database: Database) -> None:
    """Make the table of effects."""
    with database.writing() as db:
        db.execute(text(_TABLE))


def ask(db: Session, kind: str, number: int, ms: float = 0.0) -> Job:
    """Ask for a job."""
    return jobs.enqueue(db, EMBEDDED, kind, {"ms": ms}, [kind, number])


def effects(database: Database) -> tuple[int, int]:
    """Return how many effects there are, and of how many jobs."""
    with database.reading() as db:
        every, jobs_of = db.execute(text("SELECT count(*), count(DISTINCT job_id) FROM drill_effect")).one()
    return every, jobs_of


def work(database: Database, job_id: UUID, lease_s: float) -> str:
    """Do a job of a drill, in the frame of every job."""

    def do(job: Job, _: Who, heart: Heart) -> str:
        if job.kind == NOTHING:
            _log()
        if job.kind == EAT:
            eaten = []
            while True:
                eaten.append(np.empty(8 << 20))  # not touched: the limit is of address space
        if job.kind == LINES:
            _lines(int(job.payload["ms"]), heart)
        tell = heart.telling("drill") if job.payload["ms"] > 100 and job.kind != LINES else None
        end = time.monotonic() + (job.payload["ms"] / 1000 if job.kind == EFFECT else 0)
        while job.kind in (SPIN, DEAF) or time.monotonic() < end:
            if job.kind == DEAF:
                _deaf()
            if tell is not None:
                tell(0, 0)
            time.sleep(0.005)
        with database.writing() as db:
            if job.kind == EFFECT:
                db.execute(text("INSERT INTO drill_effect VALUES (:id, :n)"), {"id": job.id, "n": job.attempt})
            if not jobs.finish(db, job.id, job.attempt, "done"):
                raise Lost
        return "done"

    return attempt(database, job_id, lease_s, do)


def _lines(count: int, heart: Heart) -> None:
    """Work out what many import lines owe, a million at a time."""
    from benchmarks.lines import make
    from cbam.frame import assess_frame

    case, tell = make(min(count, 1_000_000)), heart.telling("assess")
    for begin in range(0, count, 1_000_000):
        assess_frame(case.frame.copy(), case.book, case.pricing)
        tell(begin, count)


def _log() -> None:
    """Note that something has begun, where a benchmark asks for it."""
    if "DRILL_LOG" in os.environ:
        with open(os.environ["DRILL_LOG"], "ab") as log:  # noqa: PTH123 - one short write, whole or not at all
            log.write(f"{time.time()}\n".encode())


def _deaf() -> None:
    """Never end, whatever is said."""
    from celery.exceptions import SoftTimeLimitExceeded

    while True:
        try:
            time.sleep(0.05)
        except SoftTimeLimitExceeded:
            continue


def register() -> None:
    """Let a worker know these jobs."""
    from workers.app import app, parts, settings

    def run(job_id: str) -> str:
        return work(parts().database, UUID(job_id), settings.lease_s)

    for kind in KINDS:
        app.task(name=TASKS[kind])(run)

    @app.task(name=NO_OP)
    def no_op() -> None:
        """What a job is compared with: nothing at all."""
        _log()


if __name__ == "__main__":
    register()
    from workers.__main__ import QUIET
    from workers.app import app

    app.worker_main(["--quiet", "worker", "--pool=prefork", "--loglevel=ERROR", *QUIET, *sys.argv[1:]])
