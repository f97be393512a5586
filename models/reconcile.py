"""
The products of a site against its verified emissions, and the amounts behind them against other reports.

What follows from the boundary of the rules, or from the family of the
electricity factor, is explained with its tonnes; what remains is unexplained.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from models.bill import KINDS, Bill
from models.crosscheck import (
    OUTCOME_WORDS,
    CrossCheck,
    Outcome,
    Policy,
    Quantity,
    Regime,
    crosscheck,
    with_footprint,
)
from models.errors import BadData, MissingInput, OutOfRange, Text, YuetanError
from models.factors import GridFactor
from models.files import read_yaml
from models.findings import Finding, Severity
from models.footprint import SiteFootprint
from models.inputs import Input, NonNegative, Positive
from models.law import CONFIDENCE
from models.measures import Measures
from models.table import Result, Row
from models.units import KG_PER_T

METHOD = "reconcile/1"

_UNIT = "tCO2e"


@dataclass(frozen=True, slots=True)
class Boundary:
    """What the verified emissions of a set of rules hold, kinds of activities."""

    name: Text
    counts: tuple[str, ...]
    said: Text
    source: str
    confidence: str


class Explained(Input):
    """A difference that the site explains: tonnes that the products hold and the verified total does not (or less, negative)."""

    reason: str = Field(min_length=1, max_length=1000)
    tco2e: float = Field(ge=-1e9, le=1e9)
    document: str = Field(min_length=1, max_length=300)


class VerifiedTotal(Input):
    """Emissions of the installation as verified."""

    regime: Regime
    year: int = Field(ge=2000, le=2060)
    verified_tco2e: Positive
    document: str = Field(default="", max_length=300)
    verifier: str = Field(default="", max_length=200)
    #: Electricity bought, for a report that counts it at a grid factor.
    electricity_mwh: NonNegative | None = None
    #: Emissions of activities of the site that no product of the bill bears.
    other_products_tco2e: NonNegative = 0.0
    explained: tuple[Explained, ...] = Field(default=(), max_length=100)


@dataclass(frozen=True, slots=True)
class Step:
    """One step from the sum of the products to the verified total, tCO2e."""

    key: str
    text: Text
    tco2e: float
    note: Text


@dataclass(frozen=True, slots=True)
class Balance(Result):
    """
    From the sum of the products to the verified emissions, tCO2e.

    ``products_tco2e + Σ steps = verified + unexplained``; ``relative`` is the
    unexplained part as a fraction of the verified total.
    """

    total: VerifiedTotal
    boundary: Boundary
    products_tco2e: float
    steps: tuple[Step, ...]
    unexplained_tco2e: float
    relative: float
    outcome: Outcome
    finding: Finding

    def rows(self) -> list[Row]:
        boundary = self.boundary
        rows = [Row("products", Text("各产品之和", "Sum of the products"), self.products_tco2e, _UNIT, digits=3)]
        rows += [Row(step.key, step.text, step.tco2e, _UNIT, step.note, 3) for step in self.steps]
        said = Text(f"{boundary.name.zh}：{boundary.said.zh}", f"{boundary.name.en}: {boundary.said.en}")
        word = OUTCOME_WORDS[self.outcome]
        return [
            *rows,
            Row("verified", Text("核查排放量", "Verified emissions"), self.total.verified_tco2e, _UNIT, said, 3),
            Row("unexplained", Text("未解释", "Unexplained"), self.unexplained_tco2e, _UNIT, word, 3),
            Row("relative", Text("占核查排放量", "Of the verified emissions"), self.relative * 100.0, "%", word, 2),
        ]


@dataclass(frozen=True, slots=True)
class Reconciliation(Result):
    """Balances by set of rules, cross-checks by quantity, and what they do to data quality."""

    balances: tuple[Balance, ...]
    checks: tuple[CrossCheck, ...]
    steps: Mapping[str, int]
    findings: tuple[Finding, ...]
    proofs: tuple[str, ...]

    def rows(self) -> list[Row]:
        rows = [
            Row(f"balance.{one.total.regime}.{row.key}", row.label, row.value, row.unit, row.note, row.digits)
            for one in self.balances
            for row in one.rows()
        ]
        for check in self.checks:
            word = OUTCOME_WORDS[check.outcome]
            note = Text(
                f"{word.zh}；证据 {check.grade} 级；{check.resolution.zh}",
                f"{word.en}; evidence grade {check.grade}; {check.resolution.en}",
            )
            far = None if check.apart is None or math.isinf(check.apart) else check.apart * 100.0
            rows.append(
                Row(f"check.{check.quantity.id}", Text(check.quantity.id, check.quantity.id), far, "%", note, 2)
            )
        return rows

    def proof(self) -> list[str]:
        return list(self.proofs)


def load_boundaries(data_dir: Path) -> dict[str, Boundary]:
    """Read ``data_dir/reconcile/boundaries.yaml``; a kind or a confidence that is not ours is ``BadData``."""
    path = data_dir / "reconcile" / "boundaries.yaml"
    made: dict[str, Boundary] = {}
    for name, told in read_yaml(path).items():
        if not set(told["counts"]) <= set(KINDS) or told["confidence"] not in CONFIDENCE:
            raise BadData(path=path.name, what=f"{name}: counts {told['counts']}, confidence {told['confidence']!r}")
        said = Text(told["said"]["zh"], told["said"]["en"])
        made[name] = Boundary(
            Text(told["zh"], told["en"]), tuple(told["counts"]), said, told["source"], told["confidence"]
        )
    return made


def by_kind(site: SiteFootprint) -> dict[str, float]:
    """
    Return the emissions of a site by kind of activity, tCO2e.

    Raises
    ------
    MissingInput
        An activity does not say what it is.
    OutOfRange
        A line could not be worked out, so that the sum would be too low in silence.
    """
    if not site.complete:
        raise OutOfRange(
            field="activities",
            name_zh="产品之和",
            name_en="sum of the products",
            why_zh="有活动无法计算，合计会偏低",
            why_en="some activities could not be worked out, and the sum would be too low",
        )
    made: dict[str, list[float]] = {}
    for at, line in enumerate(site.lines):
        kind = line.activity.kind_told
        if kind is None:
            raise MissingInput(
                field=f"activities.{at}.kind",
                name_zh=f"活动“{line.activity.id}”的类别",
                name_en=f"kind of the activity '{line.activity.id}'",
                what_zh="核对",
                what_en="the reconciliation",
            )
        made.setdefault(kind, []).append(line.kgco2e / KG_PER_T)
    return {kind: math.fsum(values) for kind, values in made.items()}


def balance_of(
    kinds: Mapping[str, float],
    total: VerifiedTotal,
    boundary: Boundary,
    policy: Policy,
    grid: GridFactor | None = None,
    national: GridFactor | None = None,
) -> Balance:
    """
    Go from the products to the verified emissions.

    Parameters
    ----------
    kinds : mapping
        Emissions of the products by kind of activity, tCO2e.
    total : VerifiedTotal
        What was verified.
    boundary : Boundary
        What its rules count.
    policy : Policy
        Tolerances.
    grid : GridFactor, optional
        kgCO2 per kWh, which is tonnes per MWh. Direct CO2 factor at which the rules count purchased electricity; the
        footprint's life-cycle factor is another family, and the difference of
        the two is a step of its own.
    """
    steps = [
        Step(
            f"outside.{kind}",
            Text(f"边界外：{kind}", f"outside the boundary: {kind}"),
            -value,
            Text(f"{boundary.name.zh}不计此项，不是差错", f"not counted under {boundary.name.en}: no error"),
        )
        for kind, value in kinds.items()
        if kind not in boundary.counts
    ]
    if "electricity" in boundary.counts and grid is not None and total.electricity_mwh is not None:
        by_grid = total.electricity_mwh * grid.value
        note = Text(
            f"报告按电网直接排放因子 {grid.value:g} {grid.unit}（{grid.region} {grid.data_year}），碳足迹按全生命周期因子，两类不可互换",
            f"the report takes the grid's direct factor {grid.value:g} {grid.unit} ({grid.region} {grid.data_year}), the footprint a "
            "life-cycle one; the families are never swapped",
        )
        if national is not None and national.region != grid.region:
            by = total.electricity_mwh * (grid.value - national.value)
            note = Text(
                f"{note.zh}；用省级因子而不是国家因子，结果变化 {by:+,.3f} tCO2",
                f"{note.en}; provincial instead of national changes the result by {by:+,.3f} tCO2",
            )
        steps.append(
            Step(
                "factor_family",
                Text("电力因子口径", "family of the electricity factor"),
                by_grid - kinds.get("electricity", 0.0),
                note,
            )
        )
    if total.other_products_tco2e:
        steps.append(
            Step(
                "other_products",
                Text("清单外产品", "products not on the bill"),
                total.other_products_tco2e,
                Text("由企业填写", "as stated"),
            )
        )
    steps += [
        Step(f"explained.{n}", Text(one.reason, one.reason), -one.tco2e, Text(one.document, one.document))
        for n, one in enumerate(total.explained)
    ]
    products = math.fsum(kinds.values())
    unexplained = math.fsum([products, *(step.tco2e for step in steps), -total.verified_tco2e])
    relative = unexplained / total.verified_tco2e
    tolerance = policy.tolerances["emissions"]
    far = abs(relative)
    outcome: Outcome = "agrees" if far <= tolerance.agrees else "asks" if far <= tolerance.asks else "fails"
    return Balance(
        total,
        boundary,
        products,
        tuple(steps),
        unexplained,
        relative,
        outcome,
        _told(total, unexplained, relative, outcome),
    )


def _told(total: VerifiedTotal, unexplained: float, relative: float, outcome: Outcome) -> Finding:
    word = OUTCOME_WORDS[outcome]
    above = outcome != "agrees" and unexplained > 0.0
    text = Text(
        f"{total.year} 年产品之和与核查排放量：{word.zh}，未解释 {unexplained:+,.3f} tCO2e（{relative * 100:+.2f} %）"
        + ("；产品之和高于全厂，可能重复计算。" if above else "。"),
        f"Products and verified emissions of {total.year}: {word.en}, {unexplained:+,.3f} tCO2e unexplained ({relative * 100:+.2f} %)"
        + ("; the products exceed the site, some tonnes may be counted twice." if above else "."),
    )
    hint = Text(
        "核对共用工序、库存变化和清单外产品；每项解释附凭证。",
        "Look at shared processes, changes of stock and products not on the bill; give each reason with its evidence.",
    )
    severity: Severity = "info" if outcome == "agrees" else "question" if outcome == "asks" else "error"
    code = "reconcile.products_above_site" if above else f"reconcile.{outcome}"
    return Finding(code, severity, text, hint if outcome != "agrees" else Text("", ""), field="totals")


def reconcile(
    site: SiteFootprint | None,
    totals: Sequence[tuple[VerifiedTotal, GridFactor | None, GridFactor | None]],
    quantities: Sequence[Quantity],
    boundaries: Mapping[str, Boundary],
    policy: Policy,
    measures: Measures,
) -> Reconciliation:
    """
    Check a site against every total, with the grid factor of its region and the national one, and every quantity.

    Raises
    ------
    MissingInput, OutOfRange
        The products cannot be summed by kind.
    """
    kinds = by_kind(site) if site is not None and totals else {}
    balances = [
        balance_of(kinds, total, boundaries[total.regime], policy, grid, national) for total, grid, national in totals
    ]
    counts = {name: one.counts for name, one in boundaries.items()}
    checks, refusals = list[CrossCheck](), list[Finding]()
    for at, one in enumerate(quantities):
        try:
            of = with_footprint(one, site.bill, measures) if site is not None else one
        except YuetanError as error:
            refusals.append(Finding.of(error, field=f"quantities.{at}.{error.field}"))
            of = one
        checks.append(crosscheck(of, counts, policy, measures))
    steps: dict[str, int] = {}
    for check in checks:
        for activity in check.quantity.activities:
            steps[activity] = max(steps.get(activity, 0), check.steps)
    proofs = [
        *(
            f"reconcile.boundaries.{one.total.regime} = {', '.join(one.boundary.counts)} [{one.boundary.source}, {one.boundary.confidence}]"
            for one in balances
        ),
        *dict.fromkeys(policy.line(one.quantity.rule) for one in checks),
        *([policy.line("emissions")] if balances else []),
    ]
    findings = (
        *(one.finding for one in balances),
        *refusals,
        *(finding for check in checks for finding in check.findings),
    )
    return Reconciliation(tuple(balances), tuple(checks), steps, findings, tuple(dict.fromkeys(proofs)))


def rescored(bill: Bill, steps: Mapping[str, int]) -> Bill:
    """Return a bill whose activities bear the technological score that the cross-checks leave them; absent stays absent."""
    activities = []
    for one in bill.activities:
        score, worse = one.quality.technological, steps.get(one.id, 0)
        if worse and score is not None:
            quality = one.quality.model_copy(update={"technological": min(5.0, score + worse)})
            activities.append(one.model_copy(update={"quality": quality}))
        else:
            activities.append(one)
    return bill.model_copy(update={"activities": tuple(activities)})
