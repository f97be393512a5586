"""
An xlsx file before anything parses it: is it what it says, how large is it really, and what do its cells hide.

The parser behind us believes dimensions, allocates a rectangle up to the
farthest cell, drops error values and gives a formula without a stored result
as an empty cell. So the XML is looked through first, in chunks and without a
tree.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from service.workbook.problems import Bomb, Damaged, Encrypted, Entities, FarCell, TooHeavy, TooManyCells, WrongKind

MOST_UNPACKED = 300_000_000
MOST_RATIO = 100
#: Below this a high ratio harms nobody.
SMALL = 20_000_000
MOST_ROWS = 1_048_576
MOST_COLUMNS = 200
MOST_CELLS = 5_000_000
MOST_MEMBERS = 10_000
#: A sheet with more rows than this, of which not one in ten holds a cell, is stretched by a cell far below.
_TALL = 100_000
_CHUNK = 1 << 20
_HEAD = 1 << 16
#: Most bytes of XML in one row.
_MOST_ROW = 64 << 20

_REF = re.compile(rb'\sr="([A-Za-z]{1,3})([0-9]{1,7})"')  # small letters too: the parser takes them
#: Every place of a row or cell, and those of them that no sheet has: the parser would believe them.
_PLACES = re.compile(rb'\sr="')
_NOWHERE = re.compile(
    rb'<(?:\w+:)?(?:c\s(?:[^>]*?\s)??r="(?![A-Za-z]{1,3}[0-9]{1,7}")|row\s(?:[^>]*?\s)??r="(?![0-9]{1,7}"))'
)
_CELLS = (b"<c ", b"<c>", b"<c/>", b"<x:c ", b"<x:c>")
#: Attributes may stand in single quotes, elements may have a prefix.
_SINGLE = re.compile(rb"(\s\w+)='([^'\"<>]*)'")
_PREFIX = re.compile(rb"<(\w+:)sheetData")
_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*?\br="([0-9]{1,7})"')
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\s(?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="([0-9]{1,7})"')
_HIDDEN_COLUMNS = re.compile(rb'<(?:\w+:)?col\s(?=[^>]*\bhidden="(?:1|true)")([^>]*)>')
_ERROR = re.compile(rb'<(?:\w+:)?c\s(?=[^>]*\bt="e")[^>]*?\br="([A-Z]{1,3}[0-9]{1,7})"')
_NO_VALUE = re.compile(
    rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3}[0-9]{1,7})"[^>]*>\s*'
    rb"<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v[^>]*>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


@dataclass(slots=True)
class Hidden:
    """What the XML of one sheet says that the parser does not."""

    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    errors: set[str] = field(default_factory=set)
    without_value: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Package:
    """An xlsx that may be parsed."""

    hidden: dict[str, Hidden]
    epoch_1904: bool


def column_number(letters: str) -> int:
    """Return the number of a column, from 1: ``A`` is 1, ``XFD`` is 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """Return the letters of a column, from 1."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def inspect(data: bytes) -> Package:
    """
    Look through an xlsx or xlsm.

    Raises
    ------
    Damaged, Encrypted, WrongKind, Bomb, Entities, FarCell, TooManyCells
        The file is not parsed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _inspect(archive, len(data))
    except DefusedXmlException as error:  # a ValueError too, so it comes first
        raise Entities from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        IndexError,
    ) as error:
        raise Damaged(why="zip") from error
    except (ParseError, KeyError) as error:
        raise Damaged(why="XML") from error


def _inspect(archive: zipfile.ZipFile, size: int) -> Package:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if any(info.flag_bits & 1 for info in infos):
        raise Encrypted
    if len(set(names)) < len(names):
        raise Damaged(why="zip: duplicate members")
    if len(names) > MOST_MEMBERS:
        raise Damaged(why="zip: too many members")
    # Nothing is ever unpacked into a folder; what has such members was not written by a spreadsheet program.
    if any(stat.S_ISLNK(info.external_attr >> 16) for info in infos):
        raise Damaged(why="zip: links")
    if any(name.startswith("/") or ".." in name.split("/") for name in names):
        raise Damaged(why="zip: paths")
    _kind(archive, set(names))
    stated = sum(info.file_size for info in infos)
    if stated > MOST_UNPACKED or (stated > SMALL and stated > MOST_RATIO * size):
        raise Bomb(limit_mb=MOST_UNPACKED // 1_000_000, ratio=MOST_RATIO)
    sheets, epoch = _sheets(archive)
    left = MOST_UNPACKED
    hidden: dict[str, Hidden] = {}
    cells = 0
    by_path = {path: name for name, path in sheets.items()}
    for info in infos:
        if info.is_dir():
            continue
        if info.filename in by_path:
            name = by_path[info.filename]
            found, here, used = _scan(archive, info, name, left)
            hidden[name] = found
            cells += here
            if cells > MOST_CELLS:
                raise _too_many(name, 0, 0)
        else:
            used = _measure(archive, info, left)
        left -= used
    missing = set(sheets.values()) - set(names)
    if missing:
        raise Damaged(why="sheet")
    return Package(hidden, epoch)


def _kind(archive: zipfile.ZipFile, names: set[str]) -> None:
    if "xl/workbook.xml" in names and "[Content_Types].xml" in names:
        return
    kinds = {"xl/workbook.bin": "Excel xlsb", "word/document.xml": "Word", "ppt/presentation.xml": "PowerPoint"}
    for member, kind in kinds.items():
        if member in names:
            raise WrongKind(kind_zh=f" {kind} 文件", kind_en=f"a {kind} file")
    if "mimetype" in names and archive.read("mimetype", None)[:60].startswith(b"application/vnd.oasis"):
        raise WrongKind(kind_zh=" OpenDocument 文件", kind_en="an OpenDocument file")
    raise WrongKind(kind_zh="普通压缩包", kind_en="a zip archive")


def _small(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        data = file.read(_CHUNK * 8 + 1)
    if len(data) > _CHUNK * 8:
        raise Damaged(why=name)
    return data


def _sheets(archive: zipfile.ZipFile) -> tuple[dict[str, str], bool]:
    """Return the path of each sheet by its name, and whether days are counted from 1904."""
    book = fromstring(_small(archive, "xl/workbook.xml"), forbid_dtd=True)
    relations = fromstring(_small(archive, "xl/_rels/workbook.xml.rels"), forbid_dtd=True)
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    found: dict[str, str] = {}
    epoch = False
    for node in book.iter():
        tag = node.tag.rsplit("}", 1)[-1]
        if tag == "workbookPr":
            epoch = node.get("date1904", "0") in ("1", "true")
        elif tag == "sheet":
            key = next((value for name, value in node.items() if name.rsplit("}", 1)[-1] == "id"), None)
            target = targets.get(key, "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if "worksheets" in path.lower():
                found[str(node.get("name"))] = path
    return found, epoch


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> Iterator[bytes]:
    used = 0
    with archive.open(info) as file:
        while piece := file.read(_CHUNK):
            used += len(piece)
            if used > left:
                raise Bomb(limit_mb=MOST_UNPACKED // 1_000_000, ratio=MOST_RATIO)
            yield piece


def _measure(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> int:
    used = 0
    xml = info.filename.endswith((".xml", ".rels"))
    for piece in _pieces(archive, info, left):
        if xml and not used:
            _check_head(piece)
        used += len(piece)
    return used


def _check_head(piece: bytes) -> None:
    """Refuse declarations of entities, and XML in an encoding that the look-through would not see."""
    head = piece[:_HEAD]
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise Entities
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head[:4]:
        raise Damaged(why="XML encoding")


def _scan(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, left: int) -> tuple[Hidden, int, int]:
    """Look through one sheet; return what it hides, its cells and its bytes."""
    found = Hidden()
    used = cells = 0
    most_row = 0
    columns: set[bytes] = set()
    rest = b""
    marks = [b"<row"]
    for piece in _pieces(archive, info, left):
        if not used:
            _check_head(piece)
            if prefix := _PREFIX.search(piece):
                marks.append(b"<" + prefix[1] + b"row")
        used += len(piece)
        text = rest + piece
        cut = max(text.rfind(mark) for mark in marks)
        if cut <= 0:
            if len(text) > _MOST_ROW:
                raise TooHeavy
            rest = text
            continue
        text, rest = text[:cut], text[cut:]
        row, here = _piece(text, found, columns)
        most_row, cells = max(most_row, row), cells + here
        _within(name, most_row, columns, cells)
    row, here = _piece(rest, found, columns)
    most_row, cells = max(most_row, row), cells + here
    most_column = _within(name, most_row, columns, cells)
    if most_row * most_column > MOST_CELLS:
        if cells * 10 < most_row * most_column:
            raise FarCell(sheet=name, cell=f"{column_letters(most_column)}{most_row}")
        raise _too_many(name, most_row, most_column)
    if most_row > _TALL and cells * 10 < most_row:
        raise FarCell(sheet=name, cell=f"{column_letters(most_column)}{most_row}")
    return found, cells, used


def _piece(text: bytes, found: Hidden, columns: set[bytes]) -> tuple[int, int]:
    if b"='" in text:
        text = _SINGLE.sub(rb'\1="\2"', text)
    refs = _REF.findall(text)
    rows = _ROW.findall(text)
    if len(_PLACES.findall(text)) != len(refs) + len(rows) and _NOWHERE.search(text):
        raise Damaged(why="XML")
    here = max(len(refs), sum(map(text.count, _CELLS)))
    row = 0
    if refs:
        names, numbers = zip(*refs, strict=True)
        columns.update(names)
        row = max(map(int, set(numbers)))
    row = max(row, max(map(int, rows), default=0))
    if b"hidden=" in text:
        found.rows.update(map(int, _HIDDEN_ROW.findall(text)))
        for attributes in _HIDDEN_COLUMNS.findall(text):
            limits = dict(re.findall(rb'\b(min|max)="([0-9]{1,5})"', attributes))
            if limits.keys() == {b"min", b"max"}:
                found.columns.update(range(int(limits[b"min"]), min(int(limits[b"max"]), MOST_COLUMNS) + 1))
    if b't="e"' in text:
        found.errors.update(ref.decode() for ref in _ERROR.findall(text))
    if b"<f" in text or b":f" in text:
        found.without_value.update(ref.decode() for ref in _NO_VALUE.findall(text))
    return row, here


def _within(name: str, most_row: int, columns: set[bytes], cells: int) -> int:
    most_column = max((column_number(c.decode().upper()) for c in columns), default=0)
    if most_row > MOST_ROWS or cells > MOST_CELLS:
        raise _too_many(name, most_row, most_column)
    if most_column > MOST_COLUMNS:
        if len(columns) > MOST_COLUMNS:
            raise _too_many(name, most_row, most_column)
        raise FarCell(sheet=name, cell=f"{column_letters(most_column)}{most_row}")
    return most_column


def _too_many(name: str, rows: int, columns: int) -> TooManyCells:
    return TooManyCells(
        sheet=name,
        rows=rows or "?",
        columns=columns or "?",
        most_rows=MOST_ROWS,
        most_columns=MOST_COLUMNS,
        most_cells=MOST_CELLS,
    )
