"""Grade A to D of an estimate: adjustment times in the sample, and what lowers it (``passthrough.md`` 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.errors import Text

Letter = Literal["A", "B", "C", "D"]
LETTERS: tuple[Letter, ...] = ("A", "B", "C", "D")
#: Least T x |alpha| of A, B and C.
LEAST = (50.0, 25.0, 12.0)
#: Coverage of the 95 % set in simulation.
COVERAGE: dict[Letter, str] = {"A": "0.94", "B": "0.92-0.93", "C": "0.90", "D": "0.82-0.87"}


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade with the adjustment times it rests on and each reason that lowered it."""

    letter: Letter
    before: Letter
    adjustment_times: float
    reasons: tuple[Text, ...]

    @property
    def has_point(self) -> bool:
        """Whether a point value may be shown; a D gets the interval only."""
        return self.letter != "D"


def grade(
    nobs: int,
    alpha: float,
    *,
    unmodelled_break: bool = False,
    repeated_share: float = 0.0,
    input_left_out: bool = False,
    bounded: bool = True,
    coefficients: int = 0,
) -> Grade:
    """
    Return the grade of an estimate.

    Parameters
    ----------
    nobs : int
        T, observations of the fit.
    alpha : float
        Speed of error correction.
    unmodelled_break, input_left_out : bool
        Each lowers by one.
    repeated_share : float
        Above 60 % lowers by one, and no better than C.
    bounded : bool
        Whether the Fieller set is bounded; a price that does not return
        (alpha >= 0) or a set without end is a D.
    coefficients : int
        Fewer than five observations for each lowers by one (our choice): the
        simulations behind the letters have four coefficients.
    """
    # A price that overshoots does not return more often than once in a period.
    times = nobs * min(-alpha, 1.0) if alpha < 0 else 0.0
    at = sum(times < least for least in LEAST)
    before = LETTERS[at]
    reasons = []
    if unmodelled_break:
        at += 1
        reasons.append(Text("存在未建模的断点", "a break is not modelled"))
    if repeated_share > 0.60:
        at = max(at + 1, 2)
        reasons.append(Text(f"{repeated_share:.0%} 的价格重复", f"{repeated_share:.0%} of the prices are repeated"))
    if input_left_out:
        at += 1
        reasons.append(Text("缺少主要投入成本", "a main input cost is left out"))
    if coefficients and nobs < 5 * coefficients:
        at += 1
        reasons.append(
            Text(
                f"{nobs} 个观测估计 {coefficients} 个系数，过少",
                f"{nobs} observations for {coefficients} coefficients are few",
            )
        )
    if alpha >= 0 or alpha <= -2:
        at = 3
        reasons.append(Text("价格不回到长期关系", "the price does not return to a level relation"))
    elif not bounded:
        at = 3
        reasons.append(Text("长期传导率的区间无界", "the set of the long-run rate is unbounded"))
    return Grade(LETTERS[min(at, 3)], before, times, tuple(reasons))
