"""The page of factors: what was handed in, its review by somebody else, and the map of national and provincial ids."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from models.errors import YuetanError
from models.factor_records import LEVEL_WORDS
from models.factor_review import STATES
from service.auth import Who
from service.batch.routes import content_of, plain_name
from service.factors import use
from service.factors.many import FileResult, import_file
from service.identity.permit import needs
from service.pages.frame import Lang, PageRoute, page
from service.provide import Caller, Law, Reading, Today, Transaction
from service.registers.files import evidence_name
from service.safety import MULTIPART_LIMIT

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_File = Annotated[UploadFile | None, File()]
_Reason = Annotated[str, Form(min_length=1, max_length=2000)]
_State = Annotated[Literal["submitted", "accepted", "rejected", "withdrawn"] | None, Query()]


@router.get("/factors")
def factors(
    request: Request, lang: Lang, who: Caller, db: Reading, state: _State = None, after: UUID | None = None
) -> Response:
    """Show what was handed in."""
    return _page(request, lang, who, db, state=state, after=after)


@router.post("/factors/file", max_body_size=MULTIPART_LIMIT)
def handed_in(
    request: Request, lang: Lang, who: Caller, db: Transaction, law: Law, today: Today, file: _File = None
) -> Response:
    """Hand in the factors of a workbook."""
    try:
        plain_name(file.filename if file else None)
        found = import_file(db, who, law, content_of(file) if file else b"", today)
    except YuetanError as error:
        return _page(request, lang, who, db, error=error)
    return _page(request, lang, who, db, imported=found)


@router.post("/factors/{submission_id}/review", openapi_extra=needs("review"))
def review(
    request: Request, lang: Lang, who: Caller, db: Transaction, today: Today, submission_id: UUID,
    decision: Annotated[Literal["accepted", "rejected"], Form()], reason: _Reason,
) -> Response:  # fmt: skip
    """Accept or reject a factor."""
    return _decided(request, lang, who, db, submission_id, decision, reason, today)


@router.post("/factors/{submission_id}/withdrawal")
def withdraw(
    request: Request, lang: Lang, who: Caller, db: Transaction, today: Today, submission_id: UUID, reason: _Reason
) -> Response:
    """Take a factor back."""
    return _decided(request, lang, who, db, submission_id, "withdrawn", reason, today)


@router.post("/factors/{submission_id}/evidence", max_body_size=MULTIPART_LIMIT)
def attach(
    request: Request, lang: Lang, who: Caller, db: Transaction, submission_id: UUID, file: _File = None
) -> Response:
    """Keep a file that shows a factor."""
    try:
        data = content_of(file) if file else b""
        use.attach(db, who, submission_id, data, evidence_name(file.filename if file else None, data))
    except YuetanError as error:
        return _page(request, lang, who, db, error=error)
    return RedirectResponse(f"/factors?lang={lang}", 303)


def _decided(
    request: Request, lang: str, who: Who, db: Session, submission_id: UUID,
    decision: Literal["accepted", "rejected", "withdrawn"], reason: str, today: dt.date,
) -> Response:  # fmt: skip
    try:
        if decision == "withdrawn":
            use.withdraw(db, who, submission_id, reason, today)
        else:
            use.review(db, who, submission_id, decision, reason, today)
    except YuetanError as error:
        return _page(request, lang, who, db, error=error)
    return RedirectResponse(f"/factors?lang={lang}", 303)


def _page(
    request: Request, lang: str, who: Who, db: Session, *, state: str | None = None, after: UUID | None = None,
    error: YuetanError | None = None, imported: FileResult | None = None,
) -> Response:  # fmt: skip
    found, following = use.held(db, who, 100, state, after)
    return page(
        request, lang, "factors.html", 422 if error else 200, held=found, next=following, state=state, states=STATES,
        levels=LEVEL_WORDS, maps=use.pairs(db, who), me=who.person_id, reviews="review" in who.rights, error=error,
        imported=imported,
    )  # fmt: skip
