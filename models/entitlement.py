"""
Free allocation of an installation by every method of the two markets, with the figures it rests on.

A figure of the year comes from the law data or from the operator's allocation
notice; one that neither gives is asked for by name and never taken from
another year.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.allocation import (
    band_rate,
    entitlement_benchmark,
    entitlement_emissions,
    entitlement_intensity,
    free_allocation_pilot,
    national_free_allocation,
)
from models.allocation_notice import (
    METHODS,
    AllocationAsk,
    FigureMissing,
    MethodForeign,
    MethodUnknown,
    ProductOutput,
    Stated,
)
from models.errors import NOTHING, MissingInput, Text
from models.findings import Finding
from models.installation import AllocationMethod
from models.law import LawAt, Read
from models.regime import RegimeWord
from models.table import Result, Row
from models.units import Numbers

METHOD = "models.entitlement/1"
GUANGDONG = "cn.ets.guangdong"
NATIONAL = "cn.ets.national"
_OF_MARKET: dict[RegimeWord, tuple[AllocationMethod, ...]] = {
    "guangdong_pilot": ("benchmark", "historical_intensity", "historical_emissions"),
    "national": ("equal_to_emissions", "band"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A parameter as used: from the law data (``read``) or from the operator's document."""

    name: Text
    value: float
    unit: str
    read: Read | None = None
    document: str | None = None

    @property
    def basis(self) -> Text:
        """Where the figure comes from, in words."""
        if self.read is None:
            return Text(f"企业填报：{self.document}", f"stated by the operator: {self.document}")
        doubt = Text("，未经证实", ", unverified") if self.read.confidence == "inferred" else NOTHING
        return Text(f"{self.read.source}{doubt.zh}", f"{self.read.source}{doubt.en}")


@dataclass(frozen=True, slots=True)
class FreeAllocation(Result):
    """
    Free allowances of one installation and year.

    ``entitlement_t`` is what the method gives before the free share; the part
    that is not free may be bought and is no duty. ``worked_out_t`` is ours,
    ``free_t`` the issued figure where the operator states one. ``provisional``
    until the final allocation is issued.
    """

    method: AllocationMethod
    emissions_t: float | None
    entitlement_t: float
    worked_out_t: float
    free_t: float
    pre_allocated_t: float | None
    provisional: bool
    products: tuple[tuple[str, float], ...]
    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]
    reads: tuple[Read, ...]

    def rows(self) -> list[Row]:
        lines = [
            Row(f"product_{i}", Text(f"应得配额：{name}", f"entitlement: {name}"), tonnes, "t", digits=0)
            for i, (name, tonnes) in enumerate(self.products, 1)
        ]
        figures = [
            Row(f"figure_{i}", one.name, one.value, one.unit, one.basis, 6) for i, one in enumerate(self.figures, 1)
        ]
        state = (
            Text("预分配或推算，最终配额未定", "pre-allocated or worked out; the final allocation is pending")
            if self.provisional
            else Text("最终配额", "final allocation")
        )
        return [
            Row("method", Text("分配方法", "Method of allocation"), "", "", METHODS[self.method]),
            *figures,
            *lines,
            Row("entitlement", Text("应得配额合计", "Entitlement"), self.entitlement_t, "t", digits=0),
            Row("worked_out", Text("推算的免费配额", "Free allocation, worked out"), self.worked_out_t, "t", digits=0),
            Row("free", Text("采用的免费配额", "Free allocation used"), self.free_t, "t", state, 0),
            Row("pre_allocated", Text("预分配", "Pre-allocation"), self.pre_allocated_t, "t",
                Text("上年度核查排放 × 预分配比例", "verified emissions of the year before x share"), 0),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return [read.line() for read in self.reads]


@dataclass(frozen=True, slots=True)
class _Case:
    """One question with the law it is asked under; figures are noted as they are used."""

    ask: AllocationAsk
    emissions_t: float | None
    year: int
    law: LawAt
    figures: list[Figure]
    findings: list[Finding]

    def figure(self, key: str | None, stated: Stated | None, name: Text, unit: str, field: str) -> float:
        """Return the operator's figure, else the law's; one that differs from the law is told."""
        read = self.law.find(key) if key else None
        if stated is None and read is None:
            raise FigureMissing(field=field, name_zh=name.zh, name_en=name.en, year=self.year)
        if stated is None and read is not None:
            self.figures.append(Figure(name, float(read.value or 0.0), unit, read))
        elif stated is not None:
            self.figures.append(Figure(name, stated.value, unit, None, stated.document))
            if read is not None and abs(stated.value - float(read.value or 0.0)) > 1e-12:
                self.findings.append(_differs(name, stated, read, field))
        return self.figures[-1].value

    def need(self, value: float | None, name: Text, field: str) -> float:
        if value is None:
            raise MissingInput(
                name_zh=name.zh, name_en=name.en, what_zh="免费配额", what_en="the free allocation", field=field
            )
        return value


def free_allocation(
    ask: AllocationAsk, market: RegimeWord, compliance_year: int, law: LawAt, emissions_t: float | None
) -> FreeAllocation:
    """
    Return the free allocation of an installation in a compliance year.

    Parameters
    ----------
    ask : AllocationAsk
        Outputs and parameters.
    market : {"guangdong_pilot", "national"}
        The market of the installation in that year.
    compliance_year : int
        Year of the emissions.
    law : LawAt
        The law of that year.
    emissions_t : float or None
        Verified emissions, tCO2; the national rules need them.

    Raises
    ------
    MethodUnknown, MethodForeign
        The method is not settled, or not one of the market's.
    FigureMissing
        A parameter is neither in the law data nor stated with a document.
    MissingInput
        Output, emissions or own intensity that the method needs.

    Notes
    -----
    Pilot: free = free share x sum(benchmark x output), sum(own historical
    intensity x output x factor) or mean historical emissions x factor.
    National: E in 2024, E (1 + r) under the band. ``gd-ets-years``,
    ``national-ets-years``, ``ets.md`` 2 and 3.
    """
    method = _method(ask, market, compliance_year, law)
    case = _Case(ask, emissions_t, compliance_year, law, [], [])
    products, worked_out = _RULES[method](case)
    entitlement = sum(tonnes for _, tonnes in products)
    pre = _pre_allocated(case) if market == "national" else None
    issued = ask.issued_t
    if issued is not None:
        case.findings.extend(_issued_differs(issued, worked_out, compliance_year))
    free = worked_out if issued is None else issued.value
    equal = method == "equal_to_emissions" and emissions_t is not None
    return FreeAllocation(
        method=method,
        emissions_t=emissions_t,
        entitlement_t=entitlement,
        worked_out_t=worked_out,
        free_t=free,
        pre_allocated_t=pre,
        provisional=not equal and not (issued is not None and ask.issued_is_final is True),
        products=products,
        figures=tuple(case.figures),
        findings=tuple(case.findings),
        reads=tuple(law.reads.values()),
    )


def _method(ask: AllocationAsk, market: RegimeWord, year: int, law: LawAt) -> AllocationMethod:
    known = _OF_MARKET.get(market, ())
    said = {
        "year": year,
        "market_zh": "全国碳市场" if market == "national" else "广东碳市场",
        "market_en": "national market" if market == "national" else "Guangdong pilot",
        "known_zh": "、".join(METHODS[m].zh for m in known),
        "known_en": ", ".join(METHODS[m].en for m in known),
    }
    if market == "national":
        read = law.find(f"{NATIONAL}.allocation_rule")
    else:
        key = f"{GUANGDONG}.allocation_method.{ask.activity}"
        read = law.find(key) if ask.activity and key in law.book.entries else None
    ruled = next((m for m in known if read is not None and m == read.value), None)
    method = ruled or ask.method
    if method is None:
        raise MethodUnknown(field="method", **said)
    if method not in known or (ask.method is not None and ask.method != method):
        wrong = ask.method or method
        raise MethodForeign(field="method", method_zh=METHODS[wrong].zh, method_en=METHODS[wrong].en, **said)
    return method


_Found = tuple[tuple[tuple[str, float], ...], float]
_OUTPUT = Text("产品产量", "output of the products")


def _benchmark(case: _Case) -> _Found:
    name = Text("基准值", "benchmark")
    return _by_product(
        case,
        lambda one, at: entitlement_benchmark(
            case.figure(None, one.benchmark_tco2_per_t, _of(name, one), "tCO2/t", f"{at}.benchmark_tco2_per_t"),
            one.output_t,
        ),
    )


def _intensity(case: _Case) -> _Found:
    factor, name = _factor(case), Text("历史强度", "historical intensity")
    return _by_product(
        case,
        lambda one, at: entitlement_intensity(
            case.figure(None, one.historic_tco2_per_t, _of(name, one), "tCO2/t", f"{at}.historic_tco2_per_t"),
            one.output_t,
            factor,
        ),
    )


def _emissions(case: _Case) -> _Found:
    mean = case.figure(
        None, case.ask.mean_historic_t, Text("历史平均排放", "mean historical emissions"), "tCO2", "mean_historic_t"
    )
    given = float(entitlement_emissions(mean, _factor(case)))
    return (("*", given),), float(free_allocation_pilot(given, _share(case)))


def _equal(case: _Case) -> _Found:
    emissions = _verified(case)
    return (("*", emissions),), emissions


def _band(case: _Case) -> _Found:
    ask, emissions = case.ask, _verified(case)
    band = case.figure(f"{NATIONAL}.band", ask.band, Text("盈缺幅度上限", "band"), "fraction", "band")
    gap = case.figure(
        f"{NATIONAL}.gap_at_band",
        ask.gap_at_band,
        Text("达到上限的强度差距", "gap at the band"),
        "fraction",
        "gap_at_band",
    )
    balance = case.figure(
        None,
        ask.balance_value_tco2_per_t,
        Text("行业平衡值", "sector balance value"),
        "tCO2/t",
        "balance_value_tco2_per_t",
    )
    own = case.need(ask.intensity_tco2_per_t, Text("本单位强度", "own intensity"), "intensity_tco2_per_t")
    rate = float(band_rate(own, balance, band, gap))
    free = float(national_free_allocation(emissions, rate))
    return (("*", free),), free


_RULES: dict[AllocationMethod, Callable[[_Case], _Found]] = {
    "benchmark": _benchmark,
    "historical_intensity": _intensity,
    "historical_emissions": _emissions,
    "equal_to_emissions": _equal,
    "band": _band,
}


def _by_product(case: _Case, entitled: Callable[[ProductOutput, str], Numbers]) -> _Found:
    if not case.ask.products:
        raise MissingInput(
            name_zh=_OUTPUT.zh, name_en=_OUTPUT.en, what_zh="免费配额", what_en="the free allocation", field="products"
        )
    given = tuple((one.product, float(entitled(one, f"products.{i}"))) for i, one in enumerate(case.ask.products))
    return given, float(free_allocation_pilot(sum(tonnes for _, tonnes in given), _share(case)))


def _of(name: Text, one: ProductOutput) -> Text:
    return Text(f"{name.zh}：{one.product}", f"{name.en}: {one.product}")


def _factor(case: _Case) -> float:
    name = Text("年度下降系数", "yearly reduction factor")
    return case.figure(f"{GUANGDONG}.reduction_factor", case.ask.reduction_factor, name, "fraction", "reduction_factor")


def _share(case: _Case) -> float:
    """Free share of the sector; before 2024 our sources hold no sector's share, so the notice is asked for."""
    name = Text("免费配额比例", "free share")
    if case.ask.new_project:
        return case.figure(f"{GUANGDONG}.free_share.new_project", case.ask.free_share, name, "fraction", "free_share")
    if case.ask.sector is None and case.ask.free_share is None:
        raise MissingInput(
            name_zh="行业（石化或其他）", name_en="sector (petrochemical or other)", what_zh="免费配额比例",
            what_en="the free share", field="sector",
        )  # fmt: skip
    key = f"{GUANGDONG}.free_share.{case.ask.sector}" if case.ask.sector else None
    return case.figure(key, case.ask.free_share, name, "fraction", "free_share")


def _verified(case: _Case) -> float:
    return case.need(case.emissions_t, Text("核查排放量", "verified emissions"), "emissions_t")


def _pre_allocated(case: _Case) -> float | None:
    before = case.ask.previous_emissions_t
    read = case.law.find(f"{NATIONAL}.pre_allocation_share") if before is not None else None
    if before is None or read is None:
        return None
    case.figures.append(Figure(Text("预分配比例", "pre-allocation share"), float(read.value or 0.0), "fraction", read))
    return before * float(read.value or 0.0)


def _differs(name: Text, stated: Stated, read: Read, field: str) -> Finding:
    return Finding(
        code="ets.figure_differs",
        severity="warning",
        text=Text(
            f"“{name.zh}”填报为 {stated.value:g}（{stated.document}），法规数据为 {read.value}（{read.source}）；已采用填报值。",
            f"'{name.en}' is stated as {stated.value:g} ({stated.document}), the law data say {read.value} ({read.source}); "
            "the stated figure is used.",
        ),
        hint=Text("请核对分配通知。", "Check the allocation notice."),
        field=field,
    )


def _issued_differs(issued: Stated, worked_out: float, year: int) -> list[Finding]:
    if abs(issued.value - worked_out) <= max(1.0, 1e-4 * worked_out):
        return []
    return [
        Finding(
            code="ets.issued_differs",
            severity="warning",
            text=Text(
                f"{year} 履约年度下发配额 {issued.value:,.0f} t 与推算的 {worked_out:,.0f} t 相差 {issued.value - worked_out:+,.0f} t；"
                "已采用下发数。",
                f"The {issued.value:,.0f} t issued for {year} differ from the {worked_out:,.0f} t worked out by "
                f"{issued.value - worked_out:+,.0f} t; the issued figure is used.",
            ),
            hint=Text(
                "若为预分配，请注明“非最终”；否则请核对产量和参数。",
                "If it is a pre-allocation, say that it is not final; else check outputs and parameters.",
            ),
            field="issued_t",
        )
    ]
