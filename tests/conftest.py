"""What the tests share: the law, the price paths, and the reference data beside the checkout where it exists."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from cbam.prices import PricePath, load_paths
from models.files import DATA
from models.law import LawBook, load_law

settings.register_profile(
    "house", max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")


@pytest.fixture(scope="session")
def book() -> LawBook:
    return load_law(DATA / "law")


@pytest.fixture(scope="session")
def paths() -> dict[str, PricePath]:
    return load_paths(DATA / "scenarios" / "certificate_price_paths.yaml")


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Return a file of the reference data; the test skips where the folder is not beside the checkout."""
    root = Path(os.environ.get("YUETAN_SHARED", Path(__file__).resolve().parents[2] / "shared"))

    def file(name: str) -> Path:
        found = root / "data" / name
        if not found.exists():
            pytest.skip(f"the reference data is not beside the checkout: {name}")
        return found

    return file
