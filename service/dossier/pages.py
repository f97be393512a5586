"""The page of the dossier: one installation, one year, one good; the plain sentence first, then the evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from cbam.goods import candidates
from cbam.reference_model import NAMES, WORDS
from models.errors import Text, YuetanError
from models.files import DATA, read_yaml
from service.change.routes import PDF
from service.decision.typed import number_of
from service.dossier.read import dossier_paper, state_of
from service.dossier.routes import XLSX
from service.dossier.use import DossierAsk, Made, evidence_words, made_of
from service.feeds.use import fetched_fx
from service.library import Library
from service.pages.frame import Lang, PageRoute, page, sources, words
from service.press.document import pdf
from service.press.sheet import xlsx
from service.prices.use import own_market
from service.provide import Caller, Law, Reading, Today
from service.workbook.codes import cn_code_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_NUMBERS = (
    "emissions", "free", "direct", "bought", "bought_price", "rebate", "activity", "attributed", "see", "sefa", "exported", "fx",
)  # fmt: skip
_FIELDS = (
    "installation",
    "process",
    "year",
    "listed",
    *_NUMBERS,
    "product",
    "code",
    "imported_on",
    "production_year",
    "bought_on",
    "fx_source",
    "scenario",
    *WORDS,
)
_NEEDED = ("installation", "emissions", "free", "code", "activity", "attributed", "see", "sefa", "exported")
EXAMPLE = {
    "installation": "韶关示例钢厂", "process": "steel_integrated", "year": "2025", "listed": "yes", "emissions": "2,000,000",
    "free": "1,940,000", "bought": "60,000", "bought_price": "75", "product": "热轧卷", "code": "7208 37 00",
    "bought_on": "2025-11-20", "activity": "1,000,000", "attributed": "2,000,000", "see": "2.1", "sefa": "1.38148491", "exported": "10,000",
    "imported_on": "2026-05-12", "verified_emissions": "核查报告 2025-001", "purchase_contracts": "合同 CEA-2026-17",
}  # fmt: skip


class Needed(YuetanError):
    code = "dossier.needed"
    message = Text("请填写“{what_zh}”。", "'{what_en}' is needed.")
    hint = Text("只填数字：千位可用逗号，小数用点。", "Digits only: commas for thousands, a point for decimals.")


@router.get("/dossier")
def dossier(request: Request, lang: Lang, law: Law, who: Caller, db: Reading, today: Today) -> Response:
    """Show the form; with an installation in the address, its dossier, on the page or as PDF or workbook (``as``)."""
    items = evidence_words(law)
    typed = {name: request.query_params.get(name, "").strip()[:100] for name in (*_FIELDS, *items)}
    made: Made | None = None
    error: YuetanError | None = None
    if typed["installation"] or typed["emissions"]:
        try:
            made = made_of(_asked(typed, items, law, today), law, own_market(db, who, law), fetched_fx(db, law), today)
        except YuetanError as refusal:
            error = refusal
    if made is not None and request.query_params.get("as") in ("pdf", "xlsx"):
        paper, is_pdf = dossier_paper(made, today), request.query_params["as"] == "pdf"
        name = f'attachment; filename="deduction-dossier.{"pdf" if is_pdf else "xlsx"}"'
        content = pdf(paper, lang) if is_pdf else xlsx(paper, lang)
        return Response(content, media_type=PDF if is_pdf else XLSX, headers={"Content-Disposition": name})
    asked = {name: value for name, value in typed.items() if value}
    return page(
        request,
        lang,
        "dossier.html",
        422 if error else 200,
        typed=typed,
        error=error,
        made=made,
        items=items,
        processes=read_yaml(DATA / "words" / "processes.yaml"),
        points=[(point, NAMES[point], words_of) for point, words_of in WORDS.items()],
        drafts=[s for s in law.scenarios.values() if s.kind == "deduction"],
        today=today,
        state_of=state_of,
        example=f"/dossier?{urlencode(EXAMPLE)}",
        paper=f"/dossier?{urlencode(asked | {'lang': lang})}&as=",
        sources=sources(),
    )


def _asked(typed: Mapping[str, str], items: Mapping[str, Any], law: Library, today: dt.date) -> DossierAsk:
    """Return what was typed as a question; what is missing or no number is refused by its label."""
    numbers = {name: _number(name, typed[name]) for name in _NUMBERS}
    for name in _NEEDED:
        if not typed[name]:
            raise Needed(field=name, **_label(name))
    year = int(typed["year"]) if typed["year"].isascii() and typed["year"].isdigit() else today.year - 1
    pilot = typed["process"] not in ("steel_integrated", "cement_clinker", "aluminium_electrolysis", "power")
    entries: list[dict[str, Any]] = []
    if numbers["bought"]:
        if not typed["bought_on"]:
            raise Needed(field="bought_on", **_label("bought_on"))
        entries.append(
            {"on": typed["bought_on"], "kind": "purchase", "instrument": "GDEA" if pilot else "CEA", "tonnes": numbers["bought"],
             "price_cny_per_t": numbers["bought_price"], "for_year": year, "vintage": year}
        )  # fmt: skip
    if numbers["rebate"]:
        entries.append({"on": f"{year}-12-31", "kind": "rebate", "amount_cny": numbers["rebate"], "for_year": year})
    entries.append(
        {"on": f"{year}-12-31", "kind": "allocation", "instrument": "GDEA" if pilot else "CEA", "tonnes": numbers["free"],
         "for_year": year}
    )  # fmt: skip
    book = law.book()
    given = {
        "position": {
            "year": {
                "installation": typed["installation"], "compliance_year": year, "process": typed["process"] or "steel_integrated",
                "on_national_list": {"yes": True, "no": False}.get(typed["listed"]), "verified_emissions_t": numbers["emissions"],
            },
            "entries": entries, "on": max(today, dt.date(min(year, 2059), 12, 31)),
        },
        "goods": [
            {
                "product": typed["product"] or typed["code"],
                "cn_code": cn_code_of(typed["code"], lambda start: candidates(book, start)),
                "activity_t": numbers["activity"], "attributed_t": numbers["attributed"], "see_tco2e_per_t": numbers["see"],
                "sefa_tco2e_per_t": numbers["sefa"], "exported_t": numbers["exported"],
            }
        ],
        "direct_emissions_t": numbers["direct"],
        "evidence": {key: typed[key] for key in items if typed[key]},
        "rules": {point: typed[point] or None for point in WORDS},
        "imported_on": typed["imported_on"] or today.isoformat(),
        "production_year": int(typed["production_year"]) if typed["production_year"].isdigit() else None,
        "fx_cny_per_eur": numbers["fx"],
        "fx_source": typed["fx_source"] or None,
        "law_scenarios": [typed["scenario"]] if typed["scenario"] else [],
    }  # fmt: skip
    try:
        return DossierAsk.model_validate(given)
    except ValidationError as wrong:
        where = str(wrong.errors()[0]["loc"][-1])
        name = _OF_FIELD.get(where, where)
        raise Needed(field=name, **_label(name)) from None


_OF_FIELD = {
    "verified_emissions_t": "emissions", "activity_t": "activity", "attributed_t": "attributed", "exported_t": "exported",
    "see_tco2e_per_t": "see", "sefa_tco2e_per_t": "sefa", "compliance_year": "year", "fx_cny_per_eur": "fx", "on": "bought_on",
}  # fmt: skip


def _number(name: str, text: str) -> float | None:
    if not text:
        return None
    value = number_of(text)
    if value is None:
        raise Needed(field=name, **_label(name))
    return value


def _label(name: str) -> dict[str, str]:
    said = words().get(f"dossier_{name}", {"zh": name, "en": name})
    return {"what_zh": said["zh"], "what_en": said["en"]}
