"""
What the column path looks up: codes by integer, the law in stretches of days, prices by day.

Everything here is derived from the law book and kept with it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
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
from cbam.exposure import REPORTING_YEAR, certificates, default_path, is_definitive
from cbam.goods import SCOPE, Origin, good, origin_of
from cbam.prices import Pricing
from models.errors import MissingInput, OutOfRange
from models.law import LawBook
from models.units import FloatArray

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
AT = {code: i for i, code in enumerate(STATUS)}


_SLOT_BITS = 16
_FIRST_FACTOR = 2_654_435_769  # 2^32 over the golden ratio


@dataclass(frozen=True, slots=True)
class Codes:
    """
    The codes in scope as integers, and a table that finds each by multiplying.

    The slot of a code is the upper half of ``code * factor`` modulo 2^32, with a
    factor under which no two of our codes share a slot.
    """

    codes: NDArray[np.int64]
    factor: np.uint32
    slots: NDArray[np.intp]

    def look_up(self, wanted: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return the position of each code, and whether the code there is the one wanted."""
        slot = wanted.astype(np.uint32)
        slot *= self.factor
        slot >>= np.uint32(32 - _SLOT_BITS)
        place = self.slots.take(slot, mode="clip")  # every slot is within: no check is needed
        return place, self.codes.take(place, mode="clip") == wanted


def codes_of(book: LawBook) -> Codes:
    """Return the integer look-up of the codes in scope, made once per law book."""
    found = book.derived.get("cbam.codes")
    if found is None:
        codes = np.array(sorted(int(c) for (c,) in book.tables[SCOPE].rows if len(c) == 8), dtype=np.int64)
        factor = np.uint32(_FIRST_FACTOR)
        while np.unique(slot := codes.astype(np.uint32) * factor >> np.uint32(32 - _SLOT_BITS)).size < codes.size:
            factor = np.uint32((int(factor) + 2) % 2**32)
        slots = np.zeros(1 << _SLOT_BITS, dtype=np.intp)
        slots[slot] = np.arange(codes.size)
        found = book.derived["cbam.codes"] = Codes(codes, factor, slots)
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


#: An origin with the route that lines state; none where they state none.
Source: TypeAlias = tuple[str, str | None]


def _stretch(book: LawBook, epoch: int, origins: tuple[Source, ...]) -> Stretch:
    key = ("cbam.stretch", epoch, origins)
    found = book.derived.get(key)
    if found is None:
        n, shape = len(origins), (len(origins), codes_of(book).codes.size)
        flags = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        found = book.derived[key] = Stretch(np.zeros(shape), np.zeros(shape, np.int8), *flags, np.zeros(1))
    assert isinstance(found, Stretch)  # noqa: S101 - the key is ours alone
    return found


def _fill(book: LawBook, stretch: Stretch, day: dt.date, origins: tuple[Source, ...], at: int) -> None:
    """Resolve every code for one origin and route; what the default basis refuses keeps the status of its refusal."""
    origin, route = origins[at]
    stretch.filled[at] = True
    stretch.liable[at] = origin_of(book.at(day), origin) is Origin.LIABLE
    if not stretch.liable[at]:
        return
    for i, code in enumerate(codes_of(book).codes):
        try:
            path = default_path(book.at(day), origin, f"{code:08d}", route)
        except (NoDefaultValue, RouteNeeded) as refusal:
            stretch.due[at, i], stretch.status[at, i] = np.nan, AT[refusal.code]
        else:
            stretch.due[at, i] = certificates(1.0, path.see_tco2e_per_t, path.sefa_tco2e_per_t)
            stretch.most[0] = max(stretch.most[0], path.see_tco2e_per_t + path.sefa_tco2e_per_t)


def unfound(book: LawBook, day: dt.date, wanted: NDArray[np.int64]) -> NDArray[np.int8]:
    """Say of codes that are not ours whether the law names them as outside or does not know them."""
    distinct, back = np.unique(wanted, return_inverse=True)
    status = np.full(distinct.size, AT[UnknownCode.code], np.int8)
    for i, code in enumerate(distinct):
        try:
            good(book.at(day), f"{code:08d}")
        except OutOfScope:
            status[i] = AT[OutOfScope.code]
        except UnknownCode:
            continue
    return status.take(back)


@dataclass(frozen=True, slots=True)
class Days:
    """For each day from ``first`` on: price (NaN where refused), the refusal, and which stretch of law it lies in."""

    first: int
    price: FloatArray
    status: NDArray[np.int8]
    epoch: NDArray[np.intp]
    sample: dict[int, dt.date]
    most: float
    #: Whether the reporting year is the year of import, whatever year of production is shown.
    by_import: NDArray[np.bool_]


def days_of(book: LawBook, pricing: Pricing, first: int, last: int) -> Days:
    """Ask for law and price once per stretch between two changes of the law or two quarters; kept with the law book."""
    key = ("cbam.days", pricing, first, last)
    found = book.derived.get(key)
    if found is None:
        found = book.derived[key] = _days_found(book, pricing, first, last)
    assert isinstance(found, Days)  # noqa: S101 - the key is ours alone
    return found


def _days_found(book: LawBook, pricing: Pricing, first: int, last: int) -> Days:
    span = last - first + 1
    price, status, epoch = np.full(span, np.nan), np.zeros(span, np.int8), np.zeros(span, np.intp)
    by_import = np.ones(span, np.bool_)
    start, end = (dt.date.fromordinal(EPOCH_ORDINAL + day) for day in (first, last))
    quarters = (dt.date(y, m, 1) for y in range(start.year, end.year + 1) for m in (1, 4, 7, 10))
    begins = sorted({start, *(day for day in (*book.changes, *quarters) if start < day <= end)})
    sample: dict[int, dt.date] = {}
    for begin, following in zip(begins, [*begins[1:], end + dt.timedelta(days=1)], strict=True):
        days = slice(begin.toordinal() - EPOCH_ORDINAL - first, following.toordinal() - EPOCH_ORDINAL - first)
        law = book.at(begin)
        if not is_definitive(law):
            status[days] = AT[TransitionalPeriod.code]
            continue
        epoch[days] = law.epoch
        by_import[days] = law.word(REPORTING_YEAR) == "year_of_import"
        sample.setdefault(law.epoch, begin)
        try:
            price[days] = pricing.for_import(law).eur_per_t
        except (PriceNotPublished, PathTooShort) as refusal:
            status[days] = AT[refusal.code]
    return Days(first, price, status, epoch, sample, float(np.nanmax(price, initial=0.0)), by_import)


@dataclass(frozen=True, slots=True)
class Tables:
    """The stretches that a frame needs, end to end, so that one index reaches any of them."""

    due: FloatArray
    status: NDArray[np.int8]
    liable: NDArray[np.bool_]
    #: For each day the first row of its stretch; a row is one origin.
    row: NDArray[np.intp]
    width: int
    #: Highest SEE + SEFA of any default, t per t: what an error bound needs.
    most: float


def tables_of(
    book: LawBook, days: Days, day: NDArray[np.int64], at_origin: NDArray[np.integer], origins: tuple[Source, ...]
) -> Tables:
    """Return the stretches of ``days`` with the rows that any line needs: its origin on its day of law."""
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
    return Tables(
        due=np.concatenate([s.due.ravel() for s in stretches]),
        status=np.concatenate([s.status.ravel() for s in stretches]),
        liable=np.concatenate([s.liable for s in stretches]),
        row=row,
        width=codes_of(book).codes.size,
        most=max(float(s.most[0]) for s in stretches),
    )
