"""R3: the web process is killed in the middle of an upload, and between commit and publishing."""

from __future__ import annotations

import socket

from sqlalchemy import func, select

from drills.client import ask, patiently, sheet, upload
from drills.outcome import Outcome, Scale
from drills.r1 import _open
from drills.servers import free_port, until
from drills.yard import PATIENCE_S, Web, Yard, there
from service.tables import Assessment, AssessmentLine, Job, Upload

GOAL = "exactly one batch, never half a batch"
PLACES = ("mid_upload", "before_commit", "before_publish", "after_publish")
_PATH, _ROWS = "/api/v1/uploads", 40


def run(scale: Scale) -> Outcome:
    """Kill the web at each place in turn; the client retries with its key, and once more after the answer."""
    out, times = Outcome(), scale.of(50, 4)
    with Yard(
        there("YUETAN_TEST_DATABASE_URL"), there("YUETAN_TEST_BROKER_URL"), yuetan_lease_s=2, yuetan_resend_s=2
    ) as yard:
        die, port = yard.folder / "die", free_port()
        yard.workers()
        web = yard.web(port=port, drill_die=die)
        for turn in range(times):
            place = PLACES[turn % len(PLACES)]
            body, headers = upload(sheet(_ROWS, turn * 1000), f"batch-{turn}.csv")
            headers["Idempotency-Key"] = f"key-{turn}"
            if place == "mid_upload":
                _half(web, body, headers)
            else:
                die.write_text(place)
                out.must(ask(port, "POST", _PATH, body, headers) is None, f"an answer came although we died {place}")
            until(lambda: not web.alive, 10, f"the death {place}")  # noqa: B023
            web.process.wait()
            web = yard.web(port=port, drill_die=die)
            first = patiently(port, _PATH, body, headers)
            again = patiently(port, _PATH, body, headers)
            same = first.status == again.status == 202 and first.json()["id"] == again.json()["id"]
            out.must(same, f"{place}: {first.status} and {again.status}, not one batch")
        until(lambda: _open(yard) == 0, PATIENCE_S, "the end of all jobs")
        with yard.database.reading() as db:
            found = {table: db.scalar(select(func.count()).select_from(table)) for table in (Upload, Job, Assessment)}
            lines = db.scalar(select(func.count()).select_from(AssessmentLine))
            done = db.scalar(select(func.count()).select_from(Job).where(Job.state == "done"))
    out.must(
        set(found.values()) == {times} and done == times,
        f"{list(found.values())} rows, {done} done, for {times} batches",
    )
    out.must(lines == times * _ROWS, f"{lines} lines for {times * _ROWS}")
    out.tell(
        f"{times} deaths at {len(PLACES)} places: {found[Upload]} files, {found[Job]} jobs, {done} done, {lines} lines"
    )
    return out


def _half(web: Web, body: bytes, headers: dict[str, str]) -> None:
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", web.port), 10) as one:
        one.sendall(f"POST {_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{told}\r\n".encode())
        one.sendall(body[: len(body) // 2])
        web.kill()
