"""A position on paper: obligation, cover, cost to date, and what is still to be bought at each price."""

from __future__ import annotations

import datetime as dt

from models.errors import Text
from service.position.use import Positioned
from service.press.document import Block, Column, Document, Figure, Figures, Steps, Table, Words

PLAIN = Text(
    "已付碳价只来自自己的合同；市场价只用来估算尚需购买的部分和边际成本，两者不能互相代替。",
    "The price paid rests on your own contracts alone; the market's price values what is still to be bought and the marginal view, "
    "and neither stands in for the other.",
)


def position_paper(found: Positioned, made_on: dt.date) -> Document:
    """Return a position as a paper."""
    made = found.position
    parts: list[Block] = [
        Figures(
            [
                Figure(Text("尚需购买", "Still to be bought"), _whole(made.open_t), "t"),
                Figure(Text("截至今日的碳成本", "Carbon cost to date"), _number(made.cost_cny), "CNY"),
                Figure(Text("平均已付碳价", "Average price paid"), _number(made.average_paid_cny_per_t, 4), "CNY/tCO2"),
            ]
        ),
        Words([PLAIN], plain=True),
        Steps(made.rows(), Text("头寸", "Position"), frozenset({"net", "open", "cost"})),
    ]
    if found.allocation:
        parts.append(Steps(found.allocation.rows(), Text("免费配额", "Free allocation")))
    if made.outlook:
        parts.append(
            Table(
                [
                    Column(Text("价格", "Price"), 2.4),
                    Column(Text("元/吨", "CNY/t"), 1, number=True),
                    Column(Text("购买费用 元", "To be spent, CNY"), 1.4, number=True),
                    Column(Text("全年合计 元", "The year, CNY"), 1.4, number=True),
                    Column(Text("每吨排放 元", "Per t emitted, CNY"), 1.2, number=True),
                ],
                [
                    [
                        one.line.label,
                        _number(one.line.cny_per_t),
                        _number(one.open_cny),
                        _number(one.total_cny),
                        _number(one.per_t_cny),
                    ]
                    for one in made.outlook
                ],
                Text(
                    "尚需购买部分按各价格估算（不是已付价格）",
                    "What is still to be bought, at each price (no price paid)",
                ),
            )
        )
    if made.held:
        parts.append(
            Table(
                [
                    Column(Text("品种", "Instrument"), 1),
                    Column(Text("年份", "Vintage"), 1),
                    Column(Text("数量 t", "Tonnes"), 1, number=True),
                    Column(Text("成本 元", "Cost, CNY"), 1.4, number=True),
                ],
                [[i, str(v or "—"), _whole(t), _number(cost)] for i, v, t, cost in made.held],
                Text("持有", "Held"),
            )
        )
    if found.findings:
        parts.append(Words([one.text for one in found.findings], Text("请注意", "To be noted"), listed=True))
    parts.append(Words([Text(line, line) for line in made.proof()], Text("依据", "What it rests on"), listed=True))
    return Document(
        title=Text("履约年度配额与碳成本", "Allowances and carbon cost of a compliance year"),
        subtitle=Text(
            f"{found.installation} · {made.compliance_year} · {found.regime.name.zh}",
            f"{found.installation} · {made.compliance_year} · {found.regime.name.en}",
        ),
        made_on=made_on,
        key=f"{found.installation} {made.compliance_year} {made.as_of}",
        blocks=parts,
    )


def _number(value: float | None, digits: int = 2) -> str:
    return "—" if value is None else f"{value:,.{digits}f}"


def _whole(value: float | None) -> str:
    return _number(value, 0)
