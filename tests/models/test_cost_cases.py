"""The list of cases of cost names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_test_of_the_list_of_cases_is_there() -> None:
    text = (ROOT / "docs" / "cost_cases.md").read_text("utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)
    assert len(named) > 30
    missing = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / file).read_text("utf-8")]
    missing += [file for file in re.findall(r"`(tests/[\w/]+\.(?:py|yaml))`", text) if not (ROOT / file).exists()]
    assert missing == []
