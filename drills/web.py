"""
A web process that can be made to die at a chosen place: ``python -m drills.web``.

``DRILL_DIE`` is a file; while it exists, its content names the place:
``before_commit``, ``before_publish`` (the transaction is through, nobody has
been told) or ``after_publish``.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from service import jobs, provide
from service.app import create_app
from service.broker import Sender
from service.parts import Parts
from service.settings import Settings
from service.start import listen, web_config


def _die(place: str) -> None:
    """Die if this is the place that is asked for, once."""
    asked = Path(os.environ["DRILL_DIE"])
    if asked.exists() and asked.read_text() == place:
        asked.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def arm() -> None:
    """Put the failures in their places."""
    enqueue, taken, send = jobs.enqueue, jobs.taken_to_send, Sender.send

    def dying_enqueue(*args: Any, **more: Any) -> Any:
        made = enqueue(*args, **more)
        _die("before_commit")
        return made

    def dying_taken(db: Any) -> Any:
        found = taken(db)
        if found:
            _die("before_publish")
        return found

    def dying_send(self: Any, announced: Any) -> None:
        send(self, announced)
        if announced:
            _die("after_publish")

    jobs.enqueue, provide.taken_to_send, Sender.send = dying_enqueue, dying_taken, dying_send  # type: ignore[attr-defined, method-assign]


def with_hello(ours: ASGIApp) -> ASGIApp:
    """Let a plain application answer ``/hello`` in the same process: what ours is compared with."""
    plain = FastAPI(openapi_url=None)

    @plain.get("/hello")
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        await (plain if scope.get("path") == "/hello" else ours)(scope, receive, send)

    return both


def main() -> None:
    """Serve until told to stop."""
    if "DRILL_DIE" in os.environ:
        arm()
    settings = Settings()
    socket = listen(settings.host, settings.port)
    application: ASGIApp = create_app(settings, Parts.of(settings))
    if "BENCH_HELLO" in os.environ:
        application = with_hello(application)
    uvicorn.Server(web_config(application, settings)).run(sockets=[socket])


if __name__ == "__main__":
    main()
