"""Pages of shares: what is shared with whom and who read it, what others share with us, and reviews."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from models.errors import Text, YuetanError
from service.auth import Who
from service.clock import now
from service.identity.permit import needs
from service.pages.frame import Lang, PageRoute, page
from service.provide import Caller, HereParts, Law, Reading, Today, Transaction
from service.release.use import listed, ways
from service.share import freeze, review, use
from service.share.fields import areas, classes, kinds
from service.share.read import MOST_SHOWN, share_paper, singles_of, tables_of
from service.share.refusals import BadForm
from service.share.routes import ShareId, name_of
from service.share.use import Opened, ShareAsk
from service.tables import Organisation

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_SHARE = needs("share")
_MOST = 200
Typed = Annotated[str, Form(max_length=500)]


@router.get("/shares")
def shares(request: Request, lang: Lang, who: Caller, db: Reading) -> Response:
    """Show what is shared, what others share, and the reviews."""
    return _listed(request, lang, who, db)


def _listed(request: Request, lang: str, who: Who, db: Session, error: YuetanError | None = None) -> Response:
    given, received = use.given(db, who, None, _MOST).rows, use.received(db, who, None, _MOST).rows
    found = review.listed(db, who, None, _MOST).rows
    ids = {row.recipient_id for row in given} | {row.recipient_id for row in found}
    ids |= {row.organisation_id for row in received}
    return page(
        request, lang, "shares.html", 422 if error else 200,
        given=given, received=received, reviews=found, kinds=kinds(), moment=now(), error=error, me=who.person_id,
        names={one: name_of(db, one) for one in ids}, may_share="share" in who.rights or not who.rights,
        may_review="export" in who.rights or not who.rights, own_id=who.organisation_id,
    )  # fmt: skip


@router.get("/shares/new")
def new(
    request: Request, lang: Lang, who: Caller, db: Reading,
    kind: Annotated[str, Query(pattern=r"^(assessment|score|statement|footprint)$")] = "assessment",
    subject: Annotated[str, Query(max_length=36)] = "",
) -> Response:  # fmt: skip
    """Show the form to share one record."""
    return _form(request, lang, kind, {"subject": subject, "recipient": "", "purpose": "", "until": ""})


def _form(request: Request, lang: str, kind: str, given: dict[str, Any], error: YuetanError | None = None) -> Response:
    chosen = given.get("fields") or [f.name for f in kinds()[kind].fields.values() if f.kind.by_default]
    return page(
        request, lang, "share_new.html", 422 if error else 200,
        kind=kinds()[kind], kinds=[one for one in kinds().values() if one.name != "dossier"], given=given,
        chosen=chosen, classes=[one for one in classes().values() if one.leaves], error=error,
    )  # fmt: skip


@router.post("/shares", openapi_extra=_SHARE)
def create(
    request: Request, lang: Lang, law: Law, who: Caller, db: Transaction, today: Today,
    kind: Annotated[str, Form(pattern=r"^(assessment|score|statement|footprint)$")],
    subject: Typed = "", recipient: Typed = "", purpose: Typed = "", until: Typed = "",
    fields: Annotated[list[str] | None, Form(max_length=100)] = None,
) -> Response:  # fmt: skip
    """Share a record."""
    given = {"subject": subject, "recipient": recipient, "purpose": purpose, "until": until, "fields": fields}
    try:
        ask = ShareAsk.model_validate({"kind": kind, **given})
    except ValidationError as wrong:
        return _form(request, lang, kind, given, BadForm(**_labels(wrong)))
    try:
        with db.begin_nested():
            row, _, _ = freeze.share(db, who, law, ask, today)
    except YuetanError as error:
        return _form(request, lang, kind, given, error)
    return RedirectResponse(f"/shares/{row.id}?lang={lang}", 303)


_LABELS = {
    "subject": Text("记录编号", "id of the record"),
    "recipient": Text("接收机构", "recipient"),
    "purpose": Text("用途", "purpose"),
    "until": Text("截止日", "last day"),
    "fields": Text("字段", "fields"),
}


def _labels(wrong: ValidationError) -> dict[str, str]:
    named = dict.fromkeys(str(one["loc"][0]) for one in wrong.errors() if one["loc"])
    found = [_LABELS[name] for name in named if name in _LABELS] or list(_LABELS.values())
    return {"what_zh": "、".join(one.zh for one in found), "what_en": ", ".join(one.en for one in found)}


@router.get("/shares/received/{share_id}")
def received(request: Request, lang: Lang, share_id: ShareId, who: Caller, here: HereParts, today: Today) -> Response:
    """Show what is shared with us; its owner sees that we read it."""
    shown: list[Response] = []

    def make(found: Opened) -> bytes:
        paper = share_paper(found, today)
        shown.append(
            page(
                request,
                lang,
                "share_received.html",
                found=found,
                paper=paper,
                singles=singles_of(found),
                tables=tables_of(found),
                most=MOST_SHOWN,
            )
        )
        return bytes(shown[0].body)

    use.hand_out(here.database, who, share_id, "share.page", make)
    return shown[0]


@router.get("/shares/{share_id}")
def one(request: Request, lang: Lang, share_id: ShareId, who: Caller, db: Reading) -> Response:
    """Show a share of ours: its fields, what waits, and who read it."""
    row = use.one_given(db, who, share_id)
    read = listed(db, who, None, _MOST, share_id).rows if "audit" in who.rights or not who.rights else None
    return page(
        request, lang, "share.html",
        row=row, kind=kinds()[row.kind], fields=use.fields_given(db, who, share_id), moment=now(), read=read,
        ways=ways(), classes=classes(), recipient=db.get_one(Organisation, row.recipient_id),
        area=areas().labels[areas().of(row.country)], may_share="share" in who.rights or not who.rights,
    )  # fmt: skip


@router.post("/shares/{share_id}/revoke", openapi_extra=_SHARE)
def revoke(lang: Lang, share_id: ShareId, who: Caller, db: Transaction) -> Response:
    """Take a share back."""
    use.revoke(db, who, share_id)
    return RedirectResponse(f"/shares/{share_id}?lang={lang}", 303)


@router.post("/shares/{share_id}/review", openapi_extra=_SHARE)
def ask_review(lang: Lang, share_id: ShareId, who: Caller, db: Transaction) -> Response:
    """Ask for a review of what is held."""
    review.request(db, who, share_id)
    return RedirectResponse(f"/shares?lang={lang}#reviews", 303)


@router.post("/shares/reviews/{review_id}", openapi_extra=needs("export"))
def decide(
    request: Request, lang: Lang, review_id: UUID, who: Caller, db: Transaction, today: Today,
    decision: Typed, doc_ref: Typed = "", valid_to: Typed = "",
) -> Response:  # fmt: skip
    """Pass or refuse a review, or take a pass back."""
    try:
        said = review.Decision.model_validate(
            {"decision": decision, "doc_ref": doc_ref.strip() or None, "valid_to": valid_to or None}
        )
    except ValidationError:
        wrong = BadForm(what_zh="结论、文件号、有效期", what_en="decision, document, last day")
        return _listed(request, lang, who, db, wrong)
    try:
        with db.begin_nested():
            review.decide(db, who, review_id, said, today)
    except YuetanError as error:
        return _listed(request, lang, who, db, error)
    return RedirectResponse(f"/shares?lang={lang}#reviews", 303)
