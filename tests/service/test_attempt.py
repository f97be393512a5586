"""An attempt that fails says why, and an outage is told as one: come again, or make room."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from service import jobs
from service.app import create_app
from service.attempt import attempt
from service.auth import Who
from service.database import Database
from service.errors import domain_problem
from service.heart import Heart
from service.identity.door import _KEY_PREFIX
from service.outage import meaning
from service.parts import Parts
from service.refusals import NotReady
from service.settings import Settings
from service.tables import Job
from tests.service.conftest import Silent
from tests.service.test_jobs import ask, get

AWAY = "postgresql://nobody@127.0.0.1:1/nothing"


class Gone(Exception):
    sqlstate = "57P01"


def failing(error: BaseException) -> Callable[[Job, Who, Heart], str]:
    def do(*_: Any) -> str:
        raise error

    return do


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "job.out_of_memory"),
        (SoftTimeLimitExceeded(), "job.out_of_time"),
        (ValueError("secret"), "service.unexpected"),
    ],
)
def test_what_fails_three_times_is_parked_with_its_reason(database: Database, error: Exception, code: str) -> None:
    job_id = ask(database)
    for _ in range(jobs.MOST_ATTEMPTS):
        assert get(database, job_id).state == "queued"
        assert attempt(database, job_id, 5.0, failing(error)) == f"failed: {type(error).__name__}"
    job = get(database, job_id)
    assert (job.state, job.attempt) == ("parked", 3)
    assert job.reason is not None
    assert job.reason["code"] == code
    assert "secret" not in str(job.reason)
    assert attempt(database, job_id, 5.0, failing(error)) == "nothing to do"


def test_an_attempt_that_the_database_broke_off_does_not_count(database: Database) -> None:
    job_id = ask(database)
    broken = OperationalError("SELECT 1", None, Gone())
    for _ in range(2 * jobs.MOST_ATTEMPTS):
        attempt(database, job_id, 5.0, failing(broken))
    assert (get(database, job_id).state, get(database, job_id).attempt) == ("queued", 0)


@pytest.mark.parametrize("sign_in", ["off", "accounts"])
def test_a_database_that_is_away_is_503_wherever_it_is_missed(tmp_path: Path, parts: Parts, sign_in: str) -> None:
    settings = Settings(data_dir=tmp_path, worker="none", sign_in=sign_in, secret="s" * 32)  # type: ignore[arg-type]
    database = Database(parts.database.url)
    here = Parts(settings, database, parts.library, Silent(settings))
    with TestClient(create_app(parts=here), base_url="http://127.0.0.1", raise_server_exceptions=False) as web:
        database.dispose()
        database.url = AWAY
        token = {"Authorization": "Bearer " + ("s" * 32 if sign_in == "off" else f"{_KEY_PREFIX}x")}
        keyed = token | {"Idempotency-Key": "a"}
        for answer in (
            web.get("/api/v1/assessments", headers=token),
            web.post("/api/v1/assessments", json={}, headers=keyed),
            web.get("/", headers=token),
        ):
            assert answer.status_code == 503, (answer.url, answer.text)
            assert answer.headers["retry-after"] == "5"
        assert web.get("/api/v1/health").status_code == 200
    database.dispose()


def test_a_full_disk_is_507_and_other_failures_of_files_are_ours() -> None:
    full = meaning(OSError(errno.ENOSPC, "full"))
    assert full is not None
    answer = domain_problem(full, "en")
    assert (answer.status_code, answer.headers["retry-after"]) == (507, "5")
    assert isinstance(meaning(OperationalError("x", None, Gone())), NotReady)
    assert meaning(OSError(errno.EACCES, "no")) is None
    assert meaning(ValueError()) is None
