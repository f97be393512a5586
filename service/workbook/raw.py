"""
Bytes to grids of raw cells. Runs in the guarded child; nothing is guessed and nothing is typed here.

A cell is ``None``, a text, a number, a truth value, or ``["d", ISO date]``; a
formula whose value was never stored is ``["f"]`` and an error value ``["e", text]``.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
import zlib
from typing import Any, TypeAlias

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from service.workbook.refusals import BadFile, EmptyFile, Encrypted, Suspicious, TooBig

Cell: TypeAlias = "str | float | bool | list[str] | None"

MOST_BYTES = 30_000_000
MOST_UNPACKED = 300_000_000
MOST_RATIO = 100
#: Small parts compress well without being bombs.
RATIO_FROM = 10_000_000
MOST_CELLS = 5_000_000
MOST_COLUMNS = 200
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ROW = re.compile(rb'<row [^>]*?\br="(\d{1,9})"([^>]*)>')
_WIDE = re.compile(rb'<c [^>]*?\br="([A-Z]{2,3})\d')
_CELL = re.compile(rb'<c [^>]*?\br="([A-Z]{1,3})(\d{1,9})"[^>]*>(?:(?!</c>).)*?<f[ >/](?:(?!</c>).)*?</c>', re.DOTALL)
_CHUNK = 1 << 20
_OVERLAP = 4096


def read(data: bytes) -> dict[str, Any]:
    """
    Return ``{"kind", "delimiter", "date1904", "sheets": [{"name", "hidden", "rows", "hidden_rows", "merged"}]}``.

    Raises
    ------
    BadFile
        Empty, encrypted, truncated, too big, or not a table at all.
    """
    if not data.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise EmptyFile
    if len(data) > MOST_BYTES:
        raise TooBig(what_zh="文件字节数", what_en="bytes", limit="30 MB")
    if data.startswith(ZIP):
        return _zipped(data)
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Encrypted
        return _workbook(data, "xls", {}, date1904=False)
    return _text(data)


def _zipped(data: bytes) -> dict[str, Any]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        names = archive.namelist()
        if "EncryptedPackage" in names:
            raise Encrypted
        total = 0
        looks: dict[str, _Look] = {}
        for info in archive.infolist():
            if info.flag_bits & 1:
                raise Encrypted
            look = _Look() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", info.filename) else None
            size = 0
            tail = b""
            with archive.open(info) as part:
                while chunk := part.read(_CHUNK):
                    size += len(chunk)
                    total += len(chunk)
                    if total > MOST_UNPACKED:
                        raise TooBig(what_zh="解压后字节数", what_en="unpacked bytes", limit="300 MB")
                    if size > RATIO_FROM and size > MOST_RATIO * max(info.compress_size, 1):
                        raise Suspicious
                    if look is not None:
                        look.feed(tail, chunk)
                        tail = chunk[-_OVERLAP:]
            if look is not None:
                looks[info.filename] = look
        date1904 = b'date1904="1"' in archive.read("xl/workbook.xml") if "xl/workbook.xml" in names else False
        order = _sheet_files(archive) if "xl/workbook.xml" in names else {}
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error, NotImplementedError) as error:
        raise BadFile(what_zh="压缩包损坏或不完整", what_en="the package is damaged or truncated") from error
    return _workbook(
        data, "xlsx", {name: looks[path] for name, path in order.items() if path in looks}, date1904=date1904
    )


def _sheet_files(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the part of each sheet by its name, read without resolving any entity."""
    from defusedxml import ElementTree
    from defusedxml.common import DefusedXmlException

    spaces = {
        "m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "p": "http://schemas.openxmlformats.org/package/2006/relationships",
    }
    r_id = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except (ElementTree.ParseError, KeyError, DefusedXmlException) as error:
        raise BadFile(what_zh="工作簿目录损坏", what_en="the table of contents is damaged") from error
    targets = {r.get("Id"): str(r.get("Target")).lstrip("/") for r in relations.findall("p:Relationship", spaces)}
    found = {}
    for sheet in book.findall("m:sheets/m:sheet", spaces):
        target = targets.get(sheet.get(r_id), "")
        found[str(sheet.get("name"))] = target if target.startswith("xl/") else f"xl/{target}"
    return found


class _Look:
    """What the XML of a sheet says that the reader does not: real corners, hidden rows, formulas without a value."""

    def __init__(self) -> None:
        self.rows = 0
        self.columns = 1
        self.hidden: list[int] = []
        self.unvalued: set[tuple[int, int]] = set()

    def feed(self, tail: bytes, chunk: bytes) -> None:
        """Look at one chunk; ``tail`` is the end of the one before, so that nothing falls between two."""
        text = tail + chunk
        for match in _ROW.finditer(text):
            number = int(match[1])
            self.rows = max(self.rows, number)
            if b'hidden="1"' in match[2] and (not self.hidden or self.hidden[-1] < number):
                self.hidden.append(number)
        for match in _WIDE.finditer(text):
            self.columns = max(self.columns, _column(match[1]))
        if b"<f" in chunk or b"<f" in tail:
            for match in _CELL.finditer(text):
                if b"<v>" not in match[0] and b"<is>" not in match[0]:
                    self.unvalued.add((int(match[2]), _column(match[1])))
        if self.columns > MOST_COLUMNS:
            raise TooBig(what_zh="列数", what_en="columns", limit=str(MOST_COLUMNS))
        if self.rows * max(self.columns, 8) > MOST_CELLS:
            raise TooBig(what_zh="单元格数", what_en="cells", limit="5,000,000")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _workbook(data: bytes, kind: str, looks: dict[str, _Look], *, date1904: bool) -> dict[str, Any]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = []
        cells = 0
        for meta in book.sheets_metadata:
            if meta.typ is not SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(meta.name)
            cells += sheet.total_height * sheet.total_width
            if cells > MOST_CELLS or sheet.total_width > MOST_COLUMNS:
                raise TooBig(what_zh="单元格数", what_en="cells", limit="5,000,000")
            look = looks.get(meta.name)
            rows = [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
            for row, column in look.unvalued if look else ():
                if row <= len(rows) and column <= len(rows[row - 1]):
                    rows[row - 1][column - 1] = ["f"]
            sheets.append(
                {
                    "name": meta.name,
                    "hidden": meta.visible is not SheetVisibleEnum.Visible,
                    "rows": rows,
                    "hidden_rows": look.hidden[:1000] if look else [],
                    "merged": [
                        [r0 + 1, c0 + 1, r1 + 1, c1 + 1]
                        for (r0, c0), (r1, c1) in (sheet.merged_cell_ranges or [])[:1000]
                    ],
                }
            )
    except PasswordError as error:
        raise Encrypted from error
    except CalamineError as error:
        raise BadFile(what_zh="表格内容损坏", what_en="the content of the table is damaged") from error
    if not any(sheet["rows"] for sheet in sheets):
        raise EmptyFile
    return {"kind": kind, "delimiter": None, "date1904": date1904, "sheets": sheets}


def _cell(value: object) -> Cell:
    if value == "" or value is None:
        return None
    if isinstance(value, str):
        return ["e", value] if value.startswith("#") and value.rstrip("!?/0A").isupper() else value
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return float(value) if abs(value) < 2**53 else str(value)
    if isinstance(value, dt.datetime):
        return ["d", value.date().isoformat()]
    if isinstance(value, dt.date):
        return ["d", value.isoformat()]
    return str(value)


_ENCODINGS = (("utf-8-sig", "UTF-8"), ("gb18030", "GB18030"))


def _text(data: bytes) -> dict[str, Any]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = _decode(data, "utf-16")
    elif b"\x00" in data:
        raise BadFile(what_zh="不是表格文件", what_en="it is no table")
    else:
        for encoding, _ in _ENCODINGS:
            try:
                text = data.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
        else:
            raise BadFile(what_zh="文字编码不是 UTF-8 或 GB18030", what_en="the text is neither UTF-8 nor GB18030")
    lines = text.splitlines()
    delimiter = None
    if lines and (declared := re.fullmatch(r"sep=(.)", lines[0].strip().lstrip("\ufeff"), re.IGNORECASE)):
        delimiter = declared[1]
        lines[0] = ""
    if delimiter is None:
        sample = lines[:20]
        delimiter = max(",;\t|", key=lambda d: sum(line.count(d) for line in sample))
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines) if lines else text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise BadFile(what_zh="引号不成对", what_en="a quotation mark is not closed") from error
    if len(rows) * max(map(len, rows), default=1) > MOST_CELLS:
        raise TooBig(what_zh="单元格数", what_en="cells", limit="5,000,000")
    cells = [[value if value.strip() else None for value in row] for row in rows]
    if not any(any(row) for row in cells):
        raise EmptyFile
    sheet = {"name": "CSV", "hidden": False, "rows": cells, "hidden_rows": [], "merged": []}
    return {"kind": "csv", "delimiter": delimiter, "date1904": False, "sheets": [sheet]}


def _decode(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadFile(what_zh="UTF-16 文本损坏", what_en="the UTF-16 text is damaged") from error
