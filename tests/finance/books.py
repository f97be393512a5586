"""A small loan book: three borrowers, one of them with two loans and two plants, in two sectors."""

from __future__ import annotations

from typing import Any

from finance.financed import load_quality
from finance.loan_book import LoanBook, loan_book
from finance.pd_model import Structural
from models.files import DATA

LOANS: dict[str, list[Any]] = {
    "loan": ["L1", "L2", "L3", "L4"],
    "borrower": ["A", "A", "B", "C"],
    "outstanding": [20e6, 30e6, 10e6, 5e6],
    "asset_class": ["business_loan"] * 4,
    "ead": [22e6, 30e6, 10e6, 5e6],
    "lgd": [0.45, 0.4, 0.45, 0.45],
    "pd": [0.02, 0.02, 0.01, 0.05],
    "pd_years": [1.0] * 4,
}
# A has two plants: 60 000 and 40 000 t, added up.
BORROWERS: dict[str, list[Any]] = {
    "borrower": ["A", "B", "C"],
    "sector": ["steel", "steel", "ceramics"],
    "city": ["佛山", "广州", "佛山"],
    "equity": [180e6, 60e6, 9e6],
    "debt": [120e6, 40e6, 11e6],
    "revenue": [500e6, 200e6, 40e6],
    "scope12_t": [100_000.0, 30_000.0, 8_000.0],
    "obtained": ["verified_reported", "own_energy", "revenue_factor"],
    "emissions_t": [100_000.0, 30_000.0, 0.0],
    "free_t": [93_100.0, 29_000.0, 0.0],
    "held_t": [5_000.0, 0.0, 0.0],
    "upstream_t": [50_000.0, 0.0, 10_000.0],
    "theta": [0.5, None, 0.8],
    "cbam_t": [2_000.0, 0.0, 0.0],
    "phi": [0.5, None, None],
    "pi": [0.3, 0.5, 0.4],
    "pi_low": [0.1, 0.4, 0.2],
    "pi_high": [0.6, 0.7, 0.6],
    "ebitda": [40e6, 12e6, 2.5e6],
    "depreciation": [10e6, 4e6, 1e6],
    "interest": [5e6, 1.5e6, 0.5e6],
    "principal": [10e6, 3e6, 1e6],
    "maintenance": [4e6, 1e6, 0.3e6],
    "tax_rate": [0.25, 0.25, 0.25],
}
MODEL = Structural(sigma=0.25, rate=0.03, years=1.0, discount_rate=0.09, growth=0.02)


def book_of(loans: dict[str, Any] | None = None, borrowers: dict[str, Any] | None = None, **other: Any) -> LoanBook:
    """Return the book with columns exchanged."""
    return loan_book(LOANS | (loans or {}), BORROWERS | (borrowers or {}), load_quality(DATA), **other)
