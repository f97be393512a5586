"""The page of kept footprints: versions, years, who verified them, an annex to disclose, and what suppliers sent."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from models.errors import YuetanError
from service.auth import Who, visible
from service.clock import now
from service.factors.use import kept
from service.footprint import keep as use
from service.footprint.disclosure import DisclosureAsk, policy
from service.footprint.disclosure import disclosure as disclosure_of
from service.footprint.kept_read import declared
from service.footprint.kept_routes import annex_file
from service.footprint.offer import state_of
from service.footprint.refusals import Follows
from service.footprint.use import ReconcileAsk
from service.identity.permit import needs
from service.library import Library
from service.pact.tables import OWN, PactFootprint
from service.pages.frame import Lang, PageRoute, checked_form, handed_back, page
from service.provide import Caller, Law, Reading, Today, Transaction

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_LATEST = 50


@router.get("/footprints")
def footprints(request: Request, lang: Lang, who: Caller, db: Reading, law: Law, after: UUID | None = None) -> Response:
    """Show what is kept."""
    return _page(request, lang, who, db, law, after=after)


@router.post("/footprints/keep")
def keep(
    request: Request, lang: Lang, who: Caller, db: Transaction, law: Law, today: Today,
    bill: Annotated[str, Form(max_length=900_000)], product: Annotated[str, Form(min_length=1, max_length=100)],
    follows: Annotated[str, Form(max_length=36)] = "", reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Keep a product of a bill that was worked out before; a version that is there asks why there is another."""
    try:
        of = handed_back(ReconcileAsk, bill)
        given = {"bill": of.bill, "submissions": of.submissions, "on": of.on, "product": product, "reason": reason}
        asked = checked_form(use.KeepAsk, given | ({"follows": follows} if follows else {}), "version")
        use.keep(db, who, law, asked, today, kept(db, who))
    except Follows as refusal:
        return _page(request, lang, who, db, law, pending=(bill, product, str(refusal.params["id"])), error=refusal)
    except YuetanError as refusal:
        return _page(request, lang, who, db, law, error=refusal)
    return RedirectResponse(f"/footprints?lang={lang}", 303)


@router.post("/footprints/{footprint_id}/verification")
def verify(
    request: Request, lang: Lang, who: Caller, db: Transaction, law: Law, footprint_id: UUID,
    verifier: Annotated[str, Form(max_length=200)], report: Annotated[str, Form(max_length=200)],
    verified_on: Annotated[str, Form(max_length=10)],
) -> Response:  # fmt: skip
    """Keep who verified a version."""
    try:
        given = checked_form(
            use.VerificationAsk, {"verifier": verifier, "report": report, "verified_on": verified_on}, "version"
        )
        use.verify(db, who, footprint_id, given)
    except YuetanError as refusal:
        return _page(request, lang, who, db, law, error=refusal)
    return RedirectResponse(f"/footprints?lang={lang}", 303)


@router.post("/footprints/disclosure", openapi_extra=needs("share"))
def disclosure(
    request: Request, lang: Lang, who: Caller, db: Transaction, law: Law, today: Today,
    result: Annotated[Literal["pdf", "xlsx"], Form(alias="as")],
    channel: Annotated[str, Form(max_length=20)], basis: Annotated[str, Form(max_length=300)],
    item: Annotated[list[str], Form(max_length=200)] = [],  # noqa: B006
    recipient: Annotated[str, Form(max_length=200)] = "", country: Annotated[str, Form(max_length=2)] = "CN",
    note: Annotated[str, Form(max_length=4000)] = "",
) -> Response:  # fmt: skip
    """Make an annex of the versions that were ticked."""
    try:
        asked = checked_form(
            DisclosureAsk,
            {"items": item, "channel": channel, "basis": basis, "recipient": recipient, "country": country.upper(), "note": note},
            "version",
        )  # fmt: skip
        return annex_file(db, who, disclosure_of(db, who, law, asked, today), result, lang)
    except YuetanError as refusal:
        return _page(request, lang, who, db, law, error=refusal)


def _page(
    request: Request, lang: str, who: Who, db: Session, law: Library, *, after: UUID | None = None,
    error: YuetanError | None = None, pending: tuple[str, str, str] | None = None,
) -> Response:  # fmt: skip
    found, following = use.listed(db, who, law, 100, after=after)
    others = visible(PactFootprint, who).where(PactFootprint.holder != OWN)
    sent = db.scalars(others.order_by(PactFootprint.kept.desc(), PactFootprint.id).limit(_LATEST)).all()
    moment = now()
    return page(
        request, lang, "footprints.html", 422 if error else 200, kept=found, next=following, trends=use.trends(db, who),
        declared=declared, suppliers=[(row, state_of(row, moment)) for row in sent], channels=policy().channels, error=error,
        pending=pending,
    )  # fmt: skip
