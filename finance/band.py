"""
How sure a score is: joint draws of its values give a band, the chance of each grade, and what the spread comes from.

The score of the decision stays the conservative one with the haircut; inside
the draws there is none, and the median of each value is what was handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from finance.policy import Scorecard
from finance.score import Line, Score
from finance.scorecard import score
from finance.submission import IndicatorValue
from models.errors import Text, YuetanError
from models.table import Result, Row
from models.units import FloatArray

METHOD = "finance.band/1"
DRAWS = 4_000
#: Two grades with at least this share each make the grade uncertain (``finance.md`` section 5).
UNCERTAIN = 0.25
#: Concentration of the Dirichlet weights around the policy's.
CONCENTRATION = 100.0
#: Random index by size of a pairwise matrix, and the consistency ratio that must not be reached.
RANDOM_INDEX: Mapping[int, float] = {3: 0.58, 4: 0.90, 5: 1.12, 6: 1.24, 7: 1.32, 8: 1.41, 9: 1.45}
MOST_INCONSISTENT = 0.10
_RECIPROCAL = 1e-9


class NotPairwise(YuetanError):
    code = "score.not_pairwise"
    message = Text("成对比较矩阵不成立：{why_zh}。", "The pairwise matrix does not hold: {why_en}.")
    hint = Text("请填写 3 至 9 项的正互反矩阵。", "Give a positive reciprocal matrix of 3 to 9 items.")


@dataclass(frozen=True, slots=True)
class Band(Result):
    """
    The band of a score.

    ``grades`` is the share of the draws in each grade, ``variance`` the part of
    the spread by indicator (squared rank correlation, normalised), empty where
    nothing varies. ``weights`` are the 10 % and 90 % points when the weights
    vary instead of the values.
    """

    score: Score
    seed: int
    draws: int
    p10: float
    p50: float
    p90: float
    grades: Mapping[str, float]
    variance: Mapping[str, float]
    weights: tuple[float, float]

    @property
    def grade_uncertain(self) -> bool:
        """Whether two grades each have at least a quarter of the draws."""
        return sum(share >= UNCERTAIN for share in self.grades.values()) >= 2

    def rows(self) -> list[Row]:
        decision = Text("用于决策：按数据质量折减后的保守得分", "decides: conservative, after the data-quality haircut")
        made = [
            Row("score", Text("绿色低碳评分", "Green and low-carbon score"), self.score.total, "", decision, 1),
            Row("p10", Text("P10", "P10"), self.p10, digits=1),
            Row("p50", Text("P50", "P50"), self.p50, digits=1),
            Row("p90", Text("P90", "P90"), self.p90, digits=1),
        ]
        for grade in self.score.card.grades:
            label = Text(f"{grade.id} 级的概率", f"Chance of grade {grade.id}")
            made.append(Row(f"grade.{grade.id}", label, self.grades[grade.id], digits=3))
        for key, share in sorted(self.variance.items(), key=lambda one: -one[1])[:4]:
            made.append(Row(f"variance.{key}", Text(f"分散来自 {key}", f"Spread from {key}"), share, digits=3))
        low, high = self.weights
        note = Text(
            f"权重变化时 P10–P90：{low:.1f} – {high:.1f}", f"P10 to P90 as weights vary: {low:.1f} – {high:.1f}"
        )
        made.append(Row("weights", Text("权重的影响", "Influence of the weights"), high - low, "", note, 1))
        if self.grade_uncertain:
            told = Text("等级不确定：两个等级各占四分之一以上", "grade uncertain: two grades have a quarter each")
            made.append(Row("grade_uncertain", Text("等级不确定", "Grade uncertain"), "✓", "", told))
        return made

    def proof(self) -> list[str]:
        return [f"{METHOD}, seed {self.seed}, {self.draws} draws", *self.score.proof()]


def band(made: Score, seed: int, draws: int = DRAWS) -> Band:
    """
    Return the band of a score.

    Parameters
    ----------
    made : Score
        The deterministic score; gates that bind keep their caps.
    seed : int
        Stored with the result: the same seed gives the same band.
    draws : int
        Joint draws.

    Notes
    -----
    ``finance.md`` section 5. Values that the policy marks for the haircut are
    log-normal with its spread by data quality, their median the raw value;
    levels, missing values and prices do not vary here.
    """
    rng = np.random.default_rng(seed)
    lines = [line for line in made.lines if line.weight > 0]
    effective = np.array([line.weight for line in lines])
    samples = [_drawn(made.card, line, rng, draws) for line in lines]
    points = np.stack([p for _, p in samples])
    caps = [gate.gate.cap for gate in made.gates if gate.binds and gate.gate.cap is not None]
    cap = min(caps, default=100.0)
    total = np.minimum(effective @ points / 100.0, cap)
    p10, p50, p90 = (float(x) for x in np.quantile(total, (0.1, 0.5, 0.9)))
    weighed = rng.dirichlet(np.maximum(CONCENTRATION * effective / effective.sum(), 1e-9), draws)
    by_weight = np.minimum(weighed @ np.array([line.points for line in lines]), cap)
    low, high = (float(x) for x in np.quantile(by_weight, (0.1, 0.9)))
    return Band(
        score=made,
        seed=seed,
        draws=draws,
        p10=p10,
        p50=p50,
        p90=p90,
        grades=_shares(made.card, total),
        variance=_variance(
            {line.indicator.id: x for line, (x, _) in zip(lines, samples, strict=True) if x is not None}, total
        ),
        weights=(low, high),
    )


def _drawn(card: Scorecard, line: Line, rng: np.random.Generator, draws: int) -> tuple[FloatArray | None, FloatArray]:
    """Return draws of a line's value, none where it does not vary, and of its points."""
    value, indicator = line.value, line.indicator
    fixed = np.full(draws, line.points)
    if (
        isinstance(value, str)
        or value is None
        or not indicator.haircut
        or line.data_quality is None
        or line.state == "missing"
    ):
        return None, fixed
    sigma = float(card.data_quality.sigma(line.data_quality))
    # One draw for each line, whatever its spread, so that a better quality meets the same luck.
    luck = rng.standard_normal(draws)
    if sigma == 0.0 or value == 0.0:
        return None, np.asarray(np.broadcast_to(indicator.points_of(float(value)), (draws,)), dtype=np.float64)
    x = float(value) * np.exp(sigma * luck)
    points = np.asarray(indicator.points_of(x))
    rest = np.minimum(points, card.missing_rule.no_sector_value_points)
    return x, points + line.missing_share * (rest - points)


def _shares(card: Scorecard, total: FloatArray) -> dict[str, float]:
    least = np.array([grade.min for grade in card.grades])
    at = (total[:, None] >= least).argmax(axis=1)
    count = np.bincount(at, minlength=least.size)
    return {grade.id: float(n) / total.size for grade, n in zip(card.grades, count, strict=True)}


def _variance(values: Mapping[str, FloatArray], total: FloatArray) -> dict[str, float]:
    """Return the normalised squared rank correlations; nothing where the score does not vary."""
    if not values or np.ptp(total) == 0.0:
        return {}
    of = rankdata(total)
    squares = {key: float(np.corrcoef(rankdata(x), of)[0, 1]) ** 2 for key, x in values.items()}
    whole = sum(squares.values())
    return {key: square / whole for key, square in squares.items()} if whole > 0 else {}


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A score before and after changes, and the contribution that each indicator gains or loses."""

    before: Score
    after: Score

    @property
    def change(self) -> float:
        """Points of the score after gates."""
        return self.after.total - self.before.total

    @property
    def parts(self) -> dict[str, float]:
        """Change of contribution by indicator; they sum to the change before gates."""
        old = {line.indicator.id: line.contribution for line in self.before.lines}
        return {
            x.indicator.id: x.contribution - old[x.indicator.id]
            for x in self.after.lines
            if x.contribution != old[x.indicator.id]
        }


def what_if(
    card: Scorecard,
    inputs: Mapping[str, IndicatorValue],
    gates: Mapping[str, bool],
    changes: Mapping[str, IndicatorValue],
) -> WhatIf:
    """Return what the score would be with some values changed; raises as ``score`` does."""
    return WhatIf(score(card, inputs, gates), score(card, {**inputs, **changes}, gates))


@dataclass(frozen=True, slots=True)
class Priorities:
    """Weights of a pairwise comparison and how consistent it is; kept with the experts' roles and the day."""

    weights: FloatArray
    consistency: float

    @property
    def accepted(self) -> bool:
        """Whether the comparison is consistent enough to be used."""
        return self.consistency < MOST_INCONSISTENT


def priorities(matrix: FloatArray) -> Priorities:
    """
    Return AHP weights: the principal eigenvector scaled to sum 1, with the consistency ratio.

    Parameters
    ----------
    matrix : array, shape (n, n)
        Positive and reciprocal, n from 3 to 9.

    Raises
    ------
    NotPairwise
        It is not.

    Notes
    -----
    CI = (lambda_max - n) / (n - 1), CR = CI / RI(n), accepted below 0.10 (``finance.md`` section 5).
    """
    n = len(matrix)
    if matrix.shape != (n, n) or n not in RANDOM_INDEX:
        raise NotPairwise(why_zh="应为 3 至 9 阶方阵", why_en="it must be square, of 3 to 9 items")
    if not (np.isfinite(matrix).all() and (matrix > 0).all()):
        raise NotPairwise(why_zh="各项须为正数", why_en="every entry must be positive")
    if np.abs(matrix * matrix.T - 1.0).max() > _RECIPROCAL:
        raise NotPairwise(why_zh="不互反", why_en="it is not reciprocal")
    values, vectors = np.linalg.eig(matrix)
    at = int(np.argmax(values.real))
    vector = np.abs(vectors[:, at].real)
    consistency = (float(values[at].real) - n) / (n - 1) / RANDOM_INDEX[n]
    return Priorities(vector / vector.sum(), max(consistency, 0.0))
