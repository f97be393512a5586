"""The cost of a chain on paper: the products, every node, whose statement and whose payment it rests on, and its checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from models.errors import Text
from models.provenance import fingerprint
from models.roll_up import METHOD, NodeCost, ProductCost
from models.roll_up_asked import LEVELS
from models.roll_up_paid import Payment
from models.statement_notes import VIEWS
from service.embedded.use import Rolled
from service.press.document import Block, Column, Document, Figure, Figures, Steps, Table, Words

PLAIN = (
    Text(
        "三种口径并列，不可混用：全额是纳入排放按市场价的机会成本；实付是扣除免费配额等之后真正支付的；边际是多产一单位的成本。",
        "Three views side by side, never to be mixed: full is what covered emissions would cost at the market price; paid is what "
        "was really paid after free allocation and the like; marginal is the cost of one more unit.",
    ),
    Text(
        "每一笔已付碳价只列一次；没有支付方的部分不能用于 CBAM 扣减或贷款材料。",
        "Each carbon price paid is listed once; the part without a payer serves neither a CBAM deduction nor a bank file.",
    ),
)
#: Rows of a table on paper; the workbook and the API hold more.
_MOST_ROWS = 200
_MOST_PRODUCTS = 10


def chain_paper(rolled: Rolled, made_on: dt.date) -> Document:
    """Return a chain rolled up as a paper."""
    found = rolled.found
    main = found.products[0] if found.products else None
    parts: list[Block] = [Figures(_figures(main))] if main else []
    parts += [Words(PLAIN, plain=True), _price(rolled), _nodes(found.nodes)]
    if rolled.statements:
        parts.append(_statements(rolled))
    for one in found.products[:_MOST_PRODUCTS]:
        name = one.node.id
        parts.append(
            Steps(one.rows(), Text(f"产品 · {name}", f"Product: {name}"), frozenset(f"{v[0]}_embedded" for v in VIEWS))
        )
        parts.append(_payers(one))
    if found.loops:
        loops = [[" · ".join(loop.members[:12]), f"{loop.radius:.4f}"] for loop in found.loops]
        columns = [Column(Text("节点", "Nodes"), 4), Column(Text("谱半径", "Spectral radius"), 1, number=True)]
        parts.append(Table(columns, loops, Text("循环", "Loops")))
    if rolled.findings:
        noted = [
            Text(f"{one.text.zh}{one.hint.zh}", f"{one.text.en} {one.hint.en}") for one in rolled.findings[:_MOST_ROWS]
        ]
        parts.append(Words(noted, Text("请注意", "To be noted"), listed=True))
    parts.append(Words(_checks(rolled), Text("核对与依据", "Checks, and what it rests on"), listed=True))
    names = "、".join(one.node.id for one in found.products[:3])
    return Document(
        title=Text("产业链碳成本", "Carbon cost along a chain"),
        subtitle=Text(f"{names} · {len(found.nodes)} 个节点", f"{names}, {len(found.nodes)} nodes"),
        made_on=made_on,
        key=fingerprint({"method": METHOD, "inputs": rolled.asked.model_dump(mode="json")})[:16],
        blocks=parts,
    )


def _figures(main: ProductCost) -> list[Figure]:
    unit = f"CNY/{main.node.unit}"
    views = [
        Figure(Text(f"{zh} · {main.node.id}", f"{en}, {main.node.id}"), _shown(main.node.embedded[at], 2), unit)
        for _, zh, en, at in VIEWS
    ]
    nobody = Text("实付中没有支付方", "Paid, without a payer")
    return [
        *views,
        Figure(nobody, _shown(main.unnamed_cny_per_unit, 4), unit, Text("不能用于扣减", "serves no deduction")),
    ]


def _price(rolled: Rolled) -> Block:
    market = rolled.asked.market
    if market is None:
        return Words([Text("没有填写市场价。", "No market price is entered.")])
    return Words(
        [
            Text(
                f"市场价 {market.cny_per_t:,.2f} 元/tCO2：{market.statistic}，{market.first} 至 {market.last}，{market.source}。",
                f"Market price {market.cny_per_t:,.2f} CNY/tCO2: {market.statistic}, {market.first} to {market.last}, {market.source}.",
            )
        ]
    )


def _nodes(nodes: Sequence[NodeCost]) -> Table:
    heads = (
        Text("全额", "Full"), Text("实付", "Paid"), Text("边际", "Marginal"), Text("到达买方（全额）", "Handed on (full)"),
        Text("自担（全额）", "Kept (full)"),
    )  # fmt: skip
    rows: list[list[Text | str]] = [
        [
            f"{one.id} ({one.unit})", LEVELS[one.level], *(_shown(value) for value in one.embedded), _shown(one.handed_on[0]),
            _shown(one.kept[0]),
        ]
        for one in nodes[:_MOST_ROWS]
    ]  # fmt: skip
    if len(nodes) > _MOST_ROWS:
        left = len(nodes) - _MOST_ROWS
        rows.append([Text(f"另有 {left} 个节点未列出", f"{left} more nodes are not listed"), "", "", "", "", "", ""])
    return Table(
        [
            Column(Text("节点", "Node"), 1.6),
            Column(Text("数据来源", "Level of data"), 1.5),
            *(Column(head, 1.1, number=True) for head in heads),
        ],
        rows,
        Text("各节点每单位碳成本，元（含上游）", "Carbon cost per unit of each node, CNY, upstream included"),
    )


def _statements(rolled: Rolled) -> Table:
    rows: list[list[Text | str]] = [
        [
            one.node, f"{one.said.issuer} · {one.said.product}", one.said.number, f"{one.said.first} – {one.said.last}",
            one.envelope.sha256[:16],
        ]
        for one in rolled.statements
    ]  # fmt: skip
    columns = [
        Column(Text("节点", "Node"), 1),
        Column(Text("出具方和产品", "Issuer and product"), 2),
        Column(Text("编号", "Number"), 2),
        Column(Text("期间", "Period"), 1.5),
        Column(Text("内容指纹", "Hash"), 1.3),
    ]
    return Table(
        columns,
        rows,
        Text("供应商成本单（签名有效，未撤回）", "Suppliers' statements (signature holds, not withdrawn)"),
    )


def _payers(one: ProductCost) -> Table:
    rows: list[list[Text | str]] = [_payment(paid) for paid in one.payments[:_MOST_ROWS]]
    if len(one.payments) > _MOST_ROWS:
        rest = sum(paid.cny_per_unit for paid in one.payments[_MOST_ROWS:])
        rows.append([Text("其余各笔合计", "the other payments together"), "—", "—", "—", _shown(rest)])
    paid = one.node.embedded[1]
    total = Text("实付合计", "Paid in total")
    rows.append([total, "", "", "", _shown(paid)])
    columns = [
        Column(Text("节点", "Node"), 1.2),
        Column(Text("支付方", "Paid by"), 1.8),
        Column(Text("装置", "Installation"), 1.2),
        Column(Text("市场和年度", "Scheme and year"), 1.1),
        Column(Text(f"元/{one.node.unit}", f"CNY/{one.node.unit}"), 1.1, number=True),
    ]
    return Table(columns, rows, Text(f"已付碳价由谁支付 · {one.node.id}", f"Who has paid: {one.node.id}"))


def _payment(paid: Payment) -> list[Text | str]:
    if paid.payer is None:
        nobody = Text("没有支付方，不能用于扣减", "no payer: serves no deduction")
        return [paid.node, nobody, "—", "—", _shown(paid.cny_per_unit)]
    of = paid.payer
    return [paid.node, of.issuer, of.installation, f"{of.scheme} {of.compliance_year}", _shown(paid.cny_per_unit)]


def _checks(rolled: Rolled) -> list[Text]:
    check = rolled.found.check
    told = [
        Text(
            f"方程 x = A′x + k 的残差 {check.residual:.1e}，与迭代解之差 {check.iteration_difference:.1e}（{check.iteration_rounds} 轮）。",
            f"Residual of x = A'x + k {check.residual:.1e}; against iteration {check.iteration_difference:.1e} "
            f"({check.iteration_rounds} rounds).",
        ),
        Text(f"方法 {METHOD}。", f"Method {METHOD}."),
    ]
    if len(rolled.found.products) > _MOST_PRODUCTS:
        left = len(rolled.found.products) - _MOST_PRODUCTS
        told.append(Text(f"另有 {left} 个产品未列出。", f"{left} more products are not listed."))
    return told


def _shown(value: float | None, digits: int = 4) -> str:
    return "—" if value is None else f"{value:z,.{digits}f}"
