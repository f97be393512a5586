"""Path of the price after a lasting cost change, with bands from a residual bootstrap of all draws at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.signal import lfilter, lfiltic

from models.passthrough.ardl import Ardl
from models.units import FloatArray


def half_life(alpha: float) -> float | None:
    """Return ln 0.5 / ln(1 + alpha) in periods; 0 where all is done at once, ``None`` where nothing returns."""
    if not -2.0 < alpha < 0.0:
        return None
    stays = abs(1.0 + alpha)
    return float(np.log(0.5) / np.log(stays)) if stays > 0 else 0.0


def cumulative(own: FloatArray, cost: FloatArray, horizon: int) -> FloatArray:
    """
    Return the cumulative multipliers of a lasting unit change.

    Parameters
    ----------
    own : array, shape (..., p)
        Coefficients of the lags of the price.
    cost : array, shape (..., q + 1)
        Coefficients of the cost and its lags.
    horizon : int
        Last period.

    Returns
    -------
    array, shape (..., horizon + 1)
        m_h by recursion, CNY per CNY; tends to theta.

    Examples
    --------
    For one lag of each, m_h = theta + (b0 - theta)(1 + alpha)^h.

    >>> cumulative(np.array([0.5]), np.array([0.2, 0.1]), 2).round(4).tolist()
    [0.2, 0.4, 0.5]
    """
    pushed = np.cumsum(cost, axis=-1)
    path = np.zeros((*own.shape[:-1], horizon + 1))
    for h in range(horizon + 1):
        path[..., h] = pushed[..., min(h, cost.shape[-1] - 1)]
        for i in range(min(h, own.shape[-1])):
            path[..., h] += own[..., i] * path[..., h - 1 - i]
    return path


@dataclass(frozen=True, slots=True)
class Draws:
    """
    Bootstrap samples of a model and what it gives when refitted on them.

    ``beta``, shape (draws, k), in the order of the model's columns; ``paths``,
    shape (draws, p + n), prices from the first value that a fit looks back on.
    """

    beta: FloatArray
    paths: FloatArray


def refit(model: Ardl, y: FloatArray, rng: np.random.Generator, draws: int = 999) -> Draws:
    """
    Refit a model on ``draws`` samples made of its own residuals.

    Parameters
    ----------
    model : Ardl
    y : array, shape (n,)
        The price of the whole sample; its first values start every path.
    rng : Generator
    draws : int

    Notes
    -----
    Residuals are centred and blown up by sqrt(n / df), paths run by the fitted
    recursion. Only the lagged prices differ between samples: everything else is
    projected out once, and a p x p system is left for each draw.
    """
    fit, p = model.fit, model.order.p
    at = model.own()
    phi = fit.beta[at]
    rest = np.delete(np.arange(fit.beta.size), np.arange(at.start, at.stop))
    fixed = fit.x[:, rest]
    resid = (fit.resid - fit.resid.mean()) * np.sqrt(fit.nobs / fit.df)
    shocks = resid[rng.integers(0, fit.nobs, (draws, fit.nobs))]
    shocks += fixed @ fit.beta[rest]
    filter_at = np.concatenate(([1.0], -phi))
    before = lfiltic([1.0], filter_at, y[model.start - p : model.start][::-1])
    path, _ = lfilter([1.0], filter_at, shocks, axis=1, zi=np.tile(before, (draws, 1)))
    whole = np.concatenate([np.tile(y[model.start - p : model.start], (draws, 1)), path], axis=1)
    scale = np.sqrt(np.einsum("ij,ij->j", fixed, fixed))
    q, r = np.linalg.qr(fixed / scale)
    paths = whole.copy()
    # Shifting every path by one constant moves nothing once the constant is projected out, and keeps digits.
    whole -= y.mean()
    n = fit.nobs
    inner = [whole[:, p - i : p - i + n] @ q for i in range(p + 1)]
    left = [whole[:, p - i : p - i + n] - inner[i] @ q.T for i in range(p + 1)]
    gram = np.empty((draws, p, p))
    right = np.empty((draws, p))
    for i in range(1, p + 1):
        right[:, i - 1] = np.einsum("dn,dn->d", left[i], left[0])
        for j in range(1, i + 1):
            gram[:, i - 1, j - 1] = gram[:, j - 1, i - 1] = np.einsum("dn,dn->d", left[i], left[j])
    own = np.linalg.solve(gram, right[:, :, None])[:, :, 0]
    seen = inner[0] - np.einsum("di,idk->dk", own, np.stack(inner[1:]))
    beta = np.empty((draws, fit.beta.size))
    beta[:, at] = own
    beta[:, rest] = solve_triangular(r, seen.T).T / scale
    beta[:, 0] += y.mean() * (1.0 - own.sum(axis=1))
    return Draws(beta, paths)


@dataclass(frozen=True, slots=True)
class Multipliers:
    """Cumulative multipliers with their bands, one value for each period from 0."""

    path: FloatArray
    low: FloatArray
    high: FloatArray
    #: Share of the draws whose path does not settle.
    unstable: float
    draws: FloatArray


def multipliers(model: Ardl, drawn: Draws, horizon: int, j: int = 0, level: float = 0.95) -> Multipliers:
    """Return the path of cost ``j`` with the band of the bootstrap draws; draws that do not settle stay in the band."""
    own, cost = model.own(), model.of_cost(j)
    path = cumulative(model.fit.beta[own], model.fit.beta[cost], horizon)
    paths = cumulative(drawn.beta[:, own], drawn.beta[:, cost], horizon)
    low, high = np.quantile(paths, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0)
    p = model.order.p
    companion = np.zeros((drawn.beta.shape[0], p, p))
    companion[:, 0] = drawn.beta[:, own]
    companion[:, range(1, p), range(p - 1)] = 1.0
    radius = np.abs(np.linalg.eigvals(companion)).max(axis=1)
    return Multipliers(path, low, high, float((radius >= 1.0).mean()), paths)
