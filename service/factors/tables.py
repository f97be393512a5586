"""Factors handed in, what was decided of them, the files that show them, and the map of ids."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.clock import now
from service.columns import Json, Utc
from service.tables import Owned


class FactorSubmission(Owned):
    """A factor as it was handed in; it never changes but for its state."""

    __tablename__ = "factor_submission"
    __table_args__ = (
        UniqueConstraint("organisation_id", "record_id"),
        Index(None, "organisation_id", "state", "created", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    #: Who handed it in.
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    #: Its own id; a correction bears another.
    record_id: Mapped[str] = mapped_column(String(100))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    evidence: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(10), default="submitted")
    submitted_on: Mapped[dt.date]
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class FactorDecision(Owned):
    """What somebody decided of a submission, and why; added and never changed."""

    __tablename__ = "factor_decision"
    __table_args__ = (UniqueConstraint("submission_id", "decision"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("factor_submission.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    decision: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(2000))
    decided_on: Mapped[dt.date]
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class FactorEvidence(Owned):
    """A file that shows a factor."""

    __tablename__ = "factor_evidence"

    submission_id: Mapped[UUID] = mapped_column(ForeignKey("factor_submission.id"), primary_key=True)
    upload_id: Mapped[UUID] = mapped_column(ForeignKey("upload.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class FactorPair(Owned):
    """A national and a provincial record that stand for the same thing."""

    __tablename__ = "factor_pair"
    __table_args__ = (UniqueConstraint("organisation_id", "national_id", "provincial_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    national_id: Mapped[str] = mapped_column(String(100))
    provincial_id: Mapped[str] = mapped_column(String(100))
    source: Mapped[str] = mapped_column(String(300))
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


FACTOR_TABLES: tuple[type[Owned], ...] = (FactorSubmission, FactorDecision, FactorEvidence, FactorPair)
