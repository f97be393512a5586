"""One table of a workbook, row by row: what is data, what is not and why, and what is wrong with which cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.errors import NOTHING, Text
from models.findings import Finding, Severity
from service.workbook.codes import Candidates, Origins
from service.workbook.guard import RawSheet, as_text
from service.workbook.heading import Found, named
from service.workbook.layout import Layout, Sheet, fold
from service.workbook.problems import CellProblem, ExtraCells, HiddenRow, MergedCell, SecondTable
from service.workbook.quantity import Decimals, decimals_of, kilograms_above
from service.workbook.raw import Cell, cell_name
from service.workbook.typed import Typed, Typist

_SHOWN = 80
_ROWS_TOLD = 20
_NUMERIC = {"number", "mass", "mass_co2", "intensity", "money", "fraction", "any"}


@dataclass(slots=True)
class Notes:
    """Findings in the making; rows of one kind that need no answer are told together."""

    findings: list[Finding] = field(default_factory=list)
    grouped: dict[tuple[str, str, Severity], tuple[Text, Text, list[int]]] = field(default_factory=dict)

    def add(self, problem: CellProblem, sheet: str, row: int, at: int | None = None, found: Cell | None = None) -> None:
        """Add what is wrong with a row or a cell."""
        self.findings.append(
            Finding.of(
                problem,
                severity=problem.severity,
                sheet=sheet,
                row=row,
                cell=None if at is None else cell_name(row, at + 1),
                found=None if found is None else as_text(found)[:_SHOWN],
            )
        )

    def tell(
        self,
        code: str,
        text: Text,
        hint: Text = NOTHING,
        *,
        severity: Severity = "info",
        sheet: str | None = None,
        row: int | None = None,
        found: str | None = None,
        name: str | None = None,
    ) -> None:
        """Add what concerns the file or a sheet."""
        self.findings.append(
            Finding(f"workbook.{code}", severity, text, hint, sheet, row, field=name, found=found and found[:_SHOWN])
        )

    def group(
        self, code: str, text: Text, sheet: str, row: int, hint: Text = NOTHING, severity: Severity = "info"
    ) -> None:
        """Note a row of a kind that is told once with all its rows."""
        self.grouped.setdefault((code, sheet, severity), (text, hint, []))[2].append(row)

    def close(self) -> tuple[Finding, ...]:
        """Return everything, in the order of sheets and rows."""
        for (code, sheet, severity), (text, hint, rows) in self.grouped.items():
            told = ", ".join(map(str, rows[:_ROWS_TOLD])) + (" …" if len(rows) > _ROWS_TOLD else "")
            said = Text(f"{text.zh}（{len(rows)} 行：{told}）", f"{text.en} ({len(rows)} rows: {told})")
            self.findings.append(Finding(f"workbook.{code}", severity, said, hint, sheet, rows[0]))
        self.grouped.clear()
        return tuple(self.findings)


def tell_twice(raw: RawSheet, found: Found, notes: Notes) -> None:
    """Tell which columns several headings name; a question where it is not clear which one is meant."""
    for column in found.twice:
        zh, en = column.text
        if column in found.unclear:
            text = Text(
                f"有多列可作为“{zh}”，无法确定采用哪一列，该表没有读取。",
                f"Several columns may be '{en}'; which one is meant cannot be told, and the sheet was not read.",
            )
            hint = Text(f"请只保留一列“{zh}”。", f"Leave one column '{en}'.")
        else:
            text = Text(f"有多列可作为“{zh}”，只采用了一列。", f"Several columns may be '{en}'; one of them is used.")
            hint = Text("请核对列的含义。", "Check which one is meant.")
        notes.tell(
            "column_twice",
            text,
            hint,
            severity="question" if column in found.unclear else "warning",
            sheet=raw.name,
            row=found.first,
            name=column.field,
        )


@dataclass(frozen=True, slots=True)
class TypedRow:
    """A row of data: its values by field, what is not stated left out, and what is wrong with it."""

    number: int
    values: dict[str, Any]
    problems: list[tuple[CellProblem, int | None, Cell | None]]


TITLE = Text("表头之前的行未读取", "rows before the heading are not read")
TOTAL = Text("合计行不作为货物读取", "rows of totals are not read as data")
REPEATED = Text("重复的表头已跳过", "repeated headings are skipped")
REMARK = Text(
    "没有编码、产地、净重和日期的行按备注处理，未读取", "rows without any key value are taken as remarks and not read"
)


@dataclass(slots=True)
class Table:
    """A table with its heading; ``seen`` rows hold anything, ``skipped`` are headings, titles, totals and remarks."""

    raw: RawSheet
    sheet: Sheet
    found: Found
    layout: Layout
    notes: Notes
    typists: dict[str, Typist] = field(default_factory=dict)
    seen: int = 0
    skipped: int = 0

    @classmethod
    def open(
        cls,
        raw: RawSheet,
        sheet: Sheet,
        found: Found,
        layout: Layout,
        notes: Notes,
        origins: Origins,
        candidates: Candidates | None,
    ) -> Table:
        """Return the table with a typist per column."""
        table = cls(raw, sheet, found, layout, notes)
        decimals = decimals_of(table._number_texts()) or table._convention()
        for place in found.places.values():
            asks_above_t = None
            if place.column.field == "net_mass_t":
                cells = table._cells(place.at)
                asks_above_t = kilograms_above(cells, place.column, place.unit, decimals, layout)
            table.typists[place.column.field] = Typist(
                place.column,
                place.unit,
                layout,
                origins,
                decimals=decimals,
                epoch_1904=raw.head.epoch_1904,
                candidates=candidates,
                asks_above_t=asks_above_t,
            )
        return table

    def _convention(self) -> Decimals:
        """Return what a comma before three digits means where no cell shows it: thousands in a Chinese table only."""
        heading = [cell for row in self.raw.rows[self.found.first - 1 : self.found.last] for cell in row]
        chinese = any("\u4e00" <= char <= "\u9fff" for cell in heading if isinstance(cell, str) for char in cell)
        return "" if chinese and self.raw.head.mark != ";" else "?"

    def _cells(self, at: int) -> Iterator[Cell]:
        for cells in self.raw.rows[self.found.last :]:
            if at < len(cells) and cells[at] != "":
                yield cells[at]

    def _number_texts(self) -> Iterator[str]:
        columns = [place.at for place in self.found.places.values() if place.column.kind in _NUMERIC]
        for cells in self.raw.rows[self.found.last :]:
            for at in columns:
                if at < len(cells) and isinstance(cells[at], str) and cells[at]:
                    yield str(cells[at])

    def name_of(self, row: int, of: str) -> str | None:
        """Return the name of the cell of a field in a row."""
        place = self.found.places.get(of)
        return cell_name(row, place.at + 1) if place else None

    def rows(self, keys: Sequence[str], progress: Callable[[int, int], None] | None = None) -> Iterator[TypedRow]:
        """
        Yield every row of data.

        ``keys`` are the fields of which a row of data has at least one. Rows that
        hold anything and are not yielded are counted as skipped and told.
        """
        name, found, all_rows = self.raw.name, self.found, self.raw.rows
        places = [(place.column.field, place.at, self.typists[place.column.field]) for place in found.places.values()]
        at_keys = [found.places[key].at for key in keys if key in found.places]
        hidden, merged = set(self.raw.head.hidden_rows), self._merged()
        required = [(c.field, found.places[c.field].at) for c in self.sheet.columns.values()
                    if c.required and c.field in found.places]  # fmt: skip
        other_from: int | None = None
        widest = max(map(len, all_rows[found.first - 1 : found.last]))
        separated = bool(self.raw.head.mark)
        count = len(all_rows)
        for number, cells in enumerate(all_rows, start=1):
            if progress is not None and number % 2000 == 0:
                progress(number, count)
            if not any(cells):
                continue
            self.seen += 1
            if number <= found.last:
                self.skipped += 1
                if number < found.first:
                    self.notes.group("title_rows", TITLE, name, number)
                continue
            width = len(cells)
            if (kind := self._not_data(cells, at_keys)) is not None:
                if kind == "other":
                    other_from = number
                else:
                    self.skipped += 1
                    self.notes.group(*_KINDS[kind], name, number)
                    continue
            problems: list[tuple[CellProblem, int | None, Cell | None]] = []
            if other_from is not None:
                yield TypedRow(number, {}, [(SecondTable(heading=other_from), None, None)])
                continue
            values: dict[str, Any] = {}
            for of, at, typist in places:
                cell = cells[at] if at < width else ""
                if cell == "":
                    continue
                value: Typed | CellProblem = typist(cell)
                if value is None:
                    continue
                if isinstance(value, CellProblem):
                    problems.append((value, at, cell))
                else:
                    values[of] = value
            if number in hidden:
                problems.append((HiddenRow(), None, None))
            if separated and width > widest and any(cells[widest:]):
                problems.append((ExtraCells(found=width, expected=widest), None, None))
            for of, at, area in merged.get(number, ()):
                text = self.sheet.columns[of].text
                problems.append((MergedCell(field=of, name_zh=text.zh, name_en=text.en, area=area), at, None))
            blamed = {at for _, at, _ in problems}
            for of, at in required:
                if of not in values and at not in blamed:
                    problems.append((self._missing(of), at, None))
            yield TypedRow(number, values, problems)
        if progress is not None:
            progress(count, count)

    def _missing(self, of: str) -> CellProblem:
        from service.workbook.problems import Missing

        text = self.sheet.columns[of].text
        return Missing(field=of, name_zh=text.zh, name_en=text.en)

    def _not_data(self, cells: Sequence[Cell], at_keys: Sequence[int]) -> str | None:
        """Return why a row below the heading is no data: ``total``, ``repeated``, ``remark``, ``other``."""
        width = len(cells)
        first = cells[at_keys[0]] if at_keys and at_keys[0] < width else ""
        if isinstance(first, float) or (first and any(c.isdigit() for c in first)):
            return None
        texts = [cell for cell in cells if isinstance(cell, str) and cell]
        if any(self._is_total(text) for text in texts[:6]):
            return "total"
        if len(texts) >= 2 and all(len(text) < 60 for text in texts):
            here = named(self.sheet, cells)
            own = {place.at: field_ for field_, place in self.found.places.items()}
            same = sum(own.get(at) == heading.field for at, heading in here.items())
            if same >= max(2, len(texts) // 2):
                return "repeated"
            if len({heading.field for heading in here.values()}) >= 3 and len(here) >= len(texts) // 2:
                return "other"
        if not any(at < width and cells[at] != "" for at in at_keys):
            return "remark"
        return None

    def _is_total(self, text: str) -> bool:
        name = fold(text)
        return name in self.layout.totals or any(
            name.startswith(word) and len(name) < len(word) + 8 for word in ("合计", "总计", "小计")
        )

    def _merged(self) -> Mapping[int, list[tuple[str, int, str]]]:
        """Return the fields whose value a merge over several rows leaves open, by row."""
        found: dict[int, list[tuple[str, int, str]]] = {}
        for first, left, last, right in self.raw.head.merged:
            if last == first or last <= self.found.last:
                continue
            area = f"{cell_name(first, left)}:{cell_name(last, right)}"
            for of, place in self.found.places.items():
                if left <= place.at + 1 <= right:
                    # The upper cell keeps its value, unless the value may be meant for all rows together.
                    start = first if place.column.kind in ("mass", "money") else first + 1
                    for row in range(max(start, self.found.last + 1), min(last, len(self.raw.rows)) + 1):
                        found.setdefault(row, []).append((of, place.at, area))
        return found


_KINDS: dict[str, tuple[str, Text]] = {
    "total": ("total_rows", TOTAL),
    "repeated": ("repeated_heading", REPEATED),
    "remark": ("remark_rows", REMARK),
}
