"""
Probabilities of default over shared price draws, without one exponential per loan and draw.

A PD is monotone in one price, so a quantile of the PD is the PD at a quantile
of the draws. The mean is a quadrature whose nodes and weights belong to the
draws themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh_tridiagonal

from models.units import FloatArray

METHOD = "finance.draws/1"
#: Relative error of the mean that is allowed, checked against every draw before a rule is used.
MOST_ERROR = 1e-6
_COUNTS = (6, 8, 12, 16, 24, 32, 48, 64)
_CHUNK = 16_384
_GRID = 17


def gauss_of_draws(draws: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """
    Return nodes and weights that give the mean of every polynomial up to degree 2 count - 1 over the draws exactly.

    Parameters
    ----------
    draws : array, shape (m,)
        Draws of equal weight, of at least ``count`` different values.

    Notes
    -----
    Lanczos recurrence with full reorthogonalisation, then the eigenvalues of the
    Jacobi matrix (Golub and Welsch 1969). The draws are centred and scaled first.
    """
    centre, scale = draws.mean(), draws.std()
    x = (draws - centre) / scale
    basis = np.empty((count, x.size))
    basis[0] = 1.0 / np.sqrt(x.size)
    diagonal, beside = np.empty(count), np.empty(count - 1)
    for k in range(count):
        v = x * basis[k]
        diagonal[k] = basis[k] @ v
        if k + 1 == count:
            break
        for _ in range(2):
            v = v - basis[: k + 1].T @ (basis[: k + 1] @ v)
        beside[k] = np.linalg.norm(v)
        basis[k + 1] = v / beside[k]
    at, vectors = eigh_tridiagonal(diagonal, beside)
    return centre + scale * at, vectors[0] ** 2


@dataclass(frozen=True, slots=True)
class PdDraws:
    """Mean and quantiles of the PD of each loan, shape (n,); ``nodes`` is the size of the rule, 0 for every draw."""

    mean: FloatArray
    quantiles: dict[float, FloatArray]
    nodes: int
    error: float


def pd_over_draws(intercept: FloatArray, slope: FloatArray, draws: FloatArray, levels: Sequence[float]) -> PdDraws:
    """
    Return mean and quantiles of PD = 1 / (1 + exp(-(a + b x))) over shared price draws.

    Parameters
    ----------
    intercept, slope : array, shape (n,)
        a and b of each loan; b in 1 per unit of price.
    draws : array, shape (m,)
        Prices shared by all loans.
    levels : sequence of float
        Quantiles asked for, as order statistics of the draws (the smallest draw
        at or above which the level is reached), so that each is a PD of one draw.

    Returns
    -------
    PdDraws
        Each PD within ``MOST_ERROR`` relative of the mean over every draw.

    Notes
    -----
    The rule is enlarged until it agrees with every draw on a grid over the range
    of a and b; where none does, every draw is computed.
    """
    ordered = np.sort(np.asarray(draws, dtype=np.float64))
    m = ordered.size
    finite = np.isfinite(intercept) & np.isfinite(slope)
    nodes, weights, error = _rule(intercept[finite], slope[finite], ordered)
    mean = _mean(intercept, slope, nodes, weights)
    quantiles = {}
    for level in levels:
        up = min(max(int(np.ceil(level * m)) - 1, 0), m - 1)
        down = m - 1 - min(max(int(np.ceil(level * m)) - 1, 0), m - 1)
        quantiles[level] = _sigmoid(intercept + slope * np.where(slope < 0, ordered[down], ordered[up]))
    return PdDraws(mean, quantiles, nodes.size if nodes.size < m else 0, error)


def _rule(a: FloatArray, b: FloatArray, draws: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    every = np.full(draws.size, 1.0 / draws.size)
    different = np.unique(draws).size
    if not a.size or different == 1:
        return draws[:1], np.ones(1), 0.0
    grid_a, grid_b = (np.linspace(v.min(), v.max(), _GRID) for v in (a, b))
    at_a, at_b = (v.ravel() for v in np.meshgrid(grid_a, grid_b))
    # The corners of the range bound the loans, and loans themselves are looked at where they are.
    some = np.linspace(0, a.size - 1, min(a.size, 256)).astype(np.intp)
    at_a, at_b = np.concatenate((at_a, a[some])), np.concatenate((at_b, b[some]))
    exact = _mean(at_a, at_b, draws, every)
    for count in _COUNTS:
        if count >= different:
            break
        nodes, weights = gauss_of_draws(draws, count)
        error = float(np.max(np.abs(_mean(at_a, at_b, nodes, weights) / exact - 1.0)))
        if error <= MOST_ERROR:
            return nodes, weights, error
    return draws, every, 0.0


def _mean(a: FloatArray, b: FloatArray, nodes: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the weighted mean of the PD over nodes, in chunks that stay in cache."""
    out = np.zeros(a.size)
    for start in range(0, a.size, _CHUNK):
        here = slice(start, start + _CHUNK)
        total, z = np.zeros(a[here].size), np.empty(a[here].size)
        with np.errstate(over="ignore"):
            for x, w in zip(nodes, weights, strict=True):
                np.multiply(b[here], -x, out=z)
                z -= a[here]
                np.exp(z, out=z)
                z += 1.0
                np.divide(w, z, out=z)
                total += z
        out[here] = total
    return out


def _sigmoid(z: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-z)))
