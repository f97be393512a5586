"""docs/asvs.md is whole, names what exists, and says why where something is missing; and what it rests on in the tree."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from service.identity import door, secrets, tokens, use
from service.settings import TREE, Settings
from tests.asvs import PAGE, STATES, asked, written

FOLDERS = ("models", "cbam", "finance", "service", "workers")
LEVEL_3 = {"1.2.10", "1.5.3", "4.1.5", "5.2.5", "5.3.3", "8.3.2", "8.3.3", "13.1.3", "15.4.2"}
#: Where a statement holds a name of our own, which none takes as a parameter: tables, roles, rules, a database of a drill.
COMPOSED = {
    "service/walls.py", "service/deployment.py", "service/doctor.py", "service/migrate.py", "service/operation/backup.py",
}  # fmt: skip
SECURITY = (TREE / "docs" / "security.md").read_text("utf-8")


def test_every_requirement_stands_once_in_its_order() -> None:
    rows = asked()["requirements"]
    ids = [row["id"] for row in rows]
    assert ids == sorted(set(ids), key=lambda one: [int(part) for part in one.split(".")])
    assert Counter(row["level"] for row in rows) == {1: 70, 2: 183, 3: 9}
    assert {row["id"] for row in rows if row["level"] == 3} == LEVEL_3
    assert {int(one.split(".")[0]) for one in ids} == set(asked()["chapters"])
    for row in rows:
        assert set(row) <= {"id", "level", "asked", "state", "shown_by", "why"}, row["id"]
        assert "|" not in row["asked"] + row.get("why", "")


def test_what_is_met_has_a_test_and_all_else_a_reason() -> None:
    for row in asked()["requirements"]:
        assert row["state"] in STATES, row["id"]
        if row["state"] == "met":
            assert all("::test_" in one for one in row["shown_by"]), row["id"]
            assert row["shown_by"], row["id"]
        else:
            assert row.get("why"), row["id"]
        if row["state"] in ("open", "not_applicable"):
            assert "shown_by" not in row, row["id"]


def test_every_test_and_file_that_is_named_exists() -> None:
    named = {one for row in asked()["requirements"] for one in row.get("shown_by", ())}
    assert len(named) > 100
    missing = []
    for one in sorted(named):
        name, _, test = one.partition("::")
        path = TREE / name
        if not path.is_file() or (test and f"\ndef {test}(" not in path.read_text("utf-8")):
            missing.append(one)
    assert missing == []


def test_the_page_is_what_the_data_say() -> None:
    assert PAGE.read_text("utf-8") == written(), "python -m tests.asvs"


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    """Every call in our own code, with the dotted name of what is called."""
    for folder in FOLDERS:
        for path in (TREE / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    yield path.relative_to(TREE), node, ast.unparse(node.func)


def test_no_dynamic_code_no_shell_and_no_composed_query() -> None:
    wrong, queries = [], set()
    for path, node, name in calls():
        last = name.rpartition(".")[2]
        if name in ("eval", "exec", "compile", "__import__", "os.system", "os.popen") or last in (
            "getoutput",
            "literal_eval",
        ):
            wrong.append(f"{path}:{node.lineno} {name}")
        if name.partition(".")[0] in ("pickle", "marshal", "shelve", "dill", "jsonpickle"):
            wrong.append(f"{path}:{node.lineno} {name}")
        if any(one.arg == "shell" for one in node.keywords):
            wrong.append(f"{path}:{node.lineno} shell")
        made = node.args and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
        if made and last in ("text", "exec_driver_sql"):
            queries.add(str(path))
    assert wrong == []
    assert {path for path in queries if not path.startswith("service/migrations/")} == COMPOSED


def test_no_weak_hash_is_used() -> None:
    weak = re.compile(r"\b(md5|sha1|sha_1|MD5|SHA1|modes\.ECB|TripleDES|ARC4|Blowfish)\b")
    for folder in FOLDERS:
        for path in (TREE / folder).rglob("*.py"):
            assert weak.search(path.read_text("utf-8")) is None, path
    assert weak.search("hashlib.md5(b'')")


def test_every_derived_key_is_in_the_inventory() -> None:
    purposes = set()
    for path, node, name in calls():
        if name.rpartition(".")[2] == "key_of" and len(node.args) == 2:
            said = ast.unparse(node.args[1])
            if said.isidentifier():
                said = re.findall(
                    rf"^{said}(?:: \w+)? = (.*?)(?:  #.*)?$", (TREE / path).read_text("utf-8"), re.MULTILINE
                )[0]
            purposes.add(said.lstrip("f").strip("'\"").partition("/")[0])
    assert {"access-token", "totp", "recovery", "audit"} <= purposes
    assert [one for one in sorted(purposes) if f"`{one}`" not in SECURITY] == []


def test_the_document_states_the_figures_of_the_door() -> None:
    settings = Settings()
    for said in (
        f"{door.FAILURES_TO_LOCK} failures lock an account for {door.LOCK_S // 60} minutes",
        f"{settings.limit_sign_in} attempts a minute from one address",
        f"{secrets.SHORTEST} to {secrets.LONGEST} characters",
        f"within {use.INVITATION_H} hours",
        f"at most {use.KEY_DAYS} days",
        f"{tokens.LIFE_S // 60} minutes, not renewed",
        f"{settings.session_idle_min} minutes without a request",
        f"{settings.session_hours} hours in any case",
        f"{secrets.RECOVERY_CODES} recovery codes",
        "As many visits at a time as one likes",
        "does not end a visit here",
    ):
        assert said in SECURITY, said
