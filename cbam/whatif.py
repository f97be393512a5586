"""
A sector at once: many exporters' goods through years, laws and prices, summed and ranked, for a bank or an authority.

The numbers of ``cbam.scenarios`` in columns: certificates come from
``cbam.frame``, one pass for each law and year; each line is rounded to cents
once and everything above it is a sum of whole cents, so that totals agree
whichever way they are added.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cbam.emissions import DEFAULT_VALUES, OTHER
from cbam.exposure import default_path, exact_cost
from cbam.frame import LineColumns, assess_columns
from cbam.free_allocation import BENCHMARKS, stated_in_another_year
from cbam.price_lines import PriceLine, grid_span, known
from cbam.prices import PricePath, Pricing
from cbam.projection import CSCF, FACTOR
from cbam.scenarios import Held, LawView, flag, once
from cbam.stretches import EPOCH_ORDINAL, STATUS
from models.errors import NOTHING, OutOfRange, Text
from models.law import LawAt, LawBook, Read
from models.money import RELATIVE_ERROR, to_cents
from models.table import Result, Row
from models.units import FloatArray

METHOD = "cbam.whatif/1"
MARKUP, EXEMPT, MEMBERS = "eu.cbam.default_markup.", "eu.cbam.exempt_origins", "eu.cbam.eu_members"
By = Literal["exporter", "cn_code", "origin"]
#: Columns of the table of lines; the last four may be absent where every line is on the default basis.
COLUMNS = (
    "exporter",
    "cn_code",
    "origin",
    "tonnes_per_year",
    "actual",
    "see_tco2e_per_t",
    "sefa_tco2e_per_t",
    "data_year",
)


@dataclass(frozen=True, slots=True)
class SectorLines:
    """Lines as arrays of shape (n,); ``group`` is a position in ``groups``, what the sums are made by."""

    columns: LineColumns
    data_year: NDArray[np.int64]
    groups: tuple[str, ...]
    group: NDArray[np.intp]

    @classmethod
    def of(cls, lines: pd.DataFrame, by: By = "exporter") -> SectorLines:
        """
        Read a table with the columns ``COLUMNS``, as ``cbam.frame.assess_frame`` reads its own.

        ``data_year`` is the year of the own SEFA, 0 or absent where unknown: an
        actual line without it is refused as incomplete.
        """
        day = np.full(len(lines), np.datetime64("2026-01-01", "s"))  # replaced for each year
        named = lines.rename(columns={"tonnes_per_year": "net_mass_t"}).assign(imported_on=day)
        key = lines[by].astype("str").astype("category")
        years = lines["data_year"] if "data_year" in lines else pd.Series(0, index=lines.index)
        return cls(
            columns=LineColumns.of(named),
            data_year=np.asarray(years.fillna(0), np.int64),
            groups=tuple(str(name) for name in key.cat.categories),
            group=np.asarray(key.cat.codes, np.intp),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Sector(Result):
    """
    Sums over a sector's lines.

    ``cost_cents`` has shape (groups, laws, prices, years) in whole cents, and
    ``priced`` (prices, years) is false where a path does not reach a year, whose
    cents mean nothing. ``certificates`` has shape (groups, laws, years).
    ``status`` of a line is a position in ``cbam.frame.STATUS``; a line refused
    in any law or year is left out of all.
    """

    by: By
    groups: tuple[str, ...]
    laws: tuple[LawView, ...]
    years: tuple[int, ...]
    prices: tuple[PriceLine, ...]
    chosen: str
    #: The year that ranks; all years together where ``None``.
    year: int | None
    #: How many of the ranking are told.
    top: int
    tonnes: FloatArray
    certificates: FloatArray
    cost_cents: NDArray[np.int64]
    priced: NDArray[np.bool_]
    status: NDArray[np.int8]
    #: By law and year, what of the yearly constants is held beyond its last day.
    held: Held
    reads: tuple[Read, ...]

    @property
    def at_chosen(self) -> int:
        """Position of the chosen path among the prices."""
        return next(i for i, line in enumerate(self.prices) if line.name == self.chosen)

    @property
    def total_eur(self) -> FloatArray:
        """Cost of all lines that count, EUR, shape (laws, prices, years); NaN where a path does not reach."""
        cents = self.cost_cents.sum(axis=0)
        return np.where(self.priced[None, :, :], cents / 100.0, np.nan)

    @property
    def of_rank(self) -> list[int]:
        """Positions of the years that rank, those that the chosen path does not reach left out."""
        priced = self.priced[self.at_chosen]
        return [j for j, year in enumerate(self.years) if priced[j] and self.year in (None, year)]

    @property
    def rank_cents(self) -> NDArray[np.int64]:
        """Cost of each group under the law in force, on the chosen path, in the years that rank, whole cents."""
        cents: NDArray[np.int64] = self.cost_cents[:, 0, self.at_chosen, self.of_rank].sum(axis=1)
        return cents

    @property
    def ranked(self) -> NDArray[np.intp]:
        """Positions of the groups by ``rank_cents``, the dearest first; equal ones by name."""
        return np.lexsort((np.array(self.groups), -self.rank_cents)).astype(np.intp)

    @property
    def refused(self) -> dict[str, int]:
        """How many lines are left out, by the code of their refusal."""
        codes, counts = np.unique(self.status[self.status != 0], return_counts=True)
        return {STATUS[int(code)]: int(n) for code, n in zip(codes, counts, strict=True)}

    def rows(self) -> list[Row]:
        total, at = self.total_eur, self.at_chosen
        left = sum(self.refused.values())
        said = Text(f"另有 {left} 行未计入", f"{left} lines are left out") if left else NOTHING
        made = [
            Row("lines", Text("计入行数", "Lines that count"), float((self.status == 0).sum()), "", said, 0),
            Row("tonnes", Text("每年吨数", "Tonnes a year"), float(self.tonnes.sum()), "t", digits=3),
        ]
        for i, law in enumerate(self.laws):
            for j, year in enumerate(self.years):
                label = Text(f"{year} {law.label.zh}", f"{year} {law.label.en}")
                span = grid_span(self.prices, total[i, :, j])
                notes = [self.prices[at].label, span, *map(flag, self.held[i][j])]
                note = Text("；".join(n.zh for n in notes), "; ".join(n.en for n in notes))
                made.append(Row(f"{law.name}.{year}", label, known(total[i, at, j]), "EUR", note))
        said = Text(f"{self.year} 年", f"in {self.year}") if self.year else Text("各年合计", "all years together")
        for rank, g in enumerate(self.ranked[: self.top], 1):
            label = Text(f"第 {rank}：{self.groups[g]}", f"{rank}. {self.groups[g]}")
            made.append(Row(f"rank.{rank}", label, self.rank_cents[g] / 100.0 if self.of_rank else None, "EUR", said))
        return made

    def proof(self) -> list[str]:
        return [read.line() for read in self.reads]


def sector(
    lines: SectorLines,
    by: By,
    laws: Sequence[LawView],
    years: Sequence[int],
    prices: Sequence[PriceLine],
    chosen: str,
    year: int | None = None,
    top: int = 20,
) -> Sector:
    """
    Sum a sector's cost by group, for every law, price and year.

    Parameters
    ----------
    lines : SectorLines
        The lines, tonnes a year; stated routes are for ``cbam.scenarios``.
    by : {"exporter", "cn_code", "origin"}
        What ``lines`` was grouped by.
    laws, years, prices, chosen
        As ``cbam.scenarios.outlook``.
    year : int or None
        The year that ranks, one of ``years``; all of them together if ``None``.
    top : int
        How many of the ranking the rows tell.

    Returns
    -------
    Sector
        The floor is per line: a surplus of one good lowers no other. The 50 t
        threshold is the importer's and is not applied.

    Raises
    ------
    OutOfRange
        So many tonnes that the sum of the cents would not be exact.

    Notes
    -----
    N = M * max(0, SEE - SEFA), ``eu-2023-956``. An own SEFA moves with f * CSCF
    from its ``data_year`` (``cbam.free_allocation.stated_in_another_year``).
    """
    lines = replace(lines, columns=_on_known_origins(lines.columns, laws[0].book))
    n, groups = lines.group.size, len(lines.groups)
    shape = (len(laws), len(years))
    due = np.empty((*shape, n))
    status = np.zeros(n, np.int8)
    columns = {}
    reads: list[Read] = []
    held: list[list[tuple[str, ...]]] = [[] for _ in laws]
    for i, law in enumerate(laws):
        for j, of in enumerate(years):
            at = law.book.at(dt.date(of, 12, 31))
            for key in (FACTOR, CSCF, *(k for k in law.book.entries if k.startswith(MARKUP))):
                at.read(key)
            of_year = columns[i, j] = _in_year(lines, at, laws[0].book)
            made = assess_columns(of_year, law.book, _ANY_PRICE)
            due[i, j] = made.certificates
            status = np.where(status == 0, made.status, status)
            reads += at.reads.values()
            free = at.number(FACTOR) > 0
            held[i].append(tuple(read.key for read in at.reads.values() if read.assumed) if free else ())
    counted = status == 0
    weight = np.where(counted, lines.columns.mass, 0.0)
    due = np.where(counted, due, 0.0)
    by_group = [[np.bincount(lines.group, due[i, j], groups) for j in range(shape[1])] for i in range(shape[0])]
    price = np.array([line.eur_per_t for line in prices])
    cents = np.zeros((groups, *shape[:1], len(prices), shape[1]), np.int64)
    emissions = _most(laws, lines)
    if weight.sum() * emissions * np.nanmax(price, initial=0.0) * 100.0 >= np.iinfo(np.int64).max:
        raise OutOfRange(
            name_zh="每年吨数合计",
            name_en="tonnes a year in all",
            why_zh="超过任何行业的产量",
            why_en="more than any sector makes",
            field="tonnes_per_year",
        )
    most = RELATIVE_ERROR * emissions * weight
    for i, law in enumerate(laws):
        for j, of in enumerate(years):
            for p in np.flatnonzero(~np.isnan(price[:, j])):
                at_price = _Exact(columns[i, j], law.book, dt.date(of, 12, 31), float(price[p, j]))
                bound = np.where(
                    due[i, j] > 0, most * at_price.price, 0.0
                )  # what is floored or exempt is nothing, exactly
                of_line = to_cents(due[i, j] * at_price.price, bound, at_price)
                np.add.at(cents[:, i, p, j], lines.group, of_line)
    return Sector(
        by=by,
        groups=lines.groups,
        laws=tuple(laws),
        years=tuple(years),
        prices=tuple(prices),
        chosen=chosen,
        year=year,
        top=top,
        tonnes=np.bincount(lines.group, weight, groups).astype(np.float64),
        certificates=np.array(by_group).transpose(2, 0, 1),
        cost_cents=cents,
        priced=~np.isnan(price),
        status=status,
        held=tuple(tuple(of_law) for of_law in held),
        reads=once((*reads, *(read for line in prices for read in line.reads))),
    )


#: ``assess_columns`` asks for a price; only its certificates are read here.
_ANY_PRICE = Pricing(
    {"any": PricePath(zh="-", en="-", kind="assumption", points={1: 1.0}, after_last="hold", source="-", confidence="inferred")},
    "any",
    True,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Exact:
    """The cost of one line in exact decimals, for an amount on the edge of a cent."""

    columns: LineColumns
    book: LawBook
    day: dt.date
    price: float

    def __call__(self, at: int) -> Decimal:
        c = self.columns
        if c.actual is not None and c.actual[at]:
            pair = Decimal(repr(float(c.see[at]))), Decimal(repr(float(c.sefa[at])))
        else:
            origin, route = c.origins[c.at_origin[at]]
            pair = default_path(self.book.at(self.day), origin, f"{c.code[at]:08d}", route).exact()
        return exact_cost(float(c.mass[at]), self.price, 0.0, *pair)


def _in_year(lines: SectorLines, law: LawAt, in_force: LawBook) -> LineColumns:
    """Return the lines as imports of the last day of a year, with the own SEFA moved to that year."""
    columns = lines.columns
    day = np.full(columns.day.size, law.day.toordinal() - EPOCH_ORDINAL, np.int64)
    if columns.actual is None:
        return replace(columns, day=day)
    share = law.number(FACTOR) * law.number(CSCF)
    sefa = np.full(columns.sefa.shape, np.nan)
    for year in np.unique(lines.data_year[columns.actual]):
        then = in_force.at(dt.date(int(year), 12, 31)) if year else None
        stated = then.number(FACTOR) * then.number(CSCF) if then and then.find(FACTOR) else 0.0
        if stated or share == 0:  # no other year follows from one without free allocation
            here = columns.actual & (lines.data_year == year)
            sefa[here] = np.asarray(stated_in_another_year(columns.sefa, stated, share))[here]
    return replace(columns, day=day, sefa=np.where(columns.actual, sefa, columns.sefa))


def _on_known_origins(columns: LineColumns, book: LawBook) -> LineColumns:
    """
    Return the lines with their origins among those that the law names; any other is "other countries and territories".

    What ``cbam.stretches`` derives is kept by the origins asked about: with one
    set of them it is kept once, whatever sector is asked about.
    """
    found = book.derived.get("cbam.known_origins")
    if found is None:
        named = {table for _, table, _ in book.tables[DEFAULT_VALUES].rows}
        for table in (EXEMPT, MEMBERS):
            named |= {origin for (origin,) in book.tables[table].rows}
        found = book.derived["cbam.known_origins"] = {origin: i for i, origin in enumerate(sorted(named))}
    at = np.array([found.get(origin, found[OTHER]) for origin, _ in columns.origins], np.intp)
    return replace(
        columns,
        origins=tuple((origin, None) for origin in found),
        at_origin=at[columns.at_origin] if at.size else columns.at_origin,
    )


def _most(laws: Sequence[LawView], lines: SectorLines) -> float:
    """Return a bound on SEE + SEFA of any line, t per t: what an error bound needs."""
    most = float(np.nanmax(lines.columns.see + lines.columns.sefa, initial=0.0)) if lines.columns.see.size else 0.0
    for law in laws:
        tables = (law.book.tables[name].rows.values() for name in (DEFAULT_VALUES, BENCHMARKS))
        value, benchmark = (max(float(r.value or 0.0) for entry in rows for r in entry.reads) for rows in tables)
        most = max(most, 2.0 * value + benchmark)  # a mark-up is below one
    return most
