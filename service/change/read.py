"""What the API and the paper say of a change of law and of a line."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, Field

from cbam.editions import METHOD as EDITIONS
from cbam.note import METHOD as NOTE
from cbam.note import Note, NoteStep
from models.errors import Text
from models.table import Row
from service.change.use import Compared, Recomputed
from service.press.document import Block, Column, Document, Figure, Figures, Steps, Table, Words
from service.schemas import ReadRead, RowRead, TextRead, read_of, rows_of
from service.store import exact


class ChangeRead(BaseModel):
    """One value that differs."""

    key: str
    label: TextRead
    kind: str = Field(description="new, gone, value, or source where only source, confidence or attributes moved")
    before: ReadRead | None
    after: ReadRead | None


class GoodRead(BaseModel):
    """What the change does to a good on the default basis, certificates per tonne."""

    cn_code: str
    origin: str
    due_before: float | None
    due_after: float | None
    difference: float | None
    parts: dict[str, float] = Field(description="By parameter; they add up to the difference")
    refused: TextRead
    rows: list[RowRead]


class ComparedRead(BaseModel):
    """Two states of the law side by side."""

    method: str
    counts: dict[str, int]
    changes: list[ChangeRead]
    goods: list[GoodRead]


class MovedRead(BaseModel):
    """A line whose cost has moved. Money is a decimal string; null where the line is refused."""

    line: int
    product: str
    before_eur: Decimal | None
    after_eur: Decimal | None


class RecomputedRead(BaseModel):
    """The old result and the new one; both are kept."""

    before_id: UUID
    before_key: str
    after_id: UUID
    after_key: str
    unchanged: bool
    before_eur: Decimal | None
    after_eur: Decimal | None
    moved: list[MovedRead]


class NoteStepRead(BaseModel):
    """One step of the note."""

    number: int
    title: TextRead
    formula: TextRead
    value: float | None
    unit: str
    rule: TextRead
    reads: list[ReadRead]


class AnswerRead(BaseModel):
    """An auditor's question with its answer."""

    question: TextRead
    answer: TextRead


class NoteRead(BaseModel):
    """The explanation of one line."""

    method: str
    key: str
    cost_eur: Decimal
    steps: list[NoteStepRead]
    answers: list[AnswerRead]


def _text(text: Text) -> TextRead:
    return TextRead(zh=text.zh, en=text.en)


def compared_read(found: Compared) -> ComparedRead:
    """Return the comparison as the API shows it."""
    kinds = [change.kind for change in found.changes]
    return ComparedRead(
        method=EDITIONS,
        counts={kind: kinds.count(kind) for kind in ("new", "gone", "value", "source")},
        changes=[
            ChangeRead(
                key=one.key,
                label=_text(one.label),
                kind=one.kind,
                before=read_of(one.before) if one.before else None,
                after=read_of(one.after) if one.after else None,
            )
            for one in found.changes
        ],
        goods=[
            GoodRead(
                cn_code=one.cn_code,
                origin=one.origin,
                due_before=one.due_before,
                due_after=one.due_after,
                difference=one.difference,
                parts=dict(one.parts),
                refused=_text(one.refused),
                rows=rows_of(one),
            )
            for one in found.goods
        ],
    )


def recomputed_read(found: Recomputed) -> RecomputedRead:
    """Return both results as the API shows them."""
    return RecomputedRead(
        before_id=found.before.id,
        before_key=found.before.key,
        after_id=found.after.id,
        after_key=found.after.key,
        unchanged=found.unchanged,
        before_eur=found.before.cost_eur,
        after_eur=found.after.cost_eur,
        moved=[
            MovedRead(
                line=m.line, product=m.product, before_eur=exact(m.before_eur, 2), after_eur=exact(m.after_eur, 2)
            )
            for m in found.moved
        ],
    )


def note_read(made: Note) -> NoteRead:
    """Return the note as the API shows it."""
    return NoteRead(
        method=NOTE,
        key=made.exposure.provenance.key,
        cost_eur=exact(made.exposure.cost_eur, 2) or Decimal(0),
        steps=[
            NoteStepRead(
                number=step.number,
                title=_text(step.title),
                formula=_text(step.formula),
                value=step.value,
                unit=step.unit,
                rule=_text(step.rule),
                reads=[read_of(read) for read in step.reads],
            )
            for step in made.steps
        ],
        answers=[AnswerRead(question=_text(a.question), answer=_text(a.answer)) for a in made.answers],
    )


def _shown(step: NoteStep) -> float | str:
    """Return what stands in the column of figures: nothing for a decision, a year as it is written."""
    if step.value is None:
        return ""
    return f"{step.value:.0f}" if step.title.en == "Reporting year" else step.value


def note_paper(made: Note, made_on: dt.date) -> Document:
    """Return the note as a paper: the answer, the steps, the law they rest on, and the auditor's questions."""
    c, exposure = made.exposure.consignment, made.exposure
    rows = [
        Row(f"step.{s.number}", Text(f"{s.number}. {s.title.zh}", f"{s.number}. {s.title.en}"), _shown(s), s.unit,
            Text(f"{s.formula.zh}　[{s.rule.zh}]", f"{s.formula.en}  [{s.rule.en}]"), 2 if s.unit.startswith("EUR") else 6)
        for s in made.steps
    ]  # fmt: skip
    line = f"CN {c.cn_code} · {c.origin} · {c.net_mass_t:g} t · {c.imported_on}"
    law: list[tuple[str, ...]] = [
        (str(s.number), read.key, f"{read.value}", str(read.since), f"{read.source} ({read.confidence})")
        for s in made.steps
        for read in s.reads
    ]
    blocks: list[Block] = [
        Figures(
            [
                Figure(Text("CBAM 费用", "CBAM cost"), f"{exposure.cost_eur:,.2f}", "EUR"),
                Figure(Text("每吨", "per tonne"), f"{exposure.cost_eur_per_t:,.2f}", "EUR/t"),
                Figure(Text("应交证书", "Certificates"), f"{exposure.certificates:,.5f}", "", Text("取整前", "before rounding")),
            ]
        ),
        Steps(rows, Text("逐步说明", "Step by step"), frozenset({f"step.{len(rows)}"})),
        Table(
            [Column(Text("步", "Step"), 0.4), Column(Text("参数", "Parameter"), 3), Column(Text("取值", "Value"), 1.2),
             Column(Text("起始日", "Since"), 1), Column(Text("来源（可信度）", "Source (confidence)"), 2)],
            law, Text("依据的数值", "Values of the law"),
        ),
        Words([Text(f"{a.question.zh}：{a.answer.zh}", f"{a.question.en}: {a.answer.en}") for a in made.answers],
              Text("审计会问的问题", "Questions an auditor will ask"), listed=True),
    ]  # fmt: skip
    return Document(
        title=Text("一行货物的 CBAM 说明", "CBAM note on one line"),
        subtitle=Text(line, line),
        made_on=made_on,
        key=f"{NOTE} {exposure.provenance.key[:16]}",
        blocks=blocks,
    )
