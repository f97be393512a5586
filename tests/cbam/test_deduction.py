"""What was effectively paid at home, and what of it counts at the border: nothing today, and why."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.consignment import Basis
from cbam.deduction import (
    ACT_NOT_ADOPTED,
    NO_DEFAULT_PRICE,
    PILOT_OFF,
    PILOT_ON,
    PLAIN,
    PricePaid,
    at_most,
    deduction,
    price_effectively_paid,
)
from cbam.reference_model import secp
from models.installation import EtsYear
from models.law import LawBook
from models.position import position
from models.regime import law_of_year, regime_of


def paid_by(book: LawBook, market_price: float | None = None, rate: float | None = 7.4326, **more: object) -> PricePaid:
    year = EtsYear.model_validate({"installation": "A", "compliance_year": 2025, "process": "steel_integrated"} | more)
    regime = regime_of(year, book)
    site = position(year, regime, law_of_year(book, year.compliance_year), market_price)
    return price_effectively_paid(year, regime, site, rate)


SHORT = {"verified_emissions_t": 2e6, "free_allocation_t": 1.94e6}


def test_columns_give_what_single_values_give() -> None:
    own = np.array([1.5, 2.0, 2.2, 2.5])
    assert list(secp(own, 1.9, 0.6, 75.0)) == [secp(float(x), 1.9, 0.6, 75.0) for x in own]


def test_no_more_is_paid_for_than_was_bought_and_kept(book: LawBook) -> None:
    """30,000 t bought of 60,000 t short; then 60,000 t bought of which 40,000 t are sold again."""
    half = paid_by(book, **SHORT, purchased_t=3e4, purchase_price_cny_per_t=75)
    assert half.cny_per_tco2 == pytest.approx(1.125)
    assert "30,000 t" in half.missing[0].en
    assert "60,000 t" in half.missing[0].zh
    kept = paid_by(book, **SHORT, purchased_t=6e4, purchase_price_cny_per_t=75, sold_t=4e4, sale_price_cny_per_t=75)
    assert kept.cny_per_tco2 == pytest.approx(0.75)


def test_purchase_and_auction_are_averaged_by_tonnes(book: LawBook) -> None:
    made = paid_by(
        book, **SHORT, purchased_t=4e4, purchase_price_cny_per_t=75, auction_t=2e4, auction_price_cny_per_t=60
    )
    assert made.cny_per_tco2 == pytest.approx((4e4 * 75 + 2e4 * 60) / 2e6)


@given(st.floats(1, 500))
def test_the_market_price_never_becomes_a_price_paid(book: LawBook, market_price: float) -> None:
    assert paid_by(book, market_price, **SHORT).cny_per_tco2 is None
    assert paid_by(book, market_price, **SHORT, purchased_t=6e4).cny_per_tco2 is None
    bought = {**SHORT, "purchased_t": 6e4, "purchase_price_cny_per_t": 75.0}
    assert paid_by(book, market_price, **bought) == paid_by(book, None, **bought)


def test_what_is_missing_is_named(book: LawBook) -> None:
    nothing = paid_by(book)
    assert nothing.cny_per_tco2 is None
    assert "核查排放量" in nothing.missing[0].zh
    no_rate = paid_by(book, rate=None, **SHORT, purchased_t=6e4, purchase_price_cny_per_t=75)
    assert no_rate.cny_per_tco2 == pytest.approx(2.25)
    assert no_rate.eur_per_tco2 is None
    assert "exchange rate" in no_rate.missing[-1].en
    assert any("independent" in text.en for text in no_rate.missing)


def test_outside_any_market_nothing_was_paid(book: LawBook) -> None:
    made = paid_by(book, process="aluminium_fabrication")
    assert (made.cny_per_tco2, made.eur_per_tco2, made.missing) == (0.0, 0.0, ())


def test_the_plain_sentence_shows_its_arithmetic(book: LawBook) -> None:
    """3 % x 75 = 2.25 CNY, at 7.4326 CNY per EUR 0.30 EUR; 2024 is zero by rule; without a price no figure is given."""
    of_2025 = law_of_year(book, 2025)
    rule, band = of_2025.read("cn.ets.national.allocation_rule"), of_2025.read("cn.ets.national.band")
    text = at_most(rule, band, 75.0, 7.4326)
    assert "3% x 75.00 = 2.25 CNY" in text.en
    assert "0.30 EUR" in text.en
    assert "unverified" in text.en
    assert "3% × 75.00 = 2.25 元" in text.zh
    assert "0.30 欧元" in text.zh
    assert "unverified" not in at_most(rule, law_of_year(book, 2026).read("cn.ets.national.band"), 75.0, 7.4326).en
    assert at_most(rule, band, None, 7.4326) == PLAIN
    assert at_most(rule, band, 75.0, None) == PLAIN
    assert "0 paid" in at_most(law_of_year(book, 2024).read("cn.ets.national.allocation_rule"), None, 75.0, 7.4).en


def test_rows_name_the_assumption_the_gaps_and_the_certificate_price(book: LawBook) -> None:
    paid = paid_by(book, **SHORT)
    rows = {row.key: row for row in deduction(Basis.ACTUAL, 2.2, 1.5, 75.28, paid, 2.0, law_of_year(book, 2026)).rows()}
    assert rows["secp"].value == 0
    assert rows["paid"].value is None
    assert rows["paid"].note.zh.startswith("假设，按参考模型；缺：")
    assert rows["potential"].value is None
    assert "75.28" in rows["plain"].note.zh
    assert "75.28" in rows["plain"].note.en


def test_default_basis_counts_nothing_and_says_why(book: LawBook) -> None:
    law = book.at(law_of_year(book, 2026).day)
    paid = PricePaid(2.25, 0.3, True, ())
    made = deduction(Basis.DEFAULT, 6.6, 1.4, 75.28, paid, 2.0, law)
    assert made.secp_tco2e_per_t == 0
    assert made.reason == NO_DEFAULT_PRICE
    assert made.potential_eur_per_t is None
    actual = deduction(Basis.ACTUAL, 2.2, 1.5, 75.28, paid, 2.0, law)
    assert actual.secp_tco2e_per_t == 0
    assert actual.reason == ACT_NOT_ADOPTED
    assert actual.potential_eur_per_t == pytest.approx(0.6)
    assert actual.potential_secp_tco2e_per_t == pytest.approx(0.6 / 75.28)


@given(st.floats(0, 10), st.floats(0, 10), st.floats(0, 1000), st.floats(1, 200))
def test_a_deduction_never_exceeds_what_is_due_nor_what_was_paid(
    see: float, sefa: float, paid: float, price: float
) -> None:
    found = secp(see, sefa, paid, price)
    assert 0 <= found <= max(0.0, see - sefa)
    assert found * price <= paid * (1 + 1e-12)


def test_a_pilot_counts_only_by_switch_and_with_a_warning(book: LawBook) -> None:
    year = EtsYear(
        installation="A", compliance_year=2025, process="steel_other", on_national_list=False,
        verified_emissions_t=100_000, free_allocation_t=93_100, purchased_t=6_900, purchase_price_cny_per_t=39.04,
    )  # fmt: skip
    regime = regime_of(year, book)
    site = position(year, regime, law_of_year(book, 2025), None)
    assert site.average_paid_cny_per_t == pytest.approx(2.69376)
    off = price_effectively_paid(year, regime, site, 7.4326)
    on = price_effectively_paid(year, regime, site, 7.4326, allow_pilot=True)
    assert not off.countable_boundary
    assert off.missing[0] == PILOT_OFF
    assert on.countable_boundary
    assert on.missing[0] == PILOT_ON
    assert deduction(Basis.ACTUAL, 2.2, 1.5, 75.28, off, 2.0, law_of_year(book, 2026)).potential_eur_per_t is None
    assert on.eur_per_tco2 == pytest.approx(0.362425, rel=1e-5)
