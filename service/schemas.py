"""What the API answers with, where several topics share it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import BaseModel, Field

from models.law import Read
from models.table import Result


class TextRead(BaseModel):
    """A text in Chinese and English."""

    zh: str
    en: str


class ViewsRead(BaseModel):
    """The three views of one figure, CNY per unit; null where not known, which is never zero."""

    full: float | None = Field(description="Opportunity cost at the market price")
    paid: float | None = Field(description="What was paid; negative for a surplus sold")
    marginal: float | None = Field(description="Of one more unit; the one that moves prices")


class RowRead(BaseModel):
    """One step of a result; ``value`` is null where it is not known, which is never zero."""

    key: str = Field(examples=["certificates"])
    label: TextRead
    value: float | str | None = Field(examples=[51.84775])
    unit: str = Field(examples=["tCO2e/t"])
    note: TextRead


class ReadRead(BaseModel):
    """A value of the law, a price or a rate that a result rests on."""

    key: str = Field(examples=["eu.cbam.default_markup.iron_steel"])
    value: float | str | None = Field(examples=[0.1])
    since: dt.date
    until: dt.date | None
    unit: str
    source: str = Field(description="Key of data/sources", examples=["eu-2025-2621"])
    confidence: str = Field(examples=["official"])
    note: str
    scenario: str | None = Field(description="The draft or edition the value comes from")
    assumed: bool = Field(description="Held beyond its last day: an assumption")


class FindingRead(BaseModel):
    """What is wrong with which cell or field, and what to do."""

    code: str = Field(examples=["cbam.price_not_published"])
    severity: str = Field(examples=["error"])
    text: TextRead
    hint: TextRead
    sheet: str | None
    row: int | None
    cell: str | None
    field: str | None
    found: str | None


def rows_of(result: Result) -> list[RowRead]:
    """Return the rows of a result as the API shows them."""
    return [RowRead.model_validate(row) for row in result.to_dict()]


def read_of(read: Read) -> ReadRead:
    """Return a value read as the API shows it."""
    named: dict[str, Any] = {name: getattr(read, name) for name in ReadRead.model_fields}
    return ReadRead(**named)
