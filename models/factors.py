"""
Emission factors: grid CO2, electricity footprint, fuels.

Grid CO2 factors (direct emissions of generation, for inventories of an entity)
and electricity footprint factors (life cycle, for product footprints) are two
families with two functions and two types: one is never used for the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.errors import MissingInput, Text, YuetanError
from models.files import read_csv, read_yaml
from models.units import CO2_PER_C, Numbers

_GRID = ("data_year", "level", "region", "region_zh", "basis", "value", "unit", "source", "confidence")
_FOOTPRINT = ("data_year", "region", "type", "value", "unit", "source", "confidence")
_FUEL = (
    "fuel", "fuel_zh", "phase", "activity_unit", "ncv", "ncv_unit", "carbon_content", "carbon_content_unit",
    "oxidation_pct", "source", "confidence", "note",
)  # fmt: skip


class NoFactor(YuetanError):
    code = "factors.none"
    message = Text(
        "{on} 之前没有公布“{region}”的{family_zh}（数据年份 {year}）。",
        "No {family_en} of '{region}' for data year {year} was published by {on}.",
    )
    hint = Text(
        "请核对地区名称，或录入自有因子并注明来源。",
        "Check the region's name, or enter a factor of your own with its source.",
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """A factor and why this one."""

    value: float
    unit: str
    region: str
    data_year: int
    published: dt.date
    source: str
    confidence: str
    reason: Text


class GridFactor(Chosen):
    """Direct CO2 of generation, kgCO2/kWh."""

    __slots__ = ()


class FootprintFactor(Chosen):
    """Life-cycle footprint of electricity, kgCO2e/kWh."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Fuel:
    """
    Default values of one fuel.

    ``activity_unit`` is t, or 10^4 Nm3 for gases; ``oxidation`` is a fraction,
    ``None`` where our source gives none.
    """

    id: str
    name_zh: str
    activity_unit: str
    ncv_gj_per_unit: float
    carbon_tc_per_gj: float
    oxidation: float | None
    source: str
    confidence: str
    note: str


@dataclass(frozen=True, slots=True)
class Factors:
    """All factor tables, read once."""

    grid: Mapping[tuple[str, str, int], tuple[float, str, str, str]]
    footprint: Mapping[tuple[str, str, int], tuple[float, str, str, str]]
    fuels: Mapping[str, Fuel]
    published: Mapping[str, Mapping[int, dt.date]]


def load_factors(data_dir: Path) -> Factors:
    """Read ``data_dir/factors``; a file that is not valid is ``BadData``."""
    folder = data_dir / "factors"
    grid = {}
    for row in read_csv(folder / "grid_co2.csv", _GRID):
        found = (float(row["value"]), row["unit"], row["source"], row["confidence"])
        for name in {row["region"], row["region_zh"]}:
            grid[name, row["basis"], int(row["data_year"])] = found
    footprint = {
        (row["region"], row["type"], int(row["data_year"])): (
            float(row["value"]),
            row["unit"],
            row["source"],
            row["confidence"],
        )
        for row in read_csv(folder / "electricity_footprint.csv", _FOOTPRINT)
    }
    fuels = {
        row["fuel"]: Fuel(
            id=row["fuel"],
            name_zh=row["fuel_zh"],
            activity_unit=row["activity_unit"],
            ncv_gj_per_unit=float(row["ncv"]),
            carbon_tc_per_gj=float(row["carbon_content"]),
            oxidation=float(row["oxidation_pct"]) / 100.0 if row["oxidation_pct"] else None,
            source=row["source"],
            confidence=row["confidence"],
            note=row["note"],
        )
        for row in read_csv(folder / "fuels.csv", _FUEL)
    }
    editions = read_yaml(folder / "editions.yaml")
    published = {family: {int(y): e["published"] for y, e in years.items()} for family, years in editions.items()}
    return Factors(grid, footprint, fuels, published)


def grid_factor(
    factors: Factors, region: str, year: int, on: dt.date, basis: str = "electricity_average"
) -> GridFactor:
    """
    Return the direct CO2 factor of a grid.

    Parameters
    ----------
    factors : Factors
        The tables.
    region : str
        National (``China``), grid region or province, in English or Chinese.
    year : int
        Year of the activity data.
    on : date
        Day of the report: a factor published later is not used.
    basis : str
        ``electricity_average``, ``average_excluding_market_traded_non_fossil`` or ``fossil_power``.

    Returns
    -------
    GridFactor
        kgCO2 per kWh: of the same year where published by then, else the latest
        published; ``reason`` says which.

    Raises
    ------
    NoFactor
        None was published by that day.
    """
    told = Text("电网排放因子", "grid factor")
    return GridFactor(*_choose(factors.grid, factors.published["grid_co2"], region, basis, year, on, told))


def footprint_factor(
    factors: Factors, year: int, on: dt.date, kind: str = "national_average", region: str = "China"
) -> FootprintFactor:
    """Return the life-cycle footprint factor of electricity, kgCO2e per kWh; rule of choice and errors as ``grid_factor``."""
    told = Text("电力碳足迹因子", "electricity footprint factor")
    table, published = factors.footprint, factors.published["electricity_footprint"]
    return FootprintFactor(*_choose(table, published, region, kind, year, on, told))


def _choose(
    table: Mapping[tuple[str, str, int], tuple[float, str, str, str]],
    published: Mapping[int, dt.date],
    region: str,
    kind: str,
    year: int,
    on: dt.date,
    family: Text,
) -> tuple[float, str, str, int, dt.date, str, str, Text]:
    known = [y for y, day in published.items() if day <= on and (region, kind, y) in table]
    if not known:
        raise NoFactor(field="region", region=region, family_zh=family.zh, family_en=family.en, year=year, on=on)
    chosen = year if year in known else max(known)
    value, unit, source, confidence = table[region, kind, chosen]
    reason = (
        Text(f"采用同年（{chosen}）因子", f"factor of the same year, {chosen}")
        if chosen == year
        else Text(
            f"{year} 年因子在 {on} 前未公布，采用已公布的最新年份 {chosen}",
            f"no factor of {year} was published by {on}; the latest published, {chosen}, is used",
        )
    )
    return value, unit, region, chosen, published[chosen], source, confidence, reason


def fuel_emissions(fuel: Fuel, activity: Numbers, oxidation: float | None = None) -> Numbers:
    """
    CO2 of burning a fuel.

    Parameters
    ----------
    fuel : Fuel
        Default values.
    activity : float or array, shape (n,)
        In ``fuel.activity_unit``: t, or 10^4 Nm3 for gases.
    oxidation : float, optional
        Fraction oxidised, where the user has one; our source has none for
        solid fuels.

    Returns
    -------
    float or array, shape (n,)
        tCO2 = activity x NCV x carbon content x oxidation x 44/12.

    Raises
    ------
    MissingInput
        No oxidation fraction is known.
    """
    share = oxidation if oxidation is not None else fuel.oxidation
    if share is None:
        raise MissingInput(
            name_zh=f"{fuel.name_zh}的氧化率",
            name_en=f"oxidation fraction of {fuel.id}",
            what_zh="燃料排放",
            what_en="fuel emissions",
            field="oxidation",
        )
    return activity * (fuel.ncv_gj_per_unit * fuel.carbon_tc_per_gj * share * CO2_PER_C)
