"""Footprints of the organisation and of its suppliers: published, brought in, shown."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import tuple_
from sqlalchemy.orm import undefer

from models.errors import Text
from models.pact.footprint import ProductFootprint
from models.pact.intensity import NOT_CBAM, intensity
from models.pact.reading import read
from models.pact.urns import named
from service.audit.use import record
from service.auth import visible
from service.errors import MISSING, PROBLEMS
from service.identity.permit import needs
from service.pact import book, partners
from service.pact.tables import PactFootprint
from service.provide import Caller, HereParts, Limit, Reading, Transaction
from service.refusals import NotFound
from service.schemas import FindingRead, TextRead
from service.strict import StrictRoute

router = APIRouter(prefix="/pact", tags=["pact"], responses=PROBLEMS, route_class=StrictRoute)


class Ask(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FootprintRead(BaseModel):
    """A footprint that is kept."""

    id: UUID
    holder: str = Field(description="own, file, or the id of the partner it came from")
    form: str = Field(description="The form it came in")
    kept: dt.datetime
    intensity: str = Field(description="Decimal", examples=["8.2005"])
    intensity_unit: str = Field(examples=["tCO2e/t"])
    boundary: TextRead = Field(description="What it may be compared with")
    codes: dict[str, list[str]] = Field(
        description="Codes and numbers its URNs name by our conventions", examples=[{"cn-code": ["72083900"]}]
    )
    document: dict[str, Any] = Field(description="As PACT 3.0 has it")
    findings: list[FindingRead]


def _footprint(row: PactFootprint) -> FootprintRead:
    footprint = ProductFootprint.model_validate(row.document)
    per = intensity(footprint)
    codes: dict[str, list[str]] = {}
    for urn in (*footprint.productIds, *(footprint.productClassifications or ()), *footprint.companyIds):
        if found := named(urn):
            codes.setdefault(found.kind, []).append(found.value)
    return FootprintRead(
        id=row.pf_id,
        holder=row.holder,
        form=row.form,
        kept=row.kept,
        intensity=f"{per.value:f}",
        intensity_unit=per.unit,
        boundary=TextRead(**NOT_CBAM._asdict()),
        codes=codes,
        document=book.shown(row),
        findings=[FindingRead.model_validate(one) for one in row.findings],
    )


class FootprintPage(BaseModel):
    """Footprints, newest first."""

    items: list[FootprintRead]


@router.get("/footprints", summary="Footprints", response_model=FootprintPage, responses=MISSING)
def footprints(
    who: Caller,
    db: Reading,
    holder: Annotated[str, Query(pattern=r"^[a-z0-9-]{3,36}$", description="own, file, or id of a partner")] = "own",
    before: Annotated[UUID | None, Query(description="Id of the last one of the answer before")] = None,
    limit: Limit = 50,
) -> FootprintPage:
    """Return footprints of one holder, newest first."""
    query = visible(PactFootprint, who).where(PactFootprint.holder == holder)
    if before is not None:
        last = db.scalar(query.where(PactFootprint.pf_id == before))
        if last is None:
            raise NotFound(field="before")
        query = query.where(tuple_(PactFootprint.kept, PactFootprint.id) < tuple_(last.kept, last.id))
    newest = query.order_by(PactFootprint.kept.desc(), PactFootprint.id.desc()).limit(limit)
    rows = db.scalars(newest.options(undefer(PactFootprint.findings))).all()
    return FootprintPage(items=[_footprint(row) for row in rows])


class PublishRead(BaseModel):
    """What was published."""

    published: list[UUID]
    unchanged: list[UUID]
    partners_told: int


@router.post(
    "/footprints",
    summary="Publish footprints",
    status_code=201,
    response_model=PublishRead,
    openapi_extra=needs("share"),
)
def publish(
    documents: Annotated[list[dict[str, Any]], Body(min_length=1, max_length=500)],
    who: Caller,
    here: HereParts,
    db: Transaction,
) -> PublishRead:
    """
    Publish footprints of ours, as PACT 3.0 has them; id, version, moment and status may be left out.

    A footprint never changes: name the one it follows in `precedingPfIds`, which then becomes Deprecated. All or none.
    """
    new: list[PactFootprint] = []
    same: list[PactFootprint] = []
    for document in documents:
        row, is_new = book.publish(db, who, book.read_document(book.filled(document)))
        (new if is_new else same).append(row)
    told = partners.tell_published(db, who, here.settings, [*new, *book.superseded(db, who, new)])
    if new:
        record(db, who, "footprint.published", new[0].pf_id, footprints={str(row.pf_id): row.sha256 for row in new})
    return PublishRead(published=[r.pf_id for r in new], unchanged=[r.pf_id for r in same], partners_told=told)


class ImportRead(BaseModel):
    """What a document says, and whether it was kept."""

    form: str
    kept: bool
    id: str | None
    intensity: str | None
    intensity_unit: str | None
    boundary: TextRead
    findings: list[FindingRead]


class ImportAsk(Ask):
    """A footprint of a supplier in any form that is known: PACT 2.x or 3.x, Catena-X 7 to 9."""

    document: dict[str, Any]
    mass_kg_per_unit: Annotated[
        str | None, Field(max_length=60, description="Mass of one unit, kg, where the document does not tell it")
    ] = None
    keep: Annotated[bool, Field(description="False to look only")] = True


@router.post("/imports", summary="Bring in a supplier's footprint", response_model=ImportRead)
def bring_in(ask: ImportAsk, who: Caller, db: Transaction) -> ImportRead:
    """
    Read a supplier's footprint, show it per tonne with what is doubtful, and keep it with its original.

    Numbers of Catena-X should be sent by `yuetan footprint import` where every digit matters: JSON numbers pass through
    floating point here.
    """
    found = read(ask.document, ask.mass_kg_per_unit)
    kept = ask.keep and found.footprint is not None
    if kept:
        book.receive(db, who, found)
    return ImportRead(
        form=found.form,
        kept=kept,
        id=found.footprint.id if found.footprint else None,
        intensity=f"{found.per.value:f}" if found.per else None,
        intensity_unit=found.per.unit if found.per else None,
        boundary=TextRead(**Text(*NOT_CBAM)._asdict()),
        findings=[FindingRead.model_validate(one.to_dict()) for one in found.findings],
    )
