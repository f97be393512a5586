"""The task behind a run of the pass-through estimator."""

from __future__ import annotations

from uuid import UUID

from service.broker import TASKS
from service.passthrough.runs import KIND, work
from workers.app import app, parts, settings


@app.task(name=TASKS[KIND])
def passthrough(job_id: str) -> str:
    """Estimate what is left of a run; see ``service.passthrough.runs.work`` for why it may run twice."""
    return work(parts().database, UUID(job_id), settings.lease_s)
