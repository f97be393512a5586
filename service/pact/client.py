"""Ask a partner: a token first, then lists, single footprints, events. Nothing goes anywhere but to the registered origin."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx2

from service.pact.address import Resolve, joined, look_up, same_origin, target
from service.pact.refusals import Unanswered

CONNECT_S, READ_S, WHOLE_S = 10.0, 30.0, 120.0
MOST_BYTES = 50_000_000
#: A list that never ends is no list.
MOST_PAGES, MOST_FOOTPRINTS = 2000, 100_000
AGENT = "Yuetan/0.1 (PACT 3.0)"
_NEXT = re.compile(r'<([^<>]{1,4000})>\s*;[^,<>]*\brel\s*=\s*"?next"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a partner answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def web() -> httpx2.Client:
    """Return a client that follows no redirect and takes no proxy from the environment: the address was looked at."""
    return httpx2.Client(timeout=httpx2.Timeout(READ_S, connect=CONNECT_S), follow_redirects=False, trust_env=False)


@dataclass(slots=True)
class PartnerClient:
    """Speaks to one partner."""

    name: str
    base_url: str
    auth_url: str
    client_id: str
    secret: str
    may_be_private: bool
    http: httpx2.Client
    resolve: Resolve = look_up
    _token: str | None = field(default=None, init=False)

    def footprints(self, criteria: Mapping[str, Sequence[str]] | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield every footprint that the partner lists, page after page; links are followed on its own origin only."""
        query = urlencode([(name, value) for name, values in (criteria or {}).items() for value in values])
        url: str | None = f"{self.base_url}/3/footprints" + (f"?{query}" if query else "")
        seen, count = set[str](), 0
        while url is not None:
            if url in seen or len(seen) >= MOST_PAGES or count >= MOST_FOOTPRINTS:
                raise self._failed("列表没有尽头", "its list does not end")
            seen.add(url)
            answer = self._asked("GET", url)
            documents = self._data(answer)
            if not isinstance(documents, list):
                raise self._failed("列表格式不对", "its list is none")
            count += len(documents)
            yield from (one for one in documents if isinstance(one, Mapping))
            link = _NEXT.search(answer.headers.get("link", ""))
            url = joined(url, link[1]) if link else None

    def footprint(self, pf_id: str) -> Mapping[str, Any]:
        """Return one footprint."""
        found = self._data(self._asked("GET", f"{self.base_url}/3/footprints/{pf_id}"))
        if not isinstance(found, Mapping):
            raise self._failed("足迹格式不对", "its footprint is none")
        return found

    def send(self, event: Mapping[str, Any]) -> None:
        """Send an event; it is taken where the partner answers with 2xx."""
        body = json.dumps(event, ensure_ascii=False, allow_nan=False).encode()
        self._asked("POST", f"{self.base_url}/3/events", body, "application/cloudevents+json")

    def _data(self, answer: Answer) -> Any:
        try:
            return json.loads(answer.content)["data"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise self._failed("应答不是规范的 JSON", "its answer is not the JSON it should be") from None

    def _asked(self, method: str, url: str, body: bytes | None = None, media: str | None = None) -> Answer:
        """Ask with a token, once more with a new one where it has expired."""
        for _ in range(2):
            headers = {"Authorization": f"Bearer {self._get_token()}"} | ({"Content-Type": media} if media else {})
            answer = self._once(method, url, headers, body)
            if answer.status != 401:
                break
            self._token = None
        if not 200 <= answer.status < 300:
            failure = self._failed(f"状态 {answer.status}", f"status {answer.status}")
            failure.params["status"] = answer.status
            raise failure
        return answer

    def _get_token(self) -> str:
        if self._token is None:
            answer = self._once(
                "POST", self._token_url(), {"Content-Type": "application/x-www-form-urlencoded"},
                b"grant_type=client_credentials", (self.client_id, self.secret),
            )  # fmt: skip
            try:
                made = json.loads(answer.content)["access_token"] if answer.status == 200 else None
            except (ValueError, KeyError, TypeError, RecursionError):
                made = None
            if not isinstance(made, str) or not re.fullmatch(r"[\x21-\x7e]{1,8000}", made):
                raise self._failed(
                    f"没有给出令牌（状态 {answer.status}）", f"it gives no token (status {answer.status})"
                )
            self._token = made
        return self._token

    def _token_url(self) -> str:
        """Return where tokens are given: what discovery says on the same origin, else the customary address."""
        answer = self._once("GET", f"{self.auth_url}/.well-known/openid-configuration", {})
        if answer.status == 200:
            try:
                said = json.loads(answer.content)["token_endpoint"]
            except (ValueError, KeyError, TypeError, RecursionError):
                said = None
            if isinstance(said, str) and same_origin(said, self.auth_url):
                return said
        return f"{self.auth_url}/auth/token"

    def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        basic: tuple[str, str] | None = None,
    ) -> Answer:
        at = target(url, may_be_private=self.may_be_private, resolve=self.resolve)
        until = time.monotonic() + WHOLE_S
        try:
            with self.http.stream(
                method,
                at.url,
                headers={"User-Agent": AGENT, "Accept": "application/json", **headers, "Host": at.host},
                content=body,
                auth=basic,
                extensions={"sni_hostname": at.name},
            ) as answer:
                taken = bytearray()
                for chunk in answer.iter_bytes():
                    taken += chunk
                    if len(taken) > MOST_BYTES:
                        raise self._failed("应答过大", "its answer is too large")
                    if time.monotonic() > until:
                        raise self._failed("超时", "time ran out")
                return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, bytes(taken))
        except httpx2.TimeoutException:
            raise self._failed("超时", "time ran out") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            kind = type(error).__name__
            raise self._failed(f"连接失败（{kind}）", f"no connection ({kind})") from None

    def _failed(self, zh: str, en: str) -> Unanswered:
        return Unanswered(partner=self.name, why_zh=zh, why_en=en)
