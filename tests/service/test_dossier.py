"""The dossier over HTTP, on paper, as a workbook and in the terminal; the evidence that is there and missing."""

from __future__ import annotations

import copy
import datetime as dt
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from models.files import DATA
from service.cli import app
from service.dossier.pages import EXAMPLE as PAGE
from service.dossier.routes import EXAMPLE
from service.dossier.use import DossierAsk, made_of
from service.library import Library

LIBRARY = Library()
URL = "/api/v1/deductions/dossier"


def changed(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(EXAMPLE) | changes


def test_the_printed_example(client: TestClient) -> None:
    found = client.post(URL, json=EXAMPLE).json()
    assert found["counted_eur"] == 0.0
    good = found["goods"][0]
    assert good["paid_cny_per_t"] == pytest.approx(4.5)
    assert good["paid_eur_per_t"] == pytest.approx(4.5 / 8.1039, rel=0.02)
    assert good["counted_secp_tco2e_per_t"] == 0
    assert "3%" in found["plain"]["en"]
    there = {one["key"]: one["there"] for one in found["evidence"]}
    assert there["verified_emissions"] is True
    assert there["proof_of_payment"] is False
    assert there["direct_split"] is None
    assert there["exchange_rate"] is True
    assert "dossier.other_year" in {f["code"] for f in found["findings"]}


def test_the_draft_counts_by_the_model_and_says_so(client: TestClient) -> None:
    """The example's price was paid for 2025, the import is of 2026; with a price of 2026 and a certificate it counts."""
    asked = changed(law_scenarios=["art9-2026-05-13"])
    found = client.post(URL, json=asked).json()
    assert found["counted_eur"] == 0
    assert found["goods"][0]["deduction_eur"] > 0
    assert "reporting period" in found["goods"][0]["reason"]["en"]
    asked["position"]["year"]["compliance_year"] = 2026
    for entry in asked["position"]["entries"]:
        entry["for_year"] = 2026
    asked |= {"fx_cny_per_eur": 8.1, "fx_source": "示例"}
    found = client.post(URL, json=asked).json()
    assert found["counted_eur"] == 0
    assert "certificate" in found["goods"][0]["reason"]["en"]
    asked["evidence"] = asked["evidence"] | {"independent_certificate": "证明 2026-03"}
    found = client.post(URL, json=asked).json()
    assert found["counted_eur"] == pytest.approx(found["goods"][0]["deduction_eur"])
    assert found["counted_eur"] > 0
    assert "assumption" in found["goods"][0]["reason"]["en"]
    assert {read["scenario"] for read in found["reads"]} >= {"art9-2026-05-13"}


def test_a_switched_rule_is_named(client: TestClient) -> None:
    found = client.post(URL, json=changed(rules={"reference_price": "yearly_mean"})).json()
    assert found["switched"] == ["reference_price"]
    assert found["goods"][0]["secp_tco2e_per_t"] is None
    assert "dossier.no_yearly_price" in {f["code"] for f in found["findings"]}


def test_a_rate_without_source_is_no_evidence(client: TestClient) -> None:
    found = client.post(URL, json=changed(fx_cny_per_eur=7.5, fx_source=None)).json()
    assert {one["key"]: one["there"] for one in found["evidence"]}["exchange_rate"] is False
    assert "dossier.rate_without_source" in {f["code"] for f in found["findings"]}


def test_what_is_taken_for_true_without_paper_is_told(client: TestClient) -> None:
    codes = {f["code"] for f in client.post(URL, json=changed(evidence={})).json()["findings"]}
    assert {"evidence.no_rebate_statement", "evidence.no_emissions_report"} <= codes


def test_entries_after_the_day_asked_about_are_told(client: TestClient) -> None:
    asked = changed()
    asked["position"]["on"] = "2026-01-15"
    found = client.post(URL, json=asked).json()["findings"]
    assert next(f["field"] for f in found if f["code"] == "dossier.after_the_day").startswith("position.entries.")


def test_a_default_price_is_not_a_silent_zero(tmp_path: Path) -> None:
    """Once the Commission publishes one, the figure is unknown until the formula is public too."""
    data = shutil.copytree(DATA, tmp_path / "data")
    with (data / "law/eu/cbam/default_carbon_prices.csv").open("a", encoding="utf-8") as table:
        table.write("CN,2026,2026-01-01,,5.0,EUR per tCO2e,house-deduction-model,inferred,made up for this test\n")
    library = Library(data)
    goods = [EXAMPLE["goods"][0] | {"basis": "default"}]
    asked = DossierAsk.model_validate(changed(goods=goods) | {"imported_on": dt.date(2026, 5, 12)})
    found = made_of(asked, library, library.market, library.fx, dt.date(2026, 11, 21))
    good = found.dossier.goods[0]
    assert (good.deduction_eur_per_t, good.counted_secp, found.dossier.counted_eur) == (None, None, None)
    assert "deduction.default_price_unusable" in {f.code for f in found.findings}
    plain = made_of(asked, LIBRARY, LIBRARY.market, LIBRARY.fx, dt.date(2026, 11, 21))
    assert plain.dossier.counted_eur == 0.0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"evidence": {"nosuch": "x"}}, "dossier.unknown_evidence"),
        ({"law_scenarios": ["nosuch"]}, "law.unknown_scenario"),
        ({"goods": []}, "service.invalid"),
    ],
)
def test_what_is_wrong_is_refused(client: TestClient, change: dict[str, Any], code: str) -> None:
    answer = client.post(URL, json=changed(**change))
    assert answer.status_code == 422
    assert answer.json()["code"] == code or code == "service.invalid"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_on_paper_and_as_a_workbook(client: TestClient, lang: str) -> None:
    assert client.post(f"{URL}.pdf", params={"lang": lang}, json=EXAMPLE).content.startswith(b"%PDF-")
    book = openpyxl.load_workbook(io.BytesIO(client.post(f"{URL}.xlsx", params={"lang": lang}, json=EXAMPLE).content))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    assert 4_500_000 in [cell.value for cell in cells]
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_a_text_that_looks_like_a_formula_stays_a_text(client: TestClient) -> None:
    goods = [EXAMPLE["goods"][0] | {"product": "=cmd|' /C calc'!A0"}]
    book = openpyxl.load_workbook(io.BytesIO(client.post(f"{URL}.xlsx", json=changed(goods=goods)).content))
    assert not [c for row in book.active.iter_rows() for c in row if c.data_type == "f"]


def test_in_the_terminal(tmp_path: Path) -> None:
    file, paper, sheet = tmp_path / "d.json", tmp_path / "d.pdf", tmp_path / "d.xlsx"
    file.write_text(json.dumps(EXAMPLE), encoding="utf-8")
    run = CliRunner()
    shown = run.invoke(app, ["cbam", "dossier", str(file), "-o", str(paper)])
    assert shown.exit_code == 0, shown.output
    assert paper.read_bytes().startswith(b"%PDF-")
    assert run.invoke(app, ["cbam", "dossier", str(file), "-o", str(sheet), "--lang", "en"]).exit_code == 0
    assert openpyxl.load_workbook(sheet).sheetnames
    assert json.loads(run.invoke(app, ["cbam", "dossier", str(file), "--json"]).output)["counted_eur"] == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "change", [{}, {"scenario": "art9-2026-05-13"}, {"process": "ceramics", "pilot": "counted", "year": "2024"}]
)
def test_the_page(lasting: TestClient, lang: str, change: dict[str, str]) -> None:
    shown = lasting.get("/dossier", params=PAGE | change | {"lang": lang})
    assert shown.status_code == 200
    words = " ".join(re.sub(r"<[^>]+>", " ", shown.text).split())
    assert "None" not in words
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=", shown.text)
    assert lasting.get("/dossier", params={"lang": lang}).status_code == 200
    assert lasting.get("/dossier", params=PAGE | change | {"as": "pdf"}).content.startswith(b"%PDF-")
    assert lasting.get("/dossier", params=PAGE | change | {"as": "xlsx"}).content.startswith(b"PK")


@pytest.mark.parametrize(
    "change",
    [
        {"emissions": "2 百万"},
        {"see": ""},
        {"code": "12"},
        {"year": "1999"},
        {"exported": "1e99"},
        {"imported_on": "x"},
    ],
)
def test_what_cannot_be_read_is_said_and_kept(lasting: TestClient, change: dict[str, str]) -> None:
    shown = lasting.get("/dossier", params=PAGE | change)
    assert shown.status_code == 422
    assert "韶关示例钢厂" in shown.text
