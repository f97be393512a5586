"""The year of an importer, worked out from its imports."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from cbam.consignment import Consignment
from cbam.exposure import certificates, embed
from cbam.year import DeMinimis, Holding, de_minimis, quarter_end_holding, to_buy
from models.inputs import Input, NonNegative
from models.law import LawBook


class ImporterYear(Input):
    """Imports of one importer in one calendar year, done and planned."""

    year: int = Field(ge=2026, le=2060, examples=[2027])
    imports: tuple[Consignment, ...] = Field(max_length=5000)
    #: Certificates surrendered for the year before, for the second method of holding.
    surrendered_last_year: NonNegative | None = None
    #: Certificates already held.
    held: NonNegative = 0.0


@dataclass(frozen=True, slots=True)
class YearResult:
    """The threshold, the quarter ends for which a holding is due, and what is to be bought for the year."""

    threshold: DeMinimis
    holdings: tuple[Holding, ...]
    certificates: float
    to_buy: int


def worked_out(asked: ImporterYear, book: LawBook, as_of: dt.date) -> YearResult:
    """
    Return where the importer stands.

    Below the threshold nothing is held and nothing is bought; above it every
    import of the year counts. Quarter ends before the duty to hold begins are
    left out. Raises as ``cbam.exposure.embed`` for a good that is refused.
    """
    of_year = [line for line in asked.imports if line.imported_on.year == asked.year]
    days = np.array([line.imported_on for line in of_year], dtype="datetime64[D]")
    threshold = de_minimis(
        days, np.array([line.net_mass_t for line in of_year]), book.at(dt.date(asked.year, 12, 31)), as_of
    )
    if not threshold.in_scope:
        return YearResult(threshold, (), 0.0, 0)
    due = []
    for line in of_year:
        e = embed(line, book.at(line.imported_on))
        due.append(float(certificates(line.net_mass_t, e.see_tco2e_per_t, e.sefa_tco2e_per_t)))
    ends = (dt.date(asked.year, month, day) for month, day in ((3, 31), (6, 30), (9, 30), (12, 31)))
    share = "eu.cbam.thresholds.quarter_end_holding_share"
    holdings = tuple(
        quarter_end_holding(of_year, book, end, asked.surrendered_last_year)
        for end in ends
        if book.at(end).find(share) is not None
    )
    return YearResult(threshold, holdings, sum(due), to_buy(due, asked.held))
