"""Named indicators out of a submission and the results: each with its state, quality, and how it was formed."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from finance.indicator import BOUNDS, MOST, NO_EBITDA, PartialValue
from finance.score import joined
from finance.submission import Footprint, IndicatorValue, State, Submission
from models.errors import NOTHING, Text

#: Price rise of E3: half of today's price (``finance.md`` section 3).
E3_RISE = 0.5
EVIDENCE = ("none", "self_declared", "third_party_verified", "national_certified")
#: Places of the data-quality scale (``finance.md`` section 7): verified reported emissions; production times a
#: published factor, as a CBAM default value is; and its worst end, for what nobody has graded.
VERIFIED, FROM_PRODUCTION, WORST = 1.0, 3.0, 5.0


@dataclass(frozen=True, slots=True)
class FirmTotals:
    """
    The sums that ratios are made of, CNY and tonnes; ``None`` where one is not known.

    ``cbam_cost_cny`` is the whole cost attached to the goods; the share that the
    exporter bears is applied in C1 and C2 and nowhere else. ``lines_left_out``
    counts goods that could not be computed, so that a sum without them is marked.
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
    lines_left_out: int = 0
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
    made = {
        **_only_stated(),
        **_footprints(submission.footprints),
        **_carbon_cost(submission, totals),
        **_ets(submission, totals),
        **_border(submission, totals),
    }
    known_to_apply = {
        *(("E1", "E2", "E3") if totals.ets_duty else ()),
        *(("B1", "B2", "B3") if totals.eu_tonnes else ()),
    }
    for key, stated in submission.indicators.items():
        value, note = made.get(key, (_MISSING, NOTHING))
        if stated.state == "not_applicable" and key in known_to_apply:
            against = Text(
                "企业声明不适用，但与装置或货物数据不符，不予采用",
                "declared not applicable against the firm's own installations or goods, and not followed",
            )
            made[key] = (value, joined(note, against))
        elif stated.state != "missing" and (stated.value is not None or stated.state == "not_applicable"):
            made[key] = (stated, Text("企业填报", "as stated"))
    return Metrics({k: value for k, (value, _) in made.items()}, {k: note for k, (_, note) in made.items()})


_Made = tuple[IndicatorValue, Text]
_MISSING = IndicatorValue(state="missing")


def _only_stated() -> dict[str, _Made]:
    """Return what no sum of ours can form; it stays missing until the firm states it."""
    asked = Text("需由企业填报", "to be stated by the firm")
    return dict.fromkeys(("F3", "T1", "T2", "T3"), (_MISSING, asked))


def _missing(zh: str, en: str) -> _Made:
    return _MISSING, Text(f"缺少{zh}", f"{en} missing")


def _ratio(
    key: str, above: float, below: float, zh: str, en: str, quality: float | None = None, state: State = "measured"
) -> _Made:
    """Return a ratio with its note; one that its definition does not allow is missing, and says so."""
    low, high = BOUNDS.get(key, (-MOST, MOST))
    value = above / below if abs(above) <= MOST * abs(below) else math.inf
    if not low <= value <= high:
        odd = Text("结果超出合理范围，请核对数据和单位", "beyond what is plausible, check figures and units")
        return _MISSING, joined(Text(zh, en), odd)
    said = Text(zh, en)
    return IndicatorValue(value=value, data_quality=quality, state=state), said


def comparable(footprint: Footprint) -> bool:
    """Return whether a footprint may be set against its benchmark: same boundary, unit and year, and both there."""
    return (
        footprint.same_boundary
        and footprint.footprint_tco2e_per_t is not None
        and footprint.benchmark_tco2e_per_t is not None
    )


def _footprints(products: Sequence[Footprint]) -> dict[str, _Made]:
    """
    Return F1, F2 and Q1, weighted by revenue.

    A product that cannot be compared is missing and not 1.0: F1 then speaks for
    the rest of the revenue, is estimated, and its missing share scores by the
    card's rule for what is missing, with the worst data quality.
    """
    usable = [p for p in products if comparable(p)]
    revenue, covered = math.fsum(p.revenue_cny for p in products), math.fsum(p.revenue_cny for p in usable)
    graded = [p for p in products if p.footprint_tco2e_per_t is not None and p.data_quality is not None]
    made = {"F2": _evidence(products, revenue)}
    if revenue > 0 and graded:
        made["Q1"] = _quality(products, revenue, lambda p: p.footprint_tco2e_per_t is not None)
    else:
        made["Q1"] = _missing("产品碳足迹的数据质量分", "data-quality scores of the footprints")
    if covered <= 0:
        made["F1"] = _missing("可与基准比较的产品碳足迹", "footprints comparable with a benchmark")
        return made
    sources = sorted({p.benchmark_source for p in usable if p.benchmark_source})
    named = len([p for p in usable if p.benchmark_source]) == len(usable)
    quality = _quality(products, revenue, comparable)[0].value if graded else None
    zh = f"按收入加权，{len(usable)} 个产品，占产品收入 {covered / revenue:.0%}；基准来源：{'、'.join(sources) or '未注明'}"
    en = (
        f"weighted by revenue over {len(usable)} products, {covered / revenue:.0%} of product revenue; "
        f"benchmarks from {', '.join(sources) or 'an unnamed source'}"
    )
    whole = all(comparable(p) for p in products if p.revenue_cny > 0)
    value, note = _ratio(
        "F1",
        math.fsum(p.revenue_cny * _to_benchmark(p) for p in usable),
        covered,
        zh if named or not sources else f"{zh}（部分未注明）",
        en if named or not sources else f"{en} (some unnamed)",
        quality if isinstance(quality, float) else None,
        "measured" if whole else "estimated",
    )
    if not whole and value.state != "missing":
        value = PartialValue(**value.model_dump(), covers=min(1.0, covered / revenue))
    made["F1"] = (value, note)
    return made


def _to_benchmark(product: Footprint) -> float:
    return min(
        MOST, float(product.footprint_tco2e_per_t or 0.0) / max(float(product.benchmark_tco2e_per_t or 0.0), 1e-12)
    )


def _quality(products: Sequence[Footprint], revenue: float, counts: Callable[[Footprint], bool]) -> _Made:
    """Return the data-quality score weighted by revenue; what has none, or does not count, has the worst."""
    scores = [p.data_quality if counts(p) and p.data_quality is not None else WORST for p in products]
    value = math.fsum(p.revenue_cny * q for p, q in zip(products, scores, strict=True)) / revenue
    whole = all(counts(p) and p.data_quality is not None for p in products if p.revenue_cny > 0)
    said = Text("按收入加权的数据质量分", "data-quality score weighted by revenue")
    if not whole:
        said = joined(said, Text("没有的按最差 5 分计", "where there is none it counts as 5, the worst"))
    held = min(max(value, VERIFIED), WORST)  # a mean of scores, within rounding
    return IndicatorValue(value=held, data_quality=held, state="measured" if whole else "estimated"), said


def _evidence(products: Sequence[Footprint], revenue: float) -> tuple[IndicatorValue, Text]:
    if revenue <= 0:
        return _missing("产品碳足迹证据", "footprint evidence")
    for level in reversed(EVIDENCE):
        held = math.fsum(p.revenue_cny for p in products if EVIDENCE.index(p.evidence_level) >= EVIDENCE.index(level))
        if held >= 0.5 * revenue:
            break
    return IndicatorValue(value=level), Text(
        "至少覆盖产品收入一半的最高证据等级", "highest level held for at least half of product revenue"
    )


def _carbon_cost(s: Submission, t: FirmTotals) -> dict[str, _Made]:
    """
    Return C1 and C2.

    The sums hold the firm's own ETS cost and the CBAM cost it bears; carbon cost
    in bought materials is not asked for yet, so both are estimates from below.
    """
    firm = s.firm
    home, cbam, borne, passed = t.gross_domestic_cost_cny, t.cbam_cost_cny, firm.cbam_share_borne, firm.pass_through
    lost = firm.ebitda_cny is not None and firm.ebitda_cny <= 0
    no_number = (
        IndicatorValue(value=NO_EBITDA),
        Text("EBITDA 为零或为负，比率没有意义", "EBITDA is zero or negative, a ratio to it has no meaning"),
    )
    unknown = None
    if home is None:
        unknown = _missing("国内碳成本（核查排放、免费配额、购买记录）", "carbon cost at home")
    elif cbam is None:
        unknown = _missing("CBAM 费用（人民币）", "CBAM cost in CNY")
    elif cbam > 0 and borne is None:
        unknown = _missing("出口商承担 CBAM 费用的比例", "the share of the CBAM cost that the exporter bears")
    if unknown is not None or home is None or cbam is None:
        asked = unknown or (_MISSING, NOTHING)
        return {"C1": asked, "C2": no_number if lost else asked}
    own = cbam * (borne or 0.0)
    without_zh, without_en = "未含外购原料中的上游碳成本", "without the upstream carbon cost in bought materials"
    if t.lines_left_out:
        without_zh += f"和 {t.lines_left_out} 行未能计算的货物"
        without_en += f" and {t.lines_left_out} goods that could not be computed"
    zh = f"国内 {home:,.0f} 元，承担的 CBAM {own:,.0f} 元；{without_zh}"
    en = f"home {home:,.0f} CNY, CBAM borne {own:,.0f} CNY; {without_en}"
    border = _border_quality(t)
    weighing = abs(home) + abs(own)
    quality = (abs(home) * VERIFIED + abs(own) * border) / weighing if weighing > 0 else VERIFIED
    made = {}
    if firm.revenue_cny:
        made["C1"] = _ratio(
            "C1",
            home + own,
            firm.revenue_cny,
            f"碳成本 / 营业收入；{zh}",
            f"cost / revenue; {en}",
            quality,
            "estimated",
        )
    else:
        made["C1"] = _missing("营业收入", "revenue")
    if lost:
        made["C2"] = no_number
    elif firm.ebitda_cny is None:
        made["C2"] = _missing("EBITDA", "EBITDA")
    elif home != 0 and passed is None:
        made["C2"] = _missing("国内碳成本的传导比例", "the share of the home cost that is passed on")
    else:
        made["C2"] = _ratio(
            "C2",
            home * (1.0 - (passed or 0.0)) + own,
            firm.ebitda_cny,
            f"（国内未传导 + 承担的 CBAM）/ EBITDA，传导率 {passed or 0:.0%}；{zh}",
            f"(home not passed on + CBAM borne) / EBITDA, pass-through {passed or 0:.0%}; {en}",
            quality,
            "estimated",
        )
    return made


def _border_quality(t: FirmTotals) -> float:
    """Return the data quality behind the CBAM cost, by tonnes: verified emissions or published default values."""
    if not t.eu_tonnes:
        return FROM_PRODUCTION
    verified = min(1.0, (t.eu_tonnes_verified or 0.0) / t.eu_tonnes)
    return verified * VERIFIED + (1.0 - verified) * FROM_PRODUCTION


def _ets(s: Submission, t: FirmTotals) -> dict[str, _Made]:
    if t.ets_duty is False:
        declared = IndicatorValue(state="not_applicable", declared_on=t.as_of)
        return dict.fromkeys(("E1", "E2", "E3"), (declared, t.regime_note))
    if t.ets_duty is None:
        asked = _missing("装置所属碳市场", "the carbon market of the installations")
        return dict.fromkeys(("E1", "E2", "E3"), asked)
    made = {"E2": _missing("近三个履约期清缴记录", "surrender record of the last three cycles")}
    emissions, free = t.verified_emissions_t, t.free_allocation_t
    if emissions and free is not None:
        zh, en = "（免费配额 + 持有）/ 核查排放", "(free allocation + held) / verified emissions"
        if t.held_t is None:
            zh, en = f"{zh}；未填持有量，按 0 计", f"{en}; holdings are not given and taken as none"
        state: State = "measured" if t.held_t is not None else "estimated"
        made["E1"] = _ratio("E1", free + (t.held_t or 0.0), emissions, zh, en, VERIFIED, state)
    else:
        made["E1"] = _missing("核查排放或免费配额", "verified emissions or free allocation")
    made["E3"] = _price_rise(t, s.firm.ebitda_cny)
    return made


def _price_rise(t: FirmTotals, ebitda: float | None) -> _Made:
    """Return E3: what a rise of the allowance price costs, to EBITDA."""
    if t.net_short_t is None:
        return _missing("净缺口", "the net short position")
    if t.net_short_t <= 0:
        return IndicatorValue(value=0.0, data_quality=VERIFIED), Text("没有净缺口", "no net short position")
    if ebitda is None:
        return _missing("EBITDA", "EBITDA")
    if ebitda <= 0:
        said = Text("EBITDA 为零或为负，比率没有意义", "EBITDA is zero or negative, a ratio to it has no meaning")
        return IndicatorValue(value=NO_EBITDA), said
    if t.allowance_price_cny is None:
        return _missing("配额价格", "the allowance price")
    cost = t.net_short_t * E3_RISE * t.allowance_price_cny
    return _ratio("E3", cost, ebitda, "净缺口 × 碳价的一半 / EBITDA", "net short x half the price / EBITDA", VERIFIED)


def _border(s: Submission, t: FirmTotals) -> dict[str, _Made]:
    tonnes = t.eu_tonnes
    if tonnes is None or (tonnes == 0 and (not s.goods or t.lines_left_out)):
        asked = _missing("对欧出口货物", "goods exported to the EU")
        return dict.fromkeys(("B1", "B2", "B3"), asked)
    if tonnes == 0:
        none = IndicatorValue(state="not_applicable", declared_on=t.as_of)
        said = Text("货物表中没有 CBAM 涵盖的对欧货物", "the goods sheet has no goods that CBAM covers")
        return dict.fromkeys(("B1", "B2", "B3"), (none, said))
    state: State = "estimated" if t.lines_left_out else "measured"
    left = (
        (f"；{t.lines_left_out} 行未能计算", f"; {t.lines_left_out} goods could not be computed")
        if t.lines_left_out
        else ("", "")
    )
    made = {
        "B3": _ratio(
            "B3",
            t.eu_tonnes_verified or 0.0,
            tonnes,
            f"经核查实际值的吨数 / 对欧涵盖货物吨数{left[0]}",
            f"tonnes with verified actual emissions / tonnes of covered goods{left[1]}",
            VERIFIED,
            state,
        )
    }
    revenue = t.covered_eu_revenue_cny
    if not revenue:
        unpriced = _missing("每行货物的价格和币种", "price and currency of every row of goods")
        return made | {"B1": unpriced, "B2": unpriced}
    if t.cbam_cost_cny is None:
        made["B1"] = _missing("CBAM 费用（人民币）", "CBAM cost in CNY")
    else:
        zh, en = f"CBAM 净费用 / 对欧涵盖货物收入{left[0]}", f"net CBAM cost / covered EU revenue{left[1]}"
        made["B1"] = _ratio("B1", t.cbam_cost_cny, revenue, zh, en, _border_quality(t), state)
    if s.firm.revenue_cny:
        zh, en = f"对欧涵盖货物收入 / 营业收入{left[0]}", f"covered EU revenue / revenue{left[1]}"
        made["B2"] = _ratio("B2", revenue, s.firm.revenue_cny, zh, en, VERIFIED, state)
    else:
        made["B2"] = _missing("营业收入", "revenue")
    return made
