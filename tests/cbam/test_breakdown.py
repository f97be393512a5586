"""The cost taken apart: the parts add up exactly, by an oracle in fractions that walks every path of the chain."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.breakdown import breakdown
from cbam.chain import resolve
from cbam.errors import NoSuchProcess
from cbam.exposure import cost_cents
from cbam.made import ProcessResult
from cbam.prices import CertificatePrice
from cbam.process import Precursor, Process
from models.errors import Text
from models.money import apportion
from tests.cbam.decisions import BOOK

LAW = BOOK.at(dt.date(2026, 12, 31))
PRICE = CertificatePrice(75.28, "user", Text("自定", "own"), "user", "inferred")
CODES = ("72083700", "73089059", "72011011", "26011200", "72085120")


def process(key: str, code: str, direct: float, *precursors: dict[str, Any], **more: Any) -> Process:
    made = tuple(Precursor.model_validate(p) for p in precursors)
    return Process(id=key, cn_code=code, activity_t=1000.0, direct_t=direct, precursors=made, **more)


def own(name: str, mass: float) -> dict[str, Any]:
    return {"name": name, "mass_t": mass, "known": "own", "process": name}


def printed() -> list[Process]:
    """Sinter, hot metal, slab, coil, structure, with emissions of each and a bought plate beside the coil."""
    plate = {"name": "板", "mass_t": 200, "known": "default", "cn_code": "72085120", "origin": "CN"}
    return [
        process("structure", "73089059", 20, own("coil", 850), plate),
        process("coil", "72083700", 90, own("slab", 1030)),
        process("slab", "72071210", 200, own("hot metal", 940), route="C"),
        process("hot metal", "72011011", 1200, own("sinter", 1500)),
        process("sinter", "26011200", 150, indirect_t=20),
    ]


def test_the_printed_chain_by_process_and_precursor() -> None:
    made = breakdown(resolve(printed(), LAW), "structure", 1000.0, PRICE)
    of = {(t.process, t.precursor, t.kind): t for t in made.terms}
    assert of["sinter", "", "own"].weight_t_per_t == pytest.approx(0.85 * 1.03 * 0.94 * 1.5)
    assert of["sinter", "", "indirect"].tco2e_per_t == pytest.approx(0.85 * 1.03 * 0.94 * 1.5 * 0.02)
    assert ("coil", "", "indirect") not in of
    assert of["structure", "板", "bought"].tco2e_per_t > 0
    assert of["structure", "板", "free_bought"].tco2e_per_t < 0
    assert not made.floored
    assert sum(made.cents) == round(made.cost_eur * 100)
    assert made.cost_eur_per_t == pytest.approx((made.of.see_tco2e_per_t - made.of.sefa_tco2e_per_t) * 75.28, rel=1e-13)
    assert sum(b.net_tco2e_per_t for b in made.branches) == pytest.approx(made.certificates_per_t)
    assert [b.name for b in made.branches] == ["structure", "coil", "板"]
    rows = {row.key: row for row in made.rows()}
    assert rows["cost"].value == made.cost_eur
    assert "sinter" in made.summary("zh")


def test_what_moves_the_result_most_is_first_and_each_lever_is_the_real_change() -> None:
    chain = printed()
    base = breakdown(resolve(chain, LAW), "structure", 1000.0, PRICE)
    assert [abs(lever.at_stake_eur) for lever in base.levers] == sorted(
        (abs(lever.at_stake_eur) for lever in base.levers), reverse=True
    )
    for lever in base.levers:
        for factor, told in ((0.99, lever.one_percent_eur), (1 - min(1.0, 0.1 / lever.value), lever.tenth_eur)):
            turned = [_turned(p, lever.process, lever.precursor, lever.turn, factor) for p in chain]
            if any(p is None for p in turned):
                continue  # what a default value says cannot be turned by the operator
            after = resolve([p for p in turned if p is not None], LAW)["structure"]
            due = max(0.0, after.see_tco2e_per_t - after.sefa_tco2e_per_t)
            assert (due - base.certificates_per_t) * 75.28 * 1000 == pytest.approx(told, rel=1e-9, abs=1e-6), lever


def _turned(of: Process, process: str, precursor: str, turn: str, factor: float) -> Process | None:
    if of.id != process:
        return of
    if turn == "supplier":
        return None
    if turn == "emissions":
        return of.model_copy(update={"direct_t": of.direct_t * factor})
    changed = tuple(
        p.model_copy(update={"mass_t": max(p.mass_t * factor, 1e-12)}) if p.name == precursor else p
        for p in of.precursors
    )
    return of.model_copy(update={"precursors": changed})


def test_the_floor_is_a_part_of_its_own_and_turning_anything_down_saves_nothing() -> None:
    clean = [process("coil", "72083700", 0, {"name": "坯", "mass_t": 1000, "known": "verified",
                                             "see_tco2e_per_t": 0.2, "sefa_tco2e_per_t": 1.3})]  # fmt: skip
    made = breakdown(resolve(clean, LAW), "coil", 500.0, PRICE)
    assert made.floored
    assert made.cost_eur == 0
    assert made.terms[-1].kind == "floor"
    assert made.terms[-1].tco2e_per_t == pytest.approx(0.975 * 0.044 + 1.3 - 0.2)
    assert all(lever.one_percent_eur == 0 for lever in made.levers if lever.at_stake_eur > 0)


def test_a_process_that_is_not_there() -> None:
    with pytest.raises(NoSuchProcess):
        breakdown(resolve(printed(), LAW), "wire", 10.0, PRICE)


def test_a_product_used_again_and_again_takes_no_time() -> None:
    """Forty diamonds one above the other have a million million paths; each process is visited once."""
    chain = [process("p0", "72083700", 10.0)]
    chain += [
        process(
            f"p{i}", "72083700", 1.0, {**own(f"p{i - 1}", 500), "name": "a"}, {**own(f"p{i - 1}", 510), "name": "b"}
        )
        for i in range(1, 41)
    ]
    made = breakdown(resolve(chain, LAW), "p40", 1.0, PRICE)
    assert made.certificates_per_t == pytest.approx(
        max(0.0, made.of.see_tco2e_per_t - made.of.sefa_tco2e_per_t), rel=1e-12
    )


amount = st.integers(0, 3000).map(float)


@st.composite
def chains(draw: st.DrawFn) -> list[Process]:
    """Draw processes that use earlier ones, bought values and each other's products in any number."""
    made: list[Process] = []
    for i in range(draw(st.integers(1, 5))):
        inputs = [{**own(f"p{j}", draw(amount) + 1), "name": f"p{j}"} for j in range(i) if draw(st.booleans())]
        if draw(st.booleans()):
            verified = {"see_tco2e_per_t": draw(amount) / 1000, "sefa_tco2e_per_t": draw(amount) / 2000}
            inputs.append({"name": "买", "mass_t": draw(amount) + 1, "known": "verified"} | verified)
        if draw(st.booleans()):
            inputs.append(
                {"name": "默", "mass_t": draw(amount) + 1, "known": "default", "cn_code": "72083700", "origin": "CN"}
            )
        code = draw(st.sampled_from(CODES))
        made.append(process(f"p{i}", code, draw(amount), *inputs, indirect_t=draw(amount) / 10))
    return made


def _oracle(of: ProcessResult, made: dict[str, ProcessResult]) -> tuple[Fraction, Fraction]:
    """Walk every path of the chain in exact fractions."""
    see = Fraction(of.own_tco2e_per_t) + (0 if of.good.direct_only else Fraction(of.indirect_tco2e_per_t))
    sefa = Fraction(of.free_share) * Fraction(of.benchmark_a_tco2e_per_t)
    for part in of.parts:
        behind = (
            _oracle(made[part.process], made)
            if part.known == "own"
            else (Fraction(part.see_tco2e_per_t), Fraction(part.sefa_tco2e_per_t))
        )
        see += Fraction(part.consumption_t_per_t) * behind[0]
        sefa += Fraction(part.consumption_t_per_t) * behind[1]
    return see, sefa


@given(chains(), st.integers(1, 100_000).map(lambda n: n / 10))
def test_parts_add_up_to_the_fraction_and_cents_to_the_cost(chain: list[Process], tonnes: float) -> None:
    made = resolve(chain, LAW)
    key = chain[-1].id
    see, sefa = _oracle(made[key], made)
    parts = breakdown(made, key, tonnes, PRICE)
    scale = float(see + sefa) or 1.0
    assert abs(Fraction(parts.certificates_per_t) - max(Fraction(0), see - sefa)) <= Fraction(1e-12) * Fraction(scale)
    positive = sum(Fraction(t.tco2e_per_t) for t in parts.terms if t.kind in ("own", "indirect", "bought"))
    assert abs(positive - see) <= Fraction(1e-12) * Fraction(scale)
    of = made[key]
    assert sum(parts.cents) == cost_cents(tonnes, of.see_tco2e_per_t, of.sefa_tco2e_per_t, 0.0, 75.28)
    for term, cents in zip(parts.terms, parts.cents, strict=True):
        assert abs(cents / 100 - term.tco2e_per_t * tonnes * 75.28) < 0.0101 + 1e-9 * scale * tonnes


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_apportioned_cents_add_up_and_no_part_is_a_cent_off(amounts: list[float]) -> None:
    total = round(sum(amounts) * 100)
    cents = apportion(amounts, total)
    assert sum(cents) == total
    assert all(abs(c - a * 100) <= 1.0001 for c, a in zip(cents, amounts, strict=True))
