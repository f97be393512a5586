"""The way to an organisation's provider and back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from models.errors import Text, YuetanError
from service.identity import door
from service.identity.guard import cookie_name
from service.identity.pages import next_of, with_visit
from service.identity.provider import PATIENCE_S, NotLinked, Provider, ProviderRefused, opened
from service.pages.frame import Lang, PageRoute, page
from service.provide import Doorway, HereParts
from service.refusals import NotFound

#: Outside the wall.
gate = APIRouter(route_class=PageRoute, include_in_schema=False)
Given = Annotated[str, Query(max_length=2000)]


def _provider(request: Request) -> Provider:
    found: Provider | None = request.app.state.provider
    if found is None:
        raise NotFound
    return found


def _cookie(request: Request) -> str:
    return f"{cookie_name(request)}-provider"


def _site(request: Request, here: HereParts) -> str:
    return (here.settings.public_url or str(request.base_url)).rstrip("/")


@gate.get("/sign-in/provider")
def away(
    request: Request, lang: Lang, here: HereParts, next: Given = "/", code: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Send somebody to the provider; with the code of an invitation, to be linked on the way back."""
    try:
        where, pending = _provider(request).begin(_site(request, here), next_of(next), code)
    except YuetanError as refusal:
        return _refused(request, lang, refusal)
    answer = RedirectResponse(where, 303)
    safe = request.url.scheme == "https"
    # Lax: the way back comes from another site, by a plain look.
    answer.set_cookie(
        _cookie(request),
        pending.sealed(here.settings),
        max_age=PATIENCE_S,
        httponly=True,
        samesite="lax",
        secure=safe,
        path="/",
    )
    return answer


@gate.get("/sign-in/provider/back")
def back(
    request: Request,
    lang: Lang,
    here: HereParts,
    db: Doorway,
    code: Given = "",
    state: Given = "",
    error: Given = "",
    iss: Given = "",
) -> Response:
    """Take whom the provider confirms; the second factor comes next."""
    try:
        provider = _provider(request)
        pending = opened(request.cookies.get(_cookie(request)), here.settings)
        if error or not code:
            raise ProviderRefused
        known = provider.end(_site(request, here), pending, code, state, iss)
        if pending.invitation:
            begun = door.linked(db, pending.invitation, known.issuer, known.subject)
        else:
            begun = door.confirmed(db, known.issuer, known.subject)
        if begun is None:
            raise NotLinked
    except YuetanError as refusal:
        answer = _refused(request, lang, refusal)
    else:
        answer = with_visit(request, *begun, pending.then)
    answer.delete_cookie(_cookie(request), path="/")
    return answer


def _refused(request: Request, lang: str, refusal: YuetanError) -> Response:
    if isinstance(refusal, NotFound):
        raise refusal
    said = Text(*(f"{refusal.text(one)} {refusal.mend(one)}" for one in ("zh", "en")))
    return page(request, lang, "sign_in.html", 401, step="password", then="/", error=said, provider=True)
