"""Ex-ante formulas: published and worked numbers, what must always hold, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from models.chain import ordered
from models.passthrough.errors import NoisyDenominator, NoSuchMarket
from models.passthrough.exante import (
    armington,
    conduct_rate,
    constant_elasticity_curvature,
    cournot_price_slope,
    cournot_rate,
    free_allocation,
    import_rate,
    incidence,
    rate_on_paid,
)
from models.passthrough.structure import Interval, Market, rate_range

# Beside each other: omega, E, eD, eS, rho. Worked by hand from Weyl and Fabinger.
CONDUCT = [
    (0, 0, 1.5, None, 1.0),
    (0.2, 0, 1.5, None, 1 / 1.2),
    (1, 0, 1.5, None, 0.5),
    (0.5, 1.5, 2.0, None, 4 / 3),
    (0.2, 0, 1.2, 3.0, 0.652173913),
    (0, 0, 0.4, 2.0, 2.0 / 2.4),
]


@pytest.mark.parametrize(("omega", "curvature", "demand", "supply", "rho"), CONDUCT)
def test_conduct(omega: float, curvature: float, demand: float, supply: float | None, rho: float) -> None:
    assert conduct_rate(omega, curvature, demand, supply) == pytest.approx(rho, rel=1e-9)


def test_every_structural_example(shared) -> None:
    told = json.loads(shared("passthrough/structural_examples.json").read_text())
    for x in told["weyl_fabinger"]:
        rho = conduct_rate(x["conduct"], x["curvature_E"], x["demand_elasticity"], x["supply_elasticity"])
        assert rho == pytest.approx(x["rho"], rel=1e-9)
    for x in told["cournot_partial_coverage"]:
        rho = cournot_rate(x["firms"], x["covered"], x["curvature_E"])
        assert rho == pytest.approx(x["dP_per_unit_cost"], rel=1e-9)
    for x in told["competitive_with_imports"]:
        rho = import_rate(x["covered_share"], x["supply_el_covered"], x["supply_el_imports"], x["demand_el"])
        assert rho == pytest.approx(x["rho"], rel=1e-2 if x["rho"] < 1e-6 else 1e-9)
    for x in told["armington_bertrand"]:
        found = armington(x["home_share"], x["sigma"], x["upper_elasticity"])
        names = ("firm_elasticity", "markup", "gamma", "elasticity_pass_through", "absolute_pass_through")
        assert found == pytest.approx([x[name] for name in names], rel=1e-9)
    for x in told["free_allocation"]:
        found = free_allocation(
            x["rho"], x["allowance_price"], x["emission_intensity"], x["benchmark"], x["updating_share"]
        )
        assert found.marginal_cny_per_t == pytest.approx(x["marginal_carbon_cost"], rel=1e-9)
        assert found.price_change_cny_per_t == pytest.approx(x["price_change"], rel=1e-9)
        assert found.headline_rate == pytest.approx(x["headline_rate"], rel=1e-8)
        assert found.paid_cny_per_t == pytest.approx(x["paid_cost"], rel=1e-9)
    for x in told["bill_of_materials"]:
        chain = ordered(csr_array(np.array(x["input_per_unit_output"]).T)).handing_on(
            np.array(x["pass_through"], float)
        )
        found = chain.reprice(np.array(x["own_carbon_cost"]))
        assert found == pytest.approx(x["embedded_cost_or_price_change"], rel=1e-9)


def test_cournot_agrees_with_brute_force_of_first_order_conditions() -> None:
    firms, cost, tax = 4, np.array([1.0, 1.2, 0.9, 1.1]), np.array([0.5, 0.0, 0.8, 0.3])

    def price(c: np.ndarray) -> float:
        # p = 10 - Q; each firm: 10 - Q - q_i = c_i.
        q = np.linalg.solve(np.ones((firms, firms)) + np.eye(firms), 10.0 - c)
        return float(10.0 - q.sum())

    slope = (price(cost + 1e-3 * tax) - price(cost)) / 1e-3
    assert cournot_price_slope(tax[tax > 0], firms) == pytest.approx(slope, rel=1e-9)


def test_constant_elasticity_can_hand_on_more_than_the_cost() -> None:
    rho = cournot_rate(2, 2, constant_elasticity_curvature(2.0))
    assert rho == pytest.approx(2 / (2 - 0.5))
    with pytest.raises(NoSuchMarket, match="eps > 1"):
        cournot_rate(2, 2, constant_elasticity_curvature(0.4))


@pytest.mark.parametrize(
    "call",
    [
        lambda: conduct_rate(1.2, 0.0, 1.0),
        lambda: conduct_rate(0.5, 4.0, 1.0),
        lambda: conduct_rate(0.5, 0.0, -1.0),
        lambda: conduct_rate(0.5, 0.0, 1.0, 0.0),
        lambda: conduct_rate(float("nan"), 0.0, 1.0),
        lambda: cournot_rate(0.5, 0.1),
        lambda: cournot_rate(3, 4),
        lambda: import_rate(1.5, 1, 1, 1),
        lambda: import_rate(0.0, 1, 0, 0),
        lambda: armington(0.9, 1.0, 0.5),
        lambda: incidence(1.5, 0.0),
        lambda: free_allocation(0.5, 40.0, 0.0, 0.0, 0.0),
        lambda: conduct_rate(np.array([0.2, 1.4]), 0.0, 1.0),
    ],
)
def test_a_structure_without_an_answer_is_refused_with_its_field(call) -> None:
    with pytest.raises(NoSuchMarket) as refused:
        call()
    assert refused.value.field
    assert "。" in refused.value.text("zh")
    assert refused.value.text("en").endswith(".")


def test_a_price_taker_hands_on_nothing() -> None:
    assert import_rate(0.7, 2.0, np.inf, 0.5) == 0.0
    assert import_rate(1.0, 2.0, np.inf, 0.5) == pytest.approx(0.8)


def test_a_rate_on_paid_cost_is_refused_where_next_to_nothing_is_paid() -> None:
    with pytest.raises(NoisyDenominator):
        rate_on_paid(0.75, 1.85, 1.80, 0.0)
    assert rate_on_paid(0.75, 2.0, 1.6, 0.0) == pytest.approx(3.75)


@given(rho=st.floats(0.01, 0.99), omega=st.floats(0.0, 1.0))
def test_buyers_bear_more_the_more_is_handed_on(rho: float, omega: float) -> None:
    assert incidence(rho, omega) <= incidence(min(1.0, rho + 0.005), omega)


@given(conduct=st.floats(0, 1), demand=st.floats(0.1, 5), supply=st.floats(0.1, 20))
def test_linear_demand_hands_on_no_more_than_the_cost_where_demand_exceeds_conduct(conduct, demand, supply) -> None:
    if demand >= conduct:
        assert conduct_rate(conduct, 0.0, demand, supply) <= 1.0 + 1e-12


def made(**intervals: tuple[float, float]) -> dict[str, Interval]:
    return {name: Interval(low=low, high=high) for name, (low, high) in intervals.items()}


def test_range_of_one_input_has_the_quantiles_of_its_interval() -> None:
    market = Market(kind="conduct", inputs=made(conduct=(0, 1), curvature=(0, 0), demand_elasticity=(1.5, 1.5)))
    found = rate_range(market)
    # rho = 1/(1 + omega) falls in omega, which is uniform.
    assert (found.low, found.median, found.high) == pytest.approx((1 / 1.9, 1 / 1.5, 1 / 1.1), abs=5e-4)
    assert [driver.name for driver in found.drivers] == ["conduct"]
    assert found.drivers[0].rank_correlation == pytest.approx(-1.0)


def test_range_names_what_drives_it_and_is_the_same_twice() -> None:
    market = Market(kind="conduct", inputs=made(conduct=(0.1, 0.15), curvature=(-1, 1.5), demand_elasticity=(1, 2)))
    found = rate_range(market)
    assert found.low < found.median < found.high
    assert found.drivers[0].name == "curvature"
    assert found == rate_range(market)
    assert "drives the spread" in found.summary("en")
    assert "主导" in found.summary("zh")


def test_whole_numbers_of_firms() -> None:
    found = rate_range(Market(kind="cournot", inputs=made(firms=(2, 4), covered=(2, 2), curvature=(0, 0))))
    assert found.low == pytest.approx(2 / 5)
    assert found.median == pytest.approx(2 / 4)
    assert found.high == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "market",
    [
        Market(kind="cournot", inputs=made(firms=(2, 5), covered=(3, 3), curvature=(0, 0))),
        Market(kind="cournot", inputs=made(firms=(2.5, 5), covered=(1, 1), curvature=(0, 0))),
        Market(kind="cournot", inputs=made(firms=(2, 5), covered=(1, 1))),
        Market(kind="price_taker", inputs=made(conduct=(0, 1))),
        Market(kind="conduct", inputs=made(conduct=(0, 1), curvature=(0, 3), demand_elasticity=(1, 1))),
    ],
)
def test_an_interval_that_reaches_into_nonsense_refuses_the_range(market: Market) -> None:
    with pytest.raises(NoSuchMarket):
        rate_range(market)


def test_every_structure_gives_a_range() -> None:
    for kind, inputs in {
        "price_taker": {},
        "imports": made(
            covered_share=(0.6, 0.9),
            covered_elasticity=(1, 3),
            import_elasticity=(0.5, 4),
            demand_elasticity=(0.2, 0.8),
        ),
        "armington": made(home_share=(0.2, 0.8), substitution=(3, 6), upper_elasticity=(0.8, 1.2)),
        "cournot_constant_elasticity": made(firms=(3, 6), covered=(2, 3), demand_elasticity=(0.8, 2)),
    }.items():
        found = rate_range(Market.model_validate({"kind": kind, "inputs": inputs}))
        assert 0 <= found.low <= found.median <= found.high
        assert found.to_dict("zh")[0]["value"]


def test_an_interval_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(NoSuchMarket):
        Interval(low=2, high=1)
