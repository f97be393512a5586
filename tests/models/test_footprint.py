"""Footprints: hand-computed cases, parts that add up, the ladder, intervals, and what is refused."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.apportion import EconomicUnfounded, balance, shares_of, shown_parts
from models.bill import Bill
from models.errors import MissingInput, OutOfRange
from models.factor_choice import NoFactorToChoose
from models.footprint import footprint
from models.footprint_errors import MassZero, NotDivided, NotOnBill
from models.measures import DoesNotConvert, UnknownMeasure
from models.uncertainty import deviation, interval, simulate, variation
from tests.models.bills import MEASURES, basis, bill, submission

POWER = {"stage": "production", "unit": "kWh", "key": "electricity"}
TWO = [{"id": "a", "declared_unit": "kg", "output": 600.0}, {"id": "b", "declared_unit": "kg", "output": 400.0}]


def changed(of: Bill, at: int, **fields: Any) -> Bill:
    activities = [one.model_dump() for one in of.activities]
    activities[at] |= fields
    return Bill.model_validate(of.model_dump() | {"activities": activities})


def test_by_hand() -> None:
    """2000 kWh x 0.5777 + 500 kg x 2 + 100 = 2255.4 kg of 1000 kg of product."""
    made = footprint(bill(), basis())
    one = made.products["profile"]
    assert one.kgco2e == pytest.approx(2.2554, rel=1e-12)
    assert one.tco2e_per_t == pytest.approx(2.2554, rel=1e-12)
    assert {part.stage: part.kgco2e for part in one.stages} == pytest.approx(
        {"raw_material": 1.0, "production": 1.2554}
    )
    assert one.primary_share == pytest.approx((1155.4 + 100) / 2255.4)
    assert one.scores.technological == pytest.approx((1155.4 * 1 + 1000 * 2) / 2155.4)
    assert one.scores.temporal == pytest.approx((1155.4 * 1 + 1000 * 3) / 2155.4)
    assert one.scores.scored == pytest.approx(2155.4 / 2255.4)
    assert made.complete
    assert one.interval.low < one.kgco2e < one.interval.high
    assert all(part.interval.low < part.kgco2e < part.interval.high for part in one.stages)


def test_the_factor_and_why_stand_on_each_line() -> None:
    line = footprint(bill(), basis()).lines[0]
    assert (line.rate, line.level) == (pytest.approx(577.7), "national")
    assert "2024" in line.reason.en
    assert "mee-footprint-2024" in line.proof


def test_provincial_instead_of_national_changes_the_result_by() -> None:
    """2 kWh per kg x (0.5 - 0.5777) = -0.1554 of 2.2554."""
    one = footprint(bill(), basis([submission()])).products["profile"]
    assert one.kgco2e == pytest.approx(2.1)
    (swap,) = one.swaps
    assert (swap.level, swap.other) == ("provincial", "national")
    assert swap.kgco2e == pytest.approx(-0.1554)
    assert swap.fraction == pytest.approx(-0.1554 / 2.2554)
    assert "provincial instead of national factors changes the result by -0.1554" in swap.text().en
    national_first = footprint(bill(), basis([submission()], order=("national", "provincial"))).products["profile"]
    assert national_first.swaps[0].kgco2e == pytest.approx(0.1554)


def test_units_do_not_matter() -> None:
    at = footprint(bill(), basis()).products["profile"].kgco2e
    for unit, amount in (("kWh", 2000.0), ("兆瓦时", 2.0), ("GJ", 7.2), ("万千瓦时", 0.2)):
        other = footprint(changed(bill(), 0, amount=amount, unit=unit), basis()).products["profile"].kgco2e
        assert other == pytest.approx(at, rel=1e-12), unit
    assert MEASURES.rate("tCO2e per t")[0] == 1000.0


def test_order_does_not_matter() -> None:
    turned = bill().model_copy(update={"activities": bill().activities[::-1]})
    one, other = (footprint(of, basis()).products["profile"] for of in (bill(), turned))
    assert one.kgco2e == other.kgco2e
    assert one.interval == pytest.approx(other.interval)


def test_a_fuel_takes_its_default_values_and_says_that_they_are_co2_alone() -> None:
    gas = {"id": "gas", "stage": "production", "amount": 20000.0, "unit": "Nm3", "fuel": "natural_gas"}
    made = footprint(bill(activities=[gas]), basis())
    fuel = basis().fuels["natural_gas"]
    assert fuel.oxidation is not None
    expected = 2.0 * fuel.ncv_gj_per_unit * fuel.carbon_tc_per_gj * fuel.oxidation * 44 / 12 * 1000
    assert made.total_kgco2e == pytest.approx(expected)
    assert made.lines[0].co2_only
    coal = footprint(bill(activities=[gas | {"fuel": "anthracite", "unit": "t", "amount": 1.0}]), basis())
    assert isinstance(coal.refused["profile"], MissingInput)
    assert coal.findings[0].field == "activities.0.oxidation"


# --- attribution


def test_metered_apart_and_the_rest_by_mass() -> None:
    made = footprint(
        bill(
            products=TWO,
            activities=[
                {"id": "line a", "amount": 1000.0, "product": "a"} | POWER,
                {"id": "line b", "amount": 500.0, "product": "b"} | POWER,
                {"id": "furnace", "amount": 300.0, "unit": "kgCO2e", "stage": "production", "process": "melt"},
            ],
            joint=[{"process": "melt", "rule": "physical", "basis": "mass", "quantities": {"a": 600.0, "b": 400.0}}],
        ),
        basis(),
    )
    assert made.attributed == pytest.approx({"a": 577.7 + 180.0, "b": 288.85 + 120.0})
    assert made.products["a"].kgco2e == pytest.approx(757.7 / 600)
    assert made.products["a"].rungs == pytest.approx(
        {"subdivision": 577.7 / 757.7, "physical": 180 / 757.7, "economic": 0}
    )
    assert balance(made.attributed, made.total_kgco2e) < 1e-9


ECONOMIC = {"process": "melt", "rule": "economic", "basis": "CNY", "quantities": {"a": 3.0, "b": 1.0}}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "statement"),
        ({"statement": "无法分表计量"}, "price_months"),
        ({"statement": "无法分表计量", "price_months": 11}, "price_months"),
        ({"price_months": 24}, "statement"),
    ],
)
def test_economic_value_needs_a_statement_and_a_year_of_prices(said: dict[str, Any], field: str) -> None:
    shared = {"id": "furnace", "amount": 300.0, "unit": "kgCO2e", "stage": "production", "process": "melt"}
    made = footprint(bill(products=TWO, activities=[shared], joint=[ECONOMIC | said]), basis())
    assert set(made.refused) == {"a", "b"}
    assert isinstance(made.refused["a"], EconomicUnfounded)
    assert made.findings[0].field == f"joint.0.{field}"


def test_economic_value_with_its_reasons() -> None:
    shared = {"id": "furnace", "amount": 300.0, "unit": "kgCO2e", "stage": "production", "process": "melt"}
    joint = [ECONOMIC | {"statement": "无法分表计量，质量与成因无关", "price_months": 12}]
    made = footprint(bill(products=TWO, activities=[shared], joint=joint), basis())
    assert made.attributed == pytest.approx({"a": 225.0, "b": 75.0})
    assert made.products["b"].rungs["economic"] == 1.0


@given(
    st.lists(st.one_of(st.just(0.0), st.floats(1e-9, 1e9)), min_size=1, max_size=30),
    st.lists(st.floats(1e-6, 1e12), min_size=2, max_size=12),
    st.integers(0, 4),
)
def test_parts_add_up_to_the_site_also_as_shown(amounts: list[float], weights: list[float], digits: int) -> None:
    products = [{"id": f"p{n}", "declared_unit": "piece", "output": 1.0} for n in range(len(weights))]
    quantities = {f"p{n}": weight for n, weight in enumerate(weights)}
    made = footprint(
        bill(
            products=products,
            activities=[
                {"id": f"a{n}", "stage": "use", "amount": amount, "unit": "kgCO2e", "process": "all"}
                for n, amount in enumerate(amounts)
            ],
            joint=[{"process": "all", "rule": "physical", "basis": "mass", "quantities": quantities}],
            draws=0,
        ),
        basis(),
    )
    assert balance(made.attributed, made.total_kgco2e) <= 1e-9
    parts = np.array(list(made.attributed.values()))
    shown = shown_parts(parts, digits)
    unit = 10.0**-digits
    assert np.all(np.abs(shown - parts) < unit * (1 + 1e-6) + np.abs(parts) * 1e-12)
    assert abs(shown.sum() - parts.sum()) <= unit * 0.5000001 + parts.sum() * 1e-12


def test_shown_parts_are_whole_units_of_the_last_digit() -> None:
    """A third each of 100: 33.4 + 33.3 + 33.3, not 99.9."""
    assert shown_parts(np.array([100 / 3] * 3), 1).tolist() == pytest.approx([33.4, 33.3, 33.3])
    both = shown_parts(np.array([[0.5, 0.5], [1.26, 2.74]]), 0)
    assert both.tolist() == [[1.0, 0.0], [1.0, 3.0]]
    assert shares_of([1e308, 1e308]).tolist() == [0.5, 0.5]


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=5))
def test_splitting_an_activity_changes_nothing(parts: list[float]) -> None:
    whole = bill(activities=[{"id": "x", "amount": math.fsum(parts), "uncertainty": 0.0} | POWER], draws=0)
    split = bill(
        activities=[{"id": f"x{n}", "amount": p, "uncertainty": 0.0} | POWER for n, p in enumerate(parts)], draws=0
    )
    one, other = (footprint(of, basis()).products["profile"] for of in (whole, split))
    assert other.kgco2e == pytest.approx(one.kgco2e, rel=1e-12)
    # The error of a shared factor does not average out over the lines that take it.
    assert other.interval == pytest.approx(one.interval, rel=1e-9)


# --- uncertainty


def test_analytic_and_monte_carlo_agree() -> None:
    """Two lines of one factor and one of its own: variance by hand, and by many draws."""
    parts, ca, cf = np.array([[3.0, 2.0, 5.0]]), np.array([0.1, 0.2, 0.05]), np.array([0.3, 0.3, 0.1])
    group = np.array([0.0, 0.0, 1.0])
    by_hand = 9 * (1.01 * 1.09 - 1) + 4 * (1.04 * 1.09 - 1) + 2 * 3 * 2 * 0.09 + 25 * (1.0025 * 1.01 - 1)
    sd = deviation(parts, ca, cf, group)
    assert sd[0] == pytest.approx(math.sqrt(by_hand), rel=1e-12)
    drawn = simulate(parts, ca, cf, group, 200_000, np.random.default_rng(7))[:, 0]
    assert drawn.mean() == pytest.approx(10.0, rel=0.005)
    assert drawn.std() == pytest.approx(sd[0], rel=0.02)
    low, high = interval(10.0, float(sd[0]))
    # The analytic interval is a lognormal of the same two moments, which a sum of lognormals is not quite.
    assert np.quantile(drawn, [0.025, 0.975]) == pytest.approx([low, high], rel=0.04)


def test_the_interval_of_one_sure_amount_is_that_of_its_factor() -> None:
    sd = deviation(np.array([4.0]), np.zeros(1), np.array([float(variation(0.1))]), np.zeros(1))
    low, high = interval(4.0, float(sd))
    assert (low, high) == pytest.approx((3.6, 4.4), rel=0.01)
    assert interval(4.0, 0.0) == (4.0, 4.0)
    assert interval(0.0, 0.0) == (0.0, 0.0)


def test_the_same_seed_draws_the_same() -> None:
    one, same, other = (footprint(bill(seed=seed), basis()).products["profile"].simulated for seed in (3, 3, 4))
    assert one == same != other
    assert footprint(bill(draws=0), basis()).products["profile"].simulated is None


def test_absent_uncertainty_is_assumed_and_said() -> None:
    made = footprint(bill(), basis())
    assert made.lines[2].assumed
    assert any(one.code == "footprint.uncertainty_assumed" for one in made.findings)
    assert "house-footprint-uncertainty" in made.proof()[-1]


# --- benchmark and years


def test_benchmark_and_years() -> None:
    one = footprint(
        bill(
            benchmarks=[{"product": "profile", "kgco2e_per_declared_unit": 2.5, "name": "行业均值", "source": "协会"}],
            earlier=[
                {"product": "profile", "year": 2022, "kgco2e_per_declared_unit": 2.6},
                {"product": "profile", "year": 2023, "kgco2e_per_declared_unit": 2.4},
                {"product": "profile", "year": 2021, "kgco2e_per_declared_unit": 9.0, "profile": "other"},
            ],
        ),
        basis(),
    ).products["profile"]
    assert one.benchmark_ratio == pytest.approx(2.2554 / 2.5)
    assert one.trend is not None
    assert one.trend.years == (2022, 2023, 2024)
    assert one.trend.change == (None, pytest.approx(2.4 / 2.6 - 1), pytest.approx(2.2554 / 2.4 - 1))
    assert one.trend.yearly == pytest.approx((2.2554 / 2.6) ** 0.5 - 1)
    assert [y.year for y in one.trend.apart] == [2021]
    keys = {row.key for row in one.rows()}
    assert {"benchmark_ratio", "year.2023", "yearly", "apart.2021", "dqr.temporal", "per_t"} <= keys


# --- refusals


def test_mass_zero_with_kg_per_unit_is_refused() -> None:
    made = footprint(
        bill(products=[{"id": "p", "declared_unit": "kg", "output": 1.0, "mass_kg_per_declared_unit": 0}]), basis()
    )
    assert isinstance(made.refused["p"], MassZero)
    assert not made.products
    power = footprint(
        bill(products=[{"id": "p", "declared_unit": "kWh", "output": 1.0, "mass_kg_per_declared_unit": 0}]), basis()
    )
    assert power.products["p"].tco2e_per_t is None
    wrong = footprint(
        bill(products=[{"id": "p", "declared_unit": "t", "output": 1.0, "mass_kg_per_declared_unit": 1}]), basis()
    )
    assert isinstance(wrong.refused["p"], OutOfRange)


def test_a_piece_without_a_mass_has_no_value_per_tonne() -> None:
    made = footprint(bill(products=[{"id": "p", "declared_unit": "piece", "output": 10.0}]), basis())
    assert made.products["p"].tco2e_per_t is None
    assert any(f.field == "mass_kg_per_declared_unit" for f in made.findings)
    weighed = footprint(
        bill(products=[{"id": "p", "declared_unit": "件", "output": 10.0, "mass_kg_per_declared_unit": 100}]), basis()
    )
    assert weighed.products["p"].tco2e_per_t == pytest.approx(2.2554)


@pytest.mark.parametrize(
    ("fields", "kind", "field"),
    [
        ({"unit": "t"}, DoesNotConvert, "unit"),
        ({"unit": "斗"}, UnknownMeasure, "unit"),
        ({"key": "unobtainium"}, NoFactorToChoose, "key"),
        ({"key": None}, MissingInput, "key"),
        ({"product": "other"}, NotOnBill, "product"),
    ],
)
def test_a_line_that_cannot_be_worked_out_stops_its_product(fields: dict[str, Any], kind: type, field: str) -> None:
    made = footprint(changed(bill(), 0, **fields), basis())
    assert isinstance(made.refused["profile"], kind)
    assert not made.complete
    assert not made.products
    assert any(f.field == f"activities.0.{field}" and f.refuses and f.text.zh and f.text.en for f in made.findings)
    assert "incomplete" in made.rows()[0].note.en


def test_what_is_wrong_with_one_product_leaves_the_other() -> None:
    lines = [
        {"id": "x", "amount": 1.0, "product": "a"} | POWER,
        {"id": "y", "amount": 1.0, "product": "b"} | POWER | {"unit": "t"},
    ]
    made = footprint(bill(products=TWO, activities=lines), basis())
    assert set(made.products) == {"a"}
    assert set(made.refused) == {"b"}


def test_shared_without_a_rule_is_refused() -> None:
    made = footprint(bill(products=TWO, activities=[{"id": "x", "amount": 1.0, "process": "p"} | POWER]), basis())
    assert isinstance(made.refused["a"], NotDivided)
    strange = {"process": "p", "rule": "physical", "basis": "mass", "quantities": {"a": 1.0, "c": 1.0}}
    other = footprint(
        bill(products=TWO, activities=[{"id": "x", "amount": 1.0, "process": "p"} | POWER], joint=[strange]), basis()
    )
    assert isinstance(other.refused["a"], NotOnBill)


def test_negative_and_not_finite_are_no_input() -> None:
    for wrong in (-1.0, math.nan, math.inf):
        with pytest.raises(ValidationError):
            changed(bill(), 0, amount=wrong)


def test_many_lines_and_products_in_one_pass() -> None:
    """Each line with a factor of its own, so that nothing may be square in the lines."""
    products = [{"id": f"p{n}", "declared_unit": "kg", "output": 10.0 + n} for n in range(100)]
    lines = [
        {"id": f"a{n}", "stage": "use", "amount": 1.0 + n, "unit": "kgCO2e", "process": "all", "primary": n % 2 == 0}
        for n in range(10_000)
    ]
    quantities = {p["id"]: p["output"] for p in products}
    joint = [{"process": "all", "rule": "physical", "basis": "mass", "quantities": quantities}]
    asked = bill(products=products, activities=lines, joint=joint, draws=0)
    begun = time.perf_counter()
    made = footprint(asked, basis())
    assert time.perf_counter() - begun < 20
    assert balance(made.attributed, made.total_kgco2e) < 1e-9
    assert made.products["p3"].primary_share == pytest.approx(sum(range(1, 10_001, 2)) / sum(range(1, 10_001)))


def test_fewer_draws_are_made_of_a_large_bill_and_that_is_said() -> None:
    lines = [{"id": f"a{n}", "stage": "use", "amount": 1.0, "unit": "kgCO2e"} for n in range(2000)]
    made = footprint(bill(activities=lines, draws=100_000), basis())
    assert made.draws == 50_000
    assert "footprint.fewer_draws" in {finding.code for finding in made.findings}
