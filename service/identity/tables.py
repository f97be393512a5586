"""How people and machines come in. A person's row (``service.tables.Person``) is whom every record names."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.clock import now
from service.columns import Json, Utc
from service.tables import Owned


class Login(Owned):
    """What a person signs in with; secrets are kept hashed, the second factor encrypted."""

    __tablename__ = "login"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    #: In lower case: one address is one person in the whole installation.
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password: Mapped[str | None] = mapped_column(String(200))
    failed: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[dt.datetime | None] = mapped_column(Utc)
    totp: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: The last time step whose code was taken: a code serves once.
    totp_step: Mapped[int] = mapped_column(default=0)
    recovery: Mapped[list[str]] = mapped_column(Json, default=list)
    #: Hash of the one-time code with which a password is set.
    invited: Mapped[str | None] = mapped_column(String(64), unique=True)
    invited_until: Mapped[dt.datetime | None] = mapped_column(Utc)


class ProviderLink(Owned):
    """Whom an outside provider means by a name of its own; linked once, by an invitation, never by an address."""

    __tablename__ = "provider_link"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    issuer: Mapped[str] = mapped_column(String(250))
    subject: Mapped[str] = mapped_column(String(255))
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class SignIn(Owned):
    """A browser's visit. ``stage``: ``second`` or ``enrol`` (the second factor is still due), then ``full``."""

    __tablename__ = "sign_in"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    stage: Mapped[str] = mapped_column(String(10))
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)
    used: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class Client(Owned):
    """A program of an organisation: OAuth 2.0 client credentials, by secret or by key."""

    __tablename__ = "client"

    #: Also the ``client_id``.
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    secret: Mapped[str | None] = mapped_column(String(64))
    #: PEM of the public key of ``private_key_jwt``.
    public_key: Mapped[str | None] = mapped_column(Text)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class UsedAssertion(Owned):
    """A client assertion that was taken: each serves once."""

    __tablename__ = "used_assertion"

    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id", ondelete="CASCADE"), primary_key=True)
    jti: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[dt.datetime] = mapped_column(Utc)


class ApiKey(Owned):
    """A key that acts for its person; shown once, kept hashed."""

    __tablename__ = "api_key"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    token: Mapped[str] = mapped_column(String(64), unique=True)
    #: First letters, by which its owner knows it.
    prefix: Mapped[str] = mapped_column(String(12))
    until: Mapped[dt.datetime] = mapped_column(Utc)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


IDENTITY_TABLES: tuple[type[Owned], ...] = (Login, ProviderLink, SignIn, Client, UsedAssertion, ApiKey)
