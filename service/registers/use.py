"""Records kept, corrected and removed, the files that show them, and what the registers answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar
from uuid import UUID

from pydantic import Field
from sqlalchemy import func, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from models.errors import NOTHING
from models.findings import Finding
from models.grade import Grade, GradeAsk, GradeValue, graded
from models.grading import GradeScheme
from models.inputs import Input
from models.offset_limit import offset_limit
from models.regime import Regime, law_of_year
from models.register_answers import (
    Answer,
    OffsetEffect,
    StatementQuality,
    accepted,
    accredited,
    listed,
    offset_effect,
    statement_quality,
    statuses,
)
from models.registers import Accreditation, Certificate, Credit, FirmStatus, Listing, Recognition, same_firm, standing
from service.assessment.use import keep_upload
from service.audit.use import record as write_down
from service.auth import Who, erasable, visible
from service.clock import now
from service.edition import claim
from service.library import Library
from service.refusals import NotFound
from service.registers.kinds import KINDS, Kind, faults
from service.registers.refusals import NoScheme, Taken, TooMany
from service.registers.tables import RegisterEvidence, RegisterRecord
from service.tables import Upload

R = TypeVar("R", bound=Input)
#: Most records of one register that one answer looks through.
MOST = 20_000


class OffsetQuestion(Input):
    """Which limit credits are held against: one that is stated, or that of a market in a compliance year."""

    on: dt.date = Field(ge=dt.date(2005, 1, 1), le=dt.date(2060, 12, 31))
    limit_t: float | None = Field(default=None, ge=0, le=1e15)
    market: Literal["national", "guangdong_pilot"] | None = None
    compliance_year: int | None = Field(default=None, ge=2013, le=2060)
    #: The obligation of the year, base of the national market.
    emissions_t: float | None = Field(default=None, ge=0, le=1e15)
    #: Verified emissions of the year before, base of the pilot.
    previous_t: float | None = Field(default=None, ge=0, le=1e15)
    allowance_cny_per_t: float | None = Field(default=None, ge=0, le=1e6)


class GradeQuestion(GradeValue):
    """A footprint to grade under a scheme that is given, or one that the register holds."""

    scheme_id: str | None = Field(default=None, pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    scheme: GradeScheme | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A record of a register as it is kept, with how many files show it."""

    row: RegisterRecord
    record: Input
    files: int


@dataclass(frozen=True, slots=True)
class FirmAnswer:
    """What the registers hold of a firm on a day."""

    listed: Answer
    statuses: tuple[FirmStatus, ...]
    certificates: tuple[Certificate, ...]


def add(db: Session, who: Who, kind: Kind, record: Input, *, left: int | None = None) -> tuple[RegisterRecord, bool]:
    """
    Keep a record; the same one again changes nothing. Returns the row, and whether this call made it.

    ``left`` is how many the register still takes, where the caller counted.

    Raises
    ------
    YuetanError
        Fields do not fit each other (the first that does not).
    Taken, TooMany
        The record is there with other content, or the register is full.
    """
    _check(record)
    identity, body = kind.identity(record), record.model_dump(mode="json")
    query = visible(RegisterRecord, who).where(RegisterRecord.kind == kind.word, RegisterRecord.identity == identity)
    found = db.scalar(query)
    if found is None:
        if (room(db, who, kind) if left is None else left) <= 0:
            raise TooMany(limit=MOST)
        row = RegisterRecord(
            organisation_id=who.organisation_id, person_id=who.person_id, kind=kind.word, identity=identity,
            name=str(getattr(record, kind.name))[:200], body=body,
        )  # fmt: skip
        try:
            with db.begin_nested():
                db.add(row)
        except IntegrityError:
            found = db.scalars(query).one()
        else:
            write_down(db, who, "register.added", row.id, kind=kind.word, identity=identity)
            return row, True
    if found.body != body:
        raise Taken(field=kind.by[-1], kind_zh=kind.text.zh, kind_en=kind.text.en, name=found.name)
    return found, False


def room(db: Session, who: Who, kind: Kind) -> int:
    """Return how many records a register still takes."""
    query = visible(RegisterRecord, who).where(RegisterRecord.kind == kind.word).with_only_columns(func.count())
    return MOST - (db.scalar(query) or 0)


def change(
    db: Session, who: Who, kind: Kind, record_id: UUID, record: Input, editions: frozenset[str]
) -> RegisterRecord:
    """Put a corrected record in the place of one that was seen; the audit trail keeps what it said before."""
    _check(record)
    row = row_of(db, who, kind, record_id)
    claim(db, row, editions)
    body = record.model_dump(mode="json")
    if row.body == body:
        return row
    before, identity = row.body, kind.identity(record)
    other = visible(RegisterRecord, who).where(
        RegisterRecord.kind == kind.word, RegisterRecord.identity == identity, RegisterRecord.id != row.id
    )
    if (there := db.scalar(other)) is not None:
        raise Taken(field=kind.by[-1], kind_zh=kind.text.zh, kind_en=kind.text.en, name=there.name)
    row.body, row.identity, row.name = body, identity, str(getattr(record, kind.name))[:200]
    row.edition, row.changed = row.edition + 1, now()
    db.flush()
    write_down(db, who, "register.changed", row.id, kind=kind.word, before=before)
    return row


def remove(db: Session, who: Who, kind: Kind, record_id: UUID, editions: frozenset[str]) -> None:
    """Remove a record that was entered by mistake; its files stay, and the audit trail keeps what it said."""
    row = row_of(db, who, kind, record_id)
    claim(db, row, editions)
    db.execute(erasable(RegisterEvidence, who).where(RegisterEvidence.record_id == row.id))
    db.delete(row)
    db.flush()
    write_down(db, who, "register.removed", record_id, kind=kind.word, before=row.body)


def row_of(db: Session, who: Who, kind: Kind, record_id: UUID) -> RegisterRecord:
    """Return a record of a register; ``NotFound`` where there is none to see."""
    row = db.scalar(
        visible(RegisterRecord, who).where(RegisterRecord.id == record_id, RegisterRecord.kind == kind.word)
    )
    if row is None:
        raise NotFound
    return row


def held(db: Session, who: Who, kind: Kind, limit: int, after: UUID | None = None) -> list[Held]:
    """Return records of a register by name, those after ``after``."""
    query = visible(RegisterRecord, who).where(RegisterRecord.kind == kind.word)
    if after is not None:
        last = row_of(db, who, kind, after)
        query = query.where(tuple_(RegisterRecord.name, RegisterRecord.id) > tuple_(last.name, last.id))
    rows = db.scalars(query.order_by(RegisterRecord.name, RegisterRecord.id).limit(limit)).all()
    counts = _files(db, who, [row.id for row in rows])
    return [Held(row, as_record(kind, row), counts.get(row.id, 0)) for row in rows]


def one(db: Session, who: Who, kind: Kind, record_id: UUID) -> Held:
    """Return one record of a register."""
    row = row_of(db, who, kind, record_id)
    return Held(row, as_record(kind, row), _files(db, who, [row.id]).get(row.id, 0))


def as_record(kind: Kind, row: RegisterRecord) -> Input:
    """Return a row as the record it keeps."""
    return kind.model.model_validate(row.body)


def records(db: Session, who: Who, word: str, model: type[R]) -> list[R]:
    """Return every record of a register."""
    rows = db.scalars(visible(RegisterRecord, who).where(RegisterRecord.kind == word).limit(MOST))
    return [model.model_validate(row.body) for row in rows]


def attach(db: Session, who: Who, kind: Kind, record_id: UUID, data: bytes, filename: str) -> tuple[Upload, bool]:
    """Keep a file that shows a record; the same one again changes nothing."""
    row = row_of(db, who, kind, record_id)
    upload = keep_upload(db, who, data, filename)
    there = visible(RegisterEvidence, who).where(
        RegisterEvidence.record_id == row.id, RegisterEvidence.upload_id == upload.id
    )
    if db.scalar(there) is not None:
        return upload, False
    db.add(
        RegisterEvidence(
            organisation_id=who.organisation_id, record_id=row.id, upload_id=upload.id, person_id=who.person_id
        )
    )
    db.flush()
    write_down(db, who, "register.evidence", row.id, kind=kind.word, sha256=upload.sha256)
    return upload, True


def evidence(db: Session, who: Who, kind: Kind, record_id: UUID) -> Sequence[Upload]:
    """Return the files that show a record, the latest first; without their content."""
    row = row_of(db, who, kind, record_id)
    linked = visible(RegisterEvidence, who).where(RegisterEvidence.record_id == row.id)
    ids = linked.with_only_columns(RegisterEvidence.upload_id)
    return db.scalars(visible(Upload, who).where(Upload.id.in_(ids)).order_by(Upload.created.desc(), Upload.id)).all()


def file_of(db: Session, who: Who, kind: Kind, record_id: UUID, upload_id: UUID) -> Upload:
    """Return a file that shows a record, with its content."""
    if upload_id not in {one.id for one in evidence(db, who, kind, record_id)}:
        raise NotFound
    return db.scalars(visible(Upload, who).where(Upload.id == upload_id).options(undefer(Upload.content))).one()


def recognised(db: Session, who: Who, certificate_id: UUID, region: str, day: dt.date, method: str | None) -> Answer:
    """Return whether a certificate that is held is accepted in a region on a day."""
    kind = KINDS["certificates"]
    certificate = Certificate.model_validate(row_of(db, who, kind, certificate_id).body)
    return accepted(certificate, region, day, records(db, who, "recognitions", Recognition), method)


def accreditation(db: Session, who: Who, verifier: str, day: dt.date, scope: str | None, uscc: str | None) -> Answer:
    """Return whether a verifier is accredited on a day."""
    return accredited(verifier, day, records(db, who, "accreditations", Accreditation), scope, uscc)


def quality(
    db: Session, who: Who, library: Library, stated: float, verifier: str | None, day: dt.date, scope: str | None
) -> StatementQuality:
    """Return the data quality of a statement with what its verifier's accreditation does to it."""
    held_of = records(db, who, "accreditations", Accreditation)
    return statement_quality(stated, verifier, day, held_of, library.accreditation, scope)


def firm(db: Session, who: Who, name: str, uscc: str | None, day: dt.date) -> FirmAnswer:
    """Return what the registers hold of a firm: the list, its statuses, its certificates that hold on the day."""
    of_firm = [
        one
        for one in records(db, who, "certificates", Certificate)
        if same_firm(name, uscc, one.holder, one.holder_uscc) and standing(one, day).state == "valid"
    ]
    return FirmAnswer(
        listed(name, uscc, day, records(db, who, "listings", Listing)),
        statuses(name, uscc, day, records(db, who, "statuses", FirmStatus)),
        tuple(of_firm),
    )


def offsets(
    db: Session, who: Who, library: Library, asked: OffsetQuestion
) -> tuple[OffsetEffect, float | None, list[str]]:
    """
    Return what the credits held do to the cost of a compliance year, the limit, and what that rests on.

    The limit is the one stated, else that of the law of the market and year; without the base it is not known.
    """
    limit, proof, findings = asked.limit_t, list[str](), list[Finding]()
    if limit is None and asked.market and asked.compliance_year:
        law = law_of_year(library.book(), asked.compliance_year)
        regime = Regime(asked.market, asked.compliance_year, NOTHING, NOTHING, stated=True, reads=())
        if asked.market != "national" or asked.emissions_t is not None:
            limit, findings = offset_limit(regime, law, asked.emissions_t or 0.0, asked.previous_t)
        proof = [read.line() for read in law.reads.values()]
    effect = offset_effect(records(db, who, "credits", Credit), asked.on, limit, asked.allowance_cny_per_t)
    return replace(effect, findings=(*findings, *effect.findings)), limit, proof


def grade(db: Session, who: Who, library: Library, asked: GradeQuestion, today: dt.date) -> Grade:
    """
    Return the grade of a footprint.

    Raises
    ------
    NoScheme
        Neither a scheme nor the id of one, or both.
    """
    if (asked.scheme is None) == (asked.scheme_id is None):
        raise NoScheme(field="scheme")
    scheme = asked.scheme
    if asked.scheme_id is not None:
        scheme = GradeScheme.model_validate(row_of(db, who, KINDS["schemes"], UUID(asked.scheme_id)).body)
    given = {name: getattr(asked, name) for name in GradeValue.model_fields}
    return graded(GradeAsk.model_validate(given | {"scheme": scheme, "on": asked.on or today}), library.measures)


def _check(record: Input) -> None:
    for fault in faults(record):
        raise fault


def _files(db: Session, who: Who, ids: Sequence[UUID]) -> dict[UUID, int]:
    query = visible(RegisterEvidence, who).where(RegisterEvidence.record_id.in_(ids))
    rows = db.execute(
        query.with_only_columns(RegisterEvidence.record_id, func.count()).group_by(RegisterEvidence.record_id)
    )
    return {row[0]: row[1] for row in rows}
