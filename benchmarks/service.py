"""
The service over HTTP and its jobs, against the least that the same libraries do: a hello and a task that does nothing.

Needs PostgreSQL and RabbitMQ on loopback, as the drills do. The web answers
from one process, in which a plain FastAPI application says hello; the load
generator is another. Contenders take turns, ratios are of one round.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text

from benchmarks.harness import Report
from drills import tasks
from drills.client import STORE, goods
from drills.load import ASSESS, LIST, Seen, closed, request
from drills.servers import until
from drills.yard import PATIENCE_S, Web, Yard, there
from service import jobs, migrate
from service.auth import Who
from service.identity import use as identity
from service.identity.secrets import new_token

Ask = Callable[[random.Random], tuple[str, bytes]]
CONNECTIONS, ROUNDS, SECONDS, JOBS = 16, 7, 2.0, 400
_TICK = 100.0
HELLO = "hello"


def run() -> list[Report]:
    """P14, P15, P16 and P18."""
    return [*_http(), _stored(), *_jobs()]


def _mass(rng: random.Random) -> dict[str, object]:
    return goods(round(rng.uniform(1, 5000), 3))


def hello(_: random.Random) -> tuple[str, bytes]:
    return HELLO, request("GET", "/hello")


def assess(rng: random.Random) -> tuple[str, bytes]:
    return "assess", request("POST", ASSESS, _mass(rng))


def _cpu_s(web: Web) -> float:
    fields = Path(f"/proc/{web.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _turns(web: Web, asks: dict[str, Ask], rounds: int = ROUNDS) -> dict[str, list[tuple[float, float, Seen]]]:
    """Return, by contender and round, requests a second, CPU seconds of the server a request, and all of them."""
    found: dict[str, list[tuple[float, float, Seen]]] = {name: [] for name in asks}
    names = list(asks)
    for turn in range(-1, rounds):  # the first round warms up
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            cpu, begun = _cpu_s(web), time.perf_counter()
            seen = asyncio.run(closed(web.port, CONNECTIONS, SECONDS, asks[name]))
            took, count = time.perf_counter() - begun, len(seen.done)
            wrong = {status for status in seen.statuses() if status not in (200, 201)}
            assert not wrong, f"{name}: answers {wrong}"
            if turn >= 0:
                found[name].append((count / took, (_cpu_s(web) - cpu) / count, seen))
    return found


def _against_hello(name: str, found: dict[str, list[tuple[float, float, Seen]]], other: str, goal: str) -> Report:
    pairs = list(zip(found[other], found[HELLO], strict=True))
    rate = statistics.median(a[0] / b[0] for a, b in pairs)
    cpu = statistics.median(a[1] / b[1] for a, b in pairs)
    per = {one: statistics.median(1e9 / row[0] for row in found[one]) for one in (other, HELLO)}
    return Report(
        name=name, reference=HELLO, ns_per_unit=per, ratio={other: 1 / rate, HELLO: 1.0}, rounds=len(pairs), goal=goal,
        extra={"of_hello_per_s": rate, "cpu_of_hello": cpu, "hello_per_s": 1e9 / per[HELLO], "per_s": 1e9 / per[other]},
    )  # fmt: skip


def _http() -> list[Report]:
    with Yard(there("YUETAN_TEST_DATABASE_URL"), bench_hello=1) as yard:
        web = yard.web()
        for _ in range(30):
            asyncio.run(closed(web.port, 1, 0.02, _store))
        found = _turns(web, {HELLO: hello, "assess": assess})
        made = [_against_hello("P14 one line, not stored", found, "assess", ">= 0.35 of the requests; <= 3.5 x CPU")]
        pages: dict[str, Ask] = {
            "assess": assess,
            "list": _get(LIST),
            "law on a day": _get("/api/v1/law/eu.cbam.default_markup.iron_steel?on=2026-05-12"),
            "prices": _get("/api/v1/prices/GDEA/reference?on=2025-11-12"),
            "page": _get("/"),
            "store": _store,
        }
        seen = _turns(web, pages, rounds=3)
        for name, rounds in seen.items():
            together = Seen([one for _, _, part in rounds for one in part.done])
            p50, p99 = together.p(0.5), together.p(0.99)
            made.append(
                Report(
                    name=f"P16 p99 / p50 at {CONNECTIONS} connections: {name}", reference="p50", rounds=len(rounds), goal="<= 5",
                    ns_per_unit={"p50": p50 * 1e9, "p99": p99 * 1e9}, ratio={"p50": 1.0, "p99": p99 / p50},
                )
            )  # fmt: skip
        return made


def _get(path: str) -> Ask:
    asked = request("GET", path)
    return lambda _: (path, asked)


def _store(rng: random.Random) -> tuple[str, bytes]:
    return "store", request("POST", STORE, _mass(rng))


def _stored() -> Report:
    """Sign-in by key, the database's own wall, Idempotency-Key, audit row: everything that a deployment does."""
    role = f"yt_role_{secrets.token_hex(4)}"
    with Yard(there("YUETAN_TEST_DATABASE_URL"), bench_hello=1, yuetan_sign_in="accounts", yuetan_secret="s" * 32,
              yuetan_database_role=role) as yard:  # fmt: skip
        with yard.database.writing() as db:
            db.execute(text(f"CREATE ROLE {role} NOLOGIN"))
            db.execute(text(f"GRANT {role} TO CURRENT_USER"))
        try:
            yard.database.role = role
            migrate.upgrade(yard.database)
            with yard.database.writing() as db:
                # Four customers at a time: one organisation's writers queue for its audit trail.
                keys = []
                for number in range(4):
                    firm = identity.add_organisation(db, f"firm {number}", "exporter", None)
                    invited = identity.invite(
                        db, firm.id, "someone", f"{new_token('a')[:12].lower()}@example.com", "exporter_admin"
                    )
                    keys.append(identity.add_key(db, Who(firm.id, invited.person.id), "bench").token)

            def stored(rng: random.Random) -> tuple[str, bytes]:
                told = f"Authorization: Bearer {rng.choice(keys)}\r\nIdempotency-Key: {uuid4()}\r\n"
                return "stored", request("POST", STORE, _mass(rng), told)

            found = _turns(yard.web(), {HELLO: hello, "stored": stored})
            return _against_hello("P15 one line, stored", found, "stored", ">= 0.10 of the requests")
        finally:
            for group in yard.groups:
                group.kill()
            with yard.database.writing() as db:
                db.execute(text(f"DROP OWNED BY {role}"))
                db.execute(text(f"DROP ROLE {role}"))


def _jobs() -> list[Report]:
    """A job against a task that does nothing, on the same broker with late acknowledgement."""
    with Yard(there("YUETAN_TEST_DATABASE_URL"), there("YUETAN_TEST_BROKER_URL"), yuetan_worker_processes=2) as yard, \
            tempfile.TemporaryDirectory() as folder:  # fmt: skip
        log = Path(folder) / "starts"
        log.touch()
        yard.workers(drill_log=log)
        through: dict[str, list[float]] = {"job": [], "no-op": []}
        delay: dict[str, list[float]] = {"job": [], "no-op": []}
        made = {"job": _job, "no-op": _no_op}
        for turn in range(-1, 5):
            for name in ("job", "no-op") if turn % 2 else ("no-op", "job"):
                before = _count(log)
                begun = time.perf_counter()
                _many(yard, made[name], JOBS if turn >= 0 else 20)
                until(lambda: _count(log) - before >= (JOBS if turn >= 0 else 20), PATIENCE_S, name, 0.002)  # noqa: B023
                if turn >= 0:
                    through[name].append(JOBS / (time.perf_counter() - begun))
                sent = []
                before = _count(log)
                for _ in range(40):
                    sent.append(time.time())
                    made[name](yard)
                    time.sleep(0.03)
                until(lambda: _count(log) - before >= 40, PATIENCE_S, name, 0.002)  # noqa: B023
                if turn >= 0:
                    starts = sorted(float(line) for line in log.read_text().split()[before:])
                    delay[name].append(statistics.median(b - a for a, b in zip(sent, starts, strict=True)))
        until(lambda: _open(yard) == 0, PATIENCE_S, "the end of all jobs")
    rate = statistics.median(a / b for a, b in zip(through["job"], through["no-op"], strict=True))
    later = statistics.median(a / b for a, b in zip(delay["job"], delay["no-op"], strict=True))
    per_s = {name: statistics.median(values) for name, values in through.items()}
    waits = {name: statistics.median(values) for name, values in delay.items()}
    return [
        Report(
            name="P18 jobs a second", reference="no-op", rounds=len(through["job"]), goal=">= 0.4 of the no-op",
            ns_per_unit={name: 1e9 / value for name, value in per_s.items()}, ratio={"job": 1 / rate, "no-op": 1.0},
            extra={"of_no_op_per_s": rate, "jobs_per_s": per_s["job"], "no_op_per_s": per_s["no-op"]},
        ),
        Report(
            name="P18 delay until a start", reference="no-op", rounds=len(delay["job"]), goal="<= 4 x",
            ns_per_unit={name: value * 1e9 for name, value in waits.items()}, ratio={"job": later, "no-op": 1.0},
        ),
    ]  # fmt: skip


def _count(log: Path) -> int:
    return log.read_bytes().count(b"\n")


def _open(yard: Yard) -> int:
    with yard.database.reading() as db:
        return jobs.open_jobs(db)


def _many(yard: Yard, made: Callable[[Yard], None], count: int) -> None:
    """Ask from four threads, as the web does."""

    def some() -> None:
        for _ in range(count // 4):
            made(yard)

    threads = [threading.Thread(target=some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _job(yard: Yard) -> None:
    with yard.database.writing() as db:
        tasks.ask(db, tasks.NOTHING, uuid4().int)
        announced = jobs.taken_to_send(db)
    yard.sender.send(announced)


def _no_op(yard: Yard) -> None:
    yard.sender.app().send_task(tasks.NO_OP)
