"""Shares and reviews over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import Field
from sqlalchemy.orm import Session

from models.inputs import Input
from service.change.routes import PAPER, PDF
from service.clock import now
from service.errors import MISSING, PROBLEMS
from service.identity.permit import needs
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Caller, Cursor, HereParts, Law, Limit, Reading, Today, Transaction
from service.share import freeze, review, use
from service.share.read import (
    CatalogueRead,
    FieldRead,
    ReceivedPage,
    ReceivedWhole,
    ReviewPage,
    ReviewRead,
    SharePage,
    ShareWhole,
    catalogue_read,
    opened_read,
    received_read,
    review_read,
    share_paper,
    share_read,
)
from service.share.tables import Share
from service.share.use import Opened, ShareAsk
from service.strict import StrictRoute
from service.tables import Organisation

router = APIRouter(prefix="/shares", tags=["shares"], route_class=StrictRoute, responses=PROBLEMS)
reviews = APIRouter(prefix="/export-reviews", tags=["shares"], route_class=StrictRoute, responses=PROBLEMS)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Every way a recipient takes a share by: name of the way, media type, and how it is written.
FILES: dict[str, tuple[str, str]] = {"pdf": ("share.pdf", PDF), "xlsx": ("share.xlsx", XLSX)}
_SHARE = needs("share")
_EXAMPLE: dict[str, Any] = {
    "kind": "assessment",
    "subject": "3f0c1a52-9d0e-4c39-9a58-0a4f4f4f0a11",
    "recipient": "91440000190327010X",
    "purpose": "绿色贷款授信 / green loan",
    "until": "2027-03-31",
}
ShareId = Annotated[UUID, Path(description="Id of a share")]
ReviewId = Annotated[UUID, Path(description="Id of a review")]


class ReviewAsk(Input):
    """The share whose held fields are to be reviewed."""

    share_id: UUID = Field(description="Id of a share of yours")


def name_of(db: Session, organisation: UUID) -> str:
    """Return the name of an organisation."""
    return db.get_one(Organisation, organisation).name


def whole(db: Session, who: Caller, row: Share) -> ShareWhole:
    """Return a share with its fields, as its owner sees it."""
    moment = now()
    head = share_read(row, name_of(db, row.recipient_id), moment).model_dump()
    fields = use.fields_given(db, who, row.id)
    return ShareWhole(
        **head, fields=[FieldRead(field=f.field, data_class=f.kind, open=f.closes > moment) for f in fields]
    )


@router.post(
    "", summary="Share a record", status_code=201, response_model=ShareWhole, openapi_extra=_SHARE, responses=MISSING
)
def create(
    ask: Annotated[ShareAsk, Body(openapi_examples={"assessment": {"summary": "The results alone", "value": _EXAMPLE}})],
    law: Law, who: Caller, db: Transaction, today: Today,
) -> ShareWhole:  # fmt: skip
    """
    Share a record as it is now, field by field, with an organisation, for a purpose, until a day.

    Without `fields` the results alone are shared. Process technology for a recipient abroad waits for a review.
    """
    row, _, _ = freeze.share(db, who, law, ask, today)
    return whole(db, who, row)


@router.get("", summary="What you share", response_model=SharePage)
def given(who: Caller, db: Reading, cursor: Cursor = None, limit: Limit = 50) -> SharePage:
    """List your shares, those that are over as well, newest first."""
    page = use.given(db, who, cursor, limit)
    moment = now()
    return SharePage(
        items=[share_read(one, name_of(db, one.recipient_id), moment) for one in page.rows], next=page.next
    )


@router.get("/fields", summary="What may be shared", response_model=CatalogueRead)
def offered() -> CatalogueRead:
    """List every field that may be shared, with its class and what banks call it, and what waits for a review."""
    return catalogue_read()


@router.get("/received", summary="What is shared with you", response_model=ReceivedPage)
def received(who: Caller, db: Reading, cursor: Cursor = None, limit: Limit = 50) -> ReceivedPage:
    """List what others let you read now, newest first."""
    page = use.received(db, who, cursor, limit)
    return ReceivedPage(
        items=[received_read(one, name_of(db, one.organisation_id)) for one in page.rows], next=page.next
    )


# Before the one without an ending, which would take it for an id.
@router.get(
    "/received/{share_id}.{kind}", summary="A share on paper", response_class=Response, responses=MISSING | PAPER
)
def paper(
    share_id: ShareId, kind: Literal["pdf", "xlsx"], who: Caller, here: HereParts, today: Today,
    lang: Annotated[Literal["zh", "en"], Query(description="Language that comes first; both are there")] = "zh",
) -> Response:  # fmt: skip
    """Return what was shared as a PDF or a workbook; its owner sees that you took it."""
    way, media = FILES[kind]

    def make(found: Opened) -> bytes:
        return pdf(share_paper(found, today), lang) if kind == "pdf" else xlsx(share_paper(found, today, None), lang)

    _, data = use.hand_out(here.database, who, share_id, way, make)
    headers = {"Content-Disposition": f'attachment; filename="yuetan-share-{str(share_id)[:8]}.{kind}"'}
    return Response(data, media_type=media, headers=headers)


@router.get("/received/{share_id}", summary="Read a share", response_model=ReceivedWhole, responses=MISSING)
def read(share_id: ShareId, who: Caller, here: HereParts) -> Response:
    """Return the version and the fields that were shared, and no more; its owner sees that you read it."""

    def make(found: Opened) -> bytes:
        return opened_read(found).model_dump_json().encode()

    _, data = use.hand_out(here.database, who, share_id, "share.json", make)
    return Response(data, media_type="application/json")


@router.get("/{share_id}", summary="One of your shares", response_model=ShareWhole, responses=MISSING)
def shown(share_id: ShareId, who: Caller, db: Reading) -> ShareWhole:
    """Return a share of yours and which of its fields are open."""
    return whole(db, who, use.one_given(db, who, share_id))


@router.post(
    "/{share_id}/revoke",
    summary="Take a share back",
    response_model=ShareWhole,
    responses=MISSING,
    openapi_extra=_SHARE,
)
def revoke(share_id: ShareId, who: Caller, db: Transaction) -> ShareWhole:
    """Revoke a share: from now on its recipient reads it by no way. A second time changes nothing."""
    return whole(db, who, use.revoke(db, who, share_id))


@reviews.get("", summary="Reviews before technology leaves", response_model=ReviewPage)
def reviewed(who: Caller, db: Reading, cursor: Cursor = None, limit: Limit = 50) -> ReviewPage:
    """List the reviews of your organisation, newest first."""
    page = review.listed(db, who, cursor, limit)
    return ReviewPage(items=[review_read(one, name_of(db, one.recipient_id)) for one in page.rows], next=page.next)


@reviews.post(
    "", summary="Ask for a review", status_code=201, response_model=ReviewRead, openapi_extra=_SHARE, responses=MISSING
)
def ask_review(ask: ReviewAsk, who: Caller, db: Transaction) -> ReviewRead:
    """Ask for a review of the fields of a share that are held, or whose pass has ended."""
    row = review.request(db, who, ask.share_id)
    return review_read(row, name_of(db, row.recipient_id))


@reviews.post(
    "/{review_id}/decision", summary="Decide a review", response_model=ReviewRead, responses=MISSING,
    openapi_extra=needs("export"),
)  # fmt: skip
def decide(review_id: ReviewId, said: review.Decision, who: Caller, db: Transaction, today: Today) -> ReviewRead:
    """Pass or refuse a review that somebody else asked for, or take a pass back."""
    row = review.decide(db, who, review_id, said, today)
    return review_read(row, name_of(db, row.recipient_id))
