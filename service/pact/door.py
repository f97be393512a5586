"""
How a partner comes in, and which errands are due.

With ``service.identity.door`` and the job rows this is a place that looks over
the wall between organisations: whose footprints a token opens is not known
before it is read, and errands are due whosever they are.
"""

from __future__ import annotations

import datetime as dt
import hmac
from uuid import UUID, uuid4

import jwt
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.auth import Who
from service.clock import now
from service.identity.secrets import hash_token
from service.pact.tables import PactAsk, PactErrand, PactPartner

LIFE_S = 3600
_ISSUER, _AUDIENCE, _ALGORITHM = "yuetan", "yuetan-pact", "HS256"
_LONGEST = 4096
_MOST_DUE = 200


class Expired(Exception):
    """The token was good, and its hour is over."""


def client(db: Session, client_id: str, secret: str) -> PactPartner | None:
    """Return the partner that proves itself by its secret; none where it does not."""
    try:
        found = db.get(PactPartner, UUID(client_id))
    except ValueError:
        return None
    given = hash_token(secret)
    # Compared even with nobody's, so that both answers take the same time.
    right = hmac.compare_digest(found.secret if found else "0" * 64, given)
    return found if found and right and found.active else None


def issue(partner: PactPartner, key: bytes) -> str:
    """Return an access token of one hour; a new secret of the partner makes it void."""
    moment = now()
    body = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": str(partner.id),
        "sec": partner.secret[:16],
        "iat": moment,
        "exp": moment + dt.timedelta(seconds=LIFE_S),
        "jti": str(uuid4()),
    }
    return jwt.encode(body, key, algorithm=_ALGORITHM)


def of_token(db: Session, token: str, key: bytes) -> PactPartner | None:
    """
    Return the partner that a token speaks for; none where it does not hold.

    Raises
    ------
    Expired
        It held once.
    """
    if len(token) > _LONGEST:
        return None
    try:
        body = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            issuer=_ISSUER,
            options={"require": ["exp", "iat", "sub", "aud", "iss", "sec"]},
        )
        found = db.get(PactPartner, UUID(body["sub"]))
    except jwt.ExpiredSignatureError:
        raise Expired from None
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError):
        return None
    return found if found and found.active and found.secret[:16] == body["sec"] else None


def due(db: Session) -> list[tuple[Who, UUID, int]]:
    """Return errands whose time has come: for whom, which, and after how many attempts."""
    waiting = (
        select(PactErrand)
        .where(PactErrand.state == "waiting", PactErrand.next_try <= now())
        .order_by(PactErrand.next_try)
        .limit(_MOST_DUE)
    )
    return [(Who(one.organisation_id, one.person_id), one.id, one.attempts) for one in db.scalars(waiting)]


def reminders_due(db: Session) -> list[tuple[Who, UUID]]:
    """Return suppliers to be reminded: for whom, and which ask."""
    waiting = (
        select(PactAsk)
        .where(PactAsk.state == "waiting", PactAsk.next_reminder <= now())
        .order_by(PactAsk.next_reminder)
        .limit(_MOST_DUE)
    )
    return [(Who(one.organisation_id, one.person_id), one.id) for one in db.scalars(waiting)]


def give_up(db: Session, before: dt.datetime) -> None:
    """Give up errands begun before a moment: their attempts end by themselves unless their workers are lost."""
    old = update(PactErrand).where(PactErrand.state == "waiting", PactErrand.created < before)
    db.execute(old.values(state="given_up", finished=now()))
