"""
The explanation of a line as a lawyer would write it: numbered steps, each with figures, unit, rule and source.

Nothing is computed here that ``cbam.exposure`` has not computed; a step shows
the arithmetic with the figures that were used, and at the end stand the
questions an auditor will ask, answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cbam.consignment import Basis
from cbam.exposure import Exposure, assess_import
from cbam.goods import Origin
from cbam.prices import Pricing
from models.errors import NOTHING, Text, YuetanError
from models.law import LawBook, Read

METHOD = "cbam.note/1"


@dataclass(frozen=True, slots=True)
class NoteStep:
    """
    One step: what is decided, how, by which rule, and the values of the law it rests on.

    ``formula`` holds the arithmetic with its figures; ``value`` is its result
    in ``unit``, ``None`` where the step decides without a number.
    """

    number: int
    title: Text
    formula: Text
    value: float | None
    unit: str
    rule: Text
    reads: tuple[Read, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """An auditor's question with its answer."""

    question: Text
    answer: Text


@dataclass(frozen=True, slots=True)
class Note:
    """The whole explanation of one line."""

    exposure: Exposure
    steps: tuple[NoteStep, ...]
    answers: tuple[Answer, ...]


_ART_2 = Text("CBAM 条例 (EU) 2023/956 第 2 条、附件一、附件三", "Reg (EU) 2023/956 Art. 2, Annexes I and III")
_ART_7 = Text("CBAM 条例第 7 条、附件四；(EU) 2025/2547", "CBAM Reg Art. 7, Annex IV; IR (EU) 2025/2547")
_DEFAULT = Text(
    "(EU) 2025/2621 附件一，经 (EU) 2026/1740 更正", "IR (EU) 2025/2621 Annex I as corrected by (EU) 2026/1740"
)
_FREE = Text("CBAM 条例第 31 条；(EU) 2025/2620 附件一", "CBAM Reg Art. 31; IR (EU) 2025/2620 Annex I")
_FACTOR = Text("指令 2003/87/EC 第 10a(1a) 条；(EU) 2025/2620", "Directive 2003/87/EC Art. 10a(1a); IR (EU) 2025/2620")
_ART_9 = Text("CBAM 条例第 9 条", "CBAM Reg Art. 9")
_DUE = Text("CBAM 条例第 6、22 条", "CBAM Reg Art. 6 and 22")
_PRICE = Text("CBAM 条例第 21 条；(EU) 2025/2548", "CBAM Reg Art. 21; IR (EU) 2025/2548")


def note(exposure: Exposure, pricing: Pricing, drafts: Mapping[str, LawBook] | None = None) -> Note:
    """
    Return the explanation of an import line.

    Parameters
    ----------
    exposure : Exposure
        The line as it was assessed.
    pricing : Pricing
        Where its price came from; the drafts are worked out at the same.
    drafts : mapping of str to LawBook, optional
        Books with one draft laid over the law, by name, for the last question.
    """
    made = _Maker()
    e, c = exposure.embedded, exposure.consignment
    by_key = {read.key: read for read in exposure.provenance.reads}
    _scope(made, exposure, by_key)
    if e.origin is Origin.LIABLE:
        (_by_default if c.basis is Basis.DEFAULT else _by_actual)(made, exposure, by_key)
        _deduction(made, exposure)
        due = e.see_tco2e_per_t - e.sefa_tco2e_per_t - exposure.secp_tco2e_per_t
        floored = (
            Text("；差额为负，取零，不能用于其他货物", "; negative, so zero: it helps no other good")
            if due < 0
            else NOTHING
        )
        made.add(
            Text("应交证书（取整前）", "Certificates due, before rounding"),
            _same(
                f"{c.net_mass_t:g} t × max(0, {e.see_tco2e_per_t:.10g} − {e.sefa_tco2e_per_t:.10g} − {exposure.secp_tco2e_per_t:.10g})",
                floored,
            ),
            exposure.certificates,
            "",
            _DUE,
        )
        price = exposure.price
        made.add(Text("证书价格", "Certificate price"), price.label, price.eur_per_t, "EUR/tCO2e", _PRICE, price.reads)
    cost = _same(
        f"{exposure.certificates:.10g} × {exposure.price.eur_per_t:g}", Text("，四舍五入到分", ", half up to the cent")
    )
    nothing = Text("该原产地的货物不产生义务", "goods of this origin owe nothing")
    made.add(
        Text("费用", "Cost"), cost if e.origin is Origin.LIABLE else nothing, exposure.cost_eur, "EUR",
        _DUE if e.origin is Origin.LIABLE else _ART_2,
    )  # fmt: skip
    return Note(exposure, tuple(made.steps), _answers(exposure, pricing, drafts or {}))


class _Maker:
    """Numbers the steps."""

    def __init__(self) -> None:
        self.steps: list[NoteStep] = []

    def add(
        self, title: Text, formula: Text, value: float | None, unit: str, rule: Text, reads: tuple[Read, ...] = ()
    ) -> None:
        self.steps.append(NoteStep(len(self.steps) + 1, title, formula, value, unit, rule, reads))


def _same(arithmetic: str, more: Text = NOTHING) -> Text:
    return Text(arithmetic + more.zh, arithmetic + more.en)


def _under(by_key: Mapping[str, Read], *prefixes: str) -> tuple[Read, ...]:
    return tuple(read for key, read in by_key.items() if key.startswith(prefixes))


def _scope(made: _Maker, exposure: Exposure, by_key: Mapping[str, Read]) -> None:
    e, c = exposure.embedded, exposure.consignment
    counted = (
        Text("只计直接排放", "direct emissions only")
        if e.good.direct_only
        else Text("直接和间接排放都计", "direct and indirect emissions")
    )
    made.add(
        Text("货物是否在范围内", "Is the good in scope"),
        Text(
            f"CN {c.cn_code}（{e.good.description}），类别 {e.good.category}；{counted.zh}",
            f"CN {c.cn_code} ({e.good.description}), category {e.good.category}; {counted.en}",
        ),
        None, "", _ART_2, _under(by_key, "eu.cbam.scope"),
    )  # fmt: skip
    standing = {
        Origin.LIABLE: Text("负有义务", "liable"),
        Origin.EXEMPT: Text("附件三，免于 CBAM", "outside CBAM by Annex III"),
        Origin.EU: Text("欧盟原产", "of EU origin"),
    }[e.origin]
    made.add(
        Text("原产地", "Origin"), Text(f"{c.origin}：{standing.zh}", f"{c.origin}: {standing.en}"), None, "", _ART_2,
        _under(by_key, "eu.cbam.exempt_origins", "eu.cbam.eu_members"),
    )  # fmt: skip
    year = c.production_year if c.production_year and c.imported_on.year >= 2027 else c.imported_on.year
    why = (
        Text(
            f"进口日 {c.imported_on}；生产年份按申报 {year}",
            f"imported on {c.imported_on}; produced in {year} as shown",
        )
        if year != c.imported_on.year
        else Text(f"进口日 {c.imported_on}", f"imported on {c.imported_on}")
    )
    made.add(
        Text("报告年度", "Reporting year"), why, float(year), "",
        Text("CBAM 条例第 6 条；(EU) 2025/2620", "CBAM Reg Art. 6; IR (EU) 2025/2620"),
        _under(by_key, "eu.cbam.reporting_year_rule", "eu.cbam.period"),
    )  # fmt: skip


def _by_default(made: _Maker, exposure: Exposure, by_key: Mapping[str, Read]) -> None:
    path, e = exposure.default, exposure.embedded
    if path is None:
        return
    country = path.row.key_part(1)
    where = (
        Text(
            "“其他国家和地区”的行，数值与路线一并采用",
            "row of 'other countries and territories', value and route together",
        )
        if country == "ZZ"
        else Text(f"原产地 {country} 的行", f"row of {country}")
    )
    made.add(
        Text("默认值（不加成）", "Default value, without mark-up"),
        Text(f"{where.zh} {path.row.key_part(2)}，最长前缀", f"{where.en} {path.row.key_part(2)}, longest prefix"),
        path.total_tco2e_per_t, "tCO2e/t", _DEFAULT, (path.row, *_under(by_key, "eu.cbam.default_value_edition")),
    )  # fmt: skip
    made.add(
        Text("加成", "Mark-up"), Text(f"部门 {e.good.sector}", f"sector {e.good.sector}"), path.markup, "", _DEFAULT,
        _under(by_key, "eu.cbam.default_markup"),
    )  # fmt: skip
    made.add(
        Text("单位隐含排放 SEE", "Specific embedded emissions SEE"),
        _same(f"{path.total_tco2e_per_t:g} × (1 + {path.markup:g})", Text("，不取整", ", not rounded")),
        path.see_tco2e_per_t, "tCO2e/t", _ART_7,
    )  # fmt: skip
    asked = exposure.consignment.route
    route = (
        Text(f"B 列，路线 {path.route}", f"column B, route {path.route}")
        if path.route
        else Text("B 列，该编码只有一个基准值", "column B, the code has a single value")
    )
    if asked and asked == path.route:
        route = Text(
            f"{route.zh}（默认值行未定，由用户填写）", f"{route.en} (not settled by the row, stated by the user)"
        )
    made.add(
        Text("CBAM 基准值", "CBAM benchmark"), route, path.benchmark_tco2e_per_t, "tCO2e/t", _FREE,
        _under(by_key, "eu.cbam.benchmarks"),
    )  # fmt: skip
    made.add(
        Text("CBAM 系数 × CSCF", "CBAM factor x CSCF"), _same(f"{path.cbam_factor:g} × {path.cscf:g}"),
        path.cbam_factor * path.cscf, "", _FACTOR, _under(by_key, "eu.cbam.cbam_factor", "eu.cbam.cscf"),
    )  # fmt: skip
    made.add(
        Text("单位免费分配 SEFA", "Specific embedded free allocation SEFA"),
        _same(f"{path.cbam_factor:g} × {path.cscf:g} × {path.benchmark_tco2e_per_t:g}"), path.sefa_tco2e_per_t, "tCO2e/t", _FREE,
    )  # fmt: skip


def _by_actual(made: _Maker, exposure: Exposure, _: Mapping[str, Read]) -> None:
    e = exposure.embedded
    verified = Text("经认可核查员核查的装置数值", "installation's value, verified by an accredited verifier")
    made.add(
        Text("单位隐含排放 SEE", "Specific embedded emissions SEE"), verified, e.see_tco2e_per_t, "tCO2e/t", _ART_7
    )
    chain = Text(
        "同一份核查报告的 A 列链：自身工序加各前体；不得与默认值混用",
        "column A chain of the same report, own process and precursors; never mixed with the default basis",
    )
    made.add(
        Text("单位免费分配 SEFA", "Specific embedded free allocation SEFA"), chain, e.sefa_tco2e_per_t, "tCO2e/t", _FREE
    )


def _deduction(made: _Maker, exposure: Exposure) -> None:
    why = (
        Text(
            "默认值基础：只能扣减公布的默认碳价，目前没有公布",
            "default basis: only a published default carbon price counts; none is",
        )
        if exposure.consignment.basis is Basis.DEFAULT
        else Text(
            "实际值基础：证明方法的实施条例尚未通过，按零计",
            "actual basis: the act on its proof is not adopted, so zero",
        )
    )
    made.add(Text("已付碳价 SECP", "Carbon price paid SECP"), why, exposure.secp_tco2e_per_t, "tCO2e/t", _ART_9)


def _answers(exposure: Exposure, pricing: Pricing, drafts: Mapping[str, LawBook]) -> tuple[Answer, ...]:
    """The questions of ``cbam.md`` 13."""
    e, c, path = exposure.embedded, exposure.consignment, exposure.default
    reads = exposure.provenance.reads
    sources = ", ".join(dict.fromkeys(read.source for read in reads))
    held = [read.key for read in reads if read.assumed]
    due = e.see_tco2e_per_t - e.sefa_tco2e_per_t - exposure.secp_tco2e_per_t
    scenario = "、".join(exposure.scenarios) or "—"
    basis = (
        Text("默认值", "default values")
        if c.basis is Basis.DEFAULT
        else Text("经核查的实际值", "verified actual values")
    )
    route = path.route if path and path.route else "—"
    where = path.row.key if path else "—"
    found = [
        Answer(Text("各表用的是哪一版", "Which edition of each table"),
               Text(f"{sources}；叠加情景：{scenario}", f"{sources}; scenario laid over: {scenario}")),
        Answer(Text("哪个报告年度", "Which reporting year"),
               _same(str(c.production_year if c.production_year and c.imported_on.year >= 2027 else c.imported_on.year))),
        Answer(Text("实际值还是默认值", "Actual or default"), basis),
        Answer(Text("哪条路线，为什么", "Which route and why"),
               Text(f"{route}，来自 {where}", f"{route}, from {where}")),
        Answer(Text("哪个价格，什么日期", "Which price and its date"),
               Text(f"{exposure.price.label.zh}，{exposure.price.eur_per_t:g} 欧元/吨（{exposure.price.source}）",
                    f"{exposure.price.label.en}, {exposure.price.eur_per_t:g} EUR/t ({exposure.price.source})")),
        Answer(Text("第 9 条作了什么假设", "What was assumed for Art. 9"),
               Text(f"SECP = {exposure.secp_tco2e_per_t:g}；没有假设任何扣减" if exposure.secp_tco2e_per_t == 0
                    else f"SECP = {exposure.secp_tco2e_per_t:g}",
                    f"SECP = {exposure.secp_tco2e_per_t:g}; no deduction is assumed" if exposure.secp_tco2e_per_t == 0
                    else f"SECP = {exposure.secp_tco2e_per_t:g}")),
        Answer(Text("是否取零", "Floored at zero"), Text("是", "yes") if due < 0 else Text("否", "no")),
        Answer(Text("哪些数值延用到有效期之后", "Which values are held beyond their last day"),
               _same(", ".join(held)) if held else Text("没有", "none")),
    ]  # fmt: skip
    found += [_under_draft(exposure, pricing, name, book) for name, book in drafts.items()]
    return tuple(found)


def _under_draft(exposure: Exposure, pricing: Pricing, name: str, book: LawBook) -> Answer:
    question = Text(f"若草案 {name} 成为法律", f"If the draft {name} becomes law")
    try:
        other = assess_import(exposure.consignment, book, pricing)
    except YuetanError as refusal:
        return Answer(question, Text(refusal.text("zh"), refusal.text("en")))
    change = other.cost_eur - exposure.cost_eur
    return Answer(question, _same(f"{other.cost_eur:,.2f} EUR ({change:+,.2f})"))
