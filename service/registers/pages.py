"""The page of the registers: what is held, its state today, the files that show it, and the grade of a footprint."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from models.errors import Text, YuetanError
from models.grade import Grade
from service.auth import Who
from service.batch.routes import content_of, plain_name
from service.pages.frame import Lang, PageRoute, number_typed, page
from service.provide import Caller, Law, Reading, Today, Transaction
from service.registers import use
from service.registers.files import evidence_name
from service.registers.kinds import KINDS, Kind, Shown, stands
from service.registers.many import FileResult, import_file
from service.registers.workbook import NAME
from service.safety import MULTIPART_LIMIT
from service.tables import Upload
from service.workbook.layout import Column, default_layout

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_Word = Annotated[str, Path(pattern="^(" + "|".join(KINDS) + ")$")]
_File = Annotated[UploadFile | None, File()]
#: Columns that the table shows before the state; the rest is in the record.
_SHOWN = 6
_HIDDEN = frozenset(
    ("valid_from", "valid_to", "suspended_from", "suspended_to", "withdrawn_on", "note", "source", "holder_uscc",
     "verifier_uscc", "uscc", "link")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A record as the page shows it."""

    held: use.Held
    cells: tuple[Text, ...]
    source: str
    state: Shown
    files: tuple[Upload, ...]


@router.get("/registers")
def registers(
    request: Request, lang: Lang, who: Caller, db: Reading, today: Today,
    kind: Annotated[str, Query(pattern="^(" + "|".join(KINDS) + ")$")] = "certificates",
    after: UUID | None = None,
) -> Response:  # fmt: skip
    """Show a register."""
    return _page(request, lang, who, db, today, KINDS[kind], after=after)


@router.post("/registers/file", max_body_size=MULTIPART_LIMIT)
def handed_in(request: Request, lang: Lang, who: Caller, db: Transaction, today: Today, file: _File = None) -> Response:
    """Keep the records of a workbook."""
    try:
        plain_name(file.filename if file else None)
        found = import_file(db, who, content_of(file) if file else b"")
    except YuetanError as error:
        return _page(request, lang, who, db, today, KINDS["certificates"], error=error)
    first = next((word for word in KINDS if found.added.get(word)), "certificates")
    return _page(request, lang, who, db, today, KINDS[first], imported=found)


@router.post("/registers/grade")
def grade(
    request: Request,
    lang: Lang,
    who: Caller,
    db: Reading,
    law: Law,
    today: Today,
    scheme: Annotated[UUID, Form()],
    value: Annotated[str, Form(max_length=40)],
    unit: Annotated[str, Form(max_length=60)] = "",
    half_width_percent: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Grade a footprint under a scheme that is held."""
    kind = KINDS["schemes"]
    made: Grade | None = None
    error: YuetanError | None = None
    try:
        number = number_typed("register_value", value)
        half = number_typed("register_half_width", half_width_percent)
        held = use.row_of(db, who, kind, scheme)
        if number is not None:
            asked = use.GradeQuestion.model_validate(
                {"scheme_id": str(held.id), "value": number, "unit": unit.strip() or held.body["unit"]}
                | ({"half_width": half / 100.0} if half is not None else {})
            )
            made = use.grade(db, who, law, asked, today)
    except YuetanError as refusal:
        error = refusal
    return _page(request, lang, who, db, today, kind, error=error, made=made)


@router.post("/registers/{kind}/{record_id}/evidence", max_body_size=MULTIPART_LIMIT)
def attach(
    request: Request,
    lang: Lang,
    who: Caller,
    db: Transaction,
    today: Today,
    kind: _Word,
    record_id: UUID,
    file: _File = None,
) -> Response:
    """Keep a file that shows a record."""
    try:
        data = content_of(file) if file else b""
        use.attach(db, who, KINDS[kind], record_id, data, evidence_name(file.filename if file else None, data))
    except YuetanError as error:
        return _page(request, lang, who, db, today, KINDS[kind], error=error)
    return RedirectResponse(f"/registers?kind={kind}&lang={lang}", 303)


def _page(
    request: Request,
    lang: str,
    who: Who,
    db: Session,
    today: dt.date,
    kind: Kind,
    *,
    after: UUID | None = None,
    error: YuetanError | None = None,
    imported: FileResult | None = None,
    made: Grade | None = None,
) -> Response:
    columns = [c for c in default_layout(NAME).sheets[kind.word].columns.values() if c.field not in _HIDDEN][:_SHOWN]
    found = use.held(db, who, kind, 101, after)
    lines = [_line(db, who, kind, one, columns, today) for one in found[:100]]
    return page(
        request,
        lang,
        "registers.html",
        422 if error else 200,
        kinds=list(KINDS.values()),
        kind=kind,
        columns=columns,
        lines=lines,
        next=found[99].row.id if len(found) > 100 else None,
        error=error,
        imported=imported,
        made=made,
        today=today,
    )


def _line(db: Session, who: Who, kind: Kind, one: use.Held, columns: list[Column], today: dt.date) -> Line:
    files = tuple(use.evidence(db, who, kind, one.row.id)) if one.files else ()
    cells = tuple(_cell(getattr(one.record, column.field), column) for column in columns)
    return Line(one, cells, str(one.row.body["source"]), stands(one.record, today), files)


def _cell(value: object, column: Column) -> Text:
    """Return a value as people read it; words in both languages."""
    if value is None:
        return Text("—", "—")
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    if isinstance(value, tuple):
        return Text("、".join(map(str, value)), ", ".join(map(str, value)))
    if column.words:
        words = default_layout(NAME).words[column.words]
        return next((word.text for word in words if word.key == value), Text(str(value), str(value)))
    shown = f"{value:,.6g}" if isinstance(value, float) else str(value)
    return Text(shown, shown)
