"""The same good in every year of the phase-in: what it will owe as the law stands and on a named price path."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from cbam.exposure import DefaultPath, Exposure, certificates, cost_cents, default_path
from cbam.free_allocation import stated_in_another_year
from cbam.goods import Origin
from cbam.prices import CertificatePrice, Pricing
from models.law import LawAt, LawBook, Read

METHOD = "cbam.projection/1"
FACTOR, CSCF = "eu.cbam.cbam_factor", "eu.cbam.cscf"


@dataclass(frozen=True, slots=True)
class YearCost:
    """One year of a projection; ``held`` names the values of the law that are held beyond their last day."""

    year: int
    see_tco2e_per_t: float
    sefa_tco2e_per_t: float
    certificates: float
    price: CertificatePrice
    cost_eur: float
    held: tuple[str, ...]
    #: What the year was read from, in groups that are kept with the law book.
    grounds: tuple[tuple[Read, ...], ...]

    @property
    def assumed(self) -> tuple[str, ...]:
        """What of the year is neither settled law nor a published price."""
        return (*self.held, "price_held") if self.price.assumed else self.held


def years_of(book: LawBook) -> range:
    """Return the years from the first to the last step of the CBAM factor: 2026 to 2034 under current law."""
    days = book.entries[FACTOR].days
    return range(days[0].year, days[-1].year + 1)


def project(known: Exposure, book: LawBook, pricing: Pricing) -> tuple[YearCost, ...]:
    """
    Carry one line through every year of the phase-in.

    Parameters
    ----------
    known : Exposure
        The line in its own year of import; that year is repeated as it is.
    book : LawBook
        The law, with any scenario already laid over it.
    pricing : Pricing
        Where the price of each other year comes from.

    Returns
    -------
    tuple of YearCost
        One per year, same tonnes and same own emissions each year.

    Notes
    -----
    Default basis: default value, mark-up, benchmark and factor of each year.
    Actual basis: verified SEE stays, verified SEFA moves with f * CSCF of the
    year (``free_allocation.stated_in_another_year``).
    """
    c, own_year = known.consignment, known.consignment.imported_on.year
    stated = _share(book.at(c.imported_on))
    out = []
    for year in years_of(book):
        if year == own_year:
            out.append(_own(known, year))
            continue
        law = book.at(dt.date(year, 12, 31))
        price = pricing.for_year(book, year)
        path: DefaultPath | None = None
        grounds: tuple[tuple[Read, ...], ...] = ()
        if known.embedded.origin is not Origin.LIABLE:
            see = sefa = 0.0
            held: tuple[str, ...] = ()
        elif known.default is not None:
            path = default_path(law, c.origin, c.cn_code, c.route)
            see, sefa, held = path.see_tco2e_per_t, path.sefa_tco2e_per_t, path.held
            grounds = (path.reads,)
        else:
            see, held = known.embedded.see_tco2e_per_t, ("sefa_scaled",)
            ahead = _share(law)
            sefa = float(stated_in_another_year(known.embedded.sefa_tco2e_per_t, stated.share, ahead.share))
            grounds = (stated.reads, ahead.reads)
        out.append(
            YearCost(
                year=year,
                see_tco2e_per_t=see,
                sefa_tco2e_per_t=sefa,
                certificates=float(certificates(c.net_mass_t, see, sefa)),
                price=price,
                cost_eur=cost_cents(c.net_mass_t, see, sefa, 0.0, price.eur_per_t, path) / 100.0,
                held=held,
                grounds=(*grounds, price.reads),
            )
        )
    return tuple(out)


def _own(known: Exposure, year: int) -> YearCost:
    return YearCost(
        year,
        known.embedded.see_tco2e_per_t,
        known.embedded.sefa_tco2e_per_t,
        known.certificates,
        known.price,
        known.cost_eur,
        (),
        (),
    )


class _Share(NamedTuple):
    """Share of the benchmark that is free, and where it was read."""

    share: float
    reads: tuple[Read, ...]


def _share(law: LawAt) -> _Share:
    """Return CBAM factor times CSCF of a day, kept with the law book."""
    kept: dict[int, _Share] = law.book.derived.setdefault("cbam.free_share", {})
    found = kept.get(law.epoch)
    if found is None:
        inner = LawAt(law.book, law.day)
        share = inner.number(FACTOR) * inner.number(CSCF)
        found = kept[law.epoch] = _Share(share, tuple(inner.reads.values()))
    return found
