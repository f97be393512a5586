"""The workbook of a footprint: round trips, cells that are wrong, the page, the terminal, paper."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import openpyxl
import pytest
from fastapi.testclient import TestClient
from openpyxl.worksheet.worksheet import Worksheet
from typer.testing import CliRunner

from models import bill, crosscheck, factor_records
from models.files import DATA
from models.method_profile import load_profiles
from service.cli import app
from service.footprint.example import CHECKS, EXAMPLE
from service.footprint.file import from_file
from service.footprint.paper import footprint_paper
from service.footprint.use import ReconcileAsk
from service.footprint.workbook import NAME, read_bill, template_bytes
from service.library import Library
from service.press.document import Steps, Table
from service.workbook.layout import default_layout

LIBRARY = Library()
TODAY = dt.date(2026, 6, 1)
SUBMITTED = {
    "record": {
        "id": "gd", "key": "electricity", "name_zh": "省级", "value": 0.5, "unit": "kgCO2e/kWh", "level": "provincial",
        "region": "Guangdong", "data_year": 2024, "published": "2025-11-01", "source": "示例", "licence": "own",
    },
    "submitter": "甲", "submitted_on": "2025-12-01",
    "review": {"reviewer": "乙", "on": "2026-01-02", "decision": "accepted", "reason": "核对"},
}  # fmt: skip
ASK = ReconcileAsk.model_validate_json(json.dumps(EXAMPLE | CHECKS | {"submissions": [SUBMITTED]}))
Spoil = Callable[[Any], None]


def at(book: Any, sheet: str) -> Worksheet:
    found: Worksheet = next(book[name] for name in book.sheetnames if name.startswith(sheet + " "))
    return found


def put(sheet: str, heading: str, value: object, row: int = 2) -> Spoil:
    def spoil(book: Any) -> None:
        page = at(book, sheet)
        column = next(i for i, cell in enumerate(page[1], 1) if str(cell.value).split("\n")[0] == heading)
        page.cell(row, column).value = value

    return spoil


def spoiled(*spoils: Spoil) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(template_bytes(ASK)))
    for spoil in spoils:
        spoil(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_example_written_and_read_is_the_example() -> None:
    read = read_bill(template_bytes(ASK))
    assert [f for f in read.findings if f.severity != "info"] == []
    assert read.checks == ASK


def test_the_words_of_the_workbook_are_those_of_the_models() -> None:
    words = {group: {word.key for word in of} for group, of in default_layout(NAME).words.items()}
    assert words["stage"] == set(bill.STAGES)
    assert words["activity_kind"] == set(bill.KINDS)
    assert words["level"] == set(factor_records.LEVELS)
    assert words["licence"] == set(LIBRARY.licences)
    assert words["profile"] == set(load_profiles(DATA))
    assert words["measure"] == {one.id for one in LIBRARY.measures.named.values()}
    assert words["check_rule"] == set(crosscheck.RULES)
    assert words["verified_under"] == set(LIBRARY.boundaries) == set(get_args(crosscheck.Regime))
    assert words["statement_source"] == set(crosscheck.SOURCE_WORDS)


def test_a_file_gives_the_figures_that_the_same_input_gives(client: TestClient) -> None:
    sent = {"file": ("a.xlsx", template_bytes(ASK))}
    of_file = client.post("/api/v1/footprints/file", files=sent).json()
    of_json = client.post("/api/v1/footprints", json=EXAMPLE | {"submissions": [SUBMITTED]}).json()
    assert of_file["footprint"]["products"] == of_json["products"]
    assert of_file["reconciliation"]["checks"][0]["result"] == "agrees"
    assert client.get("/api/v1/footprints/template.xlsx").content.startswith(b"PK")


#: What is spoiled, the code of the finding, and its cell.
DIRTY: list[tuple[str, list[Spoil], str, str | None]] = [
    ("text for a number", [put("活动", "数量", "很多")], "workbook.not_a_number", "E2"),
    ("a negative amount", [put("活动", "数量", -5)], "workbook.out_of_bounds", "E2"),
    ("a unit not in the list", [put("活动", "单位", "桶")], "workbook.unknown_word", "F2"),
    ("a unit of another kind", [put("活动", "单位", "吨 t", row=3)], "measure.does_not_convert", "F3"),
    ("an unknown key", [put("活动", "因子库名称", "月光", row=3)], "factors.none_to_choose", "G3"),
    ("no factor", [put("活动", "因子库名称", None, row=3)], "input.missing", "G3"),
    ("two factors", [put("活动", "燃料", "natural_gas", row=3)], "footprint.several_factors", "H3"),
    ("a factor that is no rate", [put("活动", "自有因子单位", "kg")], "measure.unknown", "K2"),
    ("product and process", [put("活动", "专用于产品", "6063-A")], "footprint.two_owners", "R2"),
    ("a product that is not there", [put("活动", "专用于产品", "6063-C", row=4)], "footprint.not_on_bill", "Q4"),
    ("a process without a rule", [put("活动", "共用工序", "酸洗")], "footprint.not_divided", "R2"),
    ("an activity twice", [put("活动", "活动名称", "铝棒", row=3)], "footprint.same_name", "A3"),
    ("a score of six", [put("活动", "质量：技术", 6)], "workbook.out_of_bounds", "T2"),
    ("economic without a statement", [put("共用工序", "分配规则", "经济价值", row=n) for n in (2, 3)],
     "footprint.economic_unfounded", "F2"),
    ("rules that differ", [put("共用工序", "分配规则", "经济价值", row=3)], "footprint.rows_differ", "D3"),
    ("a mass of nothing", [put("产品", "每声明单位质量", 0)], "footprint.mass_zero", "G2"),
    ("a method not in the list", [put("厂区与报告", "核算方法", "PAS")], "workbook.unknown_word", "D2"),
    ("a draft without text", [put("厂区与报告", "核算方法", "湾区标准（草案）")], "profile.open", "D2"),
    ("what the method needs", [put("厂区与报告", "量化目的", None)], "profile.field_missing", "P2"),
    ("a period that ends first", [put("厂区与报告", "数据期止", "2023-01-01")], "workbook.invalid", None),
    ("its own reviewer", [put("提交的因子", "审核人", "甲")], "factors.not_usable", None),
    ("a review without a reason", [put("提交的因子", "审核意见", None)], "workbook.invalid", None),
    ("reports that differ", [put("交叉核对", "数值", 80.0)], "crosscheck.fails", "E2"),
    ("a quantity of another kind", [put("交叉核对", "单位", "吨 t", row=3)], "measure.does_not_convert", "E3"),
    ("an error cell", [put("活动", "数量", "#REF!")], "workbook.error_cell", "E2"),
    ("a formula without its value", [put("活动", "数量", "=1+2")], "workbook.formula_without_value", "E2"),
    ("no output", [put("产品", "产量", None)], "workbook.missing", "E2"),
]  # fmt: skip


@pytest.mark.parametrize(("spoils", "code", "cell"), [d[1:] for d in DIRTY], ids=[d[0] for d in DIRTY])
def test_what_is_wrong_is_told_at_its_cell(spoils: list[Spoil], code: str, cell: str | None) -> None:
    findings = from_file(spoiled(*spoils), LIBRARY, TODAY).findings
    mine = [f for f in findings if f.code == code]
    assert mine, [(f.code, f.cell, f.field, f.text.en) for f in findings]
    if cell is not None:
        assert cell in {f.cell for f in mine}, [(f.cell, f.field) for f in mine]
    for finding in mine:
        assert finding.text.zh
        assert finding.text.en


def test_with_a_row_that_cannot_be_read_no_figure_is_given() -> None:
    """A sum with a line missing would be too low."""
    made = from_file(spoiled(put("活动", "数量", "很多")), LIBRARY, TODAY)
    assert made.made is None
    assert made.checked is None


def test_an_empty_template_says_so(client: TestClient) -> None:
    answer = client.post("/api/v1/footprints/file", files={"file": ("a.xlsx", template_bytes())})
    assert (answer.status_code, answer.json()["code"]) == (422, "workbook.nothing_to_read")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page(client: TestClient, lang: str) -> None:
    assert client.get("/footprint", params={"lang": lang}).status_code == 200
    shown = client.get("/footprint", params={"example": "true", "lang": lang})
    assert shown.status_code == 200
    assert "铝型材 A" in shown.text
    sent = {"file": ("a.xlsx", template_bytes(ASK))}
    made = client.post("/footprint", params={"lang": lang}, files=sent)
    assert made.status_code == 200
    assert ("核对" if lang == "zh" else "Checks") in made.text
    assert ("用省级因子而不是国家因子" if lang == "zh" else "provincial instead of national") in made.text
    for kind, start in (("pdf", b"%PDF-"), ("xlsx", b"PK")):
        again = {"bill": ASK.model_dump_json(), "product": "6063-A", "as": kind}
        assert client.post("/footprint", params={"lang": lang}, data=again).content.startswith(start)
    beside = client.post(
        "/footprint", params={"lang": lang}, data={"bill": ASK.model_dump_json(), "other": "cbam-boundary"}
    )
    assert ("取舍准则" if lang == "zh" else "Cut-off") in beside.text
    bad = client.post(
        "/footprint", params={"lang": lang}, files={"file": ("a.xlsx", spoiled(put("活动", "数量", "x")))}
    )
    assert bad.status_code == 422
    assert "E2" in bad.text
    unknown = client.post("/footprint", params={"lang": lang}, data={"bill": ASK.model_dump_json(), "other": "x"})
    assert unknown.status_code == 422


def test_a_hidden_field_that_the_page_did_not_write_is_refused(client: TestClient) -> None:
    for text in ("", "x", "[]", '{"bill":{}}'):
        answer = client.post("/footprint", data={"bill": text}, headers={"origin": "http://127.0.0.1"})
        assert answer.status_code == 422, text


def test_the_report_has_the_sections_of_the_standard_and_says_what_is_not_stated() -> None:
    found = from_file(template_bytes(ASK), LIBRARY, TODAY)
    assert found.made is not None
    paper = footprint_paper(found.made, "6063-A", TODAY)
    titles = [block.title.zh for block in paper.blocks if getattr(block, "title", None)]
    assert [t for t in titles if t[:1].isdigit()] == [
        "0 封面", "1 概况", "2 量化目的", "3 量化范围", "4 清单分析", "5 影响评价", "6 结果解释",
    ]  # fmt: skip
    steps = {row.key: row for block in paper.blocks if isinstance(block, Steps) for row in block.rows}
    assert steps["report.contact"].note.zh == "未填写"
    assert steps["report.purpose"].value == "向客户披露"
    (stages,) = [block for block in paper.blocks if isinstance(block, Table) and block.title.en == "Result by stage"]
    shown = [[float(str(cell).replace(",", "")) for cell in row[1:3]] for row in stages.rows]
    assert sum(row[0] for row in shown[:-1]) == pytest.approx(shown[-1][0], abs=1e-9)
    assert sum(row[1] for row in shown[:-1]) == pytest.approx(100.0)


def test_the_terminal(tmp_path: Path) -> None:
    run = CliRunner()
    assert run.invoke(app, ["footprint", "make", "--template", str(tmp_path / "t.xlsx")]).exit_code == 0
    (tmp_path / "a.xlsx").write_bytes(template_bytes(ASK))
    told = run.invoke(
        app, ["footprint", "make", str(tmp_path / "a.xlsx"), "-o", str(tmp_path / "a.pdf"), "--lang", "en"]
    )
    assert told.exit_code == 0, told.output
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
    (tmp_path / "a.json").write_text(json.dumps(EXAMPLE), encoding="utf-8")
    of_json = run.invoke(app, ["footprint", "make", str(tmp_path / "a.json"), "--json"])
    assert json.loads(of_json.stdout)["footprint"]["products"][0]["id"] == "6063-A"
    (tmp_path / "b.xlsx").write_bytes(spoiled(put("活动", "数量", "x")))
    assert run.invoke(app, ["footprint", "make", str(tmp_path / "b.xlsx")]).exit_code == 1
    assert run.invoke(app, ["footprint", "make"]).exit_code == 2
    assert (
        run.invoke(
            app, ["footprint", "make", str(tmp_path / "a.xlsx"), "-o", str(tmp_path / "c.pdf"), "--product", "x"]
        ).exit_code
        == 2
    )
