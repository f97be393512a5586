"""
An old xls before anything parses it: what its cells and rows hide.

The parser behind us gives error values as empty cells and does not know of
hidden rows. Both stand in the records of the stream, which are looked through
here without reading any value. Layout as in the published specifications of
compound files ([MS-CFB]) and of the binary format ([MS-XLS]).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from service.workbook.package import Hidden, column_letters
from service.workbook.problems import Damaged, Encrypted

_FREE = 0xFFFFFFFA  # this and above: no sector
_BOUNDSHEET, _FILEPASS, _DATE_1904, _EOF = 0x0085, 0x002F, 0x0022, 0x000A
_FORMULA, _BOOLERR, _ROW, _COLINFO = 0x0006, 0x0205, 0x0208, 0x007D
_HIDDEN_ROW, _HIDDEN_COLUMN = 0x20, 0x01
_WIDEST = 256


def inspect(data: bytes) -> tuple[list[Hidden], bool]:
    """
    Return what each sheet hides, in the order of the workbook, and whether days are counted from 1904.

    Raises
    ------
    Damaged, Encrypted
        The file is not parsed.
    """
    try:
        return _inspect(_Compound(data).stream(("Workbook", "Book")))
    except (struct.error, IndexError, ValueError) as error:
        raise Damaged(why="xls") from error


def _inspect(book: bytes) -> tuple[list[Hidden], bool]:
    starts: list[int] = []
    epoch_1904 = False
    for kind, body in _records(book, 0):
        if kind == _FILEPASS:
            raise Encrypted
        if kind == _BOUNDSHEET:
            starts.append(struct.unpack_from("<I", body)[0])
        elif kind == _DATE_1904:
            epoch_1904 = struct.unpack_from("<H", body)[0] == 1
        elif kind == _EOF:
            break
    return [_sheet(book, start) for start in starts], epoch_1904


def _sheet(book: bytes, start: int) -> Hidden:
    found = Hidden()
    for kind, body in _records(book, start):
        if kind == _ROW:
            row, flags = struct.unpack_from("<H10xI", body)
            if flags & _HIDDEN_ROW:
                found.rows.add(row + 1)
        elif kind == _COLINFO:
            first, last, flags = struct.unpack_from("<HH4xH", body)
            if flags & _HIDDEN_COLUMN:
                found.columns.update(range(first + 1, min(last, _WIDEST - 1) + 2))
        elif (kind == _BOOLERR and body[7] == 1) or (kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2):
            row, column = struct.unpack_from("<HH", body)
            found.errors.add(f"{column_letters(column + 1)}{row + 1}")
        elif kind == _EOF:
            break
    return found


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length


class _Compound:
    """A compound file: streams in chains of sectors. A chain that does not end is damage."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        shift, self.mini_shift = struct.unpack_from("<HH", data, 0x1E)
        if shift not in (9, 12) or self.mini_shift != 6:
            raise Damaged(why="xls")
        self.size = 1 << shift
        directory, self.cutoff, mini, _, difat, _ = struct.unpack_from("<I4xIIIII", data, 0x30)
        self.table = self._allocation(difat)
        self.entries = self._join(self._chain(directory, self.table))
        root = self._entry("Root Entry")
        self.mini_table = self._numbers(self._join(self._chain(mini, self.table))) if mini < _FREE else []
        self.mini = self._join(self._chain(root[0], self.table)) if root and root[0] < _FREE else b""

    def _allocation(self, difat: int) -> list[int]:
        sectors = [s for s in struct.unpack_from("<109I", self.data, 0x4C) if s < _FREE]
        most = len(self.data) // self.size + 1
        while difat < _FREE and len(sectors) <= most:
            *more, difat = self._numbers(self._sector(difat))
            sectors += [s for s in more if s < _FREE]
        if len(sectors) > most:
            raise Damaged(why="xls")
        return [number for sector in sectors for number in self._numbers(self._sector(sector))]

    @staticmethod
    def _numbers(data: bytes) -> list[int]:
        return [number for (number,) in struct.iter_unpack("<I", data[: len(data) // 4 * 4])]

    def _sector(self, number: int) -> bytes:
        return self.data[(number + 1) * self.size : (number + 2) * self.size]

    def _chain(self, first: int, table: list[int]) -> list[int]:
        chain = []
        while first < _FREE:
            chain.append(first)
            if len(chain) > len(table):
                raise Damaged(why="xls")
            first = table[first]
        return chain

    def _join(self, chain: list[int]) -> bytes:
        return b"".join(map(self._sector, chain))

    def _entry(self, name: str) -> tuple[int, int] | None:
        for at in range(0, len(self.entries) - 127, 128):
            length = struct.unpack_from("<H", self.entries, at + 64)[0]
            own = self.entries[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            if own.casefold() == name.casefold():
                first, size = struct.unpack_from("<II", self.entries, at + 116)
                return first, size
        return None

    def stream(self, names: tuple[str, ...]) -> bytes:
        """Return the first stream that is there."""
        for name in names:
            if (entry := self._entry(name)) is not None:
                first, size = entry
                if size >= self.cutoff:
                    return self._join(self._chain(first, self.table))[:size]
                step = 1 << self.mini_shift
                chain = self._chain(first, self.mini_table)
                return b"".join(self.mini[number * step : (number + 1) * step] for number in chain)[:size]
        raise Damaged(why="xls")
