"""The one clock; nothing below ``service`` has one."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

_HOME = ZoneInfo("Asia/Shanghai")


def now() -> dt.datetime:
    """Return the moment, in UTC."""
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """Return the day where our users work."""
    return dt.datetime.now(_HOME).date()


def end_of(day: dt.date) -> dt.datetime:
    """Return the last moment of a day where our users work, in UTC."""
    return dt.datetime.combine(day, dt.time.max, _HOME).astimezone(dt.UTC)
