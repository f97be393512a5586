"""JSON as we accept it: strict, small, shallow, without NaN, and typed by the field that takes it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.params import File, Form
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

from service.refusals import BadJson, WrongMedia

MOST_DIGITS = 40
MOST_DEEP = 20
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKET = re.compile(rb"[\[\]{}]")


def check_json(data: bytes) -> None:
    """
    Refuse what a standard parser lets through or chokes on.

    Raises
    ------
    BadJson
        Not UTF-8 JSON; NaN or Infinity; a number over 40 characters; nesting
        over 20; a key twice; a character that no text has (NUL, half a pair).
    """
    deep = most = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", data)):
        deep += 1 if bracket[0] in b"[{" else -1
        most = max(most, deep)
    if most > MOST_DEEP:
        raise BadJson(why_zh=f"嵌套超过 {MOST_DEEP} 层", why_en=f"it is nested deeper than {MOST_DEEP}")
    try:
        text = data.decode("utf-8")
        json.loads(text, parse_constant=_constant, parse_float=_number, parse_int=_number, object_pairs_hook=_once)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadJson(why_zh="不是合法的 UTF-8 JSON", why_en="it is not valid JSON in UTF-8") from error
    if "\\u" in text and re.search(r"\\u(0000|[dD][89a-fA-F])", text) and _odd(json.loads(text)):
        raise BadJson(why_zh="含有空字符或残缺字符", why_en="it has a NUL or half a character")


def _constant(_: str) -> None:
    raise BadJson(why_zh="含有 NaN 或 Infinity", why_en="it has NaN or Infinity")


def _number(text: str) -> float:
    if len(text) > MOST_DIGITS:
        raise BadJson(why_zh=f"有超过 {MOST_DIGITS} 个字符的数字", why_en=f"a number has over {MOST_DIGITS} characters")
    return float(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise BadJson(why_zh="同一个键出现两次", why_en="a key appears twice")
    return made


def _odd(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value or any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, dict):
        return any(_odd(k) or _odd(v) for k, v in value.items())
    return isinstance(value, list) and any(map(_odd, value))


class _Read(Request):
    """A request whose JSON body was read and typed."""

    value: Any

    async def json(self) -> Any:
        return self.value


class StrictRoute(APIRoute):
    """Types the JSON body in strict mode before the route sees it: no number from text, no date from a number."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()
        field = self.body_field
        if field is None or field.field_info.annotation is None or isinstance(field.field_info, Form | File):
            return inner
        adapter: TypeAdapter[Any] = TypeAdapter(field.field_info.annotation)

        async def handler(request: Request) -> Response:
            media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if media != "application/json":
                raise WrongMedia(expected="application/json")
            data = await request.body()
            check_json(data)
            try:
                value = adapter.validate_json(data, strict=True)
            except ValidationError as error:
                told = [{**e, "loc": ("body", *e["loc"])} for e in error.errors(include_url=False, include_input=False)]
                raise RequestValidationError(told) from None
            typed = _Read(request.scope, request.receive)
            typed._body, typed.value = data, value
            return await inner(typed)

        return handler
