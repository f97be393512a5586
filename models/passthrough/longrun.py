"""The long-run rate with its Fieller set, which may be unbounded and is then reported as such."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.passthrough.ardl import Ardl
from models.passthrough.regression import t_quantile, t_two_sided

Shape = Literal["interval", "two_rays", "everything"]


@dataclass(frozen=True, slots=True)
class FiellerSet:
    """
    All rates that the data do not reject.

    ``interval``: from ``low`` to ``high``. ``two_rays``: everything up to
    ``low`` and everything from ``high``. ``everything``: nothing is excluded.
    """

    shape: Shape
    low: float
    high: float
    level: float = 0.95

    @property
    def bounded(self) -> bool:
        """Whether the set ends on both sides."""
        return self.shape == "interval"

    def holds(self, rate: float) -> bool:
        """Tell whether a rate is in the set."""
        if self.shape == "everything":
            return True
        inside = self.low <= rate <= self.high
        return inside if self.bounded else rate <= self.low or rate >= self.high

    def __str__(self) -> str:
        if self.shape == "everything":
            return "(-inf, inf)"
        if self.shape == "two_rays":
            return f"(-inf, {self.low:.4f}] or [{self.high:.4f}, inf)"
        return f"[{self.low:.4f}, {self.high:.4f}]"


def fieller(b: float, s: float, vbb: float, vss: float, vsb: float, q: float, level: float = 0.95) -> FiellerSet:
    """
    Return the Fieller set of b / s.

    Parameters
    ----------
    b, s : float
        Numerator and denominator.
    vbb, vss, vsb : float
        Their variances and covariance.
    q : float
        Two-sided quantile for ``level``.

    Notes
    -----
    ``(S^2 - q^2 Vss) theta^2 - 2 (S B - q^2 Vsb) theta + (B^2 - q^2 Vbb) <= 0``
    (``passthrough.md`` 5.2). First bracket not positive: the set is unbounded.

    Examples
    --------
    >>> str(fieller(1.0, 0.1, 0.01, 0.01, 0.0, 2.0))
    '(-inf, -9.8992] or [3.2326, inf)'
    """
    first, middle, last = s * s - q * q * vss, s * b - q * q * vsb, b * b - q * q * vbb
    inner = middle * middle - first * last
    if first > 0:
        root = float(np.sqrt(max(inner, 0.0)))
        return FiellerSet("interval", (middle - root) / first, (middle + root) / first, level)
    if inner <= 0 or first == 0:
        return FiellerSet("everything", -np.inf, np.inf, level)
    root = float(np.sqrt(inner))
    low, high = sorted(((middle - root) / first, (middle + root) / first))
    return FiellerSet("two_rays", low, high, level)


@dataclass(frozen=True, slots=True)
class LongRun:
    """Long-run rate of one cost: B / S with its set; the delta-method error is secondary."""

    theta: float
    se_delta: float
    within: FiellerSet
    b: float
    s: float
    vbb: float
    vss: float
    vsb: float
    df: int

    def t_of(self, rate: float) -> float:
        """Return the t statistic of ``theta = rate``, as ``B - rate S = 0``: no division by what may be zero."""
        return (self.b - rate * self.s) / float(np.sqrt(self.vbb - 2.0 * rate * self.vsb + rate * rate * self.vss))

    def p_of(self, rate: float) -> float:
        """Return the two-sided p-value of ``theta = rate``."""
        return t_two_sided(self.t_of(rate), self.df)


def long_run(model: Ardl, j: int = 0, level: float = 0.95) -> LongRun:
    """
    Return the long-run rate of cost ``j``.

    Parameters
    ----------
    model : Ardl
    j : int
        Place of the cost; 0 is the carbon cost.
    level : float
        Of the Fieller set.
    """
    picks = model.picks()[[0, j + 1]]
    own, b = (float(v) for v in picks @ model.fit.beta)
    cov = picks @ model.fit.cov @ picks.T
    s, vbb, vss, vsb = 1.0 - own, float(cov[1, 1]), float(cov[0, 0]), -float(cov[0, 1])
    theta = b / s if s != 0 else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        se = float(np.sqrt(max(vbb - 2.0 * theta * vsb + theta * theta * vss, 0.0)) / abs(s)) if s != 0 else np.nan
    q = t_quantile(level, model.fit.df)
    return LongRun(theta, se, fieller(b, s, vbb, vss, vsb, q, level), b, s, vbb, vss, vsb, model.fit.df)
