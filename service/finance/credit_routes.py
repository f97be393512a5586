"""A bank's own credit file over HTTP and on a page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from pydantic import BaseModel, Field

from finance.woe import Direction
from models.errors import YuetanError
from service.batch.routes import content_of
from service.columns import dumps
from service.errors import PROBLEMS
from service.finance.credit import CreditAsk, CreditReport, bins_of, credit_report, limits
from service.pages.frame import Lang, PageRoute, page
from service.portfolio.routes import file_name, typed
from service.provide import Caller, Law
from service.safety import MULTIPART_LIMIT
from service.schemas import FindingRead, RowRead, TextRead, rows_of

router = APIRouter(prefix="/finance", tags=["finance"], responses=PROBLEMS)
pages = APIRouter(route_class=PageRoute, include_in_schema=False)
EXAMPLE = {
    "outcome": "defaulted",
    "ratios": {"equity_ratio": "higher_safer", "debt_to_ebitda": "higher_riskier"},
    "grade": None,
    "period": None,
    "seed": 20261130,
}


class BinsRead(BaseModel):
    """One ratio: inner edges of its bins, WoE of each and last of missing, information value, coefficient."""

    name: str
    direction: Direction
    edges: list[float]
    woe: list[float] = Field(
        description="ln(share of survivors / share of defaults): higher is safer; the last is missing"
    )
    iv: float
    coefficient: float = Field(description="On WoE, never positive")


class CreditRead(BaseModel):
    """What a bank's file says, measured on cases the model had not seen, beside the model that ships."""

    rows_in_file: int
    repeated: int
    measures: list[RowRead]
    intercept: float
    bins: list[BinsRead]
    stability_psi: float | None
    periods: list[str] | None
    rank_agreement: float | None
    shipped_model: str
    shipped_measured: dict[str, float]
    limits: list[TextRead]
    findings: list[FindingRead]
    finding_count: int


@router.post(
    "/credit-file", summary="A bank's own credit file", response_model=CreditRead, max_body_size=MULTIPART_LIMIT
)
def credit_file(
    law: Law,
    who: Caller,
    file: Annotated[UploadFile, File(description="CSV, xlsx or Parquet: one row for each case")],
    question: Annotated[str, Form(max_length=20_000, description="JSON: outcome, ratios with directions, seed")],
) -> CreditRead:
    """
    Fit monotone bins and a sign-constrained logistic on a bank's cases and measure them out of sample.

    Exact repeats are taken out first. Nothing is kept.
    """
    file_name(file)
    return credit_read(credit_report(content_of(file), typed(CreditAsk, question), law))


@pages.get("/credit")
def shown(request: Request, lang: Lang) -> Response:
    """Show the form."""
    return _page(request, lang, dumps(EXAMPLE))


@pages.post("/credit", max_body_size=MULTIPART_LIMIT)
def handed_in(
    request: Request,
    lang: Lang,
    law: Law,
    file: Annotated[UploadFile | None, File()] = None,
    question: Annotated[str, Form(max_length=20_000)] = "{}",
) -> Response:
    """Report on a file."""
    try:
        file_name(file)
        found = credit_report(content_of(file) if file else b"", typed(CreditAsk, question), law)
    except YuetanError as error:
        return _page(request, lang, question, error=error)
    return _page(request, lang, question, found)


def _page(
    request: Request, lang: str, question: str, found: CreditReport | None = None, error: YuetanError | None = None
) -> Response:
    return page(
        request,
        lang,
        "credit.html",
        422 if error else 200,
        question=question,
        found=found,
        bins=bins_of(found) if found else [],
        limits=limits(found) if found else [],
        error=error,
    )


def credit_read(made: CreditReport) -> CreditRead:
    """Return the report as the API and the terminal show it."""
    return CreditRead(
        rows_in_file=made.rows,
        repeated=made.repeated,
        measures=rows_of(made.unseen),
        intercept=made.model.intercept,
        bins=[BinsRead(**one) for one in bins_of(made)],
        stability_psi=made.stability,
        periods=list(made.periods) if made.periods else None,
        rank_agreement=made.tau,
        shipped_model=made.card.id,
        shipped_measured=dict(made.card.measured),
        limits=[TextRead(**text._asdict()) for text in limits(made)],
        findings=[FindingRead.model_validate(one.to_dict()) for one in made.findings],
        finding_count=made.finding_count,
    )
