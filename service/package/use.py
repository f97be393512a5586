"""What leaves the bank of a borrower: the application package, the disclosure annex by class of data, the KPI test log."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, model_validator
from sqlalchemy.orm import Session

from finance.equipment import BeforeAfter, EquipmentAsk
from finance.indicator import broken
from finance.margin import Kpi
from finance.submission import Footprint
from models.errors import Text, YuetanError
from models.inputs import Input, NonNegative
from service.audit.use import record
from service.auth import Who, visible
from service.package import paper
from service.package.seal import sealed
from service.press.document import pdf
from service.refusals import NotFound
from service.score.paper import score_paper
from service.score.read import record_read
from service.score.use import Borrower, Kept
from service.score.use import one as kept_score
from service.settings import Settings
from service.share import fields as catalogue
from service.statement.use import signing_key
from service.tables import Upload

Audience = tuple[str, ...]


class UnknownClass(YuetanError):
    code = "package.unknown_class"
    message = Text("没有这个数据类别，可用：{known}。", "There is no such class of data; there are {known}.")
    hint = Text("类别见 data/access/classes.yaml。", "See data/access/classes.yaml.")


class Project(Input):
    """What the money is for."""

    name: str = Field(min_length=1, max_length=200)
    purpose: str = Field(min_length=1, max_length=2_000)
    investment_cny: NonNegative | None = None
    loan_cny: NonNegative | None = None
    use_of_proceeds: Literal["green_catalogue", "transition_catalogue", "general_with_kpi", "none"]
    begins: dt.date | None = None
    ends: dt.date | None = None


class Evidence(Input):
    """A document: its number and title, and the file that was handed in, by its id, where there is one."""

    id: str = Field(min_length=1, max_length=100)
    title: str = Field(min_length=1, max_length=300)
    issuer: str = Field(default="", max_length=200)
    issued: dt.date | None = None
    upload: UUID | None = None


class PackageAsk(Input):
    """An application: the borrower's kept score, the project, footprints, KPIs, equipment, and the documents they rest on."""

    record: UUID
    project: Project
    footprints: tuple[Footprint, ...] = Field(default=(), max_length=200)
    kpis: tuple[Kpi, ...] = Field(default=(), max_length=20)
    equipment: EquipmentAsk | None = None
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=200)

    @model_validator(mode="after")
    def _once(self) -> PackageAsk:
        if len({one.id for one in self.evidence}) != len(self.evidence):
            raise broken("证据编号重复", "the ids of the evidence are not unique")
        return self


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of the annex; ``value`` is ``None`` and ``redacted`` true where its class does not go to this reader."""

    field: catalogue.Field
    value: Any
    redacted: bool


@dataclass(frozen=True, slots=True)
class Annex:
    """What one reader gets of a kept score, field by field, and which classes that are."""

    kept: Kept
    classes: tuple[catalogue.DataClass, ...]
    cells: tuple[Cell, ...]


def annex(db: Session, who: Who, record_id: UUID, classes: Sequence[str] | None, today: dt.date) -> Annex:
    """
    Return a kept score as it may be disclosed: every field of the catalogue, those of other classes as redacted.

    Without ``classes`` those that leave by default.

    Raises
    ------
    UnknownClass
        A class that is not, or one that never leaves.
    """
    known = {name: one for name, one in catalogue.classes().items() if one.leaves}
    names = [name for name, one in known.items() if one.by_default] if classes is None else list(classes)
    if set(names) - known.keys():
        raise UnknownClass(field="classes", known=", ".join(known))
    kept = kept_score(db, who, record_id, today)
    made: Mapping[str, Any] = kept.row.body["score"]
    cells = []
    for field in catalogue.kinds()["score"].fields.values():
        shown = field.kind.name in names
        cells.append(Cell(field, catalogue.value_of(made, field.at) if shown else None, not shown))
    return Annex(kept, tuple(known[name] for name in dict.fromkeys(names)), tuple(cells))


def kpi_log(kpis: Sequence[Kpi], on: dt.date) -> list[dict[str, Any]]:
    """Return the test log: each KPI with its state on the day, and what shows it."""
    return [kpi.model_dump(mode="json") | {"state": kpi.state(on), "tested_on": on.isoformat()} for kpi in kpis]


def package(
    db: Session, who: Who, settings: Settings, asked: PackageAsk, today: dt.date, lang: str, link: str | None
) -> bytes:
    """
    Return an application as one signed zip, Chinese first and English beside it.

    Raises
    ------
    NotFound
        There is no such record or file.
    """
    kept = kept_score(db, who, asked.record, today)
    borrower = Borrower.model_validate(kept.row.body["asked"]["borrower"], strict=False)
    index = _index(db, who, asked.evidence)
    log = kpi_log(asked.kpis, today)
    change = BeforeAfter(asked.equipment) if asked.equipment else None
    parts: dict[str, Any] = {
        "company.json": borrower.model_dump(mode="json"),
        "project.json": asked.project.model_dump(mode="json"),
        "footprints.json": [one.model_dump(mode="json") for one in asked.footprints],
        "score.json": record_read(kept, link or "").model_dump(mode="json"),
        "kpi_log.json": log,
        "evidence.json": index,
    }
    if change is not None:
        parts["before_after.json"] = {"asked": change.asked.model_dump(mode="json"), "rows": change.to_dict()}
    files = {name: _json(value) for name, value in parts.items()}
    files["score.pdf"] = pdf(score_paper(kept, link), lang)
    files["application.pdf"] = pdf(paper.application(asked, borrower, kept, log, change, index, today), lang)
    files["README.txt"] = paper.README.encode()
    said = {
        "record": str(kept.row.id), "hash": kept.row.hash, "borrower": borrower.name, "uscc": borrower.uscc,
        "project": asked.project.name, "made_on": today.isoformat(),
    }  # fmt: skip
    made = sealed(files, said, signing_key(settings, who.organisation_id))
    record(db, who, "package.made", kept.row.id, files=len(files))
    return made


def _index(db: Session, who: Who, evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Return the index of documents; a file that was handed in adds its name, size and hash."""
    made = []
    for one in evidence:
        line = one.model_dump(mode="json")
        if one.upload is not None:
            row = db.scalar(visible(Upload, who).where(Upload.id == one.upload))
            if row is None:
                raise NotFound(field="evidence")
            line |= {"filename": row.filename, "size": row.size, "sha256": row.sha256}
        made.append(line)
    return made


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()
