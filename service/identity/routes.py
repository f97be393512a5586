"""Identity over HTTP: tokens for programs, and an organisation's people, programs and keys."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Annotated, Any
from urllib.parse import unquote_plus
from uuid import UUID

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from service.auth import visible
from service.edition import next_version, version_of
from service.errors import EDITED, MISSING, PROBLEMS
from service.identity import door, tokens, use
from service.identity.keys import key_of
from service.identity.permit import needs
from service.identity.roles import access, rights_of
from service.identity.tables import ApiKey, Client
from service.provide import Caller, Doorway, Editions, HereParts, Reading, Transaction
from service.schemas import TextRead
from service.strict import StrictRoute
from service.tables import Organisation, Person

router = APIRouter(prefix="/identity", tags=["identity"], responses=PROBLEMS, route_class=StrictRoute)
#: Outside the wall: here a program shows who it is.
gate = APIRouter(tags=["identity"], responses=PROBLEMS)

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MANAGE = needs("manage")
_OPERATE = needs("operate")
_OWN = needs("see")
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f<>]+$")]
PersonId = Annotated[UUID, Path(description="Id of a person or a program")]


class TokenRead(BaseModel):
    """An access token of ten minutes (RFC 6749, 5.1)."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_in: int = tokens.LIFE_S


class TokenRefusal(BaseModel):
    """Why there is no token (RFC 6749, 5.2)."""

    error: str = Field(examples=["invalid_client"])
    error_description: str


@gate.post(
    "/oauth/token",
    summary="Access token for a program",
    response_model=TokenRead,
    responses={400: {"model": TokenRefusal}, 401: {"model": TokenRefusal}},
)
def token(
    request: Request,
    here: HereParts,
    db: Doorway,
    grant_type: Annotated[str, Form(max_length=100)],
    client_id: Annotated[str | None, Form(max_length=100)] = None,
    client_secret: Annotated[str | None, Form(max_length=200)] = None,
    client_assertion_type: Annotated[str | None, Form(max_length=100)] = None,
    client_assertion: Annotated[str | None, Form(max_length=4096)] = None,
) -> Any:
    """
    Give a program an access token by client credentials.

    The program proves itself by its secret (HTTP Basic or in the body) or by `private_key_jwt` (RFC 7523):
    an assertion of at most five minutes, signed with its key, whose audience is this address or `yuetan`.
    Each assertion serves once.
    """
    if grant_type != "client_credentials":
        return _refused(400, "unsupported_grant_type", "只支持 client_credentials / only client_credentials is known")
    if client_assertion and client_assertion_type != _ASSERTION_TYPE:
        return _refused(400, "invalid_request", f"client_assertion_type: {_ASSERTION_TYPE}")
    basic = _basic(request)
    if basic:
        client_id, client_secret = basic
    audiences = [str(request.url.replace(query="")), tokens.ISSUER]
    claims = door.client_of(db, client_id, client_secret, client_assertion, audiences)
    if claims is None:
        return _refused(401, "invalid_client", "客户端或其凭证不正确 / the client or its credentials are wrong")
    made = TokenRead(access_token=tokens.issue(claims, key_of(here.settings, "access-token")))
    return JSONResponse(made.model_dump(), headers={"Cache-Control": "no-store"})


def _refused(status: int, error: str, why: str) -> JSONResponse:
    headers = {"WWW-Authenticate": 'Basic realm="yuetan"'} if status == 401 else {}
    return JSONResponse(TokenRefusal(error=error, error_description=why).model_dump(), status, headers)


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(given, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return unquote_plus(name), unquote_plus(secret)


class MeRead(BaseModel):
    """Who the caller is."""

    person_id: UUID
    name: str
    organisation_id: UUID
    organisation: str
    role: str
    rights: list[str]


@router.get("/me", summary="Who I am", response_model=MeRead)
def me(who: Caller, db: Reading) -> MeRead:
    """Return the caller, the organisation spoken for, and what the role may do."""
    person = db.scalars(visible(Person, who).where(Person.id == who.person_id)).one()
    organisation = db.get_one(Organisation, who.organisation_id)
    return MeRead(
        person_id=person.id,
        name=person.name,
        organisation_id=organisation.id,
        organisation=organisation.name,
        role=person.role,
        rights=sorted(rights_of(person.role)),
    )


class RoleRead(BaseModel):
    """A role and its rights."""

    name: str
    label: TextRead
    organisations: list[str]
    rights: list[str]


@router.get("/roles", summary="Roles", response_model=list[RoleRead])
def roles(_: Caller) -> list[RoleRead]:
    """Return every role, the kinds of organisation it exists in, and its rights."""
    return [
        RoleRead(
            name=role.name,
            label=TextRead(**role.label._asdict()),
            organisations=sorted(role.organisations),
            rights=sorted(role.rights),
        )
        for role in access().roles.values()
    ]


class Ask(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OrganisationAsk(Ask):
    """An organisation to add, with its first admin."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f<>]+$")]
    kind: Annotated[str, Field(max_length=20, examples=["exporter"])]
    uscc: Annotated[str | None, Field(max_length=30)] = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "CN"


class OrganisationRead(BaseModel):
    """An organisation."""

    id: UUID
    name: str
    kind: str
    uscc: str | None
    country: str
    created: dt.datetime


def _organisation(row: Organisation) -> OrganisationRead:
    return OrganisationRead.model_validate(row, from_attributes=True)


@router.get("/organisations", summary="Organisations", response_model=list[OrganisationRead], openapi_extra=_OPERATE)
def organisations(_: Caller, db: Reading) -> list[OrganisationRead]:
    """Return every organisation of this installation; for its operator."""
    return [_organisation(row) for row in use.organisations(db)]


@router.post(
    "/organisations",
    summary="Add an organisation",
    status_code=201,
    response_model=OrganisationRead,
    responses={409: MISSING[404] | {"description": "The credit code is taken"}},
    openapi_extra=_OPERATE,
)
def add_organisation(ask: OrganisationAsk, _: Caller, db: Transaction) -> OrganisationRead:
    """Add an organisation; its people are invited afterwards."""
    return _organisation(use.add_organisation(db, ask.name, ask.kind, ask.uscc, ask.country))


class PersonAsk(Ask):
    """Someone to invite; the operator says for which organisation."""

    name: Name
    email: Annotated[str, Field(min_length=5, max_length=254)]
    role: Annotated[str, Field(max_length=30, examples=["exporter_editor"])]


class PersonRead(BaseModel):
    """A person, or a program where there is no e-mail address."""

    id: UUID
    name: str
    role: str
    active: bool
    email: str | None
    version: str = Field(description="A change sends it as If-Match")
    created: dt.datetime


class InvitedRead(BaseModel):
    """An invitation; `code` is shown here only."""

    id: UUID
    name: str
    role: str
    code: str = Field(description="One-time code: /sign-in/invited?code=...")
    until: dt.datetime


def person_read(person: Person, email: str | None) -> PersonRead:
    """Return a person as the API shows them."""
    return PersonRead(
        id=person.id,
        name=person.name,
        role=person.role,
        active=person.active,
        email=email,
        version=version_of(person),
        created=person.created,
    )


def _invited(made: use.Invited) -> InvitedRead:
    person = made.person
    return InvitedRead(id=person.id, name=person.name, role=person.role, code=made.code, until=made.until)


@router.get("/people", summary="People", response_model=list[PersonRead], openapi_extra=_MANAGE)
def people(who: Caller, db: Reading) -> list[PersonRead]:
    """Return the people and programs of the caller's organisation."""
    return [person_read(person, email) for person, email in use.people(db, who)]


@router.post(
    "/people",
    summary="Invite someone",
    status_code=201,
    response_model=InvitedRead,
    responses={409: MISSING[404] | {"description": "The address is taken"}},
    openapi_extra=_MANAGE,
)
def invite(ask: PersonAsk, who: Caller, db: Transaction) -> InvitedRead:
    """Invite someone into the caller's organisation; the code sets a password once, within 72 hours."""
    return _invited(use.invite(db, who.organisation_id, ask.name, ask.email, ask.role, who))


@router.post(
    "/organisations/{organisation_id}/people",
    summary="Invite someone into an organisation",
    status_code=201,
    response_model=InvitedRead,
    responses=MISSING | {409: MISSING[404] | {"description": "The address is taken"}},
    openapi_extra=_OPERATE,
)
def invite_into(
    organisation_id: Annotated[UUID, Path(description="Id of an organisation")],
    ask: PersonAsk,
    _: Caller,
    db: Doorway,
) -> InvitedRead:
    """Invite someone into any organisation; for the operator, who brings in each organisation's first admin."""
    return _invited(use.invite(db, organisation_id, ask.name, ask.email, ask.role))


class PersonChange(Ask):
    """What changes about someone; what is absent stays."""

    role: Annotated[str | None, Field(max_length=30)] = None
    active: bool | None = None


@router.patch(
    "/people/{person_id}",
    summary="Change someone's role or access",
    response_model=PersonRead,
    responses=MISSING | EDITED,
    openapi_extra=_MANAGE,
)
def change_person(
    person_id: PersonId, ask: PersonChange, editions: Editions, who: Caller, db: Transaction, response: Response
) -> PersonRead:
    """Change someone's role, or end their access: visits and keys are void at once."""
    person = use.change_person(db, who, person_id, ask.role, ask.active, editions)
    response.headers["ETag"] = f'"{next_version(db, person)}"'
    return person_read(person, None)


@router.post(
    "/people/{person_id}/invitation",
    summary="Invite someone again",
    response_model=InvitedRead,
    responses=MISSING,
    openapi_extra=_MANAGE,
)
def invite_again(person_id: PersonId, who: Caller, db: Transaction) -> InvitedRead:
    """Give someone who lost password or second factor a new one-time code; both are void until set anew."""
    return _invited(use.invite_again(db, who, person_id))


class ClientAsk(Ask):
    """A program to add."""

    name: Name
    role: Annotated[str, Field(max_length=30, examples=["bank_analyst"])]
    public_key: Annotated[str | None, Field(max_length=2000, description="PEM; without it a secret is made")] = None


class ClientRead(BaseModel):
    """A program; `secret` is shown when it is made and never again."""

    client_id: UUID
    person_id: UUID
    method: str = Field(description="private_key_jwt or client_secret")
    created: dt.datetime
    secret: str | None = None


@router.get("/clients", summary="Programs", response_model=list[ClientRead], openapi_extra=_MANAGE)
def clients(who: Caller, db: Reading) -> list[ClientRead]:
    """Return the programs of the caller's organisation; end one's access as a person's."""
    return [_client(row) for row in use.clients(db, who)]


@router.post("/clients", summary="Add a program", status_code=201, response_model=ClientRead, openapi_extra=_MANAGE)
def add_client(ask: ClientAsk, who: Caller, db: Transaction) -> ClientRead:
    """Add a program that asks for tokens by its key, or by a secret that this answer alone shows."""
    made = use.add_client(db, who, ask.name, ask.role, ask.public_key)
    return _client(made.client, made.secret)


def _client(row: Client, secret: str | None = None) -> ClientRead:
    method = "private_key_jwt" if row.public_key else "client_secret"
    return ClientRead(client_id=row.id, person_id=row.person_id, method=method, created=row.created, secret=secret)


class KeyAsk(Ask):
    """A key to make for oneself."""

    name: Name
    days: Annotated[int, Field(ge=1, le=use.KEY_DAYS)] = use.KEY_DAYS


class KeyRead(BaseModel):
    """A key; `key` is shown when it is made and never again."""

    id: UUID
    name: str
    prefix: str
    until: dt.datetime
    key: str | None = None


@router.get("/keys", summary="My keys", response_model=list[KeyRead])
def keys(who: Caller, db: Reading) -> list[KeyRead]:
    """Return the caller's own keys."""
    return [_key(row) for row in use.keys(db, who)]


@router.post("/keys", summary="Make a key", status_code=201, response_model=KeyRead, openapi_extra=_OWN)
def add_key(ask: KeyAsk, who: Caller, db: Transaction) -> KeyRead:
    """Make a key that acts for the caller; this answer alone shows it."""
    made = use.add_key(db, who, ask.name, ask.days)
    return _key(made.row, made.token)


def _key(row: ApiKey, key: str | None = None) -> KeyRead:
    return KeyRead(id=row.id, name=row.name, prefix=row.prefix, until=row.until, key=key)


@router.delete("/keys/{key_id}", summary="Void a key", status_code=204, responses=MISSING, openapi_extra=_OWN)
def remove_key(key_id: Annotated[UUID, Path(description="Id of a key")], who: Caller, db: Transaction) -> Response:
    """Make one of the caller's keys void."""
    use.remove_key(db, who, key_id)
    return Response(status_code=204)
