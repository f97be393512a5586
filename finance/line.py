"""One row of goods through the border: what it owes, what other data would change, and every year ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cbam.consignment import Basis
from cbam.exposure import Exposure, assess_import
from cbam.goods import Origin
from cbam.prices import Pricing
from cbam.projection import YearCost, project
from finance.submission import GoodsLine
from models.errors import NOTHING, Text, YuetanError
from models.findings import Finding
from models.law import LawBook, Read
from models.table import Row

#: What a line is called in findings; the reader of the workbook adds sheet and cell.
GOODS = "goods"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The same line on the other basis: what verified data bring, or what they have brought."""

    other: Exposure
    saving_eur: float
    saving_eur_per_t: float
    years: tuple[YearCost, ...]

    def rows(self) -> list[Row]:
        basis = self.other.consignment.basis
        label = (
            Text("若按经核查的实际值申报", "with verified actual data")
            if basis is Basis.ACTUAL
            else Text("若按默认值申报", "with default values")
        )
        return [
            Row("other_see", Text("SEE", "SEE"), self.other.embedded.see_tco2e_per_t, "tCO2e/t", label, 6),
            Row("other_sefa", Text("SEFA", "SEFA"), self.other.embedded.sefa_tco2e_per_t, "tCO2e/t", NOTHING, 6),
            Row("other_certificates", Text("应交证书", "Certificates"), self.other.certificates, "", NOTHING, 5),
            Row("other_cost", Text("CBAM 费用", "CBAM cost"), self.other.cost_eur, "EUR"),
            Row(
                "saving",
                Text("实际数据比默认值节省", "Saved by actual data against default values"),
                self.saving_eur,
                "EUR",
                Text("负数表示更贵", "negative means dearer"),
            ),
            Row("saving_per_t", Text("每吨节省", "Saved per tonne"), self.saving_eur_per_t, "EUR/t"),
        ]


@dataclass(frozen=True, slots=True)
class Border:
    """The border side of one line."""

    exposure: Exposure
    years: tuple[YearCost, ...]
    what_if: WhatIf | None
    revenue_eur: float | None
    findings: tuple[Finding, ...]


def border(line: GoodsLine, book: LawBook, pricing: Pricing, to_eur: Callable[[str], float | None]) -> Border:
    """
    Assess one row of goods at the border.

    Parameters
    ----------
    line : GoodsLine
        The row.
    book, pricing
        The law and where prices come from.
    to_eur : callable
        Euro per one unit of a currency; ``None`` where no rate is known.

    Raises
    ------
    YuetanError
        The row itself is refused; the reason is the error. What is refused of
        the comparison only is a finding and keeps the row.
    """
    exposure = assess_import(line.consignment(), book, pricing)
    years = project(exposure, book, pricing)
    what_if, findings = _other_basis(line, exposure, book, pricing)
    revenue = None
    if line.price_per_t is not None and line.currency is not None:
        rate = to_eur(line.currency)
        revenue = None if rate is None else line.price_per_t * line.net_mass_t * rate
    return Border(exposure, years, what_if, revenue, tuple(findings))


def _other_basis(
    line: GoodsLine, exposure: Exposure, book: LawBook, pricing: Pricing
) -> tuple[WhatIf | None, list[Finding]]:
    if exposure.embedded.origin is not Origin.LIABLE:
        return None, []
    actual = line.basis is Basis.ACTUAL
    if not actual and line.own_see_tco2e_per_t is None:
        return None, []
    if not actual and line.own_sefa_tco2e_per_t is None:
        return None, [
            Finding(
                code="goods.sefa_for_comparison",
                severity="info",
                text=Text(
                    "填写了自有 SEE，但没有同一装置的 SEFA（A 列链），无法比较实际值与默认值。",
                    "Own SEE is given without the SEFA of the same installation (column A chain), so actual and "
                    "default cannot be compared.",
                ),
                hint=Text("请补充“自有 SEFA”。", "Enter the installation's own SEFA."),
                field="own_sefa_tco2e_per_t",
            )
        ]
    basis = Basis.DEFAULT if actual else Basis.ACTUAL
    try:
        other = assess_import(line.consignment(basis), book, pricing)
    except YuetanError as refusal:
        return None, [Finding.of(refusal, severity="info")]
    saving = (other.cost_eur - exposure.cost_eur) if actual else (exposure.cost_eur - other.cost_eur)
    per_t = (other.cost_eur_per_t - exposure.cost_eur_per_t) * (1.0 if actual else -1.0)
    return WhatIf(other, saving, per_t, project(other, book, pricing)), []


def border_numbers(made: Border, cny_per_eur: float | None) -> dict[str, Any]:
    """Return the figures of a line as plain numbers and words, the same on page, sheet, terminal and API."""
    e = made.exposure
    path = e.default
    cny = cny_per_eur
    return {
        "description": e.embedded.good.description,
        "sector": e.embedded.good.sector,
        "origin_status": str(e.embedded.origin),
        "default_value": path.total_tco2e_per_t if path else None,
        "default_row": f"{path.row.key_part(1)} {path.row.key_part(2)}" if path else None,
        "markup": path.markup if path else None,
        "benchmark": path.benchmark_tco2e_per_t if path else None,
        "route": path.route if path else None,
        "cbam_factor": path.cbam_factor if path else None,
        "see": e.embedded.see_tco2e_per_t,
        "sefa": e.embedded.sefa_tco2e_per_t,
        "secp": e.secp_tco2e_per_t,
        "certificates": e.certificates,
        "price_eur_per_t": e.price.eur_per_t,
        "price_status": e.price.status,
        "price_label": e.price.label._asdict(),
        "price_assumed": e.price.assumed,
        "cost_eur": e.cost_eur,
        "cost_eur_per_t": e.cost_eur_per_t,
        "cost_cny": None if cny is None else e.cost_eur * cny,
        "cost_cny_per_t": None if cny is None else e.cost_eur_per_t * cny,
        "revenue_eur": made.revenue_eur,
        "cost_share": e.cost_eur / made.revenue_eur if made.revenue_eur else None,
        "what_if": _what_if_numbers(made.what_if),
        "projection": [_year_numbers(y, cny) for y in made.years],
    }


def _what_if_numbers(what_if: WhatIf | None) -> dict[str, Any] | None:
    if what_if is None:
        return None
    other = what_if.other
    return {
        "basis": str(other.consignment.basis),
        "see": other.embedded.see_tco2e_per_t,
        "sefa": other.embedded.sefa_tco2e_per_t,
        "certificates": other.certificates,
        "cost_eur": other.cost_eur,
        "cost_eur_per_t": other.cost_eur_per_t,
        "saving_eur": what_if.saving_eur,
        "saving_eur_per_t": what_if.saving_eur_per_t,
        "projection": [{"year": y.year, "cost_eur": y.cost_eur} for y in what_if.years],
    }


def _year_numbers(year: YearCost, cny_per_eur: float | None) -> dict[str, Any]:
    return {
        "year": year.year,
        "see": year.see_tco2e_per_t,
        "sefa": year.sefa_tco2e_per_t,
        "certificates": year.certificates,
        "price_eur_per_t": year.price.eur_per_t,
        "price_status": year.price.status,
        "cost_eur": year.cost_eur,
        "cost_cny": None if cny_per_eur is None else year.cost_eur * cny_per_eur,
        "assumed": list(year.assumed),
    }


def reads_of(made: Border) -> Sequence[Read]:
    """Return every value that the line rests on, the comparison included."""
    other = made.what_if.other if made.what_if else None
    reads = (*made.exposure.embedded.reads, *made.exposure.price.reads)
    return (*reads, *other.embedded.reads, *other.price.reads) if other else reads


def grounds_of(made: Border) -> Iterator[tuple[Read, ...]]:
    """Return the same and what the years ahead rest on, in groups that lines share."""
    for exposure, years in (
        (made.exposure, made.years),
        *(((made.what_if.other, made.what_if.years),) if made.what_if else ()),
    ):
        yield exposure.embedded.settled.reads
        if exposure.default is not None:
            yield exposure.default.reads
        yield exposure.price.reads
        for year in years:
            yield from year.grounds
