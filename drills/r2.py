"""R2: a job that eats memory, one that never ends, and one that does not listen."""

from __future__ import annotations

from sqlalchemy import select

from drills import tasks
from drills.outcome import Outcome, Scale
from drills.servers import until
from drills.yard import PATIENCE_S, Yard, there, timed
from service import jobs
from service.tables import Job

GOAL = "others unharmed; parked after 3 tries, reason shown"
_EXPECTED = {tasks.EAT: "job.out_of_memory", tasks.SPIN: "job.out_of_time", tasks.DEAF: "job.parked"}


def run(scale: Scale) -> Outcome:
    """Run the three among jobs that are well."""
    out = Outcome()
    well = scale.of(100, 30)
    with Yard(there("YUETAN_TEST_DATABASE_URL"), there("YUETAN_TEST_BROKER_URL"), yuetan_lease_s=2, yuetan_resend_s=1,
              yuetan_worker_processes=2, yuetan_job_s=3, yuetan_job_memory_mb=1024) as yard:  # fmt: skip
        tasks.prepare(yard.database)
        kinds = [tasks.EAT, tasks.SPIN] if scale.short else list(_EXPECTED)
        with yard.database.writing() as db:
            for kind in kinds:
                tasks.ask(db, kind, 0)
            for number in range(well):
                tasks.ask(db, tasks.EFFECT, number)
            announced = jobs.taken_to_send(db)
        yard.sender.send(announced)
        with timed() as since:
            group = yard.workers()
            until(lambda: all(job.finished for job in _all(yard)), PATIENCE_S, "the end of all jobs", 0.2)
            took, alive = since(), group.alive
        rows = _all(yard)
    fine = [job for job in rows if job.kind == tasks.EFFECT and (job.state, job.attempt) == ("done", 1)]
    out.must(len(fine) == well, f"{well - len(fine)} other jobs were harmed")
    out.must(alive, "the worker itself died")
    for job in rows:
        if job.kind in _EXPECTED:
            told = (job.reason or {}).get("code")
            fits = (job.state, job.attempt, told) == ("parked", jobs.MOST_ATTEMPTS, _EXPECTED[job.kind])
            out.must(fits, f"{job.kind} is {job.state} after {job.attempt} tries, reason {told}")
            out.tell(f"{job.kind.removeprefix('drill.')}: {job.state} after {job.attempt}, {told}")
    out.tell(f"{len(fine)} of {well} others done at the first try; all ended within {took:.0f} s")
    return out


def _all(yard: Yard) -> list[Job]:
    with yard.database.reading() as db:
        return list(db.scalars(select(Job)))
