"""Discrimination, calibration and stability: known answers, and a model that must learn what accounts can tell and no more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.credit_model import cross_validated, fit, folds, load_card, unrepeated
from finance.validation import auc, bootstrapped, brier, calibration, gini, ks, rank_agreement, validated
from finance.woe import OneOutcome, fit_bins, psi
from models.files import DATA
from models.units import FloatArray

Ratios = dict[str, FloatArray]


def test_discrimination_by_hand() -> None:
    risk, bad = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    assert auc(risk, bad) == 0.75
    assert gini(risk, bad) == 0.5
    assert ks(risk, bad) == 0.5
    assert auc(np.ones(4), bad) == 0.5
    assert ks(np.ones(4), bad) == 0.0
    assert brier(np.array([0.0, 0.5]), np.array([False, True])) == 0.125
    assert rank_agreement(risk, -risk) == -1.0
    with pytest.raises(OneOutcome):
        auc(risk, np.zeros(4, dtype=bool))


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_auc_counts_pairs(cases: list[tuple[int, bool]]) -> None:
    risk, bad = np.array([float(r) for r, _ in cases]), np.array([b for _, b in cases])
    if bad.all() or not bad.any():
        return
    pairs = [(r > s) + 0.5 * (r == s) for r in risk[bad] for s in risk[~bad]]
    assert auc(risk, bad) == pytest.approx(np.mean(pairs), rel=1e-12)


def test_calibration_of_a_right_and_a_wrong_pd() -> None:
    rng = np.random.default_rng(5)
    pd_ = rng.uniform(0.01, 0.3, 20_000)
    bad = rng.random(20_000) < pd_
    right = calibration(pd_, bad, in_sample=False)
    assert right.freedom == 10
    assert right.p_value > 0.001
    assert calibration(pd_ * 1.3, bad, in_sample=False).p_value < 1e-6
    assert calibration(pd_, bad, in_sample=True).freedom == 8


def test_stability_by_hand() -> None:
    one, other = np.array([0] * 50 + [1] * 50), np.array([0] * 60 + [1] * 40)
    assert psi(one, other, 2) == pytest.approx(0.1 * np.log(0.6 / 0.5) - 0.1 * np.log(0.4 / 0.5))
    assert psi(one, one, 2) == 0.0
    assert np.isfinite(psi(one, np.zeros(100, np.intp), 2))


def test_woe_by_hand() -> None:
    values = np.array([0.0] * 10 + [1.0] * 10)
    bad = np.array([True] * 4 + [False] * 6 + [True] + [False] * 9)
    made = fit_bins("x", values, bad, "higher_safer", start=2)
    low, high = np.log((6 / 15) / (4 / 5)), np.log((9 / 15) / (1 / 5))
    assert made.woe[:2] == pytest.approx((low, high))
    assert made.iv == pytest.approx((6 / 15 - 4 / 5) * low + (9 / 15 - 1 / 5) * high)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["higher_safer", "higher_riskier"]))
def test_bins_run_one_way_and_missing_stands_apart(seed: int, direction: str) -> None:
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(300) < 0.1, np.nan, rng.normal(size=300))
    bad = rng.random(300) < 0.2
    if not bad.any():
        return
    made = fit_bins("x", values, bad, direction)  # type: ignore[arg-type]
    steps = np.diff(made.woe[:-1])
    assert (steps >= 0).all() if direction == "higher_safer" else (steps <= 0).all()
    assert (made.place(values)[np.isnan(values)] == len(made.edges) + 1).all()
    assert np.isfinite(made.woe).all()
    assert made.iv >= 0


def test_no_sign_runs_against_the_evidence() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=2_000)
    bad = rng.random(2_000) < 1 / (1 + np.exp(2 + x))
    # The second ratio is the first with noise: left free, it would take the other sign.
    made = fit({"a": x, "b": x + rng.normal(size=2_000)}, {"a": "higher_safer", "b": "higher_safer"}, bad)
    assert all(c <= 0 for c in made.coefficients)


def test_repeats_never_sit_on_both_sides() -> None:
    a = np.array([1.0, np.nan, 1.0, np.nan, 2.0])
    assert unrepeated([a]).tolist() == [0, 1, 4]
    bad = np.arange(20) < 6
    tests = np.sum([test for _, test in folds(bad, 3, np.random.default_rng(0))], axis=0)
    assert (tests == 1).all()


@pytest.fixture(scope="module")
def polish(shared: Callable[[str], Path]) -> tuple[Ratios, FloatArray]:
    found = pd.read_csv(shared("credit/polish_corporate_default_1y.csv.gz"))
    columns = {name: found[name].to_numpy(dtype=np.float64) for name in found.columns if name != "row"}
    keep = unrepeated(list(columns.values()))
    assert len(found) - keep.size == 60
    kept = {name: column[keep] for name, column in columns.items()}
    return kept, kept.pop("bankrupt")


@pytest.mark.shared
def test_real_accounts_tell_defaults_apart_and_not_too_well(polish: tuple[Ratios, FloatArray]) -> None:
    columns, bankrupt = polish
    card = load_card(DATA)
    ratios, bad = {name: columns[name] for name in card.directions}, bankrupt == 1
    pd_ = cross_validated(ratios, card.directions, bad, np.random.default_rng(20261125))
    made = validated(pd_, bad, np.random.default_rng(20261125), in_sample=False, draws=500)
    # More than 0.90 on six ratios would point to leakage.
    assert 0.84 <= made.auc.value <= 0.90
    assert made.auc.low < made.auc.value < made.auc.high
    assert made.calibration.p_value > 0.001
    assert all(row.label.zh for row in made.rows())
    for name in ("auc", "ks", "brier"):
        found = getattr(made, name)
        assert card.measured[name] == pytest.approx(found.value, abs=5e-5)
        assert card.measured[f"{name}_low"] == pytest.approx(found.low, abs=5e-4)


@pytest.mark.shared
def test_the_model_that_ships_is_the_fit(polish: tuple[Ratios, FloatArray]) -> None:
    columns, bankrupt = polish
    card = load_card(DATA)
    again = fit({name: columns[name] for name in card.directions}, card.directions, bankrupt == 1)
    assert card.model.intercept == pytest.approx(again.intercept, rel=1e-3)
    assert card.model.coefficients == pytest.approx(again.coefficients, rel=1e-3)
    for ours, found in zip(card.model.bins, again.bins, strict=True):
        assert ours.edges == pytest.approx(found.edges, rel=1e-6)
        assert ours.woe == pytest.approx(found.woe, rel=1e-6)


@pytest.mark.shared
def test_a_shuffled_outcome_cannot_be_learnt(polish: tuple[Ratios, FloatArray]) -> None:
    columns, bankrupt = polish
    card, rng = load_card(DATA), np.random.default_rng(4)
    bad = rng.permutation(bankrupt == 1)
    pd_ = cross_validated({name: columns[name] for name in card.directions}, card.directions, bad, rng)
    assert 0.44 < auc(pd_, bad) < 0.56


def test_the_card_says_its_limits_and_scores_a_firm() -> None:
    card = load_card(DATA)
    assert len(card.limits) == 4
    assert all(x.zh and x.en for x in (*card.limits, *card.ratios.values()))
    weak = {"x2": 1.2, "x6": -0.5, "x27": -2.0, "x35": -0.2, "x46": 0.2, "x62": 300.0}
    sound = {"x2": 0.2, "x6": 0.5, "x27": 50.0, "x35": 0.3, "x46": 4.0, "x62": 20.0}
    pds = [float(card.model.pd({k: np.array([v]) for k, v in firm.items()})[0]) for firm in (weak, sound)]
    assert pds[0] > 0.2 > 0.02 > pds[1]


def test_the_interval_holds_the_measure() -> None:
    rng = np.random.default_rng(1)
    bad = rng.random(500) < 0.3
    found = bootstrapped(auc, rng.normal(size=500) + bad, bad, rng, 200)
    assert found.low < found.value < found.high
