"""
Asymmetry: partial sums of increases and decreases, tested only behind a level relation.

Below 120 observations the textbook test rejects a true symmetry in 10 to 18 %
of cases (``passthrough.md`` 5.2); its critical values come from a bootstrap of
the symmetric model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.passthrough.ardl import Ardl, Order, fit_ardl
from models.passthrough.bounds import statistics
from models.passthrough.longrun import LongRun, long_run
from models.passthrough.multipliers import refit
from models.passthrough.regression import f_upper, ols
from models.units import FloatArray

SMALL = 120


def partial_sums(x: FloatArray) -> FloatArray:
    """Return the sums of increases and of decreases since the first observation, shape (n, 2)."""
    steps = np.diff(x, prepend=x[0])
    return np.column_stack([np.cumsum(np.maximum(steps, 0.0)), np.cumsum(np.minimum(steps, 0.0))])


@dataclass(frozen=True, slots=True)
class Asymmetry:
    """Rates after increases and decreases, and the tests that they are one; ``by_bootstrap`` tells whose p-values."""

    model: Ardl
    up: LongRun
    down: LongRun
    difference: float
    se_difference: float
    f_long: float
    p_long: float
    f_short: float
    p_short: float
    f_bounds: float
    by_bootstrap: bool

    @property
    def asymmetric(self) -> bool:
        """Whether a single long-run rate is rejected at 5 %."""
        return self.p_long < 0.05


def _restrictions(model: Ardl) -> tuple[FloatArray, FloatArray]:
    """Return the rows that hold long-run and short-run symmetry of the first two costs."""
    size = model.fit.beta.size
    long, short = np.zeros((1, size)), np.zeros((1, size))
    for j, sign in ((0, 1.0), (1, -1.0)):
        at = model.of_cost(j)
        lags = np.arange(at.stop - at.start)
        long[0, at] = sign
        # The changes' coefficients are b0 and minus the sums of later lags; together b0 - sum (i - 1) b_i.
        short[0, at] = sign * np.where(lags == 0, 1.0, -(lags - 1.0))
    return long, short


def nardl(
    y: FloatArray, x: FloatArray, order: Order, rng: np.random.Generator, *, draws: int = 499, small: int = SMALL
) -> Asymmetry:
    """
    Fit increases and decreases of the first cost apart and test whether they act alike.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
        The carbon cost first; the other costs stay symmetric.
    order : Order
        Of the symmetric model; both partial sums get the first cost's lags.
    rng : Generator
    draws : int
        Bootstrap samples under symmetry, where n is below ``small``.
    """
    apart = np.column_stack([partial_sums(x[:, 0]), x[:, 1:]])
    wide = Order(order.p, (order.q[0], *order.q))
    names = ("up", "down", *(f"cost{j}" for j in range(1, x.shape[1])))
    model = fit_ardl(y, apart, names, wide)
    long, short = _restrictions(model)
    f_long, f_short = model.fit.wald(long), model.fit.wald(short)
    up, down = long_run(model, 0), long_run(model, 1)
    p_long, p_short = (f_upper(f, 1, model.fit.df) for f in (f_long, f_short))
    few = model.fit.nobs < small
    if few:
        one = fit_ardl(y, x, ("carbon", *names[2:]), order)
        first = one.start - order.p
        by_chance = np.empty((draws, 2))
        for i, path in enumerate(refit(one, y, rng, draws).paths):
            again = fit_ardl(path, apart[first:], names, wide)
            by_chance[i] = again.fit.wald(long), again.fit.wald(short)
        p_long, p_short = (
            float((1 + (by_chance[:, j] >= f).sum()) / (1 + draws)) for j, f in enumerate((f_long, f_short))
        )
    # Gradient of (B+ - B-)/S.
    picks = model.picks()
    s = 1.0 - float(picks[0] @ model.fit.beta)
    gradient = (picks[1] - picks[2]) / s + picks[0] * (up.theta - down.theta) / s
    se = float(np.sqrt(gradient @ model.fit.cov @ gradient))
    return Asymmetry(
        model, up, down, up.theta - down.theta, se, f_long, p_long, f_short, p_short, statistics(model)[0], few
    )


@dataclass(frozen=True, slots=True)
class Momentum:
    """Speed of return while the gap widens and while it narrows (Enders and Siklos 2001), and F of their equality."""

    widening: float
    narrowing: float
    f_equal: float
    p_equal: float


def momentum_threshold(y: FloatArray, x: FloatArray, lags: int = 1) -> Momentum:
    """
    Return the momentum-threshold check on the gap of the static relation.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
    lags : int
        Of the gap's own changes.
    """
    gap = ols(y, np.column_stack([np.ones(y.size), x]), tuple(f"column {i}" for i in range(x.shape[1] + 1))).resid
    steps = np.diff(gap)
    first = max(lags, 1)
    now, before = steps[first:], gap[first:-1]
    rising = steps[first - 1 : -1] >= 0
    late = [steps[first - i : steps.size - i] for i in range(1, lags + 1)]
    columns = np.column_stack([np.where(rising, before, 0.0), np.where(rising, 0.0, before), *late])
    fit = ols(now, columns, tuple(f"column {i}" for i in range(columns.shape[1])))
    row = np.zeros((1, columns.shape[1]))
    row[0, :2] = 1.0, -1.0
    f = fit.wald(row)
    return Momentum(float(fit.beta[0]), float(fit.beta[1]), f, f_upper(f, 1, fit.df))
