"""One known-good table of goods, what it means, and how it is written to a file."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import openpyxl

#: What the reader has to do: recover exactly, refuse with the place, or ask and not choose.
Behaviour = Literal["ok", "reject", "ask"]
WORST: tuple[Behaviour, ...] = ("ok", "reject", "ask")

HEADING = ["产品名称", "CN编码", "原产地", "净重（吨）", "进口日期", "自有SEE（tCO2e/t）", "单价（欧元/吨）", "币种"]
ENGLISH = [
    "Product",
    "CN code",
    "Origin",
    "Net mass (t)",
    "Import date",
    "Own SEE (tCO2e/t)",
    "Price (EUR/t)",
    "Currency",
]
COLUMNS = {name: at for at, name in enumerate(("product", "code", "origin", "mass", "day", "see", "price", "currency"))}


class Good(NamedTuple):
    """What one row means."""

    product: str
    code: str
    origin: str
    mass: float
    day: dt.date
    see: float | None
    price: float | None
    currency: str | None


GOODS = (
    Good("螺栓", "73181900", "CN", 12.5, dt.date(2026, 2, 3), 2.05, 1450.0, "EUR"),
    Good("钢结构件", "73089059", "CN", 10.0, dt.date(2026, 5, 12), 1.9, 985.5, "EUR"),
    Good("铝型材", "76042910", "CN", 250.25, dt.date(2026, 6, 20), 7.15, 3120.0, "EUR"),
    Good("冷轧卷", "72091690", "CN", 40.0, dt.date(2026, 3, 31), 2.21, 702.4, "EUR"),
    Good("无缝管", "73043983", "CN", 7.75, dt.date(2026, 1, 16), 2.4, 1310.0, "EUR"),
)


@dataclass(slots=True)
class Line:
    """A row of goods as written; what it means, and what is to be done with it."""

    cells: list[Any]
    good: Good
    behaviour: Behaviour = "ok"


@dataclass
class Draft:
    """A table that pollutions change before it is written."""

    kind: Literal["xlsx", "csv"] = "xlsx"
    heading: list[Any] = field(default_factory=lambda: list(HEADING))
    lines: list[Line] = field(default_factory=list)
    #: Rows above the heading, rows after the line of that number (from 0), rows at the end; none is a good.
    above: list[list[Any]] = field(default_factory=list)
    after: dict[int, list[list[Any]]] = field(default_factory=dict)
    below: list[list[Any]] = field(default_factory=list)
    #: Rows that are no goods and have to be refused or asked about all the same: the number of rows of ``below``.
    asks_below: bool = False
    #: The file as a whole is refused or asked about; with ``keeps`` the good rows may be kept beside the question.
    whole: Behaviour = "ok"
    keeps: bool = False
    encoding: str = "utf-8"
    mark: str = ","
    newline: str = "\r\n"
    first: str = ""
    ending: str = ""
    title: str = "货物"
    others: dict[str, list[list[Any]]] = field(default_factory=dict)
    changes: list[Callable[[openpyxl.Workbook, Draft], None]] = field(default_factory=list)
    bytes_changes: list[Callable[[bytes], bytes]] = field(default_factory=list)
    text_changes: list[Callable[[str], str]] = field(default_factory=list)

    def set(self, line: int, column: str, written: Any, behaviour: Behaviour = "ok", **means: Any) -> None:
        """Write a cell; ``means`` says what the row means then."""
        one = self.lines[line]
        one.cells[COLUMNS[column]] = written
        one.good = one.good._replace(**means)
        one.behaviour = max(one.behaviour, behaviour, key=WORST.index)

    def column(self, column: str, write: Callable[[Good], Any], behaviour: Behaviour = "ok") -> None:
        """Write a whole column."""
        for at, one in enumerate(self.lines):
            self.set(at, column, write(one.good), behaviour)

    def rows(self) -> list[list[Any]]:
        """Return every row of the sheet."""
        made = [*self.above, self.heading]
        for at, line in enumerate(self.lines):
            made += [line.cells, *self.after.get(at, ())]
        return made + self.below

    def row_of(self, line: int) -> int:
        """Return the row of a line as a spreadsheet counts it."""
        lead = len(self.above) + 1 + bool(self.first)
        return lead + 1 + line + sum(len(rows) for at, rows in self.after.items() if at < line)

    def write(self) -> bytes:
        """Return the file."""
        data = self._xlsx() if self.kind == "xlsx" else self._csv()
        for change in self.bytes_changes:
            data = change(data)
        return data

    def _xlsx(self) -> bytes:
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = self.title
        for row in self.rows():
            sheet.append(row)
        for name, rows in self.others.items():
            other = book.create_sheet(name)
            for row in rows:
                other.append(row)
        for change in self.changes:
            change(book, self)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def _csv(self) -> bytes:
        text = "".join(self.mark.join(map(self._text, row)) + self.newline for row in self.rows())
        text = self.first + text
        for change in self.text_changes:
            text = change(text)
        return text.encode(self.encoding)

    def _text(self, cell: Any) -> str:
        text = "" if cell is None else cell if isinstance(cell, str) else str(cell)
        quoted = any(sign in text for sign in (self.mark, '"', "\n", "\r"))
        return '"' + text.replace('"', '""') + '"' if quoted else text


def good_draft(kind: Literal["xlsx", "csv"] = "xlsx") -> Draft:
    """Return the table before anything is done to it."""
    lines = [Line([g.product, g.code, "中国", g.mass, g.day, g.see, g.price, g.currency], g) for g in GOODS]
    return Draft(kind=kind, lines=lines)


@dataclass(frozen=True, slots=True)
class Case:
    """A file, what it means and what has to be done with it."""

    name: str
    axis: str
    filename: str
    data: bytes
    #: By row of the file.
    lines: dict[int, Line]
    whole: Behaviour = "ok"
    keeps: bool = False

    @property
    def behaviour(self) -> Behaviour:
        return max([self.whole, *(line.behaviour for line in self.lines.values())], key=WORST.index)


def case_of(name: str, axis: str, draft: Draft) -> Case:
    """Return a draft as a file to read."""
    lines = {draft.row_of(at): line for at, line in enumerate(draft.lines)}
    ending = draft.ending or f".{draft.kind}"
    return Case(name, axis, f"goods{ending}", draft.write(), lines, draft.whole, draft.keeps)
