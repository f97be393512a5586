"""The release log over HTTP."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from service.auth import Who
from service.errors import PROBLEMS
from service.identity.permit import needs
from service.provide import Caller, Cursor, Limit, Reading
from service.release import use
from service.release.tables import DataRelease
from service.schemas import TextRead
from service.strict import StrictRoute
from service.workbook.paper import safe

router = APIRouter(prefix="/releases", tags=["shares"], route_class=StrictRoute, responses=PROBLEMS)
CSV = "text/csv; charset=utf-8"
_RIGHT = needs("audit")
_CHUNK = 500


class ReleaseRead(BaseModel):
    """Something that left; ``country`` is null where it is not known."""

    id: UUID
    at: dt.datetime
    way: str = Field(examples=["share.pdf"])
    label: TextRead
    subject: str
    fields: dict[str, list[str]] = Field(description="By class of data")
    recipient: str
    recipient_id: UUID | None
    country: str | None
    share_id: UUID | None
    basis: dict[str, Any]
    person_id: UUID = Field(description="On whose authority it left")
    sha256: str = Field(description="Of the bytes as they left")
    size: int


class ReleasePage(BaseModel):
    """What left, newest first."""

    items: list[ReleaseRead]
    next: str | None


def release_read(row: DataRelease) -> ReleaseRead:
    """Return a row of the log."""
    said = use.ways()[row.way]
    names = [name for name in ReleaseRead.model_fields if name != "label"]
    return ReleaseRead(label=TextRead(zh=said.zh, en=said.en), **{name: getattr(row, name) for name in names})


@router.get("", summary="What left your organisation", response_model=ReleasePage, openapi_extra=_RIGHT)
def listed(
    who: Caller,
    db: Reading,
    share: Annotated[UUID | None, Query(description="Only by this share")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ReleasePage:
    """List everything that left: what, to whom, where to, on what basis, and the hash of it, newest first."""
    page = use.listed(db, who, cursor, limit, share)
    return ReleasePage(items=[release_read(row) for row in page.rows], next=page.next)


@router.get(
    "/export.csv", summary="The whole release log", response_class=Response, openapi_extra=_RIGHT,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "A table"}},
)  # fmt: skip
def export(who: Caller, db: Reading) -> Response:
    """Return the whole log as a table, newest first."""
    headers = {"Content-Disposition": 'attachment; filename="yuetan-releases.csv"'}
    return Response(as_csv(db, who), media_type=CSV, headers=headers)


def as_csv(db: Session, who: Who) -> bytes:
    """Return the whole log as CSV in UTF-8 with the mark that spreadsheets look for."""
    out = io.StringIO()
    writer = csv.writer(out)
    heads = [name for name in ReleaseRead.model_fields if name != "label"]
    writer.writerow(heads)
    for row in _all(db, who):
        said = release_read(row).model_dump(mode="json")
        writer.writerow([safe(_flat(said[name])) for name in heads])
    return out.getvalue().encode("utf-8-sig")


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {', '.join(map(str, v)) if isinstance(v, list) else v}" for name, v in value.items())
    return "" if value is None else str(value)


def _all(db: Session, who: Who) -> Iterator[DataRelease]:
    cursor: str | None = None
    while True:
        page = use.listed(db, who, cursor, _CHUNK)
        yield from page.rows
        if page.next is None:
            return
        cursor = page.next
