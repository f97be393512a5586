"""From when to when a footprint holds. Source: PACT Technical Specifications 3.0, validity period."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from models.pact.footprint import ProductFootprint
from models.pact.moments import instant, years_later

#: A footprint holds for three years after its reference period unless it says less.
YEARS = 3


class Interval(NamedTuple):
    """Start and end of the validity, UTC."""

    start: dt.datetime
    end: dt.datetime


def latest_end(reference_end: dt.datetime) -> dt.datetime:
    """Return the end of the longest validity."""
    return years_later(reference_end, YEARS)


def validity(footprint: ProductFootprint) -> Interval:
    """Return what the footprint says, and for an end it does not say the reference period's end and three years on."""
    reference_end = instant(footprint.pcf.referencePeriodEnd)
    said_start, said_end = footprint.validityPeriodStart, footprint.validityPeriodEnd
    return Interval(
        instant(said_start) if said_start else reference_end,
        instant(said_end) if said_end else latest_end(reference_end),
    )
