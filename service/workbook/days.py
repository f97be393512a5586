"""Dates as people write them; what can be read in two ways is a question."""

from __future__ import annotations

import datetime as dt
import re

from service.workbook.layout import Column, plain
from service.workbook.problems import AmbiguousDate, BadDate, CellProblem, DayMissing, FarDate, TwoDigitYear
from service.workbook.raw import Cell

#: Serial numbers of days that a goods table may hold: 1954 to 2119 by the calendar that starts in 1900.
_SERIALS = (20_000, 80_000)
_EPOCH_1900 = dt.date(1899, 12, 30)
_EPOCH_1904 = dt.date(1904, 1, 1)
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?$", re.ASCII)
_YMD = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_XXY = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4})", re.ASCII)
_SHORT = re.compile(r"\d{1,2}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?", re.ASCII)
_MONTH = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?|(\d{4})\s*年?\s*(?:Q[1-4]|第?[一二三四1-4]季度?)|Q[1-4]\s*/?\s*(\d{4})|\d{4}年?",
    re.ASCII | re.IGNORECASE,
)
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?[\s\-./]*([a-z]{3,9})\.?|([a-z]{3,9})\.?[\s\-./]*(\d{1,2})(?:st|nd|rd|th)?)[\s,\-./]+(\d{2}|\d{4})",
    re.ASCII,
)


def day_of(cell: Cell, column: Column, *, epoch_1904: bool = False) -> dt.date:
    """
    Return the day of a cell.

    Parameters
    ----------
    cell : str or float
        Not empty. A number is a serial day of Excel, or ``yyyymmdd``.
    epoch_1904 : bool
        Whether the workbook counts its days from 1904.

    Raises
    ------
    CellProblem
        No date; two readings; a year of two digits; a month without a day.
    """
    bad = BadDate(field=column.field, name_zh=column.text.zh, name_en=column.text.en)
    if isinstance(cell, float):
        return _serial(cell, bad, epoch_1904)
    text = _TIME.sub("", plain(cell)).strip().lstrip("'")
    if match := _YMD.fullmatch(text):
        return _day(int(match[1]), int(match[2]), int(match[3]), bad)
    if (match := _COMPACT.fullmatch(text)) and 1900 <= int(match[1]) <= 2999:
        return _day(int(match[1]), int(match[2]), int(match[3]), bad)
    if match := _XXY.fullmatch(text):
        return _two_ways(int(match[1]), int(match[3]), int(match[4]), match[2], column, bad)
    if match := _NAMED.fullmatch(text.casefold()):
        return _named(match, column, bad)
    if _SHORT.fullmatch(text):
        raise TwoDigitYear(field=column.field)
    if re.fullmatch(r"[0-9]{5}(?:\.[0-9]+)?", text):
        return _serial(float(text), bad, epoch_1904)
    if _MONTH.fullmatch(text):
        raise DayMissing(field=column.field)
    raise bad


def _serial(number: float, bad: CellProblem, epoch_1904: bool) -> dt.date:
    if _SERIALS[0] <= number <= _SERIALS[1]:
        return (_EPOCH_1904 if epoch_1904 else _EPOCH_1900) + dt.timedelta(days=int(number))
    text = f"{number:.0f}"
    if number.is_integer() and (match := _COMPACT.fullmatch(text)):
        return _day(int(match[1]), int(match[2]), int(match[3]), bad)
    if number.is_integer() and 1900 <= number <= 2999:
        raise DayMissing(field=bad.field)
    raise bad


def _day(year: int, month: int, day: int, bad: CellProblem) -> dt.date:
    try:
        found = dt.date(year, month, day)
    except ValueError:
        raise bad from None
    if not 1900 <= year <= 2100:
        raise FarDate(field=bad.field, year=year)
    return found


def _two_ways(first: int, second: int, year: int, mark: str, column: Column, bad: CellProblem) -> dt.date:
    """Day and month in either order: a point means day first (d.m.y); else a number above 12 or equality settles it."""
    if mark == "." or first == second or first > 12:
        return _day(year, second, first, bad)
    if second > 12:
        return _day(year, first, second, bad)
    one, other = _day(year, second, first, bad), _day(year, first, second, bad)
    raise AmbiguousDate(field=column.field, one=one.isoformat(), other=other.isoformat())


def _named(match: re.Match[str], column: Column, bad: CellProblem) -> dt.date:
    day, name = (match[1], match[2]) if match[1] else (match[4], match[3])
    if name[:3] not in _NAMES:
        raise bad
    if len(match[5]) == 2:
        raise TwoDigitYear(field=column.field)
    return _day(int(match[5]), _NAMES.index(name[:3]) + 1, int(day), bad)
