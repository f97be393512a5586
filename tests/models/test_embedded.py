"""Properties of allocation, position and the three views of the cost at home."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_published_example_of_output_based_allocation() -> None:
    """P = 40, e = 1.85, b = 1.80: 74 CNY/t with a lump sum, 2 when allocation follows output (passed on at 75 %: 55.5, 1.5)."""
    assert marginal_cost(40, 1.85, 1.80, 0) == pytest.approx(74.0)
    assert marginal_cost(40, 1.85, 1.80, 1) == pytest.approx(2.0)


def test_offsets_above_the_limit_are_told(book: LawBook) -> None:
    year = EtsYear(
        installation="A", compliance_year=2025, process="steel_integrated", verified_emissions_t=100_000,
        free_allocation_t=97_000, offsets_t=6_000, offset_price_cny_per_t=60,
    )  # fmt: skip
    site = position(year, regime_of(year, book), law_of_year(book, 2025), None)
    assert [f.code for f in site.findings] == ["ets.offsets_above_limit"]
