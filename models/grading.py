"""
Grades of footprints by schemes of any number of ordered classes, the boundaries given as data.

A scheme lists its classes from the best to the worst; each but the last ends at
a limit, which belongs to it or to the next. Limits rise where less is better
and fall where more is. A last class with a limit leaves what is worse without a
grade. No scheme and no boundary is part of this module.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import ndtr

from models.errors import Text, YuetanError
from models.inputs import Day, Input
from models.uncertainty import ENDS
from models.units import FloatArray, Numbers

Better = Literal["lower", "higher"]
#: ``illustrative`` is made up to show how a scheme is written and grades nothing for anybody.
SchemeStatus = Literal["in_force", "draft", "illustrative"]
STATUSES: dict[SchemeStatus, Text] = {
    "in_force": Text("现行", "in force"),
    "draft": Text("草案", "draft"),
    "illustrative": Text("示意，非真实方案", "illustrative, no real scheme"),
}
#: ``normal``: mean and half-width; ``interval``: the value is the median, each side a normal of its own;
#: ``lognormal``: the form of the house's own footprints, from the ends alone.
Shape = Literal["normal", "interval", "lognormal"]
Index = NDArray[np.intp]
#: Share of a limit within which a value counts as lying on it: sums of floats differ in the last digits.
ON_LIMIT = 1e-9
#: Half of a 95 % interval, in standard deviations.
_Z = NormalDist().inv_cdf(ENDS[1])


class SchemeInvalid(YuetanError):
    code = "grading.scheme"
    message = Text("分级方案“{scheme}”有误：{why_zh}。", "Grading scheme '{scheme}' is not valid: {why_en}.")
    hint = Text(
        "等级从最好到最差排列；除最后一级外都要有边界，并写明边界值属于哪一级。",
        "List classes from the best to the worst; each but the last needs a limit, and says whether the limit belongs to it.",
    )


class SpreadInvalid(YuetanError):
    code = "grading.spread"
    message = Text(
        "第 {row} 个数值的不确定度有误：{why_zh}。", "The uncertainty of value {row} is not valid: {why_en}."
    )
    hint = Text(
        "请填写 95 % 区间的半宽，或包含该数值的下限和上限。",
        "Give the half-width of the 95 % interval, or ends that hold the value.",
    )


class GradeClass(Input):
    """A class: its name, the worst value it reaches and whether that value still belongs to it."""

    name: str = Field(min_length=1, max_length=40)
    #: None only for the last class, which then takes the rest.
    limit: float | None = Field(default=None, ge=-1e15, le=1e15)
    includes_limit: bool | None = None


class GradeScheme(Input):
    """One version of a grading scheme for a group of products; the limits are in ``unit``."""

    id: str = Field(min_length=1, max_length=60)
    name: str = Field(min_length=1, max_length=200)
    product_group: str = Field(min_length=1, max_length=200)
    version: str = Field(min_length=1, max_length=60)
    unit: str = Field(min_length=1, max_length=60, examples=["kgCO2e/kWh"])
    better: Better
    classes: tuple[GradeClass, ...] = Field(min_length=1, max_length=100)
    status: SchemeStatus
    valid_from: Day | None = None
    valid_to: Day | None = None
    source: str = Field(min_length=1, max_length=300)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes, best first."""
        return tuple(one.name for one in self.classes)

    @property
    def leaves_ungraded(self) -> bool:
        """Whether a value may be too bad for every class."""
        return self.classes[-1].limit is not None


def check_scheme(scheme: GradeScheme) -> None:
    """
    Check that the classes cover their range once and in order.

    Raises
    ------
    SchemeInvalid
        A name twice, a limit missing, unsaid whose it is, or out of order; or it ends before it begins.
    """
    classes = scheme.classes
    names = [one.name.casefold() for one in classes]
    for i, one in enumerate(classes):
        if names.index(names[i]) < i:
            raise _bad(scheme, i, f"等级“{one.name}”出现两次", f"class '{one.name}' appears twice")
        if one.limit is None and i < len(classes) - 1:
            raise _bad(scheme, i, f"等级“{one.name}”没有边界", f"class '{one.name}' has no limit")
        if one.limit is not None and one.includes_limit is None:
            raise _bad(
                scheme,
                i,
                f"没有写明边界 {one.limit:g} 是否属于“{one.name}”",
                f"whether the limit {one.limit:g} belongs to '{one.name}' is not said",
            )
    limits = [one.limit for one in classes if one.limit is not None]
    sign = 1.0 if scheme.better == "lower" else -1.0
    for i, (best, worse) in enumerate(pairwise(limits), 1):
        if sign * best >= sign * worse:
            zh, en = ("上升", "rise") if scheme.better == "lower" else ("下降", "fall")
            raise _bad(
                scheme,
                i,
                f"边界应从最好到最差依次{zh}，{best:g} 之后是 {worse:g}",
                f"limits must {en} from the best class on, and {worse:g} follows {best:g}",
            )
    if scheme.valid_from and scheme.valid_to and scheme.valid_to < scheme.valid_from:
        raise SchemeInvalid(
            field="valid_to", scheme=scheme.id, why_zh="终止日早于起始日", why_en="it ends before it begins"
        )


def _bad(scheme: GradeScheme, at: int, zh: str, en: str) -> SchemeInvalid:
    return SchemeInvalid(field=f"classes.{at}.limit", scheme=scheme.id, why_zh=zh, why_en=en)


def _limits(scheme: GradeScheme) -> tuple[FloatArray, NDArray[np.bool_], float]:
    """Return the limits turned so that less is better, whether each belongs to its class, and the sign that turned them."""
    sign = 1.0 if scheme.better == "lower" else -1.0
    told = [one for one in scheme.classes if one.limit is not None]
    limits = sign * np.array([one.limit for one in told], dtype=np.float64)
    return limits, np.array([one.includes_limit for one in told], dtype=np.bool_), sign


def class_of(values: Numbers, scheme: GradeScheme) -> Index:
    """
    Class of each value.

    Parameters
    ----------
    values : float or array, shape (n,)
        In the unit of the scheme.
    scheme : GradeScheme
        As ``check_scheme`` lets it pass.

    Returns
    -------
    array of int, shape (n,)
        Position among the classes, 0 for the best; the number of classes where a value is too bad for all.

    Notes
    -----
    A value within a fraction of 1e-9 of a limit lies on it.

    Examples
    --------
    >>> scheme = GradeScheme(
    ...     id="x",
    ...     name="x",
    ...     product_group="x",
    ...     version="1",
    ...     unit="kgCO2e/kg",
    ...     better="lower",
    ...     status="illustrative",
    ...     source="example",
    ...     classes=({"name": "A", "limit": 1.0, "includes_limit": True}, {"name": "B"}),
    ... )
    >>> class_of(np.array([0.9, 1.0, 1.1]), scheme).tolist()
    [0, 0, 1]
    """
    limits, included, sign = _limits(scheme)
    given = sign * np.atleast_1d(np.asarray(values, dtype=np.float64))
    found = np.searchsorted(limits, given, side="left")
    if not limits.size:
        return found
    # The nearest limit at or above, and the one just below, where the last digits may have carried the value over it.
    for at in (np.minimum(found, limits.size - 1), np.maximum(found - 1, 0)):
        near = limits[at]
        on = np.abs(given - near) <= ON_LIMIT * np.maximum(np.abs(near), 1e-300)
        found = np.where(on, at + ~included[at], found)
    return found.astype(np.intp)


def chances(values: Numbers, low: Numbers, high: Numbers, scheme: GradeScheme, shape: Shape = "normal") -> FloatArray:
    """
    Probability of each class under the uncertainty of each value.

    Parameters
    ----------
    values : float or array, shape (n,)
        In the unit of the scheme; mean of ``normal``, median of ``interval``, not used by ``lognormal``.
    low, high : float or array, shape (n,)
        Ends of the 95 % interval, in the unit of the scheme; both equal to the value where it is certain.
    scheme : GradeScheme
        As ``check_scheme`` lets it pass.
    shape : Shape
        ``normal`` takes the half-width from both ends together and needs them even around the value.

    Returns
    -------
    array, shape (n, classes + 1)
        Fractions that add up to 1 in each row; the last column is that of no class at all.

    Raises
    ------
    SpreadInvalid
        Ends that do not hold the value, or not above zero for ``lognormal``.

    Notes
    -----
    P(class) is the difference of the distribution function at its two limits,
    taken on the side of the nearer tail so that small chances keep their digits.
    ``interval`` joins two half-normals at the median, each with half the mass,
    so that the ends given are the 2.5 and 97.5 % points whatever their distance.

    Examples
    --------
    >>> scheme = GradeScheme(
    ...     id="x",
    ...     name="x",
    ...     product_group="x",
    ...     version="1",
    ...     unit="kgCO2e/kg",
    ...     better="lower",
    ...     status="illustrative",
    ...     source="example",
    ...     classes=({"name": "A", "limit": 1.0, "includes_limit": True}, {"name": "B"}),
    ... )
    >>> chances(1.0, 0.9, 1.1, scheme).round(3).tolist()
    [[0.5, 0.5, 0.0]]
    """
    limits, _, sign = _limits(scheme)
    value, lower, upper = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(one, np.float64)) for one in (values, low, high))
    )
    _check_spread(value, lower, upper, shape)
    certain = lower == upper
    made = np.zeros((value.size, len(scheme.classes) + 1))
    made[np.flatnonzero(certain), class_of(value[certain], scheme)] = 1.0
    if certain.all():
        return made
    rest = ~certain
    z = _standard(sign * limits, value[rest], lower[rest], upper[rest], shape)
    if sign < 0:
        z = -z  # more is better: what lies above the limit is the better side
    edges = np.hstack([np.full((z.shape[0], 1), -np.inf), z, np.full((z.shape[0], 1), np.inf)])
    begin, end = edges[:, :-1], edges[:, 1:]
    made[rest, : begin.shape[1]] = np.where(begin > 0, ndtr(-begin) - ndtr(-end), ndtr(end) - ndtr(begin))
    return made


def _standard(limits: FloatArray, value: FloatArray, low: FloatArray, high: FloatArray, shape: Shape) -> FloatArray:
    """Return where each limit stands in each distribution, in standard deviations from the median, shape (n, limits)."""
    if shape == "lognormal":
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.where(limits > 0, np.log(np.where(limits > 0, limits, 1.0)), -np.inf)
        a, b = np.log(low), np.log(high)
        made: FloatArray = (at[None, :] - ((a + b) / 2)[:, None]) / ((b - a) / (2 * _Z))[:, None]
        return made
    away = limits[None, :] - value[:, None]
    if shape == "normal":
        even: FloatArray = away * (2 * _Z) / (high - low)[:, None]
        return even
    two: FloatArray = away * _Z / np.where(away < 0, (value - low)[:, None], (high - value)[:, None])
    return two


def _check_spread(value: FloatArray, low: FloatArray, high: FloatArray, shape: Shape) -> None:
    outside = ~((low <= value) & (value <= high))
    checks = [(outside, "区间不包含该数值", "the interval does not hold the value")]
    if shape == "lognormal":
        checks.append((low <= 0, "下限必须大于零", "the low end must be above zero"))
    if shape == "interval":
        one_sided = (low < high) & ((low == value) | (value == high))
        checks.append((one_sided, "区间只有一侧有宽度", "one side of the interval has no width"))
    if shape == "normal":
        uneven = np.abs((high - value) - (value - low)) > 1e-6 * np.maximum(high - low, 1e-300)
        checks.append((uneven, "区间两侧不等宽", "the interval is not even around the value"))
    for wrong, zh, en in checks:
        if wrong.any():
            raise SpreadInvalid(field="low", row=int(np.flatnonzero(wrong)[0]) + 1, why_zh=zh, why_en=en)
