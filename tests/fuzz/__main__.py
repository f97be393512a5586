"""
Schemathesis against the served description: ``make fuzz``, or ``python -m tests.fuzz EXAMPLES [SECONDS]``.

The service runs on a free port of the loopback with a database of its own, without a worker. ``st`` comes from the folder that
``YUETAN_FUZZ_BIN`` names, since its requirements are its own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
#: What sends to other addresses, and what stays open until its job ends, has tests of its own.
LEFT_OUT = "events$|/price-sources/|/pact/partners"
CHECKS = "not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance,negative_data_rejection"


def main() -> int:
    """Start the service, try it, stop it."""
    examples, seconds = [*sys.argv[1:], "20", "1800"][:2] if len(sys.argv) < 3 else sys.argv[1:3]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        told = os.environ | {"YUETAN_DATA_DIR": folder, "YUETAN_WORKER": "none"}
        command = [sys.executable, "-m", "uvicorn", "--factory", "service.app:create_app", "--port", str(port)]
        served = subprocess.Popen([*command, "--log-level", "warning"], env=told)
        try:
            _wait(f"http://127.0.0.1:{port}/api/v1/health")
            tool = Path(os.environ.get("YUETAN_FUZZ_BIN", ".fuzz/bin")) / "st"
            return subprocess.call(
                [tool, "--config-file", HERE / "schemathesis.toml", "run", f"http://127.0.0.1:{port}/api/v1/openapi.json",
                 "-n", examples, "--max-time", seconds, "--phases", "examples,coverage,fuzzing", "--checks", CHECKS,
                 "--exclude-path-regex", LEFT_OUT, "--continue-on-failure", "--request-timeout", "20"]
            )  # fmt: skip
        finally:
            served.terminate()
            served.wait(20)


def _wait(address: str) -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.5)
    raise SystemExit("the service does not start")


if __name__ == "__main__":
    raise SystemExit(main())
