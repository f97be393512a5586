"""What the lines of a bill are, as columns, so that each product of a site is a few sums over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.apportion import RUNGS, Rung
from models.bill import STAGES
from models.footprint_lines import Line
from models.footprint_product import Scores, Swap
from models.units import FloatArray

_SCORES = ("technological", "geographical", "temporal")


@dataclass(frozen=True, slots=True)
class Traits:
    """
    Columns over ``n`` lines.

    ``stage`` (stages, n), ``rung`` (rungs, n), ``primary`` and ``scored`` (n,)
    are 1 or 0; ``score`` (3, n) is not a number where absent; ``change`` holds,
    by chosen and other level, the fraction of a line that the other would not have.
    """

    stage: FloatArray
    rung: FloatArray
    primary: FloatArray
    scored: FloatArray
    score: FloatArray
    change: Mapping[tuple[str, str], FloatArray]

    @classmethod
    def of(cls, lines: Sequence[Line], rungs: Sequence[Rung]) -> Traits:
        """Return the columns of lines and of the rung that each was attributed by."""
        stages = np.array([STAGES.index(line.activity.stage) for line in lines], dtype=np.intp)
        rung = np.array([RUNGS.index(one) for one in rungs], dtype=np.intp)
        quality = [line.activity.quality for line in lines]
        score = np.array([[getattr(one, name) for one in quality] for name in _SCORES], dtype=np.float64)
        change: dict[tuple[str, str], FloatArray] = {}
        for at, line in enumerate(lines):
            for level, other in line.others.items():
                # What the line would be by the other factor, in proportion: both are linear in the amount.
                if line.kgco2e > 0.0:
                    column = change.setdefault((line.level, level), np.zeros(len(lines)))
                    column[at] = 1.0 - other / line.kgco2e
        return cls(
            (stages == np.arange(len(STAGES))[:, np.newaxis]).astype(np.float64),
            (rung == np.arange(len(RUNGS))[:, np.newaxis]).astype(np.float64),
            np.array([line.activity.primary for line in lines], dtype=np.float64),
            np.asarray(np.isfinite(score).all(axis=0), dtype=np.float64),
            score,
            change,
        )

    def scores(self, parts: FloatArray, total: float) -> Scores:
        """Return the scores weighted by emissions over the lines that have one, and the fraction that has all three."""
        known = np.isfinite(self.score)
        weight = known @ parts
        summed = np.where(known, self.score, 0.0) @ parts
        means = [float(s) / float(w) if w > 0.0 else None for s, w in zip(summed, weight, strict=True)]
        return Scores(means[0], means[1], means[2], float(parts @ self.scored) / total if total else 0.0)

    def rungs(self, parts: FloatArray, total: float) -> dict[Rung, float]:
        """Return the fraction attributed by each rung."""
        shares = self.rung @ parts
        return {name: float(share) / total if total else 0.0 for name, share in zip(RUNGS, shares, strict=True)}

    def swaps(self, parts: FloatArray, total: float) -> tuple[Swap, ...]:
        """Return what the chosen levels change against each other level, kgCO2e per declared unit."""
        made = []
        for (level, other), column in self.change.items():
            change = float(column @ parts)
            made.append(Swap(level, other, change, change / (total - change) if total != change else None))
        return tuple(made)
