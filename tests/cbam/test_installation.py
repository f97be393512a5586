"""An installation from meter to SEE and SEFA: the printed chain, exact fractions, balances, and what is said of bad input."""

from __future__ import annotations

import copy
import datetime as dt
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cbam.charge import by_charge
from cbam.consignment import Consignment
from cbam.exposure import assess_import, certificates, default_path
from cbam.installation import InstallationResult, assess_installation
from cbam.made import as_declared
from cbam.plant import Charge, Installation
from cbam.prices import Pricing
from tests.cbam.decisions import BOOK
from tests.cbam.oracle import Oracle
from tests.cbam.plants import FUELS, LAW, amounts, assess, codes_of, fractions, plants, spoiled

SHOP = {"id": "结构", "cn_code": "73089059", "activity_t": 1000.0, "direct_t": 20.0}
COIL = {"id": "卷", "material": "热轧卷", "supplier": "甲", "cn_code": "72083700", "origin": "CN", "bought_t": 1050.0}
VERIFIED = COIL | {"see_direct_tco2e_per_t": 2.1, "sefa_tco2e_per_t": 1.38148491, "verified": True, "report_year": 2026}
USE = {"process": "结构", "material": "热轧卷", "mass_t": 1050.0}


def shop(**more: Any) -> dict[str, Any]:
    """A shop that makes structures of bought coil, with what is changed."""
    return {"year": 2026, "processes": [SHOP], "purchases": [VERIFIED], "uses": [USE]} | more


def used(giver: str, taker: str, mass: float) -> dict[str, Any]:
    return {"from_process": giver, "process": taker, "mass_t": mass}


def mill() -> dict[str, Any]:
    """The chain of the method note at 1,000 t of structures: sinter, hot metal, slab, coil, all used on site."""
    made = {"sinter": ("26011200", 1524.915), "iron": ("72011011", 1016.61), "slab": ("72071210", 1081.5),
            "coil": ("72083700", 1050.0), "structure": ("73089059", 1000.0)}  # fmt: skip
    processes: list[dict[str, Any]] = [
        {"id": key, "cn_code": code, "activity_t": tonnes, "direct_t": 0.0} for key, (code, tonnes) in made.items()
    ]
    processes[2] |= {"charge": {"hot_metal_t": 1016.61, "scrap_t": 130.0}}
    names = list(made)
    uses = [used(giver, taker, made[giver][1]) for giver, taker in pairwise(names)]
    return {"year": 2026, "processes": processes, "uses": uses}


def test_the_printed_chain_with_the_route_read_from_the_charge() -> None:
    made = assess(mill())
    want = {"sinter": 0.08385, "iron": 1.18755, "slab": 1.299597, "coil": 1.38148491, "structure": 1.5597591555}
    got = {key: one.sefa_tco2e_per_t for key, one in made.processes.items()}
    assert got == {key: pytest.approx(value, rel=1e-12) for key, value in want.items()}
    assert made.processes["slab"].route == "C"
    assert "假设" in made.processes["slab"].summary("zh")
    assert "cbam.route_by_charge" in codes_of(made, "info")


def test_the_printed_article_from_a_verified_coil_to_its_cost() -> None:
    made = assess(shop()).processes["结构"]
    assert made.see_tco2e_per_t == pytest.approx(2.225, rel=1e-12)
    assert made.sefa_tco2e_per_t == pytest.approx(1.5597591555, rel=1e-12)
    line = Consignment(
        cn_code="73089059", origin="CN", net_mass_t=10, imported_on=dt.date(2026, 5, 12), basis="actual",
        see_tco2e_per_t=made.see_tco2e_per_t, sefa_tco2e_per_t=made.sefa_tco2e_per_t,
    )  # fmt: skip
    assert assess_import(line, BOOK, Pricing({}, "")).cost_eur == 500.79


def test_declared_figures_stand_beside_the_unrounded_ones() -> None:
    made = assess(shop(processes=[SHOP | {"direct_t": 20.5}])).processes["结构"]
    assert (made.attributed_t, made.declared_attributed_t) == (20.5, 21.0)
    assert made.declared_sefa_tco2e_per_t == 1.55976
    assert made.declared_see_tco2e_per_t == as_declared(made.see_tco2e_per_t, 5) == 2.2255
    notes = {row.key: row.note.zh for row in made.rows()}
    assert "申报值 21 t" in notes["attributed"]
    assert notes["sefa"] == "申报值 1.55976"
    assert as_declared(0.123445, 5) == 0.12345
    assert as_declared(2.5, 0) == 3.0


def agree(made: InstallationResult, oracle: Oracle) -> None:
    assert made.processes.keys() == set(oracle.into.values())
    for key, one in made.processes.items():
        want = oracle.of(key)
        assert one.attributed_t == pytest.approx(float(want.attributed), rel=1e-12, abs=1e-9), key
        assert one.see_tco2e_per_t == pytest.approx(float(want.see), rel=1e-12), key
        assert one.see_indirect_tco2e_per_t == pytest.approx(float(want.indirect), rel=1e-12), key
        assert one.sefa_tco2e_per_t == pytest.approx(float(want.sefa), rel=1e-12), key
        parts = one.see_direct_tco2e_per_t + one.see_indirect_tco2e_per_t + one.undivided_tco2e_per_t
        assert parts == pytest.approx(one.see_tco2e_per_t, rel=1e-12)


@given(plants())
def test_any_installation_agrees_with_exact_fractions(doc: dict[str, Any]) -> None:
    made = assess(doc)
    assert made.refused == {}, codes_of(made, "error")
    agree(made, Oracle(doc, LAW, FUELS))


@given(plants())
def test_what_is_attributed_adds_up_to_the_site(doc: dict[str, Any]) -> None:
    made = assess(doc)
    b = made.balance
    site = b.site_t - b.outside_t + b.heat_t + b.waste_gas_t - b.electricity_t + b.floor_t
    assert b.complete
    assert b.attributed_t == pytest.approx(site, rel=1e-12, abs=1e-9)
    assert sum(one.attributed_t for one in made.processes.values()) == pytest.approx(
        b.attributed_t, rel=1e-12, abs=1e-9
    )


@given(plants(), st.randoms(use_true_random=False))
def test_order_does_not_matter(doc: dict[str, Any], random: Any) -> None:
    other = copy.deepcopy(doc)
    for name in ("processes", "streams", "purchases", "uses", "transfers"):
        random.shuffle(other[name])
    one, two = assess(doc), assess(other)
    for key, made in one.processes.items():
        assert two.processes[key].see_tco2e_per_t == pytest.approx(made.see_tco2e_per_t, rel=1e-12)
        assert two.processes[key].sefa_tco2e_per_t == pytest.approx(made.sefa_tco2e_per_t, rel=1e-12)
    assert sorted(codes_of(one)) == sorted(codes_of(two))


@given(plants(), st.integers(1, 1000))
def test_raising_an_emission_lowers_no_cost(doc: dict[str, Any], more: int) -> None:
    higher = copy.deepcopy(doc)
    if higher["streams"]:
        higher["streams"][0]["amount"] += more
    else:
        higher["processes"][0]["direct_t"] += more
    low, high = assess(doc), assess(higher)
    for key, made in low.processes.items():
        assert high.processes[key].see_tco2e_per_t >= made.see_tco2e_per_t * (1 - 1e-12)
        due = [float(certificates(1.0, r.see_tco2e_per_t, r.sefa_tco2e_per_t)) for r in (made, high.processes[key])]
        assert due[1] >= due[0] * (1 - 1e-12)


@given(spoiled())
@settings(max_examples=300)
def test_whatever_is_typed_is_computed_or_named_and_never_breaks(doc: dict[str, Any]) -> None:
    try:
        plant = Installation.model_validate(doc)
    except ValidationError:
        return
    made = assess_installation(plant, LAW, FUELS)
    named = {p.id for p in plant.processes}
    assert named == set(made.processes) | set(made.refused) | set(made.joint)
    assert not set(made.processes) & set(made.refused)
    assert bool(made.refused) <= any(f.refuses for f in made.findings)
    for one in made.processes.values():
        assert all(math.isfinite(row.value) for row in one.rows() if isinstance(row.value, float))


@given(amounts(), amounts(), fractions, fractions)
def test_a_balance_that_nearly_cancels_agrees_to_the_gross(
    mass: float, out: float, carbon: float, share: float
) -> None:
    doc: dict[str, Any] = {
        "year": 2026,
        "processes": [{"id": "a", "cn_code": "72011011", "activity_t": 10.0}],
        "streams": [
            {"id": "in", "method": "mass_balance", "amount": mass + out, "carbon_share": carbon, "shares": {"a": 1.0}},
            {"id": "out", "method": "mass_balance", "direction": "out", "amount": out, "carbon_share": carbon, "shares": {"a": 1.0}},
        ],
        "transfers": [{"id": "t", "kind": "heat", "from_process": "a", "amount": mass * share, "unit": "GJ", "ef_tco2_per_tj": 60.0}],
    }  # fmt: skip
    made, want = assess(doc).processes["a"], Oracle(doc, LAW).attributed("a")[0]
    gross = (mass + 2 * out) * carbon * 3.664 + mass
    assert made.attributed_t == pytest.approx(float(want), rel=1e-12, abs=1e-15 * gross)


@given(plants())
def test_a_precursor_of_the_union_is_zero_on_both_sides(doc: dict[str, Any]) -> None:
    without = copy.deepcopy(doc)
    for lot in doc["purchases"]:
        lot["origin"] = "DE"
    without["purchases"], without["uses"] = [], [u for u in doc["uses"] if "material" not in u]
    one, two = assess(doc), assess(without)
    for key, made in one.processes.items():
        assert made.see_tco2e_per_t == pytest.approx(two.processes[key].see_tco2e_per_t, rel=1e-12)
        assert made.sefa_tco2e_per_t == pytest.approx(two.processes[key].sefa_tco2e_per_t, rel=1e-12)


@given(amounts(), amounts(), amounts(), amounts(1000), st.integers(0, 1000))
def test_splitting_a_process_in_two_joint_ones_changes_nothing(
    activity: float, direct: float, mass: float, indirect: float, cut: int
) -> None:
    """One steelworks, and the same as hot metal and steel joined: emissions and what is bought, cut anywhere."""
    lot = {"id": "l", "material": "m", "cn_code": "72011011", "origin": "CN", "bought_t": mass}
    whole = {
        "id": "钢",
        "cn_code": "72071210",
        "activity_t": activity,
        "direct_t": direct,
        "indirect_t": indirect,
        "route": "C",
    }
    one = assess({"year": 2026, "processes": [whole], "purchases": [lot],
                  "uses": [{"process": "钢", "material": "m", "mass_t": mass}]})  # fmt: skip
    first = {"id": "铁", "cn_code": "72011011", "activity_t": 900.0, "direct_t": direct * cut / 1000, "joint": "炼钢"}
    second = whole | {"direct_t": direct - direct * cut / 1000, "joint": "炼钢"}
    before = mass * cut / 1000
    two = assess({
        "year": 2026, "processes": [first, second], "purchases": [lot],
        "uses": [{"process": "铁", "material": "m", "mass_t": before},
                 {"process": "钢", "material": "m", "mass_t": mass - before}, used("铁", "钢", 900.0)],
    })  # fmt: skip
    assert two.joint == {"铁": "钢"}
    assert list(two.processes) == ["钢"]
    a, b = one.processes["钢"], two.processes["钢"]
    assert b.attributed_t == pytest.approx(a.attributed_t, rel=1e-12)
    assert b.see_tco2e_per_t == pytest.approx(a.see_tco2e_per_t, rel=1e-12)
    assert b.sefa_tco2e_per_t == pytest.approx(a.sefa_tco2e_per_t, rel=1e-12)


def test_a_joint_process_agrees_with_the_oracle_and_says_what_it_costs() -> None:
    doc = mill()
    for i in (1, 2):
        doc["processes"][i]["joint"] = "炼铁炼钢"
    doc["processes"][1] |= {"direct_t": 1200.0}
    doc["processes"][2] |= {"direct_t": 150.0, "route": "C"}
    made = assess(doc)
    agree(made, Oracle(doc, LAW))
    assert made.joint == {"iron": "slab"}
    assert "cbam.joint_merged" in codes_of(made, "info")


def test_joint_is_refused_where_an_intermediate_leaves_or_no_product_is_final() -> None:
    doc = mill()
    for i in (1, 2):
        doc["processes"][i]["joint"] = "炼铁炼钢"
    doc["processes"][1]["activity_t"] += 60.0
    made = assess(doc)
    assert codes_of(made, "error")[0] == "cbam.joint_leaves"
    assert "60" in made.findings[0].text.zh
    assert set(made.processes) == {"sinter"}
    assert {error.code for error in made.refused.values()} == {"cbam.joint_leaves", "cbam.upstream_refused"}
    for i in (0, 4):
        doc["processes"][i]["joint"] = "炼铁炼钢"
    assert assess(doc).refused["sinter"].code == "cbam.joint_unclear"


def test_the_average_of_suppliers_is_by_the_mass_used_of_each() -> None:
    a = VERIFIED | {"id": "a", "bought_t": 400.0, "closing_stock_t": 100.0, "see_direct_tco2e_per_t": 2.0}
    b = VERIFIED | {"id": "b", "bought_t": 600.0, "opening_stock_t": 150.0, "see_direct_tco2e_per_t": 3.0}
    made = assess(shop(purchases=[a, b])).processes["结构"]
    assert made.see_tco2e_per_t == pytest.approx(0.02 + 0.3 * 2 + 0.75 * 3, rel=1e-12)


def test_a_part_of_the_lots_counts_only_with_evidence() -> None:
    a = VERIFIED | {"id": "a", "bought_t": 1000.0, "see_direct_tco2e_per_t": 1.0}
    b = VERIFIED | {"id": "b", "bought_t": 1000.0, "see_direct_tco2e_per_t": 3.0}
    two = [SHOP, SHOP | {"id": "另", "cn_code": "73110011"}]
    some = [USE | {"mass_t": 800.0, "lots": ["a"]}, USE | {"process": "另", "mass_t": 1200.0}]
    without = assess(shop(processes=two, purchases=[a, b], uses=some))
    assert without.processes["结构"].see_tco2e_per_t == pytest.approx(0.02 + 0.8 * 2.0)
    assert "cbam.lots_without_evidence" in codes_of(without, "warning")
    some[0]["evidence"] = "分堆记录"
    made = assess(shop(processes=two, purchases=[a, b], uses=some)).processes
    assert made["结构"].see_tco2e_per_t == pytest.approx(0.02 + 0.8 * 1.0, rel=1e-12)
    assert made["另"].see_tco2e_per_t == pytest.approx(0.02 + 0.2 * 1.0 + 1.0 * 3.0, rel=1e-12)
    some[0]["mass_t"], some[1]["mass_t"] = 1200.0, 800.0
    assert assess(shop(processes=two, purchases=[a, b], uses=some)).refused["结构"].code == "cbam.more_used_than_bought"
    some[0]["lots"] = ["无"]
    assert assess(shop(processes=two, purchases=[a, b], uses=some)).refused["结构"].code == "cbam.unknown_material"


def test_a_report_that_is_not_verified_gives_way_to_the_default_and_says_so() -> None:
    made = assess(shop(purchases=[VERIFIED | {"verified": False}]))
    path = default_path(LAW, "CN", "72083700")
    assert made.processes["结构"].see_tco2e_per_t == pytest.approx(0.02 + 1.05 * path.see_tco2e_per_t, rel=1e-12)
    assert codes_of(made, "warning") == ["cbam.not_verified"]
    assert made.findings[0].field == "purchases.0.verified"
    assert made.processes["结构"].share_default == pytest.approx(1 - 0.02 / made.processes["结构"].see_tco2e_per_t)


def test_a_total_where_direct_is_needed_is_refused_and_nothing_else_is_lost() -> None:
    total = COIL | {"see_total_tco2e_per_t": 2.5, "verified": True}
    made = assess(shop(purchases=[total], processes=[SHOP, SHOP | {"id": "别的", "cn_code": "26011200"}]))
    assert list(made.processes) == ["别的"]
    assert made.refused["结构"].code == "cbam.total_given"
    assert [f.field for f in made.findings if f.severity == "error"] == ["purchases.0.see_direct_tco2e_per_t"]


def test_parts_of_a_report_that_do_not_add_up_are_refused() -> None:
    wrong = VERIFIED | {"see_indirect_tco2e_per_t": 0.3, "see_total_tco2e_per_t": 2.5}
    assert assess(shop(purchases=[wrong])).refused["结构"].code == "cbam.see_parts_differ"
    less = VERIFIED | {"see_total_tco2e_per_t": 2.0}
    assert assess(shop(purchases=[less])).refused["结构"].code == "cbam.see_parts_differ"
    right = VERIFIED | {"see_indirect_tco2e_per_t": 0.3, "see_total_tco2e_per_t": 2.40001}
    assert assess(shop(purchases=[right])).refused == {}


def test_sinter_bought_with_a_report_counts_both_parts() -> None:
    iron = {"id": "铁", "cn_code": "72011011", "activity_t": 100.0, "direct_t": 120.0}
    lot = VERIFIED | {"cn_code": "26011200", "bought_t": 150.0, "see_direct_tco2e_per_t": 0.2}
    use = {"process": "铁", "material": "热轧卷", "mass_t": 150.0}
    half = assess(shop(processes=[iron], purchases=[lot], uses=[use]))
    assert half.refused["铁"].code == "cbam.incomplete_actual"
    both = assess(shop(processes=[iron], purchases=[lot | {"see_indirect_tco2e_per_t": 0.06}], uses=[use])).processes[
        "铁"
    ]
    assert both.see_tco2e_per_t == pytest.approx(1.2 + 1.5 * 0.26, rel=1e-12)
    assert both.see_indirect_tco2e_per_t == pytest.approx(1.5 * 0.06, rel=1e-12)
    default = assess(shop(processes=[iron], purchases=[COIL | {"cn_code": "26011200", "bought_t": 150.0}], uses=[use]))
    one = default.processes["铁"]
    assert one.undivided_tco2e_per_t == pytest.approx(1.5 * 0.286, rel=1e-12)
    assert "see_undivided" in {row.key for row in one.rows()}


def test_a_supplier_without_sefa_takes_column_b_and_says_so() -> None:
    lot = {key: value for key, value in VERIFIED.items() if key != "sefa_tco2e_per_t"}
    made = assess(shop(purchases=[lot]))
    path = default_path(LAW, "CN", "72083700")
    want = 0.975 * 0.112 + 1.05 * path.sefa_tco2e_per_t
    assert made.processes["结构"].sefa_tco2e_per_t == pytest.approx(want, rel=1e-12)
    assert codes_of(made) == ["cbam.no_supplier_sefa"]
    assert made.processes["结构"].share_default == 0
    assert "B 列" in made.processes["结构"].summary("zh")


def test_scrap_is_no_precursor_and_a_stranger_is_refused() -> None:
    scrap = {"id": "废", "material": "废钢", "cn_code": "72044910", "bought_t": 1100.0}
    furnace = {
        "id": "电炉",
        "cn_code": "72071210",
        "activity_t": 1000.0,
        "direct_t": 90.0,
        "charge": {"scrap_t": 1100.0},
    }
    doc = shop(processes=[furnace], purchases=[scrap], uses=[{"process": "电炉", "material": "废钢", "mass_t": 1100.0}])
    made = assess(doc)
    assert made.processes["电炉"].route == "E"
    assert made.processes["电炉"].see_tco2e_per_t == pytest.approx(0.09)
    assert codes_of(made) == ["cbam.no_precursor", "cbam.route_by_charge"]
    doc["purchases"] = [scrap | {"cn_code": "28182000"}]
    assert assess(doc).refused["电炉"].code == "cbam.unknown_code"


@pytest.mark.parametrize(
    ("charge", "found"),
    [
        ({"hot_metal_t": 51.0, "scrap_t": 49.0}, (0, True)),
        ({"hot_metal_t": 40.0, "dri_t": 25.0, "scrap_t": 35.0}, (0, False)),
        ({"dri_t": 60.0, "scrap_t": 40.0}, (1, True)),
        ({"scrap_t": 1.0}, (2, True)),
        ({"scrap_t": 50.0, "dri_t": 50.0}, None),
        ({}, None),
    ],
)
def test_the_route_follows_the_larger_half_of_the_charge(
    charge: dict[str, float], found: tuple[int, bool] | None
) -> None:
    assert by_charge(Charge(**charge)) == found


def test_alloyed_steel_asks_for_its_grade_and_a_stated_route_always_counts() -> None:
    steel = {"id": "钢", "cn_code": "72249038", "activity_t": 100.0, "direct_t": 9.0, "charge": {"scrap_t": 110.0}}
    asked = assess({"year": 2026, "processes": [steel]})
    assert asked.refused["钢"].code == "cbam.grade_needed"
    assert asked.findings[0].field == "processes.0.charge.high_alloy"
    for high, route in ((True, "J"), (False, "H")):
        charge = {"scrap_t": 110.0, "high_alloy": high}
        assert assess({"year": 2026, "processes": [steel | {"charge": charge}]}).processes["钢"].route == route
    stated = steel | {"charge": {"scrap_t": 110.0, "high_alloy": False}, "route": "F"}
    made = assess({"year": 2026, "processes": [stated]})
    assert made.processes["钢"].route == "F"
    assert codes_of(made, "warning") == ["cbam.route_against_charge"]
    tied = {"scrap_t": 50.0, "dri_t": 50.0, "high_alloy": False}
    assert assess({"year": 2026, "processes": [steel | {"charge": tied}]}).refused["钢"].code == "cbam.route_needed"


def test_years_after_2030_are_marked_as_assumptions() -> None:
    late = assess(shop(year=2031), BOOK.at(dt.date(2031, 12, 31))).processes["结构"]
    assert set(late.ground.held) == {"eu.cbam.benchmarks[73089059,A,]", "eu.cbam.cscf"}
    assert "2030 年后沿用（假设）" in late.summary("zh")
    assert "held after 2030" in late.summary("en")
    gone = assess(shop(year=2034), BOOK.at(dt.date(2034, 12, 31))).processes["结构"]
    assert gone.ground.held == ()
    assert assess(shop()).processes["结构"].ground.held == ()


def test_benchmarks_follow_their_period_marks() -> None:
    chromium = {"id": "铬铁", "cn_code": "72024110", "activity_t": 100.0, "direct_t": 5.0}
    values = []
    for year in (2026, 2027, 2028, 2030):
        made = assess({"year": year, "processes": [chromium]}, BOOK.at(dt.date(year, 12, 31)))
        values.append(made.processes["铬铁"].benchmark_a_tco2e_per_t)
    assert values == [1.142, 1.142, 1.106, 1.106]


def test_codes_of_one_process_share_see_and_keep_their_own_benchmark() -> None:
    made = assess(shop(processes=[SHOP | {"also_cn_codes": ["73084000", "73110011", "26011200"]}]))
    lines = {line.cn_code: line for line in made.goods}
    assert lines["73084000"].see_tco2e_per_t == lines["73089059"].see_tco2e_per_t
    assert lines["73084000"].sefa_tco2e_per_t == pytest.approx(lines["73089059"].sefa_tco2e_per_t, rel=1e-12)
    other = LAW.peek("eu.cbam.benchmarks", "73110011", "A", "")
    assert other is not None
    moved = 0.975 * (float(other.value or 0) - 0.112)
    assert lines["73110011"].sefa_tco2e_per_t == pytest.approx(lines["73089059"].sefa_tco2e_per_t + moved, rel=1e-12)
    assert codes_of(made, "error") == ["cbam.group_mixed"]
    assert "26011200" not in lines


def test_two_processes_of_one_code_leave_as_their_average() -> None:
    two = [SHOP, SHOP | {"id": "二线", "activity_t": 3000.0, "direct_t": 300.0}]
    made = assess(shop(processes=two, uses=[USE], purchases=[VERIFIED]))
    line = made.goods[0]
    assert line.processes == ("结构", "二线")
    assert line.see_tco2e_per_t == pytest.approx((1000 * 2.225 + 3000 * 0.1) / 4000, rel=1e-12)
    assert "cbam.same_code_apart" in codes_of(made, "warning")
    one_after_the_other = assess(shop(processes=two, uses=[USE, used("结构", "二线", 1000.0)]))
    assert one_after_the_other.goods[0].mass_t == 3000.0
    assert one_after_the_other.goods[0].see_tco2e_per_t == one_after_the_other.processes["二线"].see_tco2e_per_t


FURNACE = {"id": "炉", "cn_code": "72011011", "activity_t": 100.0}
COKE = {
    "id": "焦",
    "method": "combustion",
    "amount": 40.0,
    "ncv_gj_per_unit": 28.0,
    "ef_tco2_per_tj": 107.0,
    "shares": {"炉": 1.0},
}
IRON = {
    "id": "铁",
    "method": "mass_balance",
    "direction": "out",
    "amount": 100.0,
    "carbon_share": 0.045,
    "shares": {"炉": 1.0},
}


def furnace(**more: Any) -> dict[str, Any]:
    return {"year": 2026, "processes": [FURNACE], "streams": [COKE]} | more


@pytest.mark.parametrize(
    ("doc", "code", "field"),
    [
        (furnace(processes=[FURNACE | {"activity_t": 0.0}]), "cbam.zero_activity", "processes.0.activity_t"),
        (furnace(streams=[]), "cbam.no_emissions_stated", "processes.0.direct_t"),
        (furnace(processes=[FURNACE | {"direct_t": 1.0}]), "cbam.emissions_twice", "processes.0.direct_t"),
        (furnace(processes=[FURNACE, FURNACE]), "cbam.same_process", "processes.0.id"),
        (furnace(streams=[COKE, COKE]), "cbam.same_id", "streams.0.id"),
        (furnace(streams=[COKE | {"shares": {"炉": 0.9}}]), "cbam.shares_not_whole", "streams.0.shares"),
        (furnace(streams=[COKE | {"outside_share": 0.1}]), "cbam.shares_not_whole", "streams.0.shares"),
        (furnace(streams=[COKE | {"shares": {"炉": 0.5, "无": 0.5}}]), "cbam.names_no_process", "streams.0.shares"),
        (furnace(streams=[COKE, IRON | {"amount": 1e5}]), "cbam.carbon_out_exceeds_in", "streams"),
        (
            furnace(transfers=[{"id": "汽", "kind": "heat", "from_process": "炉", "amount": 5.0, "unit": "TJ", "ef_tco2_per_tj": 60.0}]),
            "cbam.energy_out_exceeds_in",
            "transfers",
        ),
        (
            furnace(transfers=[{"id": "汽", "kind": "heat", "to_process": "无", "amount": 5.0, "unit": "GJ", "ef_tco2_per_tj": 60.0}]),
            "cbam.names_no_process",
            "transfers.0.to_process",
        ),
        (shop(uses=[USE | {"from_process": "结构"}]), "cbam.use_unclear", "uses.0.material"),
        (shop(uses=[USE | {"material": "无"}]), "cbam.unknown_material", "uses.0.material"),
        (shop(uses=[USE | {"mass_t": 1051.0}]), "cbam.more_used_than_bought", "uses"),
        (shop(uses=[USE, used("无", "结构", 5.0)]), "cbam.names_no_process", "uses.1.from_process"),
        (shop(uses=[USE | {"process": "无"}]), "cbam.names_no_process", "uses.0.process"),
        (shop(purchases=[VERIFIED, VERIFIED]), "cbam.same_id", "purchases.0.id"),
        (shop(purchases=[VERIFIED | {"closing_stock_t": 2000.0}]), "cbam.lot_below_zero", "purchases.0.closing_stock_t"),
        (shop(purchases=[COIL | {"cn_code": "72083799"}]), "cbam.unknown_code", "purchases.0.cn_code"),
    ],
)  # fmt: skip
def test_bad_input_is_named_with_its_place(doc: dict[str, Any], code: str, field: str) -> None:
    found = [f for f in assess(doc).findings if f.severity == "error"]
    assert (found[0].code, found[0].field) == (code, field)
    assert found[0].text.zh
    assert found[0].hint.en


@pytest.mark.parametrize(
    ("doc", "code"),
    [
        (shop(uses=[USE | {"mass_t": 900.0}]), "cbam.less_used_than_bought"),
        (shop(uses=[USE | {"mass_t": 900.0}], purchases=[VERIFIED | {"bought_t": 900.0}]), "cbam.less_in_than_out"),
        (shop(uses=[], purchases=[]), "cbam.nothing_goes_in"),
        (shop(purchases=[VERIFIED | {"report_year": 2025}]), "cbam.report_of_another_year"),
        (shop(purchases=[COIL | {"origin": None, "route": "C"}]), "cbam.origin_unknown"),
        (shop(processes=[SHOP | {"electricity_out_t": 30.0}]), "cbam.set_to_zero"),
        (furnace(processes=[FURNACE | {"activity_t": 0.1}]), "cbam.implausible_see"),
        (furnace(total_direct_t=200.0), "cbam.site_total_differs"),
        (furnace(streams=[COKE | {"biomass_share": 0.5}]), "cbam.biomass_not_proven"),
        (
            furnace(processes=[FURNACE, FURNACE | {"id": "钢", "cn_code": "72071210", "route": "C", "direct_t": 1.0}],
                    uses=[used("炉", "钢", 101.0)]),
            "cbam.more_used_than_made",
        ),
    ],
)  # fmt: skip
def test_what_is_doubtful_is_kept_and_remarked(doc: dict[str, Any], code: str) -> None:
    made = assess(doc)
    assert code in codes_of(made, "warning")
    assert made.refused == {}


def test_a_stream_that_cannot_be_settled_leaves_the_balance_open() -> None:
    office = {"id": "食堂", "method": "combustion", "amount": 5.0, "outside_share": 1.0}
    made = assess(furnace(streams=[COKE, office], total_direct_t=500.0))
    assert list(made.processes) == ["炉"]
    assert codes_of(made) == ["cbam.stream_incomplete"]  # and no word on a total that cannot be compared
    assert not made.balance.complete
    assert "未能计算" in made.balance.summary("zh")


def test_heat_from_biomass_that_counts_as_zero_may_still_be_given_away() -> None:
    wood = COKE | {"biomass_share": 1.0, "biomass_proven": True}
    steam = {"id": "汽", "kind": "heat", "from_process": "炉", "amount": 1000.0, "unit": "GJ", "ef_tco2_per_tj": 0.0}
    made = assess(furnace(streams=[wood], transfers=[steam]))
    assert made.processes["炉"].attributed_t == 0
    assert codes_of(made) == []


def test_a_site_total_within_half_a_tonne_is_the_same() -> None:
    assert codes_of(assess(furnace(total_direct_t=120.0))) == []  # the stream comes to 119.84 t


def test_electricity_made_and_used_in_one_process_moves_from_direct_to_indirect() -> None:
    power = {"id": "电", "kind": "electricity", "from_process": "炉", "to_process": "炉"}
    power |= {"amount": 20.0, "unit": "MWh", "ef_tco2_per_mwh": 0.5}
    made = assess(furnace(transfers=[power])).processes["炉"]
    assert made.attributed_t == pytest.approx(40 * 28 * 0.107 - 10, rel=1e-12)
    assert made.indirect_tco2e_per_t == pytest.approx(0.1, rel=1e-12)


def test_heat_from_one_process_to_another_cancels_in_the_site() -> None:
    rolling = FURNACE | {"id": "轧", "cn_code": "72083700", "direct_t": 10.0}
    heat = {
        "id": "汽",
        "kind": "heat",
        "from_process": "炉",
        "to_process": "轧",
        "amount": 300.0,
        "unit": "GJ",
        "ef_tco2_per_tj": 100.0,
    }
    made = assess(furnace(processes=[FURNACE, rolling], transfers=[heat]))
    assert made.balance.heat_t == pytest.approx(0, abs=1e-12)
    assert made.processes["轧"].attributed_t == pytest.approx(40.0)
    keys = [row.key for row in made.processes["轧"].rows()]
    assert keys[:3] == ["direct", "heat_in", "attributed"]


def test_steel_bought_back_is_a_cycle_named_and_the_rest_is_computed() -> None:
    doc = mill()
    doc["uses"].append(used("coil", "slab", 50.0))
    made = assess(doc)
    assert list(made.processes) == ["sinter", "iron"]
    assert made.refused["slab"].code == made.refused["coil"].code == "cbam.cycle"
    assert made.refused["structure"].code == "cbam.upstream_refused"
    assert "coil" in made.refused["structure"].text("zh")
    assert {f.code for f in made.findings if f.severity == "error"} == {"cbam.cycle", "cbam.upstream_refused"}


def test_the_older_form_with_nested_precursors_still_works_beside_the_lists() -> None:
    nested = {"name": "自产", "mass_t": 500.0, "known": "own", "process": "卷"}
    doc = shop(
        processes=[
            SHOP | {"precursors": [nested]},
            {"id": "卷", "cn_code": "72083700", "activity_t": 500.0, "direct_t": 100.0},
        ],
        uses=[USE | {"mass_t": 550.0}],
        purchases=[VERIFIED | {"bought_t": 550.0}],
    )
    made = assess(doc).processes["结构"]
    assert made.see_tco2e_per_t == pytest.approx(0.02 + 0.5 * 0.2 + 0.55 * 2.1, rel=1e-12)
    assert [part.name for part in made.parts] == ["自产", "热轧卷 · 甲"]


def test_equal_inputs_have_equal_keys_and_a_change_another() -> None:
    coke = {"id": "焦", "method": "combustion", "amount": 40.0, "fuel": "coke", "shares": {"炉": 1.0}}
    one = assess(furnace(streams=[coke]))
    assert one.provenance.key == assess(furnace(streams=[coke])).provenance.key
    assert one.provenance.key != assess(furnace(streams=[coke | {"amount": 41.0}])).provenance.key
    assert any(line.startswith("factors.fuels[coke]") for line in one.proof())


def test_a_deep_chain_needs_no_deep_stack() -> None:
    n = 1500
    chain = [{"id": f"p{i}", "cn_code": "73089059", "activity_t": 1000.0, "direct_t": 1.0} for i in range(n)]
    uses = [used(f"p{i}", f"p{i + 1}", 1000.0) for i in range(n - 1)]
    made = assess({"year": 2026, "processes": chain[::-1], "uses": uses})
    last = made.processes[f"p{n - 1}"]
    assert last.see_tco2e_per_t == pytest.approx(n / 1000, rel=1e-12)
    assert len(last.reads) == len(last.own_reads)
    assert repr(last)
