"""A change of law and the note on a line, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response

from cbam.consignment import Consignment
from finance.assessment import Options
from service.change import use
from service.change.read import (
    ComparedRead,
    NoteRead,
    RecomputedRead,
    compared_read,
    note_paper,
    note_read,
    recomputed_read,
)
from service.change.use import ChangeAsk
from service.errors import MISSING, PROBLEMS
from service.press.document import pdf
from service.provide import Caller, Law, LawScenarios, PricePath, Reading, Today, Transaction, UseScenarioPrice
from service.strict import StrictRoute

router = APIRouter(tags=["change of law"], route_class=StrictRoute, responses=PROBLEMS)

PDF = "application/pdf"
PAPER: dict[int | str, dict[str, Any]] = {
    200: {"content": {PDF: {"schema": {"type": "string", "format": "binary"}}}, "description": "A PDF"}
}
Language = Annotated[Literal["zh", "en"], Query(description="Language that comes first; both are there")]
AssessmentId = Annotated[UUID, Path(description="Id of a kept assessment")]
Line = Annotated[int, Path(ge=1, le=2_000_000)]
_GOODS = {"cn_code": "73089059", "origin": "CN", "net_mass_t": 10.0, "imported_on": "2026-05-12"}
_EXAMPLES = {
    "editions": {
        "summary": "The two editions of the default values",
        "value": {
            "before": {"law": "eu-2025-2621", "on": "2026-05-12"},
            "after": {"law": "law", "on": "2026-05-12"},
            "prefix": "eu.cbam.default_values",
            "goods": [_GOODS],
        },
    },
    "years": {
        "summary": "The same law in 2026 and 2027",
        "value": {"before": {"on": "2026-05-12"}, "after": {"on": "2027-05-12"}, "goods": [_GOODS]},
    },
}


@router.post("/law-changes", summary="Two states of the law side by side", response_model=ComparedRead)
def compare(asked: Annotated[ChangeAsk, Body(openapi_examples=_EXAMPLES)], law: Law) -> ComparedRead:
    """
    Return every value that differs, and what the change does to goods on the default basis.

    A state is the law in force, a draft or an edition, on a day. The parts of a difference add up to it.
    """
    return compared_read(use.compared(asked, law))


@router.post(
    "/assessments/{assessment_id}/recompute", summary="Recompute under other law", response_model=RecomputedRead,
    responses=MISSING,
)  # fmt: skip
def recompute(
    assessment_id: AssessmentId,
    law: Law,
    who: Caller,
    db: Transaction,
    law_scenario: LawScenarios = [],  # noqa: B006 - FastAPI copies it
) -> RecomputedRead:
    """
    Work a kept assessment out anew from its kept inputs, under the law in force or the drafts and editions named.

    The old result stays as it is; where nothing that was read has changed both are the same result.
    """
    return recomputed_read(use.recomputed(db, who, law, assessment_id, law_scenario))


@router.post("/exposures/note", summary="Note on one consignment", response_model=NoteRead)
def note(
    goods: Annotated[
        Consignment, Body(openapi_examples={"structure": {"summary": "Steel structure", "value": _GOODS}})
    ],
    law: Law,
    price_path: PricePath = "flat",
    use_scenario_price: UseScenarioPrice = False,
    law_scenario: LawScenarios = [],  # noqa: B006
) -> NoteRead:
    """Explain one import line as a lawyer would: numbered steps with figures, unit, rule and source, and an auditor's questions."""
    options = Options(price_path=price_path, use_scenario_price=use_scenario_price, law_scenarios=tuple(law_scenario))
    return note_read(use.explained(goods, law, options))


@router.get(
    "/assessments/{assessment_id}/lines/{line}/note",
    summary="Note on a line",
    response_model=NoteRead,
    responses=MISSING,
)
def line_note(assessment_id: AssessmentId, line: Line, law: Law, who: Caller, db: Reading) -> NoteRead:
    """Explain a line of a kept assessment; it is worked out from the kept inputs under the law named there."""
    return note_read(use.explained_line(db, who, law, assessment_id, line))


@router.get(
    "/assessments/{assessment_id}/lines/{line}/note.pdf", summary="Note on a line, on paper", response_class=Response,
    responses=MISSING | PAPER,
)  # fmt: skip
def line_paper(
    assessment_id: AssessmentId, line: Line, law: Law, who: Caller, db: Reading, today: Today, lang: Language = "zh"
) -> Response:
    """Return the note as a PDF."""
    made = use.explained_line(db, who, law, assessment_id, line)
    name = f'attachment; filename="cbam-note-{made.exposure.provenance.key[:12]}.pdf"'
    return Response(pdf(note_paper(made, today), lang), media_type=PDF, headers={"Content-Disposition": name})
