"""A file read by a child process that may die of it; the parent gets cells or a refusal in words."""

from __future__ import annotations

import json
import os
import subprocess  # nosec B404 - our own module, no shell
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.workbook.problems import FILE_PROBLEMS, Damaged, EmptyFile, FileProblem, TooHeavy, TooManyRows
from service.workbook.raw import Cell, SheetHead, kind_of

WALL_S = 60.0
#: Bytes of cells that are taken from the child: as much as a file may unpack to.
MOST_TOLD = 300_000_000
#: Filled rows of one sheet beyond which the file is to be split: what follows keeps an object per row.
MOST_FILLED = 200_000
_ROOT = Path(__file__).resolve().parents[2]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class RawSheet:
    """A sheet and its rows; the first is row 1."""

    head: SheetHead
    rows: list[list[Cell]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.head.name


@dataclass(frozen=True, slots=True)
class Grid:
    """One table of texts, for readers that type cells themselves."""

    sheet: str
    rows: list[list[str]]


def read_sheets(data: bytes, *, progress: Progress | None = None, wall_s: float = WALL_S) -> list[RawSheet]:
    """
    Read every sheet of a file in a guarded child.

    Parameters
    ----------
    data : bytes
        The file: xlsx, xlsm, xls or csv, told by content.
    progress : callable or None
        Called with the rows read so far and 0: how many there are is not known.
    wall_s : float
        Seconds after which the child is ended.

    Raises
    ------
    FileProblem
        The file is refused, or the child died of it.
    """
    kind_of(data)  # what needs no parser is refused here
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    child = subprocess.Popen(  # nosec B603 - a fixed command
        [sys.executable, "-m", "service.workbook.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        env=inherited | {"PYTHONPATH": str(_ROOT), "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    timer = threading.Timer(wall_s, child.kill)
    timer.daemon = True
    timer.start()
    try:
        return _listen(child, data, progress)
    finally:
        timer.cancel()
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()


def _listen(child: subprocess.Popen[bytes], data: bytes, progress: Progress | None) -> list[RawSheet]:
    if child.stdin is None or child.stdout is None:
        raise TooHeavy
    try:
        child.stdin.write(data)
        child.stdin.close()
    except BrokenPipeError:
        raise TooHeavy from None
    sheets: list[RawSheet] = []
    done = filled = size = 0
    for line in child.stdout:
        size += len(line)
        if size > MOST_TOLD:
            raise TooHeavy
        try:
            told = json.loads(line)
        except ValueError:
            raise TooHeavy from None  # the child was ended in the middle of a line
        if "rows" in told:
            sheets[-1].rows.extend(told["rows"])
            done += len(told["rows"])
            filled += sum(map(bool, told["rows"]))
            if filled > MOST_FILLED:
                raise TooManyRows(sheet=sheets[-1].name, limit=MOST_FILLED)
            if progress is not None:
                progress(done, 0)
        elif "sheet" in told:
            sheets.append(RawSheet(SheetHead(**told["sheet"])))
            filled = 0
        elif "problem" in told:
            raise _problem(told["problem"], told["params"])
        elif told.get("end"):
            return sheets
    raise TooHeavy


def _problem(code: str, params: dict[str, Any]) -> FileProblem:
    kind = FILE_PROBLEMS.get(code)
    return kind(**params) if kind else Damaged(why=code)


def read_grid(data: bytes, filename: str) -> Grid:
    """
    Read the first visible sheet that holds anything, every cell as text.

    Raises
    ------
    FileProblem
        As ``read_sheets``; ``EmptyFile`` where no sheet holds anything.
    """
    for sheet in read_sheets(data):
        if sheet.head.visible and any(sheet.rows):
            name = filename if sheet.name == "CSV" else sheet.name
            return Grid(name, [[as_text(cell) for cell in row] for row in sheet.rows])
    raise EmptyFile


def as_text(cell: Cell) -> str:
    """Return a cell as people would write it; a number without a needless ``.0``."""
    if isinstance(cell, str):
        return cell[1:].upper() if cell.startswith("\0") else cell
    return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
