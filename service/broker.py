"""
How messages travel. A message carries a job id and nothing else.

The settings are shared by the sender here and by ``workers.app``. Celery is
imported when the first message is sent: it costs a third of a second, which
the command line need not pay.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from service.settings import Settings

log = logging.getLogger(__name__)

#: Seconds without announcements after the broker did not answer.
_QUIET_S = 5.0
#: Names of tasks by kind of job; ``workers`` registers them.
TASKS = {
    "assess": "yuetan.assess",
    "pact": "yuetan.pact",
    "passthrough": "yuetan.passthrough",
    "portfolio": "yuetan.portfolio",
    "portfolio_part": "yuetan.portfolio_part",
    "portfolio_merge": "yuetan.portfolio_merge",
}
SWEEP = "yuetan.sweep"
#: Visits one price source.
FEED = "yuetan.feed"


def celery_settings(settings: Settings) -> dict[str, Any]:
    """Return Celery's configuration: late acknowledgement, one at a time, JSON, no results."""
    made: dict[str, Any] = {
        "broker_url": settings.broker,
        "task_default_queue": settings.queue,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "worker_prefetch_multiplier": 1,
        "worker_concurrency": settings.worker_processes,
        "worker_hijack_root_logger": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_timeout": 3,
        # First a word, then the end of the process. RabbitMQ closes the channel of what takes half an hour.
        "task_soft_time_limit": settings.job_s,
        "task_time_limit": settings.job_s + max(2, settings.job_s // 20),
        # A connection that broke while nobody used it is made anew, once.
        "task_publish_retry": True,
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1},
        "timezone": "UTC",
    }
    if settings.broker_url is None:
        folder = settings.data_dir.resolve() / "broker"
        for name in ("messages", "processed", "control"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        made["broker_transport_options"] = {
            # One folder for both directions: what the service writes the worker reads.
            "data_folder_in": str(folder / "messages"),
            "data_folder_out": str(folder / "messages"),
            "control_folder": str(folder / "control"),
            "store_processed": False,
            "polling_interval": 0.1,
        }
    return made


class Sender:
    """Announces jobs; a broker that is away is no error, since the rows wait for the sweeper."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._app: Any = None
        self._making = threading.Lock()
        self._quiet_until = 0.0

    def send(self, announced: Iterable[tuple[str, UUID]]) -> None:
        """Announce jobs, given as kind and id."""
        for kind, job_id in announced:
            from celery.exceptions import OperationalError

            if time.monotonic() < self._quiet_until:
                continue
            try:
                self.app().send_task(TASKS[kind], args=[str(job_id)])
            except (OperationalError, OSError):
                # Requests need not all wait for the same broker.
                self._quiet_until = time.monotonic() + _QUIET_S
                log.warning("the broker does not answer; job %s waits for the sweeper", job_id)

    def app(self) -> Any:
        """Return the Celery application that sends, made on first use."""
        with self._making:
            if self._app is None:
                from celery import Celery

                self._app = Celery("yuetan-sender", set_as_current=False)
                made = celery_settings(self._settings)
                # A request waits for the broker a moment at most: the row is there, and the sweeper too.
                quick = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
                made["broker_transport_options"] = made.get("broker_transport_options", {}) | quick
                self._app.conf.update(made)
            return self._app

    def answers(self) -> bool:
        """Return whether the broker answers."""
        from celery.exceptions import OperationalError

        try:
            with self.app().connection_for_write(connect_timeout=3) as connection:
                connection.ensure_connection(max_retries=1, timeout=3)
        except (OperationalError, OSError):
            return False
        return True

    def close(self) -> None:
        """Close what was opened."""
        with self._making:
            if self._app is not None:
                from kombu import pools

                # The pool is the process's: it is taken out of the register, so that a later sender gets a new one.
                broker = self._app.connection_for_write()
                self._app.pool.force_close_all()
                for group in (pools.producers, pools.connections):
                    with contextlib.suppress(KeyError):
                        del group[broker]
                self._app.close()
                self._app = None
