"""What a credit officer reads first of a score: what lifts it, what holds it down, the way to the next grade, how much is known."""

from __future__ import annotations

from dataclasses import dataclass

from finance.policy import Grade
from finance.score import Line, Reason, Score
from finance.scorecard import reasons_of

#: A loss or gain below this is rounding.
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Lift:
    """A line and the points it adds (above 0) or takes against a firm whose every line scores this firm's own mean."""

    line: Line
    points: float


@dataclass(frozen=True, slots=True)
class Way:
    """
    The next better grade, the points that are missing, and steps that reach it.

    Steps are next breakpoints of single lines, the largest first, as few as
    reach it; ``reached`` is false where all of them together do not, and
    ``capped`` where a gate holds the score below whatever the lines say.
    """

    grade: Grade
    gap: float
    steps: tuple[Reason, ...]
    reached: bool
    capped: bool


@dataclass(frozen=True, slots=True)
class Known:
    """Shares of the weight by state of the value, and the mean data quality of what carries a haircut."""

    shares: dict[str, float]
    quality: float | None


def lifts(score: Score) -> list[Lift]:
    """Return every line by what it adds to the score against its mean, largest first; they sum to nothing."""
    found = [Lift(x, x.weight * (x.points - score.before_gates) / 100.0) for x in score.lines if x.weight > 0]
    return sorted(found, key=lambda one: (-one.points, one.line.indicator.id))


def up_and_down(score: Score, most: int = 3) -> tuple[list[Lift], list[Line]]:
    """Return the lines that lift the score most, and those that lose the most points of it."""
    up = [one for one in lifts(score) if one.points > _NOTHING][:most]
    raised = {one.line.indicator.id for one in up}
    lost = sorted(
        (x for x in score.lines if x.lost > _NOTHING and x.indicator.id not in raised),
        key=lambda x: (-x.lost, x.indicator.id),
    )
    return up, lost[:most]


def way_up(score: Score) -> Way | None:
    """Return the way to the next better grade; ``None`` from the best one."""
    grades = score.card.grades
    at = next(i for i, grade in enumerate(grades) if grade.id == score.grade.id)
    if at == 0:
        return None
    aim = grades[at - 1]
    cap = min((g.gate.cap for g in score.gates if g.binds and g.gate.cap is not None), default=None)
    gap = aim.min - score.before_gates
    steps = reasons_of(score.card, score.lines)
    taken: list[Reason] = []
    left = gap
    for one in sorted((r for r in steps if r.points_to_gain), key=lambda r: (-(r.points_to_gain or 0.0), r.code)):
        if left <= _NOTHING:
            break
        taken.append(one)
        left -= one.points_to_gain or 0.0
    return Way(aim, max(gap, 0.0), tuple(taken), left <= _NOTHING, cap is not None and cap < aim.min)


def known(score: Score) -> Known:
    """Return how much of the weight rests on what was measured, estimated or missing."""
    shares = dict.fromkeys(("measured", "estimated", "missing"), 0.0)
    for x in score.lines:
        if x.state != "not_applicable":
            shares[x.state] += x.weight * (1.0 - x.missing_share) / 100.0
            shares["missing"] += x.weight * x.missing_share / 100.0
    held = [(x.weight, x.data_quality) for x in score.lines if x.indicator.haircut and x.data_quality is not None]
    whole = sum(w for w, _ in held)
    return Known(shares, sum(w * q for w, q in held) / whole if whole > 0 else None)
