"""Pollutions of a table: its layout, and whole columns of it."""

from __future__ import annotations

import re

import openpyxl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904, to_excel

from tests.corpus.draft import ENGLISH, HEADING, Draft, Line
from tests.corpus.shaping import SHAPES, Change, Shape, in_sheet, shape


@shape("layout")
def title_rows(draft: Draft) -> None:
    draft.above = [["2026 年出口欧盟货物清单"], ["编制单位：佛山某厂", None, None, "单位：吨"], []]


@shape("layout")
def total_row(draft: Draft) -> None:
    draft.below = [["合计", None, None, 320.5, None, None, None, None]]


@shape("layout")
def total_row_by_another_name(draft: Draft) -> None:
    draft.below = [["Summe", None, None, 320.5, None, None, None, None]]


@shape("layout")
def subtotals_between(draft: Draft) -> None:
    draft.after = {1: [["小计", None, None, 22.5]], 4: [["小计", None, None, 298.0], ["总计", None, None, 320.5]]}


@shape("layout")
def total_row_without_a_name(draft: Draft) -> None:
    draft.below, draft.asks_below = [[None, None, None, 320.5, None, None, None, None]], True


@shape("layout")
def remarks_below(draft: Draft) -> None:
    draft.below = [[], ["注：以上为净重，单位吨。"], ["制表人：张三", None, None, None, None, None, None, "复核：李四"]]


@shape("layout")
def blank_rows(draft: Draft) -> None:
    draft.after = {0: [[]], 2: [[], []]}


@shape("layout")
def repeated_heading(draft: Draft) -> None:
    draft.after = {1: [list(HEADING)], 3: [list(HEADING)]}


@shape("layout")
def repeated_block(draft: Draft) -> None:
    """The same rows once more: perhaps pasted twice, perhaps delivered twice."""

    draft.lines += [Line(list(line.cells), line.good, "ask") for line in list(draft.lines)]


@shape("layout")
def one_row_twice(draft: Draft) -> None:

    draft.lines.append(Line(list(draft.lines[1].cells), draft.lines[1].good))


@shape("layout")
def heading_of_two_rows(draft: Draft) -> None:
    draft.above = [["货物", None, None, "数量", "日期", "排放", "价格", None]]


@shape("layout")
def english_heading(draft: Draft) -> None:
    draft.heading = list(ENGLISH)


@shape("layout")
def heading_in_both_languages(draft: Draft) -> None:
    draft.heading = [
        f"{zh} {en}" if at not in (3, 5, 6) else f"{zh}"
        for at, (zh, en) in enumerate(zip(HEADING, ENGLISH, strict=True))
    ]


@shape("layout")
def other_names(draft: Draft) -> None:
    draft.heading = ["品名", "海关编码", "原产国", "净重(t)", "报关日期", "SEE（tCO2e/t）", "单价（EUR/t）", "币制"]


@shape("layout")
def other_order(draft: Draft) -> None:
    for row in (draft.heading, *(line.cells for line in draft.lines)):
        row.reverse()


@shape("layout")
def columns_of_others_between(draft: Draft) -> None:
    draft.heading.insert(1, "客户")
    draft.heading.append("备注")
    for line in draft.lines:
        line.cells.insert(1, "ACME GmbH")
        line.cells.append("分批 3,5 t")


@shape("layout")
def no_heading(draft: Draft) -> None:
    draft.heading, draft.whole = [], "reject"


@shape("layout")
def heading_without_code(draft: Draft) -> None:
    draft.heading[1], draft.whole = "XYZ", "reject"


@shape("layout")
def no_unit_of_mass(draft: Draft) -> None:
    draft.heading[3] = "净重"
    for line in draft.lines:
        line.behaviour = "ask"


@shape("layout")
def two_columns_of_mass(draft: Draft) -> None:
    draft.heading.insert(4, "净重（kg）")
    for line in draft.lines:
        line.cells.insert(4, 5.0)
    draft.whole = "ask"


@shape("layout")
def a_second_table_below(draft: Draft) -> None:
    draft.below = [
        ["CN编码", "产品名称", "进口日期", "原产地", "净重（吨）"],
        ["73089059", "钢梁", "2026-05-12", "CN", 3],
    ]
    draft.asks_below = True


@shape("layout")
def further_down_and_to_the_right(draft: Draft) -> None:
    draft.above = [[], [None]]
    for row in (draft.heading, *(line.cells for line in draft.lines)):
        row.insert(0, None)


@shape("layout")
def only_a_heading(draft: Draft) -> None:
    draft.lines = []


@shape("layout", "xlsx")
def merged_title(draft: Draft) -> None:
    draft.above = [["出口清单"]]
    draft.changes.append(lambda book, _: book.active.merge_cells("A1:H1"))


@shape("layout", "xlsx")
def merged_mass(draft: Draft) -> None:
    draft.lines[1].behaviour = draft.lines[2].behaviour = "ask"
    draft.changes.append(lambda book, d: book.active.merge_cells(f"D{d.row_of(1)}:D{d.row_of(2)}"))


@shape("layout", "xlsx")
def merged_origin(draft: Draft) -> None:
    draft.lines[2].behaviour = "ask"
    draft.changes.append(lambda book, d: book.active.merge_cells(f"C{d.row_of(1)}:C{d.row_of(2)}"))


@shape("layout", "xlsx")
def hidden_row(draft: Draft) -> None:
    draft.lines[1].behaviour = "ask"

    def hide(book: openpyxl.Workbook, d: Draft) -> None:
        book.active.row_dimensions[d.row_of(1)].hidden = True

    draft.changes.append(hide)


@shape("layout", "xlsx")
def filtered_rows(draft: Draft) -> None:
    for at in (1, 3):
        draft.lines[at].behaviour = "ask"

    def hide(book: openpyxl.Workbook, d: Draft) -> None:
        book.active.auto_filter.ref = f"A1:H{d.row_of(4)}"
        book.active.auto_filter.add_filter_column(2, ["中国"])
        for at in (1, 3):
            book.active.row_dimensions[d.row_of(at)].hidden = True

    draft.changes.append(hide)


@shape("layout", "xlsx")
def hidden_column(draft: Draft) -> None:
    def hide(book: openpyxl.Workbook, _: Draft) -> None:
        book.active.column_dimensions["E"].hidden = True

    draft.changes.append(hide)


@shape("layout", "xlsx")
def a_second_sheet_of_goods(draft: Draft) -> None:
    draft.title, draft.others = "一季度", {"二季度": draft.rows()}
    draft.whole, draft.keeps = "ask", True


@shape("layout", "xlsx")
def a_hidden_sheet_of_goods(draft: Draft) -> None:
    draft.others, draft.whole, draft.keeps = {"旧": [list(row) for row in draft.rows()]}, "ask", True

    def hide(book: openpyxl.Workbook, _: Draft) -> None:
        book["旧"].sheet_state = "hidden"

    draft.changes.append(hide)


@shape("layout", "xlsx")
def other_sheets(draft: Draft) -> None:
    draft.others = {"封面": [["某厂"], ["2026"]], "汇总": [["月份", "吨"], ["5", 10]]}


@shape("layout", "xlsx")
def an_empty_sheet_first(draft: Draft) -> None:
    draft.changes.append(lambda book, _: book.move_sheet(book.create_sheet("Sheet1"), -1))


@shape("quantity")
def kilograms_under_a_heading_of_tonnes(draft: Draft) -> None:
    draft.column("mass", lambda good: good.mass * 1000, "ask")


@shape("quantity")
def kilograms_under_a_heading_that_says_so(draft: Draft) -> None:
    draft.heading[3] = "净重（千克）"
    draft.column("mass", lambda good: good.mass * 1000)


@shape("quantity")
def a_large_shipment_that_says_tonnes(draft: Draft) -> None:
    draft.set(1, "mass", "25000 t", mass=25000.0)


@shape("intensity")
def a_heading_in_kg_per_t(draft: Draft) -> None:
    draft.heading[5] = "自有SEE（kgCO2e/t）"
    draft.column("see", lambda good: round((good.see or 0) * 1000, 6))


@shape("intensity")
def kg_per_t_under_a_heading_of_tonnes(draft: Draft) -> None:
    draft.column("see", lambda good: round((good.see or 0) * 1000, 6), "reject")


@shape("date", "xlsx")
def days_from_1904(draft: Draft) -> None:
    draft.column("day", lambda good: to_excel(good.day, CALENDAR_MAC_1904))

    def old(book: openpyxl.Workbook, d: Draft) -> None:
        book.epoch = CALENDAR_MAC_1904
        for at, line in enumerate(d.lines):
            cell = book.active.cell(d.row_of(at), line.cells.index(to_excel(line.good.day, CALENDAR_MAC_1904)) + 1)
            cell.number_format = "yyyy-mm-dd"

    draft.changes.append(old)


def _day(pattern: str) -> Change:
    return lambda draft: draft.column("day", lambda good: pattern.format(d=good.day))


SHAPES.extend(
    Shape(f"days as {pattern}", "date", _day(pattern))
    for pattern in (
        "{d:%Y/%m/%d}",
        "{d:%d.%m.%Y}",
        "{d:%Y年%m月%d日}",
        "{d:%Y%m%d}",
        "{d.year}.{d.month}.{d.day}",
        "{d:%d %B %Y}",
    )
)


@shape("date")
def american_days(draft: Draft) -> None:
    """Where the day is above 12 there is one reading; 2 March and 3 February are asked about."""
    draft.column("day", lambda good: f"{good.day:%m/%d/%Y}")
    for line in draft.lines:
        if line.good.day.day <= 12 and line.good.day.day != line.good.day.month:
            line.behaviour = "ask"


@shape("code", "xlsx")
def codes_as_numbers(draft: Draft) -> None:
    draft.column("code", lambda good: int(good.code))


@shape("code")
def chinese_codes(draft: Draft) -> None:
    draft.column("code", lambda good: good.code[:6] + "0090", "ask")


@shape("formula", "xlsx")
def formulas_without_results(draft: Draft) -> None:
    draft.column("mass", lambda good: f"={good.mass}*1", "reject")


@shape("formula", "xlsx")
def formulas_with_results(draft: Draft) -> None:
    draft.column("mass", lambda good: f"={good.mass}*1")

    def results(data: bytes) -> bytes:
        return in_sheet(data, lambda xml: re.sub(rb"<f>([0-9.]+)\*1</f><v\s*/>", rb"<f>\1*1</f><v>\1</v>", xml))

    draft.bytes_changes.append(results)


@shape("formula", "xlsx")
def a_formula_with_an_error(draft: Draft) -> None:
    draft.set(1, "mass", "=A1/0", "reject")

    def failed(data: bytes) -> bytes:
        return in_sheet(
            data,
            lambda xml: re.sub(
                rb'(<c r="[A-Z]+\d+")([^>]*)><f>A1/0</f><v\s*/>', rb'\1 t="e"><f>A1/0</f><v>#DIV/0!</v>', xml
            ),
        )

    draft.bytes_changes.append(failed)


@shape("layout", "xlsx")
def rich_text(draft: Draft) -> None:
    draft.set(1, "product", CellRichText(TextBlock(InlineFont(b=True), "钢结"), "构件"))


@shape("layout", "xlsx")
def a_dimension_that_lies(draft: Draft) -> None:
    draft.bytes_changes.append(
        lambda data: in_sheet(data, lambda xml: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B2"', xml))
    )
