"""The audit trail, insert-only: the database refuses to change or delete a row."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from service.audit.chain import Link
from service.clock import now
from service.columns import Json, Utc
from service.tables import Owned


class AuditEvent(Link):
    """One thing done."""

    __tablename__ = "audit_event"

    #: Such as ``assessment.kept``.
    action: Mapped[str] = mapped_column(String(40))
    #: What it was done to: an id, or a key.
    subject: Mapped[str] = mapped_column(String(80))
    detail: Mapped[dict[str, Any]] = mapped_column(Json)

    def said(self) -> dict[str, Any]:
        return {"action": self.action, "subject": self.subject, "detail": self.detail}


class AuditHead(Owned):
    """Where the chain of an organisation stood on a day, signed: the file that shows later whether the end was cut off."""

    __tablename__ = "audit_head"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    number: Mapped[int]
    #: As it was signed.
    document: Mapped[dict[str, Any]] = mapped_column(Json)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


AUDIT_TABLES: tuple[type[Owned], ...] = (AuditEvent, AuditHead)
