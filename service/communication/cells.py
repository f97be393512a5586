"""One cell of the communication workbook: where it is, whether it holds anything, and its number."""

from __future__ import annotations

import re

from models.errors import Text
from service.communication.told import Notes
from service.workbook.guard import RawSheet
from service.workbook.layout import plain
from service.workbook.package import column_number
from service.workbook.raw import ERROR, NO_VALUE, Cell

REF = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,3})?")


def cell_at(sheet: RawSheet | None, ref: str) -> Cell:
    match = REF.fullmatch(ref)
    if sheet is None or match is None:
        return ""
    row, column = int(match.group(2)) - 1, column_number(match.group(1)) - 1
    if row >= len(sheet.rows) or column >= len(sheet.rows[row]):
        return ""
    return sheet.rows[row][column]


def filled(cell: Cell) -> bool:
    return cell not in ("", 0.0) and not (isinstance(cell, str) and not cell.strip())


def broken(cell: Cell, sheet: str, ref: str, name: Text, notes: Notes) -> bool:
    """Tell of a formula without a stored value and of an error value; both are no value."""
    if not isinstance(cell, str) or cell not in (ERROR, NO_VALUE):
        return False
    if cell == NO_VALUE:
        notes.add("no_value", sheet, ref, zh=name.zh, en=name.en)
    else:
        notes.add("error_value", sheet, ref, zh=name.zh, en=name.en)
    return True


def number_in(cell: Cell, sheet: str, ref: str, name: Text, notes: Notes) -> float | None:
    if isinstance(cell, float):
        return cell
    text = plain(cell).replace(" ", "")
    if text in ("", "-", "n/a", "N/A", "NA"):
        return None
    percent = text.endswith("%")
    body = text.removesuffix("%")
    if not _NUMBER.fullmatch(body):
        notes.add("not_a_number", sheet, ref, text, zh=name.zh, en=name.en)
        return None
    notes.add("text_number", sheet, ref, text, zh=name.zh, en=name.en)
    return float(body) / (100.0 if percent else 1.0)
