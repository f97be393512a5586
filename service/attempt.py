"""
One attempt at a job: claim it, keep it, do it, and say why where it failed.

Safe to run twice: the claim keeps a second worker out, an effect is written
under a natural key in the transaction that ends the job, and a crash leaves
nothing behind. What failed is given back with its reason and parked after the
last attempt.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from uuid import UUID

from models.errors import YuetanError
from service import jobs
from service.auth import Who
from service.database import Database
from service.heart import Heart, Lost
from service.outage import TROUBLE, is_away, meaning
from service.refusals import OutOfMemory, OutOfTime, RightLost, Unexpected
from service.tables import Job

log = logging.getLogger(__name__)

#: Does the work of a claimed job and ends it; returns what became of it, for the log.
Do = Callable[[Job, Who, Heart], str]


def attempt(database: Database, job_id: UUID, lease_s: float, do: Do) -> str:
    """Do a job, if it is still to be done; ``do`` ends it, or raises ``Lost`` or whatever went wrong."""
    with database.writing() as db:
        job = jobs.claim(db, job_id, lease_s)
        if job is None:
            return "nothing to do"
    who = Who(job.organisation_id, job.person_id)
    try:
        with Heart(database, job, lease_s) as heart:
            with database.writing(who.organisation_id) as db:
                jobs.check_right(db, who, job.kind)
            return do(job, who, heart)
    except Lost:
        return "no longer ours"
    except RightLost as lost:
        with database.writing() as db:
            jobs.finish(db, job.id, job.attempt, "failed", reason=jobs.told(lost))
        return "right lost"
    except Exception as error:
        reason, counts, failed = reason_of(error), not is_away(error), type(error).__name__
        if isinstance(reason, Unexpected):
            log.exception("job %s failed in attempt %s", job.id, job.attempt)
        else:
            log.warning("job %s failed in attempt %s: %s", job.id, job.attempt, reason.code)
    # Here and not above: what the failure held on to (a full memory) is free now.
    _give_back(database, job, reason, counts, lease_s)
    return f"failed: {failed}"


def _give_back(database: Database, job: Job, reason: YuetanError, counts: bool, lease_s: float) -> None:
    """Give a job back, as soon as the database is there again; after the lease the sweeper finds it anyway."""
    until, pause = time.monotonic() + lease_s, 0.2
    while True:
        try:
            with database.writing() as db:
                jobs.give_back(db, job.id, job.attempt, jobs.told(reason), counts=counts)
            return
        except TROUBLE:
            if time.monotonic() > until:
                raise
        time.sleep(pause)
        pause = min(2 * pause, 3.0)


def reason_of(error: Exception) -> YuetanError:
    """Return in words why an attempt failed; nothing of the exception itself is told."""
    from celery.exceptions import SoftTimeLimitExceeded

    if isinstance(error, SoftTimeLimitExceeded):
        return OutOfTime()
    if isinstance(error, MemoryError):
        return OutOfMemory()
    return meaning(error) or Unexpected()
