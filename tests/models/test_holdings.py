"""The allowance account: nothing is lost or counted twice, whatever the order and the years."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.holdings import Entry, account_on, cost_of
from tests.models.accounts import position_of

YEAR = {"installation": "甲", "compliance_year": 2025, "process": "ceramics", "verified_emissions_t": 1000.0}


def entry(on: str, kind: str, tonnes: float | None = None, price: float | None = None, **more: Any) -> Entry:
    given = {"on": on, "kind": kind, "instrument": "GDEA", "tonnes": tonnes, "price_cny_per_t": price} | more
    return Entry.model_validate(given)


def test_units_leave_by_age_and_keep_their_cost() -> None:
    account = account_on(
        [
            entry("2025-03-01", "purchase", 100, 40, vintage=2024),
            entry("2025-02-01", "allocation", 500, vintage=2025),
            entry("2025-04-01", "purchase", 50, 36, vintage=2025),
            entry("2025-06-01", "surrender", 580, for_year=2025),
        ],
        dt.date(2025, 12, 31),
    )
    assert [(d.lot.vintage, d.lot.kind, d.tonnes, d.cost_cny) for d in account.draws] == [
        (2024, "purchase", 100, 4000),
        (2025, "allocation", 480, 0),
    ]
    assert account.by_vintage() == [("GDEA", 2025, 70, 1800)]


def test_a_final_allocation_takes_the_place_of_the_pre_allocation() -> None:
    before = entry("2025-03-01", "pre_allocation", 700, for_year=2025)
    account = account_on([before, entry("2025-09-01", "allocation", 950, for_year=2025)], dt.date(2025, 12, 31))
    assert account.held_t() == 950
    account = account_on([before, entry("2025-09-01", "allocation", 650, for_year=2025)], dt.date(2025, 12, 31))
    assert account.held_t() == 700
    assert [f.code for f in account.findings] == ["ets.pre_allocation_above_final"]


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (entry("2025-03-01", "purchase"), "entries.0.tonnes"),
        (entry("2025-03-01", "surrender", 5), "entries.0.for_year"),
        (entry("2025-03-01", "fee"), "entries.0.amount_cny"),
    ],
)
def test_an_entry_that_is_not_whole_is_named_and_the_others_count(made: Entry, field: str) -> None:
    account = account_on([made, entry("2025-04-01", "purchase", 10, 40)], dt.date(2025, 12, 31))
    assert [(f.code, f.field) for f in account.findings] == [("ets.entry_incomplete", field)]
    assert account.held_t() == 10


def test_a_later_entry_is_a_plan() -> None:
    assert account_on([entry("2026-01-01", "purchase", 10, 40)], dt.date(2025, 12, 31)).held_t() == 0


tonnes = st.integers(1, 5000)
price = st.integers(0, 12000)
buys = st.lists(st.tuples(st.integers(1, 28), tonnes, price), min_size=1, max_size=8)


@given(buys, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_nothing_is_lost(found: list[tuple[int, int, int]], random: Any) -> None:
    """Cash out equals the cost of what was surrendered plus the cost of what is held, exactly in fractions."""
    days = {day: (t, p) for day, t, p in found}  # one purchase a day, so that the order is settled by the days
    entries = [entry(f"2025-02-{day:02d}", "purchase", t, p / 100) for day, (t, p) in days.items()]
    half = sum(t for t, _ in days.values()) // 2
    if half:
        entries.append(entry("2025-06-20", "surrender", half, for_year=2025))
    shuffled = list(entries)
    random.shuffle(shuffled)
    one, other = (account_on(e, dt.date(2025, 12, 31)) for e in (entries, shuffled))
    assert one.lots == other.lots
    cash = sum(Fraction(t) * Fraction(p, 100) for t, p in days.values())
    kept = math.fsum([cost_of(one.lots) or 0.0, *(d.cost_cny or 0.0 for d in one.draws)])
    assert kept == pytest.approx(float(cash), rel=1e-12, abs=1e-9)


@given(st.lists(tonnes, min_size=2, max_size=6), price)
def test_splitting_a_purchase_changes_nothing(parts: list[int], cents: int) -> None:
    def asked(entries: list[dict[str, Any]]) -> dict[str, Any]:
        return {"year": YEAR, "on": dt.date(2026, 6, 1), "entries": entries}

    def buy(t: float) -> dict[str, Any]:
        return {
            "on": dt.date(2026, 3, 1),
            "kind": "purchase",
            "instrument": "GDEA",
            "tonnes": t,
            "price_cny_per_t": cents / 100,
        }

    whole = position_of(asked([buy(sum(parts))]))
    split = position_of(asked([buy(t) for t in parts]))
    assert split.open_t == pytest.approx(whole.open_t)
    assert split.cost_cny == pytest.approx(whole.cost_cny, rel=1e-12, abs=1e-9)


@given(st.integers(1, 2000), st.integers(1, 2000), st.integers(0, 1500), st.integers(0, 1500), price, price)
def test_what_is_carried_over_is_counted_in_one_year_only(
    first: int, second: int, e_2024: int, e_2025: int, p: int, q: int
) -> None:
    """Cost of both years and of what is left over is what was spent."""
    spent = Fraction(first * p + second * q, 100)
    use_2024, use_2025 = min(first, e_2024), 0
    entries = [
        {"on": dt.date(2025, 3, 1), "kind": "purchase", "instrument": "GDEA", "tonnes": first, "price_cny_per_t": p / 100,
         "vintage": 2024},
        {"on": dt.date(2026, 3, 1), "kind": "purchase", "instrument": "GDEA", "tonnes": second, "price_cny_per_t": q / 100,
         "vintage": 2025},
    ]  # fmt: skip
    if use_2024:
        entries.append(
            {"on": dt.date(2025, 6, 1), "kind": "surrender", "instrument": "GDEA", "tonnes": use_2024, "for_year": 2024}
        )
    use_2025 = min(first + second - use_2024, e_2025)
    if use_2025:
        entries.append(
            {"on": dt.date(2026, 6, 1), "kind": "surrender", "instrument": "GDEA", "tonnes": use_2025, "for_year": 2025}
        )

    def cost(year: int, used: int) -> float:
        of_year = YEAR | {"compliance_year": year, "verified_emissions_t": 10_000.0}
        found = position_of(
            {"year": of_year, "emitted": {"verified_t": used}, "on": dt.date(2026, 7, 1), "entries": entries}
        )
        assert found.cost_cny is not None
        return found.cost_cny

    left = cost_of(account_on([Entry.model_validate(e) for e in entries], dt.date(2026, 7, 1)).lots)
    assert cost(2024, use_2024) + cost(2025, use_2025) + (left or 0.0) == pytest.approx(
        float(spent), rel=1e-9, abs=1e-6
    )
