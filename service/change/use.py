"""Compare two states of the law, and work a kept assessment out anew under another; the old one stays as it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import Field
from sqlalchemy.orm import Session

from cbam.consignment import Consignment
from cbam.editions import Change, GoodChange, changed_goods, changes
from cbam.exposure import assess_import
from cbam.note import Note, note
from finance.assessment import Options, pricing_of
from finance.submission import GoodsLine, Submission
from models.errors import Text, YuetanError
from models.inputs import Input
from models.law import LawAt
from service import store
from service.assessment import use as assessing
from service.auth import Who
from service.library import Library
from service.refusals import NotFound
from service.tables import Assessment

#: The law in force, beside the drafts and editions by name.
IN_FORCE = "law"


class NotComparable(YuetanError):
    code = "change.not_a_submission"
    message = Text(
        "该结果是单批货物的计算，没有保存整张表，不能重算。",
        "This result is of a single consignment and holds no submission.",
    )
    hint = Text("请对上传工作簿或提交的评估重算。", "Recompute an assessment of a workbook or a submission.")


class State(Input):
    """A state of the law: the law in force, a draft or an edition, on a day."""

    law: str = Field(default=IN_FORCE, pattern=r"^[A-Za-z0-9_.\-]{1,60}$", examples=["law", "eu-2025-2621"])
    on: dt.date = Field(ge=dt.date(2023, 1, 1), le=dt.date(2060, 12, 31), examples=["2026-05-12"])

    def open(self, library: Library) -> LawAt:
        """Return the law; ``UnknownScenario`` where there is none of the name."""
        return library.book(() if self.law == IN_FORCE else (self.law,)).at(self.on)


class ChangeAsk(Input):
    """Two states of the law, and the goods to look at."""

    before: State
    after: State
    prefix: str = Field(default="eu.cbam", pattern=r"^[a-z0-9_.\-]{0,120}$")
    goods: tuple[Consignment, ...] = Field(default=(), max_length=20_000)


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs, and what it does to the goods."""

    asked: ChangeAsk
    changes: Sequence[Change]
    goods: Sequence[GoodChange]


def compared(asked: ChangeAsk, library: Library) -> Compared:
    """Return what differs between the two states; raises as ``State.open``."""
    before, after = asked.before.open(library), asked.after.open(library)
    goods = [(line.cn_code, line.origin) for line in asked.goods]
    return Compared(
        asked, changes(before, after, asked.prefix), changed_goods(before, after, list(dict.fromkeys(goods)))
    )


@dataclass(frozen=True, slots=True)
class Moved:
    """One line under both laws, EUR; ``None`` where the line is refused."""

    line: int
    product: str
    before_eur: float | None
    after_eur: float | None


@dataclass(frozen=True, slots=True)
class Recomputed:
    """The old result and the new one; they are one where nothing that was read has changed."""

    before: Assessment
    after: Assessment
    moved: Sequence[Moved]

    @property
    def unchanged(self) -> bool:
        """Whether law and method give the same result as before."""
        return self.before.key == self.after.key


def recomputed(db: Session, who: Who, library: Library, assessment_id: UUID, scenarios: Sequence[str]) -> Recomputed:
    """
    Work a kept assessment out anew from its kept inputs, on its own day and with its own choices, under other law.

    Both results are kept; the lines whose cost has moved are told.

    Raises
    ------
    NotFound
        No such assessment to see.
    NotComparable
        It holds no submission.
    UnknownScenario
        No draft or edition of that name.
    """
    old = store.one(db, who, assessment_id)
    if old.kind != "submission":
        raise NotComparable
    options = Options.model_validate(old.options).model_copy(update={"law_scenarios": tuple(scenarios)})
    result = assessing.assess(db, who, library, Submission.model_validate(old.inputs), options, old.as_of)
    new = assessing.keep(db, who, result).row
    costs = {line["line"]: line.get("cost_eur") for line in store.document(db, who, old.id)["lines"]}
    moved = []
    for line in result.lines:
        after = line.record(steps=False).get("cost_eur")
        if costs.get(line.line.line) != after:
            moved.append(Moved(line.line.line, line.line.product, costs.get(line.line.line), after))
    return Recomputed(old, new, moved)


def explained(line: Consignment, library: Library, options: Options) -> Note:
    """Return the note on an import line, with every draft in its last answers; raises as ``assess_import``."""
    pricing = pricing_of(options, library.paths)
    book = library.book(options.law_scenarios)
    drafts = {name: library.book((name,)) for name, one in library.scenarios.items() if one.kind == "draft"}
    return note(assess_import(line, book, pricing), pricing, drafts)


def explained_line(db: Session, who: Who, library: Library, assessment_id: UUID, number: int) -> Note:
    """
    Return the note on a line of a kept assessment, worked out from its kept inputs.

    Raises
    ------
    NotFound
        No such line to see.
    """
    row = store.one(db, who, assessment_id)
    if row.kind == "submission":
        given = next((g for g in row.inputs["goods"] if g["line"] == number), None)
        line = GoodsLine.model_validate(given).consignment() if given else None
    else:
        line = Consignment.model_validate(row.inputs) if number == 1 else None
    if line is None:
        raise NotFound
    return explained(line, library, Options.model_validate(row.options))
