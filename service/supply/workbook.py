"""The workbooks of a park and of offers: templates, and the question that a filled one asks, by row and cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from models.bids import BidAsk, Offer
from models.errors import Text
from models.findings import Finding
from models.inputs import Input
from models.park_asked import ParkAsk, ParkFlow, ParkMember, ParkSupply
from service.workbook.layout import default_layout
from service.workbook.lists import Line, Lists, read_lists, write_lists
from service.workbook.parts import build
from service.workbook.problems import CellProblem

Asked = TypeVar("Asked", bound=Input)
Rows = Mapping[str, list[dict[str, Any]]]
PARK, BIDS = "park_workbook", "bids_workbook"
TITLES = {
    PARK: Text("粤碳 · 园区碳排放汇总填报表", "Yuetan · roll-up of a park"),
    BIDS: Text("粤碳 · 报价含碳比较填报表", "Yuetan · offers compared by price and carbon"),
}
NOTES = {
    PARK: (
        Text(
            "一个园区、一个核算期。橙色表头为必填；空表示不知道，不等于零。",
            "One park and one period. Orange headings are needed; blank is not known, never zero.",
        ),
        Text(
            "共享的电力、热力写在“能源供应”：自产填直接排放，外购填因子和来源；谁用了多少写在“用量”。",
            "Shared power and heat are supplies: direct emissions where made, a factor with its source where bought; who took how "
            "much stands among the flows.",
        ),
        Text(
            "有行被拒绝时不计算合计：少一行，园区的两边就不平。请按提示改好后再提交。",
            "Where a row is refused nothing is added up: without it the two sides of the park would not agree.",
        ),
    ),
    BIDS: (
        Text(
            "一种产品、一张采购单。橙色表头为必填；空表示不知道，不等于零。",
            "One product, one purchase. Orange headings are needed; blank is not known, never zero.",
        ),
        Text(
            "影子碳价是采购方自己的假设，须写明依据；结果同时列出名次在哪个碳价改变。",
            "The shadow price is the buyer's own assumption with what it rests on; the result says at which prices the order changes.",
        ),
        Text(
            "有错误的报价不参加比较，其余照常；不同系统边界的足迹不能比较。",
            "An offer with a mistake is left out and the others are compared; footprints of different boundaries are not.",
        ),
    ),
}
_MADE_UP = Text("示例，非真实数据", "example, made up")
PARK_ROWS: Rows = {
    "park": [{"park": "示例园区", "first": "2025-01-01", "last": "2025-12-31"}],
    "members": [
        {
            "id": "A", "name": "热电与铝材企业", "direct_tco2": 1000.0, "output": 500.0, "output_unit": "t",
            "reported_indirect_tco2": 180.0,
        },
        {"id": "B", "name": "陶瓷企业", "direct_tco2": 200.0, "output": 90_000.0, "output_unit": "m2", "reported_indirect_tco2": 450.0},
        {"id": "C", "name": "电子企业", "direct_tco2": 0.0},
    ],
    "supplies": [
        {"id": "热电厂", "kind": "electricity", "unit": "MWh", "quantity": 1000.0, "operator": "A", "direct_tco2": 600.0},
        {
            "id": "电网", "kind": "electricity", "unit": "MWh", "quantity": 400.0, "factor_tco2_per_unit": 0.5,
            "factor_source": _MADE_UP.zh,
        },
        {"id": "锅炉", "kind": "heat", "unit": "GJ", "quantity": 3000.0, "direct_tco2": 150.0, "exported": 500.0},
    ],
    "flows": [
        {"supply": "热电厂", "taker": "A", "quantity": 300.0},
        {"supply": "热电厂", "taker": "B", "quantity": 600_000.0, "unit": "kWh"},
        {"supply": "热电厂", "taker": "锅炉", "quantity": 100.0},
        {"supply": "电网", "taker": "C", "quantity": 400.0},
        {"supply": "锅炉", "taker": "B", "quantity": 2000.0},
        {"supply": "锅炉", "taker": "C", "quantity": 500.0},
    ],
}  # fmt: skip
_FOOTPRINT = {"boundary": "cradle_to_gate", "method": "GB/T 24067-2024", "year": 2025}
BID_ROWS: Rows = {
    "need": [
        {
            "product": "热轧型钢", "shadow_cny_per_t": 80.0, "shadow_source": "示例假设，非真实价格", "quantity": 500.0,
            "unit": "t",
        }
    ],
    "offers": [
        {
            "id": "1", "bidder": "甲钢厂", "price_cny_per_unit": 4000.0, "footprint_kgco2e_per_unit": 2100.0,
            "low_kgco2e_per_unit": 1950.0, "high_kgco2e_per_unit": 2250.0, "data_quality": 3, **_FOOTPRINT,
        },
        {
            "id": "2", "bidder": "乙电炉厂", "price_cny_per_unit": 4060.0, "footprint_kgco2e_per_unit": 1200.0,
            "low_kgco2e_per_unit": 1100.0, "high_kgco2e_per_unit": 1300.0, "data_quality": 2,
            "verified_by": "示例核查机构", **_FOOTPRINT,
        },
        {"id": "3", "bidder": "丙贸易商", "price_cny_per_unit": 3980.0},
    ],
}  # fmt: skip


class OneRow(CellProblem):
    code = "supply.one_row"
    message = Text("“{name_zh}”表只能有一行。", "The sheet '{name_en}' takes one row.")
    hint = Text("请分成几个文件。", "Use a file for each.")


class TooFewOffers(CellProblem):
    code = "bids.too_few"
    message = Text("可以比较的报价只有 {count} 个。", "Offers that can be compared: {count}.")
    hint = Text("比较至少需要两个；请先改好有错误的报价。", "Two at least are needed: mend those with mistakes first.")


@dataclass(frozen=True, slots=True)
class ReadAsk(Generic[Asked]):
    """The question that a workbook asks; none where it cannot be asked, and then the findings say why."""

    asked: Asked | None
    lists: Lists
    findings: tuple[Finding, ...]


def template_bytes(name: str, example: Rows | None) -> bytes:
    """Return a workbook to fill in, empty or with an example."""
    return write_lists(default_layout(name), TITLES[name], NOTES[name], example)


def read_park(data: bytes) -> ReadAsk[ParkAsk]:
    """
    Read a park from a workbook; none where a row is refused, since its two sides would not agree without it.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or holds no park or no members.
    """
    lists = read_lists(data, default_layout(PARK), ("park", "members"))
    head = _only(lists, "park")
    given = {
        "members": lists.made("members", ParkMember),
        "supplies": lists.made("supplies", ParkSupply),
        "flows": lists.made("flows", ParkFlow),
    }
    if head is None or any(finding.refuses for finding in lists.notes.findings):
        return ReadAsk(None, lists, lists.notes.close())
    asked = _asked(lists, "park", ParkAsk, head.values | given)
    return ReadAsk(asked, lists, lists.notes.close())


def read_bids(data: bytes) -> ReadAsk[BidAsk]:
    """
    Read offers from a workbook; an offer that is refused is told and left out.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or holds no purchase or no offers.
    """
    lists = read_lists(data, default_layout(BIDS), ("need", "offers"))
    head = _only(lists, "need")
    offers = lists.made("offers", Offer)
    if head is None:
        return ReadAsk(None, lists, lists.notes.close())
    if len(offers) < 2:
        lists.refuse(head, TooFewOffers(count=len(offers)))
        return ReadAsk(None, lists, lists.notes.close())
    values = {name: value for name, value in head.values.items() if name != "unit"}
    asked = _asked(lists, "need", BidAsk, values | {"offers": offers})
    return ReadAsk(asked, lists, lists.notes.close())


def _only(lists: Lists, key: str) -> Line | None:
    """Return the row of a sheet that takes one; more are told at their places."""
    lines = lists.places[key] = lists.of(key)
    text = lists.layout.sheets[key].text
    for more in lines[1:]:
        first = next(iter(lists.layout.sheets[key].columns))
        lists.refuse(more, OneRow(field=first, name_zh=text.zh, name_en=text.en))
    return lines[0] if lines else None


def _asked(lists: Lists, key: str, kind: type[Asked], values: dict[str, Any]) -> Asked | None:
    """Return the question; what stands against it is told at the row of the sheet that takes one."""
    asked, problems = build(kind, values, lists.layout.sheets[key])
    for problem in problems:
        lists.refuse(lists.places[key][0], problem)
    return asked
