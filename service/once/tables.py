"""Answers kept under the key of their request."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from service.clock import now
from service.columns import Json, Utc
from service.tables import Owned


class KeptAnswer(Owned):
    """A request that is being answered (no status yet), or the answer it got."""

    __tablename__ = "kept_answer"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    #: Keys of two callers are two keys.
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    #: SHA-256 of the key: it is the caller's, and may hold anything.
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: Method, address and body.
    asked: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(Json)
    body: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now, index=True)


ONCE_TABLES: tuple[type[Owned], ...] = (KeptAnswer,)
