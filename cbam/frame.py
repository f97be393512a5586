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
from cbam.exposure import certificates, default_path, exact_cost
from cbam.goods import SCOPE, Origin, good, origin_of
from cbam.prices import Pricing
from models.errors import MissingInput, OutOfRange, YuetanError
from models.inputs import MOST_T
from models.law import LawBook
from models.money import RELATIVE_ERROR, to_cents
from models.units import FloatArray

#: Columns that ``assess_frame`` needs; the last two may be absent where every line is on the default basis.
COLUMNS = ("cn_code", "origin", "net_mass_t", "imported_on", "actual", "see_tco2e_per_t", "sefa_tco2e_per_t")
CHUNK = 16_384
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
    slots: NDArray[np.int32]

    def positions(self, wanted: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the position of each code, or -1 where it is not one of ours."""
        found = self.slots.take(wanted % self.modulus)
        return np.where(self.codes.take(found) == wanted, found, np.int32(-1))


def codes_of(book: LawBook) -> Codes:
    """Return the integer look-up of the codes in scope, made once per law book."""
    found = book.derived.get("cbam.codes")
    if found is None:
        codes = np.array(sorted(int(c) for (c,) in book.tables[SCOPE].rows if len(c) == 8), dtype=np.int64)
        modulus = codes.size
        while np.unique(codes % modulus).size < codes.size:
            modulus += 1
        slots = np.zeros(modulus, dtype=np.int32)
        slots[codes % modulus] = np.arange(codes.size, dtype=np.int32)
        found = book.derived["cbam.codes"] = Codes(codes, modulus, slots)
    assert isinstance(found, Codes)  # noqa: S101 - the key is ours alone
    return found


@dataclass(frozen=True, slots=True)
class Stretch:
    """SEE, SEFA and status of every origin and code in one stretch of unchanged law; rows are filled when asked for."""

    see: FloatArray
    sefa: FloatArray
    status: NDArray[np.int8]
    liable: NDArray[np.bool_]
    filled: NDArray[np.bool_]


def _stretch(book: LawBook, epoch: int, origins: tuple[str, ...]) -> Stretch:
    key = ("cbam.stretch", epoch, origins)
    found = book.derived.get(key)
    if found is None:
        n, shape = len(origins), (len(origins), codes_of(book).codes.size)
        flags = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        found = book.derived[key] = Stretch(np.zeros(shape), np.zeros(shape), np.zeros(shape, np.int8), *flags)
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
            stretch.status[at, i] = _AT[refusal.code]
        else:
            stretch.see[at, i], stretch.sefa[at, i] = path.see_tco2e_per_t, path.sefa_tco2e_per_t


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
    """For each day from ``first`` on: price, its refusal, and which stretch of law it lies in."""

    first: int
    price: FloatArray
    status: NDArray[np.int8]
    epoch: NDArray[np.int16]
    sample: dict[int, dt.date]


def _days(book: LawBook, pricing: Pricing, days: NDArray[np.int64]) -> _Days:
    first, last = int(days.min()), int(days.max())
    span = last - first + 1
    price, status, epoch = np.zeros(span), np.zeros(span, np.int8), np.zeros(span, np.int16)
    present = np.zeros(span, np.bool_)
    present[days - first] = True
    sample: dict[int, dt.date] = {}
    quotes: dict[tuple[int, int, int], tuple[float, int]] = {}
    for i in np.flatnonzero(present):
        day = dt.date.fromordinal(int(i) + first + EPOCH_ORDINAL)
        law = book.at(day)
        period = law.find("eu.cbam.period")
        if period is None or period.value != "definitive":
            status[i] = _AT[TransitionalPeriod.code]
            continue
        epoch[i] = law.epoch
        sample.setdefault(law.epoch, day)
        quote = (law.epoch, day.year, day.month)
        if quote not in quotes:
            try:
                quotes[quote] = (pricing.for_import(law).eur_per_t, 0)
            except YuetanError as refusal:
                quotes[quote] = (0.0, _AT[refusal.code])
        price[i], status[i] = quotes[quote]
    return _Days(first, price, status, epoch, sample)


def _integers(column: pd.Series) -> NDArray[np.int64]:
    if pd.api.types.is_integer_dtype(column.dtype):
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
        ``see_tco2e_per_t``, ``sefa_tco2e_per_t``, ``certificates``,
        ``price_eur_per_t`` and ``cost_cents`` (int64, half up). A refused line
        has NaN figures and zero cents; it is never in a sum by accident, since
        its status is not 0.

    Notes
    -----
    Same formulas as ``exposure``; production years and stated routes are for
    the line by line path.
    """
    n = len(lines)
    wanted = _integers(lines["cn_code"])
    found = codes_of(book).positions(wanted)
    origin = lines["origin"].astype("category").cat
    origins = tuple(str(o) for o in origin.categories)
    at_origin = origin.codes.to_numpy().astype(np.int64)
    mass = lines["net_mass_t"].to_numpy(np.float64)
    dated = lines["imported_on"].to_numpy("datetime64[D]")
    known = ~np.isnat(dated) & (at_origin >= 0)
    status = np.where(known, np.int8(0), np.int8(_AT[MissingInput.code]))
    status[~((mass > 0) & (mass <= MOST_T))] = _AT[OutOfRange.code]
    out = [np.full(n, np.nan) for _ in range(4)]
    cents = np.zeros(n, np.int64)
    if not known.any():
        return _result(lines, status, out, cents)
    day = np.where(known, dated.astype(np.int64), dated[known][0].astype(np.int64))
    days = _days(book, pricing, day)
    tables = _tables(book, days, day, np.where(known, at_origin, 0), origins)
    unfound = np.flatnonzero(found < 0)
    not_ours = np.zeros(n, np.int8)
    if unfound.size:
        not_ours[unfound] = _unfound(book, max(days.sample.values(), default=dt.date.min), wanted[unfound])
    has_actual = "actual" in lines
    actual = lines["actual"].to_numpy(np.bool_) if has_actual else np.zeros(n, np.bool_)
    for start in range(0, n, CHUNK):
        part = slice(start, min(start + CHUNK, n))
        offset = day[part] - days.first
        row = tables.rank.take(days.epoch.take(offset)) * len(origins) + np.maximum(at_origin[part], 0)
        flat = row * tables.width + np.maximum(found[part], 0)
        see, sefa, refused = tables.see.take(flat), tables.sefa.take(flat), tables.status.take(flat)
        if has_actual:
            is_actual = actual[part]
            see_in = lines["see_tco2e_per_t"].to_numpy(np.float64)[part]
            sefa_in = lines["sefa_tco2e_per_t"].to_numpy(np.float64)[part]
            owed = is_actual & tables.liable.take(row)
            see, sefa = np.where(owed, see_in, see), np.where(owed, sefa_in, sefa)
            refused = np.where(is_actual, np.int8(0), refused)
            refused[owed & ~(np.isfinite(see_in) & np.isfinite(sefa_in))] = _AT[IncompleteActual.code]
        refused = np.where(not_ours[part] != 0, not_ours[part], refused)
        if has_actual:
            refused[~is_actual & ~(np.isnan(see_in) & np.isnan(sefa_in))] = _AT[MixedBasis.code]
        of_day = days.status.take(offset)
        transitional = of_day == _AT[TransitionalPeriod.code]
        refused = np.where(transitional | (refused == 0), of_day, refused)
        status[part] = np.where(status[part] == 0, refused, status[part])
        ok = status[part] == 0
        weight, price = np.where(ok, mass[part], 0.0), days.price.take(offset)
        see, sefa = np.where(ok, see, 0.0), np.where(ok, sefa, 0.0)
        due = np.asarray(certificates(weight, see, sefa))

        def exact(i: int, start: int = start, at: tuple[FloatArray, ...] = (weight, price, see, sefa)) -> Decimal:
            weight_t, price_eur, see_stated, sefa_stated = (float(column[i]) for column in at)
            pair = Decimal(repr(see_stated)), Decimal(repr(sefa_stated))
            if not (has_actual and actual[start + i]):
                on = dt.date.fromordinal(int(day[start + i]) + EPOCH_ORDINAL)
                pair = default_path(book.at(on), origins[at_origin[start + i]], f"{wanted[start + i]:08d}").exact()
            return exact_cost(weight_t, price_eur, 0.0, *pair)

        cents[part] = to_cents(due * price, RELATIVE_ERROR * weight * (see + sefa) * price, exact)
        for column, values in zip(out, (see, sefa, due, price), strict=True):
            column[part] = np.where(ok, values, np.nan)
    return _result(lines, status, out, cents)


@dataclass(frozen=True, slots=True)
class _Tables:
    """The stretches that a frame needs, end to end, so that one index reaches any of them."""

    see: FloatArray
    sefa: FloatArray
    status: NDArray[np.int8]
    liable: NDArray[np.bool_]
    rank: NDArray[np.int64]
    width: int


def _tables(
    book: LawBook, days: _Days, day: NDArray[np.int64], at_origin: NDArray[np.int64], origins: tuple[str, ...]
) -> _Tables:
    epochs = sorted(days.sample)
    stretches = [_stretch(book, epoch, origins) for epoch in epochs]
    pairs = days.epoch.take(day - days.first).astype(np.int64) * len(origins) + at_origin
    needed = np.bincount(pairs, minlength=(max(epochs, default=0) + 1) * len(origins)).reshape(-1, len(origins)) > 0
    for stretch, epoch in zip(stretches, epochs, strict=True):
        for i in np.flatnonzero(needed[epoch] & ~stretch.filled):
            _fill(book, stretch, days.sample[epoch], origins, int(i))
    if not stretches:
        stretches = [_stretch(book, -1, origins)]
    rank = np.zeros(max(epochs, default=0) + 1, np.int64)
    rank[epochs] = np.arange(len(epochs))
    return _Tables(
        see=np.concatenate([s.see.ravel() for s in stretches]),
        sefa=np.concatenate([s.sefa.ravel() for s in stretches]),
        status=np.concatenate([s.status.ravel() for s in stretches]),
        liable=np.concatenate([s.liable for s in stretches]),
        rank=rank,
        width=codes_of(book).codes.size,
    )


def _result(
    lines: pd.DataFrame, status: NDArray[np.int8], out: list[FloatArray], cents: NDArray[np.int64]
) -> pd.DataFrame:
    see, sefa, due, price = out
    return pd.DataFrame(
        {
            "status": status,
            "see_tco2e_per_t": see,
            "sefa_tco2e_per_t": sefa,
            "certificates": due,
            "price_eur_per_t": price,
            "cost_cents": cents,
        },
        index=lines.index,
    )
