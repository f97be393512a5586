"""What verified data are worth: net of their cost, the tonnage from which they pay, and what is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.errors import OutOfScope
from cbam.scenarios import YearlyGood
from cbam.value_of_data import ValueOfData, tonnes_to_pay, value_of_data
from tests.cbam.decisions import LAWS, YEARS, good, own, own_prices


def value(item: YearlyGood, cost: float | None, price: float = 80.0) -> ValueOfData:
    made = value_of_data([item], [cost], LAWS, YEARS, own_prices(price), "user")[0]
    assert isinstance(made, ValueOfData)
    return made


def test_a_missing_cost_of_verifying_is_asked_for_and_not_nothing() -> None:
    made = value(own(), None)
    assert [(ask.code, ask.field) for ask in made.asks] == [("input.missing", "verification")]
    assert made.net_eur is None
    assert made.gain_eur is not None
    assert "核查成本" in made.asks[0].text("zh")
    rows = {row.key: row for row in made.rows()}
    assert rows["verification"].value is None
    assert rows["in_force.2026.net"].value is None
    assert rows["in_force.2026.gain"].value == pytest.approx(10 * (5.184775 - 0.6652408445) * 80, abs=0.01)


def test_without_own_values_the_default_cost_is_the_most_they_can_save() -> None:
    made = value(good(), 1000.0)
    assert [ask.code for ask in made.asks] == ["cbam.incomplete_actual"]
    rows = {row.key: row.value for row in made.rows()}
    assert rows["in_force.2026.most_per_t"] == pytest.approx(5.184775 * 80)
    assert rows["in_force.2026.gain"] is None


def test_a_refused_good_stands_in_its_place() -> None:
    made = value_of_data([good(cn_code="73170080"), own()], [None, 0.0], LAWS, YEARS, own_prices(80.0), "user")
    assert isinstance(made[0], OutOfScope)
    assert isinstance(made[1], ValueOfData)
    assert made[1].net_eur is not None
    assert np.array_equal(made[1].net_eur, made[1].gain_eur)  # a stated cost of zero is a cost
    net = next(row for row in made[1].rows() if row.key == "in_force.2026.net")
    assert "网格" in net.note.zh


@given(st.floats(0, 12), st.floats(0, 3), st.floats(1, 1e5), st.floats(0, 1e6), st.floats(5, 300))
def test_break_even_cost_and_tonnes_are_where_the_net_is_nothing(
    see: float, sefa: float, tonnes: float, cost: float, price: float
) -> None:
    made = value(own(see_tco2e_per_t=see, sefa_tco2e_per_t=sefa, tonnes_per_year=tonnes), cost, price)
    assert made.gain_eur is not None and made.net_eur is not None and made.gain_eur_per_t is not None  # noqa: PT018
    assert made.gain_eur == pytest.approx(made.default_eur - made.own_eur)
    assert made.net_eur == pytest.approx(made.gain_eur - cost)
    assert made.gain_eur == pytest.approx(made.gain_eur_per_t * tonnes, abs=0.011)
    enough = tonnes_to_pay(cost, made.gain_eur_per_t)
    pays = made.gain_eur_per_t > 0
    assert np.isnan(enough[~pays]).all()
    assert enough[pays] * made.gain_eur_per_t[pays] == pytest.approx(cost)
    from_price, gap = made.price_to_pay, made.gap_tco2e_per_t
    assert from_price is not None and gap is not None  # noqa: PT018
    assert (from_price * gap * tonnes)[gap > 0] == pytest.approx(cost)
    assert np.isnan(from_price[gap <= 0]).all()
