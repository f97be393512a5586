"""
The footprint of the products of a site: activities times factors, by life-cycle stage, attributed so that the parts
add up to the site, each number with its interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.apportion import Rung
from models.bill import STAGES, Bill, Product
from models.errors import MissingInput, OutOfRange, Text, YuetanError
from models.findings import Finding
from models.footprint_errors import MassZero, NotDivided, NotOnBill
from models.footprint_lines import Basis, Line, line_of
from models.footprint_product import ProductFootprint, StagePart
from models.footprint_traits import Traits
from models.measures import Measures
from models.provenance import Provenance, fingerprint
from models.table import Result, Row
from models.trend import trend
from models.uncertainty import ENDS, Interval, deviation, interval, simulate, variation
from models.units import FloatArray

METHOD = "footprint/2"
#: Mass may be 0 where the product is one of these.
_MASSLESS = frozenset({"energy", "transport", "time"})
#: Most draws times lines, and times products too, in one answer.
_MOST_DRAWN, _MOST_SUMMED = 100_000_000, 10_000_000_000


@dataclass(frozen=True, slots=True)
class SiteFootprint(Result):
    """
    The site of a period and each of its products.

    ``attributed`` (kgCO2e by product) adds up to ``total_kgco2e``, the sum of
    the lines that could be worked out; ``complete`` is false where a line could
    not, and then the products it belongs to are in ``refused``.
    """

    bill: Bill
    lines: tuple[Line, ...]
    total_kgco2e: float
    total_interval: Interval
    attributed: Mapping[str, float]
    products: Mapping[str, ProductFootprint]
    refused: Mapping[str, YuetanError]
    findings: tuple[Finding, ...]
    draws: int
    proofs: tuple[str, ...]
    provenance: Provenance

    @property
    def complete(self) -> bool:
        return len(self.lines) == len(self.bill.activities)

    def rows(self) -> list[Row]:
        low, high = self.total_interval
        said = Text(f"95 % 区间 {low:,.2f} 至 {high:,.2f}", f"95 % interval {low:,.2f} to {high:,.2f}")
        if not self.complete:
            said = Text(
                f"不完整：有活动无法计算；{said.zh}", f"incomplete: some activities could not be worked out; {said.en}"
            )
        rows = [Row("site_total", Text("厂区合计", "The site"), self.total_kgco2e, "kgCO2e", said)]
        for name, value in self.attributed.items():
            rows.append(Row(f"attributed.{name}", Text(f"其中 {name}", f"of it {name}"), value, "kgCO2e"))
        return rows

    def proof(self) -> list[str]:
        return list(self.proofs)


def footprint(bill: Bill, basis: Basis) -> SiteFootprint:
    """
    Work out the products of a bill.

    Parameters
    ----------
    bill : Bill
        Activities, products and rules of division.
    basis : Basis
        Factors, measures, uncertainty, and the day of the report.

    Returns
    -------
    SiteFootprint
        kgCO2e of the site, and per declared unit of each product that could be
        worked out. What is wrong with a line stops the products it belongs to.

    Notes
    -----
    ``e = amount x factor``; ``product = Σ share x e / declared units``. Shares
    by ISO 14044 4.3.4 and GB/T 24067: metered apart, physical, economic.
    """
    findings = basis.store.findings()
    refused: dict[str, YuetanError] = {}
    units = _units(bill, basis.measures, findings, refused)
    divided = _divided(bill, findings, refused)
    lines, shares, rungs = _lines(bill, basis, divided, findings, refused)
    parts = np.array([line.kgco2e for line in lines])
    by_product = shares * parts[:, np.newaxis]
    numbers = _Numbers.of(lines)
    total = math.fsum(parts)
    attributed = {one.id: math.fsum(by_product[:, at]) for at, one in enumerate(bill.products)}
    most = min(_MOST_DRAWN, _MOST_SUMMED // len(bill.products))
    draws = min(bill.draws, most // max(len(lines), 1))
    if draws < bill.draws:
        findings.append(
            Finding(
                "footprint.fewer_draws",
                "info",
                Text(
                    f"活动较多，模拟 {draws} 次而不是 {bill.draws} 次。",
                    f"With this many lines {draws} draws are made, not {bill.draws}.",
                ),
            )
        )
    good = [at for at, one in enumerate(bill.products) if one.id not in refused]
    weights = np.array([by_product[:, at] / units[bill.products[at].id] for at in good]).reshape(len(good), len(lines))
    drawn = _drawn(weights, numbers, draws, bill.seed)
    traits = Traits.of(lines, rungs)
    products = {
        bill.products[at].id: _product(
            bill, bill.products[at], traits, weights[n], numbers, drawn[:, n] if draws else None, basis, findings
        )
        for n, at in enumerate(good)
    }
    findings += _remarks(lines)
    proofs = (*dict.fromkeys(line.proof for line in lines), basis.uncertainty.line())
    said = {"bill": bill.model_dump(mode="python"), "factors": list(proofs), "on": basis.on, "order": list(basis.order)}
    whole = float(deviation(parts, numbers.amount, numbers.factor, numbers.group))
    return SiteFootprint(
        bill,
        tuple(lines),
        total,
        interval(total, whole),
        attributed,
        products,
        refused,
        tuple(findings),
        draws,
        proofs,
        Provenance(METHOD, fingerprint(said), ()),
    )


@dataclass(frozen=True, slots=True)
class _Numbers:
    """How sure each line is: coefficients of variation, and which factor it takes."""

    amount: FloatArray
    factor: FloatArray
    group: FloatArray

    @classmethod
    def of(cls, lines: Sequence[Line]) -> _Numbers:
        names = {name: n for n, name in enumerate(dict.fromkeys(line.taken for line in lines))}
        return cls(
            np.asarray(variation(np.array([line.amount_half_width for line in lines], dtype=np.float64))),
            np.asarray(variation(np.array([line.factor_half_width for line in lines], dtype=np.float64))),
            np.array([names[line.taken] for line in lines], dtype=np.float64),
        )


def _drawn(weights: FloatArray, numbers: _Numbers, draws: int, seed: int) -> FloatArray:
    if not draws:
        return np.empty((0, weights.shape[0]))
    rng = np.random.default_rng(seed)
    return simulate(weights, numbers.amount, numbers.factor, numbers.group, draws, rng)


def _units(
    bill: Bill, measures: Measures, findings: list[Finding], refused: dict[str, YuetanError]
) -> dict[str, float]:
    """Return how many declared units of each product the period made."""
    made: dict[str, float] = {}
    for at, one in enumerate(bill.products):
        try:
            kind = measures.of(one.declared_unit, "declared_unit").kind
            output = one.output * measures.ratio(one.output_unit or one.declared_unit, one.declared_unit, "output_unit")
            _check_mass(one, kind, measures)
            made[one.id] = output / one.declared_amount
        except YuetanError as error:
            refused[one.id] = error
            findings.append(Finding.of(error, field=f"products.{at}.{error.field}"))
    return made


def _check_mass(one: Product, kind: str, measures: Measures) -> None:
    mass = one.mass_kg_per_declared_unit
    if mass == 0.0 and kind not in _MASSLESS:
        raise MassZero(field="mass_kg_per_declared_unit", product=one.id, unit=one.declared_unit)
    if kind == "mass" and mass is not None:
        own = one.declared_amount * measures.ratio(one.declared_unit, "kg")
        if not math.isclose(mass, own, rel_tol=1e-9):
            raise OutOfRange(
                field="mass_kg_per_declared_unit",
                name_zh="每声明单位质量",
                name_en="mass per declared unit",
                why_zh=f"声明单位是 {one.declared_amount:g} {one.declared_unit}，即 {own:g} 千克，填的是 {mass:g}",
                why_en=f"the declared unit is {one.declared_amount:g} {one.declared_unit}, which is {own:g} kg, and {mass:g} is given",
            )


def _divided(
    bill: Bill, findings: list[Finding], refused: dict[str, YuetanError]
) -> dict[str, tuple[Rung, dict[str, float]]]:
    """Return the shares of each joint process."""
    known = {one.id for one in bill.products}
    made: dict[str, tuple[Rung, dict[str, float]]] = {}
    for at, one in enumerate(bill.joint):
        try:
            if strange := next((name for name in one.quantities if name not in known), None):
                raise NotOnBill(field="quantities", of=one.process, product=strange)
            made[one.process] = (one.rule, one.shares())
        except YuetanError as error:
            findings.append(Finding.of(error, field=f"joint.{at}.{error.field}"))
            for name in known & set(one.quantities):
                refused.setdefault(name, error)
    return made


def _lines(
    bill: Bill,
    basis: Basis,
    divided: Mapping[str, tuple[Rung, dict[str, float]]],
    findings: list[Finding],
    refused: dict[str, YuetanError],
) -> tuple[list[Line], FloatArray, list[Rung]]:
    """Return the lines that could be worked out with their shares by product, shape (lines, products)."""
    place = {one.id: at for at, one in enumerate(bill.products)}
    lines: list[Line] = []
    rows: list[dict[str, float]] = []
    rungs: list[Rung] = []
    for at, activity in enumerate(bill.activities):
        of: dict[str, float] = dict.fromkeys(place, 1.0)
        try:
            rung, of = _share(activity.id, activity.product, activity.process, place, divided)
            lines.append(line_of(activity, bill, basis))
            rows.append(of)
            rungs.append(rung)
        except YuetanError as error:
            findings.append(Finding.of(error, field=f"activities.{at}.{error.field}"))
            for name in of:
                refused.setdefault(name, error)
    shares = np.zeros((len(lines), len(place)))
    for row, of in enumerate(rows):
        for name, share in of.items():
            shares[row, place[name]] = share
    return lines, shares, rungs


def _share(
    activity: str,
    product: str,
    process: str,
    place: Mapping[str, int],
    divided: Mapping[str, tuple[Rung, dict[str, float]]],
) -> tuple[Rung, dict[str, float]]:
    if product:
        if product not in place:
            raise NotOnBill(field="product", of=activity, product=product)
        return "subdivision", {product: 1.0}
    if process in divided:
        return divided[process]
    if len(place) == 1:
        return "subdivision", {next(iter(place)): 1.0}
    raise NotDivided(field="process", activity=activity, process=process or "—")


def _product(
    bill: Bill,
    product: Product,
    traits: Traits,
    parts: FloatArray,
    numbers: _Numbers,
    drawn: FloatArray | None,
    basis: Basis,
    findings: list[Finding],
) -> ProductFootprint:
    """Return a product; ``parts`` are its lines in kgCO2e per declared unit."""
    total = math.fsum(parts.tolist())
    by_stage = traits.stage * parts
    spread = deviation(np.vstack([by_stage, parts]), numbers.amount, numbers.factor, numbers.group)
    sums = by_stage.sum(axis=-1).tolist()
    stages = tuple(
        StagePart(stage, sums[n], sums[n] / total if total else 0.0, interval(sums[n], float(spread[n])))
        for n, stage in enumerate(STAGES)
        if traits.stage[n].any()
    )
    simulated = Interval(*np.quantile(drawn, ENDS).tolist()) if drawn is not None and drawn.size else None
    earlier = [one for one in bill.earlier if one.product == product.id]
    return ProductFootprint(
        product=product,
        kgco2e=total,
        interval=interval(total, float(spread[-1])),
        simulated=simulated,
        stages=stages,
        parts=parts,
        mass_kg=_mass(product, basis.measures, findings),
        scores=traits.scores(parts, total),
        primary_share=float(parts @ traits.primary) / total if total else 0.0,
        rungs=traits.rungs(parts, total),
        swaps=traits.swaps(parts, total),
        benchmark=next((one for one in bill.benchmarks if one.product == product.id), None),
        trend=trend(earlier, bill.year, total, bill.profile),
    )


def _mass(product: Product, measures: Measures, findings: list[Finding]) -> float | None:
    """Return the kilograms in one declared unit; where they are not known that is told, never guessed."""
    unit = measures.of(product.declared_unit)
    if unit.kind == "mass":
        return product.declared_amount * unit.times
    mass = product.mass_kg_per_declared_unit
    if mass is None and unit.kind not in _MASSLESS:
        lacking = MissingInput(
            field="mass_kg_per_declared_unit",
            name_zh=f"{product.id} 每声明单位质量",
            name_en=f"mass of one declared unit of {product.id}",
            what_zh="每吨碳足迹",
            what_en="the footprint per tonne",
        )
        findings.append(Finding.of(lacking, severity="info"))
    return mass


def _remarks(lines: Sequence[Line]) -> list[Finding]:
    found = []
    if narrow := [line.activity.id for line in lines if line.co2_only]:
        text = Text(
            f"{len(narrow)} 条活动的因子只含 CO2（{'、'.join(narrow[:5])} 等）；燃料缺省值不含上游，结果可能偏低。",
            f"{len(narrow)} activities take factors of CO2 alone ({', '.join(narrow[:5])} ...); defaults of fuels have no upstream, so "
            "the result may be too low.",
        )
        hint = Text(
            "如有含全部温室气体和上游的因子，请改用。", "Use factors of all gases with upstream where you have them."
        )
        found.append(Finding("footprint.co2_only", "warning", text, hint, field="activities"))
    if assumed := [line.activity.id for line in lines if line.assumed]:
        text = Text(
            f"{len(assumed)} 条活动没有给出不确定性（{'、'.join(assumed[:5])} 等），取本项目假定。",
            f"{len(assumed)} activities state no uncertainty ({', '.join(assumed[:5])} ...); that of the house is assumed.",
        )
        hint = Text(
            "填写数量和因子的不确定性后区间更可信。", "State that of amount and factor for an interval to rely on."
        )
        found.append(Finding("footprint.uncertainty_assumed", "info", text, hint, field="activities"))
    return found
