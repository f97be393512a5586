"""One good and everything an exporter decides about it at once: what the page and its reader ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from cbam.break_even import BreakEven, break_even
from cbam.consignment import Basis
from cbam.errors import PathTooShort
from cbam.exposure import settled
from cbam.goods import Origin
from cbam.price_lines import known
from cbam.scenarios import Outlook
from cbam.split import Deal, Split, checked_share
from cbam.value_of_data import ValueOfData
from models.errors import YuetanError
from models.findings import Finding
from models.inputs import NonNegative
from models.law import Read
from service.decision import use
from service.decision.use import Ahead, Setting, ValuedGood
from service.library import Library

Verdict = Literal["exempt", "default", "same", "dearer", "cost", "pays", "short"]
#: Specific emissions are reported with five decimals at most (``eu-2025-2547``): less than half of the last is no difference.
LEAST_T_PER_T = 5e-6


class OneGood(Ahead):
    """A good, the year of delivery that is decided about, and what the contract says."""

    good: ValuedGood
    year: int = Field(ge=2026, le=2045)
    stated_eur_per_t: NonNegative | None = None
    deal: Deal | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """Everything about one good; figures of single years are under the law in force on the chosen path."""

    asked: OneGood
    setting: Setting
    liable: bool
    description: str
    default: Outlook
    #: On the own values; ``None`` where they are not whole or refused, for the reason in ``value.asks``.
    own: Outlook | None
    value: ValueOfData
    even: BreakEven
    split: Split | None
    split_basis: Basis
    findings: tuple[Finding, ...]

    @property
    def at(self) -> int:
        """Position of the year of delivery."""
        return self.default.years.index(self.asked.year)

    @property
    def asks(self) -> tuple[YuetanError, ...]:
        """What is missing to say more; nothing where own values were not begun, which is no fault."""
        g = self.asked.good
        begun = g.see_tco2e_per_t is not None or g.sefa_tco2e_per_t is not None
        return self.value.asks if begun else ()

    @property
    def verdict(self) -> Verdict:
        """The answer in a word, for the year of delivery under the law in force on the chosen path."""
        if not self.liable:
            return "exempt"
        gap, net = self.value.gap_tco2e_per_t, self.chosen("net_eur", self.at)
        if gap is None:
            return "default"
        if abs(gap[0, self.at]) < LEAST_T_PER_T:
            return "same"
        if gap[0, self.at] < 0:
            return "dearer"
        return "cost" if net is None else "pays" if net > 0 else "short"

    def per_t(self, of: Outlook | None, year: int, law: int = 0) -> float | None:
        """Return the cost of one tonne on the chosen path, EUR, unrounded."""
        return None if of is None else known(of.due_tco2e_per_t[0, law, year] * of.prices[of.at_chosen].eur_per_t[year])

    def grid(self, of: Outlook, year: int) -> list[float]:
        """Return the cost of one tonne at every point of the grid under the law in force, EUR, lowest price first."""
        due = float(of.due_tco2e_per_t[0, 0, year])
        return [due * float(of.prices[price].eur_per_t[year]) for price in of.of_grid]

    def net_on_grid(self) -> list[float]:
        """Return what verifying brings in the year of delivery, net, at every point of the grid, EUR."""
        if self.value.net_eur is None:
            return []
        return [float(self.value.net_eur[0, price, self.at]) for price in self.default.of_grid]

    def chosen(self, name: str, year: int, law: int = 0) -> float | None:
        """Return a figure of ``value`` by name, under a law, on the chosen path."""
        values = getattr(self.value, name)
        return None if values is None else known(values[law, self.default.at_chosen, year])

    def price_to_pay(self, year: int) -> float | None:
        """Return the certificate price from which verifying pays under the law in force, EUR per tCO2e."""
        prices = self.value.price_to_pay
        return None if prices is None else known(prices[0, year])

    def cny(self, eur: float | None) -> float | None:
        """Return an amount in CNY; ``None`` where it or the rate is not known."""
        rate = self.setting.rates.get("CNY")
        return None if eur is None or rate is None else eur * rate.value

    def reads(self) -> Iterator[Read]:
        """Return every value that anything here rests on."""
        yield from dict.fromkeys((*self.value.reads, *(self.split.reads if self.split else ())))
        if rate := self.setting.rates.get("CNY"):
            yield rate.read()


def decided(asked: OneGood, library: Library, today: dt.date) -> Decided:
    """
    Work out everything about one good.

    Raises
    ------
    YuetanError
        The good is refused even on default values, or a choice is not valid.
        Own values that are refused are told in ``asks`` and keep the rest.
    """
    if asked.deal is not None:
        checked_share(asked.deal.exporter_share)
    here = use.setting_of(asked, library, today, asked.year)
    default, own = use.both_bases(asked.good, here)
    value = use.values_in(here, [asked.good])[0]
    if isinstance(value, YuetanError):
        raise value
    if known(default.cost_eur[0, 0, default.at_chosen, default.years.index(asked.year)]) is None:
        raise PathTooShort(field="path", path=default.chosen, year=asked.year)
    of = settled(here.laws[0].book.at(dt.date(asked.year, 12, 31)), asked.good.origin, asked.good.cn_code)
    at = default.years.index(asked.year)
    # What verifying costs counts: a basis that does not pay is none to sign a contract on.
    better = value.gain_eur if value.net_eur is None else value.net_eur
    pays = better is not None and bool(better[0, default.at_chosen, at] > 0)
    split = None
    if asked.deal is not None:
        split = use.split_of(own if pays else default, asked.year, asked.deal, here)
    return Decided(
        asked=asked,
        setting=here,
        liable=of.origin is Origin.LIABLE,
        description=of.good.description,
        default=default,
        own=None if own.refused else own,
        value=value,
        even=break_even(default, own, stated_eur_per_t=asked.stated_eur_per_t),
        split=split,
        split_basis=Basis.ACTUAL if pays else Basis.DEFAULT,
        findings=here.findings,
    )
