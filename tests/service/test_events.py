"""A job tells of itself until it ends, to those who may see it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from service import jobs
from service.app import create_app
from service.auth import EMBEDDED, Who
from service.batch import events
from service.identity import use
from service.library import Library
from service.parts import Parts
from tests.service.conftest import installed
from tests.service.test_identity import admin_of, key_for


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "EVERY_S", 0.02)


def asked(parts: Parts, who: Who = EMBEDDED, what: str = "x") -> UUID:
    with parts.database.writing(who.organisation_id) as db:
        return jobs.enqueue(db, who, "test", {}, what).id


def after(web: TestClient, work: Any) -> threading.Thread:
    """Work once somebody listens."""
    streams: Any = web.app.state.streams  # type: ignore[attr-defined]

    def late() -> None:
        while not streams:
            time.sleep(0.02)
        time.sleep(0.5)
        work()

    thread = threading.Thread(target=late)
    thread.start()
    return thread


def told(text: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = [block for block in text.split("\n\n") if block.startswith("event: ")]
    return [(b.split("\n")[0][7:], json.loads(b.split("\n")[1][6:])) for b in blocks]


def test_a_job_tells_until_it_ends(client: TestClient, parts: Parts) -> None:
    job_id = asked(parts)

    def goes_on() -> None:
        with parts.database.writing() as db:
            job = jobs.claim(db, job_id, 30)
            assert job is not None
            jobs.report(db, job, "read", 5, 10)
        time.sleep(1.0)
        with parts.database.writing() as db:
            jobs.finish(db, job_id, 1, "done")

    thread = after(client, goes_on)
    answer = client.get(f"/api/v1/jobs/{job_id}/events")
    thread.join()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    seen = told(answer.text)
    assert [name for name, _ in seen] == ["progress", "progress", "end"]
    assert [one["state"] for _, one in seen] == ["queued", "running", "done"]
    assert seen[1][1]["progress"] == {"stage": "read", "done": 5, "total": 10}
    # A job that is over says so at once.
    assert [name for name, _ in told(client.get(f"/api/v1/jobs/{job_id}/events").text)] == ["end"]
    assert client.get("/api/v1/jobs/00000000-0000-4000-8000-000000000001/events").status_code == 404
    assert client.app.state.streams == {}  # type: ignore[attr-defined]


def test_one_person_opens_so_many_at_a_time(client: TestClient, parts: Parts) -> None:
    job_id = asked(parts)
    client.app.state.streams[EMBEDDED.person_id] = events.MOST_STREAMS  # type: ignore[attr-defined]
    answer = client.get(f"/api/v1/jobs/{job_id}/events")
    assert (answer.status_code, answer.json()["code"]) == (429, "service.too_many")
    assert answer.headers["retry-after"]


@pytest.fixture
def accounts(tmp_path: Path, library: Library, blank: Path) -> Iterator[Parts]:
    yield from installed(tmp_path, library, blank, sign_in="accounts")


def test_it_stops_when_the_right_is_taken_away(accounts: Parts) -> None:
    who, _, _ = admin_of(accounts)
    with accounts.database.writing() as db:
        made = use.add_key(db, who, "x")
    job_id = asked(accounts, who)

    def revoked() -> None:
        with accounts.database.writing() as db:
            use.remove_key(db, who, made.row.id)

    with TestClient(create_app(parts=accounts), base_url="http://127.0.0.1") as web:
        head = {"authorization": f"Bearer {made.token}"}
        stranger = {"authorization": f"Bearer {key_for(accounts, 'exporter_viewer')}"}
        assert web.get(f"/api/v1/jobs/{job_id}/events", headers=stranger).status_code == 404
        thread = after(web, revoked)
        seen = told(web.get(f"/api/v1/jobs/{job_id}/events", headers=head).text)
        thread.join()
    assert seen[0][1]["state"] == "queued"
    assert seen[-1] == ("end", {})
