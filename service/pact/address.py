"""
Where a request to a partner may go: the registered address and nowhere else.

The name is looked up once, every address it has must be a public one, and the
connection goes to the address that was looked at: a name that answers
differently a moment later gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from service.pact.refusals import BadAddress

Resolve = Callable[[str, int], Sequence[str]]
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was looked at: the URL with its number, and the name it stands for."""

    url: str
    host: str
    name: str


def look_up(name: str, port: int) -> Sequence[str]:
    """Return every address of a name."""
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadAddress(why_zh="主机名无法解析", why_en="the host name cannot be resolved") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def origin(url: str, scheme: str = "https") -> tuple[str, str, int] | None:
    """Return scheme, host and port of a URL, ``scheme`` where it names none; none where it has no host."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    given = (parts.scheme or scheme).lower()
    if given not in _PORTS or not parts.hostname or parts.username is not None:
        return None
    return given, parts.hostname.lower().rstrip("."), port or _PORTS[given]


def same_origin(source: str, base_url: str) -> bool:
    """Return whether a source (a URI reference such as ``//host/3/events``) is of the origin of a registered address."""
    ours = origin(base_url)
    return ours is not None and origin(source, ours[0]) == ours


def joined(base_url: str, link: str) -> str:
    """
    Return a link of an answer as an absolute URL of the same origin.

    Raises
    ------
    BadAddress
        It leads elsewhere.
    """
    made = urljoin(base_url, link)
    if not same_origin(made, base_url):
        raise BadAddress(why_zh="链接指向其他主机", why_en="a link leads to another host")
    return made


def check_shape(url: str, may_be_private: bool) -> None:
    """Refuse what no partner can be registered with: no https, credentials, a query, a number that is not public."""
    parts = origin(url)
    if parts is None or urlsplit(url).query or urlsplit(url).fragment:
        raise BadAddress(why_zh="不是完整的网址", why_en="it is no whole address")
    if parts[0] != "https" and not may_be_private:
        raise BadAddress(why_zh="只允许 https", why_en="only https is allowed")
    try:
        number = ipaddress.ip_address(parts[1])
    except ValueError:
        private = parts[1] == "localhost" or parts[1].endswith((".localhost", ".local", ".internal"))
    else:
        private = not _is_public(str(number))
    if private and not may_be_private:
        raise BadAddress(why_zh="内网或本机地址", why_en="a private or loopback address")


def target(url: str, *, may_be_private: bool, resolve: Resolve = look_up) -> Target:
    """
    Return where a request for ``url`` goes.

    Raises
    ------
    BadAddress
        Not https, or an address of the name is private, loopback, link-local or reserved, and the partner's record
        does not allow it.
    """
    parts = origin(url)
    if parts is None:
        raise BadAddress(why_zh="不是完整的网址", why_en="it is no whole address")
    scheme, name, port = parts
    if scheme != "https" and not may_be_private:
        raise BadAddress(why_zh="只允许 https", why_en="only https is allowed")
    numbers = resolve(name, port)
    if not numbers or (not may_be_private and not all(map(_is_public, numbers))):
        raise BadAddress(why_zh="内网或本机地址", why_en="a private or loopback address")
    split = urlsplit(url)
    number = f"[{numbers[0]}]" if ":" in numbers[0] else numbers[0]
    shown = f"[{name}]" if ":" in name else name
    host = shown if port == _PORTS[scheme] else f"{shown}:{port}"
    return Target(split._replace(netloc=f"{number}:{port}").geturl(), host, name)


def _is_public(number: str) -> bool:
    found = ipaddress.ip_address(number.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (inner is None or inner.is_global)
