"""``make sbom`` and ``make audit``: ``python -m tests.supply sbom FILE`` writes the list of parts, ``audit`` asks for advisories."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.supply.audit import Verdict, audited, listed

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "run.lock"
#: The tools' requirements are their own.
TOOLS = Path(os.environ.get("YUETAN_SUPPLY_BIN", ".supply/bin"))
_PATIENCE_S = 600


def main() -> int:
    """Do one of both and say what came of it."""
    verdict = _sbom(Path(sys.argv[2])) if sys.argv[1] == "sbom" else _audit()
    print(*verdict.lines, sep="\n")
    return verdict.code


def _sbom(file: Path) -> Verdict:
    # The tool validates what it writes against the schema of CycloneDX, and fails on its own.
    command = [
        TOOLS / "cyclonedx-py",
        "requirements",
        LOCK,
        "--output-reproducible",
        "--pyproject",
        ROOT / "pyproject.toml",
    ]
    subprocess.run(
        [*command, "-o", file], check=True, timeout=_PATIENCE_S, env=os.environ | {"PYTHONWARNINGS": "ignore"}
    )
    return listed(file.read_text("utf-8"), LOCK.read_text("utf-8"))


def _audit() -> Verdict:
    # Its own code says nothing: 0 also where every package was skipped.
    command = [
        TOOLS / "pip-audit",
        "-r",
        LOCK,
        "--disable-pip",
        "--require-hashes",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S)
    return audited(found.stdout, LOCK.read_text("utf-8"))


if __name__ == "__main__":
    sys.exit(main())
