"""A database per test on both engines, and the application on it."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from service import migrate
from service.app import create_app
from service.broker import Sender
from service.database import Database
from service.library import Library
from service.parts import Parts
from service.settings import Settings

POSTGRES = os.environ.get("YUETAN_TEST_DATABASE_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(scope="session")
def library() -> Library:
    return Library()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """Give URLs of fresh migrated databases; each is dropped at the end."""
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    prefix = f"yt_{secrets.token_hex(4)}"
    made: list[str] = []

    def new(template: str = "template1") -> str:
        name = f"{prefix}_{len(made)}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        made.append(name)
        return name

    def url(name: str) -> str:
        return make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)

    try:
        with admin.connect():
            pass
    except OperationalError:
        if os.environ.get("YUETAN_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip("PostgreSQL does not answer")
    template = new()
    database = Database(url(template))
    migrate.upgrade(database)
    database.dispose()
    yield lambda: url(new(template))
    with admin.connect() as connection:
        for name in reversed(made):
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    admin.dispose()


@contextmanager
def application_role(url: str) -> Iterator[str]:
    """Give the name of a role that owns nothing, for one database."""
    name = f"yt_app_{secrets.token_hex(4)}"
    owner = Database(url)
    with owner.engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} NOLOGIN"))
    yield name
    with owner.engine.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {name}"))
        connection.execute(text(f"DROP ROLE {name}"))
    owner.dispose()


@pytest.fixture
def role(postgres: Callable[[], str]) -> Iterator[tuple[str, str]]:
    """A database, and a role that owns nothing."""
    url = postgres()
    with application_role(url) as name:
        yield url, name


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: migrating for every test would take most of the time."""
    path = tmp_path_factory.mktemp("blank") / "yuetan.sqlite"
    database = Database(f"sqlite:///{path}")
    migrate.upgrade(database)
    database.dispose()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        new: Callable[[], str] = request.getfixturevalue("postgres")
        return new()
    copied = shutil.copy(request.getfixturevalue("blank"), tmp_path / "yuetan.sqlite")
    return f"sqlite:///{copied}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    made = Database(url)
    yield made
    made.dispose()


class Silent(Sender):
    """Remembers what would be announced."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.sent: list[tuple[str, UUID]] = []

    def send(self, announced: Any) -> None:
        self.sent.extend(announced)


@pytest.fixture
def parts(tmp_path: Path, library: Library, blank: Path) -> Iterator[Parts]:
    """The parts of an installation on SQLite whose jobs the test does itself."""
    yield from installed(tmp_path, library, blank)


def installed(folder: Path, library: Library, blank: Path, **more: Any) -> Iterator[Parts]:
    settings = Settings(data_dir=folder, worker="none", **more)
    shutil.copy(blank, folder / "yuetan.sqlite")
    made = Parts(settings, Database(settings.database), library, Silent(settings))
    yield made
    made.close()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory, library: Library, blank: Path) -> Iterator[TestClient]:
    """A client for all tests of a module, where none minds what another left."""
    for made in installed(tmp_path_factory.mktemp("lasting"), library, blank):
        with TestClient(create_app(parts=made), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            yield client


@pytest.fixture
def either(tmp_path: Path, library: Library, url: str) -> Iterator[Parts]:
    """The same on each engine."""
    settings = Settings(data_dir=tmp_path, database_url=url, worker="none")
    made = Parts(settings, Database(settings.database), library, Silent(settings))
    yield made
    made.close()


@pytest.fixture
def client(parts: Parts) -> Iterator[TestClient]:
    with TestClient(create_app(parts=parts), base_url="http://127.0.0.1", raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def goods() -> dict[str, Any]:
    """The good of the known answer."""
    return {"cn_code": "73089059", "origin": "CN", "net_mass_t": 10.0, "imported_on": "2026-05-12"}


@pytest.fixture
def submission(goods: dict[str, Any]) -> dict[str, Any]:
    """A firm with one good that is computed and one without an official price."""
    lines = [
        {"line": 1, "product": "钢结构件", **goods},
        {"line": 2, "product": "钢结构件", **goods, "imported_on": "2026-11-12"},
    ]
    return {"firm": {"name": "示例企业"}, "goods": lines}
