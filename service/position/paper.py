"""A position on paper: obligation, cover, cost to date, and what is still to be bought at each price."""

from __future__ import annotations

import datetime as dt
import math

from models.errors import Text
from service.position.use import Positioned
from service.press.document import Block, Column, Document, Figure, Figures, Steps, Table, Words

#: Products on paper; the API holds all of them.
_MOST_ROWS = 200
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
    if found.costs is not None:
        parts.append(cost_table(found))
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


COST_HEADS = (
    Text("强度 tCO2/t", "Intensity, tCO2/t"), Text("全额 元/t", "Full, CNY/t"), Text("实付 元/t", "Paid, CNY/t"),
    Text("边际 元/t", "Marginal, CNY/t"), Text("实付合计 元", "Paid, CNY"),
)  # fmt: skip
REST = Text("未列入产品的排放", "Emissions of no product listed")


def cost_rows(found: Positioned) -> list[list[Text | str]]:
    """Return name, intensity, the three views per tonne and what was paid for the year, of each product and of the rest."""
    of = found.costs
    if of is None:
        return []
    rows: list[list[Text | str]] = [
        [one.product, _shown(of.intensity_tco2_per_t[i], 4), *(_shown(v, 4) for v in of.views_cny_per_t[i]),
         _shown(of.totals_cny[i, 1], 2)]
        for i, one in enumerate(found.products)
    ]  # fmt: skip
    return [*rows, [REST, f"{of.rest_t[0]:z,.0f} t", "—", "—", "—", _shown(of.rest_cny[0, 1], 2)]]


def cost_table(found: Positioned) -> Table:
    """Return what carbon costs each product as a table."""
    rows = cost_rows(found)
    if len(rows) > _MOST_ROWS:
        left = Text(
            f"另有 {len(rows) - _MOST_ROWS} 个产品，见接口", f"{len(rows) - _MOST_ROWS} more products: see the API"
        )
        rows = [*rows[: _MOST_ROWS - 1], [left, "", "", "", "", ""], rows[-1]]
    heads = [Column(Text("产品", "Product"), 2), *(Column(head, 1.1, number=True) for head in COST_HEADS)]
    return Table(
        heads,
        rows,
        Text("每吨产品的碳成本（三种口径不可混用）", "Carbon cost per tonne of product (three views, never mixed)"),
    )


def _shown(value: float, digits: int) -> str:
    return "—" if math.isnan(value) else f"{value:z,.{digits}f}"


def _number(value: float | None, digits: int = 2) -> str:
    return "—" if value is None else f"{value:,.{digits}f}"


def _whole(value: float | None) -> str:
    return _number(value, 0)
