"""
Who bears the cost: its split between exporter and importer at a stated share, the net price, and a quarter's range.

Who pays is a matter of the contract and of no law: the importer's declarant
surrenders the certificates whatever was agreed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from pydantic import Field

from cbam.errors import PathTooShort, ShareOutside
from cbam.prices import Paths, Status, official_price, path_price, quarter_of
from models.errors import NOTHING, Text
from models.fx import FxRate, in_euro
from models.inputs import Input
from models.law import LawBook, Read
from models.table import Result, Row
from models.units import Numbers

METHOD = "cbam.split/1"


class Deal(Input):
    """What the contract says: the exporter's share of the CBAM cost, and the price of the goods."""

    #: 0 to 1; outside is refused by ``checked_share`` with the way to write a percentage.
    exporter_share: float = Field(examples=[0.5])
    #: Price of the goods per tonne, before any CBAM cost, in ``currency``.
    price_per_t: float | None = Field(default=None, gt=0, le=1e9)
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")


def checked_share(share: float) -> float:
    """Return a share of 0 to 1; ``ShareOutside`` for anything else."""
    if not 0.0 <= share <= 1.0:
        raise ShareOutside(field="exporter_share", share=share)
    return share


def exporter_cents(cost_cents: int, share: float) -> int:
    """
    Return what the exporter bears, whole cents, half up; the importer bears the rest, so that the two add up.

    Examples
    --------
    >>> exporter_cents(390310, 0.5), 390310 - exporter_cents(390310, 0.5)
    (195155, 195155)
    """
    borne = Decimal(repr(float(checked_share(share)))) * cost_cents
    return int(borne.quantize(Decimal(1), ROUND_HALF_UP))


def net_price(price_eur_per_t: Numbers, cost_eur_per_t: Numbers, share: float) -> Numbers:
    """
    What the exporter keeps of the price of one tonne.

    Parameters
    ----------
    price_eur_per_t, cost_eur_per_t : float or array, shape (n,)
        Price and CBAM cost of the goods, EUR per t.
    share : float
        The exporter's share of the cost, 0 to 1.

    Returns
    -------
    float or array, shape (n,)
        EUR per t; may be negative.

    Examples
    --------
    >>> net_price(900.0, 400.0, 0.25)
    800.0
    """
    return price_eur_per_t - checked_share(share) * cost_eur_per_t


@dataclass(frozen=True, slots=True)
class QuarterTerms:
    """
    One quarter of import: the certificate price, a range where it is not published, and what that means per tonne.

    ``status`` is ``official`` where the price of the quarter is published.
    """

    quarter: str
    status: Status
    low_eur_per_t: float
    high_eur_per_t: float
    due_tco2e_per_t: float
    exporter_share: float

    def exporter(self) -> tuple[float, float]:
        """What the exporter bears at the lowest and the highest price, EUR per t of goods."""
        per_price = self.exporter_share * self.due_tco2e_per_t
        return per_price * self.low_eur_per_t, per_price * self.high_eur_per_t

    def importer(self) -> tuple[float, float]:
        """What the importer bears at the lowest and the highest price, EUR per t of goods."""
        low, high = self.due_tco2e_per_t * self.low_eur_per_t, self.due_tco2e_per_t * self.high_eur_per_t
        return low - self.exporter()[0], high - self.exporter()[1]


@dataclass(frozen=True, slots=True)
class Split(Result):
    """The cost of one year's tonnes split by a contract; money in EUR and, at ``rate``, in CNY."""

    year: int
    deal: Deal
    tonnes: float
    cost_cents: int
    exporter_cents: int
    cost_eur_per_t: float
    price_eur_per_t: float | None
    rate: FxRate | None
    price_rate: FxRate | None
    quarters: tuple[QuarterTerms, ...]
    reads: tuple[Read, ...]

    @property
    def importer_cents(self) -> int:
        """What the importer bears: the rest."""
        return self.cost_cents - self.exporter_cents

    @property
    def net_price_eur_per_t(self) -> float | None:
        """What the exporter keeps per tonne; ``None`` without a price."""
        if self.price_eur_per_t is None:
            return None
        return float(net_price(self.price_eur_per_t, self.cost_eur_per_t, self.deal.exporter_share))

    @property
    def landed_eur_per_t(self) -> float | None:
        """What a tonne costs the importer with its own share of CBAM; ``None`` without a price."""
        net = self.net_price_eur_per_t
        return None if net is None else net + self.cost_eur_per_t

    def in_cny(self, eur: float | None) -> float | None:
        """Return an amount in CNY at the rate of the result; ``None`` where either is not known."""
        return None if eur is None or self.rate is None else eur * self.rate.value

    def rows(self) -> list[Row]:
        share = self.deal.exporter_share
        on = NOTHING
        if self.rate is not None:
            said = f"{self.rate.value:.4f} CNY/EUR, {self.rate.period}, {self.rate.source}"
            on = Text(said, said)

        def both(key: str, zh: str, en: str, eur: float | None, unit: str = "") -> list[Row]:
            return [
                Row(key, Text(zh, en), eur, f"EUR{unit}"),
                Row(f"{key}_cny", Text(zh, en), self.in_cny(eur), f"CNY{unit}", on),
            ]

        return [
            Row("share", Text("出口商承担比例", "Exporter's share"), share, "", digits=4),
            *both("cost", "CBAM 费用", "CBAM cost", self.cost_cents / 100.0),
            *both("exporter", "出口商承担", "borne by the exporter", self.exporter_cents / 100.0),
            *both("importer", "进口商承担", "borne by the importer", self.importer_cents / 100.0),
            *both("price", "货价", "price of the goods", self.price_eur_per_t, "/t"),
            *both("net_price", "出口商净价", "net price of the exporter", self.net_price_eur_per_t, "/t"),
            *both("landed", "进口商含 CBAM 成本", "importer's cost with CBAM", self.landed_eur_per_t, "/t"),
            *(row for terms in self.quarters for row in self._of_quarter(terms)),
        ]

    def _of_quarter(self, terms: QuarterTerms) -> list[Row]:
        made = []
        for name, price, borne in (
            ("low", terms.low_eur_per_t, terms.exporter()[0]),
            ("high", terms.high_eur_per_t, terms.exporter()[1]),
        ):
            label = Text(f"{terms.quarter} 出口商每吨承担", f"{terms.quarter}, borne by the exporter per tonne")
            said = Text(f"证书价格 {price:,.2f}", f"at a certificate price of {price:,.2f}")
            made.append(Row(f"{terms.quarter}.{name}", label, borne, "EUR/t", said))
        return made

    def proof(self) -> list[str]:
        rates = [rate.read() for rate in (self.rate, self.price_rate) if rate is not None]
        return list(dict.fromkeys(read.line() for read in (*self.reads, *rates)))


def split(
    year: int,
    deal: Deal,
    tonnes: float,
    cost_cents: int,
    cost_eur_per_t: float,
    rates: Mapping[str, FxRate],
    quarters: Sequence[QuarterTerms] = (),
    reads: Sequence[Read] = (),
) -> Split:
    """
    Split the cost of a year between exporter and importer.

    Parameters
    ----------
    year : int
        Calendar year of import.
    deal : Deal
        Share and price.
    tonnes : float
        Tonnes of the year, t.
    cost_cents : int
        CBAM cost of those tonnes, whole euro cents.
    cost_eur_per_t : float
        CBAM cost per tonne of goods, EUR, unrounded.
    rates : mapping of currency to FxRate
        Units per 1 EUR, each with its day and source. Without CNY the amounts
        in CNY are not known.
    quarters, reads
        From ``quarter_terms``; with ``reads`` also what the cost rests on.

    Raises
    ------
    ShareOutside
        The share is not between 0 and 1.
    UnknownCurrency
        The price is in a currency without a rate.
    """
    price = None if deal.price_per_t is None else in_euro(deal.price_per_t, deal.currency, rates)
    return Split(
        year=year,
        deal=deal,
        tonnes=tonnes,
        cost_cents=cost_cents,
        exporter_cents=exporter_cents(cost_cents, deal.exporter_share),
        cost_eur_per_t=cost_eur_per_t,
        price_eur_per_t=price,
        rate=rates.get("CNY"),
        price_rate=None if price is None else rates.get(deal.currency),
        quarters=tuple(quarters),
        reads=tuple(reads),
    )


def quarter_terms(
    book: LawBook, paths: Paths, years_due: Mapping[int, float], share: float
) -> tuple[tuple[QuarterTerms, ...], tuple[Read, ...]]:
    """
    Return the price of each quarter of import, and what it means per tonne of goods.

    Parameters
    ----------
    book : LawBook
        The law in force, with the published prices.
    paths : mapping of name to PricePath
        Where a quarter has no official price, from the lowest to the highest
        of these; no interval of confidence.
    years_due : mapping of year to float
        Certificates per t of goods in each year wanted, max(0, SEE - SEFA).
    share : float
        The exporter's share, 0 to 1.

    Returns
    -------
    tuple of QuarterTerms, tuple of Read
        Quarters in order, those without any price left out; the prices read.

    Notes
    -----
    Imports of 2026 pay the mean of their quarter; from 2027 the price is that
    of the week of purchase (``eu-2025-2548``), so that a quarter is a range.
    """
    checked_share(share)
    made: list[QuarterTerms] = []
    reads: list[Read] = []
    for year, due in sorted(years_due.items()):
        for month in (2, 5, 8, 11):
            law = book.at(dt.date(year, month, 1))
            official = official_price(law)
            prices = [official.eur_per_t] if official else _on_paths(paths, book, law.day)
            if not prices:
                continue
            reads += official.reads if official else ()
            status: Status = "official" if official else "scenario"
            made.append(QuarterTerms(quarter_of(law.day), status, min(prices), max(prices), due, share))
    return tuple(made), tuple(reads)


def _on_paths(paths: Paths, book: LawBook, day: dt.date) -> list[float]:
    found = []
    for name, path in paths.items():
        try:
            found.append(path_price(path, name, book, day).eur_per_t)
        except PathTooShort:  # a path that does not reach this quarter has nothing to say on it
            continue
    return found
