"""``docs/reliability.md``: one row a drill; a run replaces the rows of what it ran and leaves the others."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import re
from pathlib import Path

from benchmarks.harness import machine
from drills.outcome import Outcome

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reliability.md"
_ROW = re.compile(r"\| ([RL]\d+) \|")


def machine_line() -> str:
    """Return what a run stood on."""
    told = machine()
    return f"{int(float(told['cores']))} cores {told['processor']}, Python {told['python']}, Linux {os.uname().release.split('-')[0]}"


def row(name: str, out: Outcome | None, missing: str = "") -> str:
    """Return the row of a drill."""
    module = importlib.import_module(f"drills.{name}")
    fault = str(module.__doc__).partition(":")[2].strip().rstrip(".")
    if out is None:
        reached, state = f"not run: {missing}", "—"
    else:
        reached, state = out.line, "no" if out.broken else "yes"
    took = f"{out.seconds:.0f} s" if out else ""
    cells = (
        name.upper(),
        fault,
        module.GOAL,
        reached,
        state,
        f"`drills/{name}.py`",
        took,
        f"{dt.datetime.now(dt.UTC).date():%Y-%m-%d}",
    )
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def write(rows: dict[str, str]) -> None:
    """Put rows into the page in their order, and say on what machine they were made."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    found = [number for number, line in enumerate(lines) if _ROW.match(line)]
    held = {match[1].lower(): line for line in lines if (match := _ROW.match(line))} | rows
    order = sorted(held, key=lambda name: (name[0] != "r", int(name[1:])))
    first = found[0] if found else next(number for number, line in enumerate(lines) if line.startswith("| --- |")) + 1
    kept = [line for line in lines if not _ROW.match(line)]
    kept[first:first] = [held[name] for name in order]
    told = f"Last run: {dt.datetime.now(dt.UTC).date():%Y-%m-%d}, {', '.join(sorted(rows)).upper()}; {machine_line()}."
    page = re.sub(r"^Last run: .*$", told, "\n".join(kept), flags=re.MULTILINE)
    PAGE.write_text(page + "\n", encoding="utf-8")
