"""
How sure a sum of amounts times factors is: analytic, and by Monte Carlo with a generator that the caller gives.

Amounts and factors are lognormal around their stated value, independent but for
lines that share a factor, which move together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from models.errors import BadData
from models.files import read_yaml
from models.law import CONFIDENCE
from models.units import FloatArray, Numbers

#: Half-widths are those of a 95 % interval.
LEVEL = 0.95
#: Probabilities of the two ends.
ENDS = (0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0)
_Z = NormalDist().inv_cdf(ENDS[1])
#: Draws held in memory at once, times lines.
_BLOCK = 2_000_000


class Interval(NamedTuple):
    """Ends of a 95 % interval, in the unit of its number."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class UncertaintyPolicy:
    """Half-widths where none is stated, fraction of the value, by the worst data-quality score."""

    half_width: Mapping[int, float]
    unscored: float
    source: str
    confidence: str

    def of(self, worst: float | None) -> float:
        """Return the half-width for a worst score; a score between two classes takes the worse."""
        return self.unscored if worst is None else self.half_width[int(np.ceil(worst))]

    def line(self) -> str:
        """Return where it stands, as one line of a proof."""
        said = ", ".join(f"{score}: {value:g}" for score, value in self.half_width.items())
        return f"footprint.uncertainty = {{{said}, unscored: {self.unscored:g}}} [{self.source}, {self.confidence}]"


def load_uncertainty(data_dir: Path) -> UncertaintyPolicy:
    """Read ``data_dir/footprint/uncertainty.yaml``; half-widths that do not rise with the score are ``BadData``."""
    path = data_dir / "footprint" / "uncertainty.yaml"
    told = read_yaml(path)
    widths = {int(score): float(value) for score, value in told["half_width"].items()}
    rising = [widths.get(score, -1.0) for score in range(1, 6)]
    if (
        sorted(rising) != rising
        or rising[0] < 0.0
        or rising[-1] > told["unscored"]
        or told["confidence"] not in CONFIDENCE
    ):
        raise BadData(path=path.name, what="needs half-widths of scores 1 to 5 that rise, and a confidence of ours")
    return UncertaintyPolicy(widths, float(told["unscored"]), told["source"], told["confidence"])


def variation(half_width: Numbers) -> Numbers:
    """Return the coefficient of variation (fraction) of a relative half-width at 95 % (fraction)."""
    return half_width / _Z


def deviation(parts: FloatArray, cv_amount: FloatArray, cv_factor: FloatArray, factor: FloatArray) -> FloatArray:
    """
    Standard deviation of sums of amount times factor.

    Parameters
    ----------
    parts : array, shape (..., n)
        Mean of each line, any unit of emissions; the last axis is summed.
    cv_amount, cv_factor : array, shape (n,)
        Coefficients of variation, fractions.
    factor : array of int, shape (n,)
        Which factor each line takes: lines of one factor share its error.

    Returns
    -------
    array, shape (...)
        In the unit of ``parts``.

    Notes
    -----
    Var(a f) = m² ((1 + ca²)(1 + cf²) - 1) for independent a and f; two lines
    with one factor add 2 m1 m2 cf². First moments are exact, no series is cut off.
    """
    alone = parts**2 @ ((1.0 + cv_amount**2) * (1.0 + cv_factor**2) - 1.0 - cv_factor**2)
    if not factor.size:
        return np.zeros(parts.shape[:-1])
    order = np.argsort(factor, kind="stable")
    first = np.flatnonzero(np.diff(factor[order], prepend=-1.0))
    by_factor = np.add.reduceat((parts * cv_factor)[..., order], first, axis=-1)
    together = (by_factor**2).sum(axis=-1)
    made: FloatArray = np.sqrt(np.maximum(alone + together, 0.0))
    return made


def interval(mean: float, sd: float) -> Interval:
    """Return the 95 % interval of a lognormal of this mean and standard deviation (in the unit of ``mean``)."""
    if mean <= 0.0 or sd <= 0.0:
        return Interval(mean, mean)
    log_sd = float(np.sqrt(np.log1p((sd / mean) ** 2)))
    middle = -0.5 * log_sd**2
    return Interval(mean * float(np.exp(middle - _Z * log_sd)), mean * float(np.exp(middle + _Z * log_sd)))


def simulate(
    parts: FloatArray,
    cv_amount: FloatArray,
    cv_factor: FloatArray,
    factor: FloatArray,
    draws: int,
    rng: np.random.Generator,
) -> FloatArray:
    """
    Draw sums of amount times factor.

    Parameters
    ----------
    parts : array, shape (k, n)
        Mean of each line for each of ``k`` sums.
    cv_amount, cv_factor, factor : array, shape (n,)
        As in ``deviation``.
    draws : int
        How many.
    rng : Generator
        Seeded by the caller: the same seed gives the same draws.

    Returns
    -------
    array, shape (draws, k)
        In the unit of ``parts``.
    """
    n = factor.size
    groups = int(factor.max()) + 1 if n else 0
    of_group = np.zeros(groups)
    of_group[factor.astype(np.intp)] = cv_factor
    made = np.empty((draws, parts.shape[0]))
    block = max(1, _BLOCK // max(n, 1))
    for first in range(0, draws, block):
        count = min(block, draws - first)
        amount = _lognormal(cv_amount, count, rng)
        by_factor = _lognormal(of_group, count, rng)
        made[first : first + count] = (amount * by_factor[:, factor.astype(np.intp)]) @ parts.T
    return made


def _lognormal(cv: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    log_sd = np.sqrt(np.log1p(cv**2))
    made: FloatArray = np.exp(rng.standard_normal((draws, cv.size)) * log_sd - 0.5 * log_sd**2)
    return made
