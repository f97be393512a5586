"""The deduction dossier of an installation and year, worked out from its position, its goods and its evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from cbam.deduction import PLAIN, at_most
from cbam.dossier import Dossier, DossierGood, dossier
from cbam.exposure import reporting_year
from cbam.payment import SiteFacts
from cbam.prices import PRICES, CertificatePrice, Pricing
from cbam.reference_model import Rules, chosen
from finance.assessment import Options, pricing_of
from models.errors import Text, YuetanError
from models.files import read_yaml
from models.findings import Finding
from models.fx import FxTable
from models.inputs import Input, NonNegative, Positive
from models.law import LawBook
from models.market import Market
from models.mean_price import MeanPrice, mean_over
from service.library import Library
from service.position.use import PositionAsk, Positioned, positioned


class DossierAsk(Input):
    """The position of the installation in the year, its goods, its evidence, and the choices."""

    position: PositionAsk
    goods: Annotated[tuple[DossierGood, ...], Field(min_length=1, max_length=2_000)]
    #: Direct part of emissions verified under a pilot, tCO2.
    direct_emissions_t: NonNegative | None = None
    #: What document shows each item, by key of ``data/words/dossier.yaml``.
    evidence: dict[str, Annotated[str, Field(max_length=300)]] = Field(default_factory=dict, max_length=40)
    rules: Rules = Field(default_factory=Rules)
    #: Day of import whose certificate price is taken.
    imported_on: dt.date = Field(ge=dt.date(2026, 1, 1), le=dt.date(2060, 12, 31), examples=["2026-05-12"])
    #: Year the goods were made in; the import's where absent, and always for imports of 2026.
    production_year: int | None = Field(default=None, ge=2026, le=2060)
    price_path: str = Field(default="flat", pattern=r"^[A-Za-z0-9_.\-]{1,60}$")
    use_scenario_price: bool = False
    #: Yearly average rate of the user, CNY per EUR, with its source.
    fx_cny_per_eur: Positive | None = None
    fx_source: str | None = Field(default=None, max_length=300)
    law_scenarios: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,60}$")], ...] = Field(
        default=(), max_length=5
    )


class UnknownEvidence(YuetanError):
    code = "dossier.unknown_evidence"
    message = Text("没有证据项“{key}”。", "There is no item of evidence '{key}'.")
    hint = Text("可用：{known}。", "Known: {known}.")


@dataclass(frozen=True, slots=True)
class Made:
    """The dossier, the position it rests on, and the certificate price where there is one."""

    asked: DossierAsk
    dossier: Dossier
    position: Positioned
    price: CertificatePrice | None
    findings: tuple[Finding, ...]


def evidence_words(library: Library) -> Mapping[str, Mapping[str, Any]]:
    """Return the items of evidence, by key."""
    found: Mapping[str, Mapping[str, Any]] = read_yaml(library.data / "words" / "dossier.yaml")
    return found


def made_of(asked: DossierAsk, library: Library, market: Market, fx: FxTable, today: dt.date) -> Made:
    """
    Return the dossier.

    A price, a rate or an allocation that is refused is told and leaves the
    figures that rest on it unknown.

    Raises
    ------
    UnknownEvidence, UnknownScenario, RegimeUnknown, MissingInput
        A key that does not exist; market or emissions cannot be told.
    """
    words = evidence_words(library)
    if unknown := [key for key in asked.evidence if key not in words]:
        raise UnknownEvidence(field="evidence", key=unknown[0], known=", ".join(words))
    place = positioned(asked.position, library, market, today)
    year = place.regime.compliance_year
    book = library.book(asked.law_scenarios)
    law = book.at(dt.date(max(year, asked.imported_on.year), 12, 31))
    rules = chosen(asked.rules, law)
    findings = list(place.findings)
    reporting = reporting_year(asked.imported_on, asked.production_year, book.at(asked.imported_on))
    if reporting != year:
        findings.append(_other_year(reporting, year))
    findings += _after_day(asked, place.account.as_of)
    price = _price(asked, library, book, findings)
    reference = price.eur_per_t if price else None
    if rules.is_("reference_price", "yearly_mean"):
        reference = _yearly(book, asked.imported_on.year, findings)
    rate, source = _rate(asked, fx, year, findings)
    home = place.position
    direct = asked.direct_emissions_t
    mean = _mean(market, place.regime.instrument, year)
    site = SiteFacts(
        installation=asked.position.year.installation,
        year=year,
        regime=place.regime,
        account=place.account,
        emissions_t=home.emissions_t,
        direct_t=direct,
        free_t=home.free_t,
        market_mean_cny_per_t=mean.value if mean else None,
        market_mean_coverage=mean.coverage if mean else 0.0,
        evidence=asked.evidence,
    )
    of_year = library.book().at(dt.date(year, 12, 31))
    national = place.regime.word == "national"
    rule = of_year.find("cn.ets.national.allocation_rule") if national else None
    market_price = place.price.value if place.price else site.market_mean_cny_per_t
    plain = at_most(rule, of_year.find("cn.ets.national.band"), market_price, rate) if rule else PLAIN
    made = dossier(
        site,
        asked.goods,
        rules,
        law,
        cny_per_eur=rate,
        rate_source=source,
        certificate_price_eur=price.eur_per_t if price else None,
        reference_eur_per_t=reference,
        reporting_year=reporting,
        plain=plain,
        words=words,
    )
    told = {f.code for f in findings}
    return Made(asked, made, place, price, (*findings, *(f for f in made.findings if f.code not in told)))


def _price(asked: DossierAsk, library: Library, book: LawBook, findings: list[Finding]) -> CertificatePrice | None:
    try:
        pricing: Pricing = pricing_of(
            Options(price_path=asked.price_path, use_scenario_price=asked.use_scenario_price), library.paths
        )
        return pricing.for_import(book.at(asked.imported_on))
    except YuetanError as refusal:
        findings.append(Finding.of(refusal, severity="warning"))
        return None


def _yearly(book: LawBook, year: int, findings: list[Finding]) -> float | None:
    """Return the mean of the four official quarterly prices of a year; told where they are not all published."""
    law = book.at(dt.date(year, 12, 31))
    reads = [book.at(dt.date(year, month, 1)).row(PRICES, f"{year}Q{(month + 2) // 3}") for month in (1, 4, 7, 10)]
    values = [float(read.value) for read in reads if read is not None and read.value is not None]
    if len(values) == len(reads):
        return sum(values) / len(values)
    findings.append(
        Finding(
            code="dossier.no_yearly_price",
            severity="warning",
            text=Text(
                f"{law.day.year} 年四个季度的官方证书价格尚未全部公布，不能取全年均值。",
                f"The official certificate prices of {law.day.year} are not all published: there is no mean of the year.",
            ),
            hint=Text("请改用“进口时的证书价格”。", "Choose the certificate price of the import."),
            field="rules.reference_price",
        )
    )
    return None


def _rate(asked: DossierAsk, fx: FxTable, year: int, findings: list[Finding]) -> tuple[float | None, str]:
    """Return the mean rate of the compliance year and its source: the user's, else the central bank's."""
    if asked.fx_cny_per_eur is not None:
        if not asked.fx_source:
            findings.append(_no_source())
        return asked.fx_cny_per_eur, asked.fx_source or ""
    try:
        found = fx.rate("CNY", dt.date(year, 12, 31), statistic="year_mean")
        if found.period == str(year):
            return found.value, f"{found.source} {found.period}"
    except YuetanError:
        pass
    findings.append(
        Finding(
            code="dossier.no_yearly_rate",
            severity="warning",
            text=Text(
                f"{year} 年的年平均汇率不在我们的数据中。", f"The yearly average rate of {year} is not in our data."
            ),
            hint=Text("请填写年平均汇率并注明来源。", "Enter the yearly average rate with its source."),
            field="fx_cny_per_eur",
        )
    )
    return None, ""


def _no_source() -> Finding:
    return Finding(
        code="dossier.rate_without_source",
        severity="warning",
        text=Text(
            "填写的年平均汇率没有注明来源，不能作为证据。", "The rate entered names no source: it is no evidence."
        ),
        hint=Text(
            "请填写汇率来源，如“欧洲央行 2026 年均值”。",
            "Name the source, such as 'European Central Bank, mean of 2026'.",
        ),
        field="fx_source",
    )


def _after_day(asked: DossierAsk, on: dt.date) -> list[Finding]:
    """Tell of entries after the day asked about: they are plans and do not count."""
    later = [i for i, entry in enumerate(asked.position.entries) if entry.on > on]
    if not later:
        return []
    return [
        Finding(
            code="dossier.after_the_day",
            severity="info",
            text=Text(
                f"{len(later)} 笔记录晚于询问日 {on}，是计划，不计入。",
                f"{len(later)} entries are after the day asked about, {on}: plans, which do not count.",
            ),
            hint=Text("请把询问日改为这些记录之后。", "Ask for a day after them."),
            field=f"position.entries.{later[0]}.on",
        )
    ]


def _mean(market: Market, instrument: str | None, year: int) -> MeanPrice | None:
    if instrument is None or instrument not in market.series:
        return None
    try:
        return mean_over(market.of(instrument), dt.date(year, 1, 1), dt.date(year, 12, 31))
    except YuetanError:
        return None


def _other_year(reporting: int, year: int) -> Finding:
    return Finding(
        code="dossier.other_year",
        severity="warning",
        text=Text(
            f"货物的报告期是 {reporting} 年，碳价支付属于 {year} 履约年度：两者应相同，否则不计入。",
            f"The reporting period of the goods is {reporting}, the carbon price was paid for compliance year {year}: they must be "
            "the same, else it does not count.",
        ),
        hint=Text(
            f"请改用 {reporting} 履约年度的排放、配额和购买。",
            f"Use emissions, allowances and purchases of {reporting}.",
        ),
        field="position.year.compliance_year",
    )
