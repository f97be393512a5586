"""Rows that are only ever added, each over the hash of the one before: a change of any of them shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ForeignKey, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column, undefer

from models.errors import Text
from models.provenance import fingerprint
from service.auth import Who, visible
from service.clock import now
from service.columns import Utc
from service.tables import Owned

#: What the first row follows.
START = "0" * 64
CHUNK = 2000


class Link(Owned):
    """A row of the chain of an organisation; ``hash`` covers the row and the hash before it."""

    __abstract__ = True

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    #: Counts from 1 without gaps.
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[dt.datetime] = mapped_column(Utc)
    before: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    def said(self) -> dict[str, Any]:
        """Return what the hash covers beside who, when and where in the chain."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """Return the hash that the row should have."""
        return fingerprint(
            {
                "organisation": str(self.organisation_id), "number": self.number, "person": str(self.person_id),
                "at": self.at.isoformat(), "before": self.before,
            }
            | self.said()
        )  # fmt: skip


Chained = TypeVar("Chained", bound=Link)


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the chain holds: ``broken`` is the first row that does not fit, and why."""

    events: int
    hash: str
    broken: int | None = None
    why: Text | None = None


def append(db: Session, who: Who, row: Chained) -> Chained:
    """
    Add a row to the end of the chain.

    Writers of one organisation queue here until the transaction ends.
    """
    if db.get_bind().dialect.name == "postgresql":
        lock = int.from_bytes(who.organisation_id.bytes[:8], "big", signed=True)
        db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
    last = last_of(db, who, type(row))
    row.organisation_id, row.person_id, row.at = who.organisation_id, who.person_id, now()
    row.number, row.before = (last.number + 1, last.hash) if last else (1, START)
    row.hash = row.fingerprint()
    db.add(row)
    db.flush()
    return row


def last_of(db: Session, who: Who, table: type[Chained]) -> Chained | None:
    """Return the end of the chain."""
    return db.scalar(visible(table, who).order_by(table.number.desc()).limit(1))


def some(db: Session, who: Who, table: type[Chained], after: int, limit: int) -> list[Chained]:
    """Return rows in their order, those after a number, whole."""
    query = visible(table, who).where(table.number > after).order_by(table.number).limit(limit)
    return list(db.scalars(query.options(undefer("*"))).all())


def walked(db: Session, who: Who, table: type[Chained], heads: Iterable[tuple[int, str]] = ()) -> Proof:
    """
    Recompute the chain from its first row.

    ``heads`` are number and hash of ends known before: without one the end of
    the chain could have been cut off, or the whole written anew, unseen.
    """
    return followed(_all(db, who, table), heads)


def followed(rows: Iterable[Link], heads: Iterable[tuple[int, str]] = ()) -> Proof:
    """Follow rows as a chain from its start; see ``walked``."""
    stood = dict(heads)
    before, number = START, 0
    for row in rows:
        number += 1
        why = None
        if row.number != number:
            why = Text(f"缺少第 {number} 条", f"event {number} is missing")
        elif row.before != before:
            why = Text("与前一条不相接", "it does not follow the one before")
        elif row.hash != row.fingerprint():
            why = Text("内容被改动", "its content was changed")
        elif stood.pop(number, row.hash) != row.hash:
            before, why = row.hash, Text("与签署的链尾不符", "it is not what the signed head says")
        if why is not None:
            return Proof(number - 1, before, number, why)
        before = row.hash
    stood.pop(0, None)
    if stood:
        why = Text(f"签署的链尾有 {max(stood)} 条", f"the signed head has {max(stood)} events")
        return Proof(number, before, number + 1, why)
    return Proof(number, before)


def _all(db: Session, who: Who, table: type[Chained]) -> Iterator[Chained]:
    after = 0
    while chunk := some(db, who, table, after, CHUNK):
        yield from chunk
        # Rows that were moved to other numbers must not make the walk endless.
        after = max(after + 1, chunk[-1].number)
        for row in chunk:
            db.expunge(row)
