"""
The Celery app of a worker process.

Started by ``python -m workers``. The parts (database, law) are made in each
child process after the fork, never before: nothing may share a connection.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_received, worker_process_init, worker_ready, worker_shutting_down
from celery.worker import state

import service.catalogue  # noqa: F401  every table is known here: a foreign key finds its table by name
from service.broker import SWEEP, celery_settings
from service.operation.log import configure
from service.parts import Parts, calm_collector
from service.settings import Settings

settings = Settings()
app = Celery(
    "yuetan",
    include=[
        "workers.assess",
        "workers.feeds",
        "workers.pact",
        "workers.passthrough",
        "workers.portfolio",
        "workers.sweep",
    ],
)
app.conf.update(celery_settings(settings))
# Nothing asks for it: a cancellation is a word in the job row.
app.conf.worker_enable_remote_control = False
# A process that a job has blown up is replaced after it: half the limit, in KiB.
app.conf.worker_max_memory_per_child = settings.job_memory_mb * 512

#: A worker that hears nothing for so long, though it asks itself for sweeps, ends with this code: whoever keeps it starts another.
_DEAF_S, _DEAF = 15.0, 75

_parts: Parts | None = None
_heard = 0.0
_stopping = threading.Event()


def parts() -> Parts:
    """Return the parts of this process, made on first use."""
    global _parts
    if _parts is None:
        _parts = Parts.of(settings)
    return _parts


@setup_logging.connect
def _log(**_: Any) -> None:
    configure(settings, "worker")


@worker_process_init.connect
def _fresh(**_: Any) -> None:
    from service.child import end_with_parent, limit_memory

    global _parts
    end_with_parent()
    limit_memory(settings.job_memory_mb)
    if _parts is not None:
        _parts.database.forget()
    _parts = None
    calm_collector()


@worker_ready.connect
def _sweep_now_and_then(**_: Any) -> None:
    """Ask for a sweep at the start and then regularly; a thread of the main process only sends, a child sweeps."""
    every_s = max(settings.resend_s / 6, 0.5)
    log, deaf_s = logging.getLogger(__name__), max(6 * every_s, _DEAF_S)

    def ask() -> None:
        global _heard
        _heard = time.monotonic()
        while True:
            try:
                app.send_task(SWEEP, expires=every_s * 2)
            except Exception as error:
                log.warning("no sweep could be asked for: %s", type(error).__name__)
                _heard = time.monotonic()  # nothing can be heard, and that is no fault of ours
            if time.monotonic() - _heard > deaf_s and not state.active_requests:
                # After a broker was away a consumer may be connected and get nothing ever again.
                log.error("nothing heard of the broker for %.0f s though it takes what we send; starting again", deaf_s)
                os._exit(_DEAF)
            if _stopping.wait(every_s):
                return

    threading.Thread(target=ask, name="sweep", daemon=True).start()


@task_received.connect
def _hear(**_: Any) -> None:
    global _heard
    _heard = time.monotonic()


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    _stopping.set()
