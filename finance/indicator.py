"""One indicator of a scorecard: what its value can be, and the points that a value earns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from finance.submission import IndicatorValue
from models.errors import OutOfRange, Text
from models.inputs import Input
from models.units import FloatArray, Numbers

#: Indicators the house knows how to compute or take; a card may use any of them and no other.
KNOWN = ("F1", "F2", "F3", "C1", "C2", "E1", "E2", "E3", "B1", "B2", "B3", "T1", "T2", "T3", "Q1")
#: Takes the place of a ratio to an EBITDA that is zero or negative, which is no number: 0 points (``finance.md`` C2).
NO_EBITDA = "ebitda_not_positive"
OVER_EBITDA = ("C2", "E3")
Points = Annotated[float, Field(ge=0, le=100)]
#: No ratio is larger: beyond it a unit is wrong.
MOST = 1e12
#: What a value can be by its definition. A commitment of more than ten times is a percentage typed as a number.
BOUNDS: Mapping[str, tuple[float, float]] = {
    "F1": (0.0, MOST),
    "F3": (-1.0, MOST),
    "E1": (0.0, MOST),
    "E3": (0.0, MOST),
    "B1": (0.0, MOST),
    "B2": (0.0, 1.0),
    "B3": (0.0, 1.0),
    "T1": (-10.0, 10.0),
    "T3": (0.0, 1.0),
    "Q1": (1.0, 5.0),
}


def broken(zh: str, en: str) -> PydanticCustomError:
    """Return a broken rule in both languages; the loader puts it into ``BadPolicy``."""
    return PydanticCustomError("policy", "{en}", {"zh": zh, "en": en})


class Bilingual(Input):
    """Chinese and English, both required."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @property
    def text(self) -> Text:
        """The pair."""
        return Text(self.zh, self.en)


class PartialValue(IndicatorValue):
    """A value that speaks for a share of what the indicator is about; the rest is missing and scores as such."""

    covers: Annotated[float, Field(ge=0, le=1)]


class Indicator(Bilingual):
    """One indicator: a curve of points over its value, or points by level."""

    id: str
    unit: str = ""
    weight: Annotated[float, Field(ge=0)]
    direction: Literal["lower_better", "higher_better"] | None = None
    points: tuple[tuple[float, Points], ...] | None = None
    levels: dict[str, Points] | None = None
    haircut: bool = False

    @model_validator(mode="after")
    def _sound(self) -> Indicator:
        if self.id not in KNOWN:
            raise broken(f"没有指标 {self.id}", f"{self.id} is not a known indicator")
        if (self.points is None) == (self.levels is None) or self.levels == {}:
            raise broken(f"{self.id} 须有分值曲线或等级表，且只有一种", f"{self.id} needs either points or levels")
        if self.points is not None:
            xs, ys = zip(*self.points, strict=True)
            if self.direction is None or len(xs) < 2:
                raise broken(f"{self.id} 须有方向和至少两个点", f"{self.id} needs a direction and at least two points")
            if any(a >= b for a, b in pairwise(xs)):
                raise broken(f"{self.id} 的 x 须严格递增", f"x of {self.id} must rise strictly")
            sign = -1.0 if self.direction == "lower_better" else 1.0
            if any(sign * (b - a) < 0 for a, b in pairwise(ys)):
                raise broken(f"{self.id} 的分值与方向相反", f"points of {self.id} run against its direction")
        elif self.haircut or self.direction:
            raise broken(
                f"{self.id} 按等级计分，不能有方向或折减", f"{self.id} has levels: no direction and no haircut"
            )
        return self

    def points_of(self, values: Numbers | str | NDArray[np.str_]) -> Numbers:
        """
        Return points of one value or of a column of borrowers.

        Parameters
        ----------
        values : float, str or array, shape (n,)
            Values after any haircut, or levels where the indicator has levels.

        Returns
        -------
        float or array, shape (n,)
            Points, 0 to 100: linear through the curve and flat outside it
            (``finance.md`` 4.1), or from the table of levels.

        Raises
        ------
        OutOfRange
            A level that the policy does not know, or a word for a number.
        """
        column = np.asarray(values)
        words = column.dtype.kind in "UO"
        if words != (self.levels is not None):
            raise self.no_level() if self.levels is not None else self.no_number()
        if self.levels is not None:
            known, at = np.unique(column, return_inverse=True)
            if unknown := {str(w) for w in known} - set(self.levels):
                raise self.no_level(len(unknown))
            found = np.array([self.levels[str(w)] for w in known])[at].reshape(column.shape)
        else:
            xs, ys = zip(*self.points or (), strict=True)
            found = np.asarray(np.interp(column, xs, ys))
        return found if found.ndim else float(found)

    def used(self, value: Numbers, sigma: Numbers, z: float) -> Numbers:
        """
        Return the value after the data-quality haircut, always adverse (``finance.md`` 4.3).

        x exp(+z s) when lower is better, x exp(-z s) when higher is better; the
        sign of the exponent is turned for a negative x.
        """
        sign = 1.0 if self.direction == "lower_better" else -1.0
        made: FloatArray = np.asarray(value) * np.exp(
            sign * np.where(np.asarray(value) < 0, -1.0, 1.0) * z * np.asarray(sigma)
        )
        return made if made.ndim else float(made)

    def checked(self, value: float | str) -> float | str:
        """
        Return a stated value as the curve or table takes it.

        A whole number names a level ("3" surrenders); ``NO_EBITDA`` is kept
        where the indicator is a ratio to EBITDA.

        Raises
        ------
        OutOfRange
            No known level, no number, or beyond what the definition allows.
        """
        if self.levels is not None:
            level = value if isinstance(value, str) else f"{value:g}"
            if level not in self.levels:
                raise self.no_level()
            return level
        if value == NO_EBITDA and self.id in OVER_EBITDA:
            return value
        if isinstance(value, str) or not math.isfinite(value):
            raise self.no_number()
        low, high = BOUNDS.get(self.id, (-MOST, MOST))
        if not low <= value <= high:
            zh = f"应不小于 {low:g}" if high == MOST else f"应在 {low:g} 与 {high:g} 之间（比例请用小数，不用百分数）"
            en = f"at least {low:g}" if high == MOST else f"between {low:g} and {high:g}, as a fraction"
            raise self._refusal(zh, f"it must be {en}")
        return value

    def no_level(self, count: int = 1) -> OutOfRange:
        """Return the refusal of a level that the table does not have."""
        known = ", ".join(self.levels or ())
        more = f" ({count})" if count > 1 else ""
        return self._refusal(f"不是已知等级{more}，可选：{known}", f"no known level{more}; known: {known}")

    def no_number(self) -> OutOfRange:
        """Return the refusal of what is no number."""
        return self._refusal("需要数字", "a number is needed")

    def _refusal(self, zh: str, en: str) -> OutOfRange:
        return OutOfRange(
            name_zh=f"{self.id} {self.zh}", name_en=f"{self.id} {self.en}", why_zh=zh, why_en=en, field=self.id
        )
