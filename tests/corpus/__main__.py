"""
The corpus by hand.

``python -m tests.corpus score [--office] [--keep FOLDER]`` reads every file through the guarded child and writes the table
of ``docs/corpus.md``; ``bombs`` says how long each takes and how much the child needs; ``mutants COUNT`` tries changed files.
"""

from __future__ import annotations

import argparse
import collections
import re
from pathlib import Path

from tests.corpus.bombs import BOMBS, weighed
from tests.corpus.corpus import every
from tests.corpus.mutants import tried
from tests.corpus.score import Reader, graded

TABLE = Path(__file__).resolve().parents[2] / "docs" / "corpus.md"


def main() -> None:
    """Do what is asked for."""
    asked = argparse.ArgumentParser()
    parts = asked.add_subparsers(dest="part", required=True)
    scoring = parts.add_parser("score")
    scoring.add_argument("--keep", type=Path)
    scoring.add_argument("--office", action="store_true")
    one = parts.add_parser("bombs")
    one.add_argument("name", nargs="?")
    many = parts.add_parser("mutants")
    many.add_argument("count", type=int)
    many.add_argument("--first", type=int, default=0)
    told = asked.parse_args()
    if told.part == "score":
        score(told.keep, office=told.office)
    elif told.part == "mutants":
        print(tried(told.count, first=told.first))
    else:
        for name in [told.name] if told.name else BOMBS:
            weighed(name)


def score(keep: Path | None, *, office: bool) -> None:
    """Score every file and write the table."""
    reader = Reader()
    outcomes = []
    for case in every(office=office):
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"[^\w.-]+", "_", case.name)[:80]
            (keep / f"{name}{Path(case.filename).suffix}").write_bytes(case.data)
        outcomes.append(graded(case, *reader(case.data, case.filename)))
    count = collections.Counter((one.case.behaviour, one.verdict) for one in outcomes)
    lines = [
        "# Bad spreadsheets",
        "",
        "`python -m tests.corpus score --office` makes every file anew from one known-good table, reads it in the guarded child, asks",
        "the law about each line and writes this table. *Silently wrong* is a row kept with another meaning, kept though it has to",
        "be refused or asked about, or lost without a finding; *safe* is refused, but not as stated beside the file.",
        "",
        "| to do | files | silently wrong | right | safe, not right |",
        "| --- | --- | --- | --- | --- |",
    ]
    for behaviour in ("ok", "reject", "ask"):
        of = [count[behaviour, verdict] for verdict in ("silently wrong", "right", "safe")]  # type: ignore[index]
        lines.append(f"| {behaviour} | {sum(of)} | {of[0]} | {of[1]} | {of[2]} |")
    lines += ["", "| axis | files | silently wrong | right |", "| --- | --- | --- | --- |"]
    axes: dict[str, list[str]] = collections.defaultdict(list)
    for one in outcomes:
        axes["pairs" if " + " in one.case.axis else one.case.axis].append(one.verdict)
    lines += [
        f"| {axis} | {len(of)} | {of.count('silently wrong')} | {of.count('right')} |" for axis, of in axes.items()
    ]
    missed = [one for one in outcomes if one.verdict != "right"]
    lines += ["", "Not right: none." if not missed else "Not right:", ""]
    lines += [f"- {one.verdict}: {one.case.name} (to {one.case.behaviour}): {one.why}" for one in missed]
    head, _, rest = TABLE.read_text(encoding="utf-8").partition("\n# ") if TABLE.exists() else ("", "", "")
    lines += [f"\n# {rest}".rstrip("\n")] if head and rest else []
    TABLE.write_text("\n".join(lines).rstrip("\n") + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
