"""
Who comes in: a browser with its visit, a program with a token, a script with a key.

This is the one place beside the job rows that looks over the wall between
organisations, since whose data may be seen is not known before it is asked.
It reads people and their keys, never data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.errors import Text, YuetanError
from service.audit.use import record
from service.auth import Who, erasable, visible
from service.clock import now
from service.identity import secrets, tokens
from service.identity.roles import rights_of
from service.identity.tables import ApiKey, Client, Login, ProviderLink, SignIn, UsedAssertion
from service.settings import Settings
from service.tables import Person

FAILURES_TO_LOCK = 5
LOCK_S = 900
_KEY_PREFIX = "yk_"
_TOUCH_EVERY_S = 60
Stage = Literal["second", "enrol", "full"]


class NotSignedIn(YuetanError):
    code = "identity.not_signed_in"
    message = Text("需要登录。", "You need to sign in.")
    hint = Text(
        "请在网页登录；程序请带访问令牌或密钥（Authorization: Bearer …）。",
        "Sign in on the page; programs send an access token or a key (Authorization: Bearer ...).",
    )


class NotAllowed(YuetanError):
    code = "identity.not_allowed"
    message = Text("您的角色没有“{right_zh}”的权限。", "Your role has no right to: {right_en}.")
    hint = Text("请联系本机构的管理员。", "Ask the admin of your organisation.")


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser's visit and how far its sign-in is."""

    id: UUID
    person_id: UUID
    organisation_id: UUID
    stage: Stage
    #: Whether it is time to note that the visit goes on.
    stale: bool


def of_bearer(db: Session, token: str, jwt_key: bytes) -> Who | None:
    """Return for whom a bearer token speaks: an API key, or a client's access token; none where it does not hold."""
    if token.startswith(_KEY_PREFIX):
        kept = db.scalar(select(ApiKey).where(ApiKey.token == secrets.hash_token(token)))
        return _who(db, kept.person_id) if kept and kept.until > now() else None
    claims = tokens.read(token, jwt_key)
    if claims is None:
        return None
    kept_client = db.get(Client, claims.client_id)
    if kept_client is None or kept_client.person_id != claims.person_id:
        return None
    who = _who(db, kept_client.person_id)
    return who if who and who.organisation_id == claims.organisation_id else None


def _who(db: Session, person_id: UUID) -> Who | None:
    person = db.get(Person, person_id)
    if person is None or not person.active:
        return None
    return Who(person.organisation_id, person.id, rights_of(person.role))


def visit_of(db: Session, cookie: str, settings: Settings) -> Visit | None:
    """Return the visit of a cookie; none where it is unknown, idle for too long, or too old."""
    found = db.scalar(select(SignIn).where(SignIn.token == secrets.hash_token(cookie)))
    moment = now()
    if (
        found is None
        or moment - found.used > dt.timedelta(minutes=settings.session_idle_min)
        or moment - found.created > dt.timedelta(hours=settings.session_hours)
    ):
        return None
    if not db.scalar(select(Person.active).where(Person.id == found.person_id)):
        return None
    stage: Stage = found.stage  # type: ignore[assignment]
    stale = moment - found.used > dt.timedelta(seconds=_TOUCH_EVERY_S)
    return Visit(found.id, found.person_id, found.organisation_id, stage, stale)


def who_visits(db: Session, visit: Visit) -> Who | None:
    """Return who a visit with a full sign-in speaks for."""
    return _who(db, visit.person_id) if visit.stage == "full" else None


def touch(db: Session, visit: Visit) -> None:
    """Note that a visit goes on; asked for once a minute at most, so that looking does not write."""
    db.execute(update(SignIn).where(SignIn.id == visit.id).values(used=now()))


def password_given(db: Session, email: str, password: str) -> tuple[str, Stage] | None:
    """
    Begin a visit with e-mail and password.

    Returns
    -------
    tuple or None
        The visit's cookie and its stage; none where the address or the password is wrong, or the account is
        locked: the answer does not tell which. The caller commits in each case, since a failure is counted.
    """
    login = db.scalar(select(Login).where(Login.email == email.strip().lower()).with_for_update())
    moment = now()
    locked = login is not None and login.locked_until is not None and login.locked_until > moment
    right = secrets.is_password(login.password if login and not locked else None, password)
    if login is None or locked:
        return None
    if not right or not db.scalar(select(Person.active).where(Person.id == login.person_id)):
        _failed(db, login, moment, "password")
        return None
    login.failed = 0
    return _begin(db, login, "second" if login.totp else "enrol")


def _failed(db: Session, login: Login, moment: dt.datetime, factor: Literal["password", "second"]) -> None:
    login.failed += 1
    if login.failed >= FAILURES_TO_LOCK:
        login.failed, login.locked_until = 0, moment + dt.timedelta(seconds=LOCK_S)
    who, locked = Who(login.organisation_id, login.person_id), login.failed == 0
    record(db, who, "sign_in.failed", login.person_id, locked=locked, factor=factor)


def _begin(db: Session, login: Login, stage: Stage) -> tuple[str, Stage]:
    cookie = secrets.new_token()
    db.add(
        SignIn(
            organisation_id=login.organisation_id,
            person_id=login.person_id,
            token=secrets.hash_token(cookie),
            stage=stage,
        )
    )
    return cookie, stage


def code_given(db: Session, visit: Visit, code: str, totp_key: bytes, recovery_key: bytes) -> str | None:
    """
    Complete a visit with the second factor or a recovery code.

    Returns
    -------
    str or None
        The cookie of the full visit (a new one: the old one is void); none where the code is wrong, which counts
        as a failure of the account, or the account is locked.
    """
    login = db.get_one(Login, visit.person_id, with_for_update=True)
    moment = now()
    if visit.stage != "second" or (login.locked_until is not None and login.locked_until > moment):
        return None
    secret = secrets.unseal(login.totp, totp_key) if login.totp else None
    step = secrets.step_of(secret, code, login.totp_step) if secret else None
    hashed = secrets.hash_recovery(code, recovery_key)
    if step is not None:
        login.totp_step = step
    elif hashed in login.recovery:
        login.recovery = [kept for kept in login.recovery if kept != hashed]
    else:
        _failed(db, login, moment, "second")
        return None
    login.failed = 0
    return _full(db, visit, login)


def _full(db: Session, visit: Visit, login: Login) -> str:
    leave(db, visit)
    cookie = _begin(db, login, "full")[0]
    record(db, Who(login.organisation_id, login.person_id), "sign_in.done", login.person_id)
    return cookie


def enrol(db: Session, visit: Visit, secret: str, code: str, totp_key: bytes, recovery_key: bytes) -> list[str] | None:
    """
    Set the second factor of a person who has none yet, proven by one code of it.

    Returns
    -------
    list of str or None
        Recovery codes, shown once; none where the code is not one of ``secret``.
    """
    login = db.get_one(Login, visit.person_id, with_for_update=True)
    step = secrets.step_of(secret, code, 0)
    if visit.stage != "enrol" or login.totp is not None or step is None:
        return None
    codes = secrets.new_recovery_codes()
    login.totp, login.totp_step = secrets.seal(secret, totp_key), step
    login.recovery = [secrets.hash_recovery(one, recovery_key) for one in codes]
    return codes


def enrolled(db: Session, visit: Visit) -> str:
    """Return the cookie of the full visit of someone who just set the second factor."""
    return _full(db, visit, db.get_one(Login, visit.person_id))


def visits(db: Session, who: Who) -> Sequence[SignIn]:
    """Return the caller's visits, also those that have ended by idleness or age and were not looked at since."""
    own = visible(SignIn, who).where(SignIn.person_id == who.person_id, SignIn.stage == "full")
    return db.scalars(own.order_by(SignIn.created)).all()


def left_elsewhere(db: Session, who: Who, visit: Visit, password: str, new: str | None = None) -> str | None:
    """
    End every visit of the caller, who shows the password again, and begin one anew; with a ``new`` password set.

    Returns
    -------
    str or None
        The cookie of the new visit; none where the password is wrong, which counts as a failure of the account, or
        the account is locked, has no password, or the visit is not the caller's own full one.

    Raises
    ------
    WeakPassword
        The new one is too easy; nothing changed.
    """
    login = db.get_one(Login, who.person_id, with_for_update=True)
    moment = now()
    if visit.person_id != who.person_id or visit.stage != "full":
        return None
    if login.locked_until is not None and login.locked_until > moment:
        return None
    if not secrets.is_password(login.password, password):
        _failed(db, login, moment, "password")
        return None
    login.failed = 0
    if new is not None:
        login.password = secrets.hash_password(new, login.email)
    db.execute(erasable(SignIn, who).where(SignIn.person_id == who.person_id))
    cookie = _begin(db, login, "full")[0]
    record(db, who, "password.changed" if new is not None else "visits.ended", who.person_id)
    return cookie


def leave(db: Session, visit: Visit) -> None:
    """End a visit."""
    db.execute(delete(SignIn).where(SignIn.id == visit.id))


def invited(db: Session, code: str, password: str) -> tuple[str, Stage] | None:
    """Set the password with a one-time code and begin a visit; none where the code is unknown or too old."""
    login = _of_invitation(db, code)
    if login is None:
        return None
    login.password = secrets.hash_password(password, login.email)
    _taken_up(db, login)
    return _begin(db, login, "second" if login.totp else "enrol")


def confirmed(db: Session, issuer: str, subject: str) -> tuple[str, Stage] | None:
    """Begin the visit of whom a provider confirms; the second factor is still due. None where nobody is linked."""
    found = select(ProviderLink.person_id).where(ProviderLink.issuer == issuer, ProviderLink.subject == subject)
    login = db.scalar(select(Login).where(Login.person_id.in_(found)))
    if login is None or not db.scalar(select(Person.active).where(Person.id == login.person_id)):
        return None
    if login.locked_until is not None and login.locked_until > now():
        return None
    return _begin(db, login, "second" if login.totp else "enrol")


def linked(db: Session, code: str, issuer: str, subject: str) -> tuple[str, Stage] | None:
    """
    Take up an invitation with the provider in place of a password, and begin a visit.

    None where the code is unknown or too old, or the provider's name is somebody's already.
    """
    login = _of_invitation(db, code)
    if login is None:
        return None
    row = ProviderLink(organisation_id=login.organisation_id, person_id=login.person_id, issuer=issuer, subject=subject)
    try:
        with db.begin_nested():
            db.execute(delete(ProviderLink).where(ProviderLink.person_id == login.person_id))
            db.add(row)
    except IntegrityError:
        return None
    _taken_up(db, login)
    record(db, Who(login.organisation_id, login.person_id), "provider.linked", login.person_id)
    return _begin(db, login, "second" if login.totp else "enrol")


def _of_invitation(db: Session, code: str) -> Login | None:
    login = db.scalar(select(Login).where(Login.invited == secrets.hash_token(code)).with_for_update())
    return None if login is None or login.invited_until is None or login.invited_until < now() else login


def _taken_up(db: Session, login: Login) -> None:
    login.invited = login.invited_until = login.locked_until = None
    login.failed = 0
    db.execute(delete(SignIn).where(SignIn.person_id == login.person_id))


def _serves_once(db: Session, client: Client, held: tokens.Assertion) -> bool:
    used = UsedAssertion(
        organisation_id=client.organisation_id,
        client_id=client.id,
        jti=held.jti,
        until=held.until + dt.timedelta(seconds=2 * tokens.LEEWAY_S),
    )
    try:
        with db.begin_nested():
            db.add(used)
    except IntegrityError:
        return False
    return True


def client_of(
    db: Session,
    client_id: str | None,
    secret: str | None,
    assertion: str | None,
    audiences: list[str],
) -> tokens.Claims | None:
    """Return the client that proves itself by a secret or by an assertion signed with its key; else none."""
    try:
        wanted = tokens.subject(assertion) if assertion else UUID(client_id or "")
    except ValueError:
        return None
    client = db.get(Client, wanted) if wanted else None
    if client is None or (client_id and str(client.id) != client_id):
        return None
    who = _who(db, client.person_id)
    if who is None:
        return None
    if assertion:
        if not client.public_key or not (
            held := tokens.read_assertion(assertion, client.id, client.public_key, audiences)
        ):
            return None
        db.execute(delete(UsedAssertion).where(UsedAssertion.client_id == client.id, UsedAssertion.until < now()))
        if not _serves_once(db, client, held):
            return None
    elif not (client.secret and secret and client.secret == secrets.hash_token(secret)):
        return None
    return tokens.Claims(client.id, who.organisation_id, who.person_id)
