"""The task that does an errand at a partner."""

from __future__ import annotations

from uuid import UUID

from service.broker import TASKS
from service.pact.errands import work
from service.pact.partners import KIND
from workers.app import app, parts, settings


@app.task(name=TASKS[KIND])
def pact(job_id: str) -> str:
    """Make one attempt; see ``service.pact.errands.work`` for why it may run twice."""
    return work(parts().database, settings, UUID(job_id), settings.lease_s)
