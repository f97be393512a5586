"""The audit trail over HTTP: read, proven, signed."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from service.audit import use
from service.audit.chain import Proof
from service.errors import PROBLEMS
from service.identity.permit import needs
from service.provide import Caller, HereParts, Limit, Reading
from service.schemas import TextRead
from service.strict import StrictRoute

router = APIRouter(prefix="/audit", tags=["audit"], route_class=StrictRoute, responses=PROBLEMS)
_RIGHT = needs("audit")


class EventRead(BaseModel):
    """One thing done."""

    number: int
    at: dt.datetime
    person_id: UUID
    action: str = Field(examples=["statement.issued"])
    subject: str
    detail: dict[str, Any]
    before: str
    hash: str


class EventPage(BaseModel):
    """Events in their order; `next` is the value of `after` for the next ones."""

    items: list[EventRead]
    next: int | None


class ProofRead(BaseModel):
    """Whether the chain holds."""

    holds: bool
    events: int
    hash: str
    broken: int | None = Field(description="The first event that does not fit")
    why: TextRead | None


@router.get("/events", summary="The audit trail", response_model=EventPage, openapi_extra=_RIGHT)
def events(who: Caller, db: Reading, after: Annotated[int, Query(ge=0)] = 0, limit: Limit = 100) -> EventPage:
    """List what was done, by whom and to what, oldest first."""
    found = use.events(db, who, after, limit + 1)
    items = [EventRead.model_validate(one, from_attributes=True) for one in found[:limit]]
    return EventPage(items=items, next=items[-1].number if len(found) > limit else None)


@router.get("/proof", summary="Whether the trail was changed", response_model=ProofRead, openapi_extra=_RIGHT)
def proof(who: Caller, db: Reading, parts: HereParts) -> ProofRead:
    """Recompute the chain from its first event, and compare it with the heads signed day by day."""
    return proof_read(use.proven(db, who, None, parts.settings))


@router.get("/head", summary="Where the trail stands, signed", openapi_extra=_RIGHT)
def head(who: Caller, db: Reading, parts: HereParts) -> dict[str, Any]:
    """Return number and hash of the last event, signed; keep it elsewhere."""
    return use.signed_head(db, who, parts.settings)


class HeadRead(BaseModel):
    """Where the trail stood on a day; `document` is what was signed."""

    day: dt.date
    number: int
    document: dict[str, Any]


class HeadPage(BaseModel):
    """Heads in the order of their days; `next` is the value of `after` for the next ones."""

    items: list[HeadRead]
    next: dt.date | None


@router.get("/heads", summary="Where the trail stood, day by day", response_model=HeadPage, openapi_extra=_RIGHT)
def heads(
    who: Caller,
    db: Reading,
    after: Annotated[dt.date | None, Query(ge=dt.date(2005, 1, 1), le=dt.date(2150, 12, 31))] = None,
    limit: Limit = 100,
) -> HeadPage:
    """List the heads that the service signed by itself, one a day; keep them elsewhere."""
    found = use.kept_heads(db, who, after, limit + 1)
    items = [HeadRead.model_validate(one, from_attributes=True) for one in found[:limit]]
    return HeadPage(items=items, next=items[-1].day if len(found) > limit else None)


@router.post("/proof", summary="Compare the trail with a signed head", response_model=ProofRead, openapi_extra=_RIGHT)
def against(signed: dict[str, Any], who: Caller, db: Reading, parts: HereParts) -> ProofRead:
    """Recompute the chain and compare it with a head that was signed before: an end that was cut off shows."""
    return proof_read(use.proven(db, who, signed, parts.settings))


def proof_read(found: Proof) -> ProofRead:
    why = TextRead(zh=found.why.zh, en=found.why.en) if found.why else None
    return ProofRead(holds=found.broken is None, events=found.events, hash=found.hash, broken=found.broken, why=why)
