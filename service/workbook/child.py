"""
The guarded child: one file in on standard input, its cells out as JSON lines, and nothing else.

Run as ``python -m service.workbook.child`` by ``guard``. It limits itself
before it looks at the file: memory, processor time, no file may grow, no core.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any, BinaryIO

from service.workbook.layout import default_layout
from service.workbook.problems import Damaged, FileProblem, TooHeavy
from service.workbook.raw import sheets_of

MEMORY = 512 << 20
PROCESSOR_S = 20
#: Most of one line of the answer, so that the parent never holds more than it can bear.
_ROWS, _CELLS = 2000, 50_000


def limit_self() -> None:
    """Set the limits that this system has; Windows has none of them."""
    try:
        import resource
    except ImportError:
        return
    for name, most in (
        ("RLIMIT_AS", MEMORY),
        ("RLIMIT_CPU", PROCESSOR_S),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NPROC", 0),
    ):
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        _, hard = resource.getrlimit(kind)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (limit, limit if name != "RLIMIT_CPU" else limit + 1))
        except (ValueError, OSError):
            continue


def known_heading(text: str) -> bool:
    """Return whether a text is a heading of any sheet; only a CSV asks, so the layout is not read before."""
    return any(sheet.heading(text) for sheet in default_layout().sheets.values())


def run(data: bytes, out: BinaryIO) -> None:
    """Write the sheets of ``data`` to ``out``; a refusal is written as well."""

    def tell(document: Any) -> None:
        out.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n")

    try:
        for head, rows in sheets_of(data, known_heading):
            tell({"sheet": asdict(head)})
            some: list[Any] = []
            cells = 0
            for row in rows:
                some.append(row)
                cells += len(row)
                if len(some) == _ROWS or cells > _CELLS:
                    tell({"rows": some})
                    out.flush()
                    some, cells = [], 0
            tell({"rows": some})
        tell({"end": True})
    except FileProblem as problem:
        tell({"problem": problem.code, "params": problem.params})
    except MemoryError:
        tell({"problem": TooHeavy.code, "params": {}})
    except BrokenPipeError:
        raise
    except BaseException as error:
        tell({"problem": Damaged.code, "params": {"why": type(error).__name__}})


def main() -> None:
    """Read the file, limit ourselves, write the cells."""
    default_layout()  # read before the limits
    limit_self()
    run(sys.stdin.buffer.read(), sys.stdout.buffer)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
