"""Kept positions over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Path, Response
from pydantic import BaseModel, Field

from service.errors import MISSING, PROBLEMS, there
from service.position import keep as use
from service.position.routes import EXAMPLE
from service.position.tables import KeptPosition
from service.position.use import PositionAsk
from service.provide import Caller, Law, Limit, Reading, Today, Transaction
from service.strict import StrictRoute

router = APIRouter(prefix="/kept-positions", tags=["positions"], route_class=StrictRoute, responses=PROBLEMS)


class KeptBrief(BaseModel):
    """A kept position in a list."""

    id: UUID
    key: str = Field(
        description="Fingerprint of what was asked and what came of it; a statement made from it carries this"
    )
    installation: str
    compliance_year: int
    as_of: dt.date
    provisional: bool
    method: str
    average_paid_cny_per_t: float | None
    created: dt.datetime


class KeptRead(KeptBrief):
    """A kept position as it was kept."""

    position: dict[str, Any] = Field(description="As `/positions` answered then")


class KeptPage(BaseModel):
    """Kept positions, newest first."""

    items: list[KeptBrief]


def brief_of(row: KeptPosition) -> KeptBrief:
    """Return a kept position for a list."""
    return KeptBrief(
        id=row.id, key=row.key, installation=row.installation, compliance_year=row.compliance_year, as_of=row.as_of,
        provisional=row.provisional, method=row.method, average_paid_cny_per_t=row.result["average_paid_cny_per_t"],
        created=row.created,
    )  # fmt: skip


def kept_read(row: KeptPosition) -> KeptRead:
    """Return a kept position whole."""
    return KeptRead(**brief_of(row).model_dump(), position=row.result)


@router.post("", status_code=201, summary="Keep a position", response_model=KeptRead, responses=there(KeptRead))
def keep(
    asked: Annotated[PositionAsk, Body(openapi_examples={"pilot": {"summary": "A tile maker", "value": EXAMPLE}})],
    who: Caller,
    db: Transaction,
    law: Law,
    today: Today,
    response: Response,
) -> KeptRead:
    """
    Work a position out and keep it as a record that never changes, for statements to be made from.

    The same question with the same answer again changes nothing (200).
    """
    row, made = use.keep(db, who, law, asked, today)
    response.status_code = 201 if made else 200
    response.headers["Location"] = f"/api/v1/kept-positions/{row.id}"
    return kept_read(row)


@router.get("", summary="Kept positions", response_model=KeptPage)
def listed(who: Caller, db: Reading, limit: Limit = 50) -> KeptPage:
    """List kept positions, newest first."""
    return KeptPage(items=[brief_of(row) for row in use.listed(db, who, limit)])


@router.get("/{position_id}", summary="One kept position", response_model=KeptRead, responses=MISSING)
def shown(
    position_id: Annotated[UUID, Path(description="Id of a kept position")], who: Caller, db: Reading
) -> KeptRead:
    """Return a position as it was kept."""
    return kept_read(use.one(db, who, position_id))
