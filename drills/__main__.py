"""``python -m drills``: run drills by name, or all of a kind, and keep what they reached in ``docs/reliability.md``."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback

from drills.outcome import Missing, Outcome, Scale

NAMES = [f"r{n}" for n in range(1, 14)] + [f"l{n}" for n in range(1, 5)]


def one(name: str, scale: Scale) -> Outcome:
    """Run a drill; what breaks it is what did not hold."""
    begun = time.monotonic()
    try:
        out: Outcome = importlib.import_module(f"drills.{name}").run(scale)
    except Missing:
        raise
    except Exception as error:
        traceback.print_exc()
        out = Outcome(broken=[f"the drill broke off: {type(error).__name__}: {error}"])
    out.seconds = time.monotonic() - begun
    return out


def main(given: list[str]) -> int:
    """Run what is asked for; the exit code is 1 where a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m drills", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="all where none is named")
    parser.add_argument("--short", action="store_true", help="the short version, as in the tests")
    parser.add_argument("--minutes", type=float, default=10.0, help="for drills that are stated in minutes")
    asked = parser.parse_args(given)
    missed = 0
    for name in asked.names or NAMES:
        out = one(name, Scale(asked.short, asked.minutes))
        missed += bool(out.broken)
        print(f"{name.upper()} {'held' if not out.broken else 'MISSED'} in {out.seconds:.0f} s: {out.line}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
