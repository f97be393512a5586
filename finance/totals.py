"""Sums over the lines: what the page shows first and what the score's ratios are made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cbam.consignment import Basis
from cbam.errors import OutOfScope
from cbam.goods import Origin
from cbam.prices import Pricing
from cbam.projection import years_of
from finance.domestic import Site
from finance.line import Border
from finance.metrics import FirmTotals
from finance.submission import Submission
from models.errors import NOTHING, Text, YuetanError
from models.fx import FxRate
from models.law import LawBook

if TYPE_CHECKING:
    from finance.assessment import LineResult


def _sum(values: Iterable[float | None]) -> float | None:
    """Return the sum of what is known; ``None`` where nothing is."""
    known = [v for v in values if v is not None]
    return sum(known) if known else None


def totals_of(lines: Sequence[LineResult], fx: FxRate | None, book: LawBook, pricing: Pricing) -> dict[str, Any]:
    """
    Return the totals of an assessment.

    Money is the sum of the lines' rounded amounts; certificates keep their
    decimals, since only the purchase of a declarant and year is rounded up.
    ``home_lines`` and ``revenue_lines`` say how many lines a sum covers.
    """
    ok = [(line, line.border) for line in lines if line.border is not None]
    made = [b for _, b in ok]
    homes = [line.home for line, _ in ok if line.home is not None]
    cny = fx.value if fx else None
    cost = sum(b.exposure.cost_eur for b in made)
    revenue = _sum(b.revenue_eur for b in made)
    priced = sum(b.exposure.cost_eur for b in made if b.revenue_eur is not None)
    views = [home.cost.totals_cny for home in homes]
    return {
        "lines": len(lines),
        "lines_ok": len(made),
        "lines_refused": len(lines) - len(made),
        "net_mass_t": sum(line.line.net_mass_t for line, _ in ok),
        "certificates": sum(b.exposure.certificates for b in made),
        "cost_eur": round(cost, 2),
        "cost_cny": None if cny is None else cost * cny,
        "fx_cny_per_eur": cny,
        "fx_period": fx.period if fx else None,
        "fx_source": fx.source if fx else None,
        "revenue_eur": revenue,
        "revenue_lines": sum(b.revenue_eur is not None for b in made),
        "cost_share": priced / revenue if revenue else None,
        "default_cost_eur": _cost(ok, Basis.DEFAULT),
        "actual_cost_eur": _cost(ok, Basis.ACTUAL),
        "possible_saving_eur": _saving(ok, Basis.DEFAULT),
        "possible_saving_lines": sum(b.what_if is not None and line.line.basis is Basis.DEFAULT for line, b in ok),
        "realised_saving_eur": _saving(ok, Basis.ACTUAL),
        "home_lines": len(homes),
        "full_cny": _sum(full for full, _, _ in views),
        "paid_cny": _sum(paid for _, paid, _ in views),
        "marginal_cny": _sum(marginal for _, _, marginal in views),
        "deductible_today_eur": 0.0,
        "potential_deduction_eur": _sum(
            None if h.deduction.potential_eur_per_t is None else h.deduction.potential_eur_per_t * h.cost.mass_t
            for h in homes
        ),
        "price_path": pricing.path,
        "projection": projection_of(made, book, pricing, cny),
    }


def _cost(ok: Sequence[tuple[LineResult, Border]], basis: Basis) -> float:
    return round(sum(b.exposure.cost_eur for line, b in ok if line.line.basis is basis), 2)


def _saving(ok: Sequence[tuple[LineResult, Border]], basis: Basis) -> float | None:
    return _sum(b.what_if.saving_eur for line, b in ok if b.what_if is not None and line.line.basis is basis)


def projection_of(
    made: Sequence[Border], book: LawBook, pricing: Pricing, cny_per_eur: float | None
) -> list[dict[str, Any]]:
    """
    Return the cost of all lines in every year, with the range over all named price paths.

    ``low_eur`` and ``high_eur`` are the least and the most that any named path
    gives for the year; they are no confidence interval.
    """
    out = []
    for i, year in enumerate(years_of(book)):
        of_year = [b.years[i] for b in made]
        fixed = sum(y.cost_eur for y, b in zip(of_year, made, strict=True) if _own_year(b, year))
        open_certificates = sum(y.certificates for y, b in zip(of_year, made, strict=True) if not _own_year(b, year))
        cost = sum(y.cost_eur for y in of_year)
        range_eur = [fixed + open_certificates * price for price in _prices(pricing, book, year)] or [cost]
        out.append(
            {
                "year": year,
                "certificates": sum(y.certificates for y in of_year),
                "price_eur_per_t": pricing.for_year(book, year).eur_per_t,
                "cost_eur": round(cost, 2),
                "cost_cny": None if cny_per_eur is None else cost * cny_per_eur,
                "low_eur": min(range_eur),
                "high_eur": max(range_eur),
                "with_actual_eur": _with_actual(made, i),
            }
        )
    return out


def _own_year(made: Border, year: int) -> bool:
    return made.exposure.consignment.imported_on.year == year


def _prices(pricing: Pricing, book: LawBook, year: int) -> list[float]:
    found = []
    for name in pricing.paths:
        other = Pricing(pricing.paths, name, pricing.use_scenario)
        try:
            found.append(other.for_year(book, year).eur_per_t)
        except YuetanError:  # a path that does not reach this year has nothing to say on it
            continue
    return found


def _with_actual(made: Sequence[Border], i: int) -> float | None:
    """Return the year's cost if every line that has own values declared them; ``None`` where no line has."""
    if not any(b.what_if for b in made):
        return None
    total = 0.0
    for b in made:
        actual = b.exposure.consignment.basis is Basis.ACTUAL
        total += b.years[i].cost_eur if actual or b.what_if is None else b.what_if.years[i].cost_eur
    return round(total, 2)


def firm_totals(
    submission: Submission,
    lines: Sequence[LineResult],
    sites: Sequence[Site],
    fx: FxRate | None,
    as_of: dt.date,
) -> FirmTotals:
    """
    Return the sums that the score's ratios are made of, CNY and tonnes.

    The ETS figures are of the latest compliance year of each installation; sums
    over installations count an installation once.
    """
    ok = [(line, line.border) for line in lines if line.border is not None]
    liable = [(line, b) for line, b in ok if b.exposure.embedded.origin is Origin.LIABLE]
    revenue_eur = _sum(b.revenue_eur for _, b in liable)
    whole = all(b.revenue_eur is not None for _, b in liable)
    cny = fx.value if fx else None
    latest: dict[str, Site] = {}
    for site in sorted(sites, key=lambda s: s.year.compliance_year):
        latest[site.year.installation] = site
    covered = [s for s in latest.values() if s.regime is not None and s.regime.word != "none"]
    unknown = any(s.regime is None for s in latest.values())
    duty = True if covered else (None if unknown or not latest else False)
    reason = next((s.regime.reason for s in latest.values() if s.regime), NOTHING)
    prices = [s.price.value for s in covered if s.price is not None]
    # Goods out of scope cost nothing at the border; other refused goods are missing from the sums.
    left = sum(x.border is None and all(f.code != OutOfScope.code for f in x.findings) for x in lines)
    known = bool(ok) or (bool(lines) and not left)
    return FirmTotals(
        gross_domestic_cost_cny=_gross_cost(covered) if duty else (0.0 if duty is False else None),
        cbam_cost_cny=sum(b.exposure.cost_eur for _, b in liable) * cny if cny is not None and known else None,
        covered_eu_revenue_cny=revenue_eur * cny
        if cny and revenue_eur and whole
        else (0.0 if known and not liable else None),
        eu_tonnes=sum(line.line.net_mass_t for line, _ in liable),
        eu_tonnes_verified=sum(line.line.net_mass_t for line, _ in liable if line.line.basis is Basis.ACTUAL),
        verified_emissions_t=_all(covered, lambda s: s.year.verified_emissions_t),
        free_allocation_t=_all(covered, lambda s: s.position.free_t if s.position else None),
        held_t=_sum(_held(s) for s in covered),
        net_short_t=_all(covered, lambda s: s.position.open_t if s.position else None),
        allowance_price_cny=max(prices) if prices else None,
        ets_duty=duty,
        regime_note=reason,
        lines_left_out=left,
        as_of=as_of,
    )


def _all(sites: Sequence[Site], value: Callable[[Site], float | None]) -> float | None:
    """Return the sum over the sites; ``None`` as soon as one of them does not say."""
    values = [value(site) for site in sites]
    return None if not values or any(v is None for v in values) else sum(v for v in values if v is not None)


def _held(site: Site) -> float | None:
    y = site.year
    return _sum((y.banked_used_t, y.purchased_t, y.auction_t)) if y.verified_emissions_t is not None else None


def _gross_cost(sites: Sequence[Site]) -> float | None:
    costs = [s.position.cost_cny if s.position else None for s in sites]
    return None if any(c is None for c in costs) else max(0.0, sum(c for c in costs if c is not None))


_NAMES: Mapping[str, Text] = {
    "cscf": Text("2030 年后的 CSCF 尚未确定，按 1 计", "CSCF after 2030 is not set and taken as 1"),
    "benchmark": Text("2030 年后的基准值沿用最后公布值", "benchmarks after 2030 are held at the last published value"),
    "sefa": Text(
        "实际值路径的 SEFA 按各年 CBAM 系数同比例变化，基准值和消耗不变",
        "on the actual basis SEFA moves with the CBAM factor; benchmarks and consumption stay as verified",
    ),
}


def assumptions_of(lines: Sequence[LineResult], pricing: Pricing, book: LawBook, fx: FxRate | None) -> tuple[Text, ...]:
    """Return every assumption that the figures rest on, in plain words."""
    path = pricing.paths[pricing.path]
    said = [
        Text(f"2026 年后各年证书价格采用：{path.zh}", f"certificate prices of later years: {path.en}"),
        Text("各年数量、原产地和自有排放不变", "tonnes, origins and own emissions stay the same every year"),
    ]
    if book.scenarios:
        names = ", ".join(book.scenarios)
        said.insert(0, Text(f"采用非现行法规情景：{names}", f"under a scenario that is not the law in force: {names}"))
    made = [line.border for line in lines if line.border is not None]
    if any(b.exposure.price.status != "official" for b in made):
        said.append(
            Text(
                "部分进口没有官方证书价格，按用户选择的情景价格或自填价格计算，已逐行标明",
                "some imports have no official certificate price and use the chosen scenario price or the user's own, marked so",
            )
        )
    if any(y.assumed for b in made for y in b.years):
        said += [_NAMES["cscf"], _NAMES["benchmark"]]
    if any(b.exposure.default is None and b.exposure.embedded.origin is Origin.LIABLE for b in made):
        said.append(_NAMES["sefa"])
    if fx is not None:
        said.append(
            Text(
                f"欧元按 {fx.value:g} 元折算（{fx.period}，{fx.source}）",
                f"euro converted at {fx.value:g} CNY ({fx.period}, {fx.source})",
            )
        )
    if _sum(b.what_if.saving_eur if b.what_if else None for b in made) is not None:
        said.append(
            Text(
                "“实际值”比较以填写的自有 SEE 与 SEFA 能通过核查为前提",
                "the comparison with actual data presumes that the stated own SEE and SEFA pass verification",
            )
        )
    return tuple(said)
