"""What an exporter decides with: every year ahead, the value of data, where the cost comes from, who bears it; and a sector."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Generic, TypeAlias, TypeVar

import numpy as np
import pandas as pd
from pydantic import Field

from cbam.break_even import BreakEven, break_even
from cbam.breakdown import Breakdown, breakdown
from cbam.chain import resolve
from cbam.consignment import Basis
from cbam.errors import PathTooShort, PriceNotInEuro
from cbam.price_lines import PriceLine, known, price_lines
from cbam.prices import CertificatePrice, Paths, PricePath, path_named, path_price
from cbam.process import Process
from cbam.projection import years_of
from cbam.scenarios import IN_FORCE, LawView, Outlook, YearlyGood, outlook
from cbam.split import Deal, Split, checked_share, quarter_terms, split
from cbam.value_of_data import ValueOfData, value_of_data
from cbam.whatif import By, Sector, SectorLines, sector
from models.errors import MissingInput, Text, YuetanError
from models.findings import Finding
from models.fx import FxRate, in_euro, user_rate
from models.inputs import Input, MassT, NonNegative, TCO2ePerT
from models.law import LawBook
from service.library import Library

_NAME = r"^[A-Za-z0-9_.\-]{1,60}$"
_CURRENCY = r"^[A-Z]{3}$"
#: A certificate price beyond this is a mistake of unit.
CertificateEur = Annotated[float, Field(gt=0, le=100_000)]


class Money(Input):
    """An amount with its currency; another than EUR is converted at the rate of the answer."""

    amount: NonNegative = Field(examples=[150000.0])
    currency: str = Field(default="CNY", pattern=_CURRENCY)


class OwnPrice(Input):
    """A certificate price of the user's: the same every year, or by year of import and held after the last."""

    per_t: CertificateEur | None = Field(default=None, examples=[85.0])
    by_year: dict[int, CertificateEur] = Field(default_factory=dict, max_length=40)
    #: CBAM certificates are priced in euro; anything else is refused and not converted.
    currency: str = Field(default="EUR", pattern=_CURRENCY)


class Ahead(Input):
    """What every look ahead may choose; each choice is told in the answer."""

    price_path: str = Field(default="flat", pattern=_NAME)
    own_price: OwnPrice | None = None
    #: Drafts laid over the law, one at a time; every draft there is where absent.
    drafts: tuple[Annotated[str, Field(pattern=_NAME)], ...] | None = Field(default=None, max_length=5)
    #: Last year shown; the last step of the CBAM factor in force where absent.
    last_year: int | None = Field(default=None, ge=2026, le=2045)
    #: CNY per EUR that the user enters, with its day and source.
    fx_cny_per_eur: float | None = Field(default=None, ge=0.01, le=1e6)
    fx_on: dt.date | None = None
    fx_source: str | None = Field(default=None, max_length=300)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the figures are worked out with."""

    laws: tuple[LawView, ...]
    years: tuple[int, ...]
    prices: tuple[PriceLine, ...]
    paths: Paths
    chosen: str
    rates: Mapping[str, FxRate]
    findings: tuple[Finding, ...]

    def eur(self, money: Money | None) -> float | None:
        """Return an amount in EUR; ``UnknownCurrency`` without a rate."""
        return None if money is None else in_euro(money.amount, money.currency, self.rates)


def setting_of(asked: Ahead, library: Library, today: dt.date, year: int | None = None) -> Setting:
    """
    Return laws, years, prices and rates of a question; the years reach ``year`` at least.

    Raises
    ------
    UnknownPath, UnknownScenario
        A name that does not exist.
    PriceNotInEuro, MissingInput
        An own price in another currency, or without a figure.
    """
    book = library.book()
    paths = with_own(library.paths, asked.own_price)
    chosen = asked.price_path if asked.own_price is None else "user"
    path_named(paths, chosen)
    steps = years_of(book)
    years = range(steps[0], max(asked.last_year or steps[-1], year or 0) + 1)
    names = drafts_of(library) if asked.drafts is None else asked.drafts
    laws = [LawView(IN_FORCE, Text("现行法规", "law in force"), book)]
    for name in dict.fromkeys(names):
        laws.append(LawView(name, short_name(library, name), library.book([name])))
    rates, findings = _rates(asked, library, today)
    return Setting(
        laws=tuple(laws),
        years=tuple(years),
        prices=price_lines(paths, library.grid, book, years),
        paths=paths,
        chosen=chosen,
        rates=rates,
        findings=findings,
    )


def drafts_of(library: Library) -> tuple[str, ...]:
    """Return the names of every draft there is."""
    return tuple(name for name, scenario in library.scenarios.items() if scenario.kind == "draft")


def short_name(library: Library, name: str) -> Text:
    """Return what a scenario is called before the colon of its label; its name where it is not known."""
    found = library.scenarios.get(name)
    return Text(found.label.zh.partition("：")[0], found.label.en.partition(":")[0]) if found else Text(name, name)


def with_own(paths: Paths, own: OwnPrice | None) -> Paths:
    """Return the named paths and the user's own as ``user``; refused in another currency or without a figure."""
    if own is None:
        return paths
    if own.currency != "EUR":
        raise PriceNotInEuro(field="own_price.currency", currency=own.currency)
    points = dict(own.by_year) if own.by_year else {2026: own.per_t} if own.per_t is not None else {}
    if not points:
        raise MissingInput(
            name_zh="自填证书价格",
            name_en="own certificate price",
            what_zh="费用",
            what_en="the cost",
            field="own_price.per_t",
        )
    user = PricePath(
        zh="用户自定价格", en="price entered by the user", kind="user", points=points, after_last="hold",
        source="user", confidence="inferred",
    )  # fmt: skip
    return {**paths, "user": user}


def _rates(asked: Ahead, library: Library, today: dt.date) -> tuple[dict[str, FxRate], tuple[Finding, ...]]:
    """Return units per EUR of each currency there is a rate for today; what is refused of CNY is told."""
    rates: dict[str, FxRate] = {}
    told: list[Finding] = []
    for currency in library.fx.months:
        try:
            rates[currency] = library.fx.rate(currency, today)
        except YuetanError as refusal:
            if currency == "CNY":
                told.append(Finding.of(refusal, severity="warning"))
    if asked.fx_cny_per_eur is not None:
        rates["CNY"] = user_rate("CNY", asked.fx_cny_per_eur, asked.fx_on or today, asked.fx_source or "-")
        told = []
    return rates, tuple(told)


Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Worked(Generic[Found]):
    """An answer, and what it was worked out with."""

    setting: Setting
    found: Found


class ProjectionAsk(Ahead):
    """Goods through every year ahead."""

    goods: tuple[YearlyGood, ...] = Field(min_length=1, max_length=200)
    basis: Basis = Basis.DEFAULT


def projected(asked: ProjectionAsk, library: Library, today: dt.date) -> Worked[Outlook]:
    """Carry goods through years, laws and prices; a good that is refused keeps its place."""
    here = setting_of(asked, library, today)
    return Worked(here, outlook(asked.goods, asked.basis, here.laws, here.years, here.prices, here.chosen))


class ValuedGood(YearlyGood):
    """A good, and what verifying its data costs a year."""

    verification: Money | None = None


class ValueAsk(Ahead):
    """Goods whose data might be verified."""

    goods: tuple[ValuedGood, ...] = Field(min_length=1, max_length=200)


Values: TypeAlias = tuple[ValueOfData | YuetanError, ...]


def valued(asked: ValueAsk, library: Library, today: dt.date) -> Worked[Values]:
    """Say for each good what verified data are worth; ``UnknownCurrency`` for a cost in a currency without a rate."""
    here = setting_of(asked, library, today)
    return Worked(here, values_in(here, asked.goods))


def values_in(here: Setting, goods: Sequence[ValuedGood]) -> Values:
    """Return what data are worth, good by good; ``UnknownCurrency`` as ``valued``."""
    costs = [here.eur(good.verification) for good in goods]
    made = value_of_data(goods, costs, here.laws, here.years, here.prices, here.chosen)
    return tuple(map(partial(_with_rate, here), goods, made))


def _with_rate(here: Setting, good: ValuedGood, made: ValueOfData | YuetanError) -> ValueOfData | YuetanError:
    """Name the rate that the cost of verifying was converted at among what the value rests on."""
    rate = here.rates.get(good.verification.currency) if good.verification else None
    if rate is None or not isinstance(made, ValueOfData):
        return made
    return replace(made, reads=(*made.reads, rate.read()))


class BreakdownAsk(Input):
    """An installation's processes in a year, the one that makes the good, and a price."""

    year: int = Field(ge=2026, le=2060, examples=[2026])
    processes: tuple[Process, ...] = Field(min_length=1, max_length=2000)
    process: str = Field(min_length=1, max_length=100)
    tonnes_per_year: MassT
    price_path: str = Field(default="flat", pattern=_NAME)
    own_price: OwnPrice | None = None
    draft: str | None = Field(default=None, pattern=_NAME)


def broken_down(asked: BreakdownAsk, library: Library) -> Breakdown:
    """Take the cost of a good apart; raises as ``cbam.chain.resolve`` and where the path has no price of that year."""
    book = library.book([asked.draft] if asked.draft else [])
    price = price_in(with_own(library.paths, asked.own_price), asked.price_path, asked.own_price, book, asked.year)
    made = resolve(asked.processes, book.at(dt.date(asked.year, 12, 31)))
    return breakdown(made, asked.process, asked.tonnes_per_year, price)


def price_in(paths: Paths, chosen: str, own: OwnPrice | None, book: LawBook, year: int) -> CertificatePrice:
    """Return the price of a path in a year, or the user's own."""
    name = chosen if own is None else "user"
    return path_price(path_named(paths, name), name, book, dt.date(year, 12, 31))


class BreakEvenAsk(Ahead):
    """One good, and a cost per tonne that its emissions are asked for."""

    good: YearlyGood
    stated_eur_per_t: NonNegative | None = Field(default=None, examples=[40.0])


def evened(asked: BreakEvenAsk, library: Library, today: dt.date) -> BreakEven:
    """Return the break-even emissions of a good; raises where even its default basis is refused."""
    here = setting_of(asked, library, today)
    return break_even(*both_bases(asked.good, here), stated_eur_per_t=asked.stated_eur_per_t)


def both_bases(good: YearlyGood, here: Setting) -> tuple[Outlook, Outlook]:
    """Return a good on default values and on its own; raises where even the default basis is refused."""
    default, own = (
        outlook([good], basis, here.laws, here.years, here.prices, here.chosen)
        for basis in (Basis.DEFAULT, Basis.ACTUAL)
    )
    if default.refused:
        raise default.refused[0]
    return default, own


class SplitAsk(Ahead):
    """One good, a year of delivery, a basis and what the contract says."""

    good: YearlyGood
    year: int = Field(ge=2026, le=2045, examples=[2027])
    basis: Basis = Basis.DEFAULT
    deal: Deal


def shared(asked: SplitAsk, library: Library, today: dt.date) -> Split:
    """Split the cost of a year; raises what refuses the good on the chosen basis, the share or the currency."""
    checked_share(asked.deal.exporter_share)
    here = setting_of(asked, library, today, asked.year)
    seen = outlook([asked.good], asked.basis, here.laws, here.years, here.prices, here.chosen)
    if seen.refused:
        raise seen.refused[0]
    return split_of(seen, asked.year, asked.deal, here)


def split_of(seen: Outlook, year: int, deal: Deal, here: Setting) -> Split:
    """
    Split the cost of the first good in a year under the law in force, with the quarters of that year.

    Raises ``PathTooShort`` where the chosen path does not reach the year.
    """
    at = seen.years.index(year)
    cost, due = known(seen.cost_eur[0, 0, seen.at_chosen, at]), float(seen.due_tco2e_per_t[0, 0, at])
    if cost is None:
        raise PathTooShort(field="price_path", path=seen.chosen, year=year)
    terms, reads = quarter_terms(here.laws[0].book, here.paths, {year: due}, deal.exporter_share)
    return split(
        year=year,
        deal=deal,
        tonnes=seen.goods[0].tonnes_per_year,
        cost_cents=round(cost * 100.0),
        cost_eur_per_t=due * float(seen.prices[seen.at_chosen].eur_per_t[at]),
        rates=here.rates,
        quarters=terms,
        reads=(*seen.reads[0], *reads),
    )


class ColumnLength(YuetanError):
    code = "input.column_length"
    message = Text(
        "列“{column}”有 {found} 个值，而 exporter 有 {rows} 个。",
        "Column '{column}' has {found} values, exporter has {rows}.",
    )
    hint = Text(
        "每一列的长度应相同；未知的值写 null。", "All columns are of one length; write null for what is not known."
    )


MOST_LINES = 100_000


class SectorTable(Input):
    """
    Lines of many exporters in columns of equal length; the last three may be absent.

    A line with own SEE or SEFA is on the actual basis and needs both and the
    year they are of; every other line is on default values.
    """

    exporter: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        min_length=1, max_length=MOST_LINES
    )
    cn_code: tuple[Annotated[str, Field(max_length=20)], ...]
    origin: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z]{2,3})?$")], ...]
    tonnes_per_year: tuple[float | None, ...]
    see_tco2e_per_t: tuple[TCO2ePerT | None, ...] = ()
    sefa_tco2e_per_t: tuple[TCO2ePerT | None, ...] = ()
    data_year: tuple[Annotated[int, Field(ge=2026, le=2060)] | None, ...] = ()

    def frame(self) -> pd.DataFrame:
        """Return the columns as a table; ``ColumnLength`` where they are not of one length."""
        n = len(self.exporter)
        made = pd.DataFrame({"exporter": list(self.exporter)})
        for name in ("cn_code", "origin", "tonnes_per_year", "see_tco2e_per_t", "sefa_tco2e_per_t", "data_year"):
            column = getattr(self, name)
            if len(column) != n and (column or name in ("cn_code", "origin", "tonnes_per_year")):
                raise ColumnLength(field=name, column=name, found=len(column), rows=n)
            made[name] = list(column) if name in ("cn_code", "origin") else np.array(column or [None] * n, np.float64)
        return made.assign(actual=made["see_tco2e_per_t"].notna() | made["sefa_tco2e_per_t"].notna())


class SectorAsk(Ahead):
    """A sector's lines, what to sum by, and which year ranks them."""

    lines: SectorTable
    by: By = "exporter"
    #: The year that ranks; all years together where absent.
    year: int | None = Field(default=None, ge=2026, le=2045)
    top: int = Field(default=50, ge=1, le=1000)


def of_sector(asked: SectorAsk, library: Library, today: dt.date) -> Worked[Sector]:
    """Sum and rank a sector's cost; lines that are refused are counted by reason and left out."""
    here = setting_of(asked, library, today, asked.year)
    lines = SectorLines.of(asked.lines.frame(), asked.by)
    made = sector(lines, asked.by, here.laws, here.years, here.prices, here.chosen, asked.year, asked.top)
    return Worked(here, made)
