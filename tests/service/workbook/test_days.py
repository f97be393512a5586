"""Dates as people write them."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.workbook.days import day_of
from service.workbook.layout import default_layout
from service.workbook.problems import CellProblem

COLUMN = default_layout().sheets["goods"].columns["imported_on"]
DAY = dt.date(2026, 5, 12)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-05-12", "2026-5-12", "2026/5/12", "2026.5.12", "2026年5月12日", "2026年05月12日", "2026 年 5 月 12 日",
        "２０２６年５月１２日", "20260512", 20260512.0, "2026-05-12 00:00:00", "2026-05-12T08:30:00Z", "12.05.2026", "12.5.2026",
        "12 May 2026", "May 12, 2026", "12-May-2026", 46154.0, 46154.75, "46154", " 2026-05-12 ",
    ],
)  # fmt: skip
def test_one_day_written_in_many_ways(cell: str | float) -> None:
    assert day_of(cell, COLUMN) == DAY


def test_serial_days_count_from_1904_where_the_workbook_says_so() -> None:
    assert day_of(46154.0 - 1462, COLUMN, epoch_1904=True) == DAY


@pytest.mark.parametrize(
    ("cell", "day"), [("25/04/2026", "2026-04-25"), ("04/25/2026", "2026-04-25"), ("04/04/2026", "2026-04-04")]
)
def test_a_number_above_twelve_settles_the_order(cell: str, day: str) -> None:
    assert day_of(cell, COLUMN) == dt.date.fromisoformat(day)


@pytest.mark.parametrize(
    ("cell", "code", "severity"),
    [
        ("03/04/2026", "workbook.ambiguous_date", "question"),
        ("3-4-2026", "workbook.ambiguous_date", "question"),
        ("12/5/26", "workbook.two_digit_year", "question"),
        ("26-05-12", "workbook.two_digit_year", "question"),
        ("12-May-26", "workbook.two_digit_year", "question"),
        ("2026-05", "workbook.day_missing", "question"),
        ("2026年5月", "workbook.day_missing", "question"),
        ("2026Q2", "workbook.day_missing", "question"),
        ("2026年第二季度", "workbook.day_missing", "question"),
        (2026.0, "workbook.day_missing", "question"),
        ("2026-02-30", "workbook.bad_date", "error"),
        ("2026-13-01", "workbook.bad_date", "error"),
        ("0000-00-00", "workbook.bad_date", "error"),
        ("2206-05-12", "workbook.far_date", "error"),
        ("1026-05-12", "workbook.far_date", "error"),
        ("soon", "workbook.bad_date", "error"),
        (-5.0, "workbook.bad_date", "error"),
        (1e300, "workbook.bad_date", "error"),
        (0.5, "workbook.bad_date", "error"),
    ],
)
def test_what_is_no_single_day_is_refused_or_asked(cell: str | float, code: str, severity: str) -> None:
    with pytest.raises(CellProblem) as told:
        day_of(cell, COLUMN)
    assert (told.value.code, told.value.severity) == (code, severity)


def test_both_readings_are_named() -> None:
    with pytest.raises(CellProblem) as told:
        day_of("03/04/2026", COLUMN)
    assert "2026-04-03" in told.value.text("zh")
    assert "2026-03-04" in told.value.text("zh")


@given(st.dates(dt.date(2026, 1, 1), dt.date(2060, 12, 31)))
def test_every_day_is_read_back_in_every_clear_form(day: dt.date) -> None:
    serial = float((day - dt.date(1899, 12, 30)).days)
    for cell in (
        day.isoformat(),
        f"{day.year}年{day.month}月{day.day}日",
        day.strftime("%d.%m.%Y"),
        day.strftime("%Y%m%d"),
        serial,
    ):
        assert day_of(cell, COLUMN) == day


@given(st.one_of(st.text(max_size=25), st.floats(allow_nan=False, allow_infinity=False)))
def test_a_cell_is_a_day_or_a_problem(cell: str | float) -> None:
    with contextlib.suppress(CellProblem):
        assert isinstance(day_of(cell, COLUMN), dt.date)
