"""The workbook of a chain: the template, and the chain that a filled one, or two tables, describe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.errors import Text
from models.findings import Finding
from models.roll_up_asked import ChainInput, ChainNode, Name
from models.statement_asked import MarketPrice, PaidBy
from service.embedded.supplies import ChainQuestion, ChainStatement
from service.workbook.guard import RawSheet, read_sheets
from service.workbook.layout import default_layout
from service.workbook.lists import Line, Lists, NothingToRead, lists_of, write_lists
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
    Text(
        "供应商发来的签名成本单写在“成本单”表（编号），文件事先导入或与本表一起上传；三种口径和支付方由文件给出，不能改。",
        "A supplier's signed statement goes into the statements sheet by its number, its file brought in before or handed in beside "
        "this workbook: the three views and who has paid come from the file and cannot be changed.",
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
    "payers": [],
    "market": [_PRICE],
}  # fmt: skip


class OnePrice(CellProblem):
    code = "chain.one_price"
    message = Text("“市场价”表只能有一行。", "The price sheet takes one row.")
    hint = Text("不同的价格请写在节点的“本节点市场价”。", "Enter other prices at their nodes.")


class NoPayerHere(CellProblem):
    code = "chain.no_payer_here"
    message = Text("“{node}”不能写支付方：{why_zh}。", "No payer can be entered for '{node}': {why_en}.")
    hint = Text("请删去这一行，或改写节点。", "Delete the row, or name another node.")


class PaidTwice(CellProblem):
    code = "chain.paid_twice"
    message = Text(
        "“{node}”的同一支付方、装置、市场和年度写了两行。",
        "The same payer, installation, market and year stand twice for '{node}'.",
    )
    hint = Text("是同一笔请删去一行，是两笔请相加。", "Delete one if they are the same payment, add them up if not.")


class PayerRow(PaidBy):
    """A row of the payer list: who has paid how much per unit of which node."""

    node: Name


@dataclass(frozen=True, slots=True)
class ReadChain:
    """The chain that a file describes; none where a row is refused, since what is left out would cost nothing."""

    asked: ChainQuestion | None
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
    links, signed = lists.made("inputs", ChainInput), lists.made("statements", ChainStatement, _number)
    nodes = _with_payers(lists, lists.made("nodes", ChainNode), {one.id for one in signed})
    prices = lists.made("market", MarketPrice)
    for more in lists.of("market")[1:]:
        lists.refuse(more, OnePrice(field="cny_per_t"))
    findings = lists.notes.close()
    if any(finding.refuses for finding in findings):
        return ReadChain(None, lists, findings)
    given: dict[str, Any] = {
        "nodes": nodes, "inputs": links, "statements": signed, "market": prices[0] if prices else None,
    }  # fmt: skip
    asked, problems = build(ChainQuestion, given, layout.sheets["nodes"])
    for problem in problems:
        lists.refuse(lists.of("nodes")[0], problem)
    if asked is None and not problems:
        raise NothingToRead(field="file", names_zh="节点", names_en="Nodes")
    return ReadChain(asked, lists, lists.notes.close())


def _number(line: Line) -> dict[str, Any]:
    return line.values | {"number": str(line.values["number"]).strip().lower()}


def _with_payers(lists: Lists, nodes: Sequence[ChainNode], signed: set[str]) -> list[ChainNode]:
    """Return the nodes with who has paid what of each; a row that names no such node is refused at its cell."""
    made = {node.id: node for node in nodes}
    rows = lists.made("payers", PayerRow)
    for row, line in zip(rows, lists.places["payers"], strict=True):
        node = made.get(row.node)
        why = None
        if row.node in signed:
            why = Text("签名成本单自带支付方", "its signed statement names them")
        elif node is None:
            why = Text("“节点”表中没有它", "it is none of the nodes")
        elif not node.stated:
            why = Text("自有节点由自己支付，请填平均已付碳价", "it pays itself: enter its average price paid")
        if why:
            lists.refuse(line, NoPayerHere(field="node", node=row.node, why_zh=why.zh, why_en=why.en))
        elif node is not None:
            payer = PaidBy(**row.model_dump(exclude={"node"}))
            if payer.place in {one.place for one in node.paid_by}:
                lists.refuse(line, PaidTwice(field="issuer", node=row.node))
            made[row.node] = node.model_copy(update={"paid_by": (*node.paid_by, payer)})
    return [made[node.id] for node in nodes]


def _named(sheets: Sequence[RawSheet], name: str) -> RawSheet:
    return replace(sheets[0], head=replace(sheets[0].head, name=name))
