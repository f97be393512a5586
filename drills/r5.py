"""R5: the broker is away."""

from __future__ import annotations

import time

from sqlalchemy import select

from drills.client import ask, sheet, upload
from drills.outcome import Outcome, Scale
from drills.r1 import _open
from drills.servers import Rabbit, Redis, until
from drills.yard import Yard, there, timed
from service.tables import Job

GOAL = "jobs still accepted with 202; all run within 60 s of its return"


def run(scale: Scale) -> Outcome:
    """Stop a broker of our own for 60 s (RabbitMQ; Redis in the short version, which starts at once)."""
    out, away = Outcome(), scale.of(60, 4)
    with Redis() if scale.short else Rabbit() as broker, Yard(there("YUETAN_TEST_DATABASE_URL"), broker.url) as yard:
        web = yard.web()
        yard.workers()
        _hand_in(web.port, 0)
        until(lambda: _open(yard) == 0, 60, "a job before")
        broker.kill()
        statuses, slowest, end, number = list[int](), 0.0, time.monotonic() + away, 0
        while time.monotonic() < end:
            number += 1
            with timed() as since:
                statuses.append(_hand_in(web.port, number))
                slowest = max(slowest, since())
            time.sleep(1)
        broker.start()
        with timed() as since:
            until(lambda: _open(yard) == 0, 180, "the end of all jobs")
            took = since()
        with yard.database.reading() as db:
            done = [job.state for job in db.scalars(select(Job))].count("done")
    out.must(set(statuses) == {202}, f"answers {sorted(set(statuses))}")
    out.must(done == number + 1, f"{done} of {number + 1} done")
    out.must(took <= 60, f"all done only after {took:.0f} s")
    out.tell(
        f"{broker.name} away {away} s: {number} jobs accepted (slowest answer {slowest:.1f} s), all done {took:.0f} s after its return"
    )
    return out


def _hand_in(port: int, number: int) -> int:
    body, headers = upload(sheet(3, number * 1000), f"n{number}.csv")
    answer = ask(port, "POST", "/api/v1/uploads", body, headers)
    return answer.status if answer else 0
