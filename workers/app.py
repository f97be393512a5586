"""
The Celery app of a worker process.

Started by ``python -m workers``. The parts (database, law) are made in each
child process after the fork, never before: nothing may share a connection.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init, worker_ready, worker_shutting_down

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

_parts: Parts | None = None
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

    def ask() -> None:
        while True:
            try:
                app.send_task(SWEEP, expires=every_s * 2)
            except Exception as error:
                logging.getLogger(__name__).warning("no sweep could be asked for: %s", type(error).__name__)
            if _stopping.wait(every_s):
                return

    threading.Thread(target=ask, name="sweep", daemon=True).start()


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    _stopping.set()
