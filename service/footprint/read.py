"""What the API and the terminal say of footprints, of two methods, and of a reconciliation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from pydantic import BaseModel, Field

from models.errors import YuetanError
from models.findings import Finding
from models.footprint import METHOD, SiteFootprint
from models.footprint_lines import Line, note_of
from models.footprint_product import ProductFootprint
from models.method_difference import MethodDifference, adds_up
from models.method_profile import Profile
from models.reconcile import METHOD as RECONCILE
from models.uncertainty import Interval
from service.footprint.file import FromFile
from service.footprint.use import Made, Reconciled
from service.schemas import FindingRead, RowRead, TextRead, rows_of


class IntervalRead(BaseModel):
    """Ends of a 95 % interval, in the unit of its number."""

    low: float
    high: float


class StageRead(BaseModel):
    """A life-cycle stage per declared unit; shown parts add up to the shown total and to 100 %."""

    stage: str
    kgco2e: float
    share: float
    interval: IntervalRead
    shown_kgco2e: float
    shown_percent: float


class SwapRead(BaseModel):
    """Factors of one level instead of another."""

    level: str
    other: str
    kgco2e: float
    fraction: float | None
    text: TextRead


class ProductRead(BaseModel):
    """kgCO2e per declared unit of a product."""

    id: str
    declared_amount: float
    declared_unit: str
    kgco2e: float
    interval: IntervalRead
    simulated: IntervalRead | None = Field(description="Of the seeded Monte Carlo; null where no draws were asked for")
    tco2e_per_t: float | None = Field(description="Null where the product has no mass, which is never guessed")
    stages: list[StageRead]
    technological: float | None
    geographical: float | None
    temporal: float | None
    scored_share: float = Field(description="Part of the result that has all three scores, 0 to 1")
    primary_share: float
    attributed_by: dict[str, float] = Field(description="Part attributed by each rung of the ladder, 0 to 1")
    level_effects: list[SwapRead]
    benchmark_ratio: float | None
    rows: list[RowRead]


class LineRead(BaseModel):
    """An activity with the factor it took and why."""

    id: str
    stage: str
    kind: str | None
    kgco2e: float
    interval: IntervalRead
    kgco2e_per_unit: float
    unit: str
    factor: str
    level: str
    note: TextRead


class RefusedProductRead(BaseModel):
    """A product that could not be worked out, and why."""

    id: str
    code: str
    text: TextRead
    hint: TextRead


class FootprintRead(BaseModel):
    """A site and its products by a method."""

    method: str
    key: str = Field(description="Equal inputs with equal factors give an equal key")
    profile: str | None
    complete: bool = Field(description="False where an activity could not be worked out")
    total_kgco2e: float
    interval: IntervalRead
    attributed_kgco2e: dict[str, float] = Field(description="By product; adds up to the total")
    draws: int
    products: list[ProductRead]
    refused: list[RefusedProductRead]
    lines: list[LineRead]
    counting: dict[str, str] = Field(description="How the method counts each activity")
    findings: list[FindingRead]
    proof: list[str]


class MethodPartRead(BaseModel):
    """What one activity adds to the difference; how each method counts it."""

    activity: str
    one: str
    other: str
    kgco2e: float


class DifferenceRead(BaseModel):
    """A product by two methods."""

    product: str
    one_kgco2e: float | None
    other_kgco2e: float | None
    difference_kgco2e: float | None
    parts_add_up: bool
    parts: list[MethodPartRead]
    rows: list[RowRead]


class CompareRead(BaseModel):
    """Two methods on one bill."""

    one: str
    other: str
    products: list[DifferenceRead]


class CheckRead(BaseModel):
    """A quantity as its sources state it."""

    quantity: str
    year: int
    unit: str
    sources: list[str]
    values: list[float | None]
    reference: str
    apart: float | None = Field(description="Largest difference from the reference, fraction; null where there is none")
    tolerance: float
    result: str
    severity: str
    resolution: TextRead
    evidence_grade: str
    score_steps: int = Field(description="What the technological score of the activities behind it is worse by")


class BalanceRead(BaseModel):
    """From the sum of the products to the verified emissions."""

    regime: str
    year: int
    verified_tco2e: float
    products_tco2e: float
    unexplained_tco2e: float
    relative: float
    result: str
    rows: list[RowRead]


class ReconciliationRead(BaseModel):
    """Balances, cross-checks, and what they do to data quality."""

    method: str
    balances: list[BalanceRead]
    checks: list[CheckRead]
    score_steps: dict[str, int]
    before: list[ProductRead] = Field(description="Products with the scores as stated")
    after: list[ProductRead] = Field(description="With the scores that the checks leave; empty where nothing changes")
    findings: list[FindingRead]
    proof: list[str]


class FootprintFileRead(BaseModel):
    """What a workbook comes to; null where nothing was computed, and then the findings say why."""

    footprint: FootprintRead | None
    reconciliation: ReconciliationRead | None = Field(description="Null where the file asks for no checks")
    findings: list[FindingRead] = Field(description="Every finding, with sheet, row and cell")


class SectionRead(BaseModel):
    """A section of the report."""

    id: str
    title: TextRead


class ProfileRead(BaseModel):
    """A method: what is stated, what is open."""

    id: str
    name: TextRead
    status: str
    source: str
    confidence: str
    follows: str | None
    counts: dict[str, str] | None = Field(description="How each kind of activity is counted; null where that is open")
    allocation: list[str] | None
    required: list[str]
    sections: list[SectionRead]
    open: list[TextRead]


def profile_read(of: Profile) -> ProfileRead:
    """Return a method as the API shows it."""
    said = (of.boundary, of.cut_off, of.allocation, of.factor_order)
    return ProfileRead(
        id=of.id,
        name=_text(of.name),
        status=of.status,
        source=of.source,
        confidence=of.confidence,
        follows=of.follows,
        counts={str(kind): how for kind, how in of.counts.items()} if of.counts is not None else None,
        allocation=list(of.rungs) if of.rungs else None,
        required=list(of.required),
        sections=[SectionRead(id=one.id, title=_text(one.title)) for one in of.sections],
        open=[_text(text) for text in (*(one.said for one in said if one.is_open), *of.open)],
    )


def footprint_read(of: Made) -> FootprintRead:
    """Return a site as the API shows it."""
    site = of.site
    return FootprintRead(
        method=METHOD,
        key=site.provenance.key,
        profile=of.profile.id if of.profile else None,
        complete=site.complete,
        total_kgco2e=site.total_kgco2e,
        interval=_interval(site.total_interval),
        attributed_kgco2e=dict(site.attributed),
        draws=site.draws,
        products=_products(site),
        refused=_refused(site.refused),
        lines=[_line(line) for line in site.lines],
        counting=dict(of.counting),
        findings=_findings(of.findings),
        proof=site.proof(),
    )


def file_read(of: FromFile) -> FootprintFileRead:
    """Return what a workbook comes to as the API shows it."""
    return FootprintFileRead(
        footprint=footprint_read(of.made) if of.made else None,
        reconciliation=reconciliation_read(of.checked) if of.checked else None,
        findings=_findings(of.findings),
    )


def compare_read(one: str, other: str, found: Mapping[str, MethodDifference]) -> CompareRead:
    """Return two methods as the API shows them."""
    return CompareRead(
        one=one,
        other=other,
        products=[
            DifferenceRead(
                product=name,
                one_kgco2e=of.kgco2e[0],
                other_kgco2e=of.kgco2e[1],
                difference_kgco2e=of.difference,
                parts_add_up=adds_up(of),
                parts=[MethodPartRead.model_validate(part, from_attributes=True) for part in of.parts],
                rows=rows_of(of),
            )
            for name, of in found.items()
        ],
    )


def reconciliation_read(of: Reconciled) -> ReconciliationRead:
    """Return a reconciliation as the API shows it."""
    found = of.found
    return ReconciliationRead(
        method=RECONCILE,
        balances=[
            BalanceRead(
                regime=one.total.regime,
                year=one.total.year,
                verified_tco2e=one.total.verified_tco2e,
                products_tco2e=one.products_tco2e,
                unexplained_tco2e=one.unexplained_tco2e,
                relative=one.relative,
                result=one.outcome,
                rows=rows_of(one),
            )
            for one in found.balances
        ],
        checks=[
            CheckRead(
                quantity=one.quantity.id,
                year=one.quantity.year,
                unit=one.unit,
                sources=[str(said.source) for said in one.quantity.statements],
                values=list(one.values),
                reference=one.quantity.statements[one.reference].source,
                apart=one.apart if one.apart is not None and math.isfinite(one.apart) else None,
                tolerance=one.tolerance.agrees,
                result=one.outcome,
                severity=one.severity,
                resolution=_text(one.resolution),
                evidence_grade=one.grade,
                score_steps=one.steps,
            )
            for one in found.checks
        ],
        score_steps=dict(found.steps),
        before=_products(of.before) if of.before else [],
        after=_products(of.after) if of.after else [],
        findings=_findings(found.findings),
        proof=found.proof(),
    )


def _products(site: SiteFootprint) -> list[ProductRead]:
    return [_product(name, one) for name, one in site.products.items()]


def _product(name: str, of: ProductFootprint) -> ProductRead:
    shown = of.stages_shown()
    return ProductRead(
        id=name,
        declared_amount=of.product.declared_amount,
        declared_unit=of.product.declared_unit,
        kgco2e=of.kgco2e,
        interval=_interval(of.interval),
        simulated=_interval(of.simulated) if of.simulated else None,
        tco2e_per_t=of.tco2e_per_t,
        stages=[
            StageRead(
                stage=one.stage,
                kgco2e=one.kgco2e,
                share=one.share,
                interval=_interval(one.interval),
                shown_kgco2e=shown[one.stage][0],
                shown_percent=shown[one.stage][1],
            )
            for one in of.stages
        ],
        technological=of.scores.technological,
        geographical=of.scores.geographical,
        temporal=of.scores.temporal,
        scored_share=of.scores.scored,
        primary_share=of.primary_share,
        attributed_by={str(rung): share for rung, share in of.rungs.items()},
        level_effects=[
            SwapRead(level=s.level, other=s.other, kgco2e=s.kgco2e, fraction=s.fraction, text=_text(s.text()))
            for s in of.swaps
        ],
        benchmark_ratio=of.benchmark_ratio,
        rows=rows_of(of),
    )


def _line(of: Line) -> LineRead:
    return LineRead(
        id=of.activity.id,
        stage=of.activity.stage,
        kind=of.activity.kind_told,
        kgco2e=of.kgco2e,
        interval=_interval(of.interval),
        kgco2e_per_unit=of.rate,
        unit=of.activity.unit,
        factor=of.taken,
        level=of.level,
        note=_text(note_of(of)),
    )


def _interval(of: Interval) -> IntervalRead:
    return IntervalRead(low=of.low, high=of.high)


def _text(of: tuple[str, str]) -> TextRead:
    return TextRead(zh=of[0], en=of[1])


def _refused(of: Mapping[str, YuetanError]) -> list[RefusedProductRead]:
    return [
        RefusedProductRead(
            id=name,
            code=error.code,
            text=TextRead(zh=error.text("zh"), en=error.text("en")),
            hint=TextRead(zh=error.mend("zh"), en=error.mend("en")),
        )
        for name, error in of.items()
    ]


def _findings(of: Iterable[Finding]) -> list[FindingRead]:
    return [FindingRead.model_validate(finding.to_dict()) for finding in of]
