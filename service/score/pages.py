"""Pages of kept scores: the list, one score with its overrides, and, open to anybody, whether a printed one exists."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from models.errors import YuetanError
from service.assessment.use import read_file
from service.auth import Who
from service.batch.routes import content_of, plain_name
from service.pages.frame import Lang, PageRoute, page
from service.policy.use import card_of
from service.provide import Caller, Law, Reading, Today, Transaction
from service.safety import MULTIPART_LIMIT
from service.score import use
from service.score.kept import EXAMPLE, link_of
from service.score.paper import APART
from service.score.read import brief_of, record_read
from service.score.use import KeepAsk, OverrideAsk, from_workbook

router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: Open to anybody who holds a printed score.
gate = APIRouter(route_class=PageRoute, include_in_schema=False)
_MOST = 200


@router.get("/scores")
def scores(request: Request, lang: Lang, who: Caller, db: Reading) -> Response:
    """Show the scores that were kept, and whether the chain holds."""
    return _listed(request, lang, who, db)


@router.post("/scores", max_body_size=MULTIPART_LIMIT)
def handed_in(
    request: Request,
    lang: Lang,
    law: Law,
    who: Caller,
    db: Transaction,
    today: Today,
    file: Annotated[UploadFile | None, File()] = None,
    purpose: Annotated[str, Form(max_length=300)] = "",
    consent: Annotated[str, Form(max_length=300)] = "",
    example: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    """Score the firm of a workbook and keep the score; or keep the example."""
    try:
        if example:
            row, _ = use.keep(db, who, KeepAsk.model_validate(EXAMPLE), law, card_of(db, who, law, today), today)
        else:
            plain_name(file.filename if file else None)
            data, name = content_of(file) if file else b"", str(file.filename if file else "")
            row, _ = from_workbook(
                db, who, law, card_of(db, who, law, today), read_file(law, data, name), purpose, consent, today
            )
    except YuetanError as error:
        return _listed(request, lang, who, db, error)
    return RedirectResponse(f"/scores/{row.id}?lang={lang}", 303)


@router.get("/scores/{record_id}")
def one(request: Request, record_id: UUID, lang: Lang, who: Caller, db: Reading, today: Today) -> Response:
    """Show a score with what was decided on it."""
    return _one(request, record_id, lang, who, db, today)


@router.post("/scores/{record_id}/override")
def override(
    request: Request,
    record_id: UUID,
    lang: Lang,
    who: Caller,
    db: Transaction,
    today: Today,
    grade: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=500)] = "",
    expires: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Ask for another grade."""
    try:
        try:
            day = dt.date.fromisoformat(expires)
        except ValueError:
            day = today
        asked = OverrideAsk(grade=grade or "-", reason=reason, note=note.strip() or "-", expires=day)
        use.ask_override(db, who, record_id, asked, today)
    except YuetanError as error:
        return _one(request, record_id, lang, who, db, today, error)
    return RedirectResponse(f"/scores/{record_id}?lang={lang}#overrides", 303)


@router.post("/scores/{record_id}/overrides/{override_id}")
def answer(
    request: Request,
    record_id: UUID,
    override_id: UUID,
    lang: Lang,
    who: Caller,
    db: Transaction,
    today: Today,
    agree: Annotated[str, Form(max_length=3)] = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Agree to another grade as the second person, or decline it."""
    try:
        use.answer_override(db, who, override_id, agree=agree == "yes", note=note, today=today)
    except YuetanError as error:
        return _one(request, record_id, lang, who, db, today, error)
    return RedirectResponse(f"/scores/{record_id}?lang={lang}#overrides", 303)


def _listed(request: Request, lang: str, who: Who, db: Session, error: YuetanError | None = None) -> Response:
    return page(
        request,
        lang,
        "scores.html",
        422 if error else 200,
        rows=[brief_of(row) for row in use.scores(db, who, None, _MOST)],
        proof=use.proven(db, who),
        months=use.override_rate(db, who),
        error=error,
    )


def _one(
    request: Request,
    record_id: UUID,
    lang: str,
    who: Who,
    db: Session,
    today: dt.date,
    error: YuetanError | None = None,
) -> Response:
    kept = use.one(db, who, record_id, today)
    read = record_read(kept, link_of(request, record_id))
    ids = [one["id"] for one in kept.row.body["grades"]]
    at = ids.index(read.grade)
    rule = use.rules()
    return page(
        request,
        lang,
        "score.html",
        422 if error else 200,
        kept=read,
        body=kept.row.body,
        allowed=[g for i, g in enumerate(ids) if 0 < abs(i - at) <= rule.most_grades],
        reasons=rule.reasons,
        first=today + dt.timedelta(days=1),
        last=today + dt.timedelta(days=rule.most_days),
        apart=APART,
        error=error,
    )


@gate.get("/verify/score/{record_id}")
def verify(request: Request, lang: Lang, db: Reading, record_id: UUID, code: str = "") -> Response:
    """Say whether a printed score exists, and whether the code on it is that of the record."""
    notice, error = None, None
    try:
        notice = use.notice_of(db, record_id)
    except YuetanError as refusal:
        error = refusal
    typed = code.strip().lower()
    # Eight digits are the least that a person can be expected to compare.
    fits = None if not typed or notice is None else len(typed) >= 8 and notice.hash.startswith(typed)
    return page(request, lang, "verify_score.html", 404 if error else 200, notice=notice, fits=fits, error=error)
