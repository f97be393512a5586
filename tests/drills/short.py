"""Run a drill in its short version."""

from __future__ import annotations

import importlib
import os

import pytest

from drills.outcome import Missing, Scale


def held(name: str) -> None:
    """Run ``drills.<name>``; what does not hold fails, what is not installed here skips with how to get it."""
    try:
        out = importlib.import_module(f"drills.{name}").run(Scale(short=True, minutes=0.1))
    except Missing as missing:
        if os.environ.get("YUETAN_REQUIRE_SERVICES") == "1" and "answer" in str(missing):
            raise
        pytest.skip(str(missing))
    assert not out.broken, out.line
