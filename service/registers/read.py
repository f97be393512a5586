"""What the API says of registers and grades."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from models.errors import Text
from models.grade import Grade
from models.register_answers import ACCEPTED, Answer, OffsetEffect, StatementQuality
from models.register_chain import Coverage
from service.edition import version_of
from service.registers.kinds import KINDS, Kind, stands
from service.registers.many import FileResult
from service.registers.use import FirmAnswer, Held
from service.schemas import FindingRead, RowRead, TextRead, rows_of
from service.tables import Upload

_STATES = (
    "not_yet, valid, suspended, expired, withdrawn or not_known; "
    "of a request planned, open, overdue, received or withdrawn"
)


class RegisterRead(BaseModel):
    """A register: its word in addresses, and an example of its records, which is no real record."""

    kind: str
    text: TextRead
    example: dict[str, Any]


class RecordRead(BaseModel):
    """A record and its state on a day."""

    id: UUID
    kind: str
    edition: int = Field(description="Counts corrections; the audit trail keeps what it said before")
    record: dict[str, Any]
    on: dt.date
    state: str = Field(description=_STATES)
    state_text: TextRead
    why: TextRead
    open_end: bool = Field(description="Whether no last day is stated")
    files: int = Field(description="How many files show it")
    version: str = Field(description="Also the ETag; a change sends it as If-Match")
    created: dt.datetime
    changed: dt.datetime


class RecordPage(BaseModel):
    """Records by name; `next` is the value of `after` for the next ones."""

    items: list[RecordRead]
    next: UUID | None


class EvidenceRead(BaseModel):
    """A file that shows a record."""

    id: UUID
    filename: str
    size: int
    sha256: str
    created: dt.datetime


class AnswerRead(BaseModel):
    """An answer of the registers; what they do not hold is `not_known`."""

    answer: str = Field(description="yes, no or not_known")
    text: TextRead
    reasons: list[TextRead]
    sources: list[str]


class QualityRead(BaseModel):
    """Data quality of a statement (1 best), as stated and with its verifier's accreditation."""

    stated: float
    effective: float
    accredited: AnswerRead
    findings: list[FindingRead]
    proof: list[str]


class FirmRead(BaseModel):
    """What the registers hold of a firm on a day."""

    on: dt.date
    untrustworthy: AnswerRead
    statuses: list[dict[str, Any]]
    certificates: list[dict[str, Any]]


class EffectRead(BaseModel):
    """Credits held against the limit of a compliance year."""

    held_t: float
    limit_t: float | None = Field(description="Null where it is not known")
    usable_t: float | None
    cost_cny: float | None
    saved_cny: float | None
    findings: list[FindingRead]
    proof: list[str]


class CoverageRead(BaseModel):
    """How much of what suppliers were asked for has come."""

    on: dt.date
    counts: dict[str, int]
    share: float | None = Field(description="Null where nothing is asked")
    by_tonnes: bool = Field(description="Whether the share is by tonnes; by requests otherwise")
    chase: list[dict[str, Any]] = Field(description="The overdue ones, the longest first")


class ImportRead(BaseModel):
    """What came of a workbook: records by register, new and there before, and every finding by cell."""

    added: dict[str, int]
    unchanged: dict[str, int]
    findings: list[FindingRead]


class CloserRead(BaseModel):
    """A part, and the fraction of it that would have to go; null where all of it is not enough."""

    name: str
    value: float
    fraction: float | None


class GapRead(BaseModel):
    """The way to the next better class."""

    to: str
    limit: float
    reaches: bool = Field(description="Whether the limit itself belongs to that class")
    distance: float
    fraction: float | None
    sure_at: float | None = Field(description="Value at which the class is reached with the confidence asked for")
    closers: list[CloserRead]


class ChanceRead(BaseModel):
    """A class and its probability."""

    name: str
    probability: float


class GradeRead(BaseModel):
    """A grade; `chances` is null where no uncertainty is stated."""

    key: str
    grade: str | None = Field(description="Null where the value is too bad for every class")
    value: float
    unit: str
    scheme: str
    version: str
    status: str
    source: str
    chances: list[ChanceRead] | None
    ungraded: float | None
    best: str | None
    worst: str | None
    gap: GapRead | None
    rows: list[RowRead]
    findings: list[FindingRead]
    proof: list[str]


def _text(said: Text) -> TextRead:
    return TextRead(**said._asdict())


def registers_read() -> list[RegisterRead]:
    """Return every register there is."""
    return [RegisterRead(kind=one.word, text=_text(one.text), example=dict(one.example)) for one in KINDS.values()]


def record_read(kind: Kind, one: Held, on: dt.date) -> RecordRead:
    """Return a record as the API shows it, with its state on a day."""
    found = stands(one.record, on)
    return RecordRead(
        id=one.row.id,
        kind=kind.word,
        edition=one.row.edition,
        record=one.record.model_dump(mode="json"),
        on=on,
        state=found.word,
        state_text=_text(found.text),
        why=_text(found.why),
        open_end=found.open_end,
        files=one.files,
        version=version_of(one.row),
        created=one.row.created,
        changed=one.row.changed,
    )


def evidence_read(upload: Upload) -> EvidenceRead:
    """Return a file as the API lists it."""
    return EvidenceRead(
        id=upload.id, filename=upload.filename, size=upload.size, sha256=upload.sha256, created=upload.created
    )


def answer_read(answer: Answer, words: dict[str, Text] | None = None) -> AnswerRead:
    """Return an answer as the API shows it."""
    return AnswerRead(
        answer=answer.word,
        text=_text((words or YES_NO)[answer.word]),
        reasons=[_text(one) for one in answer.reasons],
        sources=list(answer.sources),
    )


YES_NO: dict[str, Text] = {"yes": Text("是", "yes"), "no": Text("否", "no"), "not_known": Text("不明", "not known")}
RECOGNISED: dict[str, Text] = {str(word): said for word, said in ACCEPTED.items()}


def quality_read(found: StatementQuality, proof: str) -> QualityRead:
    """Return the data quality of a statement as the API shows it."""
    return QualityRead(
        stated=found.stated,
        effective=found.effective,
        accredited=answer_read(found.accredited),
        findings=[FindingRead.model_validate(one.to_dict()) for one in found.findings],
        proof=[proof],
    )


def firm_read(found: FirmAnswer, on: dt.date) -> FirmRead:
    """Return what is held of a firm as the API shows it."""
    return FirmRead(
        on=on,
        untrustworthy=answer_read(found.listed),
        statuses=[one.model_dump(mode="json") for one in found.statuses],
        certificates=[one.model_dump(mode="json") for one in found.certificates],
    )


def effect_read(found: OffsetEffect, limit_t: float | None, proof: list[str]) -> EffectRead:
    """Return the effect of credits as the API shows it."""
    return EffectRead(
        held_t=found.held_t,
        limit_t=limit_t,
        usable_t=found.usable_t,
        cost_cny=found.cost_cny,
        saved_cny=found.saved_cny,
        findings=[FindingRead.model_validate(one.to_dict()) for one in found.findings],
        proof=proof,
    )


def coverage_read(found: Coverage, on: dt.date) -> CoverageRead:
    """Return how much has come as the API shows it."""
    return CoverageRead(
        on=on,
        counts={str(state): count for state, count in found.counts.items()},
        share=found.share,
        by_tonnes=found.by_tonnes,
        chase=[one.model_dump(mode="json") for one in found.chase],
    )


def import_read(found: FileResult) -> ImportRead:
    """Return what came of a workbook as the API shows it."""
    return ImportRead(
        added=dict(found.added),
        unchanged=dict(found.unchanged),
        findings=[FindingRead.model_validate(one.to_dict()) for one in found.findings],
    )


def grade_read(made: Grade) -> GradeRead:
    """Return a grade as the API shows it."""
    gap = made.gap
    return GradeRead(
        key=made.provenance.key,
        grade=made.grade,
        value=made.value,
        unit=made.scheme.unit,
        scheme=made.scheme.id,
        version=made.scheme.version,
        status=made.scheme.status,
        source=made.scheme.source,
        chances=None if made.chances is None else [ChanceRead(name=n, probability=p) for n, p in made.chances],
        ungraded=made.ungraded,
        best=made.best,
        worst=made.worst,
        gap=None
        if gap is None
        else GapRead(
            to=gap.to,
            limit=gap.limit,
            reaches=gap.reaches,
            distance=gap.distance,
            fraction=gap.fraction,
            sure_at=gap.sure_at,
            closers=[CloserRead(name=c.name, value=c.value, fraction=c.fraction) for c in gap.closers],
        ),
        rows=rows_of(made),
        findings=[FindingRead.model_validate(one.to_dict()) for one in made.findings],
        proof=made.proof(),
    )
