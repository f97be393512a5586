"""Migrations: one head, up from nothing and down again, equal to the tables, on both engines."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from service import migrate
from service.auth import EMBEDDED
from service.catalogue import PUBLIC_TABLES, TENANT_TABLES, Base
from service.database import Database
from service.tables import Organisation, Owned, Person


def test_the_tables_are_what_the_migrations_make(database: Database) -> None:
    config = migrate.config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.check(config)
    assert migrate.is_current(database)


def test_down_and_up_again(database: Database) -> None:
    migrate.downgrade(database, "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    assert not migrate.is_current(database)
    migrate.upgrade(database)
    migrate.upgrade(database)
    assert migrate.is_current(database)


@pytest.mark.services
def test_a_start_locks_nothing_and_a_migration_gives_way(postgres: Callable[[], str]) -> None:
    database = Database(postgres())
    with database.engine.connect() as reader:
        reader.execute(text("LOCK TABLE organisation, assessment, job IN ACCESS SHARE MODE"))
        migrate.upgrade(database)  # nothing to do: it does not even wait
        threading.Timer(1.5, reader.rollback).start()
        begun = time.monotonic()
        migrate.downgrade(database, "base")
        assert time.monotonic() - begun >= 1.0  # it gave way, and came again
    migrate.upgrade(database)
    database.dispose()


def test_one_head_and_speaking_names() -> None:
    scripts = ScriptDirectory.from_config(migrate.config())
    assert len(scripts.get_heads()) == 1
    for script in scripts.walk_revisions():
        assert re.fullmatch(r"\d{4}_\d{2}_\d{2}_[a-z0-9_]+\.py", Path(script.path).name)


def test_the_embedded_organisation_and_person_are_there(database: Database) -> None:
    with database.reading() as db:
        assert db.get(Organisation, EMBEDDED.organisation_id) is not None
        person = db.scalars(select(Person)).one()
        assert (person.id, person.organisation_id) == (EMBEDDED.person_id, EMBEDDED.organisation_id)


def test_every_table_but_public_ones_belongs_to_an_organisation() -> None:
    owned = {table.__tablename__ for table in TENANT_TABLES}
    assert owned == set(Base.metadata.tables) - {table.__tablename__ for table in PUBLIC_TABLES}
    for table in TENANT_TABLES:
        assert issubclass(table, Owned)
        assert not table.__table__.c.organisation_id.nullable
