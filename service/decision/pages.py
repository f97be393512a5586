"""The page for one good: a form whose address can be shared, the answer first, then its reasons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from cbam.borne import Borne
from cbam.goods import candidates
from cbam.projection import years_of
from cbam.scenarios import flag
from finance.assessment import read_dict
from models.errors import Text, YuetanError
from service.auth import Who
from service.decision.one import Decided, OneGood, decided
from service.decision.typed import number_of
from service.library import Library
from service.pages.frame import Lang, PageRoute, page, sources, words
from service.passthrough import runs
from service.provide import Caller, Law, Reading, Today
from service.workbook.codes import cn_code_of, default_origins, origin_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_FIELDS = (
    "code", "origin", "tonnes", "route", "see", "sefa", "data_year", "verification", "verification_currency", "year", "share",
    "price", "price_currency", "path", "own_price", "stated", "fx", "fx_source", "estimate",
)  # fmt: skip
_NUMBERS = ("tonnes", "see", "sefa", "verification", "share", "price", "own_price", "stated", "fx")
#: Where a field of the question stands in the form.
_OF_FIELD = {
    "cn_code": "code", "tonnes_per_year": "tonnes", "see_tco2e_per_t": "see", "sefa_tco2e_per_t": "sefa",
    "price_per_t": "price", "per_t": "own_price", "stated_eur_per_t": "stated", "fx_cny_per_eur": "fx",
    "amount": "verification", "price_path": "path", "exporter_share": "share",
}  # fmt: skip
CURRENCIES = ("CNY", "EUR", "USD")
#: The printed example of the method note, with a price, a share and a cost of verifying to look at.
EXAMPLE = {
    "code": "7308 90 59", "origin": "中国", "tonnes": "1,000", "see": "2.225", "sefa": "1.5597591555", "data_year": "2026",
    "verification": "150,000", "verification_currency": "CNY", "share": "50", "price": "1,400", "price_currency": "EUR",
}  # fmt: skip


class NotANumber(YuetanError):
    code = "input.not_a_number"
    message = Text("“{what_zh}”应为不小于零的数。", "'{what_en}' must be a number not below zero.")
    hint = Text(
        "只填数字：千位可用逗号，小数用点，如 1,250.5；不需要时留空。",
        "Digits only: commas for thousands and a point for decimals, such as 1,250.5; leave it empty if not needed.",
    )


class Needed(YuetanError):
    code = "input.needed"
    message = Text("请填写“{what_zh}”。", "'{what_en}' is needed.")
    hint = Text("没有它无法计算。", "Nothing can be computed without it.")


class OutOfReach(YuetanError):
    code = "input.out_of_reach"
    message = Text("“{what_zh}”超出可用范围。", "'{what_en}' is outside what can be used.")
    hint = Text("请检查数值和单位。", "Check the value and its unit.")


@router.get("/decisions")
def decisions(request: Request, lang: Lang, law: Law, today: Today, who: Caller, db: Reading) -> Response:
    """Show the form; with a good in the address, everything about it. A refusal keeps what was typed."""
    typed = {name: request.query_params.get(name, "").strip()[:60] for name in _FIELDS}
    asked = any(typed.values())
    made: Decided | None = None
    borne: Borne | None = None
    error: YuetanError | None = None
    if asked:
        try:
            made = decided(_asked(typed, law), law, today)
            borne = _borne(db, who, typed["estimate"], made)
        except YuetanError as refusal:
            error = refusal
    years = years_of(law.book())
    return page(
        request,
        lang,
        "decisions.html",
        422 if error else 200,
        typed=typed if asked else typed | {"origin": "中国" if lang == "zh" else "China", "year": str(today.year + 1)},
        error=error,
        wrong=_OF_FIELD.get(error.field or "", error.field) if error else None,
        d=made,
        borne=borne,
        estimates=runs.choices_of(db, who, lang),
        origin=_origin(made, lang) if made else "",
        scale=_scale(made) if made else (),
        paths=law.paths,
        years=years,
        currencies=CURRENCIES,
        example=f"/decisions?{urlencode(EXAMPLE | {'year': today.year + 1})}",
        flag=flag,
        reads=[read_dict(read) for read in made.reads()] if made else [],
        sources=sources(),
    )


def _asked(typed: Mapping[str, str], law: Library) -> OneGood:
    """Return what was typed as a question; the first field that cannot be read is refused by its label."""
    book = law.book()
    for name in ("code", "origin", "tonnes", "year"):
        if not typed[name]:
            raise Needed(field=name, **_label(name))
    numbers = {name: _number(name, typed[name]) for name in _NUMBERS}
    if not numbers["tonnes"]:
        raise NotANumber(field="tonnes", **_label("tonnes"))
    share, cost, own_price = numbers["share"], numbers["verification"], numbers["own_price"]
    if share is not None and share > 100:  # in the form a percentage, in the question a share
        raise OutOfReach(field="share", **_label("share"))
    given: dict[str, Any] = {
        "good": {
            "cn_code": cn_code_of(typed["code"], lambda prefix: candidates(book, prefix)),
            "origin": origin_of(typed["origin"], default_origins()),
            "tonnes_per_year": numbers["tonnes"],
            "route": typed["route"].upper() or None,
            "see_tco2e_per_t": numbers["see"],
            "sefa_tco2e_per_t": numbers["sefa"],
            "data_year": _year(typed["data_year"]),
            "verification": None
            if cost is None
            else {"amount": cost, "currency": typed["verification_currency"] or CURRENCIES[0]},
        },
        "year": _year(typed["year"]),
        "stated_eur_per_t": numbers["stated"],
        "price_path": typed["path"] or "flat",
        "own_price": None if own_price is None else {"per_t": own_price},
        "fx_cny_per_eur": numbers["fx"],
        "fx_source": typed["fx_source"] or None,
        "deal": None
        if share is None
        else {
            "exporter_share": share / 100.0,
            "price_per_t": numbers["price"],
            "currency": typed["price_currency"] or CURRENCIES[1],
        },
    }
    try:
        return OneGood.model_validate(given)
    except ValidationError as error:
        where = str(error.errors()[0]["loc"][-1])
        name = _OF_FIELD.get(where, where)
        raise OutOfReach(field=name, **_label(name)) from None


def _borne(db: Reading, who: Who, chosen: str, made: Decided) -> Borne | None:
    """Return the share that a chosen estimate leaves with the exporter, beside the one agreed; none without both."""
    if not chosen or made.split is None:
        return None
    return Borne(made.split, runs.rate_of(db, who, chosen))


def _label(name: str) -> dict[str, str]:
    said = words().get(f"decide_{name}", {"zh": name, "en": name})
    return {"what_zh": said["zh"], "what_en": said["en"]}


def _number(name: str, text: str) -> float | None:
    """Return a number as people write it; ``NotANumber`` for anything that could be read two ways."""
    if not text:
        return None
    value = number_of(text)
    if value is None:
        raise NotANumber(field=name, **_label(name))
    return value


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{4}", text) else None


def _origin(made: Decided, lang: str) -> str:
    code = made.asked.good.origin
    return default_origins().name_zh.get(code, code) if lang == "zh" else code


def _scale(made: Decided) -> tuple[tuple[str, float, float], ...]:
    """Return the marks of the break-even scale: name, SEE, and place from 0 to 1; none where SEFA is not known."""
    even, at = made.even, made.at
    if even.sefa is None or even.own_see is None:
        return ()
    marks = {  # in the order that the scale is drawn
        "zero": float(even.sefa[0, at]),
        "mine": float(even.own_see[0, at]),
        "same": float(even.sefa[0, at] + even.default_due[0, at]),
    }
    widest = max(marks.values()) * 1.15 or 1.0
    return tuple((name, see, see / widest) for name, see in marks.items())
