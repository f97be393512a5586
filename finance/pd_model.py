"""Which model moves a borrower's PD, with the parameters that its user states; none of them has a default."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from finance.default_risk import RATIOS, Carry, annuity, distance, logit_moved, perpetuity, structural
from finance.errors import InsolventToday, NoDebt, NoFigure, SignAgainst
from finance.refused import Mask, Refused, Sieve
from finance.stress import Stressed
from models.inputs import Input
from models.units import FloatArray

Years = Annotated[float, Field(gt=0, le=50)]
Rate = Annotated[float, Field(ge=-0.5, le=1)]


class Structural(Input):
    """
    Asset value against debt.

    ``sigma`` is the yearly volatility of the assets, ``rate`` their drift,
    ``years`` the horizon of the PD. The loss lasts for ever (``growth`` given:
    1 / (k - g)) or for ``loss_years`` (annuity), discounted at ``discount_rate``.
    """

    kind: Literal["structural"] = "structural"
    sigma: Annotated[float, Field(gt=0, le=3)]
    rate: Rate
    years: Years
    discount_rate: Rate
    growth: Rate | None = None
    loss_years: Years | None = None
    carry: Carry = "zscore"

    def factor(self) -> float:
        """
        Return the present value of a loss of one a year.

        Raises
        ------
        NoPerpetuity, NoFigure
            The growth is not below the rate; how long the loss lasts is not said.
        """
        if self.loss_years is not None:
            return annuity(self.discount_rate, self.loss_years)
        if self.growth is None:
            raise NoFigure(field="model.loss_years")
        return perpetuity(self.discount_rate, self.growth)


class Accounting(Input):
    """A validated accounting model: coefficients of logit(PD) on ratios, none positive, and the horizon of its PD."""

    kind: Literal["accounting"] = "accounting"
    coefficients: dict[str, float] = Field(min_length=1, max_length=len(RATIOS))
    years: Years
    source: str = Field(min_length=1, max_length=300)
    #: The accounting model starts at the bank's own PD, so its move is the move.
    carry: Literal["logit"] = "logit"


PdModel = Annotated[Structural | Accounting, Field(discriminator="kind")]


def structural_moves(
    model: Structural, made: Stressed, equity: FloatArray
) -> tuple[FloatArray, FloatArray, Mask, Refused]:
    """
    Return the model's PD before and after, who is insolvent, and who is refused.

    Parameters
    ----------
    equity : array, shape (n,)
        Value of equity today, same currency as debt.

    Notes
    -----
    E1 = E0 - (1 - tau) loss A with debt fixed (``finance.md`` section 6 (c)).
    A borrower whose equity is not positive today is refused: there is no move.
    """
    b = made.borrowers
    sieve = Sieve(b.size)
    sieve.refuse(~made.refused.counts, NoFigure, "ebitda")
    sieve.refuse(~np.isfinite(equity), NoFigure, "equity")
    sieve.refuse(equity <= 0, InsolventToday, "equity")
    sieve.refuse(~(b.debt > 0), NoDebt, "debt")
    refused = sieve.closed()
    after = equity - (1.0 - b.tax_rate) * made.loss * model.factor()
    q0 = structural(distance(equity, b.debt, model.sigma, model.rate, model.years))
    q1 = structural(distance(after, b.debt, model.sigma, model.rate, model.years))
    kept = np.where(refused.counts, 1.0, np.nan)
    return np.asarray(q0) * kept, np.asarray(q1) * kept, refused.counts & (after <= 0), refused


def accounting_pd(model: Accounting, pd0: FloatArray, made: Stressed, rows: NDArray[np.intp]) -> FloatArray:
    """
    Return the PD of each loan after the move of its borrower's ratios; ``rows`` are the loans' borrowers.

    Raises
    ------
    SignAgainst
        A ratio that is not known, or a coefficient against its direction.
    """
    if wrong := [name for name in model.coefficients if name not in RATIOS]:
        raise SignAgainst(field="model.coefficients", name=wrong[0])
    b = made.borrowers
    before, after = made.interest_cover
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        moves = {
            "ebitda_to_debt": np.where(b.debt > 0, -made.loss / b.debt, np.nan),
            "ebitda_margin": np.where(b.revenue > 0, -made.loss / b.revenue, np.nan),
            "interest_cover": after - before,
        }
    return logit_moved(pd0, model.coefficients, {name: moves[name][rows] for name in model.coefficients})
