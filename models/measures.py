"""Measures of activities: units by kind and size, and what converts into what."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.errors import BadData, Text, YuetanError
from models.files import read_yaml

_RATE = re.compile(r"\s*/\s*|\s+per\s+")


class UnknownMeasure(YuetanError):
    code = "measure.unknown"
    message = Text("不认识的单位“{unit}”。", "The unit '{unit}' is not known.")
    hint = Text("可用单位：{known}。", "Known units: {known}.")


class DoesNotConvert(YuetanError):
    code = "measure.does_not_convert"
    message = Text(
        "“{unit}”不能换算为“{to}”：一个是{kind_zh}，一个是{other_zh}。",
        "'{unit}' does not convert into '{to}': {kind} against {other}.",
    )
    hint = Text(
        "请改用同类单位；质量与体积、热值之间的换算需要您的密度或热值，不会自行假定。",
        "Use a unit of the same kind; between mass, volume and heat your own density or heat value is needed, none is assumed.",
    )


_KINDS_ZH = {
    "mass": "质量",
    "energy": "能量",
    "gas volume": "气体体积（标准状态）",
    "volume": "体积",
    "area": "面积",
    "transport": "运输周转量",
    "time": "时间",
    "count": "件数",
    "emissions": "排放量",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A unit: ``times`` of the base unit of its kind (kg, MJ, Nm3, m3, m2, t km, h, piece, kg of emissions)."""

    id: str
    text: Text
    kind: str
    times: float


@dataclass(frozen=True, slots=True)
class Measures:
    """All measures, by every spelling."""

    named: Mapping[str, Measure]

    def of(self, unit: str, field: str | None = None) -> Measure:
        """
        Return the measure that ``unit`` spells.

        Raises
        ------
        UnknownMeasure
            None does.
        """
        found = self.named.get(_fold(unit))
        if found is None:
            known = ", ".join(dict.fromkeys(one.id for one in self.named.values()))
            raise UnknownMeasure(field=field, unit=unit[:40], known=known)
        return found

    def ratio(self, unit: str, to: str, field: str | None = None) -> float:
        """
        Return how many ``to`` one ``unit`` is.

        Raises
        ------
        UnknownMeasure, DoesNotConvert
            A unit is not known, or they are of two kinds.
        """
        one, other = self.of(unit, field), self.of(to, field)
        if one.kind != other.kind:
            raise DoesNotConvert(
                field=field,
                unit=one.id,
                to=other.id,
                kind=one.kind,
                other=other.kind,
                kind_zh=_KINDS_ZH[one.kind],
                other_zh=_KINDS_ZH[other.kind],
            )
        return one.times / other.times

    def rate(self, unit: str, field: str | None = None) -> tuple[float, Measure]:
        """
        Return the kilograms and the measure of a rate such as ``tCO2e/MWh``: what to multiply by, and per what.

        Raises
        ------
        UnknownMeasure, DoesNotConvert
            It is no rate of emissions.
        """
        parts = _RATE.split(unit.strip(), maxsplit=1)
        if len(parts) != 2:
            raise UnknownMeasure(field=field, unit=unit[:40], known="kgCO2e/kWh, kgCO2e/kg, tCO2e per t")
        return self.ratio(parts[0], "kgCO2e", field), self.of(parts[1], field)


def load_measures(data_dir: Path) -> Measures:
    """
    Read the measures of ``data_dir/units.yaml``; its other units are names only.

    Raises
    ------
    BadData
        A size that is no positive number, an unknown kind, or a spelling of two units.
    """
    path = data_dir / "units.yaml"
    named: dict[str, Measure] = {}
    for name, told in read_yaml(path).items():
        if "kind" not in told:
            continue
        times = told["times"]
        if not isinstance(times, int | float) or not times > 0 or told["kind"] not in _KINDS_ZH:
            raise BadData(path=path.name, what=f"{name}: kind {told['kind']!r}, times {times!r}")
        made = Measure(str(name), Text(told["zh"], told["en"]), told["kind"], float(times))
        for spelling in {_fold(str(s)) for s in (name, told["zh"], *told["aliases"])}:
            if spelling in named:
                raise BadData(path=path.name, what=f"{spelling} spells {named[spelling].id} and {name}")
            named[spelling] = made
    return Measures(named)


def _fold(unit: str) -> str:
    # Case matters (a gram is no giga-), but for spaces, full width and the raised or lowered digits.
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", unit.replace("·", "")))
