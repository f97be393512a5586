"""L2: four times the peak for half a minute."""

from __future__ import annotations

import asyncio
import time

from drills.l1 import peak
from drills.load import Seen, opened, shown
from drills.outcome import Outcome, Scale
from drills.yard import Yard, there

GOAL = "surplus gets 429 or 503 with Retry-After; accepted p99 <= 3 x; normal within 10 s"


def run(scale: Scale) -> Outcome:
    """Compare with the peak itself; then look how soon a light load is answered as before."""
    out, seconds = Outcome(), scale.of(30, 3)
    with Yard(there("YUETAN_TEST_DATABASE_URL")) as yard:
        web = yard.web()
        most, at_peak = peak(web.port, scale.of(15, 2))
        light = asyncio.run(opened(web.port, most / 4, scale.of(10, 2)))
        over, normal_s = asyncio.run(_flood(web.port, most, seconds, light.p(0.99)))
    before, during = at_peak.p(0.99), over.p(0.99)
    statuses = over.statuses()
    surplus = [one for one in over.done if one.status in (429, 503)]
    bare = sum(not one.retry_after for one in surplus)
    accepted = sum(count for status, count in statuses.items() if status in (200, 201))
    out.must(set(statuses) <= {200, 201, 429, 503}, f"answers {shown(statuses)}")
    out.must(bare == 0, f"{bare} refusals do not say when to come again")
    out.must(scale.short or during <= 3 * before, f"accepted p99 {during / before:.2f} x")
    out.must(scale.short or normal_s <= 10, f"normal only after {normal_s:.0f} s")
    out.tell(
        f"peak {most:.0f}/s; {seconds} s at {4 * most:.0f}/s: {accepted / seconds:.0f}/s accepted, {len(surplus):,} refused with "
        f"Retry-After, {over.unsent:,} never sent (all 256 connections taken); p99 of the accepted {during * 1e3:.0f} ms against "
        f"{before * 1e3:.0f} at the peak ({during / before:.2f} x); normal after {normal_s:.0f} s"
    )
    return out


async def _flood(port: int, most: float, seconds: float, usual: float) -> tuple[Seen, float]:
    over = await opened(port, 4 * most, seconds, connections=256)
    ended = time.monotonic()
    while time.monotonic() - ended < 30:
        some = await opened(port, most / 4, 1.0)
        if some.p(0.99) <= 1.5 * usual and set(some.statuses()) <= {200, 201}:
            break
    return over, time.monotonic() - ended
