"""How the parts of a cost, its split and a sector are answered over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import BaseModel, Field

from cbam.breakdown import METHOD as BREAKDOWN
from cbam.breakdown import Breakdown
from cbam.split import METHOD as SPLIT
from cbam.split import Split
from cbam.whatif import METHOD as WHATIF
from cbam.whatif import Sector
from models.fx import FxRate
from service.decision.read import CostCell, FxRead, LawRead, PriceRead, costs, fx_of, laws_of, prices_of, read_all, said
from service.schemas import ReadRead, RowRead, TextRead, rows_of


class TermRead(BaseModel):
    """One part of the cost; free allocation is negative."""

    process: str
    precursor: str
    kind: str
    label: TextRead
    weight_t_per_t: float
    tco2e_per_t: float
    eur: Decimal


class BranchRead(BaseModel):
    """The good's own process, or one direct input with everything behind it."""

    name: str
    emissions_tco2e_per_t: float
    free_tco2e_per_t: float
    eur_per_t: float


class LeverRead(BaseModel):
    """What turning one thing down does to the yearly cost, with the floor."""

    process: str
    precursor: str
    turn: str
    label: TextRead
    value: float
    unit: str
    at_stake_eur: float
    one_percent_eur: float
    tenth_eur: float


class BreakdownRead(BaseModel):
    """The cost of a good by its parts, which add up to it."""

    key: str
    method: str
    see_tco2e_per_t: float
    sefa_tco2e_per_t: float
    certificates_per_t: float
    cost_eur: Decimal
    cost_eur_per_t: float
    floored: bool
    price_eur_per_t: float
    price_label: TextRead
    terms: list[TermRead]
    branches: list[BranchRead]
    levers: list[LeverRead]
    rows: list[RowRead]
    reads: list[ReadRead]


class QuarterRead(BaseModel):
    """One quarter of import, EUR per t of goods from the lowest to the highest certificate price."""

    quarter: str
    status: str
    low_price_eur_per_t: float
    high_price_eur_per_t: float
    exporter_eur_per_t: tuple[float, float]
    importer_eur_per_t: tuple[float, float]


class SplitRead(BaseModel):
    """The cost split by a contract."""

    method: str
    year: int
    cost_eur: Decimal
    exporter_eur: Decimal
    importer_eur: Decimal
    cost_eur_per_t: float
    price_eur_per_t: float | None
    net_price_eur_per_t: float | None
    net_price_cny_per_t: float | None
    landed_eur_per_t: float | None
    fx: FxRead | None
    quarters: list[QuarterRead]
    rows: list[RowRead]
    reads: list[ReadRead]


class RankRead(BaseModel):
    """One group of the ranking."""

    group: str
    tonnes: float
    certificates: float
    cost_eur: Decimal
    share: float | None = Field(description="Of the cost of all groups; null where that is nothing")


class HeldRead(BaseModel):
    """What of a year's constants is held beyond its last day; benchmarks of that year are held as well."""

    law: str
    year: int
    assumed: list[str]


class SectorRead(BaseModel):
    """A sector's cost and who bears most of it."""

    method: str
    by: str
    price_path: str
    laws: list[LawRead]
    prices: list[PriceRead]
    lines: int
    refused: dict[str, int] = Field(description="Lines left out, by the code of their refusal")
    tonnes: float
    groups: int
    totals: list[CostCell]
    ranked_by: str = Field(description="The year that ranks, or `all`")
    ranked: list[RankRead]
    held: list[HeldRead]
    fx: FxRead | None
    reads: list[ReadRead]


def breakdown_of(made: Breakdown) -> BreakdownRead:
    price = made.price
    return BreakdownRead(
        key=made.provenance.key,
        method=BREAKDOWN,
        see_tco2e_per_t=made.of.see_tco2e_per_t,
        sefa_tco2e_per_t=made.of.sefa_tco2e_per_t,
        certificates_per_t=made.certificates_per_t,
        cost_eur=euros(sum(made.cents)),
        cost_eur_per_t=made.cost_eur_per_t,
        floored=made.floored,
        price_eur_per_t=price.eur_per_t,
        price_label=said(price.label),
        terms=[
            TermRead(
                process=term.process,
                precursor=term.precursor,
                kind=term.kind,
                label=said(term.label()),
                weight_t_per_t=term.weight_t_per_t,
                tco2e_per_t=term.tco2e_per_t,
                eur=euros(cents),
            )
            for term, cents in zip(made.terms, made.cents, strict=True)
        ],
        branches=[
            BranchRead(
                name=branch.name,
                emissions_tco2e_per_t=branch.emissions_tco2e_per_t,
                free_tco2e_per_t=branch.free_tco2e_per_t,
                eur_per_t=branch.net_tco2e_per_t * price.eur_per_t,
            )
            for branch in made.branches
        ],
        levers=[
            LeverRead(label=said(lever.label()), **{name: getattr(lever, name) for name in _LEVER})
            for lever in made.levers
        ],
        rows=rows_of(made),
        reads=read_all(made.reads),
    )


_LEVER = tuple(name for name in LeverRead.model_fields if name != "label")


def split_of(made: Split) -> SplitRead:
    fx = fx_of({"CNY": made.rate} if made.rate else {})
    rates = [one.read() for one in (made.rate, made.price_rate) if one is not None]
    return SplitRead(
        method=SPLIT,
        year=made.year,
        cost_eur=euros(made.cost_cents),
        exporter_eur=euros(made.exporter_cents),
        importer_eur=euros(made.importer_cents),
        cost_eur_per_t=made.cost_eur_per_t,
        price_eur_per_t=made.price_eur_per_t,
        net_price_eur_per_t=made.net_price_eur_per_t,
        net_price_cny_per_t=made.in_cny(made.net_price_eur_per_t),
        landed_eur_per_t=made.landed_eur_per_t,
        fx=fx,
        quarters=[
            QuarterRead(
                quarter=one.quarter,
                status=one.status,
                low_price_eur_per_t=one.low_eur_per_t,
                high_price_eur_per_t=one.high_eur_per_t,
                exporter_eur_per_t=one.exporter(),
                importer_eur_per_t=one.importer(),
            )
            for one in made.quarters
        ],
        rows=rows_of(made),
        reads=read_all(dict.fromkeys((*made.reads, *rates))),
    )


def sector_of(made: Sector, rates: Mapping[str, FxRate]) -> SectorRead:
    cents, certificates = made.rank_cents, made.certificates[:, 0, made.of_rank].sum(axis=1)
    total = int(cents.sum())
    return SectorRead(
        method=WHATIF,
        by=made.by,
        price_path=made.chosen,
        laws=laws_of(made.laws),
        prices=prices_of(made.prices),
        lines=int((made.status == 0).sum()),
        refused=made.refused,
        tonnes=float(made.tonnes.sum()),
        groups=len(made.groups),
        totals=costs(made, made.total_eur),
        ranked_by=str(made.year or "all"),
        ranked=[
            RankRead(
                group=made.groups[g],
                tonnes=float(made.tonnes[g]),
                certificates=float(certificates[g]),
                cost_eur=euros(int(cents[g])),
                share=int(cents[g]) / total if total else None,
            )
            for g in made.ranked[: made.top]
        ],
        held=[
            HeldRead(law=law.name, year=one, assumed=list(made.held[i][j]))
            for i, law in enumerate(made.laws)
            for j, one in enumerate(made.years)
            if made.held[i][j]
        ],
        fx=fx_of(rates),
        reads=read_all(made.reads),
    )


def euros(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
