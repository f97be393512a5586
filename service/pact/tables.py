"""Footprints, the partners they are shared with, and what goes to and fro."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.clock import now
from service.columns import Json, Packed, Utc
from service.tables import Owned

#: Whose a footprint is, where it is no partner's: ours, or brought in as a file.
OWN, FILED = "own", "file"


class PactPartner(Owned):
    """A firm with which an organisation exchanges footprints."""

    __tablename__ = "pact_partner"

    #: Also the ``client_id`` that we give the partner.
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(200))
    #: Digest of the secret that we gave the partner: random, so a plain digest does.
    secret: Mapped[str] = mapped_column(String(64))
    #: Where the partner answers; without it nothing is ever sent there.
    base_url: Mapped[str | None] = mapped_column(String(500))
    auth_url: Mapped[str | None] = mapped_column(String(500))
    their_client_id: Mapped[str | None] = mapped_column(String(500))
    their_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: Test set-ups: plain http and private or loopback addresses.
    may_be_private: Mapped[bool] = mapped_column(default=False)
    #: ``all`` of our footprints, or those ``chosen``.
    sees: Mapped[str] = mapped_column(String(10), default="chosen")
    active: Mapped[bool] = mapped_column(default=True)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class PactFootprint(Owned):
    """A footprint as PACT 3.0 has it; it never changes but for its status, once."""

    __tablename__ = "pact_footprint"
    __table_args__ = (
        UniqueConstraint("organisation_id", "holder", "pf_id"),
        Index(None, "organisation_id", "holder", "kept", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    pf_id: Mapped[UUID]
    #: ``own``, ``file``, or the id of the partner it came from.
    holder: Mapped[str] = mapped_column(String(36))
    form: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(10))
    valid_from: Mapped[dt.datetime] = mapped_column(Utc)
    valid_until: Mapped[dt.datetime] = mapped_column(Utc)
    sha256: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]] = mapped_column(Packed)
    #: As it came.
    original: Mapped[dict[str, Any]] = mapped_column(Packed, deferred=True)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(Packed, deferred=True)
    #: When we took it: the order of lists, which nothing can come before.
    kept: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class PactTerm(Owned):
    """A name one of our footprints is found by, in the order of lists."""

    __tablename__ = "pact_term"
    __table_args__ = (Index(None, "organisation_id", "criterion", "value", "kept", "footprint_id"),)

    footprint_id: Mapped[UUID] = mapped_column(ForeignKey("pact_footprint.id", ondelete="CASCADE"), primary_key=True)
    criterion: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(500), primary_key=True)
    kept: Mapped[dt.datetime] = mapped_column(Utc)


class PactShare(Owned):
    """A footprint released to a partner: by whom, when, and which bytes."""

    __tablename__ = "pact_share"
    __table_args__ = (Index(None, "partner_id", "kept", "footprint_id"),)

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("pact_partner.id", ondelete="CASCADE"), primary_key=True)
    footprint_id: Mapped[UUID] = mapped_column(ForeignKey("pact_footprint.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    #: The footprint's, for the order of lists.
    kept: Mapped[dt.datetime] = mapped_column(Utc)
    released: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class PactEvent(Owned):
    """An event that a partner sent; the same source and id are one."""

    __tablename__ = "pact_event"
    __table_args__ = (
        UniqueConstraint("partner_id", "source", "event_id"),
        Index(None, "organisation_id", "received", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("pact_partner.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(500))
    event_id: Mapped[str] = mapped_column(String(500))
    type: Mapped[str] = mapped_column(String(100))
    document: Mapped[dict[str, Any]] = mapped_column(Packed, deferred=True)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(Packed)
    received: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class PactErrand(Owned):
    """Something to be done at a partner's: an event to send, or footprints to fetch. Tried until done, for 72 hours."""

    __tablename__ = "pact_errand"
    __table_args__ = (Index(None, "state", "next_try"), Index(None, "organisation_id", "created", "id"))

    #: Also the id of the event that is sent.
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("pact_partner.id", ondelete="CASCADE"))
    #: ``send`` or ``fetch``.
    kind: Mapped[str] = mapped_column(String(10))
    #: The event, or what to fetch.
    document: Mapped[dict[str, Any]] = mapped_column(Packed, deferred=True)
    #: The request that it answers: one answer each.
    answers: Mapped[UUID | None] = mapped_column(ForeignKey("pact_event.id", ondelete="CASCADE"), unique=True)
    #: ``waiting``, ``done``, ``given_up``.
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try: Mapped[dt.datetime] = mapped_column(Utc, default=now)
    reason: Mapped[dict[str, Any] | None] = mapped_column(Json)
    #: For people: kind of event, how many footprints.
    note: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)
    finished: Mapped[dt.datetime | None] = mapped_column(Utc)


class PactAsk(Owned):
    """A supplier that was asked for footprints: until when, how often it was reminded, and what became of it."""

    __tablename__ = "pact_ask"
    __table_args__ = (Index(None, "state", "next_reminder"), Index(None, "organisation_id", "created", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("pact_partner.id", ondelete="CASCADE"))
    #: Its record in the register of requests; none where that was removed.
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("register_record.id", ondelete="SET NULL"))
    #: What was asked for.
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    #: Ids of the events that asked, the reminders too: an answer names one of them.
    events: Mapped[list[str]] = mapped_column(Json)
    due: Mapped[dt.date]
    #: ``waiting``, ``fulfilled``, ``rejected``, ``stopped``.
    state: Mapped[str] = mapped_column(String(10))
    reminded: Mapped[int] = mapped_column(default=0)
    #: None where no more go out.
    next_reminder: Mapped[dt.datetime | None] = mapped_column(Utc)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


PACT_TABLES: tuple[type[Owned], ...] = (PactPartner, PactFootprint, PactTerm, PactShare, PactEvent, PactErrand, PactAsk)
