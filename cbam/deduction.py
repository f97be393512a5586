"""
The carbon price paid at home: what was effectively paid, and what of it may count at the EU border today.

A market price multiplied by emissions is nowhere a price paid. The price paid
comes from the operator's purchases, net of free allocation and rebates.
"""

from __future__ import annotations

from dataclasses import dataclass

from cbam.consignment import Basis
from cbam.reference_model import paid_amount, secp
from models.errors import Text
from models.installation import EtsYear
from models.law import LawAt, Read
from models.position import Position
from models.regime import Regime
from models.table import Result, Row

METHOD = "cbam.deduction/1"
RULE = "eu.cbam.deduction_rule"

NO_DEFAULT_PRICE = Text(
    "按默认值申报时，只能扣减欧盟委员会公布的“默认碳价”，目前没有公布，扣减为零",
    "on default values only a default carbon price published by the Commission may count; none is published, so zero",
)
ACT_NOT_ADOPTED = Text(
    "按实际值申报时，可申请扣减实际已付碳价，但证明方法的实施条例尚未通过（2026 年 5 月 13 日草案），"
    "且须由独立第三方认证；基准结果按零计，下列潜在扣减为假设",
    "on actual values the price effectively paid may be claimed, but the act on its proof is not adopted (draft of "
    "13 May 2026) and an independent person must certify it; the base figure counts zero, the potential is an assumption",
)
PLAIN = Text(
    "全国市场的免费配额接近核查排放（盈缺不超过几个百分点），实付碳价一般只有每吨零点几欧元，"
    "而证书价格约为每吨几十欧元：不能用市场价乘以排放量当作已付碳价",
    "free allocation in the national market is close to verified emissions, so the price effectively paid is a few tenths "
    "of a euro per tonne against a certificate price of tens of euros: market price times emissions is not a price paid",
)
PILOT_OFF = Text(
    "区域试点能否计入没有条文；其核算含外购电力，钢铝只能计直接排放部分，需提供直接排放数据",
    "no text says that a regional pilot counts; its accounting includes purchased power, and for steel and "
    "aluminium only the direct part may count: a direct-only figure is needed",
)
PILOT_ON = Text(
    "已按用户选择计入区域试点（没有条文依据）；按核查排放平均，其中外购电力部分须剔除，需提供直接排放数据",
    "the pilot is counted by the user's choice, which no text supports; averaged over verified emissions, of which the part "
    "on purchased power must be left out: a direct-only figure is needed",
)


@dataclass(frozen=True, slots=True)
class PricePaid:
    """
    Carbon price effectively paid by one installation in one year, by the reference model.

    ``cny_per_tco2`` is ``None`` where it cannot be shown from the operator's own
    figures; ``missing`` says what evidence lacks.
    """

    cny_per_tco2: float | None
    eur_per_tco2: float | None
    countable_boundary: bool
    missing: tuple[Text, ...]
    reads: tuple[Read, ...] = ()
    #: The order of magnitude in words, with its arithmetic where rule, price and rate are known.
    plain: Text = PLAIN


def at_most(
    rule: Read | None, band: Read | None, market_price_cny_per_t: float | None, cny_per_eur: float | None
) -> Text:
    """
    Return in words, with the arithmetic, what a producer in the national market can have paid per tonne at most.

    Parameters
    ----------
    rule, band : Read or None
        ``cn.ets.national.allocation_rule`` and ``cn.ets.national.band`` of the compliance year.
    market_price_cny_per_t, cny_per_eur : float or None
        Allowance price, CNY per tCO2, and exchange rate. The price makes a
        bound and nothing else: it is not a price paid.
    """
    if rule is not None and rule.value == "equal_to_emissions":
        return Text(
            f"{rule.since.year} 年度全国市场配额等于核查排放，缺口为零，实付碳价为 0",
            f"in {rule.since.year} allowances of the national market equal verified emissions: no shortfall, 0 paid",
        )
    if band is None or market_price_cny_per_t is None or not cny_per_eur:
        return PLAIN
    share = float(band.value or 0.0)
    cny = share * market_price_cny_per_t
    sure = Text("，幅度未经证实", ", band unverified") if band.confidence == "inferred" else Text("", "")
    return Text(
        f"全国市场缺口至多为核查排放的 {share:.0%}{sure.zh}：即使按市场价 {market_price_cny_per_t:,.2f} 元买足，每吨排放至多 "
        f"{share:.0%} × {market_price_cny_per_t:,.2f} = {cny:,.2f} 元，÷ {cny_per_eur:.4f} = {cny / cny_per_eur:,.2f} 欧元；"
        "市场价乘以排放量不是已付碳价",
        f"the shortfall in the national market is at most {share:.0%} of verified emissions{sure.en}: bought at the market price "
        f"of {market_price_cny_per_t:,.2f} CNY that is at most {share:.0%} x {market_price_cny_per_t:,.2f} = {cny:,.2f} CNY per "
        f"tonne emitted, / {cny_per_eur:.4f} = {cny / cny_per_eur:,.2f} EUR; market price times emissions is not a price paid",
    )


def price_effectively_paid(
    year: EtsYear,
    regime: Regime,
    of_site: Position | None,
    cny_per_eur_of_year: float | None,
    *,
    allow_pilot: bool = False,
    plain: Text = PLAIN,
) -> PricePaid:
    """
    Return the carbon price effectively paid, per tonne of verified emissions.

    Parameters
    ----------
    year, regime, of_site
        The operator's figures, its market and its position.
    cny_per_eur_of_year : float or None
        Yearly average exchange rate of the compliance year, CNY per EUR.
    allow_pilot : bool
        Whether a regional pilot may count. No text names pilots; off.
    plain : Text
        The order of magnitude in words, from ``at_most``.

    Notes
    -----
    Reference model, an assumption until the act under Art. 9 is adopted:
    paid = max(0, E - free) * pbar - rebate, not below zero, over E; pbar is the
    average cost shown by invoices, and no more tonnes count than were bought
    and not sold again: units banked from free allocation cost nothing, offsets
    are left out. ``eu-2023-956`` Art. 9; ``cbam.md`` 8.
    """
    missing: list[Text] = []
    if regime.word == "none":
        return PricePaid(0.0, 0.0, True, (), regime.reads)
    boundary = regime.word == "national" or (regime.word == "guangdong_pilot" and allow_pilot)
    if regime.word != "national":
        missing.append(PILOT_ON if boundary else PILOT_OFF)
    emissions, free = (of_site.emissions_t, of_site.free_t) if of_site else (None, None)
    if not emissions or free is None:
        missing.append(Text("核查排放量和免费配额", "verified emissions and free allocation"))
        return PricePaid(None, None, boundary, tuple(missing), regime.reads, plain)
    short = max(0.0, emissions - free)
    bought = (year.purchased_t or 0.0) + (year.auction_t or 0.0)
    paid: float | None = 0.0
    if short > 0 and bought > 0:
        known = (not year.purchased_t or year.purchase_price_cny_per_t is not None) and (
            not year.auction_t or year.auction_price_cny_per_t is not None
        )
        spent = (year.purchased_t or 0.0) * (year.purchase_price_cny_per_t or 0.0)
        spent += (year.auction_t or 0.0) * (year.auction_price_cny_per_t or 0.0)
        kept = max(0.0, bought - (year.sold_t or 0.0))
        counted = min(short, kept)
        paid = float(paid_amount(emissions, free, kept, spent / bought, year.rebate_cny or 0.0)) if known else None
        if known and counted < short:
            missing.append(
                Text(
                    f"缺口 {short:,.0f} t 中只有 {counted:,.0f} t 有购买记录",
                    f"purchases are shown for {counted:,.0f} t of a shortfall of {short:,.0f} t only",
                )
            )
    elif short > 0:
        paid = None
    if paid is None:
        missing.append(
            Text("购买配额的数量、价格和付款凭证", "tonnes, prices and proof of payment of allowances bought")
        )
    if short > 0:
        missing.append(
            Text("独立于申报人和主管机关的认证", "certification by a person independent of declarant and authority")
        )
    per_t = None if paid is None else paid / emissions
    eur = (
        None
        if per_t is None
        else (0.0 if per_t == 0 else (per_t / cny_per_eur_of_year if cny_per_eur_of_year else None))
    )
    if per_t and eur is None:
        missing.append(Text("该履约年度的年平均汇率", "the yearly average exchange rate of the compliance year"))
    return PricePaid(per_t, eur, boundary, tuple(missing), regime.reads, plain)


@dataclass(frozen=True, slots=True)
class Deduction(Result):
    """What counts today (``secp``), what could count by the reference model, and why."""

    secp_tco2e_per_t: float
    reason: Text
    paid_cny_per_tco2: float | None
    paid_eur_per_t: float | None
    potential_secp_tco2e_per_t: float | None
    potential_eur_per_t: float | None
    missing: tuple[Text, ...]
    read: Read
    plain: Text = PLAIN
    price_eur_per_t: float | None = None

    def rows(self) -> list[Row]:
        zh = "；".join(m.zh for m in self.missing)
        en = "; ".join(m.en for m in self.missing)
        assumed = Text("假设，按参考模型", "assumption, reference model")
        lacking = Text(f"{assumed.zh}；缺：{zh}", f"{assumed.en}; missing: {en}") if zh else assumed
        plain = self.plain
        if self.price_eur_per_t is not None:
            plain = Text(
                f"{plain.zh}。本批证书价格为每吨 {self.price_eur_per_t:,.2f} 欧元",
                f"{plain.en}. The certificate price here is {self.price_eur_per_t:,.2f} EUR per tonne",
            )
        return [
            Row("secp", Text("今天可扣减 SECP", "Deductible today, SECP"), self.secp_tco2e_per_t, "tCO2e/t", self.reason, 6),
            Row("paid", Text("实付碳价", "Carbon price effectively paid"), self.paid_cny_per_tco2, "CNY/tCO2", lacking, 4),
            Row("paid_eur", Text("每吨产品实付碳价", "Paid per tonne of product"), self.paid_eur_per_t, "EUR/t", digits=4),
            Row("potential", Text("潜在扣减", "Potential deduction"), self.potential_eur_per_t, "EUR/t", assumed, 4),
            Row("plain", Text("说明", "In plain words"), "", "", plain),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return [self.read.line()]


def deduction(
    basis: Basis,
    see: float,
    sefa: float,
    price_eur_per_t: float,
    paid: PricePaid,
    covered_tco2_per_t: float | None,
    law: LawAt,
) -> Deduction:
    """
    Return what of the carbon price paid at home counts for a good.

    Parameters
    ----------
    basis : Basis
        Default or actual: it decides what may count at all.
    see, sefa : float
        tCO2e per t of goods.
    price_eur_per_t : float
        Certificate price, EUR per tCO2e.
    paid : PricePaid
        What the installation paid.
    covered_tco2_per_t : float or None
        Own direct emissions per t of the good that the scheme covers, tCO2;
        ``None`` where only a proxy is known, which shows no price paid.
    law : LawAt
        The law of the day of import.

    Notes
    -----
    Law in force, ``eu-2023-956`` Art. 9: see ``NO_DEFAULT_PRICE`` and
    ``ACT_NOT_ADOPTED``. The counted figure is zero on both; the potential on
    the actual basis is the reference model's.
    """
    read = law.read(RULE)
    known = paid.eur_per_tco2 is not None and covered_tco2_per_t is not None
    per_t = float(paid.eur_per_tco2 or 0.0) * float(covered_tco2_per_t or 0.0) if known else None
    if basis is Basis.DEFAULT:
        return Deduction(
            0.0, NO_DEFAULT_PRICE, paid.cny_per_tco2, per_t, None, None, paid.missing, read, paid.plain, price_eur_per_t
        )
    found = eur = None
    if per_t is not None and paid.countable_boundary:
        found = float(secp(see, sefa, per_t, price_eur_per_t))
        eur = found * price_eur_per_t
    return Deduction(
        0.0, ACT_NOT_ADOPTED, paid.cny_per_tco2, per_t, found, eur, paid.missing, read, paid.plain, price_eur_per_t
    )
