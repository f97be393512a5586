"""What became of a file: silently wrong counts first, then whether it was right."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from cbam.goods import candidates
from finance.assessment import Options, assess_submission
from finance.submission import GoodsLine
from models.findings import Finding
from service.library import Library
from service.workbook.problems import FileProblem
from service.workbook.read import read_submission
from tests.corpus.draft import Case, Good

Verdict = Literal["right", "safe", "silently wrong"]
AS_OF = dt.date(2026, 11, 1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case and its verdict, with the reason where it is not right."""

    case: Case
    verdict: Verdict
    why: str = ""


class Reader:
    """The main job up to its findings: read, typed, and the law asked about each line."""

    def __init__(self) -> None:
        self._library = Library()
        self._book = self._library.book()
        self._context = self._library.context((), AS_OF)

    def __call__(self, data: bytes, filename: str) -> tuple[list[GoodsLine], list[Finding]]:
        """Return the goods that would be assessed, and everything that was found."""
        try:
            result = read_submission(data, filename, candidates=lambda prefix: candidates(self._book, prefix))
        except FileProblem as problem:
            return [], [Finding.of(problem, severity="question")]
        findings = list(result.findings)
        goods: list[GoodsLine] = []
        if result.submission is not None and result.goods:
            for line in assess_submission(result.submission, Options(), self._context).lines:
                refused = [f for f in line.findings if f.refuses]
                if refused:
                    findings += [
                        Finding(f.code, f.severity, f.text, f.hint, result.sheet, line.line.line) for f in refused
                    ]
                else:
                    goods.append(line.line)
        return goods, findings


def graded(case: Case, goods: Sequence[GoodsLine], findings: Iterable[Finding]) -> Outcome:
    """Return the verdict on a file."""
    refusing = [f for f in findings if f.refuses]
    asked_in = {f.row for f in refusing if f.row}
    # What concerns the sheet or the file holds for every row of it.
    of_all = [f for f in refusing if f.row is None or f.row not in case.lines]
    kept = {good.line: good for good in goods}
    for row, good in kept.items():
        line = case.lines.get(row)
        if line is None:
            return Outcome(case, "silently wrong", f"row {row} is no good and was kept")
        if case.whole != "ok" and not case.keeps:
            return Outcome(case, "silently wrong", f"row {row} of a file to {case.whole} was kept")
        if line.behaviour != "ok":
            return Outcome(case, "silently wrong", f"row {row} to {line.behaviour} was kept")
        if wrong := _differs(good, line.good):
            return Outcome(case, "silently wrong", f"row {row}: {wrong}")
    lost = [row for row in case.lines if row not in kept]
    silent = [row for row in lost if row not in asked_in and not of_all]
    if silent:
        return Outcome(case, "silently wrong", f"rows {silent} are lost without a finding")
    if case.whole != "ok":
        if not of_all:
            return Outcome(case, "safe", "no finding about the whole")
        return _right(case, case.whole != "ask" or any(f.severity == "question" for f in of_all), "not asked")
    for row, line in case.lines.items():
        if line.behaviour == "ok" and row not in kept:
            codes = sorted({f.code for f in refusing if f.row in (None, row)} or {f.code for f in of_all})
            return Outcome(case, "safe", f"row {row} can be read and was refused: {', '.join(codes)}")
        here = [f for f in refusing if f.row == row]
        if line.behaviour != "ok" and not here:
            return Outcome(case, "safe", f"row {row} was refused without its place")
        if line.behaviour == "ask" and not any(f.severity == "question" for f in here):
            return Outcome(case, "safe", f"row {row} was refused, not asked about: {here[0].code}")
    return Outcome(case, "right")


def _right(case: Case, right: bool, why: str) -> Outcome:
    return Outcome(case, "right" if right else "safe", "" if right else why)


def _differs(good: GoodsLine, truth: Good) -> str:
    told = {
        "product": (" ".join(good.product.split()), " ".join(truth.product.split())),
        "code": (good.cn_code, truth.code),
        "origin": (good.origin, truth.origin),
        "day": (good.imported_on, truth.day),
        "currency": (good.currency, truth.currency),
    }
    numbers = {
        "mass": (good.net_mass_t, truth.mass),
        "see": (good.own_see_tco2e_per_t, truth.see),
        "price": (good.price_per_t, truth.price),
    }
    wrong = [f"{name} {a!r} is not {b!r}" for name, (a, b) in told.items() if a != b]
    for name, (a, b) in numbers.items():
        if (a is None) != (b is None) or (a is not None and b is not None and not math.isclose(a, b, rel_tol=1e-12)):
            wrong.append(f"{name} {a!r} is not {b!r}")
    return "; ".join(wrong)
