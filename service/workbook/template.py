"""The empty workbook: bilingual headings, units, drop-downs, help, and what to know in both languages."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from finance.scorecard import Scorecard, load_scorecard
from models.errors import Text
from models.files import DATA
from service.library import CARD
from service.workbook.codes import default_origins
from service.workbook.layout import Column, Layout, default_layout, meaning
from service.workbook.paper import ACCENT, FONT, INK, LINE, PALE, REQUIRED, RULE, SOFT, lines_of
from service.workbook.parts import LEVELS

#: Rows with drop-downs and formats below the heading.
ROWS = {"goods": 2000, "installations": 200, "footprints": 200}
#: Origins that head the drop-down; every other one may be typed in.
_OFTEN = (
    "CN",
    "TW",
    "HK",
    "VN",
    "TH",
    "MY",
    "ID",
    "IN",
    "KR",
    "JP",
    "TR",
    "UA",
    "RU",
    "US",
    "GB",
    "AE",
    "SA",
    "BR",
    "ZA",
)
_LISTS = "选项 Lists"
_FORMATS = {"date": "yyyy-mm-dd", "mass": "#,##0.000", "mass_co2": "#,##0", "intensity": "0.0000", "money": "#,##0.00"}

NOTES: tuple[tuple[str, Text], ...] = (
    ("title", Text("粤碳 · 填报说明", "Yuetan · how to fill in this workbook")),
    (
        "text",
        Text(
            "一个工作簿、一次上传：得到每行货物的国内隐含碳成本、欧盟 CBAM 费用、可抵扣的碳价，以及企业的绿色金融评分。",
            "One workbook, one upload: carbon cost at home, CBAM cost, deduction for every row of goods, and a green-finance score.",
        ),
    ),
    ("head", Text("1  货物表（必填）", "1  Goods (required)")),
    (
        "text",
        Text(
            "橙色表头为必填：CN 编码（欧盟八位）、原产地、净重（吨）、进口日期。其余按需填写。",
            "Orange headings are required: CN code (eight digits), origin, net mass (t), import date. The rest is optional.",
        ),
    ),
    (
        "text",
        Text(
            "CN 编码列是文本格式。中国十位编码只有前六位与欧盟一致，请向进口商索取八位编码；程序不会替您选择。",
            "The code column is text. Only the first six digits of a Chinese code are shared with the EU: ask the importer; "
            "the program never chooses for you.",
        ),
    ),
    (
        "text",
        Text(
            "净重以吨计；千克请连同单位写入单元格，例如 12000 kg。日期写 2026-05-12 或 2026年5月12日。",
            "Net mass is in tonnes; write kilograms with their unit, such as 12000 kg. Dates: 2026-05-12.",
        ),
    ),
    (
        "text",
        Text(
            "排放数据依据：默认值用欧盟公布的默认值加成；实际值须有核查报告，并同时填写 SEE 和 SEFA。"
            "依据为默认值时也可填写自有 SEE 和 SEFA，程序会比较使用核查数据能节省多少。",
            "Basis: default uses the EU's default value with mark-up; actual needs a verification report with SEE and SEFA. "
            "On the default basis own SEE and SEFA may be given as well: the saving by verified data is then shown.",
        ),
    ),
    ("head", Text("2  企业、装置（可选）", "2  Firm and installations (optional)")),
    (
        "text",
        Text(
            "企业表的财务数据只用于评分；缺少的数据按缺失处理并说明，不会按零计算。",
            "Figures of the firm are for the score only; what is missing is said to be missing and never taken as zero.",
        ),
    ),
    (
        "text",
        Text(
            "装置表每个装置、每个履约年度一行。所属碳市场由程序按年度规则判断；规则没有答案时请填写并注明文件。"
            "行情太旧时可自填市场价、日期和来源，结果中标明为用户录入。",
            "One row per installation and compliance year. The market follows from the rules of that year; where they are silent "
            "state it with its document. A market price of your own is marked as yours in every result.",
        ),
    ),
    ("head", Text("3  产品碳足迹、评分（可选）", "3  Footprints and score (optional)")),
    (
        "text",
        Text(
            "评分表中，能由货物、企业、装置、碳足迹算出的指标可以留空。“不适用”须填声明日期。",
            "Indicators that follow from the other sheets may stay blank. 'Not applicable' needs the day of a declaration.",
        ),
    ),
    ("head", Text("4  上传之后", "4  After the upload")),
    (
        "text",
        Text(
            "有问题的单元格会逐一列出（表、行、列、原文、如何更正）；其他行照常计算，不会丢失。",
            "Every cell with a problem is listed with its place, what was found and how to mend it; all other rows are computed.",
        ),
    ),
)


def card() -> Scorecard:
    """Return the default policy, whose indicators the score sheet lists."""
    return load_scorecard(DATA / CARD)


class Book:
    """A workbook in our layout, empty or filled; the same content gives the same bytes."""

    def __init__(self, layout: Layout | None = None, *, title: str) -> None:
        self.layout = layout or default_layout()
        self.out = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            self.out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self.book.set_properties({"title": title, "created": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)})
        self.ranges: dict[str, str] = {}
        self.formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def format(self, **given: Any) -> Format:
        """Return a format, made once."""
        key = tuple(sorted(given.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format(
                {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter", **given}
            )
        return self.formats[key]

    def close(self) -> bytes:
        """Return the bytes of the finished workbook."""
        self.book.close()
        return self.out.getvalue()

    def notes(self, lines: Sequence[tuple[str, Text]]) -> None:
        """Write the sheet that explains."""
        sheet = self.book.add_worksheet("说明 Notes")
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_column(0, 0, 3)
        sheet.set_column(1, 2, 68)
        sheet.set_tab_color(RULE)
        looks = {
            "title": {"font_size": 16, "bold": True, "font_color": ACCENT},
            "head": {"font_size": 11, "bold": True, "font_color": ACCENT, "bottom": 1, "bottom_color": RULE},
            "text": {"text_wrap": True, "valign": "top"},
        }
        for row, (kind, text) in enumerate(lines, start=1):
            look = self.format(**looks[kind])
            sheet.write_string(row, 1, text.zh, look)
            sheet.write_string(row, 2, text.en, look)
            if kind != "text":
                sheet.set_row(row, 30 if kind == "title" else 24)
            else:
                sheet.set_row(row, LINE * max(lines_of(text.zh, 64), lines_of(text.en, 64)) + 3)

    def lists(self, goods_rows: Sequence[str]) -> None:
        """Write the hidden sheet that the drop-downs offer, and remember where each list is."""
        sheet = self.book.add_worksheet(_LISTS)
        origins = default_origins()
        lists: dict[str, list[str]] = {
            group: [word.shown for word in words] for group, words in self.layout.words.items()
        }
        lists["origin"] = [f"{origins.name_zh[code]} {code}" for code in _OFTEN]
        lists["installation"] = list(goods_rows)
        for column, (name, entries) in enumerate(lists.items()):
            sheet.write_string(0, column, name)
            for row, entry in enumerate(entries, start=1):
                sheet.write_string(row, column, entry)
            letters = xl_col_to_name(column)
            if entries:
                self.ranges[name] = f"='{_LISTS}'!${letters}$2:${letters}${len(entries) + 1}"
        sheet.hide()

    def table(self, key: str, filled: Sequence[Mapping[str, Any]] = ()) -> Worksheet:
        """Write a sheet with a heading row, drop-downs, and the rows that are given."""
        layout = self.layout.sheets[key]
        sheet = self.book.add_worksheet(layout.title)
        columns = [column for column in layout.columns.values() if column.in_template]
        sheet.set_default_row(19)
        self._heading(sheet, columns)
        for at, column in enumerate(columns):
            sheet.set_column(at, at, column.width, self.cell_format(column))
            self._validate(sheet, column, 1, ROWS.get(key, 60), at)
        for row, values in enumerate(filled, start=1):
            for at, column in enumerate(columns):
                if values.get(column.field) is not None:
                    self.write(sheet, row, at, column, values[column.field])
        return sheet

    def _heading(self, sheet: Worksheet, columns: Sequence[Column]) -> None:
        base = {"bold": True, "font_color": "#FFFFFF", "text_wrap": True, "valign": "vcenter", "align": "center", "border": 1,
                "border_color": "#FFFFFF"}  # fmt: skip
        for at, column in enumerate(columns):
            colour = REQUIRED if column.required else ACCENT
            sheet.write_string(0, at, column.heading, self.format(**base, bg_color=colour))
        sheet.set_row(0, LINE * max(lines_of(c.heading, c.width * 0.9) for c in columns) + 5)
        sheet.freeze_panes(1, 1)
        sheet.set_tab_color(ACCENT)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)

    def cell_format(self, column: Column) -> Format:
        """Return the format of a column: text for codes, so that zeros survive."""
        if column.kind in ("cn_code", "code"):
            return self.format(num_format="@", indent=1)
        given = _FORMATS.get(column.kind)
        return self.format(num_format=given) if given else self.format(indent=1, align="left")

    def write(self, sheet: Worksheet, row: int, at: int, column: Column, value: Any) -> None:
        """Write one value as its kind of cell; words as the drop-down shows them."""
        look = self.cell_format(column)
        if isinstance(value, bool):
            value = next(w.shown for w in self.layout.words["yes_no"] if w.key == ("yes" if value else "no"))
        elif column.words:
            value = next(w.shown for w in self.layout.words[column.words] if w.key == str(value))
        elif column.kind == "origin" and value in default_origins().name_zh:
            value = f"{default_origins().name_zh[value]} {value}"
        if isinstance(value, dt.date):
            sheet.write_datetime(row, at, dt.datetime(value.year, value.month, value.day), look)  # noqa: DTZ001 - a cell knows no zone
        elif isinstance(value, int | float):
            sheet.write_number(row, at, value, look)
        else:
            sheet.write_string(row, at, str(value), look)

    def _validate(self, sheet: Worksheet, column: Column, first: int, last: int, at: int) -> None:
        group = {"yes_no": "yes_no", "origin": "origin"}.get(column.kind, column.words)
        if column.field == "installation" and "installation" in self.ranges:
            group = "installation"
        help_text = f"{column.help.zh}\n{column.help.en}".strip()
        rule: dict[str, Any] = {"validate": "any"}
        if group:
            closed = column.kind not in ("origin",) and column.field != "installation"
            rule = {
                "validate": "list",
                "source": self.ranges[group],
                "error_type": "stop" if closed else "information",
                "error_title": "不在列表中 / not in the list",
                "error_message": "请从列表中选择。 Please choose from the list."
                if closed
                else "列表之外的名称也可以填写。 Other names may be entered as well.",
            }
        elif column.kind == "date":
            rule = {
                "validate": "date",
                "criteria": ">=",
                "value": dt.date(2013, 1, 1),
                "error_title": "日期 / date",
                "error_message": "请按 2026-05-12 填写日期。 Write the date as 2026-05-12.",
                "error_type": "warning",
            }
        elif group is None and column.kind in ("mass", "money", "intensity", "mass_co2"):
            rule = {"validate": "any"}
        rule["input_title"] = column.text.zh[:32]
        rule["input_message"] = help_text[:255] or f"{column.text.zh} {column.text.en}"
        sheet.data_validation(first, at, last, at, rule)

    def pairs(self, filled: Mapping[str, Any] | None = None) -> None:
        """Write the sheet of the firm: a name, a value and a help text per row."""
        layout = self.layout.sheets["firm"]
        sheet = self.book.add_worksheet(layout.title)
        sheet.set_column(0, 0, 48)
        sheet.set_column(1, 1, 40)
        sheet.set_column(2, 2, 90)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_tab_color(ACCENT)
        label = self.format(bold=True, bg_color=PALE, border=1, border_color=RULE, valign="vcenter")
        said = self.format(font_color=SOFT, valign="vcenter")
        for row, column in enumerate(layout.columns.values()):
            unit = f" ({column.unit})" if column.unit else ""
            name = column.text.zh if column.text.zh == column.text.en else f"{column.text.zh} / {column.text.en}"
            sheet.write_string(row, 0, name + unit, label)
            sheet.write_string(row, 2, f"{column.help.zh} {column.help.en}".strip(), said)
            given = _FORMATS.get(column.kind, "@" if column.kind in ("code", "text") else "General")
            look = self.format(num_format=given, border=1, border_color=RULE, align="left")
            value = (filled or {}).get(column.field)
            if value is None:
                sheet.write_blank(row, 1, None, look)
            elif isinstance(value, int | float):
                sheet.write_number(row, 1, value, look)
            else:
                sheet.write_string(row, 1, str(value), look)
            sheet.set_row(row, 22)

    def score(self, policy: Scorecard, filled: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Write the score sheet: one row per indicator and per gate that asks."""
        given = filled or {}
        rows: list[dict[str, Any]] = [
            {"id": i.id, "label": f"{i.zh} / {i.en}"} | dict(given.get(i.id, {}))
            for dimension in policy.dimensions
            for i in dimension.indicators
        ]
        gates = [gate for gate in policy.gates if gate.asks == "answer"]
        rows += [{"id": g.id, "label": f"{g.zh} / {g.en}"} | dict(given.get(g.id, {})) for g in gates]
        columns = list(self.layout.sheets["score"].columns)
        shown: list[dict[str, Any]] = []
        for row in rows:
            level = LEVELS.get(str(row["id"]))
            if level and row.get("value") is not None:
                named = meaning(self.layout, level, str(row["value"]))
                row = row | {"value": next(w.shown for w in self.layout.words[level] if w.key == named)}
            shown.append(row)
        sheet = self.table("score", shown)
        at = columns.index("value")
        for number, row in enumerate(rows, start=1):
            group = LEVELS.get(str(row["id"])) or ("yes_no" if str(row["id"]).startswith("G") else None)
            if group:
                rule = {"validate": "list", "source": self.ranges[group], "input_title": str(row["id"]),
                        "input_message": str(row["label"])[:255]}  # fmt: skip
                sheet.data_validation(number, at, number, at, rule)


#: Indicators that only the firm can state; the others follow from the other sheets where these are filled in.
STATED = ("F3", "E2", "T1", "T2", "T3")


def indicator_rows() -> list[dict[str, Any]]:
    """Return the indicators and gates that only the firm can answer, as rows of the score sheet."""
    policy = card()
    rows = [{"id": i.id} for d in policy.dimensions for i in d.indicators if i.id in STATED]
    return rows + [{"id": gate.id} for gate in policy.gates if gate.asks == "answer"]


def workbook(
    filled: Mapping[str, Sequence[Mapping[str, Any]]] | None = None, *, title: str = "粤碳填报模板 / Yuetan template"
) -> bytes:
    """
    Return the workbook, empty or filled with rows by sheet; the same rows give the same bytes.

    Parameters
    ----------
    filled : mapping of sheet to rows, optional
        ``goods``, ``installations``, ``footprints``, ``score``: values by field;
        ``firm``: one row. Words are keys (``default``), dates are dates.
    """
    given = filled or {}
    made = Book(title=title)
    made.notes(NOTES)
    made.lists(list(dict.fromkeys(str(row["installation"]) for row in given.get("installations", ()))))
    # The lists are written before the tables, whose drop-downs need their places.
    made.table("goods", given.get("goods", ())).activate()
    made.pairs(next(iter(given.get("firm", ())), None))
    made.table("installations", given.get("installations", ()))
    made.table("footprints", given.get("footprints", ()))
    made.score(card(), {str(row["id"]): row for row in given.get("score", ())})
    return made.close()


def template_bytes() -> bytes:
    """Return the empty workbook; the same bytes every time."""
    return workbook()
