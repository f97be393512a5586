"""Named indicators out of a submission and the results: each with its state, quality, and how it was formed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from finance.submission import Footprint, IndicatorValue, Submission
from models.errors import NOTHING, Text

#: Price rise of E3: half of today's price (``finance.md`` section 3).
E3_RISE = 0.5
EVIDENCE = ("none", "self_declared", "third_party_verified", "national_certified")


@dataclass(frozen=True, slots=True)
class FirmTotals:
    """
    The sums that ratios are made of, CNY and tonnes; ``None`` where one is not known.

    ``cbam_cost_cny`` is the whole cost attached to the goods; the share that the
    exporter bears is applied in C1 and C2 and nowhere else.
    """

    gross_domestic_cost_cny: float | None = None
    cbam_cost_cny: float | None = None
    covered_eu_revenue_cny: float | None = None
    eu_tonnes: float | None = None
    eu_tonnes_verified: float | None = None
    verified_emissions_t: float | None = None
    free_allocation_t: float | None = None
    held_t: float | None = None
    net_short_t: float | None = None
    allowance_price_cny: float | None = None
    ets_duty: bool | None = None
    regime_note: Text = NOTHING
    #: Day of the assessment, which dates what the rules declare.
    as_of: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """Values by indicator id, and a note on each."""

    values: dict[str, IndicatorValue]
    notes: dict[str, Text]


def indicators(submission: Submission, totals: FirmTotals) -> Metrics:
    """
    Return every indicator that is stated or can be formed; a stated one wins and is marked as stated.

    Notes
    -----
    Definitions of ``finance.md`` section 3. CBAM cost enters C1 and C2 by the
    share borne and is never also reduced by pass-through.
    """
    made: dict[str, tuple[IndicatorValue, Text]] = {}
    made |= _footprints(submission.footprints)
    made |= _carbon_cost(submission, totals)
    made |= _ets(submission, totals)
    made |= _border(submission, totals)
    values = {key: value for key, (value, _) in made.items()}
    notes = {key: note for key, (_, note) in made.items()}
    for key, stated in submission.indicators.items():
        if stated.state == "missing" and key in values and values[key].state != "missing":
            continue
        values[key] = stated
        notes[key] = Text("企业填报", "as stated") if stated.state != "missing" else NOTHING
    return Metrics(values, notes)


def _missing(zh: str, en: str) -> tuple[IndicatorValue, Text]:
    return IndicatorValue(state="missing"), Text(f"缺少{zh}", f"{en} missing")


def _given(value: float | str, zh: str, en: str, quality: float | None = None) -> tuple[IndicatorValue, Text]:
    return IndicatorValue(value=value, data_quality=quality), Text(zh, en)


def comparable(footprint: Footprint) -> bool:
    """Return whether a footprint may be set against its benchmark: same boundary, unit and year, and both there."""
    return (
        footprint.same_boundary
        and footprint.footprint_tco2e_per_t is not None
        and footprint.benchmark_tco2e_per_t is not None
    )


def _footprints(products: Sequence[Footprint]) -> dict[str, tuple[IndicatorValue, Text]]:
    revenue = sum(p.revenue_cny for p in products)
    usable = [p for p in products if comparable(p)]
    made: dict[str, tuple[IndicatorValue, Text]] = {}
    covered = sum(p.revenue_cny for p in usable)
    if revenue > 0 and covered > 0:
        ratio = sum(
            p.revenue_cny / covered * float(p.footprint_tco2e_per_t or 0) / float(p.benchmark_tco2e_per_t or 1)
            for p in usable
        )
        graded = [p for p in usable if p.data_quality is not None]
        weight = sum(p.revenue_cny for p in graded)
        quality = sum(p.revenue_cny / weight * float(p.data_quality or 0) for p in graded) if weight else None
        part = covered / revenue
        made["F1"] = (
            IndicatorValue(value=ratio, data_quality=quality, state="measured" if part == 1 else "estimated"),
            Text(
                f"按收入加权，{len(usable)} 个产品，占产品收入 {part:.0%}",
                f"weighted by revenue over {len(usable)} products, {part:.0%} of product revenue",
            ),
        )
        if quality is not None:
            made["Q1"] = _given(quality, "按收入加权的数据质量分", "data-quality score weighted by revenue")
    else:
        made["F1"] = _missing("可与基准比较的产品碳足迹", "footprints comparable with a benchmark")
    if "Q1" not in made:
        made["Q1"] = _missing("产品碳足迹的数据质量分", "data-quality scores of the footprints")
    made["F2"] = _evidence(products, revenue)
    return made


def _evidence(products: Sequence[Footprint], revenue: float) -> tuple[IndicatorValue, Text]:
    if revenue <= 0:
        return _missing("产品碳足迹证据", "footprint evidence")
    for level in reversed(EVIDENCE):
        held = sum(p.revenue_cny for p in products if EVIDENCE.index(p.evidence_level) >= EVIDENCE.index(level))
        if held >= 0.5 * revenue:
            return _given(
                level, "至少覆盖产品收入一半的最高证据等级", "highest level held for at least half of product revenue"
            )
    return _given("none", "没有覆盖一半收入的证据", "no evidence for half of the revenue")


def _carbon_cost(s: Submission, t: FirmTotals) -> dict[str, tuple[IndicatorValue, Text]]:
    firm = s.firm
    home, cbam, borne, passed = t.gross_domestic_cost_cny, t.cbam_cost_cny, firm.cbam_share_borne, firm.pass_through
    if home is None:
        missing = _missing("国内碳成本（核查排放、免费配额、购买记录）", "carbon cost at home")
        return {"C1": missing, "C2": missing}
    if cbam is None:
        missing = _missing("CBAM 费用（人民币）", "CBAM cost in CNY")
        return {"C1": missing, "C2": missing}
    if cbam > 0 and borne is None:
        missing = _missing("出口商承担 CBAM 费用的比例", "the share of the CBAM cost that the exporter bears")
        return {"C1": missing, "C2": missing}
    own = cbam * (borne or 0.0)
    made: dict[str, tuple[IndicatorValue, Text]] = {}
    said_zh = f"国内 {home:,.0f} 元 + 承担的 CBAM {own:,.0f} 元"
    said_en = f"home {home:,.0f} CNY + CBAM borne {own:,.0f} CNY"
    made["C1"] = (
        _given((home + own) / firm.revenue_cny, f"（{said_zh}）/ 营业收入", f"({said_en}) / revenue")
        if firm.revenue_cny
        else _missing("营业收入", "revenue")
    )
    if firm.ebitda_cny is None:
        made["C2"] = _missing("EBITDA", "EBITDA")
    elif home > 0 and passed is None:
        made["C2"] = _missing("国内碳成本的传导比例", "the share of the home cost that is passed on")
    elif firm.ebitda_cny <= 0:
        made["C2"] = (
            IndicatorValue(value=_WORST_RATIO, state="measured", data_quality=1),
            Text("EBITDA 不为正，按政策计 0 分", "EBITDA is not positive: 0 points by policy"),
        )
    else:
        unrecovered = home * (1.0 - (passed or 0.0)) + own
        made["C2"] = _given(
            unrecovered / firm.ebitda_cny,
            f"（国内未传导 + 承担的 CBAM）/ EBITDA，传导率 {passed or 0:.0%}",
            f"(home not passed on + CBAM borne) / EBITDA, pass-through {passed or 0:.0%}",
        )
    return made


#: Stands for a ratio to an EBITDA that is not positive: beyond the worst end of any curve.
_WORST_RATIO = 1e9


def _ets(s: Submission, t: FirmTotals) -> dict[str, tuple[IndicatorValue, Text]]:
    if t.ets_duty is False:
        declared = IndicatorValue(state="not_applicable", declared_on=t.as_of)
        return dict.fromkeys(("E1", "E2", "E3"), (declared, t.regime_note))
    if t.ets_duty is None:
        asked = _missing("装置所属碳市场", "the carbon market of the installations")
        return dict.fromkeys(("E1", "E2", "E3"), asked)
    made = {"E2": _missing("近三个履约期清缴记录", "surrender record of the last three cycles")}
    emissions, free = t.verified_emissions_t, t.free_allocation_t
    if emissions and free is not None:
        made["E1"] = _given(
            (free + (t.held_t or 0.0)) / emissions,
            "（免费配额 + 持有）/ 核查排放",
            "(free allocation + held) / verified emissions",
            1.0,
        )
    else:
        made["E1"] = _missing("核查排放或免费配额", "verified emissions or free allocation")
    ebitda = s.firm.ebitda_cny
    if t.net_short_t is None:
        made["E3"] = _missing("净缺口", "the net short position")
    elif ebitda is None:
        made["E3"] = _missing("EBITDA", "EBITDA")
    elif t.net_short_t <= 0:
        made["E3"] = _given(0.0, "没有净缺口", "no net short position")
    elif t.allowance_price_cny is None:
        made["E3"] = _missing("配额价格", "the allowance price")
    elif ebitda <= 0:
        made["E3"] = _given(_WORST_RATIO, "EBITDA 不为正，计 0 分", "EBITDA is not positive: 0 points")
    else:
        made["E3"] = _given(
            t.net_short_t * E3_RISE * t.allowance_price_cny / ebitda,
            "净缺口 × 碳价的一半 / EBITDA",
            "net short x half the price / EBITDA",
        )
    return made


def _border(s: Submission, t: FirmTotals) -> dict[str, tuple[IndicatorValue, Text]]:
    tonnes = t.eu_tonnes
    if tonnes is None or (tonnes == 0 and not s.goods):
        asked = _missing("对欧出口货物", "goods exported to the EU")
        return dict.fromkeys(("B1", "B2", "B3"), asked)
    if tonnes == 0:
        none = IndicatorValue(state="not_applicable", declared_on=t.as_of)
        said = Text("货物表中没有 CBAM 涵盖的对欧货物", "the goods sheet has no goods that CBAM covers")
        return dict.fromkeys(("B1", "B2", "B3"), (none, said))
    made = {
        "B3": _given(
            (t.eu_tonnes_verified or 0.0) / tonnes,
            "经核查实际值的吨数 / 对欧涵盖货物吨数",
            "tonnes with verified actual emissions / tonnes of covered goods",
            1.0,
        )
    }
    revenue = t.covered_eu_revenue_cny
    if not revenue:
        unpriced = _missing("每行货物的价格和币种", "price and currency of every row of goods")
        return made | {"B1": unpriced, "B2": unpriced}
    made["B1"] = (
        _missing("CBAM 费用（人民币）", "CBAM cost in CNY")
        if t.cbam_cost_cny is None
        else _given(t.cbam_cost_cny / revenue, "CBAM 净费用 / 对欧涵盖货物收入", "net CBAM cost / covered EU revenue")
    )
    made["B2"] = (
        _given(revenue / s.firm.revenue_cny, "对欧涵盖货物收入 / 营业收入", "covered EU revenue / revenue")
        if s.firm.revenue_cny
        else _missing("营业收入", "revenue")
    )
    return made
