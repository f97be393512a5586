"""The home side: each installation's market, price and position, and what they make of one row of goods."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from cbam.consignment import Basis
from cbam.deduction import PLAIN, Deduction, PricePaid, at_most, deduction, price_effectively_paid
from finance.line import Border
from finance.policy import DataQuality
from finance.submission import GoodsLine
from models.allowance import ReferencePrice, reference_price, user_price
from models.embedded import EmbeddedCost, embedded_cost
from models.errors import NOTHING, Text, YuetanError
from models.findings import Finding
from models.fx import FxTable
from models.installation import EtsYear
from models.law import LawBook, Read
from models.market import Market
from models.mean_price import MeanPrice, mean_over
from models.position import Position, position
from models.regime import Regime, law_of_year, regime_of
from models.table import Row

#: A compliance year's own mean price is used when quotes cover at least this share of its weeks.
WHOLE_YEAR = 0.9
#: Data-quality score of a stand-in that says nothing of the installation itself.
PROXY = 5
_Z90 = NormalDist().inv_cdf(0.9)
_ASSUMED_SPREAD = Text(
    "只含强度的不确定性，幅度按数据质量取评分政策的假设值，不含价格波动",
    "uncertainty of the intensity only, its size by data quality as the score's policy assumes; no price risk",
)


@dataclass(frozen=True, slots=True)
class Site:
    """One installation in one compliance year."""

    year: EtsYear
    regime: Regime | None
    price: ReferencePrice | MeanPrice | None
    position: Position | None
    paid: PricePaid | None
    method: str | None
    findings: tuple[Finding, ...]

    @property
    def price_note(self) -> Text:
        """How the market price is known."""
        if isinstance(self.price, MeanPrice):
            return Text(
                f"{self.year.compliance_year} 年均价（成交量加权）",
                f"mean of {self.year.compliance_year}, volume-weighted",
            )
        if isinstance(self.price, ReferencePrice):
            if self.price.statistic == "user":
                return Text(
                    f"用户录入（{self.price.on}，{self.year.user_price_source}）",
                    f"entered by the user ({self.price.on}, {self.year.user_price_source})",
                )
            return Text(
                f"参考价 {self.price.first} – {self.price.last}，等级 {self.price.quality}",
                f"reference price {self.price.first} - {self.price.last}, class {self.price.quality}",
            )
        return NOTHING

    def reads(self) -> tuple[Read, ...]:
        """Return every value that the site rests on."""
        found = (*(self.regime.reads if self.regime else ()), *(self.position.reads if self.position else ()))
        return (*found, self.price.read()) if self.price else found

    def rows(self) -> list[Row]:
        """Return the site as rows: market, price, position."""
        head = [
            Row("installation", Text("装置", "Installation"), self.year.installation),
            Row("compliance_year", Text("履约年度", "Compliance year"), str(self.year.compliance_year)),
        ]
        if self.regime:
            why = self.regime.reason
            if self.regime.boundary.zh:
                why = Text(f"{why.zh}；{self.regime.boundary.zh}", f"{why.en}; {self.regime.boundary.en}")
            head.append(Row("regime", Text("所属碳市场", "Carbon market"), self.regime.instrument or "—", "", why))
        price = self.price.value if self.price else None
        head.append(Row("market_price", Text("市场参考价", "Market price"), price, "CNY/tCO2", self.price_note))
        return head + (self.position.rows() if self.position else [])

    def to_dict(self) -> dict[str, Any]:
        """Return the site as plain data."""
        return {
            "installation": self.year.installation,
            "compliance_year": self.year.compliance_year,
            "regime": self.regime.word if self.regime else None,
            "instrument": self.regime.instrument if self.regime else None,
            "rows": [
                {"key": r.key, "label": r.label._asdict(), "value": r.value, "unit": r.unit, "note": r.note._asdict(), "digits": r.digits}
                for r in self.rows()
            ],
        }  # fmt: skip


def site_of(year: EtsYear, book: LawBook, market: Market, fx: FxTable, as_of: dt.date) -> Site:
    """
    Return market, price and position of an installation; what is refused is a finding and leaves the rest standing.

    The market price is the user's where one is entered, else the mean of the
    compliance year where quotes cover it, else the reference price on ``as_of``.
    """
    findings: list[Finding] = []
    try:
        regime = regime_of(year, book)
    except YuetanError as refusal:
        return Site(year, None, None, None, None, None, (Finding.of(refusal),))
    findings += regime.findings
    price: ReferencePrice | MeanPrice | None = None
    if regime.instrument is not None:
        try:
            price = _price(year, regime.instrument, market, as_of)
        except YuetanError as refusal:
            findings.append(Finding.of(refusal, severity="warning"))
    law = law_of_year(book, year.compliance_year)
    where = position(year, regime, law, price.value if price else None)
    findings += where.findings
    rate = _rate_of(year.compliance_year, fx)
    rule = law.find("cn.ets.national.allocation_rule") if regime.word == "national" else None
    plain = at_most(rule, law.find("cn.ets.national.band"), price.value if price else None, rate) if rule else PLAIN
    paid = price_effectively_paid(year, regime, where, rate, plain=plain)
    method = year.allocation_method
    if method is None and rule is not None:
        method = str(rule.value)  # type: ignore[assignment]
    return Site(year, regime, price, where, paid, method, tuple(findings))


def _rate_of(compliance_year: int, fx: FxTable) -> float | None:
    """Return the mean of the compliance year's own rates; ``None`` where that year is not over in the table."""
    try:
        found = fx.rate("CNY", dt.date(compliance_year, 12, 31), statistic="year_mean")
    except YuetanError:
        return None
    return found.value if found.period == str(compliance_year) else None


def _price(year: EtsYear, instrument: str, market: Market, as_of: dt.date) -> ReferencePrice | MeanPrice:
    if year.user_price_cny_per_t is not None:
        on = year.user_price_on or as_of
        return user_price(year.user_price_cny_per_t, on, year.user_price_source or "-", instrument=instrument)
    series = market.of(instrument)
    first, last = dt.date(year.compliance_year, 1, 1), dt.date(year.compliance_year, 12, 31)
    if last < as_of:
        try:
            mean = mean_over(series, first, last)
        except YuetanError:
            mean = None
        if mean is not None and mean.coverage >= WHOLE_YEAR:
            return mean
    return reference_price(series, as_of, market.policy)


@dataclass(frozen=True, slots=True)
class Home:
    """What a row of goods costs at home, and what of it counts at the border."""

    site: Site
    cost: EmbeddedCost
    deduction: Deduction
    #: Spread of the intensity by its data quality, an assumption of the score's policy.
    sigma: float

    def interval(self, value: float | None) -> tuple[float, float] | None:
        """Return P10 and P90 of a cost if its intensity is log-normal with ``sigma`` around the stated value."""
        if value is None:
            return None
        low, high = sorted(value * math.exp(sign * _Z90 * self.sigma) for sign in (-1.0, 1.0))
        return low, high

    def rows(self) -> list[Row]:
        """Return the three views with their intervals."""
        made = self.cost.rows()
        for key, label, value in (
            ("full_interval", Text("全额 P10–P90", "Full, P10 to P90"), self.cost.full_cny_per_t),
            ("paid_interval", Text("实付 P10–P90", "Paid, P10 to P90"), self.cost.paid_cny_per_t),
        ):
            found = self.interval(value)
            shown = None if found is None else f"{found[0]:,.2f} – {found[1]:,.2f}"
            made.append(Row(key, label, shown, "CNY/t", _ASSUMED_SPREAD))
        return made

    def numbers(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        full, paid, marginal = self.cost.totals_cny
        return {
            "installation": self.site.year.installation,
            "compliance_year": self.site.year.compliance_year,
            "regime": self.cost.regime.word,
            "instrument": self.cost.regime.instrument,
            "intensity": self.cost.intensity_tco2_per_t,
            "data_quality": self.cost.data_quality,
            "market_price_cny_per_t": self.cost.market_price_cny_per_t,
            "price_status": "user" if getattr(self.site.price, "statistic", None) == "user" else "market",
            "full_cny_per_t": self.cost.full_cny_per_t,
            "paid_cny_per_t": self.cost.paid_cny_per_t,
            "marginal_cny_per_t": self.cost.marginal_cny_per_t,
            "full_cny": full,
            "paid_cny": paid,
            "marginal_cny": marginal,
            "full_interval_cny_per_t": self.interval(self.cost.full_cny_per_t),
            "paid_interval_cny_per_t": self.interval(self.cost.paid_cny_per_t),
            "paid_basis": self.cost.paid_basis,
            "deductible_today_eur": 0.0,
            "deduction_reason": self.deduction.reason._asdict(),
            "paid_cny_per_tco2": self.deduction.paid_cny_per_tco2,
            "paid_eur_per_t": self.deduction.paid_eur_per_t,
            "potential_eur_per_t": self.deduction.potential_eur_per_t,
        }


def line_home(
    line: GoodsLine, made: Border, sites: Sequence[Site], book: LawBook, quality_of: DataQuality
) -> tuple[Home | None, list[Finding]]:
    """
    Return home cost and deduction of one row.

    The installation is the one the row names; of its compliance years the one of
    the import, else the latest before it. The intensity is the stated covered
    one; else the verified SEE; else, marked as a proxy of the lowest quality,
    the default value without mark-up.
    """
    site = _site_for(line, sites)
    if site is None:
        return None, [
            Finding(
                code="goods.no_installation",
                severity="info",
                text=Text(
                    "该行没有对应的装置及履约年度，无法计算国内碳成本。",
                    "The row has no installation with a compliance year, so the carbon cost at home is not computed.",
                ),
                hint=Text(
                    "请在“货物”表填写装置名称，并在“装置”表填写该装置。",
                    "Name the installation in the goods sheet and enter it in the installations sheet.",
                ),
                field="installation",
            )
        ]
    if site.regime is None:
        return None, []
    exposure = made.exposure
    if line.covered_tco2_per_t is not None:
        intensity, quality = line.covered_tco2_per_t, 2
        basis = Text("企业填报的自有直接排放强度", "own direct intensity as stated")
    elif line.basis is Basis.ACTUAL and line.own_see_tco2e_per_t is not None:
        intensity, quality = line.own_see_tco2e_per_t, 3
        basis = Text("以经核查 SEE 代替（含外购前体）", "verified SEE stands in, bought precursors included")
    elif exposure.default is not None:
        intensity, quality = exposure.default.total_tco2e_per_t, PROXY
        basis = Text(
            "以欧盟默认值（未加成）代替，仅供参考", "EU default value without mark-up stands in, a rough proxy"
        )
    else:
        return None, []
    cost = embedded_cost(
        intensity,
        line.net_mass_t,
        site.regime,
        site.position,
        site.method,
        site.price.value if site.price else None,
        intensity_basis=basis,
        data_quality=quality,
        price_note=site.price_note,
    )
    paid = site.paid or PricePaid(None, None, False, ())
    law = book.at(line.imported_on)
    e = exposure.embedded
    counts = deduction(
        line.basis,
        e.see_tco2e_per_t,
        e.sefa_tco2e_per_t,
        exposure.price.eur_per_t,
        paid,
        None if quality == PROXY else intensity,
        law,
    )
    return Home(site, cost, counts, float(quality_of.sigma(float(quality)))), []


def _site_for(line: GoodsLine, sites: Sequence[Site]) -> Site | None:
    own = [s for s in sites if s.year.installation == line.installation] if line.installation else []
    before = [s for s in own if s.year.compliance_year <= line.imported_on.year]
    return max(before, key=lambda s: s.year.compliance_year, default=None)
