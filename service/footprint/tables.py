"""Footprints that are kept: versions that never change, who verified them, and where they were offered."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.clock import now
from service.columns import Json, Packed, Utc
from service.tables import Owned


class KeptFootprint(Owned):
    """
    A footprint of one product and year by one method; a correction is the next version and names the one it follows.

    ``content`` is the fingerprint of bill and factors, whatever the day; ``key``
    the key of its provenance, which holds the day too.
    """

    __tablename__ = "kept_footprint"
    __table_args__ = (
        UniqueConstraint("organisation_id", "product", "profile", "year", "version"),
        UniqueConstraint("follows_id"),
        Index(None, "organisation_id", "created", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    product: Mapped[str] = mapped_column(String(100))
    profile: Mapped[str] = mapped_column(String(60))
    year: Mapped[int]
    version: Mapped[int]
    follows_id: Mapped[UUID | None] = mapped_column(ForeignKey("kept_footprint.id"))
    #: Why there is another version; empty for the first.
    reason: Mapped[str] = mapped_column(String(2000), default="")
    content: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(64), index=True)
    method: Mapped[str] = mapped_column(String(40))
    worked_out_on: Mapped[dt.date]
    #: The product as the API shows it, with the bill's period, site and method.
    result: Mapped[dict[str, Any]] = mapped_column(Json)
    #: The bill, and the factors of the organisation that it took.
    asked: Mapped[dict[str, Any]] = mapped_column(Packed, deferred=True)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class FootprintVerification(Owned):
    """Who verified a kept footprint, as the report says; added and never changed."""

    __tablename__ = "footprint_verification"
    __table_args__ = (UniqueConstraint("footprint_id", "verifier", "report"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    footprint_id: Mapped[UUID] = mapped_column(ForeignKey("kept_footprint.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    verifier: Mapped[str] = mapped_column(String(200))
    report: Mapped[str] = mapped_column(String(200))
    verified_on: Mapped[dt.date]
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class FootprintOffer(Owned):
    """A kept footprint that partners are offered, and under which id of the exchange."""

    __tablename__ = "footprint_offer"

    footprint_id: Mapped[UUID] = mapped_column(ForeignKey("kept_footprint.id"), primary_key=True)
    pf_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


FOOTPRINT_TABLES: tuple[type[Owned], ...] = (KeptFootprint, FootprintVerification, FootprintOffer)
