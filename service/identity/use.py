"""Manage who may come in: organisations by the operator, people, programs and keys by an organisation's admin."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from stdnum.cn import uscc as credit_code
from stdnum.exceptions import ValidationError as NotACode

from models.errors import Text, YuetanError
from service.audit.use import record
from service.auth import EMBEDDED, Who, erasable, visible
from service.clock import now
from service.edition import claim
from service.identity import secrets, tokens
from service.identity.roles import Role, access
from service.identity.tables import ApiKey, Client, Login, ProviderLink, SignIn
from service.refusals import NotFound
from service.tables import Organisation, Person

INVITATION_H = 72
KEY_DAYS = 365
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,185}\.[^@\s.]{2,}")


class BadCreditCode(YuetanError):
    code = "identity.bad_uscc"
    message = Text(
        "统一社会信用代码不正确：应为 18 位，末位是校验码。",
        "The unified social credit code is wrong: it has 18 characters, the last a check digit.",
    )
    hint = Text("请对照营业执照逐位核对。", "Compare it with the business licence, character by character.")


class Taken(YuetanError):
    code = "identity.taken"
    message = Text("“{what_zh}”已被使用。", "The {what_en} is taken.")
    hint = Text("请换一个，或联系管理员。", "Choose another, or ask the admin.")


class BadEmail(YuetanError):
    code = "identity.bad_email"
    message = Text("邮箱地址不正确。", "The e-mail address is not one.")
    hint = Text("例如 zhang@example.com。", "For example zhang@example.com.")


class BadRole(YuetanError):
    code = "identity.bad_role"
    message = Text(
        "这类机构没有该角色，可选：{allowed}。", "This kind of organisation has no such role; one of: {allowed}."
    )
    hint = Text("请从列表中选择。", "Choose one of the list.")


class BadKind(YuetanError):
    code = "identity.bad_kind"
    message = Text("没有这类机构，可选：{allowed}。", "There is no such kind of organisation; one of: {allowed}.")
    hint = Text("请从列表中选择。", "Choose one of the list.")


class LastAdmin(YuetanError):
    code = "identity.last_admin"
    message = Text("不能停用最后一位管理员。", "The last admin cannot be taken away.")
    hint = Text("请先让另一人成为管理员。", "Make someone else an admin first.")


@dataclass(frozen=True, slots=True)
class Invited:
    """A person, and the one-time code with which they set a password; shown once."""

    person: Person
    code: str
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class MadeClient:
    """A program, and its secret where it has one; shown once."""

    client: Client
    person: Person
    secret: str | None


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key, and the key itself; shown once."""

    row: ApiKey
    token: str


def checked_uscc(code: str) -> str:
    """Return a unified social credit code in its plain form (GB 32100-2015); ``BadCreditCode`` where it is none."""
    try:
        return str(credit_code.validate(code))
    except NotACode as error:
        raise BadCreditCode(field="uscc") from error


def add_organisation(db: Session, name: str, kind: str, uscc: str | None, country: str = "CN") -> Organisation:
    """Write an organisation; the same credit code is one organisation."""
    kinds = access().organisations
    if kind not in kinds:
        raise BadKind(field="kind", allowed=", ".join(kinds))
    row = Organisation(name=name, kind=kind, uscc=checked_uscc(uscc) if uscc else None, country=country)
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError as error:
        raise Taken(field="uscc", what_zh="统一社会信用代码", what_en="unified social credit code") from error
    return row


def organisations(db: Session) -> Sequence[Organisation]:
    """Return the organisations of this installation, without the embedded one: for the operator."""
    mine = EMBEDDED.organisation_id
    return db.scalars(select(Organisation).where(Organisation.id != mine).order_by(Organisation.created)).all()


def roles_in(kind: str) -> list[Role]:
    """Return the roles that exist in a kind of organisation."""
    return [role for role in access().roles.values() if kind in role.organisations]


def _checked_role(organisation: Organisation, role: str) -> str:
    allowed = [one.name for one in roles_in(organisation.kind)]
    if role not in allowed:
        raise BadRole(field="role", allowed=", ".join(allowed))
    return role


def _person(db: Session, organisation: Organisation, name: str, role: str) -> Person:
    row = Person(id=uuid4(), organisation_id=organisation.id, name=name, role=_checked_role(organisation, role))
    db.add(row)
    db.flush()
    return row


def invite(db: Session, organisation_id: UUID, name: str, email: str, role: str, by: Who | None = None) -> Invited:
    """
    Write a person and the one-time code with which they come in; ``Taken`` where the address is someone's.

    ``by`` is who invites; none at the machine itself, and then the trail names the one invited.
    """
    email = email.strip().lower()
    if not _EMAIL.fullmatch(email):
        raise BadEmail(field="email")
    organisation = db.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound(field="organisation")
    code, until = secrets.new_token(), now() + dt.timedelta(hours=INVITATION_H)
    try:
        with db.begin_nested():
            person = _person(db, organisation, name, role)
            db.add(
                Login(
                    organisation_id=organisation.id,
                    person_id=person.id,
                    email=email,
                    invited=secrets.hash_token(code),
                    invited_until=until,
                )
            )
    except IntegrityError as error:
        raise Taken(field="email", what_zh="邮箱", what_en="e-mail address") from error
    inviter = by.person_id if by is not None and by.organisation_id == organisation.id else person.id
    record(db, Who(organisation.id, inviter), "person.invited", person.id, role=role)
    return Invited(person, code, until)


def invite_again(db: Session, who: Who, person_id: UUID) -> Invited:
    """Give a new one-time code to someone who lost password or second factor; both are void until they set them anew."""
    person = _one(db, who, person_id)
    login = db.scalar(visible(Login, who).where(Login.person_id == person.id))
    if login is None:
        raise NotFound(field="person")
    code, until = secrets.new_token(), now() + dt.timedelta(hours=INVITATION_H)
    login.password = login.totp = login.locked_until = None
    login.recovery, login.failed, login.totp_step = [], 0, 0
    login.invited, login.invited_until = secrets.hash_token(code), until
    db.execute(erasable(SignIn, who).where(SignIn.person_id == person.id))
    db.execute(erasable(ProviderLink, who).where(ProviderLink.person_id == person.id))
    record(db, who, "person.invited_again", person.id)
    return Invited(person, code, until)


def people(db: Session, who: Who) -> Sequence[tuple[Person, str | None]]:
    """Return the people and programs of the caller's organisation, each person with the e-mail address."""
    logins = {row.person_id: row.email for row in db.scalars(visible(Login, who))}
    return [(row, logins.get(row.id)) for row in db.scalars(visible(Person, who).order_by(Person.created, Person.id))]


def _one(db: Session, who: Who, person_id: UUID) -> Person:
    found = db.scalar(visible(Person, who).where(Person.id == person_id).with_for_update())
    if found is None:
        raise NotFound(field="person")
    return found


def change_person(
    db: Session, who: Who, person_id: UUID, role: str | None, active: bool | None, editions: frozenset[str]
) -> Person:
    """Change someone's role, or take all access away; takes effect at the next request of theirs."""
    person = _one(db, who, person_id)
    claim(db, person, editions)
    if role is not None:
        person.role = _checked_role(db.get_one(Organisation, who.organisation_id), role)
    if active is not None:
        person.active = active
    if not person.active:
        db.execute(erasable(SignIn, who).where(SignIn.person_id == person.id))
        db.execute(erasable(ApiKey, who).where(ApiKey.person_id == person.id))
    db.flush()
    managing = [name for name, one in access().roles.items() if "manage" in one.rights]
    left = visible(Person, who).join(Login, Login.person_id == Person.id)
    if db.scalars(left.where(Person.active, Person.role.in_(managing)).limit(1)).first() is None:
        raise LastAdmin(field="role")
    record(db, who, "person.changed", person.id, role=person.role, active=person.active)
    return person


def add_client(db: Session, who: Who, name: str, role: str, public_key: str | None) -> MadeClient:
    """Write a program that comes in by its own key, or by a secret where no key is given."""
    if public_key is not None:
        tokens.algorithm_of(public_key)
    secret = None if public_key else secrets.new_token("ys_")
    person = _person(db, db.get_one(Organisation, who.organisation_id), name, role)
    row = Client(
        organisation_id=who.organisation_id,
        person_id=person.id,
        secret=secrets.hash_token(secret) if secret else None,
        public_key=public_key,
    )
    db.add(row)
    db.flush()
    record(db, who, "client.added", row.id, role=role)
    return MadeClient(row, person, secret)


def clients(db: Session, who: Who) -> Sequence[Client]:
    """Return the programs of the caller's organisation."""
    return db.scalars(visible(Client, who).order_by(Client.created, Client.id)).all()


def add_key(db: Session, who: Who, name: str, days: int = KEY_DAYS) -> MadeKey:
    """Write a key that acts for the caller."""
    token = secrets.new_token("yk_")
    row = ApiKey(
        organisation_id=who.organisation_id,
        person_id=who.person_id,
        name=name,
        token=secrets.hash_token(token),
        prefix=token[:9],
        until=now() + dt.timedelta(days=days),
    )
    db.add(row)
    db.flush()
    record(db, who, "key.added", row.id, days=days)
    return MadeKey(row, token)


def keys(db: Session, who: Who) -> Sequence[ApiKey]:
    """Return the caller's own keys."""
    own = visible(ApiKey, who).where(ApiKey.person_id == who.person_id)
    return db.scalars(own.order_by(ApiKey.created, ApiKey.id)).all()


def remove_key(db: Session, who: Who, key_id: UUID) -> None:
    """Make one of the caller's keys void; ``NotFound`` where there is none."""
    gone = erasable(ApiKey, who).where(ApiKey.id == key_id, ApiKey.person_id == who.person_id).returning(ApiKey.id)
    if db.scalar(gone) is None:
        raise NotFound
    record(db, who, "key.removed", key_id)
