"""T6: what is shipped with stands under terms that fit Apache-2.0, and says so."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
KNOWN: dict[str, dict[str, str]] = yaml.safe_load((ROOT / "data" / "licences.yaml").read_text("utf-8"))
_CLASSIFIER = "License :: OSI Approved :: "


def locked() -> list[str]:
    text = (ROOT / "requirements" / "run.lock").read_text("utf-8")
    return re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==", text, re.MULTILINE)


def said(found: Distribution) -> str:
    """Return the terms as the package states them: the expression, else the classifiers, else its short word."""
    meta = found.metadata
    expression = meta.get("License-Expression")
    if expression:
        return str(expression)
    listed = [one.removeprefix(_CLASSIFIER) for one in meta.get_all("Classifier") or () if one.startswith(_CLASSIFIER)]
    short = str(meta.get("License") or "").strip()
    return " AND ".join(sorted(listed)) if listed else short.splitlines()[0] if short else ""


def fits(terms: str) -> bool:
    """Return whether every part that must be kept is known; of a choice, one is enough."""
    allowed = KNOWN["allowed"]
    if terms in allowed:
        return True
    parts = [part.strip() for part in re.split(r"\bAND\b", terms)]
    return all(
        part in allowed or any(one.strip(" ()") in allowed for one in re.split(r"\bOR\b", part)) for part in parts
    )


def test_every_part_states_terms_that_fit() -> None:
    wrong, seen = {}, 0
    for name in locked():
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # of another platform
        seen += 1
        terms = KNOWN["read_by_hand"].get(name.lower()) or said(found)
        if not terms or not fits(terms):
            wrong[name] = terms
    assert wrong == {}
    assert seen > 50


def test_the_check_can_fail() -> None:
    assert fits("MIT AND (Apache-2.0 OR GPL-3.0-only)")
    for terms in ("GPL-3.0-only", "MIT AND AGPL-3.0-or-later", "Proprietary"):
        assert not fits(terms)
