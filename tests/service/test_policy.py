"""Scoring policies: every refusal has its line, the preview says what moves, versions are a chain, old scores keep theirs."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from service.auth import EMBEDDED
from service.cli import app
from service.library import CARD, Library
from service.parts import Parts
from service.policy import use
from service.score.kept import EXAMPLE
from tests.finance.test_policy import BAD

API = "/api/v1/policy"
SITE = {"origin": "http://127.0.0.1"}
RAW: dict[str, Any] = json.loads((Library().data / CARD).read_text("utf-8"))
BEGUN = {"effective_from": "2020-01-01"}


def as_text(**change: Any) -> str:
    return json.dumps(copy.deepcopy(RAW) | BEGUN | change, ensure_ascii=False, indent=1)


def harder() -> str:
    """A policy with the threshold of its B above the worked example."""
    grades = copy.deepcopy(RAW["grades"])
    next(g for g in grades if g["id"] == "B")["min"] = 75
    return as_text(version="2.0.0", grades=grades)


@pytest.mark.parametrize("name", sorted(BAD))
def test_every_refusal_has_its_line(name: str) -> None:
    change, _ = BAD[name]
    raw = copy.deepcopy(RAW)
    change(raw)
    written = json.dumps(raw, ensure_ascii=False, indent=1)
    card, findings = use.checked(written)
    assert card is None
    for one in findings:
        assert one.row is not None
        assert 1 <= one.row <= len(written.splitlines())
        assert one.text.zh
        assert one.text.en


def test_the_line_is_the_right_one_and_all_are_told() -> None:
    raw = copy.deepcopy(RAW)
    raw["dimensions"][0]["indicators"][0]["weight"] = -1
    raw["gates"][0]["en"] = ""
    written = json.dumps(raw, ensure_ascii=False, indent=1)
    _, findings = use.checked(written)
    assert [written.splitlines()[(one.row or 0) - 1].strip().rstrip(",") for one in findings] == [
        '"weight": -1',
        '"en": ""',
    ]


@pytest.mark.parametrize("written", ["", "{", "[1]", "NaN", '{"a": 1, "a": 2}', "[" * 100_000, '"\\ud800"', "\x00"])
def test_what_is_no_policy_is_refused(client: TestClient, written: str) -> None:
    card, findings = use.checked(written)
    assert (card, bool(findings)) == (None, True)
    answer = client.post(f"{API}/check", json={"text": written})
    assert answer.status_code in (200, 422), answer.text
    assert client.post("/policy/preview", data={"text": written}, headers=SITE).status_code == 422


def test_a_version_scores_from_its_first_day_and_old_scores_keep_theirs(client: TestClient) -> None:
    before = client.post("/api/v1/score-records", json=EXAMPLE).json()
    assert client.get(API).json()["version"] == "1.0.0"
    found = client.post(f"{API}/compare", json={"new": harder()})
    assert found.status_code == 200, found.text
    assert [(one["grade_old"], one["grade_new"]) for one in found.json()["cases"]] == [("B", "C")]
    kept = client.post(API, json={"text": harder(), "note": "委员会 2026-11"})
    assert kept.status_code == 201, kept.text
    assert client.post(API, json={"text": harder(), "note": "again"}).status_code == 200
    other = client.post(API, json={"text": as_text(version="2.0.0"), "note": "x"})
    assert (other.status_code, other.json()["code"]) == (422, "policy.same_version")
    assert client.get(API).json()["version"] == "2.0.0"
    later = client.post("/api/v1/score-records", json=EXAMPLE).json()
    assert (before["grade"], later["grade"], later["policy"]) == ("B", "C", "gd-green-loan-default 2.0.0")
    assert client.get(f"/api/v1/score-records/{before['id']}").json()["grade"] == "B"
    assert (
        client.post("/api/v1/scores", json={"indicators": EXAMPLE["indicators"]}).json()["record"]["grade"]["id"] == "C"
    )
    future = client.post(API, json={"text": as_text(version="3", effective_from="2059-01-01"), "note": "x"})
    assert future.status_code == 201
    assert client.get(API).json()["version"] == "2.0.0"
    assert [one["version"] for one in client.get(f"{API}/versions").json()] == ["3", "2.0.0"]
    assert client.get(f"{API}/versions/proof").json()["events"] == 2
    refused = client.post(API, json={"text": as_text(grades=[]), "note": "x"})
    assert (refused.status_code, refused.json()["code"]) == (422, "policy.refused")


def test_compare_takes_cases_and_needs_some(client: TestClient) -> None:
    none = client.post(f"{API}/compare", json={"new": harder()})
    assert (none.status_code, none.json()["code"]) == (422, "policy.no_cases")
    case = {"id": "a", "indicators": EXAMPLE["indicators"], "gates": {}}
    found = client.post(f"{API}/compare", json={"new": harder(), "old": as_text(), "cases": [case]}).json()
    assert found["cases"][0]["grade_new"] == "C"


def test_versions_cannot_be_changed(either: Parts) -> None:
    with either.database.writing() as db:
        use.keep(db, EMBEDDED, as_text(version="x"), "n")
    for statement in ("UPDATE policy_version SET note = 'x'", "DELETE FROM policy_version"):
        with pytest.raises(DBAPIError, match="insert-only"), either.database.writing() as db:
            db.execute(text(statement))
    with either.database.reading() as db:
        row = use.in_force(db, EMBEDDED, dt.date(2026, 1, 1))
        assert row is not None
        assert row.hash == row.fingerprint()


def test_the_page_edits_previews_and_keeps(client: TestClient) -> None:
    client.post("/api/v1/score-records", json=EXAMPLE)
    page = client.get("/policy", params={"lang": "en"}).text
    weights = re.findall(r'name="weight"[^>]*value="([^"]+)"', page)
    least = re.findall(r'name="least"[^>]*value="([^"]+)"', page)
    assert len(weights) == 15
    least[1] = "75"
    form = {"text": as_text(), "weight": weights, "least": least, "version": "2.1.0", "begins": "2020-01-01"}
    shown = client.post("/policy/preview", data=form, headers=SITE, params={"lang": "en"})
    assert shown.status_code == 200
    assert "B → C" in shown.text
    form["weight"] = ["x", *weights[1:]]
    refused = client.post("/policy/preview", data=form, headers=SITE, params={"lang": "en"})
    assert refused.status_code == 422
    assert "weight" in refused.text
    kept = client.post("/policy", data={"text": harder(), "note": "n"}, headers=SITE, follow_redirects=False)
    assert kept.status_code == 303
    for lang in ("zh", "en"):
        assert "2.0.0" in client.get("/policy", params={"lang": lang}).text
    assert client.post("/policy", data={"text": "{", "note": "n"}, headers=SITE).status_code == 422


def test_in_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "var"))
    run = CliRunner()
    shown = run.invoke(app, ["policy", "show", "--json"])
    old, new, bad, cases = (tmp_path / name for name in ("old.json", "new.json", "bad.json", "cases.json"))
    old.write_text(shown.stdout, "utf-8")
    new.write_text(harder(), "utf-8")
    bad.write_text(as_text(grades=[]), "utf-8")
    cases.write_text(json.dumps([{"id": "a", "indicators": EXAMPLE["indicators"]}]), "utf-8")
    assert run.invoke(app, ["policy", "show"]).exit_code == 0
    assert run.invoke(app, ["policy", "check", str(old)]).exit_code == 0
    refused = run.invoke(app, ["policy", "check", str(bad), "--lang", "en"])
    assert refused.exit_code == 1
    assert re.match(r"line \d+:", refused.stdout)
    found = run.invoke(app, ["policy", "compare", str(old), str(new), "--cases", str(cases), "--json"])
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["cases"][0]["grade_new"] == "C"
    assert run.invoke(app, ["policy", "compare", str(old), str(new)]).exit_code == 1
