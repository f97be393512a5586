"""The audit trail, insert-only: the database refuses to change or delete a row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from service.audit.chain import Link
from service.columns import Json
from service.tables import Owned


class AuditEvent(Link):
    """One thing done."""

    __tablename__ = "audit_event"

    #: Such as ``assessment.kept``; the words are in ``data/words/audit.yaml``.
    action: Mapped[str] = mapped_column(String(40))
    #: What it was done to: an id, or a key.
    subject: Mapped[str] = mapped_column(String(80))
    detail: Mapped[dict[str, Any]] = mapped_column(Json)

    def said(self) -> dict[str, Any]:
        return {"action": self.action, "subject": self.subject, "detail": self.detail}


AUDIT_TABLES: tuple[type[Owned], ...] = (AuditEvent,)
