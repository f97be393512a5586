"""The table of cases names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_case_of_the_table_has_its_test() -> None:
    table = (ROOT / "docs" / "passthrough_cases.md").read_text("utf-8")
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", table)
    assert len(named) > 30
    for file, name in named:
        found = [path for path in (ROOT / "tests").rglob(file) if f"def {name}(" in path.read_text("utf-8")]
        assert found, f"{file}::{name}"
