"""Kept scores over HTTP: records in a chain, their paper, overrides by two people, and what a printed code may ask."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel, Field

from models.inputs import Input
from service.audit.routes import ProofRead, proof_read
from service.change.routes import PDF
from service.errors import MISSING, PROBLEMS, there
from service.policy.use import card_of
from service.press.document import pdf
from service.provide import Caller, Law, Limit, Reading, Today, Transaction
from service.refusals import NotFound
from service.score import use
from service.score.paper import score_paper
from service.score.read import (
    MonthRead,
    NoticeRead,
    OverrideRead,
    RecordBrief,
    RecordPage,
    RecordRead,
    brief_of,
    notice_read,
    override_read,
    record_read,
)
from service.score.use import KeepAsk, OverrideAsk
from service.statement.routes import site_of
from service.strict import StrictRoute

router = APIRouter(prefix="/score-records", tags=["scores"], route_class=StrictRoute, responses=PROBLEMS)
#: Open to anybody who holds a printed score.
public = APIRouter(tags=["scores"], route_class=StrictRoute, responses=PROBLEMS)

EXAMPLE: dict[str, Any] = {
    "borrower": {"name": "佛山示例铝业", "uscc": "91440600MA4UTE3T1X", "sector": "铝", "city": "佛山"},
    "purpose": "铝型材挤压线改造贷款",
    "consent": "授权书 2026-11-02",
    "indicators": {
        "F1": {"value": 0.8351111111111111, "data_quality": 1.64, "evidence": "碳足迹报告 2026-031"},
        "F2": {"value": "third_party_verified", "evidence": "核查声明 2026-118"},
        "F3": {"value": -0.03},
        "C1": {"value": 0.009, "data_quality": 2},
        "C2": {"value": 0.0675, "data_quality": 2},
        "B1": {"value": 0.04, "data_quality": 2},
        "B2": {"value": 0.12},
        "B3": {"value": 0.8},
        "T1": {"value": 0.9},
        "T2": {"value": "transition_catalogue"},
        "T3": {"value": 0.3, "evidence": "绿证 2025"},
        "E1": {"state": "not_applicable", "declared_on": "2026-03-01"},
        "E2": {"state": "not_applicable", "declared_on": "2026-03-01"},
        "E3": {"state": "not_applicable", "declared_on": "2026-03-01"},
        "Q1": {"value": 1.64},
    },
    "gates": {"G1": False, "G2": False},
    "seed": 20261130,
}


class AnswerAsk(Input):
    """Whether the second person agrees, and why."""

    agree: bool
    note: str = Field(default="", max_length=500)


class ReasonRead(BaseModel):
    """A reason that an override may have."""

    id: str
    zh: str
    en: str


class RulesRead(BaseModel):
    """What an override may do: house assumptions until the bank sets its own."""

    most_grades: int
    most_days: int
    reasons: list[ReasonRead]


def link_of(request: Request, record_id: UUID) -> str:
    """Return where a printed score leads."""
    return f"{site_of(request).rstrip('/')}/verify/score/{record_id}"


@router.post("", status_code=201, summary="Keep a score", response_model=RecordRead, responses=there(RecordRead))
def create(
    asked: Annotated[KeepAsk, Body(openapi_examples={"extruder": {"summary": "An extruder", "value": EXAMPLE}})],
    request: Request,
    response: Response,
    law: Law,
    who: Caller,
    db: Transaction,
    today: Today,
) -> RecordRead:
    """
    Score a borrower and keep everything the score rests on, over the hash of the record before.

    The same question of one day is one record; then the answer is 200.
    """
    row, new = use.keep(db, who, asked, law, card_of(db, who, law, today), today)
    if not new:
        response.status_code = 200
    response.headers["Location"] = f"/api/v1/score-records/{row.id}"
    return record_read(use.one(db, who, row.id, today), link_of(request, row.id))


@router.get("", summary="Kept scores", response_model=RecordPage)
def listed(
    who: Caller, db: Reading, before: Annotated[int | None, Query(ge=1)] = None, limit: Limit = 50
) -> RecordPage:
    """List kept scores, newest first."""
    rows = use.scores(db, who, before, limit + 1)
    items = [RecordBrief(**brief_of(row)) for row in rows[:limit]]
    return RecordPage(items=items, next=items[-1].number if len(rows) > limit else None)


@router.get("/proof", summary="Whether a score was changed", response_model=ProofRead)
def proof(who: Caller, db: Reading) -> ProofRead:
    """Recompute the chain of scores and decisions from its first record."""
    return proof_read(use.proven(db, who))


@router.get("/overrides/rules", summary="What an override may do", response_model=RulesRead)
def override_rules() -> RulesRead:
    """Return the reasons and limits of overrides."""
    found = use.rules()
    reasons = [ReasonRead(id=key, **text._asdict()) for key, text in found.reasons.items()]
    return RulesRead(most_grades=found.most_grades, most_days=found.most_days, reasons=reasons)


@router.get("/overrides/rate", summary="Overrides by month", response_model=list[MonthRead])
def rate(who: Caller, db: Reading) -> list[MonthRead]:
    """Count overrides agreed to by month and direction beside the scores kept."""
    return [MonthRead(month=m.month, scores=m.scores, up=m.up, down=m.down) for m in use.override_rate(db, who)]


@router.get("/{record_id}", summary="One kept score", response_model=RecordRead, responses=MISSING)
def shown(record_id: UUID, request: Request, who: Caller, db: Reading, today: Today) -> RecordRead:
    """Return a score as it was kept, with what was decided on it since."""
    return record_read(use.one(db, who, record_id, today), link_of(request, record_id))


@router.get(
    "/{record_id}/report.pdf",
    summary="One-page report",
    response_class=Response,
    responses=MISSING | {200: {"content": {PDF: {}}, "description": "A PDF of one page"}},
)
def report(
    record_id: UUID,
    request: Request,
    who: Caller,
    db: Reading,
    today: Today,
    lang: Annotated[Literal["zh", "en"], Query(description="Language that comes first; both are there")] = "zh",
) -> Response:
    """Return the score on one A4 page; its QR code leads to where the hash can be compared."""
    paper = score_paper(use.one(db, who, record_id, today), link_of(request, record_id))
    headers = {"Content-Disposition": f'attachment; filename="score-{str(record_id)[:8]}.pdf"'}
    return Response(pdf(paper, lang), media_type=PDF, headers=headers)


@router.post(
    "/{record_id}/overrides",
    status_code=201,
    summary="Ask for an override",
    response_model=OverrideRead,
    responses=MISSING,
)
def ask(record_id: UUID, asked: OverrideAsk, who: Caller, db: Transaction, today: Today) -> OverrideRead:
    """Ask for a grade one higher or lower, with a reason and a last day; nothing changes until another person agrees."""
    row = use.ask_override(db, who, record_id, asked, today)
    return _override(use.one(db, who, record_id, today), row.id)


@router.post(
    "/{record_id}/overrides/{override_id}/answer",
    summary="Agree to an override, or decline it",
    response_model=OverrideRead,
    responses=MISSING,
)
def answer(
    record_id: UUID, override_id: UUID, asked: AnswerAsk, who: Caller, db: Transaction, today: Today
) -> OverrideRead:
    """Answer as the second person; the one who asked may not."""
    use.answer_override(db, who, override_id, agree=asked.agree, note=asked.note, today=today)
    return _override(use.one(db, who, record_id, today), override_id)


def _override(kept: use.Kept, override_id: UUID) -> OverrideRead:
    found = next((one for one in kept.overrides if one.row.id == override_id), None)
    if found is None:
        raise NotFound
    return override_read(found)


@public.get("/verify/score/{record_id}", summary="Whether a score exists", response_model=NoticeRead, responses=MISSING)
def verify(record_id: UUID, db: Reading) -> NoticeRead:
    """Say who made a score, when, and its hash; nothing of its content."""
    return notice_read(use.notice_of(db, record_id))
