"""Pass-through over HTTP: derived from a structure, estimated from prices, and priced under a clause."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from models.passthrough.structure import Market, rate_range
from service.errors import PROBLEMS, TextRead
from service.passthrough.use import ClauseAsk, EstimateAsk, estimated, priced
from service.schemas import FindingRead, RowRead, rows_of
from service.strict import StrictRoute

router = APIRouter(prefix="/passthrough", tags=["passthrough"], route_class=StrictRoute, responses=PROBLEMS)

MARKET: dict[str, Any] = {
    "kind": "conduct",
    "inputs": {
        "conduct": {"low": 0.05, "high": 0.3},
        "curvature": {"low": -1.0, "high": 1.0},
        "demand_elasticity": {"low": 0.3, "high": 1.0},
        "supply_elasticity": {"low": 1.0, "high": 6.0},
    },
}
CLAUSE: dict[str, Any] = {
    "terms": {
        "index": "GDEA", "window_days": 28, "lag_days": 7, "base_price": 40.0, "deadband": 2.0, "cap": 60.0,
        "emissions_tco2_per_t": 1.9, "free_share": 0.9, "true_up": True,
    },
    "index": {
        "days": ["2025-01-05", "2025-01-12", "2025-01-19", "2025-01-26", "2025-02-02", "2025-02-09"],
        "values": [52.1, 51.4, 50.0, 49.2, None, 47.5],
    },
    "deliveries": [{"on": "2025-02-10", "quantity_t": 500.0}],
}  # fmt: skip


class DriverRead(BaseModel):
    """How much one input moves the rate."""

    name: str
    rank_correlation: float


class RangeRead(BaseModel):
    """An ex-ante rate as a range over stated intervals; it follows from assumptions and is no estimate."""

    p10: float
    p50: float
    p90: float
    drivers: list[DriverRead] = Field(description="Strongest first")
    rows: list[RowRead]
    proof: list[str]


class PricedRead(BaseModel):
    """One delivery; null where its window could not be priced."""

    on: dt.date
    quantity_t: float
    mean_price: float | None
    surcharge_per_t: float | None


class ClauseRead(BaseModel):
    """What a clause would have brought. A surcharge is not a pass-through."""

    rows: list[RowRead]
    total: float | None
    currency: str
    deliveries: list[PricedRead]
    findings: list[FindingRead]
    proof: list[str]


class SetRead(BaseModel):
    """All rates that the data do not reject; an end that does not exist is null."""

    shape: str = Field(description="interval, two_rays or everything")
    low: float | None
    high: float | None
    level: float


class EstimateRead(BaseModel):
    """An estimated rate with everything that is always reported; no point value anywhere for grade D."""

    method: str
    product: str
    grade: str
    theta: float | None
    set: SetRead
    verdict: TextRead
    rows: list[RowRead]
    multipliers: dict[str, Any]
    beside: dict[str, Any]
    breaks: list[str]
    findings: list[FindingRead]
    inputs_hash: str
    seed: int
    proof: list[str]


@router.post("/exante", summary="Ex-ante rate of a market's structure", response_model=RangeRead)
def exante(
    asked: Annotated[Market, Body(openapi_examples={"steel": {"summary": "An oligopoly", "value": MARKET}})],
) -> RangeRead:
    """Return 10, 50 and 90 % points of the rate over the stated intervals, and what drives them."""
    found = rate_range(asked)
    drivers = [DriverRead(name=one.name, rank_correlation=one.rank_correlation) for one in found.drivers]
    return RangeRead(
        p10=found.low, p50=found.median, p90=found.high, drivers=drivers, rows=rows_of(found), proof=found.proof()
    )


@router.post("/clause", summary="Back-test of a surcharge clause", response_model=ClauseRead)
def clause(
    asked: Annotated[ClauseAsk, Body(openapi_examples={"steel": {"summary": "A monthly clause", "value": CLAUSE}})],
) -> ClauseRead:
    """Price every delivery under the clause; one whose window the index does not cover is named and left out."""
    found = priced(asked)
    lines = zip(asked.deliveries, found.mean_price.tolist(), found.per_t.tolist(), strict=True)
    return ClauseRead(
        rows=rows_of(found),
        total=found.total if found.priced.any() else None,
        currency=asked.terms.invoice_currency,
        deliveries=[
            PricedRead(on=one.on, quantity_t=one.quantity_t, mean_price=_known(mean), surcharge_per_t=_known(per_t))
            for one, mean, per_t in lines
        ],
        findings=[FindingRead.model_validate(finding.to_dict()) for finding in found.findings],
        proof=found.proof(),
    )


@router.post("/estimate", summary="Rate estimated from prices", response_model=EstimateRead)
def estimate_rate(asked: Annotated[EstimateAsk, Body()]) -> EstimateRead:
    """
    Estimate what share of a carbon cost reaches the price, with its set, grade and every test.

    What the series cannot carry is refused with the reason; every step of the
    preparation is a finding.
    """
    return EstimateRead.model_validate(estimated(asked).data())


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
