"""The smaller sheets: firm, installations, footprints, score."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest

from finance.submission import IndicatorValue
from service.workbook import read as reading
from service.workbook.guard import RawSheet
from service.workbook.raw import sheets_of
from service.workbook.read import ReadResult, read_submission


@pytest.fixture
def read(files: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read sheets beside one good row of goods, without a child."""

    def here(data: bytes, **_: Any) -> list[RawSheet]:
        return [RawSheet(head, list(rows)) for head, rows in sheets_of(data, lambda _: False)]

    monkeypatch.setattr(reading, "read_sheets", here)

    def one(sheets: dict[str, Sequence[Sequence[Any]]], *, goods: bool = True) -> ReadResult:
        whole = ({"货物": files.table()} if goods else {}) | sheets
        return read_submission(files.xlsx(whole), "a.xlsx")

    return one


def codes(result: ReadResult) -> set[tuple[str, str | None]]:
    return {(f.code, f.cell) for f in result.findings if f.severity != "info"}


def test_the_firm_as_names_and_values(read: Any) -> None:
    result = read(
        {
            "企业": [
                ["企业信息"],
                ["企业名称", "佛山示例（虚构）有限公司"],
                ["统一社会信用代码", "91440600MA4UQ0XX1C"],
                ["营业收入（元）", "5.2亿元"],
                ["EBITDA", "(1,200,000)"],
                ["碳成本传导比例", "40%"],
                ["CBAM承担比例", 0.5],
                ["财务年度", 2025],
                ["备注", "随便写"],
            ]
        }
    )
    firm = result.submission.firm
    assert firm.name == "佛山示例（虚构）有限公司"
    assert (firm.revenue_cny, firm.ebitda_cny) == (520_000_000, -1_200_000)
    assert (firm.pass_through, firm.cbam_share_borne, firm.financial_year) == (0.4, 0.5, 2025)
    assert codes(result) == set()


def test_the_firm_as_a_heading_with_one_row(read: Any) -> None:
    result = read({"Firm": [["Name", "Revenue (CNY)", "EBITDA (万元)"], ["Demo Ltd", 5e8, 4100]]})
    firm = result.submission.firm
    assert (firm.name, firm.revenue_cny, firm.ebitda_cny) == ("Demo Ltd", 5e8, 41_000_000)


@pytest.mark.parametrize(
    ("label", "value", "code"),
    [
        ("营业收入", 0, "workbook.out_of_bounds"),
        ("营业收入", "5亿美元", "workbook.foreign_currency"),
        ("营业收入", "$500", "workbook.foreign_currency"),
        ("EBITDA", "#REF!", "workbook.error_cell"),
        ("EBITDA", "待核实", "workbook.not_a_number"),
        ("碳成本传导比例", 40, "workbook.out_of_bounds"),
        ("财务年度", "去年", "workbook.invalid"),
        ("统一社会信用代码", "123", "workbook.invalid"),
        ("企业名称", "名" * 300, "workbook.too_long"),
    ],
)
def test_a_wrong_figure_of_the_firm_is_left_out_and_told(read: Any, label: str, value: Any, code: str) -> None:
    result = read({"企业": [["城市", "佛山"], [label, value]]})
    assert codes(result) == {(code, "B2")}
    assert result.submission.firm.city == "佛山"
    assert result.rows_kept == 3


def test_zero_ebitda_and_an_empty_figure_are_not_the_same(read: Any) -> None:
    assert read({"企业": [["企业名称", "甲"], ["EBITDA", 0]]}).submission.firm.ebitda_cny == 0
    assert read({"企业": [["企业名称", "甲"], ["EBITDA", "—"]]}).submission.firm.ebitda_cny is None


def test_a_firm_without_a_name_is_called_so(read: Any) -> None:
    result = read({})
    assert "未填写" in result.submission.firm.name
    assert "workbook.no_firm_name" in {f.code for f in result.findings}


HEAD = [
    "装置名称",
    "履约年度",
    "工序",
    "核查排放量（万吨）",
    "列入全国名录",
    "自填市场价（元/吨）",
    "价格日期",
    "分配方法",
]


def test_installations(read: Any) -> None:
    row = ["一号厂", "2025年", "钢铁（轧钢、电炉等其他）", 8.6, "否", 39.04, "2026-02-13", "历史强度下降法"]
    result = read({"装置": [HEAD, row, ["一号厂", 2024, "steel_other", 8.1, "no", None, None, None]]})
    first, second = result.submission.installations
    assert (first.process, first.verified_emissions_t, first.on_national_list) == ("steel_other", 86_000, False)
    assert (first.user_price_cny_per_t, first.user_price_on) == (39.04, dt.date(2026, 2, 13))
    assert first.allocation_method == "historical_intensity"
    assert first.province == "guangdong"
    assert (second.compliance_year, second.user_price_cny_per_t) == (2024, None)
    assert codes(result) == set()


def test_an_installation_is_the_same_with_other_spaces(read: Any, files: Any) -> None:
    goods = files.table(
        ["螺栓", "73181900", "CN", 1.5, dt.date(2026, 2, 3), "佛山 (一厂)"], heading=[*files.HEADING, "装置"]
    )
    result = read({"货物": goods, "装置": [HEAD[:3], ["佛山（一厂）", 2025, "steel_other"]]}, goods=False)
    assert result.goods[0].installation == result.submission.installations[0].installation


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["", 2025, "steel_other"], ("workbook.missing", "A3")),
        (["二号厂", 2025, "炼丹"], ("workbook.unknown_word", "C3")),
        (["二号厂", 1999, "steel_other"], ("workbook.out_of_bounds", "B3")),
        (["二号厂", 2025, "steel_other", -1], ("workbook.out_of_bounds", "D3")),
        (["一号厂", 2025, "steel_other"], ("workbook.same_site", "A3")),
    ],
)
def test_a_wrong_installation_is_refused_alone(read: Any, row: list[Any], expected: tuple[str, str]) -> None:
    result = read({"装置": [HEAD, ["一号厂", 2025, "steel_other"], row]})
    assert codes(result) == {expected}
    assert len(result.submission.installations) == 1


def test_footprints(read: Any) -> None:
    head = ["产品", "碳足迹", "行业基准", "产品收入（万元）", "数据质量", "证据等级", "边界一致"]
    rows = [["型材", 8.2, 9.0, 32000, 2, "第三方核查", "是"], ["板材", None, None, 100, 7, "", ""]]
    result = read({"产品碳足迹": [head, *rows]})
    (one,) = result.submission.footprints
    assert (one.footprint_tco2e_per_t, one.revenue_cny, one.evidence_level) == (
        8.2,
        320_000_000,
        "third_party_verified",
    )
    assert codes(result) == {("workbook.out_of_bounds", "E3")}


SCORE = ["指标编号", "名称", "数值", "数据状态", "数据质量", "证据", "声明日期"]


def test_the_score_sheet(read: Any) -> None:
    rows = [
        ["F1", "", None],
        ["F2", "", "第三方核查"],
        ["F3", "", "-3%", "估算", 2],
        ["T2", "", "转型目录"],
        ["E2", "", "", "不适用", "", "声明", "2026-03-01"],
        ["B3", "", "", "缺失"],
        ["G1", "", "否"],
        ["G2", "", "是"],
    ]
    result = read({"评分": [SCORE, *rows]}, goods=False)
    indicators = result.submission.indicators
    assert indicators == {
        "F2": IndicatorValue(value="third_party_verified"),
        "F3": IndicatorValue(value=-0.03, state="estimated", data_quality=2),
        "T2": IndicatorValue(value="transition_catalogue"),
        "E2": IndicatorValue(state="not_applicable", evidence="声明", declared_on=dt.date(2026, 3, 1)),
        "B3": IndicatorValue(state="missing"),
    }
    assert result.submission.gates == {"G1": False, "G2": True}
    assert codes(result) == set()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["X9", "", 1], ("workbook.unknown_word", "A3")),
        (["F2", "", "很好"], ("workbook.unknown_word", "C3")),
        (["G1", "", "大概"], ("workbook.unknown_word", "C3")),
        (["C1", "", "很低"], ("workbook.not_a_number", "C3")),
        (["C1", "", 0.1, "猜的"], ("workbook.unknown_word", "D3")),
        (["C1", "", 0.1, "", 9], ("workbook.out_of_bounds", "E3")),
        (["T1", "", 0.1], ("workbook.same_id", "A3")),
        (["C1", "", "", "不适用"], ("workbook.needs_declaration", None)),
    ],
)
def test_a_wrong_indicator_is_told_and_the_others_are_kept(
    read: Any, row: list[Any], expected: tuple[str, str | None]
) -> None:
    result = read({"评分": [SCORE, ["T1", "", 0.9], row]})
    found = codes(result)
    assert expected in found or expected[0] in {code for code, _ in found}
    assert result.submission.indicators["T1"] == IndicatorValue(value=0.9)


def test_a_small_sheet_without_its_columns_is_told_and_harms_nothing(read: Any) -> None:
    result = read({"装置": [["什么", "都", "没有"]], "评分": [["编号"], ["F1"]]})
    assert result.rows_kept == 3
    assert "workbook.column_missing" in {f.code for f in result.findings}
