"""
Many import lines at once, in columns.

The same numbers as ``exposure.assess_import`` line by line. Codes are looked up
as integers in a collision-free table, the year's constants are folded into one
table per stretch of law, and the arithmetic runs in
chunks that stay in cache.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cbam.errors import IncompleteActual, MixedBasis, TransitionalPeriod
from cbam.exposure import certificates, default_path, exact_cost
from cbam.prices import Pricing
from cbam.process import ROUTE
from cbam.stretches import AT, EPOCH_ORDINAL, STATUS, Days, Source, Tables, codes_of, days_of, tables_of, unfound
from models.errors import MissingInput, OutOfRange
from models.inputs import MOST_T
from models.law import LawBook
from models.money import RELATIVE_ERROR, to_cents
from models.units import FloatArray, Numbers

__all__ = ["COLUMNS", "STATUS", "LineColumns", "LineResults", "assess_columns", "assess_frame"]

#: Columns that ``assess_frame`` needs; the last three may be absent where every line is on the default basis.
COLUMNS = ("cn_code", "origin", "net_mass_t", "imported_on", "actual", "see_tco2e_per_t", "sefa_tco2e_per_t")
CHUNK = 16_384
#: Years of production that may be stated (``consignment``).
FIRST_YEAR, LAST_YEAR = 2026, 2060
#: Error bound in EUR up to which one bound serves a whole chunk.
LOOSEST_BOUND = 1e-7
_TICKS_PER_DAY = {"D": 1, "s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def _integers(column: pd.Series) -> NDArray[np.int64]:
    """Return codes as integers, -1 for what is not eight digits."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        return column.to_numpy(np.int64)
    text = column.astype("str")
    whole = text.str.fullmatch("[0-9]{8}").to_numpy(np.bool_)
    return np.where(whole, text.where(whole, "0").astype(np.int64).to_numpy(), -1)


def assess_frame(lines: pd.DataFrame, book: LawBook, pricing: Pricing) -> pd.DataFrame:
    """
    Assess many import lines.

    Parameters
    ----------
    lines : DataFrame
        Columns ``cn_code`` (integer or text of eight digits), ``origin`` (text
        or category), ``net_mass_t``, ``imported_on`` (datetime64), and where
        any line is on the actual basis ``actual`` (bool), ``see_tco2e_per_t``
        and ``sefa_tco2e_per_t`` (NaN on the default basis). May have ``route``
        (a letter) and ``production_year``, each missing where it is not stated.
    book : LawBook
        The law.
    pricing : Pricing
        Certificate prices.

    Returns
    -------
    DataFrame
        Index of ``lines``; ``status`` (int8, a position in ``STATUS``),
        ``certificates``, ``price_eur_per_t`` and ``cost_cents`` (int64, half
        up). A refused line has NaN figures, zero cents and a status that is
        not 0.

    Notes
    -----
    Same formulas as ``exposure``, which assesses the same line alone.
    """
    made = assess_columns(LineColumns.of(lines), book, pricing)
    return pd.DataFrame(
        {
            "status": made.status,
            "certificates": made.certificates,
            "price_eur_per_t": made.price_eur_per_t,
            "cost_cents": made.cost_cents,
        },
        index=lines.index,
        copy=False,
    )


def assess_columns(columns: LineColumns, book: LawBook, pricing: Pricing) -> LineResults:
    """Assess many import lines given as arrays; ``assess_frame`` is this with a table around it."""
    n = columns.day.size
    made = LineResults(np.zeros(n, np.int8), np.empty(n), np.empty(n), np.zeros(n, np.int64))
    if n == 0 or not (columns.all_known or columns.known.any()):
        made.status[:] = AT[MissingInput.code]
        made.certificates[:] = made.price_eur_per_t[:] = np.nan
        return made
    days, law_day = _days(columns, book, pricing)
    if law_day is not columns.day:
        tables_of(book, days, columns.day, columns.at_origin, columns.origins)  # who is liable is asked of both days
    tables = tables_of(book, days, law_day, columns.at_origin, columns.origins)
    for start in range(0, n, CHUNK):
        _chunk(slice(start, min(start + CHUNK, n)), columns, law_day, days, tables, book, made)
    return made


def _days(columns: LineColumns, book: LawBook, pricing: Pricing) -> tuple[Days, NDArray[np.int64]]:
    """Return the days in question and the day whose law gives each line's figures; see ``exposure.reporting_day``."""
    first, last = int(columns.day.min()), int(columns.day.max())
    year = columns.production_year
    if year is None or not (year > 0).any():
        return days_of(book, pricing, first, last), columns.day
    ends = np.array([dt.date(y, 12, 31).toordinal() - EPOCH_ORDINAL for y in range(FIRST_YEAR, LAST_YEAR + 1)])
    end = ends.take(np.clip(year, FIRST_YEAR, LAST_YEAR) - FIRST_YEAR)
    used = end[year > 0]
    days = days_of(book, pricing, min(first, int(used.min())), max(last, int(used.max())))
    imported = columns.day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    stated = (year > 0) & (year != imported) & ~days.by_import.take(columns.day - days.first)
    return days, np.where(stated, end, columns.day)


@dataclass(frozen=True, slots=True)
class LineColumns:
    """
    The input columns as arrays of shape (n,).

    ``day`` counts from 1970-01-01; ``at_origin`` is a position in ``origins``, each with the stated route;
    ``known`` is false where the day or the origin is missing; ``actual`` is
    ``None`` where every line is on the default basis.
    """

    code: NDArray[np.int64]
    origins: tuple[Source, ...]
    at_origin: NDArray[np.integer]
    mass: FloatArray
    day: NDArray[np.int64]
    known: NDArray[np.bool_]
    all_known: bool
    actual: NDArray[np.bool_] | None
    see: FloatArray
    sefa: FloatArray
    #: 0 where none is stated; ``None`` where no line states one.
    production_year: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, lines: pd.DataFrame) -> LineColumns:
        origin = lines["origin"]
        if not isinstance(origin.dtype, pd.CategoricalDtype):
            origin = origin.astype("category")
        at_origin: NDArray[np.integer] = origin.array.codes
        dated = lines["imported_on"].to_numpy()
        ticks, per_day = dated.view(np.int64), _TICKS_PER_DAY[np.datetime_data(dated.dtype)[0]]
        day = ticks if per_day == 1 else ticks // per_day
        # The smallest value shows at little cost that nothing is missing: NaT is the least of all integers.
        all_known = not len(lines) or bool(at_origin.min() >= 0 and ticks.min() > np.iinfo(np.int64).min)
        known = np.broadcast_to(np.True_, len(lines))
        if not all_known:
            known = (at_origin >= 0) & ~np.isnat(dated)
            day = np.where(known, day, day[known][0] if known.any() else 0)
            at_origin = np.where(known, at_origin, 0)
        has_actual = "actual" in lines
        nothing = np.empty(0)
        mass = lines["net_mass_t"].to_numpy(np.float64)
        origins: tuple[Source, ...] = tuple((str(o), None) for o in origin.array.categories)
        if "route" in lines:
            at_origin, origins, wrong = _with_routes(at_origin, origins, lines["route"])
            mass = np.where(wrong, np.nan, mass)  # refused as out of range
        year = _years(lines["production_year"]) if "production_year" in lines else None
        if year is not None:
            mass = np.where((year != 0) & ((year < FIRST_YEAR) | (year > LAST_YEAR)), np.nan, mass)
        return cls(
            code=_integers(lines["cn_code"]),
            origins=origins,
            at_origin=at_origin,
            mass=mass,
            day=day,
            known=known,
            all_known=all_known,
            actual=lines["actual"].to_numpy(np.bool_) if has_actual else None,
            see=lines["see_tco2e_per_t"].to_numpy(np.float64) if has_actual else nothing,
            sefa=lines["sefa_tco2e_per_t"].to_numpy(np.float64) if has_actual else nothing,
            production_year=year,
        )


def _with_routes(
    at_origin: NDArray[np.integer], origins: tuple[Source, ...], column: pd.Series
) -> tuple[NDArray[np.intp], tuple[Source, ...], NDArray[np.bool_]]:
    """Return origins with the route that lines state, and which lines state what is no route."""
    route = column.astype("category")
    names: list[str | None] = [None, *(str(name) for name in route.array.categories)]
    pair = at_origin.astype(np.intp) * len(names) + route.array.codes.astype(np.intp) + 1
    used, back = np.unique(pair, return_inverse=True)
    known = [name is None or re.fullmatch(ROUTE, name) is not None for name in names]
    sources = tuple(
        (origins[i // len(names)][0], names[i % len(names)] if known[i % len(names)] else None) for i in used
    )
    wrong = ~np.array([known[i % len(names)] for i in used], np.bool_)
    return back.astype(np.intp), sources, wrong.take(back)


def _years(column: pd.Series) -> NDArray[np.int64]:
    """Return years, 0 where none is stated, -1 where it is no whole number."""
    number = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    stated = column.notna().to_numpy(np.bool_)
    whole = np.isfinite(number) & (number == np.floor(number)) & (np.abs(number) < 1e6)
    return np.where(stated, np.where(whole, np.where(whole, number, 0.0), -1.0), 0.0).astype(np.int64)


@dataclass(frozen=True, slots=True)
class LineResults:
    """The output columns, shape (n,); see ``assess_frame``."""

    status: NDArray[np.int8]
    certificates: FloatArray
    price_eur_per_t: FloatArray
    cost_cents: NDArray[np.int64]


def _chunk(
    part: slice,
    columns: LineColumns,
    law_day: NDArray[np.int64],
    days: Days,
    tables: Tables,
    book: LawBook,
    made: LineResults,
) -> None:
    """Compute one chunk. A refused line turns up as NaN; only then is its reason looked for."""
    offset = columns.day[part] - days.first
    imported = row = tables.row.take(offset) + columns.at_origin[part]
    if law_day is not columns.day:
        row = tables.row.take(law_day[part] - days.first) + columns.at_origin[part]
    place, found = codes_of(book).look_up(columns.code[part])
    flat = row * tables.width + place
    due_per_t, price = tables.due.take(flat, mode="clip"), days.price.take(offset, mode="clip")
    weight = columns.mass[part]
    emissions = tables.most
    if row is not imported:
        due_per_t[~tables.liable.take(imported)] = 0.0
    if columns.actual is not None:
        actual, see, sefa = columns.actual[part], columns.see[part], columns.sefa[part]
        owed = actual & tables.liable.take(imported)
        due_per_t[actual] = 0.0
        due_per_t = np.where(owed, certificates(1.0, see, sefa), due_per_t)
        due_per_t[~actual & ~(np.isnan(see) & np.isnan(sefa))] = np.nan
        emissions = max(emissions, float(np.nanmax(see + sefa, initial=0.0)))
    if not found.all():
        due_per_t[~found] = np.nan
    if not (weight.min() > 0 and weight.max() <= MOST_T):
        due_per_t[~((weight > 0) & (weight <= MOST_T))] = np.nan
    if not columns.all_known:
        due_per_t[~columns.known[part]] = np.nan
    due = weight * due_per_t
    cost = due * price
    if np.isnan(cost.max()):
        refused = np.isnan(cost)
        status = tables.status.take(flat)
        if columns.actual is not None:
            status[actual] = 0
            status[owed & ~(np.isfinite(see) & np.isfinite(sefa))] = AT[IncompleteActual.code]
        status[~found] = unfound(book, max(days.sample.values(), default=dt.date.max), columns.code[part][~found])
        if columns.actual is not None:
            status[~actual & ~(np.isnan(see) & np.isnan(sefa))] = AT[MixedBasis.code]
        of_day = days.status.take(offset)
        status = np.where((of_day == AT[TransitionalPeriod.code]) | (status == 0), of_day, status)
        status[~((weight > 0) & (weight <= MOST_T))] = AT[OutOfRange.code]
        status[~columns.known[part]] = AT[MissingInput.code]
        made.status[part] = np.where(refused, status, np.int8(0))
        cost[refused], due[refused], price[refused] = 0.0, np.nan, np.nan
        weight = np.where(refused, 0.0, weight)
    made.certificates[part], made.price_eur_per_t[part] = due, price

    def exact(i: int) -> Decimal:
        at = part.start + i
        if columns.actual is not None and columns.actual[at]:
            pair = Decimal(repr(float(columns.see[at]))), Decimal(repr(float(columns.sefa[at])))
        else:
            on = dt.date.fromordinal(int(law_day[at]) + EPOCH_ORDINAL)
            origin, route = columns.origins[columns.at_origin[at]]
            pair = default_path(book.at(on), origin, f"{columns.code[at]:08d}", route).exact()
        return exact_cost(float(columns.mass[at]), float(price[i]), 0.0, *pair)

    most = RELATIVE_ERROR * emissions * days.most
    bound: Numbers = most * float(weight.max())
    if bound > LOOSEST_BOUND:  # a huge line would send its small neighbours through exact arithmetic
        bound = most * weight
    made.cost_cents[part] = to_cents(cost, bound, exact)
