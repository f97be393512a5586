"""The statements of a workbook, worked out or issued together; a line that is refused leaves the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from models import statement as domain
from models.errors import YuetanError
from models.findings import Finding
from models.register_answers import AccreditationPolicy
from service.auth import Who
from service.settings import Settings
from service.statement.tables import Statement
from service.statement.use import issue, prepared
from service.statement.verified import Verified, verified
from service.statement.workbook import Asked, read_statements


@dataclass(frozen=True, slots=True)
class Worked:
    """A line of the workbook: what it comes to, and the statement where it was issued."""

    id: str
    made: domain.Statement
    row: Statement | None = None
    verified: Verified | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that could be worked out, and every finding by cell."""

    lines: tuple[Worked, ...]
    findings: tuple[Finding, ...]


def from_file(db: Session, who: Who, data: bytes, today: dt.date, policy: AccreditationPolicy) -> Batch:
    """
    Work out every statement of a workbook; nothing is kept.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read.
    """

    def one_of(one: Asked) -> Worked:
        made = prepared(db, who, one.ask)[0]
        return Worked(one.id, made, None, preview_verified(db, who, policy, made, today))

    return _each(data, one_of)


def issue_file(
    db: Session,
    who: Who,
    settings: Settings,
    data: bytes,
    today: dt.date,
    site: str | None,
    policy: AccreditationPolicy,
) -> Batch:
    """Issue every statement of a workbook that is not refused; lines issued before stay the statements they are."""

    def one_of(one: Asked) -> Worked:
        with db.begin_nested():
            row, _, _ = issue(db, who, settings, one.ask, today, site, policy)
            made, _ = prepared(db, who, one.ask, but=row.id)
        return Worked(one.id, made, row, preview_verified(db, who, policy, made, today))

    return _each(data, one_of)


def preview_verified(
    db: Session, who: Who, policy: AccreditationPolicy, made: domain.Statement, today: dt.date
) -> Verified | None:
    """Return what the register says today of the verifier that a statement names."""
    of = made.asked
    return verified(db, who, policy, of.verified_by, of.verification_report, of.data_quality, today)


def _each(data: bytes, work: Callable[[Asked], Worked]) -> Batch:
    read = read_statements(data)
    lines, findings = [], list(read.findings)
    for one in read.asked:
        try:
            found = work(one)
        except YuetanError as refusal:
            findings.append(_at(one, Finding.of(refusal)))
            continue
        lines.append(found)
        told = found.verified.findings if found.verified else ()
        findings += [_at(one, finding) for finding in (*found.made.findings, *told)]
    return Batch(tuple(lines), tuple(findings))


def _at(one: Asked, finding: Finding) -> Finding:
    of = (finding.field or "").removeprefix("statement.").split(".")[0]
    return replace(finding, sheet=one.line.sheet, row=one.line.row, cell=one.line.cells.get(of))
