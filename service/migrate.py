"""Bring a database to the newest form."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from service.database import Database
from service.walls import raise_walls

_FOLDER = Path(__file__).resolve().parent / "migrations"
#: Any number; all processes that migrate one PostgreSQL database queue on it.
_LOCK = 7_214_560_031
#: How long a migration waits for a table, how often it tries, and what says that it has to give way: the wait, a deadlock.
_WAIT_MS, _TRIES, _GIVE_WAY = 500, 120, ("55P03", "40P01")


def config() -> Config:
    """Return Alembic's configuration, without a file of its own."""
    made = Config()
    made.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    made.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    return made


def upgrade(database: Database, revision: str = "head") -> None:
    """
    Run the migrations that are missing; two processes that start at once do it one after the other.

    Under load a migration never waits long for a table, since every request
    would queue behind it: it gives way, and tries again a moment later.
    """

    def run(made: Config, connection: Connection) -> None:
        command.upgrade(made, revision)
        raise_walls(connection, database.role)

    _in_turn(database, run)


def downgrade(database: Database, revision: str) -> None:
    """Go back to an older form: for an operator whose new version has to be taken back."""
    _in_turn(database, lambda made, _: command.downgrade(made, revision))


def _in_turn(database: Database, run: Callable[[Config, Connection], None]) -> None:
    for attempt in range(_TRIES):
        made = config()
        try:
            with database.engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                    connection.execute(text(f"SET LOCAL lock_timeout = '{_WAIT_MS}ms'"))
                made.attributes["connection"] = connection
                run(made, connection)
            return
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in _GIVE_WAY or attempt == _TRIES - 1:
                raise
        time.sleep(random.uniform(0.2, 0.6))  # noqa: S311 # nosec B311


def is_current(database: Database) -> bool:
    """Return whether the database is of the newest form."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    with database.engine.execution_options(reads=True).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
