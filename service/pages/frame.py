"""What every page shares: its words in two languages, the template, refusals as pages, numbers typed into a form."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from pydantic import BaseModel, ValidationError

from models.errors import NOTHING, BadData, Text, YuetanError
from models.files import DATA, read_yaml
from service.errors import status_of
from service.identity.guard import host_cookie
from service.json_text import check_json
from service.pages.show import FILTERS
from service.parts import Parts
from service.refusals import BadField, BadJson, BadNumber, Unexpected

HERE = Path(__file__).parent
Asked = TypeVar("Asked", bound=BaseModel)
LANGUAGES = ("zh", "en")
_BAD_FORM = Text("填写的选项有误。", "An option is not valid.")


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """
    Return every text of the pages, read once.

    One file per topic under ``words/``; two files that name the same word are
    refused, since one of them would be lost in silence.
    """
    found: dict[str, Mapping[str, str]] = {}
    for path in sorted((HERE / "words").glob("*.yaml")):
        own: Mapping[str, Mapping[str, str]] = read_yaml(path)
        if twice := sorted(found.keys() & own.keys()):
            raise BadData(path=path.name, what=f"words given twice: {', '.join(twice)}")
        found |= own
    return found


@cache
def tools() -> tuple[Mapping[str, Any], ...]:
    """Return what the start page offers beside the assessment: address, title and one sentence each."""
    found: list[Mapping[str, Any]] = read_yaml(HERE / "tools.yaml")
    return tuple(found)


@cache
def sources() -> Mapping[str, Mapping[str, Any]]:
    """Return title, issuer and address of every source, by id."""
    return {
        key: source for path in sorted((DATA / "sources").glob("*.yaml")) for key, source in read_yaml(path).items()
    }


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    return made


def language(request: Request) -> str:
    """Return the language asked for in the address, else the one remembered, else Chinese."""
    wanted = request.query_params.get("lang") or request.cookies.get(host_cookie(request, "lang")) or "zh"
    return wanted if wanted in LANGUAGES else "zh"


Lang = Annotated[str, Depends(language)]


def page(request: Request, lang: str, template: str, status: int = 200, **values: Any) -> Response:
    """Render a page in one language and remember the language."""
    said = {key: text[lang] for key, text in words().items()}
    other = "en" if lang == "zh" else "zh"
    html = (
        _templates()
        .get_template(template)
        .render(
            t=said,
            lang=lang,
            signs_in=_signs_in(request),
            other_url=str(request.url.include_query_params(lang=other)),
            **values,
        )
    )
    made = Response(html, status, media_type="text/html")
    safe = request.url.scheme == "https"
    made.set_cookie(
        host_cookie(request, "lang"), lang, max_age=31_536_000, samesite="lax", httponly=True, secure=safe, path="/"
    )
    return made


def _signs_in(request: Request) -> bool:
    parts: Parts = request.app.state.parts
    return parts.settings.sign_in == "accounts"


class PageRoute(APIRoute):
    """A route whose refusals are pages, not JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except YuetanError as error:
                return _refused(request, error)
            except RequestValidationError:
                return page(request, language(request), "error.html", 422, text=_BAD_FORM, hint=NOTHING)

        return handler


def _refused(request: Request, error: YuetanError) -> Response:
    status = status_of(error)
    shown = Unexpected() if status >= 500 and status != 503 else error
    text, hint = (Text(f("zh"), f("en")) for f in (shown.text, shown.mend))
    return page(request, language(request), "error.html", status, text=text, hint=hint)


#: What an answer of the API says beside its body, and a page in its place too.
_KEPT = ("retry-after", "www-authenticate")


def install(app: FastAPI) -> None:
    """Answer a browser with a page where a program is answered with a problem: no such address, the database is away, a failure."""
    for kind, told in list(app.exception_handlers.items()):
        if not inspect.iscoroutinefunction(told):
            app.exception_handlers[kind] = _page_of(told)


def _page_of(told: Callable[[Request, Any], Any]) -> Callable[[Request, Any], Response]:
    def handler(request: Request, error: Any) -> Response:
        problem: Response = told(request, error)
        if request.url.path.startswith(("/api/", "/pact/")) or "text/html" not in request.headers.get("accept", ""):
            return problem
        said = json.loads(bytes(problem.body))
        text, hint = (Text(said[part]["zh"], said[part]["en"]) for part in ("text", "hint"))
        made = page(request, language(request), "error.html", problem.status_code, text=text, hint=hint)
        made.headers.update({name: problem.headers[name] for name in _KEPT if name in problem.headers})
        return made

    return handler


def number_typed(name: str, text: str) -> float | None:
    """Return a number typed into the field labelled ``name``; none if empty, refused unless above zero."""
    if not text.strip():
        return None
    try:
        value = float(text.replace(",", ".").strip())
    except ValueError:
        value = -1.0
    if not 0 < value < 1e6:
        label = words()[name]
        raise BadNumber(field=name, what_zh=label["zh"], what_en=label["en"])
    return value


def checked_form(kind: type[Asked], values: Mapping[str, Any], labels: str) -> Asked:
    """
    Return a form as an input; the labels of its fields are the words ``<labels>_<field>``.

    Raises
    ------
    BadField
        A field is missing or not valid: the first one.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0]) if error.errors()[0]["loc"] else ""
        label = words().get(f"{labels}_{name}", {"zh": name, "en": name})
        raise BadField(field=name, what_zh=label["zh"], what_en=label["en"]) from error


def handed_back(kind: type[Asked], text: str) -> Asked:
    """
    Return an input that a page of ours carried in a hidden field.

    Raises
    ------
    BadJson
        It is not what the page wrote.
    """
    check_json(text.encode())
    try:
        return kind.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise BadJson(why_zh="不是本页面写出的内容", why_en="it is not what this page wrote") from error
