"""The page of a portfolio manager: files in, how far a book is, and the whole of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from models.errors import YuetanError
from service.assessment.use import keep_upload
from service.auth import Who
from service.batch.routes import content_of
from service.columns import dumps
from service.finance.routes import EXAMPLE
from service.pages.frame import Lang, PageRoute, page
from service.parts import Parts
from service.portfolio import use
from service.portfolio.paper import portfolio_paper
from service.portfolio.routes import file_name, question_of, run_read
from service.provide import Caller, HereParts, Law, Reading, Today, Transaction
from service.safety import MULTIPART_LIMIT

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_File = Annotated[UploadFile | None, File()]
#: A question to start from: every figure in it is the bank's to change.
QUESTION = dumps({key: EXAMPLE[key] for key in ("today", "scenarios", "model", "rating_bounds")})


@router.get("/portfolio")
def shown(request: Request, lang: Lang, who: Caller, db: Reading, here: HereParts) -> Response:
    """Show the form and the books asked for last."""
    return _page(request, lang, who, db, here)


@router.post("/portfolio", max_body_size=MULTIPART_LIMIT)
def handed_in(
    request: Request,
    lang: Lang,
    law: Law,
    who: Caller,
    db: Transaction,
    today: Today,
    here: HereParts,
    loans: _File = None,
    borrowers: _File = None,
    question: Annotated[str, Form(max_length=100_000)] = "{}",
) -> Response:
    """Take a book."""
    try:
        asked = question_of(question)
        named = [(file, file_name(file)) for file in (loans, borrowers)]
        kept = [keep_upload(db, who, content_of(file), name) for file, name in named if file is not None]
        job = use.ask(db, who, law, kept[0], kept[1], asked, today)
    except YuetanError as error:
        return _page(request, lang, who, db, here, question, error)
    return RedirectResponse(f"/portfolio/{job.id}?lang={lang}", 303)


@router.get("/portfolio/{run}")
def one(request: Request, run: UUID, lang: Lang, who: Caller, db: Reading, here: HereParts) -> Response:
    """Show how far a book is, or the whole of it."""
    found = use.run_of(db, who, run, here.settings)
    done = found.state == "done"
    document = portfolio_paper(use.summary(db, who, run, here.settings)) if done else None
    blocks = [(type(block).__name__.lower(), block) for block in document.blocks] if document else []
    return page(request, lang, "portfolio_run.html", 200, run=run_read(found), document=document, blocks=blocks)


def _page(
    request: Request,
    lang: str,
    who: Who,
    db: Session,
    here: Parts,
    question: str = QUESTION,
    error: YuetanError | None = None,
) -> Response:
    rows = [run_read(use.run_of(db, who, job.id, here.settings)) for job in use.runs(db, who, 20)]
    return page(request, lang, "portfolio.html", 422 if error else 200, runs=rows, question=question, error=error)
