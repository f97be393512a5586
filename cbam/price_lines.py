"""Certificate prices of many years side by side: every named path, and a grid of points that no path speaks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import Field

from cbam.errors import PathTooShort
from cbam.prices import Paths, PricePath, Status, path_price
from models.errors import Text
from models.files import read_yaml
from models.inputs import Input, Positive
from models.law import LawBook, Read
from models.units import FloatArray


class PriceGrid(Input):
    """Prices at which a cost is shown whatever the paths say: an assumption, marked as one."""

    zh: str
    en: str
    points_eur_per_t: tuple[Positive, ...] = Field(min_length=2)
    source: str
    confidence: str


def load_grid(path: Path) -> PriceGrid:
    """Read the grid of ``data/scenarios/certificate_price_grid.yaml``."""
    return PriceGrid.model_validate(read_yaml(path))


@dataclass(frozen=True, slots=True, eq=False)
class PriceLine:
    """
    A certificate price for every year: a named path, or one point of the grid.

    ``eur_per_t`` has shape (years,), NaN where a path does not reach; ``assumed``
    is true where a path is held beyond its last point.
    """

    name: str
    label: Text
    status: Status
    grid: bool
    eur_per_t: FloatArray
    assumed: tuple[bool, ...]
    reads: tuple[Read, ...]


def price_lines(paths: Paths, grid: PriceGrid, book: LawBook, years: Sequence[int]) -> tuple[PriceLine, ...]:
    """Return every named path and then every point of the grid, for each of ``years``."""
    return (
        *(_path_line(name, path, book, years) for name, path in paths.items()),
        *(
            PriceLine(
                name=f"grid-{point:g}",
                label=Text(f"网格 {point:g} 欧元/吨（假设）", f"grid, {point:g} EUR/t (assumption)"),
                status="scenario",
                grid=True,
                eur_per_t=np.full(len(years), point),
                assumed=(True,) * len(years),
                reads=(),
            )
            for point in grid.points_eur_per_t
        ),
    )


def _path_line(name: str, path: PricePath, book: LawBook, years: Sequence[int]) -> PriceLine:
    prices, assumed = np.full(len(years), np.nan), []
    reads: dict[str, Read] = {}
    status: Status = "user" if path.kind == "user" else "scenario"
    for i, year in enumerate(years):
        try:
            found = path_price(path, name, book, dt.date(year, 12, 31))
        except PathTooShort:  # a path that does not reach this year has nothing to say on it
            assumed.append(True)
            continue
        prices[i] = found.eur_per_t
        assumed.append(found.assumed)
        reads |= {read.key: read for read in found.reads}
    return PriceLine(name, Text(path.zh, path.en), status, False, prices, tuple(assumed), tuple(reads.values()))


def known(value: float) -> float | None:
    """Return a figure of an array, ``None`` where it is not known."""
    return None if np.isnan(value) else float(value)


def grid_span(prices: Sequence[PriceLine], eur: FloatArray) -> Text:
    """
    Return in words how far a figure reaches over the grid of prices.

    Parameters
    ----------
    prices : sequence of PriceLine
        Paths and grid.
    eur : array, shape (prices,)
        The figure at each of them, EUR.
    """
    on_grid = eur[[line.grid for line in prices]]
    low, high = float(on_grid.min()), float(on_grid.max())
    return Text(f"网格 {low:,.0f} – {high:,.0f}", f"grid {low:,.0f} to {high:,.0f}")
