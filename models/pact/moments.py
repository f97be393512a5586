"""Moments in the texts of the exchange: RFC 3339, compared as instants and written in UTC."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import AfterValidator, Field

_TEXT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,18}))?([Zz]|[+-]\d{2}:?\d{2})?)?", re.ASCII
)


def instant(text: str) -> dt.datetime:
    """
    Return the instant that a text writes, to the microsecond.

    A day alone is its first moment, and a time without zone is UTC, which the
    specification asks of every date-time.

    Raises
    ------
    ValueError
        The text writes no instant.
    """
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise ValueError("not a date-time such as 2026-01-31T00:00:00Z")
    day, time, part, zone = found.groups()
    offset = "+00:00" if zone is None or zone in "Zz" else zone
    made = dt.datetime.fromisoformat(f"{day}T{time or '00:00:00'}.{(part or '0')[:6].ljust(6, '0')}{offset}")
    try:
        return made.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("a date-time outside the calendar") from None


def moment(value: dt.datetime) -> str:
    """Return an instant as the exchange writes it: UTC, with ``Z``."""
    text = value.astimezone(dt.UTC).isoformat()
    return text.removesuffix("+00:00") + "Z"


def years_later(value: dt.datetime, years: int) -> dt.datetime:
    """Return the same moment some years on; 29 February becomes 28 February, the calendar's last year stays."""
    year = min(value.year + years, dt.MAXYEAR)
    try:
        return value.replace(year=year)
    except ValueError:
        return value.replace(year=year, day=28)


def _written(text: str) -> str:
    return moment(instant(text))


MomentText = Annotated[str, Field(strict=True), AfterValidator(_written)]
