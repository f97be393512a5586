"""Workbooks for tests with cells exchanged."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import openpyxl


def exchanged(workbook: bytes, cells: Mapping[str, Any]) -> bytes:
    """Return a workbook with cells of ``Sheet_A1`` exchanged; the sheet by the end of its name."""
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    for place, value in cells.items():
        sheet, cell = place.split("_")
        next(one for one in book.worksheets if one.title.endswith(sheet))[cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
