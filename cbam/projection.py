"""The same good in every year of the phase-in: what it will owe as the law stands and on a named price path."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cbam.exposure import DefaultPath, Exposure, certificates, cost_cents, default_path
from cbam.free_allocation import stated_in_another_year
from cbam.goods import Origin
from cbam.prices import CertificatePrice, Pricing
from models.law import LawBook

METHOD = "cbam.projection/1"
FACTOR, CSCF = "eu.cbam.cbam_factor", "eu.cbam.cscf"


@dataclass(frozen=True, slots=True)
class YearCost:
    """One year of a projection; ``assumed`` names what is not settled law or a published price."""

    year: int
    see_tco2e_per_t: float
    sefa_tco2e_per_t: float
    certificates: float
    price: CertificatePrice
    cost_eur: float
    assumed: tuple[str, ...]


def years_of(book: LawBook) -> range:
    """Return the years from the first to the last step of the CBAM factor, 2026 to 2034 under current law."""
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
    out = []
    for year in years_of(book):
        if year == own_year:
            out.append(_own(known, year))
            continue
        law = book.at(dt.date(year, 12, 31))
        assumed: list[str] = []
        path: DefaultPath | None = None
        if known.embedded.origin is not Origin.LIABLE:
            see = sefa = 0.0
        elif known.default is not None:
            path = default_path(law, c.origin, c.cn_code, c.route)
            see, sefa = path.see_tco2e_per_t, path.sefa_tco2e_per_t
            if path.cbam_factor > 0:  # once the factor is zero, benchmark and CSCF change nothing
                assumed += [read.key for read in path.reads if read.assumed]
        else:
            see = known.embedded.see_tco2e_per_t
            sefa = float(
                stated_in_another_year(
                    known.embedded.sefa_tco2e_per_t, _share(book, c.imported_on), _share(book, law.day)
                )
            )
            assumed.append("sefa_scaled")
        price = pricing.for_year(book, year)
        if price.assumed:
            assumed.append("price_held")
        out.append(
            YearCost(
                year=year,
                see_tco2e_per_t=see,
                sefa_tco2e_per_t=sefa,
                certificates=float(certificates(c.net_mass_t, see, sefa)),
                price=price,
                cost_eur=cost_cents(c.net_mass_t, see, sefa, 0.0, price.eur_per_t, path) / 100.0,
                assumed=tuple(assumed),
            )
        )
    return tuple(out)


def _own(known: Exposure, year: int) -> YearCost:
    assumed = ("price_held",) if known.price.assumed else ()
    return YearCost(
        year,
        known.embedded.see_tco2e_per_t,
        known.embedded.sefa_tco2e_per_t,
        known.certificates,
        known.price,
        known.cost_eur,
        assumed,
    )


def _share(book: LawBook, day: dt.date) -> float:
    law = book.at(day)
    return law.number(FACTOR) * law.number(CSCF)
