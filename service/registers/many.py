"""The records of a workbook, kept together; a row that is refused leaves the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from models.errors import YuetanError
from models.findings import Finding
from service.auth import Who
from service.registers.kinds import KINDS
from service.registers.use import add, room
from service.registers.workbook import Asked, read_registers


@dataclass(frozen=True, slots=True)
class FileResult:
    """How many records of each register are new and how many were there, and every finding by cell."""

    added: Mapping[str, int]
    unchanged: Mapping[str, int]
    findings: tuple[Finding, ...]


def import_file(db: Session, who: Who, data: bytes) -> FileResult:
    """
    Keep the records of a workbook; handed in again, nothing changes.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or holds no record.
    """
    read = read_registers(data)
    added, unchanged, findings = Counter[str](), Counter[str](), list(read.findings)
    left = {word: room(db, who, KINDS[word]) for word in {one.kind for one in read.asked}}
    for one in read.asked:
        try:
            _, made = add(db, who, KINDS[one.kind], one.record, left=left[one.kind] - added[one.kind])
        except YuetanError as refusal:
            findings.append(placed(one, Finding.of(refusal)))
            continue
        (added if made else unchanged)[one.kind] += 1
    return FileResult(added, unchanged, tuple(findings))


def placed(one: Asked, finding: Finding) -> Finding:
    """Return a finding about a record with the sheet, row and cell it came from."""
    line = one.line
    of = finding.field or ""
    if of.startswith("classes.") and of.split(".")[1].isdigit():
        at = int(of.split(".")[1])
        line = one.classes[at] if at < len(one.classes) else line
        of = of.split(".")[-1]
    return replace(finding, sheet=line.sheet, row=line.row, cell=line.cells.get(of))
