"""A workbook handed in: the footprint, the checks, and every finding at its cell."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from models.errors import YuetanError
from models.factor_records import NOTHING_HANDED_IN, HandedIn
from models.findings import Finding
from service.footprint.use import FootprintAsk, Made, ReconcileAsk, Reconciled, made, reconciled
from service.footprint.workbook import read_bill
from service.library import Library


@dataclass(frozen=True, slots=True)
class FromFile:
    """What a workbook comes to: none where nothing could be worked out, and then the findings say why."""

    asked: ReconcileAsk | None
    made: Made | None
    checked: Reconciled | None
    findings: tuple[Finding, ...]


def from_file(data: bytes, library: Library, today: dt.date, kept: HandedIn = NOTHING_HANDED_IN) -> FromFile:
    """
    Work a workbook out.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read.
    """
    read = read_bill(data)
    if read.ask is None:
        return FromFile(None, None, None, read.findings)
    asked = read.checks or ReconcileAsk(bill=read.ask.bill, submissions=read.ask.submissions)
    found = from_bill(asked, library, today, kept)
    return replace(found, findings=(*read.findings, *map(read.placed, found.findings)))


def from_bill(asked: ReconcileAsk, library: Library, today: dt.date, kept: HandedIn = NOTHING_HANDED_IN) -> FromFile:
    """Return what a bill and its checks come to; what is refused of one leaves the other."""
    findings: list[Finding] = []
    found: Made | None = None
    checked: Reconciled | None = None
    if asked.bill is not None:
        try:
            ask = FootprintAsk(bill=asked.bill, submissions=asked.submissions, on=asked.on)
            found = made(ask, library, today, kept)
            findings += found.findings
        except YuetanError as error:
            findings.append(Finding.of(error))
    if asked.totals or asked.quantities:
        try:
            checked = reconciled(asked, library, today, kept)
            findings += checked.found.findings
        except YuetanError as error:
            findings.append(Finding.of(error))
    return FromFile(asked, found if found and found.site.products else None, checked, tuple(findings))
