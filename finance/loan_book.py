"""
A bank's loan book: loans and their borrowers, joined so that each loan counts once.

A borrower is stressed once, however many loans and plants it has; its loans
share its result and its denominator.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from finance.errors import BorrowerTwice, BorrowerUnknown, LoanTwice, NoBookRows, OtherCurrency, WrongTotal
from finance.financed import CLASSES, Loans, QualityScore
from finance.refused import Sieve, joined_rows, repeated
from finance.stress import Borrowers
from finance.submission import Currency
from models.findings import Finding
from models.inputs import Input
from models.units import FloatArray

#: A stated total may differ by rounding of the rows' cents.
TOTAL_ROUNDING = 1e-9
Name = Field(min_length=1, max_length=100)
#: A figure of a row; beyond it a unit is wrong, and sums would leave what a float can hold.
Amount = Annotated[float, Field(ge=-1e15, le=1e15)]


class LoanRow(Input):
    """
    A loan on the reporting day.

    ``ead`` is the exposure at default before LGD, ``pd`` the bank's own over
    ``pd_years``. What is absent is not known; a figure that cannot be is told by
    row and leaves the loan out.
    """

    loan: str = Name
    borrower: str = Name
    outstanding: Amount | None = None
    currency: Currency | None = None
    asset_class: str | None = Field(default=None, max_length=40)
    average_outstanding: Amount | None = None
    ead: Amount | None = None
    lgd: Amount | None = None
    pd: Amount | None = None
    pd_years: Amount | None = None


class BorrowerRow(Input):
    """
    A borrower in one year: balance sheet, accounts, emissions, carbon position.

    Money is in the book's currency, tonnes are tCO2e. ``obtained`` says how the
    scope 1 and 2 emissions were obtained and sets their data-quality score;
    ``quality`` states a score directly. The fields from ``emissions_t`` on are
    those of the stress, see ``finance.stress.Borrowers``.
    """

    borrower: str = Name
    sector: str | None = Field(default=None, max_length=60)
    city: str | None = Field(default=None, max_length=60)
    equity: Amount | None = None
    debt: Amount | None = None
    market_value: Amount | None = None
    minority: Amount | None = None
    evic: Amount | None = None
    revenue: Amount | None = None
    scope12_t: Amount | None = None
    scope3_t: Amount | None = None
    obtained: str | None = Field(default=None, max_length=40)
    obtained_scope3: str | None = Field(default=None, max_length=40)
    quality: Amount | None = None
    quality_scope3: Amount | None = None
    emissions_t: Amount | None = None
    free_t: Amount | None = None
    held_t: Amount | None = None
    upstream_t: Amount | None = None
    theta: Amount | None = None
    cbam_t: Amount | None = None
    phi: Amount | None = None
    pi: Amount | None = None
    pi_low: Amount | None = None
    pi_high: Amount | None = None
    ebitda: Amount | None = None
    depreciation: Amount | None = None
    interest: Amount | None = None
    principal: Amount | None = None
    maintenance: Amount | None = None
    tax_rate: Amount | None = None


Columns = Mapping[str, Sequence[Any] | NDArray[Any]]
_OF_LOAN = ("outstanding", "average_outstanding")
_OF_BORROWER = ("equity", "debt", "market_value", "minority", "evic", "revenue", "scope12_t", "scope3_t")
_STRESSED = Borrowers.__slots__


@dataclass(frozen=True, slots=True)
class LoanBook:
    """
    The book as columns: ``of_borrower`` is the row of each loan's borrower, -1 where there is none.

    ``loans`` are its columns for financed emissions, ``borrowers`` those for the
    stress (one row each), ``equity`` the borrowers' equity; ``groups`` are names
    of sector and city by borrower, "" where not stated. ``sieve`` holds what
    loans were refused for before anything was computed.
    """

    currency: str
    ids: NDArray[np.str_]
    names: NDArray[np.str_]
    of_borrower: NDArray[np.intp]
    loans: Loans
    borrowers: Borrowers
    equity: FloatArray
    ead: FloatArray
    lgd: FloatArray
    pd: FloatArray
    pd_years: FloatArray
    groups: Mapping[Literal["sector", "city"], NDArray[np.str_]]
    why: NDArray[np.int16]
    kinds: tuple[Any, ...]
    findings: tuple[Finding, ...]

    @property
    def size(self) -> int:
        """Number of loans."""
        return len(self.ids)

    def sieve(self) -> Sieve:
        """Return what loans are refused for already, to go on from."""
        made = Sieve(self.size, list(self.kinds))
        made.why[:] = self.why
        return made

    def by_loan(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return a borrower's column by loan; a loan without borrower takes that of the first and is refused anyway."""
        return values[np.maximum(self.of_borrower, 0)]


def columns_of(rows: Sequence[Input], kind: type[Input]) -> dict[str, list[Any]]:
    """Return rows as columns."""
    return {name: [getattr(row, name) for row in rows] for name in kind.model_fields}


def loan_book(
    loans: Columns,
    borrowers: Columns,
    scale: Mapping[str, QualityScore],
    currency: str = "CNY",
    total: float | None = None,
) -> LoanBook:
    """
    Join loans and borrowers into a book.

    Parameters
    ----------
    loans, borrowers : mapping of name to column
        Fields of ``LoanRow`` and ``BorrowerRow``; what a column lacks is not
        known.
    scale : mapping of name to QualityScore
        Data-quality scores by how emissions were obtained.
    currency : str
        Currency of the book; a row in another is refused and never converted.
    total : float, optional
        Stated sum of the outstanding amounts, checked against the rows.

    Raises
    ------
    NoBookRows, BorrowerTwice
        No loan, or a borrower with two rows: which of them holds cannot be told.
    """
    n, m = len(loans.get("loan", ())), len(borrowers.get("borrower", ()))
    if not n or not m:
        raise NoBookRows(field="loans" if not n else "borrowers")
    names = _words(borrowers, "borrower", m)
    if (twice := repeated(names)).any():
        raise BorrowerTwice(field="borrowers", borrower=str(names[twice][0]))
    ids = _words(loans, "loan", n)
    of = joined_rows(_words(loans, "borrower", n), names)
    sieve = Sieve(n)
    sieve.refuse(repeated(ids), LoanTwice, "loan")
    stated = _words(loans, "currency", n)
    sieve.refuse((stated != "") & (stated != currency), OtherCurrency, "currency")
    sieve.refuse(of < 0, BorrowerUnknown, "borrower")
    at = np.maximum(of, 0)
    known = {name: _numbers(borrowers, name, m)[at] for name in _OF_BORROWER}
    own = {name: _numbers(loans, name, n) for name in _OF_LOAN}
    quality = {f"quality{end}": _quality(borrowers, scale, end, m)[at] for end in ("", "_scope3")}
    classes = {str(name): i for i, name in enumerate(CLASSES)}
    asset_class = [classes.get(name, -1) for name in _words(loans, "asset_class", n)]
    refused = sieve.closed()
    outstanding = own["outstanding"]
    return LoanBook(
        currency=currency,
        ids=ids,
        names=names,
        of_borrower=of,
        loans=Loans.of(n, **known, **own, **quality, asset_class=asset_class, borrower=of),
        borrowers=Borrowers.of(m, **{name: _numbers(borrowers, name, m) for name in _STRESSED}),
        equity=_numbers(borrowers, "equity", m),
        ead=_numbers(loans, "ead", n),
        lgd=_numbers(loans, "lgd", n),
        pd=_numbers(loans, "pd", n),
        pd_years=_numbers(loans, "pd_years", n),
        groups={"sector": _words(borrowers, "sector", m), "city": _words(borrowers, "city", m)},
        why=refused.why,
        kinds=refused.kinds,
        findings=tuple(_total_told(outstanding, total)),
    )


def _total_told(outstanding: FloatArray, total: float | None) -> list[Finding]:
    if total is None:
        return []
    found = math.fsum(outstanding[np.isfinite(outstanding)])
    if abs(found - total) <= TOTAL_ROUNDING * abs(total) + 0.005 * len(outstanding):
        return []
    return [Finding.of(WrongTotal(field="total", stated=f"{total:,.2f}", found=f"{found:,.2f}"), severity="warning")]


def _numbers(columns: Columns, name: str, size: int) -> FloatArray:
    given = columns.get(name)
    if given is None:
        return np.full(size, np.nan)
    return np.array([np.nan if v is None else v for v in given] if isinstance(given, list) else given, dtype=np.float64)


def _words(columns: Columns, name: str, size: int) -> NDArray[np.str_]:
    given = columns.get(name)
    return np.full(size, "", dtype=np.str_) if given is None else np.array(["" if v is None else str(v) for v in given])


def _quality(columns: Columns, scale: Mapping[str, QualityScore], end: str, size: int) -> FloatArray:
    """Return the score by how the emissions were obtained; one stated directly wins, an unknown way has none."""
    obtained = _words(columns, f"obtained{end}", size)
    by_word = np.array([float(scale[w].score) if w in scale else np.nan for w in obtained])
    stated = _numbers(columns, f"quality{end}", size)
    return np.where(np.isfinite(stated), stated, by_word)
