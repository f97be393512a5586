"""What must hold of the tree as a whole."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("models", "cbam", "finance", "service", "workers")
#: Hosts of registries and folders of somebody's machine; each pattern is in pieces so that it does not find itself.
FORBIDDEN = re.compile(
    "|".join(
        (
            "pypi" + r"\.org", "files\\.python" + "hosted", "registry\\." + "npmjs", r"mirrors?\." + r"[a-z.]+/pypi",
            "index" + "-url", "(?<![\\w.])/" + "root/", "(?<![\\w.])/" + "work/(main|shared)", "/" + r"home/[a-z]",
            "/" + r"Users/[A-Za-z]", r"C:\\" + "Users", "/" + "tmp/[a-z]",
        )
    )
)  # fmt: skip


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_no_other_distribution_claims_our_names() -> None:
    claimed = set()
    for distribution in distributions():
        if (distribution.metadata["Name"] or "").lower() == "yuetan":
            continue
        for file in distribution.files or ():
            if file.parts and file.parts[0] in OURS and len(file.parts) > 1:
                claimed.add((distribution.metadata["Name"], file.parts[0]))
    assert claimed == set()


def test_pyproject_and_run_in_name_the_same_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = (ROOT / "requirements" / "run.in").read_text("utf-8").splitlines()
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    assert sorted(project["dependencies"]) == sorted(names)
    assert "Private :: Do Not Upload" in project["classifiers"]


def test_locks_name_no_host_and_have_hashes() -> None:
    for path in (ROOT / "requirements").glob("*.lock"):
        text = path.read_text("utf-8")
        assert "://" not in text, path.name
        assert "--hash=sha256:" in text, path.name


def test_no_file_names_a_registry_or_a_machine() -> None:
    wrong = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        wrong += [f"{path.relative_to(ROOT)}: {found[0]}" for found in FORBIDDEN.finditer(text)]
    assert wrong == []


def test_the_check_of_names_can_fail() -> None:
    for text in ("https://" + "pypi" + ".org/simple", "/" + "root/x", "--index" + "-url"):
        assert FORBIDDEN.search(text)


def test_the_domain_has_no_clock_no_environment_and_no_print() -> None:
    impure = re.compile(r"\b(date\.today|datetime\.now|os\.environ|print\(|getLogger|time\.time)\b")
    for folder in ("models", "cbam", "finance"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not impure.search(path.read_text("utf-8")), path.name
