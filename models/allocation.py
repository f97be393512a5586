"""
What the markets give out free: formulas of the Guangdong pilot and of the national market's band.

Every formula takes a float or a column. The figures of a year (free share,
reduction factor, band) are arguments; they live in ``data/law/cn/ets``.
"""

from __future__ import annotations

import numpy as np

from models.units import Numbers


def free_allocation_pilot(entitlement_t: Numbers, free_share: float) -> Numbers:
    """
    Free allowances of the Guangdong pilot.

    Parameters
    ----------
    entitlement_t : float or array, shape (n,)
        By benchmark: benchmark x output; by historical intensity: own intensity
        x output x reduction factor; by historical emissions: mean x factor. t.
    free_share : float
        ``cn.ets.guangdong.free_share``.

    Returns
    -------
    float or array, shape (n,)
        t of allowances. Source ``gd-ets-years``.

    Examples
    --------
    >>> round(free_allocation_pilot(1000.0 * 0.98, 0.95), 6)
    931.0
    """
    return entitlement_t * free_share


def entitlement_benchmark(benchmark_tco2_per_t: Numbers, output_t: Numbers) -> Numbers:
    """Return benchmark x output of the compliance year, t of one product (``gd-ets-years``); products are added up."""
    return benchmark_tco2_per_t * output_t


def entitlement_intensity(historic_tco2_per_t: Numbers, output_t: Numbers, reduction_factor: float) -> Numbers:
    """
    Return own historical intensity x output of the compliance year x reduction factor, t of one product.

    Source ``gd-ets-years``; the factor is ``cn.ets.guangdong.reduction_factor``.

    Examples
    --------
    >>> round(free_allocation_pilot(entitlement_intensity(2.0, 500.0, 0.98), 0.95), 6)
    931.0
    """
    return historic_tco2_per_t * output_t * reduction_factor


def entitlement_emissions(mean_historic_t: Numbers, reduction_factor: float) -> Numbers:
    """Return mean historical emissions x reduction factor, t: a lump sum, output does not move it (``gd-ets-years``)."""
    return mean_historic_t * reduction_factor


def band_rate(
    intensity_tco2_per_t: Numbers, balance_value_tco2_per_t: Numbers, band: float, gap_at_band: float
) -> Numbers:
    """
    Surplus (positive) or deficit of the national market's band, as a share of emissions.

    Parameters
    ----------
    intensity_tco2_per_t, balance_value_tco2_per_t : float or array, shape (n,)
        Own intensity I and sector balance value BV, tCO2 per t.
    band, gap_at_band : float
        ``cn.ets.national.band`` and ``cn.ets.national.gap_at_band``, fractions.

    Returns
    -------
    float or array, shape (n,)
        r = clamp((BV - I) / BV * band / gap_at_band, -band, +band); free = E (1 + r).
    """
    gap = 1.0 - intensity_tco2_per_t / balance_value_tco2_per_t
    rate = np.clip(gap * (band / gap_at_band), -band, band)
    return rate if isinstance(rate, np.ndarray) else float(rate)


def national_free_allocation(emissions_t: Numbers, rate: Numbers) -> Numbers:
    """
    Return E (1 + r), t: free allowances of the national market, r from ``band_rate``, 0 for 2024 (``national-ets-years``).

    Examples
    --------
    >>> national_free_allocation(2_000_000.0, -0.03)
    1940000.0
    """
    return emissions_t * (1.0 + rate)


def band_slope(
    intensity_tco2_per_t: Numbers, balance_value_tco2_per_t: Numbers, band: float, gap_at_band: float
) -> Numbers:
    """
    Net allowances owed for one more tonne emitted at fixed output, dNet/dE, inside the band rule.

    Returns
    -------
    float or array, shape (n,)
        s (2 I / BV - 1) with s = band / gap_at_band inside the band; +band at
        the deficit limit, -band at the surplus limit. Derived from net = -r E.
    """
    ratio = intensity_tco2_per_t / balance_value_tco2_per_t
    gap = 1.0 - ratio
    inside = (band / gap_at_band) * (2.0 * ratio - 1.0)
    slope = np.where(gap <= -gap_at_band, band, np.where(gap >= gap_at_band, -band, inside))
    return slope if slope.ndim else float(slope)


def net_position(emissions_t: Numbers, free_t: Numbers, banked_t: Numbers = 0.0, offsets_t: Numbers = 0.0) -> Numbers:
    """Return emissions less free allowances, banked units and offsets, t; negative is a surplus (``ets.md`` 4)."""
    return emissions_t - free_t - banked_t - offsets_t
