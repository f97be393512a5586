"""Write down what leaves, and show it to its owner."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import tuple_
from sqlalchemy.orm import Session

from models.errors import Text
from models.files import DATA, read_yaml
from models.provenance import fingerprint
from service.audit.use import record
from service.auth import Who, visible
from service.clock import now
from service.columns import dumps
from service.release.tables import DataRelease
from service.store import after_cursor, cursor_of


class Recipient(NamedTuple):
    """To whom something goes; what is not known of it is none."""

    name: str
    organisation_id: UUID | None = None
    country: str | None = None


#: Whoever holds a printed number or code.
ANYBODY = Recipient("*")


class Page(NamedTuple):
    """Some rows, and the cursor of the next ones."""

    rows: Sequence[DataRelease]
    next: str | None


@cache
def ways() -> Mapping[str, Text]:
    """Return every way out, with its words."""
    return {name: Text(**said) for name, said in read_yaml(DATA / "access" / "ways.yaml").items()}


def released(
    db: Session, who: Who, way: str, subject: object, data: bytes, to: Recipient,
    fields: Mapping[str, Sequence[str]], basis: Mapping[str, Any], share_id: UUID | None = None,
) -> DataRelease:  # fmt: skip
    """
    Write down that ``data`` leaves, in the transaction that lets it go; called last, as the trail's ``record``.

    ``who`` is the owner: the organisation whose data it is, and the person on
    whose authority it leaves.
    """
    if way not in ways():
        raise KeyError(way)
    row = DataRelease(
        id=uuid4(),
        organisation_id=who.organisation_id,
        person_id=who.person_id,
        at=now(),
        way=way,
        subject=str(subject)[:80],
        fields={kind: sorted(names) for kind, names in fields.items() if names},
        recipient=to.name[:300],
        recipient_id=to.organisation_id,
        country=to.country,
        share_id=share_id,
        basis=dict(basis),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
    )
    db.add(row)
    db.flush()
    record(db, who, "data.released", row.id, way=way, sha256=row.sha256, row=print_of(row))
    return row


def published(db: Session, who: Who, way: str, subject: object, said: Mapping[str, Any]) -> DataRelease:
    """Write down that anybody who holds a number may ask for what is said of it from now on."""
    data = dumps({name: str(value) for name, value in said.items()}).encode()
    return released(db, who, way, subject, data, ANYBODY, {"public": list(said)}, {"register": str(subject)})


def print_of(row: DataRelease) -> str:
    """Return the fingerprint of a row that the trail keeps."""
    values = {column.key: getattr(row, column.key) for column in DataRelease.__table__.columns}
    return fingerprint({name: value if isinstance(value, dict) else str(value) for name, value in values.items()})


def listed(db: Session, who: Who, cursor: str | None, limit: int, share_id: UUID | None = None) -> Page:
    """Return what left the organisation, newest first."""
    query = visible(DataRelease, who).order_by(DataRelease.at.desc(), DataRelease.id.desc()).limit(limit + 1)
    if share_id is not None:
        query = query.where(DataRelease.share_id == share_id)
    if cursor:
        query = query.where(tuple_(DataRelease.at, DataRelease.id) < tuple_(*after_cursor(cursor)))
    found = db.scalars(query).all()
    rows = found[:limit]
    return Page(rows, cursor_of(rows[-1].at, rows[-1].id) if len(found) > limit else None)
