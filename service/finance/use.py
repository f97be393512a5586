"""A loan book, or one borrower's loans, under carbon prices: today's prices, the grid, the scenarios, each with its grounds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field

from cbam.prices import official_price
from finance.financed import Basis, Financed, financed_emissions, load_quality
from finance.handed_on import BesideAssumed, beside_assumed
from finance.loan_book import BorrowerRow, LoanBook, LoanRow, columns_of, loan_book
from finance.pd_model import PdModel
from finance.portfolio import Outcome, shocked
from finance.scenario import NoPricePoint, Scenario, Today, grid_shocks, load_stress_grid, shock_of
from finance.stress import Shock
from models.allowance import reference_price
from models.errors import MissingInput, Text, YuetanError
from models.findings import Finding
from models.inputs import Input, NonNegative, Positive
from models.market import Market
from models.passthrough.handed_on import HandedOn
from service.library import Library

MOST_ROWS = 20_000
PLAIN = (
    Text(
        "情景价格是假设；影子价格不是预测。压力结果与绿色评分分开，互不改变。",
        "Scenario prices are assumptions; a shadow price is no forecast. Stress and green score stand apart and do not move one another.",
    ),
    Text(
        "假设：吨数维持现状（不减排）；损失逐年发生，传导后余额全部减少 EBITDA；违约概率从本行 PD 出发。",
        "Assumed: tonnes stay as today (no abatement), what is not handed on lowers EBITDA in full, the PD starts at the bank's own.",
    ),
)


#: Name, label and kind of a case, and its shock.
NamedShock: TypeAlias = tuple[str, Text, str, Shock]


class OneBorrower(YuetanError):
    code = "finance.one_borrower"
    message = Text("这里只计算一个借款人，收到 {count} 个。", "One borrower is computed here; there are {count}.")
    hint = Text("多个借款人请用贷款组合（portfolio）。", "Use the portfolio for several.")


class EstimateOfNobody(YuetanError):
    code = "finance.estimate_of_nobody"
    message = Text(
        "估计所属的借款人“{borrower}”不在借款人表中。",
        "The estimate is of '{borrower}', who is no borrower of the book.",
    )
    hint = Text("请更正名称。", "Correct the name.")


class TodayAsk(Input):
    """Today's prices: the user's own, or the market's reference price of ``instrument`` and the official certificate price."""

    instrument: Literal["GDEA", "CEA", "SZA"] | None = None
    home_cny_per_t: NonNegative | None = None
    eu_eur_per_t: NonNegative | None = None
    cny_per_eur: Positive | None = None


class BorrowerEstimate(Input):
    """A borrower's estimated pass-through, against paid cost: set beside the bank's own, never in its place."""

    borrower: str = Field(min_length=1, max_length=200)
    estimate: HandedOn


class Question(Input):
    """
    What is asked of a book, whether its rows come with the question or in files. Money is in CNY.

    ``model`` has no default: without one there are accounts and financed
    emissions, and no expected loss. ``rating_bounds`` are the upper PD bounds of
    the bank's own ratings. ``on`` is the day of the question.
    """

    name: str = Field(default="", max_length=200)
    on: dt.date | None = Field(default=None, ge=dt.date(2013, 1, 1), le=dt.date(2060, 12, 31))
    total: NonNegative | None = None
    today: TodayAsk = TodayAsk()
    scenarios: tuple[Scenario, ...] = Field(default=(), max_length=10)
    model: PdModel | None = None
    rating_bounds: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(default=(), max_length=30)
    basis: Basis = "capital"


class BookAsk(Question):
    """A question with its loans and borrowers, and what was estimated of some of them."""

    loans: tuple[LoanRow, ...] = Field(min_length=1, max_length=MOST_ROWS)
    borrowers: tuple[BorrowerRow, ...] = Field(min_length=1, max_length=MOST_ROWS)
    estimates: tuple[BorrowerEstimate, ...] = Field(default=(), max_length=MOST_ROWS)


@dataclass(frozen=True, slots=True)
class Case:
    """The book under one shock: with the borrowers' own pass-through, and under the conservative convention beside it."""

    name: str
    label: Text
    kind: str
    shock: Shock
    own: Outcome
    conservative: Outcome


@dataclass(frozen=True, slots=True)
class Financing:
    """Everything that is shown of a book; ``main`` is the place of the case that is told in full."""

    asked: BookAsk
    on: dt.date
    book: LoanBook
    financed: Financed
    today: Today
    prices: tuple[Text, ...]
    cases: tuple[Case, ...]
    main: int
    beside: tuple[BesideAssumed, ...]
    findings: tuple[Finding, ...]

    @property
    def case(self) -> Case:
        """The case that is told in full."""
        return self.cases[self.main]

    @property
    def single(self) -> bool:
        """Whether it is one borrower's."""
        return len(self.asked.borrowers) == 1


def stressed_borrower(asked: BookAsk, library: Library, market: Market, today: dt.date) -> Financing:
    """
    Return one borrower's loans under carbon prices.

    Raises
    ------
    OneBorrower
        There are several.
    """
    if len(asked.borrowers) != 1:
        raise OneBorrower(field="borrowers", count=len(asked.borrowers))
    return financing(asked, library, market, today)


def financing(asked: BookAsk, library: Library, market: Market, today: dt.date) -> Financing:
    """
    Return a loan book under carbon prices.

    Raises
    ------
    MissingInput
        Neither a price of today nor a market to take it from is stated, or
        borrowers export CBAM goods and no certificate price is known.
    YuetanError
        As ``loan_book``, ``reference_price`` and ``shocked`` say.
    """
    on, findings = asked.on or today, list[Finding]()
    book = loan_book(
        columns_of(asked.loans, LoanRow),
        columns_of(asked.borrowers, BorrowerRow),
        load_quality(library.data),
        total=asked.total,
    )
    findings += book.findings
    prices, told = today_of(asked.today, library, market, on)
    checked = book.borrowers.checked()
    cases = []
    shocks, main = shocks_of(asked.scenarios, _markets(book, checked.counts), prices, library, on, findings)
    for name, label, kind, shock in shocks:
        own, hard = (shocked(book, one, asked.model, checked) for one in (shock, shock.conservative()))
        cases.append(Case(name, label, kind, shock, own, hard))
    return Financing(
        asked=asked,
        on=on,
        book=book,
        financed=financed_emissions(book.loans, asked.basis, book.sieve()),
        today=prices,
        prices=tuple(told),
        cases=tuple(cases),
        main=main,
        beside=_beside(asked, book, cases[main], findings),
        findings=tuple(findings),
    )


def shocks_of(
    scenarios: Sequence[Scenario],
    markets: Sequence[str],
    prices: Today,
    library: Library,
    on: dt.date,
    findings: list[Finding],
) -> tuple[list[NamedShock], int]:
    """Return the grid and then a shock for each year of the scenarios, and the place of the case that is told in full."""
    grid = load_stress_grid(library.data)
    made: list[NamedShock] = [
        (f"grid{move:+.0%}", Text(f"敏感性 {move:+.0%}", f"sensitivity {move:+.0%}"), "sensitivity", shock)
        for move, shock in grid_shocks(grid, prices)
    ]
    made += _scenario_shocks(scenarios, markets, prices, on, findings)
    return made, len(grid.moves) if len(made) > len(grid.moves) else grid.moves.index(max(grid.moves))


def _beside(asked: BookAsk, book: LoanBook, case: Case, findings: list[Finding]) -> tuple[BesideAssumed, ...]:
    """Return the estimates beside what is assumed, in the case told in full; one of nobody in the book is told."""
    places = {str(name): at for at, name in enumerate(book.names)}
    made = []
    for i, one in enumerate(asked.estimates):
        at = places.get(one.borrower)
        try:
            if at is None:
                raise EstimateOfNobody(field=f"estimates.{i}", borrower=one.borrower)
            made.append(beside_assumed(case.own.stressed, at, one.borrower, one.estimate))
        except YuetanError as refusal:
            findings.append(Finding.of(refusal, severity="warning", field=f"estimates.{i}"))
    return tuple(made)


def _markets(book: LoanBook, counts: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[str]:
    """Return the markets whose prices matter to the borrowers."""
    b = book.borrowers
    home = counts & ((b.emissions_t > 0) | (b.upstream_t > 0) | (b.held_t > 0) | (b.free_t > 0))
    return [name for name, rows in (("home", home), ("eu", counts & (b.cbam_t > 0))) if rows.any()]


def today_of(asked: TodayAsk, library: Library, market: Market, on: dt.date) -> tuple[Today, list[Text]]:
    """Return today's prices and where each comes from; a certificate price or rate that is not known stays unknown."""
    told: list[Text] = []
    home = asked.home_cny_per_t
    if home is not None:
        told.append(Text(f"国内碳价 {home:g} 元/t：使用者填报", f"home price {home:g} CNY/t: the user's"))
    elif asked.instrument is not None:
        found = reference_price(market.of(asked.instrument), on, market.policy)
        home = found.value
        told.append(
            Text(
                f"国内碳价 {home:g} 元/t：{asked.instrument} 参考价 [{found.source}]",
                f"home price {home:g} CNY/t: reference price of {asked.instrument} [{found.source}]",
            )
        )
    else:
        raise MissingInput(
            field="today.home_cny_per_t",
            name_zh="当前国内碳价，或所属市场",
            name_en="today's home price, or the market",
            what_zh="价格冲击",
            what_en="the price shock",
        )
    eu = asked.eu_eur_per_t
    if eu is not None:
        told.append(Text(f"CBAM 证书价 {eu:g} 欧元/t：使用者填报", f"certificate price {eu:g} EUR/t: the user's"))
    elif (official := official_price(library.book().at(on))) is not None:
        eu = official.eur_per_t
        told.append(
            Text(
                f"CBAM 证书价 {eu:g} 欧元/t：{official.label.zh}",
                f"certificate price {eu:g} EUR/t: {official.label.en}",
            )
        )
    rate = asked.cny_per_eur
    if rate is None and eu is not None:
        try:
            fx = library.fx.rate("CNY", on)
        except YuetanError:
            return Today(home, eu, None), told
        rate = fx.value
        told.append(
            Text(f"欧元汇率 {rate:g}（{fx.period}，{fx.source}）", f"{rate:g} CNY per EUR ({fx.period}, {fx.source})")
        )
    elif rate is not None:
        told.append(Text(f"欧元汇率 {rate:g}：使用者填报", f"{rate:g} CNY per EUR: the user's"))
    return Today(home, eu, rate), told


def _scenario_shocks(
    scenarios: Sequence[Scenario], markets: Sequence[str], prices: Today, on: dt.date, findings: list[Finding]
) -> list[NamedShock]:
    """Return a shock for each year that a scenario speaks of in every market that matters; other years are told."""
    made: list[NamedShock] = []
    for i, scenario in enumerate(scenarios):
        years = [year for year in sorted({*scenario.home_cny_per_t, *scenario.eu_eur_per_t}) if year >= on.year]
        if not years:
            ahead = NoPricePoint(
                field=f"scenarios.{i}", scenario=scenario.id, year=f"≥ {on.year}", what_zh="价格", what_en="price"
            )
            findings.append(Finding.of(ahead, severity="warning"))
        for year in years:
            try:
                shock = shock_of(scenario, year, prices, markets)
            except YuetanError as refusal:
                findings.append(Finding.of(refusal, severity="warning", field=f"scenarios.{i}"))
                continue
            of = scenario.text
            label = Text(f"{of.zh} {year} 年", f"{of.en}, {year}")
            made.append((f"{scenario.id}.{year}", label, scenario.kind, shock))
    return made
