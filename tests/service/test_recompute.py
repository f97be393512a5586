"""Kept results worked out again: equal, or what moved is named; and what is read is all noted."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from typer.testing import CliRunner

from finance.assessment import Options
from models.files import DATA
from models.law import LawAt, Read
from service.app import create_app
from service.assessment import use as assessment
from service.auth import EMBEDDED
from service.cli import app
from service.database import Database
from service.library import Library
from service.parts import Parts
from service.recompute import use
from service.statement.routes import EXAMPLE
from service.workbook.example import example_bytes

FACTOR = Path("law/eu/cbam/cbam_factor.yaml")
#: How many results the long proof keeps and works out again (T3); the suite does with fewer.
MANY = int(os.environ.get("YUETAN_RECOMPUTE", "60"))
CODES = ("73089059", "73084000", "76042990", "76061291", "73181595")


def again(parts: Parts, library: Library | None = None) -> list[use.Again]:
    with parts.database.reading(EMBEDDED.organisation_id) as db:
        results = use.kept_results(db, EMBEDDED)
    return list(use.recomputed(parts.database, library or parts.library, EMBEDDED, results))


def web(parts: Parts) -> TestClient:
    return TestClient(create_app(parts=parts), base_url="http://127.0.0.1", raise_server_exceptions=False)


def submission(i: int) -> dict[str, Any]:
    goods = [
        {
            "line": n + 1, "product": "件", "cn_code": CODES[(i + n) % len(CODES)], "origin": "CN",
            "net_mass_t": 0.731 * (i + 1) + n, "imported_on": f"202{6 + n}-0{1 + i % 6}-1{i % 9}",
        }
        for n in range(2)
    ]  # fmt: skip
    path = ("flat", "analyst_low")[i % 2]
    return {
        "submission": {"firm": {"name": f"企业{i}"}, "goods": goods},
        "options": {"use_scenario_price": True, "price_path": path if path in Library().paths else "flat"},
    }


def test_many_kept_results_are_equal(either: Parts) -> None:
    with web(either) as client:
        for i in range(MANY - 2):
            made = client.post("/api/v1/assessments", json=submission(i))
            assert made.status_code == 201, made.text
        good = submission(1)["submission"]["goods"][0]
        one = {name: good[name] for name in ("cn_code", "origin", "net_mass_t", "imported_on")}
        assert client.post("/api/v1/exposures", json=one, params={"keep": "true"}).status_code == 201
        assert client.post("/api/v1/statements", json=EXAMPLE).status_code == 201
    found = again(either)
    assert len(found) == MANY
    assert [one for one in found if one.outcome != "equal" or one.moved] == []


def test_a_figure_that_was_changed_is_found(parts: Parts) -> None:
    with web(parts) as client:
        made = client.post("/api/v1/assessments", json=submission(0)).json()
    with parts.database.writing() as db:
        total = json.dumps(made["totals"] | {"cost_eur": 1.25})
        db.execute(text("UPDATE assessment SET totals = :total"), {"total": total})
    (found,) = again(parts)
    assert (found.outcome, found.places, found.moved) == ("differs", ("totals.cost_eur",), ())


def corrected(folder: Path, old: str, new: str) -> Library:
    """Return the data with one value of the CBAM factor corrected."""
    shutil.copytree(DATA, folder)
    text_ = (folder / FACTOR).read_text("utf-8")
    assert text_.count(old) == 1
    (folder / FACTOR).write_text(text_.replace(old, new), "utf-8")
    return Library(folder)


def test_a_corrected_parameter_is_named_and_the_old_result_stays(parts: Parts, tmp_path: Path) -> None:
    """T4: only 2029 is corrected, which no line is imported in: the years ahead rest on it all the same."""
    with web(parts) as client:
        first = client.post("/api/v1/assessments", json=submission(0)).json()
        home = {"firm": {"name": "无货物"}, "goods": []}
        client.post("/api/v1/assessments", json={"submission": home, "options": {}})
    value = next(r for r in Library().book().entries["eu.cbam.cbam_factor"].reads if r.since == dt.date(2029, 1, 1))
    library = corrected(tmp_path / "data", f"2029-01-01: {{value: {value.value}", "2029-01-01: {value: 0.5")
    found = {one.kind + one.outcome: one for one in again(parts, library)}
    moved = found["submissionmoved"]
    assert [one.name for one in moved.moved] == ["eu.cbam.cbam_factor @ 2029-01-01"]
    assert moved.moved[0].now is not None
    assert moved.moved[0].now.startswith("0.5 ")
    assert (moved.places, moved.why) == ((), None), "under the values of then it must be the same again"
    later = Parts(parts.settings, parts.database, library, parts.sender)
    with web(later) as client:
        kept = client.get(f"/api/v1/assessments/{first['id']}").json()
        assert kept["totals"] == first["totals"]
        new = client.post("/api/v1/assessments", json=submission(0)).json()
        assert new["key"] != first["key"]
        assert new["totals"] != first["totals"]


def test_all_that_is_read_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the example's lines that have figures; a value that is read but not noted could move unseen."""
    seen: dict[tuple[str, dt.date, bool], Read] = {}
    read, row = LawAt.read, LawAt.row

    def noted(found: Read | None) -> Read | None:
        if found is not None:
            seen[found.key, found.since, found.assumed] = found
        return found

    library = Library()
    file = assessment.read_file(library, example_bytes(), "foshan.xlsx")
    assert file.submission is not None
    done = assessment.assess_read(file, library, Options(), dt.date(2026, 11, 1)).result
    good = tuple(line.line for line in done.lines if line.ok)
    sound = file.submission.model_copy(update={"goods": good})
    fresh = Library()
    monkeypatch.setattr(LawAt, "read", lambda law, key: noted(read(law, key)))
    monkeypatch.setattr(LawAt, "row", lambda law, table, *key: noted(row(law, table, *key)))
    context = fresh.context((), dt.date(2026, 11, 1))
    result = assessment.assess_submission(sound, Options(), context)
    kept = {(one.key, one.since, one.assumed) for one in result.reads}
    assert len(seen) > 40
    assert sorted(seen.keys() - kept) == []


def test_two_price_paths_are_two_results(client: TestClient, goods: dict[str, Any]) -> None:
    paths = sorted(Library().paths)[:2]
    ids = {
        client.post("/api/v1/exposures", json=goods, params={"keep": "true", "price_path": path}).json()["id"]
        for path in paths
    }
    assert len(ids) == 2


def test_in_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "var"))
    asked = tmp_path / "a.json"
    asked.write_text(json.dumps(EXAMPLE), "utf-8")
    run = CliRunner()
    assert run.invoke(app, ["statement", "make", str(asked), "-o", str(tmp_path / "s.json")]).exit_code == 0
    told = run.invoke(app, ["recompute", "--all", "--json"])
    assert told.exit_code == 0, told.output
    assert (json.loads(told.output)["equal"], json.loads(told.output)["results"]) == (1, 1)
    key = json.loads(told.output)["items"][0]["key"]
    assert run.invoke(app, ["recompute", key[:12]]).exit_code == 0
    for wrong in ("00000000", "x", key[:6]):
        assert run.invoke(app, ["recompute", wrong]).exit_code == 1, wrong
    database = Database(f"sqlite:///{tmp_path / 'var' / 'yuetan.sqlite'}")
    with database.writing() as db:
        inputs = json.loads(db.execute(text("SELECT inputs FROM statement")).scalar_one())
        inputs["statement"]["quantity_t"] += 1
        db.execute(text("UPDATE statement SET inputs = :inputs"), {"inputs": json.dumps(inputs)})
    database.dispose()
    changed = run.invoke(app, ["recompute", "--all", "--lang", "en"])
    assert changed.exit_code == 1
    assert "quantity_t" in changed.output
