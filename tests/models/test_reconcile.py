"""Products against verified emissions and amounts against other reports: by hand, with boundaries explained."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.crosscheck import Quantity, crosscheck, load_policy
from models.errors import MissingInput, OutOfRange
from models.factors import grid_factor
from models.files import DATA, read_yaml
from models.footprint import footprint
from models.reconcile import Balance, VerifiedTotal, balance_of, by_kind, load_boundaries, reconcile, rescored
from tests.models.bills import FACTORS, MEASURES, ON, basis, bill

POLICY = load_policy(DATA)
BOUNDARIES = load_boundaries(DATA)
COUNTS = {name: one.counts for name, one in BOUNDARIES.items()}
KINDS = {"direct": 100.0, "electricity": 57.77, "precursor": 500.0}


def balanced(regime: str, verified: float, **said: Any) -> Balance:
    total = VerifiedTotal.model_validate({"regime": regime, "year": 2023, "verified_tco2e": verified} | said)
    grid, national = (
        grid_factor(FACTORS, region, 2023, ON) if regime == "guangdong_pilot" else None
        for region in ("Guangdong", "China")
    )
    return balance_of(KINDS, total, BOUNDARIES[regime], POLICY, grid, national)


def check(rule: str = "electricity", explanation: str = "", **values: Any) -> Any:
    statements = [one if isinstance(one, dict) else {"value": one, "unit": "MWh"} for one in values.values()]
    of = Quantity.model_validate(
        {
            "id": "power", "rule": rule, "year": 2024, "explanation": explanation, "activities": ["power"],
            "statements": [{"source": source} | one for source, one in zip(values, statements, strict=True)],
        }
    )  # fmt: skip
    return crosscheck(of, COUNTS, POLICY, MEASURES)


def test_the_national_market_counts_direct_emissions_alone_and_that_is_no_error() -> None:
    made = balanced("national_market", 100.0)
    assert made.unexplained_tco2e == pytest.approx(0.0)
    assert made.outcome == "agrees"
    assert {step.key: step.tco2e for step in made.steps} == {"outside.electricity": -57.77, "outside.precursor": -500.0}
    assert "no error" in made.steps[0].note.en
    assert made.finding.severity == "info"


def test_the_pilot_counts_power_at_the_factor_of_the_grid() -> None:
    """100 MWh: 57.77 t by the life-cycle factor, 44.19 t by Guangdong's grid factor of 2023."""
    made = balanced("guangdong_pilot", 144.19, electricity_mwh=100.0)
    steps = {step.key: step.tco2e for step in made.steps}
    assert steps["factor_family"] == pytest.approx(44.19 - 57.77)
    assert made.unexplained_tco2e == pytest.approx(0.0, abs=1e-9)
    assert made.outcome == "agrees"
    note = next(step.note.en for step in made.steps if step.key == "factor_family")
    assert "provincial instead of national changes the result by -8.870 tCO2" in note
    without = balanced("guangdong_pilot", 144.19)
    assert without.unexplained_tco2e == pytest.approx(13.58)
    assert without.finding.code == "reconcile.products_above_site"


@pytest.mark.parametrize(
    ("verified", "outcome", "severity"),
    [
        (98.1, "agrees", "info"),
        (97.0, "asks", "question"),
        (90.0, "fails", "error"),
        (104.0, "asks", "question"),
        (120.0, "fails", "error"),
    ],
)
def test_what_is_unexplained_by_size(verified: float, outcome: str, severity: str) -> None:
    made = balanced("cbam", verified)
    assert (made.outcome, made.finding.severity) == (outcome, severity)
    above = verified < 100 and outcome != "agrees"
    assert ("products_above_site" in made.finding.code) == above


def test_reasons_and_other_products_are_steps() -> None:
    made = balanced(
        "cbam", 110.0, other_products_tco2e=15.0, explained=[{"reason": "库存", "tco2e": 5.0, "document": "盘点表"}]
    )
    assert made.unexplained_tco2e == pytest.approx(0.0)
    rows = {row.key: row.value for row in made.rows()}
    assert rows["other_products"] == 15.0
    assert rows["explained.0"] == -5.0


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(1, 1e6))
def test_the_steps_lead_from_the_products_to_the_verified_total(
    direct: float, power: float, bought: float, verified: float
) -> None:
    total = VerifiedTotal(regime="national_market", year=2024, verified_tco2e=verified)
    kinds = {"direct": direct, "electricity": power, "precursor": bought}
    made = balance_of(kinds, total, BOUNDARIES["national_market"], POLICY)
    reached = made.products_tco2e + sum(step.tco2e for step in made.steps) - made.unexplained_tco2e
    assert reached == pytest.approx(verified, rel=1e-9, abs=1e-6)


def test_products_by_kind() -> None:
    kinds = {"power": "electricity", "billet": "precursor", "process gas": "direct"}
    activities = [one.model_dump() | {"kind": kinds[one.id]} for one in bill().activities]
    site = footprint(bill(activities=activities), basis())
    assert by_kind(site) == pytest.approx({"electricity": 1.1554, "precursor": 1.0, "direct": 0.1})
    with pytest.raises(MissingInput):
        by_kind(footprint(bill(), basis()))
    broken = [activities[0] | {"unit": "t"}, *activities[1:]]
    with pytest.raises(OutOfRange):
        by_kind(footprint(bill(activities=broken), basis()))


# --- amounts


def test_sources_that_agree() -> None:
    made = check(
        meter=1000.0, energy_report={"value": 1005.0, "unit": "MWh"}, invoice={"value": 100.5, "unit": "万千瓦时"}
    )
    assert (made.outcome, made.severity, made.steps) == ("agrees", "info", 0)
    assert made.values == pytest.approx((1000.0, 1005.0, 1005.0))
    assert made.apart == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("other", "why", "outcome", "steps", "grade"),
    [
        (1030.0, "", "asks", 1, "C"),
        (1030.0, "厂外生活用电", "explained", 0, "A"),
        (1080.0, "", "fails", 2, "D"),
        (1080.0, "厂外生活用电", "asks", 1, "C"),
    ],
)
def test_sources_that_differ(other: float, why: str, outcome: str, steps: int, grade: str) -> None:
    meter = {"value": 1000.0, "unit": "MWh", "calibrated_until": dt.date(2025, 6, 1)}
    made = check(explanation=why, meter=meter, footprint=other)
    assert (made.outcome, made.steps, made.grade) == (outcome, steps, grade)
    assert made.reference == 0
    assert made.resolution.zh
    assert made.resolution.en


def test_within_the_stated_uncertainty_of_both_they_agree() -> None:
    """2.5 % apart; classes 2 and an uncertainty of 2 % together give 2.83 %."""
    meter = {"value": 1000.0, "unit": "MWh", "accuracy_class": 2.0}
    assert check(meter=meter, footprint={"value": 1025.0, "unit": "MWh", "uncertainty": 0.02}).outcome == "agrees"
    assert check(meter=meter, footprint={"value": 1030.0, "unit": "MWh", "uncertainty": 0.02}).outcome == "asks"


def test_a_meter_out_of_calibration_is_worth_less() -> None:
    out = {"value": 1000.0, "unit": "MWh", "calibrated_until": dt.date(2024, 6, 1)}
    assert check(meter=out, footprint=1000.0).grade == "B"
    report = {"value": 995.0, "unit": "MWh", "verified": True, "regime": "guangdong_pilot"}
    made = check(meter=out, ets_report=report)
    assert (made.reference, made.grade) == (1, "A")


def test_a_report_that_does_not_count_power_is_not_asked_for_it() -> None:
    silent = {"value": None, "unit": "MWh", "regime": "national_market"}
    made = check(meter=1000.0, footprint=1000.0, ets_report=silent)
    assert made.outcome == "agrees"
    assert next((f.code, f.severity) for f in made.findings) == ("crosscheck.outside_boundary", "info")
    pilot = check(meter=1000.0, footprint=1000.0, ets_report=silent | {"regime": "guangdong_pilot"})
    assert next((f.code, f.severity) for f in pilot.findings) == ("crosscheck.not_stated", "warning")


def test_what_does_not_convert_is_told_and_left_out() -> None:
    made = check(meter=1000.0, energy_report={"value": 122.9, "unit": "t"})
    assert made.outcome == "alone"
    assert made.values[1] is None
    assert made.findings[0].code == "measure.does_not_convert"
    assert check(meter={"value": None, "unit": "MWh"}).outcome == "not_comparable"
    assert check(meter=0.0, footprint=0.0).outcome == "agrees"
    assert check(meter=0.0, footprint=5.0).outcome == "fails"


def test_the_whole_takes_the_footprints_own_amount_and_worsens_its_score() -> None:
    site = footprint(bill(), basis())
    of = Quantity.model_validate(
        {
            "id": "power", "rule": "electricity", "year": 2024, "activities": ["power"],
            "statements": [{"source": "meter", "value": 1900.0, "unit": "kWh"}],
        }
    )  # fmt: skip
    made = reconcile(site, [], [of], BOUNDARIES, POLICY, MEASURES)
    assert made.checks[0].values == pytest.approx((1900.0, 2000.0))
    assert made.steps == {"power": 2}
    again = rescored(bill(), made.steps)
    assert again.activities[0].quality.technological == 3
    assert again.activities[1] == bill().activities[1]
    assert "house-reconcile-tolerances" in made.proof()[0]
    strange = reconcile(site, [], [of.model_copy(update={"activities": ("nothing",)})], BOUNDARIES, POLICY, MEASURES)
    assert strange.findings[0].code == "crosscheck.no_such_activity"
    assert {row.key for row in made.rows()} == {"check.power"}


def test_policies_name_sources_that_exist() -> None:
    sources = {key for path in (DATA / "sources").glob("*.yaml") for key in read_yaml(path)}
    assert {POLICY.source, *(one.source for one in BOUNDARIES.values())} <= sources
