"""The key as middleware: between who asks and what answers."""

from __future__ import annotations

import asyncio
import logging

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import YuetanError
from service.auth import EMBEDDED, Who
from service.errors import domain_problem, lang_of
from service.once.use import LONGEST, Answer, BadKey, alive, digest_of, forget, keep, taken
from service.outage import TROUBLE
from service.parts import Parts
from service.safety import MULTIPART_LIMIT

log = logging.getLogger(__name__)

_NAME = "idempotency-key"
_KEPT_HEADERS = ("content-type", "location", "content-disposition")
#: Not answers to the request: it may be sent again, and may then be answered.
_PASSING = frozenset({400, 401, 403, 408, 413, 415, 422, 429})
_LONGEST_ANSWER = 5_000_000
_PAUSE_S = 0.5


class Once:
    """ASGI middleware; a POST to the API with an Idempotency-Key is done once and answered alike each time."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts
        self._later: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = self._key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        request, who = Request(scope), self._who(scope)
        if not 0 < len(key) <= LONGEST or not key.isascii() or not key.isprintable():
            await domain_problem(BadKey(field="Idempotency-Key"), lang_of(request))(scope, receive, send)
            return
        body = await _whole(receive)
        if who is None or body is None:
            await self._app(scope, _again(body or b"", receive), send)
            return
        # The border of a multipart body is new each time: what stands between the borders is what is asked.
        media = request.headers.get("content-type", "")
        border = media.partition("boundary=")[2].strip('"').encode()
        plain = body.replace(border, b"") if border else body
        asked = digest_of(scope["method"].encode(), scope["path"].encode(), scope["query_string"], plain)
        try:
            answer = await run_in_threadpool(self._taken, who, key, asked)
        except YuetanError as refusal:
            await domain_problem(refusal, lang_of(request))(scope, receive, send)
            return
        if answer is not None:
            headers = answer.headers | {"Idempotency-Replayed": "true"}
            await Response(answer.body, answer.status, headers)(scope, receive, send)
            return
        await self._answered(scope, _again(body, receive), send, who, key)

    async def _answered(self, scope: Scope, receive: Receive, send: Send, who: Who, key: str) -> None:
        status, headers, parts = 0, dict[str, str](), list[bytes]()

        async def listened(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, told = message["status"], Headers(raw=message["headers"])
                headers = {name: told[name] for name in _KEPT_HEADERS if name in told}
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
            await send(message)

        done = False
        beating = asyncio.create_task(self._beat(who, key))
        try:
            await self._app(scope, receive, listened)
            done = True
        finally:
            beating.cancel()
            body = b"".join(parts)
            kept = done and 200 <= status < 500 and status not in _PASSING and len(body) <= _LONGEST_ANSWER
            answer = Answer(status, headers, body) if kept else None
            if not await run_in_threadpool(self._ended, who, key, answer):
                later = asyncio.create_task(self._ended_later(who, key, answer))
                self._later.add(later)
                later.add_done_callback(self._later.discard)

    async def _beat(self, who: Who, key: str) -> None:
        """Say that the request is alive, so that a twin is not let in as after a death of ours."""
        while True:
            await asyncio.sleep(self._parts.settings.lease_s / 4)
            await run_in_threadpool(self._alive, who, key)

    def _alive(self, who: Who, key: str) -> None:
        try:
            with self._parts.database.writing(who.organisation_id) as db:
                alive(db, who, key)
        except TROUBLE:
            log.warning("a request in flight could not be said to be alive; trying again")

    def _taken(self, who: Who, key: str, asked: str) -> Answer | None:
        with self._parts.database.writing(who.organisation_id) as db:
            return taken(db, who, key, asked, self._parts.settings.lease_s)

    async def _ended_later(self, who: Who, key: str, answer: Answer | None) -> None:
        """Try again while the key is ours: a client that comes back once the database is there need not wait for the lease."""
        for _ in range(int(self._parts.settings.lease_s / _PAUSE_S)):
            await asyncio.sleep(_PAUSE_S)
            if await run_in_threadpool(self._ended, who, key, answer):
                return

    def _ended(self, who: Who, key: str, answer: Answer | None) -> bool:
        try:
            with self._parts.database.writing(who.organisation_id) as db:
                if answer is None:
                    forget(db, who, key)
                else:
                    keep(db, who, key, answer)
        except TROUBLE:
            # The answer has left; the same request again is answered anew, from the effect that is there.
            log.warning("an answer could not be kept under its key")
            return False
        return True

    def _key(self, scope: Scope) -> str | None:
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith("/api/"):
            return None
        return Headers(scope=scope).get(_NAME)

    def _who(self, scope: Scope) -> Who | None:
        if self._parts.settings.sign_in == "off":
            return EMBEDDED
        found: Who | None = scope.get("state", {}).get("who")
        return found


async def _whole(receive: Receive) -> bytes | None:
    """Return the body; none where it is longer than anything we take, and the rest is then refused by its length."""
    parts, length = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > MULTIPART_LIMIT or not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    given = False

    async def once() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return once
