"""A loan book: exposure is conserved, each borrower counts once, each refusal is named and weighed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from finance.errors import BadBands, BorrowerTwice, NoBookRows, SignAgainst
from finance.financed import financed_emissions, load_quality
from finance.loan_book import loan_book
from finance.pd_model import Accounting
from finance.portfolio import concentration, heat_map, migration, shocked, top_movers
from finance.stress import Shock
from models.files import DATA
from tests.finance.books import BORROWERS, LOANS, MODEL, book_of

SHOCK = Shock(40.0, 120.0, 600.0, 800.0)
CALM = Shock(40.0, 40.0, 600.0, 600.0)


def test_two_plants_and_two_loans_count_once() -> None:
    book = book_of()
    made = shocked(book, SHOCK, MODEL)
    # A's loss once, though it has two loans.
    ets_a, ets_b, up_a, up_c = 1_900 * 80, 1_000 * 80, 50_000 * 0.5 * 80, 10_000 * 0.8 * 80
    by_hand = 0.7 * (ets_a + up_a) + 0.5 * 2_000 * 200 + 0.5 * ets_b + 0.6 * up_c
    assert made.loss == pytest.approx(by_hand, rel=1e-12)
    assert made.ead == 67e6
    financed = financed_emissions(book.loans, sieve=book.sieve())
    assert financed.total12_t == pytest.approx(100_000 * 50 / 300 + 30_000 * 10 / 100 + 8_000 * 5 / 20, rel=1e-12)


def test_no_move_no_change() -> None:
    made = shocked(book_of(), CALM, MODEL)
    assert made.pd1 == pytest.approx(np.array(LOANS["pd"]), rel=1e-9)
    assert made.change_bp == pytest.approx(0.0, abs=1e-9)
    assert made.level_bp == pytest.approx(
        1e4 * (22e6 * 0.45 * 0.02 + 30e6 * 0.4 * 0.02 + 10e6 * 0.45 * 0.01 + 5e6 * 0.45 * 0.05) / 67e6
    )


def test_a_higher_price_costs_more_and_the_conservative_convention_most() -> None:
    changes = [
        shocked(book_of(), Shock(40, 40 * m, 600, 600 * m), MODEL).change_bp or 0.0 for m in (0.5, 1.0, 1.5, 3.0)
    ]
    assert changes == sorted(changes)
    own, hard = shocked(book_of(), SHOCK, MODEL), shocked(book_of(), SHOCK.conservative(), MODEL)
    assert (hard.loss or 0) > (own.loss or 0)
    low, high = own.loss_span or (0.0, 0.0)
    assert low < (own.loss or 0) < high


@pytest.mark.parametrize(
    ("loans", "borrowers", "code"),
    [
        ({"loan": ["L1", "L1", "L3", "L4"]}, {}, "finance.loan_twice"),
        ({"borrower": ["A", "A", "B", "X"]}, {}, "finance.borrower_unknown"),
        ({"currency": ["CNY", "CNY", "USD", None]}, {}, "finance.other_currency"),
        ({"pd": [0.02, 0.02, 0.0, 0.05]}, {}, "finance.pd"),
        ({"pd": [0.02, 0.02, 1.0, 0.05]}, {}, "finance.pd"),
        ({"pd_years": [1, 1, 5, 1]}, {}, "finance.horizon_mixed"),
        ({"pd_years": [1, 1, None, 1]}, {}, "finance.horizon_mixed"),
        ({"lgd": [0.45, 0.4, 45, 0.45]}, {}, "finance.beyond_bounds"),
        ({"ead": [22e6, 30e6, None, 5e6]}, {}, "finance.figure_missing"),
        ({}, {"ebitda": [40e6, None, 2.5e6]}, "finance.figure_missing"),
        ({}, {"equity": [180e6, -1.0, 9e6]}, "finance.insolvent_today"),
        ({}, {"debt": [120e6, 0.0, 11e6]}, "finance.no_debt"),
        ({}, {"pi": [0.3, 50.0, 0.4]}, "finance.beyond_bounds"),
    ],
)
def test_who_is_left_out_and_why(loans: dict[str, Any], borrowers: dict[str, Any], code: str) -> None:
    book = book_of(loans, borrowers)
    made = shocked(book, SHOCK, MODEL)
    found = made.refused.findings()
    assert {f.code for f in found} == {code}
    assert all(f.row and f.text.zh and f.text.en for f in found)
    told = made.refused.told(book.loans.outstanding)
    inside = float(book.loans.outstanding[made.counts].sum())
    assert inside + sum(one.amount for one in told) == pytest.approx(65e6)
    assert made.counts.sum() + sum(one.rows for one in told) == 4
    assert not np.isnan(made.expected1 or 0.0)


def test_a_borrower_with_two_rows_and_an_empty_book_are_refused() -> None:
    with pytest.raises(BorrowerTwice):
        book_of(borrowers={"borrower": ["A", "A", "C"]})
    with pytest.raises(NoBookRows):
        loan_book({}, BORROWERS, load_quality(DATA))


def test_a_wrong_total_is_told() -> None:
    assert not book_of(total=65e6).findings
    [finding] = book_of(total=64e6).findings
    assert finding.code == "finance.wrong_total"


def test_without_a_model_the_accounts_stand_and_nothing_is_expected() -> None:
    made = shocked(book_of(), SHOCK, None)
    assert made.expected1 is None
    assert made.change_bp is None
    assert made.loss
    assert {f.field for f in made.refused.findings()} == {"model"}


def test_the_accounting_channel() -> None:
    model = Accounting(coefficients={"ebitda_to_debt": -3.0}, years=1.0, source="test")
    made = shocked(book_of(), SHOCK, model)
    loss = float(made.stressed.loss[1])
    odds = 0.01 / 0.99 * np.exp(3.0 * loss / 40e6)
    assert made.pd1[2] == pytest.approx(odds / (1 + odds), rel=1e-12)
    with pytest.raises(SignAgainst):
        shocked(book_of(), SHOCK, Accounting(coefficients={"unknown": -1.0}, years=1.0, source="test"))


def test_insolvent_borrowers_default() -> None:
    made = shocked(book_of(borrowers={"equity": [180e6, 60e6, 1e6]}), SHOCK, MODEL)
    assert made.insolvent.tolist() == [False, False, True]
    assert made.pd1[3] == 1.0


def test_concentration_adds_up() -> None:
    book = book_of()
    made = shocked(book, SHOCK, MODEL)
    financed = financed_emissions(book.loans, sieve=book.sieve())
    for by in ("sector", "city", "borrower"):
        found = concentration(book, by, financed, made)  # type: ignore[arg-type]
        assert sum(part.share for part in found.parts) == pytest.approx(1.0)
        assert sum(part.financed12_t or 0 for part in found.parts) == pytest.approx(financed.total12_t)
    borrowers = concentration(book, "borrower")
    assert [part.name for part in borrowers.parts] == ["A", "B", "C"]
    assert borrowers.hhi == pytest.approx((50**2 + 10**2 + 5**2) / 65**2)
    assert borrowers.top(1) == pytest.approx(50 / 65)


def test_an_unknown_sector_is_a_group_of_its_own() -> None:
    found = concentration(book_of(borrowers={"sector": [None, "steel", "steel"]}), "sector")
    assert found.parts[0].name == ""


def test_the_map_and_the_migration_keep_the_exposure() -> None:
    made = shocked(book_of(), SHOCK, MODEL)
    heat = heat_map(made)
    assert heat.ead.sum() == pytest.approx(made.ead)
    assert np.isnan(heat.change_bp[heat.sectors.index("ceramics"), heat.cities.index("广州")])
    moved = migration(made, [0.015, 0.03, 0.1])
    assert moved.sum() == pytest.approx(made.ead)
    assert np.tril(moved, -1).sum() == 0
    for bad in ([], [0.1, 0.05], [0.0, 0.1], [0.5, 1.0]):
        with pytest.raises(BadBands):
            migration(made, bad)


def test_movers_come_largest_first() -> None:
    movers = top_movers(shocked(book_of(), SHOCK, MODEL), 3)
    assert len(movers) == 3
    assert [m.change for m in movers] == sorted((m.change for m in movers), reverse=True)


def test_the_order_of_the_rows_does_not_matter() -> None:
    turned = {name: values[::-1] for name, values in LOANS.items()}
    one, other = shocked(book_of(), SHOCK, MODEL), shocked(book_of(turned), SHOCK, MODEL)
    assert other.expected1 == pytest.approx(one.expected1, rel=1e-12)
