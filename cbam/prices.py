"""The certificate price: official where it is published, a named path where the user asks for one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from cbam.errors import PathTooShort, PriceNotPublished, UnknownPath
from models.errors import Text
from models.files import read_yaml
from models.inputs import Input
from models.law import LawAt, LawBook, Read

PRICES = "eu.cbam.certificate_prices"
RULE = "eu.cbam.certificate_price_rule"
#: ``official`` as published; ``scenario`` of a named path; ``user`` entered by the user.
Status = Literal["official", "scenario", "user"]


@dataclass(frozen=True, slots=True)
class CertificatePrice:
    """A price with its standing; ``assumed`` when a path is held beyond its last point."""

    eur_per_t: float
    status: Status
    label: Text
    source: str
    confidence: str
    assumed: bool = False
    reads: tuple[Read, ...] = ()


class PricePath(Input):
    """A named path of prices by year or quarter of import, EUR per tCO2e."""

    zh: str
    en: str
    kind: Literal["assumption", "forecast", "estimate", "user"]
    start: Literal["last_official"] | None = None
    points: dict[int, float] = Field(default_factory=dict)
    quarters: dict[str, float] = Field(default_factory=dict)
    after_last: Literal["hold", "refuse"]
    source: str
    confidence: str


Paths = Mapping[str, PricePath]


def load_paths(path: Path) -> dict[str, PricePath]:
    """Read the named price paths of ``data/scenarios/certificate_price_paths.yaml``."""
    return {name: PricePath.model_validate(node) for name, node in read_yaml(path).items()}


def path_named(paths: Paths, name: str) -> PricePath:
    """Return a path by name; ``UnknownPath`` lists the known ones."""
    if name not in paths:
        raise UnknownPath(field="price_path", path=name, known=", ".join(paths))
    return paths[name]


def quarter_of(day: dt.date) -> str:
    """Return the calendar quarter of a day, e.g. ``2026Q2``."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def last_official(book: LawBook) -> Read:
    """Return the last quarterly price that is published."""
    reads = [r for entry in book.tables[PRICES].rows.values() for r in entry.reads if r.value is not None]
    return max(reads, key=lambda r: r.since)


def _quarterly(law: LawAt) -> Read | None:
    """Price of the quarter of import; ``eu-2025-2548``: in 2026 the quarter decides."""
    read = law.row(PRICES, quarter_of(law.day))
    return read if read is not None and read.value is not None else None


def _weekly(law: LawAt) -> Read | None:
    """From 2027 the price is that of the week of purchase: no import day has an official price in advance."""
    return None


#: Rules by the word of ``eu.cbam.certificate_price_rule``.
PRICE_RULES: dict[str, Callable[[LawAt], Read | None]] = {
    "quarterly_mean_of_import": _quarterly,
    "weekly_mean_of_purchase": _weekly,
}


def official_price(law: LawAt) -> CertificatePrice | None:
    """Return the official price for imports on the day of ``law``; ``None`` where none is published."""
    kept: dict[tuple[int, str], CertificatePrice | None] = law.book.derived.setdefault("cbam.official_price", {})
    key = (law.epoch, quarter_of(law.day))
    if key not in kept:
        rule = law.read(RULE)
        read = PRICE_RULES[str(rule.value)](law)
        kept[key] = None
        if read is not None:
            label = Text(f"{read.key_part(0)} 官方季度价格", f"official price of {read.key_part(0)}")
            value = float(read.value or 0.0)
            kept[key] = CertificatePrice(value, "official", label, read.source, read.confidence, reads=(rule, read))
    return kept[key]


def path_price(path: PricePath, name: str, book: LawBook, day: dt.date) -> CertificatePrice:
    """
    Return the price of a path for imports on ``day``.

    Raises
    ------
    PathTooShort
        The path has no price for that time and may not be held.
    """
    status: Status = "user" if path.kind == "user" else "scenario"
    label = Text(path.zh, path.en) if status == "user" else Text(f"情景：{path.zh}", f"scenario: {path.en}")
    reads: tuple[Read, ...] = ()
    known: dict[str, float] = {str(year): value for year, value in path.points.items()} | path.quarters
    if path.start == "last_official":
        read = last_official(book)
        reads, known = (read,), {read.key_part(0): float(read.value or 0.0)}
    quarter, year = quarter_of(day), str(day.year)
    for exact in (quarter, year):
        if exact in known:
            return CertificatePrice(known[exact], status, label, path.source, path.confidence, reads=reads)
    before = [period for period in known if period[:4] < year or (len(period) > 4 and period < quarter)]
    if not before or path.after_last == "refuse":
        raise PathTooShort(field="price_path", path=name, year=year)
    held = known[max(before)]
    return CertificatePrice(held, status, label, path.source, path.confidence, assumed=True, reads=reads)


@dataclass(frozen=True, slots=True, eq=False)
class Pricing:
    """How prices are found for one assessment: official first, then the path if the user allows it."""

    paths: Paths
    path: str
    #: Whether an import whose official price is missing may take the path's price, labelled as scenario.
    use_scenario: bool = False

    def for_import(self, law: LawAt) -> CertificatePrice:
        """
        Return the price that an import on the day of ``law`` costs.

        Raises
        ------
        PriceNotPublished
            No official price and the user has not allowed a scenario price.
        """
        official = official_price(law)
        if official is not None:
            return official
        if not self.use_scenario:
            by_quarter = law.word(RULE) == "quarterly_mean_of_import"
            period = quarter_of(law.day) if by_quarter else str(law.day.year)
            raise PriceNotPublished(field="imported_on", imported_on=law.day, period=period)
        return path_price(path_named(self.paths, self.path), self.path, law.book, law.day)

    def for_year(self, book: LawBook, year: int) -> CertificatePrice:
        """Return the path's price for the projection of ``year``, kept with the law book."""
        kept: dict[tuple[Pricing, int], CertificatePrice] = book.derived.setdefault("cbam.price_of_year", {})
        found = kept.get((self, year))
        if found is None:
            path = path_named(self.paths, self.path)
            found = kept[self, year] = path_price(path, self.path, book, dt.date(year, 12, 31))
        return found
