"""Least squares with what every test needs of it: coefficients, covariance, residuals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import fdtrc, stdtr, stdtrit

from models.passthrough.errors import NotEstimable
from models.units import FloatArray

#: A column that the others explain up to this share of its own length is collinear with them.
COLLINEAR = 1e-7


@dataclass(frozen=True, slots=True)
class Fit:
    """An ordinary least-squares fit of ``y`` on the columns ``names``."""

    names: tuple[str, ...]
    x: FloatArray
    y: FloatArray
    beta: FloatArray
    resid: FloatArray
    #: (X'X)^-1, so that any other covariance can be made of it.
    inverse: FloatArray

    @property
    def nobs(self) -> int:
        """Observations used."""
        return int(self.y.size)

    @property
    def df(self) -> int:
        """Degrees of freedom left."""
        return self.nobs - int(self.beta.size)

    @property
    def ssr(self) -> float:
        """Sum of squared residuals."""
        return float(self.resid @ self.resid)

    @property
    def cov(self) -> FloatArray:
        """Covariance of the coefficients under homoskedastic errors."""
        return np.asarray(self.inverse * (self.ssr / self.df))

    def at(self, name: str) -> float:
        """Coefficient of one column."""
        return float(self.beta[self.names.index(name)])

    def se(self, name: str) -> float:
        """Standard error of one coefficient."""
        i = self.names.index(name)
        return float(np.sqrt(self.cov[i, i]))

    def hc0(self) -> FloatArray:
        """White's covariance, without a small-sample factor."""
        scores = self.x * self.resid[:, None]
        return np.asarray(self.inverse @ (scores.T @ scores) @ self.inverse)

    def newey_west(self, lags: int) -> FloatArray:
        """Bartlett-weighted covariance, without a small-sample factor."""
        scores = self.x * self.resid[:, None]
        middle = scores.T @ scores
        for lag in range(1, lags + 1):
            cross = scores[lag:].T @ scores[:-lag]
            middle = middle + (1.0 - lag / (lags + 1.0)) * (cross + cross.T)
        return np.asarray(self.inverse @ middle @ self.inverse)

    def wald(self, restrictions: FloatArray) -> float:
        """Return the F statistic of ``R b = 0``; ``restrictions`` has shape (m, k)."""
        gap = restrictions @ self.beta
        return float(gap @ np.linalg.solve(restrictions @ self.cov @ restrictions.T, gap) / restrictions.shape[0])


def ols(y: FloatArray, x: FloatArray, names: tuple[str, ...]) -> Fit:
    """
    Fit by QR of the columns scaled to length one.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
    names : tuple of str
        One for each column, for refusals and look-ups.
    """
    n, k = x.shape
    if n <= k + 2:
        raise NotEstimable(
            why_zh=f"{n} 个观测不足以估计 {k} 个系数",
            why_en=f"{n} observations do not carry {k} coefficients",
            mend_zh="请加长样本或减少解释变量。",
            mend_en="Lengthen the sample or name fewer costs.",
        )
    length = np.sqrt(np.einsum("ij,ij->j", x, x))
    scale = np.where(length > 0, length, 1.0)
    q, r = np.linalg.qr(x / scale)
    weak = np.flatnonzero((np.abs(np.diag(r)) < COLLINEAR) | (length == 0)).tolist()
    if weak:
        name = names[weak[0]]
        raise NotEstimable(
            field=name,
            why_zh=f"“{name}”可由其他变量完全解释（完全共线）",
            why_en=f"'{name}' is a combination of the other columns (perfect collinearity)",
            mend_zh="请删去重复的成本序列。",
            mend_en="Drop the cost series that repeats another.",
        )
    beta = solve_triangular(r, q.T @ y) / scale
    half = solve_triangular(r, np.eye(k)) / scale[:, None]
    return Fit(names, x, y, np.asarray(beta), np.asarray(y - x @ beta), np.asarray(half @ half.T))


def t_two_sided(t: float, df: float) -> float:
    """Return the two-sided p-value of a t statistic."""
    return float(2.0 * stdtr(df, -abs(t)))


def t_quantile(level: float, df: float) -> float:
    """Return q with P(|t| <= q) = level."""
    return float(stdtrit(df, 0.5 + level / 2.0))


def f_upper(f: float, df1: float, df2: float) -> float:
    """Return the p-value of an F statistic."""
    return float(fdtrc(df1, df2, f))
