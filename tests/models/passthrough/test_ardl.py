"""The estimator's arithmetic: textbook money demand, crude to gasoline, other programs, and slow ways of doing the same."""

from __future__ import annotations

import csv
import json
from itertools import product

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.datasets import danish_data
from statsmodels.stats.diagnostic import acorr_breusch_godfrey, het_breuschpagan, linear_reset
from statsmodels.tsa.ardl import ARDL, UECM
from statsmodels.tsa.ardl.pss_critical_values import crit_vals

from models.passthrough.ardl import Ardl, Order, design, fit_ardl, select_order
from models.passthrough.bounds import Bounds, asymptotic, bounds_test, simulated, statistics
from models.passthrough.breaks import breaks, partition, segment_ssr, sup_f
from models.passthrough.checks import breusch_godfrey, breusch_pagan, cusum, recursive_residuals, reset
from models.passthrough.errors import NotEstimable
from models.passthrough.integration import integration, stop_at_order_two
from models.passthrough.longrun import fieller, long_run
from models.passthrough.multipliers import cumulative, half_life, multipliers, refit
from models.passthrough.regression import ols


@pytest.fixture(scope="module")
def danish() -> Ardl:
    d = danish_data.load_pandas().data
    x = d[["lry", "ibo", "ide"]].to_numpy(float)
    return fit_ardl(d["lrm"].to_numpy(float), x, ("lry", "ibo", "ide"), Order(3, (1, 3, 2)))


@pytest.fixture(scope="module")
def crude(shared) -> tuple[np.ndarray, np.ndarray, list[str], dict]:
    with shared("passthrough/crude_gasoline_monthly.csv").open() as source:
        rows = [row for row in csv.DictReader(source) if row["month"] <= "2018-03"]
    told = json.loads(shared("passthrough/crude_gasoline_reference.json").read_text())
    y = np.array([float(row["gasoline_nyh_usd_gal"]) for row in rows])
    x = np.array([[float(row["brent_usd_bbl"]) / 42.0] for row in rows])
    return y, x, [row["month"] for row in rows], told


def test_danish_money(danish: Ardl) -> None:
    # R package ARDL 0.2.4, ARDL(3,1,3,2) of LRM on LRY, IBO, IDE.
    found = [(long_run(danish, j).theta, long_run(danish, j).se_delta) for j in range(3)]
    assert np.array(found) == pytest.approx(
        np.array([(0.9964676, 0.1239310), (-4.5381160, 0.5202961), (2.8915201, 0.9950853)]), rel=1e-6
    )
    _, f2, t = statistics(danish)
    assert f2 == pytest.approx(5.1168, abs=5e-5)
    assert t == pytest.approx(-4.547939, abs=5e-7)


def test_crude_to_gasoline_agrees_with_the_reference_program(crude) -> None:
    y, x, months, told = crude
    order = select_order(y, x, most_p=6, most_q=6)
    assert [order.p, *order.q] == told["ardl_bic_order_common_sample_p1to6_q0to6"]
    model = fit_ardl(y, x, ("b",), order)
    ref = told["ardl_1_1"]
    assert model.fit.nobs == ref["nobs"]
    assert [model.fit.at(n) for n in ("const", "y.L1", "b.L0", "b.L1")] == pytest.approx(
        [ref["const"], ref["g_L1"], ref["b_L0"], ref["b_L1"]], rel=1e-6
    )
    assert np.sqrt(model.fit.ssr / model.fit.df) == pytest.approx(ref["ssr_se"], abs=5e-6)
    rate, long = long_run(model), told["long_run"]
    assert rate.theta == pytest.approx(long["theta"], rel=1e-6)
    assert rate.se_delta == pytest.approx(long["se_delta"], rel=1e-6)
    assert [rate.within.low, rate.within.high] == pytest.approx(long["ci95_fieller"], rel=1e-6)
    assert model.alpha == pytest.approx(long["error_correction"], rel=1e-6)
    assert statistics(model) == pytest.approx(
        [told["bounds"]["F_case3"], told["bounds"]["F_case2"], told["bounds"]["t"]], rel=1e-6
    )
    found = bounds_test(model, np.random.default_rng(1))
    assert found.verdict == "level_relation"
    assert found.f_bounds[1] == pytest.approx(told["bounds"]["pss_5pct_upper_case3_k1"], abs=0.01)
    ref = told["breaks_in_static_relation"]
    broken = breaks(y, x)
    assert [months[i] for i in broken.last] == ref["break_last_obs"]
    assert broken.sup_f == pytest.approx(ref["supF"], rel=5e-5)
    assert [s.coefficients[1] for s in broken.segments] == pytest.approx(ref["slopes"], rel=1e-6)
    assert [s.coefficients[0] for s in broken.segments] == pytest.approx(ref["intercepts"], rel=1e-6)


def made(
    n: int = 200, k: int = 1, seed: int = 3, alpha: float = -0.2, rate: float = 0.7
) -> tuple[np.ndarray, np.ndarray]:
    """Return a price that returns to ``rate`` times the first cost with speed ``alpha``."""
    rng = np.random.default_rng(seed)
    x = 50.0 + np.cumsum(rng.standard_normal((n, k)), axis=0)
    y = np.empty(n)
    y[0] = 100.0 + rate * x[0, 0]
    for t in range(1, n):
        gap = y[t - 1] - 100.0 - rate * x[t - 1, 0]
        y[t] = y[t - 1] + alpha * gap + 0.3 * (x[t, 0] - x[t - 1, 0]) + rng.standard_normal()
    return y, x


def test_search_agrees_with_fitting_every_order_on_the_common_sample() -> None:
    y, x = made(120, 2)
    best, found = np.inf, None
    for p, *q in product(range(1, 4), range(4), range(4)):
        order = Order(p, tuple(q))
        columns = design(y, x, order, None, 3, y.size)
        beta, *_ = np.linalg.lstsq(columns, y[3:], rcond=None)
        n = y.size - 3
        bic = n * np.log(((y[3:] - columns @ beta) ** 2).sum() / n) + columns.shape[1] * np.log(n)
        if bic < best:
            best, found = bic, order
    assert select_order(y, x, most_p=3, most_q=3) == found


def test_coefficients_and_errors_agree_with_statsmodels_also_on_prices_near_a_hundred_thousand() -> None:
    y, x = made(200, 2)
    for shift in (0.0, 1e5):
        model = fit_ardl(y + shift, x + shift, ("a", "b"), Order(2, (1, 3)))
        theirs = ARDL(y + shift, 2, x + shift, {0: 1, 1: 3}, trend="c").fit()
        assert model.fit.beta[1:] == pytest.approx(theirs.params[1:], rel=1e-6, abs=1e-9)
        assert np.sqrt(np.diag(model.fit.cov))[1:] == pytest.approx(theirs.bse[1:], rel=1e-6)


def test_the_library_still_counts_the_price_as_a_regressor() -> None:
    # The day this fails, statsmodels has repaired its bounds test and ours may rest on it.
    y, x = made(200)
    theirs = UECM(y, 1, x, {0: 1}, trend="c").fit().bounds_test(case=3)
    assert theirs.statistic == pytest.approx(statistics(fit_ardl(y, x, ("a",), Order(1, (1,))))[0], rel=1e-9)
    upper = float(theirs.critical_values.loc[95.0, "upper"])
    assert upper == pytest.approx(crit_vals[(2, 3, True)][1], abs=1e-4)
    assert upper != pytest.approx(crit_vals[(1, 3, True)][1], abs=0.5)


def test_bounds_of_the_method_and_simulated_ones_meet_in_a_long_sample() -> None:
    for k, (low, high) in {1: (4.94, 5.73), 2: (3.79, 4.85), 3: (3.23, 4.35)}.items():
        f, t = asymptotic(k)
        assert f == pytest.approx((low, high), abs=0.04)
        assert t == (-2.86, {1: -3.22, 2: -3.53, 3: -3.78}[k])
        f, t = simulated(800, Order(1, (0,) * k), np.random.default_rng(5), draws=6000)
        assert f == pytest.approx((low, high), abs=0.2)
        assert t[1] == pytest.approx({1: -3.22, 2: -3.53, 3: -3.78}[k], abs=0.08)


def test_a_short_sample_asks_for_more() -> None:
    short, _ = simulated(50, Order(2, (2,)), np.random.default_rng(5), draws=6000)
    assert short[1] > 5.85


def test_between_the_bounds_is_inconclusive_and_both_must_agree() -> None:
    def of(f: float, t: float) -> str:
        return Bounds(f, f, t, 1, (4.94, 5.73), (-2.86, -3.22), False).verdict

    assert of(6.0, -4.0) == "level_relation"
    assert of(5.2, -4.0) == "inconclusive"
    assert of(6.0, -2.0) == "no_level_relation"


@given(
    b=st.floats(-2, 2),
    s=st.floats(0.05, 1),
    vbb=st.floats(1e-4, 0.2),
    vss=st.floats(1e-4, 0.2),
    corr=st.floats(-0.9, 0.9),
)
def test_the_set_holds_exactly_the_rates_that_are_not_rejected(b, s, vbb, vss, corr) -> None:
    q, vsb = 1.97, corr * np.sqrt(vbb * vss)
    within = fieller(b, s, vbb, vss, vsb, q)
    for rate in np.linspace(-8, 8, 81):
        t = (b - rate * s) / np.sqrt(vbb - 2 * rate * vsb + rate * rate * vss)
        if abs(abs(t) - q) > 1e-6:
            assert within.holds(float(rate)) == (abs(t) < q)


def test_a_denominator_that_may_be_zero_gives_a_set_without_end() -> None:
    assert fieller(1.0, 0.1, 0.01, 0.01, 0.0, 2.0).shape == "two_rays"
    assert fieller(0.1, 0.05, 0.01, 0.01, 0.0, 2.0).shape == "everything"
    assert fieller(0.7, 1.0, 0.01, 0.01, 0.0, 2.0).bounded


def test_multipliers_of_one_lag_follow_the_closed_form_and_end_at_the_long_run_rate() -> None:
    own, cost = np.array([0.8]), np.array([0.3, -0.16])
    theta = 0.14 / 0.2
    path = cumulative(own, cost, 60)
    assert path == pytest.approx(theta + (0.3 - theta) * 0.8 ** np.arange(61))
    assert half_life(-0.2) == pytest.approx(np.log(0.5) / np.log(0.8))
    assert half_life(0.1) is None
    assert half_life(-1.0) == 0.0


def test_all_refits_at_once_are_the_refits_one_by_one() -> None:
    y, x = made(90, 2)
    model = fit_ardl(y + 1e4, x, ("a", "b"), Order(3, (2, 1)))
    drawn = refit(model, y + 1e4, np.random.default_rng(9), 7)
    late = np.column_stack([np.zeros((model.start - 3, 2)), x[: model.start - 3]]) if model.start > 3 else None
    assert late is None
    for path, beta in zip(drawn.paths, drawn.beta, strict=True):
        again = fit_ardl(path, x, ("a", "b"), model.order)
        assert beta[1:] == pytest.approx(again.fit.beta[1:], rel=1e-7, abs=1e-9)
        assert beta[0] == pytest.approx(again.fit.beta[0], rel=1e-5)


def test_the_band_holds_the_path_and_is_the_same_for_the_same_seed() -> None:
    y, x = made(250)
    model = fit_ardl(y, x, ("a",), Order(1, (1,)))
    found = [multipliers(model, refit(model, y, np.random.default_rng(4), 499), 30) for _ in range(2)]
    assert np.all(found[0].low <= found[0].path)
    assert np.all(found[0].path <= found[0].high)
    assert np.array_equal(found[0].high, found[1].high)
    assert found[0].path[-1] == pytest.approx(long_run(model).theta, abs=0.01)


def test_checks_agree_with_the_library() -> None:
    y, x = made(150)
    model = fit_ardl(y, x, ("a",), Order(1, (1,)))
    fit = sm.OLS(model.fit.y, model.fit.x).fit()
    assert breusch_godfrey(model.fit, 4).statistic == pytest.approx(
        acorr_breusch_godfrey(fit, 4, result_object=False)[0], rel=1e-8
    )
    assert breusch_pagan(model.fit).statistic == pytest.approx(het_breuschpagan(fit.resid, model.fit.x)[0], rel=1e-8)
    ramsey = linear_reset(fit, power=3, use_f=True)
    assert reset(model.fit).statistic == pytest.approx(float(ramsey.fvalue), rel=1e-6)
    steps = recursive_residuals(model.fit.x, model.fit.y)
    for t in (60, 100):
        short = sm.OLS(model.fit.y[:t], model.fit.x[:t]).fit()
        row = model.fit.x[t]
        error = model.fit.y[t] - row @ short.params
        spread = 1 + row @ np.linalg.inv(model.fit.x[:t].T @ model.fit.x[:t]) @ row
        assert steps[t - model.fit.nobs] == pytest.approx(error / np.sqrt(spread), rel=1e-5)


def test_a_relation_that_shifts_leaves_the_boundary_and_a_stable_one_does_not() -> None:
    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(200), rng.standard_normal(200)])
    stable = x @ [1.0, 2.0] + rng.standard_normal(200)
    assert cusum(ols(stable, x, ("c", "x"))).rejects is False
    assert cusum(ols(stable + 3.0 * (np.arange(200) > 100), x, ("c", "x"))).rejects is True


def test_a_test_that_cannot_be_made_says_why() -> None:
    rng = np.random.default_rng(2)
    fit = ols(rng.standard_normal(12), np.column_stack([np.ones(12), rng.standard_normal(12)]), ("c", "x"))
    found = breusch_godfrey(fit, 12)
    assert found.statistic is None
    assert "12" in found.why.en


def test_perfect_collinearity_is_named() -> None:
    y, x = made(100)
    twice = np.column_stack([x[:, 0], 2.0 * x[:, 0]])
    with pytest.raises(NotEstimable, match=r"b\.L0"):
        fit_ardl(y, twice, ("a", "b"), Order(1, (1, 1)))
    with pytest.raises(NotEstimable):
        fit_ardl(y[:6], x[:6], ("a",), Order(2, (2,)))


def test_what_lines_explain_wholly_is_a_break_only_where_one_line_does_not() -> None:
    x = np.tile([0.0, 1.0], 50)[:, None]
    assert sup_f(np.full(100, 3.0), x)[0] == 0.0
    statistic, at = sup_f(np.where(np.arange(100) < 40, 0.0, 1.0), x)
    assert (statistic > 1e9, at) == (True, 39)


def test_partition_agrees_with_trying_every_pair_of_breaks() -> None:
    rng = np.random.default_rng(8)
    x = rng.standard_normal((60, 1))
    y = x[:, 0] * np.repeat([1.0, 2.0, 0.5], 20) + 0.2 * rng.standard_normal(60)
    parts, bic = partition(y, x)
    ssr = segment_ssr(y, x, 9)

    def left(a: int, b: int) -> float:
        columns = np.column_stack([np.ones(b - a), x[a:b]])
        beta, *_ = np.linalg.lstsq(columns, y[a:b], rcond=None)
        return float(((y[a:b] - columns @ beta) ** 2).sum())

    assert ssr[5, 30] == pytest.approx(left(5, 30), rel=1e-9)
    best = min(
        ((left(0, i) + left(i, j) + left(j, 60), (i - 1, j - 1)) for i in range(9, 43) for j in range(i + 9, 52)),
    )
    assert parts[2] == best[1]
    assert int(bic.argmin()) == 2


def test_sup_f_is_the_largest_chow_test() -> None:
    rng = np.random.default_rng(8)
    x, y = rng.standard_normal((80, 2)), rng.standard_normal(80)
    statistic, at = sup_f(y, x)

    def left(a: int, b: int) -> float:
        columns = np.column_stack([np.ones(b - a), x[a:b]])
        beta, *_ = np.linalg.lstsq(columns, y[a:b], rcond=None)
        return float(((y[a:b] - columns @ beta) ** 2).sum())

    chow = {c: (left(0, 80) - left(0, c) - left(c, 80)) / ((left(0, c) + left(c, 80)) / 74) for c in range(12, 69)}
    assert statistic == pytest.approx(max(chow.values()), rel=1e-9)
    assert at == max(chow, key=chow.__getitem__) - 1
    many, places = sup_f(np.stack([y, 2 * y + 5]), x)
    assert many == pytest.approx([statistic, statistic])
    assert places.tolist() == [at, at]


def test_orders_of_integration() -> None:
    noise = np.random.default_rng(11).standard_normal(300)
    assert integration("noise", noise).order == "I(0)"
    assert integration("walk", np.cumsum(noise)).order == "I(1)"
    total = integration("total", np.cumsum(np.cumsum(noise)))
    assert total.order == "I(2)"
    with pytest.raises(NotEstimable, match="order two"):
        stop_at_order_two((total,))


def test_unit_root_statistics_of_the_reference(crude) -> None:
    from statsmodels.tsa.stattools import adfuller

    y, x, _, told = crude
    for name, series in (("g", y), ("b", x[:, 0])):
        found = adfuller(series, maxlag=2, autolag=None, regression="c", result_object=False)[0]
        assert found == pytest.approx(told["adf_2lags_const"][name], rel=1e-6)


def test_sequential_f_counts_the_breaks_that_were_put_in_and_none_where_there_is_none() -> None:
    rng = np.random.default_rng(8)
    x = np.cumsum(rng.standard_normal((240, 1)), axis=0)
    stable = 0.7 * x[:, 0] + rng.standard_normal((99, 240))
    whole = 0.7 * x[:, 0] + rng.standard_normal(240)
    assert breaks(whole, x, stable).by_sequence == 0
    assert breaks(whole, x).by_sequence is None
    moved = whole + np.repeat([0.0, 12.0, -9.0], 80)
    found = breaks(moved, x, stable)
    assert found.by_sequence == 2
    assert len(found.last) == 2
