"""
What a list of footprints may be asked for. Repeated values of a criterion are alternatives, criteria hold together.

Source: PACT Technical Specifications 3.0, ListFootprints and RequestCreatedEvent.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from models.errors import Text, YuetanError
from models.pact.footprint import ProductFootprint
from models.pact.moments import instant
from models.pact.urns import LONGEST, REJECT_PROBE, folded
from models.pact.validity import validity

#: Criteria compared with names, and the moments.
NAMES = ("productId", "companyId", "geography", "classification", "status")
MOMENTS = ("validOn", "validAfter", "validBefore")
MOST_VALUES = 200


class BadFilter(YuetanError):
    code = "pact.bad_filter"
    message = Text("筛选条件“{name}”无法识别：{why_zh}。", "Criterion '{name}' cannot be read: {why_en}.")
    hint = Text("请按 PACT 规范填写。", "Write it as the PACT specification says.")


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is asked for, ready to compare; an empty criterion asks for nothing."""

    productId: tuple[str, ...] = ()
    companyId: tuple[str, ...] = ()
    geography: tuple[str, ...] = ()
    classification: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    validOn: tuple[dt.datetime, ...] = ()
    validAfter: tuple[dt.datetime, ...] = ()
    validBefore: tuple[dt.datetime, ...] = ()

    @property
    def is_probe(self) -> bool:
        """Whether the product asked for is the customary one of a request that is to be rejected."""
        return REJECT_PROBE in self.productId

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for in particular."""
        return not any(getattr(self, field.name) for field in fields(self))


def criteria_of(given: Mapping[str, Sequence[str]]) -> Criteria:
    """
    Read criteria, each a list of texts; names that are none of ours are left to the caller.

    Raises
    ------
    BadFilter
        A moment that is none, or far too many values. A name that nothing can match is no error.
    """
    made: dict[str, tuple[object, ...]] = {}
    for name in (*NAMES, *MOMENTS):
        values = given.get(name, ())
        if len(values) > MOST_VALUES or any(len(value) > LONGEST for value in values):
            raise BadFilter(field=name, name=name, why_zh="值过多或过长", why_en="too many values, or too long")
        if name in MOMENTS:
            made[name] = tuple(_moment(name, value) for value in values)
        else:
            # A name left empty asks for nothing: callers write ``geography=`` where they know none.
            made[name] = tuple(folded(value) for value in values if value.strip())
    return Criteria(**made)  # type: ignore[arg-type]


def _moment(name: str, text: str) -> dt.datetime:
    # A plus sign that was not escaped in a query arrives as a blank.
    mended = re.sub(r" (\d{2}:?\d{2})$", r"+\1", text) if "T" in text.upper() else text
    try:
        return instant(mended)
    except ValueError:
        why_zh, why_en = "不是日期时间，如 2026-01-31T00:00:00Z", "not a date-time such as 2026-01-31T00:00:00Z"
        raise BadFilter(field=name, name=name, why_zh=why_zh, why_en=why_en) from None


def terms(footprint: ProductFootprint) -> list[tuple[str, str]]:
    """Return each criterion and name that a footprint can be found by, without doubles."""
    pcf = footprint.pcf
    places = (pcf.geographyRegionOrSubregion, pcf.geographyCountry, pcf.geographyCountrySubdivision)
    found: Iterable[tuple[str, str]] = (
        *(("productId", folded(one)) for one in footprint.productIds),
        *(("companyId", folded(one)) for one in footprint.companyIds),
        *(("classification", folded(one)) for one in footprint.productClassifications or ()),
        *(("geography", folded(one)) for one in places if one),
    )
    return list(dict.fromkeys(found))


def matches(footprint: ProductFootprint, criteria: Criteria) -> bool:
    """Return whether a footprint is among what is asked for: what a list over HTTP must agree with."""
    own = terms(footprint)
    for name in NAMES[:-1]:
        asked = getattr(criteria, name)
        if asked and not any((name, value) in own for value in asked):
            return False
    if criteria.status and folded(footprint.status) not in criteria.status:
        return False
    start, end = validity(footprint)
    return (
        (not criteria.validOn or any(start <= at <= end for at in criteria.validOn))
        and (not criteria.validAfter or any(start > at for at in criteria.validAfter))
        and (not criteria.validBefore or any(end < at for at in criteria.validBefore))
    )
