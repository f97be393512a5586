"""
A loan book in partitions: financed emissions, stress and scores of every loan, by one process and by two.

``YUETAN_BENCH_LOANS`` sets the loans (10,000,000), ``YUETAN_BENCH_PARTS`` the partitions (10).
Wall time of a whole run is what two workers halve, so this compares wall and
not CPU time; on a shared machine a ratio above 0.5 says little about ours.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet as pq

from benchmarks.harness import Report
from service.finance.routes import EXAMPLE
from service.finance.use import Question
from service.library import Library
from service.portfolio.run import plan_of, planned, run_all, whole, worked
from service.portfolio.store import Store

LOANS = int(os.environ.get("YUETAN_BENCH_LOANS", "10000000"))
PARTS = int(os.environ.get("YUETAN_BENCH_PARTS", "10"))
DAY = dt.date(2026, 11, 30)
ASKED = Question.model_validate({key: EXAMPLE[key] for key in ("on", "today", "model", "rating_bounds")})


def _files(folder: Path) -> tuple[Path, Path]:
    """Write a book of two loans to each borrower, batch by batch."""
    rng = np.random.default_rng(20261130)
    store = Store(str(folder))
    size = LOANS // PARTS
    paths = folder / "book" / "loans.parquet", folder / "book" / "borrowers.parquet"
    writers: dict[str, pq.ParquetWriter] = {}
    for part in range(PARTS):
        firms = size // 2
        names = [f"B{part:02d}{i:08d}" for i in range(firms)]

        def money(low: float, high: float, n: int = firms) -> pa.Array:
            return pa.array(rng.uniform(low, high, n))

        borrowers = {
            "borrower": names, "sector": [f"S{i % 20}" for i in range(firms)], "city": [f"C{i % 21}" for i in range(firms)],
            "equity": money(1e7, 1e9), "debt": money(1e7, 1e9), "revenue": money(1e7, 1e9), "scope12_t": money(1e2, 1e5),
            "quality": money(1, 5), "emissions_t": money(0, 1e5), "free_t": money(0, 1e5), "held_t": money(0, 1e4),
            "upstream_t": money(0, 1e5), "theta": money(0, 1), "cbam_t": money(0, 1e3), "phi": money(0, 1), "pi": money(0, 1),
            "ebitda": money(1e6, 1e8), "depreciation": money(1e5, 1e7), "interest": money(1e5, 1e6),
            "principal": money(1e5, 1e6), "maintenance": money(1e5, 1e6), "tax_rate": money(0.15, 0.25), "F1": money(0.5, 1.8),
        }  # fmt: skip
        loans = {
            "loan": [f"L{part:02d}{i:08d}" for i in range(2 * firms)], "borrower": [names[i // 2] for i in range(2 * firms)],
            "outstanding": money(1e5, 5e6, 2 * firms), "asset_class": ["business_loan"] * (2 * firms),
            "ead": money(1e5, 5e6, 2 * firms), "lgd": money(0.2, 0.6, 2 * firms), "pd": money(0.001, 0.1, 2 * firms),
            "pd_years": pa.array(np.ones(2 * firms)),
        }  # fmt: skip
        for name, columns in (("loans", loans), ("borrowers", borrowers)):
            table = pa.table(columns)
            if name not in writers:
                writers[name] = store.writer(f"book/{name}.parquet", table.schema)
            writers[name].write_table(table)
    for writer in writers.values():
        writer.close()
    return paths


def _part(folder: str, start: int, step: int) -> None:
    store = Store(folder)
    plan = plan_of(store, "run")
    library = Library()
    for part in range(start, plan.parts, step):
        worked(store, "run", plan, part, library)


def _timed(folder: Path, workers: int) -> tuple[float, float, float]:
    """Return wall time of partitions and merge by so many processes, CPU of the busiest, and the highest memory of one, MiB."""
    for name in ("sums", "out"):
        shutil.rmtree(folder / "run" / name, ignore_errors=True)
    (folder / "run" / "summary.json").unlink(missing_ok=True)
    code = (
        "import sys, time; from benchmarks.portfolio import _part; _part(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]));"
        "print(time.process_time())"
    )
    start = time.perf_counter()
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(folder), str(i), str(workers)], stdout=subprocess.PIPE, text=True
        )
        for i in range(workers)
    ]
    told = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0] * workers
    store = Store(str(folder))
    whole(store, "run", plan_of(store, "run"))
    took = time.perf_counter() - start
    busiest = max(float(text.split()[-1]) for text in told)
    return took, busiest, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024.0


def run() -> list[Report]:
    """Split a book, then work it out by one process and by two; the whole must be the same bytes."""
    library = Library()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loans, borrowers = _files(folder)
        start = time.perf_counter()
        plan = planned(
            Store(name), "run", loans, borrowers, ASKED, library, library.market, library.card, DAY, LOANS // PARTS,
            lambda stage, done, _: print(f"\r{stage} {done:,}", end="", file=sys.stderr),
        )  # fmt: skip
        split = time.perf_counter() - start
        one, cpu1, peak1 = _timed(folder, 1)
        first = (folder / "run" / "summary.json").read_bytes()
        two, cpu2, peak2 = _timed(folder, 2)
        assert (folder / "run" / "summary.json").read_bytes() == first
        sums = json.loads(first)["sums"]
        assert sums["loans"] == plan.loans
        assert run_all(Store(name), "run", plan, library)["sums"] == sums
    print(f"\nsplit {split:.1f} s; one {one:.1f} s wall, {peak1:.0f} MiB; two {two:.1f} s wall, {peak2:.0f} MiB")
    names = f"one worker, {LOANS:,} loans", "two workers"
    report = Report(f"{LOANS:,} loans in {plan.parts} partitions", names[0], {}, {}, 1, "two halve one within 15 %")
    report.ns_per_unit = {names[0]: one / LOANS * 1e9, names[1]: two / LOANS * 1e9}
    report.ratio = {names[0]: 1.0, names[1]: two / one}
    report.extra = {"cpu_of_the_busiest_ratio": cpu2 / cpu1, "cpu_s_of_one": cpu1, "peak_mib": peak1}
    return [report]
