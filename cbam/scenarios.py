"""
The same good in every year ahead: under the law in force and each draft, on each price path and on a grid of prices.

Arrays have the axes goods, laws, prices, years, in this order. What is refused
keeps its place with the reason; its figures are NaN, which no row ever shows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import numpy as np
from pydantic import Field

from cbam.chain import resolve
from cbam.consignment import Basis
from cbam.errors import (
    IncompleteActual,
    NoAllocationThatYear,
    NoSuchProcess,
    OwnTwice,
    ProcessOfAnotherGood,
    UnknownPath,
)
from cbam.exposure import DefaultPath, certificates, default_path, exact_cost, settled
from cbam.free_allocation import BENCHMARKS, stated_in_another_year
from cbam.goods import Origin
from cbam.price_lines import PriceLine, grid_span, known
from cbam.process import Process
from cbam.projection import CSCF, FACTOR
from models.errors import Text, YuetanError
from models.inputs import Input, MassT, TCO2ePerT
from models.law import LawAt, LawBook, Read
from models.money import RELATIVE_ERROR, to_cents
from models.provenance import Provenance, fingerprint
from models.table import Result, Row
from models.units import FloatArray

METHOD = "cbam.scenarios/1"
IN_FORCE = "in_force"
#: By law and year, the names of what is held beyond its last day or scaled.
Held: TypeAlias = tuple[tuple[tuple[str, ...], ...], ...]


class Chain(Input):
    """The processes of the installation that makes the good, and which of them makes it."""

    processes: tuple[Process, ...] = Field(min_length=1, max_length=500)
    process: str = Field(min_length=1, max_length=100)


class YearlyGood(Input):
    """
    One good of one origin, the same tonnes every year.

    Own values are either ``see_tco2e_per_t`` with ``sefa_tco2e_per_t`` (column A
    chain) and ``data_year``, the reporting year they are of, or the ``chain``
    they are worked out from anew under the law of each year.
    """

    name: str = Field(default="", max_length=200)
    cn_code: str = Field(pattern=r"^[0-9]{8}$", examples=["73089059"])
    origin: str = Field(pattern=r"^[A-Z]{2}(-[A-Z]{2,3})?$", examples=["CN"])
    tonnes_per_year: MassT = Field(examples=[1000.0])
    #: Production route, asked for only where the default row does not settle it.
    route: str | None = Field(default=None, pattern=r"^[CDEFGHJKL]$")
    see_tco2e_per_t: TCO2ePerT | None = None
    sefa_tco2e_per_t: TCO2ePerT | None = None
    data_year: int | None = Field(default=None, ge=2026, le=2060)
    chain: Chain | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LawView:
    """The law in force, or a draft laid over it."""

    name: str
    label: Text
    book: LawBook


@dataclass(frozen=True, slots=True)
class Intensity:
    """SEE and SEFA of a good in one state of the law; ``held`` names what is held beyond its last day or scaled."""

    see_tco2e_per_t: float
    sefa_tco2e_per_t: float
    held: tuple[str, ...] = ()
    reads: tuple[Read, ...] = ()
    default: DefaultPath | None = None

    def exact(self) -> tuple[Decimal, Decimal]:
        """Return SEE and SEFA in exact decimals."""
        if self.default is not None:
            return self.default.exact()
        return Decimal(repr(self.see_tco2e_per_t)), Decimal(repr(self.sefa_tco2e_per_t))


def intensity(good: YearlyGood, basis: Basis, law: LawAt, in_force: LawBook) -> Intensity:
    """
    Return SEE and SEFA of a good in a year.

    Parameters
    ----------
    good : YearlyGood
        The good, with own values where the basis is actual.
    basis : Basis
        Default or actual; the free allocation follows it.
    law : LawAt
        The law of that year, a draft laid over it or not.
    in_force : LawBook
        The law without a draft: under it the own SEFA was worked out.

    Raises
    ------
    OutOfScope, UnknownCode, NoDefaultValue, RouteNeeded
        As ``cbam.exposure.default_path``.
    IncompleteActual, OwnTwice, NoAllocationThatYear
        The own values are not whole, given twice, or of a year without free
        allocation, from which no other year follows.
    NoSuchProcess, ProcessOfAnotherGood, Cycle
        The chain does not make the good.
    """
    of = settled(law, good.origin, good.cn_code)
    if of.origin is not Origin.LIABLE:
        return Intensity(0.0, 0.0, reads=of.reads)
    if basis is Basis.DEFAULT:
        path = default_path(law, good.origin, good.cn_code, good.route)
        return Intensity(path.see_tco2e_per_t, path.sefa_tco2e_per_t, path.held, (*of.reads, *path.reads), path)
    if good.chain is None:
        return _stated(good, law, in_force)
    if good.see_tco2e_per_t is not None or good.sefa_tco2e_per_t is not None:
        raise OwnTwice(field="chain")
    return _of_chain(good.cn_code, good.chain, law)


def _stated(good: YearlyGood, law: LawAt, in_force: LawBook) -> Intensity:
    see, sefa, year = good.see_tco2e_per_t, good.sefa_tco2e_per_t, good.data_year
    if see is None or sefa is None or year is None:
        given = {"see_tco2e_per_t": see, "sefa_tco2e_per_t": sefa, "data_year": year}
        missing = [name for name, value in given.items() if value is None]
        raise IncompleteActual(field=missing[0], missing=", ".join(_ASKED.get(name, name) for name in missing))
    now, then = LawAt(law.book, law.day), in_force.at(dt.date(year, 12, 31))
    share = now.number(FACTOR) * now.number(CSCF)
    share_then = then.number(FACTOR) * then.number(CSCF)
    if share_then == 0 and share > 0:
        raise NoAllocationThatYear(field="data_year", year=year)
    held = tuple(r.key for r in now.reads.values() if r.assumed) if share > 0 else ()
    if share > 0 and share != share_then:
        held = (*held, "sefa_scaled")
    scaled = float(stated_in_another_year(sefa, share_then, share))
    return Intensity(see, scaled, held, (*now.reads.values(), *then.reads.values()))


_ASKED = {"see_tco2e_per_t": "SEE", "sefa_tco2e_per_t": "SEFA"}


def _of_chain(cn_code: str, chain: Chain, law: LawAt) -> Intensity:
    made = resolve(chain.processes, law).get(chain.process)
    if made is None:
        raise NoSuchProcess(field="process", process=chain.process)
    if made.good.cn_code != cn_code:
        raise ProcessOfAnotherGood(field="process", process=chain.process, made=made.good.cn_code, cn_code=cn_code)
    held = tuple(r.key for r in made.reads if r.assumed) if made.free_share > 0 else ()
    return Intensity(made.see_tco2e_per_t, made.sefa_tco2e_per_t, held, made.reads)


@dataclass(frozen=True, slots=True, eq=False)
class Outlook(Result):
    """
    What goods will cost each year under each law and price.

    ``see_tco2e_per_t``, ``sefa_tco2e_per_t`` and ``certificates`` have shape
    (goods, laws, years); ``cost_eur`` has shape (goods, laws, prices, years).
    ``held[good][law][year]`` names what is no settled law. ``chosen`` is the path
    that the rows are written for.
    """

    goods: tuple[YearlyGood, ...]
    basis: Basis
    laws: tuple[LawView, ...]
    years: tuple[int, ...]
    prices: tuple[PriceLine, ...]
    chosen: str
    see_tco2e_per_t: FloatArray
    sefa_tco2e_per_t: FloatArray
    certificates: FloatArray
    cost_eur: FloatArray
    held: tuple[Held, ...]
    refused: Mapping[int, YuetanError]
    #: What each good rests on, beside the prices.
    reads: tuple[tuple[Read, ...], ...]

    @property
    def due_tco2e_per_t(self) -> FloatArray:
        """Certificates per tonne of goods, shape (goods, laws, years)."""
        return np.asarray(certificates(1.0, self.see_tco2e_per_t, self.sefa_tco2e_per_t))

    @property
    def total_eur(self) -> FloatArray:
        """Cost of all goods that are not refused, shape (laws, prices, years)."""
        kept = [i for i in range(len(self.goods)) if i not in self.refused]
        total: FloatArray = self.cost_eur[kept].sum(axis=0)
        return total

    @property
    def at_chosen(self) -> int:
        """Position of the chosen path among the prices."""
        return next(i for i, line in enumerate(self.prices) if line.name == self.chosen)

    @property
    def of_grid(self) -> list[int]:
        """Positions of the points of the grid among the prices."""
        return [i for i, line in enumerate(self.prices) if line.grid]

    @property
    def provenance(self) -> Provenance:
        """What the figures rest on."""
        inputs = {
            "goods": [good.model_dump(mode="json") for good in self.goods],
            "basis": str(self.basis),
            "years": self.years,
            "prices": [[line.name, line.status, [known(p) for p in line.eur_per_t]] for line in self.prices],
        }
        names = tuple(law.name for law in self.laws if law.name != IN_FORCE)
        reads = once(read for group in (*self.reads, *(line.reads for line in self.prices)) for read in group)
        return Provenance(METHOD, fingerprint(inputs), reads, names)

    def rows(self) -> list[Row]:
        at, total = self.at_chosen, self.total_eur
        price = self.prices[at]
        made = []
        for law_at, law in enumerate(self.laws):
            for i, year in enumerate(self.years):
                span = grid_span(self.prices, total[law_at, :, i])
                said = [price.label, span, *map(flag, self.assumed(law_at, at, i))]
                made.append(
                    Row(
                        f"{law.name}.{year}",
                        Text(f"{year} {law.label.zh}", f"{year} {law.label.en}"),
                        known(total[law_at, at, i]),
                        "EUR",
                        Text("；".join(t.zh for t in said), "; ".join(t.en for t in said)),
                    )
                )
        return made

    def proof(self) -> list[str]:
        return self.provenance.lines()

    def assumed(self, law: int, price: int, year: int) -> tuple[str, ...]:
        """What of one cell is neither settled law nor a published price, for all goods together."""
        held = tuple(dict.fromkeys(name for of_good in self.held for name in of_good[law][year]))
        return (*held, "price_held") if self.prices[price].assumed[year] else held


_FLAGS: Mapping[str, Text] = {
    CSCF: Text("CSCF 未公布，沿用", "CSCF not set, held"),
    BENCHMARKS: Text("基准值沿用", "benchmark held"),
    "sefa_scaled": Text("SEFA 按 CBAM 系数折算", "SEFA scaled with the CBAM factor"),
    "price_held": Text("价格沿用末点", "price held at the last point"),
}


def flag(held: str) -> Text:
    """Return in words what a name of ``Outlook.assumed`` means."""
    return _FLAGS.get(held.partition("[")[0], Text(held, held))


def once(reads: Iterable[Read]) -> tuple[Read, ...]:
    """Return each value read once; one that is read of two days or two laws is two."""
    return tuple({(read.key, read.since, read.scenario, read.assumed): read for read in reads}.values())


def outlook(
    goods: Sequence[YearlyGood],
    basis: Basis,
    laws: Sequence[LawView],
    years: Sequence[int],
    prices: Sequence[PriceLine],
    chosen: str,
) -> Outlook:
    """
    Carry goods through years, laws and prices.

    Parameters
    ----------
    goods : sequence of YearlyGood
        One good per place; one that is refused keeps its place.
    basis : Basis
        Default, or actual with the own values of each good.
    laws : sequence of LawView
        The law in force first, then the drafts.
    years : sequence of int
        Calendar years of import; production in the year of import is presumed.
    prices : sequence of PriceLine
        For the same years.
    chosen : str
        Name of the path that rows are written for; ``UnknownPath`` as ``path_named``.

    Returns
    -------
    Outlook
        Cost in EUR, each good, law, price and year rounded to cents once.

    Notes
    -----
    N = M * max(0, SEE - SEFA), cost = N * P (``eu-2023-956`` with ``eu-2025-2620``).
    The law of 31 December of a year gives its factor, benchmark and mark-up.
    """
    if chosen not in (paths := [line.name for line in prices if not line.grid]):
        raise UnknownPath(field="price_path", path=chosen, known=", ".join(paths))
    shape = (len(goods), len(laws), len(years))
    see, sefa = np.full(shape, np.nan), np.full(shape, np.nan)
    cells: dict[tuple[int, int, int], Intensity] = {}
    refused: dict[int, YuetanError] = {}
    reads: list[tuple[Read, ...]] = [() for _ in goods]
    nothing: Held = tuple(((),) * len(years) for _ in laws)
    held = [nothing for _ in goods]
    days = [dt.date(year, 12, 31) for year in years]
    for g, good in enumerate(goods):
        try:
            of_good = {
                (g, i, j): intensity(good, basis, law.book.at(day), laws[0].book)
                for i, law in enumerate(laws)
                for j, day in enumerate(days)
            }
        except YuetanError as refusal:
            refused[g] = refusal
            continue
        cells |= of_good
        held[g] = tuple(tuple(of_good[g, i, j].held for j in range(len(years))) for i in range(len(laws)))
        reads[g] = once(read for cell in of_good.values() for read in cell.reads)
        for (_, i, j), cell in of_good.items():
            see[g, i, j], sefa[g, i, j] = cell.see_tco2e_per_t, cell.sefa_tco2e_per_t
    tonnes = np.array([good.tonnes_per_year for good in goods])
    due = np.asarray(certificates(tonnes[:, None, None], see, sefa))
    return Outlook(
        goods=tuple(goods),
        basis=basis,
        laws=tuple(laws),
        years=tuple(years),
        prices=tuple(prices),
        chosen=chosen,
        see_tco2e_per_t=see,
        sefa_tco2e_per_t=sefa,
        certificates=due,
        cost_eur=_cost(due, tonnes, see + sefa, np.array([line.eur_per_t for line in prices]), cells),
        held=tuple(held),
        refused=refused,
        reads=tuple(reads),
    )


def _cost(
    due: FloatArray,
    tonnes: FloatArray,
    emissions: FloatArray,
    price: FloatArray,
    cells: Mapping[tuple[int, int, int], Intensity],
) -> FloatArray:
    """Return cost in EUR, shape (goods, laws, prices, years), each figure in whole cents."""
    amount = due[:, :, None, :] * price[None, None, :, :]
    bound = RELATIVE_ERROR * tonnes[:, None, None, None] * emissions[:, :, None, :] * price[None, None, :, :]
    open_ = np.isnan(amount)

    def exact(at: int) -> Decimal:
        g, i, p, j = (int(x) for x in np.unravel_index(at, amount.shape))
        return exact_cost(float(tonnes[g]), float(price[p, j]), 0.0, *cells[g, i, j].exact())

    cents = to_cents(np.where(open_, 0.0, amount).ravel(), np.where(open_, 0.0, bound).ravel(), exact)
    return np.where(open_, np.nan, np.asarray(cents).reshape(amount.shape) / 100.0)
