"""A thousand products through the whole sequence in the background: time for each, memory along the way, a stop between."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from benchmarks.harness import Report, cpu_s, peak_mib
from service import jobs, migrate
from service.auth import EMBEDDED
from service.database import Database
from service.passthrough import runs, use
from service.passthrough.use import EstimateAsk

PRODUCTS, WEEKS = 1_000, 300
#: Memory is read when this many are through, and at the end.
FIRST = 100
#: What a run calls for each product.
HOOK = "estimated"


def _asked(count: int) -> runs.RunAsk:
    rng = np.random.default_rng(1)
    days = tuple((dt.date(2015, 1, 4) + dt.timedelta(days=7 * i)).isoformat() for i in range(WEEKS))
    made = []
    for i in range(count):
        x = 200 + np.cumsum(rng.standard_normal((WEEKS, 2)), axis=0)
        noise, gap = rng.standard_normal(WEEKS), np.zeros(WEEKS)
        for t in range(1, WEEKS):
            gap[t] = 0.8 * gap[t - 1] + noise[t]
        y = 3000 + x @ [0.7, 1.0] + gap
        made.append(
            EstimateAsk.model_validate(
                {
                    "price": {"name": f"product {i}", "days": days, "values": y.tolist()},
                    "carbon": {"name": "carbon", "days": days, "values": x[:, 0].tolist()},
                    "others": [{"name": "ore", "days": days, "values": x[:, 1].tolist()}],
                    "choices": {"inputs_complete": True},
                }
            )
        )
    return runs.RunAsk(title="benchmark", products=tuple(made))


class _Stop(Exception):
    """Ends an attempt in the middle, as a lost worker does."""


def run() -> list[Report]:
    """Return time and memory of the run; every product must be through, each estimated once."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'runs.sqlite'}")
        migrate.upgrade(database)
        with database.writing() as db:
            run_id = runs.ask_run(db, EMBEDDED, _asked(PRODUCTS)).id
        began, memory, calls = cpu_s(), dict[int, float](), 0
        plain = use.estimated

        def counted(asked: EstimateAsk) -> Any:
            nonlocal calls
            calls += 1
            if calls - 1 in (FIRST, PRODUCTS // 2):
                memory[calls - 1] = peak_mib()
                if calls - 1 == FIRST:
                    raise _Stop
            return plain(asked)

        setattr(runs, HOOK, counted)
        try:
            attempts = _to_the_end(database, run_id)
        finally:
            setattr(runs, HOOK, plain)
        took = cpu_s() - began
        with database.reading() as db:
            seen = runs.seen(db, EMBEDDED, run_id)
            states = [one.state for one in seen.products]
        database.dispose()
    assert states.count("waiting") == 0
    assert calls == PRODUCTS + 1  # the one that was stopped
    extra = {
        "peak_mib_at_100": memory[FIRST], "peak_mib_at_half": memory[PRODUCTS // 2], "peak_mib_at_end": peak_mib(),
        "attempts": float(attempts), "refused": float(states.count("refused")),
    }  # fmt: skip
    return [
        Report(
            f"{PRODUCTS} products, n = {WEEKS}, two costs, in the background",
            "product",
            {"product": took / PRODUCTS * 1e9},
            {"product": 1.0},
            1,
            "flat memory, restartable",
            extra,
        )
    ]


def _to_the_end(database: Database, run_id: UUID) -> int:
    attempts = 0
    while True:
        with database.reading() as db:
            job = runs.seen(db, EMBEDDED, run_id).job
        if job is None or job.state == "done":
            return attempts
        assert job.state == "queued", job.state
        runs.work(database, job.id, 60.0)
        with database.writing() as db:
            jobs.sweep(db, 0.0)
        attempts += 1
