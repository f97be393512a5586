"""A footprint on paper, in the sections of its method; what a section asks for and the bill does not say is printed as not stated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from models.errors import Text
from models.footprint import METHOD
from models.footprint_lines import note_of
from models.footprint_product import RUNG_WORDS, STAGE_WORDS, ProductFootprint
from models.method_difference import COUNTING_WORDS
from models.method_profile import FIELD_WORDS, Section, value_of
from models.table import Row
from service.footprint.use import Made
from service.press.document import Block, Column, Document, Figure, Figures, Steps, Table, Words

NOT_STATED = Text("未填写", "not stated")
UNVERIFIED = Text(
    "本报告由企业数据自动生成，未经第三方核查；区间为 95 %，其中标明“假定”的不确定性由本项目选取。",
    "Made from the producer's own data and not verified by a third party; intervals are of 95 %, and uncertainty marked as assumed "
    "was chosen by the project.",
)
_GATES = {"cradle_to_gate": "摇篮到大门 cradle to gate", "cradle_to_grave": "摇篮到坟墓 cradle to grave"}
#: Sections of a paper where no method gives any: the result and what it rests on.
_PLAIN = (
    Section("1", Text("范围", "Scope"), ("product.name", "product.declared_unit", "bill.boundary", "bill.period")),
    Section("2", Text("清单", "Inventory"), ("inventory.sources", "inventory.allocation", "inventory.lines", "inventory.quality")),
    Section("3", Text("结果", "Result"), ("impact.stages", "impact.result")),
)  # fmt: skip


def footprint_paper(made: Made, product_id: str, made_on: dt.date) -> Document:
    """Return the paper of one product; ``KeyError`` where it could not be worked out."""
    of = made.site.products[product_id]
    low, high = of.interval
    unit = f"kgCO2e/{of.product.declared_amount:g} {of.product.declared_unit}"
    name = of.product.name or of.product.id
    span = Text(f"95 %：{low:,.4g} 至 {high:,.4g}", f"95 %: {low:,.4g} to {high:,.4g}")
    figures = [Figure(Text("产品碳足迹", "Product carbon footprint"), f"{of.kgco2e:,.{of.digits}f}", unit, span)]
    if of.tco2e_per_t is not None:
        figures.append(Figure(Text("每吨产品", "Per tonne of product"), f"{of.tco2e_per_t:,.4f}", "tCO2e/t"))
    figures.append(Figure(Text("初级数据占比", "Share of primary data"), f"{of.primary_share * 100:.1f}", "%"))
    blocks: list[Block] = [Figures(figures), Words([UNVERIFIED], plain=True)]
    sections = made.profile.sections if made.profile and made.profile.sections else _PLAIN
    for section in sections:
        blocks += _section(section, made, of)
    open_points = [finding.text for finding in made.findings if finding.severity != "info"]
    if open_points:
        blocks.append(Words(open_points, Text("尚需处理", "Open points"), listed=True))
    if made.profile is not None:
        left = [made.profile.cut_off.said, *made.profile.open] if made.profile.cut_off.is_open else [*made.profile.open]
        blocks.append(Words(left, Text("方法中未见原文之处", "What our sources of the method leave open"), listed=True))
    proof = [Text(line, line) for line in made.site.proof()]
    blocks.append(Words(proof, Text("依据", "What it rests on"), listed=True))
    method = made.profile.name if made.profile else Text("未指定方法", "no method named")
    return Document(
        title=Text("产品碳足迹报告", "Product carbon footprint report"),
        subtitle=Text(f"{name} · {method.zh}", f"{name} · {method.en}"),
        made_on=made_on,
        key=f"{METHOD} {made.site.provenance.key}",
        blocks=blocks,
    )


def _section(section: Section, made: Made, of: ProductFootprint) -> list[Block]:
    """Return the blocks of a section: what is said in words first, then its tables."""
    title = Text(f"{section.id} {section.title.zh}", f"{section.id} {section.title.en}")
    rows = [_said(field, made, of) for field in section.fields if field in FIELD_WORDS]
    tables = [block for field in section.fields if field in _TABLES for block in _TABLES[field](made, of)]
    if rows:
        return [Steps(rows, title), *tables]
    return [Words([], title), *tables]


def _said(field: str, made: Made, of: ProductFootprint) -> Row:
    value = value_of(field, made.ask.bill, of.product)
    if field == "bill.boundary" and value is not None:
        value = _GATES[value]
    return Row(field, FIELD_WORDS[field], value or "—", "", Text("", "") if value else NOT_STATED)


def _sources(_: Made, of: ProductFootprint) -> list[Block]:
    rows = [
        Row("primary", Text("初级数据", "Primary data"), of.primary_share * 100.0, "%", digits=1),
        Row("secondary", Text("次级数据", "Secondary data"), (1.0 - of.primary_share) * 100.0, "%", digits=1),
    ]
    return [Steps(rows, Text("数据来源", "Sources of data"))]


def _allocation(made: Made, of: ProductFootprint) -> list[Block]:
    rows = [
        Row(str(rung), RUNG_WORDS[rung], share * 100.0, "%", digits=1)
        for rung, share in of.rungs.items()
        if share > 0.0
    ]
    rows += [
        Row(one.process, Text(f"工序 {one.process}", f"process {one.process}"), one.basis, "", Text(one.statement, one.statement))
        for one in made.ask.bill.joint
        if of.product.id in one.quantities
    ]  # fmt: skip
    return [Steps(rows, Text("分配原则与程序", "Allocation"))]


def _lines(made: Made, of: ProductFootprint) -> list[Block]:
    columns = [
        Column(Text("活动", "Activity"), 1.4), Column(Text("阶段", "Stage"), 1), Column(Text("数量", "Amount"), 1, number=True),
        Column(Text("因子", "Factor"), 1.6), Column(Text("kgCO2e/声明单位", "kgCO2e/unit"), 1, number=True),
        Column(Text("95 % 区间", "95 % interval"), 1.3, number=True),
    ]  # fmt: skip
    rows: list[list[Text | str]] = []
    notes = []
    for line, part in zip(made.site.lines, of.parts.tolist(), strict=True):
        if part == 0.0:
            continue
        low, high = (part * end / line.kgco2e if line.kgco2e else 0.0 for end in line.interval)
        amount = f"{line.activity.amount:,.6g} {line.activity.unit}"
        rows.append(
            [line.activity.id, STAGE_WORDS[line.activity.stage], amount, line.taken, f"{part:,.{of.digits}f}", f"{low:,.4g} – {high:,.4g}"]
        )  # fmt: skip
        said = note_of(line)
        notes.append(Text(f"{line.activity.id}：{said.zh}", f"{line.activity.id}: {said.en}"))
    left = [
        Text(f"{name}：{COUNTING_WORDS[how].zh}", f"{name}: {COUNTING_WORDS[how].en}")
        for name, how in made.counting.items()
        if how != "counted"
    ]
    return [Table(columns, rows, Text("清单结果", "Inventory")), Words([*notes, *left], listed=True)]


def _quality(_: Made, of: ProductFootprint) -> list[Block]:
    rows = [row for row in of.rows() if row.key.startswith("dqr.")]
    return [Steps(rows, Text("数据质量评价（1 最好，5 最差）", "Data quality (1 best, 5 worst)"))]


def _stages(_: Made, of: ProductFootprint) -> list[Block]:
    shown = of.stages_shown()
    columns = [
        Column(Text("生命周期阶段", "Life-cycle stage"), 1.4), Column(Text("kgCO2e/声明单位", "kgCO2e/unit"), 1, number=True),
        Column(Text("占比 %", "Share %"), 0.7, number=True), Column(Text("95 % 区间", "95 % interval"), 1.3, number=True),
    ]  # fmt: skip
    rows: list[list[Text | str]] = [
        [
            STAGE_WORDS[one.stage], f"{shown[one.stage][0]:,.{of.digits}f}", f"{shown[one.stage][1]:.1f}",
            f"{one.interval.low:,.4g} – {one.interval.high:,.4g}",
        ]
        for one in of.stages
    ]  # fmt: skip
    total = sum(kilograms for kilograms, _ in shown.values())
    low, high = of.interval
    rows.append([Text("合计", "Total"), f"{total:,.{of.digits}f}", "100.0", f"{low:,.4g} – {high:,.4g}"])
    return [Table(columns, rows, Text("结果计算", "Result by stage"))]


def _result(_: Made, of: ProductFootprint) -> list[Block]:
    told = ("total", "simulated", "per_t", "benchmark_ratio", "yearly", "swap.", "year.", "apart.")
    rows = [row for row in of.rows() if row.key.startswith(told)]
    return [Steps(rows, Text("结果说明", "The result"), frozenset({"total"}))]


_TABLES: dict[str, Callable[[Made, ProductFootprint], list[Block]]] = {
    "inventory.sources": _sources,
    "inventory.allocation": _allocation,
    "inventory.lines": _lines,
    "inventory.quality": _quality,
    "impact.stages": _stages,
    "impact.result": _result,
}
