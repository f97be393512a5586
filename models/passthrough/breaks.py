"""
Breaks in the level relation: sup-F for one, least-squares partition for several, number by BIC and by sequential F.

The errors of a level relation are serially correlated, so that textbook
boundaries of sup-F find breaks where there are none: its p-value comes from
paths of the estimated model, in which there is no break.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models.passthrough.errors import NotEstimable
from models.passthrough.regression import ols
from models.units import FloatArray

LEAST_SEGMENT = 0.15


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch without a break: first and last observation, and its relation."""

    first: int
    last: int
    coefficients: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Breaks:
    """
    sup-F with its bootstrap p-value, and the partition that BIC prefers.

    ``last`` holds the last observation before each break. ``bic`` holds one
    value for each number of breaks from none. ``by_sequence`` is the number at
    which no segment holds one more by sup-F; ``None`` without stable paths.
    """

    sup_f: float
    sup_f_at: int
    sup_f_p: float | None
    last: tuple[int, ...]
    bic: tuple[float, ...]
    segments: tuple[Segment, ...]
    by_sequence: int | None

    @property
    def found(self) -> bool:
        """Whether one break is beyond what a stable relation shows by chance."""
        return self.sup_f_p is not None and self.sup_f_p < 0.05 and bool(self.last)


def _ridge(x: FloatArray, shortest: int) -> float:
    """
    Return what is added to the diagonal of a stretch's products, in their rotated units.

    Nothing, unless some cost stands still as long as a segment: such a segment
    has no relation of its own, and its residuals are those of what still moves.
    """
    for column in x.T:
        moved = np.flatnonzero(np.concatenate(([True], np.diff(column) != 0, [True])))
        if np.diff(moved).max(initial=0) >= shortest - 1:
            return 1e-9 * len(x)
    return 0.0


def _prepared(y: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the columns rotated to length one and the price less its mean: running sums of large prices lose digits."""
    q, _ = np.linalg.qr(np.column_stack([np.ones(len(x)), x]))
    return y - y.mean(axis=-1, keepdims=True), q * np.sqrt(len(x))


def sup_f(y: FloatArray, x: FloatArray, least: float = LEAST_SEGMENT) -> tuple[FloatArray, FloatArray]:
    """
    Return sup-F and the last observation before the break that gives it.

    Parameters
    ----------
    y : array, shape (n,) or (draws, n)
        Prices; a row for each draw.
    x : array, shape (n, k)
        Costs, the same for all; a constant is added.
    least : float
        Share of the sample that each side keeps.

    Returns
    -------
    statistic, at : array, shape () or (draws,)
        ``(SSR - SSR1 - SSR2) / ((SSR1 + SSR2) / (n - 2 k))``, the form of R's
        strucchange (Andrews 1993): not divided by k.
    """
    rows, q = _prepared(np.atleast_2d(y), x)
    n, k = q.shape
    trim = max(int(np.floor(least * n)), k + 1)
    cuts = np.arange(trim, n - trim + 1)
    gram = np.cumsum(q[:, :, None] * q[:, None, :], axis=0)[cuts - 1]
    cross = np.cumsum(rows[:, :, None] * q, axis=1)
    whole, cross = cross[:, -1], cross[:, cuts - 1]
    ridge = _ridge(x, trim) * np.eye(k)
    full = np.asarray(q.T @ q)
    left = np.linalg.inv(gram + ridge)
    right = np.linalg.inv(full - gram + ridge)
    rest = whole[:, None] - cross
    explained = np.einsum("dci,cij,dcj->dc", cross, left, cross, optimize=True)
    explained += np.einsum("dci,cij,dcj->dc", rest, right, rest, optimize=True)
    total = np.einsum("dn,dn->d", rows, rows)
    once = total - np.einsum("di,ij,dj->d", whole, np.linalg.inv(full), whole)
    split = total[:, None] - explained
    # Two lines that explain all are a break beyond doubt, unless one line does so too.
    beyond = np.where(once > 1e-12 * total, np.inf, 0.0)
    f = np.repeat(beyond[:, None], len(cuts), axis=1)
    np.divide(once[:, None] - split, split / (n - 2 * k), out=f, where=split > 0.0)
    best = f.argmax(axis=1)
    top, at = f[np.arange(len(f)), best], cuts[best] - 1
    return (top[0], at[0]) if y.ndim == 1 else (top, at)


def segment_ssr(y: FloatArray, x: FloatArray, shortest: int) -> FloatArray:
    """Return the SSR of every stretch, shape (n, n + 1): from row i to before column j; infinite where too short."""
    centred, q = _prepared(y, x)
    n, k = q.shape
    every = np.column_stack([q, centred])
    sums = np.concatenate([np.zeros((1, k + 1, k + 1)), np.cumsum(every[:, :, None] * every[:, None, :], axis=0)])
    ssr = np.full((n, n + 1), np.inf)
    ridge = _ridge(x, shortest) * np.eye(k)
    for i in range(n - shortest + 1):
        held = sums[i + shortest :] - sums[i]
        cross = held[:, :k, k]
        beta = np.linalg.solve(held[:, :k, :k] + ridge, cross[:, :, None])[:, :, 0]
        ssr[i, i + shortest :] = held[:, k, k] - np.einsum("ji,ji->j", cross, beta)
    return ssr


def partition(
    y: FloatArray, x: FloatArray, least: float = LEAST_SEGMENT, most: int = 5
) -> tuple[list[tuple[int, ...]], FloatArray]:
    """
    Return the best partition for each number of breaks, and its BIC.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
    least : float
        Shortest segment as a share of the sample.
    most : int
        Most breaks looked for; never more than the segments allow.

    Notes
    -----
    Dynamic programming (Bai and Perron 2003). ``BIC = n (log(SSR/n) + 1 + log 2
    pi) + (k + 1)(m + 1) log n``, k with the constant, as R's strucchange has it.
    """
    n, k = len(y), x.shape[1] + 1
    shortest = max(int(np.floor(least * n)), k + 2)
    ssr = segment_ssr(y, x, shortest)
    most = min(most, n // shortest - 1)
    best = ssr[0].copy()
    parts: list[tuple[int, ...]] = [()]
    totals = [best[n]]
    come: list[FloatArray] = []
    for m in range(1, most + 1):
        through = best[:n, None] + ssr
        frm = through.argmin(axis=0)
        best = through[frm, np.arange(n + 1)]
        come.append(frm)
        at, cuts = n, []
        for back in reversed(come):
            at = int(back[at])
            cuts.append(at - 1)
        parts.append(tuple(reversed(cuts)))
        totals.append(best[n])
        if m and not np.isfinite(best[n]):
            parts.pop()
            totals.pop()
            break
    used = np.arange(len(parts))
    bic = n * (np.log(np.array(totals) / n) + 1.0 + np.log(2.0 * np.pi)) + np.log(n) * (k + 1) * (used + 1)
    return parts, bic


def sequential(
    y: FloatArray, x: FloatArray, stable: FloatArray, parts: list[tuple[int, ...]], least: float = LEAST_SEGMENT
) -> int:
    """
    Return how many breaks sup-F finds one after another.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
    stable : array, shape (draws, n)
        Paths of a model without break, cut at the same places.
    parts : list
        Best partition for each number of breaks, from ``partition``.
    least : float
        Share of a segment that each side keeps.

    Notes
    -----
    Bai and Perron (1998): one break more as long as the largest sup-F within the
    segments lies beyond 95 % of what the stable paths give at the same cuts.
    """
    fewest = 4 * (x.shape[1] + 2)
    for count, cuts in enumerate(parts):
        edges = [0, *(cut + 1 for cut in cuts), len(y)]
        inside = [slice(a, b) for a, b in pairwise(edges) if b - a >= fewest]
        if not inside:
            return count
        most = max(float(sup_f(y[one], x[one], least)[0]) for one in inside)
        by_chance = np.max([sup_f(stable[:, one], x[one], least)[0] for one in inside], axis=0)
        if (1 + int((by_chance >= most).sum())) / (1 + by_chance.size) >= 0.05:
            return count
    return len(parts) - 1


def breaks(y: FloatArray, x: FloatArray, stable: FloatArray | None = None, least: float = LEAST_SEGMENT) -> Breaks:
    """
    Look for breaks in the relation of price and costs.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
    stable : array, shape (draws, n), optional
        Paths of a model without break, for the p-value of sup-F.
    least : float
        Shortest segment as a share of the sample.
    """
    statistic, at = sup_f(y, x, least)
    p = None
    if stable is not None:
        by_chance, _ = sup_f(stable, x, least)
        p = float((1 + int((by_chance >= statistic).sum())) / (1 + by_chance.size))
    parts, bic = partition(y, x, least)
    last = parts[int(bic.argmin())]
    edges = [0, *(cut + 1 for cut in last), len(y)]
    segments = []
    for first, stop in pairwise(edges):
        columns = np.column_stack([np.ones(stop - first), x[first:stop]])
        try:
            beta = ols(y[first:stop], columns, tuple(f"column {i}" for i in range(columns.shape[1]))).beta
        except NotEstimable:
            # A cost that stands still within one segment leaves that segment without a relation of its own.
            beta = np.full(columns.shape[1], np.nan)
        segments.append(Segment(first, stop - 1, tuple(float(b) for b in beta)))
    count = None if stable is None else sequential(y, x, stable, parts, least)
    return Breaks(float(statistic), int(at), p, last, tuple(float(b) for b in bic), tuple(segments), count)
