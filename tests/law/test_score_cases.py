"""Every case of ``score.yaml``: a score to six digits, line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from finance.scorecard import load_scorecard, score
from finance.submission import IndicatorValue
from models.files import DATA, read_yaml

CASES = read_yaml(Path(__file__).parent / "score.yaml")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    card = load_scorecard(DATA / "scorecards" / f"{case['card']}.json")
    made = score(card, {k: IndicatorValue(**v) for k, v in case["inputs"].items()}, case.get("gates", {}))
    want = case["expect"]
    assert made.total == pytest.approx(want["score"], abs=5e-7), made.summary("en")
    assert made.grade.id == want["grade"]
    assert [r.code for r in made.reasons] == want["reasons"]
    lines = {x.indicator.id: x for x in made.lines if x.state != "not_applicable"}
    assert set(lines) == set(want["lines"])
    for key, (used, points, weight, contribution) in want["lines"].items():
        line = lines[key]
        got = (line.used, line.points, line.weight, line.contribution)
        for is_, should in zip(got, (used, points, weight, contribution), strict=True):
            assert is_ == (should if isinstance(should, str) else pytest.approx(should, abs=5.1e-7)), key
    assert sum(x.contribution for x in made.lines) == pytest.approx(made.before_gates, abs=1e-9)
