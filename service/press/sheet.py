"""The same document as a workbook: one sheet, block under block, numbers as numbers and no text that a spreadsheet runs."""

from __future__ import annotations

import datetime as dt
import io
import re

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from models.errors import Text
from service.press.chart import Chart
from service.press.document import DISCLAIMER, Bars, Block, Charts, Code, Column, Document, Figures, Steps, Table
from service.workbook.paper import ACCENT, FONT, INK, LINE, PALE, RULE, SOFT, lines_of, safe

_NUMBER = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})*(?:\.[0-9]+)?|-?[0-9]+(?:\.[0-9]+)?")
_WIDTHS = (34.0, 18.0, 12.0, 46.0, 26.0, 18.0, 18.0)


def xlsx(document: Document, lang: str) -> bytes:
    """
    Return a document as an xlsx workbook, ``lang`` first and the other language under it.

    Figures are cells of numbers with the digits people are shown; a text that a
    spreadsheet would take for a formula is written as text.
    """
    out = io.BytesIO()
    # The same document gives the same bytes.
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    made = dt.datetime.combine(document.made_on, dt.time(), dt.UTC).replace(tzinfo=None)
    book.set_properties({"title": document.title.get(lang), "author": "粤碳 Yuetan", "created": made})
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\]", " ", document.title.get(lang))[:31])
    _Sheet(book, sheet, lang).write(document)
    book.close()
    return out.getvalue()


class _Sheet:
    """Writes from the top down."""

    def __init__(self, book: xlsxwriter.Workbook, sheet: Worksheet, lang: str) -> None:
        self.sheet, self.lang, self.at = sheet, lang, 0
        self.book = book
        base = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "top", "text_wrap": True}
        self.text = book.add_format(base)
        self.soft = book.add_format(base | {"font_color": SOFT, "font_size": 9})
        self.title = book.add_format(base | {"bold": True, "font_size": 16, "text_wrap": False})
        self.head = book.add_format(base | {"bold": True, "font_color": ACCENT, "font_size": 12, "text_wrap": False})
        self.column = book.add_format(base | {"bold": True, "bg_color": PALE, "bottom": 1, "bottom_color": RULE})
        self.strong = book.add_format(base | {"bold": True})
        self._base, self._formats = base, dict[tuple[int, bool], Format]()
        for at, width in enumerate(_WIDTHS):
            sheet.set_column(at, at, width)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def number(self, digits: int, strong: bool = False) -> Format:
        key = (digits, strong)
        if key not in self._formats:
            pattern = "#,##0" + ("." + "0" * digits if digits else "")
            self._formats[key] = self.book.add_format(
                self._base | {"num_format": pattern, "bold": strong, "align": "right"}
            )
        return self._formats[key]

    def pair(self, text: Text | str) -> str:
        if isinstance(text, str):
            return safe(text)
        first, second = text.get(self.lang), text.get("en" if self.lang == "zh" else "zh")
        return safe(first if not second or second == first else f"{first}\n{second}")

    def line(self, *cells: tuple[str | float | None, Format]) -> None:
        tall = 1
        for at, (value, form) in enumerate(cells):
            if isinstance(value, float):
                self.sheet.write_number(self.at, at, value, form)
            elif value:
                self.sheet.write_string(self.at, at, value, form)
                tall = max(tall, lines_of(value, _WIDTHS[min(at, len(_WIDTHS) - 1)]))
        self.sheet.set_row(self.at, LINE * tall)
        self.at += 1

    def write(self, document: Document) -> None:
        self.sheet.write_string(self.at, 0, safe(document.title.get(self.lang)), self.title)
        self.sheet.set_row(0, 26)
        self.at += 1
        for said in (
            document.title.get("en" if self.lang == "zh" else "zh"),
            document.subtitle.get(self.lang),
            f"{document.made_on} · {document.key}",
        ):
            self.sheet.write_string(self.at, 0, safe(said), self.soft)
            self.at += 1
        for block in document.blocks:
            self.at += 1
            self.block(block)
        self.at += 1
        self.sheet.write_string(self.at, 0, DISCLAIMER.get(self.lang), self.soft)

    def block(self, block: Block) -> None:
        if isinstance(block, Figures):
            for one in block.items:
                value, digits = _parsed(one.value)
                shown = (value, self.number(digits, True)) if isinstance(value, float) else (value, self.strong)
                self.line(
                    (self.pair(one.label), self.text), shown, (one.unit, self.soft), (self.pair(one.note), self.soft)
                )
            return
        if isinstance(block, Code):
            for said in (*(self.pair(text) for text in block.paragraphs), safe(block.address)):
                self.line((said, self.text))
            return
        if isinstance(block, Charts):
            for chart in block.items:
                self.block(_numbers(chart))
                self.at += 1
            return
        if block.title.zh:
            self.sheet.write_string(self.at, 0, block.title.get(self.lang), self.head)
            self.at += 1
        if isinstance(block, Bars):
            for bar in block.items:
                points = ("—", self.soft) if bar.points is None else (bar.points, self.number(1))
                self.line((self.pair(bar.label), self.text), points, (f"{bar.weight:.1f}%", self.soft))
        elif isinstance(block, Steps):
            for row in block.rows:
                strong = row.key in block.strong
                cell: tuple[str | float | None, Format] = (safe(str(row.value)), self.text)
                if row.value is None:
                    cell = ("—", self.soft)
                elif isinstance(row.value, int | float):
                    cell = (float(row.value), self.number(row.digits, strong))
                label = self.strong if strong else self.text
                self.line((self.pair(row.label), label), cell, (row.unit, self.soft), (self.pair(row.note), self.soft))
        elif isinstance(block, Table):
            self.line(*((self.pair(column.label), self.column) for column in block.columns))
            for cells in block.rows:
                self.line(*(self._cell(cell, column.number) for cell, column in zip(cells, block.columns, strict=True)))
        else:
            for paragraph in block.paragraphs:
                text = self.pair(paragraph)
                self.sheet.merge_range(self.at, 0, self.at, 3, text, self.text)
                self.sheet.set_row(self.at, LINE * lines_of(text, sum(_WIDTHS[:4])))
                self.at += 1

    def _cell(self, cell: Text | str, is_number: bool) -> tuple[str | float | None, Format]:
        if is_number and isinstance(cell, str):
            value, digits = _parsed(cell)
            if isinstance(value, float):
                return value, self.number(digits)
        return self.pair(cell), self.text


def _numbers(chart: Chart) -> Table:
    """Return the lines of a picture as a table."""
    band = chart.band
    ends = (
        ()
        if band is None
        else ((_end(band.label, "下限", "low"), band.low), (_end(band.label, "上限", "high"), band.high))
    )
    named = [*((line.label, line.values) for line in chart.lines), *ends]
    columns = [Column(chart.x_label), *(Column(label, number=True) for label, _ in named)]
    rows: list[list[Text | str]] = [
        [place, *("—" if values[i] is None else f"{values[i]:.4f}" for _, values in named)]
        for i, place in enumerate(chart.x)
    ]
    return Table(columns, rows, chart.title)


def _end(label: Text, zh: str, en: str) -> Text:
    return Text(f"{label.zh} {zh}", f"{label.en}, {en}")


def _parsed(text: str) -> tuple[float | str, int]:
    """Return a figure as a number with its digits, and anything else as it is."""
    if _NUMBER.fullmatch(text):
        return float(text.replace(",", "")), len(text.partition(".")[2])
    return safe(text), 0
