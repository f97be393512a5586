"""JSON as we accept it: strict, small, shallow, without NaN, and typed by the field that takes it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.params import File, Form
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

from service.json_text import check_json
from service.refusals import WrongMedia


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
