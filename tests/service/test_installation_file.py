"""The workbook of an installation: round trips, cells that are wrong, the page, the terminal, paper."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from openpyxl.worksheet.worksheet import Worksheet
from typer.testing import CliRunner

from cbam.plant import Installation
from service.cli import app
from service.installation.routes import example_plant
from service.installation.use import from_file
from service.installation.workbook import read_plant, template_bytes
from service.library import Library
from tests.cbam.plants import plants

LIBRARY = Library()
FILE = "/api/v1/installations/file"
Spoil = Callable[[Any], None]


def at(book: Any, sheet: str) -> Worksheet:
    found: Worksheet = next(book[name] for name in book.sheetnames if name.startswith(sheet + " ") or name == sheet)
    return found


def column(sheet: Worksheet, heading: str) -> int:
    return next(i for i, cell in enumerate(sheet[1], 1) if str(cell.value).split("\n")[0].startswith(heading))


def put(sheet: str, heading: str, value: object, row: int = 2) -> Spoil:
    def spoil(book: Any) -> None:
        page = at(book, sheet)
        page.cell(row, column(page, heading)).value = value

    return spoil


def spoiled(*spoils: Spoil, plant: Installation | None = None) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(template_bytes(plant or example_plant())))
    for spoil in spoils:
        spoil(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_example_written_and_read_is_the_example() -> None:
    read = read_plant(template_bytes(example_plant()), LIBRARY.book())
    assert read.findings == ()
    assert read.plant == example_plant()


@settings(max_examples=25)
@given(plants())
def test_any_installation_written_and_read_is_itself(doc: dict[str, Any]) -> None:
    plant = Installation.model_validate(doc)
    read = read_plant(template_bytes(plant), LIBRARY.book())
    assert read.plant == plant, read.findings


def test_a_file_gives_the_figures_that_the_same_input_gives(client: TestClient) -> None:
    sent = {"file": ("a.xlsx", template_bytes(example_plant()))}
    of_file = client.post(FILE, files=sent).json()["installation"]
    of_json = client.post("/api/v1/installations/see", json=example_plant().model_dump(mode="json")).json()
    assert of_file["goods"] == of_json["goods"]
    assert of_file["key"] == of_json["key"]


#: What is spoiled, the code of the finding, and the cell (or the field where the whole row is meant).
DIRTY: list[tuple[str, list[Spoil], str, str | None]] = [
    ("text for a number", [put("工序", "产量", "很多")], "workbook.not_a_number", "D2"),
    ("a negative amount", [put("源流", "数量", -5)], "workbook.out_of_bounds", "C2"),
    ("kilograms are turned", [put("工序", "产量", "1020000 kg")], "", None),
    ("an unknown unit", [put("工序", "产量", "12 箱")], "workbook.unknown_unit", "D2"),
    ("a unit not in the list", [put("源流", "单位", "桶")], "workbook.unknown_word", "D2"),
    ("a method not in the list", [put("源流", "计算方法", "估算")], "workbook.unknown_word", "B2"),
    ("a Chinese ten-digit code", [put("工序", "CN编码", "7210490010")], "workbook.cn_chinese_code", "B2"),
    ("a six-digit code", [put("工序", "CN编码", "721049")], "workbook.cn_too_short", "B2"),
    ("a letter in a code", [put("工序", "CN编码", "72IO4900")], "workbook.cn_letter", "B2"),
    ("an unknown country", [put("外购前体", "生产国", "火星")], "workbook.origin_unknown", "E2"),
    ("no process name", [put("工序", "工序名称", None)], "workbook.missing", "A2"),
    ("no mass of a use", [put("投入", "投入量", None)], "workbook.missing", "D2"),
    ("an error cell", [put("工序", "产量", "#REF!")], "workbook.error_cell", "D2"),
    ("a formula without its value", [put("工序", "产量", "=1000+20")], "workbook.formula_without_value", "D2"),
    ("a share above one", [put("源流", "不属于CBAM货物的比例", 1.5)], "workbook.out_of_bounds", "F2"),
    ("a share of nothing", [put("分摊", "源流或电解系列", "没有"), put("分摊", "工序", "galvanised"), put("分摊", "比例", 1)],
     "installation.share_of_nothing", "A2"),
    ("attributed twice", [put("分摊", "源流或电解系列", "natural gas"), put("分摊", "工序", "galvanised"), put("分摊", "比例", 1)],
     "installation.shared_twice", "E2"),
    ("a process that is not there", [put("源流", "所属工序", "轧钢")], "cbam.names_no_process", None),
    ("a use of a process that is not there", [put("投入", "工序", "轧钢")], "cbam.names_no_process", "A2"),
    ("a material that was not bought", [put("投入", "外购材料", "冷轧卷")], "cbam.unknown_material", "B2"),
    ("no activity", [put("工序", "产量", 0)], "cbam.zero_activity", "D2"),
    ("below-zero lot", [put("外购前体", "期末库存", 5000)], "cbam.lot_below_zero", "I2"),
    ("another year's report", [put("外购前体", "报告年份", 2025)], "cbam.report_of_another_year", "Q2"),
    ("total where direct is needed", [put("外购前体", "直接SEE", None), put("外购前体", "合计SEE", 2.1)],
     "cbam.total_given", "K2"),
    ("more used than bought", [put("投入", "投入量", 9000)], "cbam.more_used_than_bought", None),
    ("less mass in than out", [put("工序", "产量", 5000)], "cbam.less_in_than_out", None),
    ("a lot twice", [put("外购前体", "批次", "A-2026", row=3)], "cbam.same_id", None),
    ("no factor", [put("源流", "热值排放因子", None)], "cbam.stream_incomplete", None),
    ("a volume where energy is needed", [put("源流", "单位", "吨 t")], "cbam.stream_incomplete", None),
    ("year too early", [put("装置", "年份", 2019)], "workbook.out_of_bounds", "A2"),
    ("a second table below", [put("工序", "工序名称", "工序名称", row=4), put("工序", "CN编码", "CN编码", row=4)],
     "workbook.repeated_heading", None),
    ("an unknown column", [lambda book: at(book, "工序").cell(1, 30, "备注二")], "workbook.column_unknown", None),
]  # fmt: skip


@pytest.mark.parametrize(("spoils", "code", "cell"), [d[1:] for d in DIRTY], ids=[d[0] for d in DIRTY])
def test_what_is_wrong_is_told_at_its_cell(spoils: list[Spoil], code: str, cell: str | None) -> None:
    _, findings = from_file(spoiled(*spoils), LIBRARY)
    if not code:
        assert [f for f in findings if f.severity != "info"] == [
            f for f in from_file(spoiled(), LIBRARY)[1] if f.severity != "info"
        ]
        return
    mine = [f for f in findings if f.code == code]
    assert mine, [(f.code, f.cell, f.text.en) for f in findings]
    if cell is not None:
        assert cell in {f.cell for f in mine}, [f.cell for f in mine]
    for finding in mine:
        assert finding.text.zh
        assert finding.text.en


def test_good_rows_are_kept_beside_a_bad_one() -> None:
    def second(book: Any) -> None:
        page = at(book, "工序")
        for heading, value in (("工序名称", "other"), ("CN编码", "73089059"), ("产量", "很多")):
            page.cell(3, column(page, heading), value)

    found, findings = from_file(spoiled(second), LIBRARY)
    assert found is not None
    assert list(found.processes) == ["galvanised"]
    assert [(f.sheet, f.cell) for f in findings if f.code == "workbook.not_a_number"] == [("工序 Processes", "D3")]


def test_shifted_columns_and_english_headings_are_found() -> None:
    def shift(book: Any) -> None:
        page = at(book, "工序")
        page.insert_cols(1, 2)
        for cell in page[1]:
            if cell.value:
                cell.value = str(cell.value).split("\n")[-1]

    found, findings = from_file(spoiled(shift), LIBRARY)
    assert found is not None
    assert not [f for f in findings if f.refuses]


def test_without_processes_the_refusal_says_so(client: TestClient) -> None:
    answer = client.post(FILE, files={"file": ("a.xlsx", template_bytes())})
    assert (answer.status_code, answer.json()["code"]) == (422, "workbook.nothing_to_read")


def test_a_hidden_sheet_is_asked_about() -> None:
    def hide(book: Any) -> None:
        at(book, "投入").sheet_state = "hidden"

    _, findings = from_file(spoiled(hide), LIBRARY)
    assert "workbook.sheet_not_read" in {f.code for f in findings if f.severity == "question"}


def test_a_protected_sheet_reads_as_any_other() -> None:
    def protect(book: Any) -> None:
        at(book, "工序").protection.sheet = True

    assert from_file(spoiled(protect), LIBRARY)[0] is not None


def test_a_file_saved_again_by_libreoffice(tmp_path: Path) -> None:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    (tmp_path / "a.xlsx").write_bytes(template_bytes(example_plant()))
    out = tmp_path / "out"
    subprocess.run(
        [office, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(tmp_path / "a.xlsx")],
        check=True, timeout=120, capture_output=True, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert read_plant((out / "a.xlsx").read_bytes(), LIBRARY.book()).plant == example_plant()


def test_the_template_offers_lists_and_units() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_bytes()))
    assert [name.split(" ")[0] for name in book.sheetnames] == [
        "说明", "选项", "装置", "工序", "源流", "全氟化碳", "分摊", "输送", "外购前体", "投入",
    ]  # fmt: skip
    streams = at(book, "源流")
    assert any(rule.type == "list" for rule in streams.data_validations.dataValidation)
    assert "(tCO2/TJ)" in str(streams.cell(1, column(streams, "热值排放因子")).value)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page(client: TestClient, lang: str) -> None:
    assert client.get("/installation", params={"lang": lang}).status_code == 200
    shown = client.get("/installation", params={"example": "true", "lang": lang}).text
    assert "72104900" in shown
    sent = {"file": ("a.xlsx", template_bytes(example_plant()))}
    made = client.post("/installation", params={"lang": lang}, files=sent, data={"price": "75.28", "origin": "中国"})
    assert made.status_code == 200
    assert ("每吨费用从哪里来" if lang == "zh" else "Where the cost of a tonne comes from") in made.text
    plant = example_plant().model_dump_json()
    for kind, start in (("pdf", b"%PDF-"), ("xlsx", b"PK")):
        again = client.post("/installation", params={"lang": lang}, data={"plant": plant, "price": "75.28", "as": kind})
        assert again.content.startswith(start)
    bad = client.post(
        "/installation", params={"lang": lang}, files={"file": ("a.xlsx", spoiled(put("工序", "产量", "x")))}
    )
    assert bad.status_code == 422
    assert "D2" in bad.text
    assert client.post("/installation", data={"plant": "{", "origin": "CN"}).status_code == 422
    assert client.post("/installation", data={"plant": plant, "origin": "火星"}).status_code == 422


def test_own_against_default_values_on_paper(client: TestClient) -> None:
    body = example_plant().model_dump(mode="json")
    answer = client.post("/api/v1/installations/see.xlsx", params={"price_eur_per_t": 75.28}, json=body)
    cells = [c.value for row in openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows() for c in row]
    assert "72104900" in map(str, cells)
    assert client.post("/api/v1/installations/see.pdf", json=body).content.startswith(b"%PDF-")


def test_the_terminal(tmp_path: Path) -> None:
    run = CliRunner()
    made = run.invoke(app, ["cbam", "see", "--template", str(tmp_path / "t.xlsx")])
    assert made.exit_code == 0
    (tmp_path / "a.xlsx").write_bytes(template_bytes(example_plant()))
    told = run.invoke(app, ["cbam", "see", str(tmp_path / "a.xlsx"), "-o", str(tmp_path / "a.pdf"), "--price", "75.28"])
    assert told.exit_code == 0
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
    (tmp_path / "b.xlsx").write_bytes(spoiled(put("工序", "产量", "x")))
    assert run.invoke(app, ["cbam", "see", str(tmp_path / "b.xlsx")]).exit_code == 1
    assert run.invoke(app, ["cbam", "see"]).exit_code == 2


def test_a_hidden_field_that_the_page_did_not_write_is_refused(client: TestClient) -> None:
    for text in ("{}", "x", '{"year":"a"}'):
        answer = client.post("/installation", data={"plant": text}, headers={"origin": "http://127.0.0.1"})
        assert answer.status_code == 422
