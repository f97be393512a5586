"""What an installation measured, bought and made, worked out under the law of its year: from input or from a workbook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cbam.against_default import AgainstDefault, against_default
from cbam.breakdown import Breakdown, breakdown
from cbam.installation import InstallationResult, assess_installation
from cbam.plant import Installation
from cbam.prices import CertificatePrice
from models.findings import Finding
from service.decision.use import OwnPrice, price_in, with_own
from service.installation.workbook import read_plant
from service.library import Library


@dataclass(frozen=True, slots=True)
class Told:
    """A result with what an exporter asks next: own against default values, and where the cost comes from."""

    result: InstallationResult
    origin: str
    price: CertificatePrice | None
    against: tuple[AgainstDefault, ...]
    #: By process, for one tonne; empty without a price.
    parts: tuple[Breakdown, ...]


def worked_out(asked: Installation, library: Library, scenarios: Sequence[str]) -> InstallationResult:
    """
    Return SEE and SEFA of everything that could be computed, with findings on the rest.

    Raises
    ------
    YuetanError
        Nothing could be computed: the first reason.
    """
    law = library.book(scenarios).at(dt.date(asked.year, 12, 31))
    found = assess_installation(asked, law, library.factors.fuels)
    if not found.processes:
        raise next(iter(found.refused.values()))
    return found


def from_file(
    data: bytes, library: Library, scenarios: Sequence[str] = ()
) -> tuple[InstallationResult | None, tuple[Finding, ...]]:
    """
    Return what a workbook of an installation comes to, none where nothing could be computed, and every finding by cell.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read.
    """
    read = read_plant(data, library.book(scenarios))
    if read.plant is None:
        return None, read.findings
    law = library.book(scenarios).at(dt.date(read.plant.year, 12, 31))
    found = assess_installation(read.plant, law, library.factors.fuels)
    findings = (*read.findings, *map(read.lists.placed, found.findings))
    return (replace(found, findings=findings) if found.processes else None), findings


def told(result: InstallationResult, library: Library, origin: str, price_eur_per_t: float | None) -> Told:
    """Return a result with the comparison and the parts of its cost at the user's price, if one is given."""
    book = library.book()
    law = book.at(dt.date(result.plant.year, 12, 31))
    own = OwnPrice(per_t=price_eur_per_t) if price_eur_per_t is not None else None
    price = price_in(with_own(library.paths, own), "user", own, book, result.plant.year) if own else None
    parts = tuple(breakdown(result.processes, key, 1.0, price) for key in result.processes) if price else ()
    return Told(result, origin, price, against_default(result.goods, origin, law, price_eur_per_t), parts)
