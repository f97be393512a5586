"""Statements issued and brought in, whose keys are trusted, and the public register that links and QR codes ask."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.clock import now
from service.columns import Exact, Json, Utc
from service.tables import Base, Owned


class Statement(Owned):
    """A statement as it was signed; ``key`` is the fingerprint of what it rests on, ``edition`` counts those taken back."""

    __tablename__ = "statement"
    __table_args__ = (UniqueConstraint("organisation_id", "key", "edition"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    key: Mapped[str] = mapped_column(String(64))
    edition: Mapped[int] = mapped_column(default=0)
    customer: Mapped[str] = mapped_column(String(200))
    product: Mapped[str] = mapped_column(String(200))
    first: Mapped[dt.date]
    last: Mapped[dt.date]
    quantity_t: Mapped[Decimal] = mapped_column(Exact(6))
    #: The signed JSON file, byte for byte.
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    #: What it rests on; stays here.
    inputs: Mapped[dict[str, Any]] = mapped_column(Json, deferred=True)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class SupplierStatement(Owned):
    """A statement that a supplier handed over, as it came; the same one is kept once."""

    __tablename__ = "supplier_statement"
    __table_args__ = (UniqueConstraint("organisation_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    number: Mapped[str] = mapped_column(String(36))
    sha256: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str] = mapped_column(String(16))
    issuer: Mapped[str] = mapped_column(String(300))
    product: Mapped[str] = mapped_column(String(300))
    quantity_t: Mapped[Decimal] = mapped_column(Exact(6))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class SupplyUse(Owned):
    """Tonnes of a supplier's statement that went into one of ours."""

    __tablename__ = "supply_use"

    statement_id: Mapped[UUID] = mapped_column(ForeignKey("statement.id", ondelete="CASCADE"), primary_key=True)
    supplier_statement_id: Mapped[UUID] = mapped_column(ForeignKey("supplier_statement.id"), primary_key=True)
    tonnes: Mapped[Decimal] = mapped_column(Exact(6))


class TrustedKey(Owned):
    """The key of an issuer on another installation, entered by someone who compared it with the issuer."""

    __tablename__ = "trusted_key"
    __table_args__ = (UniqueConstraint("organisation_id", "key_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    key_id: Mapped[str] = mapped_column(String(16))
    public: Mapped[bytes] = mapped_column(LargeBinary)
    issuer: Mapped[str] = mapped_column(String(200))
    compared: Mapped[str] = mapped_column(String(300))
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class SigningKey(Base):
    """The public key of an organisation here: anybody may check a signature."""

    __tablename__ = "signing_key"

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    public: Mapped[bytes] = mapped_column(LargeBinary)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class StatementNotice(Base):
    """What anybody with the number may know: who issued it, its hash, and whether it was taken back and why."""

    __tablename__ = "statement_notice"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("signing_key.key_id"))
    sha256: Mapped[str] = mapped_column(String(64))
    issuer: Mapped[str] = mapped_column(String(200))
    issued: Mapped[dt.date]
    withdrawn: Mapped[dt.datetime | None] = mapped_column(Utc)
    reason: Mapped[str | None] = mapped_column(String(300))


STATEMENT_TABLES: tuple[type[Owned], ...] = (Statement, SupplierStatement, SupplyUse, TrustedKey)
STATEMENT_PUBLIC: tuple[type[Base], ...] = (SigningKey, StatementNotice)
