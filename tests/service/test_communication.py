"""The communication workbook: read by its headings with a finding for each cell amiss, filled without touching anything else."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from models.errors import Text, YuetanError
from models.law import LawBook
from service.cli import app
from service.communication.reader import Communication, read_communication
from service.communication.report import schema
from service.communication.surgical import Edit, NotWritable, Signed, write_cells
from service.installation.routes import _EXAMPLES
from service.library import Library
from tests.service.communication import COIL, MACRO, members, template

PLANT: dict[str, Any] = _EXAMPLES["galvanising"]["value"]
HERE = Text("测试", "test")
BOOK: LawBook = Library().book()


PRICE = {"Carbon price (CP) due": 12.0, "Currency": "CNY", "Amount of rebate": 11.0, "Result: Effective": 12.0}


def read(**changes: Any) -> Communication:
    return read_communication(template(**changes), BOOK)


def codes(found: Communication) -> list[str]:
    return [finding.code.removeprefix("communication.") for finding in found.findings]


@pytest.mark.parametrize("version", ["2.1", "2.1.1"])
def test_both_versions_are_read_by_their_headings(version: str) -> None:
    found = read(version=version)
    assert (found.version, found.year) == (version, 2026)
    (product,) = found.products
    assert product.values["see_direct"] == 2.443686
    assert product.values["cn_code"] == "72104900"
    assert product.cells["see_direct"] == "I10"
    assert product.usable
    assert found.master["latitude"] == pytest.approx(23.021)
    assert found.master["longitude"] == pytest.approx(113.12)
    assert found.processes[0].values["production_t"] == 1020
    assert found.precursors[0].values["consumed_t"] == 1050
    assert codes(found) == []


def test_the_other_summary_is_read_where_the_first_is_missing() -> None:
    for version, column in (("2.1", "I26"), ("2.1.1", "I26")):
        found = read(version=version, without=("Summary_Products",))
        assert found.products[0].cells["see_direct"] == column
        assert found.products[0].values["see_direct"] == 2.443686


@pytest.mark.parametrize(
    ("changes", "code", "cell"),
    [
        ({"shift": 2}, "shifted", "K8"),
        ({"products": (COIL | {"SEE (direct)": ""},)}, "only_total", "I10"),
        ({"products": (COIL | {"SEE (direct)": "2.443686"},)}, "text_number", "I10"),
        ({"products": (COIL | {"SEE (direct)": "about two"},)}, "not_a_number", "I10"),
        ({"products": (COIL | {"SEE (direct)": "=A1+1"},)}, "no_value", "I10"),
        ({"products": (COIL | {"SEE (direct)": "=1/0|#DIV/0!"},)}, "error_value", "I10"),
        ({"products": (COIL | {"SEE (direct)": 2443.686},)}, "see_range", "I10"),
        ({"products": (COIL | {"SEE (total)": 1.0},)}, "total_below_direct", "K10"),
        ({"products": (COIL | {"Unit": "tCO2e/MWh"},)}, "unit", "L10"),
        ({"products": (COIL | {"CN Codes": "7210"},)}, "cn_code", "F10"),
        ({"products": (COIL | {"Carbon price (CP) due": 12.0},)}, "currency", "AP10"),
        ({"products": (COIL | PRICE,)}, "effective", "AZ10"),
        ({"cells": {"A_InstData!I37": ""}}, "not_verified", "I37"),
        ({"cells": {"A_InstData!I9": "2025-07-01"}}, "period", "I9"),
        ({"cells": {"A_InstData!I28": "north"}}, "coordinate", "I28"),
        ({"cells": {"E_PurchPrec!L28": 2000}}, "balance", "L28"),
        ({"cells": {"D_Processes!L54": "1.2.3"}}, "not_a_number", "L54"),
        ({"macro": True}, "macros", None),
    ],
)  # fmt: skip
def test_each_cell_amiss_is_told_by_its_place(changes: dict[str, Any], code: str, cell: str | None) -> None:
    found = read(**changes)
    told = {(finding.code.removeprefix("communication."), finding.cell) for finding in found.findings}
    assert (code, cell) in told
    assert len(found.products) == 1  # nothing is lost
    for finding in found.findings:
        assert finding.text.zh
        assert not re.search(r"[\u4e00-\u9fff]", finding.text.en), finding.text.en


def test_a_total_never_stands_in_for_the_direct_value() -> None:
    found = read(products=(COIL | {"SEE (direct)": ""}, COIL))
    assert [one.usable for one in found.products] == [False, True]
    assert found.products[0].values["see_direct"] is None


@pytest.mark.parametrize("day", ["2023-08-17", "", "2.1.1", "2025-10-01"])
def test_an_unknown_version_is_refused_naming_what_was_found(day: str) -> None:
    with pytest.raises(YuetanError) as refused:
        read(day=day)
    assert refused.value.code == "communication.unknown_version"
    assert day in refused.value.text("zh")
    assert "2.1.1 (2024-12-13)" in refused.value.text("en")


def test_what_is_no_communication_workbook_is_refused() -> None:
    every = ("A_InstData", "D_Processes", "E_PurchPrec", "Summary_Products", "Summary_Communication")
    with pytest.raises(YuetanError) as refused:
        read(without=every)
    assert refused.value.code == "communication.not_the_template"
    with pytest.raises(YuetanError) as other:
        read(without=("VersionDocumentation",))
    assert other.value.code == "communication.unknown_version"


# Writing


def edits(*cells: tuple[str, str, float | str]) -> list[Edit]:
    return [Edit(sheet, cell, value, HERE) for sheet, cell, value in cells]


def test_only_the_cells_change_and_every_other_part_keeps_its_bytes() -> None:
    before = template(macro=True)
    after, told = write_cells(before, edits(("D_Processes", "L54", 123.5), ("A_InstData", "L83", "镀锌 <&> 线")))
    assert [one.outcome for one in told] == ["written", "written"]
    old, new = members(before), members(after)
    assert list(old) == list(new)
    touched = {name for name in old if old[name] != new[name]}
    assert touched == {"xl/worksheets/sheet4.xml", "xl/worksheets/sheet2.xml", "xl/workbook.xml"}
    assert new["xl/vbaProject.bin"] == MACRO
    assert b'fullCalcOnLoad="1"' in new["xl/workbook.xml"]
    for name in ("xl/worksheets/sheet4.xml", "xl/worksheets/sheet2.xml"):
        assert b"sheetProtection" in new[name]
    assert b"dataValidation" in new["xl/worksheets/sheet2.xml"]
    assert b"conditionalFormatting" in new["xl/worksheets/sheet2.xml"]
    book = openpyxl.load_workbook(io.BytesIO(after), keep_vba=True)
    assert book["D_Processes"]["L54"].value == 123.5
    assert book["D_Processes"]["L54"].number_format == "0.000"
    assert book["A_InstData"]["L83"].value == "镀锌 <&> 线"
    assert book["D_Processes"]["L24"].value == "=SUM(L16:L23)"
    # Left open by the library; the collector would trip over it in whichever test runs then.
    book.vba_archive.close()


def test_formulas_and_entries_of_the_user_are_kept() -> None:
    before = template(cells={"D_Processes!L54": 99.0})
    wanted = edits(
        ("D_Processes", "L24", 5.0),
        ("D_Processes", "L54", 123.5),
        ("D_Processes", "L27", 1000.0),
        ("Nosuch", "A1", 1.0),
        ("A_InstData", "C3", 1.0),
    )
    after, told = write_cells(before, wanted)
    assert [(one.outcome, one.before) for one in told] == [
        ("kept_formula", "1020.0"), ("kept_value", "99"), ("same", "1000"), ("no_sheet", ""), ("merged", "")
    ]  # fmt: skip
    assert members(after) == members(before)
    allowed, told = write_cells(before, wanted, ["D_Processes!L54", "D_Processes!L24"])
    assert [one.outcome for one in told][:2] == ["kept_formula", "written"]
    assert openpyxl.load_workbook(io.BytesIO(allowed))["D_Processes"]["L54"].value == 123.5


def test_rows_and_cells_that_are_not_there_are_made_in_order() -> None:
    before = template()
    after, told = write_cells(
        before,
        edits(
            ("D_Processes", "C500", 1.0),
            ("D_Processes", "A54", 2.0),
            ("D_Processes", "Z54", 3.0),
            ("D_Processes", "B12", 4.0),
        ),
    )
    assert {one.outcome for one in told} == {"written"}
    sheet = openpyxl.load_workbook(io.BytesIO(after))["D_Processes"]
    assert [sheet[cell].value for cell in ("C500", "A54", "Z54", "B12")] == [1, 2, 3, 4]
    xml = members(after)["xl/worksheets/sheet4.xml"].decode()
    rows = [int(n) for n in re.findall(r'<row r="(\d+)"', xml)]
    assert rows == sorted(rows)


def test_a_signed_or_encrypted_workbook_is_refused() -> None:
    out = io.BytesIO(template())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("_xmlsignatures/sig1.xml", b"<Signature/>")
    with pytest.raises(Signed):
        write_cells(out.getvalue(), edits(("D_Processes", "L54", 1.0)))
    with pytest.raises(NotWritable):
        write_cells(b"a,b\n1,2\n", edits(("D_Processes", "L54", 1.0)))


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_the_filled_copy_opens_in_a_spreadsheet(tmp_path: Path) -> None:
    file = tmp_path / "filled.xlsx"
    made, _ = write_cells(template(), edits(("D_Processes", "L16", 1020.0), ("D_Processes", "L54", 117.81)))
    file.write_bytes(made)
    done = subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML",
         "--outdir", str(tmp_path / "out"), str(file)], capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    book = openpyxl.load_workbook(tmp_path / "out" / "filled.xlsx")
    assert book["D_Processes"]["L54"].value == pytest.approx(117.81)
    assert book["D_Processes"]["L24"].value == "=SUM(L16:L23)"


# Over HTTP, in the terminal, on the page


def sent(client: TestClient, path: str, data: bytes, **form: str) -> Any:
    return client.post(f"/api/v1/communication/{path}", files={"file": ("see.xlsx", data)}, data=form)


def test_reading_and_filling_over_http(client: TestClient) -> None:
    found = sent(client, "read", template()).json()
    assert found["lines"] == [
        {"row": 10, "product": "镀锌卷", "cn_code": "72104900", "origin": "CN", "basis": "actual", "see_tco2e_per_t": 2.443686,
         "sefa_tco2e_per_t": None, "production_year": 2026}
    ]  # fmt: skip
    made = sent(client, "fill", template(), installation=json.dumps(PLANT)).json()
    outcome = {f"{w['sheet']}!{w['cell']}": (w["outcome"], w["value"]) for w in made["written"]}
    assert outcome["D_Processes!L54"] == ("written", pytest.approx(117.81))
    assert outcome["D_Processes!L16"] == ("written", 1020.0)
    assert outcome["E_PurchPrec!L49"] == ("written", 2.1)
    assert outcome["E_PurchPrec!L28"] == ("same", 1050.0)
    book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(made["workbook"])))
    assert book["D_Processes"]["L54"].value == pytest.approx(117.81)
    rows = list(csv.reader(io.StringIO(base64.b64decode(made["companion"]).decode("utf-8-sig"))))
    assert len(rows) == len(made["written"]) + 1


def test_what_is_wrong_is_a_problem_and_no_500(client: TestClient) -> None:
    assert sent(client, "read", b"not a workbook").status_code == 422
    assert sent(client, "read", template(day="1999-01-01")).json()["code"] == "communication.unknown_version"
    assert sent(client, "fill", template(), installation="{").status_code in (400, 422)
    assert (
        sent(client, "fill", template(), installation='{"year": 2026}').json()["code"]
        == "communication.no_installation"
    )


def test_the_operators_report_lists_what_is_missing(client: TestClient) -> None:
    asked = {
        "installation": PLANT,
        "place": {"installation": "Foshan"},
        "parameters": {"galvanised": {"scrap_t_per_t": 0.1}},
    }
    made = client.post("/api/v1/operator-report", json=asked).json()
    good = made["goods"][0]
    assert good["see_tco2e_per_t"] == pytest.approx(2.44369)
    assert good["sefa_tco2e_per_t"] > 0
    assert good["attributed_emissions_t"] == 118
    assert {"place.country", "verification.verifier", "goods.galvanised.parameters.alloys_percent"} <= set(
        made["missing"]
    )
    assert "goods.galvanised.parameters.scrap_t_per_t" not in made["missing"]
    assert client.get("/api/v1/operator-report/schema").json() == schema()
    assert client.post("/api/v1/operator-report.pdf", json=asked).content.startswith(b"%PDF-")
    assert openpyxl.load_workbook(
        io.BytesIO(client.post("/api/v1/operator-report.xlsx", json=asked).content)
    ).sheetnames


def test_the_page_in_both_languages(lasting: TestClient) -> None:
    for lang in ("zh", "en"):
        assert lasting.get("/communication", params={"lang": lang}).status_code == 200
        shown = lasting.post("/communication", params={"lang": lang}, files={"file": ("see.xlsx", template(shift=1))})
        assert shown.status_code == 200
        words = " ".join(re.sub(r"<[^>]+>", " ", shown.text).split())
        assert "2.44369" in words
        assert "None" not in words
        assert (
            lasting.post("/communication", params={"lang": lang}, files={"file": ("x.csv", b"a,b")}).status_code == 422
        )
    both = {"file": ("see.xlsx", template()), "installation": ("plant.json", json.dumps(PLANT).encode())}
    packed = lasting.post("/communication", files=both)
    assert set(zipfile.ZipFile(io.BytesIO(packed.content)).namelist()) == {"filled-see.xlsx", "cells.csv"}


def test_in_the_terminal(tmp_path: Path) -> None:
    book, plant, out = tmp_path / "see.xlsx", tmp_path / "plant.json", tmp_path / "filled.xlsx"
    book.write_bytes(template())
    plant.write_text(json.dumps(PLANT), encoding="utf-8")
    run = CliRunner()
    assert "2.443686" in run.invoke(app, ["cbam", "communication", "read", str(book)]).output
    shown = run.invoke(app, ["cbam", "communication", "fill", str(book), str(plant), "-o", str(out)])
    assert shown.exit_code == 0, shown.output
    assert out.exists()
    assert out.with_suffix(".csv").exists()
    asked = tmp_path / "ask.json"
    asked.write_text(json.dumps({"installation": PLANT}), encoding="utf-8")
    assert json.loads(run.invoke(app, ["cbam", "communication", "report", str(asked)]).output)["schema_version"]
