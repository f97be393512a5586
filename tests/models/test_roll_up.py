"""The cost of a chain: published figures, every tonne once, every payment once, and what is refused by name."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.chain import NegativeInput
from models.errors import YuetanError
from models.files import DATA
from models.loops import LoopGrows
from models.measures import DoesNotConvert, Measures, UnknownMeasure, load_measures
from models.roll_up import ProductCost, RollUp, by_id, roll_up
from models.roll_up_asked import LEVELS, ChainAsk
from models.roll_up_errors import (
    BeyondNumbers,
    CountedTwice,
    CoverageUnsaid,
    InputTwice,
    NothingCarried,
    SameNode,
    UnknownNode,
)
from models.roll_up_links import problems

MEASURES = load_measures(DATA)
MARKET = {
    "cny_per_t": 40.0, "statistic": "mean", "first": "2026-01-01", "last": "2026-06-30", "source": "made up",
}  # fmt: skip


@pytest.fixture(scope="module")
def measures() -> Measures:
    return load_measures(DATA)


def own(id: str, direct: float, **more: Any) -> dict[str, Any]:
    paid = {"average_paid_cny_per_tco2": 5.0, "free_tco2_per_unit": 0.0, "allocation": "benchmark"}
    return {"id": id, "level": "own", "direct_tco2_per_unit": direct, "direct_covered": True} | paid | more


def takes(product: str, given: str, amount: float, **more: Any) -> dict[str, Any]:
    return {"product": product, "input": given, "amount": amount} | more


def asked(nodes: list[dict[str, Any]], inputs: list[dict[str, Any]], **more: Any) -> ChainAsk:
    return ChainAsk.model_validate({"nodes": nodes, "inputs": inputs, "market": MARKET} | more)


def product(found: RollUp, id: str) -> ProductCost:
    return next(one for one in found.products if one.node.id == id)


def codes(found: RollUp) -> set[str]:
    return {finding.code for finding in found.findings}


@pytest.mark.parametrize(
    ("price", "e", "b", "allocation", "full", "paid", "marginal"),
    [
        # Published: thyssenkrupp 2021, Argus Media; 20 % bought.
        (45.93, 2.1, 1.68, "benchmark", 96.453, 19.2906, 19.2906),
        # structural_examples.json, free_allocation, lambda 0 and 1.
        (40.0, 1.85, 1.8, "historical_emissions", 74.0, 2.0, 74.0),
        (40.0, 1.85, 1.8, "benchmark", 74.0, 2.0, 2.0),
        (75.0, 2.1, 1.6, "benchmark", 157.5, 37.5, 37.5),
        # A surplus is negative and stays so.
        (40.0, 1.0, 1.5, "benchmark", 40.0, -20.0, -20.0),
    ],
)
def test_three_views_of_one_site(
    measures: Measures, price: float, e: float, b: float, allocation: str, full: float, paid: float, marginal: float
) -> None:
    node = own(
        "steel", e, free_tco2_per_unit=b, allocation=allocation, average_paid_cny_per_tco2=None,
        market_price_cny_per_tco2=price,
    )  # fmt: skip
    found = roll_up(asked([node], []), measures)
    assert found.nodes[0].embedded == pytest.approx((full, paid, marginal))
    assert codes(found) == {"chain.paid_is_estimate"}
    assert product(found, "steel").paid_by == ()


def test_two_plants_and_their_scrap(measures: Measures) -> None:
    """Slab 2 t/t, sheet 0.3 t/t at 40 CNY: k = 80 and 12, the hand calculation of ``test_chain.py``."""
    nodes = [own("slab", 2.0), own("sheet", 0.3)]
    inputs = [takes("slab", "sheet", 150.0, unit="kg"), takes("sheet", "slab", 1.05)]
    found = roll_up(asked(nodes, inputs), measures)
    slab = Fraction(32720, 337)
    sheet = Fraction(12) + Fraction(21, 20) * slab
    costs = by_id(found)
    assert costs["slab"].embedded[0] == pytest.approx(float(slab), rel=1e-14)
    assert costs["sheet"].embedded[0] == pytest.approx(float(sheet), rel=1e-14)
    assert costs["sheet"].embedded[1] == pytest.approx(float(sheet) * 5.0 / 40.0, rel=1e-14)
    assert costs["sheet"].received[0] == pytest.approx(float(sheet - 12), rel=1e-14)
    assert [set(loop.members) for loop in found.loops] == [{"slab", "sheet"}]
    assert found.loops[0].radius == pytest.approx((0.15 * 1.05) ** 0.5)
    assert found.check.residual <= 1e-14
    assert found.check.iteration_difference <= 1e-12
    assert [one.node.id for one in found.products] == ["slab", "sheet"]
    made = product(found, "sheet")
    # x of the emissions instead of their cost.
    assert made.streams[0].covered_tco2_per_unit == pytest.approx(float(sheet) / 40.0)
    assert sum(amount for _, amount in made.largest) == pytest.approx(float(sheet))


def test_shares_handed_on_and_what_each_tier_keeps(measures: Measures) -> None:
    """structural_examples.json, bill_of_materials: k 28.5, 80, 12; shares 0.3, 0.6, 0.9."""
    nodes = [
        own("power", 28.5 / 40.0, unit="MWh", hand_on=0.3), own("slab", 2.0, hand_on=0.6), own("sheet", 0.3, hand_on=0.9),
    ]  # fmt: skip
    inputs = [takes("slab", "power", 13_500.0, unit="kWh"), takes("sheet", "slab", 1.05), takes("slab", "sheet", 0.15)]
    costs = by_id(roll_up(asked(nodes, inputs), measures))
    assert [costs[i].handed_on[0] for i in costs] == pytest.approx([8.55, 129.2168971, 132.90996776], abs=5e-9)
    # Power is not in the loop; without the word "carries" its price holds its cost.
    x = {i: costs[i].embedded[0] or 0.0 for i in costs}
    assert (x["power"], x["slab"]) == pytest.approx((28.5, 80.0 + 13.5 * 28.5 + 0.15 * x["sheet"]))
    for i, share in (("power", 0.3), ("slab", 0.6), ("sheet", 0.9)):
        handed, kept = costs[i].handed_on[0], costs[i].kept[0]
        assert handed is not None
        assert kept is not None
        assert handed == pytest.approx(share * (handed + kept))


@given(st.floats(0.0, 1.0), st.floats(0.1, 5.0), st.floats(0.1, 2.0))
def test_a_tonne_of_power_is_charged_once(share: float, mwh: float, e: float) -> None:
    """Generator and user are both under a scheme: whatever the tariff holds, the cost is P e once."""
    nodes = [own("power", e, unit="MWh"), own("tile", 0.2, electricity_tco2_per_unit=mwh * e, electricity_covered=True)]
    link = takes("tile", "power", mwh, carries="electricity", price_share=share)
    found = roll_up(asked(nodes, [link]), load_measures(DATA))
    made = product(found, "tile")
    assert made.node.embedded[0] == pytest.approx(40.0 * (0.2 + mwh * e), rel=1e-12)
    assert made.overlap_tco2_per_unit == pytest.approx(share * mwh * e, rel=1e-12, abs=1e-300)
    assert ("chain.overlap" in codes(found)) == (share * mwh * e > 0.0)


def test_power_without_a_word_on_its_tariff_brings_no_cost(measures: Measures) -> None:
    nodes = [own("power", 0.8, unit="MWh"), own("tile", 0.2, electricity_tco2_per_unit=1.6, electricity_covered=False)]
    link = takes("tile", "power", 2.0, carries="electricity")
    found = roll_up(asked(nodes, [link]), measures)
    assert by_id(found)["tile"].embedded[0] == pytest.approx(8.0)
    assert "chain.tariff_holds_no_carbon" in codes(found)
    streams = {one.stream: one for one in product(found, "tile").streams}
    assert streams["electricity"].uncovered_tco2_per_unit == pytest.approx(1.6)


def test_power_bought_elsewhere(measures: Measures) -> None:
    """Not covered at the user: the price holds half of it; covered: charged whole, half of it marked as counted twice."""
    for covered, tonnes, twice in ((False, 0.2 + 0.5 * 1.6, 0.0), (True, 0.2 + 1.6, 0.8)):
        node = own(
            "tile", 0.2, electricity_tco2_per_unit=1.6, electricity_covered=covered, power_price_carbon_share=0.5
        )
        made = product(roll_up(asked([node], []), measures), "tile")
        assert made.node.embedded[0] == pytest.approx(40.0 * tonnes)
        assert made.overlap_tco2_per_unit == pytest.approx(twice)


def test_what_is_not_covered_costs_nothing(measures: Measures) -> None:
    found = roll_up(asked([own("glaze", 0.5, direct_covered=False)], []), measures)
    assert found.nodes[0].embedded == (0.0, 0.0, 0.0)
    assert product(found, "glaze").streams[0].uncovered_tco2_per_unit == pytest.approx(0.5)


PAYER = {"issuer": "轧钢厂", "installation": "一号", "scheme": "CEA", "compliance_year": 2026, "cny_per_t": 12.0}


def supplier(id: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "level": "statement", "source": "S-1", "full_cny_per_unit": 90.0, "paid_cny_per_unit": 12.0,
        "marginal_cny_per_unit": 30.0, "paid_by": [PAYER],
    } | more  # fmt: skip


def test_every_payment_is_named_once(measures: Measures) -> None:
    """A supplier's statement and a site of the chain tell of one obligation: added, said, and equal to the paid view."""
    same = {"name": "轧钢厂", "scheme": "CEA", "compliance_year": 2026}
    nodes = [
        supplier("coil"), own("一号", 2.0, **same), own("part", 0.1, scheme="GDEA", compliance_year=2026),
    ]  # fmt: skip
    inputs = [takes("part", "coil", 1.1), takes("part", "一号", 0.2), takes("一号", "part", 0.01)]
    found = roll_up(asked(nodes, inputs), measures)
    made = product(found, "part")
    assert len(made.paid_by) == 2
    assert sum(payer.cny_per_t for payer in made.paid_by) == pytest.approx(made.node.embedded[1])
    assert "chain.two_ways" in codes(found)
    shares = {part.level: part.share_of_full for part in made.levels}
    assert set(shares) == {"own", "statement"}
    assert sum(share or 0.0 for share in shares.values()) == pytest.approx(1.0)
    assert made.levels[1].cost[0] == pytest.approx(90.0 * 1.1 / (1.0 - 0.2 * 0.01))


def test_a_payment_without_a_payer_is_told(measures: Measures) -> None:
    found = roll_up(asked([supplier("coil", paid_by=[])], []), measures)
    assert codes(found) == {"chain.payer_unnamed"}


def test_what_of_the_paid_cost_names_nobody(measures: Measures) -> None:
    """The printed example: of 5.2344 CNY paid per t of slab 5.0208 name a payer; 0.2136 of lime, an average, name none."""
    lime = {"level": "sector_average", "source": "example", "full_cny_per_unit": 60.0, "paid_cny_per_unit": 3.0}
    nodes = [
        own("power", 0.8, unit="MWh", average_paid_cny_per_tco2=2.0, scheme="CEA", compliance_year=2026),
        own("slab", 1.85, average_paid_cny_per_tco2=2.2, electricity_tco2_per_unit=0.4, electricity_covered=False,
            scheme="CEA", compliance_year=2026),
        own("sheet", 0.12, direct_covered=False), {"id": "lime"} | lime,
    ]  # fmt: skip
    inputs = [
        takes("slab", "power", 0.5, carries="electricity", price_share=0.2), takes("slab", "lime", 60.0, unit="kg"),
        takes("sheet", "slab", 1.05), takes("slab", "sheet", 0.15),
    ]  # fmt: skip
    made = product(roll_up(asked(nodes, inputs, products=["slab"]), measures), "slab")
    round_trip = Fraction(1) / (1 - Fraction(15, 100) * Fraction(105, 100))
    own_paid = Fraction(185, 100) * Fraction(22, 10) + Fraction(1, 2) * Fraction(1, 5) * Fraction(8, 10) * 2
    nobody = Fraction(6, 100) * 3
    assert made.node.embedded[1] == pytest.approx(float((own_paid + nobody) * round_trip), rel=1e-14)
    assert made.unnamed_cny_per_unit == pytest.approx(float(nobody * round_trip), rel=1e-12)
    assert [round(x or 0.0, 4) for x in (made.node.embedded[1], made.unnamed_cny_per_unit)] == [5.2344, 0.2136]
    assert round(sum(one.cny_per_t for one in made.paid_by), 4) == 5.0208
    assert [(one.node, one.payer is None) for one in made.payments] == [
        ("power", False),
        ("slab", False),
        ("lime", True),
    ]


@pytest.mark.parametrize(("named", "code"), [(7.0, "chain.payer_unnamed"), (12.0, None), (13.0, "chain.payers_exceed")])
def test_payers_are_held_against_the_paid_cost(measures: Measures, named: float, code: str | None) -> None:
    found = roll_up(asked([supplier("coil", paid_by=[PAYER | {"cny_per_t": named}])], []), measures)
    assert codes(found) == ({code} if code else set())
    assert product(found, "coil").unnamed_cny_per_unit == pytest.approx(12.0 - named)


@given(st.data())
def test_splitting_a_tier_changes_nothing(data: st.DataObject) -> None:
    """A tier cut in two, the first part handed on whole, brings the same to every other node, payers included."""
    n = data.draw(st.integers(2, 5))
    tonnes = [data.draw(st.floats(0.0, 3.0)) for _ in range(n)]
    year = {"scheme": "CEA", "compliance_year": 2026}
    nodes = [own(str(i), tonnes[i], name=f"firm {i}", **year) for i in range(n)]
    inputs = [
        takes(str(i), str(j), data.draw(st.floats(0.0, 0.9)) / n)
        for i in range(n) for j in range(n) if data.draw(st.booleans())
    ]  # fmt: skip
    part, at = data.draw(st.floats(0.0, 1.0)), data.draw(st.integers(0, n - 1))
    first, rest = own("cut", tonnes[at] * part, name=f"firm {at}", **year), tonnes[at] * (1.0 - part)
    cut = [node | {"direct_tco2_per_unit": rest} if i == at else node for i, node in enumerate(nodes)] + [first]
    # The first part takes what the tier took; the second takes one unit of the first.
    moved = [link | {"product": "cut"} if link["product"] == str(at) else link for link in inputs]
    every = [str(i) for i in range(n)]
    whole = roll_up(asked(nodes, inputs, products=every), MEASURES)
    split = roll_up(asked(cut, [*moved, takes(str(at), "cut", 1.0)], products=every), MEASURES)
    for before, after in zip(whole.products, split.products, strict=True):
        assert after.node.embedded == pytest.approx(before.node.embedded, rel=1e-11, abs=1e-9)
        paid = [sum(one.cny_per_t for one in made.paid_by) for made in (before, after)]
        assert paid[1] == pytest.approx(paid[0], rel=1e-11, abs=1e-9)


def test_shares_by_level_of_data(measures: Measures) -> None:
    average = {"level": "sector_average", "source": "association, 2025", "paid_by": []}
    nodes = [
        own("part", 1.0), supplier("coil"), supplier("bolt", **average),
        supplier("rest", **average | {"level": "input_output"}),
    ]  # fmt: skip
    inputs = [takes("part", i, 1.0) for i in ("coil", "bolt", "rest")]
    made = product(roll_up(asked(nodes, inputs), measures), "part")
    assert [part.level for part in made.levels] == list(LEVELS)
    assert [part.share_of_full for part in made.levels] == pytest.approx([40 / 310, 90 / 310, 90 / 310, 90 / 310])


def test_what_is_not_known_is_no_zero(measures: Measures) -> None:
    """Coil tells no paid cost, ore nothing at all; the paid view is unknown as far as they reach and no further."""
    nodes = [
        supplier("coil", paid_cny_per_unit=None, paid_by=[]), own("part", 0.1), own("car", 0.2), own("rail", 0.3),
        {"id": "ore", "level": "own"},
    ]  # fmt: skip
    inputs = [takes("part", "coil", 1.0), takes("car", "part", 2.0), takes("rail", "ore", 0.0)]
    found = roll_up(asked(nodes, inputs), measures)
    costs = by_id(found)
    assert costs["car"].embedded[1] is None
    assert costs["car"].embedded[0] == pytest.approx(8.0 + 2.0 * (4.0 + 90.0))
    assert costs["part"].received[1] is None
    assert costs["part"].own[1] == pytest.approx(0.5)
    assert costs["ore"].embedded == (None, None, None)
    assert costs["rail"].embedded[0] == pytest.approx(12.0)
    assert [one.field for one in found.findings if one.code == "chain.cost_unknown"] == ["nodes.0", "nodes.4"]
    nodes[1]["hand_on"] = 0.0
    costs = by_id(roll_up(asked(nodes, inputs), measures))
    assert costs["car"].handed_on[1] == pytest.approx(1.0)
    assert costs["part"].kept[1] is None


def test_without_a_price_only_what_was_paid_is_known(measures: Measures) -> None:
    found = roll_up(asked([own("steel", 2.0)], [], market=None), measures)
    assert found.nodes[0].embedded == (None, pytest.approx(10.0), None)
    assert codes(found) == {"chain.cost_unknown"}


def test_units_change_nothing(measures: Measures) -> None:
    nodes = [own("power", 0.8, unit="MWh"), own("slab", 2.0), own("sheet", 0.3)]
    base = by_id(roll_up(asked(nodes, [takes("slab", "power", 0.5), takes("sheet", "slab", 1.05)]), measures))
    smaller = [own("power", 0.8e-3, unit="kWh"), own("slab", 2e-3, unit="kg"), own("sheet", 0.3)]
    same = [takes("slab", "power", 0.5e-3, unit="MWh"), takes("sheet", "slab", 1.05, unit="t")]
    found = by_id(roll_up(asked(smaller, same), measures))
    assert found["sheet"].embedded == pytest.approx(base["sheet"].embedded, rel=1e-13)


TWO = [own("a", 1.0), own("b", 1.0, unit="MWh")]


@pytest.mark.parametrize(
    ("nodes", "inputs", "error", "field"),
    [
        ([own("a", 1.0), own("a", 2.0)], [], SameNode, "nodes.1.id"),
        (TWO, [takes("a", "c", 1.0)], UnknownNode, "inputs.0.input"),
        (TWO, [takes("c", "a", 1.0)], UnknownNode, "inputs.0.product"),
        (TWO, [takes("a", "b", 1.0), takes("a", "b", 1.0)], InputTwice, "inputs.1.input"),
        (TWO, [takes("a", "b", 1.0, unit="kg")], DoesNotConvert, "inputs.0.unit"),
        (TWO, [takes("a", "b", 1.0, unit="barrel")], UnknownMeasure, "inputs.0.unit"),
        ([own("a", 1.0, unit="stone")], [], UnknownMeasure, "nodes.0.unit"),
        (TWO, [takes("a", "b", 1.0, carries="electricity")], NothingCarried, "inputs.0.carries"),
        ([supplier("a"), own("b", 1.0)], [takes("a", "b", 1.0)], CountedTwice, "inputs.0.product"),
        ([own("a", 1.0, direct_covered=None)], [], CoverageUnsaid, "nodes.0.direct_covered"),
        (TWO, [takes("a", "b", -1.0)], NegativeInput, "inputs.0.amount"),
        (TWO, [takes("a", "b", 2.0), takes("b", "a", 0.5)], LoopGrows, "inputs.0.amount"),
        (TWO, [takes("a", "a", 1.0)], LoopGrows, "inputs.0.amount"),
    ],
)
def test_refusals(
    measures: Measures, nodes: list[dict[str, Any]], inputs: list[dict[str, Any]], error: type[YuetanError], field: str
) -> None:
    with pytest.raises(error) as caught:
        roll_up(asked(nodes, inputs), measures)
    assert caught.value.field == field
    assert caught.value.text("zh")
    assert caught.value.mend("en")


def test_every_problem_is_told_at_once(measures: Measures) -> None:
    inputs = [takes("a", "x", 1.0), takes("a", "b", 1.0, unit="kg"), takes("a", "b", 1.0)]
    assert [one.field for one in problems(asked(TWO, inputs, products=["z"]), measures)] == [
        "products.0", "inputs.0.input", "inputs.1.unit", "inputs.2.input",
    ]  # fmt: skip


def test_a_loop_is_refused_by_its_amounts_whatever_its_prices_hold(measures: Measures) -> None:
    nodes = [own("power", 0.8, unit="MWh"), own("coal", 0.1, electricity_tco2_per_unit=0.0, electricity_covered=True)]
    inputs = [takes("power", "coal", 2.0), takes("coal", "power", 0.5, carries="electricity", price_share=0.0)]
    with pytest.raises(LoopGrows):
        roll_up(asked(nodes, inputs), measures)


def test_figures_beyond_numbers(measures: Measures) -> None:
    nodes = [own(str(i), 1e15) for i in range(30)]
    inputs = [takes(str(i + 1), str(i), 1e15) for i in range(29)]
    with pytest.raises(BeyondNumbers):
        roll_up(asked(nodes, inputs), measures)


@pytest.mark.parametrize(
    "node",
    [
        own("a", 1.0, full_cny_per_unit=3.0), {"id": "a", "level": "statement", "full_cny_per_unit": 3.0},
        own("a", -1.0), own("a", 1.0, hand_on=-0.1), own("a", 1.0, hand_on=float("nan")),
    ],
)  # fmt: skip
def test_nodes_that_make_no_sense(node: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        asked([node], [])


def test_what_may_be_counted_twice_is_told(measures: Measures) -> None:
    power = supplier("power", unit="MWh")
    nodes = [power, own("tile", 0.2, electricity_tco2_per_unit=1.6, electricity_covered=True, hand_on=5.0)]
    link = takes("tile", "power", 2.0, carries="electricity", price_share=1.0)
    assert {"chain.overlap_unknown", "chain.hands_on_more"} <= codes(roll_up(asked(nodes, [link]), measures))
    nodes[0] = power | {"direct_tco2_per_unit": 0.8, "direct_covered": True}
    found = roll_up(asked(nodes, [link]), measures)
    assert "chain.overlap_unknown" not in codes(found)
    assert by_id(found)["tile"].own[0] == pytest.approx(8.0)


def test_what_comes_in_is_known_where_only_the_own_cost_is_not(measures: Measures) -> None:
    found = roll_up(asked([{"id": "part", "level": "own"}, own("slab", 2.0)], [takes("part", "slab", 1.0)]), measures)
    part = by_id(found)["part"]
    assert part.received[0] == pytest.approx(80.0)
    assert part.embedded[0] is None


@given(st.data())
def test_parts_add_up_to_the_whole(data: st.DataObject) -> None:
    """Payers to the paid view, levels and largest nodes to the full view, whatever the chain, loops included."""
    n = data.draw(st.integers(1, 6))
    number = st.floats(0.0, 3.0)
    nodes = [
        own(str(i), data.draw(number), average_paid_cny_per_tco2=data.draw(st.floats(-20, 90)), scheme="CEA",
            compliance_year=2026)
        if data.draw(st.booleans())
        else supplier(str(i), paid_by=[PAYER | {"cny_per_t": 12.0}])
        for i in range(n)
    ]  # fmt: skip
    inputs = [
        takes(str(i), str(j), data.draw(st.floats(0.0, 0.9)) / n)
        for i in range(n)
        for j in range(n)
        if nodes[i]["level"] == "own" and data.draw(st.booleans())
    ]
    found = roll_up(asked(nodes, inputs, products=[str(i) for i in range(n)]), load_measures(DATA))
    for made in found.products:
        full, paid, _ = made.node.embedded
        assert sum(payer.cny_per_t for payer in made.paid_by) == pytest.approx(paid, rel=1e-11, abs=1e-9)
        assert sum(part.cost[0] or 0.0 for part in made.levels) == pytest.approx(full, rel=1e-11, abs=1e-9)
        assert sum(cost for _, cost in made.largest) == pytest.approx(full, rel=1e-11, abs=1e-9)
        bought = sum(link["amount"] * (by_id(found)[link["input"]].embedded[0] or 0.0) for link in inputs
                     if link["product"] == made.node.id)  # fmt: skip
        assert made.node.received[0] == pytest.approx(bought, rel=1e-11, abs=1e-9)


def test_rows_are_readable(measures: Measures) -> None:
    found = roll_up(asked([own("slab", 2.0), own("sheet", 0.3)], [takes("sheet", "slab", 1.05)]), measures)
    text = product(found, "sheet").summary("en")
    assert "96.0000 CNY/t" in text
    assert "own data of the chain" in text
