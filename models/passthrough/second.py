"""Second opinions on the long-run rate: dynamic OLS, fully modified OLS, Johansen with restricted constant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from models.passthrough.regression import ols
from models.units import FloatArray

#: 5 % values of the trace with restricted constant, by number of common trends (Osterwald-Lenum 1992, table 1*).
TRACE_5PCT = {1: 9.24, 2: 19.96, 3: 34.91, 4: 53.12, 5: 76.07, 6: 102.14}


@dataclass(frozen=True, slots=True)
class Opinion:
    """Long-run coefficients of the costs with errors, and the constant."""

    rates: FloatArray
    errors: FloatArray
    constant: float
    nobs: int


def dols(y: FloatArray, x: FloatArray, leads: int = 2, lags: int = 2, kernel_lags: int = 12) -> Opinion:
    """
    Return dynamic OLS: costs in levels with leads and lags of their changes.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
    leads, lags : int
        Of the changes.
    kernel_lags : int
        Of the Bartlett weights of the errors (Stock and Watson 1993; Newey and West 1987).
    """
    n, k = x.shape
    steps = np.diff(x, axis=0, prepend=np.nan)
    rows = slice(lags + 1, n - leads)
    moves = [steps[lags + 1 - lag : n - leads - lag] for lag in range(-leads, lags + 1)]
    columns = np.column_stack([np.ones(n - leads - lags - 1), x[rows], *moves])
    fit = ols(y[rows], columns, tuple(f"column {i}" for i in range(columns.shape[1])))
    at = slice(1, k + 1)
    return Opinion(fit.beta[at], np.sqrt(np.diag(fit.newey_west(kernel_lags)))[at], float(fit.beta[0]), fit.nobs)


def fmols(y: FloatArray, x: FloatArray, bandwidth: int | None = None) -> Opinion:
    """
    Return fully modified OLS of Phillips and Hansen (1990), Bartlett kernel.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
    bandwidth : int, optional
        Lags of the kernel; 4 (n/100)^(2/9) where not given.
    """
    n, k = x.shape
    lags = int(4.0 * (n / 100.0) ** (2.0 / 9.0)) if bandwidth is None else bandwidth
    whole = np.column_stack([np.ones(n), x])
    first = ols(y, whole, ("const", *(f"cost {j}" for j in range(k))))
    moves = np.diff(x, axis=0)
    errors = np.column_stack([first.resid[1:], moves - moves.mean(axis=0)])
    t = n - 1
    own = errors.T @ errors / t
    late = np.zeros_like(own)
    for lag in range(1, lags + 1):
        late += (1.0 - lag / (lags + 1.0)) * (errors[lag:].T @ errors[:-lag]) / t
    # Lambda sums E[e_{t-j} e_t'], the transpose of what was just summed.
    omega, one_sided = own + late + late.T, own + late.T
    gain = np.linalg.solve(omega[1:, 1:], omega[1:, 0])
    drift = one_sided[1:, 0] - one_sided[1:, 1:] @ gain
    z, mended = whole[1:], y[1:] - (moves - moves.mean(axis=0)) @ gain
    scale = np.sqrt((z**2).sum(axis=0))
    inverse = np.linalg.inv((z / scale).T @ (z / scale)) / np.outer(scale, scale)
    right = z.T @ (mended - y.mean())
    right[1:] -= t * drift
    beta = inverse @ right
    beta[0] += y.mean()
    spread = omega[0, 0] - omega[0, 1:] @ gain
    se = np.sqrt(np.diag(inverse) * spread)
    return Opinion(beta[1:], se[1:], float(beta[0]), t)


@dataclass(frozen=True, slots=True)
class Johansen:
    """
    Rank by trace, and the first relation written for the price.

    ``trace`` and ``corrected`` (small-sample factor (T - n k)/T) hold one value
    for each rank from none. ``rates`` and ``constant`` are those of
    ``price = rates . costs + constant``.
    """

    trace: tuple[float, ...]
    corrected: tuple[float, ...]
    critical_5pct: tuple[float, ...]
    rank: int
    rates: FloatArray
    constant: float
    nobs: int


def johansen(y: FloatArray, x: FloatArray, lags: int = 2, seasons: FloatArray | None = None) -> Johansen:
    """
    Return Johansen's relations with the constant restricted to them.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
    lags : int
        Of the vector autoregression in levels, at least 2.
    seasons : array, shape (n, m), optional
        Centred seasonal dummies, unrestricted.

    Notes
    -----
    The eigenproblem itself: statsmodels' ``coint_johansen`` knows neither the
    restricted constant nor seasons. Columns are scaled first.
    """
    centre, scale = np.append(y.mean(), x.mean(axis=0)), np.append(y.std(), x.std(axis=0))
    levels = (np.column_stack([y, x]) - centre) / scale
    n, m = levels.shape
    steps = np.diff(levels, axis=0)
    t = n - lags
    z0 = steps[lags - 1 :]
    z1 = np.column_stack([levels[lags - 1 : -1], np.ones(t)])
    late = [steps[lags - 1 - i : n - 1 - i] for i in range(1, lags)]
    if seasons is not None:
        late.append(seasons[lags:])
    if late:
        q, _ = np.linalg.qr(np.column_stack(late))
        z0, z1 = z0 - q @ (q.T @ z0), z1 - q @ (q.T @ z1)
    s00, s01, s11 = z0.T @ z0 / t, z0.T @ z1 / t, z1.T @ z1 / t
    values, vectors = eigh(s01.T @ np.linalg.solve(s00, s01), s11)
    order = np.argsort(values)[::-1][:m]
    if not np.all(values[order] < 1.0):
        raise np.linalg.LinAlgError("eigenvalue of one: the series are collinear")
    logs = np.log(1.0 - values[order])
    trace = tuple(float(-t * logs[r:].sum()) for r in range(m))
    corrected = tuple(value * (t - m * lags) / t for value in trace)
    critical = tuple(TRACE_5PCT[m - r] for r in range(m))
    rank = next((r for r in range(m) if corrected[r] < critical[r]), m)
    first = vectors[:, order[0]]
    # In scaled units the relation is b0 (y - c0)/s0 + b (x - c)/s + d = 0.
    rates = -(first[1:m] / scale[1:]) / (first[0] / scale[0])
    constant = centre[0] - float(rates @ centre[1:]) - float(first[m] * scale[0] / first[0])
    return Johansen(trace, corrected, critical, rank, rates, constant, t)
