"""The empty workbook, and that what is filled into it is read back as it was meant."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cbam.consignment import Basis
from finance.submission import GoodsLine
from models.files import DATA
from service.workbook.layout import default_layout
from service.workbook.parts import known_ids
from service.workbook.read import read_submission
from service.workbook.template import template_bytes, workbook

CODES = ("73089059", "76042990", "72104900", "73181535")


def sheets(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def test_the_template_has_every_sheet_with_bilingual_headings_and_the_same_bytes_each_time() -> None:
    data = template_bytes()
    assert data == template_bytes()
    book = sheets(data)
    layout = default_layout()
    assert book.sheetnames[0] == "说明 Notes"
    assert {sheet.title for sheet in layout.sheets.values()} < set(book.sheetnames)
    assert book["选项 Lists"].sheet_state == "hidden"
    heading = [cell.value for cell in book["货物 Goods"][1]]
    assert heading[1] == "CN编码\nCN code"
    assert heading[3] == "净重\nNet mass (t)"
    assert book["货物 Goods"].freeze_panes == "B2"


def test_every_heading_of_the_template_is_its_own_column() -> None:
    for sheet in default_layout().sheets.values():
        for column in sheet.columns.values():
            named = sheet.heading(column.heading)
            assert named is not None
            assert named.field == column.field, column.heading
            for name in (column.text.zh, column.text.en, column.field):
                assert sheet.heading(name).field == column.field, name  # type: ignore[union-attr]


def test_every_field_of_the_models_has_a_column() -> None:
    from finance.submission import Firm, Footprint, IndicatorValue
    from models.installation import EtsYear

    columns = {key: set(sheet.columns) for key, sheet in default_layout().sheets.items()}
    assert set(GoodsLine.model_fields) - {"line"} == columns["goods"] - {"value"}
    assert set(Firm.model_fields) == columns["firm"]
    assert set(EtsYear.model_fields) == columns["installations"]
    assert set(Footprint.model_fields) == columns["footprints"]
    assert set(IndicatorValue.model_fields) == columns["score"] - {"id", "label"}


def test_codes_are_text_and_words_have_drop_downs() -> None:
    book = sheets(template_bytes())
    goods = book["货物 Goods"]
    assert goods.column_dimensions["B"].width > 10
    rules = {str(rule.sqref): rule for rule in goods.data_validations.dataValidation}
    lists = [rule for rule in rules.values() if rule.type == "list"]
    assert len(lists) == 4  # origin, currency, basis, route
    for rule in lists:
        assert str(rule.formula1).startswith("'选项 Lists'!$")
    assert all(rule.prompt for rule in rules.values())
    codes = next(rule for where, rule in rules.items() if where.startswith("B2"))
    assert "CN" in str(codes.prompt)


def test_every_entry_of_a_drop_down_is_understood() -> None:
    layout = default_layout()
    for group, words in layout.words.items():
        for word in words:
            from service.workbook.layout import meaning

            for name in (word.shown, word.key, word.text.zh, word.text.en):
                assert meaning(layout, group, name) == word.key, (group, name)


def test_the_empty_template_is_read_as_empty() -> None:
    result = read_submission(template_bytes(), "template.xlsx")
    assert result.submission is None
    assert result.rows_seen == result.rows_skipped == 1
    assert [f for f in result.findings if f.refuses] == []


def test_the_score_sheet_lists_every_indicator_and_every_gate_that_asks() -> None:
    book = sheets(template_bytes())
    shown = {row[0].value for row in book["评分 Score"].iter_rows(min_row=2) if row[0].value}
    known, asked = known_ids()
    assert shown == known | asked


LINES = st.builds(
    GoodsLine,
    line=st.just(2),
    product=st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=30).filter(
        lambda s: s.casefold() not in default_layout().empty and not any(word in s for word in ("合计", "总计", "小计"))
    ),
    cn_code=st.sampled_from(CODES),
    origin=st.sampled_from(["CN", "TR", "VN", "TW", "DE", "ES-CE"]),
    net_mass_t=st.floats(0.001, 19_999).map(lambda v: round(v, 6)),
    imported_on=st.dates(dt.date(2026, 1, 1), dt.date(2034, 12, 31)),
    price_per_t=st.none() | st.floats(0.01, 1e6),
    currency=st.sampled_from(["CNY", "EUR", "USD", "HKD"]),
    basis=st.sampled_from(list(Basis)),
    own_see_tco2e_per_t=st.none() | st.floats(0, 50),
    own_sefa_tco2e_per_t=st.none() | st.floats(0, 50),
    verifier=st.none() | st.sampled_from(["示例核查机构", "Verifier Ltd (demo)"]),
    installation=st.none() | st.sampled_from(["一号厂", "佛山挤压厂（示例）"]),
    covered_tco2_per_t=st.none() | st.floats(0, 50),
    production_year=st.none() | st.integers(2026, 2060),
    route=st.none() | st.sampled_from("CDEFGHJKL"),
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines=st.lists(LINES, min_size=1, max_size=40))
def test_what_is_filled_in_is_read_back(lines: list[GoodsLine]) -> None:
    rows: list[dict[str, Any]] = [line.model_dump(exclude={"line"}) for line in lines]
    result = read_submission(workbook({"goods": rows}), "filled.xlsx")
    assert [f for f in result.findings if f.refuses] == []
    back = [line.model_copy(update={"line": 2}) for line in result.goods]
    for one, other in zip(lines, back, strict=True):
        for field, value in one.model_dump().items():
            found = getattr(other, field)
            if isinstance(value, float):
                assert abs(found - value) <= 1e-14 * abs(value), field
            else:
                assert found == value, field
    assert [line.line for line in result.goods] == list(range(2, len(lines) + 2))


def test_the_kept_example_is_the_one_that_is_made() -> None:
    from service.workbook.example import example_bytes

    kept = DATA / "example" / "foshan.xlsx"
    made = example_bytes()
    assert made == example_bytes()
    assert [[c.value for c in row] for s in sheets(kept.read_bytes()) for row in s.iter_rows()] == [
        [c.value for c in row] for s in sheets(made) for row in s.iter_rows()
    ]
