"""
``python -m drills``: run drills by name, ``r`` for all faults, ``l`` for all loads.

With ``--own`` PostgreSQL, RabbitMQ and Redis are started on free ports of
this machine in folders of their own, and removed at the end; else those are
used that answer. With ``--suite`` the test suite runs on them first. With
``--write`` the figures go to ``docs/reliability.md``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path

from drills import report
from drills.outcome import Missing, Outcome, Scale
from drills.servers import all_servers

FAULTS = [f"r{n}" for n in range(1, 14)]
LOADS = [f"l{n}" for n in range(1, 5)]


def one(name: str, scale: Scale) -> Outcome:
    """Run a drill; what breaks it is what did not hold."""
    begun = time.monotonic()
    try:
        out: Outcome = importlib.import_module(f"drills.{name}").run(scale)
    except Missing:
        raise
    except Exception as error:
        traceback.print_exc()
        out = Outcome(
            broken=[
                f"the drill broke off: {type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"
            ]
        )
    out.seconds = time.monotonic() - begun
    return out


def named(given: list[str]) -> list[str]:
    """Return the drills that are asked for."""
    groups = {"r": FAULTS, "l": LOADS}
    return [name for word in given or ["r", "l"] for name in groups.get(word.lower(), [word.lower()])]


def main(given: list[str]) -> int:
    """Run what is asked for; the exit code is 1 where a goal was missed, 2 where something is not installed."""
    parser = argparse.ArgumentParser(
        prog="python -m drills", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*FAULTS, *LOADS, "r", "l", []])
    parser.add_argument("--short", action="store_true", help="the short version, as in the tests")
    minutes = float(os.environ.get("DRILL_MINUTES", "10"))
    parser.add_argument("--minutes", type=float, default=minutes, help="for L1 and R13 (DRILL_MINUTES, 10)")
    parser.add_argument("--own", action="store_true", help="start servers of our own")
    parser.add_argument("--suite", action="store_true", help="run the test suite on them first")
    parser.add_argument("--write", action="store_true", help="keep the figures in docs/reliability.md")
    asked = parser.parse_args(given)
    with contextlib.ExitStack() as stack:
        if asked.own:
            try:
                os.environ.update(stack.enter_context(all_servers()))
            except Missing as missing:
                print(missing, file=sys.stderr)
                return 2
        failed = suite() if asked.suite else 0
        missed, rows = int(failed != 0), dict[str, str]()
        for name in named(asked.names):
            try:
                out = one(name, Scale(asked.short, asked.minutes))
            except Missing as missing:
                print(f"{name.upper()} not run: {missing}", flush=True)
                rows[name] = report.row(name, None, str(missing))
                continue
            missed += bool(out.broken)
            print(
                f"{name.upper()} {'held' if not out.broken else 'MISSED'} in {out.seconds:.0f} s: {out.line}",
                flush=True,
            )
            rows[name] = report.row(name, out)
            if asked.write:
                report.write(rows)
    return 1 if missed else 0


def suite() -> int:
    """Run the tests on the servers that the environment names; drills have their own turn."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-m", "not faults"]
    return subprocess.run(command, cwd=Path(__file__).resolve().parent.parent, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
