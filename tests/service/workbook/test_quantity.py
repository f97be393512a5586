"""Numbers as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.workbook.layout import default_layout
from service.workbook.problems import CellProblem
from service.workbook.quantity import Decimals, decimals_of, number_of

LAYOUT = default_layout()
GOODS = LAYOUT.sheets["goods"].columns
MASS, PRICE, SEE = GOODS["net_mass_t"], GOODS["price_per_t"], GOODS["own_see_tco2e_per_t"]
PASS = LAYOUT.sheets["firm"].columns["pass_through"]
REVENUE = LAYOUT.sheets["firm"].columns["revenue_cny"]


@pytest.mark.parametrize(
    ("cell", "unit", "tonnes"),
    [
        (12.5, "t", 12.5), ("12.5", "t", 12.5), ("１２．５", "t", 12.5), ("1,234.5", "t", 1234.5), ("1 234.5", "t", 1234.5),
        ("1,234", "t", 1234.0), ("1,234,567 kg", "t", 1234.567), ("12000 kg", "t", 12.0), ("12000kg", None, 12.0),
        ("12000公斤", None, 12.0), ("12 吨", None, 12.0), ("12t", "kg", 12.0), (12000.0, "kg", 12.0), ("12,000", "千克", 12.0),
        ("1.2e3", "t", 1200.0), ("(5)", "t", -5.0), ("-5", "t", -5.0), ("0", "t", 0.0), ("20000 t", "kg", 20000.0),
        ("50000 t", "t", 50000.0), ("1'234.5", "t", 1234.5), (".5", "t", 0.5), ("1.234,5", "t", 1234.5),
    ],
)  # fmt: skip
def test_masses_come_out_in_tonnes(cell: str | float, unit: str | None, tonnes: float) -> None:
    assert number_of(cell, MASS, unit, "", LAYOUT) == pytest.approx(tonnes, rel=1e-15)


@pytest.mark.parametrize(
    ("cell", "unit", "decimals", "code"),
    [
        ("1.234", "t", "", "workbook.ambiguous_number"),
        ("1,234", "t", ",", None),
        ("1.234", "t", ".", None),
        ("1.234", "t", "both", "workbook.ambiguous_number"),
        (12.5, None, "", "workbook.unit_not_stated"),
        ("12.5", "必填", "", "workbook.unit_not_stated"),
        (250000.0, "t", "", "workbook.looks_like_kg"),
        ("250,000", "t", "", "workbook.looks_like_kg"),
        ("12 箱", "t", "", "workbook.unknown_unit"),
        ("5%", "t", "", "workbook.unknown_unit"),
        ("nan", "t", "", "workbook.not_a_number"),
        ("inf", "t", "", "workbook.not_a_number"),
        ("1e309", "t", "", "workbook.out_of_bounds"),
        ("1e9999", "t", "", "workbook.out_of_bounds"),
        ("abc", "t", "", "workbook.not_a_number"),
        ("1,23,4", "t", "", "workbook.not_a_number"),
        ("1-2", "t", "", "workbook.unknown_unit"),
        ("--5", "t", "", "workbook.not_a_number"),
        ("1.2.3", "t", "", "workbook.not_a_number"),
    ],
)
def test_masses_that_cannot_be_taken(cell: str | float, unit: str | None, decimals: Decimals, code: str | None) -> None:
    if code is None:
        assert number_of(cell, MASS, unit, decimals, LAYOUT) == 1.234
        return
    with pytest.raises(CellProblem) as told:
        number_of(cell, MASS, unit, decimals, LAYOUT)
    assert told.value.code == code


@pytest.mark.parametrize(
    ("cell", "unit", "value", "currency"),
    [
        ("900", "EUR/t", 900.0, "EUR"), ("900 元/吨", None, 900.0, "CNY"), ("$1,200", None, 1200.0, "USD"),
        ("EUR 900", None, 900.0, "EUR"), ("0.9", "EUR/kg", 900.0, "EUR"), (7200.0, "元/吨", 7200.0, "CNY"),
    ],
)  # fmt: skip
def test_prices_carry_their_currency_and_come_out_per_tonne(
    cell: str | float, unit: str | None, value: float, currency: str | None
) -> None:
    made = number_of(cell, PRICE, unit, "", LAYOUT)
    assert (made.value, made.currency) == (pytest.approx(value), currency)


@pytest.mark.parametrize(
    ("cell", "unit", "value"),
    [
        ("5亿元", "元", 5e8),
        (5.0, "百万元", 5e6),
        (5.0, "万人民币", 5e4),
        ("50000万元", "元", 5e8),
        (5.0, "亿元", 5e8),
        (5e8, "元 CNY", 5e8),
    ],
)
def test_money_in_wan_and_yi(cell: str | float, unit: str, value: float) -> None:
    assert number_of(cell, REVENUE, unit, "", LAYOUT).value == pytest.approx(value)


@pytest.mark.parametrize("unit", ["千元", "USD/件", "thousand CNY"])
def test_a_unit_of_money_that_changes_the_size_and_is_not_known_is_refused(unit: str) -> None:
    with pytest.raises(CellProblem):
        number_of(5.0, REVENUE, unit, "", LAYOUT)


@pytest.mark.parametrize(("cell", "share"), [("40%", 0.4), (0.4, 0.4), ("0.4", 0.4), ("40 %", 0.4), ("４０％", 0.4)])
def test_shares(cell: str | float, share: float) -> None:
    assert number_of(cell, PASS, "0–1", "", LAYOUT) == pytest.approx(share)


@pytest.mark.parametrize(
    ("cell", "unit", "value"), [(1.9, "tCO2e/t", 1.9), (1900.0, "kgCO2e/t", 1.9), ("1900 kg/t", "tCO2e/t", 1.9)]
)
def test_intensities(cell: str | float, unit: str, value: float) -> None:
    assert number_of(cell, SEE, unit, "", LAYOUT) == pytest.approx(value)


@pytest.mark.parametrize("unit", ["kgCO2e/件", "gCO2e/kWh"])
def test_a_unit_of_intensity_that_is_not_known_is_refused(unit: str) -> None:
    with pytest.raises(CellProblem):
        number_of(1.9, SEE, unit, "", LAYOUT)


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1.234", "12.5"], "."), (["1,234", "12,5"], ","), (["1.234", "2.345"], ""), (["12.5", "12,5"], "both"),
        (["0.125"], "."), (["1.234,5"], ","), (["1,234,567"], "."), ([], ""),
    ],
)  # fmt: skip
def test_the_column_shows_its_decimal_mark(texts: list[str], mark: str) -> None:
    assert decimals_of(texts) == mark


@given(st.floats(0.001, 19_999), st.sampled_from(["t", "kg"]))
def test_a_mass_is_read_back(tonnes: float, unit: str) -> None:
    written = tonnes * (1000 if unit == "kg" else 1)
    for text in (f"{written!r} {unit}", f"{written:,.6f} {unit}", f"{written:,.6f}{unit}".replace(",", " ")):
        assert number_of(text, MASS, "t", ".", LAYOUT) == pytest.approx(tonnes, rel=1e-3, abs=1e-9)


@given(st.text("0123456789.,'+-()%eE kgt吨", max_size=14))
def test_a_text_is_a_finite_number_or_a_problem(text: str) -> None:
    try:
        value = number_of(text, MASS, "t", "", LAYOUT)
    except CellProblem:
        return
    assert isinstance(value, float)
    assert abs(value) < float("inf")
