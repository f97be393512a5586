"""Where a table begins in a sheet, and which column is which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.workbook.layout import Column, Heading, Layout, Sheet, plain
from service.workbook.raw import Cell


@dataclass(frozen=True, slots=True)
class Place:
    """A column of the file: its position from 0, what it is, the unit of its heading."""

    at: int
    column: Column
    unit: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """
    A heading: its rows (first and last, from 1) and the places by field.

    ``unread`` are names of other columns, ``twice`` the columns that several
    headings name, ``unclear`` those of them that are needed and of which none
    has the better name: which one is meant is for the user to say.
    """

    first: int
    last: int
    places: Mapping[str, Place]
    unread: tuple[str, ...]
    twice: tuple[Column, ...]
    unclear: tuple[Column, ...]

    @property
    def rank(self) -> tuple[int, int]:
        """What makes one heading better than another: its names, then the units it states (in a row of their own)."""
        return self.score, sum(place.unit is not None for place in self.places.values())

    @property
    def score(self) -> int:
        return len(self.places) + 2 * sum(place.column.required for place in self.places.values())

    def missing(self, sheet: Sheet) -> list[Column]:
        """Return the required columns that are not there."""
        return [c for c in sheet.columns.values() if c.required and c.field not in self.places]


def named(sheet: Sheet, cells: Sequence[Cell], below: Sequence[Cell] = ()) -> dict[int, Heading]:
    """Return what each cell names; with ``below``, the second row of a heading of two."""
    found: dict[int, Heading] = {}
    carried = ""
    for at in range(max(len(cells), len(below))):
        own = cells[at] if at < len(cells) else ""
        under = below[at] if at < len(below) else ""
        if not isinstance(own, str):
            own = f"{own:.0f}" if own in (33.0, 34.0, 38.0, 46.0, 54.0) else ""
        if not isinstance(under, str):
            under = ""
        carried = own or carried
        tries = (own,) if not below else (f"{own}{under}", under, own, f"{carried}{under}" if under else "")
        for name in tries:
            if name and (heading := sheet.heading(name)):
                if heading.unit is None and below and (other := sheet.heading(f"{heading.field} {under}")):
                    heading = Heading(heading.field, other.unit, heading.rank)
                found[at] = heading
                break
    return found


def _found(sheet: Sheet, first: int, last: int, headings: Mapping[int, Heading], cells: Sequence[Cell]) -> Found:
    best: dict[str, int] = {}
    twice: dict[str, list[int]] = {}
    for at, heading in headings.items():
        twice.setdefault(heading.field, []).append(heading.rank)
        other = headings[best.setdefault(heading.field, at)]
        if (heading.rank, heading.unit is None) < (other.rank, other.unit is None):
            best[heading.field] = at
    places = {
        field: Place(at, sheet.columns[field], headings[at].unit)
        for field, at in sorted(best.items(), key=lambda i: i[1])
    }
    unread = tuple(
        plain(cell)[:40]
        for at, cell in enumerate(cells)
        if isinstance(cell, str) and plain(cell) and at not in headings
    )
    doubled = [sheet.columns[field] for field, ranks in twice.items() if len(ranks) > 1]
    unclear = [c for c in doubled if c.required and (min(twice[c.field]) > 0 or twice[c.field].count(0) > 1)]
    return Found(first, last, places, unread, tuple(doubled), tuple(unclear))


def find(sheet: Sheet, rows: Sequence[Sequence[Cell]], layout: Layout) -> Found | None:
    """
    Return the heading of a table: the row, or two rows, near the top that name most columns.

    ``None`` where no row names two of them.
    """
    best: Found | None = None
    for index, cells in enumerate(rows[: layout.heading_within * 2]):
        if index >= layout.heading_within and best is not None:
            break
        if not any(isinstance(cell, str) and cell for cell in cells):
            continue
        one = _found(sheet, index + 1, index + 1, named(sheet, cells), cells)
        tries = [one]
        below = rows[index + 1] if index + 1 < len(rows) else ()
        texts = bool(below) and all(isinstance(cell, str) for cell in below)
        if texts and not _filled(below) and not _answers(sheet, one, below):
            two = named(sheet, cells, below)
            shown = [b or (cells[at] if at < len(cells) else "") for at, b in enumerate(below)]
            tries.append(_found(sheet, index + 1, index + 2, two, shown))
        for made in tries:
            if len(made.places) >= 2 and (best is None or made.rank > best.rank):
                best = made
    return best


def _answers(sheet: Sheet, found: Found, below: Sequence[Cell]) -> bool:
    """Return whether the row below a heading fills a needed column with what is neither a name nor a unit: it is data."""
    under = [
        (place.column.field, str(below[place.at]))
        for place in found.places.values()
        if place.column.required and place.at < len(below) and below[place.at] != ""
    ]
    return any(sheet.heading(cell) is None and sheet.heading(f"{field} {cell}") is None for field, cell in under)


def _filled(cells: Sequence[Cell]) -> bool:
    """Return whether a row of texts holds data rather than names: three digits in a row in some cell."""
    return any(isinstance(cell, str) and sum(c.isdigit() for c in cell) >= 4 for cell in cells)
