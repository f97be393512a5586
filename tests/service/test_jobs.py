"""The job row is the truth: asked once, taken once, ended once, never forgotten."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from service import jobs
from service.audit.tables import AuditEvent
from service.auth import EMBEDDED, Who, visible
from service.clock import now
from service.database import Database
from service.heart import Heart, Lost
from service.refusals import Finished, NotFound, NotRetried
from service.tables import Job, JobProgress

LEASE_S = 30.0


def ask(database: Database, content: object = "x", *, anew: bool = False) -> UUID:
    with database.writing() as db:
        return jobs.enqueue(db, EMBEDDED, "assess", {"a": 1}, content, anew=anew).id


def get(database: Database, job_id: UUID) -> Job:
    with database.reading() as db:
        return db.scalars(visible(Job, EMBEDDED).where(Job.id == job_id)).one()


def claim(database: Database, job_id: UUID, lease_s: float = LEASE_S) -> Job | None:
    with database.writing() as db:
        return jobs.claim(db, job_id, lease_s)


def age(database: Database, job_id: UUID, **values: object) -> None:
    with database.writing() as db:
        db.execute(update(Job).where(Job.id == job_id).values(**values))


def test_asking_twice_is_one_job_and_one_announcement(database: Database) -> None:
    with database.writing() as db:
        first = jobs.enqueue(db, EMBEDDED, "assess", {}, ["x", 1])
        second = jobs.enqueue(db, EMBEDDED, "assess", {}, ["x", 1])
        other = jobs.enqueue(db, EMBEDDED, "assess", {}, ["x", 2])
        assert first.id == second.id != other.id
        assert jobs.taken_to_send(db) == [("assess", first.id), ("assess", other.id)]
        assert jobs.taken_to_send(db) == []


def test_two_requests_that_race_are_one_job(database: Database) -> None:
    barrier = threading.Barrier(6)

    def race(_: int) -> UUID:
        barrier.wait()
        return ask(database, "race")

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(race, range(6)))) == 1


def test_one_of_many_workers_gets_the_job(database: Database) -> None:
    job_id = ask(database)
    with ThreadPoolExecutor(6) as pool:
        taken = [job for job in pool.map(lambda _: claim(database, job_id), range(6)) if job]
    assert [(job.state, job.attempt) for job in taken] == [("running", 1)]


def test_a_lapsed_lease_is_taken_again_and_the_first_worker_can_no_longer_end_the_job(database: Database) -> None:
    job_id = ask(database)
    assert claim(database, job_id, lease_s=-1)
    again = claim(database, job_id)
    assert again is not None
    assert again.attempt == 2
    with database.writing() as db:
        assert not jobs.renew(db, job_id, 1, LEASE_S)
        assert not jobs.finish(db, job_id, 1, "done")
        assert jobs.renew(db, job_id, 2, LEASE_S)
        assert jobs.finish(db, job_id, 2, "done")
        assert not jobs.finish(db, job_id, 2, "done")
    assert claim(database, job_id) is None
    assert get(database, job_id).finished is not None


def test_after_three_attempts_a_job_is_parked_with_its_reason(database: Database) -> None:
    job_id = ask(database)
    for _ in range(jobs.MOST_ATTEMPTS):
        assert claim(database, job_id, lease_s=-1)
    assert claim(database, job_id) is None
    with database.writing() as db:
        assert jobs.sweep(db, 30) == []
    job = get(database, job_id)
    assert job.state == "parked"
    assert job.reason is not None
    assert job.reason["code"] == "job.parked"
    assert "3" in job.reason["text"]["zh"]
    assert ask(database) == job_id
    again = get(database, job_id)
    assert (again.state, again.attempt, again.reason) == ("queued", 0, None)


def test_the_sweeper_announces_what_was_forgotten_and_only_once(database: Database) -> None:
    fresh, old, lapsed, running = (ask(database, name) for name in ("fresh", "old", "lapsed", "running"))
    long_ago = now() - dt.timedelta(minutes=5)
    age(database, old, sent=long_ago)
    claim(database, lapsed, lease_s=-1)
    age(database, lapsed, sent=long_ago)
    claim(database, running)
    age(database, running, sent=long_ago)
    with database.writing() as db:
        assert set(jobs.sweep(db, 30)) == {("assess", old), ("assess", lapsed)}
    with database.writing() as db:
        assert jobs.sweep(db, 30) == []
    assert get(database, fresh).state == "queued"


def test_what_failed_is_given_back_then_parked(database: Database) -> None:
    job_id = ask(database)
    reason = {"code": "x", "text": {"zh": "", "en": ""}, "hint": {"zh": "", "en": ""}}
    for attempt in (1, 2, 3):
        assert claim(database, job_id)
        with database.writing() as db:
            jobs.give_back(db, job_id, attempt, reason)
    assert (get(database, job_id).state, get(database, job_id).reason) == ("parked", reason)


def test_a_cancelled_job_is_not_taken_and_cannot_end(database: Database) -> None:
    waiting, running = ask(database, "waiting"), ask(database, "running")
    assert claim(database, running)
    with database.writing() as db:
        for job_id in (waiting, running, running):
            assert jobs.cancel(db, EMBEDDED, job_id).state == "cancelled"
    with database.writing() as db:
        assert not jobs.finish(db, running, 1, "done")
    assert claim(database, waiting) is None
    done = ask(database, "done")
    claim(database, done)
    with database.writing() as db:
        jobs.finish(db, done, 1, "done")
    with database.writing() as db, pytest.raises(Finished):
        jobs.cancel(db, EMBEDDED, done)


def test_a_job_of_others_cannot_be_cancelled(database: Database) -> None:
    job_id = ask(database)
    with database.writing() as db, pytest.raises(NotFound):
        jobs.cancel(db, Who(uuid4(), uuid4()), job_id)
    assert get(database, job_id).state == "queued"


def test_what_did_not_end_well_is_tried_again_by_whom_and_why_is_kept(database: Database) -> None:
    job_id = ask(database)
    for _ in range(jobs.MOST_ATTEMPTS):
        job = claim(database, job_id)
        assert job is not None
        with database.writing() as db:
            jobs.give_back(db, job_id, job.attempt, {"code": "job.out_of_memory"})
    assert claim(database, job_id) is None
    with database.writing() as db, pytest.raises(NotFound):
        jobs.retry(db, Who(uuid4(), uuid4()), job_id, "x")
    with database.writing() as db:
        again = jobs.retry(db, EMBEDDED, job_id, "内存已加大")
        assert (again.state, again.attempt, again.reason) == ("queued", 0, None)
        assert jobs.taken_to_send(db) == [("assess", job_id)]
        event = db.scalars(visible(AuditEvent, EMBEDDED).where(AuditEvent.action == "job.retried")).one()
        assert event.detail["reason"] == "内存已加大"
        assert event.detail["before"] == {"state": "parked", "code": "job.out_of_memory"}
    with database.writing() as db, pytest.raises(NotRetried):
        jobs.retry(db, EMBEDDED, job_id, "x")
    job = claim(database, job_id)
    assert job is not None
    with database.writing() as db:
        jobs.finish(db, job_id, job.attempt, "done")
    with database.writing() as db, pytest.raises(NotRetried):
        jobs.retry(db, EMBEDDED, job_id, "x")


def test_a_finished_job_is_done_anew_only_on_request(database: Database) -> None:
    job_id = ask(database)
    claim(database, job_id)
    with database.writing() as db:
        jobs.finish(db, job_id, 1, "done")
    ask(database)
    assert get(database, job_id).state == "done"
    ask(database, anew=True)
    assert get(database, job_id).state == "queued"


def test_the_heart_renews_and_tells_and_notices_a_cancellation(database: Database) -> None:
    job_id = ask(database)
    job = claim(database, job_id, lease_s=0.6)
    assert job is not None
    with Heart(database, job, lease_s=0.6) as heart:
        tell = heart.telling("assess")
        tell(3, 10)
        threading.Event().wait(0.8)
        assert claim(database, job_id) is None  # the lease of 0.6 s was renewed
        with database.reading() as db:
            seen = db.scalars(visible(JobProgress, EMBEDDED)).one()
            assert (seen.stage, seen.done, seen.total) == ("assess", 3, 10)
        with database.writing() as db:
            jobs.cancel(db, EMBEDDED, job_id)
        threading.Event().wait(0.4)
        with pytest.raises(Lost):
            tell(4, 10)
