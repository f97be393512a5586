"""R7: every message comes twice."""

from __future__ import annotations

import random

from drills import tasks
from drills.outcome import Outcome, Scale
from drills.r1 import _open
from drills.servers import until
from drills.yard import PATIENCE_S, Yard, there, timed
from service import jobs

GOAL = "1,000 effects for 1,000 jobs"


def run(scale: Scale) -> Outcome:
    """Publish each message twice, in another order, to four workers."""
    out, count = Outcome(), scale.of(1000, 100)
    with Yard(there("YUETAN_TEST_DATABASE_URL"), there("YUETAN_TEST_BROKER_URL"), yuetan_worker_processes=4) as yard:
        tasks.prepare(yard.database)
        with yard.database.writing() as db:
            for number in range(count):
                tasks.ask(db, tasks.EFFECT, number)
            announced = jobs.taken_to_send(db)
        doubled = announced * 2
        random.Random(7).shuffle(doubled)
        yard.sender.send(doubled)
        with timed() as since:
            yard.workers()
            until(lambda: _open(yard) == 0, PATIENCE_S, "the end of all jobs")
            took = since()
        every, distinct = tasks.effects(yard.database)
    out.tell(f"{2 * count} messages, {count} jobs, {every} effects of {distinct} jobs in {took:.1f} s")
    out.must(every == distinct == count, f"{every} effects of {distinct} jobs")
    return out
