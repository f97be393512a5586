"""The scorecard over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field, JsonValue

from finance.band import DRAWS, Band, band, what_if
from finance.band import METHOD as BAND
from finance.scorecard import METHOD, score
from finance.submission import IndicatorValue
from service.errors import PROBLEMS
from service.policy.use import card_of
from service.provide import Caller, Law, Reading, Today
from service.schemas import RowRead, rows_of
from service.score.use import ScoreAsk
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


class BandAsk(ScoreAsk):
    """
    A borrower, the seed of the draws, and what would be different.

    ``changes`` are values that take the place of those in ``indicators``.
    """

    seed: int = Field(ge=0, le=2**32 - 1, description="Stored with the result: the same seed gives the same band")
    draws: int = Field(default=DRAWS, ge=100, le=20_000)
    changes: dict[str, IndicatorValue] = Field(default_factory=dict, max_length=100)


class BandRead(BaseModel):
    """How sure the score is."""

    method: str
    policy_hash: str
    seed: int
    draws: int
    score: float = Field(description="The conservative score that decides")
    p10: float
    p50: float
    p90: float
    grades: dict[str, float] = Field(description="Share of the draws in each grade")
    grade_uncertain: bool = Field(description="Two grades have a quarter of the draws each")
    variance: dict[str, float] = Field(description="Part of the spread by indicator")
    weights_p10: float = Field(description="As the weights vary instead of the values")
    weights_p90: float
    rows: list[RowRead]


class WhatIfRead(BaseModel):
    """The score before and after the changes; ``parts`` sum to the change before gates."""

    before: float
    after: float
    grade_before: str
    grade_after: str
    change: float
    parts: dict[str, float]


class ScoreBandRead(BaseModel):
    """The band of a score and, where changes were asked about, the score with them."""

    band: BandRead
    what_if: WhatIfRead | None


class ScoreRead(BaseModel):
    """The score, its breakdown, and the policy it follows."""

    method: str
    rows: list[RowRead]
    record: dict[str, JsonValue]


@router.post("", summary="Score a borrower", response_model=ScoreRead)
def create(
    ask: Annotated[ScoreAsk, Body(openapi_examples=_EXAMPLES)],
    law: Law,
    who: Caller,
    db: Reading,
    today: Today,
) -> ScoreRead:
    """Score stated indicators by the policy in force: points, weights, gates, grade and reasons. Nothing is kept."""
    made = score(card_of(db, who, law, today), ask.indicators, ask.gates)
    return ScoreRead(method=METHOD, rows=rows_of(made), record=made.to_record())


@router.post("/band", summary="How sure a score is, and what would change it", response_model=ScoreBandRead)
def sure(ask: BandAsk, law: Law, who: Caller, db: Reading, today: Today) -> ScoreBandRead:
    """
    Draw the values that carry a haircut: P10, P50, P90, the chance of each grade, where the spread comes from.

    With `changes`, the score with those values beside it, by indicator. Nothing is kept.
    """
    card = card_of(db, who, law, today)
    made = score(card, ask.indicators, ask.gates)
    other = what_if(card, ask.indicators, ask.gates, ask.changes) if ask.changes else None
    return ScoreBandRead(
        band=_band_read(band(made, ask.seed, ask.draws)),
        what_if=WhatIfRead(
            before=other.before.total,
            after=other.after.total,
            grade_before=other.before.grade.id,
            grade_after=other.after.grade.id,
            change=other.change,
            parts=other.parts,
        )
        if other
        else None,
    )


def _band_read(found: Band) -> BandRead:
    return BandRead(
        method=BAND,
        policy_hash=found.score.card.policy_hash,
        seed=found.seed,
        draws=found.draws,
        score=found.score.total,
        p10=found.p10,
        p50=found.p50,
        p90=found.p90,
        grades=dict(found.grades),
        grade_uncertain=found.grade_uncertain,
        variance=dict(found.variance),
        weights_p10=found.weights[0],
        weights_p90=found.weights[1],
        rows=rows_of(found),
    )
