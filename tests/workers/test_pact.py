"""A real worker does an errand at a partner, and again after a failure."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from sqlalchemy import update

from service import jobs
from service.auth import EMBEDDED
from service.child import Supervisor
from service.clock import now
from service.pact import partners
from service.pact.tables import PactErrand
from service.parts import Parts
from service.settings import Settings
from tests.service.pact.world import partner

Start = Callable[[Settings], tuple[Parts, Supervisor]]


class Partner(BaseHTTPRequestHandler):
    """Gives a token and takes events, the first time with a failure."""

    events: ClassVar[list[Any]] = []

    def do_GET(self) -> None:
        self._answer(404, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/auth/token":
            self._answer(200, b'{"access_token": "t", "token_type": "Bearer", "expires_in": 3600}')
            return
        self.events.append(json.loads(body))
        self._answer(503 if len(self.events) == 1 else 200, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def there() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Partner)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Partner.events.clear()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def until(parts: Parts, holds: Callable[[PactErrand], bool]) -> PactErrand:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with parts.database.reading() as db:
            [row] = partners.errands(db, EMBEDDED, 1)
        if holds(row):
            return row
        time.sleep(0.05)
    pytest.fail(f"the errand is {row.state} after {row.attempts} attempts: {row.reason}")


def test_an_errand_is_done_by_the_worker_and_the_sweep_brings_it_back(
    start: Start, settings: Settings, there: str
) -> None:
    parts, _ = start(settings)
    made = partner(parts, base_url=there, may_be_private=True)
    with parts.database.writing() as db:
        partners.send(db, EMBEDDED, parts.settings, made.row, partners.PUBLISHED, {"pfIds": []})
        announced = jobs.taken_to_send(db)
    parts.sender.send(announced)
    failed = until(parts, lambda row: row.attempts == 1)
    assert failed.state == "waiting"
    assert failed.next_try > now() + dt.timedelta(seconds=5)
    with parts.database.writing() as db:
        db.execute(update(PactErrand).values(next_try=now()))
    done = until(parts, lambda row: row.state == "done")
    assert done.attempts == 2
    assert [one["id"] for one in Partner.events] == [str(done.id)] * 2
