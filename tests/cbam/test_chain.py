"""Processes and precursors: the printed chain step by step, exact fractions, and what is refused."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.chain import (
    Cycle,
    SameProcess,
    UnknownProcess,
    attributed_emissions,
    resolve,
)
from cbam.consignment import Consignment
from cbam.errors import IncompleteActual, RouteNeeded
from cbam.exposure import assess_import, default_path
from cbam.free_allocation import benchmark_a
from cbam.prices import Pricing
from cbam.process import Precursor, Process
from models.files import DATA
from models.law import load_law

BOOK = load_law(DATA / "law")
LAW = BOOK.at(dt.date(2026, 12, 31))


def process(key: str, code: str, activity: float, direct: float, *precursors: dict[str, Any], **more: Any) -> Process:
    made = tuple(Precursor.model_validate(p) for p in precursors)
    return Process(id=key, cn_code=code, activity_t=activity, direct_t=direct, precursors=made, **more)


def own(name: str, mass: float) -> dict[str, Any]:
    return {"name": name, "mass_t": mass, "known": "own", "process": name}


def chain() -> list[Process]:
    """Sinter, hot metal, slab, coil, structure: the chain of the method note, each per 1,000 t."""
    return [
        process("structure", "73089059", 1000, 20, own("coil", 1050)),
        process("coil", "72083700", 1000, 0, own("slab", 1030)),
        process("slab", "72071210", 1000, 0, own("hot metal", 940), route="C"),
        process("hot metal", "72011011", 1000, 0, own("sinter", 1500)),
        process("sinter", "26011200", 1000, 0),
    ]


def test_the_printed_chain_of_free_allocation_step_by_step() -> None:
    made = resolve(chain(), LAW)
    want = {"sinter": 0.08385, "hot metal": 1.18755, "slab": 1.299597, "coil": 1.38148491, "structure": 1.5597591555}
    assert {key: made[key].sefa_tco2e_per_t for key in want} == {
        k: pytest.approx(v, rel=1e-12) for k, v in want.items()
    }
    assert next(iter(made)) == "sinter"
    assert list(made)[-1] == "structure"


def test_the_printed_article_from_verified_coil_to_its_cost() -> None:
    coil = {
        "name": "热轧卷",
        "mass_t": 1050,
        "known": "verified",
        "see_tco2e_per_t": 2.10,
        "sefa_tco2e_per_t": 1.38148491,
    }
    made = resolve([process("structure", "73089059", 1000, 20, coil)], LAW)["structure"]
    assert made.see_tco2e_per_t == pytest.approx(2.225, rel=1e-12)
    assert made.sefa_tco2e_per_t == pytest.approx(1.5597591555, rel=1e-12)
    line = Consignment(
        cn_code="73089059", origin="CN", net_mass_t=10, imported_on=dt.date(2026, 5, 12), basis="actual",
        see_tco2e_per_t=made.see_tco2e_per_t, sefa_tco2e_per_t=made.sefa_tco2e_per_t,
    )  # fmt: skip
    assert assess_import(line, BOOK, Pricing({}, "")).cost_eur == 500.79
    assert "前体 热轧卷" in made.summary("zh")
    assert made.share_default == 0


def test_indirect_emissions_count_for_sinter_and_through_it_only() -> None:
    sinter = process("sinter", "26011200", 100, 20, indirect_t=10)
    iron = process("iron", "72011011", 100, 150, own("sinter", 150), indirect_t=40)
    made = resolve([iron, sinter], LAW)
    assert made["sinter"].see_tco2e_per_t == pytest.approx(0.3)
    assert made["iron"].see_tco2e_per_t == pytest.approx(1.5 + 1.5 * 0.3)
    assert made["iron"].indirect_tco2e_per_t == pytest.approx(0.4)


def test_default_unknown_and_exempt_precursors() -> None:
    mass = {"mass_t": 100.0}
    by_default = {"name": "卷", "known": "default", "cn_code": "72083700", "origin": "CN"} | mass
    unknown = {"name": "卷", "known": "unknown_origin", "cn_code": "72083700", "route": "C"} | mass
    exempt = {"name": "卷", "known": "exempt"} | mass
    shop = {
        key: resolve([process("shop", "73089059", 100, 0, p)], LAW)["shop"]
        for key, p in (("default", by_default), ("unknown", unknown), ("exempt", exempt))
    }
    path = default_path(LAW, "CN", "72083700")
    assert shop["default"].see_tco2e_per_t == pytest.approx(path.see_tco2e_per_t)
    own_part = 0.975 * 0.112
    assert shop["default"].sefa_tco2e_per_t == pytest.approx(own_part + path.sefa_tco2e_per_t)
    assert shop["default"].share_default == 1
    row = LAW.peek("eu.cbam.unknown_origin_precursor", "7208")
    assert row is not None
    assert shop["unknown"].see_tco2e_per_t == pytest.approx(float(row.value or 0) * 1.1)
    assert shop["unknown"].share_default == 1
    assert (shop["exempt"].see_tco2e_per_t, shop["exempt"].sefa_tco2e_per_t) == (0, pytest.approx(own_part))


def test_two_suppliers_of_one_material_count_by_mass() -> None:
    a = {"name": "甲厂卷", "mass_t": 300, "known": "verified", "see_tco2e_per_t": 2.0, "sefa_tco2e_per_t": 1.3}
    b = {"name": "乙厂卷", "mass_t": 700, "known": "verified", "see_tco2e_per_t": 3.0, "sefa_tco2e_per_t": 1.4}
    made = resolve([process("shop", "73089059", 1000, 0, a, b)], LAW)["shop"]
    assert made.see_tco2e_per_t == pytest.approx(0.3 * 2.0 + 0.7 * 3.0)


def test_a_shop_that_only_cuts_passes_its_precursor_on_with_the_loss() -> None:
    coil = {"name": "卷", "mass_t": 108, "known": "verified", "see_tco2e_per_t": 2.0, "sefa_tco2e_per_t": 1.3}
    assert resolve([process("shop", "73089059", 100, 0, coil)], LAW)["shop"].see_tco2e_per_t == pytest.approx(2.16)


def test_attributed_emissions_have_a_floor_and_take_columns() -> None:
    assert attributed_emissions(10.0, electricity_out_t=30.0) == 0.0
    got = attributed_emissions(np.array([10.0, 50.0]), electricity_out_t=30.0)
    assert list(got) == [0.0, 20.0]


def test_cycles_and_strangers_are_refused_by_name() -> None:
    a = process("甲", "72083700", 100, 0, own("乙", 10))
    b = process("乙", "72071210", 100, 0, own("甲", 10), route="C")
    with pytest.raises(Cycle) as refused:
        resolve([a, b], LAW)
    assert "甲" in refused.value.text("zh")
    assert "乙" in refused.value.text("zh")
    with pytest.raises(UnknownProcess):
        resolve([a], LAW)
    with pytest.raises(Cycle):
        resolve([process("丙", "72083700", 100, 0, own("丙", 10))], LAW)


def test_an_id_twice_is_refused() -> None:
    twice = [process("甲", "73089059", 100, 1), process("甲", "73089059", 200, 1)]
    with pytest.raises(SameProcess):
        resolve(twice, LAW)


def test_what_is_missing_is_asked_for() -> None:
    half = {"name": "卷", "mass_t": 100, "known": "verified", "see_tco2e_per_t": 2.0}
    with pytest.raises(IncompleteActual) as refused:
        resolve([process("shop", "73089059", 100, 0, half)], LAW)
    assert "卷" in refused.value.text("zh")
    with pytest.raises(IncompleteActual):
        resolve(
            [
                process(
                    "shop", "73089059", 100, 0, {"name": "卷", "mass_t": 1, "known": "default", "cn_code": "72083700"}
                )
            ],
            LAW,
        )
    with pytest.raises(RouteNeeded):
        resolve([process("slab", "72071210", 100, 0)], LAW)
    assert benchmark_a(LAW, "72071210", "C").value == 0.188


masses = st.integers(1, 5000).map(lambda n: n / 4)


@given(st.lists(st.tuples(masses, st.integers(0, 4000), masses), min_size=1, max_size=6))
def test_a_chain_agrees_with_exact_fractions(steps: list[tuple[float, int, float]]) -> None:
    processes, exact_see, exact_sefa = [], Fraction(0), Fraction(0)
    share = Fraction("0.975")
    for i, (activity, direct, mass) in enumerate(steps):
        before = (own(f"p{i - 1}", mass),) if i else ()
        processes.append(process(f"p{i}", "73089059", activity, float(direct), *before))
        m = Fraction(mass) / Fraction(activity) if i else Fraction(0)
        exact_see = Fraction(direct) / Fraction(activity) + m * exact_see
        exact_sefa = share * Fraction("0.112") + m * exact_sefa
    made = resolve(list(reversed(processes)), LAW)[f"p{len(steps) - 1}"]
    assert made.see_tco2e_per_t == pytest.approx(float(exact_see), rel=1e-12, abs=1e-300)
    assert made.sefa_tco2e_per_t == pytest.approx(float(exact_sefa), rel=1e-12)


@given(masses, st.integers(0, 4000), st.integers(0, 1000))
def test_raising_an_emission_never_lowers_see(activity: float, direct: int, more: int) -> None:
    low = resolve([process("p", "73089059", activity, float(direct))], LAW)["p"]
    high = resolve([process("p", "73089059", activity, float(direct + more))], LAW)["p"]
    assert high.see_tco2e_per_t >= low.see_tco2e_per_t


@given(st.lists(st.tuples(masses, st.integers(0, 4000)), min_size=1, max_size=8))
def test_attributed_emissions_add_up_to_the_sites(steps: list[tuple[float, int]]) -> None:
    processes = [process(f"p{i}", "73089059", activity, float(direct)) for i, (activity, direct) in enumerate(steps)]
    made = resolve(processes, LAW)
    assert sum(r.attributed_t for r in made.values()) == pytest.approx(sum(direct for _, direct in steps))
