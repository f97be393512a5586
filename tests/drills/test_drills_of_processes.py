"""The short version of the drills of web, database, broker and disk."""

from __future__ import annotations

import pytest

from tests.drills.short import held

pytestmark = [pytest.mark.services, pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.mark.parametrize("name", ["r3", "r4"])
def test_the_goal_holds(name: str) -> None:
    held(name)
