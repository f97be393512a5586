"""How our workbooks look: one hand, few colours, numbers as numbers and texts that no spreadsheet runs."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

FONT = "Microsoft YaHei"
INK, ACCENT, PALE, RULE, REQUIRED, SOFT = "#1F2A37", "#0F5C55", "#EEF4F3", "#C9D3D1", "#B4541A", "#5B6770"
#: Height of one line of text, points.
LINE = 15.5
_FORMULA = re.compile(r"^[=+\-@\t\r\x00＝＋－＠]")


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


@lru_cache(maxsize=20_000)
def lines_of(text: str, width: float) -> int:
    """Return how many lines ``text`` takes in a column of ``width``; a Chinese character is two wide."""
    room = max(1.0, width * 1.04)
    count = 0
    for part in text.split("\n"):
        taken = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in part)
        count += max(1, int(-(-taken // room)))
    return count


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table: heading, width, number format, and which words stand for its values."""

    of: str
    heading: str
    width: float
    pattern: str
    words: str | None
    strong: bool


class Paper:
    """A workbook that is written row by row, in two languages of which ``lang`` comes first."""

    def __init__(self, out: BinaryIO, words: Mapping[str, Any], lang: str, *, title: str, foot: str) -> None:
        self.words = words
        self.lang = lang
        self.foot = foot
        self.book = xlsxwriter.Workbook(
            out,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "nan_inf_to_errors": False,
                "default_format_properties": {"font_name": FONT, "font_size": 10, "font_color": INK},
            },
        )
        # The file's own day would change its bytes: the same assessment gives the same file.
        self.book.set_properties({"title": title, "created": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)})
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def look(self, **given: Any) -> Format:
        """Return a format, made once."""
        key = tuple(sorted(given.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"valign": "top"} | given)
        return self._formats[key]

    def wrap(self, **given: Any) -> Format:
        """Return the format of a text that may take several lines, a little away from the number on its left."""
        return self.look(text_wrap=True, align="left", indent=1, **given)

    def both(self, text: Mapping[str, Any], between: str = " ") -> str:
        """Return a text in both languages, the chosen one first; what is the same in both stands once."""
        zh, en = str(text["zh"]).strip(), str(text["en"]).strip()
        first, second = (en, zh) if self.lang == "en" else (zh, en)
        return first if first == second or not second else (f"{first}{between}{second}" if first else second)

    def text(self, key: str, between: str = " ", **filled: Any) -> str:
        """Return one of the report's own texts, filled."""
        told = self.words["texts"][key]
        return self.both({lang: told[lang].format(**filled) for lang in ("zh", "en")}, between)

    def word(self, group: str, value: Any) -> Any:
        """Return what people call a value of a group of words; an unknown one stays as it is."""
        told = self.words["words"][group].get(value)
        return self.both(told) if told else value

    def fields(self, told: Mapping[str, Mapping[str, Any]]) -> list[Field]:
        """Return the columns that the words describe."""
        return [
            Field(
                of,
                self.both(one, "\n"),
                float(one["wide"]),
                str(one.get("as", "")),
                one.get("words"),
                bool(one.get("strong")),
            )
            for of, one in told.items()
        ]

    def sheet(
        self, key: str, widths: Sequence[float], colour: str = ACCENT, *, across: int = 1, upright: bool = False
    ) -> Worksheet:
        """Add a sheet that prints on A4: ``across`` pages wide, lying; or upright on one page."""
        page = self.book.add_worksheet(self.words["sheets"][key])
        page.hide_gridlines(2)
        if not upright:
            page.set_landscape()
        page.set_paper(9)
        page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        page.fit_to_pages(across, int(upright))
        page.set_footer(f"&L&8{self.foot}&R&8&P / &N")
        page.set_tab_color(colour)
        for at, width in enumerate(widths):
            page.set_column(at, at, width, self.look())
        return page

    def heading(self, page: Worksheet, row: int, fields: Sequence[Field], colour: str = ACCENT) -> None:
        """Write the headings of a table."""
        page.set_row(row, heading_height(fields))
        for at, field in enumerate(fields):
            self.head(page, row, at, field, colour)

    def head(self, page: Worksheet, row: int, at: int, field: Field, colour: str) -> None:
        """Write one heading; that of numbers stands over their right end."""
        side: dict[str, Any] = {"align": "right"} if field.pattern else {"align": "left", "indent": 1}
        look = self.look(bold=True, font_color="#FFFFFF", bg_color=colour, text_wrap=True, valign="vcenter",
                         border=1, border_color="#FFFFFF", **side)  # fmt: skip
        page.write_string(row, at, field.heading, look)

    def part(self, page: Worksheet, row: int, text: str, last: int, first: int = 0) -> None:
        """Write the heading of a part, underlined to the column ``last``."""
        look = self.look(bold=True, font_size=12, font_color=ACCENT, bottom=1, bottom_color=ACCENT, valign="vcenter")
        page.set_row(row, 26)
        page.write_string(row, first, text, look)
        for at in range(first + 1, last + 1):
            page.write_blank(row, at, None, look)

    def put(self, page: Worksheet, row: int, at: int, value: Any, look: Format | None = None) -> None:
        """Write a number as a number and a text as a harmless text; what is not known stays empty."""
        if value is None or value == "":
            if look is not None:
                page.write_blank(row, at, None, look)
        elif isinstance(value, bool):
            page.write_string(
                row, at, self.both({"zh": "是", "en": "yes"} if value else {"zh": "否", "en": "no"}), look
            )
        elif isinstance(value, int | float):
            page.write_number(row, at, value, look)
        else:
            page.write_string(row, at, safe(str(value)), look)

    def row(
        self, page: Worksheet, row: int, values: Sequence[Any], looks: Sequence[Format], widths: Sequence[float]
    ) -> None:
        """Write a row whose texts wrap, as high as the longest of them asks."""
        tall = max((lines_of(v, w) for v, w in zip(values, widths, strict=True) if isinstance(v, str)), default=1)
        page.set_row(row, LINE * min(tall, 27) + 5)
        for at, (value, look) in enumerate(zip(values, looks, strict=True)):
            self.put(page, row, at, value, look)

    def close(self) -> None:
        """Finish the file."""
        self.book.close()


def widths_of(fields: Sequence[Field]) -> list[float]:
    """Return the widths of the columns."""
    return [field.width for field in fields]


def heading_height(fields: Sequence[Field]) -> float:
    """Return how high the headings of a table are; bold letters take more room."""
    return LINE * max(lines_of(field.heading, field.width * 0.9) for field in fields) + 5


def digits(count: int) -> str:
    """Return the number format with ``count`` decimals."""
    return "#,##0." + "0" * count if count else "#,##0"
