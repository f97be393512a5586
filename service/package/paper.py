"""The cover paper of an application, and the disclosure annex."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from finance.equipment import BeforeAfter
from finance.margin import STATES
from models.errors import Text
from models.table import Row
from service.press.document import Block, Column, Document, Steps, Table, Words

if TYPE_CHECKING:
    from service.package.use import Annex, PackageAsk
    from service.score.use import Borrower, Kept

README = """粤碳申请包 · Yuetan application package

application.pdf  申请书：企业、项目、碳足迹、KPI、证据索引 / the application
score.pdf        绿色低碳评分一页报告；二维码可核对记录 / the score on one page, checkable by its code
score.json       评分记录全文 / the whole record of the score
company.json project.json footprints.json kpi_log.json evidence.json before_after.json
manifest.json    每个文件的 SHA-256 与出具方 Ed25519 签名 / SHA-256 of every file, signed

核对：上传到 /packages 或运行 yuetan package verify 文件.zip
To check it: hand it in at /packages, or run yuetan package verify FILE.zip
证据文件本身不在包内，索引列出其哈希。The documents themselves are not in it; the index has their hashes.
"""
_USES = {
    "green_catalogue": Text("绿色金融支持项目目录", "green catalogue"),
    "transition_catalogue": Text("转型目录", "transition catalogue"),
    "general_with_kpi": Text("一般用途，挂钩 KPI", "general, with a KPI"),
    "none": Text("未说明", "not stated"),
}
_LEVELS = {
    "national_certified": Text("国家认证", "nationally certified"),
    "third_party_verified": Text("第三方核查", "third-party verified"),
    "self_declared": Text("自我声明", "self-declared"),
    "none": Text("无", "none"),
}


def application(
    asked: PackageAsk,
    borrower: Borrower,
    kept: Kept,
    log: Sequence[Mapping[str, Any]],
    change: BeforeAfter | None,
    index: Sequence[Mapping[str, Any]],
    today: dt.date,
) -> Document:
    """Return the paper that comes first in a package."""
    made, p = kept.row.body["score"], asked.project
    grade, code = made["grade"]["id"], kept.row.hash[:16]
    rows = [
        Row("company", Text("企业", "Company"), borrower.name, "", Text(borrower.uscc or "", borrower.uscc or "")),
        Row("project", Text("项目", "Project"), p.name),
        Row("purpose", Text("用途", "Purpose"), p.purpose),
        Row("use", Text("资金投向", "Use of proceeds"), _USES[p.use_of_proceeds].zh, "", _USES[p.use_of_proceeds]),
        Row("investment", Text("总投资", "Investment"), p.investment_cny, "CNY", digits=0),
        Row("loan", Text("申请贷款", "Loan applied for"), p.loan_cny, "CNY", digits=0),
        Row("score", Text("绿色低碳评分", "Green and low-carbon score"), made["shown"], "", Text(f"{grade} 级", f"grade {grade}")),
        Row("record", Text("评分记录", "Record of the score"), str(kept.row.id), "", Text(code, code)),
    ]  # fmt: skip
    blocks: list[Block] = [Steps(rows, Text("申请", "Application"), frozenset({"score"}))]
    if asked.footprints:
        blocks.append(_footprints(asked))
    if change is not None:
        of = change.asked.equipment
        title = Text(f"设备更新前后：{of}", f"Before and after: {of}")
        blocks.append(Steps(change.rows(), title, frozenset({"avoided"})))
    if log:
        blocks.append(kpi_table(log))
    if index:
        blocks.append(_evidence(index))
    blocks.append(Words([Text(**said) for said in made["statements"]], plain=True))
    return Document(
        title=Text("绿色融资申请", "Application for green finance"),
        subtitle=Text(f"{borrower.name} · {p.name}", f"{borrower.name} · {p.name}"),
        made_on=today,
        key=f"{kept.row.id} · {kept.row.hash}",
        blocks=blocks,
    )


def _footprints(asked: PackageAsk) -> Table:
    columns = [
        Column(Text("产品", "Product"), 2),
        Column(Text("碳足迹 tCO2e/t", "Footprint tCO2e/t"), 1, number=True),
        Column(Text("基准 tCO2e/t", "Benchmark tCO2e/t"), 1, number=True),
        Column(Text("收入 元", "Revenue CNY"), 1.2, number=True),
        Column(Text("证据", "Evidence"), 1.4),
        Column(Text("质量", "Quality"), 0.6, number=True),
    ]
    rows: list[list[Text | str]] = [
        [
            one.product, _number(one.footprint_tco2e_per_t, 4), _number(one.benchmark_tco2e_per_t, 4),
            _number(one.revenue_cny, 0), _LEVELS[one.evidence_level], _number(one.data_quality, 1),
        ]
        for one in asked.footprints
    ]  # fmt: skip
    return Table(columns, rows, Text("产品碳足迹", "Product footprints"))


def kpi_table(log: Sequence[Mapping[str, Any]]) -> Table:
    """Return the test log of KPIs."""
    columns = [
        Column(Text("KPI", "KPI"), 2),
        Column(Text("基准", "Baseline"), 0.9, number=True),
        Column(Text("目标", "Target"), 0.9, number=True),
        Column(Text("实际", "Reached"), 0.9, number=True),
        Column(Text("考核日", "Test date"), 1),
        Column(Text("状态", "State"), 1.2),
        Column(Text("核查与证据", "Verifier, evidence"), 1.8),
    ]
    rows: list[list[Text | str]] = [
        [
            f"{one['metric']} ({one['unit']})", _number(one["baseline"], 4), _number(one["target"], 4),
            _number(one["value"], 4), one["test_on"], STATES[one["state"]],
            " · ".join(str(one[key]) for key in ("verifier", "verified_on", "evidence") if one[key]) or "—",
        ]
        for one in log
    ]  # fmt: skip
    return Table(columns, rows, Text("KPI 考核记录", "Test log of KPIs"))


def _evidence(index: Sequence[Mapping[str, Any]]) -> Table:
    columns = [
        Column(Text("编号", "Number"), 1),
        Column(Text("文件", "Document"), 2.4),
        Column(Text("出具", "Issued"), 1.4),
        Column(Text("SHA-256", "SHA-256"), 1.6),
    ]
    rows: list[list[Text | str]] = [
        [
            one["id"], one["title"], " ".join(str(one[key]) for key in ("issuer", "issued") if one[key]) or "—",
            str(one.get("sha256", "—"))[:16],
        ]
        for one in index
    ]  # fmt: skip
    return Table(columns, rows, Text("证据索引", "Index of evidence"))


def annex_paper(made: Annex, today: dt.date) -> Document:
    """Return the disclosure annex: what this reader gets, and what is redacted by its class."""
    row = made.kept.row
    singles = [one for one in made.cells if one.field.table is None and not one.redacted]
    blocks: list[Block] = [
        Table(
            [Column(Text("项目", "Item"), 1.6), Column(Text("内容", "Value"), 2)],
            [[one.field.label, cell(one.field, one.value)] for one in singles],
            Text("评分", "Score"),
        )
    ]
    tables: dict[str, list[Any]] = {}
    for one in made.cells:
        if one.field.table is not None and not one.redacted:
            tables.setdefault(one.field.table, []).append(one)
    names = _tables()
    for name, columns in tables.items():
        count = max((len(one.value) for one in columns), default=0)
        rows: list[list[Text | str]] = [
            [cell(one.field, one.value[i]) if i < len(one.value) else "—" for one in columns] for i in range(count)
        ]
        heads = [Column(one.field.label, 1.6 if one.field.digits == 2 else 1) for one in columns]
        blocks.append(Table(heads, rows, names[name]))
    hidden = [one.field for one in made.cells if one.redacted]
    if hidden:
        told = [Text(f"{f.label.zh}（{f.kind.label.zh}）", f"{f.label.en} ({f.kind.label.en})") for f in hidden]
        blocks.append(Words(told, Text("已按数据类别隐去", "Redacted by class of data"), listed=True))
    classes = Text("、".join(c.label.zh for c in made.classes), ", ".join(c.label.en for c in made.classes))
    rests = Text(
        f"所含类别：{classes.zh}；记录 {row.id}，指纹 {row.hash}",
        f"Classes: {classes.en}; record {row.id}, hash {row.hash}",
    )
    blocks.append(Words([rests]))
    name = row.body["asked"]["borrower"]["name"]
    return Document(
        title=Text("环境信息披露附件", "Disclosure annex"),
        subtitle=Text(name, name),
        made_on=today,
        key=f"{row.id} · {row.hash}",
        blocks=blocks,
    )


def cell(field: Any, value: Any) -> Text | str:
    """Return one value as people read it."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    if isinstance(value, int | float):
        return f"{value:,.{field.digits}f}{' ' + field.unit if field.unit else ''}"
    if isinstance(value, Mapping):
        return Text(str(value.get("zh", "")), str(value.get("en", "")))
    text = str(value)
    found: Text | None = field.words.get(text)
    return found or text


def _tables() -> Mapping[str, Text]:
    from service.share import fields as catalogue

    return catalogue.kinds()["score"].tables


def _number(value: Any, digits: int) -> str:
    return "—" if value is None else f"{float(value):,.{digits}f}"
