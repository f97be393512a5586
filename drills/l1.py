"""L1: a steady load for ten minutes at 60 % of the peak."""

from __future__ import annotations

import asyncio

from sqlalchemy import func, select

from drills.load import Seen, closed, opened, ratios, shown
from drills.outcome import Outcome, Scale
from drills.r1 import _open
from drills.servers import until
from drills.yard import PATIENCE_S, Web, Yard, there
from service.tables import Assessment

GOAL = "0 5xx, 0 lost jobs, last-minute p99 <= 1.25 x first, memory growth <= 5 %"


def peak(port: int, seconds: float, connections: int = 16) -> tuple[float, Seen]:
    """Return the requests a second that some connections get at most, after a warm-up."""
    asyncio.run(closed(port, connections, min(seconds, 5)))
    seen = asyncio.run(closed(port, connections, seconds))
    return len(seen.done) / seconds, seen


def run(scale: Scale) -> Outcome:
    """Measure the peak, then ask at 60 % of it, whatever is answered; small uploads beside it."""
    out = Outcome()
    seconds = scale.minutes * 60
    with Yard(there("YUETAN_TEST_DATABASE_URL"), there("YUETAN_TEST_BROKER_URL")) as yard:
        web = yard.web()
        yard.workers(yuetan_worker_processes=1)
        most, _ = peak(web.port, scale.of(20, 2))
        seen, memory, asked = asyncio.run(_load(web, 0.6 * most, seconds))
        until(lambda: _open(yard) == 0, PATIENCE_S, "the end of all jobs")
        with yard.database.reading() as db:
            files = db.scalar(select(func.count()).select_from(Assessment).where(Assessment.kind == "submission"))
    begun = min(one.due for one in seen.done)
    # The first minute after the one in which caches fill.
    part = seconds / 10
    minutes = [seen.between(begun + start, begun + start + part).p(0.99) for start in (part, seconds - part)]
    ratio, growth = ratios(minutes), memory[-1] / memory[0] - 1
    wrong = {status: count for status, count in seen.statuses().items() if status == 0 or status >= 500}
    out.must(not wrong, f"answers {wrong}")
    out.must(seen.unsent == 0, f"{seen.unsent} requests could not be sent")
    out.must(files == asked, f"{files} of {asked} jobs done")
    out.must(scale.short or ratio <= 1.25, f"p99 of the last minute {ratio:.2f} x the first")
    out.must(scale.short or growth <= 0.05, f"memory grew by {growth:.1%}")
    out.tell(
        f"peak {most:.0f}/s; {scale.minutes:g} min at {0.6 * most:.0f}/s: {shown(seen.statuses())}; {asked} jobs, all done; "
        f"p99 {minutes[0] * 1e3:.0f} ms in the first minute, {minutes[1] * 1e3:.0f} in the last ({ratio:.2f} x); "
        f"memory {memory[0]:.0f} to {memory[-1]:.0f} MiB ({growth:+.1%})"
    )
    return out


async def _load(web: Web, rate: float, seconds: float) -> tuple[Seen, list[float], int]:
    memory, asked = list[float](), 0

    async def beside() -> None:
        nonlocal asked
        from drills.client import sheet, upload

        await asyncio.sleep(seconds * 0.1)
        while True:
            memory.append(web.memory_mib())
            body, headers = upload(sheet(20, asked * 1000), f"l{asked}.csv")
            answer = await asyncio.to_thread(_post, web.port, body, headers)
            asked += answer
            await asyncio.sleep(max(seconds / 60, 1))

    side = asyncio.create_task(beside())
    seen = await opened(web.port, rate, seconds)
    side.cancel()
    await asyncio.gather(side, return_exceptions=True)
    memory.append(web.memory_mib())
    return seen, memory, asked


def _post(port: int, body: bytes, headers: dict[str, str]) -> bool:
    from drills.client import ask

    answer = ask(port, "POST", "/api/v1/uploads", body, headers)
    return answer is not None and answer.status == 202
