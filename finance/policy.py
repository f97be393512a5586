"""
The scorecard as policy: what a credit committee reads, validated when it is loaded.

A file under ``data/scorecards`` holds indicators, weights, point curves, gates
and grades. There is no threshold in the code and no expression in the file.
"""

from __future__ import annotations

import datetime as dt
import json
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, ValidationError, model_validator

from models.errors import Text, YuetanError
from models.inputs import Input
from models.provenance import fingerprint
from models.units import FloatArray, Numbers

#: Indicators the house knows how to compute or take; a card may use any of them and no other.
KNOWN = ("F1", "F2", "F3", "C1", "C2", "E1", "E2", "E3", "B1", "B2", "B3", "T1", "T2", "T3", "Q1")
Points = Annotated[float, Field(ge=0, le=100)]


class BadPolicy(YuetanError):
    code = "score.bad_policy"
    message = Text("评分政策文件 {path} 不能使用：{what}", "The scoring policy {path} cannot be used: {what}")
    hint = Text(
        "请更正政策文件；旧评分保留原来的版本。", "Correct the policy file; old scores keep the version they had."
    )


class Bilingual(Input):
    """Chinese and English, both required."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @property
    def text(self) -> Text:
        """The pair."""
        return Text(self.zh, self.en)


class DataQuality(Input):
    """Spread of a value by its data-quality score, 1 (best) to 5."""

    sigma_by_score: dict[int, Annotated[float, Field(ge=0, le=2)]]
    haircut_quantile: Annotated[float, Field(gt=0.5, lt=1)]
    basis: str

    @model_validator(mode="after")
    def _whole(self) -> DataQuality:
        if sorted(self.sigma_by_score) != [1, 2, 3, 4, 5]:
            raise ValueError("sigma_by_score needs the scores 1 to 5")
        if any(a > b for a, b in pairwise(self.sigma_by_score[i] for i in range(1, 6))):
            raise ValueError("sigma_by_score must not fall as quality worsens")
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
            raise ValueError(f"{self.id} is not a known indicator")
        if (self.points is None) == (self.levels is None):
            raise ValueError(f"{self.id} needs either points or levels")
        if self.points is not None:
            xs, ys = zip(*self.points, strict=True)
            if self.direction is None or len(xs) < 2:
                raise ValueError(f"{self.id} needs a direction and at least two points")
            if any(a >= b for a, b in pairwise(xs)):
                raise ValueError(f"x of {self.id} must rise strictly")
            sign = -1.0 if self.direction == "lower_better" else 1.0
            if any(sign * (b - a) < 0 for a, b in pairwise(ys)):
                raise ValueError(f"points of {self.id} run against its direction")
        elif self.haircut or self.direction:
            raise ValueError(f"{self.id} has levels: no direction and no haircut")
        return self

    def points_of(self, values: Numbers) -> Numbers:
        """Return points of values (float or column), linear through the curve and flat outside it (``finance.md`` 4.1)."""
        xs, ys = zip(*(self.points or ((0.0, 0.0), (1.0, 0.0))), strict=True)
        found = np.interp(values, xs, ys)
        return found if isinstance(found, np.ndarray) and found.ndim else float(found)

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


class Gate(Bilingual):
    """A test after the sum: ``block``, ``cap`` or ``refer``."""

    id: str
    effect: Literal["block", "cap", "refer"]
    cap: Annotated[float, Field(ge=0, le=100)] | None = None
    asks: Literal["answer"] | Asks

    @model_validator(mode="after")
    def _sound(self) -> Gate:
        if (self.effect == "cap") != (self.cap is not None):
            raise ValueError(f"gate {self.id}: a cap is given exactly when the effect is cap")
        return self


class Reasons(Input):
    """How many reasons are told."""

    max_reported: Annotated[int, Field(ge=1, le=20)]
    rule: str


class Scorecard(Input):
    """The whole policy. ``policy_hash`` names its content."""

    policy_id: str
    version: str
    status: str
    effective_from: dt.date
    owner: Bilingual
    source: str
    language: tuple[Literal["zh"], Literal["en"]]
    score_scale: tuple[Literal[0], Literal[100]]
    data_quality: DataQuality
    missing_rule: MissingRule
    not_applicable_rule: Literal["renormalise_weights"]
    dimensions: tuple[Dimension, ...]
    grades: tuple[Grade, ...]
    gates: tuple[Gate, ...]
    legally_bound: tuple[str, ...]
    reason_codes: Reasons
    statements: tuple[Bilingual, ...]
    pricing: dict[str, Any]
    weights_basis: dict[str, Any]

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
                raise ValueError(f"{what} ids are not unique: {ids}")
        if sum(i.weight for i in self.indicators) <= 0:
            raise ValueError("the weights sum to nothing")
        if any(a.min <= b.min for a, b in pairwise(self.grades)) or self.grades[-1].min != 0:
            raise ValueError("grades must fall strictly and end at 0")
        asked = [g.asks.indicator for g in self.gates if isinstance(g.asks, Asks)]
        if unknown := {*asked, *self.legally_bound} - set(groups["indicator"]):
            raise ValueError(f"unknown indicators: {sorted(unknown)}")
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

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError(f"a key appears twice in {[key for key, _ in pairs]}")
        return dict(pairs)

    try:
        node = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)
        return Scorecard.model_validate(node)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "policy"
        raise BadPolicy(path=path.name, what=f"{where}: {first['msg']}") from error
    except ValueError as error:
        raise BadPolicy(path=path.name, what=str(error)) from error
