"""Allowance prices of a year ahead: named paths, the user's own, and multiples of the reference price beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from models.errors import Text
from models.files import read_yaml
from models.inputs import Input, NonNegative, Positive


class AllowancePath(Input):
    """A named path of an allowance price by compliance year, CNY per tCO2; a year without a point has no price."""

    zh: str
    en: str
    kind: Literal["assumption", "forecast", "user"]
    instruments: tuple[str, ...]
    start: Literal["reference"] | None = None
    points: dict[int, NonNegative] = Field(default_factory=dict)
    source: str
    confidence: str


class AllowanceGrid(Input):
    """Multiples of the reference price: an assumption, marked as one."""

    zh: str
    en: str
    multiples: tuple[Positive, ...] = Field(min_length=2)
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class AllowanceLine:
    """One price at which what is still to be bought is valued."""

    name: str
    label: Text
    cny_per_t: float
    kind: Literal["path", "grid", "user"]
    source: str


def load_allowance_paths(path: Path) -> dict[str, AllowancePath]:
    """Read ``data/scenarios/allowance_price_paths.yaml``."""
    return {name: AllowancePath.model_validate(node) for name, node in read_yaml(path).items()}


def load_allowance_grid(path: Path) -> AllowanceGrid:
    """Read ``data/scenarios/allowance_price_grid.yaml``."""
    return AllowanceGrid.model_validate(read_yaml(path))


def allowance_lines(
    paths: Mapping[str, AllowancePath],
    grid: AllowanceGrid,
    instrument: str,
    year: int,
    reference_cny_per_t: float | None,
    own: Sequence[tuple[str, float]] = (),
) -> tuple[AllowanceLine, ...]:
    """
    Return the prices that speak for ``instrument`` in ``year``: the user's, the paths', the grid's.

    A path that has no price for the year is left out; without a reference
    price so are the grid and what starts from it.
    """
    found = [AllowanceLine(name, Text(name, name), price, "user", "user") for name, price in own]
    for name, path in paths.items():
        price = reference_cny_per_t if path.start == "reference" else path.points.get(year)
        if instrument in path.instruments and price is not None:
            found.append(AllowanceLine(name, Text(path.zh, path.en), price, "path", path.source))
    if reference_cny_per_t is not None:
        for multiple in grid.multiples:
            label = Text(f"参考价 × {multiple:g}（假设）", f"reference price x {multiple:g} (assumption)")
            found.append(AllowanceLine(f"x{multiple:g}", label, multiple * reference_cny_per_t, "grid", grid.source))
    return tuple(found)
