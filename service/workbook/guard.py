"""Reading a file in a child process, so that a hostile file harms nothing but the child."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from service.workbook.raw import MOST_BYTES, Cell
from service.workbook.refusals import KINDS, BadFile, EmptyFile, OutOfTime, TooBig

WALL_S = 60


def read_raw(data: bytes) -> dict[str, Any]:
    """
    Return what ``raw.read`` gives, from a child limited to 512 MiB and 20 s of processor time.

    Raises
    ------
    BadFile
        The file is refused, or the child was stopped.
    """
    if not data:
        raise EmptyFile
    if len(data) > MOST_BYTES:
        raise TooBig(what_zh="文件字节数", what_en="bytes", limit="30 MB")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "service.workbook.child"],
            input=data,
            capture_output=True,
            timeout=WALL_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OutOfTime from error
    if done.returncode != 0:
        # Killed by a limit, or a panic of the reader: either way only the child is gone.
        raise OutOfTime if done.returncode < 0 else BadFile(what_zh="内容异常", what_en="its content is malformed")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "refused" in answer:
        raise KINDS[answer["refused"]["code"]](**answer["refused"]["params"])
    ok: dict[str, Any] = answer["ok"]
    return ok


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet as texts."""

    rows: list[list[str]]
    sheet: str | None = None


def read_grid(data: bytes, filename: str) -> Grid:
    """Return the first visible sheet of a file as texts, for tables of quotes; raises as ``read_raw``."""
    raw = read_raw(data)
    sheet = next((s for s in raw["sheets"] if not s["hidden"] and s["rows"]), raw["sheets"][0])
    return Grid(
        [[_text(cell) for cell in row] for row in sheet["rows"]], None if raw["kind"] == "csv" else sheet["name"]
    )


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, list):
        return cell[1] if len(cell) > 1 else ""
    if isinstance(cell, bool):
        return str(cell)
    return f"{cell:.15g}" if isinstance(cell, float) else cell
