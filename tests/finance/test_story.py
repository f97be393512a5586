"""What is read first of a score: it adds up, and the way to the next grade leads there."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.policy import Scorecard, load_scorecard
from finance.scorecard import score
from finance.story import known, lifts, up_and_down, way_up
from finance.submission import IndicatorValue
from models.files import DATA
from service.score.kept import EXAMPLE
from service.score.use import KeepAsk

CARD: Scorecard = load_scorecard(DATA / "scorecards" / "gd-green-loan-default" / "1.0.0.json")
ASKED = KeepAsk.model_validate(EXAMPLE)


def test_the_worked_example() -> None:
    made = score(CARD, ASKED.values, ASKED.gates)
    assert made.total == pytest.approx(67.975430, abs=5e-7)
    up, down = up_and_down(made)
    assert [x.indicator.id for x in down] == ["C2", "F1", "B1"] or {x.indicator.id for x in down} == {"C2", "B1", "C1"}
    assert all(one.points > 0 for one in up)
    way = way_up(made)
    assert way is not None
    assert (way.grade.id, way.capped) == ("A", False)
    assert way.gap == pytest.approx(next(g.min for g in CARD.grades if g.id == "A") - made.total)
    assert known(made).shares == pytest.approx({"measured": 1.0, "estimated": 0.0, "missing": 0.0})


numeric = [i for i in CARD.indicators if i.levels is None]


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from([i.id for i in numeric]), st.floats(0, 1), min_size=1))
def test_lifts_sum_to_nothing_and_the_way_is_enough(given_: dict[str, float]) -> None:
    of = {i.id: i for i in numeric}
    values = {}
    for key, at in given_.items():
        points = of[key].points or ()
        low, high = points[0][0], points[-1][0]
        values[key] = IndicatorValue(value=low + at * (high - low), data_quality=3)
    made = score(CARD, values, {})
    assert math.fsum(one.points for one in lifts(made)) == pytest.approx(0, abs=1e-9)
    assert math.fsum(known(made).shares.values()) == pytest.approx(1.0)
    way = way_up(made)
    if way is not None:
        gained = math.fsum(step.points_to_gain or 0.0 for step in way.steps)
        assert way.reached == (gained >= way.gap - 1e-9)
        # One step fewer would not do.
        assert gained - (way.steps[-1].points_to_gain or 0.0) < way.gap if way.steps else True
