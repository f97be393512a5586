"""Starting: the example through the main job, a free port, and the web."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from finance.assessment import Options
from models.errors import Text, YuetanError
from service import clock, jobs, migrate, store
from service.assessment import use
from service.auth import EMBEDDED
from service.batch.use import Seen, findings_of, seen
from service.child import Supervisor
from service.parts import Parts
from service.patience import patient
from service.settings import Settings
from service.workbook.example import example_bytes

EXAMPLE = "foshan.xlsx"
_NEXT_PORTS = 20
_PATIENCE_S = 180.0


class JobFailed(YuetanError):
    code = "job.not_done"
    message = Text("任务没有完成（{state}）：{why_zh}", "The job did not end well ({state}): {why_en}")
    hint = Text("用 yuetan doctor 检查安装。", "Check the installation with: yuetan doctor")


class NoPort(YuetanError):
    code = "service.no_port"
    message = Text("端口 {port} 到 {last} 都被占用。", "The ports {port} to {last} are all taken.")
    hint = Text("请用 --port 指定其他端口。", "Choose another with --port.")


def run_example(
    parts: Parts, supervisor: Supervisor, tell: Callable[[str, int, int | None], None]
) -> tuple[Seen, dict[str, Any]]:
    """
    Hand the example workbook in as a user does, and wait for the worker.

    Returns
    -------
    tuple
        The job, and the assessment as plain data with the findings of the file.

    Raises
    ------
    JobFailed
        The job did not end as done, or not in time.
    """
    migrate.upgrade(parts.database)
    supervisor.start()
    with parts.database.writing() as db:
        upload = use.keep_upload(db, EMBEDDED, example_bytes(), EXAMPLE)
        job = use.ask(db, EMBEDDED, parts.library, upload, Options(), clock.today(), anew=True)
        announced = jobs.taken_to_send(db)
    parts.sender.send(announced)
    until = time.monotonic() + _PATIENCE_S
    while True:
        with parts.database.reading() as db:
            found = seen(db, EMBEDDED, job.id)
        if found.job.state not in ("queued", "running"):
            break
        if time.monotonic() > until:
            raise JobFailed(state=found.job.state, why_zh="超时", why_en="out of time")
        if found.progress:
            tell(found.progress.stage, found.progress.done, found.progress.total)
        time.sleep(0.05)
    if found.job.assessment_id is None or found.job.state != "done":
        told = (found.job.reason or {}).get("text", {"zh": "—", "en": "-"})
        raise JobFailed(state=found.job.state, why_zh=told["zh"], why_en=told["en"])
    with parts.database.reading() as db:
        document = store.document(db, EMBEDDED, found.job.assessment_id)
        document["findings"] = findings_of(db, EMBEDDED, job.id)
    return found, document


def listen(host: str, port: int, *, exactly: bool = False) -> socket.socket:
    """
    Return a socket that listens on ``port`` or the next free one; ``NoPort`` where twenty are taken.

    ``exactly`` takes no other: a proxy in front knows the port.
    """
    tries = 1 if exactly else _NEXT_PORTS
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, port + tries):
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, candidate))
        except OSError:
            made.close()
            continue
        made.listen(128)
        return made
    raise NoPort(port=port, last=port + tries - 1)


def web_config(application: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Return how the web server runs: quiet, without its name, with an end to its patience."""
    return uvicorn.Config(
        application,
        http=patient(settings.silence_s),
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.stop_s,
    )
