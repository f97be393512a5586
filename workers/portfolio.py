"""The tasks behind a loan book: split, a partition, merge; each may run twice, see ``service.portfolio.use``."""

from __future__ import annotations

from uuid import UUID

from service.broker import TASKS
from service.portfolio import use
from workers.app import app, parts


@app.task(name=TASKS[use.PLAN])
def plan(job_id: str) -> str:
    """Split a book by borrower."""
    return use.work_plan(parts(), UUID(job_id))


@app.task(name=TASKS[use.PART])
def part(job_id: str) -> str:
    """Work one partition out."""
    return use.work_part(parts(), UUID(job_id))


@app.task(name=TASKS[use.MERGE])
def merge(job_id: str) -> str:
    """Merge the partitions."""
    return use.work_merge(parts(), UUID(job_id))
