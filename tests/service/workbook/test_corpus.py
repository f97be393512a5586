"""One known-good table, one pollution at a time: recovered exactly, refused with its place, or asked; never wrong in silence."""

from __future__ import annotations

import codecs
import datetime as dt
import random
from collections.abc import Callable
from typing import Any, NamedTuple

import openpyxl
import pytest
from openpyxl.styles import numbers

from cbam.goods import candidates
from models.law import LawBook
from service.workbook import read as module
from service.workbook.child import known_heading
from service.workbook.guard import RawSheet
from service.workbook.problems import FileProblem
from service.workbook.raw import sheets_of
from service.workbook.read import ReadResult, read_submission

Read = Callable[..., ReadResult]


@pytest.fixture(scope="session")
def read(book: LawBook) -> Read:
    def here(data: bytes, **_: Any) -> list[RawSheet]:
        # The same rows without the child, which ``test_guard`` tries: a process for each pollution takes its time.
        return [RawSheet(head, list(rows)) for head, rows in sheets_of(data, known_heading)]

    def one(data: bytes, filename: str = "a.xlsx") -> ReadResult:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "read_sheets", here)
            result = read_submission(data, filename, candidates=lambda prefix: candidates(book, prefix))
        refused = {f.row for f in result.findings if f.refuses and f.row and f.sheet == result.sheet}
        kept = {good.line for good in result.goods}
        if result.rows_kept:  # every row is kept, skipped or refused, and none is two of these
            assert not kept & refused
            assert result.rows_seen == result.rows_kept + result.rows_skipped + len(refused)
        for finding in result.findings:
            assert finding.text.zh
            assert finding.text.en
            assert finding.code.startswith("workbook.")
        return result

    return one


def means(result: ReadResult) -> list[tuple[Any, ...]]:
    return [(g.cn_code, g.origin, g.net_mass_t, g.imported_on) for g in result.goods]


def refusals(result: ReadResult) -> set[tuple[str, str | None]]:
    return {(f.code.removeprefix("workbook."), f.cell) for f in result.findings if f.refuses}


# ---- cells: the middle row is spoiled, the others must survive -----------------------------------------------------


class Spoiled(NamedTuple):
    """A cell of the middle row (row 3): what is written, and the refusal; ``None`` means that it is read as the truth."""

    column: str
    written: Any
    code: str | None


CELLS = [
    *[Spoiled("B", written, None) for written in (
        "7308 90 59", "7308.90.59", "7308\u00a090\u00a059", "73089059.0", "'73089059", 73089059, "７３０８９０５９", "73089059 ")],
    Spoiled("B", "7308", "cn_too_short"),
    Spoiled("B", "730890", "cn_too_short"),
    Spoiled("B", 730890, "cn_too_short"),
    Spoiled("B", "7308905900", "cn_chinese_code"),
    Spoiled("B", 7308905900, "cn_chinese_code"),
    Spoiled("B", 1012100, "cn_lost_zero"),
    Spoiled("B", "73O89059", "cn_letter"),
    Spoiled("B", "steel", "cn_not_a_code"),
    Spoiled("B", "7.31E+07", "cn_not_a_code"),
    Spoiled("B", None, "missing"),
    Spoiled("C", "CHN", None),
    Spoiled("C", "中华人民共和国", None),
    Spoiled("C", "中国大陆", None),
    Spoiled("C", "China", None),
    Spoiled("C", "欧盟", "origin_several"),
    Spoiled("C", "Atlantis", "origin_unknown"),
    Spoiled("C", None, "missing"),
    Spoiled("C", "-", "missing"),
    *[Spoiled("D", written, None) for written in (
        "10", "10.0", "10 t", "10吨", "10,000 kg", "10000公斤", "１０", "1e1", "10 000 kg", "10.00")],
    Spoiled("D", -10, "not_positive"),
    Spoiled("D", "(10)", "not_positive"),
    Spoiled("D", 0, "not_positive"),
    Spoiled("D", "NaN", "not_a_number"),
    Spoiled("D", "inf", "not_a_number"),
    Spoiled("D", "1e309", "out_of_bounds"),
    Spoiled("D", "123456789012345678901234567890 t", "out_of_bounds"),
    Spoiled("D", "10%", "unknown_unit"),
    Spoiled("D", "10 箱", "unknown_unit"),
    Spoiled("D", "—", "missing"),
    Spoiled("D", None, "missing"),
    Spoiled("D", 250000, "looks_like_kg"),
    Spoiled("D", "#REF!", "error_cell"),
    Spoiled("D", "1.234", "ambiguous_number"),
    *[Spoiled("E", written, None) for written in (
        46154, "46154", "2026-05-12", "2026年5月12日", "12.05.2026", "20260512", dt.datetime.fromisoformat("2026-05-12T09:30"))],
    Spoiled("E", "03/04/2026", "ambiguous_date"),
    Spoiled("E", "12/5/26", "two_digit_year"),
    Spoiled("E", "2026-02-30", "bad_date"),
    Spoiled("E", dt.date(2206, 5, 12), "far_date"),
    Spoiled("E", "2026-05", "day_missing"),
    Spoiled("E", "五月", "bad_date"),
    Spoiled("E", None, "missing"),
]  # fmt: skip


@pytest.mark.parametrize("spoiled", CELLS, ids=lambda s: f"{s.column}-{s.written}")
def test_a_cell(read: Read, files: Any, spoiled: Spoiled) -> None:
    def change(book: openpyxl.Workbook) -> None:
        book.active[f"{spoiled.column}3"] = spoiled.written
        if isinstance(spoiled.written, int) and spoiled.column == "E":
            book.active[f"{spoiled.column}3"].number_format = "General"

    result = read(files.xlsx(files.table(), change))
    good = files.TRUTH if spoiled.code is None else [files.TRUTH[0], files.TRUTH[2]]
    assert means(result) == good
    assert refusals(result) == (set() if spoiled.code is None else {(spoiled.code, f"{spoiled.column}3")})
    for finding in result.findings:
        if finding.refuses:
            assert (finding.sheet, finding.row) == ("货物", 3)
            assert finding.field
            assert finding.hint.zh


def test_days_before_the_definitive_period_and_in_a_future_quarter_are_left_to_the_law(read: Read, files: Any) -> None:
    rows = [["a", "73089059", "CN", 1, dt.date(2025, 12, 31)], ["b", "73089059", "CN", 1, dt.date(2027, 11, 1)]]
    result = read(files.xlsx(files.table(*rows)))
    assert [g.imported_on for g in result.goods] == [dt.date(2025, 12, 31), dt.date(2027, 11, 1)]


def test_formulas_count_by_their_stored_value_only(read: Read, files: Any) -> None:
    def formula(book: openpyxl.Workbook) -> None:
        book.active["D3"] = "=5+5"

    bare = files.xlsx(files.table(), formula)
    assert refusals(read(bare)) == {("formula_without_value", "D3")}
    parts = files.members(bare)
    name = "xl/worksheets/sheet1.xml"
    parts[name] = (
        parts[name]
        .replace(b"<f>5+5</f><v />", b"<f>5+5</f><v>10</v>")
        .replace(b"<f>5+5</f><v/>", b"<f>5+5</f><v>10</v>")
    )
    stored = files.package(parts)
    assert means(read(stored)) == files.TRUTH


def test_error_values_of_a_workbook(read: Read, files: Any) -> None:
    for error in ("#REF!", "#N/A", "#DIV/0!", "#VALUE!"):
        data = files.xlsx(files.table(), lambda book, e=error: setattr(book.active["D3"], "value", e))
        assert b't="e"' in files.members(data)["xl/worksheets/sheet1.xml"]
        assert refusals(read(data)) == {("error_cell", "D3")}


def test_an_error_in_a_cell_that_may_be_empty_is_not_taken_as_empty(read: Read, files: Any) -> None:
    rows = [[*row, 900, "EUR"] for row in files.ROWS]
    rows[1][5] = "#N/A"
    assert refusals(read(files.xlsx(files.table(*rows, heading=[*files.HEADING, "单价（欧元/吨）", "币种"])))) == {
        ("error_cell", "F3")
    }


# ---- layout --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "unread"),
    [
        (["品名", "税号", "原产国", "净重(t)", "报关日期"], 0),
        (["Product", "CN code", "Origin", "Net mass (t)", "Import date"], 0),
        (["Description", "Box 33", "Box 34", "Net tonnes", "Box 54"], 0),
        (["product", "cn_code", "origin", "net_mass_t", "imported_on"], 0),
        (["产品名称\nProduct", "CN编码\nCN code", "原产地\nOrigin", "净重\nNet mass (t)", "进口日期\nImport date"], 0),
        (["  产品名称 ", "ＣＮ编码", "原产地*", "净重【吨】", "进口日期："], 0),
    ],
)
def test_renamed_columns(read: Read, files: Any, names: list[str], unread: int) -> None:
    result = read(files.xlsx(files.table(heading=names)))
    assert means(result) == files.TRUTH
    assert result.columns["cn_code"] == "B"


def test_a_column_in_kilograms(read: Read, files: Any) -> None:
    rows = [[p, c, o, m * 1000, d] for p, c, o, m, d in files.ROWS]
    for name in ("净重（千克）", "净重(kg)", "Net weight kg", "Box 38"):
        result = read(files.xlsx(files.table(*rows, heading=["品名", "CN编码", "原产地", name, "进口日期"])))
        assert [g.net_mass_t for g in result.goods] == pytest.approx([t[2] for t in files.TRUTH], rel=1e-12)


def test_a_column_without_a_unit_is_asked_about(read: Read, files: Any) -> None:
    result = read(files.xlsx(files.table(heading=["品名", "CN编码", "原产地", "净重", "进口日期"])))
    assert refusals(result) == {("unit_not_stated", f"D{row}") for row in (2, 3, 4)}


@pytest.mark.parametrize("column", range(1, 5))
def test_a_missing_column_is_named(read: Read, files: Any, column: int) -> None:
    rows = [[cell for at, cell in enumerate(row) if at != column] for row in files.table()]
    result = read(files.xlsx(rows))
    (finding,) = [f for f in result.findings if f.refuses]
    field = ["product", "cn_code", "origin", "net_mass_t", "imported_on"][column]
    assert (finding.code, finding.field, finding.sheet) == ("workbook.column_missing", field, "货物")
    assert result.goods == ()


def test_a_renamed_column_that_nobody_knows_is_shown_as_seen(read: Read, files: Any) -> None:
    result = read(files.xlsx(files.table(heading=["品名", "XYZ", "原产地", "净重（吨）", "进口日期"])))
    (finding,) = [f for f in result.findings if f.refuses]
    assert finding.field == "cn_code"
    assert "XYZ" in (finding.found or "")


def test_two_columns_for_one_field(read: Read, files: Any) -> None:
    def with_another(named: str, first: str = "净重（吨）") -> ReadResult:
        rows = [[*row, 99] for row in files.ROWS]
        return read(files.xlsx(files.table(*rows, heading=["品名", "CN编码", "原产地", first, "进口日期", named])))

    by_name = with_another("数量（件）")
    assert means(by_name) == files.TRUTH
    assert ("workbook.column_twice", "warning") in {(f.code, f.severity) for f in by_name.findings}
    for result in (with_another("净重（kg）"), with_another("重量（吨）", "数量（吨）")):
        assert result.goods == ()
        assert refusals(result) == {("column_twice", None)}
        assert result.rows_seen == 4


def test_titles_totals_blank_lines_and_repeated_headings_are_skipped_and_told(read: Read, files: Any) -> None:
    good = files.ROWS
    rows = [
        ["2026 年出口货物清单"], [], files.HEADING, good[0], [], good[1], files.HEADING, good[2],
        ["合计", None, None, 272.75, None], ["注：以上为净重"],
    ]  # fmt: skip
    result = read(files.xlsx(rows))
    assert means(result) == files.TRUTH
    assert [g.line for g in result.goods] == [4, 6, 8]
    codes = {f.code for f in result.findings}
    assert {"workbook.title_rows", "workbook.total_rows", "workbook.repeated_heading", "workbook.remark_rows"} <= codes
    assert (result.rows_seen, result.rows_kept, result.rows_skipped) == (8, 3, 5)


def test_a_table_that_begins_further_down_and_to_the_right(read: Read, files: Any) -> None:
    rows = [[], [], *[[None, None, *row] for row in files.table()]]
    rows[4][1 + 2] = "730890"
    result = read(files.xlsx(rows))
    assert means(result) == [files.TRUTH[0], files.TRUTH[2]]
    assert [g.line for g in result.goods] == [4, 6]
    assert refusals(result) == {("cn_too_short", "D5")}
    assert result.columns["cn_code"] == "D"


def test_a_heading_of_two_rows(read: Read, files: Any) -> None:
    two = [["货物", None, None, "数量", "日期"], ["品名", "CN编码", "原产地", "净重（吨）", "进口日期"], *files.ROWS]
    assert means(read(files.xlsx(two))) == files.TRUTH
    units = [["品名", "CN编码", "原产地", "净重", "进口日期"], [None, None, None, "（吨）", None], *files.ROWS]
    assert means(read(files.xlsx(units))) == files.TRUTH


def test_a_second_table_below_is_asked_about(read: Read, files: Any) -> None:
    other = [["CN编码", "品名", "进口日期", "原产地", "净重（吨）"], ["73089059", "x", "2026-05-12", "CN", 3]]
    result = read(files.xlsx([*files.table(), *other]))
    assert means(result) == files.TRUTH
    assert {f.row for f in result.findings if f.code == "workbook.second_table"} == {5, 6}


def test_hidden_rows_are_asked_about(read: Read, files: Any) -> None:
    def hide(book: openpyxl.Workbook) -> None:
        book.active.row_dimensions[3].hidden = True

    result = read(files.xlsx(files.table(), hide))
    assert refusals(result) == {("hidden_row", None)}
    assert means(result) == [files.TRUTH[0], files.TRUTH[2]]


def test_hidden_sheets_and_columns_are_told(read: Read, files: Any) -> None:
    def hide(book: openpyxl.Workbook) -> None:
        book["旧"].sheet_state = "hidden"
        book["货物"].column_dimensions["A"].hidden = True

    result = read(files.xlsx({"货物": files.table(), "旧": files.table()}, hide))
    assert means(result) == files.TRUTH
    assert {"workbook.hidden_sheet", "workbook.hidden_columns"} <= {f.code for f in result.findings}


def test_a_second_sheet_of_goods_is_asked_about(read: Read, files: Any) -> None:
    result = read(files.xlsx({"一季度": files.table(), "二季度": files.table()}))
    assert means(result) == files.TRUTH
    assert ("sheet_not_read", None) in refusals(result)


def test_merged_cells_are_asked_about(read: Read, files: Any) -> None:
    result = read(files.xlsx(files.table(), lambda book: book.active.merge_cells("D2:D3")))
    assert refusals(result) == {("merged_cell", "D2"), ("merged_cell", "D3")}
    assert means(result) == [files.TRUTH[2]]
    title = read(files.xlsx([["清单"], *files.table()], lambda book: book.active.merge_cells("A1:E1")))
    assert means(title) == files.TRUTH


def test_duplicate_rows_are_both_kept_and_name_each_other(read: Read, files: Any) -> None:
    result = read(files.xlsx(files.table(*files.ROWS, files.ROWS[1])))
    assert len(result.goods) == 4
    (finding,) = [f for f in result.findings if f.code == "workbook.duplicate_row"]
    assert (finding.severity, finding.row) == ("warning", 5)
    assert "3" in finding.text.zh


def test_days_counted_from_1904(read: Read, files: Any) -> None:
    def old(book: openpyxl.Workbook) -> None:
        from openpyxl.utils.datetime import CALENDAR_MAC_1904, to_excel

        book.epoch = CALENDAR_MAC_1904
        for row, (*_, day) in enumerate(files.TRUTH, 2):
            cell = book.active[f"E{row}"]
            cell.value = to_excel(day, CALENDAR_MAC_1904)
            cell.number_format = numbers.FORMAT_GENERAL if row == 3 else numbers.FORMAT_DATE_YYYYMMDD2

    assert means(read(files.xlsx(files.table(), old))) == files.TRUTH


def test_a_price_per_tonne_or_a_value_and_their_currency(read: Read, files: Any) -> None:
    heading = [*files.HEADING, "单价", "币种"]
    rows = [[*files.ROWS[0], 900, "欧元"], [*files.ROWS[1], "7,200 元/吨", None], [*files.ROWS[2], "USD 1100", "EUR"]]
    result = read(files.xlsx(files.table(*rows, heading=heading)))
    assert [(g.price_per_t, g.currency) for g in result.goods] == [(900, "EUR"), (7200, "CNY")]
    assert refusals(result) == {("currency_conflict", "G4")}
    total = read(
        files.xlsx(files.table(*[[*r, 25025.0] for r in files.ROWS], heading=[*files.HEADING, "总价（欧元）"]))
    )
    assert [(g.price_per_t, g.currency) for g in total.goods] == [
        (pytest.approx(25025 / g.net_mass_t), "EUR") for g in total.goods
    ]


def test_intensities_in_kg_per_tonne(read: Read, files: Any) -> None:
    heading = [*files.HEADING, "自有SEE（kgCO2e/t）", "依据"]
    rows = [[*row, 1900, "实际值"] for row in files.ROWS]
    read_in_kg = read(files.xlsx(files.table(*rows, heading=heading))).goods
    assert [g.own_see_tco2e_per_t for g in read_in_kg] == pytest.approx([1.9] * 3, rel=1e-12)
    heading[5] = "自有SEE（tCO2e/t）"
    result = read(files.xlsx(files.table(*rows, heading=heading)))
    assert refusals(result) == {("out_of_bounds", f"F{row}") for row in (2, 3, 4)}


# ---- text files ----------------------------------------------------------------------------------------------------

CSV = [[p, c, o, m, d.isoformat()] for p, c, o, m, d in (
    ["螺栓", "73181900", "中国", 12.5, dt.date(2026, 2, 3)],
    ["钢结构件", "73089059", "中国", 10.0, dt.date(2026, 5, 12)],
    ["铝型材", "76042910", "中国", 250.25, dt.date(2026, 8, 20)],
)]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv(read: Read, files: Any, encoding: str, mark: str) -> None:
    text = files.csv_text(files.table(*CSV), mark)
    assert means(read(text.encode(encoding), "a.csv")) == files.TRUTH
    assert means(read(text.replace("\r\n", "\n").encode(encoding), "a.csv")) == files.TRUTH


@pytest.mark.parametrize("encoding", ["big5", "latin-1"])
def test_other_encodings_are_asked_about(read: Read, files: Any, encoding: str) -> None:
    rows = (
        files.table(*CSV)
        if encoding == "big5"
        else files.table(
            ["Träger", "73089059", "Türkiye", "10", "2026-05-12"],
            heading=["Produkt é", "CN code", "Origin", "Net mass (t)", "Import date"],
        )
    )
    text = files.csv_text(rows)
    swapped = (
        text.translate(str.maketrans("产品编码净进口铝钢结构", "產品編碼淨進口鋁鋼結構"))
        if encoding == "big5"
        else text
    )
    with pytest.raises(FileProblem) as told:
        read(swapped.encode(encoding, "replace"), "a.csv")
    assert told.value.code == "workbook.encoding"


def test_semicolons_with_decimal_commas(read: Read, files: Any) -> None:
    rows = [[*row[:3], str(row[3]).replace(".", ","), row[4]] for row in CSV]
    assert means(read(files.csv_text(files.table(*rows), ";").encode(), "a.csv")) == files.TRUTH


def test_a_line_that_names_the_separator(read: Read, files: Any) -> None:
    text = "sep=;\r\n" + files.csv_text(files.table(*CSV), ";")
    result = read(text.encode(), "a.csv")
    assert means(result) == files.TRUTH
    assert result.goods[0].line == 3


def test_ragged_rows_and_quotes(read: Read, files: Any) -> None:
    text = files.csv_text(files.table(*CSV)).replace("螺栓", '"螺栓, ""M8"""').replace("2026-05-12", "2026-05-12,,,")
    assert means(read(text.encode(), "a.csv")) == files.TRUTH
    with pytest.raises(FileProblem) as told:
        read(text.replace('""M8"""', '"M8').encode(), "a.csv")
    assert told.value.code == "workbook.damaged"


def test_a_formula_as_text_is_no_value(read: Read, files: Any) -> None:
    rows = [CSV[0], [*CSV[1][:3], "=5+5", CSV[1][4]], CSV[2]]
    assert refusals(read(files.csv_text(files.table(*rows)).encode(), "a.csv")) == {("formula_without_value", "D3")}


def test_nul_in_a_text(read: Read, files: Any) -> None:
    with pytest.raises(FileProblem) as told:
        read(codecs.BOM_UTF8 + files.csv_text(files.table(*CSV)).encode().replace(b"CN", b"C\0N"), "a.csv")
    assert told.value.code == "workbook.wrong_kind"


def test_a_wrong_ending_is_told_and_read(read: Read, files: Any) -> None:
    result = read(files.xlsx(files.table()), "goods.xls")
    assert means(result) == files.TRUTH
    assert "workbook.extension" in {f.code for f in result.findings}


# ---- whole files ---------------------------------------------------------------------------------------------------


def test_a_workbook_without_goods_says_what_is_needed(read: Read, files: Any) -> None:
    result = read(files.xlsx([["a", "b"], [1, 2]]))
    assert result.submission is None
    (finding,) = [f for f in result.findings if f.refuses]
    assert finding.code == "workbook.no_goods"
    assert "CN编码" in finding.text.zh


def test_fifty_thousand_rows_are_all_accounted_for(read: Read, files: Any) -> None:
    rng = random.Random(4)
    rows = []
    for n in range(50_000):
        row = [f"件{n}", "73089059", "中国", f"{rng.uniform(1, 500):.4f}", f"2026-{1 + n % 12:02d}-{1 + n % 28:02d}"]
        if n % 1000 == 7:
            row[rng.randrange(1, 5)] = "?"
        rows.append(row)
    result = read(files.csv_text(files.table(*rows)).encode(), "a.csv")
    assert (result.rows_seen, result.rows_kept, result.rows_skipped) == (50_001, 49_950, 1)


def test_no_mutation_of_a_good_file_crashes_or_invents(read: Read, files: Any) -> None:
    """The parser's share of this is in the child; here bytes of the text form are changed, which reach our own rules."""
    rng = random.Random(1)
    good = files.csv_text(files.table(*CSV)).encode("gb18030")
    for _ in range(200):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            result = read(bytes(data), "a.csv")
        except FileProblem:
            continue
        assert all(g.net_mass_t > 0 and g.cn_code.isdigit() for g in result.goods)
