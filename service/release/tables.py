"""The release log, insert-only: the database refuses to change or delete a row."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.columns import Json, Utc
from service.tables import Owned


class DataRelease(Owned):
    """Something that left; the audit trail holds the fingerprint of the row."""

    __tablename__ = "data_release"
    __table_args__ = (Index(None, "organisation_id", "at", "id"), Index(None, "organisation_id", "share_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    #: On whose authority it left.
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[dt.datetime] = mapped_column(Utc)
    #: One of ``data/access/ways.yaml``.
    way: Mapped[str] = mapped_column(String(40))
    #: What left: id of the record, or number of the statement.
    subject: Mapped[str] = mapped_column(String(80))
    #: By class, the fields that left.
    fields: Mapped[dict[str, list[str]]] = mapped_column(Json)
    recipient: Mapped[str] = mapped_column(String(300))
    #: Where the recipient is an organisation here.
    recipient_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    #: Country of the recipient; none where it is not known, and never guessed.
    country: Mapped[str | None] = mapped_column(String(2))
    share_id: Mapped[UUID | None] = mapped_column(ForeignKey("share.id"))
    #: Why it was let go: share and purpose, partner, or statement and customer.
    basis: Mapped[dict[str, Any]] = mapped_column(Json)
    #: Of the bytes as they left.
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]


RELEASE_TABLES: tuple[type[Owned], ...] = (DataRelease,)
