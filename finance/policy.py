"""
The scorecard as policy: what a credit committee reads, validated when it is loaded.

A file under ``data/scorecards`` holds indicators, weights, point curves, gates
and grades. There is no threshold in the code and no expression in the file.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import yaml
from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from finance.indicator import Bilingual, Indicator, Points, broken
from models.errors import Text, YuetanError
from models.findings import Finding
from models.inputs import Input
from models.provenance import fingerprint
from models.units import Numbers


class BadPolicy(YuetanError):
    code = "score.bad_policy"
    message = Text(
        "评分政策文件 {path} 不能使用（{where}）：{what_zh}",
        "The scoring policy {path} cannot be used ({where}): {what_en}",
    )
    hint = Text(
        "请更正政策文件；旧评分保留原来的版本。", "Correct the policy file; old scores keep the version they had."
    )


class DataQuality(Input):
    """Spread of a value by its data-quality score, 1 (best) to 5."""

    sigma_by_score: dict[int, Annotated[float, Field(ge=0, le=2)]]
    haircut_quantile: Annotated[float, Field(gt=0.5, lt=1)]
    basis: str

    @model_validator(mode="after")
    def _whole(self) -> DataQuality:
        if sorted(self.sigma_by_score) != [1, 2, 3, 4, 5]:
            raise broken("sigma_by_score 须恰好包含 1 至 5 分", "sigma_by_score needs the scores 1 to 5")
        if any(a > b for a, b in pairwise(self.sigma_by_score[i] for i in range(1, 6))):
            raise broken("数据质量变差时 sigma 不得变小", "sigma_by_score must not fall as quality worsens")
        return self

    def sigma(self, score: Numbers) -> Numbers:
        """Return the spread of a data-quality score, linear between whole scores."""
        found = np.interp(score, range(1, 6), [self.sigma_by_score[i] for i in range(1, 6)])
        return found if isinstance(found, np.ndarray) and found.ndim else float(found)


class MissingRule(Input):
    """What a missing value scores."""

    numeric: Literal["sector_adverse_quantile"]
    sector_adverse_quantile: Annotated[float, Field(gt=0, lt=1)]
    no_sector_value_points: Points
    assigned_data_quality: Annotated[int, Field(ge=1, le=5)]


class Dimension(Bilingual):
    """A group of indicators shown as one bar."""

    id: str
    indicators: tuple[Indicator, ...]


class Grade(Bilingual):
    """A grade and the score from which it holds."""

    id: str
    min: float
    colour: str


class Asks(Input):
    """A gate that an indicator answers."""

    indicator: str
    equals: str | None = None
    above: float | None = None

    @model_validator(mode="after")
    def _one(self) -> Asks:
        if (self.equals is None) == (self.above is None):
            raise broken("关口须有 equals 或 above，且只有一个", "a gate asks either equals or above")
        return self


class Gate(Bilingual):
    """A test after the sum: ``block``, ``cap`` or ``refer``."""

    id: str
    effect: Literal["block", "cap", "refer"]
    cap: Annotated[float, Field(ge=0, le=100)] | None = None
    asks: Literal["answer"] | Asks

    @model_validator(mode="after")
    def _sound(self) -> Gate:
        if (self.effect == "cap") != (self.cap is not None):
            raise broken(
                f"关口 {self.id}：只有 cap 类才有上限，且必须有",
                f"gate {self.id}: a cap is given exactly when the effect is cap",
            )
        if self.effect == "block" and isinstance(self.asks, Asks) and self.asks.indicator == "Q1":
            raise broken(
                f"关口 {self.id}：数据质量可以转人工，不得单独否决",
                f"gate {self.id}: data quality may refer to a human and must not reject on its own",
            )
        return self


class Reasons(Input):
    """How many reasons are told."""

    max_reported: Annotated[int, Field(ge=1, le=20)]
    rule: str


class Pricing(Input):
    """Steps of the margin in basis points; kept with the card, used by loan pricing."""

    day_count: Literal["ACT/360", "ACT/365"]
    verified_only: bool
    grade_adjustment_bp: dict[str, float]
    kpi_step_bp: dict[Literal["met", "missed", "not_verified"], float]
    floor_bp: float
    cap_bp: float


class WeightsBasis(Input):
    """Where the weights come from; said on every report."""

    kind: Literal["expert_judgement", "ahp", "statistical"]
    note: str


class Scorecard(Input):
    """The whole policy. ``policy_hash`` names its content."""

    policy_id: str
    version: str
    status: str
    #: First day on which the policy may be used.
    effective_from: dt.date
    owner: Bilingual
    source: str
    language: tuple[Literal["zh"], Literal["en"]]
    score_scale: tuple[Literal[0], Literal[100]]
    data_quality: DataQuality
    missing_rule: MissingRule
    not_applicable_rule: Literal["renormalise_weights"]
    dimensions: tuple[Dimension, ...] = Field(min_length=1)
    grades: tuple[Grade, ...] = Field(min_length=1)
    gates: tuple[Gate, ...]
    #: A firm in a carbon market must have these: withheld, they score 0.
    legally_bound: tuple[str, ...]
    #: Only these may be declared not applicable; else hiding a bad value would pay.
    may_not_apply: tuple[str, ...]
    reason_codes: Reasons
    statements: tuple[Bilingual, ...]
    pricing: Pricing
    weights_basis: WeightsBasis

    @model_validator(mode="after")
    def _sound(self) -> Scorecard:
        groups = {
            "indicator": [i.id for i in self.indicators],
            "dimension": [d.id for d in self.dimensions],
            "gate": [g.id for g in self.gates],
            "grade": [g.id for g in self.grades],
        }
        for what, ids in groups.items():
            if len(ids) != len(set(ids)):
                raise broken(f"{what} 的编号重复：{', '.join(ids)}", f"{what} ids are not unique: {', '.join(ids)}")
        if math.fsum(i.weight for i in self.indicators) <= 0:
            raise broken("权重合计须大于 0", "the weights sum to nothing")
        if any(a.min <= b.min for a, b in pairwise(self.grades)) or self.grades[-1].min != 0:
            raise broken("等级门槛须严格递减并止于 0", "grades must fall strictly and end at 0")
        known = {i.id: i for i in self.indicators}
        asked = {g.asks.indicator: g.asks for g in self.gates if isinstance(g.asks, Asks)}
        if unknown := {*asked, *self.legally_bound, *self.may_not_apply} - set(known):
            names = ", ".join(sorted(unknown))
            raise broken(f"政策中没有指标 {names}", f"unknown indicators: {names}")
        for key, asks in asked.items():
            levels = known[key].levels
            if (levels is None) != (asks.equals is None) or (levels is not None and asks.equals not in levels):
                raise broken(f"关口所问的 {key} 没有这样的取值", f"a gate asks {key} for a value it cannot have")
        if set(self.pricing.grade_adjustment_bp) != {g.id for g in self.grades}:
            raise broken("每个等级须有一个利差调整", "every grade needs its margin adjustment")
        if self.pricing.floor_bp > self.pricing.cap_bp:
            raise broken("利差下限高于上限", "the margin's floor is above its cap")
        return self

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """All indicators in the order of the file."""
        return tuple(i for d in self.dimensions for i in d.indicators)

    @property
    def policy_hash(self) -> str:
        """SHA-256 of the content."""
        return fingerprint(self.model_dump(mode="json"))

    def grade(self, score: float) -> Grade:
        """Return the first grade whose threshold is at or below the unrounded score."""
        return next(g for g in self.grades if g.min <= score)


def load_scorecard(path: Path) -> Scorecard:
    """
    Read and check a policy file.

    Raises
    ------
    BadPolicy
        Not JSON, a key twice, an unknown field, or a rule above is broken; the
        message names the place.
    """
    try:
        return _read(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise _refused(path.name, error.errors(include_url=False)[0]) from error
    except ValueError as error:
        raise _no_json(path.name, error) from error


def check_scorecard(text: str, name: str) -> tuple[Scorecard | None, tuple[Finding, ...]]:
    """
    Check the text of a policy and raise nothing.

    Returns
    -------
    Scorecard or None
        The policy; none where it is refused.
    tuple of Finding
        Every refusal, with its field and, as ``row``, its line in the text.
    """
    try:
        return _read(text), ()
    except ValidationError as error:
        lines = _Lines(text)
        found = [
            Finding.of(_refused(name, one), field=_place(one), row=lines.of(one["loc"]))
            for one in error.errors(include_url=False)
        ]
        return None, tuple(found)
    except json.JSONDecodeError as error:
        return None, (Finding.of(_no_json(name, error), row=error.lineno),)
    except (ValueError, RecursionError) as error:
        return None, (Finding.of(_no_json(name, error)),)


class _Twice(ValueError):
    """A key appears twice in one object."""


def _read(text: str) -> Scorecard:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise _Twice(", ".join(twice)[:200])
        return dict(pairs)

    node = json.loads(text, object_pairs_hook=once)
    return Scorecard.model_validate_json(json.dumps(node), strict=True)


def _no_json(name: str, error: BaseException) -> BadPolicy:
    if isinstance(error, _Twice):
        return BadPolicy(path=name, where="-", what_zh=f"键重复：{error}", what_en=f"a key appears twice: {error}")
    return BadPolicy(path=name, where="-", what_zh=f"不是 JSON：{error}", what_en=f"no JSON: {error}")


class _Lines:
    """Where the parts of a JSON text stand; JSON is YAML too, whose reader keeps the marks."""

    def __init__(self, text: str) -> None:
        try:
            self.root: yaml.Node | None = yaml.compose(text.replace("\t", " "), Loader=yaml.SafeLoader)
        except yaml.YAMLError:
            self.root = None

    def of(self, loc: Sequence[int | str]) -> int | None:
        """Return the line of the deepest part of ``loc`` that is there, from 1."""
        node = self.root
        if node is None:
            return None
        for step in loc:
            inner = _inner(node, step)
            if inner is None:
                break
            node = inner
        return int(node.start_mark.line) + 1


def _inner(node: yaml.Node, step: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    return None


_WORDS = {
    "extra_forbidden": "未知字段",
    "missing": "缺少字段",
    "literal_error": "不在允许的取值之内",
    "string_too_short": "文字不能为空",
    "too_short": "不能为空",
    "greater_than_equal": "数值太小",
    "greater_than": "数值太小",
    "less_than_equal": "数值太大",
    "less_than": "数值太大",
}


def _place(one: ErrorDetails) -> str:
    return ".".join(str(part) for part in one["loc"]) or "-"


def _refused(name: str, first: ErrorDetails) -> BadPolicy:
    zh, en = _WORDS.get(first["type"], "类型或格式不对"), first["msg"]
    if first["type"] == "policy":
        zh = first["ctx"]["zh"]
    return BadPolicy(path=name, where=_place(first), what_zh=zh, what_en=en)
