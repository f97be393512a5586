"""
Write single cells into a workbook and leave everything else as it is: formulas, macros, styles, protection, every other part.

The package is not rebuilt from a model of ours: in the XML of a sheet only the
cell is exchanged, all other members keep their bytes. What a user has entered
is never overwritten unless the cell is named.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from typing import Literal

from defusedxml.ElementTree import fromstring

from models.errors import Text, YuetanError
from service.workbook import package
from service.workbook.package import column_number
from service.workbook.raw import kind_of

Outcome = Literal["written", "same", "kept_formula", "kept_value", "no_sheet", "merged"]
OUTCOMES: Mapping[Outcome, Text] = {
    "written": Text("已写入", "written"),
    "same": Text("原值相同，未改动", "already the same"),
    "kept_formula": Text("单元格是公式，未改动", "a formula stands there; it is kept"),
    "kept_value": Text("单元格已有用户填写的值，未改动", "a value of the user stands there; it is kept"),
    "no_sheet": Text("没有这个工作表", "there is no such sheet"),
    "merged": Text("单元格在合并区域内部，未改动", "inside a merged area; it is kept"),
}
_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELL = r'<c\b(?=[^>]*\br="{ref}")[^>]*?(?:/>|>.*?</c>)'
_ROW = r'<row\b(?=[^>]*\br="{row}")[^>]*?(?:/>|>.*?</row>)'


class Signed(YuetanError):
    code = "communication.signed"
    message = Text(
        "文件带有数字签名，写入会使签名失效。", "The file carries a digital signature, which writing would break."
    )
    hint = Text("请提供未签名的副本。", "Hand in a copy without the signature.")


class NotWritable(YuetanError):
    code = "communication.not_writable"
    message = Text("工作表“{sheet}”的结构无法安全写入（{why}）。", "Sheet '{sheet}' cannot be written safely ({why}).")
    hint = Text(
        "请用 Excel 打开并另存为 xlsx 或 xlsm 后再试。", "Open it in Excel, save it as xlsx or xlsm, and try again."
    )


@dataclass(frozen=True, slots=True)
class Edit:
    """One value for one cell; ``origin`` says where it comes from."""

    sheet: str
    cell: str
    value: float | str
    origin: Text


@dataclass(frozen=True, slots=True)
class Written:
    """What became of an edit, with what stood in the cell before."""

    edit: Edit
    outcome: Outcome
    before: str


def write_cells(data: bytes, edits: Sequence[Edit], allowed: Iterable[str] = ()) -> tuple[bytes, list[Written]]:
    """
    Return a copy of a workbook with the cells written, and what became of each.

    Parameters
    ----------
    data : bytes
        An xlsx or xlsm of the user.
    edits : sequence of Edit
        Cells to write; a later edit of the same cell is not looked at.
    allowed : iterable of str
        Cells as ``Sheet!A1`` whose value of the user may be overwritten; formulas never are.

    Raises
    ------
    FileProblem
        Encrypted, damaged, too large, or no xlsx.
    Signed
        A digital signature would break.
    NotWritable
        The XML of a sheet has a form that we do not write.

    Notes
    -----
    Where anything is written the workbook is marked to be computed afresh when
    it is opened (``fullCalcOnLoad``), since results stored beside formulas are
    then old.
    """
    if kind_of(data) != "xlsx":
        raise NotWritable(sheet="—", why="no xlsx")
    package.inspect(data)
    may = set(allowed)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        if any(name.startswith("_xmlsignatures/") for name in names):
            raise Signed
        paths = _sheet_paths(archive)
        shared = _shared(archive)
        changed: dict[str, bytes] = {}
        done: list[Written] = []
        for sheet in dict.fromkeys(edit.sheet for edit in edits):
            mine = [edit for edit in edits if edit.sheet == sheet]
            if sheet not in paths:
                done += [Written(edit, "no_sheet", "") for edit in mine]
                continue
            xml = archive.read(paths[sheet]).decode("utf-8")
            if re.search(r"<\w+:sheetData", xml):
                raise NotWritable(sheet=sheet, why="namespace prefix")
            fresh, told = _write_sheet(xml, mine, sheet, may, shared)
            done += told
            if fresh != xml:
                changed[paths[sheet]] = fresh.encode("utf-8")
        if changed:
            changed["xl/workbook.xml"] = _computed_afresh(archive.read("xl/workbook.xml").decode("utf-8")).encode(
                "utf-8"
            )
        return _rebuilt(archive, changed), done


def _rebuilt(archive: zipfile.ZipFile, changed: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for info in archive.infolist():
            made.writestr(
                info, changed.get(info.filename, archive.read(info.filename)), compress_type=info.compress_type
            )
    return out.getvalue()


def _sheet_paths(archive: zipfile.ZipFile) -> dict[str, str]:
    rels = fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {rel.get("Id"): str(rel.get("Target")) for rel in rels}
    book = fromstring(archive.read("xl/workbook.xml"))
    found = {}
    for sheet in book.iter(f"{_NS}sheet"):
        target = targets.get(sheet.get(_R), "")
        found[str(sheet.get("name"))] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return found


def _shared(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    root = fromstring(archive.read("xl/sharedStrings.xml"))
    return ["".join(t.text or "" for t in item.iter(f"{_NS}t")) for item in root]


def _computed_afresh(xml: str) -> str:
    """Return the workbook part with its calculation marked as old; nothing else of it is touched."""
    match = re.search(r"<calcPr\b[^>]*?/?>", xml)
    if match is None:
        return xml.replace("</workbook>", '<calcPr fullCalcOnLoad="1"/></workbook>')
    tag = re.sub(r'\sfullCalcOnLoad="[^"]*"', "", match.group())
    end = "/>" if tag.endswith("/>") else ">"
    return xml[: match.start()] + tag[: -len(end)].rstrip() + ' fullCalcOnLoad="1"' + end + xml[match.end() :]


def _write_sheet(
    xml: str, edits: Sequence[Edit], sheet: str, may: set[str], shared: Sequence[str]
) -> tuple[str, list[Written]]:
    inner = _inside_merges(xml)
    done: list[Written] = []
    for edit in edits:
        match = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", edit.cell)
        if match is None:
            raise NotWritable(sheet=sheet, why=edit.cell)
        if (column_number(match.group(1)), int(match.group(2))) in inner:
            done.append(Written(edit, "merged", ""))
            continue
        xml, outcome, before = _write_one(xml, edit, int(match.group(2)), f"{sheet}!{edit.cell}" in may, shared, sheet)
        done.append(Written(edit, outcome, before))
    return xml, done


def _write_one(
    xml: str, edit: Edit, row: int, may: bool, shared: Sequence[str], sheet: str
) -> tuple[str, Outcome, str]:
    line = re.search(_ROW.format(row=row), xml, re.DOTALL)
    if line is None:
        return _with_row(xml, row, f'<row r="{row}">{_cell(edit, "")}</row>', sheet), "written", ""
    text = line.group()
    found = re.search(_CELL.format(ref=edit.cell), text, re.DOTALL)
    if found is None:
        fresh = _with_cell(text, edit)
    else:
        cell = found.group()
        if "<f" in cell:
            return xml, "kept_formula", _value(cell, shared)
        before = _value(cell, shared)
        if before and _same(before, edit.value):
            return xml, "same", before
        if before and not may:
            return xml, "kept_value", before
        style = re.search(r'\ss="[0-9]+"', cell[: cell.index(">") + 1])
        fresh = text[: found.start()] + _cell(edit, style.group() if style else "") + text[found.end() :]
        return xml[: line.start()] + fresh + xml[line.end() :], "written", before
    return xml[: line.start()] + fresh + xml[line.end() :], "written", ""


def _cell(edit: Edit, style: str) -> str:
    if isinstance(edit.value, float):
        return f'<c r="{edit.cell}"{style}><v>{edit.value!r}</v></c>'
    return f'<c r="{edit.cell}"{style} t="inlineStr"><is><t xml:space="preserve">{escape(edit.value, quote=False)}</t></is></c>'


def _with_cell(row: str, edit: Edit) -> str:
    """Return a row with a new cell at its place by column."""
    if row.endswith("/>"):
        return f"{row[:-2]}>{_cell(edit, '')}</row>"
    mine = _column(edit.cell)
    for cell in re.finditer(r'<c\b[^>]*\br="([A-Z]{1,3})[0-9]+"', row):
        if column_number(cell.group(1)) > mine:
            return row[: cell.start()] + _cell(edit, "") + row[cell.start() :]
    return f"{row[: -len('</row>')]}{_cell(edit, '')}</row>"


def _with_row(xml: str, row: int, made: str, sheet: str) -> str:
    for later in re.finditer(r'<row\b[^>]*\br="([0-9]+)"', xml):
        if int(later.group(1)) > row:
            return xml[: later.start()] + made + xml[later.start() :]
    if "</sheetData>" in xml:
        return xml.replace("</sheetData>", f"{made}</sheetData>", 1)
    if "<sheetData/>" in xml:
        return xml.replace("<sheetData/>", f"<sheetData>{made}</sheetData>", 1)
    raise NotWritable(sheet=sheet, why="sheetData")


def _column(ref: str) -> int:
    return column_number(ref.rstrip("0123456789"))


def _value(cell: str, shared: Sequence[str]) -> str:
    """Return what a cell shows, as text; empty where it holds nothing."""
    kind = re.search(r'\st="(\w+)"', cell[: cell.index(">") + 1])
    if kind is not None and kind.group(1) == "inlineStr":
        return unescape("".join(re.findall(r"<t\b[^>]*>(.*?)</t>", cell, re.DOTALL)))
    value = re.search(r"<v\b[^>]*>(.*?)</v>", cell, re.DOTALL)
    if value is None:
        return ""
    text = unescape(value.group(1))
    if kind is not None and kind.group(1) == "s":
        at = int(text)
        return shared[at] if at < len(shared) else text
    return text


def _same(before: str, value: float | str) -> bool:
    if isinstance(value, str):
        return before.strip() == value.strip()
    try:
        return abs(float(before) - value) <= 1e-12 * max(1.0, abs(value))
    except ValueError:
        return False


def _inside_merges(xml: str) -> set[tuple[int, int]]:
    """Return the cells inside merged areas that are not their first."""
    found: set[tuple[int, int]] = set()
    for a, r, b, s in re.findall(r'<mergeCell\b[^>]*\bref="([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)"', xml):
        first, last = column_number(a), column_number(b)
        area = {(c, row) for c in range(first, last + 1) for row in range(int(r), int(s) + 1)}
        found |= area - {(first, int(r))}
        if len(found) > 2_000_000:
            raise NotWritable(sheet="—", why="mergeCells")
    return found
