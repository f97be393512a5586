"""
Actual emissions of an installation in exact fractions, from the plain document, written apart from the program.

Everything that a person types is read as the decimal number it says. Only the
figures of the law are taken from the program's tables, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from models.factors import Fuel
from models.law import LawAt

ZERO, ONE, THOUSAND = Fraction(0), Fraction(1), Fraction(1000)
TO_BASE = {
    "t": ONE, "kg": Fraction(1, 1000), "Nm3": Fraction(1, 1000), "1000Nm3": ONE, "10000Nm3": Fraction(10),
    "MJ": Fraction(1, 1000), "GJ": ONE, "TJ": THOUSAND, "kWh": Fraction(36, 10000), "MWh": Fraction(36, 10),
}  # fmt: skip
ENERGY = {"MJ", "GJ", "TJ", "kWh", "MWh"}


def exact(value: float | int | str | None) -> Fraction:
    """Return the decimal number that ``value`` says."""
    return ZERO if value is None else Fraction(repr(value) if isinstance(value, float) else str(value))


@dataclass(frozen=True)
class Exact:
    """What a process comes to: tCO2e of the period, tCO2e per t."""

    attributed: Fraction
    see: Fraction
    indirect: Fraction
    sefa: Fraction


class Oracle:
    """One installation in fractions."""

    def __init__(self, doc: Mapping[str, Any], law: LawAt, fuels: Mapping[str, Fuel] | None = None) -> None:
        self.doc, self.law, self.fuels = doc, law, fuels or {}
        self.processes = {p["id"]: p for p in doc["processes"]}
        self.links = [
            (u["from_process"], u["process"], exact(u["mass_t"]))
            for u in doc.get("uses", [])
            if u.get("from_process") is not None
        ]
        self.into = {key: self._final(p) for key, p in self.processes.items()}
        self.of = cache(self._of)

    def _final(self, process: Mapping[str, Any]) -> str:
        joint = process.get("joint")
        if joint is None:
            return str(process["id"])
        members = [k for k, p in self.processes.items() if p.get("joint") == joint]
        ends = [k for k in members if not any(a == k and b in members and b != k for a, b, _ in self.links)]
        assert len(ends) == 1
        return ends[0]

    def number(self, key: str) -> Fraction:
        return exact(float(self.law.number(key)))

    def table(self, key: str, *row: str) -> Fraction | None:
        read = self.law.peek(key, *row)
        return None if read is None else exact(read.value)

    @property
    def f(self) -> Fraction:
        return self.number("eu.cbam.cbam_factor") * self.number("eu.cbam.cscf")

    def stream(self, s: Mapping[str, Any]) -> Fraction:
        amount, ratio = exact(s["amount"]), self.number("eu.cbam.monitoring.co2_per_carbon")
        fossil = ONE - (exact(s.get("biomass_share")) if s.get("biomass_proven") else ZERO)
        oxidised = exact(s.get("oxidation", s.get("conversion", 1)))
        unit = s.get("unit", "t")
        sign = -1 if s.get("direction") == "out" else 1
        if s["method"] == "measured":
            return amount * fossil
        if s.get("carbon_share") is not None:
            return sign * amount * TO_BASE[unit] * exact(s["carbon_share"]) * ratio * fossil
        if s.get("ef_tco2_per_unit") is not None:
            return sign * amount * exact(s["ef_tco2_per_unit"]) * oxidised * fossil
        ef = s.get("ef_tco2_per_tj")
        fuel = self.fuels.get(s.get("fuel", ""))
        per_tj = exact(ef) if ef is not None else exact(fuel.carbon_tc_per_gj) * THOUSAND * ratio  # type: ignore[union-attr]
        if unit in ENERGY:
            energy = amount * TO_BASE[unit]
        elif s.get("ncv_gj_per_unit") is not None:
            energy = amount * exact(s["ncv_gj_per_unit"])
        else:
            assert fuel is not None
            per = TO_BASE[unit] / (10 if fuel.activity_unit != "t" else 1)
            energy = amount * per * exact(fuel.ncv_gj_per_unit)
        return sign * energy / 1000 * per_tj * oxidised * fossil

    def perfluorocarbons(self, p: Mapping[str, Any]) -> Fraction:
        cf4_factor, c2f6 = p.get("cf4_factor"), p.get("c2f6_per_cf4")
        table = "eu.cbam.pfc_factors"
        factor = exact(cf4_factor) if cf4_factor is not None else self.table(table, p["method"], p["technology"], "CF4")
        weight = exact(c2f6) if c2f6 is not None else self.table(table, p["method"], p["technology"], "C2F6")
        assert factor is not None
        assert weight is not None
        per_t = exact(p.get("anode_effect_minutes_per_cell_day"))
        if p["method"] == "overvoltage":
            per_t = exact(p["overvoltage_mv"]) / exact(p["current_efficiency"])
        cf4 = per_t * factor / 1000 * exact(p["aluminium_t"])
        gwp = [self.number(f"eu.cbam.monitoring.gwp_{gas}") for gas in ("cf4", "c2f6")]
        return (cf4 * gwp[0] + cf4 * weight * gwp[1]) / exact(p.get("collection_efficiency", 1))

    def moved(self, t: Mapping[str, Any]) -> tuple[Fraction, Fraction]:
        """Return what the giver takes off and what the taker adds."""
        amount = exact(t["amount"]) * (exact(t["ncv_gj_per_unit"]) if "ncv_gj_per_unit" in t else TO_BASE[t["unit"]])
        if t["kind"] == "electricity":
            both = amount / Fraction(36, 10) * exact(t["ef_tco2_per_mwh"])
            return both, both
        if t["kind"] == "heat":
            ef = exact(t.get("ef_tco2_per_tj"))
            if "fuel" in t:
                found = self.table("eu.cbam.standard_fuels", t["fuel"])
                assert found is not None
                ef = found / self.number("eu.cbam.monitoring.boiler_efficiency")
            return amount / 1000 * ef, amount / 1000 * ef
        gas = self.table("eu.cbam.standard_fuels", "natural_gas")
        assert gas is not None
        on = amount / 1000 * gas
        return on * self.number("eu.cbam.monitoring.waste_gas_correction"), on

    def direct(self, key: str) -> Fraction:
        total = ZERO
        for kind, settle in (("streams", self.stream), ("pfc", self.perfluorocarbons)):
            for s in self.doc.get(kind, []):
                for name, share in s.get("shares", {}).items():
                    if self.into[name] == key:
                        total += settle(s) * exact(share)
        return total + sum((exact(p.get("direct_t")) for k, p in self.processes.items() if self.into[k] == key), ZERO)

    def attributed(self, key: str) -> tuple[Fraction, Fraction]:
        """Return attributed direct emissions, and indirect emissions, of the period."""
        direct, indirect = self.direct(key), ZERO
        for name, p in self.processes.items():
            if self.into[name] == key:
                indirect += exact(p.get("indirect_t"))
                direct += exact(p.get("heat_in_t")) - exact(p.get("heat_out_t"))
                direct += exact(p.get("waste_gas_in_t")) - exact(p.get("waste_gas_out_t"))
                direct -= exact(p.get("electricity_out_t"))
        for t in self.doc.get("transfers", []):
            off, on = self.moved(t)
            giver, taker = self.into.get(t.get("from_process")), self.into.get(t.get("to_process"))
            if giver == taker and t["kind"] != "electricity":
                continue
            if giver == key:
                direct -= off
            if taker == key and t["kind"] == "electricity":
                indirect += on
            elif taker == key:
                direct += on
        return max(ZERO, direct), indirect

    def lot(self, p: Mapping[str, Any]) -> tuple[Fraction, Fraction, Fraction]:
        """Return SEE, what of it is indirect as far as it is known, and SEFA of one tonne of a purchase."""
        code, origin = p["cn_code"], p.get("origin")
        exempt = ("eu.cbam.exempt_origins", "eu.cbam.eu_members")
        if origin is not None and any(self.law.peek(table, origin) is not None for table in exempt):
            return ZERO, ZERO, ZERO
        scope = self.law.peek("eu.cbam.scope", code)
        if scope is None or scope.value != 1:
            return ZERO, ZERO, ZERO
        if p.get("verified") and p.get("see_direct_tco2e_per_t") is not None:
            indirect = exact(p.get("see_indirect_tco2e_per_t")) if scope.attr("direct_only") == "0" else ZERO
            sefa = p.get("sefa_tco2e_per_t")
            free = exact(sefa) if sefa is not None else self.default(origin, code, p.get("route"))[1]
            return exact(p["see_direct_tco2e_per_t"]) + indirect, indirect, free
        see, free = self.default(origin, code, p.get("route"))
        return see, ZERO, free

    def default(self, origin: str | None, code: str, route: str | None) -> tuple[Fraction, Fraction]:
        edition = self.law.word("eu.cbam.default_value_edition")
        tables = [("eu.cbam.default_values", (edition, o)) for o in (origin, "ZZ")]
        if origin is None:
            tables = [("eu.cbam.unknown_origin_precursor", ())]
        for table, head in tables:
            for digits in (8, 7, 6, 5, 4):
                row = self.law.peek(table, *[str(h) for h in head], code[:digits])
                if row is not None:
                    sector = "aluminium" if code.startswith("76") else "iron_steel"
                    see = exact(row.value) * (ONE + self.number(f"eu.cbam.default_markup.{sector}"))
                    return see, self.f * self.column_b(code, row.attr("route"), route)
        raise AssertionError(code)

    def column_b(self, code: str, letters: str, stated: str | None) -> Fraction:
        there = {r: v for r in ("", *"CDEFGHJKL") if (v := self.table("eu.cbam.benchmarks", code, "B", r)) is not None}
        kept = [r for r in letters.split("/") if r and r in there]
        if len(kept) == 1:
            return there[kept[0]]
        return there[next(iter(there))] if len(there) == 1 else there[str(stated)]

    def material(self, name: str) -> list[tuple[Fraction, Mapping[str, Any]]]:
        """Return the lots of a material with their share of the mass used."""
        lots = [p for p in self.doc.get("purchases", []) if p["material"] == name]
        used = [
            exact(p["bought_t"]) + exact(p.get("opening_stock_t")) - exact(p.get("closing_stock_t"))
            - exact(p.get("other_use_t")) for p in lots
        ]  # fmt: skip
        total = sum(used, ZERO)
        return [(mass / total, p) for mass, p in zip(used, lots, strict=True)]

    def _of(self, key: str) -> Exact:
        process = self.processes[key]
        attributed, indirect = self.attributed(key)
        activity = exact(process["activity_t"])
        scope = self.law.peek("eu.cbam.scope", process["cn_code"])
        assert scope is not None
        counted = indirect if scope.attr("direct_only") == "0" else ZERO
        routes = ("", *"CDEFGHJKL")
        a = {r: v for r in routes if (v := self.table("eu.cbam.benchmarks", process["cn_code"], "A", r)) is not None}
        own = a[next(iter(a))] if len(a) == 1 else a[process["route"]]
        see, ind, sefa = (attributed + counted) / activity, counted / activity, self.f * own
        for giver, taker, mass in self.links:
            if self.into[taker] == key and self.into[giver] != key:
                of = self.of(self.into[giver])
                m = mass / activity
                see, ind, sefa = see + m * of.see, ind + m * of.indirect, sefa + m * of.sefa
        for use in self.doc.get("uses", []):
            if use.get("material") is not None and self.into[use["process"]] == key:
                for share, p in self.material(use["material"]):
                    m = exact(use["mass_t"]) * share / activity
                    lot_see, lot_indirect, lot_sefa = self.lot(p)
                    see, ind, sefa = see + m * lot_see, ind + m * lot_indirect, sefa + m * lot_sefa
        return Exact(attributed, see, ind, sefa)
