"""Cases of the deduction that a lawyer can read, and the model against exact fractions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.reference_model import paid_amount, secp
from models.files import read_yaml
from service.dossier.use import DossierAsk, Made, made_of
from service.library import Library
from tests.law.test_cbam_cases import HERE

CASES = read_yaml(HERE / "deduction.yaml")
LIBRARY = Library()


def made(case: Mapping[str, Any]) -> Made:
    allocation = case.get("allocation")
    if "free" in case:
        allocation = {"issued_t": {"value": case["free"], "document": "通知"}, "issued_is_final": True}
        pilot = case["year"]["process"] == "ceramics"
        notice = {"value": 2.0, "document": "通知"}
        allocation |= (
            {"activity": "ceramics", "sector": "other",
             "products": [{"product": "砖", "output_t": 1, "historic_tco2_per_t": notice}]}
            if pilot
            else {"intensity_tco2_per_t": 2.0, "balance_value_tco2_per_t": notice}
        )  # fmt: skip
    good = {
        "product": "热轧卷", "cn_code": "72083700", "activity_t": 1_000_000, "attributed_t": case.get("attributed", 2_000_000),
        "see_tco2e_per_t": 2.1, "sefa_tco2e_per_t": 1.38, "exported_t": 10_000, "basis": case.get("basis", "actual"),
        "precursors": case.get("precursors", ()),
    }  # fmt: skip
    if case["year"]["process"] == "ceramics":
        good["attributed_t"] = 50_000
    asked = DossierAsk.model_validate(
        {
            "position": {
                "year": case["year"], "allocation": allocation, "entries": case.get("entries", ()), "on": dt.date(2026, 12, 31),
            },
            "goods": [good], "direct_emissions_t": case.get("direct"), "rules": case.get("rules", {}),
            "imported_on": case.get("imported_on", dt.date(2026, 5, 12)), "production_year": case.get("production_year"),
            "evidence": case.get("evidence", {}), "use_scenario_price": True, "fx_cny_per_eur": case["fx"],
            "law_scenarios": [case["scenario"]] if "scenario" in case else [],
        }
    )  # fmt: skip
    return made_of(asked, LIBRARY, LIBRARY.market, LIBRARY.fx, dt.date(2026, 12, 31))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    found = made(case).dossier
    good = found.goods[0]
    shown = {
        "paid_cny": found.payment.paid_cny,
        "declared": found.payment.declared_t,
        "per_t_cny": good.paid_cny_per_t,
        "per_t_eur": good.paid_eur_per_t,
        "secp": good.secp_tco2e_per_t,
        "counted": good.counted_secp,
        "counted_eur": found.counted_eur,
        "deduction_eur": good.deduction_eur,
    }
    for name, wanted in case["expect"].items():
        assert shown[name] == (wanted if wanted is None else pytest.approx(wanted, rel=1e-6)), name
    assert sorted({f.code for f in found.findings if f.code.startswith("deduction.")}) == sorted(case.get("finds", []))


tonnes, cents = st.integers(1, 10**7), st.integers(0, 30_000)


@given(tonnes, tonnes, tonnes, cents, st.integers(0, 10**9))
def test_the_model_agrees_with_exact_fractions(e: int, free: int, bought: int, price: int, rebate: int) -> None:
    # The price as the float64 it is: what remains is the rounding of one product and one difference.
    spent = min(max(0, e - free), bought) * Fraction(price / 100)
    exact = max(Fraction(0), spent - rebate)
    found = paid_amount(float(e), float(free), float(bought), price / 100, float(rebate))
    assert found == pytest.approx(float(exact), rel=1e-12, abs=float(spent) * 3e-16)


@given(tonnes, tonnes, tonnes, cents, st.integers(0, 10**8), st.integers(0, 10**8))
def test_more_paid_back_never_raises_what_was_paid(e: int, f: int, b: int, p: int, rebate: int, more: int) -> None:
    assert paid_amount(e, f, b, p / 100, rebate + more) <= paid_amount(e, f, b, p / 100, rebate)


@given(st.floats(0, 10), st.floats(0, 10), st.floats(0, 500), st.floats(1, 200))
def test_the_deduction_is_never_above_what_is_due_nor_above_what_was_paid(
    see: float, sefa: float, paid: float, price: float
) -> None:
    found = secp(see, sefa, paid, price)
    assert 0 <= found <= max(0.0, see - sefa)
    assert found * price <= paid * (1 + 1e-12)


def test_columns_give_what_single_values_give() -> None:
    e, free = np.array([2e6, 1e5, 5e4]), np.array([1.94e6, 9.31e4, 6e4])
    assert paid_amount(e, free, 6e4, 75.0).tolist() == [
        paid_amount(a, b, 6e4, 75.0) for a, b in zip(e, free, strict=True)
    ]


@given(
    st.lists(st.tuples(st.integers(1, 20_000), st.integers(1, 12_000)), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_order_and_splitting_of_purchases_do_not_matter(buys: list[tuple[int, int]], random: Any) -> None:
    def entry(t: float, p: int) -> dict[str, Any]:
        return {
            "on": dt.date(2026, 10, 20),
            "kind": "purchase",
            "instrument": "CEA",
            "tonnes": t,
            "price_cny_per_t": p / 100,
        }

    base = CASES[1] | {"entries": [entry(t, p) for t, p in buys]}
    halves = [entry(t / 2, p) for t, p in buys for _ in (0, 1)]
    random.shuffle(halves)
    one, other = (made(case).dossier.payment.paid_cny for case in (base, base | {"entries": halves}))
    assert one == pytest.approx(other, rel=1e-9)
