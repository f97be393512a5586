"""Every request: a number of its own, a line in the log, and the figures for monitoring."""

from __future__ import annotations

import logging
import time
from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.auth import EMBEDDED, Who
from service.identity.keys import key_of
from service.operation.log import REQUESTS, is_structured, pseudonym, route_of
from service.operation.metrics import Figures
from service.parts import Parts

log = logging.getLogger(REQUESTS)


class Watch:
    """ASGI middleware, the outermost; says which route answered, never the address that was asked or what was sent."""

    def __init__(self, app: ASGIApp, parts: Parts, figures: Figures) -> None:
        self._app = app
        self._figures = figures
        self._logs = is_structured(parts.settings)
        self._alone = parts.settings.sign_in == "off"
        self._key = key_of(parts.settings, "log") if self._logs else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number, begun, status = uuid4().hex, time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = number
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=number):
            try:
                await self._app(scope, receive, noted)
            finally:
                self._done(scope, status, time.perf_counter() - begun)

    def _done(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._figures.request(method, route, status, seconds)
        if self._logs:
            said = {"route": route, "method": method, "status": status, "ms": round(seconds * 1000, 1)}
            who = EMBEDDED if self._alone else scope.get("state", {}).get("who")
            if isinstance(who, Who):
                said["organisation"] = pseudonym(who.organisation_id, self._key)
                said["person"] = pseudonym(who.person_id, self._key)
            log.info("request", extra=said)


#: Their addresses hold one-time codes, or numbers that open a document.
_UNTRACED = ("/sign-in", "/verify", "/api/v1/verify")


def untraced(scope: MutableMapping[str, Any]) -> bool:
    """Return whether a request leaves no trace: a trace holds the address as it was asked."""
    return str(scope.get("path", "")).startswith(_UNTRACED)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
