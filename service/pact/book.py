"""Footprints kept: published once, never changed, superseded by a new one, listed in the order they were taken."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, Uuid, and_, insert, literal, or_, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from models.findings import Finding
from models.pact.filters import NAMES, Criteria, terms
from models.pact.footprint import SPEC_VERSION, ProductFootprint
from models.pact.hints import publishable
from models.pact.moments import moment
from models.pact.reading import Read, read
from models.pact.validity import validity
from models.provenance import fingerprint
from service.auth import Who, visible
from service.clock import now
from service.columns import Utc
from service.json_text import check_json
from service.pact.refusals import Changed, NotPublishable
from service.pact.tables import FILED, OWN, PactFootprint, PactPartner, PactShare, PactTerm
from service.refusals import BadCursor, NotFound

DEFAULT_PAGE, LARGEST_PAGE = 100, 1000


@dataclass(frozen=True, slots=True)
class Page:
    """Footprints of a list, and where the next ones begin."""

    rows: Sequence[PactFootprint]
    next: str | None


def shown(row: PactFootprint) -> dict[str, Any]:
    """Return a footprint as it is sent: the document with the status of today."""
    return row.document | {"status": row.status}


def filled(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a new footprint of ours with what the service knows better: id, version, moment and status."""
    known = {"id": str(uuid4()), "specVersion": SPEC_VERSION, "created": moment(now()), "status": "Active"}
    return known | dict(document)


def publish(db: Session, who: Who, found: Read) -> tuple[PactFootprint, bool]:
    """
    Keep a footprint as our own, and let it supersede those it names.

    Returns
    -------
    tuple
        The row, and whether it is new: the same footprint once more changes nothing.

    Raises
    ------
    NotPublishable
        It breaks the schema or a rule of its life cycle.
    Changed
        Its id is taken by another content.
    """
    footprint = found.footprint
    wrong = [one for one in found.findings if one.severity == "error"]
    if footprint is not None:
        wrong += publishable(footprint)
    if footprint is None or wrong:
        told = wrong[0]
        where = f"{told.field}: " if told.field else ""
        raise NotPublishable(field=told.field, why_zh=where + told.text.zh, why_en=where + told.text.en)
    row, is_new = _keep(db, who, found, footprint, OWN)
    if is_new:
        names = [
            {
                "footprint_id": row.id,
                "criterion": c,
                "value": v,
                "kept": row.kept,
                "organisation_id": who.organisation_id,
            }
            for c, v in terms(footprint)
        ]
        db.execute(insert(PactTerm), names)
        _succeed(db, who, row, footprint.precedingPfIds or ())
    return row, is_new


def receive(db: Session, who: Who, found: Read, holder: str = FILED) -> tuple[PactFootprint, bool]:
    """
    Keep a footprint of somebody else, with the original beside it.

    A footprint that came before keeps its content; only its status may go from
    Active to Deprecated.
    """
    if found.footprint is None:
        raise NotFound
    row, is_new = _keep(db, who, found, found.footprint, holder)
    if not is_new and found.footprint.status == "Deprecated":
        row.status = "Deprecated"
    return row, is_new


def _keep(db: Session, who: Who, found: Read, footprint: ProductFootprint, holder: str) -> tuple[PactFootprint, bool]:
    document = footprint.document()
    # The status is no part of what may never change.
    digest = fingerprint({**document, "status": "Active"})
    same = visible(PactFootprint, who).where(PactFootprint.holder == holder, PactFootprint.pf_id == UUID(footprint.id))
    row = db.scalar(same)
    if row is not None:
        if row.sha256 != digest:
            raise Changed(field="id", pf_id=footprint.id)
        return row, False
    valid = validity(footprint)
    row = PactFootprint(
        id=uuid4(),
        organisation_id=who.organisation_id,
        pf_id=UUID(footprint.id),
        holder=holder,
        form=found.form,
        status=footprint.status,
        valid_from=valid.start,
        valid_until=valid.end,
        sha256=digest,
        document=document,
        original=json.loads(json.dumps(found.original, default=str)),
        findings=[one.to_dict() for one in found.findings],
        kept=now(),
    )
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError:  # the same footprint at the same moment: theirs is the row
        return _keep(db, who, found, footprint, holder)
    return row, True


def _succeed(db: Session, who: Who, row: PactFootprint, preceding: Iterable[str]) -> None:
    """Deprecate what a new footprint supersedes; whoever saw the old one sees the new one."""
    old = visible(PactFootprint, who).where(
        PactFootprint.holder == OWN, PactFootprint.pf_id.in_([UUID(one) for one in preceding])
    )
    for before in db.scalars(old.with_for_update()).all():
        before.status = "Deprecated"
        for share in db.scalars(visible(PactShare, who).where(PactShare.footprint_id == before.id)).all():
            _release(db, who, share.partner_id, row)


def superseded(db: Session, who: Who, rows: Iterable[PactFootprint]) -> list[PactFootprint]:
    """Return those of our footprints that new ones name as preceding: partners are told of their status too."""
    named = {UUID(one) for row in rows for one in row.document.get("precedingPfIds", ())}
    if not named:
        return []
    query = visible(PactFootprint, who).where(PactFootprint.holder == OWN, PactFootprint.pf_id.in_(named))
    return list(db.scalars(query.order_by(PactFootprint.kept, PactFootprint.id)).all())


def _release(db: Session, who: Who, partner_id: UUID, row: PactFootprint) -> bool:
    before = visible(PactShare, who).where(PactShare.partner_id == partner_id, PactShare.footprint_id == row.id)
    if db.scalar(before) is not None:
        return False
    db.add(
        PactShare(
            organisation_id=who.organisation_id,
            partner_id=partner_id,
            footprint_id=row.id,
            person_id=who.person_id,
            sha256=row.sha256,
            kept=row.kept,
        )
    )
    db.flush()
    return True


def release(db: Session, who: Who, partner: PactPartner, pf_ids: Iterable[UUID]) -> list[PactFootprint]:
    """Release our footprints to a partner, and return those it did not have; ``NotFound`` where one is not ours."""
    wanted = list(dict.fromkeys(pf_ids))
    rows = db.scalars(
        visible(PactFootprint, who).where(PactFootprint.holder == OWN, PactFootprint.pf_id.in_(wanted))
    ).all()
    if len(rows) < len(wanted):
        raise NotFound(field="footprint_ids")
    return [row for row in rows if _release(db, who, partner.id, row)]


def one_for(db: Session, who: Who, partner: PactPartner, pf_id: UUID) -> tuple[PactFootprint | None, bool]:
    """Return a footprint of ours, and whether the partner may see it."""
    row = db.scalar(visible(PactFootprint, who).where(PactFootprint.holder == OWN, PactFootprint.pf_id == pf_id))
    if row is None or partner.sees == "all":
        return row, True
    shared = visible(PactShare, who).where(PactShare.partner_id == partner.id, PactShare.footprint_id == row.id)
    return row, db.scalar(shared) is not None


def page_for(
    db: Session, who: Who, partner: PactPartner, criteria: Criteria, limit: int | None, cursor: str | None
) -> Page:
    """
    Return a page of what a partner may see.

    Pages follow the moment we took a footprint, then its row's id: a total
    order in which nothing new comes before what was read. The first page fixes
    the moment up to which the others go, so that the same link gives the same
    list. The index that leads is that of the narrowest set known, so that a
    page takes as long at the end as at the beginning.
    """
    size = DEFAULT_PAGE if limit is None else min(limit, LARGEST_PAGE)
    after, until = _read_cursor(cursor) if cursor else (None, now())
    query, kept, row_id, led = _leading(who, partner, criteria)
    query = query.where(kept <= until, *_holding(who, criteria, led))
    if after is not None:
        query = query.where(tuple_(kept, row_id) > tuple_(literal(after[0], Utc()), literal(after[1], Uuid())))
    found = db.scalars(query.order_by(kept, row_id).limit(size + 1)).all()
    rows = found[:size]
    if len(found) <= size:
        return Page(rows, None)
    if not rows:  # a limit of zero: the next link begins at the beginning
        return Page(rows, _cursor(None, until))
    return Page(rows, _cursor((rows[-1].kept, rows[-1].id), until))


def _leading(who: Who, partner: PactPartner, criteria: Criteria) -> tuple[Select[PactFootprint], Any, Any, str | None]:
    """Return the query, the columns that order it, and the criterion that its index already holds."""
    query = visible(PactFootprint, who).where(PactFootprint.holder == OWN)
    if partner.sees != "all":
        share = and_(PactShare.footprint_id == PactFootprint.id, PactShare.partner_id == partner.id)
        return query.join(PactShare, share), PactShare.kept, PactShare.footprint_id, None
    for name in NAMES[:-1]:
        values = getattr(criteria, name)
        if len(values) == 1:
            term = and_(
                PactTerm.footprint_id == PactFootprint.id,
                PactTerm.organisation_id == who.organisation_id,
                PactTerm.criterion == name,
                PactTerm.value == values[0],
            )
            return query.join(PactTerm, term), PactTerm.kept, PactTerm.footprint_id, name
    return query, PactFootprint.kept, PactFootprint.id, None


def _holding(who: Who, criteria: Criteria, led: str | None) -> list[ColumnElement[bool]]:
    """Return what must hold of a row: the same as ``models.pact.filters.matches``."""
    conditions: list[ColumnElement[bool]] = []
    for name in NAMES[:-1]:
        values = getattr(criteria, name)
        if values and name != led:
            term = aliased(PactTerm)
            named = visible(term, who).where(
                term.footprint_id == PactFootprint.id, term.criterion == name, term.value.in_(values)
            )
            conditions.append(named.exists())
    if criteria.status:
        known = [one for one in ("Active", "Deprecated") if one.lower() in criteria.status]
        conditions.append(PactFootprint.status.in_(known))
    start, end = PactFootprint.valid_from, PactFootprint.valid_until
    for asked in (
        [and_(start <= at, end >= at) for at in criteria.validOn],
        [start > at for at in criteria.validAfter],
        [end < at for at in criteria.validBefore],
    ):
        if asked:
            conditions.append(or_(*asked))
    return conditions


def _cursor(after: tuple[dt.datetime, UUID] | None, until: dt.datetime) -> str:
    made = [until.isoformat()] + ([after[0].isoformat(), after[1].hex] if after else [])
    return base64.urlsafe_b64encode(json.dumps(made).encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[tuple[dt.datetime, UUID] | None, dt.datetime]:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        check_json(data)
        made = [str(one) for one in json.loads(data)]
        until = dt.datetime.fromisoformat(made[0]).astimezone(dt.UTC)
        if len(made) == 1:
            return None, until
        kept, row_id = made[1:]
        return (dt.datetime.fromisoformat(kept).astimezone(dt.UTC), UUID(row_id)), until
    except (ValueError, TypeError, IndexError, OverflowError, binascii.Error) as error:
        raise BadCursor(field="cursor") from error


def read_document(document: Mapping[str, Any]) -> Read:
    """Return what a document of a partner or of ours says; one of an unknown form is told like any other fault."""
    said = document.get("specVersion")
    forced = document if isinstance(said, str) and said.startswith("3.") else {**document, "specVersion": "3."}
    return read(forced)


def errors_of(found: Read) -> list[Finding]:
    """Return what makes a document unusable."""
    return [one for one in found.findings if one.severity == "error"]
