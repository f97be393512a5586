"""What a score says: its lines, gates and reasons, as rows for people and as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from finance.indicator import NO_EBITDA, Indicator
from finance.policy import Gate, Grade, Scorecard
from finance.submission import State
from models.errors import NOTHING, Text
from models.provenance import fingerprint
from models.table import Result, Row

METHOD = "finance.score/1"


@dataclass(frozen=True, slots=True)
class Line:
    """
    One indicator in the score.

    ``value`` is as handed in and ``used`` as the curve read it, after the
    haircut or the sector's adverse value; ``points`` run from 0 to 100,
    ``weight`` is the effective weight in percent and ``contribution`` what the
    line adds to the score. ``data_quality`` is the score that was used.
    ``missing_share`` is the part that nobody measured and that scores the
    policy's fixed points, 0 where the value speaks for the whole.
    """

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
    missing_share: float = 0.0

    @property
    def known_points(self) -> float:
        """Points of the measured part alone."""
        if self.missing_share == 0.0 or self.used is None or isinstance(self.used, str):
            return self.points
        return float(self.indicator.points_of(self.used))

    @property
    def lost(self) -> float:
        """Weighted points lost: effective weight less contribution."""
        return self.weight - self.contribution

    @property
    def explained(self) -> Text:
        """How the contribution came about."""
        if self.state == "not_applicable":
            return joined(
                Text("不适用，权重分摊到其余指标", "not applicable: the other weights are rescaled"), self.note
            )
        said = Text(
            f"{self.points:.1f} 分 × 权重 {self.weight:.2f}%", f"{self.points:.1f} points x weight {self.weight:.2f}%"
        )
        if self.used is not None:
            value = Text(
                "缺失" if self.value is None else f"原值 {_number(self.value)}",
                "missing" if self.value is None else f"value {_number(self.value)}",
            )
            if self.used != self.value:
                value = Text(f"{value.zh}，采用 {_number(self.used)}", f"{value.en}, used {_number(self.used)}")
            said = joined(value, said)
        if self.state == "estimated":
            said = joined(said, Text("估算值", "estimated"))
        return joined(said, self.note)

    def to_dict(self) -> dict[str, Any]:
        """Return the line as plain data."""
        return {
            "id": self.indicator.id,
            "dimension": self.dimension,
            "zh": self.indicator.zh,
            "en": self.indicator.en,
            "unit": self.indicator.unit,
            "state": self.state,
            "value": self.value,
            "used": self.used,
            "points": self.points,
            "weight": self.weight,
            "contribution": self.contribution,
            "data_quality": self.data_quality,
            "missing_share": self.missing_share,
            "evidence": self.evidence,
            "note": self.note._asdict(),
        }


@dataclass(frozen=True, slots=True)
class GateResult:
    """``answer`` is ``None`` where nobody has answered; then the gate does not bind and says so."""

    gate: Gate
    answer: bool | None
    note: Text = NOTHING

    @property
    def binds(self) -> bool:
        """Whether the gate's statement holds."""
        return self.answer is True

    @property
    def explained(self) -> Text:
        """Whether it binds, and what that does."""
        if self.answer is None:
            return joined(Text("未回答", "not answered"), self.note)
        if not self.answer:
            return joined(Text("未触发", "does not bind"), self.note)
        effect = {
            "block": Text(
                "触发：评分仅供参考，不用于决策", "binds: the score is for information and not for a decision"
            ),
            "cap": Text(
                f"触发：得分上限 {self.gate.cap or 0:g}", f"binds: the score is at most {self.gate.cap or 0:g}"
            ),
            "refer": Text("触发：转人工复核", "binds: a human reviews it"),
        }
        return joined(effect[self.gate.effect], self.note)


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code with the next better breakpoint and the points of the score that reaching it would add."""

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
    is after gates; ``without_missing`` leaves what is missing out, before
    gates, and is ``None`` where none is missing: what lies between it and
    ``before_gates`` is the value of getting the data.
    """

    card: Scorecard
    lines: tuple[Line, ...]
    before_gates: float
    total: float
    grade: Grade
    gates: tuple[GateResult, ...]
    reasons: tuple[Reason, ...]
    without_missing: float | None

    @property
    def blocked(self) -> bool:
        """Whether the score is for information only."""
        return any(g.binds and g.gate.effect == "block" for g in self.gates)

    @property
    def refer(self) -> bool:
        """Whether a human must review it."""
        return any(g.binds and g.gate.effect == "refer" for g in self.gates)

    @property
    def statements(self) -> tuple[Text, ...]:
        """What must be said plainly wherever the score is shown."""
        return tuple(s.text for s in self.card.statements)

    @property
    def key(self) -> str:
        """Key over method, policy, inputs and what stood in for missing ones."""
        inputs = [
            [x.indicator.id, x.state, x.value, x.used, x.data_quality, x.missing_share, x.evidence] for x in self.lines
        ]
        answers = [[g.gate.id, g.answer] for g in self.gates]
        return fingerprint({"method": METHOD, "policy": self.card.policy_hash, "inputs": inputs, "gates": answers})

    def shown(self) -> str:
        """Return the score as people read it: half up, one decimal."""
        return str(Decimal(repr(self.total)).quantize(Decimal("0.1"), ROUND_HALF_UP))

    def rows(self) -> list[Row]:
        grade = Text(f"{self.grade.id} 级（{self.grade.zh}）", f"grade {self.grade.id} ({self.grade.en})")
        made = [Row("score", Text("绿色低碳评分", "Green and low-carbon score"), self.total, "", grade, 1)]
        for x in self.lines:
            value = None if x.state == "not_applicable" else x.contribution
            made.append(Row(x.indicator.id, x.indicator.text, value, "", x.explained, 2))
        before = Text("= 各项合计（触发关口前）", "= sum of the lines, before gates")
        made.append(Row("before_gates", before, self.before_gates, "", NOTHING, 2))
        if self.without_missing is not None:
            label = Text("剔除缺失指标后的得分", "Score with missing indicators left out")
            why = Text("关口前；差额即补齐数据的价值", "before gates; the gap is the value of getting the data")
            made.append(Row("without_missing", label, self.without_missing, "", why, 2))
        return [*made, *(Row(g.gate.id, g.gate.text, None, "", g.explained) for g in self.gates)]

    def proof(self) -> list[str]:
        card = self.card
        return [
            f"{card.policy_id} {card.version} ({card.status}, {card.effective_from}) [{card.policy_hash[:12]}] {METHOD}"
        ]

    def to_record(self) -> dict[str, Any]:
        """Return the score as plain data."""
        card = self.card
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
            "lines": [line.to_dict() for line in self.lines],
            "dimensions": self._dimensions(),
            "gates": [
                {
                    "id": g.gate.id,
                    "effect": g.gate.effect,
                    "zh": g.gate.zh,
                    "en": g.gate.en,
                    "answer": g.answer,
                    "binds": g.binds,
                    "note": g.explained._asdict(),
                }
                for g in self.gates
            ],
            "reasons": [
                {
                    "code": r.code,
                    "zh": r.text.zh,
                    "en": r.text.en,
                    "value": r.value,
                    "used": r.used,
                    "next_breakpoint": r.next_breakpoint,
                    "points_to_gain": r.points_to_gain,
                }
                for r in self.reasons
            ],
            "statements": [s._asdict() for s in self.statements],
            "policy": {
                "id": card.policy_id,
                "version": card.version,
                "status": card.status,
                "effective_from": card.effective_from.isoformat(),
                "hash": card.policy_hash,
                "owner": card.owner.model_dump(),
                "weights_basis": card.weights_basis.model_dump(),
            },
        }

    def _dimensions(self) -> list[dict[str, Any]]:
        out = []
        for d in self.card.dimensions:
            weight = sum(line.weight for line in self.lines if line.dimension == d.id)
            got = sum(line.contribution for line in self.lines if line.dimension == d.id)
            points = got / weight * 100.0 if weight else None
            out.append({"id": d.id, "zh": d.zh, "en": d.en, "weight": weight, "contribution": got, "points": points})
        return out


def joined(a: Text, b: Text) -> Text:
    """Return two notes as one."""
    if not (a.zh and b.zh):
        return a if a.zh else b
    return Text(f"{a.zh}；{b.zh}", f"{a.en}; {b.en}")


def _number(value: float | str) -> str:
    if value == NO_EBITDA:
        return "—"
    return value if isinstance(value, str) else f"{value:.6g}"
