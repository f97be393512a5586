"""A park and a comparison of offers on paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from models.bids import METHOD as BIDS_METHOD
from models.bids import Comparison
from models.errors import Text
from models.findings import Finding
from models.park import METHOD as PARK_METHOD
from models.park import Park
from models.park_asked import KINDS
from models.provenance import fingerprint
from models.table import Result
from service.press.document import Block, Column, Document, Figure, Figures, Steps, Table, Words
from service.supply.verdict import bid_verdict, park_verdict

#: Rows of a table on paper; the API holds more.
_MOST_ROWS = 200
_Cells = list[Text | str]


def park_paper(found: Park, made_on: dt.date) -> Document:
    """Return the roll-up of a park as a paper."""
    asked = found.asked
    parts: list[Block] = [
        Figures(
            [
                Figure(Text("园区合计", "The park"), _shown(found.total), "tCO2"),
                Figure(Text("企业承担", "Carried by members"), _shown(found.carried), "tCO2"),
                Figure(Text("随外供转出", "Exported"), _shown(found.exported), "tCO2"),
                Figure(Text("相加会重复计算", "Counted twice by a plain sum"), _shown(found.counted_twice), "tCO2"),
            ]
        ),
        Words(park_verdict(found), Text("结论", "In plain words"), plain=True),
        _members(found),
    ]
    if found.supplies:
        parts.append(_supplies(found))
    parts.append(Steps(found.rows(), Text("核对", "Balance"), frozenset({"total", "carried"})))
    parts += _notes(found, found.findings, PARK_METHOD)
    return Document(
        title=Text("园区碳排放汇总", "Roll-up of a park"),
        subtitle=Text(f"{asked.park} · {asked.first} 至 {asked.last}", f"{asked.park}, {asked.first} to {asked.last}"),
        made_on=made_on,
        key=fingerprint({"method": PARK_METHOD, "inputs": asked.model_dump(mode="json")})[:16],
        blocks=parts,
    )


def bids_paper(found: Comparison, made_on: dt.date) -> Document:
    """Return a comparison of offers as a paper."""
    asked, best = found.asked, found.best
    unit = f"CNY/{found.unit}"
    parts: list[Block] = [
        Figures(
            [
                Figure(Text("第一名", "First"), best.offer.bidder if best else "—"),
                Figure(Text("价格加碳成本", "Price and carbon"), _shown(best.whole if best else None), unit),
                Figure(Text("影子碳价（假设）", "Shadow price (assumed)"), _shown(asked.shadow_cny_per_t), "CNY/tCO2e"),
            ]
        ),
        Words(bid_verdict(found), Text("结论", "In plain words"), plain=True),
        _offers(found),
    ]
    if found.flips:
        parts.append(_flips(found))
    parts.append(Steps(found.rows(), Text("核对", "Checks"), frozenset({"best", "whole"})))
    parts += _notes(found, found.findings, BIDS_METHOD)
    return Document(
        title=Text("报价含碳比较", "Offers compared by price and carbon"),
        subtitle=Text(f"{asked.product} · {len(found.offers)} 个报价", f"{asked.product}, {len(found.offers)} offers"),
        made_on=made_on,
        key=fingerprint({"method": BIDS_METHOD, "inputs": asked.model_dump(mode="json")})[:16],
        blocks=parts,
    )


def _members(found: Park) -> Table:
    rows: list[_Cells] = [
        [
            one.name, _shown(one.direct), _shown(one.handed_on), _shown(one.received["electricity"]),
            _shown(one.received["heat"]), _shown(one.total), "—" if one.share is None else f"{one.share:.1%}",
            "—" if one.per_output is None else f"{one.per_output:,.4f} tCO2/{one.output_unit}",
        ]
        for one in found.members
    ]  # fmt: skip
    heads = (
        (Text("直接", "Direct"), 1.0), (Text("转出", "Handed on"), 1.0), (Text("电力转入", "With power"), 1.0),
        (Text("热力转入", "With heat"), 1.0), (Text("合计", "Total"), 1.0), (Text("占比", "Share"), 0.8),
        (Text("单位产量", "Per unit"), 1.6),
    )  # fmt: skip
    columns = [Column(Text("企业", "Member"), 1.8), *(Column(head, width, number=True) for head, width in heads)]
    return Table(columns, _cut(rows, len(columns)), Text("各企业排放，tCO2", "Emissions of the members, tCO2"))


def _supplies(found: Park) -> Table:
    names = {one.id: one.name for one in found.members}
    rows: list[_Cells] = [
        [
            one.id, KINDS[one.kind], names.get(one.operator or "", "—"), f"{one.quantity:,.1f} {one.unit}",
            _shown(one.taken), _shown(one.exported), f"{one.lost:z,.2f}", f"{one.tco2_per_unit:,.5f}",
        ]
        for one in found.supplies
    ]  # fmt: skip
    heads = (
        Text("生产或购入", "Made or bought"), Text("用出", "Taken"), Text("外供", "Exported"), Text("损耗", "Lost"),
        Text("tCO2/单位", "tCO2 per unit"),
    )  # fmt: skip
    columns = [
        Column(Text("供应", "Supply"), 1.3), Column(Text("种类", "Kind"), 0.9), Column(Text("运营", "Run by"), 1.4),
        *(Column(head, 1.2, number=True) for head in heads),
    ]  # fmt: skip
    return Table(columns, _cut(rows, len(columns)), Text("共享的电力和热力", "Power and heat shared"))


def _offers(found: Comparison) -> Table:
    rows: list[_Cells] = [
        [
            _place(one.rank), _place(one.rank_by_price), f"{one.offer.id} · {one.offer.bidder}", _shown(one.price),
            _shown(one.footprint_kg), _shown(one.carbon), _shown(one.whole),
            "—" if one.low is None or one.high is None or one.low == one.high else f"{one.low:,.2f} – {one.high:,.2f}",
            _shown(one.total_t),
        ]
        for one in found.offers
    ]  # fmt: skip
    heads = (
        Text("单价", "Price"), Text("足迹 kgCO2e", "Footprint, kgCO2e"), Text("碳成本", "Carbon"), Text("合计", "Together"),
        Text("区间", "Interval"), Text("总排放 tCO2e", "In all, tCO2e"),
    )  # fmt: skip
    columns = [
        Column(Text("含碳名次", "Rank"), 0.7), Column(Text("价格名次", "By price"), 0.7), Column(Text("报价", "Offer"), 1.7),
        *(Column(head, 1.6 if head.en == "Interval" else 1.1, number=True) for head in heads),
    ]  # fmt: skip
    return Table(
        columns,
        _cut(rows, len(columns)),
        Text(f"各报价，元/{found.unit}", f"The offers, CNY per {found.unit}"),
    )


def _flips(found: Comparison) -> Table:
    yes = Text("是", "yes")
    rows: list[_Cells] = [
        [_shown(one.cny_per_t), one.lower, one.upper, yes if one.first_place else "—"] for one in found.flips
    ]
    columns = [
        Column(Text("影子碳价 元/tCO2e", "Shadow price, CNY/tCO2e"), 1.5, number=True),
        Column(Text("低于时在前", "Ahead below"), 1.5),
        Column(Text("高于时在前", "Ahead above"), 1.5),
        Column(Text("第一名改变", "First place changes"), 1),
    ]
    return Table(columns, _cut(rows, len(columns)), Text("名次在哪个碳价改变", "Where the order changes"))


def _notes(found: Result, findings: Sequence[Finding], method: str) -> list[Block]:
    told = [Text(f"{one.text.zh}{one.hint.zh}", f"{one.text.en} {one.hint.en}") for one in findings[:_MOST_ROWS]]
    rests = [Text(f"方法 {method}。", f"Method {method}."), *(Text(line, line) for line in found.proof())]
    parts: list[Block] = [Words(told, Text("请注意", "To be noted"), listed=True)] if told else []
    return [*parts, Words(rests, Text("依据", "What it rests on"), listed=True)]


def _cut(rows: list[_Cells], wide: int) -> list[_Cells]:
    """Return the rows that fit on paper, with how many are left out."""
    left = len(rows) - _MOST_ROWS
    if left <= 0:
        return rows
    more = Text(f"另有 {left} 行未列出", f"{left} more are not listed")
    return [*rows[:_MOST_ROWS], [more, *[""] * (wide - 1)]]


def _shown(value: float | None) -> str:
    return "—" if value is None else f"{value:z,.2f}"


def _place(rank: int | None) -> str:
    return "—" if rank is None else str(rank)
