"""One assessment over HTTP on the loopback, against a health request of the same process."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.harness import Report
from service.start import listen

LINE = {"cn_code": "73089059", "origin": "CN", "net_mass_t": 10.0, "imported_on": "2026-05-12"}
REQUESTS = 300


def _call(address: str, body: dict[str, object] | None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: bytes = answer.read()
        return found


def run() -> list[Report]:
    """Return median and 99th percentile of one assessment, and its ratio to a request that does nothing."""
    free = listen("127.0.0.1", 8300)
    port = free.getsockname()[1]
    free.close()
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"YUETAN_DATA_DIR": folder, "YUETAN_PORT": str(port)}
        server = subprocess.Popen(
            [str(Path(sys.executable).with_name("yuetan")), "serve"],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        base = f"http://127.0.0.1:{port}/api/v1"
        try:
            for _ in range(150):
                try:
                    _call(f"{base}/ready", None)
                    break
                except OSError:
                    time.sleep(0.2)
            assert json.loads(_call(f"{base}/exposures", LINE))["cost_eur"], "no cost in the answer"
            taken: dict[str, list[float]] = {"one assessment": [], "health": []}
            for _ in range(REQUESTS):
                for name, address, body in (
                    ("one assessment", f"{base}/exposures", dict(LINE)),
                    ("health", f"{base}/health", None),
                ):
                    start = time.perf_counter()
                    _call(address, body)
                    taken[name].append(time.perf_counter() - start)
        finally:
            server.terminate()
            server.wait(30)
    ordered = sorted(taken["one assessment"])
    medians = {name: statistics.median(times) for name, times in taken.items()}
    return [
        Report(
            name="one line over HTTP, wall time",
            reference="health",
            ns_per_unit={name: value * 1e9 for name, value in medians.items()},
            ratio={name: value / medians["health"] for name, value in medians.items()},
            rounds=REQUESTS,
            goal="median well under 50 ms",
            extra={"median_ms": medians["one assessment"] * 1e3, "p99_ms": ordered[int(0.99 * REQUESTS)] * 1e3},
        )
    ]
