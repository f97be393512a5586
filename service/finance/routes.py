"""Credit stress and financed emissions over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, File, Query, Response, UploadFile
from pydantic import BaseModel, Field

from service.assessment.routes import WORKBOOK, XLSX
from service.batch.routes import content_of, plain_name
from service.errors import PROBLEMS
from service.finance.read import FinancingRead, financing_read
from service.finance.use import BookAsk, financing, stressed_borrower
from service.finance.validate import ValidationAsk, validate
from service.finance.workbook import EXAMPLE as ROWS
from service.finance.workbook import read_book, template_bytes
from service.prices.use import own_market
from service.provide import Caller, Law, Reading, Today
from service.safety import MULTIPART_LIMIT
from service.schemas import FindingRead, RowRead, TextRead, rows_of
from service.strict import StrictRoute

router = APIRouter(prefix="/finance", tags=["finance"], route_class=StrictRoute, responses=PROBLEMS)

EXAMPLE: dict[str, Any] = {
    "name": "佛山铝型材贷款审查",
    "on": "2026-05-12",
    "today": {"home_cny_per_t": 40.0, "eu_eur_per_t": 75.0, "cny_per_eur": 8.0},
    "loans": ROWS["loans"],
    "borrowers": ROWS["borrowers"],
    "scenarios": [
        {
            "id": "prudent",
            "zh": "本行审慎情景",
            "en": "the bank's prudent scenario",
            "kind": "assumption",
            "home_cny_per_t": {"2030": 200.0},
            "eu_eur_per_t": {"2030": 120.0},
            "delta": {"2030": 0.1},
            "source": "信用委员会纪要",
        }
    ],
    "model": {"kind": "structural", "sigma": 0.25, "rate": 0.03, "years": 1.0, "discount_rate": 0.09, "growth": 0.02},
    "rating_bounds": [0.005, 0.02, 0.05, 0.2],
}
Asked = Annotated[
    BookAsk, Body(openapi_examples={"aluminium": {"summary": "An extruder with two loans", "value": EXAMPLE}})
]


class FinanceFileRead(BaseModel):
    """A bank's workbook: the result, and every finding with its cell."""

    result: FinancingRead | None
    findings: list[FindingRead]


class GroupRead(BaseModel):
    """A tenth of the cases by PD."""

    cases: int
    expected: float
    observed: float


class ValidationRead(BaseModel):
    """Discrimination and calibration, each with its 95 % bootstrap interval in the note of its row."""

    rows: list[RowRead]
    groups: list[GroupRead]
    rank_agreement: float | None = Field(description="Kendall's tau-b with the bank's grades; null without them")
    shipped_model: str
    shipped_measured: dict[str, float]
    shipped_limits: list[TextRead] = Field(description="What the model that ships does not show")


@router.post("/validation", summary="Validate a bank's PDs", response_model=ValidationRead)
def validation(asked: ValidationAsk, law: Law) -> ValidationRead:
    """
    Measure PDs against what happened: AUC, Gini, KS, Brier score, calibration by tenths.

    The measures of the model that ships, and its limits, stand beside them. Nothing is kept.
    """
    made = validate(asked, law)
    of = made.found.calibration
    return ValidationRead(
        rows=rows_of(made.found),
        groups=[
            GroupRead(cases=int(n), expected=float(e), observed=float(o))
            for n, e, o in zip(of.count, of.expected, of.observed, strict=True)
        ],
        rank_agreement=made.tau,
        shipped_model=made.card.id,
        shipped_measured=dict(made.card.measured),
        shipped_limits=[TextRead(**text._asdict()) for text in made.card.limits],
    )


@router.post("/stress", summary="One borrower under carbon prices", response_model=FinancingRead)
def stress(asked: Asked, law: Law, who: Caller, db: Reading, today: Today) -> FinancingRead:
    """
    Work out what carbon prices do to one borrower's accounts, PD and expected loss, and its financed emissions.

    The sensitivity grid stands beside every scenario, the conservative convention
    (no pass-through) beside the borrower's own. PD, LGD and the model's
    parameters are the bank's; what is missing leaves a loan out and says so.
    """
    return financing_read(stressed_borrower(asked, law, own_market(db, who, law), today))


@router.post("/portfolio", summary="A loan book under carbon prices", response_model=FinancingRead)
def portfolio(asked: Asked, law: Law, who: Caller, db: Reading, today: Today) -> FinancingRead:
    """
    Run a loan book: financed emissions, stress, concentration, heat map, migration and top movers.

    Each loan counts once and each borrower is stressed once. Loans that are left
    out are told by row, with the money behind them.
    """
    return financing_read(financing(asked, law, own_market(db, who, law), today))


@router.get("/template.xlsx", summary="Workbook of a bank", response_class=Response, responses=WORKBOOK)
def template(example: Annotated[bool, Query(description="Filled in with an example")] = False) -> Response:
    """Return the workbook of prices, loans and borrowers, in Chinese and English."""
    headers = {"Content-Disposition": 'attachment; filename="yuetan-finance.xlsx"'}
    return Response(template_bytes(example=example), media_type=XLSX, headers=headers)


@router.post(
    "/portfolio/file",
    summary="A loan book from a workbook",
    response_model=FinanceFileRead,
    max_body_size=MULTIPART_LIMIT,
)
def from_file(
    file: Annotated[UploadFile, File(description="The filled template, xlsx or xlsm")],
    law: Law,
    who: Caller,
    db: Reading,
    today: Today,
) -> FinanceFileRead:
    """Run a filled template; each finding about a cell names sheet, row and cell, and good rows count all the same."""
    plain_name(file.filename)
    read = read_book(content_of(file))
    found = financing(read.asked, law, own_market(db, who, law), today) if read.asked else None
    return FinanceFileRead(
        result=financing_read(found) if found else None,
        findings=[FindingRead.model_validate(finding.to_dict()) for finding in read.findings],
    )
