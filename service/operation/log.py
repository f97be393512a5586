"""
The log: one line of JSON per event, without secrets, personal data or bodies.

What a line may hold is listed; a text is cleared of what looks like a secret or
an address, and an exception leaves its kind and its place, never its message,
since drivers put values into theirs. In files one per day and process, kept for
``YUETAN_LOG_KEEP_DAYS``; several processes may write into one file.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hmac
import logging
import os
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter

from service.clock import now
from service.settings import TREE, Settings

#: What a line may say beside its text.
FIELDS = frozenset({"request_id", "route", "method", "status", "ms", "organisation", "person"})
#: Logger of the line that each request leaves.
REQUESTS = "yuetan.request"
_FRAMES = 15
_HIDDEN = "[…]"
_SECRETS = re.compile(
    r"(?i)\b(?:bearer|basic)\s+[\w.~+/=-]+"  # credentials of a request
    r"|(?<=://)[^\s/@]+@"  # of an address
    r"|\bey[\w-]+\.[\w-]+\.[\w-]*"  # a token
    r"|\by[ks]_[\w-]+"  # our keys and secrets
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # an e-mail address
    r"|[\w-]{40,}"  # anything long and random
    r"|(?<!\d)(?:\d{17}[\dXx]|1[3-9]\d{9})(?!\d)"  # an identity number, a mobile number
)


def configure(settings: Settings, process: str) -> None:
    """
    Have everything that is logged in this process come out in one way.

    On one person's machine it is warnings in plain words on the error stream; in
    a deployment, or with a folder for it, lines of JSON, one for each request too.
    """
    structured = is_structured(settings)
    stream = logging.StreamHandler(sys.stderr)
    handlers: list[logging.Handler] = [stream]
    if structured:
        stream.setFormatter(_json())
    else:
        stream.setFormatter(_Plain("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    if settings.log_dir is not None:
        file = Daily(settings.log_dir, process, settings.log_keep_days)
        file.setFormatter(_json())
        handlers.append(file)
        stream.setLevel(logging.WARNING)
    logging.basicConfig(level=logging.WARNING, handlers=handlers, force=True)
    logging.getLogger(REQUESTS).setLevel(logging.INFO if structured else logging.WARNING)
    # It writes the address of each request, with whatever stands in it.
    logging.getLogger("uvicorn.access").disabled = True


def is_structured(settings: Settings) -> bool:
    """Return whether lines are JSON and requests leave one."""
    return settings.deployment == "production" or settings.log_dir is not None


def pseudonym(whose: UUID, key: bytes) -> str:
    """Return a name of an organisation or a person that is the same in every line and tells nothing without the key."""
    return hmac.new(key, whose.bytes, "sha256").hexdigest()[:12]


def cleared(text: str) -> str:
    """Return a text without what looks like a secret or like somebody's address or number."""
    return _SECRETS.sub(_HIDDEN, text)


def told(error: BaseException) -> dict[str, list[str]]:
    """Return the kinds of an exception and its causes, and where it happened; not what it says."""
    kinds, seen, one = list[str](), set[int](), error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        kinds.append(type(one).__name__)
        one = one.__cause__ or one.__context__  # type: ignore[assignment]
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {"exception": kinds, "frames": [f"{_short(f.filename)}:{f.lineno} {f.name}" for f in frames]}


def route_of(scope: MutableMapping[str, Any]) -> str:
    """Return the template of the route that answered; ``-`` where none did."""
    # The route of a router says its own part of the address; the framework notes the whole beside it.
    whole = scope.get("fastapi", {}).get("effective_route_context")
    path = getattr(whole, "path", None) or getattr(scope.get("route"), "path", None)
    if path is None:
        # A mounted application answered, or nothing.
        root = str(scope.get("root_path", ""))
        return f"{root}/*" if root else "-"
    return f"{scope.get('root_path', '')}{path}"


def _short(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(TREE):
        return str(path.relative_to(TREE))
    return "/".join(path.parts[-2:])


def _json() -> logging.Formatter:
    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            ExtraAdder(allow=FIELDS),
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            _without_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
    )


def _without_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    raised = event.pop("exc_info", None)
    error = raised[1] if isinstance(raised, tuple) else raised
    event.pop("stack_info", None)
    for name, value in event.items():
        if isinstance(value, str) and name not in FIELDS:
            event[name] = cleared(value)
    if isinstance(error, BaseException):
        event.update(told(error))
    return event


class _Plain(logging.Formatter):
    """Lines for one person's terminal, cleared alike."""

    def format(self, record: logging.LogRecord) -> str:
        return cleared(super().format(record))

    def formatException(self, ei: Any) -> str:
        found = told(ei[1])
        return "\n".join([" < ".join(found["exception"]), *(f"  {frame}" for frame in found["frames"])])


class Daily(logging.Handler):
    """Appends each line in one write to the file of its day, and erases files that are older than they are kept."""

    def __init__(self, folder: Path, process: str, keep_days: int) -> None:
        super().__init__()
        self._folder, self._process, self._keep = folder, process, dt.timedelta(days=keep_days)
        self._day: dt.date | None = None
        self._file: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            os.write(self._of(now().date()), (self.format(record) + "\n").encode("utf-8", "backslashreplace"))
        except Exception:
            self.handleError(record)

    def _of(self, day: dt.date) -> int:
        if self._file is None or day != self._day:
            self.close_file()
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._folder / f"{self._process}-{day.isoformat()}.jsonl"
            self._file, self._day = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), day
            erase_old(self._folder, day - self._keep)
        return self._file

    def close_file(self) -> None:
        """Close the file of the day; the next line opens one."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def close(self) -> None:
        self.close_file()
        super().close()


def erase_old(folder: Path, before: dt.date) -> None:
    """Erase files of days before ``before``; what is not named as ours stays."""
    for path in folder.glob("*-????-??-??.jsonl"):
        with contextlib.suppress(ValueError, FileNotFoundError):
            if dt.date.fromisoformat(path.stem[-10:]) < before:
                path.unlink()
