"""
How a loss moves the probability of default, and what it costs the bank.

The bank's own PD is the starting point: a model gives a move and the move is
carried into it. Each PD has its horizon and two horizons are never mixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, log_ndtr, logit, ndtr, ndtri

from finance.errors import BadPd, NoPerpetuity, NoRelativeMove, SignAgainst
from finance.refused import Mask, Refused, Sieve
from models.units import FloatArray, Numbers

METHOD = "finance.default_risk/1"
#: Bounds of a model's PD in the z-score move, and the least q0 that a relative move may divide by (section 6).
FLOOR, LEAST_RELATIVE = 1e-4, 1e-6
_FAR = 10.0
Carry = Literal["zscore", "absolute", "relative"]
#: Ratios that an accounting model may move on: more of each means less risk, so no coefficient is positive.
RATIOS = ("ebitda_to_debt", "ebitda_margin", "interest_cover")


def cumulative(annual: Numbers, years: float) -> Numbers:
    """Return the PD over ``years`` of a constant annual one: 1 - (1 - p)^T, without loss in the far tail."""
    return _plain(-np.expm1(years * np.log1p(-np.asarray(annual))))


def annual(over: Numbers, years: float) -> Numbers:
    """Return the constant annual PD of one over ``years``: 1 - (1 - P)^(1/T)."""
    return _plain(-np.expm1(np.log1p(-np.asarray(over)) / years))


def annuity(rate: float, years: float) -> float:
    """Return the present value of one a year for ``years``."""
    return years if rate == 0 else float(-np.expm1(-years * np.log1p(rate)) / rate)


def perpetuity(rate: float, growth: float) -> float:
    """
    Return the present value of one a year for ever, growing: 1 / (k - g).

    Raises
    ------
    NoPerpetuity
        The growth is not below the rate.
    """
    if rate <= growth:
        raise NoPerpetuity(field="discount_rate")
    return 1.0 / (rate - growth)


def distance(equity: Numbers, debt: Numbers, sigma: Numbers, rate: float, years: float) -> Numbers:
    """
    Return d2, the distance to default in standard deviations; minus infinity where equity is not positive.

    Parameters
    ----------
    equity, debt : float or array, shape (n,)
        Value of equity and face value of debt, one currency.
    sigma : float or array, shape (n,)
        Yearly volatility of the assets.
    rate, years : float
        Drift of the assets and horizon.

    Notes
    -----
    V = E + D; d2 = (ln(V/D) + (r - sigma^2/2) T) / (sigma sqrt T), ``finance.md`` section 6 (c).
    """
    e, d, s = np.asarray(equity), np.asarray(debt), np.asarray(sigma)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = (np.log1p(e / d) + (rate - s * s / 2.0) * years) / (s * np.sqrt(years))
    return _plain(np.where(e > 0, found, np.where(np.isnan(e), np.nan, -np.inf)))


def structural(d2: Numbers) -> Numbers:
    """Return Phi(-d2) from the lower tail itself, which keeps values far below 1e-16."""
    d = np.asarray(d2)
    # ndtr gives 0 below about 1e-308; by its logarithm the tail goes on to the last subnormal number.
    return _plain(np.where(d > _FAR, np.exp(log_ndtr(-d)), ndtr(-d)))


def logit_moved(pd0: FloatArray, coefficients: Mapping[str, float], moves: Mapping[str, FloatArray]) -> FloatArray:
    """
    Return logit(PD1) = logit(PD0) + sum of beta (x1 - x0) over the ratios of an accounting model.

    Raises
    ------
    SignAgainst
        A coefficient is positive: more of each ratio means less risk.
    """
    if wrong := [name for name in coefficients if name not in RATIOS or coefficients[name] > 0]:
        raise SignAgainst(field=wrong[0], name=wrong[0])
    move = np.zeros_like(pd0)
    for name, beta in coefficients.items():
        move = move + beta * moves[name]
    moved: FloatArray = expit(logit(pd0) + move)
    return moved


@dataclass(frozen=True, slots=True)
class Carried:
    """
    The bank's PD after the move, shape (n,).

    ``clipped`` are the cases in which a bound was reached: their share is told.
    ``by_absolute`` took the absolute move, the model's own PD being below the
    floor. ``refused`` are rows without a PD or move.
    """

    pd: FloatArray
    clipped: Mask
    by_absolute: Mask
    refused: Refused

    @property
    def clipped_share(self) -> float:
        """Share of the counted cases in which a bound was reached."""
        n = int(self.refused.counts.sum())
        return float(self.clipped.sum()) / n if n else 0.0


def carried(pd0: FloatArray, q0: FloatArray, q1: FloatArray, how: Carry, insolvent: Mask | None = None) -> Carried:
    """
    Carry a model's move from ``q0`` to ``q1`` into the bank's own PD.

    Parameters
    ----------
    pd0 : array, shape (n,)
        The bank's PD, strictly between 0 and 1, over the model's horizon.
    q0, q1 : array, shape (n,)
        The model's PD before and after.
    how : {"zscore", "absolute", "relative"}
        Phi(Phi^-1(PD0) + Phi^-1(q1) - Phi^-1(q0)) with q within 1e-4 of 0 and 1
        at most; PD0 + q1 - q0; PD0 q1 / q0. A q0 below 1e-4 takes the absolute
        move in place of the z-score.
    insolvent : array of bool, optional
        Rows whose equity is gone: PD1 = 1.

    Notes
    -----
    ``finance.md`` section 6. A relative move is refused where q0 is below 1e-6.
    """
    sieve = Sieve(len(pd0))
    sieve.refuse(~((pd0 > 0) & (pd0 < 1)), BadPd, "pd")
    sieve.refuse(~(np.isfinite(q0) & np.isfinite(q1)), BadPd, "model_pd")
    absolute = pd0 + q1 - q0
    by_absolute, clipped = np.zeros(len(pd0), dtype=bool), np.zeros(len(pd0), dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if how == "zscore":
            by_absolute = q0 < FLOOR
            low, high = np.clip(q0, FLOOR, 1 - FLOOR), np.clip(q1, FLOOR, 1 - FLOOR)
            moved = ndtr(ndtri(pd0) + (ndtri(high) - ndtri(low)))
            clipped = ~by_absolute & ((low != q0) | (high != q1))
            moved = np.where(by_absolute, absolute, moved)
        elif how == "relative":
            sieve.refuse(q0 < LEAST_RELATIVE, NoRelativeMove, "carry")
            moved = pd0 * q1 / q0
        else:
            moved = absolute
    clipped |= (moved < 0) | (moved > 1)
    moved = np.clip(moved, 0.0, 1.0)
    if insolvent is not None:
        moved, clipped = np.where(insolvent, 1.0, moved), clipped & ~insolvent
    refused = sieve.closed()
    return Carried(
        np.where(refused.counts, moved, np.nan), clipped & refused.counts, by_absolute & refused.counts, refused
    )


@dataclass(frozen=True, slots=True)
class ExpectedLoss:
    """Expected loss of loans, shape (n,); ``ead`` is before LGD."""

    ead: FloatArray
    lgd: FloatArray
    pd0: FloatArray
    pd1: FloatArray

    @property
    def amount0(self) -> FloatArray:
        """Expected loss before the shock, money."""
        return self.ead * self.lgd * self.pd0

    @property
    def amount1(self) -> FloatArray:
        """Expected loss after it, money."""
        return self.ead * self.lgd * self.pd1

    @property
    def level_bp(self) -> FloatArray:
        """Level of the stressed expected loss, basis points of EAD."""
        return self.lgd * self.pd1 * 1e4

    @property
    def change_bp(self) -> FloatArray:
        """Change of the expected loss, basis points of EAD."""
        return self.lgd * (self.pd1 - self.pd0) * 1e4


def _plain(values: FloatArray) -> Numbers:
    return values if values.ndim else float(values)
