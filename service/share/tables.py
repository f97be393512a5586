"""Shares, their fields as they were frozen, and the reviews that fields wait for."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.clock import now
from service.columns import Json, Packed, Utc
from service.tables import Owned, Shared

#: When something closes that is closed already, whatever any clock says.
CLOSED = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Share(Shared):
    """One version of one record, for one organisation. It never changes but for its end: ``closes`` is what counts."""

    __tablename__ = "share"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id", "recipient_id"),
        Index(None, "organisation_id", "created", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    #: A kind of ``data/access/fields.yaml``.
    kind: Mapped[str] = mapped_column(String(20))
    #: Id of the record, where it is a kept one.
    subject: Mapped[str] = mapped_column(String(80))
    #: Fingerprint or hash of the record as it was: the version.
    version: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(500))
    #: Country of the recipient when it was shared.
    country: Mapped[str] = mapped_column(String(2))
    until: Mapped[dt.datetime] = mapped_column(Utc)
    revoked: Mapped[dt.datetime | None] = mapped_column(Utc)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class SharedField(Shared):
    """One field as it was when it was shared; closed while it waits for a review."""

    __tablename__ = "shared_field"
    __table_args__ = (
        # Whose it is and for whom is what the share says.
        ForeignKeyConstraint(
            ["organisation_id", "share_id", "recipient_id"],
            ["share.organisation_id", "share.id", "share.recipient_id"],
            ondelete="CASCADE",
        ),
    )

    share_id: Mapped[UUID] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(String(60), primary_key=True)
    #: Its class in ``data/access/classes.yaml`` when it was shared.
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[Any] = mapped_column(Packed, deferred=True)


class ExportReview(Owned):
    """Whether fields may go to a recipient abroad: asked by one person, decided by another."""

    __tablename__ = "export_review"
    __table_args__ = (
        CheckConstraint("reviewer_id IS NULL OR reviewer_id <> person_id", "two_people"),
        CheckConstraint(
            "state <> 'passed' OR (reviewer_id IS NOT NULL AND doc_ref IS NOT NULL AND valid_to IS NOT NULL)",
            "passed_is_whole",
        ),
        Index(None, "organisation_id", "created", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    #: Who asked.
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id", ondelete="CASCADE"), index=True)
    #: Kind and version of the record.
    dataset: Mapped[str] = mapped_column(String(120))
    fields: Mapped[list[str]] = mapped_column(Json)
    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    country: Mapped[str] = mapped_column(String(2))
    #: ``requested``, ``passed``, ``refused``, ``withdrawn`` (a pass taken back).
    state: Mapped[str] = mapped_column(String(10), default="requested")
    reviewer_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    doc_ref: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(String(500))
    #: The pass holds to the end of this day.
    valid_to: Mapped[dt.date | None]
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)
    decided: Mapped[dt.datetime | None] = mapped_column(Utc)


SHARE_TABLES: tuple[type[Owned], ...] = (Share, SharedField, ExportReview)
