"""How often somebody may ask, and that others do not notice."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from fastapi.testclient import TestClient

from service.app import create_app
from service.auth import EMBEDDED
from service.library import Library
from tests.service.conftest import installed
from tests.service.test_identity import ORIGIN, admin_of, key_for

LAW = "/api/v1/scores/policy"
SEEN = "/api/v1/jobs/00000000-0000-4000-8000-000000000009"
REDIS = os.environ.get("YUETAN_TEST_REDIS_URL", "redis://127.0.0.1:6379/9")


class Doors:
    """Applications with settings of their own."""

    def __init__(self, folder: Path, library: Library, blank: Path, stack: ExitStack) -> None:
        self.folder, self.library, self.blank, self.stack = folder, library, blank, stack

    def __call__(self, **settings: Any) -> tuple[TestClient, Any]:
        folder = self.folder / uuid4().hex
        folder.mkdir()
        made = installed(folder, self.library, self.blank, **settings)
        parts = next(made)
        self.stack.callback(lambda: next(made, None))
        app = create_app(parts=parts)
        web = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
        return self.stack.enter_context(web), parts


@pytest.fixture
def door(tmp_path: Path, library: Library, blank: Path) -> Iterator[Doors]:
    with ExitStack() as stack:
        yield Doors(tmp_path, library, blank, stack)


@pytest.fixture
def store() -> str:
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=2).ping()
    except redis.RedisError:
        if os.environ.get("YUETAN_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip("Redis does not answer")
    return REDIS


def statuses(web: TestClient, times: int, path: str = SEEN, **more: Any) -> list[int]:
    return [web.get(path, **more).status_code for _ in range(times)]


def bearer(key: str) -> dict[str, Any]:
    return {"headers": {"authorization": f"Bearer {key}"}}


def test_without_limits_nothing_is_counted(door: Doors) -> None:
    web, _ = door()
    assert 429 not in statuses(web, 200)


def test_a_client_is_held_at_its_limit_and_others_are_not(door: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    web, parts = door(sign_in="accounts", limit_client=20, limit_organisation=1000)
    one, other = key_for(parts, "exporter_viewer"), key_for(parts, "exporter_viewer")
    told = statuses(web, 30, **bearer(one))
    assert (told.count(404), told.count(429)) == (20, 10)
    assert 429 not in statuses(web, 20, **bearer(other))
    answer = web.get(SEEN, **bearer(one))
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "service.too_many"
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.json()["hint"]["zh"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    real = time.time
    monkeypatch.setattr("time.time", lambda: real() + int(answer.headers["retry-after"]) + 1)
    assert 404 in statuses(web, 1, **bearer(one))


def test_an_organisation_is_held_whoever_asks(door: Doors) -> None:
    from service.identity import use

    web, parts = door(sign_in="accounts", limit_organisation=20)
    who, _, _ = admin_of(parts)
    with parts.database.writing() as db:
        keys = [use.add_key(db, who, "test").token for _ in range(2)]
    told = [status for _ in range(15) for key in keys for status in statuses(web, 1, **bearer(key))]
    assert (told.count(404), told.count(429)) == (20, 10)


def test_files_are_counted_apart(door: Doors) -> None:
    web, _ = door(limit_uploads=3)
    told = [
        web.post("/api/v1/uploads", files={"file": (f"{n}.csv", f"a,b\n{n},2\n".encode())}).status_code
        for n in range(5)
    ]
    assert told == [202, 202, 202, 429, 429]
    assert 429 not in statuses(web, 5)


def test_attempts_to_sign_in_are_held_by_address(door: Doors) -> None:
    web, _ = door(sign_in="accounts", limit_sign_in=5)
    given = {"email": "a@example.com", "password": "wrong"}
    told = [web.post("/sign-in", data=given, headers=ORIGIN, follow_redirects=False).status_code for _ in range(8)]
    assert told[5:] == [429] * 3
    assert 429 not in told[:5]
    assert web.post("/api/v1/oauth/token", data={"grant_type": "client_credentials"}).status_code == 429
    assert web.get("/sign-in").status_code == 200


def test_nobody_asks_endlessly(door: Doors) -> None:
    web, _ = door(sign_in="accounts", limit_address=10)
    told = statuses(web, 15, **bearer("yk_guess"))
    assert told == [401] * 10 + [429] * 5
    assert web.get("/api/v1/health").status_code == 200
    answer = web.get("/pact/3/footprints")
    assert (answer.status_code, answer.json()["code"]) == (429, "TooManyRequests")


@pytest.mark.services
def test_processes_agree_where_they_share_a_store(door: Doors, store: str) -> None:
    # The same person in both: without sign-in it is the one of the installation.
    kept = redis.Redis.from_url(store)
    for key in kept.scan_iter(f"*client:{EMBEDDED.person_id}*"):
        kept.delete(key)
    webs = [door(limit_client=30, limits_at=store)[0] for _ in range(2)]
    told = [status for _ in range(20) for web in webs for status in statuses(web, 1)]
    assert (told.count(404), told.count(429)) == (30, 10)


def test_a_store_that_does_not_answer_leaves_each_process_its_own_count(door: Doors) -> None:
    web, _ = door(limit_client=5, limits_at="redis://127.0.0.1:1/0")
    assert statuses(web, 7) == [404] * 5 + [429] * 2
