"""Packages over HTTP: the signed application, the disclosure annex, before and after of equipment, the KPI test log."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, File, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field, JsonValue

from finance.equipment import BeforeAfter, EquipmentAsk
from finance.margin import Kpi
from models.inputs import Input
from service.batch.routes import content_of
from service.change.routes import PDF
from service.errors import MISSING, PROBLEMS
from service.package import use
from service.package.paper import annex_paper
from service.package.seal import opened
from service.package.use import PackageAsk
from service.press.document import pdf
from service.provide import Caller, HereParts, Reading, Today, Transaction
from service.safety import MULTIPART_LIMIT
from service.schemas import RowRead, TextRead, rows_of
from service.score.kept import link_of
from service.strict import StrictRoute

router = APIRouter(prefix="/packages", tags=["finance"], route_class=StrictRoute, responses=PROBLEMS)
#: Open to anybody who was handed a package.
public = APIRouter(prefix="/packages", tags=["finance"], responses=PROBLEMS)
ZIP = "application/zip"
LANG = Annotated[Literal["zh", "en"], Query(description="Language that comes first; both are there")]

EQUIPMENT: dict[str, Any] = {
    "equipment": "蓄热式熔炼炉 / regenerative melting furnace",
    "loan_cny": 30000000.0,
    "products": [
        {
            "product": "铝型材", "before_tco2e_per_t": 8.2, "after_tco2e_per_t": 7.6, "output_t": 20000.0,
            "comparable": True, "before_evidence": "碳足迹报告 2025-031", "after_evidence": "可研报告 2026-07", "measured": False,
        }
    ],
}  # fmt: skip


class KpiLogAsk(Input):
    """KPIs and the day of the test."""

    on: dt.date = Field(ge=dt.date(2013, 1, 1), le=dt.date(2060, 12, 31))
    kpis: tuple[Kpi, ...] = Field(min_length=1, max_length=20)


class BeforeAfterRead(BaseModel):
    """What equipment changes; null where nothing can be compared."""

    avoided_t: float | None
    share: float | None
    measured: bool
    rows: list[RowRead]


class CellRead(BaseModel):
    """One field of the annex."""

    field: str
    label: TextRead
    data_class: str
    value: JsonValue
    redacted: bool


class AnnexRead(BaseModel):
    """A kept score as one reader gets it."""

    record: UUID
    hash: str
    classes: list[str]
    cells: list[CellRead]


class OpenedRead(BaseModel):
    """A package whose signature and files hold."""

    key_id: str = Field(description="Compare it with the issuer by another way than the package")
    said: dict[str, JsonValue]
    files: list[str]


@router.post(
    "/application",
    summary="Application package",
    response_class=Response,
    responses=MISSING | {200: {"content": {ZIP: {}}, "description": "A signed zip"}},
)
def application(
    asked: Annotated[PackageAsk, Body()],
    request: Request,
    who: Caller,
    db: Transaction,
    here: HereParts,
    today: Today,
    lang: LANG = "zh",
) -> Response:
    """
    Put company, project, footprints, score, KPI log and the index of evidence into one signed zip.

    The documents themselves stay here; the index has their hashes.
    """
    data = use.package(db, who, here.settings, asked, today, lang, link_of(request, asked.record))
    headers = {"Content-Disposition": f'attachment; filename="application-{str(asked.record)[:8]}.zip"'}
    return Response(data, media_type=ZIP, headers=headers)


@router.get("/annex/{record_id}", summary="Disclosure annex", response_model=AnnexRead, responses=MISSING)
def annex(
    record_id: UUID,
    who: Caller,
    db: Reading,
    today: Today,
    data_class: Annotated[list[str] | None, Query(max_length=10, description="Classes this reader gets")] = None,
) -> AnnexRead:
    """Return a kept score field by field; what is of another class is redacted and said to be. Default: public and results."""
    made = use.annex(db, who, record_id, data_class, today)
    return AnnexRead(
        record=made.kept.row.id,
        hash=made.kept.row.hash,
        classes=[one.name for one in made.classes],
        cells=[
            CellRead(
                field=one.field.name, label=TextRead(**one.field.label._asdict()), data_class=one.field.kind.name,
                value=one.value, redacted=one.redacted,
            )
            for one in made.cells
        ],
    )  # fmt: skip


@router.get(
    "/annex/{record_id}/annex.pdf",
    summary="Disclosure annex on paper",
    response_class=Response,
    responses=MISSING | {200: {"content": {PDF: {}}, "description": "A PDF"}},
)
def annex_pdf(
    record_id: UUID,
    who: Caller,
    db: Reading,
    today: Today,
    data_class: Annotated[list[str] | None, Query(max_length=10, description="Classes this reader gets")] = None,
    lang: LANG = "zh",
) -> Response:
    """Return the annex on paper, with a list of what is redacted."""
    data = pdf(annex_paper(use.annex(db, who, record_id, data_class, today), today), lang)
    return Response(data, media_type=PDF, headers={"Content-Disposition": 'attachment; filename="annex.pdf"'})


@router.post("/before-after", summary="Before and after of equipment", response_model=BeforeAfterRead)
def before_after(
    asked: Annotated[EquipmentAsk, Body(openapi_examples={"furnace": {"summary": "A furnace", "value": EQUIPMENT}})],
) -> BeforeAfterRead:
    """Compare footprints before and after equipment that a loan pays for; what cannot be compared adds nothing and says so."""
    made = BeforeAfter(asked)
    return BeforeAfterRead(avoided_t=made.avoided_t, share=made.share, measured=made.measured, rows=rows_of(made))


@router.post("/kpi-log", summary="Test log of KPIs", response_model=list[dict[str, JsonValue]])
def kpi_log(asked: KpiLogAsk) -> list[dict[str, Any]]:
    """Return each KPI with its state on the day: met only when verified, missed after the days of grace."""
    return use.kpi_log(asked.kpis, asked.on)


@public.post("/verify", summary="Check a package", response_model=OpenedRead, max_body_size=MULTIPART_LIMIT)
def verify(file: Annotated[UploadFile, File(description="The zip")]) -> OpenedRead:
    """Check the signature and the hash of every file of a package."""
    found = opened(content_of(file))
    return OpenedRead(key_id=found.key_id, said=dict(found.said), files=sorted(found.files))
