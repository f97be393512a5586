"""A loan book under carbon prices: expected loss, who cannot cover interest, concentration, migration and top movers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from finance.default_risk import Carried, ExpectedLoss, carried
from finance.errors import BadBands, BadPd, BeyondBounds, HorizonMixed, NoFigure
from finance.financed import Financed
from finance.loan_book import LoanBook
from finance.pd_model import Accounting, Structural, accounting_pd, structural_moves
from finance.refused import Mask, Refused
from finance.stress import Shock, Stressed, loss_range, stress
from models.errors import Text
from models.table import Result, Row
from models.units import FloatArray

METHOD = "finance.portfolio/1"
By = Literal["sector", "city"]
_SPAN = 1e-9


@dataclass(frozen=True, slots=True)
class Outcome(Result):
    """
    A book under one shock.

    ``stressed`` has a row per borrower; ``pd1`` and ``loss`` a row per loan, NaN
    where refused. Money of borrowers is summed once for each.
    """

    book: LoanBook
    stressed: Stressed
    pd1: FloatArray
    insolvent: Mask
    moved: Carried | None
    refused: Refused
    expected: ExpectedLoss

    @property
    def counts(self) -> Mask:
        """Loans with an expected loss."""
        return self.refused.counts

    @property
    def ead(self) -> float:
        """Exposure at default of the loans that count."""
        return float(self.book.ead[self.counts].sum())

    @property
    def expected0(self) -> float | None:
        """Expected loss before, money."""
        return float(self.expected.amount0[self.counts].sum()) if self.counts.any() else None

    @property
    def expected1(self) -> float | None:
        """Expected loss after, money."""
        return float(self.expected.amount1[self.counts].sum()) if self.counts.any() else None

    @property
    def change_bp(self) -> float | None:
        """Change of the expected loss, basis points of the EAD that counts."""
        if self.expected0 is None or self.expected1 is None or not self.ead:
            return None
        return (self.expected1 - self.expected0) / self.ead * 1e4

    @property
    def level_bp(self) -> float | None:
        """Level of the stressed expected loss, basis points of the EAD that counts."""
        return None if self.expected1 is None or not self.ead else self.expected1 / self.ead * 1e4

    @property
    def lent_to(self) -> Mask:
        """Borrowers that have a loan and can be stressed."""
        has = np.zeros(self.stressed.borrowers.size, dtype=bool)
        has[self.book.of_borrower[self.book.of_borrower >= 0]] = True
        return has & self.stressed.refused.counts

    @property
    def loss(self) -> float | None:
        """Yearly loss of EBITDA of all borrowers, each once."""
        return float(self.stressed.loss[self.lent_to].sum()) if self.lent_to.any() else None

    @property
    def loss_span(self) -> tuple[float, float] | None:
        """Least and most loss over the borrowers' ranges of pass-through; ``None`` where one states no range."""
        low, high = (x[self.lent_to] for x in loss_range(self.stressed))
        return (float(low.sum()), float(high.sum())) if low.size and np.isfinite(low + high).all() else None

    def uncovered(self, after: bool) -> float:
        """Share of the outstanding money whose borrower's EBIT does not cover its interest."""
        ratio = self.book.by_loan(self.stressed.interest_cover[after])
        money = np.where(np.isfinite(ratio) & (self.book.why == 0), self.book.loans.outstanding, 0.0)
        money = np.where(np.isfinite(money), money, 0.0)
        whole = money.sum()
        return float(money[ratio < 1.0].sum() / whole) if whole > 0 else 0.0

    def rows(self) -> list[Row]:
        n, span = int(self.counts.sum()), self.loss_span
        of = Text(f"{n} 笔，共 {self.book.size} 笔", f"{n} of {self.book.size} loans")
        ends = Text("", "")
        if span is not None and span[1] - span[0] > _SPAN * abs(span[1]):
            said = f"{span[0]:,.0f} – {span[1]:,.0f}"
            ends = Text(f"传导率范围内 {said}", f"{said} over the range of pass-through")
        clipped = self.moved.clipped_share if self.moved else None
        return [
            Row("loss", Text("借款人年损失合计", "Yearly loss of the borrowers"), self.loss, self.book.currency, ends, 0),
            Row("uncovered0", Text("利息保障不足余额占比 基准", "Interest not covered, base"), self.uncovered(False), "", digits=4),
            Row("uncovered1", Text("利息保障不足余额占比 压力后", "Interest not covered, stressed"), self.uncovered(True), "", digits=4),
            Row("insolvent", Text("资不抵债的借款人", "Insolvent borrowers"), float(self.insolvent.sum()), "", digits=0),
            Row("ead", Text("违约敞口", "Exposure at default"), self.ead, self.book.currency, of, 0),
            Row("expected0", Text("预期损失 基准", "Expected loss, base"), self.expected0, self.book.currency, digits=0),
            Row("expected1", Text("预期损失 压力后", "Expected loss, stressed"), self.expected1, self.book.currency, digits=0),
            Row("change_bp", Text("预期损失变化", "Change of expected loss"), self.change_bp, "bp of EAD"),
            Row("level_bp", Text("压力后预期损失水平", "Level of stressed expected loss"), self.level_bp, "bp of EAD"),
            Row("clipped", Text("违约概率触及上下限的占比", "Share of PDs clipped at a bound"), clipped, "", digits=4),
        ]  # fmt: skip


def shocked(
    book: LoanBook, shock: Shock, model: Structural | Accounting | None, checked: Refused | None = None
) -> Outcome:
    """
    Return a book under one shock.

    Parameters
    ----------
    model : Structural or Accounting, optional
        How the loss moves PDs; without one there is no PD and no expected loss.
    checked : Refused, optional
        ``book.borrowers.checked()``, made once for many shocks.

    Notes
    -----
    ``finance.md`` section 6. Each borrower is stressed once; each loan has its
    own PD and LGD. A loan whose PD is over another horizon than the model's is
    refused.
    """
    made = stress(book.borrowers, shock, checked)
    sieve = book.sieve()
    for at, (kind, of) in enumerate(made.refused.kinds, start=1):
        sieve.refuse(book.by_loan(made.refused.why) == at, kind, of)
    insolvent = np.zeros(book.borrowers.size, dtype=bool)
    moved: Carried | None = None
    pd1 = np.full(book.size, np.nan)
    if model is not None:
        sieve.refuse(~(np.isfinite(book.ead) & np.isfinite(book.lgd)), NoFigure, "ead")
        sieve.refuse((book.ead < 0) | (book.lgd < 0) | (book.lgd > 1), BeyondBounds, "lgd")
        sieve.refuse(~((book.pd > 0) & (book.pd < 1)), BadPd, "pd")
        sieve.refuse(~(np.abs(book.pd_years - model.years) <= _SPAN), HorizonMixed, "pd_years")
        if isinstance(model, Structural):
            q0, q1, insolvent, unfit = structural_moves(model, made, book.equity)
            for at, (kind, of) in enumerate(unfit.kinds, start=1):
                sieve.refuse(book.by_loan(unfit.why) == at, kind, of)
            moved = carried(book.pd, book.by_loan(q0), book.by_loan(q1), model.carry, book.by_loan(insolvent))
            for at, (kind, of) in enumerate(moved.refused.kinds, start=1):
                sieve.refuse(moved.refused.why == at, kind, of)
            pd1 = moved.pd
        else:
            usable = (book.pd > 0) & (book.pd < 1)
            pd1 = accounting_pd(model, np.where(usable, book.pd, np.nan), made, np.maximum(book.of_borrower, 0))
            sieve.refuse(~np.isfinite(pd1), NoFigure, "interest")
    else:
        sieve.refuse(sieve.open, NoFigure, "model")
    refused = sieve.closed()
    pd1 = np.where(refused.counts, pd1, np.nan)
    return Outcome(book, made, pd1, insolvent, moved, refused, ExpectedLoss(book.ead, book.lgd, book.pd, pd1))


@dataclass(frozen=True, slots=True)
class Share:
    """One name's part of a whole; ``""`` is "not stated"."""

    name: str
    loans: int
    outstanding: float
    share: float
    financed12_t: float | None
    change_bp: float | None


@dataclass(frozen=True, slots=True)
class Concentration:
    """Parts of the outstanding money by one key, the largest first; ``hhi`` is the sum of squared shares."""

    by: str
    hhi: float
    parts: tuple[Share, ...]

    def top(self, count: int) -> float:
        """Share of the ``count`` largest."""
        return sum(part.share for part in self.parts[:count])


def concentration(
    book: LoanBook, by: By | Literal["borrower"], financed: Financed | None = None, outcome: Outcome | None = None
) -> Concentration:
    """Return how the money that is in the book spreads; loans refused before any computation are left out."""
    values = book.names if by == "borrower" else book.groups[by]
    keep = (book.why == 0) & (book.loans.outstanding > 0)
    names, at = np.unique(book.by_loan(values), return_inverse=True)
    money = _sums(at, names.size, book.loans.outstanding, keep)
    count = np.bincount(at[keep], minlength=names.size)
    tonnes = _sums(at, names.size, financed.financed12_t, keep & financed.counts) if financed else None
    has = np.bincount(at[keep & financed.counts], minlength=names.size) > 0 if financed else None
    whole = float(money.sum())
    parts = [
        Share(
            name=str(names[i]),
            loans=int(count[i]),
            outstanding=float(money[i]),
            share=float(money[i] / whole),
            financed12_t=float(tonnes[i]) if tonnes is not None and has is not None and has[i] else None,
            change_bp=change,
        )
        for i, change in enumerate(_changes(at, names.size, outcome))
        if count[i]
    ]
    parts.sort(key=lambda part: (-part.outstanding, part.name))
    return Concentration(by, sum(part.share**2 for part in parts), tuple(parts))


def _sums(at: NDArray[np.intp], size: int, values: FloatArray, keep: Mask) -> FloatArray:
    return np.bincount(at[keep], weights=values[keep], minlength=size).astype(np.float64)


def _changes(at: NDArray[np.intp], size: int, outcome: Outcome | None) -> list[float | None]:
    if outcome is None:
        return [None] * size
    keep, e = outcome.counts, outcome.expected
    ead, change = (_sums(at, size, v, keep) for v in (e.ead, e.amount1 - e.amount0))
    return [float(c / w * 1e4) if w > 0 else None for c, w in zip(change, ead, strict=True)]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Change of expected loss by sector and city, basis points of EAD; NaN where nothing is lent."""

    sectors: tuple[str, ...]
    cities: tuple[str, ...]
    ead: FloatArray
    change_bp: FloatArray


def heat_map(outcome: Outcome) -> HeatMap:
    """Return sector by city; the cells' exposure sums to that of the loans that count."""
    book, keep = outcome.book, outcome.counts
    sectors, row = np.unique(book.by_loan(book.groups["sector"]), return_inverse=True)
    cities, col = np.unique(book.by_loan(book.groups["city"]), return_inverse=True)
    cell, size = row * cities.size + col, sectors.size * cities.size
    e = outcome.expected
    ead, change = (_sums(cell, size, v, keep).reshape(sectors.size, -1) for v in (e.ead, e.amount1 - e.amount0))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return HeatMap(
            tuple(map(str, sectors)), tuple(map(str, cities)), ead, np.where(ead > 0, change / ead * 1e4, np.nan)
        )


def migration(outcome: Outcome, bounds: Sequence[float]) -> FloatArray:
    """
    Return EAD by rating before (rows) and after (columns).

    Parameters
    ----------
    bounds : sequence of float
        Upper PD bounds of the bank's own ratings, best first; the last rating
        is everything above. Its scale is the bank's: there is none of ours.

    Raises
    ------
    BadBands
        The bounds do not rise strictly between 0 and 1.
    """
    edges = np.asarray(bounds, dtype=np.float64)
    if not edges.size or edges[0] <= 0 or edges[-1] >= 1 or not (np.diff(edges) > 0).all():
        raise BadBands(field="rating_bounds")
    keep, n = outcome.counts, edges.size + 1
    old, new = (np.searchsorted(edges, v[keep], side="left") for v in (outcome.expected.pd0, outcome.pd1))
    return np.bincount(old * n + new, weights=outcome.book.ead[keep], minlength=n * n).astype(np.float64).reshape(n, n)


@dataclass(frozen=True, slots=True)
class Mover:
    """A loan whose expected loss moves most."""

    loan: str
    borrower: str
    pd0: float
    pd1: float
    change: float


def top_movers(outcome: Outcome, count: int = 10) -> list[Mover]:
    """Return the loans whose expected loss rises most in money, ties by place in the book."""
    rise = np.where(outcome.counts, outcome.expected.amount1 - outcome.expected.amount0, -np.inf)
    some = np.argsort(-rise, kind="stable")[:count]
    book = outcome.book
    return [
        Mover(
            str(book.ids[i]),
            str(book.names[book.of_borrower[i]]),
            float(book.pd[i]),
            float(outcome.pd1[i]),
            float(rise[i]),
        )
        for i in some
        if outcome.counts[i]
    ]
