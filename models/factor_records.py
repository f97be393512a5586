"""
Factors that people hand in, and which of all factors may be chosen.

A record is immutable: a correction is a new record that supersedes it. A record
can be chosen once somebody other than its submitter has accepted it, while it is
valid, and where its licence lets it be used. What an authority published is
superseded by the authority alone.
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
NATION = "China"


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
    region: str = Field(default=NATION, max_length=60, examples=["Guangdong"])
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

    def said(self, kept: bool) -> Text:
        """Return who handed it in and who reviewed it; ``kept`` where our own books say so, not the bill."""
        review = self.review
        zh, en = (
            f"由 {self.submitter} 于 {self.submitted_on} 提交",
            f"submitted by {self.submitter} on {self.submitted_on}",
        )
        if review is not None:
            zh, en = (
                f"{zh}，{review.reviewer} 于 {review.on} 审核通过",
                f"{en}, reviewed by {review.reviewer} on {review.on}",
            )
        return Text(zh, en) if kept else Text(f"{zh}（随算例填报）", f"{en} (as stated with the bill)")


class FactorMap(Input):
    """A provincial record that stands for the same thing as a national one, and where that is said."""

    national_id: str = Field(min_length=1, max_length=100)
    provincial_id: str = Field(min_length=1, max_length=100)
    source: str = Field(min_length=1, max_length=300)


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Submissions that an organisation keeps, each reviewed by somebody else in it, and its map of ids."""

    submissions: tuple[Submission, ...] = ()
    maps: tuple[FactorMap, ...] = ()


NOTHING_HANDED_IN = HandedIn()


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms of use: ``shipped`` with our data, ``own`` by the organisation alone, or ``refused``."""

    text: Text
    use: str


@dataclass(frozen=True, slots=True)
class FactorStore:
    """
    Every record that may be chosen, and the reason for each that may not.

    ``said`` tells of each record that was handed in by whom and who reviewed it; ``counterparts`` names the records of
    the other level that are mapped to one.
    """

    records: tuple[FactorRecord, ...]
    refused: Mapping[str, FactorNotUsable]
    said: Mapping[str, Text]
    counterparts: Mapping[str, tuple[str, ...]]

    def findings(self) -> list[Finding]:
        """Return one finding for each record that may not be used."""
        return [Finding.of(error, severity="warning", field="factors") for error in self.refused.values()]


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
    kept: HandedIn = NOTHING_HANDED_IN,
) -> FactorStore:
    """
    Return what may be chosen on a day.

    Parameters
    ----------
    published : sequence of FactorRecord
        Our own records.
    submissions : sequence of Submission
        What comes with a bill, its review as the bill states it.
    licences : mapping
        Terms of use by licence.
    on : date
        Day of the report.
    kept : HandedIn
        What the organisation keeps; of the same id it comes before what a bill states.
    """
    refused: dict[str, FactorNotUsable] = {}
    good: dict[str, FactorRecord] = {record.id: record for record in published if record.valid_on(on)}
    official = {record.id for record in published}
    handed_in = [(one, True) for one in kept.submissions] + [(one, False) for one in submissions]
    known = {one.record.id for one, _ in handed_in}
    said: dict[str, Text] = {}
    for one, ours in handed_in:
        record = one.record
        why = _why_not(one, licences, on, known, official, ours)
        if why is None and (record.id in good or record.id in refused):
            why = Text(
                "编号已有，更正须用新编号并写明替代哪一条",
                "its id is taken; a correction bears a new id and names what it supersedes",
            )
        if why is not None:
            refused[record.id] = FactorNotUsable(field="record", id=record.id, why_zh=why.zh, why_en=why.en)
        else:
            good[record.id], said[record.id] = record, one.said(ours)
    replaced = {record.supersedes: record for record in good.values() if record.supersedes}
    for old, new in replaced.items():
        if old in good:
            refused[old] = FactorNotUsable(
                field="record", id=old, why_zh=f"已被“{new.id}”替代", why_en=f"superseded by '{new.id}'"
            )
    counterparts: dict[str, tuple[str, ...]] = {}
    for pair in kept.maps:
        for one_id, other in ((pair.national_id, pair.provincial_id), (pair.provincial_id, pair.national_id)):
            counterparts[one_id] = (*counterparts.get(one_id, ()), other)
    usable = tuple(record for name, record in good.items() if name not in replaced)
    return FactorStore(usable, refused, said, counterparts)


def _why_not(
    one: Submission, licences: Mapping[str, Licence], on: dt.date, known: set[str], official: set[str], ours: bool
) -> Text | None:
    record, review = one.record, one.review
    licence = licences.get(record.licence)
    if review is None:
        return Text("尚未审核", "it has not been reviewed")
    if review.decision != "accepted":
        return Text(f"审核未通过：{review.reason}", f"the review did not accept it: {review.reason}")
    # Of what is kept the persons were compared, who may share a name.
    if not ours and review.reviewer.casefold() == one.submitter.casefold():
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
    if record.supersedes in official:
        return Text(
            f"“{record.supersedes}”是已公布因子，只能由公布机构替代",
            f"'{record.supersedes}' was published: its publisher alone supersedes it",
        )
    if not ours and record.supersedes is not None and record.supersedes not in known - {record.id}:
        return Text(f"所替代的“{record.supersedes}”不存在", f"'{record.supersedes}', which it supersedes, is not known")
    return None
