"""
Ask a source for its page: from its own host alone, over https, with limits of time and size, and again after a passing fault.

The address is built from our own data and never from what a source sends: a
link on a page is followed only on the host that page came from.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from models.errors import Text, YuetanError

#: Seconds to connect, to wait for bytes, and for one answer in all.
CONNECT_S, READ_S, WHOLE_S = 10.0, 30.0, 90.0
MOST_BYTES = 20_000_000
ATTEMPTS = 3
#: A source may ask for patience, but not for more than this.
MOST_PATIENCE_S = 60.0
AGENT = "Yuetan/0.1 (price reference; contact: operator of this installation)"
_PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))


class Unreachable(YuetanError):
    code = "feeds.unreachable"
    message = Text("来源“{feed}”没有应答：{why_zh}。", "Source '{feed}' did not answer: {why_en}.")
    hint = Text(
        "价格未更新，仍用已有行情并标明日期；稍后自动重试，或自行录入价格。",
        "No price was updated; what is held keeps its date. It is tried again later, or enter a price.",
    )


class Refused(YuetanError):
    code = "feeds.refused"
    message = Text("来源“{feed}”拒绝：{why_zh}。", "Source '{feed}' refuses: {why_en}.")
    hint = Text("请联系管理员核对地址。", "Ask the operator to check the address.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source sent, and when."""

    url: str
    content: bytes
    fetched: dt.datetime


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Asks one host; ``client`` and ``sleep`` are given by tests."""

    feed: str
    host: str
    client: httpx2.Client
    now: Callable[[], dt.datetime]
    sleep: Callable[[float], None] = time.sleep
    #: Plain http, for a source on this machine in tests; never in the data we ship.
    plain: bool = False

    def get(self, url: str) -> Answer:
        """
        Return what ``url`` sends.

        Raises
        ------
        Refused
            Another host or scheme, a redirect elsewhere, a page too large, a status that repeating will not change.
        Unreachable
            No answer after ``ATTEMPTS``.
        """
        self._check(url)
        failure: Unreachable | None = None
        for attempt in range(ATTEMPTS):
            if failure is not None:
                self.sleep(self._patience(attempt, failure))
            try:
                return Answer(url, self._once(url), self.now())
            except httpx2.TimeoutException:
                failure = Unreachable(feed=self.feed, why_zh="超时", why_en="time ran out")
            except httpx2.TransportError as error:
                name = type(error).__name__
                failure = Unreachable(feed=self.feed, why_zh=f"连接失败（{name}）", why_en=f"no connection ({name})")
            except _Passing as error:
                failure = Unreachable(feed=self.feed, why_zh=f"状态 {error.status}", why_en=f"status {error.status}")
                failure.params["retry_after"] = error.retry_after
        raise failure or Unreachable(feed=self.feed, why_zh="未知", why_en="unknown")

    def _patience(self, attempt: int, failure: Unreachable) -> float:
        asked = failure.params.get("retry_after")
        return min(float(asked) if isinstance(asked, int | float) else 2.0**attempt, MOST_PATIENCE_S)

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not self.plain:
            raise Refused(feed=self.feed, why_zh="只允许 https", why_en="only https is allowed")
        if parts.hostname != self.host:
            raise Refused(feed=self.feed, why_zh="不允许的主机", why_en="a host that is not allowed")

    def _once(self, url: str) -> bytes:
        until = time.monotonic() + WHOLE_S
        with self.client.stream("GET", url, headers={"User-Agent": AGENT}) as answer:
            if answer.status_code in _PASSING:
                raise _Passing(answer.status_code, _seconds(answer.headers.get("retry-after")))
            if answer.status_code != 200:
                status = answer.status_code
                raise Refused(feed=self.feed, why_zh=f"状态 {status}", why_en=f"status {status}")
            taken = bytearray()
            for chunk in answer.iter_bytes():
                taken += chunk
                if len(taken) > MOST_BYTES:
                    raise Refused(feed=self.feed, why_zh="内容过大", why_en="the content is too large")
                if time.monotonic() > until:
                    raise httpx2.ReadTimeout("the whole answer took too long")
            return bytes(taken)


class _Passing(Exception):
    """A status that may be another one next time."""

    def __init__(self, status: int, retry_after: float | None) -> None:
        super().__init__(status)
        self.status, self.retry_after = status, retry_after


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None


def client() -> httpx2.Client:
    """Return a client with our limits; it follows no redirect, so that a host never hands us to another."""
    return httpx2.Client(timeout=httpx2.Timeout(READ_S, connect=CONNECT_S), follow_redirects=False, trust_env=True)
