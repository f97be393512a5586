"""
Ask for work, take it, keep it, finish it.

The job row is the truth; the broker only wakes a worker up. A worker claims a
row for a while (the lease), renews the lease while it works, and ends the job
in the transaction of its effect, only if the attempt is still its own. What
was forgotten, by whomever, the sweeper finds in the rows.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.errors import YuetanError
from models.provenance import fingerprint
from service.audit.use import record
from service.auth import Who, visible
from service.clock import now
from service.identity.roles import access, rights_of
from service.refusals import Finished, NotFound, NotRetried, RightLost, StoppedTrying
from service.tables import Job, JobProgress, Person

MOST_ATTEMPTS = 3
#: Every state of a job; see ``tables.Job``.
STATES = ("queued", "running", "done", "failed", "parked", "cancelled")
#: States that a repeated request starts anew.
_AGAIN = ("parked", "cancelled")
#: States that a person may have tried again.
RETRIED = (*_AGAIN, "failed")
_TO_SEND = "jobs.to_send"
#: What whoever asked must be allowed to for the whole of a job. An errand at a partner (``pact``) is the organisation's
#: own, also where the partner asked for it: it looks whether the partner may still have what it brings.
RIGHTS = {"assess": "keep"}


def enqueue(db: Session, who: Who, kind: str, payload: dict[str, Any], content: object, *, anew: bool = False) -> Job:
    """
    Write a job, or return the one that asks for the same.

    ``content`` is what makes two requests the same. Two requests may race, so
    the row is written in a savepoint and the loser reads the winner's. With
    ``anew`` a job that has ended is done once more.
    """
    key = fingerprint({"kind": kind, "content": content})
    same = visible(Job, who).where(Job.content == key)
    found = db.scalar(same)
    if found is None:
        job = Job(
            organisation_id=who.organisation_id,
            person_id=who.person_id,
            kind=kind,
            payload=payload,
            content=key,
            sent=now(),
        )
        try:
            with db.begin_nested():
                db.add(job)
        except IntegrityError:
            found = db.scalars(same).one()
        else:
            _to_send(db, job)
            record(db, who, "job.asked", job.id, kind=kind)
            return job
    if found.state in _AGAIN or (anew and found.finished is not None):
        _anew(db, found)
        record(db, who, "job.asked", found.id, kind=kind, again=True)
    return found


def _anew(db: Session, job: Job) -> None:
    """Put a job that has ended at its beginning again."""
    job.state, job.attempt, job.reason, job.finished, job.sent = "queued", 0, None, None, now()
    _to_send(db, job)


def _to_send(db: Session, job: Job) -> None:
    """Remember to announce a job once the transaction is through."""
    db.info.setdefault(_TO_SEND, []).append((job.kind, job.id))


def taken_to_send(db: Session) -> list[tuple[str, UUID]]:
    """Return, once, kind and id of the jobs to announce after the commit."""
    found: list[tuple[str, UUID]] = db.info.pop(_TO_SEND, [])
    return found


def claim(db: Session, job_id: UUID, lease_s: float) -> Job | None:
    """Take a job that is queued, or whose worker let the lease lapse; ``None`` where there is nothing to do."""
    moment = now()
    lapsed = and_(Job.state == "running", Job.lease_until < moment)
    taken = db.scalar(
        update(Job)
        .where(Job.id == job_id, or_(Job.state == "queued", lapsed), Job.attempt < MOST_ATTEMPTS)
        .values(state="running", attempt=Job.attempt + 1, lease_until=moment + dt.timedelta(seconds=lease_s))
        .returning(Job.id)
    )
    return None if taken is None else db.get_one(Job, taken, populate_existing=True)


def check_right(db: Session, who: Who, kind: str) -> None:
    """
    Ask once more whether who asked for a job still may: before it reads, and in the transaction of its effect.

    Raises
    ------
    RightLost
        The person left, or has another role now.
    """
    right = RIGHTS.get(kind)
    if right is None:
        return
    person = db.scalar(visible(Person, who).where(Person.id == who.person_id).with_for_update(read=True))
    if person is None or not person.active or right not in rights_of(person.role):
        said = access().rights[right]
        raise RightLost(right_zh=said.zh, right_en=said.en)


def renew(db: Session, job_id: UUID, attempt: int, lease_s: float) -> bool:
    """Renew the lease; false when the job is no longer ours: taken by another, or cancelled."""
    return _mine(db, job_id, attempt, lease_until=now() + dt.timedelta(seconds=lease_s))


def finish(db: Session, job_id: UUID, attempt: int, state: str, **values: Any) -> bool:
    """End a job in the transaction of its effect; false when it is no longer ours, and then the effect must not stay."""
    return _mine(db, job_id, attempt, state=state, lease_until=None, finished=now(), **values)


def give_back(db: Session, job_id: UUID, attempt: int, reason: dict[str, Any], *, counts: bool = True) -> None:
    """
    Put a job whose attempt failed back, or park it with its reason after the last attempt.

    An attempt that does not count (the database was restarted under it) is one the job has still before it.
    """
    if not counts:
        _mine(db, job_id, attempt, state="queued", attempt=attempt - 1, lease_until=None, sent=now(), reason=reason)
    elif attempt >= MOST_ATTEMPTS:
        finish(db, job_id, attempt, "parked", reason=reason)
    else:
        _mine(db, job_id, attempt, state="queued", lease_until=None, sent=now(), reason=reason)


def go_on_later(db: Session, job_id: UUID, attempt: int) -> bool:
    """Put a long job back that got on well, for the sweeper to announce at once; the attempt does not count."""
    return _mine(db, job_id, attempt, state="queued", attempt=attempt - 1, lease_until=None, sent=None)


def still_mine(db: Session, job_id: UUID, attempt: int) -> bool:
    """Tell within the transaction of an effect whether the job is still ours; the row stays locked until its end."""
    return _mine(db, job_id, attempt, state="running")


def _mine(db: Session, job_id: UUID, held: int, **values: Any) -> bool:
    mine = and_(Job.id == job_id, Job.state == "running", Job.attempt == held)
    return db.scalar(update(Job).where(mine).values(**values).returning(Job.id)) is not None


def cancel(db: Session, who: Who, job_id: UUID) -> Job:
    """Cancel a job that has not ended; a worker that has it notices at its next heartbeat and leaves no effect."""
    job = db.scalar(visible(Job, who).where(Job.id == job_id).with_for_update())
    if job is None:
        raise NotFound
    if job.state == "cancelled":
        return job
    if job.state not in ("queued", "running"):
        raise Finished
    job.state, job.lease_until, job.finished = "cancelled", None, now()
    record(db, who, "job.cancelled", job.id)
    return job


def retry(db: Session, who: Who, job_id: UUID, reason: str) -> Job:
    """
    Have a job that did not end well done again, with the rights of whoever asks for it now.

    The trail keeps ``reason`` and the reason it had ended with.

    Raises
    ------
    NotFound, NotRetried
        No job of this organisation; it has not ended, or it ended well.
    """
    job = db.scalar(visible(Job, who).where(Job.id == job_id).with_for_update())
    if job is None:
        raise NotFound
    if job.state not in RETRIED:
        raise NotRetried
    before = {"state": job.state, "code": (job.reason or {}).get("code")}
    job.person_id = who.person_id
    _anew(db, job)
    record(db, who, "job.retried", job.id, kind=job.kind, reason=reason, before=before)
    return job


def sweep(db: Session, resend_s: float) -> list[tuple[str, UUID]]:
    """
    Park what failed too often and return kind and id of what must be announced again.

    A job is announced again when it is queued and its last announcement is old,
    or when its lease lapsed since. Announcing is noted in the same statement, so
    several sweepers do not announce one job twice.
    """
    moment = now()
    old = moment - dt.timedelta(seconds=resend_s)
    lapsed = and_(Job.state == "running", Job.lease_until < moment)
    db.execute(
        update(Job)
        .where(lapsed, Job.attempt >= MOST_ATTEMPTS)
        .values(state="parked", lease_until=None, finished=moment, reason=told(StoppedTrying(attempts=MOST_ATTEMPTS)))
    )
    # A lapsed one need not wait as long: what was announced before the lapse is not an announcement of it.
    unheard = or_(Job.sent.is_(None), Job.sent < old)
    waiting = or_(and_(Job.state == "queued", unheard), and_(lapsed, or_(unheard, Job.sent < Job.lease_until)))
    found = db.execute(update(Job).where(waiting).values(sent=moment).returning(Job.kind, Job.id)).all()
    return [(kind, job_id) for kind, job_id in found]


def report(db: Session, job: Job, stage: str, done: int, total: int | None) -> None:
    """Tell how far a job is."""
    progress = db.get(JobProgress, job.id)
    if progress is None:
        db.add(
            JobProgress(
                job_id=job.id, organisation_id=job.organisation_id, stage=stage, done=done, total=total, updated=now()
            )
        )
    else:
        progress.stage, progress.done, progress.total, progress.updated = stage, done, total, now()


def open_jobs(db: Session) -> int:
    """Return how many jobs have not ended, of all organisations: for the operator."""
    return len(db.scalars(select(Job.id).where(Job.state.in_(("queued", "running")))).all())


def told(error: YuetanError) -> dict[str, Any]:
    """Return an error as a job keeps it."""
    return {
        "code": error.code,
        "text": {"zh": error.text("zh"), "en": error.text("en")},
        "hint": {"zh": error.mend("zh"), "en": error.mend("en")},
    }
