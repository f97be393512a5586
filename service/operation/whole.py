"""
What is asked of all organisations at once, for the operator, the sweeper and backups.

Counts, ages and ends of chains, never what a row says: the one place beside the
job rows and the doors that looks over the wall.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from service.audit.tables import AuditEvent, AuditHead
from service.tables import Job, Organisation


@dataclass(frozen=True, slots=True)
class Standing:
    """How the work stands."""

    jobs: dict[str, int]
    #: When the oldest queued job was announced.
    oldest: dt.datetime | None
    #: Running jobs whose lease lapsed.
    lapsed: int
    #: When a trail was signed last.
    signed: dt.datetime | None


def standing(db: Session, moment: dt.datetime) -> Standing:
    """Return how the work stands."""
    counts = {row[0]: int(row[1]) for row in db.execute(select(Job.state, func.count()).group_by(Job.state))}
    oldest = db.scalar(select(func.min(Job.sent)).where(Job.state == "queued"))
    gone = select(func.count(Job.id)).where(Job.state == "running", Job.lease_until < moment)
    return Standing(counts, oldest, int(db.scalar(gone) or 0), db.scalar(select(func.max(AuditHead.created))))


def unsigned(db: Session, day: dt.date, limit: int) -> Sequence[UUID]:
    """Return organisations whose trail was not signed on ``day``."""
    there = select(AuditHead.organisation_id).where(AuditHead.day == day)
    return db.scalars(select(Organisation.id).where(Organisation.id.not_in(there)).limit(limit)).all()


def held(connection: Connection) -> tuple[dict[str, int], dict[str, tuple[int, str]], str]:
    """Return the rows of each table, the end of each audit chain, and the form of the database."""
    from service.catalogue import PUBLIC_TABLES, TENANT_TABLES

    rows = {
        table.__tablename__: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
        for table in (*PUBLIC_TABLES, *TENANT_TABLES)
    }
    ends = (
        select(AuditEvent.organisation_id, func.max(AuditEvent.number)).group_by(AuditEvent.organisation_id).subquery()
    )
    last = select(AuditEvent.organisation_id, AuditEvent.number, AuditEvent.hash).join(
        ends, (ends.c[0] == AuditEvent.organisation_id) & (ends.c[1] == AuditEvent.number)
    )
    heads = {str(row[0]): (int(row[1]), str(row[2])) for row in connection.execute(last)}
    return rows, heads, str(MigrationContext.configure(connection).get_current_revision())
