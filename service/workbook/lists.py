"""
Workbooks of several lists: the template of a layout, filled or empty, and what a filled one holds, by row and cell.

A topic states its sheets and columns as data (``data/words/<topic>_workbook.yaml``)
and makes its input of the rows; what is wrong with a cell is told here, what is
wrong between rows by the topic, at the place of the row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from models.errors import Text, YuetanError
from models.findings import Finding
from models.inputs import Input
from service.workbook.codes import Candidates, default_origins
from service.workbook.guard import RawSheet, as_text, read_sheets
from service.workbook.heading import find
from service.workbook.layout import Layout, Sheet, fold
from service.workbook.parts import build, no_columns
from service.workbook.problems import CellProblem
from service.workbook.raw import Cell, cell_name
from service.workbook.table import Notes, Table, tell_twice
from service.workbook.template import Book

M = TypeVar("M", bound=Input)
_INDEXED = re.compile(r"([a-z_]+)\.([0-9]+)(?:\.([a-z0-9_]+))?.*")


class NothingToRead(YuetanError):
    code = "workbook.nothing_to_read"
    message = Text("文件中没有“{names_zh}”表的内容。", "The file holds nothing of: {names_en}.")
    hint = Text("请用模板填写后再提交。", "Fill in the template and hand it in again.")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a list: its values by field, and where it stands."""

    values: dict[str, Any]
    sheet: str
    row: int
    cells: Mapping[str, str]
    found: Mapping[str, Cell]


@dataclass(slots=True)
class Lists:
    """What a workbook holds: rows by sheet, and the findings so far."""

    layout: Layout
    lines: dict[str, list[Line]] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)
    #: Where the items of each list of the input came from, in their order.
    places: dict[str, list[Line]] = field(default_factory=dict)

    def of(self, key: str) -> list[Line]:
        """Return the rows of a sheet that could be read."""
        return self.lines.get(key, [])

    def refuse(self, line: Line, problem: CellProblem) -> None:
        """Tell what is wrong with a row, at its cell where the problem names one."""
        of = str(problem.field) if problem.field else ""
        found = line.found.get(of)
        self.notes.findings.append(
            Finding.of(
                problem,
                severity=problem.severity,
                sheet=line.sheet,
                row=line.row,
                cell=line.cells.get(of),
                found=None if found is None else as_text(found)[:80],
            )
        )

    def made(
        self, key: str, kind: type[M], values: Callable[[Line], dict[str, Any]] = lambda line: line.values
    ) -> list[M]:
        """Return the rows of a sheet as items of the input; a row that is refused is told and left out."""
        items: list[M] = []
        self.places[key] = []
        for line in self.of(key):
            item, problems = build(kind, values(line), self.layout.sheets[key])
            for problem in problems:
                self.refuse(line, problem)
            if item is not None:
                items.append(item)
                self.places[key].append(line)
        return items

    def placed(self, finding: Finding) -> Finding:
        """Return a finding about an item of the input (``streams.3.fuel``) with the sheet, row and cell it came from."""
        match = _INDEXED.fullmatch(finding.field or "")
        if match is None or int(match[2]) >= len(self.places.get(match[1], ())):
            return finding
        line = self.places[match[1]][int(match[2])]
        return replace(finding, sheet=line.sheet, row=line.row, cell=line.cells.get(match[3] or ""))


def read_lists(data: bytes, layout: Layout, needed: Sequence[str], candidates: Candidates | None = None) -> Lists:
    """
    Read the sheets of a workbook.

    Parameters
    ----------
    data : bytes
        The file, read in a guarded child.
    layout : Layout
        Sheets and columns.
    needed : sequence of str
        Keys of sheets of which one row at least must be there.
    candidates : callable or None
        Codes in scope under a prefix, named in questions about short codes.

    Raises
    ------
    FileProblem
        The file cannot be read.
    NothingToRead
        A needed sheet is missing or empty, and no finding says why.
    """
    return lists_of(read_sheets(data), layout, needed, candidates)


def lists_of(
    sheets: Sequence[RawSheet], layout: Layout, needed: Sequence[str], candidates: Candidates | None = None
) -> Lists:
    """
    Return what sheets hold that have been read, from one file or from several.

    Raises
    ------
    NothingToRead
        A needed sheet is missing or empty, and no finding says why.
    """
    lists = Lists(layout)
    for raw in sheets:
        key = layout.sheet_named(raw.name)
        if fold(raw.name) in layout.ignored or not any(any(row) for row in raw.rows):
            continue
        if not raw.head.visible or key is None or key in lists.lines:
            _not_read(raw, key, lists)
            continue
        lists.lines[key] = _lines(raw, layout.sheets[key], lists, candidates)
    lacking = [layout.sheets[key].text for key in needed if not lists.of(key)]
    if lacking and not any(finding.refuses for finding in lists.notes.findings):
        raise NothingToRead(
            field="file",
            names_zh="、".join(one.zh for one in lacking),
            names_en=", ".join(one.en for one in lacking),
        )
    return lists


def _not_read(raw: RawSheet, key: str | None, lists: Lists) -> None:
    why = Text("是隐藏的", "it is hidden") if not raw.head.visible else (
        Text("已有同名的表", "there is already one of its name") if key else Text("不是模板中的表", "it is no sheet of the template")
    )  # fmt: skip
    lists.notes.tell(
        "sheet_not_read",
        Text(f"工作表“{raw.name}”没有读取：{why.zh}。", f"Sheet '{raw.name}' was not read: {why.en}."),
        Text("如需读取，请改用模板中的表名并取消隐藏。", "If it is meant, name it as the template does and unhide it."),
        severity="question" if key else "info",
        sheet=raw.name,
    )


def _lines(raw: RawSheet, sheet: Sheet, lists: Lists, candidates: Candidates | None) -> list[Line]:
    layout, notes = lists.layout, lists.notes
    found = find(sheet, raw.rows, layout)
    if found is None or found.missing(sheet):
        lacking = found.missing(sheet) if found else [c for c in sheet.columns.values() if c.required]
        no_columns(raw, found, [column.text for column in lacking], notes)
        return []
    tell_twice(raw, found, notes)
    if found.unclear:
        return []
    for name in found.unread:
        notes.tell(
            "column_unknown",
            Text(f"不认识的列“{name}”没有读取。", f"The column '{name}' is not known and was not read."),
            Text("如有内容，请改用模板中的表头。", "If it matters, use the heading of the template."),
            severity="warning",
            sheet=raw.name,
            row=found.first,
        )
    table = Table.open(raw, sheet, found, layout, notes, default_origins(), candidates)
    keys = [column.field for column in sheet.columns.values() if column.required]
    made = []
    for row in table.rows(keys):
        for problem, at, cell in row.problems:
            notes.add(problem, raw.name, row.number, at, cell)
        if row.problems:
            continue
        cells = raw.rows[row.number - 1]
        places = {of: place.at for of, place in found.places.items()}
        made.append(
            Line(
                row.values,
                raw.name,
                row.number,
                {of: cell_name(row.number, at + 1) for of, at in places.items()},
                {of: cells[at] for of, at in places.items() if at < len(cells) and cells[at] != ""},
            )
        )
    return made


def write_lists(
    layout: Layout,
    title: Text,
    notes: Sequence[Text],
    filled: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> bytes:
    """Return a workbook of every sheet of a layout: bilingual headings, units, drop-downs, help, and the rows given."""
    book = Book(layout, title=f"{title.zh} {title.en}")
    book.notes([("title", title), *(("text", note) for note in notes)])
    book.lists(())
    sheets = [(book.table(key, (filled or {}).get(key, ())), key) for key in layout.sheets]
    sheets[0][0].activate()
    return book.close()


def split_names(text: object) -> tuple[str, ...]:
    """Return names written into one cell with commas, semicolons or 、 between them."""
    return tuple(name for part in re.split(r"[,，;；、\n]", str(text or "")) if (name := part.strip()))
