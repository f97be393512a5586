"""The heartbeat of a running job: renews its lease, tells its progress, and notices when the job is no longer ours."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

from service import jobs
from service.database import Database
from service.outage import TROUBLE
from service.tables import Job

log = logging.getLogger(__name__)

#: The lease is this many times the heartbeat.
BEATS_PER_LEASE = 6
_TELL_EVERY_S = 0.25


class Lost(Exception):
    """The job was cancelled or taken by another worker: stop, and leave no effect."""


class Heart:
    """Beats in a thread of its own while the block runs."""

    def __init__(self, database: Database, job: Job, lease_s: float) -> None:
        self._database = database
        self._job = job
        self._attempt = job.attempt
        self._lease_s = lease_s
        self._lost = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heart-{job.id}", daemon=True)
        self._told = 0.0

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self._lease_s / BEATS_PER_LEASE):
            try:
                with self._database.writing() as db:
                    mine = jobs.renew(db, self._job.id, self._attempt, self._lease_s)
            except TROUBLE:
                log.warning("the lease of job %s could not be renewed; trying again", self._job.id)
                continue
            if not mine:
                self._lost.set()
                return

    def telling(self, stage: str) -> Callable[[int, int], None]:
        """Return a callback ``(done, total)`` that tells the progress of ``stage``; it raises ``Lost``."""

        def tell(done: int, total: int) -> None:
            if self._lost.is_set():
                raise Lost
            moment = time.monotonic()
            if (not total or done < total) and moment - self._told < _TELL_EVERY_S:
                return
            self._told = moment
            try:
                with self._database.writing() as db:
                    jobs.report(db, self._job, stage, done, total or None)
            except TROUBLE:
                log.warning("the progress of job %s could not be told", self._job.id)

        return tell
