"""
The deduction dossier: what carbon price a producer has paid, what of it may count, and what shows it.

Inputs are the allowance account and the position of the installation; the
result is the deduction per good in EUR, CNY and certificates, under the law in
force and under the draft, with the evidence that is there and that is missing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import Field

from cbam.consignment import Basis
from cbam.deduction import ACT_NOT_ADOPTED, NO_DEFAULT_PRICE
from cbam.payment import Payment, SiteFacts, payment_of
from cbam.reference_model import MODEL, NAMES, WORDS, Chosen, secp
from models.errors import NOTHING, Text
from models.findings import Finding
from models.inputs import Input, MassT, NonNegative, Positive, TCO2ePerT
from models.law import LawAt, Read
from models.regime import Regime
from models.table import Result, Row

METHOD = "cbam.dossier/2"
RULE = "eu.cbam.deduction_rule"
DEFAULT_PRICES = "eu.cbam.default_carbon_prices"
#: Where the price was paid: every market of ``models.regime`` is Chinese.
COUNTRY = "CN"


NOT_VERIFIED = Text(
    "没有经核查的排放，不能按实际值申报，也就不能扣减",
    "without verified emissions there is no actual basis and no deduction",
)
NO_CERTIFICATE = Text(
    "草案情景：没有独立人员出具的已付碳价证明，不计入；下列潜在扣减为假设",
    "draft scenario: without the certificate of an independent person nothing counts; the potential is an assumption",
)
OTHER_YEAR = Text(
    "碳价支付的履约年度不是货物的报告期（排放和免费分配所用的年份），不计入",
    "the compliance year of the price paid is not the reporting period of the goods (that of emissions and free allocation): "
    "it does not count",
)
PRICE_PUBLISHED = Text(
    "该国已有默认碳价，但把它折成扣减的公式尚未公开，扣减额未知",
    "the country has a default carbon price, but the formula that turns it into a deduction is not public: unknown",
)
BY_MODEL = Text("草案情景：按参考模型计入（假设）", "draft scenario: counted by the reference model (assumption)")


class PrecursorPaid(Input):
    """Carbon price paid upstream in a precursor, as its supplier's certified statement says."""

    name: str = Field(min_length=1, max_length=200)
    mass_t_per_t: NonNegative
    paid_eur_per_t: NonNegative = 0.0
    certified: bool = False


class DossierGood(Input):
    """One good of the installation in the year: activity, attributed emissions, SEE and SEFA, and what is exported."""

    product: str = Field(min_length=1, max_length=200)
    cn_code: str = Field(pattern=r"^[0-9]{8}$")
    basis: Basis = Basis.ACTUAL
    activity_t: Positive
    #: Direct emissions attributed to the process, tCO2e, as declared; precursors are not in it.
    attributed_t: NonNegative
    see_tco2e_per_t: TCO2ePerT
    sefa_tco2e_per_t: TCO2ePerT
    exported_t: MassT
    verified: bool = True
    precursors: tuple[PrecursorPaid, ...] = ()


@dataclass(frozen=True, slots=True)
class GoodDeduction:
    """The deduction of one good: per tonne and for what is exported; ``counted`` is what the chosen law takes off today."""

    good: DossierGood
    paid_cny_per_t: float | None
    paid_eur_per_t: float | None
    secp_tco2e_per_t: float | None
    deduction_eur_per_t: float | None
    certificates: float | None
    #: ``None`` where it cannot be told whether and what counts.
    counted_secp: float | None
    reason: Text

    @property
    def deduction_eur(self) -> float | None:
        """Deduction of what is exported, EUR."""
        return None if self.deduction_eur_per_t is None else self.deduction_eur_per_t * self.good.exported_t

    @property
    def counted_eur(self) -> float | None:
        """What the chosen law takes off what is exported, EUR."""
        if self.counted_secp == 0.0:
            return 0.0
        return None if self.counted_secp is None else self.deduction_eur


@dataclass(frozen=True, slots=True)
class Evidence:
    """One document: who certifies it, and whether it is there; ``None`` where it is not needed, with the reason."""

    key: str
    name: Text
    by: Text
    rule: str
    there: bool | None
    reference: str = ""
    note: Text = NOTHING


@dataclass(frozen=True, slots=True)
class Dossier(Result):
    """The dossier of one installation and year; every figure of the model is an assumption until the act is adopted."""

    installation: str
    year: int
    regime: Regime
    payment: Payment
    goods: tuple[GoodDeduction, ...]
    evidence: tuple[Evidence, ...]
    rules: Chosen
    cny_per_eur: float | None
    rate_source: str
    reference_eur_per_t: float | None
    plain: Text
    findings: tuple[Finding, ...]
    reads: tuple[Read, ...] = field(repr=False)

    @property
    def counted_eur(self) -> float | None:
        """What the chosen law takes off all that is exported, EUR: nothing under the law in force."""
        parts = [g.counted_eur for g in self.goods]
        return None if None in parts else math.fsum(x for x in parts if x is not None)

    @property
    def assumption(self) -> Text:
        """What every figure of the model is marked with."""
        return Text(f"假设，参考模型 {MODEL}，条例未通过", f"assumption, {MODEL}, the act is not adopted")

    def _word(self, point: str) -> Text:
        return WORDS[point][self.rules.words[point]]

    def rows(self) -> list[Row]:
        pay, assumed = self.payment, self.assumption
        rules = [
            Row(f"rule.{point}", Text(f"规则：{NAMES[point].zh}", f"Rule: {NAMES[point].en}"), "", "", Text(
                WORDS[point][word].zh + ("（用户切换）" if point in self.rules.switched else ""),
                WORDS[point][word].en + (" (switched by the user)" if point in self.rules.switched else "")))
            for point, word in self.rules.words.items()
        ]  # fmt: skip
        total = [g.deduction_eur for g in self.goods]
        return [
            Row("regime", Text("所属碳市场", "Carbon market"), self.regime.instrument or "—", "", self.regime.reason),
            Row("declared", Text("属于申报范围的排放", "Emissions that are declared"), pay.declared_t, "tCO2", pay.boundary, 0),
            Row("free", Text("其中免费配额", "Free allowances for them"), pay.free_t, "t", digits=0),
            Row("bought", Text("有凭证且未再卖出的购买量", "Bought, shown and kept"), pay.counted_t, "t", digits=0),
            Row("average", Text("平均成本", "Average cost"), pay.average_cny_per_t, "CNY/t", self._word("average_price")),
            Row("rebate", Text("减：返还", "- rebates"), pay.rebate_cny, "CNY"),
            Row("paid", Text("实付碳价总额", "Carbon price paid"), pay.paid_cny, "CNY", pay.boundary if pay.excluded else assumed),
            Row("rate", Text("年平均汇率", "Yearly average rate"), self.cny_per_eur, "CNY/EUR",
                Text(self.rate_source, self.rate_source), 4),
            Row("reference_price", Text("折算价格", "Reference price"), self.reference_eur_per_t, "EUR/tCO2e",
                self._word("reference_price")),
            *rules,
            Row("deduction", Text("可扣减合计（假设）", "Deduction in all (assumption)"),
                None if None in total else math.fsum(x for x in total if x is not None), "EUR", assumed),
            Row("counted", Text("按所选法规计入", "Counted under the law chosen"), self.counted_eur, "EUR",
                Text("见各货物的理由", "see the reason of each good")),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return [read.line() for read in self.reads]


def dossier(
    site: SiteFacts,
    goods: Sequence[DossierGood],
    rules: Chosen,
    law: LawAt,
    *,
    cny_per_eur: float | None,
    rate_source: str,
    certificate_price_eur: float | None,
    reference_eur_per_t: float | None,
    reporting_year: int,
    plain: Text,
    words: Mapping[str, Mapping[str, object]],
) -> Dossier:
    """
    Return the deduction of the goods of an installation, with the evidence for it.

    Parameters
    ----------
    site : SiteFacts
        Regime, account, emissions and free allocation of the compliance year.
    goods : sequence of DossierGood
        What the installation made; their attributed emissions may not exceed the declared ones.
    rules : Chosen
        The word of each open point.
    law : LawAt
        The law of the year, or with the draft laid over it.
    cny_per_eur : float or None
        Yearly average rate; without it nothing is told in EUR.
    certificate_price_eur, reference_eur_per_t : float or None
        Price of a certificate, and P_ref; without them no certificates are told.
    reporting_year : int
        Year of the goods' emissions and free allocation: a price paid for another does not count.
    plain : Text
        The order of magnitude in words (``cbam.deduction.at_most``).
    words : mapping
        ``data/words/dossier.yaml``.

    Notes
    -----
    cp_g = paid x (attributed_g / declared) / AL_g; CP_g = cp_g + sum m_i CP_i,
    precursors zero unless certified; SECP = min(max(0, SEE - SEFA), CP / P_ref).
    ``cbam.md`` 8, an assumption.
    """
    findings: list[Finding] = []
    payment = payment_of(site, rules, law, findings)
    why = _reason(site, law, reporting_year)
    default_price = law.row(DEFAULT_PRICES, COUNTRY, str(reporting_year))
    if default_price is not None and any(g.basis is Basis.DEFAULT for g in goods):
        findings.append(_published())
    findings += _unshown(site, goods)
    twice = _too_much(site, goods, payment)
    findings += twice
    for_goods = replace(payment, paid_cny=None) if twice else payment
    made = tuple(
        _good(good, for_goods, cny_per_eur, certificate_price_eur, reference_eur_per_t, why, default_price is not None)
        for good in goods
    )
    return Dossier(
        installation=site.installation,
        year=site.year,
        regime=site.regime,
        payment=payment,
        goods=made,
        evidence=_evidence(site, payment, words, cny_per_eur, rate_source),
        rules=rules,
        cny_per_eur=cny_per_eur,
        rate_source=rate_source,
        reference_eur_per_t=reference_eur_per_t,
        plain=plain,
        findings=(*site.account.findings, *findings),
        reads=(*site.regime.reads, *law.reads.values()),
    )


def _good(
    good: DossierGood,
    payment: Payment,
    cny_per_eur: float | None,
    certificate_price_eur: float | None,
    reference_eur_per_t: float | None,
    why: Text,
    default_price: bool,
) -> GoodDeduction:
    own_cny: float | None = None
    if payment.paid_cny is not None:
        own_cny = 0.0
        if payment.paid_cny and payment.declared_t:
            own_cny = payment.paid_cny * good.attributed_t / payment.declared_t / good.activity_t
    upstream = math.fsum(p.mass_t_per_t * p.paid_eur_per_t for p in good.precursors if p.certified)
    eur = None
    if own_cny == 0.0 or payment.excluded:
        eur = upstream
    elif own_cny is not None and cny_per_eur:
        eur = own_cny / cny_per_eur + upstream
    if good.basis is Basis.DEFAULT and default_price:
        return GoodDeduction(good, own_cny, eur, None, None, None, None, PRICE_PUBLISHED)
    if good.basis is Basis.DEFAULT:
        return GoodDeduction(good, own_cny, eur, 0.0, 0.0, 0.0, 0.0, NO_DEFAULT_PRICE)
    if not good.verified:
        return GoodDeduction(good, own_cny, eur, 0.0, 0.0, 0.0, 0.0, NOT_VERIFIED)
    found = per_t = None
    if eur is not None and (reference_eur_per_t or eur == 0.0):
        found = float(secp(good.see_tco2e_per_t, good.sefa_tco2e_per_t, eur, reference_eur_per_t or 1.0))
        per_t = None if certificate_price_eur is None and found else found * (certificate_price_eur or 0.0)
    certificates = None if found is None else found * good.exported_t
    return GoodDeduction(good, own_cny, eur, found, per_t, certificates, found if why is BY_MODEL else 0.0, why)


def _reason(site: SiteFacts, law: LawAt, reporting_year: int) -> Text:
    """Return why a price paid counts, or why not, on the actual basis."""
    if law.word(RULE) != "evidence_by_reference_model":
        return ACT_NOT_ADOPTED
    if site.year != reporting_year:
        return OTHER_YEAR
    return BY_MODEL if site.evidence.get("independent_certificate") else NO_CERTIFICATE


def _unshown(site: SiteFacts, goods: Sequence[DossierGood]) -> list[Finding]:
    """Tell what was taken for true though nothing shows it: no rebates, verified goods."""
    found = []
    rebates = any(e.kind == "rebate" and e.settles == site.year for e in site.account.entries)
    if not rebates and not site.evidence.get("rebate_statement") and site.regime.word != "none":
        found.append(
            Finding(
                "evidence.no_rebate_statement",
                "warning",
                Text(
                    "没有填返还，也没有“无返还”声明：按零计。",
                    "No rebate is entered and no nil statement named: taken as none.",
                ),
                Text("请填写返还，或列出声明文件。", "Enter the rebates, or name the statement."),
                field="evidence.rebate_statement",
            )
        )
    actual = [g.product for g in goods if g.basis is Basis.ACTUAL and g.verified]
    if actual and not site.evidence.get("goods_attribution"):
        names = ", ".join(actual[:3])
        found.append(
            Finding(
                "evidence.no_emissions_report",
                "warning",
                Text(
                    f"{names} 按已核查计算，但没有列出核查报告。",
                    f"{names}: taken as verified, but no report is named.",
                ),
                Text(
                    "请列出经认可核查员的报告，或把货物标为未核查。",
                    "Name the verifier's report, or mark the good as not verified.",
                ),
                field="evidence.goods_attribution",
            )
        )
    return found


def _published() -> Finding:
    return Finding(
        "deduction.default_price_unusable",
        "warning",
        PRICE_PUBLISHED,
        Text(
            "请用经核查的实际值申报；或等公式公布后，在 data/law/eu/cbam/default_carbon_prices 旁补充规则。",
            "Declare verified actual values; or add the rule beside data/law/eu/cbam/default_carbon_prices once it is public.",
        ),
        field="goods",
    )


def _too_much(site: SiteFacts, goods: Sequence[DossierGood], payment: Payment) -> list[Finding]:
    """Tell where goods are attributed more than was declared: one tonne would be paid for twice."""
    attributed = math.fsum(g.attributed_t for g in goods)
    if payment.declared_t is None or attributed <= payment.declared_t * (1 + 1e-9) or site.regime.word == "none":
        return []
    text = Text(
        f"各货物归属排放合计 {attributed:,.0f} t，超过申报范围的排放 {payment.declared_t:,.0f} t：同一吨不能计两次。",
        f"The goods are attributed {attributed:,.0f} t, above the declared {payment.declared_t:,.0f} t: no tonne may count twice.",
    )
    return [Finding("deduction.attributed_above_declared", "error", text,
                    Text("请核对归属排放。", "Check the attributed emissions."), field="goods")]  # fmt: skip


def _evidence(
    site: SiteFacts, payment: Payment, words: Mapping[str, Mapping[str, object]], rate: float | None, rate_source: str
) -> tuple[Evidence, ...]:
    pilot = site.regime.word not in ("national", "none")
    short = payment.paid_cny is None or bool(payment.counted_t) or bool(payment.paid_cny)
    needed = {
        "always": True, "emissions": site.regime.word != "none", "free": site.regime.word != "none",
        "short": short and site.regime.word != "none", "pilot": pilot, "rate": True,
    }  # fmt: skip
    found = []
    for key, word in words.items():
        needs = [str(n) for n in _list(word["needs"])]
        reference = site.evidence.get(key, "")
        there: bool | None = bool(reference)
        note = NOTHING
        if not any(needed[n] for n in needs):
            there, note = (
                None,
                Text("本年度没有缺口或不属于该情形，不需要", "not needed: no shortfall, or not this case"),
            )
        elif key == "exchange_rate" and rate and rate_source:
            there, reference = True, rate_source
        found.append(
            Evidence(
                key, Text(str(word["zh"]), str(word["en"])), Text(str(word["by_zh"]), str(word["by_en"])),
                str(word["rule"]), there, reference, note,
            )
        )  # fmt: skip
    return tuple(found)


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]
