"""Grades: boundaries open and closed in both directions, chances of each class, and the way to the next one."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.files import DATA
from models.grade import GradeAsk, OtherProduct, OtherUnit, SchemeNotInForce, best_chances, graded
from models.grading import GradeScheme, SchemeInvalid, SpreadInvalid, chances, check_scheme, class_of
from models.measures import load_measures
from models.uncertainty import interval, simulate

MEASURES = load_measures(DATA)
Z = NormalDist().inv_cdf(0.975)


def scheme(*limits: float, better: str = "lower", closed: bool = True, last: bool = True, **more: Any) -> GradeScheme:
    """A made-up scheme with classes A, B, C ...; ``last`` adds one that takes the rest."""
    classes: list[dict[str, Any]] = [
        {"name": chr(65 + i), "limit": limit, "includes_limit": closed} for i, limit in enumerate(limits)
    ]
    if last:
        classes.append({"name": chr(65 + len(limits))})
    told = {
        "id": "made-up", "name": "示意", "product_group": "电池", "version": "1", "unit": "kgCO2e/kWh", "better": better,
        "classes": classes, "status": "illustrative", "source": "made up for tests",
    }  # fmt: skip
    return GradeScheme.model_validate(told | more)


def ask(of: GradeScheme, value: float, **more: Any) -> GradeAsk:
    return GradeAsk.model_validate({"scheme": of, "value": value, "unit": "kgCO2e/kWh"} | more)


@pytest.mark.parametrize(
    ("better", "closed", "expected"),
    [("lower", True, [0, 0, 1, 1, 2]), ("lower", False, [0, 1, 1, 2, 2]),
     ("higher", True, [2, 1, 1, 0, 0]), ("higher", False, [2, 2, 1, 1, 0])],
)  # fmt: skip
def test_a_limit_belongs_to_the_class_that_says_so(better: str, closed: bool, expected: list[int]) -> None:
    limits = (60.0, 80.0) if better == "lower" else (80.0, 60.0)
    found = class_of(np.array([59.0, 60.0, 70.0, 80.0, 81.0]), scheme(*limits, better=better, closed=closed))
    assert found.tolist() == expected


def test_the_last_digit_does_not_move_a_value_off_its_limit() -> None:
    assert class_of(0.1 + 0.2, scheme(0.3, 0.4)).tolist() == [0]
    assert class_of(0.1 + 0.2, scheme(0.3, 0.4, closed=False)).tolist() == [1]
    assert class_of(0.3 - 1e-17, scheme(0.3, closed=False)).tolist() == [1]
    assert class_of(0.3001, scheme(0.3)).tolist() == [1]


def test_a_last_class_with_a_limit_leaves_the_rest_ungraded() -> None:
    made = graded(ask(scheme(60.0, 80.0, last=False), 90.0, half_width=0.1), MEASURES)
    assert made.grade is None
    assert made.ungraded == pytest.approx(1 - NormalDist(90, 9 / Z).cdf(80))
    assert made.gap is not None
    assert made.gap.to == "B"


def test_chances_of_a_normal_are_those_of_the_table() -> None:
    found = chances(np.array([70.0, 60.0]), np.array([60.0, 60.0]), np.array([80.0, 60.0]), scheme(60.0, 80.0))
    assert found[0] == pytest.approx([0.025, 0.95, 0.025, 0.0])
    assert found[1].tolist() == [1.0, 0.0, 0.0, 0.0]
    more = chances(70.0, 60.0, 80.0, scheme(80.0, 60.0, better="higher"))
    assert more[0] == pytest.approx([0.025, 0.95, 0.025, 0.0])


def test_the_ends_of_an_interval_are_what_they_say() -> None:
    of = scheme(60.0, 70.0, 100.0)
    assert chances(70.0, 60.0, 100.0, of, "interval")[0] == pytest.approx([0.025, 0.475, 0.475, 0.025, 0.0])
    assert chances(75.0, 60.0, 100.0, of, "lognormal")[0][[0, 3]] == pytest.approx([0.025, 0.025])
    assert chances(75.0, 60.0, 100.0, scheme(-5.0, 0.0), "lognormal")[0].tolist() == [0.0, 0.0, 1.0, 0.0]


def test_the_house_s_own_footprints_grade_as_their_draws_do() -> None:
    mean, sd, of = 70.0, 9.0, scheme(60.0, 70.0, 80.0)
    low, high = interval(mean, sd)
    cv = np.array([sd / mean])
    made = simulate(np.array([[mean]]), cv, np.zeros(1), np.zeros(1), 400_000, np.random.default_rng(7))[:, 0]
    drawn = np.bincount(class_of(made, of), minlength=5) / made.size
    # Four standard errors of a share of 400,000 draws.
    assert chances(mean, low, high, of, "lognormal")[0] == pytest.approx(drawn, abs=4 * 0.5 / np.sqrt(made.size))
    # Taken for a normal of the same ends it would not be: what the shape is for.
    assert np.abs(chances(mean, low, high, of, "interval")[0] - drawn).max() > 0.01


def test_small_chances_keep_their_digits() -> None:
    found = chances(10.0, 9.0, 11.0, scheme(16.0, 17.0))[0]
    tail = NormalDist().cdf(-6 * Z)
    assert found[1] == pytest.approx(tail - NormalDist().cdf(-7 * Z), rel=1e-9)
    assert found[1] > 0


@given(
    limits=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8, unique=True),
    value=st.floats(-2e3, 2e3),
    half=st.floats(1e-3, 1e3),
    better=st.sampled_from(["lower", "higher"]),
    last=st.booleans(),
)
def test_chances_add_up_and_mirror(limits: list[float], value: float, half: float, better: str, last: bool) -> None:
    ordered = sorted(limits, reverse=better == "higher")
    of = scheme(*ordered, better=better, last=last)
    found = chances(value, value - half, value + half, of)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    assert (found >= 0).all()
    mirrored = scheme(*(-x for x in ordered), better="lower" if better == "higher" else "higher", last=last)
    assert chances(-value, -value - half, -value + half, mirrored) == pytest.approx(found, abs=1e-12)
    assert class_of(-value, mirrored).tolist() == class_of(value, of).tolist()


def test_the_way_to_the_next_class_and_what_closes_it() -> None:
    parts = [
        {"name": "电芯", "value": 50.0},
        {"name": "电力", "value": 20.0},
        {"name": "回收", "value": -5.0},
        {"name": "包装", "value": 10.0},
    ]
    made = graded(ask(scheme(60.0, 80.0), 75.0, half_width=0.1, parts=parts), MEASURES)
    assert (made.grade, made.best, made.worst) == ("B", "B", "C")
    gap = made.gap
    assert gap is not None
    assert (gap.to, gap.limit, gap.reaches, gap.distance) == ("A", 60.0, True, 15.0)
    assert gap.fraction == pytest.approx(0.2)
    assert [(one.name, one.fraction) for one in gap.closers] == [("电芯", 0.3), ("电力", 0.75), ("包装", None)]
    # At the value told, the better class has the confidence asked for.
    assert gap.sure_at is not None
    again = graded(ask(scheme(60.0, 80.0), gap.sure_at, half_width=0.1), MEASURES)
    assert again.chances is not None
    assert dict(again.chances)["A"] == pytest.approx(0.95)
    assert "电芯" in made.summary("zh")
    assert "A" in made.summary("en")


@pytest.mark.parametrize("better", ["lower", "higher"])
@pytest.mark.parametrize("shape", ["interval", "lognormal"])
def test_the_value_that_is_sure_enough_is_so_for_every_shape(better: str, shape: str) -> None:
    of = scheme(60.0, better=better)
    value = 70.0 if better == "lower" else 50.0
    made = graded(ask(of, value, low=0.9 * value, high=1.2 * value, shape=shape, confidence=0.9), MEASURES)
    assert made.gap is not None
    sure = made.gap.sure_at
    assert sure is not None
    again = graded(ask(of, sure, low=0.9 * sure, high=1.2 * sure, shape=shape), MEASURES)
    assert again.chances is not None
    assert dict(again.chances)["A"] == pytest.approx(0.9)


def test_without_uncertainty_the_chances_are_not_known() -> None:
    made = graded(ask(scheme(60.0), 50.0), MEASURES)
    assert (made.grade, made.chances, made.gap) == ("A", None, None)
    assert [one.code for one in made.findings] == ["grading.no_uncertainty", "grading.scheme_not_in_force"]


def test_units_convert_and_others_are_refused() -> None:
    assert graded(ask(scheme(60.0), 0.0501, unit="tCO2e/kWh"), MEASURES).value == pytest.approx(50.1)
    assert graded(ask(scheme(60.0), 50.0, unit="tCO2e per MWh"), MEASURES).value == pytest.approx(50.0)
    score = scheme(90.0, better="higher", unit="分")
    assert graded(ask(score, 95.0, unit="分"), MEASURES).grade == "A"
    for unit in ("kgCO2e/kg", "furlong", "kgCO2e"):
        with pytest.raises(OtherUnit):
            graded(ask(scheme(60.0), 50.0, unit=unit), MEASURES)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"classes": [{"name": "A"}, {"name": "B"}]}, "classes.0.limit"),
        ({"classes": [{"name": "A", "limit": 1.0}, {"name": "B"}]}, "classes.0.limit"),
        ({"classes": [{"name": "A", "limit": 1.0, "includes_limit": True}, {"name": "a"}]}, "classes.1.limit"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "valid_to"),
    ],
)
def test_a_scheme_that_is_not_one_is_refused(more: dict[str, Any], field: str) -> None:
    with pytest.raises(SchemeInvalid) as refused:
        check_scheme(scheme(1.0, 2.0, **more))
    assert refused.value.field == field


@pytest.mark.parametrize(("limits", "better"), [((2.0, 1.0), "lower"), ((1.0, 1.0), "lower"), ((1.0, 2.0), "higher")])
def test_limits_out_of_order_are_refused(limits: tuple[float, ...], better: str) -> None:
    with pytest.raises(SchemeInvalid, match="follows"):
        check_scheme(scheme(*limits, better=better))


def test_what_does_not_fit_is_refused() -> None:
    of = scheme(60.0, valid_from="2026-01-01", valid_to="2026-12-31")
    with pytest.raises(OtherProduct):
        graded(ask(of, 50.0, product_group="钢铁"), MEASURES)
    with pytest.raises(SchemeNotInForce):
        graded(ask(of, 50.0, on="2027-01-01"), MEASURES)
    assert graded(ask(of, 50.0, on="2026-12-31"), MEASURES).grade == "A"
    for spread in ({"low": 51.0, "high": 60.0}, {"low": 40.0, "high": 60.0, "shape": "interval", "value": 40.0},
                   {"low": -1.0, "high": 60.0, "shape": "lognormal"}, {"low": 40.0, "high": 70.0, "shape": "normal"}):  # fmt: skip
        with pytest.raises(SpreadInvalid):
            graded(ask(of, **({"value": 50.0} | spread)), MEASURES)


def test_many_at_once_are_each_alone() -> None:
    of = scheme(60.0, 80.0)
    values = np.linspace(40.0, 100.0, 25)
    names, found = best_chances(values, 0.15, of)
    for value, name, row in zip(values, names, np.atleast_2d(found), strict=True):
        made = graded(ask(of, float(value), half_width=0.15), MEASURES)
        assert made.grade == name
        assert made.chances is not None
        assert [p for _, p in made.chances] == pytest.approx(row[:-1].tolist())


def test_parts_that_are_not_the_whole_are_told() -> None:
    made = graded(ask(scheme(60.0), 75.0, half_width=0.1, parts=[{"name": "x", "value": 70.0}]), MEASURES)
    assert made.gap is not None
    assert made.gap.closers == ()
    assert "grading.parts_not_whole" in [one.code for one in made.findings]
