"""What a pollution of a whole table is, and the list they are entered in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.corpus.draft import Behaviour, Draft

Change = Callable[[Draft], None]


class Shape(NamedTuple):
    """A change of the draft, and the kinds of file that it is tried in."""

    name: str
    axis: str
    change: Change
    kinds: tuple[str, ...] = ("xlsx", "csv")


SHAPES: list[Shape] = []


def shape(axis: str, *kinds: str) -> Callable[[Change], Change]:
    """Enter a change; its name is its function's."""

    def enter(change: Change) -> Change:
        SHAPES.append(Shape(change.__name__.strip("_"), axis, change, kinds or ("xlsx", "csv")))
        return change

    return enter


def entered(axis: str, behaviour: Behaviour, kinds: tuple[str, ...], **settings: list[Any]) -> None:
    """Enter one shape for each value of one setting of the draft."""
    ((name, values),) = settings.items()
    for value in values:

        def change(draft: Draft, value: Any = value) -> None:
            setattr(draft, name, value)
            draft.whole = behaviour

        SHAPES.append(Shape(f"{name} {value!r}"[:60], axis, change, kinds))


def members(data: bytes) -> dict[str, bytes]:
    """Return the parts of a package."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    """Return a package of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def in_sheet(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return a workbook whose first sheet is changed."""
    parts = members(data)
    name = "xl/worksheets/sheet1.xml"
    return packed(parts | {name: change(parts[name])})
