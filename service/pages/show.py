"""How the pages write numbers, notes and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

NOT_KNOWN = "—"


def number(value: float | Decimal | str | None, digits: int = 2) -> str:
    """Return a number with thousands commas; what is not known is a dash, never a zero and never ``nan``."""
    if value is None or value == "":
        return NOT_KNOWN
    if isinstance(value, str):
        return value
    return f"{value:z,.{digits}f}"


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share as a percentage."""
    return NOT_KNOWN if value is None else f"{value * 100:,.{digits}f} %"


def said(text: Mapping[str, str] | Any, lang: str) -> str:
    """Return the text of one language from a pair, be it a mapping or a ``Text``."""
    if isinstance(text, Mapping):
        return text.get(lang) or ""
    return str(getattr(text, lang, "") or "")


def short(value: object) -> str:
    """Return a value of the law as people write it: 0.1, not 0.1000000001; 1, not 1.0."""
    if isinstance(value, float):
        return f"{value:.10g}"
    return NOT_KNOWN if value is None else str(value)


def code(cn_code: str) -> str:
    """Return an eight-digit code in groups, 7308 90 59."""
    return f"{cn_code[:4]} {cn_code[4:6]} {cn_code[6:]}".strip()


FILTERS: dict[str, Callable[..., str]] = {
    "number": number,
    "percent": percent,
    "said": said,
    "short": short,
    "code": code,
}
