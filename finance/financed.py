"""
Financed emissions: what of a borrower's emissions stands against a loan, by asset class and with its data quality.

Scope 1 and 2 stand apart from scope 3, removals and avoided emissions are
never netted, and a gap leaves the loan out with its reason instead of counting
as zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from finance.errors import (
    AttributionAboveOne,
    BadOutstanding,
    BorrowerOverAttributed,
    DenominatorNotPositive,
    EvicBelowDebt,
    EvicNotItsParts,
    NoDenominator,
    NoEmissions,
    NoQuality,
    UnequalColumns,
    UnknownClass,
)
from finance.refused import Mask, Refused, Sieve
from models.errors import BadData, Text
from models.files import read_yaml
from models.table import Result, Row
from models.units import FloatArray

METHOD = "finance.financed/1"
#: An attribution above one by no more than this is rounding of the amounts and counts as one.
ROUNDING = 1e-6
#: By capital (outstanding over equity and debt, EVIC or project value) or by the borrower's revenue; never in one total.
Basis = Literal["capital", "revenue"]


class AssetClass(StrEnum):
    """What stands in the denominator (``finance.md`` section 7)."""

    BUSINESS_LOAN = "business_loan"
    UNLISTED_EQUITY = "unlisted_equity"
    LISTED = "listed"
    PROJECT = "project"


CLASSES: tuple[AssetClass, ...] = tuple(AssetClass)


@dataclass(frozen=True, slots=True)
class Loans:
    """
    Columns of a loan book, shape (n,), money in one currency; NaN is "not stated" and never zero.

    ``asset_class`` is the place in ``CLASSES``, -1 where not known. ``equity``
    and ``debt`` are total equity and total debt of the borrower or project;
    ``market_value`` ordinary and preferred shares at year end; ``minority`` the
    book value of minority interests; ``evic`` a stated enterprise value
    including cash, instead of or beside its parts. ``quality`` and
    ``quality_scope3`` run from 1 (best) to 5. ``borrower`` is the row of the
    borrower, -1 where each loan stands alone.
    """

    outstanding: FloatArray
    asset_class: NDArray[np.int8]
    equity: FloatArray
    debt: FloatArray
    market_value: FloatArray
    minority: FloatArray
    evic: FloatArray
    scope12_t: FloatArray
    scope3_t: FloatArray
    quality: FloatArray
    quality_scope3: FloatArray
    average_outstanding: FloatArray
    revenue: FloatArray
    borrower: NDArray[np.intp]

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if len(getattr(self, name)) != len(self.outstanding):
                raise UnequalColumns(field=name, name=name)

    @property
    def size(self) -> int:
        """Number of loans."""
        return len(self.outstanding)

    @classmethod
    def of(cls, size: int, **given: Any) -> Loans:
        """Return a book of the columns given; every other column is not stated."""
        columns: dict[str, Any] = dict.fromkeys(cls.__slots__, np.full(size, np.nan))
        columns |= {"asset_class": np.full(size, -1, np.int8), "borrower": np.full(size, -1, np.intp)}
        for name, values in given.items():
            columns[name] = np.asarray(values, dtype=columns[name].dtype)
        return cls(**columns)


@dataclass(frozen=True, slots=True)
class Financed(Result):
    """
    Financed emissions of a book.

    ``attribution`` is the factor of each loan, NaN where it is refused;
    ``financed12_t`` and ``financed3_t`` are tonnes CO2e, NaN where not known.
    ``refused`` says why a loan has no figure.
    """

    loans: Loans
    basis: Basis
    attribution: FloatArray
    financed12_t: FloatArray
    financed3_t: FloatArray
    refused: Refused

    @property
    def counts(self) -> Mask:
        """Loans in the scope 1 and 2 total."""
        return self.refused.counts

    @property
    def counts3(self) -> Mask:
        """Loans in the scope 3 total: those with scope 3 emissions of stated quality."""
        return np.isfinite(self.financed3_t)

    @property
    def outstanding(self) -> float:
        """Money behind the scope 1 and 2 total."""
        return float(self.loans.outstanding[self.counts].sum())

    @property
    def total12_t(self) -> float | None:
        """Scope 1 and 2, tCO2e; ``None`` where no loan counts."""
        return _sum(self.financed12_t, self.counts)

    @property
    def total3_t(self) -> float | None:
        """Scope 3, tCO2e, never added to scope 1 and 2; ``None`` where no loan has it."""
        return _sum(self.financed3_t, self.counts3)

    @property
    def coverage(self) -> float | None:
        """Share of the book's money that has a figure."""
        known = self.loans.outstanding[np.isfinite(self.loans.outstanding) & (self.loans.outstanding > 0)].sum()
        return self.outstanding / float(known) if known > 0 else None

    @property
    def coverage3(self) -> float | None:
        """Share of the money in the scope 1 and 2 total that has a scope 3 figure too."""
        return float(self.loans.outstanding[self.counts3].sum()) / self.outstanding if self.outstanding else None

    @property
    def quality(self) -> float | None:
        """Data quality of scope 1 and 2: mean score by outstanding."""
        return _by_money(self.loans.quality, self.loans.outstanding, self.counts)

    @property
    def quality3(self) -> float | None:
        """Data quality of scope 3: mean score by outstanding."""
        return _by_money(self.loans.quality_scope3, self.loans.outstanding, self.counts3)

    @property
    def intensity(self) -> float | None:
        """Scope 1 and 2 per million outstanding, tCO2e."""
        total = self.total12_t
        if total is None or not self.outstanding:
            return None
        found = total / self.outstanding * 1e6
        return found if np.isfinite(found) else None

    def rows(self) -> list[Row]:
        n = int(self.counts.sum())
        of = Text(f"{n} 笔，共 {self.loans.size} 笔", f"{n} of {self.loans.size} loans")
        apart = Text("与范围 1+2 分列，不相加", "apart from scope 1 and 2, never added")
        basis = Text("按资本归因", "by capital") if self.basis == "capital" else Text("按收入归因", "by revenue")
        return [
            Row("scope12", Text("融资排放 范围 1+2", "Financed emissions, scope 1+2"), self.total12_t, "tCO2e", of),
            Row("scope3", Text("融资排放 范围 3", "Financed emissions, scope 3"), self.total3_t, "tCO2e", apart),
            Row("outstanding", Text("计入的余额", "Outstanding that counts"), self.outstanding, "", basis),
            Row("coverage", Text("余额覆盖率", "Share of the money covered"), self.coverage, "", digits=4),
            Row("coverage3", Text("其中有范围 3", "of it with scope 3"), self.coverage3, "", digits=4),
            Row("quality", Text("数据质量 范围 1+2", "Data quality, scope 1+2"), self.quality, "1-5", digits=2),
            Row("quality3", Text("数据质量 范围 3", "Data quality, scope 3"), self.quality3, "1-5", digits=2),
            Row("intensity", Text("排放强度", "Intensity"), self.intensity, "tCO2e per million", digits=4),
        ]

    def proof(self) -> list[str]:
        return [f"{METHOD}; attribution by {self.basis} [pcaf-part-a-3, one_secondary]"]


def financed_emissions(loans: Loans, basis: Basis = "capital", sieve: Sieve | None = None) -> Financed:
    """
    Return the financed emissions of each loan and of the book.

    Parameters
    ----------
    loans : Loans
        Columns, shape (n,), money in one currency.
    basis : {"capital", "revenue"}
        ``capital``: outstanding over total equity and debt (business loan,
        unlisted equity; equity below zero counts as 0), over EVIC (listed firm;
        cash is not subtracted) or over project equity and debt. ``revenue``:
        outstanding average balance over the borrower's revenue.
    sieve : Sieve, optional
        What the rows were already refused for.

    Returns
    -------
    Financed
        Tonnes CO2e by loan; a gap refuses the loan and names it.

    Notes
    -----
    ``finance.md`` section 7, after source ``pcaf-part-a-3``. The loans of one
    borrower may together not exceed its denominator.
    """
    sieve = sieve or Sieve(loans.size)
    sieve.refuse(~(np.isfinite(loans.outstanding) & (loans.outstanding > 0)), BadOutstanding, "outstanding")
    if basis == "revenue":
        above, below = loans.average_outstanding, loans.revenue
        sieve.refuse(~(np.isfinite(above) & np.isfinite(below)), NoDenominator, "revenue")
        sieve.refuse((above < 0) | (below <= 0), DenominatorNotPositive, "revenue")
    else:
        above, below = loans.outstanding, _denominator(loans, sieve)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        factor = np.where(sieve.open, above / below, np.nan)
    if basis == "capital":
        sieve.refuse(factor > 1.0 + ROUNDING, AttributionAboveOne, "outstanding")
        sieve.refuse(_over_one(loans.borrower, factor, sieve.open), BorrowerOverAttributed, "borrower")
        factor = np.minimum(factor, 1.0)
    sieve.refuse(~(np.isfinite(loans.scope12_t) & (loans.scope12_t >= 0)), NoEmissions, "scope12_t")
    sieve.refuse(~_graded(loans.quality), NoQuality, "quality")
    refused = sieve.closed()
    factor = np.where(refused.counts, factor, np.nan)
    has3 = refused.counts & (loans.scope3_t >= 0) & _graded(loans.quality_scope3)
    return Financed(
        loans=loans,
        basis=basis,
        attribution=factor,
        financed12_t=factor * np.where(refused.counts, loans.scope12_t, np.nan),
        financed3_t=factor * np.where(has3, loans.scope3_t, np.nan),
        refused=refused,
    )


def _denominator(loans: Loans, sieve: Sieve) -> FloatArray:
    """Return the denominator by asset class; what is missing, negative or contradicts itself is refused."""
    of = loans.asset_class
    sieve.refuse((of < 0) | (of >= len(CLASSES)), UnknownClass, "asset_class")
    listed, project = of == CLASSES.index(AssetClass.LISTED), of == CLASSES.index(AssetClass.PROJECT)
    floored = np.where(project, loans.equity, np.maximum(loans.equity, 0.0))
    parts = loans.market_value + loans.debt + loans.minority
    evic = np.where(np.isfinite(loans.evic), loans.evic, parts)
    found = np.where(listed, evic, floored + loans.debt)
    sieve.refuse(~np.isfinite(found), NoDenominator, "equity")
    sieve.refuse(listed & (loans.market_value < 0), DenominatorNotPositive, "market_value")
    sieve.refuse(listed & (evic < loans.debt), EvicBelowDebt, "evic")
    apart = np.abs(loans.evic - parts) > ROUNDING * np.abs(parts)
    sieve.refuse(listed & apart, EvicNotItsParts, "evic")
    sieve.refuse((loans.debt < 0) | (project & (loans.equity < 0)) | (found <= 0), DenominatorNotPositive, "debt")
    return found


def _over_one(borrower: NDArray[np.intp], factor: FloatArray, counted: Mask) -> Mask:
    """Return the loans of borrowers whose factors sum to more than one."""
    known = counted & (borrower >= 0)
    if not known.any():
        return np.zeros(len(borrower), dtype=bool)
    sums = np.bincount(borrower[known], weights=factor[known])
    found: Mask = known & (sums[np.where(known, borrower, 0)] > 1.0 + ROUNDING)
    return found


def _graded(score: FloatArray) -> Mask:
    found: Mask = (score >= 1.0) & (score <= 5.0)
    return found


def _sum(values: FloatArray, rows: Mask) -> float | None:
    return float(values[rows].sum()) if rows.any() else None


def _by_money(score: FloatArray, money: FloatArray, rows: Mask) -> float | None:
    whole = money[rows].sum()
    return float((score[rows] * money[rows]).sum() / whole) if whole > 0 else None


@dataclass(frozen=True, slots=True)
class QualityScore:
    """How emissions were obtained, and the data-quality score that it earns."""

    name: str
    score: int
    label: Text


def load_quality(data: Path) -> dict[str, QualityScore]:
    """
    Return the data-quality scale by the way the emissions were obtained.

    Raises
    ------
    BadData
        A score beyond 1 to 5.
    """
    path = data / "finance" / "data_quality.yaml"
    made = {
        name: QualityScore(name, int(of["score"]), Text(of["zh"], of["en"]))
        for name, of in read_yaml(path)["scores"].items()
    }
    if wrong := [name for name, one in made.items() if not 1 <= one.score <= 5]:
        raise BadData(path=path.name, what=", ".join(wrong))
    return made
