"""T5: what was not looked up is not clean, and a list of parts holds what the lock holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.supply.__main__ import LOCK
from tests.supply.audit import CLEAN, NOT_AUDITED, VULNERABLE, audited, listed, locked

TWO = """\
one==1.0 \\
    --hash=sha256:00
other-part==2.0 ; python_full_version >= '3.11' \\
    --hash=sha256:00
elsewhere==3.0 ; sys_platform == 'no such system' \\
    --hash=sha256:00
"""
HOLE = {"id": "X-1", "fix_versions": ["1.1"], "aliases": []}


def answer(*parts: dict[str, Any]) -> str:
    return json.dumps({"dependencies": parts, "fixes": []})


ONE = {"name": "one", "version": "1.0", "vulns": []}
OTHER = {"name": "Other_Part", "version": "2.0", "vulns": []}


def test_what_was_looked_up_is_clean_also_under_another_spelling_of_its_name() -> None:
    verdict = audited(answer(ONE, OTHER), TWO)
    assert verdict.code == CLEAN
    assert "2 packages audited" in verdict.lines[-1]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (answer({"name": "one", "skip_reason": "not found"}, {"name": "other-part", "skip_reason": "not found"}), "2 of 2"),
        (answer(ONE, {"name": "other-part", "skip_reason": "not found"}), "1 of 2 locked packages skipped: other-part"),
        (answer(ONE), "not in the answer: other-part 2.0"),
        (answer(ONE, OTHER | {"version": "2.1"}), "not in the answer: other-part 2.0"),
        (answer(), "2 of 2"),
        ("", "cannot be read"),
        ("No known vulnerabilities found", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"dependencies": [{"vulns": []}]}', "cannot be read"),
        ('{"dependencies": null}', "cannot be read"),
    ],
)  # fmt: skip
def test_what_was_not_looked_up_is_not_audited(told: str, says: str) -> None:
    verdict = audited(told, TWO)
    assert verdict.code == NOT_AUDITED
    text = "\n".join(verdict.lines)
    assert "未审计" in text
    assert says in text


def test_a_hole_with_a_fix_fails_and_one_without_is_told() -> None:
    verdict = audited(answer(ONE | {"vulns": [HOLE]}, OTHER), TWO)
    assert verdict.code == VULNERABLE
    assert "one 1.0 X-1 → 1.1" in verdict.lines[0]
    verdict = audited(answer(ONE | {"vulns": [HOLE | {"fix_versions": []}]}, OTHER), TWO)
    assert verdict.code == CLEAN
    assert "no fix yet: one 1.0 X-1" in verdict.lines[0]


def test_an_empty_lock_is_not_audited() -> None:
    assert audited(answer(), "").code == NOT_AUDITED


def part(name: str, version: str) -> dict[str, Any]:
    return {"name": name, "version": version, "externalReferences": [{"hashes": [{"alg": "SHA-256", "content": "00"}]}]}


def test_a_list_of_parts_holds_every_locked_package_and_nothing_else() -> None:
    parts = [part("one", "1.0"), part("other-part", "2.0"), part("elsewhere", "3.0")]
    assert listed(json.dumps({"components": parts}), TWO).code == 0
    bare = {"name": "one", "version": "1.0"}
    for wrong in (parts[1:], [*parts, part("more", "1")], [part("one", "1.1"), *parts[1:]], [bare, *parts[1:]]):
        assert listed(json.dumps({"components": wrong}), TWO).code == 1
    assert listed("{}", TWO).code == 1


def test_the_lock_is_read_whole() -> None:
    text = LOCK.read_text("utf-8")
    names = {name for name, _ in locked(text)}
    assert {"numpy", "fastapi", "psycopg", "colorama"} <= names
    assert len(locked(text)) == text.count("==") - text.count("== '")
