"""Engines lose no update, and are made late."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import column, event, select, table, text, update
from sqlalchemy.exc import OperationalError

from service.database import Database, journal_mode, make_engine


def test_eight_threads_lose_no_addition(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    counter = table("counter", column("n"))

    def add(_: int) -> None:
        for _ in range(100):
            with database.writing() as db:
                n = db.execute(select(counter.c.n).with_for_update()).scalar_one()
                db.execute(update(counter).values(n=n + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    with database.reading() as db:
        assert db.execute(text("SELECT n FROM counter")).scalar_one() == 800


@pytest.mark.parametrize(
    ("version", "mode"), [((3, 40, 1), "TRUNCATE"), ((3, 51, 2), "TRUNCATE"), ((3, 51, 3), "WAL"), ((3, 52, 0), "WAL")]
)
def test_the_journal_is_the_one_that_cannot_corrupt(version: tuple[int, int, int], mode: str) -> None:
    assert journal_mode(version) == mode


def test_sqlite_is_set_up(tmp_path: object) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/deep/er/x.sqlite")
    with engine.connect() as connection:
        values = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("busy_timeout", "synchronous", "foreign_keys", "journal_mode", "mmap_size")
        }
    engine.dispose()
    assert values | {"mmap_size": 0} == {
        "busy_timeout": 5000,
        "synchronous": 2,
        "foreign_keys": 1,
        "journal_mode": journal_mode().lower(),
        "mmap_size": 0,
    }


def test_a_reader_does_not_wait_for_a_writer(tmp_path: object) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.sqlite")
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))
    with database.writing() as writer:
        writer.execute(text("SELECT 1"))  # holds the write lock from here on
        with database.reading() as reader:
            assert reader.execute(text("SELECT count(*) FROM t")).scalar() == 0
    database.dispose()


def test_a_writer_waits_longer_than_one_timeout(tmp_path: object) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.sqlite")
    event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=200"))
    held = threading.Event()

    def hold() -> None:
        with database.writing() as db:
            db.execute(text("SELECT 1"))
            held.set()
            threading.Event().wait(0.4)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(hold)
        held.wait()
        with database.writing() as db:
            db.execute(text("CREATE TABLE t (n INTEGER)"))
        other.result()
    database.dispose()


def test_nothing_is_opened_before_it_is_needed(tmp_path: object) -> None:
    database = Database(f"sqlite:///{tmp_path}/never/x.sqlite")
    database.dispose()
    database.forget()
    assert database._engine is None


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))

    def fail() -> None:
        with database.writing() as db:
            db.execute(text("INSERT INTO t VALUES (1)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.reading() as db:
        assert db.execute(text("SELECT count(*) FROM t")).scalar() == 0


def test_other_engines_are_refused() -> None:
    with pytest.raises(ValueError, match="SQLite and PostgreSQL"):
        make_engine("mysql://x/y")


def test_a_foreign_key_is_checked(database: Database) -> None:
    from uuid import uuid4

    from sqlalchemy.exc import IntegrityError

    from service.tables import Person

    with pytest.raises((IntegrityError, OperationalError)), database.writing() as db:
        db.add(Person(organisation_id=uuid4(), name="x"))
