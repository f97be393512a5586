"""The three views of the carbon cost at home, and what is said beside them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.embedded import EmbeddedCost, embedded_cost, marginal_cost
from models.errors import Text
from models.installation import EtsYear
from models.law import LawBook
from models.position import position
from models.regime import law_of_year, regime_of

STEEL = {"installation": "A", "compliance_year": 2025, "process": "steel_integrated", "verified_emissions_t": 1e6}


def cost(book: LawBook, inputs: dict[str, object], price: float | None = 60.0, mass_t: float = 10.0) -> EmbeddedCost:
    year = EtsYear.model_validate(inputs)
    regime = regime_of(year, book)
    site = position(year, regime, law_of_year(book, year.compliance_year), price)
    basis = Text("试", "test")
    return embedded_cost(2.0, mass_t, regime, site, "band", price, intensity_basis=basis, data_quality=2)


def test_published_example_of_output_based_allocation() -> None:
    """P = 40, e = 1.85, b = 1.80: 74 CNY/t with a lump sum, 2 when allocation follows output (passed on at 75 %: 55.5, 1.5)."""
    assert marginal_cost(40, 1.85, 1.80, 0) == pytest.approx(74.0)
    assert marginal_cost(40, 1.85, 1.80, 1) == pytest.approx(2.0)


def test_a_surplus_sold_is_negative_and_said_to_be_one(book: LawBook) -> None:
    made = cost(book, STEEL | {"free_allocation_t": 1.02e6, "sold_t": 2e4, "sale_price_cny_per_t": 60})
    assert made.paid_cny_per_t == pytest.approx(-2.4)
    assert made.marginal_cny_per_t == pytest.approx(-2.4)
    assert made.surplus
    assert made.totals_cny == pytest.approx((1200, -24, -24))
    note = {row.key: row.note for row in made.rows()}["paid"]
    assert "盈余" in note.zh
    assert "surplus" in note.en


def test_a_provisional_allocation_is_said_to_be_one(book: LawBook) -> None:
    made = cost(book, STEEL | {"free_allocation_t": 0.97e6, "allocation_is_final": False})
    assert made.provisional
    assert "最终配额未定" in {row.key: row.note for row in made.rows()}["paid"].zh
    assert not cost(book, STEEL | {"free_allocation_t": 0.97e6}).provisional


def test_what_is_not_known_is_none_and_named(book: LawBook) -> None:
    made = cost(book, STEEL, price=None)
    assert (made.full_cny_per_t, made.paid_cny_per_t, made.marginal_cny_per_t) == (None, None, None)
    rows = {row.key: row for row in made.rows()}
    assert rows["full"].shown() == "—"
    assert "缺少" in rows["paid"].note.zh
    assert "missing" in rows["marginal"].note.en
    only_full = cost(book, STEEL)
    assert (only_full.full_cny_per_t, only_full.paid_cny_per_t) == (120.0, None)


@given(st.floats(0.01, 1e6))
def test_totals_grow_with_mass_and_views_do_not(book: LawBook, mass_t: float) -> None:
    inputs = STEEL | {"free_allocation_t": 0.98e6, "purchased_t": 2e4, "purchase_price_cny_per_t": 70}
    one, made = cost(book, inputs, mass_t=1.0), cost(book, inputs, mass_t=mass_t)
    assert made.paid_cny_per_t == one.paid_cny_per_t
    assert made.totals_cny[1] == pytest.approx((one.totals_cny[1] or 0.0) * mass_t)
