"""
The PACT 3.0 server: an application of its own under ``/pact``, since its errors are PACT's and not problems.

Every refusal is ``{"code", "message"}``; a token that is refused has OAuth's
body. Nothing is answered with 422.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError, TimeoutError
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from models.errors import YuetanError
from models.pact.extensions import schema
from models.pact.filters import MOMENTS, NAMES, criteria_of
from models.pact.footprint import is_uuid
from service.auth import Who
from service.columns import dumps
from service.errors import RETRY_AFTER_S
from service.identity.keys import key_of
from service.json_text import check_json
from service.operation.log import route_of
from service.outage import meaning
from service.pact import book, door
from service.pact.events import envelope, take
from service.pact.left import left
from service.pact.tables import PactPartner
from service.parts import Parts
from service.provide import Doorway, DoorwayReading, HereParts
from service.settings import is_loopback
from service.walls import step_behind

log = logging.getLogger(__name__)

PREFIX = "/pact"
#: An event may hold many footprints.
BODY_LIMIT = 10_000_000
_TOKEN_KEY = "pact-access-token"  # noqa: S105
_CODES = {
    400: "BadRequest",
    401: "BadRequest",
    403: "AccessDenied",
    404: "NotFound",
    500: "InternalError",
    501: "NotImplemented",
}
_EVENTS = "application/cloudevents+json"
_FORM = "application/x-www-form-urlencoded"
_LIMIT = re.compile(r"[+-]?\d{1,30}", re.ASCII)

router = APIRouter()


class PactError(Exception):
    """A refusal in PACT's words."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.code = code or _CODES[status]


def _error(status: int, code: str, message: str) -> JSONResponse:
    headers = {"WWW-Authenticate": 'Bearer realm="pact"'} if status == 401 else {}
    return JSONResponse({"code": code, "message": message}, status, headers)


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _host(request: Request) -> str:
    return request.headers.get("host", "") or str(request.url.netloc)


def _local(request: Request) -> bool:
    host = _host(request)
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return is_loopback(name.lower())


def _base(request: Request) -> str:
    """Return the address the caller used; https, but for plain http within this machine."""
    plain = request.url.scheme == "http" and _local(request)
    return f"{'http' if plain else 'https'}://{_host(request)}{PREFIX}"


def _secure(request: Request) -> None:
    """Refuse what comes over plain http from elsewhere: credentials and footprints would be read on the way."""
    if request.url.scheme != "https" and not _local(request):
        raise PactError(403, "Only https is answered.")


Secure = Depends(_secure)


def _partner(request: Request, here: Parts, db: Session) -> tuple[PactPartner, Who]:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise PactError(401, "An access token is needed.")
    try:
        found = door.of_token(db, token.strip(), key_of(here.settings, _TOKEN_KEY))
    except door.Expired:
        raise PactError(401, "The access token has expired.", "TokenExpired") from None
    if found is None:
        raise PactError(401, "The access token is invalid.")
    step_behind(db, found.organisation_id, here.database.role)
    return found, Who(found.organisation_id, found.person_id)


@router.post("/auth/token", dependencies=[Secure])
def token(request: Request, here: HereParts, db: DoorwayReading, body: Body) -> Response:
    """Give a partner an access token by client credentials over HTTP Basic (RFC 6749, 4.4); unknown fields are ignored."""
    form: dict[str, str] = {}
    if _media(request) == _FORM:
        try:
            form = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=50))
        except ValueError:
            form = {}
    credentials = _basic(request)
    partner = door.client(db, *credentials) if credentials else None
    if partner is None:
        return _no_token(401, "invalid_client", "The client or its credentials are wrong.")
    if "grant_type" not in form:
        return _no_token(400, "invalid_request", "A form with grant_type=client_credentials is needed.")
    if form["grant_type"] != "client_credentials":
        return _no_token(400, "unsupported_grant_type", "Only client_credentials is known.")
    made = door.issue(partner, key_of(here.settings, _TOKEN_KEY))
    answer = {"access_token": made, "token_type": "Bearer", "expires_in": door.LIFE_S}
    return JSONResponse(answer, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _no_token(status: int, error: str, why: str) -> JSONResponse:
    headers = {"WWW-Authenticate": 'Basic realm="pact"'} if status == 401 else {}
    return JSONResponse({"error": error, "error_description": why}, status, headers | {"Cache-Control": "no-store"})


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, found, secret = base64.b64decode(given.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, secret) if found else None


@router.get("/.well-known/openid-configuration", dependencies=[Secure])
def discovery(request: Request) -> dict[str, Any]:
    """Say where tokens are given."""
    base = _base(request)
    return {
        "issuer": base,
        "token_endpoint": f"{base}/auth/token",
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["token"],
    }


@router.get("/extensions/{name}/{version}/schema.json", dependencies=[Secure])
def extension_schema(name: str, version: str) -> dict[str, Any]:
    """Return the JSON Schema of one of our extensions; for anybody, since footprints name this address."""
    try:
        return schema(f"{name}/{version}")
    except KeyError:
        raise PactError(404, "There is no such extension.") from None


@router.get("/3/footprints/", dependencies=[Secure], include_in_schema=False)
@router.get("/3/footprints", dependencies=[Secure])
def footprints(request: Request, here: HereParts, db: Doorway) -> Response:
    """List what the caller may see, in pages of one stable order."""
    partner, who = _partner(request, here, db)
    asked: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        asked.setdefault(name, []).append(value)
    if any(name.lower().startswith("x-") for name in asked):
        raise PactError(400, "A filter that is not supported.")
    limit = _limit(asked.get("limit", []))
    cursor = asked.get("cursor", [None])[-1]
    if cursor is not None and len(cursor) > 400:
        raise PactError(400, "The cursor is not valid.")
    page = book.page_for(db, who, partner, criteria_of(asked), limit, cursor)
    headers = {}
    if page.next is not None:
        kept = [(name, value) for name in (*NAMES, *MOMENTS) for value in asked.get(name, ())]
        kept += [("limit", str(limit))] if limit else []
        link = f"{_base(request)}/3/footprints?{urlencode([*kept, ('cursor', page.next)])}"
        headers["Link"] = f'<{link}>; rel="next"'
    answer = _json({"data": [book.shown(row) for row in page.rows]}, headers)
    left(db, who, partner, "pact.list", page.rows, bytes(answer.body))
    return answer


def _limit(given: list[str]) -> int | None:
    if not given:
        return None
    if len(given) > 1 or not _LIMIT.fullmatch(given[0]) or int(given[0]) < 0:
        raise PactError(400, "limit must be a whole number that is not negative.")
    return int(given[0])


@router.get("/3/footprints/{pf_id}", dependencies=[Secure])
def footprint(pf_id: str, request: Request, here: HereParts, db: Doorway) -> Response:
    """Return one footprint."""
    partner, who = _partner(request, here, db)
    row, seen = book.one_for(db, who, partner, UUID(pf_id)) if is_uuid(pf_id) else (None, False)
    if row is None:
        raise PactError(404, "There is no such footprint.")
    if not seen:
        raise PactError(403, "The footprint is not shared with you.")
    answer = _json({"data": book.shown(row)}, {})
    left(db, who, partner, "pact.get", [row], bytes(answer.body))
    return answer


@router.post("/3/events/", dependencies=[Secure], include_in_schema=False)
@router.post("/3/events", dependencies=[Secure])
def events(request: Request, here: HereParts, db: Doorway, body: Body) -> Response:
    """Take an event (CloudEvents 1.0, structured); the same one again changes nothing."""
    partner, who = _partner(request, here, db)
    if _media(request) != _EVENTS:
        raise PactError(400, f"Content-Type must be {_EVENTS}.")
    check_json(body)
    take(db, here.settings, who, partner, envelope(json.loads(body)))
    return Response(status_code=200)


def _json(value: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    return Response(dumps(value), 200, dict(headers), media_type="application/json")


def make(parts: Parts) -> FastAPI:
    """Make the application to mount under ``PREFIX``."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.parts = parts
    app.include_router(router, max_body_size=BODY_LIMIT)

    @app.exception_handler(PactError)
    def refused(_: Request, error: PactError) -> JSONResponse:
        return _error(error.status, error.code, error.message)

    @app.exception_handler(YuetanError)
    def unfit(_: Request, error: YuetanError) -> JSONResponse:
        # Only our own words: what was sent is not repeated.
        return _error(400, "BadRequest", error.text("en")[:500])

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return _error(400, "BadRequest", "The request is malformed.")

    @app.exception_handler(HTTPException)
    def http(_: Request, error: HTTPException) -> JSONResponse:
        said = "There is no such address." if error.status_code == 404 else "The request cannot be taken."
        return _error(error.status_code, _CODES.get(error.status_code, "BadRequest"), said)

    @app.exception_handler(DBAPIError)
    @app.exception_handler(TimeoutError)
    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        outage = meaning(error)
        if outage is not None:
            answer = _error(503, "InternalError", outage.text("en"))
            answer.headers["Retry-After"] = RETRY_AFTER_S
            return answer
        log.error("%s on %s", type(error).__name__, route_of(request.scope), exc_info=error)
        return _error(500, "InternalError", "The program failed; the failure has been recorded.")

    return app
