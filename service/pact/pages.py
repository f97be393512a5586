"""The page of the exchange: partners, footprints offered, events with their state, suppliers asked, a workbook to offer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session, undefer

from models.errors import Text, YuetanError
from models.register_chain import SupplierRequest, coverage
from service.audit.use import record as write_down
from service.auth import Who, visible
from service.batch.routes import content_of, plain_name
from service.edition import version_of
from service.errors import status_of
from service.footprint.offers import Batch, offer_file
from service.identity.permit import needs
from service.pact import asks, book, partners
from service.pact.routes import PartnerAsk, given
from service.pact.tables import OWN, PactEvent, PactFootprint
from service.pages.frame import Lang, PageRoute, checked_form, page
from service.parts import Parts
from service.provide import Caller, HereParts, Law, Reading, Today, Transaction
from service.registers.use import records
from service.safety import MULTIPART_LIMIT

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_MANAGE, _SHARE = needs("manage"), needs("share")
_LATEST = 50
_EVENTS = {
    partners.CREATED: Text("请求碳足迹", "asks for footprints"),
    partners.FULFILLED: Text("答复：给出碳足迹", "answers with footprints"),
    partners.REJECTED: Text("答复：拒绝", "refuses"),
    partners.PUBLISHED: Text("通知：已发布", "has published"),
}
_ERRANDS = {
    "waiting": Text("等待或重试中", "waiting or tried again"),
    "done": Text("完成", "done"),
    "given_up": Text("已放弃", "given up"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """An event as the page shows it; ``why`` is what its sender says, or the reason of a refusal."""

    row: PactEvent
    what: Text
    why: str


@router.get("/exchange")
def exchange(request: Request, lang: Lang, who: Caller, db: Reading, parts: HereParts, today: Today) -> Response:
    """Show the exchange."""
    return _page(request, lang, who, db, parts, today)


@router.post("/exchange/partners", openapi_extra=_MANAGE)
def add_partner(
    request: Request, lang: Lang, who: Caller, db: Transaction, parts: HereParts, today: Today,
    name: Annotated[str, Form(min_length=1, max_length=200)], base_url: Annotated[str, Form(max_length=500)] = "",
    auth_url: Annotated[str, Form(max_length=500)] = "", client_id: Annotated[str, Form(max_length=500)] = "",
    client_secret: Annotated[str | None, Form(max_length=500)] = None, sees: Annotated[str, Form(pattern="^(all|chosen)$")] = "chosen",
) -> Response:  # fmt: skip
    """Register a partner; its secret is shown once."""
    stated = partners.Given(
        name, base_url or None, auth_url or None, client_id or None, client_secret or None, False, sees
    )
    try:
        made = partners.add(db, who, parts.settings, stated)
        write_down(db, who, "pact_partner.added", made.row.id, sees=made.row.sees, may_be_private=False)
    except YuetanError as error:
        return _page(request, lang, who, db, parts, today, error=error)
    return _page(request, lang, who, db, parts, today, made=made)


@router.post("/exchange/partners/{partner_id}", openapi_extra=_MANAGE)
def change_partner(
    request: Request, lang: Lang, who: Caller, db: Transaction, parts: HereParts, today: Today, partner_id: UUID,
    version: Annotated[str, Form(max_length=16)], name: Annotated[str, Form(max_length=200)],
    base_url: Annotated[str, Form(max_length=500)] = "", auth_url: Annotated[str, Form(max_length=500)] = "",
    client_id: Annotated[str, Form(max_length=500)] = "", client_secret: Annotated[str | None, Form(max_length=500)] = None,
    sees: Annotated[str, Form(max_length=10)] = "chosen",
) -> Response:  # fmt: skip
    """Replace what is stated of a partner in the edition that was shown; a secret left blank stays."""
    stated = {
        "name": name,
        "base_url": base_url,
        "auth_url": auth_url,
        "client_id": client_id,
        "client_secret": client_secret,
    }
    try:
        row = partners.partner(db, who, partner_id)
        filled = {field: value.strip() for field, value in stated.items() if value and value.strip()}
        told = checked_form(PartnerAsk, filled | {"sees": sees, "may_be_private": row.may_be_private}, "exchange")
        partners.change(db, who, parts.settings, partner_id, given(told, who, parts), frozenset({version}))
        write_down(db, who, "pact_partner.changed", row.id, sees=row.sees, may_be_private=row.may_be_private)
    except YuetanError as error:
        return _page(request, lang, who, db, parts, today, error=error)
    return RedirectResponse(f"/exchange?lang={lang}", 303)


@router.post("/exchange/partners/{partner_id}/close", openapi_extra=_MANAGE)
def close_partner(
    request: Request, lang: Lang, who: Caller, db: Transaction, parts: HereParts, today: Today, partner_id: UUID,
    version: Annotated[str, Form(max_length=16)],
) -> Response:  # fmt: skip
    """Close a partner in the edition that was shown; what was exchanged stays."""
    try:
        partners.close(db, who, partner_id, frozenset({version}))
        write_down(db, who, "pact_partner.closed", partner_id)
    except YuetanError as error:
        return _page(request, lang, who, db, parts, today, error=error)
    return RedirectResponse(f"/exchange?lang={lang}", 303)


@router.post("/exchange/{partner_id}/release", openapi_extra=_SHARE)
def release(
    request: Request, lang: Lang, who: Caller, db: Transaction, parts: HereParts, today: Today, partner_id: UUID,
    footprint: Annotated[UUID, Form()],
) -> Response:  # fmt: skip
    """Let a partner see a footprint of ours."""
    try:
        to = partners.partner(db, who, partner_id)
        rows = book.release(db, who, to, [footprint])
        if rows and partners.reaches(to) and to.sees == "chosen":
            ids = [str(row.pf_id) for row in rows]
            partners.send(db, who, parts.settings, to, partners.PUBLISHED, {"pfIds": ids})
        if rows:
            write_down(
                db, who, "footprint.released", partner_id, footprints={str(row.pf_id): row.sha256 for row in rows}
            )
    except YuetanError as error:
        return _page(request, lang, who, db, parts, today, error=error)
    return RedirectResponse(f"/exchange?lang={lang}", 303)


@router.post("/exchange/ask")
def ask(
    request: Request, lang: Lang, who: Caller, db: Transaction, parts: HereParts, today: Today,
    partner: Annotated[UUID, Form()], product: Annotated[str, Form(max_length=200)],
    product_id: Annotated[str, Form(max_length=500)], due: Annotated[str, Form(max_length=10)],
    tonnes: Annotated[str, Form(max_length=40)] = "", comment: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Ask a supplier."""
    stated = {"product": product, "product_id": product_id, "due": due}
    stated |= ({"tonnes": tonnes} if tonnes.strip() else {}) | ({"comment": comment} if comment.strip() else {})
    try:
        asks.ask(db, who, parts.settings, partner, checked_form(asks.SupplierAsk, stated, "exchange"), today)
    except YuetanError as error:
        return _page(request, lang, who, db, parts, today, error=error)
    return RedirectResponse(f"/exchange?lang={lang}#asked", 303)


@router.post("/exchange/asks/{ask_id}/stop")
def stop(lang: Lang, who: Caller, db: Transaction, today: Today, ask_id: UUID) -> Response:
    """Ask no more."""
    asks.stop(db, who, ask_id, today)
    return RedirectResponse(f"/exchange?lang={lang}#asked", 303)


@router.post("/exchange/check", max_body_size=MULTIPART_LIMIT)
def check(
    request: Request, lang: Lang, who: Caller, db: Reading, law: Law, parts: HereParts, today: Today,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Check a workbook of footprints; nothing is published."""
    return _file(request, lang, who, db, parts, today, file, publish=False)


@router.post("/exchange/publish", max_body_size=MULTIPART_LIMIT, openapi_extra=_SHARE)
def publish(
    request: Request, lang: Lang, who: Caller, db: Transaction, law: Law, parts: HereParts, today: Today,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Publish a workbook of footprints."""
    return _file(request, lang, who, db, parts, today, file, publish=True)


def _file(
    request: Request, lang: str, who: Who, db: Session, parts: Parts, today: dt.date, file: UploadFile | None, *,
    publish: bool,
) -> Response:  # fmt: skip
    try:
        plain_name(file.filename if file else None)
        batch = offer_file(db, who, parts.library, parts.settings, content_of(file) if file else b"", publish=publish)
    except YuetanError as error:
        return _page(request, lang, who, db, parts, today, error=error)
    return _page(request, lang, who, db, parts, today, batch=batch)


def _page(
    request: Request, lang: str, who: Who, db: Session, parts: Parts, today: dt.date, *, error: YuetanError | None = None,
    made: partners.Made | None = None, batch: Batch | None = None,
) -> Response:  # fmt: skip
    own = visible(PactFootprint, who).where(PactFootprint.holder == OWN)
    offered = db.scalars(own.order_by(PactFootprint.kept.desc(), PactFootprint.id).limit(_LATEST)).all()
    events = visible(PactEvent, who).order_by(PactEvent.received.desc(), PactEvent.id).limit(_LATEST)
    rows = db.scalars(events.options(undefer(PactEvent.document))).all()
    every = partners.partners(db, who)
    return page(
        request, lang, "exchange.html", status_of(error) if error else 200,
        version_of=version_of, partners=every, names={one.id: one.name for one in every},
        reaches=partners.reaches, offered=offered, events=[_line(row) for row in rows],
        errands=partners.errands(db, who, _LATEST), errand_states=_ERRANDS, asks=asks.asks(db, who, _LATEST),
        ask_states=asks.STATES, policy=asks.reminders(), today=today,
        coverage=coverage(records(db, who, "requests", SupplierRequest), today), error=error, made=made, batch=batch,
        server=partners.source_of(parts.settings).removesuffix("/3/events"),
    )  # fmt: skip


def _line(row: PactEvent) -> Line:
    data = row.document["data"]
    said = data.get("error") if isinstance(data.get("error"), dict) else None
    why = f"{said.get('code', '')}: {said.get('message', '')}" if said else str(data.get("comment") or "")
    return Line(row, _EVENTS.get(row.type, Text(row.type, row.type)), why[:300])
