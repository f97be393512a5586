"""The tables. Every row belongs to an organisation; what may be seen is asked through ``auth.visible``."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service.clock import now
from service.columns import Exact, Json, Packed, Utc

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


class Organisation(Base):
    """A firm or a bank: the wall between what different users see."""

    __tablename__ = "organisation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(200))
    #: One of the kinds in ``data/access/roles.yaml``.
    kind: Mapped[str] = mapped_column(String(20), default="exporter")
    #: Unified social credit code; none for a firm that has none.
    uscc: Mapped[str | None] = mapped_column(String(18), index=True, unique=True)
    #: Country in two letters: data that leaves for another is reviewed.
    country: Mapped[str] = mapped_column(String(2), default="CN")
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class Owned(Base):
    """A row of an organisation."""

    __abstract__ = True

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))


class Shared(Owned):
    """A row that its organisation lets one other organisation read until it closes; the database knows it too."""

    __abstract__ = True

    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    closes: Mapped[dt.datetime] = mapped_column(Utc)


class Person(Owned):
    """Someone, or a program, that acts for an organisation."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(30), default="exporter_admin")
    #: Someone who left keeps the row, since records name it, and may do nothing more.
    active: Mapped[bool] = mapped_column(default=True)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class Upload(Owned):
    """A file as it came; the same bytes under the same name are kept once."""

    __tablename__ = "upload"
    __table_args__ = (UniqueConstraint("organisation_id", "sha256", "filename"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    filename: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class Assessment(Owned):
    """A kept result; ``key`` is its provenance key, so the same inputs under the same law are one row."""

    __tablename__ = "assessment"
    __table_args__ = (
        UniqueConstraint("organisation_id", "key"),
        Index(None, "organisation_id", "created", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    key: Mapped[str] = mapped_column(String(64))
    #: ``submission`` or ``exposure`` (one line).
    kind: Mapped[str] = mapped_column(String(20))
    method: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200))
    as_of: Mapped[dt.date]
    lines_count: Mapped[int]
    cost_eur: Mapped[Decimal | None] = mapped_column(Exact(2))
    options: Mapped[dict[str, Any]] = mapped_column(Json)
    totals: Mapped[dict[str, Any]] = mapped_column(Json)
    score: Mapped[dict[str, Any] | None] = mapped_column(Packed, deferred=True)
    inputs: Mapped[dict[str, Any]] = mapped_column(Packed, deferred=True)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(Packed, deferred=True)
    reads: Mapped[list[dict[str, Any]]] = mapped_column(Packed, deferred=True)
    #: What else the result says of itself, as plain data.
    rest: Mapped[dict[str, Any]] = mapped_column(Packed, deferred=True)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class AssessmentLine(Owned):
    """One good of an assessment."""

    __tablename__ = "assessment_line"

    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessment.id", ondelete="CASCADE"), primary_key=True)
    #: Row in the sheet as the user counts it.
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(String(20))
    cn_code: Mapped[str] = mapped_column(String(8))
    origin: Mapped[str] = mapped_column(String(8))
    net_mass_t: Mapped[Decimal | None] = mapped_column(Exact(6))
    certificates: Mapped[Decimal | None] = mapped_column(Exact(6))
    cost_eur: Mapped[Decimal | None] = mapped_column(Exact(2))
    record: Mapped[dict[str, Any]] = mapped_column(Packed)


class Job(Owned):
    """Work that was asked for. The row is the truth; a message only points at it."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("organisation_id", "content"),
        Index(None, "state", "sent"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(40))
    #: Fingerprint of what is asked: asking twice is one job.
    content: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    #: ``queued``, ``running``, ``done``, ``failed`` (refused, and why), ``parked`` (gave up), ``cancelled``.
    state: Mapped[str] = mapped_column(String(20), default="queued")
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[dt.datetime | None] = mapped_column(Utc)
    #: When it was last announced to the broker.
    sent: Mapped[dt.datetime | None] = mapped_column(Utc)
    reason: Mapped[dict[str, Any] | None] = mapped_column(Json)
    assessment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assessment.id"))
    #: What was found in the file, with its cells.
    findings: Mapped[list[dict[str, Any]] | None] = mapped_column(Packed, deferred=True)
    summary: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)
    finished: Mapped[dt.datetime | None] = mapped_column(Utc)


class JobProgress(Owned):
    """How far a job is; apart from its job, so that telling it locks nothing else."""

    __tablename__ = "job_progress"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(20))
    done: Mapped[int]
    total: Mapped[int | None]
    updated: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class QuoteImport(Owned):
    """A table of quotes that a user brought in, and what was found in it."""

    __tablename__ = "quote_import"
    __table_args__ = (UniqueConstraint("organisation_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    instrument: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(300))
    filename: Mapped[str] = mapped_column(String(200))
    findings: Mapped[list[dict[str, Any]]] = mapped_column(Packed, deferred=True)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class UserQuote(Owned):
    """One day's quote of an organisation's own; a later import of the same day replaces it."""

    __tablename__ = "user_quote"
    __table_args__ = (
        UniqueConstraint("organisation_id", "instrument", "day"),
        # The import is one of the same organisation.
        ForeignKeyConstraint(["organisation_id", "import_id"], ["quote_import.organisation_id", "quote_import.id"]),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    import_id: Mapped[UUID]
    instrument: Mapped[str] = mapped_column(String(20))
    day: Mapped[dt.date]
    close: Mapped[Decimal] = mapped_column(Exact(6))
    volume_t: Mapped[Decimal | None] = mapped_column(Exact(6))
    turnover: Mapped[Decimal | None] = mapped_column(Exact(4))
    source: Mapped[str] = mapped_column(Text)


class FeedPayload(Base):
    """What a source sent, as it came; the same bytes of a feed are kept once."""

    __tablename__ = "feed_payload"
    __table_args__ = (UniqueConstraint("feed", "sha256"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    feed: Mapped[str] = mapped_column(String(40))
    url: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    fetched: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class FeedRun(Base):
    """One visit to a source: what came of it. ``slot`` keeps two workers from the same visit."""

    __tablename__ = "feed_run"
    __table_args__ = (UniqueConstraint("feed", "slot"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    feed: Mapped[str] = mapped_column(String(40))
    slot: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20), default="running")
    started: Mapped[dt.datetime] = mapped_column(Utc, default=now)
    finished: Mapped[dt.datetime | None] = mapped_column(Utc)
    rows_kept: Mapped[int] = mapped_column(default=0)
    last_day: Mapped[dt.date | None]
    #: Findings of the rows, or the reason of a failure.
    findings: Mapped[list[dict[str, Any]]] = mapped_column(Packed, default=list)


class FeedQuote(Base):
    """One day's quote or rate as a source published it; public, so it belongs to no organisation."""

    __tablename__ = "feed_quote"
    __table_args__ = (UniqueConstraint("feed", "name", "day"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    feed: Mapped[str] = mapped_column(String(40))
    #: Instrument, or currency per euro.
    name: Mapped[str] = mapped_column(String(20))
    day: Mapped[dt.date]
    value: Mapped[Decimal] = mapped_column(Exact(6))
    volume_t: Mapped[Decimal | None] = mapped_column(Exact(6))
    turnover: Mapped[Decimal | None] = mapped_column(Exact(4))
    payload_id: Mapped[UUID] = mapped_column(ForeignKey("feed_payload.id"))


#: Tables of what is public; every other row belongs to an organisation.
PUBLIC_TABLES: tuple[type[Base], ...] = (Organisation, FeedPayload, FeedRun, FeedQuote)
TENANT_TABLES: tuple[type[Owned], ...] = (
    Person, Upload, Assessment, AssessmentLine, Job, JobProgress, QuoteImport, UserQuote,
)  # fmt: skip
