"""
A web process that can be made to die at a chosen place: ``python -m drills.web``.

``DRILL_DIE`` names the place: ``before_publish`` (the transaction is through,
nobody has been told), ``after_publish``, ``before_commit``. ``DRILL_DIE_AFTER``
is how many times the place is passed first.
"""

from __future__ import annotations

import os
import signal

import uvicorn

from service import jobs, provide
from service.app import create_app
from service.broker import Sender
from service.parts import Parts
from service.settings import Settings
from service.start import listen


def _die() -> None:
    left = int(os.environ.get("DRILL_DIE_AFTER", "0"))
    os.environ["DRILL_DIE_AFTER"] = str(left - 1)
    if left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)


def arm(place: str) -> None:
    """Put the failure in its place."""
    if place == "before_commit":
        plain = jobs.enqueue

        def enqueue(*args: object, **more: object) -> object:
            made = plain(*args, **more)  # type: ignore[arg-type]
            _die()
            return made

        jobs.enqueue = enqueue  # type: ignore[assignment]
    elif place == "before_publish":
        taken = provide.taken_to_send

        def to_send(db: object) -> object:
            found = taken(db)  # type: ignore[arg-type]
            if found:
                _die()
            return found

        provide.taken_to_send = to_send  # type: ignore[assignment, attr-defined]
    elif place == "after_publish":
        send = Sender.send

        def sent(self: Sender, announced: list[object]) -> None:
            send(self, announced)  # type: ignore[arg-type]
            if announced:
                _die()

        Sender.send = sent  # type: ignore[assignment, method-assign]


def main() -> None:
    """Serve until told to stop."""
    arm(os.environ.get("DRILL_DIE", ""))
    settings = Settings()
    parts = Parts.of(settings)
    socket = listen(settings.host, settings.port)
    config = uvicorn.Config(
        create_app(settings, parts), log_level="error", server_header=False, timeout_graceful_shutdown=5
    )
    uvicorn.Server(config).run(sockets=[socket])


if __name__ == "__main__":
    main()
