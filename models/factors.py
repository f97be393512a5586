"""
Emission factors: grid CO2, electricity footprint, fuels.

Grid CO2 factors (direct emissions of generation, for inventories of an entity)
and electricity footprint factors (life cycle, for product footprints) are two
families with two functions and two types: one is never used for the other.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.errors import BadData, MissingInput, OutOfRange, Text, YuetanError
from models.files import day, read_csv, read_yaml
from models.law import CONFIDENCE
from models.units import CO2_PER_C, Numbers

_GRID = ("data_year", "level", "region", "region_zh", "basis", "value", "unit", "source", "confidence")
_FOOTPRINT = ("data_year", "region", "type", "value", "unit", "source", "confidence")
_FUEL = (
    "fuel", "fuel_zh", "phase", "activity_unit", "ncv", "ncv_unit", "carbon_content", "carbon_content_unit",
    "oxidation_pct", "source", "confidence", "note",
)  # fmt: skip
_EDITION = {"published", "source", "confidence"}


class NoFactor(YuetanError):
    code = "factors.none"
    message = Text(
        "截至 {on}，没有已公布的“{region}”{family_zh}（口径 {kind}，活动数据年份 {year}）。",
        "No {family_en} of '{region}' ({kind}) was published by {on} (activity data of {year}).",
    )
    hint = Text(
        "请核对地区和口径；分省因子只有平均口径，碳足迹因子只有全国口径。也可录入自有因子并注明来源。",
        "Check region and kind: provinces have the average only, footprint factors are national only. "
        "Or enter a factor of your own with its source.",
    )


@dataclass(frozen=True, slots=True)
class Edition:
    """When a data year was published; ``note`` says so where the day is assumed."""

    published: dt.date
    source: str
    confidence: str
    note: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """
    A factor and why this one.

    ``confidence`` is that of the value; ``published`` may be less sure, and
    ``note`` says so where the day is assumed.
    """

    value: float
    unit: str
    region: str
    data_year: int
    published: dt.date
    source: str
    confidence: str
    reason: Text
    note: str = ""


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

    def line(self) -> str:
        """Return the factors as one line of a proof."""
        ncv, carbon = f"{self.ncv_gj_per_unit:g} GJ/{self.activity_unit}", f"{self.carbon_tc_per_gj:g} tC/GJ"
        return f"factors.fuels[{self.id}] = {ncv}, {carbon} [{self.source}, {self.confidence}]"


@dataclass(frozen=True, slots=True)
class Factors:
    """All factor tables, read once."""

    grid: Mapping[tuple[str, str, int], tuple[float, str, str, str]]
    footprint: Mapping[tuple[str, str, int], tuple[float, str, str, str]]
    fuels: Mapping[str, Fuel]
    published: Mapping[str, Mapping[int, Edition]]


def load_factors(data_dir: Path) -> Factors:
    """
    Read ``data_dir/factors``.

    Raises
    ------
    BadData
        A figure that is no positive number, a confidence that is not one of
        ours, a row given twice, a unit that is not that of its family, or a
        data year whose day of publication is not given.
    """
    folder = data_dir / "factors"
    published = _editions(folder / "editions.yaml")
    grid = _electricity(folder / "grid_co2.csv", _GRID, "basis", "kgCO2/kWh", published["grid_co2"])
    footprint = _electricity(
        folder / "electricity_footprint.csv", _FOOTPRINT, "type", "kgCO2e/kWh", published["electricity_footprint"]
    )
    return Factors(grid, footprint, _fuels(folder / "fuels.csv"), published)


def _editions(path: Path) -> dict[str, dict[int, Edition]]:
    families = read_yaml(path)
    if not isinstance(families, dict) or set(families) != {"grid_co2", "electricity_footprint"}:
        raise BadData(path=path.name, what="must hold grid_co2 and electricity_footprint")
    made: dict[str, dict[int, Edition]] = {}
    for family, years in families.items():
        made[family] = {}
        for year, entry in years.items():
            if not isinstance(entry, dict) or set(entry) - {"note"} != _EDITION:
                raise BadData(path=path.name, what=f"{family} {year}: needs {sorted(_EDITION)}")
            _check_confidence(entry["confidence"], f"{family} {year}", path)
            made[family][int(year)] = Edition(
                day(entry["published"], path), entry["source"], entry["confidence"], entry.get("note", "")
            )
    return made


def _electricity(
    path: Path, columns: tuple[str, ...], kind: str, unit: str, published: Mapping[int, Edition]
) -> dict[tuple[str, str, int], tuple[float, str, str, str]]:
    made: dict[tuple[str, str, int], tuple[float, str, str, str]] = {}
    for row in read_csv(path, columns):
        told = f"{row['region']}, {row[kind]}, {row['data_year']}"
        years = [year for year in published if str(year) == row["data_year"]]
        if not years:
            raise BadData(path=path.name, what=f"{told}: editions.yaml does not say when this year was published")
        if row["unit"] != unit:
            raise BadData(path=path.name, what=f"{told}: unit {row['unit']!r}, expected {unit!r}")
        _check_confidence(row["confidence"], told, path)
        found = (_positive(row["value"], told, path), row["unit"], row["source"], row["confidence"])
        for name in {row["region"], row.get("region_zh", row["region"])}:
            if (name, row[kind], years[0]) in made:
                raise BadData(path=path.name, what=f"{told} is given twice")
            made[name, row[kind], years[0]] = found
    return made


def _fuels(path: Path) -> dict[str, Fuel]:
    made: dict[str, Fuel] = {}
    for row in read_csv(path, _FUEL):
        name = row["fuel"]
        if name in made:
            raise BadData(path=path.name, what=f"{name} is given twice")
        if row["ncv_unit"] != f"GJ/{row['activity_unit']}" or row["carbon_content_unit"] != "tC/GJ":
            raise BadData(path=path.name, what=f"{name}: units do not fit activity in {row['activity_unit']}")
        _check_confidence(row["confidence"], name, path)
        oxidation = _positive(row["oxidation_pct"], name, path) / 100.0 if row["oxidation_pct"] else None
        if oxidation is not None and oxidation > 1.0:
            raise BadData(path=path.name, what=f"{name}: more than 100 % oxidised")
        made[name] = Fuel(
            id=name,
            name_zh=row["fuel_zh"],
            activity_unit=row["activity_unit"],
            ncv_gj_per_unit=_positive(row["ncv"], name, path),
            carbon_tc_per_gj=_positive(row["carbon_content"], name, path),
            oxidation=oxidation,
            source=row["source"],
            confidence=row["confidence"],
            note=row["note"],
        )
    return made


def _positive(text: str, told: str, path: Path) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise BadData(path=path.name, what=f"{told}: {text!r} is not a number") from error
    if not (math.isfinite(value) and value > 0.0):
        raise BadData(path=path.name, what=f"{told}: {text} is not a positive number")
    return value


def _check_confidence(word: str, told: str, path: Path) -> None:
    if word not in CONFIDENCE:
        raise BadData(path=path.name, what=f"{told}: confidence {word!r} is not one of {CONFIDENCE}")


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

    Notes
    -----
    Sources ``mee-grid-2021``, ``mee-grid-2022``, ``mee-grid-2023``. Publication
    lags by about two years. A factor counts from its day of publication on.
    """
    told = Text("电网排放因子", "grid factor")
    return GridFactor(*_choose(factors.grid, factors.published["grid_co2"], region, basis, year, on, told))


def footprint_factor(
    factors: Factors, year: int, on: dt.date, kind: str = "national_average", region: str = "China"
) -> FootprintFactor:
    """
    Return the life-cycle footprint factor of electricity.

    Parameters
    ----------
    factors : Factors
        The tables.
    year : int
        Year of the activity data.
    on : date
        Day of the report: a factor published later is not used.
    kind : str
        ``national_average``, a technology (``coal``, ``hydro`` ...) or a part of transmission.
    region : str
        Only ``China`` is published.

    Returns
    -------
    FootprintFactor
        kgCO2e per kWh, chosen as in ``grid_factor``.

    Raises
    ------
    NoFactor
        None was published by that day.

    Notes
    -----
    Sources ``mee-footprint-2023``, ``mee-footprint-2024``.
    """
    told = Text("电力碳足迹因子", "electricity footprint factor")
    table, published = factors.footprint, factors.published["electricity_footprint"]
    return FootprintFactor(*_choose(table, published, region, kind, year, on, told))


def _choose(
    table: Mapping[tuple[str, str, int], tuple[float, str, str, str]],
    published: Mapping[int, Edition],
    region: str,
    kind: str,
    year: int,
    on: dt.date,
    family: Text,
) -> tuple[float, str, str, int, dt.date, str, str, Text, str]:
    known = [y for y, edition in published.items() if edition.published <= on and (region, kind, y) in table]
    if not known:
        raise NoFactor(
            field="region", region=region, kind=kind, family_zh=family.zh, family_en=family.en, year=year, on=on
        )
    chosen = year if year in known else max(known)
    value, unit, source, confidence = table[region, kind, chosen]
    edition = published[chosen]
    reason = (
        Text(f"采用同年（{chosen} 年）因子", f"factor of the same year, {chosen}")
        if chosen == year
        else Text(
            f"截至 {on} 没有已公布的 {year} 年因子，采用已公布的最新年份 {chosen} 年",
            f"no factor of {year} was published by {on}; the latest published, {chosen}, is used",
        )
    )
    return value, unit, region, chosen, edition.published, source, confidence, reason, edition.note


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
    OutOfRange
        The oxidation fraction is not above 0 and at most 1, e.g. given in percent.

    Notes
    -----
    Source ``ghg-calculator-fuels``, one secondary source; ``fuel.note`` tells
    where sources disagree.
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
    if not 0.0 < share <= 1.0:
        raise OutOfRange(
            name_zh=f"{fuel.name_zh}的氧化率",
            name_en=f"oxidation fraction of {fuel.id}",
            why_zh=f"{share:g} 不在 0 到 1 之间（按小数填写，不是百分数）",
            why_en=f"{share:g} is not between 0 and 1 (a fraction, not percent)",
            field="oxidation",
        )
    return activity * (fuel.ncv_gj_per_unit * fuel.carbon_tc_per_gj * share * CO2_PER_C)
