"""
Distributed-lag model in levels: order by BIC on a common sample, fit on all observations that the order allows.

``y_t = c + sum phi_i y_{t-i} + sum_j sum_l beta_jl x_j,t-l + fixed``. The
error-correction form is the same model in other words; what the bounds test
asks of it is a linear restriction here, so it is never fitted a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from models.passthrough.errors import NotEstimable
from models.passthrough.regression import Fit, ols
from models.units import FloatArray

#: More level regressors than this make the order search longer than it is worth.
MOST_REGRESSORS = 5


@dataclass(frozen=True, slots=True)
class Order:
    """Lags of the price and of each cost."""

    p: int
    q: tuple[int, ...]

    @property
    def first(self) -> int:
        """Observations lost at the start."""
        return max(self.p, *self.q)

    def __str__(self) -> str:
        return f"({', '.join(str(lag) for lag in (self.p, *self.q))})"


@dataclass(frozen=True, slots=True)
class Ardl:
    """A fitted model; the first cost is the one whose rate is asked for."""

    order: Order
    costs: tuple[str, ...]
    fixed: tuple[str, ...]
    fit: Fit
    #: Rows of the sample that the fit uses, from the first to one past the last.
    start: int
    stop: int

    def own(self) -> slice:
        """Place of the lags of the price among the coefficients."""
        first = 1 + len(self.fixed)
        return slice(first, first + self.order.p)

    def of_cost(self, j: int) -> slice:
        """Place of the coefficients of cost ``j``."""
        first = 1 + len(self.fixed) + self.order.p + sum(q + 1 for q in self.order.q[:j])
        return slice(first, first + self.order.q[j] + 1)

    @property
    def alpha(self) -> float:
        """Speed of error correction, sum of own lags less one; negative where the price returns."""
        return float(self.fit.beta[self.own()].sum() - 1.0)

    def picks(self) -> FloatArray:
        """Return one row for the own lags and one for each cost that sums its coefficients."""
        rows = np.zeros((1 + len(self.costs), self.fit.beta.size))
        rows[0, self.own()] = 1.0
        for j in range(len(self.costs)):
            rows[j + 1, self.of_cost(j)] = 1.0
        return rows


def lagged(values: FloatArray, lags: Sequence[int], start: int, stop: int) -> FloatArray:
    """Return the lags of a series as columns over rows ``start`` to ``stop``."""
    return np.column_stack([values[start - lag : stop - lag] for lag in lags])


def design(y: FloatArray, x: FloatArray, order: Order, fixed: FloatArray | None, start: int, stop: int) -> FloatArray:
    """Return the columns constant, fixed, own lags, lags of each cost."""
    parts = [np.ones((stop - start, 1))]
    if fixed is not None:
        parts.append(fixed[start:stop])
    parts.append(lagged(y, range(1, order.p + 1), start, stop))
    parts += [lagged(x[:, j], range(q + 1), start, stop) for j, q in enumerate(order.q)]
    return np.concatenate(parts, axis=1)


def column_names(order: Order, costs: Sequence[str], fixed: Sequence[str]) -> tuple[str, ...]:
    """Return the name of each column of the design."""
    own = [f"y.L{i}" for i in range(1, order.p + 1)]
    return (
        "const",
        *fixed,
        *own,
        *(f"{name}.L{lag}" for name, q in zip(costs, order.q, strict=True) for lag in range(q + 1)),
    )


def fit_ardl(
    y: FloatArray,
    x: FloatArray,
    costs: Sequence[str],
    order: Order,
    fixed: FloatArray | None = None,
    fixed_names: Sequence[str] = (),
) -> Ardl:
    """
    Fit one order on every observation that it allows.

    Parameters
    ----------
    y : array, shape (n,)
        Product price, CNY per t.
    x : array, shape (n, k)
        Costs, CNY per t, the carbon cost first.
    costs : sequence of str
        Their names.
    order : Order
    fixed : array, shape (n, m), optional
        Regressors without lags that stay in every test: seasonal dummies, break dummies.
    """
    start, stop = order.first, y.size
    columns = design(y, x, order, fixed, start, stop)
    named = column_names(order, costs, fixed_names)
    return Ardl(order, tuple(costs), tuple(fixed_names), ols(y[start:stop], columns, named), start, stop)


def select_order(
    y: FloatArray,
    x: FloatArray,
    *,
    most_p: int = 4,
    most_q: int = 4,
    least_p: int = 1,
    least_q: int = 0,
    fixed: FloatArray | None = None,
) -> Order:
    """
    Return the order with the least BIC, all orders on one common sample.

    Parameters
    ----------
    y, x, fixed
        As in ``fit_ardl``.
    most_p, most_q, least_p, least_q : int
        Range of the lags searched.

    Notes
    -----
    ``BIC = n log(SSR / n) + k log n``. One Gram matrix of the centred, scaled
    columns holds every model: each is a Cholesky factor of a part of it, whose
    last diagonal entry is the root of the residual sum.
    """
    k = x.shape[1]
    if k > MOST_REGRESSORS:
        raise NotEstimable(
            why_zh=f"成本序列 {k} 个，多于 {MOST_REGRESSORS} 个",
            why_en=f"{k} cost series are more than {MOST_REGRESSORS}",
            mend_zh="请只留主要成本，或先合并为一个成本。",
            mend_en="Keep the main costs, or add some into one.",
        )
    start = max(most_p, most_q)
    n = y.size - start
    full = Order(most_p, (most_q,) * k)
    columns = design(y, x, full, fixed, start, y.size)
    m = 0 if fixed is None else fixed.shape[1]
    _carried(n, columns.shape[1])
    every = np.column_stack([columns[:, 1:], y[start:]])
    every = every - every.mean(axis=0)
    length = np.sqrt(np.einsum("ij,ij->j", every, every))
    every = every / np.where(length > 0, length, 1.0)
    gram = every.T @ every
    last = gram.shape[0] - 1
    best, found = np.inf, None
    ranges = [range(least_p, most_p + 1), *([range(least_q, most_q + 1)] * k)]
    for lags in product(*ranges):
        kept = [*range(m + lags[0])]
        for j, q in enumerate(lags[1:]):
            first = m + most_p + j * (most_q + 1)
            kept += range(first, first + q + 1)
        kept.append(last)
        try:
            root = np.linalg.cholesky(gram[np.ix_(kept, kept)])[-1, -1]
        except np.linalg.LinAlgError:
            continue
        bic = 2.0 * n * np.log(root) + len(kept) * np.log(n)
        if bic < best:
            best, found = bic, Order(lags[0], tuple(lags[1:]))
    if found is None:
        raise NotEstimable(
            why_zh="解释变量完全共线，或价格可被完全解释",
            why_en="the costs are perfectly collinear, or explain the price without any error",
            mend_zh="请检查是否把同一序列用了两次，或某成本由价格推算而来。",
            mend_en="Check whether a series is used twice, or a cost was worked out from the price.",
        )
    return found


def _carried(n: int, k: int) -> None:
    if n <= k + 5:
        raise NotEstimable(
            why_zh=f"可用观测 {max(n, 0)} 个，不足以比较 {k} 个系数的滞后阶数",
            why_en=f"{max(n, 0)} usable observations do not carry an order search over {k} coefficients",
            mend_zh="请加长样本、减少成本序列或降低最大滞后。",
            mend_en="Lengthen the sample, name fewer costs or search fewer lags.",
        )
