"""R4: the database is restarted, politely and not, under writes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from uuid import UUID

from sqlalchemy import select

from drills.client import STORE, ask, goods
from drills.outcome import Outcome, Scale
from drills.servers import Postgres
from drills.yard import Yard
from service.tables import Assessment

GOAL = "every acknowledged id present; only 503 + Retry-After; back within 5 s"
_MODES = ("fast", "immediate", "kill")
_RATE, _WRITERS = 100.0, 8


class Writers:
    """Writes with keys at a rate; what was not acknowledged is sent again with its key."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.acknowledged: dict[int, str] = {}
        self.statuses: Counter[str] = Counter()
        self.over = threading.Event()
        self.first_after = float("inf")
        self.since = float("inf")
        self._next = 0
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._threads = [threading.Thread(target=self._write, daemon=True) for _ in range(_WRITERS)]
        for thread in self._threads:
            thread.start()

    def _number(self) -> int:
        with self._lock:
            self._next += 1
            return self._next

    def _write(self) -> None:
        while not self.over.is_set():
            number = self._number()
            time.sleep(max(0.0, self._begun + number / _RATE - time.monotonic()))
            for _ in range(600):
                sent = time.monotonic()
                answer = ask(self.port, "POST", STORE, goods(float(number)), {"Idempotency-Key": f"w{number}"})
                if answer is None:
                    self.statuses["broken"] += 1
                elif answer.status == 201:
                    self.acknowledged[number] = answer.json()["id"]
                    self.statuses["201"] += 1
                    if sent >= self.since:
                        self.first_after = min(self.first_after, time.monotonic())
                    break
                elif answer.status == 503 and "retry-after" in answer.headers:
                    self.statuses["503 + Retry-After"] += 1
                elif answer.status == 409:
                    self.statuses["409 in flight"] += 1
                else:
                    self.statuses[f"{answer.status}"] += 1
                time.sleep(0.1)

    def end(self) -> None:
        """Stop, once everything begun is through."""
        self.over.set()
        for thread in self._threads:
            thread.join(90)


def run(scale: Scale) -> Outcome:
    """Restart ten times: fast, immediate, SIGKILL."""
    out, times = Outcome(), scale.of(10, 3)
    slowest = 0.0
    with Postgres() as server:
        assert isinstance(server, Postgres)
        with Yard(server.url, yuetan_lease_s=20) as yard:
            web = yard.web()
            writers = Writers(web.port)
            begun = time.monotonic()
            for turn in range(times):
                time.sleep(scale.of(30, 10) / 10)
                mode = _MODES[turn % 3]
                writers.since, writers.first_after = float("inf"), float("inf")
                if mode == "kill":
                    server.kill()
                else:
                    server.stop(mode)
                time.sleep(0.5)
                server.start()
                writers.since = back = time.monotonic()
                end = back + 30
                while writers.first_after == float("inf") and time.monotonic() < end:
                    time.sleep(0.02)
                slowest = max(slowest, writers.first_after - back)
            time.sleep(1)
            writers.end()
            rate = len(writers.acknowledged) / (time.monotonic() - begun)
            out.must(web.alive, "the web died")
            with yard.database.reading() as db:
                there = {str(one) for one in db.scalars(select(Assessment.id))}
    lost = [one for one in writers.acknowledged.values() if str(UUID(one)) not in there]
    allowed = {"201", "503 + Retry-After", "409 in flight"}
    other = {name: count for name, count in writers.statuses.items() if name not in allowed}
    out.must(not lost, f"{len(lost)} acknowledged ids are lost")
    out.must(len(there) == len(writers.acknowledged), f"{len(there)} rows for {len(writers.acknowledged)} acknowledged")
    out.must(not other, f"other answers: {other}")
    out.must(slowest <= 5, f"back only after {slowest:.1f} s")
    told = ", ".join(f"{count} x {name}" for name, count in sorted(writers.statuses.items()))
    out.tell(f"{times} restarts, {rate:.0f} writes/s: {told}; {len(lost)} lost; back after at most {slowest:.1f} s")
    return out
