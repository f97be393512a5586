"""Keep results under their provenance key, and give them back."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import insert, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from service.audit.use import record
from service.auth import Who, visible
from service.columns import pack
from service.refusals import BadCursor, NotFound
from service.tables import Assessment, AssessmentLine

_WHOLE = (
    Assessment.score, Assessment.inputs, Assessment.findings, Assessment.reads, Assessment.rest
)  # fmt: skip
_CHUNK = 5000
#: Parts of a result that have a column of their own.
_COLUMNS = ("key", "method", "as_of", "options", "totals", "score", "findings", "reads")


class Kept(NamedTuple):
    """A kept result, and whether this call wrote it."""

    row: Assessment
    made: bool


def keep_once(
    db: Session,
    who: Who,
    *,
    kind: str,
    title: str,
    inputs: Mapping[str, Any],
    head: Mapping[str, Any],
    cost_eur: float | None,
    lines: Sequence[dict[str, Any]],
) -> Kept:
    """
    Write a result and its lines (as ``line_rows`` made them), unless the same result is there.

    The provenance key decides: same method, inputs and values of the law. Two
    requests may race, so the row is written in a savepoint.
    """
    same = visible(Assessment, who).where(Assessment.key == head["key"])
    found = db.scalar(same)
    if found is not None:
        return Kept(found, made=False)
    row = Assessment(
        organisation_id=who.organisation_id,
        person_id=who.person_id,
        key=head["key"],
        kind=kind,
        method=head["method"],
        title=title[:200],
        as_of=dt.date.fromisoformat(head["as_of"]),
        lines_count=len(lines),
        cost_eur=exact(cost_eur, 2),
        options=head["options"],
        totals=head["totals"],
        score=head["score"],
        inputs=dict(inputs),
        findings=head["findings"],
        reads=head["reads"],
        rest={name: value for name, value in head.items() if name not in _COLUMNS},
    )
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError:
        return Kept(db.scalars(same).one(), made=False)
    owner = {"organisation_id": row.organisation_id, "assessment_id": row.id}
    for begin in range(0, len(lines), _CHUNK):
        db.execute(insert(AssessmentLine), [owner | line for line in lines[begin : begin + _CHUNK]])
    record(db, who, "assessment.kept", row.id, key=row.key, kind=kind, lines=len(lines))
    return Kept(row, made=True)


def line_rows(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return lines as the table takes them: packed one by one, so that a long file is never whole in memory."""
    return [_line(record) for record in records]


def _line(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "line": record["line"],
        "status": record["status"],
        "cn_code": record["cn_code"],
        "origin": record["origin"],
        "net_mass_t": exact(record["net_mass_t"], 6),
        "certificates": exact(record.get("certificates"), 6),
        "cost_eur": exact(record.get("cost_eur"), 2),
        "record": pack(record),
    }


def exact(value: float | None, places: int) -> Decimal | None:
    """Return a float64 as the decimal that a table holds; the record beside it keeps the unrounded value."""
    return None if value is None else Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def one(db: Session, who: Who, assessment_id: UUID) -> Assessment:
    """Return a kept result with all its parts; ``NotFound`` where there is none to see."""
    whole = [undefer(column) for column in _WHOLE]
    found = db.scalar(visible(Assessment, who).where(Assessment.id == assessment_id).options(*whole))
    if found is None:
        raise NotFound
    return found


def document(db: Session, who: Who, assessment_id: UUID) -> dict[str, Any]:
    """Return a kept result as the plain data it was made as, lines included."""
    row = one(db, who, assessment_id)
    lines = db.scalars(
        visible(AssessmentLine, who)
        .with_only_columns(AssessmentLine.record)
        .where(AssessmentLine.assessment_id == row.id)
        .order_by(AssessmentLine.line)
    )
    return head_of(row) | {"lines": list(lines)}


def head_of(row: Assessment) -> dict[str, Any]:
    """Return a kept result without its lines."""
    return row.rest | {
        "key": row.key,
        "method": row.method,
        "as_of": row.as_of.isoformat(),
        "options": row.options,
        "totals": row.totals,
        "score": row.score,
        "findings": row.findings,
        "reads": row.reads,
    }


class Page(NamedTuple):
    """Some rows, and the cursor of the next ones."""

    rows: Sequence[Any]
    next: str | None


def recent(db: Session, who: Who, cursor: str | None, limit: int) -> Page:
    """Return kept results, newest first."""
    query = visible(Assessment, who).order_by(Assessment.created.desc(), Assessment.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(Assessment.created, Assessment.id) < tuple_(*after_cursor(cursor)))
    rows = db.scalars(query).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, cursor_of(rows[-1].created, rows[-1].id) if more else None)


def lines(
    db: Session, who: Who, assessment_id: UUID, after: int, limit: int, status: str | None = None
) -> tuple[Sequence[AssessmentLine], int | None]:
    """Return lines of a result in the order of the sheet, and where the next ones start."""
    exists = visible(Assessment, who).where(Assessment.id == assessment_id).with_only_columns(Assessment.id)
    if db.scalar(exists) is None:
        raise NotFound
    query = visible(AssessmentLine, who).where(
        AssessmentLine.assessment_id == assessment_id, AssessmentLine.line > after
    )
    if status:
        query = query.where(AssessmentLine.status == status)
    rows = db.scalars(query.order_by(AssessmentLine.line).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return rows, rows[-1].line if more else None


def line(db: Session, who: Who, assessment_id: UUID, number: int) -> AssessmentLine:
    """Return one line; ``NotFound`` where there is none to see."""
    query = visible(AssessmentLine, who).where(
        AssessmentLine.assessment_id == assessment_id, AssessmentLine.line == number
    )
    found = db.scalar(query)
    if found is None:
        raise NotFound
    return found


def cursor_of(moment: dt.datetime, row_id: UUID) -> str:
    """Return the cursor of a list that goes by a moment and an id."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{row_id}".encode()).decode().rstrip("=")


def after_cursor(cursor: str) -> tuple[dt.datetime, UUID]:
    """Return where a list goes on; ``BadCursor`` where it is no cursor of ours."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        created, _, row_id = text.partition("|")
        moment = dt.datetime.fromisoformat(created)
        if moment.tzinfo is None:
            raise ValueError(created)
        return moment, UUID(row_id)
    except (ValueError, binascii.Error, UnicodeError) as error:
        raise BadCursor(field="cursor") from error
