"""Factors: chosen by year with a reason, two families never swapped, figures equal to the reference tables."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import BadData, MissingInput, OutOfRange
from models.factors import NoFactor, footprint_factor, fuel_emissions, grid_factor, load_factors
from models.files import DATA, read_yaml

FACTORS = load_factors(DATA)
LATE = dt.date(2026, 11, 25)
#: The words of the reference tables in ours; a figure on which sources conflict rests on the one that is used.
CONFIDENCE = {
    "official text seen": "official",
    "two independent secondary sources": "two_secondary",
    "one secondary source": "one_secondary",
    "sources conflict": "one_secondary",
}


@pytest.mark.parametrize(("year", "value"), [(2021, 0.4715), (2022, 0.4403), (2023, 0.4419)])
def test_guangdong_by_year(year: int, value: float) -> None:
    for name in ("Guangdong", "广东"):
        made = grid_factor(FACTORS, name, year, LATE)
        assert (made.value, made.data_year, made.unit) == (value, year, "kgCO2/kWh")
        assert "同年" in made.reason.zh


@pytest.mark.parametrize(
    ("region", "basis", "values"),
    [
        ("South", "electricity_average", (0.4326, 0.3869, 0.4042)),
        ("China", "electricity_average", (0.5568, 0.5366, 0.5306)),
        ("全国", "average_excluding_market_traded_non_fossil", (0.5942, 0.5856, 0.6096)),
        ("China", "fossil_power", (0.8426, 0.8325, 0.8273)),
    ],
)
def test_known_grid_factors(region: str, basis: str, values: tuple[float, ...]) -> None:
    assert tuple(grid_factor(FACTORS, region, y, LATE, basis).value for y in (2021, 2022, 2023)) == values


@given(
    year=st.integers(2000, 2040),
    on=st.dates(dt.date(2024, 12, 31), dt.date(2040, 12, 31)),
    region=st.sampled_from(["China", "广东", "South"]),
)
def test_the_same_year_or_else_the_latest_published(year: int, on: dt.date, region: str) -> None:
    made = grid_factor(FACTORS, region, year, on)
    out = [y for y, edition in FACTORS.published["grid_co2"].items() if edition.published <= on]
    assert made.published <= on
    assert made.data_year == (year if year in out else max(out))
    assert all(str(made.data_year) in text for text in made.reason)


def test_an_assumed_day_of_publication_is_told() -> None:
    assert "end of the year" in grid_factor(FACTORS, "China", 2021, LATE).note
    assert "end of the month" in footprint_factor(FACTORS, 2023, LATE).note
    assert grid_factor(FACTORS, "China", 2023, LATE).note == ""
    for years in FACTORS.published.values():
        assert all((e.confidence == "inferred") == ("is not in our sources" in e.note) for e in years.values())


def test_a_kind_that_is_not_published_for_the_region_is_refused_by_name() -> None:
    with pytest.raises(NoFactor) as refused:
        grid_factor(FACTORS, "Guangdong", 2023, LATE, "fossil_power")
    for lang in ("zh", "en"):
        assert "Guangdong" in refused.value.text(lang)
        assert "fossil_power" in refused.value.text(lang)
        assert refused.value.mend(lang)


def test_a_factor_not_yet_published_is_not_used() -> None:
    before = grid_factor(FACTORS, "China", 2023, dt.date(2025, 12, 30))
    assert (before.value, before.data_year) == (0.5366, 2022)
    assert "2023" in before.reason.en
    after = grid_factor(FACTORS, "China", 2025, dt.date(2025, 12, 31))
    assert (after.value, after.data_year) == (0.5306, 2023)
    with pytest.raises(NoFactor):
        grid_factor(FACTORS, "China", 2021, dt.date(2023, 1, 1))
    with pytest.raises(NoFactor):
        grid_factor(FACTORS, "Atlantis", 2023, LATE)


def test_the_two_families_are_two_types_with_two_units() -> None:
    grid, footprint = grid_factor(FACTORS, "China", 2023, LATE), footprint_factor(FACTORS, 2023, LATE)
    assert (grid.value, footprint.value) == (0.5306, 0.6205)
    assert (grid.unit, footprint.unit) == ("kgCO2/kWh", "kgCO2e/kWh")
    assert type(grid) is not type(footprint)
    assert footprint_factor(FACTORS, 2026, LATE).value == 0.5777
    with pytest.raises(NoFactor):
        footprint_factor(FACTORS, 2024, LATE, region="Guangdong")


def test_fuels_in_columns_and_the_missing_oxidation() -> None:
    diesel = FACTORS.fuels["diesel"]
    assert fuel_emissions(diesel, 1.0) == pytest.approx(3.0959, abs=5e-5)
    assert list(fuel_emissions(diesel, np.array([0.0, 2.0]))) == [0.0, pytest.approx(6.1918, abs=1e-4)]
    coal = FACTORS.fuels["anthracite"]
    with pytest.raises(MissingInput) as asked:
        fuel_emissions(coal, 1.0)
    assert asked.value.field == "oxidation"
    assert fuel_emissions(coal, 1.0, oxidation=1.0) == pytest.approx(2.3049, abs=5e-5)


def test_gas_is_counted_in_ten_thousand_cubic_metres() -> None:
    gas = FACTORS.fuels["natural_gas"]
    assert gas.activity_unit == "10^4 Nm3"
    assert fuel_emissions(gas, 1.0) == pytest.approx(21.6502, abs=5e-5)


@pytest.mark.parametrize("oxidation", [98.0, 0.0, -0.5, float("nan"), float("inf")])
def test_an_oxidation_that_is_no_fraction_is_refused(oxidation: float) -> None:
    with pytest.raises(OutOfRange) as refused:
        fuel_emissions(FACTORS.fuels["diesel"], 1.0, oxidation=oxidation)
    assert refused.value.field == "oxidation"
    assert "柴油" in refused.value.text("zh")


@given(
    name=st.sampled_from(sorted(FACTORS.fuels)),
    activity=st.floats(0, 1e9),
    low=st.floats(0.01, 1.0),
    high=st.floats(0.01, 1.0),
)
def test_fuel_emissions_rise_with_activity_and_oxidation(name: str, activity: float, low: float, high: float) -> None:
    fuel, (low, high) = FACTORS.fuels[name], sorted((low, high))
    less, more = fuel_emissions(fuel, activity, low), fuel_emissions(fuel, activity, high)
    assert 0.0 <= less <= more
    assert fuel_emissions(fuel, 2.0 * activity, high) == pytest.approx(2.0 * more)
    assert fuel_emissions(fuel, np.array([activity]), high)[0] == more


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("grid_co2.csv", "0.5568", "n/a", "not a number"),
        ("grid_co2.csv", "0.5568", "-0.5568", "positive"),
        ("grid_co2.csv", "0.5568", "nan", "positive"),
        ("grid_co2.csv", "0.5568,kgCO2/kWh", "0.5568,kgCO2e/kWh", "unit"),
        ("grid_co2.csv", "2021,national", "2020,national", "editions.yaml"),
        ("grid_co2.csv", "Northeast,东北", "North,华北", "twice"),
        ("grid_co2.csv", "two_secondary", "rumour", "confidence"),
        ("grid_co2.csv", "region_zh", "region_cn", "columns"),
        ("electricity_footprint.csv", "0.6205,kgCO2e/kWh", "0.6205,kgCO2/kWh", "unit"),
        ("electricity_footprint.csv", "2023,China,gas", "2023,China,coal", "twice"),
        ("fuels.csv", "diesel,", "gasoline,", "twice"),
        ("fuels.csv", "GJ/10^4 Nm3", "GJ/t", "units"),
        ("fuels.csv", ",98.0,", ",980.0,", "100 %"),
        ("fuels.csv", "42.652", "", "not a number"),
        ("editions.yaml", "2024-12-20", "soon", "ISO date"),
        ("editions.yaml", "confidence: official", "confidence: rumour", "confidence"),
        ("editions.yaml", "grid_co2:", "grid:", "must hold"),
        ("editions.yaml", "source: mee-grid-2022, ", "", "needs"),
    ],
)
def test_a_spoilt_table_is_refused(tmp_path: Path, file: str, old: str, new: str, told: str) -> None:
    shutil.copytree(DATA / "factors", tmp_path / "factors")
    path = tmp_path / "factors" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadData, match=told) as refused:
        load_factors(tmp_path)
    assert file in refused.value.text("zh")


def test_sources_exist() -> None:
    sources = {key for path in (DATA / "sources").glob("*.yaml") for key in read_yaml(path)}
    assert {f[2] for f in (*FACTORS.grid.values(), *FACTORS.footprint.values())} <= sources
    assert {fuel.source for fuel in FACTORS.fuels.values()} <= sources
    assert {e.source for years in FACTORS.published.values() for e in years.values()} <= sources


def reference(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.shared
def test_grid_figures_equal_the_reference(shared: Callable[[str], Path]) -> None:
    rows = reference(shared("factors/grid_co2_factors.csv"))
    assert len(rows) == 120
    wanted = {
        (name, row["basis"], int(row["data_year"])): (float(row["value"]), row["unit"], CONFIDENCE[row["confidence"]])
        for row in rows
        for name in (row["region"], row["region_zh"])
    }
    assert {key: (value, unit, conf) for key, (value, unit, _, conf) in FACTORS.grid.items()} == wanted


@pytest.mark.shared
def test_footprint_figures_equal_the_reference(shared: Callable[[str], Path]) -> None:
    wanted = {
        (row["region"], row["type"], int(row["data_year"])): (
            float(row["value"]),
            row["unit"],
            CONFIDENCE[row["confidence"]],
        )
        for row in reference(shared("factors/electricity_footprint_factors.csv"))
    }
    assert {key: (value, unit, conf) for key, (value, unit, _, conf) in FACTORS.footprint.items()} == wanted


@pytest.mark.shared
def test_fuels_equal_the_reference(shared: Callable[[str], Path]) -> None:
    rows = reference(shared("factors/fuel_defaults.csv"))
    assert {row["fuel"] for row in rows} == set(FACTORS.fuels)
    for row in rows:
        fuel = FACTORS.fuels[row["fuel"]]
        assert (fuel.name_zh, fuel.activity_unit) == (row["fuel_zh"], row["activity_unit"])
        assert (fuel.ncv_gj_per_unit, fuel.carbon_tc_per_gj) == (float(row["ncv"]), float(row["carbon_content"]))
        assert (fuel.confidence, fuel.note) == (CONFIDENCE[row["confidence"]], row["note"])
        assert fuel.oxidation == (float(row["oxidation_pct"]) / 100 if row["oxidation_pct"] else None)
        share = fuel.oxidation if fuel.oxidation is not None else 1.0
        made_t = fuel_emissions(fuel, 1.0, oxidation=share)
        assert made_t == pytest.approx(float(row["implied_ef"]), rel=1e-4)
