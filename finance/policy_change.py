"""What another version of a policy does to cases that were scored: old grade to new grade, case by case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from finance.policy import Scorecard
from finance.score import Score
from finance.scorecard import NothingToScore, score, sift
from finance.submission import IndicatorValue
from models.errors import Text
from models.findings import Finding
from models.table import Result, Row

METHOD = "finance.policy_change/1"
#: Stands where a policy cannot score a case.
UNSCORED = "-"


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it was handed in."""

    id: str
    inputs: Mapping[str, IndicatorValue]
    gates: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Changed:
    """One case under both policies; none where a policy cannot score it."""

    id: str
    old: Score | None
    new: Score | None

    @property
    def grades(self) -> tuple[str, str]:
        """Grade before and after."""
        return (
            UNSCORED if self.old is None else self.old.grade.id,
            UNSCORED if self.new is None else self.new.grade.id,
        )

    @property
    def change(self) -> float | None:
        """Points of the score after gates."""
        return None if self.old is None or self.new is None else self.new.total - self.old.total


@dataclass(frozen=True, slots=True)
class PolicyChange(Result):
    """
    Both policies over the same cases.

    ``findings`` name, by place of the case from 1, values that the new policy
    does not take; such a value counts as missing under it.
    """

    old: Scorecard
    new: Scorecard
    cases: tuple[Changed, ...]
    findings: tuple[Finding, ...]

    def matrix(self) -> dict[tuple[str, str], int]:
        """Return how many cases go from which grade to which; they sum to the number of cases."""
        found: dict[tuple[str, str], int] = {}
        for case in self.cases:
            found[case.grades] = found.get(case.grades, 0) + 1
        return found

    @property
    def moved(self) -> int:
        """Cases whose grade differs."""
        return sum(case.grades[0] != case.grades[1] for case in self.cases)

    def rows(self) -> list[Row]:
        same = Text("新旧等级不同", "old and new grade differ")
        made = [
            Row("cases", Text("案例", "Cases"), float(len(self.cases)), digits=0),
            Row("moved", Text("等级变化", "Grade changes"), float(self.moved), "", same, 0),
        ]
        for (before, after), count in sorted(self.matrix().items()):
            made.append(
                Row(f"{before}.{after}", Text(f"{before} → {after}", f"{before} to {after}"), float(count), digits=0)
            )
        return made

    def proof(self) -> list[str]:
        return [
            f"{card.policy_id} {card.version} ({card.status}) [{card.policy_hash[:12]}]"
            for card in (self.old, self.new)
        ]


def compared(old: Scorecard, new: Scorecard, cases: Sequence[Case]) -> PolicyChange:
    """
    Return what ``new`` makes of cases that ``old`` scored.

    Notes
    -----
    ``finance.md`` 4.6, guarantee 7. Nothing raises: a value that a policy does
    not take counts as missing there and is told.
    """
    made, findings = [], list[Finding]()
    for place, case in enumerate(cases, start=1):
        scores = []
        for card in (old, new):
            kept, told = sift(card, case.inputs)
            if card is new:
                findings += [Finding(f.code, "warning", f.text, f.hint, row=place, field=f.field) for f in told]
            scores.append(_scored(card, kept, case.gates))
        made.append(Changed(case.id, scores[0], scores[1]))
    return PolicyChange(old, new, tuple(made), tuple(findings))


def _scored(card: Scorecard, inputs: Mapping[str, IndicatorValue], gates: Mapping[str, bool]) -> Score | None:
    asked = {gate.id for gate in card.gates if gate.asks == "answer"}
    try:
        return score(card, inputs, {key: answer for key, answer in gates.items() if key in asked})
    except NothingToScore:
        return None
