"""
Many import lines in every year of the phase-in and on several price paths, in columns.

The same figures as ``projection.project`` line by line. The due per tonne of
every year stands in one table each, so that a line is looked up once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cbam.frame import CHUNK, LineColumns, LineResults, assess_columns
from cbam.prices import Pricing
from cbam.projection import CSCF, FACTOR, years_of
from cbam.stretches import EPOCH_ORDINAL, Tables, codes_of, days_of, tables_of
from models.errors import OutOfRange
from models.law import LawBook
from models.units import FloatArray


@dataclass(frozen=True, slots=True)
class Ahead:
    """
    Lines by year and price path.

    ``certificates`` has shape (years, n), ``cost_eur`` (paths, years, n); neither
    is rounded. A line that is refused in its own year is NaN throughout, with
    its reason in ``status``; one whose default basis is refused in another year
    is NaN in that year.
    """

    years: tuple[int, ...]
    status: NDArray[np.int8]
    certificates: FloatArray
    cost_eur: FloatArray

    def total_eur(self) -> FloatArray:
        """Return the sums over lines, shape (paths, years); lines that are refused are left out."""
        return np.asarray(np.nansum(self.cost_eur, axis=-1))


class Part(NamedTuple):
    """The lines of one chunk: ``certificates`` (years, lines) and ``cost_eur`` (paths, years, lines), not rounded."""

    lines: slice
    certificates: FloatArray
    cost_eur: FloatArray


def assess_ahead(columns: LineColumns, book: LawBook, pricings: Sequence[Pricing]) -> Ahead:
    """
    Carry many lines through every year of the phase-in on each price path, and keep every figure.

    Parameters and errors as ``ahead_parts``; memory is 8 bytes for each line,
    year and path, and ``ahead_parts`` needs none of it.
    """
    own, parts = ahead_parts(columns, book, pricings)
    years, n = tuple(years_of(book)), columns.day.size
    made = Ahead(years, own, np.empty((len(years), n)), np.empty((len(pricings), len(years), n)))
    for part in parts:
        made.certificates[:, part.lines] = part.certificates
        made.cost_eur[:, :, part.lines] = part.cost_eur
    return made


def ahead_parts(
    columns: LineColumns, book: LawBook, pricings: Sequence[Pricing]
) -> tuple[NDArray[np.int8], Iterator[Part]]:
    """
    Carry many lines through every year of the phase-in on each price path, chunk by chunk.

    Parameters
    ----------
    columns : LineColumns
        The lines in their own years of import.
    book : LawBook
        The law, with any scenario already laid over it.
    pricings : sequence of Pricing
        One per path.

    Returns
    -------
    array of int8, shape (n,), and iterator of Part
        The status of each line in its own year, and the figures. The arrays of
        a part are used again for the next: take what is needed before going on.
        Same tonnes and same own emissions each year; in a line's own year of
        import its price and law are those of its day.

    Raises
    ------
    OutOfRange
        No price path is given.
    PathTooShort
        A path has no price of one of the years.

    Notes
    -----
    As ``projection.project``: default values, mark-up, benchmark and factor of
    each year; a verified SEFA moves with f * CSCF of the year.
    """
    if not pricings:
        raise OutOfRange(
            name_zh="价格路径",
            name_en="price paths",
            why_zh="至少需要一条",
            why_en="one at least is needed",
            field="pricings",
        )
    own = assess_columns(columns, book, pricings[0])
    prices = [own.price_eur_per_t]
    for pricing in pricings[1:]:
        days = days_of(book, pricing, int(columns.day.min()), int(columns.day.max())) if columns.day.size else None
        price = days.price.take(columns.day - days.first) if days else np.empty(0)
        status = days.status.take(columns.day - days.first) if days else np.empty(0, np.int8)
        np.copyto(own.status, status, where=(own.status == 0) & (status != 0))
        prices.append(price)
    return own.status, _parts(columns, book, pricings, own, prices)


def _parts(
    columns: LineColumns, book: LawBook, pricings: Sequence[Pricing], own: LineResults, own_prices: list[FloatArray]
) -> Iterator[Part]:
    years, n, width = tuple(years_of(book)), columns.day.size, codes_of(book).codes.size
    due, liable, share = _by_year(columns, book, years, pricings[0])
    prices = np.array([[pricing.for_year(book, year).eur_per_t for year in years] for pricing in pricings])
    imported = columns.day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + (1970 - years[0])
    certificates = np.empty((len(years), CHUNK))
    cost = np.empty((len(pricings), len(years), CHUNK))
    for start in range(0, n, CHUNK):
        lines = slice(start, min(start + CHUNK, n))
        count = lines.stop - lines.start
        of, to = certificates[:, :count], cost[:, :, :count]
        place, _ = codes_of(book).look_up(columns.code[lines])
        flat, mass = columns.at_origin[lines] * np.intp(width) + place, columns.mass[lines]
        at = None if columns.actual is None else np.flatnonzero(columns.actual[lines])
        refused = own.status[lines] != 0
        any_refused = bool(refused.any())
        for j in range(len(years)):
            np.take(due[j], flat, out=of[j], mode="clip")
            if at is not None and at.size:
                of[j, at] = _own_due(columns, start + at, imported, share, liable, j)
            of[j] *= mass
            if any_refused:
                of[j, refused] = np.nan
            for p in range(len(pricings)):
                np.multiply(of[j], prices[p, j], out=to[p, j])
        within = (imported[lines] >= 0) & (imported[lines] < len(years)) & ~refused
        same = np.flatnonzero(within)
        column, certain = imported[lines][same], own.certificates[lines][same]
        of[column, same] = certain
        for p, price in enumerate(own_prices):
            to[p, column, same] = certain * price[lines][same]
        yield Part(lines, of, to)


def _own_due(
    columns: LineColumns,
    at: NDArray[np.intp],
    imported: NDArray[np.int64],
    share: FloatArray,
    liable: NDArray[np.bool_],
    j: int,
) -> FloatArray:
    """Return the due per tonne of lines on the actual basis in one year, shape (lines,)."""
    stated = share.take(np.clip(imported[at], 0, share.size - 1))
    scale = np.where(stated > 0, share[j] / np.where(stated > 0, stated, 1.0), 0.0)
    found = np.maximum(columns.see[at] - columns.sefa[at] * scale, 0.0)
    return np.where(liable[j].take(columns.at_origin[at]), found, 0.0)


def _by_year(
    columns: LineColumns, book: LawBook, years: tuple[int, ...], pricing: Pricing
) -> tuple[FloatArray, NDArray[np.bool_], FloatArray]:
    """Return due per tonne by year, source and code, who is liable by year and source, and f * CSCF by year."""
    sources, width = len(columns.origins), codes_of(book).codes.size
    due = np.empty((len(years), sources * width))
    liable = np.empty((len(years), sources), np.bool_)
    share = np.empty(len(years))
    used = np.unique(columns.at_origin)
    for j, year in enumerate(years):
        end = dt.date(year, 12, 31)
        day = end.toordinal() - EPOCH_ORDINAL
        days = days_of(book, pricing, day, day)
        tables: Tables = tables_of(book, days, np.full(used.size, day), used, columns.origins)
        due[j], liable[j] = tables.due, tables.liable
        law = book.at(end)
        share[j] = law.number(FACTOR) * law.number(CSCF)
    return due, liable, share
