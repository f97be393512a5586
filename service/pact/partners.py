"""The register of partners: who may come, who is asked, with what, and what is on its way to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from models.pact.moments import moment
from service import jobs
from service.auth import Who, visible
from service.clock import now
from service.edition import claim
from service.identity import secrets
from service.identity.keys import key_of
from service.pact.address import check_shape, same_origin
from service.pact.refusals import BadAddress, NoAddress
from service.pact.tables import PactErrand, PactFootprint, PactPartner, PactShare
from service.refusals import NotFound
from service.settings import Settings

#: Kind of the job that does an errand.
KIND = "pact"
TYPE = "org.wbcsd.pact.ProductFootprint."
CREATED, FULFILLED, REJECTED, PUBLISHED = (
    f"{TYPE}{name}.3"
    for name in ("RequestCreatedEvent", "RequestFulfilledEvent", "RequestRejectedEvent", "PublishedEvent")
)
_PURPOSE = "pact-partner"


@dataclass(frozen=True, slots=True)
class Given:
    """What is stated of a partner; ``their_secret`` none leaves the one that is kept."""

    name: str
    base_url: str | None = None
    auth_url: str | None = None
    their_client_id: str | None = None
    their_secret: str | None = None
    may_be_private: bool = False
    sees: str = "chosen"


@dataclass(frozen=True, slots=True)
class Made:
    """A partner and the secret to hand over, shown once."""

    row: PactPartner
    secret: str


def add(db: Session, who: Who, settings: Settings, given: Given) -> Made:
    """Register a partner."""
    secret = secrets.new_token()
    row = PactPartner(
        id=uuid4(),
        organisation_id=who.organisation_id,
        person_id=who.person_id,
        name=given.name,
        secret=secrets.hash_token(secret),
    )
    _fill(row, settings, given)
    db.add(row)
    db.flush()
    return Made(row, secret)


def change(
    db: Session, who: Who, settings: Settings, partner_id: UUID, given: Given, editions: frozenset[str]
) -> PactPartner:
    """Replace what is stated of a partner in the edition that was seen."""
    row = partner(db, who, partner_id)
    claim(db, row, editions)
    _fill(row, settings, given)
    return row


def _fill(row: PactPartner, settings: Settings, given: Given) -> None:
    for url in (given.base_url, given.auth_url):
        if url is not None:
            check_shape(url, given.may_be_private)
    if given.auth_url is not None and given.base_url is None:
        raise BadAddress(field="base_url", why_zh="缺少 base_url", why_en="base_url is missing")
    row.name, row.sees, row.may_be_private = given.name, given.sees, given.may_be_private
    row.base_url = given.base_url.rstrip("/") if given.base_url else None
    row.auth_url = given.auth_url.rstrip("/") if given.auth_url else None
    row.their_client_id = given.their_client_id
    if given.their_secret is not None:
        row.their_secret = secrets.seal(given.their_secret, key_of(settings, _PURPOSE))


def renew_secret(db: Session, who: Who, partner_id: UUID) -> Made:
    """Give a partner a new secret; the old one and its tokens are void."""
    row = partner(db, who, partner_id)
    secret = secrets.new_token()
    row.secret = secrets.hash_token(secret)
    return Made(row, secret)


def close(db: Session, who: Who, partner_id: UUID, editions: frozenset[str]) -> None:
    """Close a partner: it may not come any more and nothing is sent to it; what was exchanged stays."""
    row = partner(db, who, partner_id)
    claim(db, row, editions)
    row.active = False


def partner(db: Session, who: Who, partner_id: UUID) -> PactPartner:
    """Return a partner of the caller's organisation."""
    row = db.scalar(visible(PactPartner, who).where(PactPartner.id == partner_id))
    if row is None:
        raise NotFound
    return row


def partners(db: Session, who: Who) -> Sequence[PactPartner]:
    """Return every partner, in the order of registration."""
    return db.scalars(visible(PactPartner, who).order_by(PactPartner.created, PactPartner.id)).all()


def their_secret(row: PactPartner, settings: Settings) -> str | None:
    """Return the secret that a partner gave us."""
    return secrets.unseal(row.their_secret, key_of(settings, _PURPOSE)) if row.their_secret else None


def source_of(settings: Settings) -> str:
    """Return the address that our events name as their source."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = settings.public_url or f"http://{host}:{settings.port}"
    return f"{base.rstrip('/')}/pact/3/events"


def event(settings: Settings, kind: str, event_id: UUID, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event of ours (CloudEvents 1.0)."""
    return {
        "type": kind,
        "specversion": "1.0",
        "id": str(event_id),
        "source": source_of(settings),
        "time": moment(now()),
        "data": dict(data),
    }


def send(
    db: Session,
    who: Who,
    settings: Settings,
    to: PactPartner,
    kind: str,
    data: Mapping[str, Any],
    answers: UUID | None = None,
    note: str = "",
) -> PactErrand:
    """
    Have an event sent to a partner; done when the transaction is through.

    Raises
    ------
    NoAddress
        The partner has none.
    """
    made = uuid4()
    return _errand(db, who, to, made, "send", event(settings, kind, made, data), answers, note or kind)


def fetch(db: Session, who: Who, to: PactPartner, document: Mapping[str, Any], note: str) -> PactErrand:
    """Have footprints of a partner fetched: those of ``pfIds``, or all that ``criteria`` finds."""
    return _errand(db, who, to, uuid4(), "fetch", document, None, note)


def _errand(
    db: Session,
    who: Who,
    to: PactPartner,
    made: UUID,
    kind: str,
    document: Mapping[str, Any],
    answers: UUID | None,
    note: str,
) -> PactErrand:
    if not reaches(to):
        raise NoAddress
    row = PactErrand(
        id=made,
        organisation_id=who.organisation_id,
        person_id=who.person_id,
        partner_id=to.id,
        kind=kind,
        document=dict(document),
        answers=answers,
        note=note,
        attempts=0,
        # The job that is announced now is the first attempt; the sweep comes later.
        next_try=now(),
    )
    db.add(row)
    db.flush()
    begin(db, who, row.id, 0)
    return row


def begin(db: Session, who: Who, errand_id: UUID, attempts: int) -> None:
    """Ask for the next attempt of an errand; asking twice is one job."""
    jobs.enqueue(db, who, KIND, {"errand": str(errand_id)}, [str(errand_id), attempts])


def reaches(to: PactPartner) -> bool:
    """Return whether anything can be sent to a partner."""
    return to.active and to.base_url is not None and to.their_client_id is not None and to.their_secret is not None


def tell_published(db: Session, who: Who, settings: Settings, rows: Iterable[PactFootprint]) -> int:
    """Tell each partner that may see them that footprints were published; return how many are told."""
    found = list(rows)
    told = 0
    for to in partners(db, who):
        if not reaches(to) or not found:
            continue
        if to.sees == "all":
            mine = [row.pf_id for row in found]
        else:
            shared = visible(PactShare, who).where(
                PactShare.partner_id == to.id, PactShare.footprint_id.in_([row.id for row in found])
            )
            ids = {share.footprint_id for share in db.scalars(shared)}
            mine = [row.pf_id for row in found if row.id in ids]
        if mine:
            send(db, who, settings, to, PUBLISHED, {"pfIds": [str(one) for one in mine]})
            told += 1
    return told


def owns_source(row: PactPartner, source: str) -> bool:
    """Return whether an event's source is of the partner that brings it."""
    return row.base_url is not None and same_origin(source, row.base_url)


def errands(db: Session, who: Who, limit: int) -> Sequence[PactErrand]:
    """Return the newest errands."""
    query = visible(PactErrand, who).order_by(PactErrand.created.desc(), PactErrand.id)
    return db.scalars(query.limit(limit)).all()


def pause(attempts: int) -> dt.timedelta:
    """Return how long to wait after so many attempts: half a minute, doubled each time, six hours at most."""
    return dt.timedelta(seconds=min(30 * 2 ** min(attempts, 20), 6 * 3600))
