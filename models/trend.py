"""What a product came to year by year: change on the year before, and the mean yearly rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.bill import EarlierYear
from models.units import FloatArray


@dataclass(frozen=True, slots=True)
class Trend:
    """
    Years in order with kgCO2e per declared unit.

    ``change`` is the fraction on the year before it, ``yearly`` the mean yearly
    rate from first to last; ``apart`` are years by another profile, which are
    not compared.
    """

    years: tuple[int, ...]
    kgco2e: tuple[float, ...]
    change: tuple[float | None, ...]
    yearly: float | None
    apart: tuple[EarlierYear, ...]


def trend(earlier: Sequence[EarlierYear], year: int, kgco2e: float, profile: str) -> Trend | None:
    """Return the trend up to a year; none without an earlier year by the same profile, or with a year given twice."""
    same = sorted((one for one in earlier if one.profile == profile and one.year < year), key=lambda one: one.year)
    apart = tuple(one for one in earlier if one not in same)
    if not same and not apart:
        return None
    by_year = {one.year: one.kgco2e_per_declared_unit for one in same} | {year: kgco2e}
    years = np.array(list(by_year), dtype=np.float64)
    values = np.array(list(by_year.values()))
    changes = [None, *changes_of(values).tolist()]
    rate = yearly_rate(years, values) if len(years) > 1 and kgco2e > 0.0 else None
    return Trend(tuple(by_year), tuple(by_year.values()), tuple(changes), rate, apart)


def changes_of(values: FloatArray) -> FloatArray:
    """Return the fraction by which each value differs from the one before; shape (..., n) gives (..., n - 1)."""
    made: FloatArray = values[..., 1:] / values[..., :-1] - 1.0
    return made


def yearly_rate(years: FloatArray, values: FloatArray) -> float:
    """Return the rate (fraction per year) that leads from the first value to the last: ``(v1/v0)^(1/(y1-y0)) - 1``."""
    return float((values[-1] / values[0]) ** (1.0 / (years[-1] - years[0])) - 1.0)
