"""The workbook of footprints to offer: the template, and what a filled one offers, by row and cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.errors import Text
from models.findings import Finding
from models.pact.offered import OfferAsk, WorkedOut
from service.workbook.layout import default_layout
from service.workbook.lists import Line, Lists, NothingToRead, read_lists, split_names, write_lists
from service.workbook.parts import build
from service.workbook.problems import CellProblem

NAME = "pact_workbook"
TITLE = Text("粤碳 · 向合作方提供碳足迹", "Yuetan · footprints to offer to partners")
NOTES = (
    Text("一行一个产品，按 PACT 3.0 的要求填写；各数值都按一个声明单位。橙色表头为必填，空不等于零。",
         "A product per row, as PACT 3.0 asks; every figure is of one declared unit. Orange headings are needed, blank is never zero."),
    Text("在本系统留存过的碳足迹：填“留存编号”，碳足迹、单位、质量、周期由留存的版本给出，请不要重复填写。",
         "Of a footprint kept here give its id: footprint, unit, mass and period come from it and are left blank."),
    Text("化石、土地和生物排放各分项之和必须等于不含生物吸收的碳足迹；没有的填 0。先检查，再发布；发布后不可更改。",
         "The parts add up to the footprint without uptake; enter 0 where there is none. Check first: what is published never changes."),
    Text("示例文件中的企业和数值是编造的，只用来说明填法。", "Firm and values of the example file are made up."),
)  # fmt: skip
#: What a kept footprint gives; without one the row gives it.
_OF_KEPT = (
    "kgco2e", "declared_amount", "declared_unit", "mass_kg", "first", "last", "primary_percent", "technological",
    "geographical", "temporal", "allocation",
)  # fmt: skip
_NEEDED = ("kgco2e", "declared_unit", "mass_kg", "first", "last", "primary_percent")
_LISTS = ("company_ids", "product_ids", "classifications", "standards")
EXAMPLE: Mapping[str, list[dict[str, Any]]] = {
    "footprints": [
        {
            "company_name": "佛山示例铝业", "company_ids": "urn:pact:samr.gov.cn:uscc:91440600MA4UTE3T1X",
            "product_ids": "urn:pact:example.com:product-id:6063-A", "product_name": "铝型材 A",
            "product_description": "建筑用铝型材 6063", "classifications": "urn:pact:ec.europa.eu:cn-code:76042990",
            "kgco2e": 9.82, "declared_amount": 1.0, "declared_unit": "kg", "mass_kg": 1.0, "first": "2025-01-01",
            "last": "2025-12-31", "primary_percent": 35.0, "technological": 2.0, "geographical": 2.0, "temporal": 1.0,
            "fossil_ghg_kgco2e": 9.8, "land_use_change_kgco2e": 0.02, "biogenic_uptake_kgco2e": 0.0, "fossil_carbon_kg": 0.0,
            "characterization": "AR6", "standards": "ISO14067", "exempted_percent": 0.5, "subdivision": "CN-GD",
            "packaging_included": False, "ccs_included": False, "comment": "示例，非真实数据",
        },
    ],
}  # fmt: skip


class KeptOrGiven(CellProblem):
    code = "pact.kept_or_given"
    message = Text(
        "已填留存编号，请不要再填“{name_zh}”。", "With the id of a kept footprint '{name_en}' is left blank."
    )
    hint = Text("删除其中一个。", "Remove one of the two.")


class NeededWithoutKept(CellProblem):
    code = "pact.needed_without_kept"
    message = Text("没有留存编号时必须填“{name_zh}”。", "Without the id of a kept footprint '{name_en}' is needed.")
    hint = Text("请补填，或填写留存编号。", "Fill it in, or give the id of a kept footprint.")


class NoId(CellProblem):
    code = "pact.no_kept_id"
    message = Text("“{id}”不是留存编号。", "'{id}' is no id of a kept footprint.")
    hint = Text("编号见“留存的碳足迹”页或接口。", "Ids are on the page of kept footprints and in the API.")


@dataclass(frozen=True, slots=True)
class Offered:
    """A row: what its owner states, and the id of a kept footprint or what was worked out elsewhere."""

    asked: OfferAsk
    source: UUID | WorkedOut
    line: Line


@dataclass(frozen=True, slots=True)
class ReadOffers:
    """The rows of a workbook that could be read, and every finding by cell."""

    offers: tuple[Offered, ...]
    lists: Lists
    findings: tuple[Finding, ...]


def template_bytes(*, example: bool = False) -> bytes:
    """Return the workbook, empty or with a made-up example."""
    return write_lists(default_layout(NAME), TITLE, NOTES, EXAMPLE if example else None)


def read_offers(data: bytes) -> ReadOffers:
    """
    Read the footprints that a workbook offers; a row that is refused is told and leaves the others.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or offers nothing.
    """
    lists = read_lists(data, default_layout(NAME), ("footprints",))
    offers = [one for line in lists.of("footprints") if (one := _row(lists, line)) is not None]
    findings = lists.notes.close()
    if not offers and not any(finding.refuses for finding in findings):
        raise NothingToRead(field="file", names_zh="碳足迹", names_en="Footprints")
    return ReadOffers(tuple(offers), lists, findings)


def _row(lists: Lists, line: Line) -> Offered | None:
    values, sheet = dict(line.values), lists.layout.sheets["footprints"]
    problems: list[CellProblem] = []
    kept_text = values.pop("kept", None)
    own = {of: values.pop(of) for of in _OF_KEPT if of in values}
    kept: UUID | None = None
    if kept_text is not None:
        try:
            kept = UUID(str(kept_text))
        except ValueError:
            problems.append(NoId(field="kept", id=str(kept_text)[:40]))
    for of in _OF_KEPT:
        text = sheet.columns[of].text
        if kept_text is not None and of in own:
            problems.append(KeptOrGiven(field=of, name_zh=text.zh, name_en=text.en))
        if kept_text is None and of in _NEEDED and of not in own:
            problems.append(NeededWithoutKept(field=of, name_zh=text.zh, name_en=text.en))
    given = {name: split_names(value) if name in _LISTS else _text(value) for name, value in values.items()}
    asked, more = build(OfferAsk, given, sheet)
    problems += more
    for problem in problems:
        lists.refuse(line, problem)
    if asked is None or problems:
        return None
    return Offered(asked, kept or _worked_out(own, asked), line)


def _text(value: Any) -> Any:
    """Return a number of a cell as the decimal string that the exchange writes."""
    return format(value, ".15g") if isinstance(value, float) else value


def _worked_out(own: Mapping[str, Any], asked: OfferAsk) -> WorkedOut:
    first, last = own["first"], own["last"]
    return WorkedOut(
        kgco2e=own["kgco2e"], declared_amount=own.get("declared_amount", 1.0), declared_unit=own["declared_unit"],
        mass_kg=own["mass_kg"], first=_day(first), last=_day(last), primary_share=own["primary_percent"] / 100.0,
        technological=own.get("technological"), geographical=own.get("geographical"), temporal=own.get("temporal"),
        omitted_share=None, gwp_set="", boundary=None, allocation=own.get("allocation", ""), name=asked.product_name,
    )  # fmt: skip


def _day(value: Any) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
