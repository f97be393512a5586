"""An importer's year over HTTP."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from service.cli import app

URL = "/api/v1/importers/year"


def line(on: str, mass: float, **more: Any) -> dict[str, Any]:
    return {"cn_code": "73089059", "origin": "CN", "net_mass_t": mass, "imported_on": on} | more


def test_above_fifty_tonnes_everything_counts(client: TestClient) -> None:
    body = {"year": 2027, "imports": [line("2027-01-15", 30.0), line("2027-05-20", 30.0)], "held": 100.0}
    made = client.post(URL, json=body).json()
    assert made["in_scope"]
    assert made["passed_on"] == "2027-05-20"
    due = 60 * (6.035 * 1.2 - 0.95 * 1.491)
    assert made["certificates"] == pytest.approx(due)
    assert made["to_buy"] == 250
    per_t = 6.035 - 0.95 * 1.491
    assert [(h["quarter_end"], h["by_defaults"]) for h in made["holdings"]] == [
        ("2027-03-31", pytest.approx(15 * per_t)),
        ("2027-06-30", pytest.approx(30 * per_t)),
        ("2027-09-30", pytest.approx(30 * per_t)),
        ("2027-12-31", pytest.approx(30 * per_t)),
    ]


def test_at_fifty_tonnes_nothing_is_due(client: TestClient) -> None:
    made = client.post(URL, json={"year": 2026, "imports": [line("2026-02-15", 50.0)]}).json()
    assert (made["in_scope"], made["to_buy"], made["holdings"]) == (False, 0, [])


def test_2026_has_no_quarter_end_holding(client: TestClient) -> None:
    made = client.post(URL, json={"year": 2026, "imports": [line("2026-02-15", 51.0)]}).json()
    assert made["in_scope"]
    assert made["holdings"] == []
    assert made["to_buy"] == 265  # 51 x (6.6385 - 1.453725), rounded up


def test_a_refused_good_is_told_with_its_code(client: TestClient) -> None:
    answer = client.post(URL, json={"year": 2026, "imports": [line("2026-02-15", 60.0, cn_code="76151080")]})
    assert answer.status_code == 422
    assert answer.json()["code"] == "cbam.out_of_scope"


def test_no_imports_at_all(client: TestClient) -> None:
    made = client.post(URL, json={"year": 2026, "imports": []}).json()
    assert (made["in_scope"], made["to_buy"], made["certificates"]) == (False, 0, 0)


TABLE = """CN编码,原产地,净重（吨）,进口日期,装置
7308 90 59,中国,30,2027-01-15,
73089059,CN,30,20.05.2027,甲
99999999,CN,1,2027-05-21,
73089059,CN,-4,2027-05-21,
"""


def test_a_table_pasted_on_the_page(lasting: TestClient) -> None:
    for lang in ("zh", "en"):
        shown = lasting.post("/importer", params={"lang": lang}, data={"lines": TABLE, "year": "2027"})
        assert shown.status_code == 200
        words = " ".join(re.sub(r"<[^>]+>", " ", shown.text).split())
        assert "2027-05-20" in words
        assert "None" not in words
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=", shown.text)
    assert lasting.get("/importer", params={"example": "true"}).status_code == 200


@pytest.mark.parametrize(("kind", "start"), [("pdf", b"%PDF-"), ("xlsx", b"PK"), ("ics", b"BEGIN:VCALENDAR")])
def test_papers_of_the_page_and_of_the_api(lasting: TestClient, kind: str, start: bytes) -> None:
    made = lasting.post("/importer", data={"lines": TABLE, "year": "2027", "as": kind})
    assert made.content.startswith(start)
    body = {"year": 2027, "imports": [line("2027-01-15", 60.0)]}
    assert lasting.post(f"{URL}.{kind}", json=body).content.startswith(start)


def test_a_file_on_the_page_fills_the_form_for_the_paper(lasting: TestClient) -> None:
    shown = lasting.post("/importer", data={"year": "2027"}, files={"file": ("lines.csv", TABLE.encode(), "text/csv")})
    assert shown.status_code == 200
    assert "73089059,CN,30.0,2027-01-15" in shown.text


@pytest.mark.parametrize("lines", ["", "a,b\n1,2\n", "CN编码,原产地\n73089059,CN\n"])
def test_what_is_no_table_is_said(lasting: TestClient, lines: str) -> None:
    assert lasting.post("/importer", data={"lines": lines, "year": "2027"}).status_code == 422


def test_a_refused_line_leaves_the_others(client: TestClient) -> None:
    body = {"year": 2026, "imports": [line("2026-02-15", 60.0), line("2026-02-15", 5.0, cn_code="76151080")]}
    made = client.post(URL, json=body).json()
    assert made["in_scope"]
    assert [(f["code"], f["field"]) for f in made["findings"]] == [("cbam.out_of_scope", "imports.1.cn_code")]


def test_in_the_terminal(tmp_path: Path) -> None:
    file, paper = tmp_path / "lines.csv", tmp_path / "year.pdf"
    file.write_text(TABLE, encoding="utf-8")
    run = CliRunner()
    shown = run.invoke(app, ["cbam", "year", str(file), "--year", "2027", "-o", str(paper)])
    assert shown.exit_code == 0, shown.output
    assert paper.read_bytes().startswith(b"%PDF-")
    assert run.invoke(app, ["cbam", "year", str(file), "--year", "2027", "--strict"]).exit_code == 4
    told = json.loads(run.invoke(app, ["cbam", "year", str(file), "--year", "2027", "--json"]).output)
    assert told["passed_on"] == "2027-05-20"
    assert len(told["findings"]) == 2
