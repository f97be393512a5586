"""Break-even emissions: put back into the cost they give what was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.break_even import BreakEven, break_even
from cbam.consignment import Basis
from cbam.scenarios import YearlyGood, outlook
from tests.cbam.decisions import LAWS, YEARS, good, own, own_prices


def even(item: YearlyGood, stated: float | None, price: float = 80.0) -> BreakEven:
    lines = own_prices(price)
    default, mine = (outlook([item], basis, LAWS, YEARS, lines, "user") for basis in Basis)
    return break_even(default, mine, stated_eur_per_t=stated)


@given(st.floats(0, 5), st.floats(0, 1500), st.floats(1, 300))
def test_the_cost_at_the_break_even_is_the_stated_cost(sefa: float, stated: float, price: float) -> None:
    made = even(own(sefa_tco2e_per_t=sefa), stated, price)
    for due, want in ((made.stated_due, stated), (made.default_due, made.default_due * price)):
        see = made.see(due)
        assert see is not None and made.sefa is not None  # noqa: PT018
        assert np.maximum(0.0, see - made.sefa) * price == pytest.approx(want + 0 * see, rel=1e-9, abs=1e-9)
    zero = made.see(np.zeros_like(made.default_due))
    assert np.array_equal(zero, made.sefa)


def test_without_sefa_the_difference_is_told_and_the_rest_asked_for() -> None:
    made = even(good(see_tco2e_per_t=2.0), 40.0)
    rows = {row.key: row for row in made.rows()}
    assert [ask.code for ask in made.asks] == ["cbam.incomplete_actual"]
    assert rows["in_force.2026.as_default"].value is None
    assert rows["in_force.2026.as_default_net"].value == pytest.approx(5.184775)
    assert rows["in_force.2026.stated_net"].value == pytest.approx(0.5)


def test_years_and_drafts_differ_and_assumptions_are_told() -> None:
    made = even(own(), None)
    rows = {row.key: row for row in made.rows()}
    assert rows["in_force.2026.stated"].value is None
    assert rows["in_force.2030.as_default_net"].value == pytest.approx(7.8455 - 0.515 * 1.491)
    assert rows["com-2026-616.2030.as_default_net"].value == pytest.approx(7.8455 - 0.59 * 1.491)
    assert "CSCF" in rows["in_force.2031.own_see"].note.zh
    assert made.proof()
