"""Which label a loan may be proposed for, and what its margin is as KPIs are met, missed or not verified."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from finance.indicator import broken
from finance.policy import Pricing
from finance.score import Score
from models.errors import Text
from models.inputs import Input, NonNegative
from models.table import Result, Row

METHOD = "finance.margin/1"
Label = Literal["green", "transition", "footprint_linked", "plain"]
LABELS: dict[Label, Text] = {
    "green": Text("绿色贷款", "green loan"),
    "transition": Text("转型贷款", "transition loan"),
    "footprint_linked": Text("碳足迹挂钩贷款", "footprint-linked loan"),
    "plain": Text("普通贷款", "plain loan"),
}
State = Literal["met", "missed", "not_verified"]
STATES: dict[State, Text] = {
    "met": Text("达标（经核查）", "met, verified"),
    "missed": Text("未达标", "missed"),
    "not_verified": Text("尚未核查", "not verified yet"),
}
#: Evidence on which a label may rest (``finance.md`` section 8); a self-declared footprint never earns one.
SUFFICIENT = frozenset({"third_party_verified", "national_certified"})
_DAYS = {"ACT/360": 360.0, "ACT/365": 365.0}


@dataclass(frozen=True, slots=True)
class Routing:
    """A proposal for a human: the label, and why none better."""

    label: Label
    reasons: tuple[Text, ...]

    @property
    def text(self) -> Text:
        """The label in words."""
        return LABELS[self.label]


def routed(made: Score, *, transition_entity: bool | None, has_kpi: bool) -> Routing:
    """
    Return the label a loan may be proposed for.

    Parameters
    ----------
    made : Score
        With its gates; evidence (F2) and use of proceeds (T2) are its lines.
    transition_entity : bool or None
        Whether the firm passed the entity tests of its sector's transition
        standard; ``None`` is not tested.
    has_kpi : bool
        Whether the contract holds a footprint KPI.

    Notes
    -----
    ``finance.md`` section 8: every label needs verified footprint evidence and
    no binding gate.
    """
    lines = {line.indicator.id: line for line in made.lines}
    evidence = lines["F2"].value if "F2" in lines else None
    use = lines["T2"].value if "T2" in lines else None
    reasons = [Text(f"关口触发：{g.gate.zh}", f"a gate binds: {g.gate.en}") for g in made.gates if g.binds]
    if evidence not in SUFFICIENT:
        reasons.append(
            Text("足迹没有经第三方核验或国家认证", "the footprint is neither third-party verified nor certified")
        )
    unanswered = [g for g in made.gates if g.answer is None and g.gate.effect == "block"]
    reasons += [Text(f"关口未回答：{g.gate.zh}", f"a gate is not answered: {g.gate.en}") for g in unanswered]
    if reasons:
        return Routing("plain", tuple(reasons))
    if use == "green_catalogue":
        return Routing("green", ())
    if use == "transition_catalogue":
        if transition_entity:
            return Routing("transition", ())
        why = Text("主体转型测试未通过", "the entity tests are not passed")
        reasons.append(why if transition_entity is False else Text("主体转型测试未做", "the entity tests are not made"))
    else:
        reasons.append(Text("资金用途不在绿色或转型目录", "the use of proceeds is in neither catalogue"))
    if has_kpi:
        return Routing("footprint_linked", tuple(reasons))
    return Routing("plain", (*reasons, Text("合同没有足迹 KPI", "the contract has no footprint KPI")))


class Kpi(Input):
    """A KPI on one test date; ``value`` counts only with the day it was verified and by whom."""

    id: str = Field(min_length=1, max_length=60)
    metric: str = Field(min_length=1, max_length=200)
    unit: str = Field(min_length=1, max_length=60)
    better: Literal["lower", "higher"]
    baseline_year: int = Field(ge=2000, le=2060)
    baseline: float
    target: float
    test_on: dt.date
    grace_days: int = Field(ge=0, le=400)
    value: float | None = None
    verified_on: dt.date | None = None
    verifier: str | None = Field(default=None, max_length=200)
    evidence: str | None = Field(default=None, max_length=300)

    @model_validator(mode="after")
    def _ambitious(self) -> Kpi:
        if (self.target >= self.baseline) if self.better == "lower" else (self.target <= self.baseline):
            raise broken("目标须优于基准", "the target must be better than the baseline")
        return self

    def state(self, on: dt.date) -> State:
        """
        Return whether the KPI is met on a day.

        Met only when verified by then; not verified counts as missed once the
        test date and the contract's days of grace have passed.
        """
        verified = self.value is not None and self.verified_on is not None and self.verifier and self.evidence
        if verified and self.verified_on is not None and self.verified_on <= on and self.value is not None:
            reached = self.value <= self.target if self.better == "lower" else self.value >= self.target
            return "met" if reached else "missed"
        return "missed" if on > self.test_on + dt.timedelta(days=self.grace_days) else "not_verified"


@dataclass(frozen=True, slots=True)
class Margin(Result):
    """The margin of a loan on a day, basis points; ``adjustment_bp`` is after the policy's floor and cap."""

    base_bp: float
    grade: str
    grade_bp: float
    kpis: tuple[tuple[Kpi, State, float], ...]
    floor_bp: float
    cap_bp: float

    @property
    def adjustment_bp(self) -> float:
        """Grade adjustment and steps, within floor and cap."""
        whole = self.grade_bp + math.fsum(step for _, _, step in self.kpis)
        return min(max(whole, self.floor_bp), self.cap_bp)

    @property
    def margin_bp(self) -> float:
        """Base margin with the adjustment."""
        return self.base_bp + self.adjustment_bp

    def rows(self) -> list[Row]:
        limits = Text(
            f"限于 {self.floor_bp:g} 至 {self.cap_bp:g} bp", f"within {self.floor_bp:g} and {self.cap_bp:g} bp"
        )
        return [
            Row("base", Text("基础利差", "Base margin"), self.base_bp, "bp"),
            Row("grade", Text(f"等级 {self.grade}", f"Grade {self.grade}"), self.grade_bp, "bp"),
            *(Row(f"kpi.{k.id}", Text(k.metric, k.metric), step, "bp", STATES[state]) for k, state, step in self.kpis),
            Row("adjustment", Text("调整合计", "Adjustment"), self.adjustment_bp, "bp", limits),
            Row("margin", Text("利差", "Margin"), self.margin_bp, "bp"),
        ]

    def proof(self) -> list[str]:
        return [METHOD]


def margin(base_bp: float, grade: str, kpis: Sequence[Kpi], pricing: Pricing, on: dt.date) -> Margin:
    """
    Return the margin of a loan on a day.

    Notes
    -----
    ``finance.md`` section 8: base + grade adjustment + sum of KPI steps. Floor
    and cap are read as limits of the adjustments, not of the whole margin.
    """
    states = [(kpi, kpi.state(on)) for kpi in kpis]
    steps = tuple((kpi, state, pricing.kpi_step_bp[state]) for kpi, state in states)
    return Margin(base_bp, grade, pricing.grade_adjustment_bp[grade], steps, pricing.floor_bp, pricing.cap_bp)


def interest_effect(principal: NonNegative, bp: float, days: float, pricing: Pricing) -> float:
    """Return principal x bp / 10 000 x days / 360 (or 365 by the policy's day count), money."""
    return principal * bp / 10_000.0 * days / _DAYS[pricing.day_count]
