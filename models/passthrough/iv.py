"""Instruments: effective first-stage F, and the Anderson-Rubin set, which holds however weak they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri

from models.passthrough.errors import NotEstimable
from models.passthrough.longrun import FiellerSet
from models.units import FloatArray

#: Below this effective F a point estimate is not shown.
STRONG_F = 10.0


@dataclass(frozen=True, slots=True)
class Instrumented:
    """
    What instruments say of a rate.

    ``rate`` is two-stage least squares, ``None`` where the instruments are weak:
    then only the set counts. ``within`` may be unbounded; it is ``None`` where
    no rate at all fits, which speaks against the instruments.
    """

    effective_f: float
    rate: float | None
    within: FiellerSet | None
    nobs: int


def anderson_rubin(
    y: FloatArray, cost: FloatArray, instruments: FloatArray, others: FloatArray, level: float = 0.95
) -> Instrumented:
    """
    Return the Anderson-Rubin set of the coefficient of ``cost``.

    Parameters
    ----------
    y, cost : array, shape (n,)
    instruments : array, shape (n, m)
        What moves the allowance supply only: auction volumes, announced rules.
    others : array, shape (n, k)
        Exogenous columns that stay; a constant is added.
    level : float

    Notes
    -----
    ``y - theta x`` on instruments and others: the set holds every theta whose F
    is not rejected, a quadratic inequality (Anderson and Rubin 1949). Effective
    F of Montiel Olea and Pflueger (2013), heteroskedasticity-robust.
    """
    n, m = instruments.shape
    kept, _ = np.linalg.qr(np.column_stack([np.ones(n), others]))
    k = kept.shape[1]
    df = n - k - m
    if df < 5:
        raise NotEstimable(
            field="instruments",
            why_zh="观测太少，不足以容纳工具变量",
            why_en="too few observations for the instruments",
            mend_zh="请减少工具变量。",
            mend_en="Name fewer instruments.",
        )

    def rest(v: FloatArray) -> FloatArray:
        return np.asarray(v - kept @ (kept.T @ v))

    moved = rest(instruments)
    z, r = np.linalg.qr(moved)
    if np.any(np.abs(np.diag(r)) < 1e-9 * np.sqrt((instruments**2).sum(axis=0)).max()):
        raise NotEstimable(
            field="instruments",
            why_zh="工具变量与外生变量共线或不变动",
            why_en="an instrument is collinear with the other columns or never moves",
            mend_zh="请更换工具变量。",
            mend_en="Use another instrument.",
        )
    a, b = rest(y), rest(cost)
    za, zb = z.T @ a, z.T @ b
    errors = b - z @ zb
    spread = float(((z * errors[:, None]) ** 2).sum())
    effective = float(zb @ zb) / spread
    rate = float(zb @ za / (zb @ zb)) if effective >= STRONG_F else None
    # (a - theta b)' [P - c M] (a - theta b) <= 0 with c = m F / df.
    c = m * float(fdtri(m, df, level)) / df

    def form(u: FloatArray, v: FloatArray, zu: FloatArray, zv: FloatArray) -> float:
        return float((1.0 + c) * (zu @ zv) - c * (u @ v))

    return Instrumented(
        effective, rate, _quadratic(form(b, b, zb, zb), form(a, b, za, zb), form(a, a, za, za), level), n
    )


def _quadratic(first: float, middle: float, last: float, level: float) -> FiellerSet | None:
    """Return the set of theta with first theta^2 - 2 middle theta + last <= 0."""
    inner = middle * middle - first * last
    if inner < 0:
        return None if first > 0 else FiellerSet("everything", -np.inf, np.inf, level)
    root = float(np.sqrt(inner))
    if first == 0:
        return FiellerSet("everything", -np.inf, np.inf, level)
    low, high = sorted(((middle - root) / first, (middle + root) / first))
    return FiellerSet("interval" if first > 0 else "two_rays", low, high, level)
