"""R1: the group of workers is killed in the middle of its jobs."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator

from drills import tasks
from drills.outcome import Outcome, Scale
from drills.servers import Redis, until
from drills.yard import PATIENCE_S, Yard, there, timed
from service import jobs

GOAL = "0 lost, 0 double effects, done 30 s after restart, on either broker"


def run(scale: Scale) -> Outcome:
    """Kill 25 times on each broker, 400 jobs each time; every fifth round with a second kill during recovery."""
    out = Outcome()
    kills, count = scale.of(25, 1), scale.of(400, 60)
    for broker in ("RabbitMQ", "Redis"):
        rng = random.Random(1)
        slowest, twice = 0.0, 0
        with _broker(broker) as url, Yard(there("YUETAN_TEST_DATABASE_URL"), url, yuetan_lease_s=3, yuetan_resend_s=3,
                  yuetan_worker_processes=4) as yard:  # fmt: skip
            tasks.prepare(yard.database)
            group = yard.workers()
            for turn in range(kills):
                before = tasks.effects(yard.database)[0]
                _ask(yard, turn, count)
                wanted = before + int(count * rng.uniform(0.05, 0.6))
                until(lambda: tasks.effects(yard.database)[0] >= wanted, PATIENCE_S, "first effects", 0.02)  # noqa: B023
                group.kill()
                with timed() as since:
                    group = yard.workers()
                    if turn % 5 == 4:
                        time.sleep(rng.uniform(0.5, 3))
                        group.kill()
                        group, twice = yard.workers(), twice + 1
                    until(lambda: _open(yard) == 0, PATIENCE_S, "the rest of the jobs")
                    slowest = max(slowest, since())
            every, distinct = tasks.effects(yard.database)
        asked = kills * count
        out.tell(
            f"{broker}: {kills + twice} kills, {asked} jobs, {asked - distinct} lost, {every - distinct} double, "
            f"slowest round done {slowest:.1f} s after restart"
        )
        out.must(distinct == asked, f"{broker}: {asked - distinct} jobs lost")
        out.must(every == distinct, f"{broker}: {every - distinct} double effects")
        out.must(slowest <= 30, f"{broker}: done only {slowest:.1f} s after restart")
    return out


@contextlib.contextmanager
def _broker(name: str) -> Iterator[str]:
    """Give the URL of the broker that is there, or of a Redis of our own: it starts at once."""
    if name == "RabbitMQ":
        yield there("YUETAN_TEST_BROKER_URL")
    else:
        with Redis() as own:
            yield own.url


def _ask(yard: Yard, turn: int, count: int) -> None:
    with yard.database.writing() as db:
        for number in range(count):
            tasks.ask(db, tasks.EFFECT, turn * count + number, ms=8)
        announced = jobs.taken_to_send(db)
    yard.sender.send(announced)


def _open(yard: Yard) -> int:
    with yard.database.reading() as db:
        return jobs.open_jobs(db)
