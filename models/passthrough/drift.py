"""A rate that drifts: random-walk coefficient by Kalman filter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from models.units import FloatArray


@dataclass(frozen=True, slots=True)
class Drift:
    """
    Filtered path of the first cost's coefficient, with its error.

    ``ratio`` is the variance of one step of the coefficients over that of the
    error, by maximum likelihood; 0 is a rate that stands still. ``gain`` is twice
    the log-likelihood won over standing still.
    """

    path: FloatArray
    error: FloatArray
    ratio: float
    gain: float


def _filter(y: FloatArray, x: FloatArray, ratio: float) -> tuple[FloatArray, FloatArray, float]:
    n, k = x.shape
    beta, cov = np.zeros(k), np.eye(k) * 1e7
    path, error = np.empty(n), np.empty(n)
    logs, squares, counted = 0.0, 0.0, 0
    step = np.eye(k) * ratio
    step[0, 0] = 0.0
    for t in range(n):
        row = x[t]
        cov = cov + step
        spread = float(row @ cov @ row) + 1.0
        gain = cov @ row / spread
        miss = float(y[t] - row @ beta)
        beta = beta + gain * miss
        cov = cov - np.outer(gain, gain) * spread
        path[t], error[t] = beta[1], cov[1, 1]
        if t >= k:
            logs += np.log(spread)
            squares += miss * miss / spread
            counted += 1
    variance = squares / counted
    return path, np.sqrt(np.maximum(error, 0.0) * variance), -0.5 * (counted * np.log(variance) + logs)


def random_walk_rate(y: FloatArray, x: FloatArray) -> Drift:
    """
    Let the coefficients of the costs walk and filter their path.

    Parameters
    ----------
    y : array, shape (n,)
        Price, or its changes.
    x : array, shape (n, k)
        Costs of the same kind; the constant that is added stands still.
    """
    scale = x.std(axis=0)
    columns = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / scale])
    centred = y - y.mean()
    still = _filter(centred, columns, 0.0)
    found = minimize_scalar(
        lambda log: -_filter(centred, columns, float(np.exp(log)))[2], bounds=(-16.0, 2.0), method="bounded",
        options={"maxiter": 25},
    )  # fmt: skip
    ratio = float(np.exp(found.x))
    path, error, likelihood = _filter(centred, columns, ratio)
    if likelihood <= still[2]:
        path, error, likelihood, ratio = *still, 0.0
    return Drift(path / scale[0], error / scale[0], ratio, 2.0 * (likelihood - still[2]))
