"""The audit trail: everything that is done is in it, the database lets nobody change it, and a change would show."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from service.app import create_app
from service.audit.use import BadHead, proven, record, signed_head
from service.auth import EMBEDDED, Who
from service.cli import app
from service.database import Database
from service.parts import Parts
from service.statement.routes import EXAMPLE
from service.tables import Organisation, Person


def written(database: Database, n: int = 5, who: Who = EMBEDDED) -> None:
    for i in range(n):
        with database.writing() as db:
            record(db, who, "assessment.kept", uuid4(), lines=i)


def unlocked(database: Database, statement: str, **values: Any) -> None:
    """Do to the table what only someone with the rights of its owner can."""
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for what in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_event_{what}"))
        connection.execute(text(statement), values)


def test_the_database_refuses_every_change(database: Database) -> None:
    written(database)
    for statement in (
        "UPDATE audit_event SET action = 'x'",
        "DELETE FROM audit_event",
        "DELETE FROM audit_event WHERE number = 5",
    ):
        with pytest.raises(DBAPIError, match="insert-only"), database.writing() as db:
            db.execute(text(statement))
    with database.reading() as db:
        assert (proven(db, EMBEDDED).events, proven(db, EMBEDDED).broken) == (5, None)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit_event SET action = 'x' WHERE number = 3", 3),
        ("UPDATE audit_event SET subject = 'x' WHERE number = 1", 1),
        ("UPDATE audit_event SET hash = before WHERE number = 4", 4),
        ("DELETE FROM audit_event WHERE number = 2", 2),
        ("DELETE FROM audit_event WHERE number = 1", 1),
        ("UPDATE audit_event SET number = 99 WHERE number = 5", 5),
    ],
)
def test_a_change_by_the_owner_of_the_database_shows(database: Database, statement: str, broken: int) -> None:
    written(database)
    unlocked(database, statement)
    with database.reading() as db:
        found = proven(db, EMBEDDED)
    assert found.broken == broken
    assert found.why


def test_an_end_cut_off_shows_against_a_signed_head(either: Parts) -> None:
    written(either.database)
    with either.database.reading() as db:
        head = signed_head(db, EMBEDDED, either.settings)
        assert proven(db, EMBEDDED, head, either.settings).broken is None
    written(either.database, 2)
    with either.database.reading() as db:
        assert proven(db, EMBEDDED, head, either.settings).broken is None
    unlocked(either.database, "DELETE FROM audit_event WHERE number > 4")
    with either.database.reading() as db:
        assert proven(db, EMBEDDED).broken is None
        assert proven(db, EMBEDDED, head, either.settings).broken == 5
        for wrong in (head | {"number": 4}, head | {"signature": "x"}, {}, head | {"organisation": str(uuid4())}):
            with pytest.raises(BadHead):
                proven(db, EMBEDDED, wrong, either.settings)


def test_each_organisation_has_a_chain_of_its_own(database: Database) -> None:
    other = Who(uuid4(), uuid4())
    with database.writing() as db:
        db.add(Organisation(id=other.organisation_id, name="other"))
        db.flush()
        db.add(Person(id=other.person_id, organisation_id=other.organisation_id, name="someone"))
    written(database, 3)
    written(database, 2, other)
    written(database, 1)
    with database.reading() as db:
        assert (proven(db, EMBEDDED).events, proven(db, other).events) == (4, 2)


def test_writers_at_once_leave_no_gap(database: Database) -> None:
    failed: list[BaseException] = []

    def many() -> None:
        try:
            written(database, 10)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=many) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with database.reading() as db:
        found = proven(db, EMBEDDED)
    assert (found.events, found.broken) == (60, None)


def test_what_is_done_is_in_it_and_what_is_rolled_back_is_not(either: Parts, goods: dict[str, Any]) -> None:
    with TestClient(create_app(parts=either), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        for _ in range(2):
            kept = client.post("/api/v1/exposures", json=goods, params={"keep": "true"})
            assert kept.json()["id"]
        number = client.post("/api/v1/statements", json=EXAMPLE).json()["number"]
        client.post(f"/api/v1/statements/{number}/withdraw", json={"reason": "更正"})
        assert client.post(f"/api/v1/statements/{uuid4()}/withdraw", json={"reason": "x"}).status_code == 404
        page = client.get("/api/v1/audit/events").json()
        assert [one["action"] for one in page["items"]] == [
            "assessment.kept",
            "statement.issued",
            "data.released",
            "statement.withdrawn",
            "data.released",
        ]
        assert page["items"][1]["subject"] == number
        first = client.get("/api/v1/audit/events", params={"limit": 2}).json()
        assert first["next"] == 2
        assert client.get("/api/v1/audit/events", params={"after": 2}).json()["items"][0]["number"] == 3
        assert client.get("/api/v1/audit/proof").json() == {
            "holds": True,
            "events": 5,
            "hash": page["items"][-1]["hash"],
            "broken": None,
            "why": None,
        }
        head = client.get("/api/v1/audit/head").json()
        assert client.post("/api/v1/audit/proof", json=head).json()["holds"] is True
        refused = client.post("/api/v1/audit/proof", json=head | {"number": 1})
        assert (refused.status_code, refused.json()["code"]) == (422, "audit.bad_head")


def test_in_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "var"))
    asked, head, out = tmp_path / "a.json", tmp_path / "head.json", tmp_path / "trail.jsonl"
    asked.write_text(json.dumps(EXAMPLE), "utf-8")
    run = CliRunner()
    assert run.invoke(app, ["statement", "make", str(asked), "-o", str(tmp_path / "s.json")]).exit_code == 0
    assert run.invoke(app, ["audit", "head", "-o", str(head)]).exit_code == 0
    assert run.invoke(app, ["audit", "verify", "--head", str(head)]).exit_code == 0
    assert run.invoke(app, ["audit", "export", "-o", str(out)]).exit_code == 0
    assert json.loads(out.read_text("utf-8").splitlines()[0])["action"] == "statement.issued"
    database = Database(f"sqlite:///{tmp_path / 'var' / 'yuetan.sqlite'}")
    unlocked(database, "UPDATE audit_event SET subject = 'x'")
    database.dispose()
    changed = run.invoke(app, ["audit", "verify", "--lang", "en"])
    assert changed.exit_code == 1
    assert "its content was changed" in changed.output
