"""
Break-even emissions: the SEE at which a good costs nothing, costs what the default values cost, or costs a stated amount.

The free allocation of the good stays as it is; where it is not known the answer
is the difference SEE - SEFA, which needs none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cbam.price_lines import PriceLine, known
from cbam.scenarios import Held, LawView, Outlook, YearlyGood, flag, once
from models.errors import NOTHING, Text, YuetanError
from models.law import Read
from models.provenance import Provenance, fingerprint
from models.table import Result, Row
from models.units import FloatArray, Numbers

METHOD = "cbam.break_even/1"


def see_at_cost(sefa: Numbers, price_eur_per_t: Numbers, cost_eur_per_t: Numbers) -> Numbers:
    """
    Specific embedded emissions at which a tonne of goods costs a stated amount.

    Parameters
    ----------
    sefa : float or array, shape (n,)
        Specific embedded free allocation, tCO2e per t of goods.
    price_eur_per_t : float or array, shape (n,)
        Certificate price, EUR per tCO2e.
    cost_eur_per_t : float or array, shape (n,)
        Stated cost, EUR per t of goods, not below zero. At zero the answer is
        the highest SEE that costs nothing.

    Returns
    -------
    float or array, shape (n,)
        tCO2e per t: cost = P * max(0, SEE - SEFA) solved for SEE.

    Examples
    --------
    >>> round(see_at_cost(1.5, 80.0, 40.0), 6)
    2.0
    """
    return sefa + cost_eur_per_t / price_eur_per_t


@dataclass(frozen=True, slots=True, eq=False)
class BreakEven(Result):
    """
    Break-even emissions of one good; arrays have shape (laws, years), for the chosen price.

    ``default_due`` is max(0, SEE - SEFA) on the default basis: own values pay
    while their SEE - SEFA is below it. ``sefa`` and ``own_see`` are ``None``
    where the own values are refused, for the reason in ``asks``.
    """

    good: YearlyGood
    laws: tuple[LawView, ...]
    years: tuple[int, ...]
    price: PriceLine
    stated_eur_per_t: float | None
    default_due: FloatArray
    sefa: FloatArray | None
    own_see: FloatArray | None
    held: Held
    asks: tuple[YuetanError, ...]
    reads: tuple[Read, ...]

    @property
    def stated_due(self) -> FloatArray | None:
        """SEE - SEFA at the stated cost, shape (laws, years)."""
        if self.stated_eur_per_t is None:
            return None
        return np.asarray(see_at_cost(np.zeros_like(self.default_due), self.price.eur_per_t, self.stated_eur_per_t))

    def see(self, due: FloatArray | None) -> FloatArray | None:
        """Return the SEE at which ``due`` certificates are owed per tonne; ``None`` where SEFA is not known."""
        return None if self.sefa is None or due is None else self.sefa + due

    @property
    def provenance(self) -> Provenance:
        """What the figures rest on."""
        inputs = {
            "good": self.good.model_dump(mode="json"),
            "stated_eur_per_t": self.stated_eur_per_t,
            "years": self.years,
            "price": [self.price.name, [known(p) for p in self.price.eur_per_t]],
        }
        return Provenance(METHOD, fingerprint(inputs), self.reads, tuple(law.name for law in self.laws[1:]))

    def rows(self) -> list[Row]:
        made = []
        for at, law in enumerate(self.laws):
            for i, year in enumerate(self.years):
                made += self._of(at, law, i, year)
        return made

    def _of(self, law_at: int, law: LawView, at: int, year: int) -> list[Row]:
        flags = [flag(name) for name in self.held[law_at][at]]
        assumed = Text("；".join(f.zh for f in flags), "; ".join(f.en for f in flags))

        def line(key: str, zh: str, en: str, values: FloatArray | None, note: Text = NOTHING) -> Row:
            value = None if values is None else known(values[law_at, at])
            label = Text(f"{year} {law.label.zh}：{zh}", f"{year} {law.label.en}: {en}")
            return Row(f"{law.name}.{year}.{key}", label, value, "tCO2e/t", note, 4)

        below = Text("SEE − SEFA 低于此值，自有数据更便宜", "own values are cheaper while SEE - SEFA is below this")
        return [
            line("own_see", "自有 SEE", "own SEE", self.own_see, assumed),
            line("zero", "费用为零的 SEE", "SEE at which nothing is due", self.see(np.zeros_like(self.default_due))),
            line("as_default", "与默认值费用相同的 SEE", "SEE that costs what the default costs", self.see(self.default_due)),
            line("as_default_net", "默认值的 SEE − SEFA", "SEE - SEFA of the default", self.default_due, below),
            line("stated", "达到给定费用的 SEE", "SEE at the stated cost", self.see(self.stated_due)),
            line("stated_net", "达到给定费用的 SEE − SEFA", "SEE - SEFA at the stated cost", self.stated_due),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return self.provenance.lines()


def break_even(default: Outlook, own: Outlook, at: int = 0, stated_eur_per_t: float | None = None) -> BreakEven:
    """
    Return the break-even emissions of one good.

    Parameters
    ----------
    default, own : Outlook
        The same goods, laws, years and prices on both bases; the good must not
        be refused on the default basis.
    at : int
        Which of the goods.
    stated_eur_per_t : float or None
        A cost per tonne of goods that the user states, EUR, not below zero.
    """
    refused = own.refused.get(at)
    price = default.prices[default.at_chosen]
    return BreakEven(
        good=default.goods[at],
        laws=default.laws,
        years=default.years,
        price=price,
        stated_eur_per_t=stated_eur_per_t,
        default_due=default.due_tco2e_per_t[at],
        sefa=None if refused else own.sefa_tco2e_per_t[at],
        own_see=None if refused else own.see_tco2e_per_t[at],
        held=default.held[at] if refused else own.held[at],
        asks=(refused,) if refused else (),
        reads=once((*default.reads[at], *own.reads[at], *price.reads)),
    )
