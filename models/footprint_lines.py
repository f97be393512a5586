"""One activity worked out: its emissions, the factor it took and why, how sure both are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.bill import Activity, Bill
from models.errors import NOTHING, MissingInput, Text
from models.factor_choice import choose
from models.factor_records import LEVELS, FactorStore, Level
from models.factors import Fuel, fuel_emissions
from models.measures import Measures
from models.uncertainty import Interval, UncertaintyPolicy, interval, variation
from models.units import KG_PER_T


@dataclass(frozen=True, slots=True)
class Basis:
    """What lines are worked out with; ``order`` is which level of factors comes first."""

    store: FactorStore
    fuels: Mapping[str, Fuel]
    measures: Measures
    uncertainty: UncertaintyPolicy
    on: dt.date
    order: Sequence[Level] = LEVELS


@dataclass(frozen=True, slots=True)
class Line:
    """
    An activity and its emissions in kgCO2e of the site and period.

    ``rate`` is the factor in kgCO2e per unit of the amount; ``taken`` names it,
    and lines with one name share its error. Half-widths are fractions;
    ``assumed`` says that one of them is of the house. ``others`` are the
    emissions by the best factor of each other level.
    """

    activity: Activity
    kgco2e: float
    rate: float
    taken: str
    level: str
    reason: Text
    proof: str
    amount_half_width: float
    factor_half_width: float
    assumed: bool
    co2_only: bool
    others: Mapping[str, float]

    @property
    def interval(self) -> Interval:
        """The 95 % interval of its emissions, kgCO2e."""
        amount, factor = variation(self.amount_half_width), variation(self.factor_half_width)
        return interval(self.kgco2e, self.kgco2e * float(((1.0 + amount**2) * (1.0 + factor**2) - 1.0) ** 0.5))


def line_of(activity: Activity, bill: Bill, basis: Basis) -> Line:
    """
    Return the emissions of an activity.

    Raises
    ------
    UnknownMeasure, DoesNotConvert, NoFactorToChoose, MissingInput
        Unit or factor cannot be settled.
    """
    stated = activity.uncertainty
    amount_width = stated if stated is not None else basis.uncertainty.of(activity.quality.worst)
    if activity.factor is not None:
        of = activity.factor
        rate = _rate(of.unit, of.value, activity, basis.measures)
        width = of.uncertainty if of.uncertainty is not None else basis.uncertainty.of(activity.quality.worst)
        return Line(
            activity,
            activity.amount * rate,
            rate,
            f"{of.source} {of.value:.15g} {of.unit}",
            "supplier",
            Text("随活动数据填写的因子", "the factor entered with the activity"),
            f"{activity.id}: {of.value:g} {of.unit} [{of.source}, own]",
            amount_width,
            width,
            stated is None or of.uncertainty is None,
            _co2_only(of.unit),
            {},
        )
    if activity.fuel is not None:
        return _burnt(activity, basis, amount_width)
    if activity.key is not None:
        return _chosen(activity, activity.key, bill, basis, amount_width)
    if basis.measures.of(activity.unit, "unit").kind == "emissions":
        rate = basis.measures.ratio(activity.unit, "kgCO2e")
        return Line(
            activity,
            activity.amount * rate,
            rate,
            f"measured {activity.id}",
            "measured",
            Text("数量本身就是排放量", "the amount is emissions already"),
            f"{activity.id}: {activity.evidence or '-'}",
            amount_width,
            0.0,
            stated is None,
            _co2_only(activity.unit),
            {},
        )
    raise MissingInput(
        field="key",
        name_zh=f"活动“{activity.id}”的因子",
        name_en=f"factor of the activity '{activity.id}'",
        what_zh="碳足迹",
        what_en="its footprint",
    )


def _chosen(activity: Activity, key: str, bill: Bill, basis: Basis, amount_width: float) -> Line:
    found = choose(
        basis.store,
        key,
        region=activity.region,
        supplier=activity.supplier,
        year=bill.year,
        on=basis.on,
        order=basis.order,
    )
    of = found.record
    rate = _rate(of.unit, of.value, activity, basis.measures)
    width = of.uncertainty if of.uncertainty is not None else basis.uncertainty.of(of.quality.worst)
    others: dict[str, float] = {
        one.level: activity.amount * _rate(one.unit, one.value, activity, basis.measures) for one in found.others
    }
    return Line(
        activity,
        activity.amount * rate,
        rate,
        of.id,
        of.level,
        found.reason,
        found.line(),
        amount_width,
        width,
        activity.uncertainty is None or of.uncertainty is None,
        _co2_only(of.unit),
        others,
    )


def _burnt(activity: Activity, basis: Basis, amount_width: float) -> Line:
    fuel = basis.fuels.get(activity.fuel or "")
    if fuel is None:
        raise MissingInput(
            field="fuel",
            name_zh=f"燃料“{activity.fuel}”的缺省值（可用：{'、'.join(basis.fuels)}）",
            name_en=f"default values of the fuel '{activity.fuel}' (known: {', '.join(basis.fuels)})",
            what_zh="燃烧排放",
            what_en="its emissions of combustion",
        )
    per = basis.measures.ratio(activity.unit, fuel.activity_unit, "unit")
    rate = float(fuel_emissions(fuel, per, activity.oxidation)) * KG_PER_T
    return Line(
        activity,
        activity.amount * rate,
        rate,
        f"fuel {fuel.id} {activity.oxidation or ''}",
        "national",
        Text(
            "燃料缺省值，只含燃烧的 CO2，不含上游", "default values of the fuel: CO2 of burning alone, nothing upstream"
        ),
        fuel.line(),
        amount_width,
        basis.uncertainty.unscored,
        True,
        True,
        {},
    )


def _rate(unit: str, value: float, activity: Activity, measures: Measures) -> float:
    """Return the factor in kgCO2e per unit of the activity's amount."""
    kilograms, per = measures.rate(unit, "factor")
    return value * kilograms * measures.ratio(activity.unit, per.id, "unit")


def _co2_only(unit: str) -> bool:
    return "CO2" in unit and "CO2e" not in unit


def note_of(line: Line) -> Text:
    """Return what must be said beside a line."""
    said = [line.reason]
    if line.co2_only and line.activity.fuel is None:
        said.append(Text("因子只含 CO2", "the factor is of CO2 alone"))
    if line.assumed:
        said.append(Text("不确定性取本项目假定", "uncertainty by assumption of the house"))
    return Text("；".join(one.zh for one in said), "; ".join(one.en for one in said)) if said else NOTHING
