"""L4: ten million lines in the background."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from drills import tasks
from drills.load import Seen, opened
from drills.outcome import Outcome, Scale
from drills.r1 import _open
from drills.yard import Group, Yard, there, timed
from service import jobs
from service.tables import Job

GOAL = "foreground p99 <= 1.5 x"
_RATE = 40.0


def run(scale: Scale) -> Outcome:
    """Ask at a steady rate before the batch and while it is computed, in blocks of a million, in a worker."""
    out, lines = Outcome(), scale.of(10_000_000, 200_000)
    with Yard(there("YUETAN_TEST_DATABASE_URL"), there("YUETAN_TEST_BROKER_URL")) as yard:
        web = yard.web()
        group = yard.workers(yuetan_worker_processes=1)
        with yard.database.writing() as db:
            tasks.ask(db, tasks.NOTHING, 0)
            warm = jobs.taken_to_send(db)
        yard.sender.send(warm)
        asyncio.run(opened(web.port, _RATE, 3))
        alone = asyncio.run(opened(web.port, _RATE, scale.of(20, 2)))
        with yard.database.writing() as db:
            tasks.ask(db, tasks.LINES, 0, ms=lines)
            announced = jobs.taken_to_send(db)
        yard.sender.send(announced)
        with timed() as since:
            seen, memory = asyncio.run(_meanwhile(yard, web.port, group))
            took = since()
        with yard.database.reading() as db:
            [job] = db.scalars(select(Job).where(Job.kind == tasks.LINES))
    ratio = seen.p(0.99) / alone.p(0.99)
    out.must(job.state == "done", f"the batch is {job.state}: {job.reason}")
    out.must(scale.short or ratio <= 1.5, f"p99 of the foreground {ratio:.2f} x")
    out.tell(
        f"{lines:,} lines in {took:.0f} s, worker at most {memory:.0f} MiB; foreground p99 {seen.p(0.99) * 1e3:.0f} ms against "
        f"{alone.p(0.99) * 1e3:.0f} alone ({ratio:.2f} x)"
    )
    return out


async def _meanwhile(yard: Yard, port: int, group: Group) -> tuple[Seen, float]:
    seen, memory = Seen(), 0.0
    for _ in range(600):
        seen.done += (await opened(port, _RATE, 1.0)).done
        memory = max(memory, group.memory_mib())
        if await asyncio.to_thread(_open, yard) == 0:
            break
    return seen, memory
