"""Pass-through over HTTP: derived from a structure, estimated from prices, and priced under a clause."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any, Literal
from uuid import UUID

import numpy as np
from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel, Field

from models.passthrough.handed_on import HandedOn
from models.passthrough.structure import Market, rate_range
from service.assessment.routes import WORKBOOK, XLSX
from service.batch.routes import ProgressRead, ReasonRead
from service.change.routes import PDF
from service.errors import MISSING, PROBLEMS
from service.passthrough import runs
from service.passthrough.more import BorneAsk, InstrumentAsk, PanelAsk, borne_of, instrumented, over_panel
from service.passthrough.paper import estimate_csv, estimate_paper, run_csv
from service.passthrough.use import ClauseAsk, EstimateAsk, ProjectionAsk, estimated, priced, projected
from service.passthrough.workbook import template_bytes
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Caller, Law, Reading, Today, Transaction
from service.refusals import NotFound
from service.safety import MULTIPART_LIMIT
from service.schemas import FindingRead, RowRead, TextRead, rows_of
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
    product_en: str = Field(default="", description="What the English sentences call it; empty in results of before")
    grade: str
    adjustment_times: float = Field(description="T |alpha|, on which the grade rests")
    theta: float | None
    se_delta: float | None = Field(description="Delta-method error, secondary")
    set: SetRead
    verdict: TextRead
    rates: dict[str, HandedOn | None] = Field(
        description="Against full, marginal and paid cost, as finance and the exporter's split take them; null where unknown"
    )
    rows: list[RowRead]
    multipliers: dict[str, Any]
    beside: dict[str, Any]
    coefficients: dict[str, float] | None
    breaks: list[str]
    segments: list[dict[str, Any]]
    curves: dict[str, Any] = Field(description="Fit, rate of growing samples, CUSUM, as lines")
    findings: list[FindingRead]
    inputs_hash: str
    seed: int
    draws: int
    proof: list[str]


class DiscoveryRead(BaseModel):
    """A p-value of no pass-through, as it is and adjusted over the products of the run."""

    p: float
    adjusted: float
    stands: bool


class ProductRead(BaseModel):
    """One product of a run: its line, or why nothing can be estimated."""

    number: int
    name: str
    state: str = Field(description="waiting, done or refused")
    estimate: dict[str, Any] | None = Field(description="Grade, rate (null for a D), set, alpha, p, verdict")
    reason: ReasonRead | None
    discovery: DiscoveryRead | None


class RunRead(BaseModel):
    """A run. Ask again until `state` is one of done, failed, parked, cancelled; what is through is there before."""

    id: UUID
    job_id: UUID | None
    state: str
    title: str
    progress: ProgressRead | None
    products: list[ProductRead]
    false_discovery_rate: float
    links: dict[str, str]


class PanelRead(BaseModel):
    """A common rate over products, from how their exposure differs."""

    rows: list[RowRead]
    rate: float
    p: float
    p_wild: float | None
    proof: list[str]


class ProjectionRead(BaseModel):
    """Price change against today along a path of costs, CNY per t: a band over the doubt about the rate, no forecast."""

    product: str
    grade: str
    p10: list[float]
    p50: list[float] | None = Field(description="Null for grade D")
    p90: list[float]
    verdict: TextRead
    proof: list[str]


class BorneRead(BaseModel):
    """What an exporter bears by contract, beside one less the estimated rate."""

    rows: list[RowRead]
    agreed: float
    estimated: float | None
    low: float
    high: float
    proof: list[str]


class InstrumentedRead(BaseModel):
    """A rate by instruments: null with weak ones; then the set alone counts. No set speaks against the instruments."""

    rows: list[RowRead]
    effective_f: float
    rate: float | None
    set: SetRead | None
    proof: list[str]


RunId = Annotated[UUID, Path(description="Id of a run")]


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


@router.post(
    "/jobs",
    summary="Estimate one product or many in the background",
    status_code=202,
    response_model=RunRead,
    max_body_size=MULTIPART_LIMIT,
)
def ask_run(asked: Annotated[runs.RunAsk, Body()], response: Response, who: Caller, db: Transaction) -> RunRead:
    """
    Keep the question and ask for its run; the same question is one run, however often it is sent.

    Each product is kept as soon as it is through: a run that was interrupted goes
    on with those that are left. False discoveries are adjusted over all of them.
    """
    run = runs.ask_run(db, who, asked)
    response.headers["Location"] = f"/api/v1/passthrough/jobs/{run.id}"
    return _run(runs.seen(db, who, run.id))


@router.get("/jobs/{run_id}", summary="One run", response_model=RunRead, responses=MISSING)
def one_run(run_id: RunId, who: Caller, db: Reading) -> RunRead:
    """Return how far a run is and the line of each product."""
    return _run(runs.seen(db, who, run_id))


@router.get("/jobs/{run_id}/export", summary="A run as a table", response_class=Response, responses=MISSING)
def export_run(run_id: RunId, who: Caller, db: Reading) -> Response:
    """Return the line of each product as CSV."""
    seen = runs.seen(db, who, run_id)
    table = run_csv([(one.name, one.state, one.head, seen.discoveries.get(one.number)) for one in seen.products])
    headers = {"Content-Disposition": 'attachment; filename="passthrough.csv"'}
    return Response(table, media_type="text/csv; charset=utf-8", headers=headers)


@router.get(
    "/jobs/{run_id}/products/{number}", summary="One product of a run", response_model=EstimateRead, responses=MISSING
)
def one_product(
    run_id: RunId, number: Annotated[int, Path(ge=0, le=100_000)], who: Caller, db: Reading
) -> EstimateRead:
    """Return everything of a product that is through."""
    return EstimateRead.model_validate(_result(db, who, run_id, number))


@router.get(
    "/jobs/{run_id}/products/{number}/export",
    summary="One product as a file",
    response_class=Response,
    responses=MISSING | WORKBOOK,
)
def export(
    run_id: RunId,
    number: Annotated[int, Path(ge=0, le=100_000)],
    who: Caller,
    db: Reading,
    today: Today,
    kind: Annotated[Literal["pdf", "xlsx", "csv", "json"], Query(alias="as")] = "pdf",
    lang: Annotated[Literal["zh", "en"], Query()] = "zh",
) -> Response:
    """Return a product as paper (PDF), or with every line of its pictures (xlsx, CSV, JSON)."""
    found = _result(db, who, run_id, number)
    if kind == "pdf":
        content, media = pdf(estimate_paper(found, today), lang), PDF
    elif kind == "xlsx":
        content, media = xlsx(estimate_paper(found, today, whole=True), lang), XLSX
    elif kind == "csv":
        content, media = estimate_csv(found), "text/csv; charset=utf-8"
    else:
        content, media = json.dumps(found, ensure_ascii=False, allow_nan=False).encode(), "application/json"
    headers = {"Content-Disposition": f'attachment; filename="passthrough-{number}.{kind}"'}
    return Response(content, media_type=media, headers=headers)


@router.get("/template.xlsx", summary="Workbook to fill in", response_class=Response, responses=WORKBOOK)
def template(example: Annotated[bool, Query()] = False) -> Response:
    """Return the workbook of products and prices, empty or with the shipped example."""
    headers = {"Content-Disposition": 'attachment; filename="yuetan-passthrough.xlsx"'}
    return Response(template_bytes(filled=example), media_type=XLSX, headers=headers)


@router.post("/panel", summary="Common rate over products", response_model=PanelRead)
def panel(asked: Annotated[PanelAsk, Body()]) -> PanelRead:
    """
    Estimate one rate from how the exposure of products differs (product and time effects).

    Errors clustered by product and time and after Driscoll and Kraay; with few clusters a wild bootstrap.
    """
    found = over_panel(asked)
    of = found.panel
    return PanelRead(rows=rows_of(found), rate=of.rate, p=of.p, p_wild=of.p_wild, proof=found.proof())


@router.post("/instruments", summary="Rate by instruments", response_model=InstrumentedRead)
def instruments(asked: Annotated[InstrumentAsk, Body()]) -> InstrumentedRead:
    """Return the effective F and the Anderson-Rubin set, which holds however weak the instruments are."""
    found = instrumented(asked)
    of, within = found.found, found.found.within
    told = None
    if within is not None:
        ends = [value if np.isfinite(value) else None for value in (within.low, within.high)]
        told = SetRead(shape=within.shape, low=ends[0], high=ends[1], level=within.level)
    return InstrumentedRead(
        rows=rows_of(found), effective_f=of.effective_f, rate=of.rate, set=told, proof=found.proof()
    )


@router.post("/projection", summary="Price along a path of costs", response_model=ProjectionRead)
def projection(asked: Annotated[ProjectionAsk, Body()]) -> ProjectionRead:
    """Estimate and project: 10, 50 and 90 % points over the bootstrap draws of the multipliers; the path is certain."""
    found, ahead = projected(asked)
    return ProjectionRead(
        product=found.sample.product,
        grade=found.grade.letter,
        p10=ahead.low.tolist(),
        p50=ahead.median.tolist() if found.grade.has_point else None,
        p90=ahead.high.tolist(),
        verdict=TextRead.model_validate(found.verdict()._asdict()),
        proof=found.proof(),
    )


@router.post("/borne", summary="Share borne: contract beside estimate", response_model=BorneRead)
def borne(asked: Annotated[BorneAsk, Body()], law: Law, today: Today) -> BorneRead:
    """Put the exporter's share of a contract beside the share that an estimated rate leaves with it, per tonne."""
    found = borne_of(asked, law, today)
    return BorneRead(
        rows=rows_of(found),
        agreed=found.split.deal.exporter_share,
        estimated=found.share,
        low=found.ends[0],
        high=found.ends[1],
        proof=found.proof(),
    )


def _result(db: Reading, who: Caller, run_id: UUID, number: int) -> dict[str, Any]:
    row = runs.product(db, who, run_id, number)
    if row.result is None:
        raise NotFound
    return row.result


def _run(seen: runs.Seen) -> RunRead:
    return RunRead(
        id=seen.run.id,
        job_id=seen.run.job_id,
        state=seen.job.state if seen.job else "queued",
        title=seen.run.title,
        progress=ProgressRead(stage=seen.progress.stage, done=seen.progress.done, total=seen.progress.total)
        if seen.progress
        else None,
        products=[
            ProductRead(
                number=one.number,
                name=one.name,
                state=one.state,
                estimate=one.head if one.state == "done" else None,
                reason=ReasonRead.model_validate(one.head) if one.state == "refused" else None,
                discovery=DiscoveryRead.model_validate(seen.discoveries[one.number])
                if one.number in seen.discoveries
                else None,
            )
            for one in seen.products
        ],
        false_discovery_rate=runs.FALSE_SHARE,
        links={"self": f"/api/v1/passthrough/jobs/{seen.run.id}", "job": f"/api/v1/jobs/{seen.run.job_id}"},
    )


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
