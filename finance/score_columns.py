"""The score of many borrowers at once: breakdown per indicator and the indicators that lose most, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from finance.errors import UnequalColumns
from finance.indicator import Indicator
from finance.policy import Scorecard
from models.units import FloatArray

METHOD = "finance.score/1"
_CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class Given:
    """
    One indicator of n borrowers.

    ``values`` are numbers, or the place of a level in the policy's table; NaN
    or a negative place is missing. ``quality`` is the data-quality score, by
    borrower or one for all; NaN is the worst. ``applies`` is false where the indicator leaves
    the sum (declared not applicable).
    """

    values: FloatArray
    quality: FloatArray | float = float("nan")
    applies: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    """
    Scores before gates, shape (n,).

    ``contributions`` has a row per indicator in the order of ``ids``; ``grade``
    is the place of the grade in the policy; ``reasons`` are the places in
    ``ids`` of those that lose most, the most first, -1 where no more is lost.
    """

    ids: tuple[str, ...]
    total: FloatArray
    contributions: FloatArray
    grade: NDArray[np.int8]
    reasons: NDArray[np.int8]


def score_columns(card: Scorecard, given: Mapping[str, Given], count: int = 3) -> ScoreColumns:
    """
    Return the scores of many borrowers; equal to ``finance.scorecard.score`` before gates.

    Parameters
    ----------
    given : mapping of id to Given
        An indicator that is absent is missing for all.
    count : int
        How many reasons are kept.

    Raises
    ------
    UnequalColumns
        Columns of unequal length.

    Notes
    -----
    ``finance.md`` 4.1 to 4.5. A missing value scores the policy's fixed points,
    or 0 where a firm is bound to have it: no sector values are known here.
    """
    order = sorted(card.indicators, key=lambda one: one.id)
    sizes = {len(g.values) for g in given.values()}
    if len(sizes) != 1:
        raise UnequalColumns(field="values", name="values")
    n = sizes.pop()
    m = len(order)
    total, contributions = np.empty(n), np.empty((m, n))
    grade, reasons = np.empty(n, np.int8), np.empty((count, n), np.int8)
    z = NormalDist().inv_cdf(card.data_quality.haircut_quantile)
    least = np.array([g.min for g in card.grades])
    for start in range(0, n, _CHUNK):
        here = slice(start, min(start + _CHUNK, n))
        size = here.stop - start
        points = np.empty((m, size))
        # One weight for all of a row, unless an indicator leaves the sum of some.
        alike = not any(of.applies is not None and name in card.may_not_apply for name, of in given.items())
        weight = np.empty((m, 1 if alike else size))
        for j, one in enumerate(order):
            of = given.get(one.id)
            weight[j] = one.weight
            if of is not None and of.applies is not None and one.id in card.may_not_apply:
                weight[j] *= of.applies[here]
            points[j] = _missing(card, one) if of is None else _points(card, one, of, here, z)
        whole = weight.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            weight *= np.where(whole > 0, 100.0 / whole, np.nan)
        part = contributions[:, here]
        np.multiply(weight, points, out=part)
        part /= 100.0
        np.sum(part, axis=0, out=total[here])
        _largest(weight - part, reasons[:, here])
        # Thresholds fall and end at 0: the grade is how many of them lie above the score.
        grade[here] = np.minimum(least.size - np.searchsorted(least[::-1], total[here], side="right"), least.size - 1)
    return ScoreColumns(tuple(one.id for one in order), total, contributions, grade, reasons)


def _largest(lost: FloatArray, into: NDArray[np.int8]) -> None:
    """
    Write the rows with the most points lost by column, the most first and the first row of equals; -1 where none is lost.

    The largest value is found over all rows at once and then looked for, which
    takes a quarter of the time of ``argmax`` along the first axis.
    """
    for k in range(len(into)):
        most = lost.max(axis=0)
        worst = into[k]
        worst[:] = -1
        for j in range(len(lost) - 1, -1, -1):
            np.copyto(worst, np.int8(j), where=lost[j] == most)
        worst[~(most > 0)] = -1
        if k + 1 < len(into):
            for j in range(len(lost)):
                np.copyto(lost[j], -1.0, where=worst == j)


def _missing(card: Scorecard, one: Indicator) -> float:
    return 0.0 if one.id in card.legally_bound else card.missing_rule.no_sector_value_points


def _sigma(card: Scorecard, quality: FloatArray, worst: float) -> FloatArray:
    """Return the spread by data-quality score, of whole scores from the policy's table itself."""
    table = card.data_quality.sigma(np.arange(1.0, 6.0))
    with np.errstate(invalid="ignore"):
        place = quality.astype(np.intp)
    inside = (place >= 1) & (place <= 5)
    if (inside & (place == quality)).all():
        return np.asarray(table)[place - 1]
    return np.asarray(card.data_quality.sigma(np.where(np.isnan(quality), worst, quality)))


def _points(card: Scorecard, one: Indicator, of: Given, here: slice, z: float) -> FloatArray:
    values = of.values[here]
    if one.levels is not None:
        table = np.array([*one.levels.values(), _missing(card, one)])
        place = np.where((values >= 0) & (values < len(one.levels)), values, len(one.levels)).astype(np.intp)
        return table[place]
    used = values
    if one.haircut:
        worst = float(card.missing_rule.assigned_data_quality)
        if isinstance(of.quality, float):
            sigma = card.data_quality.sigma(worst if np.isnan(of.quality) else of.quality)
        else:
            sigma = _sigma(card, of.quality[here], worst)
        used = np.asarray(one.used(values, sigma, z))
    points = np.asarray(one.points_of(used))
    unknown = np.isnan(values)
    return np.where(unknown, _missing(card, one), points) if unknown.any() else points
