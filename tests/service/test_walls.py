"""Two walls between organisations: each holds with the other one switched off."""

from __future__ import annotations

import secrets
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from service import auth, migrate
from service.app import create_app
from service.auth import EMBEDDED, Who
from service.catalogue import TENANT_TABLES
from service.database import Database
from service.doctor import examine
from service.identity import use as identity
from service.library import Library
from service.parts import Parts
from service.settings import Settings
from service.statement.routes import EXAMPLE
from service.tables import Organisation, Person, Upload
from service.walls import NOBODY
from tests.service.conftest import Silent
from tests.service.pact.world import event, partner, published, token

pytestmark = pytest.mark.services


@pytest.fixture
def walled(role: tuple[str, str]) -> Iterator[Database]:
    database = Database(*role)
    migrate.upgrade(database)
    yield database
    database.dispose()


def stranger(database: Database) -> Who:
    who = Who(uuid4(), uuid4())
    with database.writing() as db:
        db.add(Organisation(id=who.organisation_id, name=f"other {who.organisation_id}"))
        db.flush()
        db.add(Person(id=who.person_id, organisation_id=who.organisation_id, name="someone"))
    return who


def file_of(who: Who, name: str = "a.csv") -> Upload:
    return Upload(
        organisation_id=who.organisation_id,
        person_id=who.person_id,
        sha256=secrets.token_hex(32),
        filename=name,
        size=1,
        content=b"x",
    )


def test_every_table_of_organisations_is_enabled_and_forced(walled: Database) -> None:
    with walled.reading() as db:
        rows = db.execute(
            text("SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind = 'r'")
        ).all()
        found = {name: (enabled, forced) for name, enabled, forced in rows}
        assert {table.__tablename__: found[table.__tablename__] for table in TENANT_TABLES} == {
            table.__tablename__: (True, True) for table in TENANT_TABLES
        }
        query = "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = :name"
        assert db.execute(text(query), {"name": walled.role}).one() == (False, False, False)
        owned = "SELECT count(*) FROM pg_tables WHERE tableowner = :name"
        assert db.execute(text(owned), {"name": walled.role}).scalar() == 0


def test_the_database_alone_parts_two_organisations(walled: Database) -> None:
    other = stranger(walled)
    with walled.writing() as db:
        db.add_all([file_of(EMBEDDED), file_of(other), file_of(other)])
    # No ``visible`` here: these are the queries of someone who forgot it.
    for who, n in ((EMBEDDED, 1), (other, 2), (Who(NOBODY, uuid4()), 0)):
        with walled.reading(who.organisation_id) as db:
            assert len(db.scalars(select(Upload)).all()) == n
    with walled.writing(EMBEDDED.organisation_id) as db:
        assert db.execute(update(Upload).values(size=9)).rowcount == 1  # type: ignore[attr-defined]
        assert db.execute(delete(Upload).where(Upload.organisation_id == other.organisation_id)).rowcount == 0  # type: ignore[attr-defined]
    with pytest.raises(DBAPIError, match="row-level security"), walled.writing(EMBEDDED.organisation_id) as db:
        db.add(file_of(other))
    with pytest.raises(DBAPIError, match="row-level security"), walled.writing(EMBEDDED.organisation_id) as db:
        db.execute(update(Upload).values(organisation_id=other.organisation_id, person_id=other.person_id))
    with walled.reading() as db:
        assert sorted(row.size for row in db.scalars(select(Upload))) == [1, 1, 9]


def test_the_application_may_not_touch_the_trail_or_the_walls(walled: Database) -> None:
    for statement in (
        "UPDATE audit_event SET action = 'x'",
        "DELETE FROM audit_event",
        "ALTER TABLE upload DISABLE ROW LEVEL SECURITY",
        "DROP TABLE upload",
        "CREATE TABLE mine (a int)",
        "SELECT pg_read_file('/etc/passwd')",
    ):
        with pytest.raises(DBAPIError), walled.writing(EMBEDDED.organisation_id) as db:
            db.execute(text(statement))


def test_a_pooled_connection_forgets_whose_it_was(walled: Database) -> None:
    """Many organisations over few connections, interleaved: no foreign row, ever."""
    everybody = [stranger(walled) for _ in range(20)]
    with walled.writing() as db:
        db.add_all([file_of(who) for who in everybody])
    wrong: list[str] = []

    def ask(seed: int) -> None:
        for i in range(150):
            who = everybody[(seed * 7 + i * 3) % len(everybody)]
            with walled.reading(who.organisation_id) as db:
                seen = {row.organisation_id for row in db.scalars(select(Upload))}
            if seen != {who.organisation_id}:
                wrong.append(f"{who} saw {seen}")
            if i % 10 == 0:
                with walled.reading() as db:
                    if len(db.scalars(select(Upload.id)).all()) != len(everybody):
                        wrong.append("the service does not see all")

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def without_the_first_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the service's own filter off, wherever it was imported to."""

    def all_of(table: Any, _: Who) -> Any:
        return select(table)

    def any_of(table: Any, _: Who) -> Any:
        return delete(table)

    loose = {"visible": (auth.visible, all_of), "erasable": (auth.erasable, any_of)}
    for name, module in list(sys.modules.items()):
        for attribute, (real, other) in loose.items():
            if name.startswith("service") and getattr(module, attribute, None) is real:
                monkeypatch.setattr(module, attribute, other)


def served(folder: Path, library: Library, url: str, role: str | None) -> Parts:
    settings = Settings(data_dir=folder, database_url=url, database_role=role, sign_in="accounts", worker="none")
    return Parts(settings, Database(url, role), library, Silent(settings))


def key_of(parts: Parts, name: str) -> tuple[UUID, str]:
    """Return an organisation and a key of its admin."""
    with parts.database.writing() as db:
        organisation = identity.add_organisation(db, name, "ets_firm", None)
        person = identity.invite(db, organisation.id, "a", f"{name}@example.cn", "ets_firm").person
        made = identity.add_key(db, Who(organisation.id, person.id), "k")
    return organisation.id, made.token


@pytest.mark.parametrize("second_wall", [True, False])
def test_with_the_first_wall_off_the_second_one_holds(
    tmp_path: Path,
    library: Library,
    role: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    goods: dict[str, Any],
    second_wall: bool,
) -> None:
    url, name = role
    parts = served(tmp_path, library, url, name if second_wall else None)
    with TestClient(create_app(parts=parts), base_url="http://127.0.0.1", raise_server_exceptions=False) as web:
        keys = {firm: key_of(parts, firm)[1] for firm in ("a", "b")}
        head = {firm: {"authorization": f"Bearer {key}"} for firm, key in keys.items()}
        kept = web.post("/api/v1/exposures", json=goods, params={"keep": "true"}, headers=head["a"]).json()["id"]
        statement = EXAMPLE["statement"] | {"issuer": {"name": "a"}}
        number = web.post("/api/v1/statements", json={"statement": statement}, headers=head["a"]).json()["number"]
        without_the_first_wall(monkeypatch)
        paths = (
            f"/api/v1/assessments/{kept}",
            f"/api/v1/assessments/{kept}/lines",
            f"/api/v1/statements/{number}.json",
        )
        for path in paths:
            status = web.get(path, headers=head["b"]).status_code
            assert status == (404 if second_wall else 200), path
            assert web.get(path, headers=head["a"]).status_code == 200, path
        lists = ("/api/v1/assessments", "/api/v1/statements", "/api/v1/audit/events", "/api/v1/identity/people")
        for path in lists:
            answer = web.get(path, headers=head["b"])
            assert answer.status_code == 200, (path, answer.text)
            assert (kept in answer.text or number in answer.text or "a@example.cn" in answer.text) is not second_wall, (
                path
            )
        withdrawn = web.post(
            f"/api/v1/statements/{number}/withdraw", json={"reason": "x"}, headers=head["b"]
        ).status_code
        assert withdrawn == (404 if second_wall else 200)
    parts.close()


def test_everything_works_behind_the_wall(tmp_path: Path, library: Library, role: tuple[str, str]) -> None:
    """Keys, statements chained between two organisations, and the open page, all under the application's role."""
    parts = served(tmp_path, library, *role)
    with TestClient(create_app(parts=parts), base_url="http://127.0.0.1", raise_server_exceptions=False) as web:
        head = {firm: {"authorization": f"Bearer {key_of(parts, firm)[1]}"} for firm in ("mill", "buyer")}
        statement = EXAMPLE["statement"] | {"issuer": {"name": "mill"}}
        made = web.post("/api/v1/statements", json={"statement": statement}, headers=head["mill"])
        assert made.status_code == 201, made.text
        number = made.json()["number"]
        data = web.get(f"/api/v1/statements/{number}.json", headers=head["mill"]).content
        taken = web.post("/api/v1/supplier-statements", files={"file": ("s.json", data)}, headers=head["buyer"])
        assert taken.status_code == 201, taken.text
        assert web.get(f"/api/v1/verify/{number}").json()["state"] == "valid"
        assert web.get("/api/v1/identity/me", headers=head["buyer"]).json()["organisation"] == "buyer"
        assert web.get("/api/v1/audit/proof", headers=head["buyer"]).json()["holds"] is True
        signed = web.post(
            "/sign-in",
            data={"email": "mill@example.cn", "password": "wrong password"},
            headers={"origin": "http://127.0.0.1"},
        )
        assert signed.status_code < 500
        wall = next(check for check in examine(parts) if "wall" in check.label.en)
        assert wall.good
    parts.close()


def test_a_partner_of_the_exchange_is_let_in_and_then_behind_the_wall(
    tmp_path: Path, library: Library, role: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = served(tmp_path, library, *role)
    with TestClient(create_app(parts=parts), base_url="http://127.0.0.1", raise_server_exceptions=False) as web:
        firms = [stranger(parts.database) for _ in range(2)]
        shown = [published(parts, who) for who in firms]
        head = token(web, partner(parts, firms[0]))
        without_the_first_wall(monkeypatch)
        listed = web.get("/pact/3/footprints", headers=head)
        assert [one["id"] for one in listed.json()["data"]] == [str(shown[0].pf_id)], listed.text
        assert web.get(f"/pact/3/footprints/{shown[1].pf_id}", headers=head).status_code == 404
        asked = event("RequestCreatedEvent", {"productId": ["urn:pact:null"], "comment": "x"})
        media = {"content-type": "application/cloudevents+json"}
        assert web.post("/pact/3/events", json=asked, headers=head | media).status_code == 200
    parts.close()
