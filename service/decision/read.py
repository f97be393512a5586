"""How the decisions are answered over HTTP: money as decimal strings, every cell of law, price and year on its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from pydantic import BaseModel, Field

from cbam.break_even import BreakEven
from cbam.price_lines import PriceLine, known
from cbam.scenarios import LawView, Outlook
from cbam.value_of_data import ValueOfData
from cbam.whatif import Sector
from models.errors import Text, YuetanError
from models.findings import Finding
from models.fx import FxRate
from models.law import Read
from models.units import FloatArray
from service.schemas import FindingRead, ReadRead, RowRead, TextRead, read_of, rows_of
from service.store import exact


class LawRead(BaseModel):
    """The law in force, or a draft laid over it."""

    name: str = Field(examples=["in_force"])
    label: TextRead


class PriceRead(BaseModel):
    """A named path, or a point of the sensitivity grid, year by year; null where a path does not reach."""

    name: str = Field(examples=["flat"])
    label: TextRead
    grid: bool = Field(description="A point of the sensitivity grid: an assumption, no forecast")
    status: str = Field(examples=["scenario"])
    eur_per_t: list[float | None]
    assumed: list[bool] = Field(description="Held beyond the last point of the path")


class FxRead(BaseModel):
    """The rate to convert amounts with: CNY per EUR, of which period and from where."""

    cny_per_eur: float
    period: str
    source: str


class CostCell(BaseModel):
    """Cost under one law, at one price, in one year; null where the path does not reach."""

    law: str
    price: str
    year: int
    cost_eur: Decimal | None


class IntensityCell(BaseModel):
    """SEE and SEFA of a good under one law in one year; ``assumed`` names what is no settled law."""

    law: str
    year: int
    see_tco2e_per_t: float | None
    sefa_tco2e_per_t: float | None
    certificates: float | None
    assumed: list[str]


class GoodRead(BaseModel):
    """One good through the years, or the reason it is refused."""

    name: str
    cn_code: str
    refused: FindingRead | None
    intensities: list[IntensityCell]
    costs: list[CostCell]


class ProjectionRead(BaseModel):
    """Goods through every year, law and price."""

    key: str
    basis: str
    price_path: str
    years: list[int]
    laws: list[LawRead]
    prices: list[PriceRead]
    goods: list[GoodRead]
    totals: list[CostCell]
    fx: FxRead | None
    rows: list[RowRead]
    reads: list[ReadRead]


class ValueCell(BaseModel):
    """Default against own values under one law, at one price, in one year; null where it is not known."""

    law: str
    price: str
    year: int
    default_eur: Decimal | None
    own_eur: Decimal | None
    most_eur_per_t: float | None
    gain_eur_per_t: float | None
    gain_eur: Decimal | None
    net_eur: Decimal | None
    tonnes_to_pay: float | None
    assumed: list[str]


class ValuedRead(BaseModel):
    """What verified data of one good are worth, or the reason it is refused."""

    key: str | None = Field(description="Provenance key; null where the good is refused")
    name: str
    cn_code: str
    refused: FindingRead | None
    verification_eur: Decimal | None
    asks: list[FindingRead] = Field(description="What is missing to say more")
    cells: list[ValueCell]
    rows: list[RowRead]
    reads: list[ReadRead]


class ValueRead(BaseModel):
    """Goods whose data might be verified."""

    price_path: str
    laws: list[LawRead]
    prices: list[PriceRead]
    fx: FxRead | None
    findings: list[FindingRead]
    goods: list[ValuedRead]


class BreakEvenCell(BaseModel):
    """Break-even emissions under one law in one year, tCO2e per t; ``*_net`` is SEE - SEFA and needs no SEFA."""

    law: str
    year: int
    own_see: float | None
    sefa: float | None
    zero: float | None
    as_default: float | None
    as_default_net: float | None
    stated: float | None
    stated_net: float | None
    assumed: list[str]


class BreakEvenRead(BaseModel):
    """The emissions at which a good costs nothing, what the default costs, or a stated amount."""

    key: str
    price: PriceRead
    asks: list[FindingRead]
    cells: list[BreakEvenCell]
    rows: list[RowRead]
    reads: list[ReadRead]


def finding_of(error: YuetanError, severity: str = "error") -> FindingRead:
    """Return a refusal as the API shows it."""
    return FindingRead.model_validate({**Finding.of(error).to_dict(), "severity": severity})


def laws_of(laws: Sequence[LawView]) -> list[LawRead]:
    return [LawRead(name=law.name, label=said(law.label)) for law in laws]


def prices_of(prices: Sequence[PriceLine]) -> list[PriceRead]:
    return [_price(line) for line in prices]


def fx_of(rates: Mapping[str, FxRate]) -> FxRead | None:
    rate = rates.get("CNY")
    return FxRead(cny_per_eur=rate.value, period=rate.period, source=rate.source) if rate else None


def projection_of(seen: Outlook, rates: Mapping[str, FxRate]) -> ProjectionRead:
    provenance = seen.provenance
    return ProjectionRead(
        key=provenance.key,
        basis=str(seen.basis),
        price_path=seen.chosen,
        years=list(seen.years),
        laws=laws_of(seen.laws),
        prices=prices_of(seen.prices),
        goods=[_good(seen, g) for g in range(len(seen.goods))],
        totals=costs(seen, seen.total_eur),
        fx=fx_of(rates),
        rows=rows_of(seen),
        reads=read_all(provenance.reads),
    )


def _good(seen: Outlook, g: int) -> GoodRead:
    good, refused = seen.goods[g], seen.refused.get(g)
    return GoodRead(
        name=good.name,
        cn_code=good.cn_code,
        refused=finding_of(refused) if refused else None,
        intensities=[
            IntensityCell(
                law=law.name,
                year=year,
                see_tco2e_per_t=known(seen.see_tco2e_per_t[g, i, j]),
                sefa_tco2e_per_t=known(seen.sefa_tco2e_per_t[g, i, j]),
                certificates=known(seen.certificates[g, i, j]),
                assumed=list(seen.held[g][i][j]),
            )
            for i, law in enumerate(seen.laws)
            for j, year in enumerate(seen.years)
        ]
        if not refused
        else [],
        costs=costs(seen, seen.cost_eur[g]) if not refused else [],
    )


def costs(seen: Outlook | Sector, eur: FloatArray) -> list[CostCell]:
    return [
        CostCell(law=law.name, price=line.name, year=year, cost_eur=exact(known(eur[i, p, j]), 2))
        for i, law in enumerate(seen.laws)
        for p, line in enumerate(seen.prices)
        for j, year in enumerate(seen.years)
    ]


def valued_of(name: str, cn_code: str, made: ValueOfData | YuetanError) -> ValuedRead:
    if not isinstance(made, ValueOfData):
        return ValuedRead(
            key=None, name=name, cn_code=cn_code, refused=finding_of(made), verification_eur=None, asks=[], cells=[],
            rows=[], reads=[],
        )  # fmt: skip
    cells = []
    for i, law in enumerate(made.laws):
        for p, line in enumerate(made.prices):
            for j, year in enumerate(made.years):
                at = (i, p, j)
                cells.append(
                    ValueCell(
                        law=law.name,
                        price=line.name,
                        year=year,
                        default_eur=exact(figure(made.default_eur, at), 2),
                        own_eur=exact(figure(made.own_eur, at), 2),
                        most_eur_per_t=figure(made.most_eur_per_t, at),
                        gain_eur_per_t=figure(made.gain_eur_per_t, at),
                        gain_eur=exact(figure(made.gain_eur, at), 2),
                        net_eur=exact(figure(made.net_eur, at), 2),
                        tonnes_to_pay=figure(made.tonnes_to_pay, at),
                        assumed=list(made.assumed(i, p, j)),
                    )
                )
    return ValuedRead(
        key=made.provenance.key,
        name=name,
        cn_code=cn_code,
        refused=None,
        verification_eur=exact(made.verification_eur, 2),
        asks=[finding_of(ask, "question") for ask in made.asks],
        cells=cells,
        rows=rows_of(made),
        reads=read_all(made.reads),
    )


def break_even_of(made: BreakEven) -> BreakEvenRead:
    by_name = {
        "own_see": made.own_see,
        "sefa": made.sefa,
        "zero": made.see(0.0 * made.default_due),
        "as_default": made.see(made.default_due),
        "as_default_net": made.default_due,
        "stated": made.see(made.stated_due),
        "stated_net": made.stated_due,
    }
    return BreakEvenRead(
        key=made.provenance.key,
        price=_price(made.price),
        asks=[finding_of(ask, "question") for ask in made.asks],
        cells=[
            BreakEvenCell(
                law=law.name,
                year=year,
                assumed=list(made.held[i][j]),
                **{name: figure(values, (i, j)) for name, values in by_name.items()},
            )
            for i, law in enumerate(made.laws)
            for j, year in enumerate(made.years)
        ],
        rows=rows_of(made),
        reads=read_all(made.reads),
    )


def _price(line: PriceLine) -> PriceRead:
    return PriceRead(
        name=line.name,
        label=said(line.label),
        grid=line.grid,
        status=line.status,
        eur_per_t=[known(price) for price in line.eur_per_t],
        assumed=list(line.assumed),
    )


def figure(values: FloatArray | None, at: tuple[int, ...]) -> float | None:
    return None if values is None else known(values[at])


def said(text: Text) -> TextRead:
    return TextRead(**text._asdict())


def read_all(reads: Iterable[Read]) -> list[ReadRead]:
    return [read_of(read) for read in reads]
