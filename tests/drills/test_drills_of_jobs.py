"""The short version of the drills of jobs; the whole ones are run by ``make test-services``."""

from __future__ import annotations

import pytest

from tests.drills.short import held

pytestmark = [pytest.mark.services, pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.mark.parametrize("name", ["r1", "r2", "r7"])
def test_the_goal_holds(name: str) -> None:
    held(name)
