"""What is done to every request: size, host, origin, secret; and to every answer: headers."""

from __future__ import annotations

import base64
import binascii
import logging
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import Text
from service.errors import PROBLEM, RETRY_AFTER_S, domain_problem, lang_of, problem
from service.outage import TROUBLE, meaning
from service.refusals import TooLarge
from service.settings import Settings, is_loopback

log = logging.getLogger(__name__)

JSON_LIMIT = 1_000_000
UPLOAD_LIMIT = 30_000_000
#: The file and what a multipart body takes beside it.
MULTIPART_LIMIT = UPLOAD_LIMIT + 65_536
_TOO_LARGE = Text("内容超过大小上限。", "The content is larger than the limit.")
_OPEN_PATHS = frozenset({"/api/v1/health", "/api/v1/ready"})
#: Partners show their own credentials there, and get refusals in the words of their specification.
_PARTNERS = "/pact/"
#: No browser keeps these; where people sign in it keeps no page either.
_UNKEPT = ("/api/", _PARTNERS)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # No outside request, no inline script. Charts set styles by script, which needs no exception.
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
}


class Safety:
    """ASGI middleware; the outermost, so that nothing leaves without its headers."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        # With sign-in each request says who it is, and the secret stays inside.
        asked = settings.secret if settings.sign_in == "off" else None
        self._accounts = settings.sign_in == "accounts"
        self._secret = asked.get_secret_value() if asked else None
        self._hosts = frozenset(host.lower() for host in (*settings.allowed_hosts, settings.host))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        replaced, begun, of_partner = False, False, scope["path"].startswith(_PARTNERS)

        async def answer(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                ours = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    ours.setdefault(name, value)
                if not scope["path"].startswith("/static/") and (self._accounts or scope["path"].startswith(_UNKEPT)):
                    ours.setdefault("Cache-Control", "no-store")
            await send(message)

        async def screened(message: Message) -> None:
            """The size limit of the framework answers in plain text; ours is a problem as all others are."""
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] == 413:
                kind = Headers(raw=message["headers"]).get("content-type", "")
                if of_partner and not kind.startswith("application/json"):
                    replaced = True
                    await _to_partner(413, _TOO_LARGE)(scope, receive, answer)
                elif not of_partner and not kind.startswith(PROBLEM):
                    replaced = True
                    await problem(413, TooLarge.code, _TOO_LARGE, TooLarge.hint)(scope, receive, answer)
            if not replaced:
                await answer(message)

        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, answer)
            return
        try:
            await self._app(scope, receive, screened)
        except TROUBLE as error:  # before a route was reached: who asks, and whether the request was there before
            outage = meaning(error)
            if outage is None or begun:
                raise
            log.warning("%s: %s", outage.code, type(error).__name__)
            said = Text(outage.text("zh"), outage.text("en"))
            refused = _to_partner(503, said) if of_partner else domain_problem(outage, lang_of(Request(scope)))
            await refused(scope, receive, answer)

    def _refusal(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        host = headers.get("host", "").lower()
        name = _name_of(host)
        # A page elsewhere can point its own name at this machine; names that are not ours get no answer.
        if not (is_loopback(name) or name in self._hosts):
            said = Text("不认识的主机名。", "The host name is not known here.")
            of_partner = scope["path"].startswith(_PARTNERS)
            return _to_partner(400, said) if of_partner else problem(400, "service.host", said)
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            origin = headers.get("origin")
            if headers.get("sec-fetch-site") == "cross-site" or (origin and urlsplit(origin).netloc.lower() != host):
                return problem(
                    403, "service.origin", Text("不接受其他网站发来的请求。", "Requests of other sites are refused.")
                )
        asked = self._secret is not None and not scope["path"].startswith(_PARTNERS)
        if asked and scope["path"] not in _OPEN_PATHS and not self._knows(headers):
            return problem(
                401,
                "service.unauthorized",
                Text("需要口令。", "A secret is needed."),
                headers={"WWW-Authenticate": 'Basic realm="yuetan", charset="UTF-8"'},
            )
        return None

    def _knows(self, headers: Headers) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode("utf-8").partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                return False
        elif kind.lower() != "bearer":
            return False
        return secrets.compare_digest(given.encode(), (self._secret or "").encode())


def _to_partner(status: int, said: Text) -> JSONResponse:
    if status >= 500:
        return JSONResponse({"code": "InternalError", "message": said.en}, status, {"Retry-After": RETRY_AFTER_S})
    return JSONResponse({"code": "BadRequest", "message": said.en}, status)


def _name_of(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
