"""A park rolled up and offers compared, from input or from a file with every finding at its cell."""

from __future__ import annotations

from collections.abc import Sequence

from models.bids import BidAsk, Comparison, compared
from models.bids import problems as bid_problems
from models.errors import YuetanError
from models.findings import Finding
from models.park import Park, park
from models.park import problems as park_problems
from models.park_asked import ParkAsk
from service.library import Library
from service.supply.workbook import ReadAsk, TooFewOffers, read_bids, read_park


def park_of(asked: ParkAsk, library: Library) -> Park:
    """Return the roll-up of a park; the first that stands against it is raised."""
    return park(asked, library.measures, library.park_policy)


def bids_of(asked: BidAsk, library: Library) -> Comparison:
    """Return offers compared; the first that stands against it is raised."""
    return compared(asked, library.measures, library.bid_policy)


def park_file(data: bytes, library: Library) -> tuple[Park | None, tuple[Finding, ...]]:
    """Return what a workbook comes to, none where anything of it is refused, and every finding by cell."""
    read = read_park(data)
    if read.asked is None:
        return None, read.findings
    refused = park_problems(read.asked, library.measures, library.park_policy)
    found: Park | None = None
    if not refused:
        try:
            found = park_of(read.asked, library)
        except YuetanError as refusal:
            refused = [refusal]
    more = (*map(Finding.of, refused), *(found.findings if found else ()))
    return found, (*read.findings, *map(read.lists.placed, more))


def bids_file(data: bytes, library: Library) -> tuple[Comparison | None, tuple[Finding, ...]]:
    """
    Return the comparison of the offers of a workbook, and every finding by cell.

    An offer that cannot be compared is told and left out; fewer than two that
    are left are no comparison.
    """
    read = read_bids(data)
    if read.asked is None:
        return None, read.findings
    refused = bid_problems(read.asked, library.measures)
    told = [read.lists.placed(Finding.of(one)) for one in refused]
    asked = _without(read, read.asked, {int((one.field or "").split(".")[1]) for one in refused})
    if asked is not None:
        asked, more = _in_unit(read, asked, library)
        told += more
    else:
        few = TooFewOffers(count=len(read.lists.places["offers"]))
        told.append(read.lists.placed(Finding.of(few, field="need.0.product")))
    found = None
    if asked is not None:
        left = _left_out(read, (*read.findings, *told))
        found = bids_of(asked.model_copy(update={"left_out": left}), library)
    told += map(read.lists.placed, found.findings if found else ())
    return found, (*read.findings, *told)


def _without(read: ReadAsk[BidAsk], asked: BidAsk, bad: set[int]) -> BidAsk | None:
    """Return the question without some offers; none where fewer than two are left."""
    kept = [i for i in range(len(asked.offers)) if i not in bad]
    read.lists.places["offers"] = [read.lists.places["offers"][i] for i in kept]
    return asked.model_copy(update={"offers": tuple(asked.offers[i] for i in kept)}) if len(kept) > 1 else None


def _in_unit(read: ReadAsk[BidAsk], asked: BidAsk, library: Library) -> tuple[BidAsk | None, list[Finding]]:
    """Return the question with its quantity in the unit of its first offer."""
    unit = read.lists.places["need"][0].values.get("unit")
    if unit is None or asked.quantity is None:
        return asked, []
    try:
        ratio = library.measures.ratio(str(unit), asked.offers[0].unit)
    except YuetanError as refusal:
        return None, [read.lists.placed(Finding.of(refusal, field="need.0.unit"))]
    return asked.model_copy(update={"quantity": asked.quantity * ratio}), []


def _left_out(read: ReadAsk[BidAsk], findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return the rows of offers that a finding refuses, as sheet and row."""
    rows = {
        (one.sheet, one.row)
        for one in findings
        if one.refuses and one.row and one.sheet and read.lists.layout.sheet_named(one.sheet) == "offers"
    }
    return tuple(f"{sheet}!{row}" for sheet, row in sorted(rows))[:500]
