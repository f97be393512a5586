"""Allowance collateral on real quotes, labels and margins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from finance.collateral import Collateral, Pledge, PledgePolicy, TooFewSessions, TooOldPrice, collateral_price, haircut
from finance.margin import Kpi, interest_effect, margin, routed
from finance.policy import load_scorecard
from finance.scorecard import score
from finance.submission import IndicatorValue
from models.files import DATA

CARD = load_scorecard(DATA / "scorecards" / "gd-green-loan-default" / "1.0.0.json")
POLICY = PledgePolicy(z=2.326, days_to_liquidate=10, ltv_cap=0.7, margin_call_ltv=0.85, max_age_days=30)
ON = dt.date(2025, 3, 3)


def quotes(count: int = 30) -> tuple[Any, Any, Any]:
    days = np.datetime64("2025-02-01") + np.arange(count)
    close = 40.0 + np.arange(count) % 3
    return days, close, np.where(np.arange(count) % 10 == 9, 0.0, 1_000.0)


def pledge(**other: Any) -> Pledge:
    sound: dict[str, Any] = {
        "holdings_t": 120_000, "due_t": 20_000, "carried_over": True, "maturity": dt.date(2026, 1, 1),
        "cycle_ends": dt.date(2025, 7, 20),
    }  # fmt: skip
    return Pledge(**(sound | other))


def test_the_price_skips_and_counts_empty_sessions() -> None:
    days, close, volume = quotes()
    made = collateral_price(days, close, volume, ON, POLICY)
    rows = [i for i in range(30) if i % 10 != 9][-20:]
    assert made.mean == pytest.approx(np.mean(close[rows]))
    assert made.last_close == close[28]
    assert made.value == min(made.mean, made.last_close)
    # From the first session of the window on: one empty one inside and one after it.
    assert made.skipped == 30 - rows[0] - 20
    assert made.daily_sigma == pytest.approx(np.std(np.diff(np.log(close[rows])), ddof=1))


def test_haircut_by_hand() -> None:
    assert haircut(2.326, 0.02, 10) == pytest.approx(1 - np.exp(-2.326 * 0.02 * np.sqrt(10)))
    assert haircut(2.326, 0.0, 10) == 0.0


def test_nothing_later_and_nothing_stale_is_used() -> None:
    days, close, volume = quotes()
    with pytest.raises(TooFewSessions):
        collateral_price(days, close, volume, dt.date(2025, 2, 10), POLICY)
    with pytest.raises(TooOldPrice):
        collateral_price(days, close, volume, dt.date(2025, 6, 1), POLICY)
    later = collateral_price(days, np.where(np.arange(30) > 25, 500.0, close), volume, dt.date(2025, 2, 26), POLICY)
    assert later.last_close < 100


def test_what_can_be_pledged() -> None:
    assert pledge().pledgeable_t == 100_000
    assert pledge(due_t=200_000).pledgeable_t == 0.0
    assert pledge(carried_over=False).pledgeable_t == 0.0
    assert pledge(carried_over=False, maturity=dt.date(2025, 7, 1)).pledgeable_t == 100_000


def test_the_cap_and_the_margin_call() -> None:
    price = collateral_price(*quotes(), ON, POLICY)
    made = Collateral(pledge(loan_cny=2e6), price, POLICY)
    assert made.loan_cap_cny == pytest.approx(min(0.7, 1 - made.haircut) * 100_000 * price.value)
    assert made.state == "sound"
    assert Collateral(pledge(loan_cny=3.2e6), price, POLICY).state == "above_cap"
    called = Collateral(pledge(loan_cny=3.8e6), price, POLICY)
    assert called.state == "margin_call"
    assert called.call_price == pytest.approx(38.0 / 0.85)
    assert Collateral(pledge(due_t=120_000, loan_cny=1.0), price, POLICY).state == "margin_call"
    assert Collateral(pledge(), price, POLICY).state == "unknown"
    assert all(row.label.zh for row in made.rows())


@pytest.mark.shared
def test_on_the_real_quotes(shared: Callable[[str], Path]) -> None:
    found = pd.read_csv(shared("prices/gdea_daily.csv"), parse_dates=["date"])
    days = found["date"].to_numpy(dtype="datetime64[D]")
    close, volume = found["price"].to_numpy(dtype=np.float64), found["volume_t"].to_numpy(dtype=np.float64)
    on = dt.date(2024, 12, 31)
    made = collateral_price(days, close, volume, on, POLICY)
    told = found[(found["date"] <= pd.Timestamp(on)) & (found["volume_t"] > 0) & found["price"].notna()].tail(20)
    by_pandas = float((told["price"] * told["volume_t"]).sum() / told["volume_t"].sum())
    assert made.value == pytest.approx(min(by_pandas, float(told["price"].iloc[-1])), rel=1e-12)
    assert 20 < made.value < 80
    assert 0 < haircut(POLICY.z, made.daily_sigma, POLICY.days_to_liquidate) < 0.6


def scored(**levels: str) -> Any:
    inputs = {"F2": "third_party_verified", "T2": "green_catalogue", "F1": 0.8} | levels
    given = {key: IndicatorValue(value=x, data_quality=2 if key == "F1" else None) for key, x in inputs.items()}
    return score(CARD, given, {"G1": False, "G2": False})


@pytest.mark.parametrize(
    ("levels", "entity", "kpi", "label"),
    [
        ({}, None, False, "green"),
        ({"T2": "transition_catalogue"}, True, False, "transition"),
        ({"T2": "transition_catalogue"}, False, True, "footprint_linked"),
        ({"T2": "transition_catalogue"}, None, False, "plain"),
        ({"T2": "general_with_kpi"}, None, True, "footprint_linked"),
        ({"F2": "self_declared"}, None, True, "plain"),
        ({"F2": "none"}, True, True, "plain"),
    ],
)
def test_labels(levels: dict[str, str], entity: bool | None, kpi: bool, label: str) -> None:
    made = routed(scored(**levels), transition_entity=entity, has_kpi=kpi)
    assert made.label == label
    assert made.reasons or label in ("green", "transition")


def test_a_gate_that_nobody_answered_gives_no_label() -> None:
    inputs = {"F2": IndicatorValue(value="third_party_verified"), "T2": IndicatorValue(value="green_catalogue")}
    assert routed(score(CARD, inputs, {}), transition_entity=None, has_kpi=True).label == "plain"


def kpi(**other: Any) -> Kpi:
    sound: dict[str, Any] = {
        "id": "k", "metric": "产品足迹", "unit": "tCO2e/t", "better": "lower", "baseline_year": 2024, "baseline": 8.2,
        "target": 7.8, "test_on": dt.date(2026, 6, 30), "grace_days": 60, "value": 7.7, "verified_on": dt.date(2026, 7, 10),
        "verifier": "核查机构", "evidence": "报告 26-07",
    }  # fmt: skip
    return Kpi(**(sound | other))


def test_met_only_when_verified_and_missed_after_the_grace() -> None:
    assert kpi().state(dt.date(2026, 7, 10)) == "met"
    assert kpi().state(dt.date(2026, 7, 1)) == "not_verified"
    assert kpi(value=7.9).state(dt.date(2026, 8, 1)) == "missed"
    for lacking in ("verified_on", "verifier", "evidence", "value"):
        assert kpi(**{lacking: None}).state(dt.date(2026, 8, 29)) == "not_verified"
        assert kpi(**{lacking: None}).state(dt.date(2026, 8, 30)) == "missed"
    with pytest.raises(ValidationError):
        kpi(target=9.0)


def test_the_margin_and_its_limits() -> None:
    on = dt.date(2026, 8, 1)
    assert margin(120, "B", [kpi()], CARD.pricing, on).margin_bp == 100
    assert margin(120, "B", [kpi(value=8.0)], CARD.pricing, on).margin_bp == 120
    many = margin(120, "A", [kpi(id=str(i)) for i in range(5)], CARD.pricing, on)
    assert many.adjustment_bp == -40
    assert many.margin_bp == 80


def test_the_published_saving() -> None:
    # 150 million at 89 bp for a year of 360 days: the 1.335 million that was reported.
    assert interest_effect(150e6, -89, 360, CARD.pricing) == pytest.approx(-1.335e6)
