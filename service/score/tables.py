"""Scores kept and what people decided on them: rows that are only added, in a chain; and what a printed code may ask."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.audit.chain import Link
from service.columns import Packed
from service.tables import Base, Owned


class ScoreRecord(Link):
    """
    A score, or what was decided on one.

    ``kind`` is ``score``; ``override``, where one person asks for another grade
    (``of`` is the score); ``agreed`` or ``declined``, where a second one answers
    (``of`` is the override). ``content`` is the fingerprint of what was asked:
    the same score asked twice is one record.
    """

    __tablename__ = "score_record"
    __table_args__ = (
        UniqueConstraint("id"),
        UniqueConstraint("organisation_id", "content"),
        Index(None, "organisation_id", "of"),
        Index(None, "organisation_id", "borrower"),
    )

    id: Mapped[UUID] = mapped_column(default=uuid4)
    kind: Mapped[str] = mapped_column(String(20))
    of: Mapped[UUID | None]
    borrower: Mapped[str] = mapped_column(String(200))
    content: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]] = mapped_column(Packed, deferred=True)

    def said(self) -> dict[str, Any]:
        of = str(self.of) if self.of else None
        return {
            "id": str(self.id), "kind": self.kind, "of": of, "borrower": self.borrower, "content": self.content,
            "body": self.body,
        }  # fmt: skip


class ScoreNotice(Base):
    """What anybody who holds a printed score may know: who made it, when, by which policy, and its hash."""

    __tablename__ = "score_notice"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))
    issuer: Mapped[str] = mapped_column(String(200))
    issued: Mapped[dt.date]
    policy: Mapped[str] = mapped_column(String(200))


SCORE_TABLES: tuple[type[Owned], ...] = (ScoreRecord,)
SCORE_PUBLIC: tuple[type[Base], ...] = (ScoreNotice,)
