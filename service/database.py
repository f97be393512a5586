"""Engines and sessions: one code for SQLite and PostgreSQL, made when first used and never shared over a fork."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from service.columns import dumps
from service.walls import behind_wall

#: How often a writer waits for ``busy_timeout`` before it gives up.
_TRIES = 4
#: Connections that a process keeps to PostgreSQL, and as many more in a rush; seconds that a request waits for one.
_CONNECTIONS, _PATIENCE_S = 8, 5
#: From here on SQLite's write-ahead log is free of the race that can corrupt a database.
SAFE_WAL = (3, 51, 3)


def journal_mode(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """Return the journal that is safe with this version of SQLite."""
    return "WAL" if version >= SAFE_WAL else "TRUNCATE"


def make_engine(url: str) -> Engine:
    """
    Make the engine of ``url``; the caller keeps it for one process.

    On SQLite a transaction that may write starts with ``BEGIN IMMEDIATE``,
    since the driver's own start loses updates of two writers. Reading takes a
    plain ``BEGIN``: ``engine.execution_options(reads=True)``.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        return create_engine(
            parsed,
            json_serializer=dumps,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=_CONNECTIONS,
            max_overflow=_CONNECTIONS,
            pool_timeout=_PATIENCE_S,
            connect_args={"connect_timeout": _PATIENCE_S},
        )
    if parsed.get_backend_name() != "sqlite":
        raise ValueError("YUETAN_DATABASE_URL: SQLite and PostgreSQL are supported")
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(parsed, json_serializer=dumps, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None
        for rule in (
            "busy_timeout=5000",
            f"journal_mode={journal_mode()}",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {rule}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get("reads"):
            connection.exec_driver_sql("BEGIN")
            return
        # SQLite does not queue its writers: on a slow disk one of many may find the lock taken for 5 s on end.
        for _ in range(_TRIES - 1):
            with contextlib.suppress(OperationalError):
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


class Database:
    """The database of one process."""

    def __init__(self, url: str, role: str | None = None) -> None:
        self.url = url
        #: Role under which transactions for an organisation run on PostgreSQL; none leaves the second wall open.
        self.role = role
        self._engine: Engine | None = None
        self._reading: Engine | None = None
        self._making = threading.Lock()

    @property
    def engine(self) -> Engine:
        """The engine, made on first use."""
        with self._making:
            if self._engine is None:
                self._engine = make_engine(self.url)
                self._reading = self._engine.execution_options(reads=True)
            return self._engine

    def session(self, organisation: UUID | None = None, *, reads: bool = False) -> Session:
        """Return a session that has not begun: nothing is asked of the database before it is used. It is to be closed."""
        engine = self.engine  # made here, and with it the one that reads
        session = Session(self._reading if reads else engine, expire_on_commit=False)
        if organisation is not None:
            behind_wall(session, organisation, self.role)
        return session

    @contextmanager
    def writing(self, organisation: UUID | None = None) -> Iterator[Session]:
        """
        Give a session that commits at the end and rolls back when the block raises.

        For an ``organisation`` the database shows and takes its rows alone;
        without one the session is the service's own.
        """
        with self.session(organisation) as session, session.begin():
            yield session

    @contextmanager
    def reading(self, organisation: UUID | None = None) -> Iterator[Session]:
        """Give a session that never writes; for an ``organisation`` as in ``writing``."""
        with self.session(organisation, reads=True) as session:
            yield session

    def dispose(self) -> None:
        """Close every connection."""
        with self._making:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    def forget(self) -> None:
        """Drop what was inherited over a fork without touching the parent's connections."""
        self._making = threading.Lock()
        if self._engine is not None:
            self._engine.dispose(close=False)
            self._engine = None
