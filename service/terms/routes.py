"""Collateral and terms of a loan over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from service.errors import MISSING, PROBLEMS
from service.finance.use import PLAIN
from service.provide import Caller, Law, Reading, Today
from service.schemas import RowRead, TextRead, rows_of
from service.strict import StrictRoute
from service.terms import use
from service.terms.use import CollateralAsk, Pledged, Terms, TermsAsk

router = APIRouter(prefix="/finance", tags=["finance"], route_class=StrictRoute, responses=PROBLEMS)

COLLATERAL: dict[str, Any] = {
    "instrument": "GDEA",
    "on": "2025-05-16",
    "since": "2024-05-16",
    "pledge": {
        "holdings_t": 120000.0,
        "due_t": 20000.0,
        "encumbered_t": 0.0,
        "carried_over": True,
        "maturity": "2026-05-16",
        "cycle_ends": "2025-12-31",
        "loan_cny": 2500000.0,
    },
    "policy": {"z": 2.326, "days_to_liquidate": 10.0, "ltv_cap": 0.6, "margin_call_ltv": 0.75, "max_age_days": 30},
}
TERMS: dict[str, Any] = {
    "on": "2026-11-30",
    "grade": "B",
    "base_bp": 120.0,
    "principal_cny": 30000000.0,
    "days": 90.0,
    "kpis": [
        {
            "id": "footprint",
            "metric": "铝型材碳足迹 / footprint of the profiles",
            "unit": "tCO2e/t",
            "better": "lower",
            "baseline_year": 2024,
            "baseline": 8.2,
            "target": 7.8,
            "test_on": "2026-09-30",
            "grace_days": 60,
            "value": 7.7,
            "verified_on": "2026-10-20",
            "verifier": "示例核查机构",
            "evidence": "核查声明 2026-118",
        }
    ],
}


class WatchedRead(BaseModel):
    """The pledge after one row of quotes; null where no price could be formed."""

    on: dt.date
    price: float | None
    value_cny: float | None
    haircut: float | None
    ltv: float | None
    state: str | None
    missing_cny: float
    why: TextRead


class CollateralRead(BaseModel):
    """What a pledge can carry and, where asked, its days."""

    state: str = Field(description="unknown, sound, above_cap or margin_call")
    rows: list[RowRead]
    watch_rows: list[RowRead]
    watch: list[WatchedRead]
    sources: str


class KpiStateRead(BaseModel):
    """One KPI on the day."""

    id: str
    metric: str
    state: str = Field(description="met only when verified; not verified after the days of grace counts as missed")
    step_bp: float
    test_on: dt.date
    target: float
    value: float | None
    verifier: str | None
    evidence: str | None


class TermsRead(BaseModel):
    """Margin and label; the label is a proposal for a human."""

    rows: list[RowRead]
    margin_bp: float
    adjustment_bp: float
    effect_cny: float = Field(description="Of the adjustment, over the days stated; below 0 the borrower saves")
    grade: str
    label: str | None = Field(description="green, transition, footprint_linked or plain; null without a kept score")
    label_text: TextRead | None
    reasons: list[TextRead]
    kpis: list[KpiStateRead]
    policy_hash: str
    statements: list[TextRead]


@router.post("/collateral", summary="Allowances as collateral", response_model=CollateralRead, responses=MISSING)
def collateral(
    asked: Annotated[CollateralAsk, Body(openapi_examples={"pledge": {"summary": "A pledge", "value": COLLATERAL}})],
    law: Law,
    who: Caller,
    db: Reading,
) -> CollateralRead:
    """
    Value pledged allowances: pledgeable tonnes, reference price, haircut, loan cap, and the price of the margin call.

    With `since`, the pledge after every day or week of quotes up to `on`, each with the prices known then.
    """
    return collateral_read(use.pledged(db, who, asked, law))


@router.post("/terms", summary="Label and margin of a loan", response_model=TermsRead, responses=MISSING)
def terms(
    asked: Annotated[TermsAsk, Body(openapi_examples={"linked": {"summary": "A linked loan", "value": TERMS}})],
    law: Law,
    who: Caller,
    db: Reading,
    today: Today,
) -> TermsRead:
    """Work out the margin by grade and KPIs within the policy's floor and cap, and propose a label for a kept score."""
    return terms_read(use.terms(db, who, asked, law, today))


def collateral_read(found: Pledged) -> CollateralRead:
    """Return a pledge as the API shows it."""
    return CollateralRead(
        state=found.value.state,
        rows=rows_of(found.value),
        watch_rows=rows_of(found.watch) if found.watch else [],
        watch=[
            WatchedRead(
                on=one.on,
                price=one.value.price.value if one.value else None,
                value_cny=one.value.value_cny if one.value else None,
                haircut=one.value.haircut if one.value else None,
                ltv=one.value.ltv if one.value else None,
                state=one.value.state if one.value else None,
                missing_cny=one.missing_cny,
                why=TextRead(**one.why._asdict()),
            )
            for one in (found.watch.days if found.watch else ())
        ],
        sources=found.sources,
    )


def terms_read(found: Terms) -> TermsRead:
    """Return the terms of a loan as the API shows them."""
    routing = found.routing
    return TermsRead(
        rows=rows_of(found.margin),
        margin_bp=found.margin.margin_bp,
        adjustment_bp=found.margin.adjustment_bp,
        effect_cny=found.effect_cny,
        grade=found.margin.grade,
        label=routing.label if routing else None,
        label_text=TextRead(**routing.text._asdict()) if routing else None,
        reasons=[TextRead(**one._asdict()) for one in (routing.reasons if routing else ())],
        kpis=[
            KpiStateRead(
                id=k.id, metric=k.metric, state=state, step_bp=step, test_on=k.test_on, target=k.target, value=k.value,
                verifier=k.verifier, evidence=k.evidence,
            )
            for k, state, step in found.margin.kpis
        ],
        policy_hash=found.policy_hash,
        statements=[TextRead(**PLAIN[0]._asdict())],
    )  # fmt: skip
