"""The band of a score, what-if, AHP, and the same score for many borrowers at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.band import NotPairwise, band, priorities, what_if
from finance.errors import UnequalColumns
from finance.policy import load_scorecard
from finance.score_columns import Given, score_columns
from finance.scorecard import score
from finance.submission import IndicatorValue
from models.files import DATA

CARD = load_scorecard(DATA / "scorecards" / "gd-green-loan-default" / "1.0.0.json")


def value(x: float | str, quality: float | None = None) -> IndicatorValue:
    return IndicatorValue(value=x, data_quality=quality)


def borrower(quality: float = 2.0, **changed: IndicatorValue) -> dict[str, IndicatorValue]:
    return {
        "F1": value(0.9, quality), "F2": value("third_party_verified"), "F3": value(-0.03), "C1": value(0.01, quality),
        "C2": value(0.06, quality), "E1": value(0.97, 1.0), "E2": value(3), "E3": value(0.02), "B1": value(0.03, quality),
        "B2": value(0.1), "B3": value(0.8), "T1": value(0.9), "T2": value("transition_catalogue"), "T3": value(0.3),
        "Q1": value(2.0),
    } | changed  # fmt: skip


def test_the_same_seed_gives_the_same_band_and_shares_sum_to_one() -> None:
    made = score(CARD, borrower(), {})
    one, other = band(made, 7), band(made, 7)
    assert one == other
    assert one.p10 < one.p50 < one.p90
    assert sum(one.grades.values()) == pytest.approx(1.0)
    assert sum(one.variance.values()) == pytest.approx(1.0)
    assert set(one.variance) <= {i.id for i in CARD.indicators if i.haircut}
    assert one.weights[0] < made.total < one.weights[1]
    assert all(row.label.zh and row.label.en for row in one.rows())


def test_the_decision_is_the_conservative_score() -> None:
    made = score(CARD, borrower(4.0), {})
    assert made.total < band(made, 1).p50


def test_worse_data_widen_the_band() -> None:
    good, bad = (band(score(CARD, borrower(q), {}), 3) for q in (1.0, 5.0))
    assert bad.p90 - bad.p10 > 2 * (good.p90 - good.p10)


def test_a_score_at_a_threshold_has_two_grades() -> None:
    grades = {g.id: g.min for g in CARD.grades}
    spread = [band(score(CARD, borrower(4.0, F1=value(x, 4.0)), {}), 5) for x in np.linspace(0.5, 2.0, 16)]
    assert any(one.grade_uncertain for one in spread)
    near = next(one for one in spread if one.grade_uncertain)
    assert min(abs(near.p50 - least) for least in grades.values()) < near.p90 - near.p10
    assert any(row.key == "grade_uncertain" for row in near.rows())


def test_a_gate_keeps_its_cap_in_every_draw() -> None:
    made = score(CARD, borrower(F2=value("none")), {})
    caps = [g.gate.cap for g in made.gates if g.binds and g.gate.cap is not None]
    assert caps
    assert band(made, 1).p90 <= min(caps)


def test_what_if_adds_up() -> None:
    made = what_if(CARD, borrower(), {}, {"T3": value(0.9), "C2": value(0.02, 1.0)})
    assert set(made.parts) == {"T3", "C2"}
    assert made.change > 0
    assert sum(made.parts.values()) == pytest.approx(made.after.before_gates - made.before.before_gates, abs=1e-9)


def test_a_consistent_comparison_gives_its_weights_back() -> None:
    weights = np.array([0.5, 0.3, 0.2])
    made = priorities(weights[:, None] / weights)
    assert made.weights == pytest.approx(weights)
    assert made.consistency == pytest.approx(0.0, abs=1e-12)


def test_a_published_comparison() -> None:
    # Saaty (1980) style 3 x 3: lambda_max = 3.0385, CI = 0.01925, CR = 0.0332.
    made = priorities(np.array([[1, 3, 5], [1 / 3, 1, 3], [1 / 5, 1 / 3, 1]]))
    assert made.weights == pytest.approx([0.6370, 0.2583, 0.1047], abs=1e-4)
    assert made.consistency == pytest.approx(0.0332, abs=2e-4)
    assert made.accepted
    assert not priorities(np.array([[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]])).accepted


@pytest.mark.parametrize(
    "matrix", [np.ones((2, 2)), np.ones((3, 4)), np.array([[1, 2, 3], [2, 1, 1], [3, 1, 1.0]]), -np.ones((3, 3))]
)
def test_what_is_no_comparison_is_refused(matrix: Any) -> None:
    with pytest.raises(NotPairwise):
        priorities(matrix)


NUMERIC = [i for i in CARD.indicators if i.levels is None]
LEVELS = [i for i in CARD.indicators if i.levels is not None]


@st.composite
def firms(draw: st.DrawFn) -> list[dict[str, tuple[float, float]]]:
    bounds = {"B2": 1.0, "B3": 1.0, "T3": 1.0}
    firm = st.fixed_dictionaries(
        {
            i.id: st.tuples(
                st.one_of(
                    st.just(math.nan), st.floats(1.0, 5.0) if i.id == "Q1" else st.floats(0.0, bounds.get(i.id, 2.0))
                ),
                st.floats(1.0, 5.0),
            )
            for i in NUMERIC
        }
        | {i.id: st.tuples(st.integers(-1, len(i.levels or ()) - 1).map(float), st.just(1.0)) for i in LEVELS}
    )
    return draw(st.lists(firm, min_size=1, max_size=4))


@given(firms())
def test_many_at_once_equal_one_by_one(made: list[dict[str, tuple[float, float]]]) -> None:
    columns = {
        key: Given(np.array([firm[key][0] for firm in made]), np.array([firm[key][1] for firm in made]))
        for key in made[0]
    }
    found = score_columns(CARD, columns)
    for i, firm in enumerate(made):
        inputs: dict[str, IndicatorValue] = {}
        for one in CARD.indicators:
            x, quality = firm[one.id]
            if one.levels is not None:
                if x >= 0:
                    inputs[one.id] = value(list(one.levels)[int(x)])
            elif not math.isnan(x):
                inputs[one.id] = value(x, quality)
        alone = score(CARD, inputs, {})
        assert found.total[i] == pytest.approx(alone.before_gates, abs=1e-9)
        for j, key in enumerate(found.ids):
            own = next(line for line in alone.lines if line.indicator.id == key)
            assert found.contributions[j, i] == pytest.approx(own.contribution, abs=1e-9)
        told = [found.ids[r] for r in found.reasons[:, i] if r >= 0]
        by_lost = {line.indicator.id: line.lost for line in alone.lines}
        assert [by_lost[key] for key in told] == pytest.approx(
            sorted(by_lost.values(), reverse=True)[: len(told)], abs=1e-9
        )
        near = min(abs(found.total[i] - g.min) for g in CARD.grades)
        if near > 1e-9:
            assert CARD.grades[found.grade[i]].id == CARD.grade(found.total[i]).id


def test_what_does_not_apply_leaves_the_sum() -> None:
    off = Given(np.array([0.9]), 1.0, np.array([False]))
    found = score_columns(CARD, {"F1": Given(np.array([0.9]), 2.0), "E1": off})
    at = found.ids.index("E1")
    assert found.contributions[at, 0] == 0.0
    with pytest.raises(UnequalColumns):
        score_columns(CARD, {"F1": Given(np.zeros(2)), "C1": Given(np.zeros(3))})
