"""The workbook of factors: the template, and what a filled one hands in, by row and cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.errors import Text
from models.factor_records import FactorMap, FactorRecord, Quality
from models.factor_review import HandIn
from models.findings import Finding
from service.workbook.layout import default_layout
from service.workbook.lists import Line, Lists, NothingToRead, read_lists, write_lists
from service.workbook.parts import build

NAME = "factors_workbook"
TITLE = Text("粤碳 · 因子提交表", "Yuetan · factors to hand in")
NOTES = (
    Text("“因子”表一行一条；更正用新编号，并在“替代”写明旧编号。橙色表头为必填，空不等于零。",
         "A factor per row; a correction bears a new id and names the old one. Orange headings are needed, blank is never zero."),
    Text("提交后由另一位有审核权限的人员审核，通过后才参与计算；已公布的国家或省级因子不会被替代。",
         "Somebody else with the right reviews each one before it counts; what an authority published is never replaced."),
    Text("“对应”表写明国家因子与省级因子指同一事物，用于说明换用的影响。非商业许可不能采用。",
         "The map says which national and provincial factors stand for the same thing. Non-commercial terms cannot be used."),
    Text("示例文件中的数值是编造的，只用来说明填法。", "The values of the example file are made up to show how to fill it in."),
)  # fmt: skip
_QUALITY = tuple(Quality.model_fields)
EXAMPLE: Mapping[str, list[dict[str, Any]]] = {
    "factors": [
        {
            "id": "EX-GD-2025", "key": "electricity", "name_zh": "示例省级电力因子", "value": 0.5, "unit": "kgCO2e/kWh",
            "level": "provincial", "region": "Guangdong", "data_year": 2024, "published": "2026-01-15",
            "source": "示例，非真实数据", "licence": "own", "uncertainty": 0.05, "evidence": "示例文件第 3 页",
            "technological": 2.0, "geographical": 1.0, "temporal": 2.0,
        },
    ],
    "maps": [
        {"national_id": "mee-footprint-2024:national_average", "provincial_id": "EX-GD-2025", "source": "示例对照表"},
    ],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReadFactors:
    """The factors and pairs of a workbook with the rows they came from, and every finding by cell."""

    factors: tuple[tuple[HandIn, Line], ...]
    maps: tuple[tuple[FactorMap, Line], ...]
    lists: Lists
    findings: tuple[Finding, ...]


def template_bytes(*, example: bool = False) -> bytes:
    """Return the workbook, empty or with a made-up example."""
    return write_lists(default_layout(NAME), TITLE, NOTES, EXAMPLE if example else None)


def read_factors(data: bytes) -> ReadFactors:
    """
    Read a workbook; a row that is refused is told and leaves the others.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or holds nothing to hand in.
    """
    lists = read_lists(data, default_layout(NAME), ())
    factors = [(one, line) for line in lists.of("factors") if (one := _factor(lists, line)) is not None]
    maps = list(zip(lists.made("maps", FactorMap), lists.places["maps"], strict=True))
    findings = lists.notes.close()
    if not factors and not maps and not any(finding.refuses for finding in findings):
        raise NothingToRead(field="file", names_zh="因子", names_en="Factors")
    return ReadFactors(tuple(factors), tuple(maps), lists, findings)


def _factor(lists: Lists, line: Line) -> HandIn | None:
    values, sheet = dict(line.values), lists.layout.sheets["factors"]
    evidence = values.pop("evidence", "")
    scores, problems = build(Quality, {of: values.pop(of) for of in _QUALITY if of in values}, sheet)
    record, more = build(FactorRecord, values | ({"quality": scores} if scores else {}), sheet)
    for problem in (*problems, *more):
        lists.refuse(line, problem)
    if record is None or problems:
        return None
    made, problems = build(HandIn, {"record": record, "evidence": evidence}, sheet)
    for problem in problems:
        lists.refuse(line, problem)
    return made
