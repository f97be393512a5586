"""
One supervised worker process beside the service.

A child and not a thread: a long calculation in a thread starves the web, and
limits have no effect on it. The child asks the kernel to be ended with its
parent, so a killed service leaves nothing running.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess  # nosec B404
import sys
import threading
import time

from service.settings import TREE, Settings

log = logging.getLogger(__name__)

WORKER = "workers"
_PR_SET_PDEATHSIG = 1
_FIRST_BACK_OFF_S, _LONGEST_BACK_OFF_S, _STEADY_S = 0.5, 30.0, 60.0


def end_with_parent(parent: int | None = None) -> None:
    """Have the kernel kill this process when its parent dies (Linux); ``parent`` is who it must still be."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:  # it died before we asked
        sys.exit(1)


def limit_memory(megabytes: int) -> None:
    """Let this process take no more address space: a job that eats memory gets an error, and the others live on."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = megabytes << 20 if hard == resource.RLIM_INFINITY else min(megabytes << 20, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


class Supervisor:
    """Starts the worker, starts it again when it dies, stops it at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._over = threading.Event()
        self._started = threading.Event()
        self._grace_s = 0.0
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """Process id of the running worker."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def alive(self) -> bool:
        """Whether a worker is running."""
        return self.pid is not None

    def start(self) -> None:
        """Start supervising; the worker is up a few seconds later. A second call changes nothing."""
        if self._thread is None:
            self._over.clear()
            # The kernel ties the child to the thread that started it, so this thread lives as long as we do.
            self._thread = threading.Thread(target=self._supervise, name="worker-supervisor", daemon=True)
            self._thread.start()
            self._started.wait(10)

    def _supervise(self) -> None:
        back_off = _FIRST_BACK_OFF_S
        while not self._over.is_set():
            begun = time.monotonic()
            self._process = self._spawn()
            self.starts += 1
            self._started.set()
            while self._process.poll() is None and not self._over.wait(0.1):
                pass
            if self._over.is_set():
                break
            log.warning("the worker ended with %s; starting it again in %.1f s", self._process.returncode, back_off)
            steady = time.monotonic() - begun > _STEADY_S
            back_off = _FIRST_BACK_OFF_S if steady else back_off
            self._over.wait(back_off)
            back_off = min(back_off * 2, _LONGEST_BACK_OFF_S)
        self._end()

    def _spawn(self) -> subprocess.Popen[bytes]:
        chosen = {
            "YUETAN_DATA_DIR": str(self._settings.data_dir.resolve()),
            "YUETAN_DATABASE_URL": self._settings.database,
            "YUETAN_BROKER_URL": self._settings.broker_url or "",
            "YUETAN_QUEUE": self._settings.queue,
            "YUETAN_WORKER_PROCESSES": str(self._settings.worker_processes),
            "YUETAN_LEASE_S": str(self._settings.lease_s),
            "YUETAN_RESEND_S": str(self._settings.resend_s),
            "YUETAN_JOB_S": str(self._settings.job_s),
            "YUETAN_JOB_MEMORY_MB": str(self._settings.job_memory_mb),
            "YUETAN_HOST": "127.0.0.1",
            "YUETAN_PARENT": str(os.getpid()),
            "C_FORCE_ROOT": "1",
        }
        # A session of its own: Ctrl-C is for us, and we stop the child in good order.
        return subprocess.Popen(  # noqa: S603 # nosec B603
            [sys.executable, "-m", WORKER],
            cwd=TREE,
            env=os.environ | chosen,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _end(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        # What it was doing comes back by its job row, so there is no need to wait for long.
        if self._grace_s > 0:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self._grace_s)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, grace_s: float = 2.0) -> None:
        """Stop the worker and wait until it is gone; ``grace_s`` is how long a running job may go on."""
        self._grace_s = grace_s
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
