"""Bytes to grids of cells: a text or a number each, nothing guessed. Runs in the guarded child only."""

from __future__ import annotations

import datetime as dt
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from service.workbook import biff, package
from service.workbook.package import Hidden, column_letters
from service.workbook.plaintext import read_text
from service.workbook.problems import Damaged, EmptyFile, Encrypted, TooLargeFile, WrongKind

#: A text as it stands, or a number that the file holds as a number.
Cell: TypeAlias = str | float
MOST_BYTES = 30_000_000
#: Longer texts are cut, which is still longer than any field takes: one text may be repeated in a million cells.
LONGEST = 1100
#: Rows of a CSV at its top that keep their empty ends; a heading is among them.
_UNTRIMMED = 40
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Stand for what the parser gives as an empty cell; no text of a file can hold them.
ERROR, NO_VALUE = "\x00error", "\x00formula"


@dataclass(frozen=True, slots=True)
class SheetHead:
    """A sheet without its rows. Merged areas are ``[row, column, row, column]`` from 1."""

    name: str
    visible: bool
    hidden_rows: list[int]
    hidden_columns: list[int]
    merged: list[list[int]]
    epoch_1904: bool
    #: What separates the cells of a CSV.
    mark: str = ""


def kind_of(data: bytes) -> str:
    """
    Return ``xlsx``, ``xls`` or ``csv`` by content, whatever the file is called.

    Raises
    ------
    EmptyFile, TooLargeFile, Encrypted, WrongKind
        Nothing of it is read.
    """
    if not data:
        raise EmptyFile
    if len(data) > MOST_BYTES:
        raise TooLargeFile(limit_mb=MOST_BYTES // 1_000_000)
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Encrypted
        if "Workbook".encode("utf-16-le") in data or "Book".encode("utf-16-le") in data:
            return "xls"
        raise WrongKind(kind_zh="旧版 Office 文件（不是 Excel）", kind_en="an old Office file other than Excel")
    if data.startswith(b"PK"):
        return "xlsx"
    return "csv"


def sheets_of(data: bytes, names: Callable[[str], bool]) -> Iterator[tuple[SheetHead, Iterator[list[Cell]]]]:
    """
    Yield each sheet with its rows, the first of them row 1; rows end at their last filled cell.

    Parameters
    ----------
    data : bytes
        The file.
    names : callable
        Whether a text is a known heading; helps to tell the separator of a CSV.

    Raises
    ------
    FileProblem
        As ``kind_of``, ``package.inspect``, ``biff.inspect`` and ``plaintext.read_text``.
    """
    kind = kind_of(data)
    if kind == "csv":
        mark, rows = read_text(data, names)
        yield SheetHead("CSV", True, [], [], [], False, mark), map(_text_row, range(len(rows)), rows)
        return
    found = package.inspect(data) if kind == "xlsx" else None
    old, epoch_1904 = biff.inspect(data) if kind == "xls" else ([], False)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError as error:
        raise Encrypted from error
    except CalamineError as error:
        raise Damaged(why=type(error).__name__) from error
    for at, meta in enumerate(book.sheets_metadata):
        if str(meta.typ).rsplit(".", 1)[-1] != "WorkSheet":
            continue
        try:
            sheet = book.get_sheet_by_name(meta.name)
        except CalamineError as error:
            raise Damaged(why=type(error).__name__) from error
        if found is not None:
            hidden = found.hidden.get(meta.name, Hidden())
        elif at < len(old):
            hidden = old[at]
        else:
            raise Damaged(why="sheet")
        merged = [[r + 1, c + 1, s + 1, d + 1] for (r, c), (s, d) in sheet.merged_cell_ranges or ()]
        head = SheetHead(
            meta.name,
            meta.visible == SheetVisibleEnum.Visible,
            sorted(hidden.rows),
            sorted(hidden.columns),
            merged[:10_000],
            found.epoch_1904 if found else epoch_1904,
        )
        yield head, _rows(sheet, hidden)


def _text_row(at: int, row: list[str]) -> list[Cell]:
    cells: list[Cell] = [cell[:LONGEST] for cell in row]
    # The heading keeps its length, so that a row which is longer is noticed.
    return cells if at < _UNTRIMMED else _trim(cells)


def _rows(sheet: Any, hidden: Hidden) -> Iterator[list[Cell]]:
    if sheet.start is None:
        return
    left: list[Cell] = [""] * sheet.start[1]
    marks: dict[int, list[tuple[int, str]]] = {}
    for refs, mark in ((hidden.errors, ERROR), (hidden.without_value, NO_VALUE)):
        for ref in refs:
            letters = ref.rstrip("0123456789")
            marks.setdefault(int(ref[len(letters) :]), []).append((package.column_number(letters), mark))
    last = 0
    for last, values in enumerate(sheet.iter_rows(), start=1):
        row: list[Cell] = [*left, *[v if type(v) is str and len(v) <= LONGEST else _cell(v) for v in values]]
        if last in marks:
            _mark(row, marks[last])
        yield _trim(row)
    # The parser's table ends at the last cell with a value; formulas without one may stand below.
    for number in range(last + 1, max(marks, default=0) + 1):
        row = []
        _mark(row, marks.get(number, []))
        yield row


def _mark(row: list[Cell], marks: list[tuple[int, str]]) -> None:
    for column, mark in marks:
        row.extend([""] * (column - len(row)))
        if row[column - 1] == "":
            row[column - 1] = mark


def _cell(value: Any) -> Cell:
    if type(value) is str:
        return value[:LONGEST]
    if type(value) is float:
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return float(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def _trim(row: list[Any]) -> list[Any]:
    end = len(row)
    while end and row[end - 1] == "":
        end -= 1
    return row[:end] if end < len(row) else row


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell, row and column from 1."""
    return f"{column_letters(column)}{row}"
