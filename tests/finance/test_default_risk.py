"""The PD channels, how a move is carried, horizons, expected loss, and PDs over shared draws."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.default_risk import (
    Carry,
    ExpectedLoss,
    annual,
    annuity,
    carried,
    cumulative,
    distance,
    logit_moved,
    perpetuity,
    structural,
)
from finance.draws import gauss_of_draws, pd_over_draws
from finance.errors import NoPerpetuity, SignAgainst

NORMAL = NormalDist()


def moved(pd0: float, q0: float, q1: float, how: Carry = "zscore") -> float:
    return float(carried(np.array([pd0]), np.array([q0]), np.array([q1]), how).pd[0])


def test_the_far_tail_is_not_lost() -> None:
    # Mills' ratio: phi(x)/x (1 - 1/x^2 + ...), about 2.885e-316 at 38.
    assert 2.8e-316 < float(structural(38.0)) < 2.9e-316
    assert float(structural(37.0)) > 1e-300
    assert float(structural(-38.0)) == 1.0


def test_the_distance_by_hand() -> None:
    # V/D = 200/100, r = 0.03, sigma = 0.25, T = 1.
    by_hand = (np.log(2.0) + (0.03 - 0.03125)) / 0.25
    assert float(distance(100.0, 100.0, 0.25, 0.03, 1.0)) == pytest.approx(by_hand, rel=1e-12)
    assert float(distance(0.0, 100.0, 0.25, 0.03, 1.0)) == -np.inf


@pytest.mark.parametrize("pd0", [0.001, 0.03, 0.2])
@pytest.mark.parametrize("q0", [2e-4, 0.01, 0.3])
@pytest.mark.parametrize("q1", [5e-4, 0.02, 0.5])
def test_the_three_moves_on_a_grid(pd0: float, q0: float, q1: float) -> None:
    z = NORMAL.cdf(NORMAL.inv_cdf(pd0) + NORMAL.inv_cdf(q1) - NORMAL.inv_cdf(q0))
    assert moved(pd0, q0, q1) == pytest.approx(z, rel=1e-9)
    assert moved(pd0, q0, q1, "absolute") == pytest.approx(min(max(pd0 + q1 - q0, 0), 1), rel=1e-9, abs=1e-15)
    assert moved(pd0, q0, q1, "relative") == pytest.approx(min(pd0 * q1 / q0, 1), rel=1e-9)


def test_a_tiny_model_pd_moves_nothing() -> None:
    assert moved(0.03, 5e-14, 8e-14) == pytest.approx(0.03, abs=1e-12)
    refused = carried(np.array([0.03]), np.array([5e-14]), np.array([8e-14]), "relative")
    assert refused.refused.findings()[0].code == "finance.relative_refused"
    assert np.isnan(refused.pd[0])


def test_what_was_clipped_is_told() -> None:
    made = carried(np.array([0.5, 0.5]), np.array([0.1, 0.1]), np.array([0.9, 0.2]), "absolute")
    assert made.pd.tolist() == pytest.approx([1.0, 0.6])
    assert made.clipped_share == 0.5
    assert carried(np.array([0.01]), np.array([5e-5]), np.array([0.1]), "zscore").by_absolute.tolist() == [True]


@pytest.mark.parametrize("pd0", [0.0, 1.0, np.nan, -0.1])
def test_a_pd_of_nothing_or_certainty_cannot_move(pd0: float) -> None:
    made = carried(np.array([pd0]), np.array([0.01]), np.array([0.02]), "zscore")
    assert made.refused.findings()[0].code == "finance.pd"
    assert np.isnan(made.pd[0])


def test_insolvent_is_default() -> None:
    made = carried(np.array([0.03]), np.array([0.01]), np.array([0.5]), "zscore", np.array([True]))
    assert made.pd[0] == 1.0


@given(st.floats(1e-9, 0.99), st.floats(0.25, 30))
def test_horizons_convert_there_and_back(pd: float, years: float) -> None:
    there = cumulative(pd, years)
    if 1 - float(there) > 1e-6:
        assert float(annual(there, years)) == pytest.approx(pd, rel=1e-6)
    assert float(cumulative(1e-18, 3.0)) == pytest.approx(3e-18, rel=1e-12)


def test_present_values() -> None:
    assert annuity(0.05, 10) == pytest.approx(7.721734929, rel=1e-9)
    assert annuity(0.0, 10) == 10
    assert perpetuity(0.09, 0.02) == pytest.approx(1 / 0.07)
    with pytest.raises(NoPerpetuity):
        perpetuity(0.02, 0.02)


def test_the_logit_channel_and_its_sign() -> None:
    made = logit_moved(np.array([0.03]), {"ebitda_to_debt": -2.0}, {"ebitda_to_debt": np.array([-0.1])})
    odds = 0.03 / 0.97 * np.exp(0.2)
    assert made[0] == pytest.approx(odds / (1 + odds), rel=1e-12)
    with pytest.raises(SignAgainst):
        logit_moved(np.array([0.03]), {"ebitda_to_debt": 2.0}, {"ebitda_to_debt": np.array([-0.1])})


def test_expected_loss_in_basis_points_of_ead() -> None:
    made = ExpectedLoss(np.array([20e6]), np.array([0.45]), np.array([0.02]), np.array([0.025]))
    assert made.change_bp[0] == pytest.approx(22.5)
    assert made.level_bp[0] == pytest.approx(112.5)
    assert made.amount1[0] - made.amount0[0] == pytest.approx(20e6 * 22.5 / 1e4)


def test_the_rule_of_the_draws_is_exact_for_polynomials() -> None:
    draws = np.random.default_rng(3).lognormal(0, 0.4, 200)
    nodes, weights = gauss_of_draws(draws, 5)
    for power in range(10):
        assert weights @ nodes**power == pytest.approx(np.mean(draws**power), rel=1e-9)


@pytest.mark.parametrize("steep", [0.004, 0.05, 0.5])
def test_the_mean_over_draws_is_that_of_every_draw(steep: float) -> None:
    rng = np.random.default_rng(7)
    a, b = rng.normal(-4, 1, 400), rng.normal(0, steep, 400)
    draws = 80 * rng.lognormal(0, 0.4, 1_000)
    every = 1 / (1 + np.exp(-(a[:, None] + b[:, None] * draws)))
    made = pd_over_draws(a, b, draws, (0.05, 0.5, 0.95))
    assert made.mean == pytest.approx(every.mean(axis=1), rel=1e-5)
    for level, found in made.quantiles.items():
        assert found == pytest.approx(np.quantile(every, level, axis=1, method="inverted_cdf"), rel=0.02)
    up = b >= 0
    exact = np.quantile(every[up], 0.95, axis=1, method="inverted_cdf")
    assert made.quantiles[0.95][up] == pytest.approx(exact, rel=1e-12)


def test_one_price_is_one_pd() -> None:
    made = pd_over_draws(np.array([-3.0]), np.array([0.01]), np.full(50, 80.0), (0.5,))
    assert made.mean[0] == pytest.approx(made.quantiles[0.5][0])
