"""R11: migrations up and down under load."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from functools import partial

from sqlalchemy import text

from drills.client import STORE, goods
from drills.load import ASSESS, LIST, Seen, closed, opened, request, shown
from drills.outcome import Outcome, Scale
from drills.yard import Yard, there
from service import migrate

GOAL = "0 5xx; no lock over 1 s"
_RATE = 100.0
_WAITED = (
    "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart)), 0) FROM pg_locks l "
    "JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND l.locktype = 'relation' AND a.datname = current_database()"
)


def run(scale: Scale) -> Outcome:
    """Take the newest migration back and put it on again, under requests that do not need it."""
    out, turns = Outcome(), scale.of(10, 2)
    with Yard(there("YUETAN_TEST_DATABASE_URL"), yuetan_most_at_once=1000) as yard:
        web = yard.web()
        # Half of what this machine can do at most: what is looked for are locks, not a crowd.
        most = asyncio.run(closed(web.port, 8, scale.of(5, 2), _ask))
        rate = min(_RATE, len(most.done) / scale.of(5, 2) / 2)
        over, waited = threading.Event(), [0.0]
        watcher = threading.Thread(target=_watch, args=(yard, over, waited))
        moved: list[float] = []

        async def load() -> Seen:
            moving = asyncio.create_task(asyncio.to_thread(_move, yard, turns, moved, over))
            seen = await opened(web.port, rate, scale.of(30, 5), _ask)
            await moving
            return seen

        watcher.start()
        seen = asyncio.run(load())
        over.set()
        watcher.join()
        current = migrate.is_current(yard.database)
    statuses = seen.statuses()
    wrong = {status: count for status, count in statuses.items() if status == 0 or status >= 500}
    out.must(not wrong, f"answers {wrong}")
    out.must(waited[0] <= 1.0, f"a request waited {waited[0]:.2f} s for a lock")
    out.must(current and len(moved) == 2 * turns, "the migrations did not end")
    out.tell(
        f"{turns} x down and up in {max(moved, default=0):.1f} s at most, requests at {rate:.0f}/s: {shown(statuses)}; "
        f"longest wait for a lock {waited[0]:.2f} s"
    )
    return out


def _ask(rng: random.Random) -> tuple[str, bytes]:
    draw, mass = rng.random(), round(rng.uniform(1, 5000), 3)
    if draw < 0.6:
        return "read", request("GET", LIST)
    return (
        ("assess", request("POST", ASSESS, goods(mass)))
        if draw < 0.8
        else ("store", request("POST", STORE, goods(mass)))
    )


def _move(yard: Yard, turns: int, moved: list[float], over: threading.Event) -> None:
    for _ in range(turns):
        for go in (partial(migrate.downgrade, yard.database, "-1"), partial(migrate.upgrade, yard.database)):
            if over.is_set():
                return
            begun = time.monotonic()
            go()
            moved.append(time.monotonic() - begun)
            time.sleep(0.3)


def _watch(yard: Yard, over: threading.Event, waited: list[float]) -> None:
    with yard.database.engine.connect() as connection:
        while not over.wait(0.02):
            waited[0] = max(waited[0], float(connection.execute(text(_WAITED)).scalar() or 0))
            connection.rollback()
