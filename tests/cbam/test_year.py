"""The importer's year: 50 tonnes, quarter ends, whole certificates."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.consignment import Consignment
from cbam.year import de_minimis, quarter_end_holding, to_buy
from models.errors import NotInForce
from models.files import DATA
from models.law import load_law

BOOK = load_law(DATA / "law")
LAW_DAY = dt.date(2026, 6, 1)
YEAR_END = dt.date(2026, 12, 31)


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


def test_fifty_tonnes_are_out_and_a_kilogram_more_brings_all_in() -> None:
    law = BOOK.at(LAW_DAY)
    on = days("2026-01-10", "2026-05-02", "2026-09-09")
    out = de_minimis(on, np.array([20.0, 20.0, 10.0]), law, YEAR_END)
    assert not out.in_scope
    assert out.total_t == 50
    inside = de_minimis(on, np.array([20.0, 20.0, 10.001]), law, YEAR_END)
    assert inside.passed_on == dt.date(2026, 9, 9)
    assert inside.threshold_t == 50
    assert inside.watched_from_t == 45
    assert "全年所有进口" in inside.summary("zh")


def test_order_does_not_matter_and_another_year_does_not_count() -> None:
    law = BOOK.at(LAW_DAY)
    on, mass = days("2026-09-09", "2025-12-31", "2026-01-10"), np.array([31.0, 500.0, 20.0])
    made = de_minimis(on, mass, law, YEAR_END)
    assert made.total_t == 51
    assert made.passed_on == dt.date(2026, 9, 9)


def test_the_day_of_passing_is_forecast_at_the_pace_so_far() -> None:
    law = BOOK.at(LAW_DAY)
    made = de_minimis(days("2026-01-31"), np.array([31.0]), law, dt.date(2026, 1, 31))
    assert made.expected_on == dt.date(2026, 2, 20)  # one tonne a day: the sum is above 50 on the 51st day
    slow = de_minimis(days("2026-01-31"), np.array([1.0]), law, dt.date(2026, 6, 30))
    assert slow.expected_on is None
    nothing = de_minimis(days(), np.array([]), law, YEAR_END)
    assert (nothing.total_t, nothing.passed_on, nothing.expected_on) == (0, None, None)


@given(st.lists(st.tuples(st.integers(0, 364), st.floats(0.001, 60)), max_size=30))
def test_passing_agrees_with_a_plain_loop(imports: list[tuple[int, float]]) -> None:
    on = np.datetime64("2026-01-01") + np.array([d for d, _ in imports], dtype="timedelta64[D]")
    made = de_minimis(on, np.array([m for _, m in imports]), BOOK.at(LAW_DAY), YEAR_END)
    total, passed = 0.0, None
    for day, mass in sorted(imports, key=lambda x: x[0]):
        total += mass
        if passed is None and total > 50:
            passed = dt.date(2026, 1, 1) + dt.timedelta(days=day)
    assert made.passed_on == passed or abs(total - 50) < 1e-9


def line(on: str, mass: float, origin: str = "CN") -> Consignment:
    return Consignment(cn_code="73089059", origin=origin, net_mass_t=mass, imported_on=dt.date.fromisoformat(on))


def test_half_of_the_obligation_without_mark_up() -> None:
    imports = [line("2027-01-15", 10), line("2027-03-31", 20), line("2027-04-01", 40), line("2027-02-01", 99, "NO")]
    made = quarter_end_holding(imports, BOOK, dt.date(2027, 3, 31), surrendered_last_year=120.0)
    per_t = 6.035 - 0.95 * 1.491
    assert made.obligation == pytest.approx(30 * per_t)
    assert made.by_defaults == pytest.approx(15 * per_t)
    assert made.by_last_year == 120
    later = quarter_end_holding(imports, BOOK, dt.date(2027, 6, 30))
    assert later.obligation == pytest.approx(70 * per_t)
    assert later.by_last_year is None


def test_there_is_no_holding_before_2027() -> None:
    with pytest.raises(NotInForce):
        quarter_end_holding([line("2026-05-12", 10)], BOOK, dt.date(2026, 6, 30))


@given(st.lists(st.floats(0, 1e4), max_size=20), st.floats(0, 1e4))
def test_whole_certificates_cover_what_is_due_and_never_one_too_many(due: list[float], held: float) -> None:
    bought = to_buy(due, held)
    assert bought + held >= sum(due) - 1e-6
    assert bought == 0 or bought - 1 + held < sum(due) + 1e-6
