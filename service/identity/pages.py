"""Signing in, the second factor, one's own account, and an organisation's people."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import pyotp
import segno
from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from models.errors import Text, YuetanError
from service.auth import visible
from service.edition import version_of
from service.identity import door, use
from service.identity.guard import cookie_name, visit_of
from service.identity.keys import key_of
from service.identity.permit import needs
from service.identity.roles import access
from service.identity.secrets import WeakPassword
from service.pages.frame import Lang, PageRoute, page
from service.provide import Caller, Doorway, HereParts, Reading, Transaction
from service.tables import Organisation, Person

#: Outside the wall.
gate = APIRouter(route_class=PageRoute, include_in_schema=False)
router = APIRouter(route_class=PageRoute, include_in_schema=False)

_WRONG = Text(
    "邮箱或密码不正确，或账户因多次失败暂时锁定（15 分钟）。",
    "The address or the password is wrong, or the account is locked for 15 minutes after several failures.",
)
_WRONG_CODE = Text(
    "验证码不正确、已经用过，或账户暂时锁定。", "The code is wrong, was used, or the account is locked for now."
)
_OLD_LINK = Text(
    "邀请链接无效或已过期，请管理员重新邀请。", "The invitation is not valid any more; ask the admin for another."
)


class NotYourPassword(YuetanError):
    code = "identity.not_your_password"
    message = Text(
        "当前密码不正确、账户没有密码或暂时锁定，未作更改。",
        "The current password is wrong, there is none, or the account is locked for now; nothing changed.",
    )
    hint = Text(
        "请重新输入；忘记密码请管理员重新邀请。", "Enter it again; if it is lost, ask the admin for an invitation."
    )


_MANAGE = needs("manage")
_OWN = needs("see")
Typed = Annotated[str, Form(max_length=254)]
Secret = Annotated[str, Form(max_length=200)]


def next_of(path: str) -> str:
    """Return where to go after signing in: a path of ours, never another site."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def with_visit(request: Request, cookie: str, stage: str, then: str) -> Response:
    """Go on to what is still due, with the visit's cookie."""
    where = {"second": "/sign-in/second", "enrol": "/sign-in/enrol", "full": next_of(then)}[stage]
    if stage != "full" and next_of(then) != "/":
        where += f"?{urlencode({'next': next_of(then)})}"
    answer = RedirectResponse(where, 303)
    _give(request, answer, cookie)
    return answer


def _give(request: Request, answer: Response, cookie: str) -> None:
    safe = request.url.scheme == "https"
    answer.set_cookie(cookie_name(request), cookie, httponly=True, samesite="lax", secure=safe, path="/")


def _provided(request: Request) -> bool:
    """Return whether an organisation's own provider can be used."""
    return request.app.state.provider is not None


@gate.get("/sign-in")
def sign_in(request: Request, lang: Lang, next: Annotated[str, Query(max_length=300)] = "/") -> Response:
    """Show the form."""
    return page(
        request, lang, "sign_in.html", step="password", then=next_of(next), error=None, provider=_provided(request)
    )


@gate.post("/sign-in")
def signed_in(request: Request, lang: Lang, db: Doorway, email: Typed, password: Secret, next: Typed = "/") -> Response:
    """Take e-mail and password; go on to the second factor."""
    begun = door.password_given(db, email, password)
    if begun is None:
        return page(
            request,
            lang,
            "sign_in.html",
            401,
            step="password",
            then=next_of(next),
            error=_WRONG,
            provider=_provided(request),
        )
    return with_visit(request, *begun, next)


@gate.get("/sign-in/second")
def second(request: Request, lang: Lang, next: Annotated[str, Query(max_length=300)] = "/") -> Response:
    """Ask for the second factor."""
    return page(request, lang, "sign_in.html", step="second", then=next_of(next), error=None)


@gate.post("/sign-in/second")
def seconded(request: Request, lang: Lang, here: HereParts, db: Doorway, code: Typed, next: Typed = "/") -> Response:
    """Take the second factor or a recovery code."""
    visit = visit_of(request, here)
    if visit is None:
        return RedirectResponse("/sign-in", 303)
    cookie = door.code_given(db, visit, code, key_of(here.settings, "totp"), key_of(here.settings, "recovery"))
    if cookie is None:
        return page(request, lang, "sign_in.html", 401, step="second", then=next_of(next), error=_WRONG_CODE)
    return with_visit(request, cookie, "full", next)


@gate.get("/sign-in/enrol")
def enrol(request: Request, lang: Lang, here: HereParts) -> Response:
    """Show a new second factor as QR code and as text."""
    if (visit := visit_of(request, here)) is None or visit.stage != "enrol":
        return RedirectResponse("/sign-in", 303)
    return _enrol_page(request, lang, pyotp.random_base32(), None)


def _enrol_page(request: Request, lang: str, secret: str, error: Text | None) -> Response:
    address = pyotp.TOTP(secret).provisioning_uri(name="yuetan", issuer_name="Yuetan")
    picture = segno.make(address, error="m").svg_data_uri(scale=5, dark="#14201b")
    return page(
        request, lang, "sign_in.html", 401 if error else 200,
        step="enrol", then="/", error=error, secret=secret, picture=picture,
    )  # fmt: skip


@gate.post("/sign-in/enrol")
def enrolled(request: Request, lang: Lang, here: HereParts, db: Doorway, secret: Typed, code: Typed) -> Response:
    """Keep the second factor once a code of it proves that it was taken over; show the recovery codes once."""
    visit = visit_of(request, here)
    if visit is None or visit.stage != "enrol":
        return RedirectResponse("/sign-in", 303)
    try:
        codes = door.enrol(db, visit, secret, code, key_of(here.settings, "totp"), key_of(here.settings, "recovery"))
    except ValueError:  # not base32: not what we showed
        return RedirectResponse("/sign-in/enrol", 303)
    if codes is None:
        return _enrol_page(request, lang, secret, _WRONG_CODE)
    cookie = door.enrolled(db, visit)
    answer = page(request, lang, "sign_in.html", step="codes", then="/", error=None, codes=codes)
    _give(request, answer, cookie)
    return answer


@gate.get("/sign-in/invited")
def invited(request: Request, lang: Lang, code: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Ask for a first password."""
    return page(
        request, lang, "sign_in.html", step="invited", then="/", error=None, code=code, provider=_provided(request)
    )


@gate.post("/sign-in/invited")
def accepted(request: Request, lang: Lang, db: Doorway, code: Typed, password: Secret) -> Response:
    """Set the first password and go on to the second factor."""
    try:
        begun = door.invited(db, code, password)
        error: Text | None = _OLD_LINK
    except YuetanError as refusal:
        begun, error = None, Text(refusal.text("zh"), refusal.text("en"))
    if begun is None:
        return page(
            request,
            lang,
            "sign_in.html",
            422,
            step="invited",
            then="/",
            error=error,
            code=code,
            provider=_provided(request),
        )
    return with_visit(request, *begun, "/")


@gate.post("/sign-out")
def sign_out(request: Request, here: HereParts, db: Doorway) -> Response:
    """End the visit."""
    if (visit := visit_of(request, here)) is not None:
        door.leave(db, visit)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(cookie_name(request), path="/", httponly=True, secure=request.url.scheme == "https")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def _account(request: Request, lang: str, who: Caller, db: Reading, status: int = 200, **shown: object) -> Response:
    person = db.scalars(visible(Person, who).where(Person.id == who.person_id)).one()
    values: dict[str, object] = {"made": None, "error": None}
    manages = "manage" in who.rights
    organisation = db.get_one(Organisation, who.organisation_id)
    values |= {
        "person": person,
        "organisation": organisation,
        "access": access(),
        "own_roles": use.roles_in(organisation.kind),
        "keys": use.keys(db, who),
        "visits": door.visits(db, who),
        "people": use.people(db, who) if manages else None,
        "version_of": version_of,
        "clients": {row.person_id: row for row in use.clients(db, who)} if manages else {},
    }
    return page(request, lang, "account.html", status, **(values | shown))


@router.get("/account")
def account(request: Request, lang: Lang, who: Caller, db: Reading) -> Response:
    """Show who is signed in, the own keys, and to an admin the people and programs."""
    return _account(request, lang, who, db)


@router.post("/account/password", openapi_extra=_OWN)
def password(
    request: Request, lang: Lang, here: HereParts, who: Caller, db: Transaction, current: Secret,
    new: Annotated[str, Form(max_length=200)] = "",
) -> Response:  # fmt: skip
    """End the own visits elsewhere, and change the password where a new one is given; the current one is asked for."""
    visit = visit_of(request, here)
    try:
        with db.begin_nested():
            cookie = door.left_elsewhere(db, who, visit, current, new or None) if visit else None
    except WeakPassword as refusal:
        return _account(request, lang, who, db, 422, error=refusal)
    if cookie is None:
        return _account(request, lang, who, db, 401, error=NotYourPassword())
    answer = RedirectResponse("/account", 303)
    _give(request, answer, cookie)
    return answer


@router.post("/account/keys", openapi_extra=_OWN)
def key(request: Request, lang: Lang, who: Caller, db: Transaction, name: Typed) -> Response:
    """Make a key and show it once."""
    made = use.add_key(db, who, name.strip()[:100] or "API")
    return _account(request, lang, who, db, 201, made=("key", made.token))


@router.post("/account/keys/{key_id}/void", openapi_extra=_OWN)
def void(key_id: UUID, who: Caller, db: Transaction) -> Response:
    """Make a key void."""
    use.remove_key(db, who, key_id)
    return RedirectResponse("/account", 303)


@router.post("/account/people", openapi_extra=_MANAGE)
def invite(
    request: Request, lang: Lang, who: Caller, db: Transaction, name: Typed, email: Typed, role: Typed
) -> Response:
    """Invite someone and show the link once."""
    try:
        made = use.invite(db, who.organisation_id, name.strip()[:100], email, role, who)
    except YuetanError as refusal:
        return _account(request, lang, who, db, 422, error=refusal)
    return _account(request, lang, who, db, 201, made=("link", _link(request, made.code)))


@router.post("/account/people/{person_id}/again", openapi_extra=_MANAGE)
def again(request: Request, lang: Lang, person_id: UUID, who: Caller, db: Transaction) -> Response:
    """Give a new link to someone who lost password or second factor."""
    return _account(
        request, lang, who, db, 201, made=("link", _link(request, use.invite_again(db, who, person_id).code))
    )


@router.post("/account/people/{person_id}/access", openapi_extra=_MANAGE)
def change(
    request: Request, lang: Lang, person_id: UUID, who: Caller, db: Transaction,
    role: Typed = "", active: Typed = "", version: Typed = "",
) -> Response:  # fmt: skip
    """Change someone's role, or end or give back access."""
    try:
        with db.begin_nested():
            use.change_person(
                db, who, person_id, role or None, {"yes": True, "no": False}.get(active), frozenset({version})
            )
    except YuetanError as refusal:
        return _account(request, lang, who, db, 422, error=refusal)
    return RedirectResponse("/account", 303)


@router.post("/account/clients", openapi_extra=_MANAGE)
def client(
    request: Request, lang: Lang, who: Caller, db: Transaction, name: Typed, role: Typed,
    public_key: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Add a program and show its secret once."""
    try:
        made = use.add_client(db, who, name.strip()[:100], role, public_key.strip() or None)
    except YuetanError as refusal:
        return _account(request, lang, who, db, 422, error=refusal)
    shown = f"client_id: {made.client.id}" + (f"\nclient_secret: {made.secret}" if made.secret else "")
    return _account(request, lang, who, db, 201, made=("client", shown))


def _link(request: Request, code: str) -> str:
    return str(request.url.replace(path="/sign-in/invited", query=f"code={code}"))
