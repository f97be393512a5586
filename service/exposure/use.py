"""One consignment: what it owes, and what it will owe in every year of the phase-in."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from cbam.consignment import Consignment
from cbam.exposure import METHOD, Exposure, assess_import
from cbam.prices import Pricing
from cbam.projection import YearCost, project
from finance.assessment import Options, read_dict
from finance.line import Border, border_numbers
from service import store
from service.auth import Who
from service.library import Library


def assess(goods: Consignment, library: Library, options: Options) -> Exposure:
    """Assess one import line at the price of its day; raises as ``cbam.exposure.assess_import``."""
    pricing = Pricing(library.paths, options.price_path, options.use_scenario_price)
    return assess_import(goods, library.book(options.law_scenarios), pricing)


def years(exposure: Exposure, library: Library, options: Options) -> tuple[YearCost, ...]:
    """Carry an import line through every year, on the price path of ``options``."""
    pricing = Pricing(library.paths, options.price_path, options.use_scenario_price)
    return project(exposure, library.book(options.law_scenarios), pricing)


def keep(
    db: Session, who: Who, exposure: Exposure, projection: tuple[YearCost, ...], options: Options, as_of: dt.date
) -> store.Kept:
    """Keep one import line under its provenance key."""
    goods = exposure.embedded.consignment
    numbers = border_numbers(Border(exposure, projection, None, None, ()), None)
    provenance = exposure.provenance
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
        "method": METHOD,
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
    return store.keep_once(
        db,
        who,
        kind="exposure",
        title=goods.cn_code,
        inputs=goods.model_dump(mode="json"),
        head=head,
        cost_eur=exposure.cost_eur,
        lines=store.line_rows([record]),
    )
