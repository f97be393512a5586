"""Kept scores: a chain that shows any change, one page on paper, overrides by two people, and a printed code anybody may check."""

from __future__ import annotations

import copy
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pypdf
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from service.app import create_app
from service.auth import EMBEDDED, Who
from service.cli import app
from service.database import Database
from service.finance.routes import EXAMPLE as STRESS
from service.library import Library
from service.parts import Parts
from service.score import use
from service.score.kept import EXAMPLE
from service.score.use import KeepAsk, OverrideAsk
from service.tables import Person
from service.workbook.example import example_bytes

API = "/api/v1/score-records"
SITE = {"origin": "http://127.0.0.1"}
DAY = dt.date(2026, 11, 30)


def with_(**other: Any) -> dict[str, Any]:
    return copy.deepcopy(EXAMPLE) | other


def kept(client: TestClient, **other: Any) -> dict[str, Any]:
    answer = client.post(API, json=with_(**other))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def second_person(database: Database) -> Who:
    who = Who(EMBEDDED.organisation_id, uuid4())
    with database.writing() as db:
        db.add(Person(id=who.person_id, organisation_id=who.organisation_id, name="复核人"))
    return who


def put(parts: Parts, library: Library, **other: Any) -> Any:
    with parts.database.writing() as db:
        row, _ = use.keep(db, EMBEDDED, KeepAsk.model_validate(with_(**other)), library, library.card, DAY)
        return row.id


def test_a_score_is_kept_once_and_found_again(client: TestClient) -> None:
    made = kept(client, stress=STRESS)
    assert made["score"] == pytest.approx(67.975430, abs=5e-7)
    assert (made["grade"], made["grade_in_force"], made["number"]) == ("B", "B", 1)
    assert made["body"]["stress"]["own"]["of_revenue"] == pytest.approx(made["body"]["stress"]["own"]["loss"] / 5e8)
    again = client.post(API, json=with_(stress=STRESS))
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    other = kept(client, gates={"G1": False})
    assert (other["number"], other["before"]) == (2, made["hash"])
    assert other["previous"]["id"] == made["id"]
    assert client.get(f"{API}/{made['id']}").json() == made | {"previous": None}
    listed = client.get(API, params={"limit": 1}).json()
    assert ([one["id"] for one in listed["items"]], listed["next"]) == ([other["id"]], 2)
    assert [one["id"] for one in client.get(API, params={"before": 2}).json()["items"]] == [made["id"]]
    assert client.get(f"{API}/proof").json()["holds"] is True
    assert [one["action"] for one in client.get("/api/v1/audit/events").json()["items"]] == [
        "score.kept",
        "data.released",
    ] * 2


def test_what_moved_since_the_score_before(client: TestClient) -> None:
    kept(client)
    indicators = copy.deepcopy(EXAMPLE["indicators"])
    indicators["F1"]["value"] = 0.9
    made = kept(client, indicators=indicators)
    assert [one["id"] for one in made["previous"]["changes"]] == ["F1"]
    assert made["previous"]["changes"][0]["points"] == pytest.approx(made["score"] - made["previous"]["score"])


def test_missing_values_are_told_with_and_without(client: TestClient) -> None:
    indicators = copy.deepcopy(EXAMPLE["indicators"])
    del indicators["F1"]
    made = kept(client, indicators=indicators)["body"]["score"]
    assert made["without_missing"] > made["before_gates"]


def test_the_database_refuses_changes_and_a_change_by_its_owner_shows(either: Parts, library: Library) -> None:
    put(either, library)
    put(either, library, purpose="x")
    for statement in ("UPDATE score_record SET borrower = 'x'", "DELETE FROM score_record"):
        with pytest.raises(DBAPIError, match="insert-only"), either.database.writing() as db:
            db.execute(text(statement))
    with either.database.reading() as db:
        assert use.proven(db, EMBEDDED).broken is None
    with either.database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            connection.execute(text("DROP TRIGGER score_record_update"))
        connection.execute(text("UPDATE score_record SET borrower = 'x' WHERE number = 1"))
    with either.database.reading() as db:
        assert use.proven(db, EMBEDDED).broken == 1


def test_an_override_takes_two_people_one_grade_and_a_day(either: Parts, library: Library) -> None:
    record = put(either, library)
    other = second_person(either.database)
    ask = OverrideAsk(grade="A", reason="newer_facts", note="n", expires=DAY + dt.timedelta(days=30))
    with either.database.writing() as db:
        for change, error in (
            ({"grade": "B"}, use.NotOneGrade),
            ({"grade": "D"}, use.NotOneGrade),
            ({"reason": "because"}, use.UnknownReason),
            ({"expires": DAY}, use.BadExpiry),
            ({"expires": DAY + dt.timedelta(days=366)}, use.BadExpiry),
        ):
            with pytest.raises(error):
                use.ask_override(db, EMBEDDED, record, ask.model_copy(update=change), DAY)
        override = use.ask_override(db, EMBEDDED, record, ask, DAY).id
    with either.database.writing() as db:
        assert use.one(db, EMBEDDED, record, DAY).override is None
        with pytest.raises(use.SecondPerson):
            use.answer_override(db, EMBEDDED, override, agree=True, note="", today=DAY)
        use.answer_override(db, other, override, agree=True, note="同意", today=DAY)
        with pytest.raises(use.Decided):
            use.answer_override(db, other, override, agree=False, note="", today=DAY)
    with either.database.reading() as db:
        found = use.one(db, EMBEDDED, record, DAY)
        assert found.override is not None
        assert (found.override.row.body["grade"], found.override.answered_by) == ("A", "复核人")
        assert found.row.body["score"]["grade"]["id"] == "B"
        assert use.one(db, EMBEDDED, record, ask.expires + dt.timedelta(days=1)).override is None
        assert (use.proven(db, EMBEDDED).events, use.proven(db, EMBEDDED).broken) == (3, None)
        month = use.override_rate(db, EMBEDDED)[0]
        assert (month.scores, month.up, month.down) == (1, 1, 0)


def test_no_override_undoes_a_gate(either: Parts, library: Library) -> None:
    blocked = put(either, library, gates={"G1": True, "G2": False})
    ask = OverrideAsk(grade="A", reason="newer_facts", note="n", expires=DAY + dt.timedelta(days=30))
    with either.database.writing() as db:
        body = use.one(db, EMBEDDED, blocked, DAY).row.body["score"]
        assert body["blocked"] or any(g["binds"] and g["effect"] == "cap" for g in body["gates"])
        at = [g["id"] for g in use.one(db, EMBEDDED, blocked, DAY).row.body["grades"]]
        better = at[at.index(body["grade"]["id"]) - 1]
        with pytest.raises(use.NotOverridable):
            use.ask_override(db, EMBEDDED, blocked, ask.model_copy(update={"grade": better}), DAY)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_paper_is_one_page_however_much_there_is_to_say(either: Parts, library: Library, lang: str) -> None:
    long = copy.deepcopy(EXAMPLE["indicators"])
    for one in long.values():
        one["evidence"] = "证据编号与说明很长很长很长很长很长很长很长很长很长很长很长很长很长 " * 5
    del long["F1"]
    stress = copy.deepcopy(STRESS)
    stress["scenarios"][0] |= {"zh": "名" * 60, "en": "name " * 12}
    put(either, library)
    record = put(either, library, indicators=long, gates={}, purpose="用" * 300, stress=stress)
    other = second_person(either.database)
    ask = OverrideAsk(grade="C", reason="data_doubt", note="n" * 500, expires=DAY + dt.timedelta(days=30))
    with either.database.writing() as db:
        grades = [g["id"] for g in use.one(db, EMBEDDED, record, DAY).row.body["grades"]]
        at = grades.index(use.one(db, EMBEDDED, record, DAY).row.body["score"]["grade"]["id"])
        asked = use.ask_override(db, EMBEDDED, record, ask.model_copy(update={"grade": grades[at + 1]}), DAY)
        use.answer_override(db, other, asked.id, agree=True, note="", today=DAY)
    settings = either.settings
    assert settings.sign_in == "off"
    with TestClient(create_app(parts=either), base_url="http://127.0.0.1") as client:
        data = client.get(f"{API}/{record}/report.pdf", params={"lang": lang}).content
        read = pypdf.PdfReader(io.BytesIO(data))
        assert len(read.pages) == 1
        said = read.pages[0].extract_text()
        found = client.get(f"{API}/{record}").json()
    assert found["code"] in said.replace("\n", "")
    assert f"/verify/score/{record}" in said.replace("\n", "")
    assert "复核人" in said


def test_anybody_may_check_a_printed_code_and_learns_nothing_else(client: TestClient) -> None:
    made = kept(client)
    told = client.get(f"/api/v1/verify/score/{made['id']}").json()
    assert set(told) == {"id", "issuer", "issued", "policy", "hash"}
    assert told["hash"] == made["hash"]
    page = client.get(f"/verify/score/{made['id']}", params={"code": made["code"], "lang": "en"}).text
    assert "is that of the record" in page
    assert EXAMPLE["borrower"]["name"] not in page
    wrong = client.get(f"/verify/score/{made['id']}", params={"code": "0" * 16, "lang": "en"}).text
    assert "do not use this paper" in wrong
    assert client.get(f"/verify/score/{uuid4()}").status_code == 404


def test_on_the_pages(client: TestClient) -> None:
    sent = client.post("/scores", files={"file": ("f.xlsx", example_bytes())}, headers=SITE, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    again = client.post("/scores", files={"file": ("f.xlsx", example_bytes())}, headers=SITE, follow_redirects=False)
    assert again.headers["location"] == sent.headers["location"]
    for lang in ("zh", "en"):
        page = client.get(sent.headers["location"].split("?")[0], params={"lang": lang})
        assert page.status_code == 200
        assert "None" not in page.text
    where = sent.headers["location"].split("?")[0]
    refused = client.post(f"{where}/override", data={"grade": "?"}, headers=SITE)
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert client.post("/scores", headers=SITE).status_code == 422


def test_in_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "var"))
    asked, out = tmp_path / "a.json", tmp_path / "s.pdf"
    asked.write_text(json.dumps(EXAMPLE), "utf-8")
    run = CliRunner()
    made = run.invoke(app, ["scores", "keep", str(asked), "-o", str(out), "--json"])
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["grade"] == "B"
    assert len(pypdf.PdfReader(out).pages) == 1
    assert run.invoke(app, ["scores", "verify"]).exit_code == 0
    assert run.invoke(app, ["verify"]).stdout == run.invoke(app, ["scores", "verify"]).stdout
    assert EXAMPLE["borrower"]["name"] in run.invoke(app, ["scores", "list"]).stdout
