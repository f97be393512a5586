"""A plain client: what came back, or nothing where the connection broke; and files to hand in."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any

GOODS = {"cn_code": "73089059", "origin": "CN", "imported_on": "2026-05-12"}
STORE = "/api/v1/exposures?keep=true"
_BORDER = "drill-border"
_HEADING = "产品名称,CN编码,原产地,净重（吨）,进口日期"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body."""
        return json.loads(self.body)


def ask(
    port: int,
    method: str,
    path: str,
    body: bytes | dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    timeout_s: float = 60.0,
) -> Answer | None:
    """Return the answer of a service on this machine; ``None`` where the connection broke."""
    told = dict(headers or {})
    if isinstance(body, dict):
        body, told["Content-Type"] = json.dumps(body).encode(), "application/json"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request(method, path, body, told)
        got = connection.getresponse()
        return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def patiently(port: int, path: str, body: Any, headers: dict[str, str], seconds: float = 60.0) -> Answer:
    """Send a POST until it is answered for good: a broken connection, 409 in flight, 429 and 503 are asked again."""
    end = time.monotonic() + seconds
    while True:
        answer = ask(port, "POST", path, body, headers)
        if answer is not None and answer.status not in (409, 429, 503):
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"no answer within {seconds} s, last {answer.status if answer else 'none'}")
        time.sleep(0.1)


def goods(mass_t: float) -> dict[str, Any]:
    """Return a good whose result differs by its mass."""
    return GOODS | {"net_mass_t": mass_t}


def sheet(rows: int, first: int) -> bytes:
    """Return a CSV of goods that no other has: ``first`` grams are added to the mass of each row, which stays a few tonnes."""
    lines = [f"钢结构件,73089059,CN,{1 + (first + i % 997) / 1e6:.6f},2026-05-12" for i in range(rows)]
    return "\n".join([_HEADING, *lines]).encode()


def upload(data: bytes, name: str) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of an upload."""
    head = (
        f'--{_BORDER}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + data + f"\r\n--{_BORDER}--\r\n".encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={_BORDER}"}
