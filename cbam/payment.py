"""What an installation effectively paid for its declared emissions in a year, out of its own allowance account."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from cbam.deduction import PILOT_OFF, PILOT_ON
from cbam.reference_model import Chosen, paid_amount
from models.errors import Text
from models.findings import Finding
from models.holdings import BOUGHT, OFFSETS, Account, Lot
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
    market_mean_cny_per_t: float | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)
    rebates_stated: bool = False


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


def payment_of(site: SiteFacts, rules: Chosen, findings: list[Finding]) -> Payment:
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
        return Payment(None, None, None, None, rebate, 0.0, PILOT_OFF)
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
    findings += _other_market(site)
    short = max(0.0, declared - free)
    if short == 0.0:
        return Payment(declared, free, 0.0, None, rebate, 0.0, boundary)
    counted, average, known = _bought(site, rules)
    if not known:
        findings.append(_missing(Text("购买配额的合同价格", "contract prices of the allowances bought"), "entries"))
        return Payment(declared, free, counted, None, rebate, None, boundary)
    if counted < short - _TOLERANCE_T:
        findings.append(_told("deduction.not_all_shown", _part_shown(counted, short), "entries"))
    paid = float(paid_amount(declared, free, counted, average or 0.0, rebate))
    return Payment(declared, free, min(counted, short), average, rebate, paid, boundary)


def _bought(site: SiteFacts, rules: Chosen) -> tuple[float, float | None, bool]:
    """
    Return units bought for the year and kept, their average cost, and whether it is known.

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
    if rules.is_("average_price", "market_yearly_mean"):
        return tonnes, site.market_mean_cny_per_t, site.market_mean_cny_per_t is not None
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
