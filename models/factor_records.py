"""
Factors that people hand in, and the choice among all factors of a kind.

A record is immutable: a correction is a new record that supersedes it. A record
can be chosen once somebody other than its submitter has accepted it, while it is
valid, and where its licence lets it be used.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from models.errors import BadData, Text, YuetanError
from models.factors import Factors
from models.files import read_yaml
from models.findings import Finding
from models.inputs import Input, NonNegative

Level: TypeAlias = Literal["supplier", "provincial", "national"]
LEVELS: tuple[Level, ...] = ("supplier", "provincial", "national")
LEVEL_WORDS: Mapping[str, Text] = {
    "supplier": Text("供应商", "supplier"),
    "provincial": Text("省级", "provincial"),
    "national": Text("国家", "national"),
}
#: Life cycle for products, or direct emissions for inventories of an entity: one is never taken for the other.
Family: TypeAlias = Literal["footprint", "inventory"]
Score = Annotated[float, Field(ge=1, le=5)]
_NATION = "China"


class NoFactorToChoose(YuetanError):
    code = "factors.none_to_choose"
    message = Text(
        "截至 {on}，没有可用的“{key}”因子（地区 {region}）。{why_zh}",
        "No factor of '{key}' may be used on {on} (region {region}). {why_en}",
    )
    hint = Text(
        "请填写自有因子并注明来源，或提交因子并经他人审核。",
        "Enter a factor of your own with its source, or hand one in and have somebody else review it.",
    )


class FactorNotUsable(YuetanError):
    code = "factors.not_usable"
    message = Text("因子“{id}”不能采用：{why_zh}。", "The factor '{id}' may not be used: {why_en}.")
    hint = Text("它保留在记录中，不参与计算。", "It stays on record and counts for nothing.")


class Quality(Input):
    """Data-quality scores, 1 best to 5 worst; absent is not known and never 1."""

    technological: Score | None = None
    geographical: Score | None = None
    temporal: Score | None = None

    @property
    def worst(self) -> float | None:
        """The worst score; none where one of the three is absent."""
        scores = (self.technological, self.geographical, self.temporal)
        known = [score for score in scores if score is not None]
        return max(known) if len(known) == len(scores) else None


class FactorRecord(Input):
    """One version of one factor."""

    id: str = Field(min_length=1, max_length=100)
    version: str = Field(default="1", min_length=1, max_length=30)
    #: What it is a factor of, such as ``electricity`` or ``hot_rolled_coil``.
    key: str = Field(min_length=1, max_length=100)
    family: Family = "footprint"
    name_zh: str = Field(min_length=1, max_length=200)
    name_en: str = Field(default="", max_length=200)
    value: NonNegative
    unit: str = Field(min_length=1, max_length=40, examples=["kgCO2e/kWh"])
    level: Level
    region: str = Field(default=_NATION, max_length=60, examples=["Guangdong"])
    #: Whose, for the level of a supplier.
    supplier: str = Field(default="", max_length=200)
    boundary: str = Field(default="", max_length=300)
    technology: str = Field(default="", max_length=200)
    gases: str = Field(default="", max_length=100)
    gwp_set: str = Field(default="", max_length=30, examples=["AR6"])
    data_year: int = Field(ge=1990, le=2060)
    published: dt.date
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    source: str = Field(min_length=1, max_length=300)
    source_version: str = Field(default="", max_length=60)
    licence: str = Field(min_length=1, max_length=60, examples=["own"])
    confidence: Literal["official", "two_secondary", "one_secondary", "inferred"] = "inferred"
    #: Relative half-width of its 95 % interval, fraction.
    uncertainty: Annotated[float, Field(ge=0, le=10)] | None = None
    quality: Quality = Quality()
    #: ``id`` of the record that it replaces.
    supersedes: str | None = Field(default=None, max_length=100)

    @model_validator(mode="after")
    def _in_order(self) -> FactorRecord:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        if self.level == "supplier" and not self.supplier:
            raise ValueError("a supplier's factor names its supplier")
        return self

    def valid_on(self, on: dt.date) -> bool:
        """Return whether it was published by a day and is valid on it."""
        first = self.valid_from or self.published
        return self.published <= on and first <= on and (self.valid_to is None or on <= self.valid_to)


class Review(Input):
    """What a reviewer decided of a submission, and why."""

    reviewer: str = Field(min_length=1, max_length=200)
    on: dt.date
    decision: Literal["accepted", "returned", "rejected"]
    reason: str = Field(min_length=1, max_length=2000)


class Submission(Input):
    """A factor handed in, with where it comes from and what became of it."""

    record: FactorRecord
    submitter: str = Field(min_length=1, max_length=200)
    submitted_on: dt.date
    evidence: str = Field(default="", max_length=500)
    review: Review | None = None


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms of use: ``shipped`` with our data, ``own`` by the organisation alone, or ``refused``."""

    text: Text
    use: str


@dataclass(frozen=True, slots=True)
class FactorStore:
    """Every record that may be chosen, and the reason for each that may not."""

    records: tuple[FactorRecord, ...]
    refused: Mapping[str, FactorNotUsable]

    def findings(self) -> list[Finding]:
        """Return one finding for each record that may not be used."""
        return [Finding.of(error, severity="warning", field="factors") for error in self.refused.values()]


@dataclass(frozen=True, slots=True)
class ChosenRecord:
    """The record that was chosen, why, and the best of each other level, for the question what that changes."""

    record: FactorRecord
    reason: Text
    others: tuple[FactorRecord, ...]

    def line(self) -> str:
        """Return the factor as one line of a proof."""
        of = self.record
        return f"factors[{of.id}] = {of.value:g} {of.unit}, {of.level} {of.region}, {of.data_year} [{of.source}, {of.confidence}]"


def load_licences(data_dir: Path) -> dict[str, Licence]:
    """Read ``data_dir/factors/licences.yaml``."""
    path = data_dir / "factors" / "licences.yaml"
    made = {name: Licence(Text(told["zh"], told["en"]), told["use"]) for name, told in read_yaml(path).items()}
    if unknown := [name for name, one in made.items() if one.use not in ("shipped", "own", "refused")]:
        raise BadData(path=path.name, what=f"use of {unknown} is none of ours")
    return made


def published_records(factors: Factors) -> list[FactorRecord]:
    """
    Return the published electricity footprint factors as records.

    Grid CO2 factors are not among them: they are for inventories of an entity.
    """
    made = []
    for (region, kind, year), (value, unit, source, confidence) in factors.footprint.items():
        key = "electricity" if kind == "national_average" else f"electricity.{kind}"
        made.append(
            FactorRecord.model_validate(
                {
                    "id": f"{source}:{kind}",
                    "key": key,
                    "name_zh": "电力碳足迹因子",
                    "name_en": "electricity footprint factor",
                    "value": value,
                    "unit": unit,
                    "level": "national",
                    "region": region,
                    "data_year": year,
                    "published": factors.published["electricity_footprint"][year].published,
                    "source": source,
                    "licence": "official_publication",
                    "confidence": confidence,
                    "boundary": "life cycle",
                }
            )
        )
    return made


def factor_store(
    published: Sequence[FactorRecord],
    submissions: Sequence[Submission],
    licences: Mapping[str, Licence],
    on: dt.date,
) -> FactorStore:
    """
    Return what may be chosen on a day.

    Parameters
    ----------
    published : sequence of FactorRecord
        Our own records.
    submissions : sequence of Submission
        What was handed in.
    licences : mapping
        Terms of use by licence.
    on : date
        Day of the report.
    """
    refused: dict[str, FactorNotUsable] = {}
    good: dict[str, FactorRecord] = {record.id: record for record in published if record.valid_on(on)}
    known = {record.id for record in published} | {one.record.id for one in submissions}
    for one in submissions:
        record = one.record
        why = _why_not(one, licences, on, known)
        if why is None and (record.id in good or record.id in refused):
            why = Text(
                "编号已有，更正须用新编号并写明替代哪一条",
                "its id is taken; a correction bears a new id and names what it supersedes",
            )
        if why is not None:
            refused[record.id] = FactorNotUsable(field="record", id=record.id, why_zh=why.zh, why_en=why.en)
        else:
            good[record.id] = record
    replaced = {record.supersedes: record for record in good.values() if record.supersedes}
    for old, new in replaced.items():
        if old in good:
            refused[old] = FactorNotUsable(
                field="record", id=old, why_zh=f"已被“{new.id}”替代", why_en=f"superseded by '{new.id}'"
            )
    return FactorStore(tuple(record for name, record in good.items() if name not in replaced), refused)


def _why_not(one: Submission, licences: Mapping[str, Licence], on: dt.date, known: set[str]) -> Text | None:
    record, review = one.record, one.review
    licence = licences.get(record.licence)
    if review is None:
        return Text("尚未审核", "it has not been reviewed")
    if review.decision != "accepted":
        return Text(f"审核未通过：{review.reason}", f"the review did not accept it: {review.reason}")
    if review.reviewer.casefold() == one.submitter.casefold():
        return Text("审核人就是提交人", "its reviewer is its submitter")
    if review.on < one.submitted_on or review.on > on:
        return Text("审核日期早于提交或晚于报告日", "its review is dated before it was handed in, or after the report")
    if licence is None:
        return Text(f"许可“{record.licence}”不认识", f"the licence '{record.licence}' is not known")
    if licence.use == "refused":
        return Text(f"许可不允许：{licence.text.zh}", f"the licence does not allow it: {licence.text.en}")
    if not record.valid_on(on):
        until = f" – {record.valid_to}" if record.valid_to else ""
        span = f"{record.valid_from or record.published}{until}"
        return Text(f"在 {on} 无效（有效期 {span}）", f"not valid on {on} (valid {span})")
    if record.supersedes is not None and record.supersedes not in known - {record.id}:
        return Text(f"所替代的“{record.supersedes}”不存在", f"'{record.supersedes}', which it supersedes, is not known")
    return None


def choose(
    store: FactorStore,
    key: str,
    *,
    region: str,
    supplier: str,
    year: int,
    on: dt.date,
    order: Sequence[Level] = LEVELS,
    family: Family = "footprint",
) -> ChosenRecord:
    """
    Choose the factor of an activity.

    Parameters
    ----------
    store : FactorStore
        What may be chosen.
    key : str
        What the activity is.
    region, supplier : str
        Where it took place, and who supplied it (empty: nobody in particular).
    year : int
        Year of the activity data.
    on : date
        Day of the report.
    order : sequence of Level
        Which level comes first; of a level the same year, else the latest year
        published before the report.
    family : str
        ``footprint`` or ``inventory``; the other is never taken.

    Raises
    ------
    NoFactorToChoose
        No record of the key, the region or the supplier may be used.
    """
    best: list[FactorRecord] = []
    for level in order:
        of_level = [
            record
            for record in store.records
            if record.key == key
            and record.family == family
            and record.level == level
            and (
                record.supplier == supplier
                if level == "supplier"
                else record.region == (_NATION if level == "national" else region)
            )
        ]
        if of_level:
            best.append(
                max(
                    of_level,
                    key=lambda record: (record.data_year == year, record.data_year, record.published, record.id),
                )
            )
    if not best:
        elsewhere = sorted({f"{r.level} {r.region}" for r in store.records if r.key == key and r.family == family})
        other = any(r.key == key and r.family != family for r in store.records)
        why = (
            Text(f"只有：{'、'.join(elsewhere)}。", f"There is only: {', '.join(elsewhere)}.")
            if elsewhere
            else Text(
                "只有另一类（直接排放与碳足迹不可互换）。",
                "There is only the other family, which is never taken for it.",
            )
            if other
            else Text("", "")
        )
        raise NoFactorToChoose(field="key", key=key, region=region, on=on, why_zh=why.zh, why_en=why.en)
    first = best[0]
    word = LEVEL_WORDS[first.level]
    timed = (
        Text(f"同年（{year} 年）", f"of the same year, {year}")
        if first.data_year == year
        else Text(f"没有 {year} 年的，采用 {first.data_year} 年", f"none of {year}, so that of {first.data_year}")
    )
    reason = Text(
        f"{word.zh}因子，按次序（{'、'.join(LEVEL_WORDS[x].zh for x in order)}）最先；{timed.zh}",
        f"{word.en} factor, first of the order ({', '.join(LEVEL_WORDS[x].en for x in order)}); {timed.en}",
    )
    return ChosenRecord(first, reason, tuple(best[1:]))
