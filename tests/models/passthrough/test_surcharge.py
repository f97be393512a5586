"""The surcharge clause: published amounts, each term, missing days, currency, true-up."""

from __future__ import annotations

import csv
import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.files import DATA
from models.passthrough.errors import BadTermSheet
from models.passthrough.surcharge import Index, back_test, beside, true_up
from models.passthrough.terms import TermSheet, difference, half_away, surcharge

PLAIN = {"index": "EUA", "window_days": 7, "lag_days": 3, "base_price": 0.0, "emissions_tco2_per_t": 2.1}


def terms(**other: object) -> TermSheet:
    return TermSheet.model_validate(PLAIN | other)


def test_thyssenkrupp_2021() -> None:
    assert float(surcharge(terms(), 45.93)) == 96.45
    assert float(surcharge(terms(free_share=0.8), 45.93)) == 19.29
    assert float(surcharge(terms(round_digits=None), 45.93)) == pytest.approx(96.453)


def test_deadband_cap_and_floor() -> None:
    banded = terms(base_price=50.0, deadband=5.0)
    assert difference(banded, np.array([44.0, 45.0, 55.0, 56.0])) == pytest.approx([-6.0, 0.0, 0.0, 6.0])
    lopsided = terms(base_price=50.0, deadband=5.0, deadband_symmetric=False)
    assert difference(lopsided, np.array([44.0, 49.0, 55.0, 56.0])) == pytest.approx([-6.0, -1.0, 0.0, 6.0])
    held = terms(base_price=50.0, cap=10.0, floor=0.0)
    assert difference(held, np.array([30.0, 55.0, 90.0])) == pytest.approx([0.0, 5.0, 10.0])


def test_rounding_is_half_away_from_zero() -> None:
    assert half_away(np.array([0.285, 2.675, -0.285, 1.005]), 2) == pytest.approx([0.29, 2.68, -0.29, 1.01])
    assert half_away(np.array([1.5, 2.5, -2.5]), 0) == pytest.approx([2.0, 3.0, -3.0])


@pytest.mark.parametrize("wrong", [{"cap": 1.0, "floor": 2.0}, {"window_days": 3, "least_values": 4}])
def test_terms_that_contradict_each_other_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadTermSheet):
        terms(**wrong)


FIRST = dt.date(2025, 1, 1)


def daily(values: list[float]) -> Index:
    return Index([FIRST + dt.timedelta(days=i) for i in range(len(values))], np.array(values, dtype=float))


def test_window_ends_the_lag_before_delivery() -> None:
    found = back_test(
        terms(window_days=3, lag_days=2),
        daily([1, 2, 3, 4, 5, 6, 7, 8]),
        [FIRST + dt.timedelta(days=6)],
        np.array([10.0]),
    )
    # Days 3, 4, 5 of January hold 3, 4, 5.
    assert found.mean_price == pytest.approx([4.0])
    assert found.per_t == pytest.approx([8.4])
    assert found.total == pytest.approx(84.0)
    assert found.full_total == pytest.approx(84.0)


@pytest.mark.parametrize(("rule", "mean"), [("skip", 4.0), ("last", 11 / 3), ("refuse", None)])
def test_missing_days(rule: str, mean: float | None) -> None:
    index = daily([1, 2, 3, float("nan"), 5, 6, 7])
    found = back_test(
        terms(window_days=3, lag_days=2, missing_day=rule), index, [FIRST + dt.timedelta(days=6)], np.array([1.0])
    )
    if mean is None:
        assert np.isnan(found.per_t[0])
        assert found.findings[0].code == "passthrough.index_missing"
        assert found.rows()[2].value is None
    else:
        assert found.mean_price == pytest.approx([mean])


def test_a_delivery_the_index_does_not_reach_is_told_and_not_priced() -> None:
    days = [FIRST + dt.timedelta(days=i) for i in (9, 200)]
    found = back_test(terms(), daily([10.0] * 20), days, np.array([1.0, 1.0]))
    assert np.isfinite(found.per_t[0])
    assert np.isnan(found.per_t[1])
    assert len(found.findings) == 1
    assert found.total == pytest.approx(21.0)


def test_days_that_repeat_are_refused() -> None:
    with pytest.raises(BadTermSheet):
        back_test(terms(), Index([FIRST, FIRST], np.array([1.0, 2.0])), [FIRST], np.array([1.0]))


def test_currency_by_the_day_agreed() -> None:
    fx = daily([8.0, 8.0, 8.0, 9.0, 9.0, 7.0, 7.0])
    index = daily([10.0, 10.0, 10.0, 20.0, 20.0, 20.0, 20.0])
    day = [FIRST + dt.timedelta(days=6)]
    rest = {
        "window_days": 4,
        "lag_days": 2,
        "invoice_currency": "CNY",
        "index_currency": "EUR",
        "emissions_tco2_per_t": 1.0,
    }
    at = {
        word: back_test(terms(currency_date=word, **rest), index, day, np.array([1.0]), fx).per_t[0]
        for word in ("index_day", "window_end", "delivery")
    }
    assert at == pytest.approx({"index_day": (80 + 80 + 180 + 180) / 4, "window_end": 15 * 9.0, "delivery": 15 * 7.0})
    with pytest.raises(BadTermSheet, match="no rate"):
        back_test(terms(**rest), index, day, np.array([1.0]))


def test_true_up_settles_the_difference() -> None:
    found = back_test(
        terms(true_up=True, free_share=0.8), daily([45.93] * 20), [FIRST + dt.timedelta(days=15)], np.array([100.0])
    )
    settled = true_up(found, 2.0, 0.75)
    assert settled.invoiced == pytest.approx(1929.0)
    assert settled.due == pytest.approx(2297.0)
    assert settled.settlement == pytest.approx(368.0)
    with pytest.raises(BadTermSheet):
        true_up(back_test(terms(), daily([1.0] * 20), [FIRST + dt.timedelta(days=15)], np.array([1.0])), 2.0, 0.5)


def test_on_real_weekly_prices_column_equals_line() -> None:
    with (DATA / "prices" / "gdea_weekly.csv").open() as source:
        rows = [row for row in csv.DictReader(source) if row["volume_weighted_close"]]
    index = Index(
        [dt.date.fromisoformat(row["week_ending"]) for row in rows],
        np.array([float(row["volume_weighted_close"]) for row in rows]),
    )
    clause = terms(index="GDEA", window_days=91, lag_days=30, base_price=40.0, deadband=2.0, cap=60.0, floor=-20.0)
    days = [dt.date(2020, 1, 15) + dt.timedelta(days=31 * i) for i in range(48)]
    tonnes = np.linspace(50.0, 900.0, len(days))
    found = back_test(clause, index, days, tonnes)
    assert found.priced.all()
    for day, per_t in zip(days, found.per_t, strict=True):
        last = day - dt.timedelta(days=30)
        first = last - dt.timedelta(days=90)
        seen = [v for d, v in zip(index.days, index.values, strict=True) if first <= d <= last]
        assert per_t == pytest.approx(float(surcharge(clause, float(np.mean(seen)))), abs=0.0100001)
    assert "pass-through" in found.summary("en")


def test_a_clause_is_never_called_a_pass_through() -> None:
    found = back_test(terms(), daily([10.0] * 20), [FIRST + dt.timedelta(days=15)], np.array([1.0]))
    shown = beside(found, 0.7, 0.5, 0.9).summary("en")
    assert "not a pass-through" in shown
    assert "outside it" in shown
    assert beside(found, None, 0.5, 0.9).rows()[1].value is None


@given(price=st.floats(0, 500), more=st.floats(0, 100))
def test_a_higher_price_never_lowers_the_surcharge(price: float, more: float) -> None:
    clause = terms(base_price=60.0, deadband=3.0, cap=80.0, floor=-10.0)
    assert surcharge(clause, price + more) >= surcharge(clause, price)
