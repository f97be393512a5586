"""Properties of the cost at home and of the price paid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.consignment import Basis
from cbam.deduction import (
    ACT_NOT_ADOPTED,
    NO_DEFAULT_PRICE,
    PricePaid,
    deduction,
    potential_secp,
    price_effectively_paid,
)
from models.allocation import band_rate, band_slope
from models.embedded import marginal_cost
from models.installation import EtsYear
from models.law import LawBook
from models.position import position
from models.regime import law_of_year, regime_of

positive = st.floats(0.01, 1e4)
share = st.floats(0.001, 0.2)


@given(positive, positive, share, st.floats(0.01, 0.5))
def test_band_holds_and_a_cleaner_plant_never_gets_less(own: float, balance: float, band: float, gap: float) -> None:
    rate = band_rate(own, balance, band, gap)
    assert -band <= rate <= band
    assert band_rate(own * 0.9, balance, band, gap) >= rate


@given(st.floats(0.85, 1.15), share)
def test_slope_is_the_derivative_of_the_net_position(ratio: float, band: float) -> None:
    """Net = -r E at fixed output; its derivative by finite difference."""
    gap, output = 0.2, 1000.0

    def net(emissions: float) -> float:
        return -float(band_rate(emissions / output, 1.0, band, gap)) * emissions

    e, h = ratio * output, 1e-3
    assert band_slope(ratio, 1.0, band, gap) == pytest.approx((net(e + h) - net(e - h)) / (2 * h), rel=1e-4, abs=1e-6)


def test_columns_give_what_single_values_give() -> None:
    own = np.array([1.5, 2.0, 2.2, 2.5])
    assert list(band_rate(own, 2.0, 0.03, 0.2)) == [band_rate(float(x), 2.0, 0.03, 0.2) for x in own]
    assert list(band_slope(own, 2.0, 0.03, 0.2)) == [band_slope(float(x), 2.0, 0.03, 0.2) for x in own]
    assert list(potential_secp(own, 1.9, 0.6, 75.0)) == [potential_secp(float(x), 1.9, 0.6, 75.0) for x in own]


def test_published_example_of_output_based_allocation() -> None:
    """P = 40, e = 1.85, b = 1.80: 74 CNY/t with a lump sum, 2 when allocation follows output (passed on at 75 %: 55.5, 1.5)."""
    assert marginal_cost(40, 1.85, 1.80, 0) == pytest.approx(74.0)
    assert marginal_cost(40, 1.85, 1.80, 1) == pytest.approx(2.0)


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
    secp = potential_secp(see, sefa, paid, price)
    assert 0 <= secp <= max(0.0, see - sefa)
    assert secp * price <= paid * (1 + 1e-12)


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
    assert "外购电力" in off.missing[0].zh
    assert on.countable_boundary
    assert on.eur_per_tco2 == pytest.approx(0.362425, rel=1e-5)


def test_offsets_above_the_limit_are_told(book: LawBook) -> None:
    year = EtsYear(
        installation="A", compliance_year=2025, process="steel_integrated", verified_emissions_t=100_000,
        free_allocation_t=97_000, offsets_t=6_000, offset_price_cny_per_t=60,
    )  # fmt: skip
    site = position(year, regime_of(year, book), law_of_year(book, 2025), None)
    assert [f.code for f in site.findings] == ["ets.offsets_above_limit"]
