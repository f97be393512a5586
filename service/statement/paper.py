"""A statement as the customer reads it, on paper or as a workbook: what is signed, and nothing besides."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

from models.embedded import OUTPUT_SHARE
from models.errors import NOTHING, Text
from models.statement_asked import ATTRIBUTIONS, LEVELS, PAID
from models.table import Row
from service.press.document import Block, Code, Column, Document, Figure, Figures, Steps, Table, Words
from service.statement.document import PayerText, SpanText, StatementDocument, SupplyText, ViewsText
from service.statement.seal import Envelope
from service.statement.verified import SAID

_VIEWS = (
    ("full", Text("全额（机会成本）", "Full (opportunity cost)")),
    ("paid", Text("实付", "Paid")),
    ("marginal", Text("边际（多产一吨）", "Marginal (one more tonne)")),
)
_RULES = {
    "benchmark": Text("基准法", "benchmark"),
    "historical_intensity": Text("历史强度法", "historical intensity"),
    "historical_emissions": Text("历史排放法", "historical emissions"),
    "equal_to_emissions": Text("等于核查排放", "equal to emissions"),
    "band": Text("盈亏平衡区间", "band around the balance value"),
}
PLAIN = (
    Text(
        "三种口径并列，不可混用：全额是全部受控排放按市场价的机会成本；实付是扣除免费配额等之后真正支付的；边际是多产一吨的成本。",
        "Three views side by side, never to be mixed: full is what all covered emissions would cost at the market price; paid is "
        "what was really paid after free allocation and the like; marginal is the cost of one more tonne.",
    ),
    Text(
        "“已付碳价”各行列明支付方。用于自己的成本、CBAM 扣减或贷款材料时，每一行只能使用一次。",
        "Each line of the carbon price paid names who paid it. In your own cost, CBAM dossier or bank file each line may be used once.",
    ),
)


def statement_paper(envelope: Envelope) -> Document:
    """Return a signed statement as a paper."""
    said = envelope.document
    code = f"{envelope.sha256[:16]}"
    parts: list[Block] = [
        Figures([_figure(label, getattr(said.total, view), main=view == "paid") for view, label in _VIEWS]),
        Words(PLAIN, plain=True),
        Steps(_facts(said), Text("依据", "What it rests on"), frozenset({"quantity"})),
        Table(
            [Column(Text("元/吨产品", "CNY per t of product"), 2)]
            + [
                Column(text, 1, number=True)
                for text in (Text("本厂", "Own site"), Text("供应商", "Suppliers"), Text("合计", "Total"))
            ]
            + [
                Column(Text("区间", "Interval"), 1.6, number=True),
                Column(Text("本批 元", "This quantity, CNY"), 1.4, number=True),
            ],
            [_line(label, view, said) for view, label in _VIEWS],
            Text("每吨产品的碳成本", "Carbon cost per tonne of product"),
        ),
        Table(
            [
                Column(Text("支付方", "Paid by"), 1.6),
                Column(Text("装置", "Installation"), 1.4),
                Column(Text("市场", "Scheme"), 0.7),
                Column(Text("年度", "Year"), 0.6),
                Column(Text("元/吨本产品", "CNY per t of this product"), 1.2, number=True),
                Column(Text("凭证", "Evidence"), 1.6),
            ],
            _payers(said),
            Text("已付碳价由谁支付", "Who has paid the carbon price"),
        ),
    ]
    if said.supplies:
        parts.append(
            Table(
                [
                    Column(Text("供应商产品", "Supplier's product"), 1.6),
                    Column(Text("供应商", "Supplier"), 1.4),
                    Column(Text("吨/吨", "t per t"), 0.8, number=True),
                    Column(Text("依据", "Known from"), 1),
                    Column(Text("成本单编号或来源", "Statement or source"), 2.4),
                ],
                [_supply(one) for one in said.supplies],
                Text("投入的供应商产品", "Suppliers' products in it"),
            )
        )
    check = [
        Text(
            f"验证码 {code}。上传本文件或扫码，可核对签名和是否已撤回。",
            f"Code {code}. Hand this file in or scan to check the signature and whether it still stands.",
        ),
        Text(
            f"密钥 {envelope.key_id}（Ed25519）。文件任何一个字节被改动，验证都会失败。",
            f"Key {envelope.key_id} (Ed25519). If any byte of the file is changed, the check fails.",
        ),
    ]
    parts.append(Code(f"{said.link}?code={code}", check) if said.link else Words(check, listed=True))
    return Document(
        title=Text("碳成本单", "Carbon cost statement"),
        subtitle=Text(
            f"{said.issuer} → {said.customer} · {said.product}", f"{said.issuer} to {said.customer} · {said.product}"
        ),
        made_on=dt.date.fromisoformat(said.issued),
        key=said.number,
        blocks=parts,
    )


def _position(said: StatementDocument) -> list[Row]:
    """Return what says of which position the price paid was taken."""
    if said.position_key is None:
        return []
    state = (
        Text("暂定：最终配额或核查排放未定", "provisional: allocation or verified emissions are pending")
        if said.provisional
        else Text("最终", "final")
    )
    share = Text(
        "排放中免费配额未覆盖的部分，盈余为负", "part of the emissions that free allocation leaves; surplus negative"
    )
    percent = None if said.paid_share is None else 100.0 * float(said.paid_share)
    return [
        Row(
            "position",
            Text("平均已付碳价取自履约年度头寸", "Price paid taken from the position of the year"),
            said.position_on or "",
            "",
            state,
        ),
        Row("position_key", Text("头寸指纹", "Digest of the position"), said.position_key[:16], ""),
        Row("paid_share", Text("需付费份额", "Share to be paid for"), percent, "%", share, 2),
    ]


def _facts(said: StatementDocument) -> list[Row]:
    scheme = said.scheme or "—"
    later = Text("最终配额未定", "final allocation pending") if said.provisional else NOTHING
    rows = [
        Row(
            "product", Text("产品", "Product"), said.product, "", Text(said.product_code or "", said.product_code or "")
        ),
        Row("period", Text("期间", "Period"), f"{said.first} – {said.last}"),
        Row("quantity", Text("数量", "Quantity"), float(said.quantity_t), "t", digits=3),
        Row("installation", Text("装置", "Installation"), said.installation),
        Row("scheme", Text("碳市场与年度", "Scheme and year"), f"{scheme} {said.compliance_year}", "", later),
        Row(
            "direct",
            Text("直接排放", "Direct emissions"),
            _number(said.direct_tco2_per_t),
            "tCO2/t",
            ATTRIBUTIONS[said.attribution],
            4,
        ),
        Row(
            "electricity",
            Text("外购电力排放", "Electricity bought"),
            _number(said.electricity_tco2_per_t),
            "tCO2/t",
            digits=4,
        ),
        Row(
            "charged",
            Text("计入碳市场的排放", "Emissions under the scheme"),
            _number(said.charged_tco2_per_t),
            "tCO2/t",
            Text(
                f"数据质量 {said.data_quality}（1 最好，5 最差）", f"data quality {said.data_quality} (1 best, 5 worst)"
            ),
            4,
        ),
        Row(
            "free",
            Text("免费配额", "Free allocation"),
            _number(said.free_tco2_per_t),
            "tCO2/t",
            _rule(said.allocation),
            4,
        ),
        Row(
            "market",
            Text("市场参考价", "Market reference price"),
            _number(said.market_price_cny_per_tco2),
            "CNY/tCO2",
            Text(said.market_price_basis or "", said.market_price_basis or ""),
        ),
        Row(
            "paid",
            Text("平均已付碳价", "Average price paid"),
            _number(said.average_paid_cny_per_tco2),
            "CNY/tCO2",
            PAID[said.paid_kind] if said.paid_kind else NOTHING,
            4,
        ),
        *_position(said),
        Row(
            "surcharge",
            Text("已开票的碳附加费", "Surcharge invoiced"),
            _number(said.surcharge_cny_per_t),
            "CNY/t",
            Text("附加费不等于传导率", "a surcharge is not pass-through"),
        ),
        Row(
            "verified",
            Text("核查", "Verified by")
            if said.verifier_standing == "accredited"
            else Text("核查机构（出具方声明）", "Verifier (as the issuer states)"),
            said.verified_by or "—",
            "",
            _verifier(said),
        ),
    ]
    if float(said.overlap_tco2_per_t):
        note = Text("发电与用电两头都计的部分，只收一次", "counted at generator and user, charged once")
        rows.insert(8, Row("overlap", Text("重叠部分", "Overlap"), float(said.overlap_tco2_per_t), "tCO2/t", note, 4))
    if said.attribution_note:
        rows.append(Row("why", Text("归属说明", "On the attribution"), said.attribution_note))
    return rows


def _verifier(said: StatementDocument) -> Text:
    """Return the report and what the register said of the verifier: nothing is called verified without it."""
    if said.verified_by is None:
        return NOTHING
    report, told = said.verification_report, SAID[said.verifier_standing]
    return Text(f"{report}；{told.zh}", f"{report}; {told.en}") if report else told


def _rule(word: str | None) -> Text:
    if word is None:
        return NOTHING
    share = Text(f"λ = {OUTPUT_SHARE[word]:g}", f"lambda = {OUTPUT_SHARE[word]:g}")
    return Text(f"{_RULES[word].zh}，{share.zh}", f"{_RULES[word].en}, {share.en}")


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _shown(value: Decimal, places: str = "0.0001") -> str:
    return f"{value.quantize(Decimal(places), ROUND_HALF_UP):,f}"


def _figure(label: Text, span: SpanText | None, *, main: bool) -> Figure:
    note = Text("每一笔只算一次", "each payment once") if main else NOTHING
    return Figure(label, _shown(Decimal(span.value), "0.01") if span else "—", "CNY/t", note)


def _line(label: Text, view: str, said: StatementDocument) -> list[Text | str]:
    spans: list[SpanText | None] = [getattr(part, view) for part in (said.own, said.upstream, said.total)]
    total = spans[2]
    cells: list[Text | str] = [label, *(_shown(Decimal(one.value)) if one else "—" for one in spans)]
    if total is None:
        return [*cells, "—", "—"]
    around = (
        f"{_shown(Decimal(total.low), '0.01')} – {_shown(Decimal(total.high), '0.01')}"
        if total.low != total.high
        else "—"
    )
    return [*cells, around, _shown(Decimal(total.value) * Decimal(said.quantity_t), "0.01")]


def _payers(said: StatementDocument) -> list[list[Text | str]]:
    """Return who paid, and last what of the paid total names nobody."""
    lines = [_payer(one) for one in said.paid_by]
    if said.total.paid is not None:
        paid = Decimal(said.total.paid.value)
        rest = paid - sum((Decimal(one.cny_per_t) for one in said.paid_by), Decimal())
        if abs(rest) > Decimal("1e-9") * max(Decimal(1), abs(paid)):
            nobody = Text(
                "没有支付方（行业平均、估算或电价），不能用于扣减",
                "no payer (average, estimate or power price): serves no deduction",
            )
            lines.append([nobody, "—", "—", "—", _shown(rest), "—"])
    return lines or [[Text("无", "none"), "", "", "", "", ""]]


def _payer(one: PayerText) -> list[Text | str]:
    return [
        one.issuer,
        one.installation,
        one.scheme,
        str(one.compliance_year),
        _shown(Decimal(one.cny_per_t)),
        one.evidence or "—",
    ]


def _supply(one: SupplyText) -> list[Text | str]:
    return [
        one.product,
        one.issuer,
        _shown(Decimal(one.t_per_t)),
        LEVELS[one.level],
        one.statement or one.source or "—",
    ]


def views_shown(views: ViewsText) -> dict[str, str | None]:
    """Return the three figures of a statement as people compare them with a paper."""
    return {view: None if (span := getattr(views, view)) is None else _shown(Decimal(span.value)) for view, _ in _VIEWS}
