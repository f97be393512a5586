"""Records of the registers and the files that show them."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.clock import now
from service.columns import Json, Utc
from service.tables import Owned


class RegisterRecord(Owned):
    """
    One record of one register.

    ``identity`` is the fingerprint of what tells it from others of its kind, such
    as scheme and number: it is there once. ``edition`` counts its corrections,
    each of which the audit trail holds.
    """

    __tablename__ = "register_record"
    __table_args__ = (
        UniqueConstraint("organisation_id", "kind", "identity"),
        Index(None, "organisation_id", "kind", "name", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(20))
    identity: Mapped[str] = mapped_column(String(64))
    #: What a list is ordered by: holder, verifier, scheme, number.
    name: Mapped[str] = mapped_column(String(200))
    edition: Mapped[int] = mapped_column(default=1)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)
    changed: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class RegisterEvidence(Owned):
    """A file that shows a record."""

    __tablename__ = "register_evidence"

    record_id: Mapped[UUID] = mapped_column(ForeignKey("register_record.id", ondelete="CASCADE"), primary_key=True)
    upload_id: Mapped[UUID] = mapped_column(ForeignKey("upload.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


REGISTER_TABLES: tuple[type[Owned], ...] = (RegisterRecord, RegisterEvidence)
