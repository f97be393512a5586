"""
How speed is measured here: contenders in rotating order, ratios within one run.

Machines are shared and absolute times lie. Every round runs each contender
once, in an order that rotates; the report gives the median of the per-round
ratios to the reference, on CPU time of the process and its finished children.
Before anything is timed the contenders must agree on the answer.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results"


def cpu_s() -> float:
    """Return CPU seconds of this process and its finished children."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def peak_mib() -> float:
    """Return the highest resident memory of this process so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do the work; ``units`` is how many lines it handles per call, so that times compare per line."""

    name: str
    run: Callable[[], object]
    units: int
    repeat: int = 1


@dataclass(slots=True)
class Report:
    """Medians of one comparison: seconds per unit, and ratios to the reference."""

    name: str
    reference: str
    ns_per_unit: dict[str, float]
    ratio: dict[str, float]
    rounds: int
    goal: str = ""
    extra: dict[str, float] = field(default_factory=dict)

    def line(self) -> str:
        """Return the report as one readable line."""
        parts = [f"{name} {ns:,.1f} ns ({self.ratio[name]:.2f} x)" for name, ns in self.ns_per_unit.items()]
        extra = "".join(f"; {key} {value:,.4g}" for key, value in self.extra.items())
        goal = f"  [goal: {self.goal}]" if self.goal else ""
        return f"{self.name}: " + ", ".join(parts) + extra + goal


def compare(
    name: str,
    reference: str,
    contenders: list[Contender],
    agree: Callable[[Mapping[str, object]], None],
    *,
    rounds: int = 7,
    goal: str = "",
    wall: bool = False,
) -> Report:
    """
    Compare contenders in one run.

    ``agree`` gets every contender's answer and raises if they differ. Ratios
    are time per unit over the reference's time per unit in the same round.
    """
    agree({c.name: c.run() for c in contenders})
    clock = time.perf_counter if wall else cpu_s
    taken: dict[str, list[float]] = {c.name: [] for c in contenders}
    for turn in range(rounds):
        for i in range(len(contenders)):
            c = contenders[(turn + i) % len(contenders)]
            start = clock()
            for _ in range(c.repeat):
                c.run()
            taken[c.name].append((clock() - start) / c.repeat / c.units)
    ratios = {n: [a / b for a, b in zip(times, taken[reference], strict=True)] for n, times in taken.items()}
    return Report(
        name=name,
        reference=reference,
        ns_per_unit={n: statistics.median(times) * 1e9 for n, times in taken.items()},
        ratio={n: statistics.median(r) for n, r in ratios.items()},
        rounds=rounds,
        goal=goal,
        extra={"peak_mib": peak_mib()},
    )


def machine() -> dict[str, str | float]:
    """Return what the run stands on: versions, processor, and two calibrations in nanoseconds."""
    model = platform.processor() or "unknown"
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    start = time.perf_counter()
    total = 0
    for i in range(1_000_000):
        total += i
    loop_ns = (time.perf_counter() - start) * 1e3
    column = np.ones(4_000_000)
    start = time.perf_counter()
    column.copy()
    copy_ns = (time.perf_counter() - start) * 1e9 / column.size
    return {
        "processor": model,
        "cores": float(os.cpu_count() or 0),
        "python": sys.version.split()[0],
        "numpy": version("numpy"),
        "pandas": version("pandas"),
        "python_loop_ns": round(loop_ns, 2),
        "numpy_copy_ns_per_double": round(copy_ns, 3),
    }


def keep(topic: str, reports: list[Report]) -> Path:
    """Append one JSON line for this run to ``results/<topic>.jsonl``."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{topic}.jsonl"
    record = {
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "reports": [asdict(report) for report in reports],
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")
    return path
