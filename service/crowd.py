"""How many requests are worked on at once: beyond that it is better to be told to come again than to wait with all."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import Text
from service.errors import lang_of_header, problem

_BUSY = Text("当前请求过多，本次没有处理。", "Too many requests at the moment; this one was not taken.")
_MEND = Text("请稍候几秒，原样重试。", "Wait a few seconds and send the same again.")
#: Whoever looks after the service is answered in any case.
_OPEN = ("/api/v1/health", "/api/v1/ready", "/static/")


class Crowd:
    """
    ASGI middleware; a request counts from when it has come in whole until its answer begins.

    So neither a slow upload nor a long stream takes the place of others.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most
        self._at_once = 0
        self._busy = {
            lang: problem(503, "service.busy", _BUSY, _MEND, lang=lang, headers={"Connection": "close"})
            for lang in ("zh", "en")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_OPEN):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._at_once >= self._most:
            await self._busy[lang_of_header(headers.get("accept-language"))](scope, receive, send)
            return
        counts = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
        self._at_once += counts

        async def heard() -> Message:
            nonlocal counts
            message = await receive()
            if not counts and message["type"] == "http.request" and not message.get("more_body", False):
                counts = True
                self._at_once += 1
            return message

        async def told(message: Message) -> None:
            nonlocal counts
            if counts and message["type"] == "http.response.start":
                counts = None  # type: ignore[assignment]
                self._at_once -= 1
            await send(message)

        try:
            await self._app(scope, heard, told)
        finally:
            if counts:
                self._at_once -= 1
