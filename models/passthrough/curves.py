"""What an estimate looks like over time: fitted prices, the rate as the sample grows, CUSUM with its boundary."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.passthrough.ardl import Ardl, fit_ardl
from models.passthrough.checks import CUSUM_5PCT, cusum_path
from models.passthrough.errors import NotEstimable
from models.passthrough.longrun import FiellerSet, long_run
from models.passthrough.prepare import Sample
from models.units import FloatArray

#: Ends of the growing sample at which the rate is estimated again.
STEPS = 60
#: Share of the sample that the first of them holds.
FIRST_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Recursive:
    """The long-run rate as the sample grows: last period of each sample, rate, and its set."""

    ends: tuple[int, ...]
    rates: FloatArray
    sets: tuple[FiellerSet, ...]


@dataclass(frozen=True, slots=True)
class Cusum:
    """Cumulated recursive residuals from observation ``first`` on, and the half-width of the 5 % boundary."""

    first: int
    path: FloatArray
    boundary: FloatArray


@dataclass(frozen=True, slots=True)
class Curves:
    """
    Lines for a picture; places are rows of the sample.

    ``recursive`` and ``cusum`` are ``None`` where they cannot be made.
    """

    start: int
    price: FloatArray
    fitted: FloatArray
    recursive: Recursive | None
    cusum: Cusum | None


def curves(sample: Sample, model: Ardl) -> Curves:
    """
    Return the lines of an estimate.

    Parameters
    ----------
    sample : Sample
    model : Ardl
        Fitted on it; its order is kept for the growing samples.
    """
    fit = model.fit
    return Curves(model.start, fit.y, fit.y - fit.resid, recursive(sample, model), _cusum(model))


def recursive(sample: Sample, model: Ardl) -> Recursive | None:
    """Return the rate on samples that grow to the whole one, order and fixed regressors kept."""
    n = len(sample.y)
    least = max(int(FIRST_SHARE * n), model.start + 3 * model.fit.beta.size)
    if least >= n:
        return None
    fixed = None
    if model.fixed:
        fixed = np.zeros((n, len(model.fixed)))
        fixed[model.start :] = model.fit.x[:, 1 : 1 + len(model.fixed)]
    ends, rates, sets = [], [], []
    for end in np.unique(np.linspace(least, n, STEPS).astype(int)).tolist():
        try:
            rate = long_run(
                fit_ardl(sample.y[:end], sample.x[:end], sample.costs, model.order, _until(fixed, end), model.fixed)
            )
        except NotEstimable:
            continue  # a cost that has not moved yet
        ends.append(end - 1)
        rates.append(rate.theta)
        sets.append(rate.within)
    return Recursive(tuple(ends), np.array(rates), tuple(sets)) if ends else None


def _until(fixed: FloatArray | None, end: int) -> FloatArray | None:
    return None if fixed is None else fixed[:end]


def _cusum(model: Ardl) -> Cusum | None:
    try:
        path = cusum_path(model.fit)
    except NotEstimable:
        return None
    n = path.size
    boundary = CUSUM_5PCT * np.sqrt(n) * (1.0 + 2.0 * np.arange(1, n + 1) / n)
    return Cusum(model.start + model.fit.nobs - n, path, boundary)


def curves_data(found: Curves, periods: tuple[dt.date, ...], *, with_points: bool) -> dict[str, Any]:
    """Return the lines as plain data; without point values the rate's path shows its set alone."""
    rec, cus = found.recursive, found.cusum

    def days(at: Any) -> list[str]:
        return [periods[i].isoformat() for i in at]

    return {
        "fit": {
            "periods": days(range(found.start, found.start + found.price.size)),
            "price": found.price.tolist(),
            "fitted": found.fitted.tolist(),
        },
        "recursive": None
        if rec is None
        else {
            "periods": days(rec.ends),
            "rate": rec.rates.tolist() if with_points else None,
            # An end that does not exist is null; of two rays neither end bounds anything that could be drawn.
            "low": [one.low if one.bounded else None for one in rec.sets],
            "high": [one.high if one.bounded else None for one in rec.sets],
        },
        "cusum": None
        if cus is None
        else {
            "periods": days(range(cus.first, cus.first + cus.path.size)),
            "path": cus.path.tolist(),
            "boundary": cus.boundary.tolist(),
        },
    }
