"""The audit trail, insert-only: the database refuses to change or delete a row."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from service.columns import Json, Utc
from service.tables import Owned


class AuditEvent(Owned):
    """One thing done; ``hash`` covers the row and the hash before it, so that the events of an organisation are a chain."""

    __tablename__ = "audit_event"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    #: Counts from 1 without gaps.
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[dt.datetime] = mapped_column(Utc)
    #: Such as ``assessment.kept``; the words are in ``data/words/audit.yaml``.
    action: Mapped[str] = mapped_column(String(40))
    #: What it was done to: an id, or a key.
    subject: Mapped[str] = mapped_column(String(80))
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    before: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


AUDIT_TABLES: tuple[type[Owned], ...] = (AuditEvent,)
