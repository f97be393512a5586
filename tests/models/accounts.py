"""Build a position from plain data, as the cases write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.allocation_notice import AllocationAsk
from models.compliance import CompliancePosition, Emitted, compliance_position
from models.entitlement import free_allocation
from models.files import DATA
from models.holdings import Entry, account_on
from models.home_prices import allowance_lines, load_allowance_grid, load_allowance_paths
from models.installation import EtsYear
from models.law import LawBook, load_law
from models.position import marginal_slope
from models.regime import law_of_year, regime_of

BOOK: LawBook = load_law(DATA / "law")
PATHS = load_allowance_paths(DATA / "scenarios" / "allowance_price_paths.yaml")
GRID = load_allowance_grid(DATA / "scenarios" / "allowance_price_grid.yaml")


def position_of(case: Mapping[str, Any]) -> CompliancePosition:
    """Return the position of a case."""
    year = EtsYear.model_validate(case["year"])
    allocation = AllocationAsk.model_validate(case["allocation"]) if "allocation" in case else None
    if allocation is not None and year.intensity_tco2_per_t is None:
        balance = allocation.balance_value_tco2_per_t
        year = year.model_copy(
            update={
                "intensity_tco2_per_t": allocation.intensity_tco2_per_t,
                "balance_value_tco2_per_t": balance and balance.value,
            }
        )
    regime = regime_of(year, BOOK)
    law = law_of_year(BOOK, year.compliance_year)
    emitted = Emitted.model_validate(case.get("emitted") or {"verified_t": year.verified_emissions_t})
    free = allocation and free_allocation(allocation, regime.word, year.compliance_year, law, emitted.verified_t)
    account = account_on([Entry.model_validate(e) for e in case.get("entries", [])], case["on"])
    reference = case.get("reference")
    prices = allowance_lines(PATHS, GRID, regime.instrument or "", year.compliance_year, reference)
    return compliance_position(
        account, regime, law, emitted, free, marginal_slope(year, regime, law), reference, prices
    )
