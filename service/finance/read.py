"""What the API and the terminal say of a borrower or a book."""

from __future__ import annotations

import datetime as dt
import math

from pydantic import BaseModel, Field

from finance.financed import METHOD as FINANCED
from finance.portfolio import METHOD, Concentration, concentration, heat_map, migration, top_movers
from finance.refused import LeftOut
from service.finance.use import PLAIN, Case, Financing
from service.schemas import FindingRead, RowRead, TextRead, rows_of


class CaseRead(BaseModel):
    """The book under one shock."""

    name: str = Field(examples=["grid+100%"])
    label: TextRead
    kind: str = Field(description="forecast, shadow_price, sensitivity or assumption; a shadow price is no forecast")
    home_cny_per_t: float
    eu_cny_per_t: float | None
    delta: float = Field(description="Cut of the free allocation")
    rows: list[RowRead] = Field(description="With the borrowers' own pass-through")
    conservative: list[RowRead] = Field(description="No pass-through, the whole CBAM cost borne")
    accounts: list[RowRead] = Field(description="The borrower's accounts step by step; empty for a book")


class LeftOutRead(BaseModel):
    """How many loans, and how much money, one reason leaves out."""

    code: str
    field: str | None
    text: TextRead
    hint: TextRead
    rows: int
    amount: float


class ShareRead(BaseModel):
    """One name's part of the book; an empty name is "not stated"."""

    name: str
    loans: int
    outstanding: float
    share: float
    financed12_t: float | None
    change_bp: float | None


class ConcentrationRead(BaseModel):
    """How the money spreads by one key."""

    by: str
    hhi: float = Field(description="Sum of squared shares")
    parts: list[ShareRead]


class HeatRead(BaseModel):
    """Change of expected loss by sector and city, basis points of EAD; null where nothing is lent."""

    sectors: list[str]
    cities: list[str]
    ead: list[list[float]]
    change_bp: list[list[float | None]]


class MoverRead(BaseModel):
    """A loan whose expected loss moves most."""

    loan: str
    borrower: str
    pd0: float
    pd1: float
    change: float


class LoanRead(BaseModel):
    """One loan; null where it has no figure, and ``left_out`` says why."""

    loan: str
    borrower: str | None
    attribution: float | None
    financed12_t: float | None
    financed3_t: float | None
    pd0: float | None
    pd1: float | None
    expected_change: float | None
    left_out: list[str]


class BesideRead(BaseModel):
    """A borrower's loss at the estimated pass-through beside the one assumed."""

    borrower: str
    rows: list[RowRead]


class FinancingRead(BaseModel):
    """Financed emissions and stress of a book."""

    methods: list[str]
    name: str
    on: dt.date
    prices: list[TextRead]
    statements: list[TextRead]
    financed: list[RowRead]
    estimated: list[BesideRead] = Field(description="In the case told in full; empty without estimates")
    cases: list[CaseRead]
    main: str = Field(description="The case that concentration, map, movers and loans are of")
    concentration: list[ConcentrationRead]
    heat: HeatRead
    migration: list[list[float]] | None = Field(
        description="EAD by rating before and after; null without rating_bounds"
    )
    movers: list[MoverRead]
    loans: list[LoanRead]
    left_out_of_financed: list[LeftOutRead]
    left_out_of_stress: list[LeftOutRead]
    findings: list[FindingRead]


def financing_read(found: Financing) -> FinancingRead:
    """Return a book as the API shows it."""
    book, case = found.book, found.case
    financed, own = found.financed, case.own
    heat, bounds = heat_map(own), found.asked.rating_bounds
    money = book.loans.outstanding
    return FinancingRead(
        methods=[FINANCED, METHOD],
        name=found.asked.name,
        on=found.on,
        prices=[TextRead(**text._asdict()) for text in found.prices],
        statements=[TextRead(**text._asdict()) for text in PLAIN],
        financed=rows_of(financed),
        estimated=[BesideRead(borrower=one.borrower, rows=rows_of(one)) for one in found.beside],
        cases=[_case(one, found.single) for one in found.cases],
        main=case.name,
        concentration=[_spread(concentration(book, by, financed, own)) for by in ("sector", "city", "borrower")],
        heat=HeatRead(
            sectors=list(heat.sectors),
            cities=list(heat.cities),
            ead=heat.ead.tolist(),
            change_bp=[[known(v) for v in line] for line in heat.change_bp],
        ),
        migration=migration(own, bounds).tolist() if bounds else None,
        movers=[
            MoverRead(loan=m.loan, borrower=m.borrower, pd0=m.pd0, pd1=m.pd1, change=m.change) for m in top_movers(own)
        ],
        loans=[_loan(found, i) for i in range(book.size)],
        left_out_of_financed=[_left(one) for one in financed.refused.told(money)],
        left_out_of_stress=[_left(one) for one in own.refused.told(money)],
        findings=[FindingRead.model_validate(finding.to_dict()) for finding in found.findings],
    )


def known(value: float) -> float | None:
    """Return a figure; ``None`` where there is none."""
    return float(value) if math.isfinite(value) else None


def _case(case: Case, single: bool) -> CaseRead:
    shock = case.shock
    return CaseRead(
        name=case.name,
        label=TextRead(**case.label._asdict()),
        kind=case.kind,
        home_cny_per_t=shock.home1,
        eu_cny_per_t=shock.eu1,
        delta=shock.delta,
        rows=rows_of(case.own),
        conservative=rows_of(case.conservative),
        accounts=[
            RowRead(
                key=r.key,
                label=TextRead(**r.label._asdict()),
                value=r.value,
                unit=r.unit,
                note=TextRead(**r.note._asdict()),
            )
            for r in case.own.stressed.rows()
        ]
        if single
        else [],
    )


def _spread(found: Concentration) -> ConcentrationRead:
    parts = [ShareRead(**{name: getattr(part, name) for name in ShareRead.model_fields}) for part in found.parts[:100]]
    return ConcentrationRead(by=found.by, hhi=found.hhi, parts=parts)


def _left(one: LeftOut) -> LeftOutRead:
    return LeftOutRead.model_validate(one.to_dict())


def _loan(found: Financing, i: int) -> LoanRead:
    book, financed, own = found.book, found.financed, found.case.own
    refused = [r.kinds[r.why[i] - 1] for r in (financed.refused, own.refused) if r.why[i]]
    codes = [f"{kind.code}:{of}" if of else kind.code for kind, of in refused]
    at = int(book.of_borrower[i])
    return LoanRead(
        loan=str(book.ids[i]),
        borrower=str(book.names[at]) if at >= 0 else None,
        attribution=known(financed.attribution[i]),
        financed12_t=known(financed.financed12_t[i]),
        financed3_t=known(financed.financed3_t[i]),
        pd0=known(book.pd[i]),
        pd1=known(own.pd1[i]),
        expected_change=known(own.expected.amount1[i] - own.expected.amount0[i]),
        left_out=list(dict.fromkeys(codes)),
    )
