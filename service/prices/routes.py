"""Prices over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel, Field

from service.batch.routes import PLAIN, content_of, plain_name
from service.errors import MISSING, PROBLEMS
from service.prices import use
from service.provide import Caller, Instrument, Law, On, Reading, Today, Transaction
from service.safety import MULTIPART_LIMIT
from service.schemas import FindingRead, ReadRead, RowRead, read_of, rows_of
from service.workbook.guard import read_grid

router = APIRouter(prefix="/prices", tags=["prices"], responses=PROBLEMS | MISSING)


class ReferenceRead(BaseModel):
    """What one allowance cost on a day, and what that rests on."""

    instrument: str
    value: float
    unit: str = Field(examples=["CNY/t"])
    statistic: str
    quality: str = Field(description="A, B or C; U is the user's")
    age_days: int
    rows: list[RowRead]
    read: ReadRead


class ImportRead(BaseModel):
    """What was read from a table of quotes."""

    id: UUID
    instrument: str
    source: str
    rows_seen: int
    rows_kept: int
    rows_skipped: int
    findings: list[FindingRead]


@router.get("/{instrument}/reference", summary="Reference price", response_model=ReferenceRead)
def reference(instrument: Instrument, on: On, law: Law, who: Caller, db: Reading) -> ReferenceRead:
    """
    Return the reference price of a day; nothing after that day is used and no stale close is carried forward.

    A price whose last informative close is too old is refused: enter one, or import newer quotes.
    """
    price = use.reference(db, who, law, instrument, on)
    return ReferenceRead(
        instrument=price.instrument,
        value=price.value,
        unit=price.unit,
        statistic=price.statistic,
        quality=price.quality,
        age_days=price.age_days,
        rows=rows_of(price),
        read=read_of(price.read()),
    )


@router.post(
    "/{instrument}/quotes",
    summary="Import daily quotes",
    status_code=201,
    response_model=ImportRead,
    max_body_size=MULTIPART_LIMIT,
)
def import_quotes(
    instrument: Instrument,
    file: Annotated[UploadFile, File(description="csv, xls or xlsx in the exchange's layout, or date, close, volume")],
    source: Annotated[str, Form(min_length=1, max_length=300, pattern=PLAIN, description="Where the quotes come from")],
    law: Law,
    who: Caller,
    db: Transaction,
    today: Today,
) -> ImportRead:
    """
    Bring in daily quotes of your own; they take the place of ours for their days, and are marked as yours.

    Every row is kept, or refused by a finding with its row number. A day imported before is replaced.
    """
    law.market.of(instrument)
    name = plain_name(file.filename)
    grid = read_grid(content_of(file), name)
    kept, table = use.import_quotes(
        db, who, law, grid.rows, instrument=instrument, source=source, filename=name, today=today, sheet=grid.sheet
    )
    return ImportRead(
        id=kept.id,
        instrument=instrument,
        source=source,
        rows_seen=table.rows_seen,
        rows_kept=table.rows_kept,
        rows_skipped=table.rows_skipped,
        findings=[FindingRead(**finding.to_dict()) for finding in table.findings],
    )
