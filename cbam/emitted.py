"""From what a plant measured to tonnes of CO2e: each source stream and each transfer under the law of its year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cbam.plant import NAMES, Perfluorocarbons, Stream, Transfer, Unit
from cbam.stream_errors import (
    BiomassNotProven,
    DefaultFuelFactor,
    FieldOfOtherMethod,
    NoPfcFactor,
    StreamIncomplete,
    TransferUnclear,
    UnitOfOtherKind,
    UnknownFuel,
)
from cbam.streams import (
    carbon_emissions,
    cf4_by_overvoltage,
    cf4_by_slope,
    combustion_emissions,
    electricity_emissions,
    heat_emissions,
    heat_factor,
    pfc_emissions,
    process_emissions,
    waste_gas_emissions,
)
from models.errors import Text, YuetanError
from models.factors import Fuel
from models.law import LawAt, Read
from models.units import GJ_PER_MWH, GJ_PER_TJ, KG_PER_T

_LAW = "eu.cbam.monitoring."
_PFC = "eu.cbam.pfc_factors"
STANDARD_FUELS = "eu.cbam.standard_fuels"
Dimension = Literal["mass", "volume", "energy"]
#: Size of each unit in t, 1000 Nm3 or GJ.
UNITS: Mapping[Unit, tuple[Dimension, float]] = {
    "t": ("mass", 1.0),
    "kg": ("mass", 1e-3),
    "Nm3": ("volume", 1e-3),
    "1000Nm3": ("volume", 1.0),
    "10000Nm3": ("volume", 10.0),
    "MJ": ("energy", 1e-3),
    "GJ": ("energy", 1.0),
    "TJ": ("energy", GJ_PER_TJ),
    "kWh": ("energy", GJ_PER_MWH / 1000.0),
    "MWh": ("energy", GJ_PER_MWH),
}
_FACTORS = ("fuel", "ncv_gj_per_unit", "ef_tco2_per_tj", "ef_tco2_per_unit", "carbon_share", "oxidation", "conversion")
_USED: Mapping[str, frozenset[str]] = {
    "combustion": frozenset({"fuel", "ncv_gj_per_unit", "ef_tco2_per_tj", "ef_tco2_per_unit", "oxidation"}),
    "process": frozenset({"ef_tco2_per_unit", "conversion"}),
    "mass_balance": frozenset({"fuel", "ncv_gj_per_unit", "ef_tco2_per_tj", "ef_tco2_per_unit", "carbon_share"}),
    "measured": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Emitted:
    """
    One source stream in tCO2e; carbon that leaves is negative.

    ``energy_gj`` is what it brings into a furnace, ``None`` where that is not
    known; ``factors`` what was multiplied, each with its unit; ``remarks`` what
    people should know about it.
    """

    tco2e: float
    energy_gj: float | None
    factors: tuple[tuple[float, str], ...]
    reads: tuple[Read, ...] = ()
    remarks: tuple[YuetanError, ...] = ()

    @property
    def shown(self) -> str:
        """The formula with its figures."""
        product = " × ".join(f"{value:,.10g} {unit}".rstrip() for value, unit in self.factors)
        return f"− {product}" if self.tco2e < 0 else product


@dataclass(frozen=True, slots=True)
class Moved:
    """One transfer: what the giver takes off and the taker adds, tCO2e; ``indirect_t`` where electricity is used."""

    off_t: float
    on_t: float
    indirect_t: float
    energy_gj: float
    reads: tuple[Read, ...] = ()


class Monitoring:
    """The constants of the act, each read once for an installation."""

    __slots__ = ("_kept", "_law", "fuels")

    def __init__(self, law: LawAt, fuels: Mapping[str, Fuel]) -> None:
        self._law = law
        self._kept: dict[str, Read] = {}
        self.fuels = fuels

    def read(self, name: str) -> Read:
        """Return ``eu.cbam.monitoring.<name>``."""
        if name not in self._kept:
            self._kept[name] = self._law.read(_LAW + name)
        return self._kept[name]

    def standard_fuel(self, transfer: str, fuel: str) -> Read:
        """Return the standard factor of a fuel, tCO2 per TJ; ``UnknownFuel`` where the act's table has none."""
        found = self._law.peek(STANDARD_FUELS, fuel)
        if found is None:
            known = ", ".join(key for (key,) in self._law.book.tables[STANDARD_FUELS].rows)
            raise UnknownFuel(field="fuel", id=transfer, fuel=fuel, known=known)
        return found

    def pfc(self, method: str, technology: str, gas: str) -> Read | None:
        """Return a technology factor of perfluorocarbons."""
        return self._law.peek(_PFC, method, technology, gas)


def _called(names: Sequence[str]) -> Text:
    """Return methods or fields as people call them, a field with its name in the input."""
    known = [(name, NAMES.get(name, Text(name, name))) for name in names]
    return Text(
        "、".join(f"{text.zh}（{name}）" for name, text in known),
        ", ".join(f"{text.en} ({name})" for name, text in known),
    )


def _missing(row: str, method: str, names: Sequence[str]) -> StreamIncomplete:
    how, what = NAMES.get(method, Text(method, method)), _called(names)
    return StreamIncomplete(
        field=names[0], id=row, method_zh=how.zh, method_en=how.en, missing_zh=what.zh, missing_en=what.en
    )


def _alien(row: str, method: str, names: Sequence[str]) -> FieldOfOtherMethod:
    how, what = NAMES.get(method, Text(method, method)), _called(names)
    return FieldOfOtherMethod(
        field=names[0], id=row, method_zh=how.zh, method_en=how.en, fields_zh=what.zh, fields_en=what.en
    )


def _number(read: Read) -> float:
    return float(read.value or 0.0)


def stream_emitted(s: Stream, monitoring: Monitoring) -> Emitted:
    """
    Return what one source stream emits.

    Raises
    ------
    StreamIncomplete, FieldOfOtherMethod, UnknownFuel, UnitOfOtherKind
        A factor is missing, belongs to another method, or fits no unit.

    Notes
    -----
    ``eu-2025-2547`` Annex II, B.3. A mass balance may give carbon by an emission
    factor (Equations 13 and 14): the ratio of molar masses then cancels.
    """
    used = _USED[s.method]
    alien = [name for name in _FACTORS if name not in used and getattr(s, name) is not None]
    if s.direction == "out" and s.method != "mass_balance":
        alien.append("direction")
    if alien:
        raise _alien(s.id, s.method, alien)
    remarks: tuple[YuetanError, ...] = ()
    biomass = s.biomass_share or 0.0
    if biomass and not s.biomass_proven:
        remarks, biomass = (BiomassNotProven(field="biomass_proven", id=s.id),), 0.0
    if s.method == "measured":
        if s.unit != "t":
            raise UnitOfOtherKind(field="unit", id=s.id, unit=s.unit, wanted="t CO2e")
        return Emitted(s.amount * (1.0 - biomass), None, ((s.amount, "t CO2e"), *_fossil(biomass)), (), remarks)
    if s.carbon_share is not None:
        return _carbon(s, monitoring, biomass, remarks)
    if s.ef_tco2_per_unit is not None:
        if s.ef_tco2_per_tj is not None or s.fuel is not None:
            other = "ef_tco2_per_tj" if s.ef_tco2_per_tj is not None else "fuel"
            raise _alien(s.id, "ef_tco2_per_unit", [other])
        taken = s.oxidation if s.oxidation is not None else s.conversion if s.conversion is not None else 1.0
        tco2 = float(process_emissions(s.amount, s.ef_tco2_per_unit, taken, biomass))
        energy = s.amount * s.ncv_gj_per_unit if s.ncv_gj_per_unit is not None else None
        factors = ((s.amount, s.unit), (s.ef_tco2_per_unit, f"tCO2/{s.unit}"), *_off(taken), *_fossil(biomass))
        return _directed(s, Emitted(tco2, energy, factors, (), remarks))
    if s.method == "process":
        raise _missing(s.id, s.method, ["ef_tco2_per_unit"])
    return _burnt(s, monitoring, biomass, remarks)


def _carbon(s: Stream, monitoring: Monitoring, biomass: float, remarks: tuple[YuetanError, ...]) -> Emitted:
    given = [n for n in ("fuel", "ef_tco2_per_tj", "ef_tco2_per_unit", "ncv_gj_per_unit") if getattr(s, n) is not None]
    if given:
        raise _alien(s.id, "carbon_share", given)
    dimension, size = UNITS[s.unit]
    if dimension != "mass":
        raise UnitOfOtherKind(field="unit", id=s.id, unit=s.unit, wanted="t")
    ratio, carbon, mass = monitoring.read("co2_per_carbon"), float(s.carbon_share or 0.0), s.amount * size
    tco2 = float(carbon_emissions(mass, carbon, _number(ratio), biomass))
    factors = ((mass, "t"), (carbon, "tC/t"), (_number(ratio), "tCO2/tC"), *_fossil(biomass))
    return _directed(s, Emitted(tco2, None, factors, (ratio,), remarks))


def _burnt(s: Stream, monitoring: Monitoring, biomass: float, remarks: tuple[YuetanError, ...]) -> Emitted:
    """Return energy times factor; what a named fuel has a national default for is taken from it and told."""
    dimension, size = UNITS[s.unit]
    ncv, ef = s.ncv_gj_per_unit, s.ef_tco2_per_tj
    reads: tuple[Read, ...] = ()
    if dimension == "energy" and ncv is not None:
        raise _alien(s.id, s.unit, ["ncv_gj_per_unit"])
    taken = []
    if s.fuel is not None:
        fuel = monitoring.fuels.get(s.fuel)
        if fuel is None:
            raise UnknownFuel(field="fuel", id=s.id, fuel=s.fuel, known=", ".join(monitoring.fuels))
        if ncv is None and dimension != "energy":
            ncv = fuel.ncv_gj_per_unit * _per(s, fuel, dimension, size)
            taken.append(f"NCV {fuel.ncv_gj_per_unit:g} GJ/{fuel.activity_unit}")
        if ef is None:
            ratio = monitoring.read("co2_per_carbon")
            ef, reads = fuel.carbon_tc_per_gj * GJ_PER_TJ * _number(ratio), (ratio,)
            taken.append(f"{fuel.carbon_tc_per_gj:g} tC/GJ")
        if taken:
            told = DefaultFuelFactor(field="fuel", id=s.id, fuel=s.fuel, taken=", ".join(taken), source=fuel.source)
            remarks = (*remarks, told)
    missing = ["ef_tco2_per_tj"] if ef is None else []
    if dimension != "energy" and ncv is None:
        missing.insert(0, "ncv_gj_per_unit")
    if ef is None or missing:
        wants_carbon = s.method == "mass_balance" and len(missing) == 2
        raise _missing(s.id, s.method, ["carbon_share"] if wants_carbon else missing)
    energy = s.amount * (size if dimension == "energy" else float(ncv or 0.0))
    oxidised = 1.0 if s.oxidation is None else s.oxidation
    tco2 = float(combustion_emissions(energy, ef, oxidised, biomass))
    by_ncv = () if ncv is None else ((ncv, f"GJ/{s.unit}"),)
    factors = ((s.amount, s.unit), *by_ncv, (ef, "tCO2/TJ"), *_off(oxidised), *_fossil(biomass))
    return _directed(s, Emitted(tco2, energy, factors, reads, remarks))


def _per(s: Stream, fuel: Fuel, dimension: Dimension, size: float) -> float:
    """Return how many units of the table of defaults one unit of the stream is."""
    table: tuple[Dimension, float] = UNITS["t"] if fuel.activity_unit == "t" else UNITS["10000Nm3"]
    if dimension != table[0]:
        raise UnitOfOtherKind(field="unit", id=s.id, unit=s.unit, wanted=fuel.activity_unit)
    return size / table[1]


def _directed(s: Stream, emitted: Emitted) -> Emitted:
    if s.direction == "in":
        return emitted
    return Emitted(-emitted.tco2e, None, emitted.factors, emitted.reads, emitted.remarks)


def _off(fraction: float) -> tuple[tuple[float, str], ...]:
    """What is taken off for carbon that does not burn or convert, shown only where something is."""
    return () if fraction == 1.0 else ((fraction, "OF/CF"),)


def _fossil(biomass: float) -> tuple[tuple[float, str], ...]:
    return () if biomass == 0.0 else ((1.0 - biomass, "(1 − BF)"),)


def pfc_emitted(p: Perfluorocarbons, monitoring: Monitoring) -> Emitted:
    """
    Return the perfluorocarbons of one potline, tCO2e.

    Raises
    ------
    StreamIncomplete, FieldOfOtherMethod
        A measured value is missing or belongs to the other method.
    NoPfcFactor
        Neither the act nor the plant gives a factor.

    Notes
    -----
    ``eu-2025-2547`` Annex II, B.7.
    """
    slope = p.method == "slope"
    needed = ("anode_effect_minutes_per_cell_day",) if slope else ("overvoltage_mv", "current_efficiency")
    other = ("overvoltage_mv", "current_efficiency") if slope else ("anode_effect_minutes_per_cell_day",)
    if missing := [name for name in needed if getattr(p, name) is None]:
        raise _missing(p.id, p.method, missing)
    if alien := [name for name in other if getattr(p, name) is not None]:
        raise _alien(p.id, p.method, alien)
    cf4_factor, c2f6, reads = _pfc_factors(p, monitoring)
    gwp_cf4, gwp_c2f6 = monitoring.read("gwp_cf4"), monitoring.read("gwp_c2f6")
    unit = "kg CF4/t"
    if slope:
        minutes = float(p.anode_effect_minutes_per_cell_day or 0.0)
        cf4 = float(cf4_by_slope(p.aluminium_t, minutes, cf4_factor))
        by: tuple[tuple[float, str], ...] = ((minutes, "min"), (cf4_factor, unit))
    else:
        mv, ce = float(p.overvoltage_mv or 0.0), float(p.current_efficiency or 0.0)
        cf4 = float(cf4_by_overvoltage(p.aluminium_t, mv, ce, cf4_factor))
        by = ((mv, "mV"), (1.0 / ce, "1/CE"), (cf4_factor, unit))
    caught = 1.0 if p.collection_efficiency is None else p.collection_efficiency
    tco2e = float(pfc_emissions(cf4, c2f6, _number(gwp_cf4), _number(gwp_c2f6), caught))
    gwp = _number(gwp_cf4) + c2f6 * _number(gwp_c2f6)
    escaped = () if caught == 1.0 else ((1.0 / caught, "1/η"),)
    factors = ((p.aluminium_t, "t Al"), *by, (gwp / KG_PER_T, "tCO2e/kg CF4"), *escaped)
    return Emitted(tco2e, None, factors, (*reads, gwp_cf4, gwp_c2f6))


def _pfc_factors(p: Perfluorocarbons, monitoring: Monitoring) -> tuple[float, float, tuple[Read, ...]]:
    """Return the plant's own factors where it gives both, else those of its technology in the act."""
    if p.cf4_factor is not None and p.c2f6_per_cf4 is not None:
        return p.cf4_factor, p.c2f6_per_cf4, ()
    if p.cf4_factor is not None or p.c2f6_per_cf4 is not None:
        raise _missing(p.id, p.method, ["cf4_factor" if p.cf4_factor is None else "c2f6_per_cf4"])
    if p.technology is None:
        raise _missing(p.id, p.method, ["technology"])
    cf4 = monitoring.pfc(p.method, p.technology, "CF4")
    c2f6 = monitoring.pfc(p.method, p.technology, "C2F6")
    if cf4 is None or c2f6 is None:
        method = NAMES[p.method]
        raise NoPfcFactor(
            field="technology", id=p.id, technology=p.technology, method_zh=method.zh, method_en=method.en
        )
    return _number(cf4), _number(c2f6), (cf4, c2f6)


def transfer_moved(t: Transfer, monitoring: Monitoring) -> Moved:
    """
    Return what one transfer moves.

    Raises
    ------
    TransferUnclear, StreamIncomplete, FieldOfOtherMethod, UnknownFuel, UnitOfOtherKind
        Its ends, factor or unit cannot be settled.

    Notes
    -----
    Waste gas counts as natural gas of the same energy, with the correction where
    it leaves. Electricity made and used in one process names it at both ends: its
    emissions go from direct to indirect. ``eu-2025-2547`` Annex III, A.3, Equation 55.
    """
    if t.from_process is None and t.to_process is None:
        raise TransferUnclear(field="from_process", id=t.id, why_zh="没有填写任何工序", why_en="it names no process")
    if t.from_process == t.to_process and t.kind != "electricity":
        raise TransferUnclear(field="to_process", id=t.id, why_zh="两端是同一工序", why_en="both ends are one process")
    used = {"heat": ("ef_tco2_per_tj", "fuel"), "waste_gas": ("ncv_gj_per_unit",), "electricity": ("ef_tco2_per_mwh",)}
    names = ("ncv_gj_per_unit", "ef_tco2_per_tj", "fuel", "ef_tco2_per_mwh")
    if alien := [n for n in names if n not in used[t.kind] and getattr(t, n) is not None]:
        raise _alien(t.id, t.kind, alien)
    dimension, size = UNITS[t.unit]
    energy = t.amount * size
    if t.kind == "waste_gas":
        return _gas(t, monitoring, dimension, energy)
    if dimension != "energy":
        raise UnitOfOtherKind(field="unit", id=t.id, unit=t.unit, wanted="GJ / MWh")
    if t.kind == "electricity":
        if t.ef_tco2_per_mwh is None:
            raise _missing(t.id, t.kind, ["ef_tco2_per_mwh"])
        tco2 = float(electricity_emissions(energy / GJ_PER_MWH, t.ef_tco2_per_mwh))
        return Moved(tco2, 0.0, tco2, energy)
    ef = t.ef_tco2_per_tj
    reads: tuple[Read, ...] = ()
    if t.fuel is not None:
        if ef is not None:
            raise _alien(t.id, "ef_tco2_per_tj", ["fuel"])
        standard, boiler = monitoring.standard_fuel(t.id, t.fuel), monitoring.read("boiler_efficiency")
        ef, reads = float(heat_factor(_number(standard), _number(boiler))), (standard, boiler)
    if ef is None:
        raise _missing(t.id, t.kind, ["ef_tco2_per_tj"])
    tco2 = float(heat_emissions(energy, ef))
    return Moved(tco2, tco2, 0.0, energy, reads)


def _gas(t: Transfer, monitoring: Monitoring, dimension: Dimension, energy: float) -> Moved:
    if dimension == "mass":
        raise UnitOfOtherKind(field="unit", id=t.id, unit=t.unit, wanted="Nm3 / GJ")
    if dimension == "volume":
        if t.ncv_gj_per_unit is None:
            raise _missing(t.id, t.kind, ["ncv_gj_per_unit"])
        energy = t.amount * t.ncv_gj_per_unit
    elif t.ncv_gj_per_unit is not None:
        raise _alien(t.id, t.unit, ["ncv_gj_per_unit"])
    gas, correction = monitoring.standard_fuel(t.id, "natural_gas"), monitoring.read("waste_gas_correction")
    off = float(waste_gas_emissions(energy, _number(gas), _number(correction)))
    return Moved(off, float(waste_gas_emissions(energy, _number(gas), 1.0)), 0.0, energy, (gas, correction))
