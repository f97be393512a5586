"""Domain error -> HTTP problem (RFC 9457): the only place that knows both."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, TimeoutError
from starlette.exceptions import HTTPException

from cbam.errors import UnknownPath
from finance.policy import BadPolicy
from models.errors import NOTHING, BadData, Text, UnknownParameter, YuetanError
from models.market import UnknownInstrument
from service.edition import NoEdition, Stale
from service.factors.refusals import Decided, FactorTaken, NotYours
from service.feeds.feed import UnknownFeed
from service.footprint.refusals import Follows, Moved
from service.identity.door import NotAllowed, NotSignedIn
from service.identity.use import Taken
from service.law.use import NoRow
from service.library import UnknownScenario
from service.once.use import BadKey, InFlight
from service.operation.log import cleared, route_of
from service.outage import meaning
from service.pact.refusals import Changed
from service.refusals import (
    BadJson,
    Finished,
    NoRoom,
    NotFound,
    NotReady,
    NotRetried,
    TooLarge,
    TooMany,
    Unexpected,
    WrongMedia,
)
from service.registers.refusals import Taken as RecordTaken
from service.schemas import TextRead
from service.share.refusals import Decided as ReviewDecided
from service.share.refusals import NothingHeld, SamePerson

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
#: HTTP status by error; a domain error that is not here is 422: the request is understood and cannot be computed.
STATUS: Mapping[type[YuetanError], int] = {
    NotFound: 404,
    UnknownParameter: 404,
    UnknownInstrument: 404,
    NoRow: 404,
    NotSignedIn: 401,
    NotAllowed: 403,
    Finished: 409,
    NotRetried: 409,
    InFlight: 409,
    BadKey: 400,
    Taken: 409,
    RecordTaken: 409,
    FactorTaken: 409,
    Decided: 409,
    NotYours: 403,
    Follows: 409,
    Moved: 409,
    ReviewDecided: 409,
    NothingHeld: 409,
    SamePerson: 403,
    Changed: 409,
    TooLarge: 413,
    TooMany: 429,
    NoEdition: 428,
    Stale: 412,
    WrongMedia: 415,
    BadJson: 422,
    UnknownFeed: 404,
    UnknownScenario: 422,
    BadData: 500,
    BadPolicy: 500,
    NotReady: 503,
    NoRoom: 507,
}
#: Parameters of errors that hold free text of the user: not repeated.
_SENT: Mapping[type[YuetanError], str] = {UnknownPath: "path"}
RETRY_AFTER_S = "5"


class FieldProblem(BaseModel):
    """What is wrong with one field; the value itself is never repeated."""

    field: str = Field(examples=["body.net_mass_t"])
    code: str = Field(examples=["greater_than"])
    text: TextRead


class Problem(BaseModel):
    """An error as ``application/problem+json``; ``code`` is stable, the words are not."""

    type: str = Field(examples=["urn:yuetan:error:cbam.out_of_scope"])
    title: str
    status: int = Field(examples=[422])
    code: str = Field(examples=["cbam.out_of_scope"])
    text: TextRead
    hint: TextRead
    field: str | None = None
    errors: list[FieldProblem] = Field(default_factory=list)


#: For the ``responses`` of routers.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    422: {"model": Problem, "description": "The request cannot be computed as it stands"}
}
MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "Not found"}}
#: Of operations that change what somebody else may change as well.
EDITED: dict[int | str, dict[str, Any]] = {
    412: {"model": Problem, "description": "Somebody changed it first"},
    428: {"model": Problem, "description": "If-Match is missing"},
}


def there(model: type[Any]) -> dict[int | str, dict[str, Any]]:
    """Return the answer of an operation that keeps something once: it was there already."""
    return {200: {"model": model, "description": "It was there already"}}


_HELD: Mapping[str, Any] = {
    "description": "Too many requests; Retry-After says when to come again",
    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
#: Added to every operation that takes a body.
_BODY_REFUSALS: Mapping[str, str] = {
    "400": "The request is malformed",
    "413": "The body is larger than the limit",
    "415": "The body is of a type that is not taken",
}

_SAID: Mapping[str, Text] = {
    "missing": Text("缺少必填项", "is required"),
    "rule": Text("{zh}", "{en}"),
    "extra_forbidden": Text("不认识的字段", "is not a known field"),
    "float_type": Text("应为数字", "must be a number"),
    "float_parsing": Text("应为数字", "must be a number"),
    "finite_number": Text("应为有限的数字", "must be a finite number"),
    "int_type": Text("应为整数", "must be a whole number"),
    "int_parsing": Text("应为整数", "must be a whole number"),
    "string_type": Text("应为文本", "must be a text"),
    "bool_type": Text("应为 true 或 false", "must be true or false"),
    "bool_parsing": Text("应为 true 或 false", "must be true or false"),
    "date_type": Text("应为日期，如 2026-05-12", "must be a date like 2026-05-12"),
    "date_parsing": Text("应为日期，如 2026-05-12", "must be a date like 2026-05-12"),
    "date_from_datetime_parsing": Text("应为日期，如 2026-05-12", "must be a date like 2026-05-12"),
    "uuid_parsing": Text("编号格式不对", "is not an identifier"),
    "enum": Text("应为 {expected} 之一", "must be one of {expected}"),
    "literal_error": Text("应为 {expected} 之一", "must be one of {expected}"),
    "string_pattern_mismatch": Text("格式不对，应符合 {pattern}", "does not match {pattern}"),
    "string_too_short": Text("太短，至少 {min_length} 个字符", "is too short, at least {min_length} characters"),
    "string_too_long": Text("太长，至多 {max_length} 个字符", "is too long, at most {max_length} characters"),
    "too_long": Text("太多，至多 {max_length} 项", "is too long, at most {max_length} items"),
    "too_short": Text("太少，至少 {min_length} 项", "is too short, at least {min_length} items"),
    "greater_than": Text("应大于 {gt}", "must be above {gt}"),
    "greater_than_equal": Text("不得小于 {ge}", "must not be below {ge}"),
    "less_than": Text("应小于 {lt}", "must be below {lt}"),
    "less_than_equal": Text("不得大于 {le}", "must not be above {le}"),
}
_ELSE = Text("填写有误", "is not valid")
_INVALID = Text("有 {count} 处填写有误。", "{count} fields are not valid.")
_MEND = Text("请按 errors 中的说明更正。", "Correct them as 'errors' says.")
#: A field that is not known is named only if its name is one a program could have.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_]{1,60}")
_HTTP: Mapping[int, tuple[str, Text]] = {
    400: ("service.bad_request", Text("请求格式有误。", "The request is malformed.")),
    401: ("service.unauthorized", Text("需要口令。", "A secret is needed.")),
    404: ("service.no_such_page", Text("没有这个地址。", "There is no such address.")),
    405: ("service.method", Text("此地址不支持该方法。", "The address does not take this method.")),
    413: ("service.too_large", Text("内容过大。", "The content is too large.")),
}


def problem(
    status: int,
    code: str,
    text: Text,
    hint: Text = NOTHING,
    *,
    lang: str = "zh",
    field: str | None = None,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return an answer of type ``application/problem+json``."""
    made = Problem(
        type=f"urn:yuetan:error:{code}",
        title=text.get(lang),
        status=status,
        code=code,
        text=TextRead(**text._asdict()),
        hint=TextRead(**hint._asdict()),
        field=_safe(field) if field else None,
        errors=list(errors),
    )
    more = dict(headers or {})
    if status == 401:
        more.setdefault("WWW-Authenticate", "Bearer")
    if status in (503, 507):
        more["Retry-After"] = RETRY_AFTER_S
    return JSONResponse(jsonable_encoder(made), status, more, media_type=PROBLEM)


def lang_of(request: Request) -> str:
    """Return the language of an answer: English if asked for first, else Chinese."""
    return lang_of_header(request.headers.get("accept-language"))


def lang_of_header(asked: str | None) -> str:
    """Return the language that an Accept-Language header asks for first."""
    return "en" if (asked or "").strip().lower().startswith("en") else "zh"


def status_of(error: YuetanError) -> int:
    """Return the HTTP status of a domain error."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 422)


def domain_problem(error: YuetanError, lang: str) -> JSONResponse:
    """Return a domain error as a problem."""
    status = status_of(error)
    if status == 500:
        log.error("%s: %s", error.code, error)
        error = Unexpected()
    # Only the error's own template is shown, with what the user sent cut to a plain short text.
    sent = _SENT.get(type(error))
    shown = type(error)(
        field=error.field, **{name: "…" if name == sent else _shown(value) for name, value in error.params.items()}
    )
    text, hint = (Text(*(f(lang) for lang in ("zh", "en"))) for f in (shown.text, shown.mend))
    headers = {"Retry-After": str(error.params["seconds"])} if isinstance(error, TooMany) else None
    return problem(status, error.code, text, hint, lang=lang, field=error.field, headers=headers)


def _shown(value: object) -> object:
    return _safe(value) if isinstance(value, str) else value


def _safe(value: str) -> str:
    text = "".join(c if c.isprintable() and c not in "<>" else "·" for c in value)
    return text if len(text) <= 300 else f"{text[:300]}…"


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    kind = str(error["type"])
    said = _SAID.get(kind, _ELSE)
    told = error.get("ctx", {}) if said is not _ELSE else {}
    # Somebody may send a secret as the name of a field.
    names = [part if _PLAIN_NAME.fullmatch(part) and cleared(part) == part else "…" for part in map(str, error["loc"])]
    return FieldProblem(
        field=".".join(names), code=kind, text=TextRead(zh=said.zh.format(**told), en=said.en.format(**told))
    )


def described(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI description, with the refusals of a body and each refusal's own media type."""
    made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    for operations in made["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                refused = operation["responses"]["422"]["content"]
                for status, description in _BODY_REFUSALS.items():
                    operation["responses"].setdefault(status, {"description": description, "content": dict(refused)})
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                shape = content.get("application/json", {}).get("schema", {}).get("$ref", "")
                if status >= "400" and shape.endswith("/Problem"):
                    response["content"] = {PROBLEM: content["application/json"]}
            operation["responses"].setdefault("429", _HELD)
    return made


def install(app: FastAPI) -> None:
    """Have ``app`` answer every failure with a problem, and never with a trace or the value that was sent."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]

    @app.exception_handler(YuetanError)
    def domain(request: Request, error: YuetanError) -> JSONResponse:
        return domain_problem(error, lang_of(request))

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [_field_problem(e) for e in error.errors()[:100]]
        text = Text(*(t.format(count=len(error.errors())) for t in _INVALID))
        return problem(422, "input.invalid", text, _MEND, lang=lang_of(request), errors=errors)

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        # What breaks while a body is read, the framework tells as a bad request: a disk may have been full.
        outage = meaning(error.__cause__) if error.__cause__ else None
        if outage is not None:
            return domain_problem(outage, lang_of(request))
        code, text = _HTTP.get(error.status_code, ("service.http", Text("请求不能完成。", "The request failed.")))
        return problem(error.status_code, code, text, lang=lang_of(request), headers=error.headers)

    @app.exception_handler(DBAPIError)
    @app.exception_handler(TimeoutError)
    @app.exception_handler(OSError)
    @app.exception_handler(ResponseValidationError)
    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        outage = meaning(error)
        if outage is not None:
            log.warning("%s: %s", outage.code, type(getattr(error, "orig", error)).__name__)
            return domain_problem(outage, lang_of(request))
        log.error("%s on %s", type(error).__name__, route_of(request.scope), exc_info=error)
        return problem(
            500,
            Unexpected.code,
            Unexpected.message,
            Unexpected.hint,
            lang=lang_of(request),
        )
