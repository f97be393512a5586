"""Uploads and their jobs, as their owner sees them."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session, undefer

from service.auth import Who, visible
from service.refusals import NotFound
from service.tables import Job, JobProgress


class Seen(NamedTuple):
    """A job and how far it is."""

    job: Job
    progress: JobProgress | None


def seen(db: Session, who: Who, job_id: UUID) -> Seen:
    """Return a job with its progress; ``NotFound`` where there is none to see."""
    job = db.scalar(visible(Job, who).where(Job.id == job_id).execution_options(populate_existing=True))
    if job is None:
        raise NotFound
    return Seen(job, db.scalar(visible(JobProgress, who).where(JobProgress.job_id == job_id)))


def findings_of(db: Session, who: Who, job_id: UUID) -> list[dict[str, Any]]:
    """Return what was found in the file of a job, each with its cell where it has one."""
    job = db.scalar(visible(Job, who).where(Job.id == job_id).options(undefer(Job.findings)))
    if job is None:
        raise NotFound
    return job.findings or []
