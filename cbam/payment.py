"""What an installation effectively paid for its declared emissions in a year, out of its own allowance account."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from cbam.deduction import PILOT_OFF, PILOT_ON
from cbam.reference_model import KEY, Chosen, paid_amount
from models.errors import Text
from models.findings import Finding
from models.holdings import BOUGHT, OFFSETS, Account, Lot
from models.law import LawAt
from models.regime import Regime

_TOLERANCE_T = 1e-6


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What is taken from the position: emissions, free allocation, account, and the operator's further figures."""

    installation: str
    year: int
    regime: Regime
    account: Account
    emissions_t: float | None
    direct_t: float | None
    free_t: float | None
    #: Yearly mean of the market, and the share of the year's weeks it rests on.
    market_mean_cny_per_t: float | None = None
    market_mean_coverage: float = 0.0
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Payment:
    """
    What the installation paid in the year, by the reference model.

    ``declared_t`` are the emissions that belong to declared ones, ``counted_t``
    the units bought and kept that cover the shortfall; money in CNY. ``None``
    where a figure or a price is missing.
    """

    declared_t: float | None
    free_t: float | None
    counted_t: float | None
    average_cny_per_t: float | None
    rebate_cny: float
    paid_cny: float | None
    boundary: Text
    #: Whether the scheme does not count at all, whatever was paid in it.
    excluded: bool = False


def payment_of(site: SiteFacts, rules: Chosen, law: LawAt, findings: list[Finding]) -> Payment:
    """
    Return what was paid for the declared emissions; the reason where it cannot be told is added to ``findings``.

    Outside any market and for a pilot that does not count nothing was paid; a
    surplus pays nothing. ``cbam.md`` 8.
    """
    account, year = site.account, site.year
    rebate = math.fsum(e.amount_cny or 0.0 for e in account.entries if e.kind == "rebate" and e.settles == year)
    if site.regime.word == "none":
        return Payment(
            0.0, 0.0, 0.0, None, rebate, 0.0, Text("未纳入碳市场，没有支付碳价", "outside any market: nothing paid")
        )
    pilot = site.regime.word != "national"
    if pilot and not rules.is_("pilot", "counted"):
        findings.append(_told("deduction.pilot_excluded", PILOT_OFF, "rules.pilot"))
        return Payment(None, None, None, None, rebate, None, PILOT_OFF, excluded=True)
    declared, boundary = (
        site.emissions_t,
        Text("全国市场只计直接排放", "the national market counts direct emissions only"),
    )
    free = site.free_t
    if pilot:
        findings.append(_told("deduction.pilot_counted", PILOT_ON, "rules.pilot"))
        declared, boundary = (
            site.direct_t,
            Text("试点核查排放中的直接部分", "direct part of the pilot's verified emissions"),
        )
        if declared is not None and site.emissions_t and free is not None:
            free = free * declared / site.emissions_t
    if declared is None or free is None:
        what = Text("直接排放部分", "the direct part of emissions") if pilot and declared is None else Text(
            "核查排放量和免费配额", "verified emissions and free allocation")  # fmt: skip
        findings.append(_missing(what, "direct_emissions_t" if pilot and declared is None else "allocation"))
        return Payment(declared, free, None, None, rebate, None, boundary)
    findings += (*_other_market(site), *_before_the_year(site))
    short = max(0.0, declared - free)
    if short == 0.0:
        return Payment(declared, free, 0.0, None, rebate, 0.0, boundary)
    counted, average, known = _bought(site, rules)
    if not known:
        findings.append(_missing(Text("购买配额的合同价格", "contract prices of the allowances bought"), "entries"))
        return Payment(declared, free, counted, None, rebate, None, boundary)
    if average is not None and rules.is_("average_price", "market_yearly_mean"):
        least = law.number(f"{KEY}.market_mean_coverage")
        if site.market_mean_cny_per_t is None or site.market_mean_coverage < least:
            findings.append(_thin_mean(site, least))
            return Payment(declared, free, counted, None, rebate, None, boundary)
        # What the invoices show is the most that was paid, whatever the market's mean.
        average = min(average, site.market_mean_cny_per_t)
    need = max(0.0, (site.emissions_t or declared) - (site.free_t or 0.0))
    if counted > need + _TOLERANCE_T:
        findings.append(_told("deduction.above_need", _above_need(counted, need), "entries"))
    if counted < short - _TOLERANCE_T:
        findings.append(_told("deduction.not_all_shown", _part_shown(counted, short), "entries"))
    paid = float(paid_amount(declared, free, counted, average or 0.0, rebate))
    return Payment(declared, free, min(counted, short), average, rebate, paid, boundary)


def _bought(site: SiteFacts, rules: Chosen) -> tuple[float, float | None, bool]:
    """
    Return units bought for the year and kept, their average cost by invoices, and whether it is known.

    After the surrender these are the bought units among those surrendered,
    before it the bought units held.
    """
    done = site.account.drawn("surrender", site.year)
    units = [(d.lot, d.tonnes) for d in done] if done else [(lot, lot.tonnes) for lot in site.account.lots]
    credits = rules.is_("credits", "domestic_counted")
    ours = (site.regime.instrument, *(OFFSETS if credits else ()))
    units = [(lot, t) for lot, t in units if _was_bought(lot) and lot.instrument in ours]
    tonnes = math.fsum(t for _, t in units)
    if not tonnes:
        return 0.0, None, True
    if any(lot.cost_cny_per_t is None for lot, _ in units):
        return tonnes, None, False
    return tonnes, math.fsum(t * (lot.cost_cny_per_t or 0.0) for lot, t in units) / tonnes, True


def _other_market(site: SiteFacts) -> list[Finding]:
    """Tell of allowances of another market in the account of the year: no tonne belongs to two."""
    found = {
        e.instrument
        for e in site.account.entries
        if e.settles == site.year and e.tonnes and e.instrument not in (site.regime.instrument, *OFFSETS)
    }
    if not found:
        return []
    names = ", ".join(sorted(found))
    text = Text(
        f"账户中有其他市场的配额（{names}）记在 {site.year} 年度：同一吨排放只属于一个市场，这些单位不计入。",
        f"The account holds allowances of another market ({names}) for {site.year}: a tonne belongs to one market only, "
        "these units do not count.",
    )
    return [Finding("deduction.two_markets", "warning", text, field="entries")]


def _before_the_year(site: SiteFacts) -> list[Finding]:
    """Tell of purchases booked for the year but made before it began: banked units keep the price of their purchase."""
    early = [e for e in site.account.entries if e.kind in BOUGHT and e.settles == site.year and e.on.year < site.year]
    if not early:
        return []
    tonnes = math.fsum(e.tonnes or 0.0 for e in early)
    text = Text(
        f"有 {tonnes:,.0f} t 记在 {site.year} 年度，却在该年度之前买入（最早 {min(e.on for e in early)}）。",
        f"{tonnes:,.0f} t booked for {site.year} were bought before that year began (first on {min(e.on for e in early)}).",
    )
    hint = Text(
        "确属结转使用的，请保留当年的合同；否则请更正日期或年度。",
        "Where they were banked keep the contract of their day; else correct the day or the year.",
    )
    return [Finding("deduction.before_the_year", "warning", text, hint, field="entries")]


def _thin_mean(site: SiteFacts, least: float) -> Finding:
    found = f"{site.market_mean_coverage:.0%}"
    return Finding(
        "deduction.no_market_mean",
        "warning",
        Text(
            f"{site.year} 年的行情只覆盖全年 {found} 的周，低于 {least:.0%}，不能当作年均价。",
            f"The quotes of {site.year} cover {found} of the weeks, below {least:.0%}: that is no mean of the year.",
        ),
        Text(
            "请改用发票均价，或导入全年行情。",
            "Choose the average of the invoices, or import quotes of the whole year.",
        ),
        field="rules.average_price",
    )


def _above_need(counted_t: float, short_t: float) -> Text:
    return Text(
        f"有购买记录的 {counted_t:,.0f} t 超过缺口 {short_t:,.0f} t，超出部分不是为该年度的排放支付的，不计。",
        f"Purchases of {counted_t:,.0f} t are above the shortfall of {short_t:,.0f} t; what is above was not paid for the year's "
        "emissions and does not count.",
    )


def _was_bought(lot: Lot) -> bool:
    """Units bought, or of an opening balance that had a cost: what was given free is no price paid."""
    return lot.kind in BOUGHT or lot.cost_cny_per_t is None or lot.cost_cny_per_t > 0.0


def _part_shown(counted_t: float, short_t: float) -> Text:
    return Text(
        f"缺口 {short_t:,.0f} t 中只有 {counted_t:,.0f} t 有购买记录，其余不计。",
        f"Purchases are shown for {counted_t:,.0f} t of a shortfall of {short_t:,.0f} t; the rest does not count.",
    )


def _missing(what: Text, where: str) -> Finding:
    return Finding(
        code="deduction.missing",
        severity="warning",
        text=Text(f"缺少{what.zh}，实付碳价无法得知。", f"Missing: {what.en}; the carbon price paid cannot be told."),
        hint=Text(f"请填写{what.zh}；市场价不能代替。", f"Enter {what.en}; the market price does not stand in."),
        field=where,
    )


def _told(code: str, text: Text, where: str) -> Finding:
    return Finding(code=code, severity="info", text=text, field=where)
