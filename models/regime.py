"""
Which carbon market an installation belongs to in a compliance year.

Decided per compliance year (the year of the emissions) and installation, never
by the date of the question; a tonne belongs to one market at most.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal, cast

from models.errors import NOTHING, MissingInput, Text, YuetanError
from models.findings import Finding
from models.installation import EtsYear
from models.law import LawAt, LawBook, Read

RegimeWord = Literal["guangdong_pilot", "national", "shenzhen", "none"]
REGIMES: dict[RegimeWord, Text] = {
    "guangdong_pilot": Text("广东碳市场", "Guangdong pilot"),
    "national": Text("全国碳市场", "national market"),
    "shenzhen": Text("深圳碳市场", "Shenzhen market"),
    "none": Text("未纳入碳市场", "no carbon market"),
}
#: Allowance of each market.
INSTRUMENTS: dict[RegimeWord, str | None] = {
    "guangdong_pilot": "GDEA",
    "national": "CEA",
    "shenzhen": "SZA",
    "none": None,
}
_BOUNDARY: dict[RegimeWord, Text] = {
    "guangdong_pilot": Text(
        "广东试点核算一般包含外购电力和热力（待按现行指南确认）",
        "the pilot's accounting is understood to include purchased power and heat (to be confirmed)",
    ),
    "national": Text(
        "全国市场只计直接排放（燃料和过程），不含外购电力和热力",
        "the national market counts direct emissions only (fuel and process), not purchased power and heat",
    ),
    "shenzhen": Text("深圳市场边界以主管部门通知为准", "the boundary of the Shenzhen market is in its own notices"),
    "none": NOTHING,
}
TABLE = "cn.ets.regime"
_SHENZHEN = {"shenzhen", "深圳", "深圳市"}
_GUANGDONG = {"guangdong", "广东", "广东省"}


class RegimeUnknown(YuetanError):
    code = "ets.regime_unknown"
    message = Text(
        "我们的来源中没有 {year} 履约年度“{process}”在{place}的碳市场归属。",
        "Our sources do not say which market '{process}' in {place} belongs to in compliance year {year}.",
    )
    hint = Text(
        "请在“装置”表填写“所属碳市场”和文件名称（如名录、配额通知）。",
        "State the carbon market and its document (list of entities, allocation notice) in the installations sheet.",
    )


@dataclass(frozen=True, slots=True)
class Regime:
    """The market, why, and what it counts. ``stated`` is true when only the operator's word supports it."""

    word: RegimeWord
    compliance_year: int
    reason: Text
    boundary: Text
    stated: bool
    reads: tuple[Read, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def instrument(self) -> str | None:
        """The allowance of the market; ``None`` outside any."""
        return INSTRUMENTS[self.word]

    @property
    def name(self) -> Text:
        """The market's name."""
        return REGIMES[self.word]


def law_of_year(book: LawBook, compliance_year: int) -> LawAt:
    """Open the law on the last day of a compliance year: its values begin on 1 January of that year."""
    return book.at(dt.date(compliance_year, 12, 31))


def regime_of(year: EtsYear, book: LawBook) -> Regime:
    """
    Return the market of an installation in a compliance year.

    Parameters
    ----------
    year : EtsYear
        Process, place, list membership and, where the pilot has a threshold,
        verified emissions (tCO2) or energy use (tce).
    book : LawBook
        The law; read from ``cn.ets``.

    Raises
    ------
    RegimeUnknown
        Our tables are silent and the operator has stated no regime.
    MissingInput
        List membership or emissions decide and are not given.

    Notes
    -----
    Sources ``gd-ets-years``, ``national-ets-years``, ``national-plan-2026``.
    """
    law = law_of_year(book, year.compliance_year)
    try:
        found = _by_rule(year, law)
    except RegimeUnknown:
        if not year.stated_regime:
            raise
        return _stated(year)
    if not year.stated_regime or year.stated_regime == found.word:
        return found
    return Regime(
        found.word,
        found.compliance_year,
        found.reason,
        found.boundary,
        stated=False,
        reads=found.reads,
        findings=(*found.findings, _contradiction(year, found.word)),
    )


def _by_rule(year: EtsYear, law: LawAt) -> Regime:
    listed = {True: "yes", False: "no", None: None}[year.on_national_list]
    read = (law.row(TABLE, year.process, listed) if listed else None) or law.row(TABLE, year.process, "any")
    if read is None:
        if listed is None and any(law.peek(TABLE, year.process, answer) for answer in ("yes", "no")):
            raise MissingInput(
                name_zh="是否列入全国名录",
                name_en="on the national list",
                what_zh="所属碳市场",
                what_en="the carbon market",
                field="on_national_list",
            )
        raise _unknown(year)
    word = cast("RegimeWord", read.value)
    place = (year.city or "").strip().lower()
    if place in _SHENZHEN and word != "national":
        reason = Text(
            "深圳不在广东试点内，适用深圳碳市场（是否纳入以深圳名录为准）",
            "Shenzhen is outside the Guangdong pilot and has its own market (its own list decides on coverage)",
        )
        return Regime("shenzhen", year.compliance_year, reason, _BOUNDARY["shenzhen"], False, tuple(law.reads.values()))
    if year.province.strip().lower() not in _GUANGDONG and word != "national":
        raise _unknown(year)
    if read.attr("threshold") == "yes" and not _above_threshold(year, law):
        reason = Text("年排放和能耗均低于广东试点纳入门槛", "emissions and energy use are below the pilot's threshold")
        return Regime("none", year.compliance_year, reason, NOTHING, False, tuple(law.reads.values()))
    name = REGIMES[word]
    reason = Text(
        f"{year.compliance_year} 履约年度：{name.zh}" + (f"（{read.attr('note_zh')}）" if read.note else ""),
        f"compliance year {year.compliance_year}: {name.en}" + (f" ({read.note})" if read.note else ""),
    )
    doubt = (_list_contradicts(year),) if word == "national" and listed == "no" else ()
    return Regime(word, year.compliance_year, reason, _BOUNDARY[word], False, tuple(law.reads.values()), doubt)


def _above_threshold(year: EtsYear, law: LawAt) -> bool:
    emissions, energy = year.verified_emissions_t, year.energy_tce
    if emissions is None and energy is None:
        raise MissingInput(
            name_zh="核查排放量",
            name_en="verified emissions",
            what_zh="是否达到广东试点纳入门槛",
            what_en="whether the installation reaches the pilot's threshold",
            field="verified_emissions_t",
        )
    if emissions is not None and emissions >= law.number("cn.ets.guangdong.threshold_emissions"):
        return True
    least = law.find("cn.ets.guangdong.threshold_energy")
    return energy is not None and least is not None and energy >= float(least.value or 0)


def _stated(year: EtsYear) -> Regime:
    word = next((w for w in REGIMES if w == year.stated_regime), None)
    if word is None or not year.regime_document:
        raise MissingInput(
            name_zh="所属碳市场及其文件名称",
            name_en="carbon market and its document",
            what_zh="碳成本",
            what_en="the carbon cost",
            field="regime_document",
        )
    reason = Text(
        f"由企业填报，依据：{year.regime_document}", f"stated by the operator, document: {year.regime_document}"
    )
    return Regime(word, year.compliance_year, reason, _BOUNDARY[word], stated=True, reads=())


def _unknown(year: EtsYear) -> RegimeUnknown:
    place = year.city or year.province
    return RegimeUnknown(field="stated_regime", year=year.compliance_year, process=year.process, place=place)


def _list_contradicts(year: EtsYear) -> Finding:
    return Finding(
        code="ets.list_contradicts",
        severity="warning",
        text=Text(
            f"填报“未列入全国名录”，但 {year.compliance_year} 履约年度该工序属全国碳市场，已按全国市场计算。",
            f"Stated as not on the national list, but in compliance year {year.compliance_year} this process belongs to the "
            "national market, which is used.",
        ),
        hint=Text("请核对全国碳市场重点排放单位名录。", "Check the national list of entities."),
        field="on_national_list",
    )


def _contradiction(year: EtsYear, word: RegimeWord) -> Finding:
    stated = REGIMES.get(cast("RegimeWord", year.stated_regime))
    name = stated or Text(str(year.stated_regime), str(year.stated_regime))
    return Finding(
        code="ets.regime_contradicts",
        severity="warning",
        text=Text(
            f"填报的碳市场“{name.zh}”与规则不符：{year.compliance_year} 履约年度应为“{REGIMES[word].zh}”，已按规则计算。",
            f"The stated market '{name.en}' contradicts the rules: compliance year {year.compliance_year} belongs to the "
            f"{REGIMES[word].en}, which is used.",
        ),
        hint=Text("请核对名录和配额通知。", "Check the list of entities and the allocation notice."),
        field="stated_regime",
    )
