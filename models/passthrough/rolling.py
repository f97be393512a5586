"""
Many small regressions at once: rolling windows, errors robust to serial correlation, block bootstrap.

Normal equations on centred data, solved entry by entry: one array for each
entry of the matrices, so that the machine works on columns and not on thousands
of small systems. Centring comes first: on prices near 100,000 uncentred running
sums lose the slope in the fourth digit (``passthrough.md`` 6).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from models.passthrough.errors import NotEstimable
from models.units import FloatArray

IntArray: TypeAlias = NDArray[np.int32]

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
    mean = np.ones((1, n)) @ x / n
    middle_y = y.mean(axis=1, keepdims=True)
    turned = np.empty((m, k + 1, n))
    np.subtract(x.transpose(0, 2, 1), mean.transpose(0, 2, 1), out=turned[:, :k])
    np.subtract(y, middle_y, out=turned[:, k])
    gram = turned @ turned.transpose(0, 2, 1)
    inverse = np.linalg.inv(gram[:, :k, :k])
    slopes = (inverse @ gram[:, :k, k:])[:, :, 0]
    # Scores of constant and columns in one long row with gaps of zeros, so that windows never mix two of them.
    row = n + lags
    flat = np.zeros(m * (k + 1) * row + lags)
    scores = flat[lags:].reshape(m, k + 1, row)[:, :, :n]
    np.subtract(turned[:, k], (slopes[:, None] @ turned[:, :k])[:, 0], out=scores[:, 0])
    np.multiply(turned[:, :k], scores[:, :1], out=scores[:, 1:])
    # Bartlett's weights are the overlaps of windows of lags + 1: the weighted sum of all lagged products is the
    # sum of squares of moving sums over lags + 1.
    moving = window_sums(flat, lags + 1).reshape(m, k + 1, row)
    middle = moving @ moving.transpose(0, 2, 1) / (lags + 1.0)
    # Each estimate as weights of the scores; the constant is its centred self less mean . slopes.
    weights = np.zeros((m, k + 1, k + 1))
    weights[:, 0, 0] = 1.0 / n
    weights[:, 1:, 1:] = inverse
    weights[:, 0, 1:] = -(mean @ inverse)[:, 0]
    errors = np.sqrt(np.einsum("mij,mij->mi", weights @ middle, weights))
    constant = middle_y[:, 0] - np.einsum("mk,mk->m", mean[:, 0], slopes)
    return np.column_stack([constant, slopes]), errors


def window_sums(values: FloatArray, width: int) -> FloatArray:
    """
    Return the sum of each window of rows by doubling: no running total that would lose digits.

    Examples
    --------
    >>> window_sums(np.arange(6.0), 3).tolist()
    [3.0, 6.0, 9.0, 12.0]
    """
    power, size = values, 1
    total, done = values[:0], 0
    while True:
        if width & size:
            held = power if not done else total[: len(power) - done] + power[done:]
            total, done = held, done + size
        if 2 * size > width:
            return total
        power, size = power[:-size] + power[size:], 2 * size


def block_starts(n: int, block: int, draws: int, rng: np.random.Generator) -> IntArray:
    """Return where each circular block of each draw begins, shape (draws, blocks)."""
    return rng.integers(0, n, (draws, -(-n // block)), dtype=np.int32)


def block_counts(n: int, block: int, starts: IntArray) -> FloatArray:
    """Return how often each observation is drawn, shape (draws, n); each row adds up to n, its last block cut."""
    draws = len(starts)
    rows = (starts[:, :, None].astype(np.int64) + np.arange(block)).reshape(draws, -1)[:, :n] % n
    flat = rows + n * np.arange(draws)[:, None]
    return np.bincount(flat.ravel(), minlength=draws * n).reshape(draws, n).astype(np.float64)


def block_bootstrap(y: FloatArray, x: FloatArray, starts: IntArray, block: int) -> FloatArray:
    """
    Refit a regression on samples of circular blocks.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
        Columns without the constant, which is added.
    starts : array, shape (draws, blocks)
        From ``block_starts``.
    block : int
        Observations of a block; the last of a draw is cut so that a sample has n.

    Returns
    -------
    array, shape (draws, k + 1)
        Constant first.

    Notes
    -----
    The sums of every possible block are made once; how often a draw holds each
    block is a sparse matrix, and its product with them holds the normal
    equations of all draws.
    """
    n, k = x.shape
    blocks = starts.shape[1]
    every = np.vstack([x.T, y])
    mean = every.mean(axis=1)
    every -= mean[:, None]
    pairs = [(i, j) for i in range(k + 1) for j in range(i + 1)][:-1]
    first, second = np.array(pairs).T
    columns = np.concatenate([every, every[first] * every[second]]).T
    cut = n - (blocks - 1) * block
    around = np.ascontiguousarray(np.concatenate([columns, columns[:block]]))
    table = window_sums(around, block)[:n]
    pick = starts
    if cut != block:
        table = np.concatenate([table, window_sums(around, cut)[:n]])
        pick = starts.copy()
        pick[:, -1] += n
    ends = np.arange(0, pick.size + 1, blocks, dtype=np.int32)
    drawn = csr_array((np.ones(pick.size), pick.ravel(), ends), shape=(len(pick), len(table)))
    sums = np.ascontiguousarray((drawn @ table).T)
    level = sums[: k + 1]
    shift = level / n
    product = sums[k + 1 :]
    product -= level[first] * shift[second]
    system = np.empty((k, k + 1, len(starts)))
    system[second, first] = product
    inner = first < k
    system[first[inner], second[inner]] = product[inner]
    slopes = eliminate(system)
    shift += mean[:, None]
    found = np.empty((len(starts), k + 1))
    found[:, 0] = shift[k] - np.einsum("kd,kd->d", shift[:k], slopes)
    found[:, 1:] = slopes.T
    return found


def eliminate(system: FloatArray) -> FloatArray:
    """
    Return the solutions of many symmetric systems, shape (k, m).

    Parameters
    ----------
    system : array, shape (k, k + 1, m)
        Positive definite, the right side in the last column; it is overwritten.
    """
    k = len(system)
    least = _PIVOT * np.abs(system[range(k), range(k)])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for i in range(k):
            row = system[i, i + 1 :]
            row /= system[i, i]
            below = system[i + 1 :, i + 1 :]
            below -= system[i + 1 :, i, None] * row
    if np.any(~(system[range(k), range(k)] > least)):
        raise _still()
    found = system[:, k]
    for i in reversed(range(k - 1)):
        found[i] -= (system[i, i + 1 : k] * found[i + 1 :]).sum(axis=0)
    return np.asarray(found)
