"""Reviews before technology leaves the country: one person asks, another decides, and a pass ends by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from pydantic import Field as Given
from sqlalchemy import tuple_
from sqlalchemy.orm import Session

from models.inputs import Day, Input
from service.audit.use import record
from service.auth import Who, visible
from service.clock import end_of, now
from service.refusals import NotFound
from service.share.fields import areas, classes
from service.share.refusals import BadPass, Decided, NoDocument, NothingHeld, SamePerson
from service.share.tables import CLOSED, ExportReview
from service.share.use import fields_given, one_given, review_of
from service.store import after_cursor, cursor_of


class Decision(Input):
    """What was decided; a pass names the document it rests on and its last day."""

    decision: Literal["passed", "refused", "withdrawn"]
    doc_ref: Annotated[str, Given(min_length=1, max_length=200)] | None = None
    valid_to: Day | None = None
    note: Annotated[str, Given(max_length=500)] | None = None


class Page(NamedTuple):
    """Some reviews, and the cursor of the next ones."""

    rows: Sequence[ExportReview]
    next: str | None


def listed(db: Session, who: Who, cursor: str | None, limit: int) -> Page:
    """Return the reviews of the organisation, newest first."""
    query = visible(ExportReview, who).order_by(ExportReview.created.desc(), ExportReview.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(ExportReview.created, ExportReview.id) < tuple_(*after_cursor(cursor)))
    found = db.scalars(query).all()
    rows = found[:limit]
    return Page(rows, cursor_of(rows[-1].created, rows[-1].id) if len(found) > limit else None)


def request(db: Session, who: Who, share_id: UUID) -> ExportReview:
    """Ask for a review of the fields of a share that are held, or whose pass has ended; ``NothingHeld`` where there are none."""
    share = one_given(db, who, share_id, to_change=True)
    moment = now()
    asked = visible(ExportReview, who).where(ExportReview.share_id == share_id, ExportReview.state == "requested")
    pending = {name for row in db.scalars(asked) for name in row.fields}
    held = [
        row.field
        for row in fields_given(db, who, share_id)
        if row.closes <= moment and row.field not in pending and areas().holds(classes()[row.kind], share.country)
    ]
    if not held or share.closes <= moment:
        raise NothingHeld
    row = review_of(share, who, held)
    db.add(row)
    db.flush()
    record(db, who, "review.requested", row.id, share=str(share_id), fields=row.fields)
    return row


def decide(db: Session, who: Who, review_id: UUID, said: Decision, today: dt.date) -> ExportReview:
    """
    Decide a review, or take a pass back; the fields open or close in the same transaction.

    Raises
    ------
    SamePerson
        Who decides is who asked.
    Decided
        It was decided before, or there is no pass to take back.
    NoDocument, BadPass
        A pass without document or end, or one that holds too long.
    """
    known = db.scalar(visible(ExportReview, who).where(ExportReview.id == review_id))
    if known is None:
        raise NotFound
    share = one_given(db, who, known.share_id, to_change=True)
    db.refresh(known)
    if known.state != ("passed" if said.decision == "withdrawn" else "requested"):
        raise Decided
    if said.decision != "withdrawn" and known.person_id == who.person_id:
        raise SamePerson
    closes = CLOSED
    if said.decision == "passed":
        if said.doc_ref is None or said.valid_to is None:
            raise NoDocument(field="doc_ref" if said.doc_ref is None else "valid_to")
        most = areas().longest_pass_days
        if not today <= said.valid_to <= today + dt.timedelta(days=most):
            raise BadPass(field="valid_to", days=most)
        known.doc_ref, known.valid_to = said.doc_ref, said.valid_to
        # A share that was revoked meanwhile stays closed.
        closes = min(share.closes, end_of(said.valid_to))
    if said.decision != "withdrawn":
        known.reviewer_id = who.person_id
    known.state, known.note, known.decided = said.decision, said.note or known.note, now()
    for row in fields_given(db, who, share.id):
        if row.field in known.fields:
            row.closes = closes
    db.flush()
    detail = {"doc_ref": known.doc_ref, "valid_to": str(known.valid_to)} if said.decision == "passed" else {}
    record(db, who, f"review.{said.decision}", known.id, share=str(share.id), fields=known.fields, **detail)
    return known
