"""Bring a database to the newest form."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from service.database import Database
from service.walls import raise_walls

_FOLDER = Path(__file__).resolve().parent / "migrations"
#: Any number; all processes that migrate one PostgreSQL database queue on it.
_LOCK = 7_214_560_031


def config() -> Config:
    """Return Alembic's configuration, without a file of its own."""
    made = Config()
    made.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    made.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    return made


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations that are missing; two processes that start at once do it one after the other."""
    made = config()
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        made.attributes["connection"] = connection
        command.upgrade(made, revision)
        raise_walls(connection, database.role)


def is_current(database: Database) -> bool:
    """Return whether the database is of the newest form."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    with database.engine.execution_options(reads=True).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
