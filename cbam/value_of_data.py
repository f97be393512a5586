"""
What verified data are worth: the default basis against the own values, per tonne and per year, less what verifying costs.

Arrays have the axes laws, prices, years. Without own values the result still
says the most that data could be worth, and what they would have to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cbam.consignment import Basis
from cbam.price_lines import PriceLine, grid_span, known
from cbam.scenarios import Held, LawView, Outlook, YearlyGood, flag, once, outlook
from models.errors import NOTHING, MissingInput, Text, YuetanError
from models.law import Read
from models.provenance import Provenance, fingerprint
from models.table import Result, Row
from models.units import FloatArray, Numbers

METHOD = "cbam.value_of_data/1"


def gain_per_t(due_default: Numbers, due_own: Numbers, price_eur_per_t: Numbers) -> Numbers:
    """
    What own values save against default values on one tonne of goods.

    Parameters
    ----------
    due_default, due_own : float or array, shape (n,)
        Certificates per t of goods on each basis, max(0, SEE - SEFA).
    price_eur_per_t : float or array, shape (n,)
        Certificate price, EUR per tCO2e.

    Returns
    -------
    float or array, shape (n,)
        EUR per t; negative where the default values are the cheaper basis.
        Actual and default are a free choice per good (``eu-2023-956`` Art. 7).

    Examples
    --------
    >>> round(gain_per_t(5.184775, 0.6652408445, 75.28), 2)
    340.23
    """
    return (due_default - due_own) * price_eur_per_t


def tonnes_to_pay(verification_eur: float, gain_eur_per_t: FloatArray) -> FloatArray:
    """
    Tonnes a year from which verifying pays.

    Parameters
    ----------
    verification_eur : float
        What verifying costs a year, EUR.
    gain_eur_per_t : array, any shape
        As ``gain_per_t``.

    Returns
    -------
    array, same shape
        t a year; NaN where own values save nothing, so that no tonnage pays.
    """
    pays = gain_eur_per_t > 0
    with np.errstate(over="ignore"):
        found = verification_eur / np.where(pays, gain_eur_per_t, 1.0)
    return np.where(pays & np.isfinite(found), found, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class ValueOfData(Result):
    """
    Default against own values for one good.

    All arrays have shape (laws, prices, years). ``gain_eur`` and what follows
    from it are ``None`` where the own values are refused, for the reason in
    ``asks``; ``net_eur`` and ``tonnes_to_pay`` also where no cost of verifying
    is stated. ``most_eur_per_t`` is the default cost itself: no data save more.
    """

    good: YearlyGood
    laws: tuple[LawView, ...]
    years: tuple[int, ...]
    prices: tuple[PriceLine, ...]
    at_chosen: int
    verification_eur: float | None
    default_eur: FloatArray
    own_eur: FloatArray | None
    most_eur_per_t: FloatArray
    gain_eur_per_t: FloatArray | None
    gain_eur: FloatArray | None
    net_eur: FloatArray | None
    tonnes_to_pay: FloatArray | None
    #: Certificates that own values save per tonne of goods, shape (laws, years).
    gap_tco2e_per_t: FloatArray | None
    #: What of either basis is held beyond its last day or scaled, by law and year.
    held: Held
    asks: tuple[YuetanError, ...]
    reads: tuple[Read, ...]

    @property
    def price_to_pay(self) -> FloatArray | None:
        """
        Certificate price from which verifying pays, EUR per tCO2e, shape (laws, years).

        NaN where own values save no certificate, so that no price pays; ``None``
        where the own values or the cost of verifying are not known.
        """
        if self.gap_tco2e_per_t is None or self.verification_eur is None:
            return None
        return tonnes_to_pay(self.verification_eur / self.good.tonnes_per_year, self.gap_tco2e_per_t)

    def assumed(self, law: int, price: int, year: int) -> tuple[str, ...]:
        """What of one cell is neither settled law nor a published price."""
        held = self.held[law][year]
        return (*held, "price_held") if self.prices[price].assumed[year] else held

    @property
    def provenance(self) -> Provenance:
        """What the figures rest on."""
        inputs = {
            "good": self.good.model_dump(mode="json"),
            "verification_eur": self.verification_eur,
            "years": self.years,
            "prices": [[line.name, [known(p) for p in line.eur_per_t]] for line in self.prices],
        }
        return Provenance(METHOD, fingerprint(inputs), self.reads, tuple(law.name for law in self.laws[1:]))

    def rows(self) -> list[Row]:
        cost = Text("每年核查成本（用户填写）", "Verification a year, stated by the user")
        made = [Row("verification", cost, self.verification_eur, "EUR")]
        for at, law in enumerate(self.laws):
            for i, year in enumerate(self.years):
                made += self._of(at, law, i, year)
        return made

    def _of(self, law_at: int, law: LawView, at: int, year: int) -> list[Row]:
        def line(key: str, zh: str, en: str, values: FloatArray | None, unit: str, note: Text = NOTHING) -> Row:
            value = None if values is None else known(values[law_at, self.at_chosen, at])
            label = Text(f"{year} {law.label.zh}：{zh}", f"{year} {law.label.en}: {en}")
            return Row(f"{law.name}.{year}.{key}", label, value, unit, note)

        dearer = Text("负数表示默认值更便宜", "negative means that default values are cheaper")
        flags = [flag(name) for name in self.assumed(law_at, self.at_chosen, at)]
        assumed = Text("；".join(f.zh for f in flags), "; ".join(f.en for f in flags))
        span = NOTHING if self.net_eur is None else grid_span(self.prices, self.net_eur[law_at, :, at])
        bound = Text("也是核查成本的上限", "verifying may cost no more than this")
        return [
            line("most_per_t", "默认值费用（数据价值的上限）", "cost on default values, the most data can save",
                 self.most_eur_per_t, "EUR/t", assumed),
            line("gain_per_t", "自有数据每吨节省", "own values save per tonne", self.gain_eur_per_t, "EUR/t", dearer),
            line("gain", "自有数据每年节省", "own values save a year", self.gain_eur, "EUR", bound),
            line("net", "扣除核查成本后", "less verification", self.net_eur, "EUR", span),
            Row(f"{law.name}.{year}.price_to_pay", Text(f"{year} {law.label.zh}：证书价格达到多少核查才划算",
                f"{year} {law.label.en}: certificate price from which verifying pays"),
                None if self.price_to_pay is None else known(self.price_to_pay[law_at, at]), "EUR/t"),
            line("tonnes_to_pay", "达到多少吨核查才划算", "tonnes from which verifying pays", self.tonnes_to_pay, "t"),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return self.provenance.lines()


def value_of_data(
    goods: Sequence[YearlyGood],
    verification_eur: Sequence[float | None],
    laws: Sequence[LawView],
    years: Sequence[int],
    prices: Sequence[PriceLine],
    chosen: str,
) -> tuple[ValueOfData | YuetanError, ...]:
    """
    Say for each good what verified data are worth.

    Parameters
    ----------
    goods : sequence of YearlyGood
        With own values where they are known.
    verification_eur : sequence of float or None
        What verifying costs a year for each good, EUR; ``None`` is asked for,
        never taken as nothing.
    laws, years, prices, chosen
        As ``cbam.scenarios.outlook``.

    Returns
    -------
    tuple of ValueOfData or YuetanError
        One per good; an error where even the default basis is refused.

    Notes
    -----
    The own values must pass verification (``eu-2025-2546``); until then the
    saving is what it would be, not what it is.
    """
    default = outlook(goods, Basis.DEFAULT, laws, years, prices, chosen)
    own = outlook(goods, Basis.ACTUAL, laws, years, prices, chosen)
    return tuple(
        default.refused.get(g) or _of_good(g, cost, default, own)
        for g, cost in zip(range(len(goods)), verification_eur, strict=True)
    )


def _of_good(g: int, verification_eur: float | None, default: Outlook, own: Outlook) -> ValueOfData:
    price = np.array([line.eur_per_t for line in default.prices])[None, :, :]
    due = default.due_tco2e_per_t[g][:, None, :]
    asks: list[YuetanError] = []
    gain = per_t = net = enough = own_cost = gap = None
    if g in own.refused:
        asks.append(own.refused[g])
    else:
        own_cost = own.cost_eur[g]
        gap = default.due_tco2e_per_t[g] - own.due_tco2e_per_t[g]
        per_t = np.asarray(gain_per_t(due, own.due_tco2e_per_t[g][:, None, :], price))
        gain = np.round(default.cost_eur[g] - own_cost, 2)  # cents less cents, without the dust of binary fractions
    if verification_eur is None:
        asks.append(
            MissingInput(
                name_zh="每年核查成本",
                name_en="cost of verification a year",
                what_zh="核查是否划算",
                what_en="whether verifying pays",
                field="verification",
            )
        )
    elif gain is not None and per_t is not None:
        net, enough = gain - verification_eur, tonnes_to_pay(verification_eur, per_t)
    return ValueOfData(
        good=default.goods[g],
        laws=default.laws,
        years=default.years,
        prices=default.prices,
        at_chosen=default.at_chosen,
        verification_eur=verification_eur,
        default_eur=default.cost_eur[g],
        own_eur=own_cost,
        most_eur_per_t=due * price,
        gain_eur_per_t=per_t,
        gain_eur=gain,
        net_eur=net,
        tonnes_to_pay=enough,
        gap_tco2e_per_t=gap,
        held=tuple(
            tuple(tuple(dict.fromkeys((*a, *b))) for a, b in zip(of_default, of_own, strict=True))
            for of_default, of_own in zip(default.held[g], own.held[g], strict=True)
        ),
        asks=tuple(asks),
        reads=once((*default.reads[g], *own.reads[g], *(read for line in default.prices for read in line.reads))),
    )
