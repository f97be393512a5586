"""What the tests of the worker share with those of the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.child import Supervisor
from service.parts import Parts
from service.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "var", lease_s=2.0, resend_s=1.0, worker_processes=1)


@pytest.fixture
def start() -> Iterator[Callable[[Settings], tuple[Parts, Supervisor]]]:
    """Start an installation with its worker; everything is stopped at the end."""
    made: list[Any] = []

    def started(settings: Settings) -> tuple[Parts, Supervisor]:
        from service import migrate

        parts, supervisor = Parts.of(settings), Supervisor(settings)
        made.append((parts, supervisor))
        migrate.upgrade(parts.database)
        supervisor.start()
        return parts, supervisor

    yield started
    for parts, supervisor in made:
        supervisor.stop(grace_s=0)
        parts.close()
