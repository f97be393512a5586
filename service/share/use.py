"""Share a version of a record with another organisation, look at what is shared, take it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID, uuid4

from pydantic import Field as Given
from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session, undefer

from models.inputs import Day, Input
from service.audit.use import record
from service.auth import EMBEDDED, Who, opened, visible
from service.clock import end_of, now
from service.database import Database
from service.dossier.use import DossierAsk
from service.identity.use import checked_uscc
from service.refusals import NotFound
from service.release.use import Recipient, released
from service.share.fields import Field, Kind, areas, has, kinds, value_of
from service.share.refusals import (
    ExpiredAtBirth,
    NoSuchOrganisation,
    NothingThere,
    TooLong,
    UnknownField,
    WithOneself,
)
from service.share.tables import CLOSED, ExportReview, Share, SharedField
from service.statement.tables import StatementNotice
from service.store import after_cursor, cursor_of
from service.tables import Organisation

_USCC = 18


class ShareAsk(Input):
    """What is shared, with whom, why and until when; without ``fields`` the results alone."""

    kind: Literal["assessment", "score", "statement", "dossier", "footprint"]
    #: Id of the record: an assessment (also for its score), a kept score, a statement's number, a footprint's ``id``.
    subject: UUID | None = None
    #: Input of a dossier, which is worked out anew and frozen.
    dossier: DossierAsk | None = None
    #: Id or unified social credit code of an organisation here.
    recipient: Annotated[str, Given(min_length=1, max_length=60)]
    fields: Annotated[tuple[Annotated[str, Given(max_length=60)], ...] | None, Given(min_length=1, max_length=100)] = (
        None
    )
    purpose: Annotated[str, Given(min_length=2, max_length=500)]
    #: The last day.
    until: Day


class Frozen(NamedTuple):
    """A record as it is now."""

    subject: str
    version: str
    values: Mapping[str, Any]


class Page(NamedTuple):
    """Some shares, and the cursor of the next ones."""

    rows: Sequence[Share]
    next: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """What its recipient sees of a share."""

    share: Share
    owner: str
    kind: Kind
    #: In the order of the catalogue.
    values: Mapping[str, Any]
    #: When and why a statement was withdrawn after it was shared.
    notice: StatementNotice | None

    def fields(self) -> list[Field]:
        """Return the fields that are open."""
        return [self.kind.fields[name] for name in self.values]


def offer(db: Session, who: Who, ask: ShareAsk, frozen: Frozen) -> tuple[Share, list[str], ExportReview | None]:
    """
    Share a record as it was frozen (``service.share.freeze``).

    Returns
    -------
    tuple
        The share, the fields that wait for a review, and the review that was asked for.

    Raises
    ------
    NoSuchOrganisation, WithOneself, ExpiredAtBirth, TooLong, UnknownField, NothingThere
        Nothing is shared then.
    """
    to = _recipient(db, who, ask.recipient)
    until = end_of(ask.until)
    if until <= now():
        raise ExpiredAtBirth(field="until")
    if (until - now()).days > areas().longest_share_days:
        raise TooLong(field="until", days=areas().longest_share_days)
    kind = kinds()[ask.kind]
    for i, name in enumerate(ask.fields or ()):
        if name not in kind.fields:
            raise UnknownField(field=f"fields.{i}", kind_zh=kind.label.zh, kind_en=kind.label.en)
    chosen = {
        name: value_of(frozen.values, field.at)
        for name, field in kind.fields.items()
        if (name in ask.fields if ask.fields is not None else field.kind.by_default)
    }
    if ask.fields is None:
        chosen = {name: value for name, value in chosen.items() if has(value)}
    if not any(has(value) for value in chosen.values()):
        raise NothingThere(field="fields")
    row = Share(
        id=uuid4(),
        organisation_id=who.organisation_id,
        person_id=who.person_id,
        recipient_id=to.id,
        country=to.country,
        kind=ask.kind,
        subject=frozen.subject,
        version=frozen.version,
        purpose=ask.purpose,
        until=until,
        closes=until,
    )
    db.add(row)
    db.flush()
    held = [name for name in chosen if areas().holds(kind.fields[name].kind, to.country)]
    for name, value in chosen.items():
        db.add(
            SharedField(
                organisation_id=who.organisation_id,
                share_id=row.id,
                recipient_id=to.id,
                field=name,
                kind=kind.fields[name].kind.name,
                value=value,
                closes=CLOSED if name in held else until,
            )
        )
    review = review_of(row, who, held) if held else None
    if review is not None:
        db.add(review)
    db.flush()
    fields = sorted(chosen)
    record(db, who, "share.made", row.id, to=str(to.id), version=row.version, fields=fields, held=sorted(held))
    return row, held, review


def review_of(share: Share, who: Who, fields: Sequence[str]) -> ExportReview:
    """Return a review to be asked for, of fields of a share."""
    return ExportReview(
        id=uuid4(),
        organisation_id=share.organisation_id,
        person_id=who.person_id,
        share_id=share.id,
        dataset=f"{share.kind} {share.version}",
        fields=sorted(fields),
        recipient_id=share.recipient_id,
        country=share.country,
        state="requested",
    )


def _recipient(db: Session, who: Who, named: str) -> Organisation:
    """Return an organisation by its id or its credit code, exactly: nobody is to find out who else is here."""
    wanted = named.strip()
    found: Organisation | None
    if len(wanted) == _USCC:
        found = db.scalar(select(Organisation).where(Organisation.uscc == checked_uscc(wanted)))
    else:
        try:
            found = db.get(Organisation, UUID(wanted))
        except ValueError:
            found = None
    if found is not None and found.id == who.organisation_id:
        raise WithOneself(field="recipient")
    if found is None or found.id == EMBEDDED.organisation_id:
        raise NoSuchOrganisation(field="recipient")
    return found


def given(db: Session, who: Who, cursor: str | None, limit: int) -> Page:
    """Return what the organisation shares and shared, newest first."""
    return _page(db, visible(Share, who), cursor, limit)


def received(db: Session, who: Who, cursor: str | None, limit: int) -> Page:
    """Return what others let the organisation read now, newest first."""
    return _page(db, opened(Share, who, now()), cursor, limit)


def _page(db: Session, query: Select[Share], cursor: str | None, limit: int) -> Page:
    query = query.order_by(Share.created.desc(), Share.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(Share.created, Share.id) < tuple_(*after_cursor(cursor)))
    found = db.scalars(query).all()
    rows = found[:limit]
    return Page(rows, cursor_of(rows[-1].created, rows[-1].id) if len(found) > limit else None)


def one_given(db: Session, who: Who, share_id: UUID, *, to_change: bool = False) -> Share:
    """Return a share of the organisation; ``to_change`` holds it to the end of the transaction."""
    query = visible(Share, who).where(Share.id == share_id)
    found = db.scalar(query.with_for_update() if to_change else query)
    if found is None:
        raise NotFound
    return found


def fields_given(db: Session, who: Who, share_id: UUID) -> Sequence[SharedField]:
    """Return the fields of a share of the organisation, without their values."""
    return db.scalars(visible(SharedField, who).where(SharedField.share_id == share_id)).all()


def seen(db: Session, who: Who, share_id: UUID) -> Opened:
    """Return what a recipient sees of a share now; ``NotFound`` where it never was, is over, or is somebody else's."""
    moment = now()
    share = db.scalar(opened(Share, who, moment).where(Share.id == share_id))
    if share is None:
        raise NotFound
    rows = db.scalars(
        opened(SharedField, who, moment).where(SharedField.share_id == share_id).options(undefer(SharedField.value))
    )
    values = {row.field: row.value for row in rows}
    kind = kinds()[share.kind]
    notice = db.get(StatementNotice, UUID(share.subject)) if share.kind == "statement" else None
    return Opened(
        share=share,
        owner=db.get_one(Organisation, share.organisation_id).name,
        kind=kind,
        values={name: values[name] for name in kind.fields if name in values},
        notice=notice,
    )


def hand_out(
    database: Database, who: Who, share_id: UUID, way: str, make: Callable[[Opened], bytes]
) -> tuple[Opened, bytes]:
    """
    Give what is shared to its recipient, as ``make`` writes it.

    It is read behind the recipient's wall, and written, which may take long.
    Then, in one transaction of the owner, it is asked once more whether it is
    still open and written down that it leaves, and only what was written down
    is given. A revocation holds the same row: it comes before, and nothing is
    given, or after, and the trail says so.
    """
    with database.reading(who.organisation_id) as db:
        found = seen(db, who, share_id)
    data = make(found)
    share = found.share
    owner = Who(share.organisation_id, share.person_id)
    with database.writing(owner.organisation_id) as db:
        held = one_given(db, owner, share_id, to_change=True)
        moment = now()
        open_still = {row.field for row in fields_given(db, owner, share_id) if row.closes > moment}
        if held.closes <= moment or held.recipient_id != who.organisation_id or not found.values.keys() <= open_still:
            raise NotFound
        to = db.get_one(Organisation, who.organisation_id)
        left: dict[str, list[str]] = {}
        for field in found.fields():
            left.setdefault(field.kind.name, []).append(field.name)
        basis = {"share": str(share.id), "purpose": share.purpose, "version": share.version}
        recipient = Recipient(to.name, to.id, to.country)
        released(db, owner, way, f"{share.kind} {share.subject}", data, recipient, left, basis, share.id)
    return found, data


def revoke(db: Session, who: Who, share_id: UUID) -> Share:
    """Take a share back: from the commit on nobody reads it, by no way; a second time changes nothing."""
    row = one_given(db, who, share_id, to_change=True)
    if row.revoked is None:
        row.revoked, row.closes = now(), CLOSED
        for field in fields_given(db, who, share_id):
            field.closes = CLOSED
        db.flush()
        record(db, who, "share.revoked", row.id)
    return row
