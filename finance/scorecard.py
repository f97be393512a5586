"""
The green and low-carbon score of a borrower: deterministic, explained line by line.

A policy judgement, not a probability of default, and never mixed with one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from statistics import NormalDist
from typing import Any

from finance.policy import Asks, Gate, Grade, Indicator, Scorecard, load_scorecard
from finance.submission import IndicatorValue, State
from models.errors import NOTHING, OutOfRange, Text
from models.provenance import fingerprint
from models.table import Result, Row

METHOD = "finance.score/1"
__all__ = ["METHOD", "Line", "Score", "Scorecard", "load_scorecard", "score"]


@dataclass(frozen=True, slots=True)
class Line:
    """One indicator in the score."""

    indicator: Indicator
    dimension: str
    state: State
    value: float | str | None
    used: float | str | None
    points: float
    weight: float
    contribution: float
    data_quality: float | None
    evidence: str | None
    note: Text

    @property
    def lost(self) -> float:
        """Weighted points lost: effective weight less contribution."""
        return self.weight - self.contribution


@dataclass(frozen=True, slots=True)
class GateResult:
    """``answer`` is ``None`` where nobody has answered; then the gate does not bind and says so."""

    gate: Gate
    answer: bool | None
    binds: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code with what the next breakpoint would add."""

    code: str
    text: Text
    value: float | str | None
    used: float | str | None
    next_breakpoint: float | str | None
    points_to_gain: float | None


@dataclass(frozen=True, slots=True)
class Score(Result):
    """
    The score, its lines and its reasons.

    ``before_gates`` is the sum of the contributions and nothing else; ``total``
    is after gates; ``without_missing`` leaves missing indicators out and is
    ``None`` where none is missing.
    """

    card: Scorecard
    lines: tuple[Line, ...]
    before_gates: float
    total: float
    grade: Grade
    blocked: bool
    refer: bool
    gates: tuple[GateResult, ...]
    reasons: tuple[Reason, ...]
    without_missing: float | None

    @property
    def key(self) -> str:
        """Key over method, policy and inputs."""
        inputs = [[x.indicator.id, x.state, x.value, x.data_quality, x.evidence] for x in self.lines]
        answers = [[g.gate.id, g.answer] for g in self.gates]
        return fingerprint({"method": METHOD, "policy": self.card.policy_hash, "inputs": inputs, "gates": answers})

    def shown(self) -> str:
        """Return the score as people read it: half up, one decimal."""
        return str(Decimal(repr(self.total)).quantize(Decimal("0.1"), ROUND_HALF_UP))

    def rows(self) -> list[Row]:
        head = Row("score", Text("绿色低碳评分", "Green and low-carbon score"), self.total, "",
                   Text(f"{self.grade.id} 级（{self.grade.zh}）", f"grade {self.grade.id} ({self.grade.en})"), 1)  # fmt: skip
        return [
            head,
            *(
                Row(line.indicator.id, line.indicator.text, line.contribution, "", _line_note(line), 2)
                for line in self.lines
                if line.state != "not_applicable"
            ),
        ]

    def to_record(self) -> dict[str, Any]:
        """Return the score as plain data."""
        return {
            "key": self.key,
            "method": METHOD,
            "total": self.total,
            "shown": self.shown(),
            "before_gates": self.before_gates,
            "grade": {"id": self.grade.id, "colour": self.grade.colour, "zh": self.grade.zh, "en": self.grade.en},
            "blocked": self.blocked,
            "refer": self.refer,
            "without_missing": self.without_missing,
            "lines": [_line_record(line) for line in self.lines],
            "dimensions": self._dimensions(),
            "gates": [
                {"id": g.gate.id, "effect": g.gate.effect, "zh": g.gate.zh, "en": g.gate.en, "answer": g.answer, "binds": g.binds}
                for g in self.gates
            ],
            "reasons": [
                {"code": r.code, "zh": r.text.zh, "en": r.text.en, "value": r.value, "used": r.used,
                 "next_breakpoint": r.next_breakpoint, "points_to_gain": r.points_to_gain}
                for r in self.reasons
            ],
            "statements": [{"zh": s.zh, "en": s.en} for s in self.card.statements],
            "policy": {"id": self.card.policy_id, "version": self.card.version, "status": self.card.status,
                       "hash": self.card.policy_hash, "owner": self.card.owner.model_dump()},
        }  # fmt: skip

    def _dimensions(self) -> list[dict[str, Any]]:
        out = []
        for d in self.card.dimensions:
            weight = sum(line.weight for line in self.lines if line.dimension == d.id)
            got = sum(line.contribution for line in self.lines if line.dimension == d.id)
            points = got / weight * 100.0 if weight else None
            out.append({"id": d.id, "zh": d.zh, "en": d.en, "weight": weight, "contribution": got, "points": points})
        return out


def _line_note(line: Line) -> Text:
    zh, en = f"{line.points:.1f} 分 × 权重 {line.weight:.2f}%", f"{line.points:.1f} points x weight {line.weight:.2f}%"
    return Text(f"{zh}；{line.note.zh}", f"{en}; {line.note.en}") if line.note.zh else Text(zh, en)


def _line_record(line: Line) -> dict[str, Any]:
    return {
        "id": line.indicator.id,
        "dimension": line.dimension,
        "zh": line.indicator.zh,
        "en": line.indicator.en,
        "unit": line.indicator.unit,
        "state": line.state,
        "value": line.value,
        "used": line.used,
        "points": line.points,
        "weight": line.weight,
        "contribution": line.contribution,
        "data_quality": line.data_quality,
        "evidence": line.evidence,
        "note": line.note._asdict(),
    }


def score(
    card: Scorecard,
    inputs: Mapping[str, IndicatorValue],
    gates: Mapping[str, bool],
    sector_adverse: Mapping[str, float | str] | None = None,
    *,
    notes: Mapping[str, Text] | None = None,
) -> Score:
    """
    Score a borrower.

    Parameters
    ----------
    card : Scorecard
        The policy.
    inputs : mapping of id to IndicatorValue
        What is known; an id that is absent is missing.
    gates : mapping of id to bool
        Answers to the gates that ask for one; absent is "not asked".
    sector_adverse : mapping of id to value, optional
        The sector's adverse quantile, which stands in for a missing value.
    notes : mapping of id to Text, optional
        How a value was computed, shown beside it.

    Returns
    -------
    Score
        Contributions sum to ``before_gates`` to 1e-9.

    Raises
    ------
    OutOfRange
        A value is no number where a number is needed, or no known level.

    Notes
    -----
    ``finance.md`` sections 4.1 to 4.6.
    """
    lines = _lines(card, inputs, sector_adverse or {}, notes or {})
    lines = _weighted(lines)
    before = sum(line.contribution for line in lines)
    missing = [line for line in lines if line.state == "missing"]
    without = None
    if missing and len(missing) < len([x for x in lines if x.state != "not_applicable"]):
        rest = _weighted([replace(x, weight=0.0) if x.state == "missing" else replace(x, weight=x.indicator.weight) for x in lines],
                         keep=True)  # fmt: skip
        without = sum(line.contribution for line in rest)
    results = tuple(_gate(gate, lines, gates) for gate in card.gates)
    total, blocked, refer = before, False, False
    for result in results:
        if result.binds:
            total = min(total, result.gate.cap) if result.gate.cap is not None else total
            blocked |= result.gate.effect == "block"
            refer |= result.gate.effect == "refer"
    reasons = [Reason(f"RC-{r.gate.id}", r.gate.text, None, None, None, None) for r in results if r.binds]
    worst = sorted((x for x in lines if x.lost > 0), key=lambda x: (-x.lost, x.indicator.id))
    reasons += [_reason(card, line) for line in worst[: card.reason_codes.max_reported]]
    return Score(card, tuple(lines), before, total, card.grade(total), blocked, refer, results, tuple(reasons), without)


def _lines(
    card: Scorecard,
    inputs: Mapping[str, IndicatorValue],
    sector_adverse: Mapping[str, float | str],
    notes: Mapping[str, Text],
) -> list[Line]:
    made = []
    for dimension in card.dimensions:
        for indicator in dimension.indicators:
            given = inputs.get(indicator.id, IndicatorValue(state="missing"))
            made.append(
                _line(
                    card,
                    indicator,
                    dimension.id,
                    given,
                    sector_adverse.get(indicator.id),
                    notes.get(indicator.id, NOTHING),
                )
            )
    return made


def _line(
    card: Scorecard,
    indicator: Indicator,
    dimension: str,
    given: IndicatorValue,
    adverse: float | str | None,
    note: Text,
) -> Line:
    state, value, quality = given.state, given.value, given.data_quality

    def line(used: float | str | None, points: float, why: Text = note, q: float | None = quality) -> Line:
        return Line(indicator, dimension, state, value, used, points, indicator.weight, 0.0, q, given.evidence, why)

    if state == "not_applicable":
        if given.declared_on is not None:
            return line(None, 0.0)
        state = "missing"
        note = Text(
            "“不适用”没有注明日期的声明，按缺失处理", "'not applicable' without a dated declaration counts as missing"
        )
    if value is None and state in ("measured", "estimated"):
        state = "missing"
    if state == "missing":
        value = None
        if indicator.id in card.legally_bound:
            why = Text("依法应有的数据未提供，计 0 分", "a value the borrower is bound to have is withheld: 0 points")
            return line(None, 0.0, _joined(note, why), None)
        worst = card.missing_rule.assigned_data_quality
        if adverse is None:
            fixed = card.missing_rule.no_sector_value_points
            why = Text(
                f"缺失，无行业值，按政策计 {fixed:g} 分", f"missing, no sector value: {fixed:g} points by policy"
            )
            return line(None, fixed, _joined(note, why), float(worst))
        used, points = _points(card, indicator, adverse, float(worst))
        why = Text("缺失，取行业不利分位数", "missing, the sector's adverse quantile stands in")
        return line(used, points, _joined(note, why), float(worst))
    assert value is not None  # noqa: S101 - a measured value without a value is missing, above
    used, points = _points(card, indicator, value, quality)
    return line(used, points)


def _joined(a: Text, b: Text) -> Text:
    return Text(f"{a.zh}；{b.zh}", f"{a.en}; {b.en}") if a.zh else b


def _points(
    card: Scorecard, indicator: Indicator, value: float | str, quality: float | None
) -> tuple[float | str, float]:
    if indicator.levels is not None:
        level = f"{value:g}" if isinstance(value, float | int) else value
        if level not in indicator.levels:
            raise _bad(indicator, f"“{level}”不是已知等级", f"'{level}' is not a known level")
        return level, indicator.levels[level]
    if isinstance(value, str):
        raise _bad(indicator, "需要数字", "a number is needed")
    if not indicator.haircut:
        return value, float(indicator.points_of(value))
    sigma = card.data_quality.sigma(card.missing_rule.assigned_data_quality if quality is None else quality)
    z = NormalDist().inv_cdf(card.data_quality.haircut_quantile)
    used = float(indicator.used(float(value), sigma, z))
    return used, float(indicator.points_of(used))


def _bad(indicator: Indicator, why_zh: str, why_en: str) -> OutOfRange:
    return OutOfRange(
        name_zh=f"{indicator.id} {indicator.zh}",
        name_en=f"{indicator.id} {indicator.en}",
        why_zh=why_zh,
        why_en=why_en,
        field=indicator.id,
    )


def _weighted(lines: list[Line], *, keep: bool = False) -> list[Line]:
    """Scale the weights of what applies to 100 and form contributions; ``keep`` takes weights as they are now."""
    raw = [0.0 if x.state == "not_applicable" else (x.weight if keep else x.indicator.weight) for x in lines]
    whole = sum(raw)
    if whole == 0:
        return [replace(x, weight=0.0, contribution=0.0) for x in lines]
    return [
        replace(x, weight=100.0 * w / whole, contribution=100.0 * w / whole * x.points / 100.0)
        for x, w in zip(lines, raw, strict=True)
    ]


def _gate(gate: Gate, lines: list[Line], answers: Mapping[str, bool]) -> GateResult:
    answer: bool | None
    if isinstance(gate.asks, Asks):
        line = next(x for x in lines if x.indicator.id == gate.asks.indicator)
        if line.state == "not_applicable":
            answer = False
        elif gate.asks.equals is not None:
            answer = line.value == gate.asks.equals or line.state == "missing"
        else:
            value = line.value if isinstance(line.value, float | int) else None
            answer = value > float(gate.asks.above or 0) if value is not None else None
    else:
        answer = answers.get(gate.id)
    return GateResult(gate, answer, binds=answer is True)


def _reason(card: Scorecard, line: Line) -> Reason:
    following, gain = _next(card, line)
    zh, en = f"{line.indicator.zh}：失去 {line.lost:.2f} 分", f"{line.indicator.en}: {line.lost:.2f} points lost"
    return Reason(f"RC-{line.indicator.id}", Text(zh, en), line.value, line.used, following, gain)


def _next(card: Scorecard, line: Line) -> tuple[float | str | None, float | None]:
    """Return the next better breakpoint and the weighted points that reaching it would add."""
    if line.indicator.levels is not None:
        better = sorted((p, level) for level, p in line.indicator.levels.items() if p > line.points)
        if not better:
            return None, None
        return better[0][1], line.weight * (better[0][0] - line.points) / 100.0
    curve = line.indicator.points or ()
    better_points = sorted(
        (p, -x if line.indicator.direction == "lower_better" else x) for x, p in curve if p > line.points + 1e-12
    )
    if not better_points:
        return None, None
    points, x = better_points[0]
    return (-x if line.indicator.direction == "lower_better" else x), line.weight * (points - line.points) / 100.0
