"""Source streams: each formula by hand, in columns, against exact fractions, and every refusal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.emitted import Emitted, Monitoring, pfc_emitted, stream_emitted, transfer_moved
from cbam.plant import Perfluorocarbons, Stream, Transfer
from cbam.stream_errors import (
    FieldOfOtherMethod,
    NoPfcFactor,
    StreamIncomplete,
    TransferUnclear,
    UnitOfOtherKind,
    UnknownFuel,
)
from cbam.streams import carbon_emissions, cf4_by_slope, combustion_emissions, heat_factor, pfc_emissions
from models.errors import YuetanError
from tests.cbam.oracle import Oracle
from tests.cbam.plants import FUELS, LAW, amounts, factors, fractions

HERE = Monitoring(LAW, FUELS)
GAS = {
    "id": "气",
    "method": "combustion",
    "amount": 1000.0,
    "unit": "1000Nm3",
    "ncv_gj_per_unit": 36.0,
    "ef_tco2_per_tj": 56.1,
}


def emitted(**doc: Any) -> Emitted:
    return stream_emitted(Stream.model_validate({"id": "s"} | doc), HERE)


def line(**doc: Any) -> Emitted:
    return pfc_emitted(Perfluorocarbons.model_validate({"id": "系列", "aluminium_t": 100_000.0} | doc), HERE)


def moved(**doc: Any) -> tuple[float, float, float]:
    made = transfer_moved(Transfer.model_validate({"id": "t"} | doc), HERE)
    return made.off_t, made.on_t, made.indirect_t


@pytest.mark.parametrize(
    ("doc", "tco2"),
    [
        (GAS, 1000 * 36 / 1000 * 56.1),
        (GAS | {"oxidation": 0.99}, 1000 * 36 / 1000 * 56.1 * 0.99),
        ({"method": "combustion", "amount": 36.0, "unit": "TJ", "ef_tco2_per_tj": 56.1}, 36 * 56.1),
        ({"method": "combustion", "amount": 10.0, "unit": "MWh", "ef_tco2_per_tj": 56.1}, 0.036 * 56.1),
        ({"method": "combustion", "amount": 50.0, "ef_tco2_per_unit": 3.1}, 155.0),
        ({"method": "process", "amount": 1000.0, "ef_tco2_per_unit": 0.44}, 440.0),
        ({"method": "process", "amount": 1000.0, "ef_tco2_per_unit": 0.44, "conversion": 0.9}, 396.0),
        ({"method": "mass_balance", "amount": 1000.0, "carbon_share": 0.85}, 850 * 3.664),
        ({"method": "mass_balance", "amount": 1e6, "unit": "kg", "carbon_share": 0.85}, 850 * 3.664),
        ({"method": "mass_balance", "direction": "out", "amount": 1000.0, "carbon_share": 0.045}, -45 * 3.664),
        # Equations 13 and 14: carbon by an emission factor; the ratio cancels.
        ({"method": "mass_balance", "amount": 10.0, "ncv_gj_per_unit": 28.2, "ef_tco2_per_tj": 107.0}, 0.282 * 107),
        ({"method": "mass_balance", "amount": 10.0, "ef_tco2_per_unit": 3.0}, 30.0),
        ({"method": "measured", "amount": 1234.5}, 1234.5),
        # National defaults: 28.435 GJ/t and 0.02942 tC/GJ; nothing is taken off for oxidation.
        ({"method": "combustion", "amount": 80.0, "fuel": "coke"}, 80 * 28.435 * 0.02942 * 3.664),
        ({"method": "combustion", "amount": 1000.0, "unit": "Nm3", "fuel": "natural_gas"}, 0.1 * 389.31 * 0.01532 * 3.664),
    ],
)  # fmt: skip
def test_a_stream_by_hand(doc: dict[str, Any], tco2: float) -> None:
    assert emitted(**doc).tco2e == pytest.approx(tco2, rel=1e-12)


def test_biomass_counts_as_zero_only_where_it_is_proven() -> None:
    wood = GAS | {"biomass_share": 0.3}
    unproven = emitted(**wood)
    assert unproven.tco2e == emitted(**GAS).tco2e
    assert [remark.code for remark in unproven.remarks] == ["cbam.biomass_not_proven"]
    proven = emitted(**wood, biomass_proven=True)
    assert proven.tco2e == pytest.approx(0.7 * unproven.tco2e, rel=1e-12)
    assert proven.remarks == ()


def test_a_national_default_is_said_with_its_source() -> None:
    made = emitted(method="combustion", amount=1.0, fuel="coke")
    assert made.remarks[0].code == "cbam.default_fuel_factor"
    assert "ghg-calculator-fuels" in made.remarks[0].text("zh")
    own = emitted(method="combustion", amount=1.0, fuel="coke", ncv_gj_per_unit=28.0, ef_tco2_per_tj=107.0)
    assert own.remarks == ()
    assert own.tco2e == pytest.approx(28 * 0.107, rel=1e-12)


def test_the_formula_is_shown_with_its_figures() -> None:
    assert emitted(**GAS | {"oxidation": 0.99}).shown == "1,000 1000Nm3 × 36 GJ/1000Nm3 × 56.1 tCO2/TJ × 0.99 OF/CF"
    out = emitted(method="mass_balance", direction="out", amount=1000.0, carbon_share=0.045)
    assert out.shown == "− 1,000 t × 0.045 tC/t × 3.664 tCO2/tC"


@pytest.mark.parametrize(
    ("doc", "kind", "field"),
    [
        ({"method": "combustion", "amount": 1.0}, StreamIncomplete, "ncv_gj_per_unit"),
        ({"method": "combustion", "amount": 1.0, "unit": "GJ"}, StreamIncomplete, "ef_tco2_per_tj"),
        ({"method": "process", "amount": 1.0}, StreamIncomplete, "ef_tco2_per_unit"),
        ({"method": "mass_balance", "amount": 1.0}, StreamIncomplete, "carbon_share"),
        ({"method": "combustion", "amount": 1.0, "fuel": "雪"}, UnknownFuel, "fuel"),
        ({"method": "combustion", "amount": 1.0, "unit": "Nm3", "fuel": "coke"}, UnitOfOtherKind, "unit"),
        ({"method": "mass_balance", "amount": 1.0, "unit": "Nm3", "carbon_share": 0.5}, UnitOfOtherKind, "unit"),
        ({"method": "measured", "amount": 1.0, "unit": "kg"}, UnitOfOtherKind, "unit"),
        ({"method": "combustion", "amount": 1.0, "carbon_share": 0.5}, FieldOfOtherMethod, "carbon_share"),
        ({"method": "process", "amount": 1.0, "ef_tco2_per_unit": 0.4, "oxidation": 0.9}, FieldOfOtherMethod, "oxidation"),
        ({"method": "combustion", "amount": 1.0, "unit": "GJ", "ncv_gj_per_unit": 1.0}, FieldOfOtherMethod, "ncv_gj_per_unit"),
        ({"method": "process", "amount": 1.0, "ef_tco2_per_unit": 0.4, "direction": "out"}, FieldOfOtherMethod, "direction"),
        ({"method": "combustion", "amount": 1.0, "ef_tco2_per_unit": 3.0, "ef_tco2_per_tj": 98.0}, FieldOfOtherMethod, "ef_tco2_per_tj"),
        ({"method": "mass_balance", "amount": 1.0, "carbon_share": 0.5, "ef_tco2_per_unit": 3.0}, FieldOfOtherMethod, "ef_tco2_per_unit"),
        ({"method": "measured", "amount": 1.0, "ncv_gj_per_unit": 3.0}, FieldOfOtherMethod, "ncv_gj_per_unit"),
    ],
)  # fmt: skip
def test_what_is_missing_or_does_not_belong_is_named(doc: dict[str, Any], kind: type[YuetanError], field: str) -> None:
    with pytest.raises(kind) as refused:
        emitted(**doc)
    assert refused.value.field == field
    assert "s" in refused.value.text("zh")


def test_the_slope_method_by_hand() -> None:
    made = line(method="slope", technology="CWPB", anode_effect_minutes_per_cell_day=0.5)
    cf4 = 0.5 * 0.143 / 1000 * 100_000
    assert made.tco2e == pytest.approx(cf4 * 6630 + cf4 * 0.121 * 11100, rel=1e-12)
    assert {read.key for read in made.reads} >= {"eu.cbam.pfc_factors[slope,CWPB,CF4]", "eu.cbam.monitoring.gwp_c2f6"}


def test_the_overvoltage_method_by_hand() -> None:
    made = line(method="overvoltage", technology="SWPB", overvoltage_mv=2.0, current_efficiency=0.95)
    cf4 = 3.65 * (2 / 0.95) * 100_000 * 0.001
    assert made.tco2e == pytest.approx(cf4 * 6630 + cf4 * 0.252 * 11100, rel=1e-12)


def test_own_factors_and_the_collection_efficiency_of_the_duct() -> None:
    own = {"method": "slope", "anode_effect_minutes_per_cell_day": 0.2, "cf4_factor": 0.1, "c2f6_per_cf4": 0.05}
    made = line(**own, collection_efficiency=0.98)
    cf4 = 0.2 * 0.1 / 1000 * 100_000
    assert made.tco2e == pytest.approx((cf4 * 6630 + cf4 * 0.05 * 11100) / 0.98, rel=1e-12)
    assert {read.key for read in made.reads} == {"eu.cbam.monitoring.gwp_cf4", "eu.cbam.monitoring.gwp_c2f6"}


@pytest.mark.parametrize(
    ("doc", "kind"),
    [
        ({"method": "slope", "technology": "CWPB"}, StreamIncomplete),
        ({"method": "overvoltage", "technology": "CWPB", "overvoltage_mv": 2.0}, StreamIncomplete),
        ({"method": "slope", "anode_effect_minutes_per_cell_day": 0.5}, StreamIncomplete),
        ({"method": "slope", "anode_effect_minutes_per_cell_day": 0.5, "cf4_factor": 0.1}, StreamIncomplete),
        ({"method": "slope", "technology": "CWPB", "anode_effect_minutes_per_cell_day": 0.5, "overvoltage_mv": 2.0}, FieldOfOtherMethod),
        ({"method": "slope", "technology": "PFPB_MW", "anode_effect_minutes_per_cell_day": 0.5}, NoPfcFactor),
        ({"method": "overvoltage", "technology": "VSS", "overvoltage_mv": 2.0, "current_efficiency": 0.95}, NoPfcFactor),
    ],
)  # fmt: skip
def test_a_potline_without_its_factors_is_refused(doc: dict[str, Any], kind: type[YuetanError]) -> None:
    with pytest.raises(kind):
        line(**doc)


def test_a_current_efficiency_in_per_cent_is_refused_by_the_form() -> None:
    with pytest.raises(ValueError, match="current_efficiency"):
        line(method="overvoltage", technology="CWPB", overvoltage_mv=2.0, current_efficiency=95.0)


def test_transfers_by_hand() -> None:
    heat = {"kind": "heat", "from_process": "a", "to_process": "b", "amount": 5000.0, "unit": "GJ"}
    assert moved(**heat, ef_tco2_per_tj=100.0) == (500.0, 500.0, 0.0)
    unknown = 5 * 94.6 / 0.9
    assert moved(**heat, fuel="other_bituminous_coal") == (pytest.approx(unknown), pytest.approx(unknown), 0.0)
    gas = {"kind": "waste_gas", "from_process": "a", "amount": 1000.0, "unit": "1000Nm3", "ncv_gj_per_unit": 3.3}
    on = 3.3 * 56.1
    assert moved(**gas) == (pytest.approx(on * 0.667, rel=1e-12), pytest.approx(on, rel=1e-12), 0.0)
    power = {"kind": "electricity", "from_process": "a", "amount": 100.0, "unit": "MWh", "ef_tco2_per_mwh": 0.5}
    assert moved(**power) == (50.0, 0.0, 50.0)


@pytest.mark.parametrize(
    ("doc", "kind"),
    [
        ({"kind": "heat", "amount": 1.0, "unit": "GJ", "ef_tco2_per_tj": 1.0}, TransferUnclear),
        ({"kind": "heat", "from_process": "a", "to_process": "a", "amount": 1.0, "unit": "GJ"}, TransferUnclear),
        ({"kind": "heat", "from_process": "a", "amount": 1.0, "unit": "GJ"}, StreamIncomplete),
        ({"kind": "heat", "from_process": "a", "amount": 1.0, "unit": "t", "ef_tco2_per_tj": 1.0}, UnitOfOtherKind),
        ({"kind": "heat", "from_process": "a", "amount": 1.0, "unit": "GJ", "ef_tco2_per_tj": 1.0, "fuel": "lpg"}, FieldOfOtherMethod),
        ({"kind": "heat", "from_process": "a", "amount": 1.0, "unit": "GJ", "fuel": "雪"}, UnknownFuel),
        ({"kind": "electricity", "to_process": "a", "amount": 1.0, "unit": "MWh"}, StreamIncomplete),
        ({"kind": "electricity", "to_process": "a", "amount": 1.0, "unit": "MWh", "ef_tco2_per_tj": 1.0}, FieldOfOtherMethod),
        ({"kind": "waste_gas", "to_process": "a", "amount": 1.0, "unit": "1000Nm3"}, StreamIncomplete),
        ({"kind": "waste_gas", "to_process": "a", "amount": 1.0, "unit": "t", "ncv_gj_per_unit": 3.0}, UnitOfOtherKind),
        ({"kind": "waste_gas", "to_process": "a", "amount": 1.0, "unit": "GJ", "ncv_gj_per_unit": 3.0}, FieldOfOtherMethod),
    ],
)  # fmt: skip
def test_a_transfer_that_is_unclear_is_refused(doc: dict[str, Any], kind: type[YuetanError]) -> None:
    with pytest.raises(kind):
        moved(**doc)


def test_the_formulas_take_columns() -> None:
    energy = np.array([1000.0, 2000.0])
    assert combustion_emissions(energy, 56.1, 1.0, 0.0) == pytest.approx([56.1, 112.2])
    assert carbon_emissions(np.array([1.0, -1.0]), 0.5, 3.664, 0.0) == pytest.approx([1.832, -1.832])
    cf4 = cf4_by_slope(np.array([100.0, 200.0]), 0.5, 0.143)
    assert pfc_emissions(cf4, 0.0, 6630.0, 11100.0, 1.0) == pytest.approx([0.00715 * 6630, 0.0143 * 6630])
    assert heat_factor(np.array([56.1, 94.6]), 0.9) == pytest.approx([62.3333333333, 105.1111111111])


@given(amounts(), factors, factors, fractions, fractions, st.booleans())
def test_combustion_agrees_with_exact_fractions(
    amount: float, ncv: float, ef: float, oxidation: float, biomass: float, proven: bool
) -> None:
    doc = {"id": "s", "method": "combustion", "amount": amount, "ncv_gj_per_unit": ncv, "ef_tco2_per_tj": ef,
           "oxidation": oxidation, "biomass_share": biomass, "biomass_proven": proven}  # fmt: skip
    want = Oracle({"processes": []}, LAW).stream(doc)
    assert emitted(**doc).tco2e == pytest.approx(float(want), rel=1e-12)


@given(amounts(), factors, st.sampled_from(["slope", "overvoltage"]), st.integers(10, 1000).map(lambda n: n / 1000))
def test_perfluorocarbons_agree_with_exact_fractions(al: float, x: float, method: str, fraction: float) -> None:
    doc: dict[str, Any] = {
        "id": "a",
        "method": method,
        "aluminium_t": al,
        "technology": "SWPB",
        "collection_efficiency": fraction,
    }
    doc |= (
        {"anode_effect_minutes_per_cell_day": x}
        if method == "slope"
        else {"overvoltage_mv": x, "current_efficiency": 0.94}
    )
    want = Oracle({"processes": []}, LAW).perfluorocarbons(doc)
    assert line(**doc).tco2e == pytest.approx(float(want), rel=1e-12)


@given(amounts(), fractions)
def test_a_change_of_unit_changes_nothing(amount: float, factor: float) -> None:
    t = emitted(method="mass_balance", amount=amount, carbon_share=factor)
    kg = emitted(method="mass_balance", amount=amount * 1000, unit="kg", carbon_share=factor)
    assert kg.tco2e == pytest.approx(t.tco2e, rel=1e-12)
    gj = emitted(method="combustion", amount=amount * 3.6, unit="GJ", ef_tco2_per_tj=factor)
    mwh = emitted(method="combustion", amount=amount, unit="MWh", ef_tco2_per_tj=factor)
    assert mwh.tco2e == pytest.approx(gj.tco2e, rel=1e-12)
    by_thousands = emitted(**GAS | {"amount": amount, "ncv_gj_per_unit": 36.0})
    by_ten_thousands = emitted(**GAS | {"amount": amount / 10, "unit": "10000Nm3", "ncv_gj_per_unit": 360.0})
    assert by_ten_thousands.tco2e == pytest.approx(by_thousands.tco2e, rel=1e-12)
