"""A workbook handed in: the footprint, the checks, and every finding at its cell."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from models.errors import YuetanError
from models.findings import Finding
from service.footprint.use import Made, Reconciled, made, reconciled
from service.footprint.workbook import read_bill
from service.library import Library


@dataclass(frozen=True, slots=True)
class FromFile:
    """What a workbook comes to: none where nothing could be worked out, and then the findings say why."""

    made: Made | None
    checked: Reconciled | None
    findings: tuple[Finding, ...]


def from_file(data: bytes, library: Library, today: dt.date) -> FromFile:
    """
    Work a workbook out.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read.
    """
    read = read_bill(data)
    if read.ask is None:
        return FromFile(None, None, read.findings)
    findings = list(read.findings)
    found: Made | None = None
    try:
        found = made(read.ask, library, today)
        findings += [read.placed(finding) for finding in found.findings]
    except YuetanError as error:
        findings.append(read.placed(Finding.of(error)))
    checked: Reconciled | None = None
    if read.checks is not None:
        try:
            checked = reconciled(read.checks, library, today)
            findings += [read.placed(finding) for finding in checked.found.findings]
        except YuetanError as error:
            findings.append(read.placed(Finding.of(error)))
    return FromFile(found if found and found.site.products else None, checked, tuple(findings))
