"""
Many import lines at once, in columns.

The same numbers as ``exposure.assess_import`` line by line. Codes are looked up
as integers in a collision-free table, the year's constants are folded into one
table of SEE and one of SEFA per stretch of law, and the arithmetic runs in
chunks that stay in cache.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cbam.errors import (
    IncompleteActual,
    MixedBasis,
    NoDefaultValue,
    OutOfScope,
    PathTooShort,
    PriceNotPublished,
    RouteNeeded,
    TransitionalPeriod,
    UnknownCode,
)
from cbam.exposure import certificates, default_path, exact_cost, is_definitive
from cbam.goods import SCOPE, Origin, good, origin_of
from cbam.prices import Pricing
from models.errors import MissingInput, OutOfRange, YuetanError
from models.inputs import MOST_T
from models.law import LawBook
from models.money import RELATIVE_ERROR, to_cents
from models.units import FloatArray, Numbers

#: Columns that ``assess_frame`` needs; the last two may be absent where every line is on the default basis.
COLUMNS = ("cn_code", "origin", "net_mass_t", "imported_on", "actual", "see_tco2e_per_t", "sefa_tco2e_per_t")
CHUNK = 16_384
#: Error bound in EUR up to which one bound serves a whole chunk.
LOOSEST_BOUND = 1e-7
_TICKS_PER_DAY = {"D": 1, "s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
EPOCH_ORDINAL = dt.date(1970, 1, 1).toordinal()

#: Position in this tuple is the ``status`` of a line; 0 is "ok".
STATUS: tuple[str, ...] = (
    "ok",
    TransitionalPeriod.code,
    MixedBasis.code,
    IncompleteActual.code,
    UnknownCode.code,
    OutOfScope.code,
    NoDefaultValue.code,
    RouteNeeded.code,
    PriceNotPublished.code,
    PathTooShort.code,
    OutOfRange.code,
    MissingInput.code,
)
_AT = {code: i for i, code in enumerate(STATUS)}


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes in scope as integers, and a table that finds each by its remainder."""

    codes: NDArray[np.int64]
    modulus: int
    slots: NDArray[np.intp]

    def look_up(self, wanted: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return the position of each code, and whether the code there is the one wanted."""
        remainder = wanted - (wanted // self.modulus) * self.modulus
        place = self.slots.take(remainder)
        return place, self.codes.take(place) == wanted


def codes_of(book: LawBook) -> Codes:
    """Return the integer look-up of the codes in scope, made once per law book."""
    found = book.derived.get("cbam.codes")
    if found is None:
        codes = np.array(sorted(int(c) for (c,) in book.tables[SCOPE].rows if len(c) == 8), dtype=np.int64)
        modulus = codes.size
        while np.unique(codes % modulus).size < codes.size:
            modulus += 1
        slots = np.zeros(modulus, dtype=np.intp)
        slots[codes % modulus] = np.arange(codes.size)
        found = book.derived["cbam.codes"] = Codes(codes, modulus, slots)
    assert isinstance(found, Codes)  # noqa: S101 - the key is ours alone
    return found


@dataclass(frozen=True, slots=True)
class Stretch:
    """
    The default basis of every origin and code in one stretch of unchanged law; rows are filled when asked for.

    ``due`` is max(0, SEE - SEFA), t of certificates per t of goods, and NaN
    where the default basis is refused for the reason in ``status``.
    """

    due: FloatArray
    status: NDArray[np.int8]
    liable: NDArray[np.bool_]
    filled: NDArray[np.bool_]
    #: One number: the highest SEE + SEFA so far, t per t.
    most: FloatArray


def _stretch(book: LawBook, epoch: int, origins: tuple[str, ...]) -> Stretch:
    key = ("cbam.stretch", epoch, origins)
    found = book.derived.get(key)
    if found is None:
        n, shape = len(origins), (len(origins), codes_of(book).codes.size)
        flags = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        found = book.derived[key] = Stretch(np.zeros(shape), np.zeros(shape, np.int8), *flags, np.zeros(1))
    assert isinstance(found, Stretch)  # noqa: S101 - the key is ours alone
    return found


def _fill(book: LawBook, stretch: Stretch, day: dt.date, origins: tuple[str, ...], at: int) -> None:
    """Resolve every code for one origin; what the default basis refuses keeps the status of its refusal."""
    stretch.filled[at] = True
    stretch.liable[at] = origin_of(book.at(day), origins[at]) is Origin.LIABLE
    if not stretch.liable[at]:
        return
    for i, code in enumerate(codes_of(book).codes):
        try:
            path = default_path(book.at(day), origins[at], f"{code:08d}")
        except YuetanError as refusal:
            stretch.due[at, i], stretch.status[at, i] = np.nan, _AT[refusal.code]
        else:
            stretch.due[at, i] = certificates(1.0, path.see_tco2e_per_t, path.sefa_tco2e_per_t)
            stretch.most[0] = max(stretch.most[0], path.see_tco2e_per_t + path.sefa_tco2e_per_t)


def _unfound(book: LawBook, day: dt.date, wanted: NDArray[np.int64]) -> NDArray[np.int8]:
    """Say of codes that are not ours whether the law names them as outside or does not know them."""
    distinct, back = np.unique(wanted, return_inverse=True)
    status = np.full(distinct.size, _AT[UnknownCode.code], np.int8)
    for i, code in enumerate(distinct):
        try:
            good(book.at(day), f"{code:08d}")
        except OutOfScope:
            status[i] = _AT[OutOfScope.code]
        except UnknownCode:
            continue
    return status.take(back)


@dataclass(frozen=True, slots=True)
class _Days:
    """For each day from ``first`` on: price (NaN where refused), the refusal, and which stretch of law it lies in."""

    first: int
    price: FloatArray
    status: NDArray[np.int8]
    epoch: NDArray[np.intp]
    sample: dict[int, dt.date]
    most: float


def _days(book: LawBook, pricing: Pricing, first: int, last: int) -> _Days:
    """Ask for law and price once per stretch between two changes of the law or two quarters; kept with the law book."""
    key = ("cbam.days", pricing, first, last)
    found = book.derived.get(key)
    if found is None:
        found = book.derived[key] = _days_of(book, pricing, first, last)
    assert isinstance(found, _Days)  # noqa: S101 - the key is ours alone
    return found


def _days_of(book: LawBook, pricing: Pricing, first: int, last: int) -> _Days:
    span = last - first + 1
    price, status, epoch = np.full(span, np.nan), np.zeros(span, np.int8), np.zeros(span, np.intp)
    start, end = (dt.date.fromordinal(EPOCH_ORDINAL + day) for day in (first, last))
    quarters = (dt.date(y, m, 1) for y in range(start.year, end.year + 1) for m in (1, 4, 7, 10))
    begins = sorted({start, *(day for day in (*book.changes, *quarters) if start < day <= end)})
    sample: dict[int, dt.date] = {}
    for begin, following in zip(begins, [*begins[1:], end + dt.timedelta(days=1)], strict=True):
        days = slice(begin.toordinal() - EPOCH_ORDINAL - first, following.toordinal() - EPOCH_ORDINAL - first)
        law = book.at(begin)
        if not is_definitive(law):
            status[days] = _AT[TransitionalPeriod.code]
            continue
        epoch[days] = law.epoch
        sample.setdefault(law.epoch, begin)
        try:
            price[days] = pricing.for_import(law).eur_per_t
        except YuetanError as refusal:
            status[days] = _AT[refusal.code]
    return _Days(first, price, status, epoch, sample, float(np.nanmax(price, initial=0.0)))


@dataclass(frozen=True, slots=True)
class _Tables:
    """The stretches that a frame needs, end to end, so that one index reaches any of them."""

    due: FloatArray
    status: NDArray[np.int8]
    liable: NDArray[np.bool_]
    #: For each day the first row of its stretch; a row is one origin.
    row: NDArray[np.intp]
    width: int
    #: Highest SEE + SEFA of any default, t per t: what an error bound needs.
    most: float


def _tables(
    book: LawBook, days: _Days, day: NDArray[np.int64], at_origin: NDArray[np.intp], origins: tuple[str, ...]
) -> _Tables:
    epochs = sorted(days.sample)
    stretches = [_stretch(book, epoch, origins) for epoch in epochs] or [_stretch(book, -1, origins)]
    rank = np.zeros(max(epochs, default=0) + 1, np.intp)
    rank[epochs] = np.arange(len(epochs))
    row = rank.take(days.epoch) * len(origins)
    if not all(stretch.filled.all() for stretch in stretches):
        pairs = row.take(np.clip(day - days.first, 0, row.size - 1)) + at_origin
        needed = (np.bincount(pairs, minlength=len(stretches) * len(origins)) > 0).reshape(-1, len(origins))
        for i, epoch in enumerate(epochs):
            for at in np.flatnonzero(needed[i] & ~stretches[i].filled):
                _fill(book, stretches[i], days.sample[epoch], origins, int(at))
    return _Tables(
        due=np.concatenate([s.due.ravel() for s in stretches]),
        status=np.concatenate([s.status.ravel() for s in stretches]),
        liable=np.concatenate([s.liable for s in stretches]),
        row=row,
        width=codes_of(book).codes.size,
        most=max(float(s.most[0]) for s in stretches),
    )


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
        and ``sefa_tco2e_per_t`` (NaN on the default basis).
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
    Same formulas as ``exposure``; production years and stated routes are for
    the line by line path.
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
    if not columns.known.any():
        made.status[:] = _AT[MissingInput.code]
        made.certificates[:] = made.price_eur_per_t[:] = np.nan
        return made
    days = _days(book, pricing, int(columns.day.min()), int(columns.day.max()))
    tables = _tables(book, days, columns.day, columns.at_origin, columns.origins)
    for start in range(0, n, CHUNK):
        _chunk(slice(start, min(start + CHUNK, n)), columns, days, tables, book, made)
    return made


@dataclass(frozen=True, slots=True)
class LineColumns:
    """
    The input columns as arrays of shape (n,).

    ``day`` counts from 1970-01-01; ``at_origin`` is a position in ``origins``;
    ``known`` is false where the day or the origin is missing; ``actual`` is
    ``None`` where every line is on the default basis.
    """

    code: NDArray[np.int64]
    origins: tuple[str, ...]
    at_origin: NDArray[np.intp]
    mass: FloatArray
    day: NDArray[np.int64]
    known: NDArray[np.bool_]
    all_known: bool
    actual: NDArray[np.bool_] | None
    see: FloatArray
    sefa: FloatArray

    @classmethod
    def of(cls, lines: pd.DataFrame) -> LineColumns:
        origin = lines["origin"]
        if not isinstance(origin.dtype, pd.CategoricalDtype):
            origin = origin.astype("category")
        at_origin = origin.array.codes.astype(np.intp)
        dated = lines["imported_on"].to_numpy()
        day = dated.view(np.int64) // _TICKS_PER_DAY[np.datetime_data(dated.dtype)[0]]
        known = (at_origin >= 0) & ~np.isnat(dated)
        all_known = bool(known.all())
        if not all_known:
            day = np.where(known, day, day[known][0] if known.any() else 0)
            at_origin = np.where(known, at_origin, 0)
        has_actual = "actual" in lines
        nothing = np.empty(0)
        return cls(
            code=_integers(lines["cn_code"]),
            origins=tuple(str(o) for o in origin.array.categories),
            at_origin=at_origin,
            mass=lines["net_mass_t"].to_numpy(np.float64),
            day=day,
            known=known,
            all_known=all_known,
            actual=lines["actual"].to_numpy(np.bool_) if has_actual else None,
            see=lines["see_tco2e_per_t"].to_numpy(np.float64) if has_actual else nothing,
            sefa=lines["sefa_tco2e_per_t"].to_numpy(np.float64) if has_actual else nothing,
        )


@dataclass(frozen=True, slots=True)
class LineResults:
    """The output columns, shape (n,); see ``assess_frame``."""

    status: NDArray[np.int8]
    certificates: FloatArray
    price_eur_per_t: FloatArray
    cost_cents: NDArray[np.int64]


def _chunk(part: slice, columns: LineColumns, days: _Days, tables: _Tables, book: LawBook, made: LineResults) -> None:
    """Compute one chunk. A refused line turns up as NaN; only then is its reason looked for."""
    offset = columns.day[part] - days.first
    row = tables.row.take(offset) + columns.at_origin[part]
    place, found = codes_of(book).look_up(columns.code[part])
    flat = row * tables.width + place
    due_per_t, price, weight = tables.due.take(flat), days.price.take(offset), columns.mass[part]
    emissions = tables.most
    if columns.actual is not None:
        actual, see, sefa = columns.actual[part], columns.see[part], columns.sefa[part]
        owed = actual & tables.liable.take(row)
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
            status[owed & ~(np.isfinite(see) & np.isfinite(sefa))] = _AT[IncompleteActual.code]
        status[~found] = _unfound(book, max(days.sample.values(), default=dt.date.max), columns.code[part][~found])
        if columns.actual is not None:
            status[~actual & ~(np.isnan(see) & np.isnan(sefa))] = _AT[MixedBasis.code]
        of_day = days.status.take(offset)
        status = np.where((of_day == _AT[TransitionalPeriod.code]) | (status == 0), of_day, status)
        status[~((weight > 0) & (weight <= MOST_T))] = _AT[OutOfRange.code]
        status[~columns.known[part]] = _AT[MissingInput.code]
        made.status[part] = np.where(refused, status, np.int8(0))
        cost[refused], due[refused], price[refused] = 0.0, np.nan, np.nan
        weight = np.where(refused, 0.0, weight)
    made.certificates[part], made.price_eur_per_t[part] = due, price

    def exact(i: int) -> Decimal:
        at = part.start + i
        if columns.actual is not None and columns.actual[at]:
            pair = Decimal(repr(float(columns.see[at]))), Decimal(repr(float(columns.sefa[at])))
        else:
            on = dt.date.fromordinal(int(columns.day[at]) + EPOCH_ORDINAL)
            pair = default_path(book.at(on), columns.origins[columns.at_origin[at]], f"{columns.code[at]:08d}").exact()
        return exact_cost(float(columns.mass[at]), float(price[i]), 0.0, *pair)

    most = RELATIVE_ERROR * emissions * days.most
    bound: Numbers = most * float(weight.max())
    if bound > LOOSEST_BOUND:  # a huge line would send its small neighbours through exact arithmetic
        bound = most * weight
    made.cost_cents[part] = to_cents(cost, bound, exact)
