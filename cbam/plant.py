"""
The input: what an installation measured, bought and made in one calendar year.

Six flat lists, each a sheet of people's own: processes, source streams,
perfluorocarbons, transfers of heat, waste gas and electricity, purchased lots,
and what each process used. They are named by ids; a field that does not apply
stays empty, which is never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from cbam.process import CODE, ROUTE, Precursor, Stated
from models.errors import Text
from models.inputs import Input, NonNegative, TCO2ePerT

Id = Annotated[str, Field(min_length=1, max_length=100)]
Name = Annotated[str, Field(max_length=200)]
Share = Annotated[float, Field(ge=0, le=1)]
#: Units of an amount: mass, volume of a gas at normal conditions, or energy. Factors "per unit" are per this unit.
Unit = Literal["t", "kg", "Nm3", "1000Nm3", "10000Nm3", "MJ", "GJ", "TJ", "kWh", "MWh"]
#: Bounds that only a mistake of unit passes: no fuel holds more, no factor is higher.
Ncv = Annotated[float, Field(gt=0, le=1e4)]
PerTJ = Annotated[float, Field(ge=0, le=1e3)]
PerUnit = Annotated[float, Field(ge=0, le=1e3)]
PerMWh = Annotated[float, Field(ge=0, le=5)]
Technology = Literal["PFPB_L", "PFPB_M", "PFPB_MW", "CWPB", "SWPB", "VSS", "HSS"]


#: Methods and fields as people call them, for messages.
NAMES: Mapping[str, Text] = {
    "combustion": Text("燃烧", "combustion"),
    "process": Text("工艺过程", "process emissions"),
    "mass_balance": Text("物料平衡", "mass balance"),
    "measured": Text("连续监测", "measured emissions"),
    "slope": Text("斜率法", "slope method"),
    "overvoltage": Text("过电压法", "overvoltage method"),
    "heat": Text("热力", "heat"),
    "waste_gas": Text("废气", "waste gas"),
    "electricity": Text("电力", "electricity"),
    "unit": Text("单位", "unit"),
    "direction": Text("流向", "direction"),
    "fuel": Text("燃料", "fuel"),
    "ncv_gj_per_unit": Text("净热值", "net calorific value"),
    "ef_tco2_per_tj": Text("单位热值排放因子", "emission factor per TJ"),
    "ef_tco2_per_unit": Text("单位数量排放因子", "emission factor per unit"),
    "ef_tco2_per_mwh": Text("电力排放因子", "emission factor per MWh"),
    "carbon_share": Text("含碳量", "carbon content"),
    "oxidation": Text("氧化率", "oxidation factor"),
    "conversion": Text("转化率", "conversion factor"),
    "technology": Text("电解槽技术", "cell technology"),
    "anode_effect_minutes_per_cell_day": Text("阳极效应分钟/槽日", "anode-effect minutes per cell-day"),
    "overvoltage_mv": Text("阳极效应过电压", "anode-effect overvoltage"),
    "current_efficiency": Text("电流效率", "current efficiency"),
    "cf4_factor": Text("CF4 因子", "CF4 factor"),
    "c2f6_per_cf4": Text("C2F6/CF4 质量比", "C2F6 per CF4"),
}


class Attributed(Input):
    """Emissions that belong to processes by stated shares; shares and ``outside_share`` add up to one."""

    id: Id
    #: Share of each process, by its id.
    shares: dict[str, Share] = Field(default_factory=dict, max_length=2000)
    #: Share of no process of a CBAM good: offices, other goods.
    outside_share: Share = 0.0


class Stream(Attributed):
    """
    One source stream.

    ``combustion`` needs a net calorific value and a factor per TJ (or a factor
    per unit), or a ``fuel`` of our table of national defaults; ``process`` a
    factor per unit; ``mass_balance`` the carbon content and the direction;
    ``measured`` is tCO2e from a meter in the stack. Waste gas burnt elsewhere
    on the site belongs to the process that it comes from.
    """

    method: Literal["combustion", "process", "mass_balance", "measured"]
    amount: NonNegative
    unit: Unit = "t"
    direction: Literal["in", "out"] = "in"
    fuel: str | None = Field(default=None, max_length=100)
    ncv_gj_per_unit: Ncv | None = None
    ef_tco2_per_tj: PerTJ | None = None
    ef_tco2_per_unit: PerUnit | None = None
    #: t C per t.
    carbon_share: Share | None = None
    #: Fraction oxidised or converted; absent: nothing is taken off.
    oxidation: Annotated[float, Field(gt=0, le=1)] | None = None
    conversion: Annotated[float, Field(gt=0, le=1)] | None = None
    #: Biomass fraction of the carbon; it counts as zero only where ``biomass_proven``.
    biomass_share: Share | None = None
    #: Whether the sustainability criteria of Directive (EU) 2018/2001 are shown to be met.
    biomass_proven: bool = False


class Perfluorocarbons(Attributed):
    """
    CF4 and C2F6 of anode effects of one potline or cell type.

    The factors are those of the technology in the act, or the plant's own
    (``cf4_factor`` with ``c2f6_per_cf4``), which must not be older than three years.
    """

    method: Literal["slope", "overvoltage"]
    aluminium_t: NonNegative
    technology: Technology | None = None
    anode_effect_minutes_per_cell_day: Annotated[float, Field(ge=0, le=1440)] | None = None
    overvoltage_mv: Annotated[float, Field(ge=0, le=1e5)] | None = None
    #: A fraction such as 0.95, never per cent.
    current_efficiency: Annotated[float, Field(ge=0.1, le=1)] | None = None
    #: Own factor: (kg CF4 per t Al) per minute (slope) or per mV (overvoltage).
    cf4_factor: Annotated[float, Field(ge=0, le=100)] | None = None
    c2f6_per_cf4: Share | None = None
    #: Of the duct; absent: the factors cover what escapes too.
    collection_efficiency: Annotated[float, Field(ge=0.01, le=1)] | None = None


class Transfer(Input):
    """
    Heat, waste gas or electricity that crosses the border of a process.

    ``from_process`` gives it off, ``to_process`` takes it in; an absent end lies
    outside the site, such as the grid or a neighbour.
    """

    id: Id
    kind: Literal["heat", "waste_gas", "electricity"]
    from_process: Id | None = None
    to_process: Id | None = None
    amount: NonNegative
    unit: Unit
    #: Waste gas by volume.
    ncv_gj_per_unit: Ncv | None = None
    #: Heat: factor of the heat, not of its fuel.
    ef_tco2_per_tj: PerTJ | None = None
    #: Heat with unknown mix: the fuel most common in the industry of the country, of ``eu.cbam.standard_fuels``.
    fuel: str | None = Field(default=None, max_length=100)
    #: Electricity.
    ef_tco2_per_mwh: PerMWh | None = None


class Charge(Input):
    """What metal went into a crude-steel process, t; the route may be read from it."""

    scrap_t: NonNegative = 0.0
    dri_t: NonNegative = 0.0
    hot_metal_t: NonNegative = 0.0
    #: 8 % or more metallic alloying elements; asked for only where codes have both benchmarks.
    high_alloy: bool | None = None


class PlantProcess(Stated):
    """
    One production process; what it emits is given by streams, or as ``direct_t``.

    ``also_cn_codes`` are codes of the same process that differ only in size or
    shape. Processes with one ``joint`` name are one process, allowed where
    nothing between them leaves the site.
    """

    id: Id
    cn_code: str = Field(pattern=CODE)
    also_cn_codes: tuple[Annotated[str, Field(pattern=CODE)], ...] = Field(default=(), max_length=200)
    #: Saleable tonnes made in the period; scrap is none of them.
    activity_t: NonNegative
    direct_t: NonNegative | None = None
    route: str | None = Field(default=None, pattern=ROUTE)
    charge: Charge | None = None
    joint: Name | None = None
    precursors: tuple[Precursor, ...] = ()


class Purchase(Input):
    """
    One lot: what one supplier delivered of one material in the year.

    With a verified report its SEE counts; without one the default value of code
    and origin. ``see_direct_tco2e_per_t`` of a good of which only direct
    emissions count is the SEE of the report, the indirect emissions of sintered
    ore in it included.
    """

    id: Id
    #: Lots of one material are averaged by the mass that was used of each.
    material: Id
    supplier: Name = ""
    cn_code: str = Field(pattern=CODE)
    #: Country of production.
    origin: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    route: str | None = Field(default=None, pattern=ROUTE)
    bought_t: NonNegative
    opening_stock_t: NonNegative = 0.0
    closing_stock_t: NonNegative = 0.0
    #: Sold on, or used for goods outside CBAM.
    other_use_t: NonNegative = 0.0
    see_direct_tco2e_per_t: TCO2ePerT | None = None
    see_indirect_tco2e_per_t: TCO2ePerT | None = None
    see_total_tco2e_per_t: TCO2ePerT | None = None
    sefa_tco2e_per_t: TCO2ePerT | None = None
    verified: bool = False
    report: Name = ""
    report_year: Annotated[int, Field(ge=2023, le=2060)] | None = None

    @property
    def used_t(self) -> float:
        """What the processes of the year used of it, t."""
        return self.opening_stock_t + self.bought_t - self.closing_stock_t - self.other_use_t


class Use(Input):
    """What entered one process: a bought ``material``, or the product of ``from_process``; cut-off included."""

    process: Id
    mass_t: NonNegative
    material: Id | None = None
    from_process: Id | None = None
    #: Only these lots were used, which needs ``evidence``; absent: the average of all.
    lots: tuple[Id, ...] = ()
    evidence: Name = ""


class Installation(Input):
    """An installation in one calendar year."""

    year: int = Field(ge=2026, le=2060, examples=[2026])
    name: Name = ""
    processes: tuple[PlantProcess, ...] = Field(min_length=1, max_length=2000)
    streams: tuple[Stream, ...] = Field(default=(), max_length=10000)
    pfc: tuple[Perfluorocarbons, ...] = Field(default=(), max_length=1000)
    transfers: tuple[Transfer, ...] = Field(default=(), max_length=10000)
    purchases: tuple[Purchase, ...] = Field(default=(), max_length=10000)
    uses: tuple[Use, ...] = Field(default=(), max_length=20000)
    #: Direct emissions of the whole site from its own report, to check the sum of streams against.
    total_direct_t: NonNegative | None = None
