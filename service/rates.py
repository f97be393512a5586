"""How often somebody may ask: by network address before it is known who asks, then by client and by organisation."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from typing import NamedTuple, cast

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from models.errors import Text
from service.auth import EMBEDDED, Who
from service.errors import domain_problem, lang_of
from service.refusals import TooMany
from service.settings import Settings

log = logging.getLogger(__name__)

_SIGN_IN = ("/sign-in", "/api/v1/oauth/token", "/pact/auth/token")
_FREE = ("/static/", "/api/v1/health", "/api/v1/ready")
_PARTNERS = "/pact/"


class Limit(NamedTuple):
    """So many in a window, whose they are, and what the limit is called."""

    item: RateLimitItem
    of: str
    name: Text


class Rates:
    """
    Counts requests in moving windows, in this process or in Redis.

    Where Redis does not answer each process counts for itself: the service
    stays up and is still bounded.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self.shared = settings.limits_at != "memory"
        self._limiter = MovingWindowRateLimiter(_redis(settings.limits_at)) if self.shared else self._own

    def of_address(self, scope: Scope) -> list[Limit]:
        """Return what a request is counted under before it is known who asks."""
        settings, (address, _) = self._settings, scope.get("client") or ("?", 0)
        made = []
        if settings.limit_address:
            name = Text("每个网络地址每分钟", "one network address a minute")
            made.append(Limit(RateLimitItemPerMinute(settings.limit_address), f"address:{address}", name))
        tries = scope["method"] == "POST" and scope["path"].startswith(_SIGN_IN)
        if settings.limit_sign_in and settings.sign_in == "accounts" and tries:
            name = Text("每个网络地址每分钟登录", "attempts to sign in from one address a minute")
            made.append(Limit(RateLimitItemPerMinute(settings.limit_sign_in), f"sign-in:{address}", name))
        return made

    def of_caller(self, scope: Scope) -> list[Limit]:
        """Return what a request of somebody known is counted under."""
        settings = self._settings
        who: Who | None = EMBEDDED if settings.sign_in == "off" else scope.get("state", {}).get("who")
        if who is None:
            return []
        made = []
        if settings.limit_client:
            name = Text("每个用户或程序每分钟", "one person or program a minute")
            made.append(Limit(RateLimitItemPerMinute(settings.limit_client), f"client:{who.person_id}", name))
        if settings.limit_organisation:
            name = Text("每个机构每分钟", "one organisation a minute")
            limit = RateLimitItemPerMinute(settings.limit_organisation)
            made.append(Limit(limit, f"organisation:{who.organisation_id}", name))
        kind = Headers(scope=scope).get("content-type", "")
        if settings.limit_uploads and scope["method"] == "POST" and kind.lower().startswith("multipart/"):
            name = Text("每个机构每小时上传文件", "files of one organisation an hour")
            made.append(Limit(RateLimitItemPerHour(settings.limit_uploads), f"files:{who.organisation_id}", name))
        return made

    def refused(self, limits: list[Limit]) -> TooMany | None:
        """Count a request under each limit, and return the refusal of the first that is reached."""
        for limit in limits:
            for limiter in self._limiters():
                try:
                    if limiter.hit(limit.item, limit.of):
                        break
                    free = limiter.get_window_stats(limit.item, limit.of).reset_time
                    seconds = max(1, math.ceil(free - time.time()))
                    return TooMany(what_zh=limit.name.zh, what_en=limit.name.en, seconds=seconds)
                except StorageError:
                    log.warning("the store of limits does not answer; each process counts for itself")
        return None

    def _limiters(self) -> Iterator[MovingWindowRateLimiter]:
        yield self._limiter
        if self.shared:
            yield self._own


def _redis(url: str) -> Storage:
    made = storage_from_string(
        url, wrap_exceptions=True, key_prefix="yuetan", socket_timeout=1.0, socket_connect_timeout=1.0
    )
    return cast("Storage", made)  # the library also has stores for asyncio, by other addresses


class Counted:
    """ASGI middleware that counts requests: ``by_address`` outside the door, else inside it."""

    def __init__(self, app: ASGIApp, rates: Rates, *, by_address: bool) -> None:
        self._app = app
        self._rates = rates
        self._limits = rates.of_address if by_address else rates.of_caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(_FREE) and (limits := self._limits(scope)):
            # Counting in this process takes no time; a store elsewhere may.
            counted = run_in_threadpool(self._rates.refused, limits) if self._rates.shared else None
            refusal = await counted if counted else self._rates.refused(limits)
            if refusal is not None:
                await _told(refusal, scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _told(refusal: TooMany, scope: Scope) -> ASGIApp:
    answer = domain_problem(refusal, lang_of(Request(scope)))
    if not scope["path"].startswith(_PARTNERS):
        return answer
    said = {"code": "TooManyRequests", "message": refusal.text("en")}
    return JSONResponse(said, 429, {"Retry-After": answer.headers["retry-after"]})
