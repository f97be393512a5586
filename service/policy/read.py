"""What the API says of policies and of what another one would do."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from finance.policy import Scorecard
from finance.policy_change import PolicyChange
from service.policy.tables import PolicyVersion
from service.schemas import FindingRead, RowRead, rows_of


class IndicatorRead(BaseModel):
    """One indicator of a policy in short."""

    id: str
    dimension: str
    zh: str
    en: str
    weight: float


class GradeRead(BaseModel):
    """A grade and from which score it holds."""

    id: str
    zh: str
    en: str
    min: float


class PolicyRead(BaseModel):
    """A policy; `text` is its JSON as it was handed in."""

    policy_id: str
    version: str
    status: str
    effective_from: dt.date
    policy_hash: str
    owner_zh: str
    owner_en: str
    weights_basis: str
    indicators: list[IndicatorRead]
    grades: list[GradeRead]
    text: str


class VersionRead(BaseModel):
    """A version that was kept."""

    id: UUID
    number: int
    at: dt.datetime
    policy_id: str
    version: str
    effective_from: dt.date
    policy_hash: str
    note: str
    hash: str = Field(description="Of the row, over that of the row before")


class CheckRead(BaseModel):
    """Whether a policy can be used, and every refusal with its line."""

    accepted: bool
    policy_hash: str | None
    findings: list[FindingRead]


class MovedRead(BaseModel):
    """One case under both policies; null where a policy cannot score it."""

    id: str
    score_old: float | None
    score_new: float | None
    grade_old: str
    grade_new: str


class CompareRead(BaseModel):
    """What another policy does to cases, old grade to new grade."""

    old_hash: str
    new_hash: str
    rows: list[RowRead]
    cases: list[MovedRead]
    findings: list[FindingRead]


def policy_read(card: Scorecard, text: str) -> PolicyRead:
    """Return a policy as the API shows it."""
    return PolicyRead(
        policy_id=card.policy_id,
        version=card.version,
        status=card.status,
        effective_from=card.effective_from,
        policy_hash=card.policy_hash,
        owner_zh=card.owner.zh,
        owner_en=card.owner.en,
        weights_basis=card.weights_basis.kind,
        indicators=[
            IndicatorRead(id=i.id, dimension=d.id, zh=i.zh, en=i.en, weight=i.weight)
            for d in card.dimensions
            for i in d.indicators
        ],
        grades=[GradeRead(id=g.id, zh=g.zh, en=g.en, min=g.min) for g in card.grades],
        text=text,
    )


def version_read(row: PolicyVersion) -> VersionRead:
    """Return a version as the API lists it."""
    return VersionRead.model_validate(row, from_attributes=True)


def compare_read(found: PolicyChange) -> CompareRead:
    """Return a comparison as the API shows it."""
    return CompareRead(
        old_hash=found.old.policy_hash,
        new_hash=found.new.policy_hash,
        rows=rows_of(found),
        cases=[MovedRead(**moved(one)) for one in found.cases],
        findings=[FindingRead.model_validate(one.to_dict()) for one in found.findings],
    )


def moved(one: Any) -> dict[str, Any]:
    """Return one case under both policies as plain data."""
    old, new = one.grades
    return {
        "id": one.id, "grade_old": old, "grade_new": new, "score_old": None if one.old is None else one.old.total,
        "score_new": None if one.new is None else one.new.total,
    }  # fmt: skip
