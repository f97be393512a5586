"""
Names of products, companies and classes: URNs, compared without regard to case.

Source: section 2.3 of the exchange notes; the namespaces under ``urn:pact`` for
codes of goods are a convention of ours, since no official ones were found.
"""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

#: As the specification has it: names of the network such as ``urn:BPNL...`` lack the second colon of RFC 8141.
_URN = re.compile(r"urn:[^\s<>\"\\^`{|}\x00-\x1f\x7f]+", re.IGNORECASE)
_PACT = re.compile(r"urn:pact:([a-z0-9.-]+):([a-z0-9-]+):(.+)", re.IGNORECASE)
#: Our own names, by kind: domain and type, and what a value looks like.
_CONVENTIONS = {
    "cn-code": ("ec.europa.eu:cn-code", re.compile(r"\d{8}", re.ASCII)),
    "hs-2022": ("wcoomd.org:hs-2022", re.compile(r"\d{6}", re.ASCII)),
    "hs-cn": ("customs.gov.cn:hs-cn", re.compile(r"\d{8}(?:\d{2})?", re.ASCII)),
    "uscc": ("samr.gov.cn:uscc", re.compile(r"[0-9A-Z]{18}", re.ASCII)),
    "cbam-installation": ("ec.europa.eu:cbam-installation", re.compile(r"\S+")),
}
LONGEST = 500
#: The customary product of a request that is meant to be rejected.
REJECT_PROBE = "urn:pact:null"


class Named(NamedTuple):
    """What a URN of our conventions names."""

    kind: str
    value: str


def is_urn(text: str) -> bool:
    """Return whether ``text`` is a URN as the network writes them."""
    return len(text) <= LONGEST and _URN.fullmatch(text) is not None


def folded(text: str) -> str:
    """Return a name as it is compared: without case, and no longer than a table keeps."""
    return text.strip().replace("\0", "\ufffd").casefold()[:LONGEST]


def named(urn: str) -> Named | None:
    """
    Return what a URN of our conventions names; none where it is of another namespace or its value is malformed.

    Examples
    --------
    >>> named("URN:PACT:EC.europa.eu:CN-Code:72083900")
    Named(kind='cn-code', value='72083900')
    """
    found = _PACT.fullmatch(urn)
    if found is None:
        return None
    place, value = f"{found[1]}:{found[2]}".lower(), found[3].upper() if found[2].lower() == "uscc" else found[3]
    for kind, (known, looks) in _CONVENTIONS.items():
        if place == known and looks.fullmatch(value):
            return Named(kind, value)
    return None


def urn_of(kind: str, value: str) -> str:
    """
    Return the URN of a code or number under our conventions.

    Raises
    ------
    ValueError
        The kind is unknown, or the value is not one of it.
    """
    place, looks = _CONVENTIONS.get(kind, ("", re.compile(r"(?!)")))
    if not looks.fullmatch(value):
        raise ValueError(f"{value!r} is no {kind}")
    return f"urn:pact:{place}:{value}"


def _checked(text: str) -> str:
    if not is_urn(text):
        raise ValueError("not a URN such as urn:gtin:4712345060507")
    return text


Urn = Annotated[str, Field(strict=True), AfterValidator(_checked)]
