"""
The report of the operator for the definitive period, as a structured record with a schema of its own version.

The registry's machine schema is not public: this is a record of the fields that
Annex IV of Implementing Regulation (EU) 2025/2547 names as far as our sources
describe them, SEFA included. What is not known is listed as missing and never filled in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import Field

from cbam.installation import InstallationResult
from cbam.made import Part, ProcessResult
from cbam.plant import Installation
from models.errors import Text
from models.files import read_yaml
from models.inputs import Input
from service.communication.known import FOLDER
from service.press.document import Block, Column, Document, Figure, Figures, Table, Words

SCHEMA = "yuetan.operator-report/1"


class Place(Input):
    """Who operates the installation and where it is."""

    operator: str | None = Field(default=None, max_length=200)
    installation: str | None = Field(default=None, max_length=200)
    street: str | None = Field(default=None, max_length=200)
    city: str | None = Field(default=None, max_length=100)
    post_code: str | None = Field(default=None, max_length=20)
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    unlocode: str | None = Field(default=None, pattern=r"^[A-Z]{2}[A-Z2-9]{3}$")
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    contact: str | None = Field(default=None, max_length=200)
    registry_id: str | None = Field(default=None, max_length=60)


class Verification(Input):
    """Who verified the report."""

    verifier: str | None = Field(default=None, max_length=200)
    accreditation: str | None = Field(default=None, max_length=100)
    report_id: str | None = Field(default=None, max_length=100)
    issued_on: dt.date | None = None
    site_visit_on: dt.date | None = None


class PrecursorReport(Input):
    """One precursor of a good: mass per tonne, its values and how they are known."""

    name: str
    cn_code: str | None
    country: str | None
    mass_t_per_t: float
    see_tco2e_per_t: float
    sefa_tco2e_per_t: float
    known: str


class GoodReport(Input):
    """One good of one production process."""

    process: str
    cn_code: str
    category: str
    route: str
    activity_level_t: float
    attributed_emissions_t: float = Field(description="Whole tonnes, half up")
    see_direct_tco2e_per_t: float = Field(description="At most five decimals, half up")
    see_indirect_tco2e_per_t: float = Field(description="Only where the list says that indirect emissions count")
    see_tco2e_per_t: float
    sefa_tco2e_per_t: float
    share_default: float
    precursors: tuple[PrecursorReport, ...]
    parameters: dict[str, float | str]


class OperatorReport(Input):
    """The report: place, period, goods, verification, and what is missing by its path."""

    schema_version: str = SCHEMA
    period_start: dt.date
    period_end: dt.date
    place: Place
    verification: Verification
    goods: tuple[GoodReport, ...]
    missing: tuple[str, ...]


@cache
def parameters_of(category: str) -> tuple[str, ...]:
    """Return the further parameters of a category, by key."""
    found: Mapping[str, Any] = read_yaml(FOLDER / "operator_report.yaml")
    return tuple(found.get(category, ()))


def operator_report(
    plant: Installation,
    found: InstallationResult,
    place: Place,
    verification: Verification,
    parameters: Mapping[str, Mapping[str, float | str]],
) -> OperatorReport:
    """
    Return the report of an installation's year.

    Parameters
    ----------
    plant, found
        What was measured, and what was worked out; figures are those declared, by the rounding of the act.
    place, verification
        Master data of the operator.
    parameters : mapping
        Further parameters by process and key, as the operator states them.
    """
    goods = tuple(_good(key, one, plant, parameters.get(key, {})) for key, one in found.processes.items())
    missing = [f"place.{name}" for name in Place.model_fields if getattr(place, name) is None]
    missing += [f"verification.{name}" for name in Verification.model_fields if getattr(verification, name) is None]
    for good in goods:
        missing += [
            f"goods.{good.process}.parameters.{name}"
            for name in parameters_of(good.category)
            if name not in good.parameters
        ]
    missing += [f"goods.{key}" for key in found.refused]
    return OperatorReport(
        period_start=dt.date(plant.year, 1, 1),
        period_end=dt.date(plant.year, 12, 31),
        place=place,
        verification=verification,
        goods=goods,
        missing=tuple(missing),
    )


def _good(key: str, one: ProcessResult, plant: Installation, parameters: Mapping[str, float | str]) -> GoodReport:
    return GoodReport(
        process=key,
        cn_code=one.good.cn_code,
        category=one.good.category,
        route=one.route,
        activity_level_t=one.process.activity_t,
        attributed_emissions_t=one.declared_attributed_t,
        see_direct_tco2e_per_t=round(one.see_direct_tco2e_per_t, 12),
        see_indirect_tco2e_per_t=round(one.see_indirect_tco2e_per_t, 12),
        see_tco2e_per_t=one.declared_see_tco2e_per_t,
        sefa_tco2e_per_t=one.declared_sefa_tco2e_per_t,
        share_default=one.share_default,
        precursors=tuple(_precursor(part, plant) for part in one.parts),
        parameters={name: value for name, value in parameters.items() if name in parameters_of(one.good.category)},
    )


def _precursor(part: Part, plant: Installation) -> PrecursorReport:
    """Return a precursor with code and country, of the process on site or of the lot bought that it comes from."""
    code = country = None
    if part.brought.of is not None:
        code, country = part.brought.of.good.cn_code, None
    else:
        lots = [lot for lot in plant.purchases if lot.material in part.name]
        named = [lot for lot in lots if lot.supplier and lot.supplier in part.name] or lots
        codes, countries = {lot.cn_code for lot in named}, {lot.origin for lot in named}
        code = codes.pop() if len(codes) == 1 else None
        country = countries.pop() if len(countries) == 1 else None
    return PrecursorReport(
        name=part.name,
        cn_code=code,
        country=country,
        mass_t_per_t=part.consumption_t_per_t,
        see_tco2e_per_t=part.see_tco2e_per_t,
        sefa_tco2e_per_t=part.sefa_tco2e_per_t,
        known=part.known,
    )


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the report."""
    return OperatorReport.model_json_schema(mode="serialization") | {"$id": f"urn:{SCHEMA}"}


def report_paper(report: OperatorReport, made_on: dt.date) -> Document:
    """Return the report as a paper and, by the same blocks, as a workbook."""
    blocks: list[Block] = [
        Figures(
            [
                Figure(Text("货物", "Goods"), str(len(report.goods))),
                Figure(Text("报告期", "Period"), f"{report.period_start} – {report.period_end}"),
                Figure(Text("缺项", "Missing"), str(len(report.missing))),
            ]
        ),
        Table(
            [Column(Text("工序", "Process"), 1.2), Column(Text("CN", "CN"), 0.9), Column(Text("路线", "Route"), 0.6),
             Column(Text("活动水平 t", "Activity t"), 1, number=True), Column(Text("归属排放 t", "Attributed t"), 1, number=True),
             Column(Text("SEE", "SEE"), 0.9, number=True), Column(Text("SEFA", "SEFA"), 0.9, number=True),
             Column(Text("默认值占比 %", "Defaults %"), 0.8, number=True)],
            [[g.process, g.cn_code, g.route or "—", f"{g.activity_level_t:,.3f}", f"{g.attributed_emissions_t:,.0f}",
              f"{g.see_tco2e_per_t:.5f}", f"{g.sefa_tco2e_per_t:.5f}", f"{g.share_default * 100:.1f}"] for g in report.goods],
            Text("货物", "Goods"),
        ),
        Table(
            [Column(Text("工序", "Process")), Column(Text("前体", "Precursor"), 1.3), Column(Text("CN", "CN")),
             Column(Text("国家", "Country"), 0.6), Column(Text("t/t", "t per t"), 0.8, number=True),
             Column(Text("SEE", "SEE"), 0.9, number=True),
             Column(Text("SEFA", "SEFA"), 0.9, number=True), Column(Text("依据", "Known by"))],
            [[g.process, p.name, p.cn_code or "—", p.country or "—", f"{p.mass_t_per_t:.6f}", f"{p.see_tco2e_per_t:.6f}",
              f"{p.sefa_tco2e_per_t:.6f}", p.known]
             for g in report.goods for p in g.precursors],
            Text("前体", "Precursors"),
        ),
        Words([Text(name, name) for name in report.missing or ("—",)], Text("缺项（不填充）", "Missing, and not filled in"), listed=True),
    ]  # fmt: skip
    who = report.place.installation or "—"
    return Document(
        title=Text("运营者报告（正式期）", "Report of the operator, definitive period"),
        subtitle=Text(who, who),
        made_on=made_on,
        key=SCHEMA,
        blocks=[block for block in blocks if not (isinstance(block, Table) and not block.rows)],
    )
