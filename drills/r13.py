"""R13: everything at once, with a checker of what each client saw."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from drills.client import STORE, Answer, ask, goods, patiently, sheet, upload
from drills.outcome import Outcome, Scale
from drills.r1 import _open
from drills.servers import Postgres, Rabbit, Redis, free_port, until
from drills.yard import Yard
from service.audit.tables import AuditEvent
from service.audit.use import proven
from service.auth import EMBEDDED
from service.statement.routes import EXAMPLE
from service.tables import Assessment, Job

GOAL = "0 violations"
_CLIENTS = 16


class History:
    """What clients did and saw; a violation is a sentence."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.violations: list[str] = []
        self.costs: dict[str, Decimal] = {}
        self.jobs: set[str] = set()
        self.withdrawn: list[str] = []
        self.counts: Counter[str] = Counter()
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._next = 0

    def number(self) -> int:
        """Return a number that no other client gets."""
        with self._lock:
            self._next += 1
            return self._next

    def see(self, path: str) -> Answer:
        """Read until there is an answer for good."""
        end = time.monotonic() + 90
        while True:
            answer = ask(self.port, "GET", path)
            if answer is not None and answer.status not in (429, 503):
                return answer
            if time.monotonic() > end:
                raise TimeoutError(path)
            time.sleep(0.1)

    def run(self, seed: int) -> None:
        """Be a client."""
        rng = random.Random(seed)
        acts: list[Callable[[random.Random], None]] = [
            self._store,
            self._store,
            self._store,
            self._statement,
            self._upload,
        ]
        while not self.over.is_set():
            try:
                rng.choice(acts)(rng)
            except Exception as error:
                self.violations.append(f"a client gave up: {type(error).__name__}: {error}")

    def _must(self, holds: bool, said: str) -> None:
        if not holds:
            self.violations.append(said)

    def _store(self, rng: random.Random) -> None:
        number = self.number()
        key = {"Idempotency-Key": f"s{number}"}
        made = patiently(self.port, STORE, goods(float(number)), key, 90)
        if made.status != 201:
            self._must(False, f"store: {made.status}")
            return
        body = made.json()
        self.costs[body["id"]] = Decimal(body["cost_eur"])
        own = self.see(f"/api/v1/assessments/{body['id']}")
        same = own.status == 200 and Decimal(own.json()["cost_eur"]) == Decimal(body["cost_eur"])
        self._must(same, "an own write was not read")
        if rng.random() < 0.3:
            again = patiently(self.port, STORE, goods(float(number)), key, 90)
            self._must(again.status == 201 and again.json()["id"] == body["id"], "the same key, another effect")
            self.counts["repeated"] += 1
        self.counts["stored"] += 1

    def _statement(self, rng: random.Random) -> None:
        number = self.number()
        said: dict[str, Any] = {"statement": EXAMPLE["statement"] | {"quantity_t": float(number)}}
        made = patiently(self.port, "/api/v1/statements", said, {"Idempotency-Key": f"t{number}"}, 90)
        if made.status not in (200, 201):
            self._must(False, f"statement: {made.status}")
            return
        issued = made.json()["number"]
        self._must(self.see(f"/api/v1/verify/{issued}").json()["withdrawn"] is None, "a statement does not stand")
        path = f"/api/v1/statements/{issued}/withdraw"
        gone = patiently(self.port, path, {"reason": "drill"}, {"Idempotency-Key": f"w{number}"}, 90)
        self._must(gone.status == 200, f"withdraw: {gone.status}")
        self.withdrawn.append(issued)
        for one in (issued, rng.choice(self.withdrawn)):
            stands = self.see(f"/api/v1/verify/{one}").json()["withdrawn"] is None
            self._must(not stands, "a withdrawn statement was shown as standing")
        self.counts["withdrawn"] += 1

    def _upload(self, _: random.Random) -> None:
        number = self.number()
        body, headers = upload(sheet(2, number * 1000), f"h{number}.csv")
        made = patiently(self.port, "/api/v1/uploads", body, headers | {"Idempotency-Key": f"u{number}"}, 90)
        self._must(made.status == 202, f"upload: {made.status}")
        if made.status == 202:
            self.jobs.add(made.json()["id"])
        time.sleep(1)


def run(scale: Scale) -> Outcome:
    """Sixteen clients while workers, web, broker and database are killed in turn."""
    out, seconds = Outcome(), scale.minutes * 60
    faults: Counter[str] = Counter()
    broker_kind = Redis if scale.short else Rabbit
    with Postgres() as server, broker_kind() as broker:
        assert isinstance(server, Postgres)
        env = {"yuetan_lease_s": 4, "yuetan_resend_s": 4}
        with Yard(server.url, broker.url, **env) as yard:
            port = free_port()
            web, group = yard.web(port=port), yard.workers(yuetan_worker_processes=2)
            history = History(port)
            clients = [
                threading.Thread(target=history.run, args=(n,), daemon=True) for n in range(scale.of(_CLIENTS, 4))
            ]
            for client in clients:
                client.start()
            rng, end = random.Random(13), time.monotonic() + seconds
            kinds = ["workers", "web", "database fast", "database immediate", "database kill", "broker", "doubled"]
            while time.monotonic() < end:
                time.sleep(rng.uniform(4, 9) if not scale.short else 1.5)
                kind = kinds[sum(faults.values()) % len(kinds)]
                if kind == "workers":
                    group.kill()
                    group = yard.workers(yuetan_worker_processes=2)
                elif kind == "web":
                    web.kill()
                    web = yard.web(port=port)
                elif kind == "broker":
                    broker.kill()
                    time.sleep(1)
                    broker.start()
                elif kind == "doubled":
                    _double(yard)
                else:
                    mode = kind.split()[1]
                    server.kill() if mode == "kill" else server.stop(mode)
                    server.start()
                faults[kind] += 1
            history.over.set()
            for client in clients:
                client.join(120)
            until(lambda: _open(yard) == 0, 180, "the end of all jobs", 0.5)
            _check(yard, history, out)
    for said, count in Counter(history.violations).items():
        out.must(False, f"{count} x {said}")
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(faults.items()))
    done = ", ".join(f"{count:,} {kind}" for kind, count in sorted(history.counts.items()))
    out.tell(f"{scale.minutes:g} min, {len(clients)} clients: {done}, {len(history.jobs)} jobs; faults: {told}")
    return out


def _double(yard: Yard) -> None:
    """Announce jobs again, whatever became of them."""
    with yard.database.reading() as db:
        found = [
            (kind, job_id)
            for kind, job_id in db.execute(select(Job.kind, Job.id).order_by(Job.created.desc()).limit(20))
        ]
    yard.sender.send(found)


def _check(yard: Yard, history: History, out: Outcome) -> None:
    with yard.database.reading() as db:
        asked = select(Assessment.id, Assessment.cost_eur).where(Assessment.kind == "exposure")
        rows = {row.id: row.cost_eur or Decimal(0) for row in db.execute(asked)}
        files = db.scalar(select(func.count()).select_from(Assessment).where(Assessment.kind == "submission"))
        states = Counter(job.state for job in db.scalars(select(Job).where(Job.kind == "assess")))
        kept = db.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "assessment.kept"))
        proof = proven(db, EMBEDDED)
    there = {str(one): cost for one, cost in rows.items()}
    out.must(there.keys() == history.costs.keys(), f"{len(there)} stored for {len(history.costs)} acknowledged")
    out.must(
        sum(there.values(), Decimal(0)) == sum(history.costs.values(), Decimal(0)), "the sum of the ledger differs"
    )
    out.must(
        states == {"done": len(history.jobs)} or not history.jobs,
        f"jobs {dict(states)} for {len(history.jobs)} acknowledged",
    )
    out.must(files == len(history.jobs), f"{files} results for {len(history.jobs)} files")
    out.must(proof.broken is None and kept == len(rows) + (files or 0), "the audit trail does not fit")
    out.tell(f"ledger {sum(there.values(), Decimal(0)):,} EUR equal, audit chain of {proof.events:,} events holds")
