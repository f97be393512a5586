"""The year of an importer, worked out from its imports: threshold, declaration, holdings, account, penalties, calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from pydantic import Field

from cbam.calendar import Duty, calendar
from cbam.certificate_account import Certificates, Move, certificate_account, duty_from
from cbam.declaration import Declaration, DeclaredLine, declaration
from cbam.exposure import embed
from cbam.goods import good
from cbam.penalties import Penalties, penalties
from cbam.year import DeMinimis, Holding, de_minimis, quarter_end_holding, to_buy
from models.errors import Text, YuetanError
from models.findings import Finding
from models.inputs import Input, NonNegative
from models.law import LawBook

_SHARE = "eu.cbam.thresholds.quarter_end_holding_share"


class ImporterYear(Input):
    """Imports of one importer in one calendar year, done and planned, and its certificate account."""

    year: int = Field(ge=2026, le=2060, examples=[2027])
    imports: tuple[DeclaredLine, ...] = Field(max_length=20_000)
    #: Certificates surrendered for the year before, for the second method of holding.
    surrendered_last_year: NonNegative | None = None
    #: Certificates already held; or the movements of the account, which say it exactly.
    held: NonNegative = 0.0
    moves: tuple[Move, ...] = Field(default=(), max_length=5_000)
    #: Whether the importer is an authorised declarant; without it imports above the threshold are penalised.
    authorised: bool = True
    #: Penalty per missing certificate of today, indexed, as the importer states it.
    penalty_eur: Decimal | None = Field(default=None, gt=0, le=10_000)
    #: Day of the question; later imports are plans. Today where absent.
    on: dt.date | None = Field(default=None, ge=dt.date(2026, 1, 1), le=dt.date(2062, 12, 31))


@dataclass(frozen=True, slots=True)
class YearResult:
    """Everything of the year; below the threshold nothing is held and nothing is bought."""

    asked: ImporterYear
    as_of: dt.date
    threshold: DeMinimis
    declaration: Declaration
    holdings: tuple[Holding, ...]
    certificates: float
    to_buy: int
    account: Certificates | None
    penalties: Penalties | None
    calendar: tuple[Duty, ...]
    findings: tuple[Finding, ...]


def worked_out(asked: ImporterYear, book: LawBook, today: dt.date) -> YearResult:
    """
    Return where the importer stands.

    Below the threshold nothing is due; above it every import of the year
    counts. A line that cannot be settled is told by its place and leaves the
    others; one of another year is told too. Quarter ends before the duty to
    hold begins are left out. Where no line can be settled the first refusal is
    raised.
    """
    as_of = asked.on or today
    of_year = [line for line in asked.imports if line.imported_on.year == asked.year]
    findings = [
        _other_year(i, line, asked.year) for i, line in enumerate(asked.imports) if line.imported_on.year != asked.year
    ]
    declared = declaration(of_year, book)
    if of_year and not declared.groups:
        embed(of_year[0], book.at(of_year[0].imported_on))
    findings += declared.findings
    counted = [line for line in of_year if _is_good(line, book)]
    days = np.array([line.imported_on for line in counted], dtype="datetime64[D]")
    law = book.at(dt.date(asked.year, 12, 31))
    threshold = de_minimis(days, np.array([line.net_mass_t for line in counted]), law, as_of)
    duties = tuple(calendar(asked.year, threshold.passed_on, book))
    if not threshold.in_scope:
        return YearResult(asked, as_of, threshold, declared, (), 0.0, 0, None, None, duties, tuple(findings))
    holdings = _holdings(asked, of_year, book)
    account = certificate_account(
        asked.year, declared.certificates, asked.moves, holdings, duty_from(threshold.passed_on), book, as_of
    )
    buy = account.still_to_buy if asked.moves else to_buy([declared.certificates], asked.held)
    unauthorised = 0.0 if asked.authorised else declared.certificates
    deadline = next((duty.on for duty in duties if duty.key == "declaration"), None)
    missing = buy if deadline is not None and as_of > deadline else 0
    at_stake = penalties(
        missing, unauthorised, threshold.total_t, book.at(dt.date(asked.year, 12, 31)), asked.penalty_eur
    )
    return YearResult(
        asked, as_of, threshold, declared, holdings, declared.certificates, buy, account, at_stake, duties,
        (*findings, *account.findings),
    )  # fmt: skip


def _holdings(asked: ImporterYear, of_year: Sequence[DeclaredLine], book: LawBook) -> tuple[Holding, ...]:
    """Return what is to be held at each quarter end for which the law asks it, of the lines that can be settled."""
    ends = [dt.date(asked.year, month, day) for month, day in ((3, 31), (6, 30), (9, 30), (12, 31))]
    ends = [end for end in ends if book.at(end).find(_SHARE) is not None]
    settled = [line for line in of_year if ends and _can_be_held(line, book)]
    return tuple(quarter_end_holding(settled, book, end, asked.surrendered_last_year) for end in ends)


def _is_good(line: DeclaredLine, book: LawBook) -> bool:
    """Whether the mass counts: every CBAM good, also one whose route is still open; nothing outside the list."""
    try:
        good(book.at(line.imported_on), line.cn_code)
    except YuetanError:
        return False
    return True


def _can_be_held(line: DeclaredLine, book: LawBook) -> bool:
    try:
        quarter_end_holding([line], book, dt.date(line.imported_on.year, 12, 31))
    except YuetanError:
        return False
    return True


def _other_year(at: int, line: DeclaredLine, year: int) -> Finding:
    return Finding(
        code="importer.other_year",
        severity="warning",
        text=Text(
            f"进口日 {line.imported_on} 不在 {year} 年，该行未计入。",
            f"Imported on {line.imported_on}, outside {year}: the line is left out.",
        ),
        hint=Text("请核对年份或日期。", "Check the year or the day."),
        row=at + 1,
        field=f"imports.{at}.imported_on",
    )  # fmt: skip
