"""A park: every tonne at one place, the balance to 1e-9, and what does not add up told by name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import YuetanError
from models.files import DATA
from models.loops import LoopGrows
from models.measures import load_measures
from models.park import BALANCED, Park, park, problems
from models.park_asked import (
    AboveOperator,
    FlowTwice,
    MoreThanThereIs,
    NothingTaken,
    ParkAsk,
    SamePlace,
    UnknownPlace,
    load_park_policy,
)

MEASURES, POLICY = load_measures(DATA), load_park_policy(DATA)
#: A power plant of A (600 of A's 1,000 t), the grid, and a boiler of the park that takes some of A's power.
MEMBERS: list[dict[str, Any]] = [
    {"id": "A", "direct_tco2": 1000.0, "output": 500.0, "output_unit": "t"},
    {"id": "B", "direct_tco2": 200.0},
    {"id": "C", "direct_tco2": 0.0},
]
SUPPLIES: list[dict[str, Any]] = [
    {"id": "plant", "kind": "electricity", "quantity": 1000.0, "operator": "A", "direct_tco2": 600.0},
    {"id": "grid", "kind": "electricity", "quantity": 400.0, "factor_tco2_per_unit": 0.5, "factor_source": "made up"},
    {"id": "boiler", "kind": "heat", "unit": "GJ", "quantity": 3000.0, "direct_tco2": 150.0, "exported": 500.0},
]
FLOWS: list[dict[str, Any]] = [
    {"supply": "plant", "taker": "A", "quantity": 300.0}, {"supply": "plant", "taker": "B", "quantity": 600_000.0, "unit": "kWh"},
    {"supply": "plant", "taker": "boiler", "quantity": 100.0}, {"supply": "grid", "taker": "C", "quantity": 400.0},
    {"supply": "boiler", "taker": "B", "quantity": 2000.0}, {"supply": "boiler", "taker": "C", "quantity": 500.0},
]  # fmt: skip


def asked(**more: Any) -> ParkAsk:
    given = {
        "park": "P",
        "first": "2025-01-01",
        "last": "2025-12-31",
        "members": MEMBERS,
        "supplies": SUPPLIES,
        "flows": FLOWS,
    }
    return ParkAsk.model_validate(given | more)


def made(**more: Any) -> Park:
    return park(asked(**more), MEASURES, POLICY)


def test_a_park_by_hand() -> None:
    """Power 0.6 t/MWh; the boiler's 150 t and 60 t of its power over 3,000 GJ make 0.07 t/GJ; 35 t leave with the export."""
    found = made()
    assert [one.tco2_per_unit for one in found.supplies] == pytest.approx([0.6, 0.5, 0.07])
    assert [one.total for one in found.members] == pytest.approx([1000 - 600 + 180, 200 + 360 + 140, 200 + 35])
    assert (found.direct, found.bought, found.carried, found.exported) == pytest.approx((1350.0, 200.0, 1515.0, 35.0))
    assert found.difference is not None
    assert found.difference <= BALANCED
    # B's and C's power and heat of A's plant stand in A's direct emissions too: 360 t, and 60 t x 2,500 / 3,000 by the boiler.
    assert found.counted_twice == pytest.approx(360 + 50)
    assert found.members[0].per_output == pytest.approx(580 / 500)
    assert found.findings == ()


@given(st.data())
def test_nothing_is_lost_and_nothing_counted_twice(data: st.DataObject) -> None:
    """Whoever runs what and takes from whom, supplies of each other and losses included: both sides agree to 1e-9."""
    n, m = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    number = st.floats(0.0, 1e6)
    members: list[dict[str, Any]] = [{"id": f"m{i}", "direct_tco2": data.draw(number)} for i in range(n)]
    supplies: list[dict[str, Any]] = []
    for s in range(m):
        own = {"direct_tco2": data.draw(number)} | (
            {"operator": f"m{data.draw(st.integers(0, n - 1))}"} if data.draw(st.booleans()) else {}
        )
        bought = {"factor_tco2_per_unit": data.draw(st.floats(0.0, 2.0)), "factor_source": "x"}
        supplies.append(
            {"id": f"s{s}", "kind": data.draw(st.sampled_from(["electricity", "heat"])), "quantity": 1.0,
             "exported": data.draw(st.floats(0.0, 1e4))} | (own if data.draw(st.booleans()) else bought)
        )  # fmt: skip
    flows = [
        {"supply": f"s{s}", "taker": taker, "quantity": data.draw(st.floats(1.0, 1e4))}
        for s in range(m)
        for taker in [*(f"m{i}" for i in range(n)), *(f"s{t}" for t in range(m) if t != s)]
        if taker == f"m{s % n}" or data.draw(st.booleans())
    ]
    for s, supply in enumerate(supplies):
        out = sum(flow["quantity"] for flow in flows if flow["supply"] == f"s{s}") + supply["exported"]
        supply["quantity"] = out * data.draw(st.floats(1.0, 1.2))
        if "operator" in supply:
            members[int(supply["operator"][1:])]["direct_tco2"] += supply["direct_tco2"]
    found = made(members=members, supplies=supplies, flows=flows)
    assert found.difference is not None
    assert found.difference <= BALANCED
    assert all(one.total is not None and one.total >= -1e-9 * (found.total or 0.0) for one in found.members)


FIRST = SUPPLIES[0]


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"members": [*MEMBERS, MEMBERS[0]]}, SamePlace, "members.3.id"),
        ({"members": [*MEMBERS, {"id": "grid", "direct_tco2": 1.0}]}, SamePlace, "supplies.1.id"),
        ({"supplies": [FIRST | {"operator": "Z"}, *SUPPLIES[1:]]}, UnknownPlace, "supplies.0.operator"),
        ({"flows": [*FLOWS, FLOWS[0]]}, FlowTwice, "flows.6.taker"),
        ({"flows": [*FLOWS, FLOWS[0] | {"taker": "Z"}]}, UnknownPlace, "flows.6.taker"),
        ({"flows": [*FLOWS, FLOWS[0] | {"supply": "Z"}]}, UnknownPlace, "flows.6.supply"),
        ({"flows": [FLOWS[0] | {"unit": "kg"}, *FLOWS[1:]]}, YuetanError, "flows.0.unit"),
        ({"supplies": [FIRST | {"unit": "kg"}, *SUPPLIES[1:]]}, YuetanError, "supplies.0.unit"),
        ({"supplies": [FIRST | {"quantity": 900.0}, *SUPPLIES[1:]]}, MoreThanThereIs, "supplies.0.quantity"),
        ({"flows": [one for one in FLOWS if one["supply"] != "grid"]}, NothingTaken, "supplies.1.quantity"),
        ({"members": [MEMBERS[0] | {"direct_tco2": 599.0}, *MEMBERS[1:]]}, AboveOperator, "members.0.direct_tco2"),
    ],
)
def test_what_does_not_add_up_is_refused(change: dict[str, Any], error: type[YuetanError], field: str) -> None:
    with pytest.raises(error) as caught:
        made(**change)
    assert caught.value.field == field
    assert problems(asked(**change), MEASURES, POLICY)[0].field == field


def test_power_that_only_goes_round_is_refused() -> None:
    pair = [{"id": i, "kind": "heat", "quantity": 1.0, "direct_tco2": 1.0} for i in ("x", "y")]
    flows = [{"supply": a, "taker": b, "quantity": 1.0} for a, b in (("x", "y"), ("y", "x"))]
    with pytest.raises(LoopGrows) as caught:
        made(supplies=pair, flows=flows)
    assert caught.value.field == "flows"


def test_a_supply_whose_heat_nobody_takes_cannot_swallow_power() -> None:
    boiler = SUPPLIES[2] | {"direct_tco2": 0.0, "exported": 0.0}
    flows = [one for one in FLOWS if one["supply"] != "boiler"]
    with pytest.raises(NothingTaken):
        made(supplies=[*SUPPLIES[:2], boiler], flows=flows)


def test_findings_on_losses_reports_and_what_is_not_known() -> None:
    members = [
        MEMBERS[0] | {"reported_indirect_tco2": 181.0}, MEMBERS[1] | {"reported_indirect_tco2": 450.0}, {"id": "C"},
    ]  # fmt: skip
    supplies = [FIRST, SUPPLIES[1] | {"quantity": 440.0}, SUPPLIES[2]]
    found = made(members=members, supplies=supplies)
    assert [(one.code, one.field) for one in found.findings] == [
        ("park.losses", "supplies.1.quantity"),
        ("park.report_differs", "members.1.reported_indirect_tco2"),
        ("park.direct_unknown", "members.2.direct_tco2"),
    ]
    # Those who took of the grid carry its losses.
    assert found.supplies[1].tco2_per_unit == pytest.approx(0.55)
    assert (found.total, found.carried, found.difference, found.members[2].total) == (None, None, None, None)
    assert found.members[1].total == pytest.approx(700.0)
