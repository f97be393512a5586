"""What the API says of factors that were handed in."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from models.factor_choice import ChosenRecord
from models.factor_records import FactorMap
from models.factor_review import STATES
from service.factors.many import FileResult
from service.factors.use import Held
from service.schemas import FindingRead, TextRead


class DecisionRead(BaseModel):
    """What was decided of a factor."""

    decision: str
    by: str
    on: dt.date
    reason: str


class FileRead(BaseModel):
    """A file that shows a factor."""

    id: UUID
    filename: str
    size: int
    sha256: str


class SubmissionRead(BaseModel):
    """A factor that was handed in."""

    id: UUID
    state: str = Field(description="submitted, accepted, rejected or withdrawn")
    state_text: TextRead
    record: dict[str, Any]
    evidence: str
    submitter: str
    submitted_on: dt.date
    decisions: list[DecisionRead] = Field(description="In their order; none is ever changed")
    files: list[FileRead]


class SubmissionPage(BaseModel):
    """Factors, newest first; `next` is the value of `after` for the next ones."""

    items: list[SubmissionRead]
    next: UUID | None


class MapRead(BaseModel):
    """A national and a provincial record that stand for the same thing."""

    national_id: str
    provincial_id: str
    source: str


class ChosenRead(BaseModel):
    """The factor that a footprint would take, why, and the best of each other level."""

    record: dict[str, Any]
    reason: TextRead
    others: list[dict[str, Any]]


class FactorFileRead(BaseModel):
    """What came of a workbook."""

    submitted: int
    mapped: int
    unchanged: int
    findings: list[FindingRead]


def submission_read(of: Held) -> SubmissionRead:
    """Return a factor as the API shows it."""
    return SubmissionRead(
        id=of.row.id,
        state=of.state,
        state_text=TextRead(**STATES[of.state]._asdict()),
        record=of.record.model_dump(mode="json"),
        evidence=of.row.evidence,
        submitter=of.submitter,
        submitted_on=of.row.submitted_on,
        decisions=[DecisionRead.model_validate(one, from_attributes=True) for one in of.decisions],
        files=[FileRead.model_validate(one, from_attributes=True) for one in of.files],
    )


def map_read(of: FactorMap) -> MapRead:
    """Return a pair of ids as the API shows it."""
    return MapRead.model_validate(of.model_dump())


def chosen_read(of: ChosenRecord) -> ChosenRead:
    """Return a choice as the API shows it."""
    return ChosenRead(
        record=of.record.model_dump(mode="json"),
        reason=TextRead(**of.reason._asdict()),
        others=[one.model_dump(mode="json") for one in of.others],
    )


def factor_file_read(of: FileResult) -> FactorFileRead:
    """Return what came of a workbook as the API shows it."""
    return FactorFileRead(
        submitted=of.submitted,
        mapped=of.mapped,
        unchanged=of.unchanged,
        findings=[FindingRead.model_validate(one.to_dict()) for one in of.findings],
    )
