"""Files to read: one known-good table, and ways to make it worse."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import openpyxl
import pytest

HEADING = ["产品名称", "CN编码", "原产地", "净重（吨）", "进口日期"]
ROWS: list[list[Any]] = [
    ["螺栓", "73181900", "CN", 12.5, dt.date(2026, 2, 3)],
    ["钢结构件", "73089059", "中国", 10.0, dt.date(2026, 5, 12)],
    ["铝型材", "76042910", "China", 250.25, dt.date(2026, 8, 20)],
]
#: What the good table means: code, origin, tonnes, day.
TRUTH = [
    ("73181900", "CN", 12.5, dt.date(2026, 2, 3)),
    ("73089059", "CN", 10.0, dt.date(2026, 5, 12)),
    ("76042910", "CN", 250.25, dt.date(2026, 8, 20)),
]
Sheets = dict[str, Sequence[Sequence[Any]]]


def xlsx(sheets: Sheets | Sequence[Sequence[Any]], change: Callable[[openpyxl.Workbook], None] | None = None) -> bytes:
    """Return a workbook of rows; ``change`` may spoil it."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    named = sheets if isinstance(sheets, dict) else {"货物": sheets}
    for name, rows in named.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table(*rows: Sequence[Any], heading: Sequence[Any] = HEADING) -> list[list[Any]]:
    """Return a heading and rows; the good rows where none are given."""
    return [list(heading), *(list(row) for row in (rows or ROWS))]


def csv_text(rows: Iterable[Sequence[Any]], mark: str = ",") -> str:
    """Return rows as the text of a CSV."""
    return "".join(mark.join(str(cell) for cell in row) + "\r\n" for row in rows)


def members(data: bytes) -> dict[str, bytes]:
    """Return the parts of a package."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def package(parts: dict[str, bytes], level: int = 6) -> bytes:
    """Return a package of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def with_sheet(xml: bytes) -> bytes:
    """Return a workbook whose one sheet is ``xml``."""
    parts = members(xlsx(table()))
    parts["xl/worksheets/sheet1.xml"] = xml
    return package(parts)


class Files:
    """The makers above, for tests that cannot import this file."""

    HEADING, ROWS, TRUTH = HEADING, ROWS, TRUTH
    xlsx, table, csv_text = staticmethod(xlsx), staticmethod(table), staticmethod(csv_text)
    members, package, with_sheet = staticmethod(members), staticmethod(package), staticmethod(with_sheet)


@pytest.fixture(scope="session")
def files() -> type[Files]:
    return Files
