"""Amounts of money: cents, half up, exact where a float64 result could fall on the wrong side."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
from numpy.typing import NDArray

from models.units import FloatArray, Numbers

_CENT = Decimal("0.01")
#: Relative error bound of the few products and sums behind an amount (12 roundings of half an ulp).
RELATIVE_ERROR = 12 * 1.1e-16


def cents_of(amount: Decimal) -> int:
    """Return ``amount`` in whole cents, half up."""
    return int(amount.quantize(_CENT, ROUND_HALF_UP).scaleb(2))


def to_cents(amount: Numbers, error: Numbers, exact: Callable[[int], Decimal]) -> NDArray[np.int64] | int:
    """
    Round float64 amounts to whole cents, half up, as exact arithmetic would.

    Parameters
    ----------
    amount : float or array, shape (n,)
        Amounts in a currency with two decimals.
    error : float or array, shape (n,)
        Bound on the absolute error of each amount, same currency.
    exact : callable
        Given the position of a line, returns the amount in ``Decimal`` from the
        inputs of that line. Called only where the amount is nearer to a half
        cent than its error bound.

    Returns
    -------
    int or array of int64, shape (n,)
        Whole cents.
    """
    if isinstance(amount, float | int):
        scaled = amount * 100.0
        if abs(scaled - math.floor(scaled) - 0.5) <= float(error) * 100.0:
            return cents_of(exact(0))
        return math.floor(scaled + 0.5)
    scaled_all: FloatArray = amount * 100.0
    rounded = np.floor(scaled_all + 0.5)
    whole = rounded.astype(np.int64)
    # How far from the cent it is rounded to: one half is the edge between two cents.
    scaled_all -= rounded
    np.abs(scaled_all, out=scaled_all)
    edge = 0.5 - error * 100.0
    if scaled_all.size and scaled_all.max() >= np.min(edge):
        for i in np.flatnonzero(scaled_all >= edge):
            whole[i] = cents_of(exact(int(i)))
    return whole


def apportion(amounts: Sequence[float], total_cents: int) -> tuple[int, ...]:
    """
    Write amounts in whole cents that add up to a given total, so that parts on paper sum to the figure above them.

    Parameters
    ----------
    amounts : sequence of float
        Parts in a currency with two decimals; negative ones are allowed.
    total_cents : int
        What the parts must add up to: their sum, rounded.

    Returns
    -------
    tuple of int
        Whole cents, each the part rounded down, and a cent more where the rest
        is largest (method of largest remainders).

    Examples
    --------
    >>> apportion([1.005, 1.005, -0.5], 151)
    (101, 100, -50)
    """
    scaled = [amount * 100.0 for amount in amounts]
    cents = [math.floor(x) for x in scaled]
    order = sorted(range(len(scaled)), key=lambda i: (cents[i] - scaled[i], i))
    more, one = divmod(total_cents - sum(cents), len(cents))
    for rank, i in enumerate(order):
        cents[i] += more + (rank < one)
    return tuple(cents)
