"""Who sees what, and that nothing goes around it."""

from __future__ import annotations

import ast
from pathlib import Path
from uuid import uuid4

from service.auth import EMBEDDED, Who, erasable, visible
from service.catalogue import TENANT_TABLES
from service.database import Database
from service.tables import Organisation, Person, Upload

ROOT = Path(__file__).resolve().parents[2]
#: Where rows of all organisations are meant: sweep and claim, each by the id of a job, and the door, before it is known who
#: asks; counts and ends of chains for the operator.
ALLOWED = {
    "service/auth.py",
    "service/jobs.py",
    "service/identity/door.py",
    "service/pact/door.py",
    "service/once/use.py",
    "service/operation/whole.py",
}
TABLES = {table.__name__ for table in TENANT_TABLES}


def around(source: str) -> list[int]:
    """Return the lines that reach a table without ``visible``."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        named = {n.id for arg in node.args[:1] for n in ast.walk(arg) if isinstance(n, ast.Name)}
        if name in {"select", "delete", "update", "query", "get", "get_one", "exists"} and named & TABLES:
            found.append(node.lineno)
    return found


def test_every_query_starts_from_visible() -> None:
    wrong = {}
    for folder in ("service", "workers"):
        for path in (ROOT / folder).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if name not in ALLOWED and "migrations" not in name and (lines := around(path.read_text("utf-8"))):
                wrong[name] = lines
    assert wrong == {}


def test_the_check_can_fail() -> None:
    assert around("db.scalars(select(Job).where(Job.id == x))") == [1]
    assert around("db.get(Upload, x)") == [1]
    assert around("visible(Job, who).where(Job.id == x)") == []


def test_an_organisation_sees_its_own_rows_only(database: Database) -> None:
    other = Who(uuid4(), uuid4())
    with database.writing() as db:
        db.add(Organisation(id=other.organisation_id, name="other"))
        db.flush()
        db.add(Person(id=other.person_id, organisation_id=other.organisation_id, name="someone"))
        db.flush()
        for who in (EMBEDDED, other):
            db.add(
                Upload(
                    organisation_id=who.organisation_id,
                    person_id=who.person_id,
                    sha256="0" * 64,
                    filename="a.csv",
                    size=1,
                    content=b"x",
                )
            )
    with database.writing() as db:
        mine, theirs = (db.scalars(visible(Upload, who)).all() for who in (EMBEDDED, other))
        assert [len(mine), len(theirs)] == [1, 1]
        assert mine[0].id != theirs[0].id
        db.execute(erasable(Upload, other))
        assert len(db.scalars(visible(Upload, EMBEDDED)).all()) == 1
