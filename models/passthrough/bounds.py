"""
Bounds test of a level relation: F and t as restrictions on the fitted model, k without the dependent variable.

statsmodels 0.15.0 counts the dependent variable in k, refits without the fixed
regressors and has no t test (``passthrough.md`` 6); a test of ours fails on the
day that is repaired.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.passthrough.ardl import Ardl, Order
from models.units import FloatArray

Verdict = Literal["level_relation", "inconclusive", "no_level_relation"]
#: 5 % bounds of t, constant unrestricted, k = 1 to 4: Pesaran, Shin and Smith (2001), table CII(iii).
T_LOWER = -2.86
T_UPPER = {1: -3.22, 2: -3.53, 3: -3.78, 4: -3.99, 5: -4.19}
#: Below this sample the bounds are simulated with the actual T.
SMALL = 250


@dataclass(frozen=True, slots=True)
class Bounds:
    """Statistics, 5 % bounds, and what they say; ``simulated`` tells where the bounds come from."""

    f: float
    f_restricted_constant: float
    t: float
    k: int
    f_bounds: tuple[float, float]
    t_bounds: tuple[float, float]
    simulated: bool

    @property
    def f_verdict(self) -> Verdict:
        """What F says."""
        return _verdict(self.f, *self.f_bounds)

    @property
    def t_verdict(self) -> Verdict:
        """What t says."""
        return _verdict(-self.t, -self.t_bounds[0], -self.t_bounds[1])

    @property
    def verdict(self) -> Verdict:
        """A level relation needs both F and t; either one below its lower bound denies it."""
        both = (self.f_verdict, self.t_verdict)
        if "no_level_relation" in both:
            return "no_level_relation"
        return "inconclusive" if "inconclusive" in both else "level_relation"


def _verdict(value: float, lower: float, upper: float) -> Verdict:
    if value > upper:
        return "level_relation"
    return "inconclusive" if value > lower else "no_level_relation"


def statistics(model: Ardl) -> tuple[float, float, float]:
    """Return F in case 3, F in case 2 (constant restricted) and t of the level of the price."""
    picks = model.picks()
    fit = model.fit
    gap = picks @ fit.beta
    gap[0] -= 1.0
    cov = picks @ fit.cov @ picks.T
    f3 = float(gap @ np.linalg.solve(cov, gap) / gap.size)
    constant = np.zeros((1, fit.beta.size))
    constant[0, 0] = 1.0
    more = np.vstack([picks, constant])
    gap2 = np.append(gap, fit.beta[0])
    f2 = float(gap2 @ np.linalg.solve(more @ fit.cov @ more.T, gap2) / gap2.size)
    return f3, f2, float(gap[0] / np.sqrt(cov[0, 0]))


def asymptotic(k: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the 5 % bounds of F and t in case 3, with the table of statsmodels, which is right for the right k."""
    # Half a second of import that only this table needs.
    from statsmodels.tsa.ardl.pss_critical_values import crit_percentiles, crit_vals

    at = int(np.argmin(np.abs(np.asarray(crit_percentiles) - 95.0)))
    lower, upper = (float(crit_vals[(k, 3, high)][at]) for high in (False, True))
    return (lower, upper), (T_LOWER, T_UPPER[k])


def simulated(
    nobs: int, order: Order, rng: np.random.Generator, *, draws: int = 10_000, level: float = 0.95
) -> tuple[tuple[float, float], tuple[float, float]]:
    """
    Return bounds of F and t for the actual sample and order.

    Parameters
    ----------
    nobs : int
        Observations of the fit.
    order : Order
        Its lags: they cost degrees of freedom here as there.
    rng : Generator
    draws : int
        Samples for each of the two bounds.

    Notes
    -----
    Pesaran, Shin and Smith (2001): the price is a random walk; costs are white
    noise for the lower and random walks for the upper bound.
    """
    found = [_draw(nobs, order, rng, draws, walking=walking) for walking in (False, True)]
    f = tuple(float(np.quantile(f, level)) for f, _ in found)
    t = tuple(float(np.quantile(t, 1.0 - level)) for _, t in found)
    return (f[0], f[1]), (t[0], t[1])


def _draw(
    nobs: int, order: Order, rng: np.random.Generator, draws: int, *, walking: bool
) -> tuple[FloatArray, FloatArray]:
    k, first = len(order.q), order.first + 1
    fs, ts = [], []
    chunk = max(1, 2_000_000 // ((nobs + first) * (2 + k)))
    for done in range(0, draws, chunk):
        size = min(chunk, draws - done)
        noise = rng.standard_normal((size, 1 + k, nobs + first))
        dy = noise[:, 0]
        y = np.cumsum(dy, axis=1)
        x = np.cumsum(noise[:, 1:], axis=2) if walking else noise[:, 1:]
        dx = np.diff(x, axis=2, prepend=0.0)
        stop = nobs + first
        level = [y[:, first - 1 : stop - 1], *(x[:, j, first - 1 : stop - 1] for j in range(k))]
        short = [dy[:, first - i : stop - i] for i in range(1, order.p)]
        short += [dx[:, j, first - lag : stop - lag] for j, q in enumerate(order.q) for lag in range(q)]
        every = np.stack([*short, *level, dy[:, first:stop]], axis=1)
        every -= every.mean(axis=2, keepdims=True)
        gram = every @ every.transpose(0, 2, 1)
        scale = np.sqrt(np.einsum("dii->di", gram))
        root = np.linalg.cholesky(gram / scale[:, :, None] / scale[:, None, :])
        # With the price last, the factor's last row holds what each block explains and what is left.
        free, m = len(short), k + 1
        row = root[:, -1]
        left = row[:, -1] ** 2
        df = nobs - 1 - free - m
        fs.append((row[:, free : free + m] ** 2).sum(axis=1) / m / (left / df))
        # t of the lagged price: the coefficient among all levels, by the triangular system of the factor.
        inner = root[:, :-1, :-1]
        beta = np.linalg.solve(inner.transpose(0, 2, 1), row[:, :-1, None])[:, free, 0]
        unit = np.zeros((size, free + m, 1))
        unit[:, free] = 1.0
        half = np.linalg.solve(inner, unit)[:, :, 0]
        ts.append(beta / np.sqrt((half**2).sum(axis=1) * left / df))
    return np.concatenate(fs), np.concatenate(ts)


def bounds_test(model: Ardl, rng: np.random.Generator, *, small: int = SMALL, draws: int = 10_000) -> Bounds:
    """
    Test for a level relation.

    Parameters
    ----------
    model : Ardl
        Fixed regressors stay in the model and out of the restriction.
    rng : Generator
        For the bounds of a sample of fewer than ``small`` observations.
    """
    f3, f2, t = statistics(model)
    k = len(model.costs)
    few = model.fit.nobs < small
    f_at, t_at = simulated(model.fit.nobs, model.order, rng, draws=draws) if few else asymptotic(k)
    return Bounds(f3, f2, t, k, f_at, t_at, few)
