"""
What nobody asks for and must be done.

Find forgotten jobs and announce them again, erase answers kept long enough,
sign the trail day by day, ask for the errands and the price sources that are due.
"""

from __future__ import annotations

from service import clock, jobs
from service.audit.use import sign_due
from service.broker import FEED, SWEEP, TASKS
from service.feeds.use import due
from service.once.use import erase_old
from service.pact.errands import ask_for_due, remind_due
from workers.app import app, parts, settings


@app.task(name=SWEEP)
def sweep() -> int:
    """Announce what is queued and old, or whose worker is gone; park what failed too often."""
    with parts().database.writing() as db:
        remind_due(db, settings)
        ask_for_due(db)
        erase_old(db)
        waiting = [*jobs.taken_to_send(db), *jobs.sweep(db, settings.resend_s)]
    for kind, job_id in waiting:
        app.send_task(TASKS[kind], args=[str(job_id)])
    with parts().database.writing() as db:
        sign_due(db, settings, clock.today())
    if settings.feeds:
        with parts().database.reading() as db:
            names = due(db, parts().library.feeds, settings.feeds)
        for name in names:
            app.send_task(FEED, args=[name])
    return len(waiting)
