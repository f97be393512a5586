"""Positions that were kept: what was asked and what came of it, added and never changed."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.clock import now
from service.columns import Json, Packed, Utc
from service.tables import Owned


class KeptPosition(Owned):
    """
    The position of an installation in a compliance year on a day.

    ``key`` is the fingerprint of what was asked, the method and the result: the
    digest that a statement made from it carries.
    """

    __tablename__ = "kept_position"
    __table_args__ = (
        UniqueConstraint("organisation_id", "key"),
        Index(None, "organisation_id", "created", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    installation: Mapped[str] = mapped_column(String(200))
    compliance_year: Mapped[int]
    as_of: Mapped[dt.date]
    provisional: Mapped[bool]
    key: Mapped[str] = mapped_column(String(64))
    method: Mapped[str] = mapped_column(String(40))
    #: The position as the API shows it.
    result: Mapped[dict[str, Any]] = mapped_column(Json)
    asked: Mapped[dict[str, Any]] = mapped_column(Packed, deferred=True)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


POSITION_TABLES: tuple[type[Owned], ...] = (KeptPosition,)
