"""The whole workbook: what the template asks for comes back as it was written, on every sheet."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest

from cbam.consignment import Basis
from finance.submission import Footprint, IndicatorValue
from service.workbook.example import example_bytes
from service.workbook.layout import default_layout
from service.workbook.read import ReadResult, read_submission
from service.workbook.template import template_bytes

LAYOUT = default_layout()
GOOD: dict[str, Any] = {
    "product": "钢结构件", "cn_code": "73089059", "origin": "中国", "net_mass_t": 10, "imported_on": dt.date(2026, 5, 12),
    "price_per_t": 1100, "currency": "EUR", "basis": "实际值", "own_see_tco2e_per_t": 1.9, "own_sefa_tco2e_per_t": 1.2,
    "verifier": "示例核查", "installation": "佛山一厂", "covered_tco2_per_t": 0.4, "production_year": 2026,
}  # fmt: skip
FIRM: dict[str, Any] = {
    "name": "佛山示例铝业有限公司", "uscc": "91440600MA4UK0000X", "province": "广东", "city": "佛山", "sector": "铝加工",
    "financial_year": 2025, "revenue_cny": "5亿元", "ebitda_cny": 0, "pass_through": "40%", "cbam_share_borne": 0.5,
}  # fmt: skip
SITE: dict[str, Any] = {
    "installation": "佛山一厂", "compliance_year": 2025, "process": "铝加工（挤压、轧制、铸造）", "province": "广东", "city": "佛山",
    "on_national_list": "否", "verified_emissions_t": 18000, "energy_tce": 9000, "output_t": 60000,
}  # fmt: skip
PRINT: dict[str, Any] = {
    "product": "铝型材", "footprint_tco2e_per_t": 8.2, "benchmark_tco2e_per_t": 9, "benchmark_source": "示例 2025",
    "same_boundary": "是", "revenue_cny": 320000000, "data_quality": 2, "evidence_level": "第三方核查",
}  # fmt: skip


def filled(sheets: dict[str, list[dict[str, Any]]], score: dict[str, dict[str, Any]] | None = None) -> bytes:
    """Return the template with rows written below its headings, as a user would."""
    book = openpyxl.load_workbook(io.BytesIO(template_bytes()))
    for page in book:
        key = LAYOUT.sheet_named(page.title)
        if key is None:
            continue
        sheet = LAYOUT.sheets[key]
        if key == "firm":
            for row in page.iter_rows():
                heading = sheet.heading(str(row[0].value or ""))
                if heading and heading.field in sheets.get("firm", [{}])[0]:
                    row[1].value = sheets["firm"][0][heading.field]
            continue
        at, columns = next(
            (row[0].row, found)
            for row in page.iter_rows(max_row=20)
            if len(found := {h.field: c.column for c in row if (h := sheet.heading(str(c.value or "")))}) > 2
        )
        for offset, values in enumerate(sheets.get(key, []), 1):
            for field, value in values.items():
                page.cell(at + offset, columns[field], value)
        if key == "score" and score:
            for row in page.iter_rows(min_row=at + 1):
                for field, value in score.get(str(row[columns["id"] - 1].value), {}).items():
                    page.cell(row[0].row, columns[field], value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def refusals(result: ReadResult) -> list[tuple[str, str | None, str | None]]:
    return [(f.code.removeprefix("workbook."), f.sheet, f.cell) for f in result.findings if f.refuses]


def test_the_empty_template_reads_as_nothing_and_says_so() -> None:
    result = read_submission(template_bytes(), "template.xlsx")
    assert result.submission is None
    assert result.rows_kept == 0
    assert [f.code for f in result.findings if f.refuses] in ([], ["workbook.no_goods"])


def test_what_is_written_into_the_template_comes_back() -> None:
    score = {
        "T1": {"value": 0.9, "evidence": "计划"},
        "F3": {"value": "-3%"},
        "E2": {"state": "不适用", "declared_on": dt.date(2026, 3, 1)},
        "G1": {"value": "否"},
        "G2": {"value": "是"},
    }
    result = read_submission(
        filled(
            {
                "goods": [GOOD, GOOD | {"net_mass_t": 12.5}],
                "firm": [FIRM],
                "installations": [SITE],
                "footprints": [PRINT],
            },
            score,
        ),
        "filled.xlsx",
    )
    assert refusals(result) == []
    told = result.submission
    assert told is not None
    good = told.goods[0]
    expected = GOOD | {"origin": "CN", "basis": Basis.ACTUAL, "line": good.line, "route": None}
    assert good.model_dump() == expected
    assert told.goods[1].net_mass_t == 12.5
    assert told.firm.model_dump() == FIRM | {"revenue_cny": 5e8, "pass_through": 0.4}
    site = told.installations[0].model_dump(exclude_none=True)
    assert (site["installation"], site["compliance_year"], site["process"]) == (
        "佛山一厂",
        2025,
        "aluminium_fabrication",
    )
    assert (site["on_national_list"], site["output_t"]) == (False, 60000)
    assert told.footprints == (Footprint(**PRINT | {"same_boundary": True, "evidence_level": "third_party_verified"}),)
    assert told.indicators["T1"] == IndicatorValue(value=0.9, evidence="计划")
    assert told.indicators["F3"].value == pytest.approx(-0.03)
    assert told.indicators["E2"].state == "not_applicable"
    assert told.gates == {"G1": False, "G2": True}


@pytest.mark.parametrize(
    ("sheet", "field", "written", "code"),
    [
        ("installations", "process", "炼金", "unknown_word"),
        ("installations", "verified_emissions_t", "-5", "out_of_bounds"),
        ("installations", "compliance_year", "去年", "invalid"),
        ("installations", "purchase_price_cny_per_t", "5 EUR", "foreign_currency"),
        ("installations", "on_national_list", "也许", "unknown_word"),
        ("footprints", "revenue_cny", None, "missing"),
        ("footprints", "data_quality", 7, "out_of_bounds"),
        ("footprints", "footprint_tco2e_per_t", "8.2 kWh", "unknown_unit"),
    ],
)
def test_a_wrong_cell_of_a_smaller_sheet_refuses_its_row_and_keeps_the_goods(
    sheet: str, field: str, written: Any, code: str
) -> None:
    rows = {"installations": [SITE], "footprints": [PRINT]} | {"goods": [GOOD], "firm": [FIRM]}
    rows[sheet] = [
        rows[sheet][0] | {field: written},
        rows[sheet][0] | {"installation": "二厂"} if sheet == "installations" else PRINT,
    ]
    result = read_submission(filled(rows), "a.xlsx")
    assert [found[0] for found in refusals(result)] == [code]
    assert next(f for f in result.findings if f.refuses).cell
    assert result.submission is not None
    assert len(result.submission.goods) == 1
    assert len(getattr(result.submission, sheet)) == 1


@pytest.mark.parametrize(
    ("field", "written"), [("revenue_cny", "很多"), ("pass_through", 2), ("uscc", "123"), ("financial_year", "25")]
)
def test_a_wrong_figure_of_the_firm_is_left_out_and_told(field: str, written: Any) -> None:
    result = read_submission(filled({"goods": [GOOD], "firm": [FIRM | {field: written}]}), "a.xlsx")
    assert result.submission is not None
    assert getattr(result.submission.firm, field) is None
    assert result.submission.firm.name == FIRM["name"]
    assert [f.field for f in result.findings if f.refuses] == [field]


def test_finance_figures_missing_not_applicable_and_zero_are_three_things() -> None:
    score = {"C2": {"state": "缺失"}, "E1": {"state": "不适用"}}
    result = read_submission(filled({"goods": [GOOD], "firm": [FIRM | {"revenue_cny": None}]}, score), "a.xlsx")
    assert result.submission is not None
    firm = result.submission.firm
    assert (firm.revenue_cny, firm.ebitda_cny) == (None, 0.0)
    assert result.submission.indicators["C2"].state == "missing"
    assert "workbook.needs_declaration" in {f.code for f in result.findings}


def test_the_same_installation_and_year_twice_is_refused() -> None:
    result = read_submission(filled({"goods": [GOOD], "installations": [SITE, SITE]}), "a.xlsx")
    assert [code for code, _, _ in refusals(result)] == ["same_site"]


def test_the_example_is_read_without_a_question() -> None:
    result = read_submission(example_bytes(), "example.xlsx")
    assert refusals(result) == []
    assert result.submission is not None
    assert result.rows_kept == len(result.submission.goods) >= 8
    assert {good.cn_code[:2] for good in result.submission.goods} >= {"72", "73", "76"}
    assert result.sheet is not None
    assert result.columns["cn_code"]
