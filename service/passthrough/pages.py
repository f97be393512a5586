"""The page of pass-through: estimated from series, derived from a structure, and a clause priced on real quotes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import numpy as np
from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from models.errors import MissingInput, Text, YuetanError
from models.files import read_yaml
from models.findings import Finding
from models.market import Market as Prices
from models.passthrough.estimate import Choices
from models.passthrough.shipped import general_vat
from models.passthrough.structure import KINDS, NAMES, STRUCTURES, Market, RateRange, rate_range
from models.passthrough.surcharge import BackTest, Beside, Index, back_test, beside
from models.passthrough.terms import TermSheet
from service.auth import Who
from service.batch.routes import content_of, plain_name
from service.decision.pages import NotANumber
from service.decision.typed import number_of
from service.library import Library
from service.pages.frame import Lang, PageRoute, page, words
from service.passthrough import runs
from service.passthrough.paper import rows_of
from service.passthrough.use import carbon_in, of_columns, vat_in
from service.passthrough.workbook import example_run, read_run
from service.prices.use import own_market
from service.provide import Caller, Law, Reading, Transaction
from service.safety import MULTIPART_LIMIT
from service.workbook.plaintext import decode
from service.workbook.raw import kind_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)

INSTRUMENTS = ("GDEA", "CEA")
INDICES = ("GDEA", "CEA", "EUA")
#: Quotes further apart than this are single ones.
_STEADY_DAYS = 14
_FREQUENCIES = ("weekly", "monthly", "quarterly")
#: Most deliveries that a clause on the page is priced for.
_MOST_MONTHS = 240
_TERMS = (
    "base_price",
    "window_days",
    "lag_days",
    "deadband",
    "cap",
    "floor",
    "shared_part",
    "emissions",
    "free_share",
    "tonnes",
)
RunId = Annotated[UUID, Path()]
Number = Annotated[int, Path(ge=0, le=100_000)]


def defaults(law: Library) -> Mapping[str, Any]:
    """Return what the forms start from: assumptions of the house, kept as data."""
    found: Mapping[str, Any] = read_yaml(law.data / "passthrough" / "page_defaults.yaml")
    return found


@router.get("/passthrough")
def passthrough(request: Request, lang: Lang, who: Caller, db: Reading) -> Response:
    """Show the form of an estimate and the runs of before."""
    return _estimate(request, lang, who, db)


@router.post("/passthrough", max_body_size=MULTIPART_LIMIT)
def handed_in(
    request: Request,
    lang: Lang,
    law: Law,
    who: Caller,
    db: Transaction,
    file: Annotated[UploadFile | None, File()] = None,
    frequency: Annotated[str, Form(pattern="^(weekly|monthly|quarterly)$")] = "weekly",
    carbon: Annotated[str, Form(pattern="^(GDEA|CEA)?$")] = "",
    emissions: Annotated[str, Form(max_length=20)] = "",
    inputs_complete: Annotated[bool, Form()] = False,
    with_vat: Annotated[bool, Form()] = False,
) -> Response:
    """Read a workbook or a table and ask for its run; what cannot be read is told with its cell."""
    findings: tuple[Finding, ...] = ()
    try:
        if file is None or not file.filename:
            raise MissingInput(
                field="file", name_zh="文件", name_en="file", what_zh="传导率", what_en="the rate of pass-through"
            )
        plain_name(file.filename)
        data, market = content_of(file), own_market(db, who, law)
        if kind_of(data) == "csv":
            source = None
            if carbon:
                e = _typed("pt_emissions", emissions)
                if not e:
                    raise NotANumber(field="emissions", **_label("pt_emissions"))
                source = carbon_in(market, carbon, e)
            vat = vat_in(general_vat(law.data)) if with_vat else ()
            chosen = Choices(inputs_complete=inputs_complete)
            asked = runs.RunAsk(products=(of_columns(decode(data), frequency, chosen, source, vat),))  # type: ignore[arg-type]
        else:
            read = read_run(data, market, law.data)
            findings = read.findings
            if read.asked is None or any(finding.refuses for finding in findings):
                return _estimate(request, lang, who, db, findings, status=422)
            asked = read.asked
        run = runs.ask_run(db, who, asked)
    except ValidationError:
        return _estimate(request, lang, who, db, findings, BadTable(field="file"), 422)
    except YuetanError as refusal:
        return _estimate(request, lang, who, db, findings, refusal, 422)
    return RedirectResponse(f"/jobs/{run.job_id}", 303)


class BadTable(YuetanError):
    """A table whose cells do not make a question."""

    code = "passthrough.bad_table"
    message = Text("表格内容不能用作价格序列。", "The table does not hold series that can be used.")
    hint = Text(
        "第一列日期，第二列价格，然后是碳成本和其他成本（最多四个）；列名不超过 80 字，日期不超过 22000 行。",
        "A day, a price, the carbon cost, up to four other costs; names of 80 letters at most, 22,000 rows at most.",
    )


@router.post("/passthrough/example")
def run_example(law: Law, who: Caller, db: Transaction) -> Response:
    """Estimate the shipped example as if it had been handed in."""
    run = runs.ask_run(db, who, example_run(own_market(db, who, law), law.data))
    return RedirectResponse(f"/jobs/{run.job_id}", 303)


@router.get("/passthrough/runs/{run_id}")
def run(request: Request, run_id: RunId, lang: Lang, who: Caller, db: Reading) -> Response:
    """Show a run: its products with grade, rate and set, and which stand after adjustment."""
    seen = runs.seen(db, who, run_id)
    if len(seen.products) == 1 and seen.products[0].state == "done":
        return RedirectResponse(f"/passthrough/runs/{run_id}/products/0", 303)
    return page(request, lang, "passthrough_run.html", seen=seen)


@router.get("/passthrough/runs/{run_id}/products/{number}")
def product(request: Request, run_id: RunId, number: Number, lang: Lang, who: Caller, db: Reading) -> Response:
    """Show everything of one product."""
    row, seen = runs.product(db, who, run_id, number), runs.seen(db, who, run_id)
    if row.result is None:
        return page(request, lang, "passthrough_run.html", seen=seen)
    rows = rows_of(row.result)
    return page(
        request,
        lang,
        "passthrough_product.html",
        seen=seen,
        row=row,
        found=row.result,
        rows=rows,
        by_key={one.key: one for one in rows},
        stands=seen.discoveries.get(number),
        choices=row.asked["choices"],
        export=f"/api/v1/passthrough/jobs/{run_id}/products/{number}/export",
    )


@router.get("/passthrough/exante")
def exante(
    request: Request,
    lang: Lang,
    law: Law,
    kind: Annotated[str, Query(pattern="^[a-z_]{1,40}$")] = "conduct",
    price: Annotated[str, Query(max_length=20)] = "",
    emissions: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show the range of the rate of a market's structure; without numbers in the address, that of our assumptions."""
    kinds = defaults(law)["kinds"]
    kind = kind if kind in kinds else "conduct"
    needs, may, _ = STRUCTURES[kind]  # type: ignore[index]
    names = (*needs, *may)
    typed = {
        f"{name}_{end}": (request.query_params.get(f"{name}_{end}") or "").strip()[:20]
        for name in names
        for end in ("low", "high")
    }
    own = any(typed.values())
    if not own:
        typed = {
            f"{name}_{end}": f"{kinds[kind][name][i]:g}" for name in names for i, end in enumerate(("low", "high"))
        }
    found: RateRange | None = None
    error: YuetanError | None = None
    cost = None
    try:
        inputs = {}
        for name in names:
            low, high = typed[f"{name}_low"], typed[f"{name}_high"]
            if not low and not high and name in may:
                continue
            inputs[name] = {"low": _signed(name, low or high), "high": _signed(name, high or low)}
        found = rate_range(Market.model_validate({"kind": kind, "inputs": inputs}))
        p, e = _typed("pt_price", price), _typed("pt_emissions", emissions)
        cost = p * e if p is not None and e is not None else None
    except YuetanError as refusal:
        error = refusal
    except ValidationError:
        error = NotANumber(field="kind", **_label("pt_kind"))
    return page(
        request,
        lang,
        "passthrough_exante.html",
        422 if error else 200,
        found=found,
        error=error,
        typed=typed,
        kind=kind,
        kinds=KINDS,
        names=[(name, NAMES[name]) for name in names],
        own=own,
        price=price,
        emissions=emissions,
        cost=cost,
        said=defaults(law),
    )


@router.get("/passthrough/clause")
def clause(request: Request, lang: Lang, law: Law, who: Caller, db: Reading) -> Response:
    """Price monthly deliveries under a clause on the quotes of a market, and put it beside an estimated rate."""
    market = own_market(db, who, law)
    said = defaults(law)["clause"]
    typed = {
        name: request.query_params.get(name, "").strip()[:40] for name in ("index", "first", "last", "beside", *_TERMS)
    }
    asked = any(typed.values())
    if not asked:
        typed |= {"index": "GDEA", "window_days": str(said["window_days"]), "lag_days": str(said["lag_days"]),
                  "deadband": f"{said['deadband']:g}", "emissions": f"{said['emissions_tco2_per_t']:g}", "shared_part": "1",
                  "free_share": f"{said['free_share']:g}", "tonnes": f"{said['tonnes']:g}"}  # fmt: skip
    made: BackTest | None = None
    error: YuetanError | None = None
    next_to: Beside | None = None
    typed["index"] = typed["index"] if typed["index"] in INDICES else "GDEA"
    index = _index(market, typed["index"])
    until = _steady_until(index)
    if not typed["last"]:
        typed["last"] = until.isoformat()
    if not typed["first"]:
        typed["first"] = (until - dt.timedelta(days=365)).isoformat()
    try:
        if not typed["base_price"]:
            first_day = _day("pt_first", typed["first"])
            before = [
                float(v) for day, v in zip(index.days, index.values, strict=True) if day <= first_day and np.isfinite(v)
            ]
            typed["base_price"] = f"{before[-1]:.2f}" if before else ""
        made = _priced(typed, index)
        next_to = _beside(db, who, typed["beside"], made)
    except YuetanError as refusal:
        error = refusal
    except ValidationError:
        error = NotANumber(field="base_price", **_label("pt_terms"))
    return page(
        request,
        lang,
        "passthrough_clause.html",
        422 if error else 200,
        typed=typed,
        made=made,
        next_to=next_to,
        error=error,
        indices=INDICES,
        estimates=runs.choices_of(db, who, lang),
        until=until,
    )


def _estimate(
    request: Request,
    lang: str,
    who: Who,
    db: Reading,
    findings: tuple[Finding, ...] = (),
    error: YuetanError | None = None,
    status: int = 200,
) -> Response:
    return page(
        request,
        lang,
        "passthrough.html",
        status,
        recent=runs.runs(db, who),
        findings=findings,
        error=error,
        frequencies=_FREQUENCIES,
        instruments=INSTRUMENTS,
    )


def _label(name: str) -> dict[str, str]:
    said = words().get(name, {"zh": name, "en": name})
    return {"what_zh": said["zh"], "what_en": said["en"]}


def _typed(name: str, text: str) -> float | None:
    """Return a number not below zero, none where nothing was typed."""
    if not text.strip():
        return None
    value = number_of(text)
    if value is None:
        raise NotANumber(field=name.removeprefix("pt_"), **_label(name))
    return value


def _signed(name: str, text: str) -> float:
    """Return a number that may be below zero: curvature is."""
    below = text.startswith(("-", "−"))
    value = number_of(text[1:] if below else text) if text else None
    if value is None:
        raise NotANumber(field=name, what_zh=NAMES[name].zh, what_en=NAMES[name].en)
    return -value if below else value


def _index(market: Prices, instrument: str) -> Index:
    """Return the quotes of a market as an index; a week without news is announced and not published."""
    series = market.of(instrument)
    price = np.where(np.isfinite(series.mean_close), series.mean_close, series.close)
    days: list[dt.date] = series.last.astype(object).tolist()
    return Index(days, np.where(series.informative > 0, price, np.nan))


def _steady_until(index: Index) -> dt.date:
    """Return the last day before the quotes get rare: single quotes after a hole carry no window."""
    days = index.ordinals()
    near = np.flatnonzero(np.diff(days) <= _STEADY_DAYS)
    return index.days[int(near[-1]) + 1] if near.size else index.days[-1]


def _day(name: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadDay(field=name.removeprefix("pt_"), **_label(name)) from None


class BadDay(YuetanError):
    """A day that cannot be read."""

    code = "passthrough.bad_day"
    message = Text(
        "“{what_zh}”不是日期，或起止颠倒、超过 20 年。",
        "'{what_en}' is no day, or the days are reversed or 20 years apart.",
    )
    hint = Text("请写成 2025-01-31。", "Write 2025-01-31.")


def _priced(typed: Mapping[str, str], index: Index) -> BackTest:
    numbers = {name: _typed(f"pt_{name}", typed[name]) for name in _TERMS if name not in ("cap", "floor")}
    for name in ("base_price", "window_days", "lag_days", "emissions", "tonnes"):
        if numbers[name] is None:
            raise NotANumber(field=name, **_label(f"pt_{name}"))
    currency = "EUR" if typed["index"] == "EUA" else "CNY"
    given: dict[str, Any] = {
        "index": typed["index"], "index_currency": currency, "invoice_currency": currency,
        "window_days": numbers["window_days"], "lag_days": numbers["lag_days"], "base_price": numbers["base_price"],
        "deadband": numbers["deadband"] or 0.0, "emissions_tco2_per_t": numbers["emissions"],
        "shared_part": 1.0 if numbers["shared_part"] is None else numbers["shared_part"],
        "free_share": numbers["free_share"] or 0.0,
    }  # fmt: skip
    for name in ("cap", "floor"):
        if typed[name]:
            below = typed[name].startswith(("-", "−"))
            value = number_of(typed[name][1:] if below else typed[name])
            if value is None:
                raise NotANumber(field=name, **_label(f"pt_{name}"))
            given[name] = -value if below else value
    terms = TermSheet.model_validate(given)
    first, last = _day("pt_first", typed["first"]), _day("pt_last", typed["last"])
    months = (last.year - first.year) * 12 + last.month - first.month
    if not 0 <= months < _MOST_MONTHS or last < first:
        raise BadDay(field="last", **_label("pt_last"))
    days = [
        dt.date(first.year + (first.month - 1 + i) // 12, (first.month - 1 + i) % 12 + 1, 15) for i in range(months + 1)
    ]
    days = [day for day in days if first <= day <= last] or [last]
    return back_test(terms, index, days, np.full(len(days), numbers["tonnes"]))


def _beside(db: Reading, who: Who, chosen: str, made: BackTest) -> Beside | None:
    run_id, _, number = chosen.partition("/")
    if not number.isdigit():
        return None
    try:
        row = runs.product(db, who, UUID(run_id), int(number[:6]))
    except ValueError:
        return None
    full = row.head and row.head["full"]
    return beside(made, full["theta"], full["low"], full["high"]) if full else None
