"""One consignment: what it owes, and what it will owe in every year of the phase-in."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from cbam.consignment import Consignment
from cbam.exposure import Exposure, assess_import
from cbam.prices import Pricing
from cbam.projection import YearCost, project
from finance.assessment import Grounds, Options, pricing_of, read_dict
from finance.line import Border, border_numbers
from models.law import LawBook
from models.provenance import Provenance, fingerprint
from service import store
from service.auth import Who
from service.library import Library

KIND = "exposure"
#: Method of what is kept: the exposure of the import and the years ahead.
KEPT = "service.exposure/2"


def assess(goods: Consignment, library: Library, options: Options) -> Exposure:
    """Assess one import line at the price of its day; raises as ``cbam.exposure.assess_import``."""
    pricing = Pricing(library.paths, options.price_path, options.use_scenario_price)
    return assess_import(goods, library.book(options.law_scenarios), pricing)


def years(exposure: Exposure, library: Library, options: Options) -> tuple[YearCost, ...]:
    """Carry an import line through every year, on the price path of ``options``."""
    pricing = Pricing(library.paths, options.price_path, options.use_scenario_price)
    return project(exposure, library.book(options.law_scenarios), pricing)


def worked_out(
    goods: Consignment, library: Library, options: Options, book: LawBook
) -> tuple[Exposure, tuple[YearCost, ...]]:
    """Return an import line and its years under a given law."""
    pricing = Pricing(library.paths, options.price_path, options.use_scenario_price)
    exposure = assess_import(goods, book, pricing)
    return exposure, project(exposure, book, pricing)


def kept_form(
    exposure: Exposure, projection: tuple[YearCost, ...], library: Library, options: Options, as_of: dt.date
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return one import line as it is kept: what is said of it as a whole, and its line."""
    goods = exposure.embedded.consignment
    numbers = border_numbers(Border(exposure, projection, None, None, ()), None)
    # What is kept says more than the exposure alone: the years ahead, on the path that was chosen.
    reads = Grounds()
    reads.add(exposure.provenance.reads)
    for year in projection:
        for group in year.grounds:
            reads.add(group)
    path = pricing_of(options, library.paths).paths[options.price_path]
    basis = {"price_path": fingerprint(path.model_dump(mode="json"))}
    inputs = fingerprint([exposure.provenance.inputs, options.model_dump(mode="json"), basis])
    provenance = Provenance(KEPT, inputs, reads.found, exposure.scenarios)
    record = {
        "line": 1,
        "product": goods.cn_code,
        **goods.model_dump(mode="json"),
        "status": "ok",
        **numbers,
        "findings": [],
        "steps": {"exposure": [[row.key, row.value, row.note.zh, row.note.en] for row in exposure.rows()]},
    }
    head = {
        "key": provenance.key,
        "method": KEPT,
        "basis": basis,
        "as_of": as_of.isoformat(),
        "options": options.model_dump(mode="json"),
        "scenarios": list(exposure.scenarios),
        "totals": {"cost_eur": exposure.cost_eur, "certificates": exposure.certificates},
        "score": None,
        "findings": [],
        "reads": [read_dict(read) for read in provenance.reads],
        "assumptions": [],
        "legend": {
            f"exposure.{row.key}": {"zh": row.label.zh, "en": row.label.en, "unit": row.unit, "digits": row.digits}
            for row in exposure.rows()
        },
    }
    return head, record


def keep(
    db: Session,
    who: Who,
    exposure: Exposure,
    projection: tuple[YearCost, ...],
    library: Library,
    options: Options,
    as_of: dt.date,
) -> store.Kept:
    """Keep one import line under its provenance key."""
    head, record = kept_form(exposure, projection, library, options, as_of)
    goods = exposure.embedded.consignment
    return store.keep_once(
        db,
        who,
        kind=KIND,
        title=goods.cn_code,
        inputs=goods.model_dump(mode="json"),
        head=head,
        cost_eur=exposure.cost_eur,
        lines=store.line_rows([record]),
    )
