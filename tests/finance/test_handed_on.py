"""An estimated rate beside the one assumed: of the same cost, linear, never in its place, no point for a D."""

from __future__ import annotations

import numpy as np
import pytest

from finance.handed_on import OtherCost, beside_assumed
from finance.stress import Borrowers, Shock, stress
from models.passthrough.denominators import Allocation
from models.passthrough.errors import NotEstimable
from models.passthrough.estimate import Choices, estimate
from models.passthrough.handed_on import HandedOn, PointOfD, handed_on
from tests.models.passthrough.test_estimate import one

KEY = "0123456789abcdef"
GIVEN = HandedOn(against="paid", rate=0.6, se=0.05, low=0.5, high=0.7, grade="B", key=KEY)


def stressed(pi: float = 0.4, cbam_t: float = 100.0):
    columns = {
        "emissions_t": 1000, "free_t": 600, "held_t": 0, "upstream_t": 200, "theta": 0.5, "cbam_t": cbam_t, "phi": 1,
        "pi": pi, "ebitda": 1e6, "depreciation": 0, "interest": 1, "principal": 1, "maintenance": 0, "tax_rate": 0.25,
        "debt": 0, "revenue": 1e7,
    }  # fmt: skip
    return stress(Borrowers.of(1, **{k: [float(v)] for k, v in columns.items()}), Shock(50, 100, 600, 700))


def test_the_loss_at_the_estimate_is_the_loss_that_a_stress_with_it_finds() -> None:
    made = beside_assumed(stressed(), 0, "steel", GIVEN)
    for rate, loss in (
        (0.6, made.loss_estimated),
        (0.7, made.loss_low),
        (0.5, made.loss_high),
        (0.4, made.loss_assumed),
    ):
        assert loss == pytest.approx(float(stressed(rate).loss[0]))
    # (400 + 100) t x 50 CNY, and CBAM is not touched by the rate.
    assert made.loss_se == pytest.approx(0.05 * 25_000)
    assert made.loss_estimated == pytest.approx(0.4 * 25_000 + 10_000)
    assert "outside" in {row.key: row for row in made.rows()}["pi_assumed"].note.en


def test_a_d_has_an_interval_and_no_point() -> None:
    weak = GIVEN.model_copy(update={"rate": None, "se": None, "grade": "D"})
    made = beside_assumed(stressed(), 0, "steel", weak)
    assert (made.loss_estimated, made.loss_se) == (None, None)
    assert made.loss_low < made.loss_high
    with pytest.raises(PointOfD):
        HandedOn(against="paid", rate=0.6, se=None, low=0.5, high=0.7, grade="D", key=KEY)
    with pytest.raises(PointOfD):
        HandedOn(against="paid", rate=0.9, se=None, low=0.5, high=0.7, grade="A", key=KEY)


def test_a_rate_of_another_cost_is_refused() -> None:
    with pytest.raises(OtherCost):
        beside_assumed(stressed(), 0, "steel", GIVEN.model_copy(update={"against": "full"}))


def test_an_estimate_gives_its_rate_against_each_cost_with_its_error() -> None:
    part = Allocation(emissions_tco2_per_t=2.0, free_tco2_per_t=1.0)
    found = estimate(one(300), Choices(inputs_complete=True, allocation=part))
    full, paid = handed_on(found, "full"), handed_on(found, "paid")
    assert paid.rate == pytest.approx(2.0 * full.rate)
    assert paid.se == pytest.approx(2.0 * full.se)
    assert paid.se == pytest.approx(2.0 * found.rate.se_delta)
    assert HandedOn.model_validate(found.data()["rates"]["paid"]) == paid
    with pytest.raises(NotEstimable, match="emissions"):
        handed_on(estimate(one(300), Choices(inputs_complete=True)), "paid")
    rng = np.random.default_rng(3)
    loose = one(60, seed=5, alpha=-0.02)
    del rng
    unbounded = estimate(loose)
    if not unbounded.within.bounded:
        with pytest.raises(NotEstimable, match="unbounded"):
            handed_on(unbounded, "full")
        assert unbounded.data()["rates"]["full"] is None
