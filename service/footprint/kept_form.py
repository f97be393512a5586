"""A product as it is kept: plain data, in the names of the API."""

from __future__ import annotations

from typing import Any

from models.footprint_lines import note_of
from models.footprint_product import ProductFootprint
from models.uncertainty import Interval
from service.footprint.use import Made


def kept_form(found: Made, product: str) -> dict[str, Any]:
    """Return a product of a site with its lines, its proof, and what must be said beside it."""
    bill, of = found.ask.bill, found.site.products[product]
    lines = [
        {
            "id": line.activity.id,
            "stage": line.activity.stage,
            "kind": line.activity.kind_told,
            "kgco2e": line.kgco2e,
            "kgco2e_per_declared_unit": part,
            "factor": line.taken,
            "level": line.level,
            "note": dict(note_of(line)._asdict()),
        }
        for line, part in zip(found.site.lines, of.parts.tolist(), strict=True)
        if part
    ]
    return {
        "name": of.product.name or product,
        "site": bill.site,
        "period_start": bill.period_start.isoformat(),
        "period_end": bill.period_end.isoformat(),
        "boundary": bill.boundary,
        "gwp_set": bill.report.gwp_set,
        "omitted_share": bill.report.omitted_share,
        "mass_kg": of.mass_kg,
        "product": _product(of),
        "lines": lines,
        "proof": found.site.proof(),
        "findings": [one.to_dict() for one in found.findings],
    }


def _product(of: ProductFootprint) -> dict[str, Any]:
    shown = of.stages_shown()
    return {
        "declared_amount": of.product.declared_amount,
        "declared_unit": of.product.declared_unit,
        "kgco2e": of.kgco2e,
        "interval": _interval(of.interval),
        "simulated": _interval(of.simulated) if of.simulated else None,
        "tco2e_per_t": of.tco2e_per_t,
        "stages": [
            {
                "stage": one.stage,
                "kgco2e": one.kgco2e,
                "share": one.share,
                "interval": _interval(one.interval),
                "shown_percent": shown[one.stage][1],
            }
            for one in of.stages
        ],
        "technological": of.scores.technological,
        "geographical": of.scores.geographical,
        "temporal": of.scores.temporal,
        "scored_share": of.scores.scored,
        "primary_share": of.primary_share,
        "attributed_by": {str(rung): share for rung, share in of.rungs.items()},
        "benchmark_ratio": of.benchmark_ratio,
        "rows": of.to_dict(),
    }


def _interval(of: Interval) -> dict[str, float]:
    return {"low": of.low, "high": of.high}
