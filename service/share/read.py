"""What the API, the page and the paper say of a share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue

from models.errors import Text
from models.table import Row
from service.press.document import Block, Column, Document, Steps, Table, Words
from service.schemas import TextRead
from service.share import fields as catalogue
from service.share.tables import ExportReview, Share
from service.share.use import Opened

_NOT_KNOWN = "—"
_YES, _NO = Text("是", "yes"), Text("否", "no")
#: Most lines of a table that a page or a paper shows; the workbook and the API hold all.
MOST_SHOWN = 300


class ShareRead(BaseModel):
    """A share as its owner sees it."""

    id: UUID
    kind: str = Field(examples=["assessment"])
    subject: str = Field(description="Id of the record")
    version: str = Field(description="Fingerprint of the record as it was shared")
    recipient_id: UUID
    recipient: str
    country: str
    purpose: str
    until: dt.datetime
    revoked: dt.datetime | None
    created: dt.datetime
    open: bool = Field(description="Whether its recipient reads it now")


class FieldRead(BaseModel):
    """A field of a share, and whether it is open to the recipient."""

    field: str
    data_class: str
    open: bool


class ShareWhole(ShareRead):
    """A share with its fields."""

    fields: list[FieldRead]


class SharePage(BaseModel):
    """Shares, newest first."""

    items: list[ShareRead]
    next: str | None


class ReceivedRead(BaseModel):
    """A share as its recipient sees it."""

    id: UUID
    kind: str
    owner: str
    version: str
    purpose: str
    until: dt.datetime
    created: dt.datetime


class ReceivedPage(BaseModel):
    """What others let you read, newest first."""

    items: list[ReceivedRead]
    next: str | None


class ValueRead(BaseModel):
    """One field as it was shared; the value of a column is the list of its cells, and null is not known."""

    field: str
    label: TextRead
    data_class: str
    unit: str
    value: JsonValue


class ReceivedWhole(ReceivedRead):
    """What you may read of a record, and no more."""

    withdrawn: dt.datetime | None = Field(description="When its issuer withdrew the statement")
    fields: list[ValueRead]


class ClassRead(BaseModel):
    """A class of data, and what the schemes of banks call it; the mapping is our reading."""

    name: str
    label: TextRead
    text: TextRead
    by_default: bool
    nfra_2024: TextRead = Field(description="金规〔2024〕24号")
    jrt_0197: int = Field(description="Level of JR/T 0197-2020, 1 to 5")
    confidence: str


class OfferedRead(BaseModel):
    """A field that may be shared."""

    field: str
    label: TextRead
    data_class: str
    unit: str
    by_default: bool


class KindRead(BaseModel):
    """A kind of record and its fields."""

    kind: str
    label: TextRead
    fields: list[OfferedRead]


class CatalogueRead(BaseModel):
    """Everything that may be shared, the classes, and what waits for a review in which area."""

    kinds: list[KindRead]
    classes: list[ClassRead]
    held: dict[str, list[str]]


class ReviewRead(BaseModel):
    """Whether fields may go to a recipient abroad."""

    id: UUID
    share_id: UUID
    dataset: str
    fields: list[str]
    recipient_id: UUID
    recipient: str
    country: str
    state: str = Field(description="requested, passed, refused or withdrawn")
    requested_by: UUID
    reviewer_id: UUID | None
    doc_ref: str | None
    note: str | None
    valid_to: dt.date | None
    created: dt.datetime
    decided: dt.datetime | None


class ReviewPage(BaseModel):
    """Reviews, newest first."""

    items: list[ReviewRead]
    next: str | None


def text_read(text: Text) -> TextRead:
    """Return a text as the API gives it."""
    return TextRead(zh=text.zh, en=text.en)


def share_read(row: Share, recipient: str, moment: dt.datetime) -> ShareRead:
    """Return a share as its owner sees it."""
    return ShareRead(
        id=row.id, kind=row.kind, subject=row.subject, version=row.version, recipient_id=row.recipient_id,
        recipient=recipient, country=row.country, purpose=row.purpose, until=row.until, revoked=row.revoked,
        created=row.created, open=row.closes > moment,
    )  # fmt: skip


def received_read(row: Share, owner: str) -> ReceivedRead:
    """Return a share as its recipient sees it."""
    return ReceivedRead(
        id=row.id, kind=row.kind, owner=owner, version=row.version, purpose=row.purpose, until=row.until,
        created=row.created,
    )  # fmt: skip


def opened_read(found: Opened) -> ReceivedWhole:
    """Return what a recipient reads of a share."""
    head = received_read(found.share, found.owner).model_dump()
    values = [
        ValueRead(
            field=one.name, label=text_read(one.label), data_class=one.kind.name, unit=one.unit,
            value=found.values[one.name],
        )
        for one in found.fields()
    ]  # fmt: skip
    return ReceivedWhole(**head, withdrawn=found.notice.withdrawn if found.notice else None, fields=values)


def review_read(row: ExportReview, recipient: str) -> ReviewRead:
    """Return a review."""
    return ReviewRead(
        id=row.id, share_id=row.share_id, dataset=row.dataset, fields=row.fields, recipient_id=row.recipient_id,
        recipient=recipient, country=row.country, state=row.state, requested_by=row.person_id,
        reviewer_id=row.reviewer_id, doc_ref=row.doc_ref, note=row.note, valid_to=row.valid_to, created=row.created,
        decided=row.decided,
    )  # fmt: skip


def catalogue_read() -> CatalogueRead:
    """Return everything that may be shared."""
    words = catalogue.scheme_words()
    return CatalogueRead(
        kinds=[
            KindRead(
                kind=kind.name,
                label=text_read(kind.label),
                fields=[
                    OfferedRead(
                        field=one.name, label=text_read(one.label), data_class=one.kind.name, unit=one.unit,
                        by_default=one.kind.by_default,
                    )
                    for one in kind.fields.values()
                ],
            )
            for kind in catalogue.kinds().values()
        ],
        classes=[
            ClassRead(
                name=one.name, label=text_read(one.label), text=text_read(one.text), by_default=one.by_default,
                nfra_2024=text_read(words[one.nfra_2024]), jrt_0197=one.jrt_0197, confidence=one.confidence,
            )
            for one in catalogue.classes().values()
        ],
        held={area: sorted(names) for area, names in catalogue.areas().held.items()},
    )  # fmt: skip


def cell(field: catalogue.Field, value: Any) -> Text | str:
    """Return a value as people read it; what is not known is a dash."""
    if value is None or value == "":
        return _NOT_KNOWN
    if isinstance(value, bool):
        return _YES if value else _NO
    if isinstance(value, Mapping):
        return Text(str(value.get("zh", "")), str(value.get("en", "")))
    if isinstance(value, str) and value in field.words:
        return field.words[value]
    if isinstance(value, str) and not field.unit:
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    return f"{number:,.{field.digits}f}" if number.is_finite() else _NOT_KNOWN


def tables_of(found: Opened) -> list[tuple[Text, list[catalogue.Field], list[list[Text | str]]]]:
    """Return the tables of a share: title, columns, and lines of cells."""
    made = []
    for name, title in found.kind.tables.items():
        columns = [one for one in found.fields() if one.table == name]
        if columns:
            lines = zip(*(found.values[one.name] for one in columns), strict=True)
            made.append((title, columns, [[cell(*pair) for pair in zip(columns, line, strict=True)] for line in lines]))
    return made


def singles_of(found: Opened) -> list[tuple[catalogue.Field, Text | str]]:
    """Return the fields of a share that are in no table, with their values as people read them."""
    return [(one, cell(one, found.values[one.name])) for one in found.fields() if one.table is None]


def share_paper(found: Opened, made_on: dt.date, most: int | None = MOST_SHOWN) -> Document:
    """Return what a recipient reads of a share as a paper; ``most`` lines of a table, or all."""
    share = found.share
    blocks: list[Block] = [
        Words([_stand(found)], plain=True),
        Steps([_row(one, found.values[one.name], shown) for one, shown in singles_of(found)], Text("内容", "Content")),
    ]
    for title, columns, lines in tables_of(found):
        heads = [Column(_with_unit(one), number=_is_number(one, found.values[one.name])) for one in columns]
        blocks.append(Table(heads, lines[:most], title))
        if most is not None and len(lines) > most:
            blocks.append(Words([Text(f"此处为前 {most} 行，共 {len(lines)} 行；工作簿和接口给出全部。",
                                      f"The first {most} of {len(lines)} lines; workbook and API give all.")]))  # fmt: skip
    blocks.append(Steps(_basis(found), Text("共享依据", "Basis of the share")))
    return Document(
        title=Text(f"共享的{found.kind.label.zh}", f"Shared: {found.kind.label.en}"),
        subtitle=Text(found.owner, found.owner),
        made_on=made_on,
        key=str(share.id),
        blocks=blocks,
    )


def _stand(found: Opened) -> Text:
    if found.notice is not None and found.notice.withdrawn is not None:
        day, why = found.notice.withdrawn.date(), found.notice.reason or ""
        return Text(f"出具方已于 {day} 撤回此成本单：{why}", f"Its issuer withdrew this statement on {day}: {why}")
    until = found.share.until.date()
    return Text(
        f"{found.owner} 提供的冻结版本，仅供所述用途，至 {until}；提供方可随时撤回。此处只含其选择的字段。",
        f"A frozen version given by {found.owner} for the purpose stated, until {until}; it may be taken back at any "
        "time. It holds the fields that were chosen and no others.",
    )


def _basis(found: Opened) -> list[Row]:
    share = found.share
    return [
        Row("purpose", Text("用途", "Purpose"), share.purpose),
        Row("version", Text("版本指纹", "Fingerprint of the version"), share.version),
        Row("created", Text("共享时间", "Shared on"), f"{share.created:%Y-%m-%d %H:%M} UTC"),
        Row("until", Text("截止", "Until"), f"{share.until:%Y-%m-%d %H:%M} UTC"),
    ]


def _row(field: catalogue.Field, value: Any, shown: Text | str) -> Row:
    if isinstance(shown, Text):
        return Row(field.name, field.label, "", field.unit, shown)
    if shown != _NOT_KNOWN and _is_number(field, [value]):
        return Row(field.name, field.label, float(value), field.unit, digits=field.digits)
    return Row(field.name, field.label, shown)


def _with_unit(field: catalogue.Field) -> Text:
    if not field.unit:
        return field.label
    return Text(f"{field.label.zh} {field.unit}", f"{field.label.en}, {field.unit}")


def _is_number(field: catalogue.Field, values: Sequence[Any]) -> bool:
    return any(isinstance(one, int | float) and not isinstance(one, bool) for one in values) or bool(field.unit)
