"""
What the lock holds against what an advisory service and a list of parts say of it.

``pip-audit`` ends well where the registry has no advisory interface: it skips every package. So its answer is read, and
what it did not look up counts as not audited.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 2
_PINNED = re.compile(r"^[A-Za-z0-9][^\\\n]*==[^\\\n]*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it, in words, and the code to end with."""

    code: int
    lines: tuple[str, ...]


def locked(lock: str, *, here: bool = False) -> set[tuple[str, str]]:
    """Return name and version of every package of a lock file; with ``here`` of those alone that this machine takes."""
    pinned = [Requirement(found.strip()) for found in _PINNED.findall(lock)]
    return {
        (canonicalize_name(one.name), next(iter(one.specifier)).version)
        for one in pinned
        if not here or one.marker is None or one.marker.evaluate()
    }


def audited(answer: str, lock: str) -> Verdict:
    """
    Judge the JSON of ``pip-audit`` for a lock file.

    The answer has no day on which a fix came out, so every hole with a fix fails, also one of the last seven days.
    """
    try:
        told = json.loads(answer)["dependencies"]
        seen = {(canonicalize_name(one["name"]), one["version"]) for one in told if "skip_reason" not in one}
        skipped = sorted({canonicalize_name(one["name"]) for one in told if "skip_reason" in one})
        holes = [(one["name"], one["version"], hole) for one in told for hole in one.get("vulns", ())]
        fixed = [_hole(*one) for one in holes if one[2]["fix_versions"]]
        unfixed = [_hole(*one) for one in holes if not one[2]["fix_versions"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return Verdict(
            NOT_AUDITED, ("未审计：pip-audit 的结果无法读取。", "not audited: the answer of pip-audit cannot be read.")
        )
    wanted = locked(lock, here=True)
    missing = sorted(f"{name} {version}" for name, version in wanted - seen if name not in skipped)
    lines = [f"有漏洞且已有修复 vulnerable, a fix is out: {one}" for one in fixed]
    lines += [f"有漏洞，尚无修复 vulnerable, no fix yet: {one}" for one in unfixed]
    for zh, en, names in (("被跳过", "skipped", skipped), ("不在结果中", "not in the answer", missing)):
        if names:
            shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
            lines += [
                f"未审计：锁定的 {len(wanted)} 个软件包中有 {len(names)} 个{zh}：{shown}",
                f"not audited: {len(names)} of {len(wanted)} locked packages {en}: {shown}",
            ]
    if not wanted:
        lines += ["未审计：锁定文件为空。", "not audited: the lock is empty."]
    if fixed:
        return Verdict(VULNERABLE, tuple(lines))
    if skipped or missing or not wanted:
        return Verdict(NOT_AUDITED, tuple(lines))
    lines += [
        f"已审计 {len(wanted)} 个软件包，没有可修复的漏洞。",
        f"{len(wanted)} packages audited, no hole that has a fix.",
    ]
    return Verdict(CLEAN, tuple(lines))


def _hole(name: str, version: str, hole: dict[str, list[str]]) -> str:
    fixes = ", ".join(hole["fix_versions"])
    return f"{name} {version} {hole['id']}" + (f" → {fixes}" if fixes else "")


def listed(parts: str, lock: str) -> Verdict:
    """Judge a list of parts (CycloneDX JSON): every locked package with its version and hashes, and nothing else."""
    try:
        told = json.loads(parts)
        seen = {(canonicalize_name(one["name"]), one["version"]) for one in told["components"]}
        bare = sorted(
            one["name"]
            for one in told["components"]
            if not any(reference.get("hashes") for reference in one.get("externalReferences", ()))
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Verdict(1, ("软件清单无法读取。", "The list of parts cannot be read."))
    wanted = locked(lock)
    wrong = [f"{name} {version}" for name, version in sorted(wanted ^ seen)] + [f"{name}: no hash" for name in bare]
    if wrong or not wanted:
        return Verdict(1, (f"软件清单与锁定文件不符 list of parts and lock differ: {', '.join(wrong) or 'empty'}",))
    return Verdict(0, (f"软件清单含 {len(wanted)} 个软件包。", f"The list of parts holds {len(wanted)} packages."))
