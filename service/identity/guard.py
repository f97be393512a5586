"""The door as middleware: with sign-in, nothing but what is open is read before it is known who asks."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service.auth import Who
from service.errors import domain_problem, lang_of
from service.identity import door
from service.identity.door import NotSignedIn, Visit
from service.identity.keys import key_of
from service.parts import Parts

#: What anybody may ask for.
OPEN = frozenset(
    {
        "/api/v1/health",
        "/api/v1/ready",
        "/api/v1/oauth/token",
        "/api/v1/openapi.json",
        "/sign-in",
        "/sign-out",
        "/verify",
    }
)
OPEN_UNDER = ("/pact/", "/static/", "/sign-in/", "/verify/", "/api/v1/verify/")
_LOOKS = ("GET", "HEAD", "OPTIONS")


class Guard:
    """ASGI middleware; puts who asks into ``request.state.who``, and answers for those who are nobody."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or path in OPEN or path.startswith(OPEN_UNDER):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        who = await run_in_threadpool(self._known, request)
        if who is None:
            answer = _to_sign_in(request) if _is_page(path) else domain_problem(NotSignedIn(), lang_of(request))
            await answer(scope, receive, send)
            return
        scope.setdefault("state", {}).update(who=who, who_again=lambda: self._known(request))
        await self._app(scope, receive, send)

    def _known(self, request: Request) -> Who | None:
        here = self._parts
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            with here.database.reading() as db:
                return door.of_bearer(db, token, key_of(here.settings, "access-token"))
        # A browser says where a request comes from (``Safety`` refused other sites); one that does not say is refused.
        told = "origin" in request.headers or "sec-fetch-site" in request.headers
        if request.method not in _LOOKS and not told:
            return None
        visit = visit_of(request, here)
        if visit is None:
            return None
        with here.database.reading() as db:
            found = door.who_visits(db, visit)
        if found is not None and visit.stale:
            with here.database.writing() as db:
                door.touch(db, visit)
        return found


def visit_of(request: Request, here: Parts) -> Visit | None:
    """Return the browser's visit, however far its sign-in is."""
    cookie = request.cookies.get(cookie_name(request))
    if not cookie:
        return None
    with here.database.reading() as db:
        return door.visit_of(db, cookie, here.settings)


def host_cookie(request: Request, name: str) -> str:
    """Return the name of a cookie: bound to this host where the connection is safe."""
    return f"__Host-{name}" if request.url.scheme == "https" else name


def cookie_name(request: Request) -> str:
    """Return the name of the visit's cookie."""
    return host_cookie(request, "yuetan")


def _is_page(path: str) -> bool:
    return not path.startswith("/api/")


def _to_sign_in(request: Request) -> RedirectResponse:
    asked = request.url.path if request.method == "GET" else "/"
    return RedirectResponse("/sign-in" + (f"?{urlencode({'next': asked})}" if asked != "/" else ""), 303)
