"""The page of a scoring policy: weights and grades to edit, the whole text, refusals by line, what moves, versions."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from finance.policy import Scorecard
from finance.policy_change import PolicyChange
from models.errors import YuetanError
from models.findings import Finding
from service.auth import Who
from service.identity.permit import needs
from service.library import Library
from service.pages.frame import Lang, PageRoute, page
from service.policy import use
from service.policy.read import moved
from service.provide import Caller, Law, Reading, Today, Transaction

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_Text = Annotated[str, Form(max_length=use.MOST_TEXT)]


@router.get("/policy")
def shown(
    request: Request, lang: Lang, law: Law, who: Caller, db: Reading, today: Today, version: UUID | None = None
) -> Response:
    """Show the policy in force, or a version, ready to be edited."""
    row = use.one(db, who, version) if version else use.in_force(db, who, today)
    return _page(request, lang, law, who, db, today, row.text if row else use.default_text(law))


@router.post("/policy/preview")
def preview(
    request: Request,
    lang: Lang,
    law: Law,
    who: Caller,
    db: Reading,
    today: Today,
    text: _Text = "",
    weight: Annotated[list[str] | None, Form(max_length=100)] = None,
    least: Annotated[list[str] | None, Form(max_length=20)] = None,
    version: Annotated[str, Form(max_length=40)] = "",
    begins: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Check a policy by line and show what it would do to the kept scores; fields of the short form go into the text."""
    return _page(request, lang, law, who, db, today, _edited(text, weight, least, version, begins), previewed=True)


@router.post("/policy", openapi_extra=needs("manage"))
def keep(
    request: Request,
    lang: Lang,
    law: Law,
    who: Caller,
    db: Transaction,
    today: Today,
    text: _Text = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Keep a policy as a version."""
    try:
        use.keep(db, who, text, note.strip() or "-")
    except YuetanError as error:
        return _page(request, lang, law, who, db, today, text, error, previewed=True)
    return RedirectResponse(f"/policy?lang={lang}", 303)


def _edited(text: str, weight: list[str] | None, least: list[str] | None, version: str, begins: str) -> str:
    """Return the text with the fields of the short form in it; a text or field that cannot be is left to the check."""
    if not weight and not least:
        return text
    try:
        node: Any = json.loads(text)
        for line, value in zip((i for d in node["dimensions"] for i in d["indicators"]), weight or (), strict=False):
            line["weight"] = _number(value)
        for line, value in zip(node["grades"], least or (), strict=False):
            line["min"] = _number(value)
        node |= {"version": version or node["version"], "effective_from": begins or node["effective_from"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return text
    return json.dumps(node, ensure_ascii=False, indent=1)


def _number(text: str) -> float | str:
    try:
        value = float(text)
    except ValueError:
        return text
    return value if value - value == 0.0 else text


def _page(
    request: Request,
    lang: str,
    law: Library,
    who: Who,
    db: Session,
    today: dt.date,
    text: str,
    error: YuetanError | None = None,
    *,
    previewed: bool = False,
) -> Response:
    card: Scorecard | None
    card, findings = use.checked(text)
    change: PolicyChange | None = None
    no_cases: YuetanError | None = None
    if card is not None and previewed:
        try:
            change = use.over_cases(use.card_of(db, who, law, today), card, use.stored_cases(db, who))
        except use.NoCases as refusal:
            no_cases = refusal
    return page(
        request,
        lang,
        "policy.html",
        422 if error or not card else 200,
        card=card,
        text=text,
        lines=text.splitlines(),
        findings=findings,
        change=change,
        cases=[moved(one) for one in change.cases] if change else [],
        told=_told(change),
        no_cases=no_cases,
        previewed=previewed,
        versions=use.versions(db, who),
        force=use.in_force(db, who, today),
        error=error,
    )


def _told(change: PolicyChange | None) -> tuple[Finding, ...]:
    return change.findings if change else ()
