"""The footprints of a workbook, checked or offered to partners together; a row that is refused leaves the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from models.errors import YuetanError
from models.findings import Finding
from models.pact.offered import offered
from service.auth import Who
from service.footprint.keep import row_of
from service.footprint.offer import offer, offer_given, worked_out
from service.library import Library
from service.pact.book import errors_of, filled, read_document
from service.pact.workbook import Offered, read_offers
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its product, its footprint per declared unit as PACT writes it, and its id where it is published."""

    product: str
    kgco2e: str
    unit: str
    pf_id: UUID | None
    partners_told: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that can be offered, and every finding by cell."""

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]


def offer_file(db: Session, who: Who, library: Library, settings: Settings, data: bytes, *, publish: bool) -> Batch:
    """
    Check the footprints of a workbook, or publish them; handed in again, nothing new is published.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or offers nothing.
    """
    read = read_offers(data)
    rows, findings = list[Row](), list(read.findings)
    for one in read.offers:
        try:
            with db.begin_nested():
                rows.append(
                    _published(db, who, library, settings, one)
                    if publish
                    else _checked(db, who, library, one, findings)
                )
        except YuetanError as refusal:
            findings.append(_placed(Finding.of(refusal), one))
    return Batch(tuple(rows), tuple(findings))


def _checked(db: Session, who: Who, library: Library, one: Offered, findings: list[Finding]) -> Row:
    of = worked_out(row_of(db, who, one.source)) if isinstance(one.source, UUID) else one.source
    document = filled(offered(of, one.asked, library.measures))
    found = read_document(document)
    if wrong := errors_of(found):
        findings += [_placed(finding, one) for finding in wrong]
    findings += [_placed(finding, one) for finding in found.findings if finding.severity == "warning"]
    return Row(document["productNameCompany"], document["pcf"]["pcfExcludingBiogenicUptake"], _unit(document), None, 0)


def _published(db: Session, who: Who, library: Library, settings: Settings, one: Offered) -> Row:
    if isinstance(one.source, UUID):
        row, told = offer(db, who, library, settings, one.source, one.asked)
    else:
        row, told = offer_given(db, who, library, settings, one.source, one.asked)
    document = row.document
    return Row(
        document["productNameCompany"], document["pcf"]["pcfExcludingBiogenicUptake"], _unit(document), row.pf_id, told
    )


def _unit(document: dict[str, object]) -> str:
    pcf = document["pcf"]
    return f"{pcf['declaredUnitAmount']} {pcf['declaredUnitOfMeasurement']}" if isinstance(pcf, dict) else ""


def _placed(finding: Finding, one: Offered) -> Finding:
    line = one.line
    return replace(finding, sheet=line.sheet, row=line.row, cell=line.cells.get(finding.field or ""))
