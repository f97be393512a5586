"""Second opinions, projections, asymmetry, instruments and panels against other programs and against truths that are known."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from statsmodels.datasets import danish_data
from statsmodels.stats.multitest import multipletests
from statsmodels.tsa.vector_ar.vecm import VECM, coint_johansen

from models.passthrough.ardl import Order
from models.passthrough.drift import random_walk_rate
from models.passthrough.errors import NotEstimable
from models.passthrough.iv import anderson_rubin
from models.passthrough.nardl import momentum_threshold, nardl, partial_sums
from models.passthrough.panel import benjamini_hochberg, exposure_panel
from models.passthrough.projections import local_projections
from models.passthrough.second import dols, fmols, johansen


@pytest.fixture(scope="module")
def crude(shared) -> tuple[np.ndarray, np.ndarray, dict]:
    with shared("passthrough/crude_gasoline_monthly.csv").open() as source:
        rows = [row for row in csv.DictReader(source) if row["month"] <= "2018-03"]
    told = json.loads(shared("passthrough/crude_gasoline_reference.json").read_text())
    y = np.array([float(row["gasoline_nyh_usd_gal"]) for row in rows])
    return y, np.array([[float(row["brent_usd_bbl"]) / 42.0] for row in rows]), told


def test_dynamic_ols_of_the_reference(crude) -> None:
    y, x, told = crude
    found, ref = dols(y, x), told["dols_2_leads_lags"]
    assert found.nobs == ref["nobs"]
    assert [found.rates[0], found.constant, found.errors[0]] == pytest.approx(
        [ref["b"], ref["const"], ref["nw12_se"]], rel=1e-6
    )
    modified = fmols(y, x)
    assert modified.rates[0] == pytest.approx(1.0468, abs=0.02)


def test_johansen_of_the_reference(crude) -> None:
    y, x, told = crude
    found, ref = johansen(y, x, lags=3), told["johansen_restricted_constant_k3"]
    assert found.trace == pytest.approx([ref["trace_r0"], ref["trace_r1"]], abs=6e-4)
    assert found.critical_5pct == (ref["crit5_r0"], ref["crit5_r1"])
    assert found.rates[0] == pytest.approx(-ref["beta_b"], abs=6e-5)
    assert found.constant == pytest.approx(-ref["beta_const"], abs=6e-5)
    assert found.rank == 1


def test_johansen_agrees_with_the_library_on_danish_money() -> None:
    d = danish_data.load_pandas().data
    y, x = d["lrm"].to_numpy(float), d[["lry", "ibo", "ide"]].to_numpy(float)
    found = johansen(y, x, lags=2)
    theirs = VECM(np.column_stack([y, x]), k_ar_diff=1, coint_rank=1, deterministic="ci").fit()
    assert found.rates == pytest.approx(-theirs.beta[1:, 0], rel=1e-6)
    assert found.constant == pytest.approx(-float(theirs.det_coef_coint[0, 0]), rel=1e-6)
    assert all(a < b for a, b in zip(found.corrected, found.trace, strict=True))


def test_the_library_still_has_no_restricted_constant() -> None:
    # The day this fails it may have one, and our eigenproblem may go.
    import inspect

    assert list(inspect.signature(coint_johansen).parameters)[:3] == ["endog", "det_order", "k_ar_diff"]
    assert "seasons" not in inspect.signature(coint_johansen).parameters


def related(n: int, seed: int, rate: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((n, 2))
    x = np.cumsum(steps[:, 0])
    gap = np.zeros(n)
    for t in range(1, n):
        gap[t] = 0.6 * gap[t - 1] + 0.5 * steps[t, 0] + steps[t, 1]
    return 100.0 + rate * x + gap, 20.0 + x[:, None]


def test_corrected_estimators_take_the_bias_of_static_least_squares_out() -> None:
    found = []
    for seed in range(150):
        y, x = related(120, seed)
        static = np.polyfit(x[:, 0], y, 1)[0]
        found.append([static, dols(y, x).rates[0], fmols(y, x).rates[0], johansen(y, x).rates[0]])
    static, dynamic, modified, system = np.abs(np.median(found, axis=0) - 0.7)
    assert dynamic < 0.5 * static
    assert modified < 0.7 * static
    assert system < 0.5 * static


def test_fully_modified_errors_cover() -> None:
    held = []
    for seed in range(200):
        found = fmols(*related(400, seed))
        held.append(abs(found.rates[0] - 0.7) < 1.96 * found.errors[0])
    assert 0.80 < np.mean(held) < 0.99


def test_local_projections_of_the_reference(crude) -> None:
    y, x, told = crude
    ref = told["local_projection_cumulative"]
    found = local_projections(y, x, tuple(ref["h"]))
    assert list(found.nobs) == ref["nobs"]
    assert found.coef == pytest.approx(ref["coef"], rel=1e-6)
    assert found.se_robust == pytest.approx(ref["se_hc0"], abs=6e-7)
    assert found.se_newey_west == pytest.approx(ref["se_newey_west_h_plus_1"], abs=6e-7)
    assert local_projections(y, x).horizon[-1] == 371 // 20


def test_asymmetry_of_the_reference(crude) -> None:
    y, x, told = crude
    ref = told["nardl_uecm_p3_q3"]
    found = nardl(y, x, Order(3, (3,)), np.random.default_rng(1))
    assert found.model.fit.nobs == ref["nobs"]
    assert [found.up.theta, found.down.theta, found.difference, found.se_difference] == pytest.approx(
        [ref["theta_pos"], ref["theta_neg"], ref["theta_difference"], ref["se_difference"]], rel=2e-5
    )
    assert found.f_long == pytest.approx(ref["F_long_run_symmetry"], abs=6e-4)
    assert found.f_short == pytest.approx(ref["F_short_run_symmetry"], abs=6e-5)
    assert found.f_bounds == pytest.approx(ref["F_bounds_case3"], rel=1e-6)
    fit = found.model.fit
    assert fit.at("const") == pytest.approx(ref["const"], rel=1e-6)
    assert found.model.alpha == pytest.approx(ref["g_L1"], rel=1e-6)
    assert fit.at("up.L0") == pytest.approx(ref["dbpos_L0"], rel=1e-6)
    assert not found.by_bootstrap


def test_partial_sums_add_up() -> None:
    x = np.array([5.0, 7.0, 4.0, 4.0, 6.0])
    assert partial_sums(x).tolist() == [[0, 0], [2, 0], [2, -3], [2, -3], [4, -3]]
    assert partial_sums(x).sum(axis=1) == pytest.approx(x - 5.0)


def test_a_true_symmetry_is_rejected_less_often_by_the_bootstrap_in_short_samples() -> None:
    textbook, drawn = [], []
    for seed in range(60):
        y, x = related(60, seed)
        found = nardl(y, x, Order(1, (1,)), np.random.default_rng(seed), draws=99)
        assert found.by_bootstrap
        drawn.append(found.p_long < 0.05)
        textbook.append(nardl(y, x, Order(1, (1,)), np.random.default_rng(seed), small=0).p_long < 0.05)
    assert np.mean(drawn) <= np.mean(textbook)
    assert np.mean(drawn) <= 0.13


def test_momentum_sees_two_speeds() -> None:
    rng = np.random.default_rng(3)
    n = 2000
    x = np.cumsum(rng.standard_normal(n))
    gap = np.zeros(n)
    for t in range(2, n):
        speed = -0.5 if gap[t - 1] >= gap[t - 2] else -0.05
        gap[t] = gap[t - 1] * (1 + speed) + rng.standard_normal()
    found = momentum_threshold(0.7 * x + gap, x[:, None], lags=1)
    assert found.widening < found.narrowing - 0.2
    assert found.p_equal < 0.01


def shocked(n: int, strength: float, seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    z, demand = rng.standard_normal((n, 1)), rng.standard_normal(n)
    cost = strength * z[:, 0] + demand + rng.standard_normal(n)
    return 0.7 * cost + demand + 0.5 * rng.standard_normal(n), cost, z, rng.standard_normal((n, 1))


def test_strong_instruments_find_the_rate_and_weak_ones_show_no_point() -> None:
    strong = anderson_rubin(*shocked(800, 1.0, 4))
    assert strong.effective_f > 100
    assert strong.rate == pytest.approx(0.7, abs=0.1)
    assert strong.within is not None
    assert strong.within.holds(strong.rate)
    weak = anderson_rubin(*shocked(200, 0.0, 4))
    assert weak.effective_f < 10
    assert weak.rate is None


def test_the_anderson_rubin_set_covers_however_weak_the_instrument() -> None:
    for strength in (0.05, 0.5):
        held = []
        for seed in range(400):
            within = anderson_rubin(*shocked(100, strength, seed)).within
            held.append(within is not None and within.holds(0.7))
        assert np.mean(held) == pytest.approx(0.95, abs=0.035)


def test_an_instrument_that_never_moves_is_refused() -> None:
    y, cost, _, others = shocked(100, 1.0, 1)
    with pytest.raises(NotEstimable, match="never moves"):
        anderson_rubin(y, cost, np.ones((100, 1)), others)


def products(n: int, t: int, rate: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    exposure, allowance = rng.uniform(0.2, 2.5, n), 60.0 + np.cumsum(rng.standard_normal(t))
    common = rng.standard_normal(t) * 3.0
    price = 1000.0 + rate * np.outer(exposure, allowance) + common + rng.standard_normal((n, t)) * 2.0
    return price + rng.standard_normal((n, 1)) * 50.0, exposure, allowance


def test_panel_finds_the_rate_that_time_effects_leave() -> None:
    found = exposure_panel(*products(40, 120, 0.7, 1), np.random.default_rng(2))
    assert found.rate == pytest.approx(0.7, abs=4 * found.se_clustered)
    assert found.rate == pytest.approx(0.7, abs=4 * found.se_driscoll_kraay)
    assert found.p < 0.001
    assert found.p_wild is None


def test_panel_with_few_products_uses_the_wild_bootstrap_and_dummies_give_the_same_rate() -> None:
    price, exposure, allowance = products(6, 40, 0.7, 3)
    found = exposure_panel(price, exposure, allowance, np.random.default_rng(2), draws=199)
    assert found.p_wild is not None
    columns = [np.outer(exposure, allowance).ravel()]
    columns += [np.repeat(np.eye(6)[i], 40) for i in range(6)] + [np.tile(np.eye(40)[j], 6) for j in range(1, 40)]
    beta, *_ = np.linalg.lstsq(np.column_stack(columns), price.ravel(), rcond=None)
    assert found.rate == pytest.approx(beta[0], rel=1e-8)
    with pytest.raises(NotEstimable, match="alike"):
        exposure_panel(price, np.ones(6), allowance, np.random.default_rng(1))


def test_false_discoveries_agree_with_the_library() -> None:
    p = np.random.default_rng(5).uniform(0, 0.2, 30)
    found = benjamini_hochberg(tuple(str(i) for i in range(30)), p)
    stands, adjusted, *_ = multipletests(p, 0.05, "fdr_bh")
    assert found.adjusted == pytest.approx(adjusted)
    assert found.stands == tuple(bool(v) for v in stands)


def test_a_rate_that_drifts_is_told_from_one_that_stands_still() -> None:
    rng = np.random.default_rng(6)
    x = rng.standard_normal((400, 1))
    rate = 0.5 + np.cumsum(rng.standard_normal(400) * 0.05)
    moving = random_walk_rate(rate * x[:, 0] + 0.3 * rng.standard_normal(400), x)
    still = random_walk_rate(0.5 * x[:, 0] + 0.3 * rng.standard_normal(400), x)
    assert moving.gain > 20
    assert still.gain < 8
    assert np.abs(moving.path[50:] - rate[50:]).mean() < 0.3
    assert still.path[-1] == pytest.approx(0.5, abs=0.1)
