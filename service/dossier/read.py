"""What the API, the paper and the terminal say of a dossier."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, Field

from cbam.dossier import METHOD, Evidence, GoodDeduction
from cbam.reference_model import MODEL
from models.errors import NOTHING, Text
from service.dossier.use import Made
from service.press.document import Block, Column, Document, Figure, Figures, Steps, Table, Words
from service.schemas import FindingRead, ReadRead, RowRead, TextRead, read_of, rows_of


class GoodRead(BaseModel):
    """The deduction of one good; figures of the model are assumptions, ``counted`` is what the chosen law takes off."""

    product: str
    cn_code: str
    paid_cny_per_t: float | None
    paid_eur_per_t: float | None
    secp_tco2e_per_t: float | None
    deduction_eur_per_t: float | None
    deduction_eur: float | None
    certificates: float | None
    counted_secp_tco2e_per_t: float | None
    reason: TextRead


class EvidenceRead(BaseModel):
    """One document; ``there`` is null where it is not needed."""

    key: str
    name: TextRead
    certified_by: TextRead
    rule: str
    there: bool | None
    reference: str
    note: TextRead


class DossierRead(BaseModel):
    """The deduction dossier of an installation and year."""

    method: str
    model: str = Field(description="Version of the reference model, an assumption until the act is adopted")
    assumption: TextRead
    plain: TextRead
    rules: dict[str, str]
    switched: list[str]
    counted_eur: float | None
    rows: list[RowRead]
    goods: list[GoodRead]
    evidence: list[EvidenceRead]
    findings: list[FindingRead]
    reads: list[ReadRead]


def _text(text: Text) -> TextRead:
    return TextRead(zh=text.zh, en=text.en)


def _good(one: GoodDeduction) -> GoodRead:
    return GoodRead(
        product=one.good.product,
        cn_code=one.good.cn_code,
        paid_cny_per_t=one.paid_cny_per_t,
        paid_eur_per_t=one.paid_eur_per_t,
        secp_tco2e_per_t=one.secp_tco2e_per_t,
        deduction_eur_per_t=one.deduction_eur_per_t,
        deduction_eur=one.deduction_eur,
        certificates=one.certificates,
        counted_secp_tco2e_per_t=one.counted_secp,
        reason=_text(one.reason),
    )


def dossier_read(made: Made) -> DossierRead:
    """Return the dossier as the API shows it."""
    found = made.dossier
    return DossierRead(
        method=METHOD,
        model=MODEL,
        assumption=_text(found.assumption),
        plain=_text(found.plain),
        rules=dict(found.rules.words),
        switched=sorted(found.rules.switched),
        counted_eur=found.counted_eur,
        rows=rows_of(found),
        goods=[_good(one) for one in found.goods],
        evidence=[
            EvidenceRead(
                key=one.key, name=_text(one.name), certified_by=_text(one.by), rule=one.rule, there=one.there,
                reference=one.reference, note=_text(one.note),
            )
            for one in found.evidence
        ],
        findings=[FindingRead.model_validate(finding.to_dict()) for finding in made.findings],
        reads=[read_of(read) for read in found.reads],
    )  # fmt: skip


def dossier_paper(made: Made, made_on: dt.date) -> Document:
    """Return the dossier as a paper: the plain sentence first, then figures, steps, goods, evidence and what is open."""
    found = made.dossier
    first = found.goods[0]
    blocks: list[Block] = [
        Figures(
            [
                Figure(Text("按所选法规计入", "Counted under the law chosen"), _number(found.counted_eur), "EUR"),
                Figure(Text("潜在扣减（假设）", "Potential deduction (assumption)"), _number(first.deduction_eur_per_t, 4), "EUR/t",
                       Text(first.good.product, first.good.product)),
                Figure(Text("实付碳价（假设）", "Carbon price paid (assumption)"), _number(first.paid_cny_per_t, 4), "CNY/t",
                       found.payment.boundary if found.payment.excluded else NOTHING),
            ]
        ),
        Words([found.plain, found.assumption], plain=True),
        Steps(found.rows(), Text("逐步计算", "Step by step"), frozenset({"paid", "deduction", "counted"})),
        Table(
            [Column(Text("货物", "Good"), 2), Column(Text("CN", "CN"), 1), Column(Text("实付 元/吨", "Paid CNY/t"), 1, number=True),
             Column(Text("实付 欧元/吨", "Paid EUR/t"), 1, number=True), Column(Text("SECP", "SECP"), 1, number=True),
             Column(Text("扣减 欧元/吨", "Deduction EUR/t"), 1, number=True), Column(Text("证书", "Certificates"), 1, number=True)],
            [[g.good.product, g.good.cn_code, _number(g.paid_cny_per_t, 4), _number(g.paid_eur_per_t, 4),
              _number(g.secp_tco2e_per_t, 6), _number(g.deduction_eur_per_t, 4), _number(g.certificates, 3)] for g in found.goods],
            Text("各货物（假设）", "Goods (assumption)"),
        ),
        Words([Text(f"{g.good.product}：{g.reason.zh}", f"{g.good.product}: {g.reason.en}") for g in found.goods], listed=True),
        Table(
            [Column(Text("材料", "Evidence"), 2.4), Column(Text("由谁出具或认证", "Issued or certified by"), 1.6),
             Column(Text("状态", "State"), 0.8), Column(Text("文件", "Document"), 1.4)],
            [[one.name, one.by, state_of(one), one.reference or (one.note if one.note.zh else "")] for one in found.evidence],
            Text("证据清单（保存四年）", "Evidence (kept for four years)"),
        ),
        Words([finding.text for finding in made.findings], Text("尚需处理", "Open points"), listed=True),
    ]  # fmt: skip
    who = f"{found.installation} · {found.year}"
    return Document(
        title=Text("已付碳价扣减材料", "Dossier on the carbon price paid"),
        subtitle=Text(who, who),
        made_on=made_on,
        key=f"{METHOD} {MODEL}",
        blocks=[block for block in blocks if not isinstance(block, Words) or block.paragraphs],
    )


def state_of(one: Evidence) -> Text:
    """Return whether a document is there, in words."""
    if one.there is None:
        return Text("不需要", "not needed")
    return Text("有", "there") if one.there else Text("缺", "missing")


def _number(value: float | None, digits: int = 2) -> str:
    return "—" if value is None else f"{value:,.{digits}f}"
