"""The page of a loan's terms: allowances pledged with their margin calls, and margin and label by KPIs."""

from __future__ import annotations

import json
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from models.errors import Text, YuetanError
from models.inputs import Input
from service.pages.frame import Lang, PageRoute, page
from service.provide import Caller, Law, Reading, Today
from service.terms import use
from service.terms.routes import COLLATERAL, TERMS
from service.terms.use import CollateralAsk, TermsAsk

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Asked = TypeVar("Asked", bound=Input)
_ASK = dict[str, Any]
_Field = Annotated[str, Form(max_length=300)]
#: Numbers of the two forms, as they are called in the questions.
_PLEDGE = ("holdings_t", "due_t", "encumbered_t", "loan_cny")
_POLICY = ("z", "days_to_liquidate", "ltv_cap", "margin_call_ltv")
_KPI_NUMBERS = ("baseline", "target", "value")


class FieldWrong(YuetanError):
    code = "finance.field_wrong"
    message = Text("“{field_name}”填写有误：{why}", "'{field_name}' is not right: {why}")
    hint = Text("日期写成 2026-01-31，数字只填数字。", "Dates as 2026-01-31, numbers as digits only.")


@router.get("/terms")
def shown(request: Request, lang: Lang) -> Response:
    """Show both forms with the examples in them."""
    return _page(request, lang)


@router.post("/terms/collateral")
def collateral(
    request: Request,
    lang: Lang,
    law: Law,
    who: Caller,
    db: Reading,
    instrument: _Field = "GDEA",
    on: _Field = "",
    since: _Field = "",
    holdings_t: _Field = "",
    due_t: _Field = "",
    encumbered_t: _Field = "",
    loan_cny: _Field = "",
    carried_over: _Field = "",
    maturity: _Field = "",
    cycle_ends: _Field = "",
    z: _Field = "",
    days_to_liquidate: _Field = "",
    ltv_cap: _Field = "",
    margin_call_ltv: _Field = "",
    max_age_days: _Field = "",
) -> Response:
    """Value a pledge and watch it."""
    pledge = dict(zip(_PLEDGE, (holdings_t, due_t, encumbered_t, loan_cny), strict=True))
    policy = dict(zip(_POLICY, (z, days_to_liquidate, ltv_cap, margin_call_ltv), strict=True))
    whole: _ASK = {
        "instrument": instrument,
        "on": on,
        "since": since,
        "pledge": {**pledge, "carried_over": carried_over == "yes", "maturity": maturity, "cycle_ends": cycle_ends},
        "policy": {**policy, "max_age_days": max_age_days},
    }
    try:
        found = use.pledged(db, who, _made(CollateralAsk, whole), law)
    except YuetanError as error:
        return _page(request, lang, pledge=whole, error=error)
    return _page(request, lang, pledge=whole, pledged=found)


@router.post("/terms/margin")
def margin(
    request: Request,
    lang: Lang,
    law: Law,
    who: Caller,
    db: Reading,
    today: Today,
    on: _Field = "",
    grade: _Field = "",
    record: _Field = "",
    base_bp: _Field = "",
    principal_cny: _Field = "",
    days: _Field = "",
    transition_entity: _Field = "",
    metric: _Field = "",
    unit: _Field = "",
    better: _Field = "lower",
    baseline_year: _Field = "",
    baseline: _Field = "",
    target: _Field = "",
    value: _Field = "",
    test_on: _Field = "",
    grace_days: _Field = "",
    verified_on: _Field = "",
    verifier: _Field = "",
    evidence: _Field = "",
) -> Response:
    """Work out margin and label."""
    numbers = dict(zip(_KPI_NUMBERS, (baseline, target, value), strict=True))
    kpi = {
        "id": "kpi", "metric": metric, "unit": unit, "better": better, "baseline_year": baseline_year, **numbers,
        "test_on": test_on, "grace_days": grace_days, "verified_on": verified_on, "verifier": verifier,
        "evidence": evidence,
    }  # fmt: skip
    whole: _ASK = {
        "on": on, "grade": grade, "record": record, "base_bp": base_bp, "principal_cny": principal_cny, "days": days,
        "transition_entity": {"yes": True, "no": False}.get(transition_entity), "kpis": [kpi] if metric.strip() else [],
    }  # fmt: skip
    try:
        found = use.terms(db, who, _made(TermsAsk, whole), law, today)
    except YuetanError as error:
        return _page(request, lang, terms=whole, error=error)
    return _page(request, lang, terms=whole, agreed=found)


def _made(kind: type[Asked], node: _ASK) -> Asked:
    """Return what was typed as a question; a field left empty is not given, numbers and days are read from text."""
    try:
        return kind.model_validate(_typed(node), strict=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "-"
        raise FieldWrong(field=name, field_name=name, why=first["msg"]) from error


def _typed(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _typed(value) for key, value in node.items() if value not in ("", None)}
    if isinstance(node, list):
        return [_typed(value) for value in node]
    return json.dumps(node) if isinstance(node, bool) else str(node).strip()


class _Form(dict[str, Any]):
    """Values of a form; a field that nobody filled is empty."""

    def __missing__(self, _: str) -> str:
        return ""


def _page(
    request: Request,
    lang: str,
    pledge: _ASK = COLLATERAL,
    terms: _ASK = TERMS,
    error: YuetanError | None = None,
    **values: Any,
) -> Response:
    given = {"pledged": None, "agreed": None} | values
    form = _Form(pledge | {name: _Form(pledge[name]) for name in ("pledge", "policy")})
    kpi = _Form(terms["kpis"][0] if terms["kpis"] else {})
    status = 422 if error else 200
    return page(request, lang, "terms.html", status, pledge=form, terms=_Form(terms), kpi=kpi, error=error, **given)
