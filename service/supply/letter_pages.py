"""The page of suppliers without PACT: ask by workbook, what was asked, bring an answer in."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from models.errors import YuetanError
from models.register_chain import REQUEST_STATES, SupplierRequest, request_state
from service.auth import Who, visible
from service.batch.routes import content_of, plain_name
from service.errors import status_of
from service.pages.frame import Lang, PageRoute, checked_form, page
from service.provide import Caller, Reading, Today, Transaction
from service.registers.tables import RegisterRecord
from service.safety import MULTIPART_LIMIT
from service.supply import letters
from service.supply.letters import Answered, LetterAsk

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_LATEST = 200


@router.get("/suppliers")
def suppliers(request: Request, lang: Lang, who: Caller, db: Reading, today: Today) -> Response:
    """Show the forms and what was asked."""
    return _page(request, lang, who, db, today)


@router.post("/suppliers")
def ask(
    request: Request, lang: Lang, who: Caller, db: Transaction, today: Today,
    supplier: Annotated[str, Form(max_length=200)] = "", product: Annotated[str, Form(max_length=200)] = "",
    due: Annotated[str, Form(max_length=10)] = "", tonnes: Annotated[str, Form(max_length=40)] = "",
) -> Response:  # fmt: skip
    """Enter a request; its workbook is in the list."""
    stated = {"supplier": supplier, "product": product, "due": due} | ({"tonnes": tonnes} if tonnes.strip() else {})
    try:
        letters.ask(db, who, checked_form(LetterAsk, stated, "letter"), today)
    except YuetanError as error:
        return _page(request, lang, who, db, today, error=error)
    return RedirectResponse(f"/suppliers?lang={lang}", 303)


@router.post("/suppliers/answer", max_body_size=MULTIPART_LIMIT)
def answer(
    request: Request, lang: Lang, who: Caller, db: Transaction, today: Today,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Bring an answer in."""
    try:
        name = plain_name(file.filename if file else None)
        found = letters.answered(db, who, content_of(file) if file else b"", name, today)
    except YuetanError as error:
        return _page(request, lang, who, db, today, error=error)
    return _page(request, lang, who, db, today, found=found)


def _page(
    request: Request, lang: str, who: Who, db: Session, today: dt.date, *, error: YuetanError | None = None,
    found: Answered | None = None,
) -> Response:  # fmt: skip
    query = visible(RegisterRecord, who).where(RegisterRecord.kind == "requests")
    rows = db.scalars(query.order_by(RegisterRecord.created.desc(), RegisterRecord.id).limit(_LATEST)).all()
    lines = [(row, SupplierRequest.model_validate(row.body)) for row in rows]
    refused = found is not None and found.row is None
    return page(
        request, lang, "suppliers.html", status_of(error) if error else 422 if refused else 200,
        lines=[(row, one, REQUEST_STATES[request_state(one, today)]) for row, one in lines if one.source == letters.SOURCE],
        findings=found.findings if found else (), found=found, error=error, today=today,
    )  # fmt: skip
