"""Small files that would be large, slow or deadly to a parser; each has to be answered, and only the child may suffer."""

from __future__ import annotations

import io
import json
import multiprocessing
import re
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from service.workbook.guard import read_sheets
from service.workbook.problems import FileProblem
from tests.corpus.draft import good_draft
from tests.corpus.shaping import members, packed

_HEAD = b'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
_MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def _with(parts: dict[str, bytes]) -> bytes:
    return packed(members(good_draft().write()) | parts)


def _sheet(rows: bytes, before: bytes = b"") -> bytes:
    return _with({"xl/worksheets/sheet1.xml": _HEAD + before + b"<sheetData>" + rows + b"</sheetData></worksheet>"})


def _long_text() -> bytes:
    return _sheet(b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + b"0" * 280_000_000 + b"</t></is></c></row>")


def _shared_text() -> bytes:
    text = b"<sst " + _MAIN + b"><si><t>" + b"x" * 32_000 + b"</t></si></sst>"
    rows = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(1, 200_001))
    return _with(
        {
            "xl/sharedStrings.xml": text,
            "xl/worksheets/sheet1.xml": _HEAD + b"<sheetData>" + rows + b"</sheetData></worksheet>",
        }
    )


def _gigabyte() -> bytes:
    out = io.BytesIO(_with({}))
    with (
        zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/image1.xml", "w", force_zip64=True) as file,
    ):
        for _ in range(1000):
            file.write(b"0" * 1_000_000)
    return out.getvalue()


def _entities() -> bytes:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    return _with({"xl/sharedStrings.xml": f"<?xml version='1.0'?><!DOCTYPE a [{levels}]><sst>&e9;</sst>".encode()})


def _outside() -> bytes:
    return _with(
        {"xl/workbook.xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'}
    )


def _lying_dimension() -> bytes:
    parts = members(good_draft().write())
    name = "xl/worksheets/sheet1.xml"
    return packed(parts | {name: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', parts[name])})


def _far() -> bytes:
    return _sheet(b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def _many_cells() -> bytes:
    row = b"".join(b'<c r="%s%%d"/>' % chr(65 + n).encode() for n in range(26))
    return _sheet(
        b"".join(b'<row r="%d">' % n + row.replace(b"%d", str(n).encode()) + b"</row>" for n in range(1, 200_001))
    )


def _deep_zip() -> bytes:
    data = b"0" * 50_000_000
    for _ in range(5):
        data = packed({"a.zip": data})
    return data


def _many_members() -> bytes:
    return _with({f"xl/media/{n}.bin": b"0" for n in range(60_000)})


def _deep_xml() -> bytes:
    return _with({"xl/workbook.xml": b"<a>" * 1_500_000 + b"</a>" * 1_500_000})


def _merged() -> bytes:
    areas = b"".join(b'<mergeCell ref="A%d:GR%d"/>' % (n, n + 1) for n in range(2, 400_000, 2))
    return _with({"xl/worksheets/sheet1.xml": _HEAD + b'<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData><mergeCells>'
                  + areas + b"</mergeCells></worksheet>"})  # fmt: skip


def _csv_cells() -> bytes:
    return (b"," * 190 + b"\n") * 140_000


def _csv_one_line() -> bytes:
    return b"CN" * 14_000_000


def _csv_quotation() -> bytes:
    return b'CN,"' + b"x\n" * 14_000_000


def _csv_numbers() -> bytes:
    row = ("钢,73089059,CN," + "9" * 10_000 + ",2026-05-12\n").encode()
    return "品名,CN编码,原产地,净重（吨）,进口日期\n".encode() + row * 2_000


#: Each kind by its name.
BOMBS: dict[str, Callable[[], bytes]] = {
    name.removeprefix("_"): make
    for name, make in sorted(globals().items())
    if name.startswith("_")
    and callable(make)
    and name not in ("_with", "_sheet")
    and getattr(make, "__module__", "") == __name__
}


def weighed(name: str) -> None:
    """Make a bomb and print how it is answered, each in a process of its own: the greatest memory is never another's."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bomb"
        for step in (_make, _answered):
            process = multiprocessing.get_context("spawn").Process(target=step, args=(name, file))
            process.start()
            process.join()
            assert process.exitcode == 0


def _make(name: str, file: Path) -> None:
    file.write_bytes(BOMBS[name]())


def _answered(name: str, file: Path) -> None:
    data, begun = file.read_bytes(), time.monotonic()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        read_sheets(data)
        code = "read"
    except FileProblem as problem:
        code = problem.code
    wall = time.monotonic() - begun
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    told = {
        "bomb": name, "kb": len(data) // 1000, "answer": code, "wall_s": round(wall, 2),
        "child_cpu_s": round(child.ru_utime + child.ru_stime, 2), "child_mib": child.ru_maxrss // 1024, "parent_grew_mib": grown // 1024,
    }  # fmt: skip
    print(json.dumps(told), flush=True)
