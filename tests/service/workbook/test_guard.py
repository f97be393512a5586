"""Hostile and broken files: refused in words, within limits, and only the child may die."""

from __future__ import annotations

import contextlib
import io
import re
import stat
import time
import zipfile
from typing import Any

import pytest

from service.workbook import guard, raw
from service.workbook.guard import read_grid, read_sheets
from service.workbook.package import MOST_MEMBERS
from service.workbook.problems import Damaged, EmptyFile, FileProblem, WrongKind

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEAD = b'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def code_of(data: bytes) -> str:
    with pytest.raises(FileProblem) as told:
        read_sheets(data)
    assert told.value.text("zh")
    assert told.value.text("en")
    return told.value.code


def test_a_good_file_is_read_with_its_types(files: Any) -> None:
    (sheet,) = read_sheets(files.xlsx(files.table()))
    assert (sheet.name, sheet.head.visible) == ("货物", True)
    assert sheet.rows[0] == files.HEADING
    assert sheet.rows[2] == ["钢结构件", "73089059", "中国", 10.0, "2026-05-12"]


@pytest.mark.parametrize("data", [b"", b" \r\n\r\n", b"\xef\xbb\xbf"])
def test_empty_files(data: bytes) -> None:
    assert code_of(data) == "workbook.empty"


def test_encrypted_files() -> None:
    stream = "EncryptedPackage".encode("utf-16-le")
    assert code_of(OLE + b"\0" * 2040 + stream + b"\0" * 500) == "workbook.encrypted"


def test_truncated_files(files: Any) -> None:
    good = files.xlsx(files.table())
    for share in (0.1, 0.5, 0.9, 0.99):
        assert code_of(good[: int(len(good) * share)]) == "workbook.damaged"


def test_other_files(files: Any) -> None:
    assert code_of(b"%PDF-1.7 \n%\xe2\xe3\xcf\xd3\n") in ("workbook.wrong_kind", "workbook.encoding")
    assert code_of(files.package({"a.txt": b"text"})) == "workbook.wrong_kind"
    assert (
        code_of(files.package({"word/document.xml": b"<a/>", "[Content_Types].xml": b"<a/>"})) == "workbook.wrong_kind"
    )
    assert code_of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") == "workbook.wrong_kind"
    assert code_of(b"<html><table><tr><td>1</td></tr></table></html>") == "workbook.wrong_kind"
    assert code_of(OLE + b"\0" * 4000) in ("workbook.wrong_kind", "workbook.damaged")


def test_a_wrong_extension_changes_nothing(files: Any) -> None:
    assert read_grid(files.xlsx(files.table()), "goods.csv").rows[0] == files.HEADING
    assert read_grid(files.csv_text(files.table()).encode(), "goods.xls").rows[0] == files.HEADING


def test_a_file_above_the_limit_is_not_looked_at() -> None:
    begun = time.monotonic()
    assert code_of(b"PK\x03\x04" + b"\0" * 30_000_001) == "workbook.too_large"
    assert time.monotonic() - begun < 1


def test_a_zip_bomb_is_not_unpacked(files: Any) -> None:
    row = b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + b"0" * 330_000_000 + b"</t></is></c></row>"
    bomb = files.with_sheet(HEAD + b"<sheetData>" + row + b"</sheetData></worksheet>")
    begun = time.monotonic()
    assert code_of(bomb) == "workbook.bomb"
    assert time.monotonic() - begun < 5


def test_a_zip_that_lies_about_its_size_is_stopped_on_the_way(files: Any) -> None:
    data = bytearray(
        files.package({**files.members(files.xlsx(files.table())), "xl/media/a.xml": b"<a>" + b"0" * 400_000_000})
    )
    size = (400_000_003).to_bytes(4, "little")
    while (at := data.find(size)) >= 0:
        data[at : at + 4] = (1000).to_bytes(4, "little")
    assert code_of(bytes(data)) in ("workbook.bomb", "workbook.damaged")


@pytest.mark.parametrize("corner", ["XFD1048576", "xfd1048576", "A1048576", "XFD1", "ZZ9"])
def test_a_stray_cell_far_away(files: Any, corner: str) -> None:
    letters = corner.rstrip("0123456789")
    row = corner[len(letters) :]
    xml = (
        HEAD
        + b'<dimension ref="A1:B2"/><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        + f'<row r="{row}"><c r="{corner}"><v>1</v></c></row></sheetData></worksheet>'.encode()
    )
    begun = time.monotonic()
    assert code_of(files.with_sheet(xml)) == "workbook.far_cell"
    assert time.monotonic() - begun < 5


def test_a_dimension_that_lies_hides_no_row(files: Any) -> None:
    parts = files.members(files.xlsx(files.table()))
    name = "xl/worksheets/sheet1.xml"
    parts[name] = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B2"', parts[name])
    (sheet,) = read_sheets(files.package(parts))
    assert len(sheet.rows) == 4
    assert len(sheet.rows[3]) == 5


def test_entities_are_refused(files: Any) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;">]>'
    xml = bomb + HEAD.partition(b"?>")[2] + b"<sheetData/></worksheet>"
    assert code_of(files.with_sheet(xml)) == "workbook.entities"
    parts = files.members(files.xlsx(files.table()))
    parts["xl/workbook.xml"] = bomb + parts["xl/workbook.xml"].removeprefix(b'<?xml version="1.0"?>').lstrip()
    assert code_of(files.package(parts)) == "workbook.entities"


def test_a_million_rows(files: Any) -> None:
    rows = b"".join(b'<row r="%d"><c r="A%d"/><c r="F%d"/></row>' % (n, n, n) for n in range(1, 1_000_001))
    data = files.with_sheet(HEAD + b"<sheetData>" + rows + b"</sheetData></worksheet>")
    begun = time.monotonic()
    assert code_of(data) in ("workbook.too_many_cells", "workbook.bomb")
    assert time.monotonic() - begun < 15


def test_the_child_is_ended_by_its_limits_and_the_parent_says_so(files: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileProblem) as told:
        read_sheets(files.xlsx(files.table()), wall_s=0.01)
    assert told.value.code == "workbook.too_heavy"
    monkeypatch.setattr(guard.sys, "executable", "/bin/false")
    with pytest.raises(FileProblem) as told:
        read_sheets(files.xlsx(files.table()))
    assert told.value.code == "workbook.too_heavy"


def test_one_long_text_in_many_cells_does_not_fill_the_parent(files: Any) -> None:
    parts = files.members(files.xlsx(files.table()))
    parts["xl/sharedStrings.xml"] = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
        + b"x" * 30_000
        + b"</t></si></sst>"
    )
    rows = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(1, 5001))
    parts["xl/worksheets/sheet1.xml"] = HEAD + b"<sheetData>" + rows + b"</sheetData></worksheet>"
    (sheet,) = read_sheets(files.package(parts))
    assert {len(str(row[0])) for row in sheet.rows} == {raw.LONGEST}


def test_what_the_child_tells_is_limited(files: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MOST_TOLD", 100)
    assert code_of(files.xlsx(files.table())) == "workbook.too_heavy"


def test_progress_is_told(files: Any) -> None:
    seen: list[tuple[int, int]] = []
    text = files.csv_text([files.HEADING, *[["a", "73089059", "CN", "1.5", "2026-05-12"]] * 5000])
    read_sheets(text.encode(), progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == 5001


def test_damaged_parts_are_refused_not_raised(files: Any) -> None:
    parts = files.members(files.xlsx(files.table()))
    for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"):
        for spoiled in (b"", b"<", parts[name][: len(parts[name]) // 2], b"\xff\xfe<\0a\0>\0"):
            with contextlib.suppress(Damaged, EmptyFile, WrongKind):
                read_sheets(files.package({**parts, name: spoiled}))


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "xl/../../x", "link", "many"])
def test_members_that_lead_out_links_and_too_many_are_refused(files: Any, name: str) -> None:
    made = io.BytesIO(files.xlsx(files.table()))
    with zipfile.ZipFile(made, "a") as archive:
        if name == "many":
            for number in range(MOST_MEMBERS):
                archive.writestr(f"x/{number}", b"")
        else:
            info = zipfile.ZipInfo(name)
            info.external_attr = ((stat.S_IFLNK if name == "link" else stat.S_IFREG) | 0o644) << 16
            archive.writestr(info, b"/etc/passwd")
    with pytest.raises(Damaged):
        read_sheets(made.getvalue())
