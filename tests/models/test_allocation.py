"""Properties of the allocation formulas: the pilot's three methods and the national band."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.allocation import (
    band_rate,
    band_slope,
    entitlement_benchmark,
    entitlement_emissions,
    entitlement_intensity,
    free_allocation_pilot,
    national_free_allocation,
)

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
    assert list(np.asarray(national_free_allocation(own, 0.03))) == pytest.approx([1.545, 2.06, 2.266, 2.575])


def test_three_methods_of_the_pilot() -> None:
    """500,000 t of output; factor 0.98, free share 0.95; by hand."""
    assert free_allocation_pilot(entitlement_benchmark(0.5, 5e5), 0.95) == pytest.approx(237_500)
    assert free_allocation_pilot(entitlement_intensity(0.5, 5e5, 0.98), 0.95) == pytest.approx(232_750)
    assert free_allocation_pilot(entitlement_emissions(2e5, 0.98), 0.95) == pytest.approx(186_200)
