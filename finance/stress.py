"""
What a carbon price does to a borrower's accounts: net short position, upstream cost and border cost, each once.

Columns of borrowers in, columns out. CBAM cost is reduced by the share borne
and never by pass-through too, and a firm that is long gains when the price
rises.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from finance.errors import BeyondBounds, NoFigure, UnequalColumns
from finance.refused import Refused, Sieve
from models.errors import MissingInput, Text
from models.table import Row
from models.units import FloatArray

METHOD = "finance.stress/1"
#: Largest pass-through of the estimator (``finance.md`` section 5).
MOST_PASSED = 1.5
_TONNES = ("emissions_t", "free_t", "held_t", "upstream_t", "cbam_t")
_ACCOUNTS = ("ebitda", "depreciation", "interest", "principal", "maintenance", "debt", "revenue")
_SHARES = ("tax_rate", "phi")


@dataclass(frozen=True, slots=True)
class Borrowers:
    """
    Columns of borrowers, shape (n,): one year, money in one currency, NaN "not stated".

    ``emissions_t``, ``free_t`` and ``held_t`` are the borrower's own position
    in a carbon market, tCO2, all 0 outside one; ``upstream_t`` the tonnes
    embedded in its inputs and ``theta`` the share of their price that suppliers
    hand on; ``cbam_t`` the certificates its exports need, net of free allocation
    and deduction; ``phi`` the share of CBAM cost the borrower bears; ``pi`` the
    pass-through of domestic cost with ``pi_low`` and ``pi_high``.
    ``depreciation`` includes amortisation, ``maintenance`` is capital spending.
    """

    emissions_t: FloatArray
    free_t: FloatArray
    held_t: FloatArray
    upstream_t: FloatArray
    theta: FloatArray
    cbam_t: FloatArray
    phi: FloatArray
    pi: FloatArray
    pi_low: FloatArray
    pi_high: FloatArray
    ebitda: FloatArray
    depreciation: FloatArray
    interest: FloatArray
    principal: FloatArray
    maintenance: FloatArray
    tax_rate: FloatArray
    debt: FloatArray
    revenue: FloatArray

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if len(getattr(self, name)) != len(self.ebitda):
                raise UnequalColumns(field=name, name=name)

    @property
    def size(self) -> int:
        """Number of borrowers."""
        return len(self.ebitda)

    @classmethod
    def of(cls, size: int, **given: Any) -> Borrowers:
        """Return borrowers of the columns given; every other column is not stated."""
        nothing = np.full(size, np.nan)
        known = {name: np.asarray(values, dtype=np.float64) for name, values in given.items()}
        return cls(**(dict.fromkeys(cls.__slots__, nothing) | known))

    def checked(self) -> Refused:
        """Return which borrowers cannot be stressed: what is missing or beyond its definition, by field."""
        sieve = Sieve(self.size)
        for name in (*_TONNES, "pi", "phi", "theta", "tax_rate", *_ACCOUNTS):
            values = getattr(self, name)
            needed = np.isfinite(values)
            if name == "theta":
                needed |= self.upstream_t == 0
            elif name == "phi":
                needed |= self.cbam_t == 0
            sieve.refuse(~needed, NoFigure, name)
        for name in (*_TONNES, "depreciation", "interest", "principal", "maintenance", "debt", "revenue"):
            sieve.refuse(getattr(self, name) < 0, BeyondBounds, name)
        for name in _SHARES:
            values = getattr(self, name)
            sieve.refuse((values < 0) | (values > 1), BeyondBounds, name)
        for name in ("pi", "pi_low", "pi_high", "theta"):
            values = getattr(self, name)
            sieve.refuse((values < 0) | (values > MOST_PASSED), BeyondBounds, name)
        sieve.refuse((self.pi_low > self.pi) | (self.pi_high < self.pi), BeyondBounds, "pi_low")
        return sieve.closed()


@dataclass(frozen=True, slots=True)
class Shock:
    """
    Prices of today and of the scenario, money per tonne in the borrowers' currency.

    ``delta`` is the cut of the free allocation, a fraction. ``pi`` and ``phi``
    take the place of the borrowers' own where the scenario sets them.
    """

    home0: float
    home1: float
    eu0: float | None
    eu1: float | None
    delta: float = 0.0
    pi: float | None = None
    phi: float | None = None

    def conservative(self) -> Shock:
        """Return the same prices under the convention of the central bank's test: no pass-through, whole CBAM cost borne."""
        return replace(self, pi=0.0, phi=1.0)


@dataclass(frozen=True, slots=True)
class Stressed:
    """
    Accounts before and after, columns of shape (n,), NaN where refused or undefined.

    ``loss`` is the yearly fall of EBITDA, negative for a gain. Cover ratios are
    undefined without interest or debt service, and debt over EBITDA where EBITDA
    is not positive: undefined, never a negative number.
    """

    borrowers: Borrowers
    shock: Shock
    short_t: FloatArray
    ets: FloatArray
    upstream: FloatArray
    cbam: FloatArray
    loss: FloatArray
    ebitda1: FloatArray
    refused: Refused

    @property
    def interest_cover(self) -> tuple[FloatArray, FloatArray]:
        """EBIT over interest, before and after."""
        b = self.borrowers
        return _over(self._of(b.ebitda) - b.depreciation, b.interest), _over(self.ebitda1 - b.depreciation, b.interest)

    @property
    def debt_service_cover(self) -> tuple[FloatArray, FloatArray]:
        """EBITDA less tax and maintenance spending, over interest and scheduled principal, before and after."""
        return self._service(self._of(self.borrowers.ebitda)), self._service(self.ebitda1)

    @property
    def leverage(self) -> tuple[FloatArray, FloatArray]:
        """Debt over EBITDA, before and after."""
        debt = self.borrowers.debt
        return _over(debt, self._of(self.borrowers.ebitda)), _over(debt, self.ebitda1)

    def _of(self, values: FloatArray) -> FloatArray:
        return np.where(self.refused.counts, values, np.nan)

    def _service(self, ebitda: FloatArray) -> FloatArray:
        b = self.borrowers
        tax = b.tax_rate * np.maximum(ebitda - b.depreciation - b.interest, 0.0)
        return _over(ebitda - tax - b.maintenance, b.interest + b.principal)

    def rows(self, at: int = 0) -> list[Row]:
        """Return the steps of one borrower."""
        b, money = self.borrowers, "CNY"
        gain = Text("负数为收益：配额有富余", "negative is a gain: the firm is long")
        undefined = Text(
            "没有利息、还本或正的 EBITDA 时无定义", "undefined without interest, debt service or positive EBITDA"
        )
        pairs = {
            "icr": (Text("利息保障倍数", "Interest cover"), self.interest_cover),
            "dscr": (Text("偿债保障倍数", "Debt-service cover"), self.debt_service_cover),
            "leverage": (Text("债务 / EBITDA", "Debt / EBITDA"), self.leverage),
        }
        made = [
            Row("short_t", Text("配额净缺口", "Net short position"), _at(self.short_t, at), "t"),
            Row("ets", Text("碳市场购买成本变化", "Change of allowance cost"), _at(self.ets, at), money, gain),
            Row("upstream", Text("上游碳成本变化", "Change of upstream carbon cost"), _at(self.upstream, at), money),
            Row("cbam", Text("企业承担的 CBAM 变化", "Change of CBAM cost borne"), _at(self.cbam, at), money),
            Row("loss", Text("未能转嫁的损失", "Loss that is not handed on"), _at(self.loss, at), money),
            Row("ebitda0", Text("EBITDA 基准", "EBITDA, base"), _at(self._of(b.ebitda), at), money),
            Row("ebitda1", Text("EBITDA 压力后", "EBITDA, stressed"), _at(self.ebitda1, at), money),
        ]
        for key, (label, (before, after)) in pairs.items():
            base, stressed = (
                Text(f"{label.zh} 基准", f"{label.en}, base"),
                Text(f"{label.zh} 压力后", f"{label.en}, stressed"),
            )
            made += [Row(f"{key}0", base, _at(before, at)), Row(f"{key}1", stressed, _at(after, at))]
        return [r if r.value is not None else replace(r, note=undefined) for r in made]


def stress(borrowers: Borrowers, shock: Shock, refused: Refused | None = None) -> Stressed:
    """
    Return the borrowers' accounts under a shock.

    Parameters
    ----------
    borrowers : Borrowers
        Columns of shape (n,).
    shock : Shock
        Prices of today and of the scenario, money per t.
    refused : Refused, optional
        ``borrowers.checked()``, where it was made before.

    Returns
    -------
    Stressed

    Raises
    ------
    MissingInput
        Some borrower exports CBAM goods and the certificate price is not given:
        no price stands in for it.

    Notes
    -----
    ``finance.md`` section 6: with the net short position n = emissions - free -
    held, dETS = (em - fa (1 - delta) - held) P1 - n P0; dUP = upstream x theta x
    (P1 - P0); dCBAM = phi x certificates x (E1 - E0); loss = (1 - pi)(dETS + dUP)
    + dCBAM. Tonnes and certificates are those of today: no abatement, and the
    deduction of the home price is held.
    """
    b, refused = borrowers, refused or borrowers.checked()
    exports = refused.counts & (b.cbam_t > 0)
    if exports.any() and (shock.eu0 is None or shock.eu1 is None):
        raise MissingInput(
            field="eu0", name_zh="CBAM 证书价格（当前与情景）", name_en="CBAM certificate price, today's and the scenario's",
            what_zh="CBAM 压力", what_en="the CBAM stress",
        )  # fmt: skip
    move = shock.home1 - shock.home0
    short = b.emissions_t - b.free_t - b.held_t
    ets = (short + b.free_t * shock.delta) * shock.home1 - short * shock.home0
    upstream = np.where(b.upstream_t == 0, 0.0, b.upstream_t * b.theta * move)
    phi = b.phi if shock.phi is None else np.full(b.size, shock.phi)
    cbam = np.where(b.cbam_t == 0, 0.0, phi * b.cbam_t * ((shock.eu1 or 0.0) - (shock.eu0 or 0.0)))
    pi = b.pi if shock.pi is None else np.full(b.size, shock.pi)
    kept = np.where(refused.counts, 1.0, np.nan)
    loss = ((1.0 - pi) * (ets + upstream) + cbam) * kept
    return Stressed(b, shock, short * kept, ets * kept, upstream * kept, cbam * kept, loss, b.ebitda - loss, refused)


def loss_range(made: Stressed) -> tuple[FloatArray, FloatArray]:
    """
    Return the least and the most loss over the range of pass-through; NaN for a borrower that states none.

    The range comes from pass-through alone; prices are the scenario's.
    """
    b, s = made.borrowers, made.shock
    if s.pi is not None:
        return made.loss, made.loss
    both = made.ets + made.upstream
    ends = [(1.0 - pi) * both + made.cbam for pi in (b.pi_low, b.pi_high)]
    return np.minimum(*ends), np.maximum(*ends)


def _over(above: FloatArray, below: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(below > 0, above / below, np.nan)


def _at(values: FloatArray, at: int) -> float | None:
    return float(values[at]) if np.isfinite(values[at]) else None
