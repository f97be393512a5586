"""A changed policy over cases that were scored."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from finance.policy import Scorecard, load_scorecard
from finance.policy_change import UNSCORED, Case, compared
from finance.submission import IndicatorValue
from models.files import DATA

PATH = DATA / "scorecards" / "gd-green-loan-default" / "1.0.0.json"
CARD = load_scorecard(PATH)


def other(**change: Any) -> Scorecard:
    raw = copy.deepcopy(json.loads(PATH.read_text(encoding="utf-8"))) | change
    return Scorecard.model_validate_json(json.dumps(raw), strict=True)


def cases() -> list[Case]:
    def made(x: float, evidence: str) -> dict[str, IndicatorValue]:
        values: dict[str, float | str] = {"F1": x, "F2": evidence, "C2": x / 10, "T3": 1.0 - x / 3}
        return {
            key: IndicatorValue(value=v, data_quality=2 if isinstance(v, float) else None) for key, v in values.items()
        }

    levels = ("national_certified", "third_party_verified", "self_declared")
    return [Case(f"{level}-{x}", made(x, level), {"G1": False}) for level in levels for x in (0.5, 0.8, 1.0, 1.5)]


def test_the_same_policy_moves_nothing() -> None:
    made = compared(CARD, CARD, cases())
    assert made.moved == 0
    assert all(case.change == 0.0 for case in made.cases)
    assert not made.findings


def test_higher_thresholds_only_lower_grades() -> None:
    raw = json.loads(PATH.read_text(encoding="utf-8"))
    grades = [g | {"min": g["min"] + 10 if g["min"] else 0} for g in raw["grades"]]
    made = compared(CARD, other(version="2.0.0", grades=grades), cases())
    order = [g.id for g in CARD.grades]
    assert made.moved > 0
    assert all(order.index(before) <= order.index(after) for before, after in made.matrix())
    assert sum(made.matrix().values()) == len(cases())
    assert all(case.change == pytest.approx(0.0) for case in made.cases)
    assert len(made.proof()) == 2
    assert made.proof()[0] != made.proof()[1]


def test_a_value_the_new_policy_does_not_take_is_told_and_missing() -> None:
    raw = json.loads(PATH.read_text(encoding="utf-8"))
    for dimension in raw["dimensions"]:
        for indicator in dimension["indicators"]:
            if indicator["id"] == "F2":
                indicator["levels"].pop("national_certified")
    made = compared(CARD, other(dimensions=raw["dimensions"]), cases())
    assert {f.row for f in made.findings} == {1, 2, 3, 4}
    assert all(f.field == "F2" and f.severity == "warning" for f in made.findings)
    assert all(case.change is not None and case.change < 0 for case in made.cases[:4])


def test_a_case_that_nothing_applies_to_has_no_grade() -> None:
    raw = json.loads(PATH.read_text(encoding="utf-8"))
    for dimension in raw["dimensions"]:
        for indicator in dimension["indicators"]:
            indicator["weight"] = 1.0 if indicator["id"] == "E3" else 0.0
    off = {"E3": IndicatorValue.model_validate({"state": "not_applicable", "declared_on": "2026-01-01"})}
    made = compared(CARD, other(dimensions=raw["dimensions"]), [Case("x", off, {})])
    assert made.cases[0].grades[1] == UNSCORED
    assert made.cases[0].change is None
