"""The task behind an upload."""

from __future__ import annotations

from uuid import UUID

from service.assessment import use
from service.broker import TASKS
from workers.app import app, parts, settings


@app.task(name=TASKS[use.KIND])
def assess(job_id: str) -> str:
    """Assess the file of a job; see ``service.assessment.use.work`` for why it may run twice."""
    here = parts()
    return use.work(here.database, here.library, UUID(job_id), settings.lease_s)
