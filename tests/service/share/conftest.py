"""A mill, a bank, a buyer abroad and a stranger on one installation, on SQLite and behind PostgreSQL's wall."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service import migrate
from service.app import create_app
from service.database import Database
from service.library import Library
from service.parts import Parts
from service.settings import Settings
from tests.service.conftest import Silent, application_role
from tests.service.share.world import World, made


@pytest.fixture(scope="module", params=["sqlite", pytest.param("walled", marks=pytest.mark.services)])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, library: Library, blank: Path
) -> Iterator[World]:
    """One world for the tests of a module: none minds what another left."""
    folder = tmp_path_factory.mktemp("world")
    with ExitStack() as stack:
        if request.param == "walled":
            url = request.getfixturevalue("postgres")()
            role = stack.enter_context(application_role(url))
            settings = Settings(
                data_dir=folder, database_url=url, database_role=role, sign_in="accounts", worker="none"
            )
            database = Database(url, role)
            migrate.upgrade(database)
        else:
            settings = Settings(data_dir=folder, sign_in="accounts", worker="none")
            database = Database(settings.database)
            shutil.copy(blank, folder / "yuetan.sqlite")
        parts = Parts(settings, database, library, Silent(settings))
        with TestClient(create_app(parts=parts), base_url="http://127.0.0.1", raise_server_exceptions=False) as web:
            yield made(parts, web)
        parts.close()
