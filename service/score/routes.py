"""The scorecard over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field, JsonValue

from finance.scorecard import METHOD, score
from finance.submission import IndicatorValue
from models.inputs import Input
from service.errors import PROBLEMS
from service.provide import Law
from service.schemas import RowRead, rows_of
from service.strict import StrictRoute

router = APIRouter(prefix="/scores", tags=["scores"], route_class=StrictRoute, responses=PROBLEMS)

_EXAMPLES = {
    "three indicators": {
        "summary": "Three indicators and an answered gate; what is not given is missing",
        "value": {
            "indicators": {
                "C2": {"value": 0.12, "data_quality": 2},
                "F1": {"value": 1.1, "data_quality": 3},
                "E3": {"state": "not_applicable", "declared_on": "2026-03-01"},
            },
            "gates": {"G1": True},
        },
    }
}


class ScoreAsk(Input):
    """Indicators by id and answers to the gates."""

    indicators: dict[str, IndicatorValue] = Field(max_length=100)
    gates: dict[str, bool] = Field(default_factory=dict, max_length=100)


class ScoreRead(BaseModel):
    """The score, its breakdown, and the policy it follows."""

    method: str
    rows: list[RowRead]
    record: dict[str, JsonValue]


@router.post("", summary="Score a borrower", response_model=ScoreRead)
def create(
    ask: Annotated[ScoreAsk, Body(openapi_examples=_EXAMPLES)],
    law: Law,
) -> ScoreRead:
    """Score stated indicators by the default policy: points, weights, gates, grade and reasons. Nothing is kept."""
    made = score(law.card, ask.indicators, ask.gates)
    return ScoreRead(method=METHOD, rows=rows_of(made), record=made.to_record())
