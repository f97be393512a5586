"""The factors of a workbook, handed in together; a row that is refused leaves the others."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from models.errors import YuetanError
from models.findings import Finding
from service.auth import Who
from service.factors.use import hand_in, pair
from service.factors.workbook import read_factors
from service.library import Library
from service.workbook.lists import Line


@dataclass(frozen=True, slots=True)
class FileResult:
    """How many factors and pairs are new and how many were there, and every finding by cell."""

    submitted: int
    mapped: int
    unchanged: int
    findings: tuple[Finding, ...]


def import_file(db: Session, who: Who, library: Library, data: bytes, today: dt.date) -> FileResult:
    """
    Hand in the factors of a workbook and keep its map; handed in again, nothing changes.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or holds nothing.
    """
    read = read_factors(data)
    findings, submitted, mapped, unchanged = list(read.findings), 0, 0, 0
    for given, line in read.factors:
        try:
            _, new = hand_in(db, who, library, given, today)
        except YuetanError as refusal:
            findings.append(_placed(refusal, line))
        else:
            submitted, unchanged = submitted + new, unchanged + (not new)
    for pairing, line in read.maps:
        try:
            _, new = pair(db, who, library, pairing)
        except YuetanError as refusal:
            findings.append(_placed(refusal, line))
        else:
            mapped, unchanged = mapped + new, unchanged + (not new)
    return FileResult(submitted, mapped, unchanged, tuple(findings))


def _placed(refusal: YuetanError, line: Line) -> Finding:
    finding = Finding.of(refusal)
    return replace(finding, sheet=line.sheet, row=line.row, cell=line.cells.get(finding.field or ""))
