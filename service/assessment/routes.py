"""Assessments over HTTP: make one from JSON, list them, open one, its lines, its report."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel, Field, JsonValue

from finance.assessment import Options
from finance.submission import Submission
from models.inputs import Input
from service import store
from service.assessment import use
from service.batch.use import findings_of
from service.errors import MISSING, PROBLEMS
from service.provide import Caller, Cursor, Law, Limit, Reading, Today, Transaction
from service.schemas import FindingRead, ReadRead
from service.strict import StrictRoute
from service.tables import Assessment, AssessmentLine
from service.workbook.report import write_report

router = APIRouter(prefix="/assessments", tags=["assessments"], route_class=StrictRoute, responses=PROBLEMS)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: For the ``responses`` of routes that give a workbook.
WORKBOOK: dict[int | str, dict[str, Any]] = {
    200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}, "description": "A workbook"}
}
_EXAMPLES = {
    "firm with two goods": {
        "summary": "A firm with one good on default and one on verified values",
        "value": {
            "submission": {
                "firm": {"name": "示例铝业 / Example Aluminium", "province": "guangdong", "city": "foshan"},
                "goods": [
                    {
                        "line": 1,
                        "product": "钢结构件",
                        "cn_code": "73089059",
                        "origin": "CN",
                        "net_mass_t": 10.0,
                        "imported_on": "2026-05-12",
                    },
                    {
                        "line": 2,
                        "product": "铝型材",
                        "cn_code": "76042990",
                        "origin": "CN",
                        "net_mass_t": 25.0,
                        "imported_on": "2026-02-10",
                        "basis": "actual",
                        "own_see_tco2e_per_t": 2.4,
                        "own_sefa_tco2e_per_t": 1.3,
                    },
                ],
            },
            "options": {"price_path": "flat", "use_scenario_price": True},
        },
    }
}


class AssessmentAsk(Input):
    """A submission and what the user chooses."""

    submission: Submission
    options: Options = Field(default_factory=Options)


class AssessmentRead(BaseModel):
    """A kept assessment in a list. Money is a decimal string."""

    id: UUID
    key: str = Field(description="Provenance key: same inputs, law and method give the same")
    kind: str = Field(description="`submission`, or `exposure` for one consignment")
    method: str
    title: str
    as_of: dt.date
    created: dt.datetime
    lines: int
    cost_eur: Decimal | None


class AssessmentPage(BaseModel):
    """Assessments, newest first; `next` is the cursor of the next ones."""

    items: list[AssessmentRead]
    next: str | None


class AssessmentWhole(AssessmentRead):
    """A kept assessment without its lines: choices, totals, score, findings, and everything it rests on."""

    options: dict[str, JsonValue]
    totals: dict[str, JsonValue]
    score: dict[str, JsonValue] | None
    findings: list[FindingRead]
    reads: list[ReadRead]
    rest: dict[str, JsonValue] = Field(description="Firm, installations, assumptions, and the words for each figure")


class LineRead(BaseModel):
    """One good of an assessment. `record` holds every figure as it was computed, in float64."""

    line: int
    status: str
    cn_code: str
    origin: str
    net_mass_t: Decimal | None
    certificates: Decimal | None
    cost_eur: Decimal | None
    record: dict[str, JsonValue]


class LinePage(BaseModel):
    """Lines in the order of the sheet; `next` is the value of `after` for the next ones."""

    items: list[LineRead]
    next: int | None


class StepRead(BaseModel):
    """One step of a line; `label` has its words in both languages, its unit and how many decimals people are shown."""

    key: str
    label: dict[str, JsonValue] | None
    value: float | str | None
    note_zh: str
    note_en: str


class LineWhole(LineRead):
    """One good with its steps, by part: exposure, what_if, home, deduction."""

    steps: dict[str, list[StepRead]]


AssessmentId = Annotated[UUID, Path(description="Id of a kept assessment")]
Line = Annotated[int, Path(ge=1, le=2_000_000, description="Row in the sheet, or position in the request")]


@router.post("", summary="Assess a submission", status_code=201, response_model=AssessmentWhole)
def create(
    ask: Annotated[AssessmentAsk, Body(openapi_examples=_EXAMPLES)],
    response: Response,
    law: Law,
    who: Caller,
    db: Transaction,
    today: Today,
) -> AssessmentWhole:
    """
    Assess a firm and its goods at once and keep the result under its provenance key.

    A good that is refused keeps its place with the reason; the others are computed. The same submission under the
    same law is one assessment, however often it is sent. Long files go to /uploads.
    """
    result = use.assess(db, who, law, ask.submission, ask.options, today)
    row = use.keep(db, who, result).row
    response.headers["Location"] = f"/api/v1/assessments/{row.id}"
    return _whole(store.one(db, who, row.id))


@router.get("", summary="List assessments", response_model=AssessmentPage)
def listed(who: Caller, db: Reading, cursor: Cursor = None, limit: Limit = 50) -> AssessmentPage:
    """List what was kept, newest first."""
    page = store.recent(db, who, cursor, limit)
    return AssessmentPage(items=[AssessmentRead(**_brief(row)) for row in page.rows], next=page.next)


@router.get("/{assessment_id}", summary="One assessment", response_model=AssessmentWhole, responses=MISSING)
def shown(assessment_id: AssessmentId, who: Caller, db: Reading) -> AssessmentWhole:
    """Return a kept assessment as it was computed, whatever the law says today."""
    return _whole(store.one(db, who, assessment_id))


@router.get("/{assessment_id}/lines", summary="Lines", response_model=LinePage, responses=MISSING)
def lines(
    assessment_id: AssessmentId,
    who: Caller,
    db: Reading,
    after: Annotated[int, Query(ge=0, le=2_000_000, description="`next` of the answer before")] = 0,
    limit: Limit = 100,
    status: Annotated[str | None, Query(pattern=r"^(ok|refused)$", description="`ok` or `refused`")] = None,
) -> LinePage:
    """Return the goods of an assessment in the order of the sheet."""
    rows, following = store.lines(db, who, assessment_id, after, limit, status)
    return LinePage(items=[LineRead(**_line(row)) for row in rows], next=following)


@router.get("/{assessment_id}/lines/{line}", summary="Steps of a line", response_model=LineWhole, responses=MISSING)
def line(assessment_id: AssessmentId, line: Line, who: Caller, db: Reading) -> LineWhole:
    """Return one good with every step of its figures."""
    row = store.line(db, who, assessment_id, line)
    legend = store.one(db, who, assessment_id).rest.get("legend", {})
    steps = {
        part: [
            StepRead(key=key, label=legend.get(f"{part}.{key}"), value=value, note_zh=zh, note_en=en)
            for key, value, zh, en in found
        ]
        for part, found in row.record.get("steps", {}).items()
    }
    return LineWhole(**_line(row), steps=steps)


@router.get(
    "/{assessment_id}/report.xlsx",
    summary="Report",
    response_class=Response,
    responses=MISSING | WORKBOOK,
)
def report(
    assessment_id: AssessmentId,
    who: Caller,
    db: Reading,
    job: Annotated[UUID | None, Query(description="Job of the upload, to add what was found in the file")] = None,
    lang: Annotated[Literal["zh", "en"], Query(description="Language that comes first; both are there")] = "zh",
) -> Response:
    """Return the assessment as a workbook: summary, lines, steps, projection, score, findings, sources."""
    document = store.document(db, who, assessment_id)
    if job is not None:
        document["findings"] = findings_of(db, who, job)
    name = f'attachment; filename="yuetan-{document["key"][:12]}.xlsx"'
    return Response(write_report(document, lang), media_type=XLSX, headers={"Content-Disposition": name})


def _brief(row: Assessment) -> dict[str, Any]:
    return {
        "id": row.id,
        "key": row.key,
        "kind": row.kind,
        "method": row.method,
        "title": row.title,
        "as_of": row.as_of,
        "created": row.created,
        "lines": row.lines_count,
        "cost_eur": row.cost_eur,
    }


def _whole(row: Assessment) -> AssessmentWhole:
    return AssessmentWhole(
        **_brief(row),
        options=row.options,
        totals=row.totals,
        score=row.score,
        findings=[FindingRead(**finding) for finding in row.findings],
        reads=[ReadRead(**read) for read in row.reads],
        rest=row.rest,
    )


def _line(row: AssessmentLine) -> dict[str, Any]:
    return {
        "line": row.line,
        "status": row.status,
        "cn_code": row.cn_code,
        "origin": row.origin,
        "net_mass_t": row.net_mass_t,
        "certificates": row.certificates,
        "cost_eur": row.cost_eur,
        "record": {name: value for name, value in row.record.items() if name != "steps"},
    }
