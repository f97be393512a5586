"""Local projections: the price's change over h periods on the cost's change, the check on the multipliers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.passthrough.regression import ols
from models.units import FloatArray


@dataclass(frozen=True, slots=True)
class Projections:
    """Coefficients by horizon with robust errors on the lag-augmented regression, and Newey-West beside them."""

    horizon: tuple[int, ...]
    nobs: tuple[int, ...]
    coef: FloatArray
    se_robust: FloatArray
    se_newey_west: FloatArray


def local_projections(
    y: FloatArray, x: FloatArray, horizons: tuple[int, ...] | None = None, lags: int = 2
) -> Projections:
    """
    Project the price on the change of the first cost.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
        Costs; the changes of the others at t stay in the regression.
    horizons : tuple of int, optional
        0 to n/20 where not given.
    lags : int
        Of the changes of price and costs.

    Notes
    -----
    ``y[t+h] - y[t-1]`` on the cost change at t, each horizon with all its own
    observations (``passthrough.md`` 5.2, 6). Heteroskedasticity-robust errors of
    the lag-augmented regression cover better than Newey-West at long horizons.
    """
    n = y.size
    asked = tuple(range(n // 20 + 1)) if horizons is None else horizons
    dy, dx = np.diff(y), np.diff(x, axis=0)
    first = lags + 1
    late = [dy[first - 1 - i : n - 1 - i] for i in range(1, lags + 1)]
    late += [dx[first - 1 - i : n - 1 - i] for i in range(1, lags + 1)]
    columns = np.column_stack([np.ones(n - first), dx[first - 1 :], *late])
    names = tuple(f"column {i}" for i in range(columns.shape[1]))
    coef, robust, newey, counts = [], [], [], []
    for h in asked:
        stop = n - first - h
        fit = ols(y[first + h :] - y[first - 1 : n - 1 - h], columns[:stop], names)
        coef.append(float(fit.beta[1]))
        robust.append(float(np.sqrt(fit.hc0()[1, 1])))
        newey.append(float(np.sqrt(fit.newey_west(h + 1)[1, 1])))
        counts.append(fit.nobs)
    return Projections(asked, tuple(counts), np.array(coef), np.array(robust), np.array(newey))
