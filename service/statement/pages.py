"""Pages of statements: what was issued and brought in, and, open to anybody, whether a paper holds."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from models.errors import YuetanError
from service.auth import Who
from service.batch.routes import content_of, plain_name
from service.pages.frame import Lang, PageRoute, page
from service.parts import Parts
from service.provide import Caller, HereParts, Reading, Today, Transaction
from service.refusals import NotFound
from service.safety import MULTIPART_LIMIT
from service.statement import suppliers, use
from service.statement.many import Batch, from_file, issue_file
from service.statement.read import CheckedRead, checked_read, key_read
from service.statement.routes import site_of
from service.statement.seal import key_id
from service.statement.tables import StatementNotice

router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: Open to anybody who holds a statement.
gate = APIRouter(route_class=PageRoute, include_in_schema=False)

_File = Annotated[UploadFile | None, File()]


@router.get("/statements")
def statements(request: Request, lang: Lang, who: Caller, db: Reading, parts: HereParts) -> Response:
    """Show what was issued and what was brought in."""
    return _listed(request, lang, who, db, parts)


@router.post("/statements/bring-in", max_body_size=MULTIPART_LIMIT)
def bring_in(
    request: Request, lang: Lang, who: Caller, db: Transaction, parts: HereParts, file: _File = None
) -> Response:
    """Keep a supplier's statement."""
    try:
        suppliers.bring_in(db, who, content_of(file) if file else b"")
    except YuetanError as error:
        return _listed(request, lang, who, db, parts, error)
    return RedirectResponse(f"/statements?lang={lang}#suppliers", 303)


@router.post("/statements", max_body_size=MULTIPART_LIMIT)
def handed_in(
    request: Request,
    lang: Lang,
    who: Caller,
    db: Transaction,
    parts: HereParts,
    today: Today,
    file: _File = None,
    issue: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    """Work a workbook out, or issue what it asks for."""
    try:
        plain_name(file.filename if file else None)
        data = content_of(file) if file else b""
        site, policy = site_of(request), parts.library.accreditation
        batch = (
            issue_file(db, who, parts.settings, data, today, site, policy)
            if issue
            else from_file(db, who, data, today, policy)
        )
    except YuetanError as error:
        return _listed(request, lang, who, db, parts, error)
    return _listed(request, lang, who, db, parts, batch=batch)


@router.post("/statements/{number}/withdraw")
def withdraw(
    number: UUID, lang: Lang, who: Caller, db: Transaction, reason: Annotated[str, Form(min_length=1, max_length=300)]
) -> Response:
    """Take a statement back."""
    use.withdraw(db, who, number, reason)
    return RedirectResponse(f"/statements?lang={lang}", 303)


def _listed(
    request: Request,
    lang: str,
    who: Who,
    db: Session,
    parts: Parts,
    error: YuetanError | None = None,
    batch: Batch | None = None,
) -> Response:
    public = use.own_key(parts.settings, who)
    return page(
        request,
        lang,
        "statements.html",
        422 if error else 200,
        issued=use.issued(db, who, 200),
        suppliers=suppliers.brought_in(db, who, 200),
        key=key_read(key_id(public), public),
        error=error,
        batch=batch,
    )


@gate.get("/verify")
def ask(request: Request, lang: Lang) -> Response:
    """Show the form that takes a file."""
    return _verdict(request, lang)


@gate.post("/verify", max_body_size=MULTIPART_LIMIT)
def verify_file(request: Request, lang: Lang, db: Reading, file: _File = None) -> Response:
    """Check a file that somebody was handed."""
    try:
        return _verdict(
            request, lang, found=checked_read(suppliers.checked(db, None, content_of(file) if file else b""))
        )
    except YuetanError as error:
        return _verdict(request, lang, error=error)


@gate.get("/verify/{number}")
def verify(request: Request, lang: Lang, db: Reading, number: UUID, code: str = "") -> Response:
    """Say whether a number stands, and whether the printed code is that of the statement issued under it."""
    try:
        notice = use.notice_of(db, number)
    except YuetanError as error:
        return _verdict(request, lang, error=error)
    # Eight digits are the least that a person can be expected to compare.
    typed = code.strip().lower()
    fits = None if not typed else len(typed) >= 8 and notice.sha256.startswith(typed)
    return _verdict(request, lang, notice=notice, fits=fits)


def _verdict(
    request: Request,
    lang: str,
    found: CheckedRead | None = None,
    notice: StatementNotice | None = None,
    fits: bool | None = None,
    error: YuetanError | None = None,
) -> Response:
    status = 200 if error is None else 404 if isinstance(error, NotFound) else 422
    return page(request, lang, "verify.html", status, found=found, notice=notice, fits=fits, error=error)
