"""Find forgotten jobs and announce them again."""

from __future__ import annotations

from service import jobs
from service.broker import SWEEP, TASKS
from workers.app import app, parts, settings


@app.task(name=SWEEP)
def sweep() -> int:
    """Announce what is queued and old, or whose worker is gone; park what failed too often."""
    with parts().database.writing() as db:
        waiting = jobs.sweep(db, settings.resend_s)
    for kind, job_id in waiting:
        app.send_task(TASKS[kind], args=[str(job_id)])
    return len(waiting)
