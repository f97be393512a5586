"""
Many small regressions at once: rolling windows, errors robust to serial correlation, block bootstrap.

Normal equations on centred data, solved entry by entry: one array for each
entry of the matrices, so that the machine works on columns and not on thousands
of small systems. Centring comes first: on prices near 100,000 uncentred running
sums lose the slope in the fourth digit (``passthrough.md`` 6).
"""

from __future__ import annotations

import numpy as np

from models.passthrough.errors import NotEstimable
from models.units import FloatArray

#: Below this share of its own sum of squares a pivot is rounding, not data.
_PIVOT = 1e-11
#: Series handled at a time: their columns stay in the cache.
_BLOCK = 64
Entries = list[list[FloatArray]]


def _still() -> NotEstimable:
    return NotEstimable(
        why_zh="某个窗口内解释变量共线或不变动",
        why_en="within a window a column is collinear or never moves",
        mend_zh="请加长窗口。",
        mend_en="Lengthen the window.",
    )


def solve_entries(gram: Entries, right: list[FloatArray]) -> list[FloatArray]:
    """Return the solutions of many symmetric systems; ``gram[i][j]``, j <= i, holds one entry of all of them."""
    k = len(right)
    low: Entries = [[np.empty(0)] * k for _ in range(k)]
    scaled: list[FloatArray] = []
    for i in range(k):
        for j in range(i):
            value = gram[i][j].copy()
            for m in range(j):
                value -= low[i][m] * low[j][m]
            low[i][j] = value / low[j][j]
        pivot = gram[i][i].copy()
        for m in range(i):
            pivot -= low[i][m] ** 2
        if np.any(~(pivot > _PIVOT * np.abs(gram[i][i]))):
            raise _still()
        low[i][i] = np.sqrt(pivot)
        value = right[i].copy()
        for m in range(i):
            value -= low[i][m] * scaled[m]
        scaled.append(value / low[i][i])
    answer: list[FloatArray] = [np.empty(0)] * k
    for i in reversed(range(k)):
        value = scaled[i]
        for m in range(i + 1, k):
            value = value - low[m][i] * answer[m]
        answer[i] = value / low[i][i]
    return answer


def rolling_ols(y: FloatArray, x: FloatArray, window: int) -> FloatArray:
    """
    Return the coefficients of every window of many series.

    Parameters
    ----------
    y : array, shape (m, n)
        A row for each series.
    x : array, shape (m, n, k)
        Columns without the constant, which is added.
    window : int
        Observations of each window.

    Returns
    -------
    array, shape (m, n - window + 1, k + 1)
        Constant first.
    """
    m, n, k = x.shape
    found = np.empty((m, n - window + 1, k + 1))
    for first in range(0, m, _BLOCK):
        part = slice(first, first + _BLOCK)
        found[part] = _windows(y[part], x[part], window)
    return found


def _windows(y: FloatArray, x: FloatArray, window: int) -> FloatArray:
    k = x.shape[2]
    every = [*np.moveaxis(x, 2, 0), y]
    means = [one.mean(axis=1, keepdims=True) for one in every]
    centred = [np.ascontiguousarray(one - mean) for one, mean in zip(every, means, strict=True)]
    steps = y.shape[1] - window

    def rolled(first: FloatArray, enters: FloatArray, leaves: FloatArray) -> FloatArray:
        """Return the sum of the first window, then what enters less what leaves."""
        total = np.empty((len(first), steps + 1))
        total[:, 0] = first
        np.subtract(enters, leaves, out=total[:, 1:])
        return np.cumsum(total, axis=1, out=total)

    level = [rolled(one[:, :window].sum(axis=1), one[:, window:], one[:, :steps]) for one in centred]

    def crossed(a: int, b: int) -> FloatArray:
        u, v = centred[a], centred[b]
        first = np.einsum("ij,ij->i", u[:, :window], v[:, :window])
        total = rolled(first, u[:, window:] * v[:, window:], u[:, :steps] * v[:, :steps])
        least = _PIVOT * total if a == b else None
        total -= level[a] * (level[b] / window)
        if least is not None and np.any(~(total > least)):
            raise _still()
        return total

    gram = [[crossed(i, j) for j in range(i + 1)] for i in range(k)]
    slopes = solve_entries(gram, [crossed(i, k) for i in range(k)])
    constant = means[k] + level[k] / window
    for slope, mean, total in zip(slopes, means, level, strict=False):
        constant = constant - slope * (mean + total / window)
    return np.stack([constant, *slopes], axis=2)


def hac_ols(y: FloatArray, x: FloatArray, lags: int) -> tuple[FloatArray, FloatArray]:
    """
    Return coefficients and Newey-West errors of many series.

    Parameters
    ----------
    y : array, shape (m, n)
    x : array, shape (m, n, k)
        Columns without the constant, which is added.
    lags : int
        Of the Bartlett weights; no small-sample factor.

    Returns
    -------
    beta, errors : array, shape (m, k + 1)
    """
    m, _, k = x.shape
    beta, errors = np.empty((m, k + 1)), np.empty((m, k + 1))
    for first in range(0, m, _BLOCK):
        part = slice(first, first + _BLOCK)
        beta[part], errors[part] = _robust(y[part], x[part], lags)
    return beta, errors


def _robust(y: FloatArray, x: FloatArray, lags: int) -> tuple[FloatArray, FloatArray]:
    m, n, k = x.shape
    mean = x.mean(axis=1)
    turned = np.empty((m, k + 1, n))
    turned[:, 0] = 1.0
    np.subtract(x.transpose(0, 2, 1), mean[:, :, None], out=turned[:, 1:])
    inverse = np.linalg.inv(turned @ turned.transpose(0, 2, 1))
    middle_y = y.mean(axis=1, keepdims=True)
    centred = y - middle_y
    beta = (inverse @ (turned @ centred[:, :, None]))[:, :, 0]
    resid = centred - (beta[:, None, :] @ turned)[:, 0]
    # Bartlett's weights are the overlaps of windows of lags + 1: the weighted sum of all lagged products is the
    # sum of squares of moving sums over lags + 1.
    summed = np.zeros((m, k + 1, n + 2 * lags + 1))
    np.cumsum(turned * resid[:, None, :], axis=2, out=summed[:, :, lags + 1 : lags + 1 + n])
    summed[:, :, lags + 1 + n :] = summed[:, :, lags + n : lags + n + 1]
    moving = summed[:, :, lags + 1 :] - summed[:, :, : n + lags]
    cov = inverse @ (moving @ moving.transpose(0, 2, 1) / (lags + 1.0)) @ inverse
    # Back from centred columns: the constant is beta_0 - mean . slopes.
    turn = np.tile(np.eye(k + 1), (m, 1, 1))
    turn[:, 0, 1:] = -mean
    cov = turn @ cov @ turn.transpose(0, 2, 1)
    beta[:, 0] += middle_y[:, 0] - np.einsum("mk,mk->m", mean, beta[:, 1:])
    return beta, np.sqrt(np.einsum("mii->mi", cov))


def block_counts(n: int, block: int, draws: int, rng: np.random.Generator) -> FloatArray:
    """Return how often each observation is drawn by circular blocks, shape (draws, n); each row adds up to n."""
    starts = rng.integers(0, n, (draws, -(-n // block)))
    rows = (starts[:, :, None] + np.arange(block)).reshape(draws, -1)[:, :n] % n
    flat = rows + n * np.arange(draws)[:, None]
    return np.bincount(flat.ravel(), minlength=draws * n).reshape(draws, n).astype(np.float64)


def block_bootstrap(y: FloatArray, x: FloatArray, counts: FloatArray) -> FloatArray:
    """
    Refit a regression on block-bootstrap samples by how often each observation is drawn.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
        Columns without the constant, which is added.
    counts : array, shape (draws, n)
        From ``block_counts``.

    Returns
    -------
    array, shape (draws, k + 1)
        Constant first.
    """
    n, k = x.shape
    mean = np.append(x.mean(axis=0), y.mean())
    every = np.column_stack([x, y]) - mean
    at = np.tril_indices(k + 1)
    sums = counts @ np.concatenate([every, every[:, at[0]] * every[:, at[1]]], axis=1)
    level, products = sums[:, : k + 1].T, sums[:, k + 1 :].T
    where = {(int(i), int(j)): p for p, (i, j) in enumerate(zip(*at, strict=True))}
    gram = [[products[where[i, j]] - level[i] * level[j] / n for j in range(i + 1)] for i in range(k)]
    slopes = solve_entries(gram, [products[where[k, i]] - level[k] * level[i] / n for i in range(k)])
    constant = mean[k] + level[k] / n
    for i, slope in enumerate(slopes):
        constant = constant - slope * (mean[i] + level[i] / n)
    return np.stack([constant, *slopes], axis=1)
