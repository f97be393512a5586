"""A bill worked out by a method, two methods compared, and products checked against what was verified and reported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from models.bill import Bill
from models.crosscheck import Quantity
from models.errors import MissingInput
from models.factor_records import (
    LEVELS,
    NOTHING_HANDED_IN,
    HandedIn,
    Submission,
    factor_store,
    published_records,
)
from models.factors import GridFactor, grid_factor
from models.findings import Finding
from models.footprint import SiteFootprint, footprint
from models.footprint_errors import NotOnBill
from models.footprint_lines import Basis
from models.inputs import Input
from models.method_difference import MethodDifference, by_profile, method_difference
from models.method_profile import Counting, Profile, profile_of
from models.reconcile import Reconciliation, VerifiedTotal, reconcile, rescored
from service.library import Library


class FootprintAsk(Input):
    """A bill, and factors handed in with what their review decided."""

    bill: Bill
    submissions: tuple[Submission, ...] = Field(default=(), max_length=2000)
    #: Day of the report: a factor published or reviewed later is not used. Today where absent.
    on: dt.date | None = Field(default=None, ge=dt.date(2015, 1, 1), le=dt.date(2060, 12, 31))


class CompareAsk(FootprintAsk):
    """The same by two methods."""

    one: str = Field(min_length=1, max_length=60, examples=["gbt-24067-2024"])
    other: str = Field(min_length=1, max_length=60, examples=["cbam-boundary"])


class ReconcileAsk(Input):
    """Verified totals and quantities, with the bill that they are held against."""

    bill: Bill | None = None
    submissions: tuple[Submission, ...] = Field(default=(), max_length=2000)
    totals: tuple[VerifiedTotal, ...] = Field(default=(), max_length=20)
    quantities: tuple[Quantity, ...] = Field(default=(), max_length=500)
    #: Grid at whose direct factor the pilot counts purchased power.
    grid_region: str = Field(default="Guangdong", min_length=1, max_length=60)
    on: dt.date | None = Field(default=None, ge=dt.date(2015, 1, 1), le=dt.date(2060, 12, 31))


@dataclass(frozen=True, slots=True)
class Made:
    """A site by a method, none where the bill names none; ``findings`` are about fields of the bill."""

    ask: FootprintAsk
    site: SiteFootprint
    profile: Profile | None
    counting: dict[str, Counting]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A reconciliation, and the site before and after what it does to data quality."""

    found: Reconciliation
    before: SiteFootprint | None
    after: SiteFootprint | None


def basis_of(
    library: Library, submissions: Sequence[Submission], on: dt.date, kept: HandedIn = NOTHING_HANDED_IN
) -> Basis:
    """Return what lines are worked out with on a day; ``kept`` are the organisation's own reviewed factors."""
    store = factor_store(published_records(library.factors), submissions, library.licences, on, kept)
    return Basis(store, library.factors.fuels, library.measures, library.uncertainty, on, LEVELS)


def made(ask: FootprintAsk, library: Library, today: dt.date, kept: HandedIn = NOTHING_HANDED_IN) -> Made:
    """
    Work a bill out by its method.

    Raises
    ------
    YuetanError
        The method is not known or is open, or no product could be worked out: the first reason.
    """
    basis = basis_of(library, ask.submissions, ask.on or today, kept)
    if ask.bill.profile:
        profile = profile_of(library.profiles, ask.bill.profile)
        found = by_profile(ask.bill, profile, basis)
        return Made(ask, found.site, profile, dict(found.counting), found.findings)
    site = footprint(ask.bill, basis)
    return Made(ask, site, None, {}, site.findings)


def worked_out(ask: FootprintAsk, library: Library, today: dt.date, kept: HandedIn = NOTHING_HANDED_IN) -> Made:
    """Return a bill worked out; where no product could be, the first reason is raised."""
    found = made(ask, library, today, kept)
    if not found.site.products:
        raise next(iter(found.site.refused.values()))
    return found


def of_product(
    ask: FootprintAsk, product: str, library: Library, today: dt.date, kept: HandedIn = NOTHING_HANDED_IN
) -> Made:
    """Return a bill worked out; where the product could not be, its reason is raised, ``NotOnBill`` where it is not there."""
    found = worked_out(ask, library, today, kept)
    if product in found.site.refused:
        raise found.site.refused[product]
    if product not in found.site.products:
        raise NotOnBill(field="product", of="product", product=product)
    return found


def compared(
    ask: CompareAsk, library: Library, today: dt.date, kept: HandedIn = NOTHING_HANDED_IN
) -> dict[str, MethodDifference]:
    """Return what differs between two methods, by product; ``UnknownProfile`` where one is not known."""
    one, other = (profile_of(library.profiles, name) for name in (ask.one, ask.other))
    return method_difference(ask.bill, one, other, basis_of(library, ask.submissions, ask.on or today, kept))


def reconciled(ask: ReconcileAsk, library: Library, today: dt.date, kept: HandedIn = NOTHING_HANDED_IN) -> Reconciled:
    """
    Check a bill against verified totals and quantities; without a bill the quantities stand alone.

    Raises
    ------
    YuetanError
        A verified total without a bill to hold it against, or products that cannot be summed.
    """
    on = ask.on or today
    basis = basis_of(library, ask.submissions, on, kept)
    before = footprint(ask.bill, basis) if ask.bill is not None else None
    if ask.totals and before is None:
        raise MissingInput(
            field="bill",
            name_zh="活动与产品",
            name_en="bill",
            what_zh="产品之和与核查排放量的核对",
            what_en="the sum of the products",
        )
    totals = [
        (total, _grid(total, ask.grid_region, library, on), _grid(total, "China", library, on)) for total in ask.totals
    ]
    found = reconcile(before, totals, ask.quantities, library.boundaries, library.tolerances, library.measures)
    after = (
        footprint(rescored(ask.bill, found.steps), basis)
        if ask.bill is not None and any(found.steps.values())
        else None
    )
    return Reconciled(found, before, after)


def _grid(total: VerifiedTotal, region: str, library: Library, on: dt.date) -> GridFactor | None:
    if "electricity" not in library.boundaries[total.regime].counts or total.electricity_mwh is None:
        return None
    return grid_factor(library.factors, region, total.year, on)
