"""Partners and what goes to and fro between them and the organisation."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import undefer

from models.pact.filters import MOMENTS, NAMES, criteria_of
from service.audit.use import record
from service.auth import visible
from service.edition import next_version, version_of
from service.errors import EDITED, MISSING, PROBLEMS
from service.identity.door import NotAllowed
from service.identity.permit import needs
from service.identity.roles import access
from service.pact import book, partners
from service.pact.tables import PactErrand, PactEvent, PactPartner
from service.provide import Caller, Editions, HereParts, Limit, Reading, Transaction
from service.refusals import NotFound
from service.schemas import FindingRead
from service.strict import StrictRoute

router = APIRouter(prefix="/pact", tags=["pact"], responses=PROBLEMS, route_class=StrictRoute)
_MANAGE = needs("manage")
_SHARE = needs("share")
PartnerId = Annotated[UUID, Path(description="Id of a partner")]
Url = Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s<>]+$")]
Plain = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f<>]+$")]


class Ask(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PartnerAsk(Ask):
    """A partner to exchange footprints with."""

    name: Plain
    base_url: Annotated[Url | None, Field(description="Where the partner answers; /3/footprints is appended")] = None
    auth_url: Annotated[Url | None, Field(description="Where it gives tokens, if elsewhere")] = None
    client_id: Annotated[str | None, Field(max_length=500, description="Ours at the partner")] = None
    client_secret: Annotated[str | None, Field(max_length=500, description="Ours at the partner; kept encrypted")] = (
        None
    )
    may_be_private: Annotated[
        bool, Field(description="Test set-ups only: plain http, private and loopback addresses")
    ] = False
    sees: Annotated[Literal["all", "chosen"], Field(description="All our footprints, or those released")] = "chosen"


class PartnerRead(BaseModel):
    """A partner; no secret is ever shown again."""

    id: UUID = Field(description="Also the partner's client_id at our server")
    name: str
    base_url: str | None
    auth_url: str | None
    client_id: str | None = Field(description="Ours at the partner")
    has_secret: bool = Field(description="Whether the partner's secret for us is kept")
    may_be_private: bool
    sees: str
    active: bool
    version: str = Field(description="Also the ETag; a change sends it as If-Match")
    created: dt.datetime


class PartnerMade(BaseModel):
    """A partner with the secret to hand over, shown once."""

    partner: PartnerRead
    client_id: str
    client_secret: str


def _partner(row: PactPartner) -> PartnerRead:
    return PartnerRead(
        id=row.id,
        name=row.name,
        base_url=row.base_url,
        auth_url=row.auth_url,
        client_id=row.their_client_id,
        has_secret=row.their_secret is not None,
        may_be_private=row.may_be_private,
        sees=row.sees,
        active=row.active,
        version=version_of(row),
        created=row.created,
    )


def _made(made: partners.Made) -> PartnerMade:
    return PartnerMade(partner=_partner(made.row), client_id=str(made.row.id), client_secret=made.secret)


def given(ask: PartnerAsk, who: Caller, here: HereParts) -> partners.Given:
    """Return what is stated; requests into the operator's own network are the operator's to allow."""
    if ask.may_be_private and here.settings.sign_in != "off" and "operate" not in who.rights:
        said = access().rights["operate"]
        raise NotAllowed(field="may_be_private", right_zh=said.zh, right_en=said.en)
    return partners.Given(
        ask.name, ask.base_url, ask.auth_url, ask.client_id, ask.client_secret, ask.may_be_private, ask.sees
    )


@router.get("/partners", summary="Partners", response_model=list[PartnerRead], openapi_extra=_MANAGE)
def list_partners(who: Caller, db: Reading) -> list[PartnerRead]:
    """Return every partner of the organisation."""
    return [_partner(row) for row in partners.partners(db, who)]


@router.post("/partners", summary="Add a partner", status_code=201, response_model=PartnerMade, openapi_extra=_MANAGE)
def add_partner(ask: PartnerAsk, who: Caller, here: HereParts, db: Transaction) -> PartnerMade:
    """Register a partner; the answer holds, once, the secret with which it comes to our server."""
    made = partners.add(db, who, here.settings, given(ask, who, here))
    record(db, who, "pact_partner.added", made.row.id, sees=made.row.sees, may_be_private=made.row.may_be_private)
    return _made(made)


@router.put(
    "/partners/{partner_id}",
    summary="Change a partner",
    response_model=PartnerRead,
    responses=MISSING | EDITED,
    openapi_extra=_MANAGE,
)
def change_partner(
    partner_id: PartnerId, ask: PartnerAsk, editions: Editions, who: Caller, here: HereParts, db: Transaction,
    response: Response,
) -> PartnerRead:  # fmt: skip
    """Replace what is stated of a partner; its secret for us stays where none is given."""
    row = partners.change(db, who, here.settings, partner_id, given(ask, who, here), editions)
    response.headers["ETag"] = f'"{next_version(db, row)}"'
    record(db, who, "pact_partner.changed", row.id, sees=row.sees, may_be_private=row.may_be_private)
    return _partner(row)


@router.post(
    "/partners/{partner_id}/secret",
    summary="New secret for a partner",
    response_model=PartnerMade,
    responses=MISSING,
    openapi_extra=_MANAGE,
)
def renew(partner_id: PartnerId, who: Caller, db: Transaction) -> PartnerMade:
    """Give a partner a new secret; the old one and its tokens are void at once."""
    made = partners.renew_secret(db, who, partner_id)
    record(db, who, "pact_partner.secret", partner_id)
    return _made(made)


@router.delete(
    "/partners/{partner_id}",
    summary="Close a partner",
    status_code=204,
    responses=MISSING | EDITED,
    openapi_extra=_MANAGE,
)
def close(partner_id: PartnerId, editions: Editions, who: Caller, db: Transaction) -> None:
    """Close a partner; what was exchanged stays."""
    partners.close(db, who, partner_id, editions)
    record(db, who, "pact_partner.closed", partner_id)


class ReleaseAsk(Ask):
    """Footprints of ours to release to a partner."""

    footprint_ids: Annotated[
        list[Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{36}$")]], Field(min_length=1, max_length=1000)
    ]


class ReleaseRead(BaseModel):
    """What was released anew."""

    released: list[UUID]


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError as error:
        raise NotFound(field="footprint_ids") from error


@router.post(
    "/partners/{partner_id}/releases",
    summary="Release footprints to a partner",
    response_model=ReleaseRead,
    responses=MISSING,
    openapi_extra=_SHARE,
)
def release(partner_id: PartnerId, ask: ReleaseAsk, who: Caller, here: HereParts, db: Transaction) -> ReleaseRead:
    """Let a partner see footprints of ours; who released what and when is kept, and the partner is told."""
    to = partners.partner(db, who, partner_id)
    rows = book.release(db, who, to, _ids(ask.footprint_ids))
    if rows and partners.reaches(to) and to.sees == "chosen":
        partners.send(db, who, here.settings, to, partners.PUBLISHED, {"pfIds": [str(row.pf_id) for row in rows]})
    if rows:
        record(db, who, "footprint.released", partner_id, footprints={str(row.pf_id): row.sha256 for row in rows})
    return ReleaseRead(released=[row.pf_id for row in rows])


class CriteriaAsk(Ask):
    """What is asked of a partner."""

    productId: list[str] = Field(default=[], max_length=200)  # noqa: N815
    companyId: list[str] = Field(default=[], max_length=200)  # noqa: N815
    geography: list[str] = Field(default=[], max_length=200)
    classification: list[str] = Field(default=[], max_length=200)
    status: list[str] = Field(default=[], max_length=2)
    validOn: list[str] = Field(default=[], max_length=1)  # noqa: N815
    validAfter: list[str] = Field(default=[], max_length=1)  # noqa: N815
    validBefore: list[str] = Field(default=[], max_length=1)  # noqa: N815

    def given(self) -> dict[str, list[str]]:
        """Return what is asked for; a moment that is none is refused."""
        made = {name: value for name in (*NAMES, *MOMENTS) if (value := getattr(self, name))}
        criteria_of(made)
        return made


class ErrandRead(BaseModel):
    """Something to be done at a partner."""

    id: UUID
    partner_id: UUID
    kind: str
    note: str
    state: str = Field(description="waiting, done or given_up")
    attempts: int
    next_try: dt.datetime
    created: dt.datetime
    finished: dt.datetime | None
    reason: dict[str, Any] | None = Field(
        description="Why the last attempt failed, or what was found in what was fetched"
    )


def _errand(row: PactErrand) -> ErrandRead:
    return ErrandRead.model_validate(row, from_attributes=True)


@router.post(
    "/partners/{partner_id}/fetch",
    summary="Fetch a partner's footprints",
    status_code=202,
    response_model=ErrandRead,
    responses=MISSING,
)
def fetch(partner_id: PartnerId, ask: CriteriaAsk, who: Caller, db: Transaction) -> ErrandRead:
    """Have the footprints fetched that a partner lists for us; a worker does it and tries again where it fails."""
    to = partners.partner(db, who, partner_id)
    return _errand(partners.fetch(db, who, to, {"criteria": ask.given()}, "list"))


class RequestAsk(CriteriaAsk):
    """A request for footprints, answered later."""

    comment: Annotated[str | None, Field(max_length=2000)] = None


@router.post(
    "/partners/{partner_id}/requests",
    summary="Request footprints of a partner",
    status_code=202,
    response_model=ErrandRead,
    responses=MISSING,
)
def request(partner_id: PartnerId, ask: RequestAsk, who: Caller, here: HereParts, db: Transaction) -> ErrandRead:
    """Send a partner a request; its answer comes as an event."""
    to = partners.partner(db, who, partner_id)
    data: dict[str, Any] = ask.given() | ({"comment": ask.comment} if ask.comment else {})
    return _errand(partners.send(db, who, here.settings, to, partners.CREATED, data))


@router.get("/errands", summary="What is on its way", response_model=list[ErrandRead])
def errands(who: Caller, db: Reading, limit: Limit = 50) -> list[ErrandRead]:
    """Return the newest errands: events sent and footprints fetched, with how often they were tried and why they failed."""
    return [_errand(row) for row in partners.errands(db, who, limit)]


class EventRead(BaseModel):
    """An event that a partner sent."""

    id: UUID
    partner_id: UUID
    source: str
    event_id: str
    type: str
    received: dt.datetime
    data: dict[str, Any]
    findings: list[FindingRead]


@router.get("/events", summary="Events received", response_model=list[EventRead])
def events(who: Caller, db: Reading, limit: Limit = 50) -> list[EventRead]:
    """Return the newest events of partners."""
    query = visible(PactEvent, who).order_by(PactEvent.received.desc(), PactEvent.id).limit(limit)
    return [
        EventRead(
            id=row.id,
            partner_id=row.partner_id,
            source=row.source,
            event_id=row.event_id,
            type=row.type,
            received=row.received,
            data=row.document["data"],
            findings=[FindingRead.model_validate(one) for one in row.findings],
        )
        for row in db.scalars(query.options(undefer(PactEvent.document)))
    ]
