"""Factors handed in, reviewed by somebody else, taken back; and what of them counts in a footprint."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from models.factor_choice import ChosenRecord, choose
from models.factor_records import (
    LEVEL_WORDS,
    FactorMap,
    FactorRecord,
    Family,
    HandedIn,
    Level,
    Review,
    Submission,
    factor_store,
    published_records,
)
from models.factor_review import STATES, HandIn, State, check_record
from service.assessment.use import keep_upload
from service.audit.use import record as write_down
from service.auth import Who, visible
from service.factors.refusals import (
    Decided,
    FactorTaken,
    NotMapped,
    NotToSupersede,
    NotYours,
    OwnSubmission,
    TooManyFactors,
)
from service.factors.tables import FactorDecision, FactorEvidence, FactorPair, FactorSubmission
from service.library import Library
from service.refusals import NotFound
from service.tables import Person, Upload

MOST = 5000


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, by whom, on which day, and why."""

    decision: State
    by: str
    on: dt.date
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """A factor as it is kept, with who handed it in, what was decided, and the files that show it."""

    row: FactorSubmission
    record: FactorRecord
    submitter: str
    decisions: tuple[Decision, ...]
    files: tuple[Upload, ...]

    @property
    def state(self) -> State:
        return next(state for state in STATES if state == self.row.state)


def hand_in(db: Session, who: Who, library: Library, given: HandIn, today: dt.date) -> tuple[FactorSubmission, bool]:
    """
    Keep a factor that waits for its review; the same one again changes nothing. Returns the row, and whether it is new.

    Raises
    ------
    YuetanError
        No review could accept it: ``models.factor_review.check_record`` says why.
    FactorTaken, NotToSupersede, TooManyFactors
        Its id is taken, what it supersedes was not handed in here, or there are too many.
    """
    record = given.record
    check_record(record, library.licences, library.measures, today)
    body = record.model_dump(mode="json")
    same = visible(FactorSubmission, who).where(FactorSubmission.record_id == record.id)
    found = db.scalar(same)
    if found is None:
        if record.id in {one.id for one in published_records(library.factors)}:
            raise FactorTaken(field="id", id=record.id)
        if record.supersedes is not None:
            before = visible(FactorSubmission, who).where(FactorSubmission.record_id == record.supersedes)
            if record.supersedes == record.id or db.scalar(before) is None:
                raise NotToSupersede(field="supersedes", id=record.supersedes)
        if (db.scalar(visible(FactorSubmission, who).with_only_columns(func.count())) or 0) >= MOST:
            raise TooManyFactors(limit=MOST)
        row = FactorSubmission(
            id=uuid4(), organisation_id=who.organisation_id, person_id=who.person_id, record_id=record.id, body=body,
            evidence=given.evidence, state="submitted", submitted_on=today,
        )  # fmt: skip
        try:
            with db.begin_nested():
                db.add(row)
        except IntegrityError:
            found = db.scalars(same).one()
        else:
            write_down(db, who, "factor.submitted", row.id, record=record.id)
            return row, True
    if found.body != body or found.evidence != given.evidence:
        raise FactorTaken(field="id", id=record.id)
    return found, False


def review(
    db: Session, who: Who, submission_id: UUID, decision: State, reason: str, today: dt.date
) -> FactorSubmission:
    """
    Accept or reject a factor.

    Raises
    ------
    OwnSubmission
        Its submitter is who would review it.
    Decided
        It no longer waits for a review.
    """
    row = _locked(db, who, submission_id)
    if row.person_id == who.person_id:
        raise OwnSubmission
    if row.state != "submitted":
        raise _decided(row)
    return _decide(db, who, row, decision, reason, today)


def withdraw(db: Session, who: Who, submission_id: UUID, reason: str, today: dt.date) -> FactorSubmission:
    """Take a factor back, waiting or accepted: it counts for nothing from now on, and what was made with it stays."""
    row = _locked(db, who, submission_id)
    if row.person_id != who.person_id and "review" not in who.rights:
        raise NotYours
    if row.state not in ("submitted", "accepted"):
        raise _decided(row)
    return _decide(db, who, row, "withdrawn", reason, today)


def held(
    db: Session, who: Who, limit: int, state: str | None = None, after: UUID | None = None
) -> tuple[list[Held], UUID | None]:
    """Return factors handed in, the newest first, and the id after which the next ones come."""
    query = visible(FactorSubmission, who)
    if state is not None:
        query = query.where(FactorSubmission.state == state)
    if after is not None:
        last = row_of(db, who, after)
        query = query.where(
            (FactorSubmission.created < last.created)
            | ((FactorSubmission.created == last.created) & (FactorSubmission.id < last.id))
        )
    newest = query.order_by(FactorSubmission.created.desc(), FactorSubmission.id.desc()).limit(limit + 1)
    rows = db.scalars(newest).all()
    return _held(db, who, rows[:limit]), rows[limit - 1].id if len(rows) > limit else None


def one(db: Session, who: Who, submission_id: UUID) -> Held:
    """Return one factor that was handed in."""
    return _held(db, who, [row_of(db, who, submission_id)])[0]


def row_of(db: Session, who: Who, submission_id: UUID) -> FactorSubmission:
    """Return a submission; ``NotFound`` where there is none to see."""
    row = db.scalar(visible(FactorSubmission, who).where(FactorSubmission.id == submission_id))
    if row is None:
        raise NotFound
    return row


def kept(db: Session, who: Who) -> HandedIn:
    """Return what counts in the footprints of an organisation: accepted submissions, and its map of ids."""
    rows = db.scalars(
        visible(FactorSubmission, who)
        .where(FactorSubmission.state == "accepted")
        .order_by(FactorSubmission.created, FactorSubmission.id)
    ).all()
    return HandedIn(tuple(map(_submission, _held(db, who, rows))), tuple(pairs(db, who)))


def would_choose(
    db: Session, who: Who, library: Library, key: str, *, region: str, supplier: str, year: int, on: dt.date,
    family: Family,
) -> ChosenRecord:  # fmt: skip
    """Return the factor that a footprint would take, and why; ``NoFactorToChoose`` where there is none."""
    store = factor_store(published_records(library.factors), (), library.licences, on, kept(db, who))
    return choose(store, key, region=region, supplier=supplier, year=year, on=on, family=family)


def pair(db: Session, who: Who, library: Library, given: FactorMap) -> tuple[FactorPair, bool]:
    """
    Keep that two records stand for the same thing; once more changes nothing.

    Raises
    ------
    NotMapped
        One of them is not known at its level.
    """
    levels = {one.id: one.level for one in published_records(library.factors)}
    for name in (given.national_id, given.provincial_id):
        row = db.scalar(visible(FactorSubmission, who).where(FactorSubmission.record_id == name))
        if row is not None:
            levels[name] = FactorRecord.model_validate(row.body).level
    wanted: tuple[tuple[str, str, Level], ...] = (
        ("national_id", given.national_id, "national"), ("provincial_id", given.provincial_id, "provincial"),
    )  # fmt: skip
    for field, name, level in wanted:
        if levels.get(name) != level:
            said = LEVEL_WORDS[level]
            raise NotMapped(field=field, id=name, level_zh=said.zh, level_en=said.en)
    same = visible(FactorPair, who).where(
        FactorPair.national_id == given.national_id, FactorPair.provincial_id == given.provincial_id
    )
    found = db.scalar(same)
    if found is not None:
        return found, False
    made = FactorPair(
        id=uuid4(), organisation_id=who.organisation_id, person_id=who.person_id, national_id=given.national_id,
        provincial_id=given.provincial_id, source=given.source,
    )  # fmt: skip
    try:
        with db.begin_nested():
            db.add(made)
    except IntegrityError:
        return db.scalars(same).one(), False
    write_down(db, who, "factor.mapped", made.id, national=given.national_id, provincial=given.provincial_id)
    return made, True


def pairs(db: Session, who: Who) -> list[FactorMap]:
    """Return the map of national and provincial ids."""
    rows = db.scalars(visible(FactorPair, who).order_by(FactorPair.national_id, FactorPair.provincial_id).limit(MOST))
    return [FactorMap(national_id=r.national_id, provincial_id=r.provincial_id, source=r.source) for r in rows]


def attach(db: Session, who: Who, submission_id: UUID, data: bytes, filename: str) -> tuple[Upload, bool]:
    """Keep a file that shows a factor; the same one again changes nothing."""
    row = row_of(db, who, submission_id)
    upload = keep_upload(db, who, data, filename)
    if upload.id in {one.id for one in files(db, who, [row.id]).get(row.id, ())}:
        return upload, False
    db.add(
        FactorEvidence(
            organisation_id=who.organisation_id, submission_id=row.id, upload_id=upload.id, person_id=who.person_id
        )
    )
    db.flush()
    write_down(db, who, "factor.evidence", row.id, sha256=upload.sha256)
    return upload, True


def file_of(db: Session, who: Who, submission_id: UUID, upload_id: UUID) -> Upload:
    """Return a file that shows a factor, with its content."""
    row = row_of(db, who, submission_id)
    if upload_id not in {one.id for one in files(db, who, [row.id]).get(row.id, ())}:
        raise NotFound
    return db.scalars(visible(Upload, who).where(Upload.id == upload_id).options(undefer(Upload.content))).one()


def files(db: Session, who: Who, ids: Iterable[UUID]) -> dict[UUID, list[Upload]]:
    """Return the files that show each submission, without their content."""
    links = db.scalars(visible(FactorEvidence, who).where(FactorEvidence.submission_id.in_(list(ids)))).all()
    wanted = visible(Upload, who).where(Upload.id.in_([link.upload_id for link in links]))
    uploads = {one.id: one for one in db.scalars(wanted)}
    made: dict[UUID, list[Upload]] = {}
    for link in sorted(links, key=lambda link: (link.created, link.upload_id)):
        made.setdefault(link.submission_id, []).append(uploads[link.upload_id])
    return made


def _locked(db: Session, who: Who, submission_id: UUID) -> FactorSubmission:
    query = visible(FactorSubmission, who).where(FactorSubmission.id == submission_id)
    row = db.scalar(query.with_for_update())
    if row is None:
        raise NotFound
    return row


def _decided(row: FactorSubmission) -> Decided:
    said = next(text for state, text in STATES.items() if state == row.state)
    return Decided(state_zh=said.zh, state_en=said.en)


def _decide(
    db: Session, who: Who, row: FactorSubmission, decision: State, reason: str, today: dt.date
) -> FactorSubmission:
    db.add(
        FactorDecision(
            organisation_id=who.organisation_id, submission_id=row.id, person_id=who.person_id, decision=decision,
            reason=reason, decided_on=today,
        )
    )  # fmt: skip
    row.state = decision
    db.flush()
    write_down(db, who, f"factor.{decision}", row.id, record=row.record_id)
    return row


def _held(db: Session, who: Who, rows: Sequence[FactorSubmission]) -> list[Held]:
    ids = [row.id for row in rows]
    decided = db.scalars(
        visible(FactorDecision, who)
        .where(FactorDecision.submission_id.in_(ids))
        .order_by(FactorDecision.created, FactorDecision.id)
    ).all()
    names = _names(db, who, {row.person_id for row in rows} | {one.person_id for one in decided})
    by: dict[UUID, list[Decision]] = {}
    for one in decided:
        word = next(state for state in STATES if state == one.decision)
        by.setdefault(one.submission_id, []).append(Decision(word, names[one.person_id], one.decided_on, one.reason))
    shown = files(db, who, ids)
    return [
        Held(
            row, FactorRecord.model_validate(row.body), names[row.person_id], tuple(by.get(row.id, ())),
            tuple(shown.get(row.id, ())),
        )
        for row in rows
    ]  # fmt: skip


def _names(db: Session, who: Who, ids: Iterable[UUID]) -> Mapping[UUID, str]:
    return {one.id: one.name for one in db.scalars(visible(Person, who).where(Person.id.in_(list(ids))))}


def _submission(of: Held) -> Submission:
    accepted = next(one for one in of.decisions if one.decision == "accepted")
    return Submission(
        record=of.record,
        submitter=of.submitter,
        submitted_on=of.row.submitted_on,
        evidence=of.row.evidence,
        review=Review(reviewer=accepted.by, on=accepted.on, decision="accepted", reason=accepted.reason),
    )
