"""Factors: chosen by year with a reason, two families never swapped, figures equal to the reference tables."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.errors import MissingInput
from models.factors import NoFactor, footprint_factor, fuel_emissions, grid_factor, load_factors
from models.files import DATA, read_yaml

FACTORS = load_factors(DATA)
LATE = dt.date(2026, 11, 25)


@pytest.mark.parametrize(("year", "value"), [(2021, 0.4715), (2022, 0.4403), (2023, 0.4419)])
def test_guangdong_by_year(year: int, value: float) -> None:
    for name in ("Guangdong", "广东"):
        made = grid_factor(FACTORS, name, year, LATE)
        assert (made.value, made.data_year, made.unit) == (value, year, "kgCO2/kWh")
        assert "同年" in made.reason.zh


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


def test_sources_exist() -> None:
    sources = {key for path in (DATA / "sources").glob("*.yaml") for key in read_yaml(path)}
    assert {f[2] for f in (*FACTORS.grid.values(), *FACTORS.footprint.values())} <= sources
    assert {fuel.source for fuel in FACTORS.fuels.values()} <= sources


@pytest.mark.shared
def test_figures_equal_the_reference(shared: Callable[[str], Path]) -> None:
    with shared("factors/grid_co2_factors.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 120
    for row in rows:
        made = grid_factor(FACTORS, row["region"], int(row["data_year"]), LATE, row["basis"])
        assert (made.value, made.data_year) == (float(row["value"]), int(row["data_year"]))
    with shared("factors/fuel_defaults.csv").open(encoding="utf-8") as file:
        fuels = list(csv.DictReader(file))
    for row in fuels:
        share = float(row["oxidation_pct"]) / 100 if row["oxidation_pct"] else 1.0
        made_t = fuel_emissions(FACTORS.fuels[row["fuel"]], 1.0, oxidation=share)
        assert made_t == pytest.approx(float(row["implied_ef"]), rel=1e-4)
