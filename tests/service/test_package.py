"""Packages: one signed zip where any change shows, an annex that redacts by class, before and after, the KPI log."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pypdf
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from finance.equipment import BeforeAfter, EquipmentAsk
from service.cli import app
from service.package.pages import EXAMPLE
from service.package.routes import EQUIPMENT
from service.package.seal import NotAPackage, PackageAltered, opened
from service.score.kept import EXAMPLE as SCORE
from service.workbook.example import example_bytes

API = "/api/v1/packages"
SITE = {"origin": "http://127.0.0.1"}


@pytest.fixture
def record(client: TestClient) -> str:
    return str(client.post("/api/v1/score-records", json=SCORE).json()["id"])


def made(client: TestClient, record: str, **other: Any) -> bytes:
    answer = client.post(f"{API}/application", json=copy.deepcopy(EXAMPLE) | {"record": record} | other)
    assert answer.status_code == 200, answer.text
    return answer.content


def test_the_package_holds_and_says_what_is_in_it(client: TestClient, record: str) -> None:
    upload = client.post("/api/v1/uploads", files={"file": ("f.xlsx", example_bytes())})
    assert upload.status_code == 202
    data = made(client, record)
    assert made(client, record) == data
    found = opened(data)
    assert found.said["record"] == record
    assert json.loads(found.files["score.json"])["id"] == record
    assert json.loads(found.files["kpi_log.json"])[0]["state"] in ("met", "missed", "not_verified")
    for name in ("score.pdf", "application.pdf"):
        assert pypdf.PdfReader(io.BytesIO(found.files[name])).pages
    answer = client.post(f"{API}/verify", files={"file": ("a.zip", data)})
    assert answer.json()["said"]["borrower"] == SCORE["borrower"]["name"]
    assert client.get("/api/v1/audit/events").json()["items"][-1]["action"] == "package.made"


def rezipped(data: bytes, change: dict[str, bytes | None]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        files = {one: old.read(one) for one in old.namelist()} | change
        for name, content in files.items():
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def test_any_change_shows(client: TestClient, record: str) -> None:
    data = made(client, record)
    listed = json.loads(zipfile.ZipFile(io.BytesIO(data)).read("manifest.json"))
    other = json.dumps(listed | {"said": listed["said"] | {"borrower": "x"}}).encode()
    for change in (
        {"project.json": b"{}"},
        {"project.json": None},
        {"more.txt": b"x"},
        {"manifest.json": other},
        {"manifest.json": json.dumps(listed | {"files": {}}).encode()},
    ):
        with pytest.raises(PackageAltered):
            opened(rezipped(data, change))
    for broken in (
        b"",
        b"PK",
        b"x" * 100,
        rezipped(data, {"manifest.json": None}),
        rezipped(data, {"manifest.json": b"["}),
    ):
        with pytest.raises(NotAPackage):
            opened(broken)
        assert client.post(f"{API}/verify", files={"file": ("a.zip", broken)}).status_code == 422


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_check(data: bytes) -> None:
    with pytest.raises((NotAPackage, PackageAltered)):
        opened(b"PK\x03\x04" + data)


def test_the_annex_redacts_by_class_and_says_so(client: TestClient, record: str) -> None:
    plain = client.get(f"{API}/annex/{record}").json()
    assert plain["classes"] == ["public", "result"]
    by_field = {one["field"]: one for one in plain["cells"]}
    assert by_field["shown"]["value"] == "68.0"
    assert by_field["indicators.value"] == by_field["indicators.value"] | {"value": None, "redacted": True}
    assert "碳足迹报告" not in json.dumps(plain, ensure_ascii=False)
    more = client.get(f"{API}/annex/{record}", params={"data_class": ["public", "result", "commercial"]}).json()
    assert not any(one["redacted"] for one in more["cells"] if one["data_class"] == "commercial")
    said = pypdf.PdfReader(io.BytesIO(client.get(f"{API}/annex/{record}/annex.pdf").content))
    assert "碳足迹报告 2026-031" not in "".join(page.extract_text() for page in said.pages)
    for bad in ("personal", "x"):
        assert client.get(f"{API}/annex/{record}", params={"data_class": bad}).json()["code"] == "package.unknown_class"


def test_before_and_after() -> None:
    found = BeforeAfter(EquipmentAsk.model_validate(EQUIPMENT))
    assert found.avoided_t == pytest.approx(0.6 * 20_000)
    assert found.share == pytest.approx(0.6 / 8.2)
    assert not found.measured
    node = copy.deepcopy(EQUIPMENT)
    node["products"][0]["comparable"] = False
    unequal = BeforeAfter(EquipmentAsk.model_validate(node))
    assert (unequal.avoided_t, unequal.share) == (None, None)
    node["products"] *= 2
    with pytest.raises(ValueError, match="twice"):
        EquipmentAsk.model_validate(node)


def test_over_http_and_on_the_page(client: TestClient, record: str) -> None:
    assert client.post(f"{API}/before-after", json=EQUIPMENT).json()["avoided_t"] == pytest.approx(12_000)
    log = client.post(f"{API}/kpi-log", json={"on": "2026-12-31", "kpis": EXAMPLE["kpis"]}).json()
    assert log[0]["state"] == "met"
    for lang in ("zh", "en"):
        assert client.get("/packages", params={"lang": lang}).status_code == 200
    form = {"record": record, "question": json.dumps(EXAMPLE)}
    sent = client.post("/packages/application", data=form, headers=SITE)
    assert sent.status_code == 200, sent.text
    assert opened(sent.content).said["record"] == record
    page = client.post("/packages/verify", files={"file": ("a.zip", sent.content)}, headers=SITE)
    assert record in page.text
    for bad in ({"record": "x"}, {"question": "["}, {"question": "[]"}, {"question": "{}"}):
        assert client.post("/packages/application", data=form | bad, headers=SITE).status_code == 422
    assert client.post("/packages/verify", files={"file": ("a.zip", b"x")}, headers=SITE).status_code == 422


def test_in_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "var"))
    run, asked, out = CliRunner(), tmp_path / "a.json", tmp_path / "a.zip"
    asked.write_text(json.dumps(SCORE), "utf-8")
    record = json.loads(run.invoke(app, ["scores", "keep", str(asked), "--json"]).stdout)["id"]
    asked.write_text(json.dumps(EXAMPLE | {"record": record}), "utf-8")
    made = run.invoke(app, ["package", "make", str(asked), "-o", str(out)])
    assert made.exit_code == 0, made.output
    assert run.invoke(app, ["package", "verify", str(out)]).exit_code == 0
    out.write_bytes(out.read_bytes()[:-10])
    assert run.invoke(app, ["package", "verify", str(out)]).exit_code == 1
