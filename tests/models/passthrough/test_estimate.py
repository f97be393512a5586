"""The whole sequence: what is always reported, the grade, what is named, and how often the set holds the truth."""

from __future__ import annotations

import csv
import datetime as dt
import json

import numpy as np
import pytest

from models.passthrough.ardl import Order, fit_ardl
from models.passthrough.denominators import Allocation
from models.passthrough.errors import NotEstimable
from models.passthrough.estimate import Choices, estimate
from models.passthrough.grade import grade
from models.passthrough.longrun import long_run
from models.passthrough.prepare import Sample, prepare
from models.passthrough.projection import project
from models.passthrough.series import Raw


def sample_of(y: np.ndarray, x: np.ndarray, repeated: float = 0.0) -> Sample:
    days = tuple(dt.date(2010, 1, 3) + dt.timedelta(days=7 * i) for i in range(len(y)))
    return Sample("steel", "weekly", days, y, tuple(f"cost{j}" for j in range(x.shape[1])), x, repeated, 0.0, 0, ())


def drawn(n: int, seed: int, alpha: float = -0.2, rate: float = 0.7, draws: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return prices and costs, shape (draws, n), of the data-generating process of ``passthrough.md`` 5.4."""
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.standard_normal((draws, n)), axis=1)
    y = np.zeros((draws, n))
    shocks = rng.standard_normal((draws, n))
    for t in range(1, n):
        y[:, t] = (
            y[:, t - 1] + alpha * (y[:, t - 1] - rate * x[:, t - 1]) + 0.3 * (x[:, t] - x[:, t - 1]) + shocks[:, t]
        )
    return y, x


def one(n: int, seed: int = 1, **other: float) -> Sample:
    y, x = drawn(n, seed, **other)
    return sample_of(3000.0 + y[0], 200.0 + x.T)


ALWAYS = {
    "grade", "theta", "fieller", "rate_full", "rate_marginal", "rate_paid", "alpha", "half_life", "bounds", "bounds_f", "bounds_t",
    "order", "nobs", "repeated", "untraded", "breaks", "p_zero", "p_one", "causal", "check.breusch_godfrey_4",
    "opinion.dols", "opinion.fmols", "opinion.johansen", "asymmetry", "drift",
    "rank", "momentum", "local_projection",
    "check.breusch_godfrey_12", "check.breusch_pagan", "check.reset", "check.cusum", "root.steel", "root.cost0",
}  # fmt: skip


def test_everything_is_reported_always() -> None:
    found = estimate(one(300), Choices(inputs_complete=True))
    assert {row.key for row in found.rows()} >= ALWAYS
    assert found.grade.letter == "A"
    assert found.within.holds(0.7)
    assert found.theta == pytest.approx(0.7, abs=0.15)
    assert "statsmodels" in found.proof()[0]
    json.dumps(found.data(), allow_nan=False)
    assert found.data()["set"]["shape"] == "interval"
    assert "seed 20261101" in found.summary("en")
    assert "<table>" in found._repr_html_()
    assert found.inputs_hash == estimate(one(300), Choices(inputs_complete=True)).inputs_hash


def test_the_same_seed_gives_the_same_report() -> None:
    assert estimate(one(120)).data() == estimate(one(120)).data()


def test_crude_to_gasoline_whole(shared) -> None:
    with shared("passthrough/crude_gasoline_monthly.csv").open() as source:
        rows = [row for row in csv.DictReader(source) if row["month"] <= "2018-03"]
    days = [row["month"] for row in rows]
    sample = prepare(
        Raw("gasoline", days, [row["gasoline_nyh_usd_gal"] for row in rows]),
        Raw("crude", days, [float(row["brent_usd_bbl"]) / 42.0 for row in rows]),
        frequency="monthly",
    )
    found = estimate(sample, Choices(seasonal=False, inputs_complete=True))
    assert found.theta == pytest.approx(1.046819, rel=1e-6)
    assert (found.within.low, found.within.high) == pytest.approx((1.011245, 1.082368), rel=1e-6)
    assert found.alpha == pytest.approx(-0.2654023, rel=1e-6)
    assert [day[:7] for day in found.break_days] == ["2007-08", "2012-03"]
    assert found.bounds.verdict == "level_relation"
    assert (found.bounds.f, found.bounds.t) == pytest.approx((28.035, -7.488), abs=5e-4)
    # 98 adjustment times are an A; the breaks lower it.
    assert (found.grade.before, found.grade.letter) == ("A", "B")
    assert any(finding.code == "passthrough.serial_correlation" for finding in found.findings)


def test_a_d_has_no_point_value_anywhere() -> None:
    found = estimate(one(45, alpha=-0.1))
    assert found.grade.letter == "D"
    rows = {row.key: row for row in found.rows()}
    assert found.theta is None
    assert rows["theta"].value is None
    assert all(rows[f"rate_{kind}"].value is None for kind in ("full", "marginal", "paid"))
    assert "se_delta" not in rows
    data = found.data()
    assert data["theta"] is None
    assert data["coefficients"] is None
    assert data["multipliers"]["value"] is None
    assert data["beside"]["projections"] is None
    assert data["curves"]["recursive"] is None or data["curves"]["recursive"]["rate"] is None
    assert all(one["static_slope"] is None for one in data["segments"])
    assert rows["local_projection"].value is None
    assert all(one["rate"] is None for one in data["beside"]["opinions"])
    assert all(rows[f"opinion.{key}"].value is None for key in ("dols", "fmols", "johansen"))
    assert rows["fieller"].value
    assert "D" in found.verdict().zh or "无界" in found.verdict().zh


@pytest.mark.parametrize(
    ("times", "letter"), [(50.0, "A"), (49.9, "B"), (25.0, "B"), (24.9, "C"), (12.0, "C"), (11.9, "D"), (0.0, "D")]
)
def test_grades_by_adjustment_times(times: float, letter: str) -> None:
    assert grade(1000, -times / 1000).letter == letter


def test_what_lowers_a_grade() -> None:
    assert grade(1000, -0.2).letter == "A"
    assert grade(1000, -0.2, unmodelled_break=True).letter == "B"
    assert grade(1000, -0.2, unmodelled_break=True, input_left_out=True).letter == "C"
    assert grade(1000, -0.2, repeated_share=0.61).letter == "C"
    assert grade(1000, -0.03, repeated_share=0.61).letter == "C"
    assert grade(1000, -0.02, repeated_share=0.61).letter == "D"
    assert grade(1000, 0.1).letter == "D"
    assert grade(1000, -0.2, bounded=False).letter == "D"


def test_each_cost_is_named_and_paid_cost_refused_where_nothing_is_paid() -> None:
    based = Allocation(
        against="full", emissions_tco2_per_t=1.85, benchmark_tco2_per_t=1.8, free_tco2_per_t=1.8, updating_share=0.5
    )
    found = estimate(one(300), Choices(inputs_complete=True, allocation=based))
    full, ends, _ = found.rate_against("full")
    marginal, *_ = found.rate_against("marginal")
    paid, none, why = found.rate_against("paid")
    assert full == found.theta
    assert ends is not None
    assert marginal == pytest.approx(full * 1.85 / (1.85 - 0.9))
    assert (paid, none) == (None, None)
    assert "denominator is noise" in why.en
    rows = {row.key: row for row in found.rows()}
    assert "no evidence of weak" in rows["denominator"].note.en


def test_a_break_lowers_the_grade_and_a_stable_relation_does_not() -> None:
    y, x = drawn(400, 5)
    stable = sample_of(3000.0 + y[0], 200.0 + x.T)
    shifted = sample_of(3000.0 + y[0] + 15.0 * (np.arange(400) > 200), 200.0 + x.T)
    assert not estimate(stable, Choices(inputs_complete=True)).breaks.found
    found = estimate(shifted, Choices(inputs_complete=True))
    assert found.breaks.found
    assert any("断点" in reason.zh for reason in found.grade.reasons)
    assert abs(found.breaks.sup_f_at + found.breaks_from - 200) <= 5


def test_serial_correlation_raises_the_order() -> None:
    rng = np.random.default_rng(4)
    n = 500
    x = np.cumsum(rng.standard_normal(n))
    shock = rng.standard_normal(n)
    y = np.zeros(n)
    for t in range(4, n):
        y[t] = 0.5 * y[t - 1] + 0.12 * y[t - 3] + 0.14 * y[t - 4] + 0.2 * x[t] + shock[t]
    found = estimate(sample_of(100 + y, 50 + x[:, None]), Choices(inputs_complete=True))
    assert found.model.order.p >= 3


def test_second_opinions_agree_where_the_relation_is_real() -> None:
    found = estimate(one(400, seed=3), Choices(inputs_complete=True))
    assert found.beside.disagree == ()
    assert found.beside.asymmetry is not None
    assert found.beside.projections.horizon[-1] == 20


def test_asymmetry_is_not_tested_without_a_level_relation() -> None:
    rng = np.random.default_rng(12)
    y, x = np.cumsum(rng.standard_normal((2, 150)), axis=1)
    found = estimate(sample_of(200 + y, 100 + x[:, None]))
    assert found.bounds.verdict != "level_relation"
    rows = {row.key: row for row in found.rows()}
    assert rows["asymmetry"].value is None
    assert "not tested" in rows["asymmetry"].note.en


def test_projection_ends_where_the_long_run_rate_says_and_widens() -> None:
    found = estimate(one(300), Choices(inputs_complete=True, horizon=60))
    ahead = project(found.path, np.concatenate(([100.0], np.full(60, 110.0))))
    assert ahead.median[0] == 0.0
    assert ahead.median[-1] == pytest.approx(10.0 * found.theta, abs=0.5)
    assert np.all(ahead.low <= ahead.high)
    ramp = project(found.path, np.linspace(100.0, 160.0, 61))
    h = 40
    steps = np.diff(np.linspace(100.0, 160.0, 61))[:h]
    by_hand = [sum(draw[h - 1 - i] * steps[i] for i in range(h)) for draw in found.path.draws]
    assert ramp.median[h] == pytest.approx(np.median(by_hand))


def test_an_order_that_is_not_one_and_a_running_total_are_refused() -> None:
    with pytest.raises(NotEstimable):
        estimate(one(100), Choices(order=(1, 1, 1)))
    y, x = drawn(300, 2)
    with pytest.raises(NotEstimable, match="order two"):
        estimate(sample_of(y[0] + 100, np.cumsum(x.T, axis=0)))


def test_a_left_out_cost_that_moves_with_the_carbon_price_doubles_the_rate() -> None:
    # passthrough.md 5.4: 0.70 turns into 1.44; here the cost left out acts one to one.
    rng = np.random.default_rng(6)
    found = []
    for _ in range(300):
        steps = rng.standard_normal((250, 2))
        ore = 0.5 * steps[:, 0] + np.sqrt(0.75) * steps[:, 1]
        x = np.cumsum(np.column_stack([steps[:, 0], ore]), axis=0)
        target = 0.7 * x[:, 0] + x[:, 1]
        y = np.zeros(250)
        for t in range(1, 250):
            y[t] = y[t - 1] - 0.2 * (y[t - 1] - target[t - 1]) + 0.3 * steps[t, 0] + rng.standard_normal()
        found.append(
            [
                long_run(fit_ardl(y, x[:, :1], ("a",), Order(1, (1,)))).theta,
                long_run(fit_ardl(y, x, ("a", "b"), Order(1, (1, 1)))).theta,
            ]
        )
    without, with_ore = np.median(found, axis=0)
    assert with_ore == pytest.approx(0.70, abs=0.05)
    assert without == pytest.approx(1.44, abs=0.15)


@pytest.mark.parametrize(("n", "coverage"), [(60, 0.90), (120, 0.93), (250, 0.94)])
def test_the_set_holds_the_truth_as_often_as_stated(n: int, coverage: float) -> None:
    y, x = drawn(n, n, draws=1500)
    held = [
        long_run(fit_ardl(a, b[:, None], ("a",), Order(1, (1,)))).within.holds(0.7) for a, b in zip(y, x, strict=True)
    ]
    assert np.mean(held) == pytest.approx(coverage, abs=0.02)
