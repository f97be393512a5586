"""A loan book over price draws that all borrowers share: expected loss as a distribution, and PDs of each loan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from finance.draws import PdDraws, pd_over_draws
from finance.loan_book import LoanBook
from finance.pd_model import Accounting
from finance.portfolio import shocked
from finance.refused import Refused
from finance.stress import Shock
from models.errors import Text
from models.table import Result, Row
from models.units import FloatArray

METHOD = "finance.shared_draws/1"
LEVELS = (0.05, 0.5, 0.95)
_CHUNK = 4_096


@dataclass(frozen=True, slots=True)
class DrawnBook(Result):
    """
    A book over draws of the home price.

    ``expected`` is the book's expected loss in each draw, money, shape (m,);
    ``pds`` mean and quantiles of the loans that count, in their order;
    ``expected0`` is the expected loss at today's price.
    """

    draws: FloatArray
    expected0: float
    expected: FloatArray
    ead: float
    pds: PdDraws
    refused: Refused

    def quantile_bp(self, level: float) -> float:
        """Return a quantile of the change of expected loss, basis points of EAD."""
        at = float(np.quantile(self.expected, level, method="inverted_cdf"))
        return (at - self.expected0) / self.ead * 1e4

    @property
    def mean_bp(self) -> float:
        """Mean change of the expected loss, basis points of EAD."""
        return (float(self.expected.mean()) - self.expected0) / self.ead * 1e4

    def rows(self) -> list[Row]:
        n = int(self.refused.counts.sum())
        of = Text(f"{n} 笔，{self.draws.size} 次共同价格抽样", f"{n} loans, {self.draws.size} shared price draws")
        made = [
            Row("mean_bp", Text("预期损失变化 均值", "Change of expected loss, mean"), self.mean_bp, "bp of EAD", of)
        ]
        for level in LEVELS:
            label = Text(f"预期损失变化 P{level * 100:.0f}", f"Change of expected loss, P{level * 100:.0f}")
            made.append(Row(f"p{level * 100:.0f}_bp", label, self.quantile_bp(level), "bp of EAD"))
        return made

    def proof(self) -> list[str]:
        return [METHOD]


def over_draws(
    book: LoanBook, model: Accounting, today: Shock, draws: FloatArray, levels: Sequence[float] = LEVELS
) -> DrawnBook | None:
    """
    Return a book over draws of the home price; ``None`` where no loan counts.

    Parameters
    ----------
    model : Accounting
        Its log-odds move along a line with the loss, and the loss along a line
        with the price, so that two prices tell the whole line of each loan.
    today : Shock
        Today's prices; the certificate price and the free allocation stay.
    draws : array, shape (m,)
        Home prices, CNY per t, the same for every borrower: losses of borrowers
        move together and do not average out.
    """
    home = today.home0
    here = shocked(book, Shock(home, home, today.eu0, today.eu0), model)
    above = shocked(book, Shock(home, home + 1.0, today.eu0, today.eu0), model)
    rows = np.flatnonzero(above.refused.counts & here.refused.counts)
    if not rows.size:
        return None
    start = logit(book.pd[rows])
    slope = _slope(above.pd1[rows], start)
    intercept = start - slope * home
    weight = book.ead[rows] * book.lgd[rows]
    expected = np.zeros(draws.size)
    for first in range(0, rows.size, _CHUNK):
        part = slice(first, first + _CHUNK)
        expected += weight[part] @ expit(intercept[part, None] + slope[part, None] * draws)
    return DrawnBook(
        draws=draws,
        expected0=float(weight @ book.pd[rows]),
        expected=expected,
        ead=float(book.ead[rows].sum()),
        pds=pd_over_draws(intercept, slope, draws, levels),
        refused=above.refused,
    )


def _slope(above: FloatArray, start: FloatArray) -> FloatArray:
    """Return the change of the log-odds for one CNY per t."""
    return np.asarray(logit(above) - start)
