"""The workbook of a chain: the template, and the chain that a filled one, or two tables, describe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.errors import Text
from models.findings import Finding
from models.roll_up_asked import ChainAsk, ChainInput, ChainNode
from models.statement_asked import MarketPrice
from service.workbook.guard import RawSheet, read_sheets
from service.workbook.layout import default_layout
from service.workbook.lists import Lists, NothingToRead, lists_of, write_lists
from service.workbook.parts import build
from service.workbook.problems import CellProblem

NAME = "chain_workbook"
TITLE = Text("粤碳 · 产业链碳成本填报表", "Yuetan · carbon cost along a chain")
NOTES = (
    Text(
        "“节点”一行一种产品，“投入”一行一种用量（每单位产品）。橙色表头为必填；空表示不知道，不等于零。",
        "A node per product, an input per amount used per unit of it. Orange headings are needed; blank is not known, never zero.",
    ),
    Text(
        "返回的废钢、自用的电写成投入即可，循环会一起求解；转一圈不减少的循环会被拒绝并指明。",
        "Returning scrap and power used to make power are inputs like others: loops are solved; one that does not shrink is "
        "refused by name.",
    ),
    Text(
        "成本单、行业平均、投入产出估计的成本已含上游，这些节点不要再列投入。",
        "The cost of a statement, an average or an estimate holds its upstream: such nodes take no inputs.",
    ),
)
_PRICE = {
    "cny_per_t": 80.0, "statistic": "成交量加权均价", "first": "2026-01-01", "last": "2026-06-30", "source": "示例，非真实价格",
}  # fmt: skip
EXAMPLE: Mapping[str, list[dict[str, Any]]] = {
    "nodes": [
        {
            "id": "电厂", "unit": "MWh", "level": "own", "direct_tco2_per_unit": 0.8, "direct_covered": True,
            "free_tco2_per_unit": 0.78, "allocation": "benchmark", "average_paid_cny_per_tco2": 2.0,
            "scheme": "CEA", "compliance_year": 2026,
        },
        {
            "id": "板坯", "level": "own", "direct_tco2_per_unit": 1.85, "direct_covered": True,
            "electricity_tco2_per_unit": 0.4, "electricity_covered": False, "free_tco2_per_unit": 1.8,
            "allocation": "benchmark", "average_paid_cny_per_tco2": 2.2, "scheme": "CEA", "compliance_year": 2026,
        },
        {
            "id": "薄板", "level": "own", "direct_tco2_per_unit": 0.12, "direct_covered": False, "hand_on": 0.8,
        },
        {
            "id": "石灰", "level": "sector_average", "source": "示例，非真实数据", "full_cny_per_unit": 60.0,
            "paid_cny_per_unit": 3.0, "marginal_cny_per_unit": 5.0,
        },
    ],
    "inputs": [
        {"product": "板坯", "input": "电厂", "amount": 500.0, "unit": "kWh", "carries": "electricity", "price_share": 0.2},
        {"product": "板坯", "input": "石灰", "amount": 60.0, "unit": "kg"},
        {"product": "薄板", "input": "板坯", "amount": 1.05},
        {"product": "板坯", "input": "薄板", "amount": 0.15},
    ],
    "market": [_PRICE],
}  # fmt: skip


class OnePrice(CellProblem):
    code = "chain.one_price"
    message = Text("“市场价”表只能有一行。", "The price sheet takes one row.")
    hint = Text("不同的价格请写在节点的“本节点市场价”。", "Enter other prices at their nodes.")


@dataclass(frozen=True, slots=True)
class ReadChain:
    """The chain that a file describes; none where a row is refused, since what is left out would cost nothing."""

    asked: ChainAsk | None
    lists: Lists
    findings: tuple[Finding, ...]


def template_bytes(*, example: bool = False) -> bytes:
    """Return the workbook, empty or with an example."""
    return write_lists(default_layout(NAME), TITLE, NOTES, EXAMPLE if example else None)


def read_chain(data: bytes, inputs: bytes | None = None) -> ReadChain:
    """
    Read a chain from a workbook, or from a table of nodes and one of inputs.

    Raises
    ------
    FileProblem, NothingToRead
        A file cannot be read, or holds no nodes.
    """
    layout = default_layout(NAME)
    sheets = read_sheets(data)
    if inputs is not None:
        names = {key: layout.sheets[key].text.zh for key in ("nodes", "inputs")}
        sheets = [_named(sheets[:1], names["nodes"]), _named(read_sheets(inputs)[:1], names["inputs"])]
    lists = lists_of(sheets, layout, ("nodes",))
    nodes, links = lists.made("nodes", ChainNode), lists.made("inputs", ChainInput)
    prices = lists.made("market", MarketPrice)
    for more in lists.of("market")[1:]:
        lists.refuse(more, OnePrice(field="cny_per_t"))
    findings = lists.notes.close()
    if any(finding.refuses for finding in findings):
        return ReadChain(None, lists, findings)
    given: dict[str, Any] = {"nodes": nodes, "inputs": links, "market": prices[0] if prices else None}
    asked, problems = build(ChainAsk, given, layout.sheets["nodes"])
    for problem in problems:
        lists.refuse(lists.of("nodes")[0], problem)
    if asked is None and not problems:
        raise NothingToRead(field="file", names_zh="节点", names_en="Nodes")
    return ReadChain(asked, lists, lists.notes.close())


def _named(sheets: Sequence[RawSheet], name: str) -> RawSheet:
    return replace(sheets[0], head=replace(sheets[0].head, name=name))
