"""Pass-through as the service takes it: series, choices and clauses as inputs, and what the models make of them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from models.inputs import Input, Positive
from models.passthrough.errors import BadTermSheet
from models.passthrough.estimate import Choices, estimate
from models.passthrough.prepare import Frequency, prepare
from models.passthrough.report import PassThrough
from models.passthrough.series import Raw
from models.passthrough.surcharge import BackTest, Index, back_test
from models.passthrough.terms import TermSheet

#: Most observations of one series: sixty years of days.
MOST = 22_000
Value = Annotated[float, Field(ge=-1e12, le=1e12)]
Day = Annotated[str, Field(max_length=40)]


class DatedRate(Input):
    """A tax rate from a day on."""

    since: dt.date
    rate: Annotated[float, Field(ge=0, lt=1)]


class Roll(Input):
    """First day of a new futures contract, and its price less that of the old one on that day."""

    on: dt.date
    jump: Value


class SeriesIn(Input):
    """One price series: days as 2026-01-31, 2026年1月31日 or 2026-01; a value that is not known is null."""

    name: str = Field(min_length=1, max_length=80)
    days: tuple[Day, ...] = Field(min_length=1, max_length=MOST)
    values: tuple[Value | None, ...] = Field(min_length=1, max_length=MOST)
    unit: str = Field(default="CNY/t", max_length=20)
    vat: tuple[DatedRate, ...] = Field(default=(), max_length=20)
    volumes: tuple[Value | None, ...] | None = Field(default=None, max_length=MOST)
    rolls: tuple[Roll, ...] = Field(default=(), max_length=400)
    products: tuple[Annotated[str, Field(max_length=80)], ...] | None = Field(default=None, max_length=MOST)

    @model_validator(mode="after")
    def _beside(self) -> SeriesIn:
        for name, column in (("volumes", self.volumes), ("products", self.products)):
            if column is not None and len(column) != len(self.days):
                raise ValueError(f"{name} and days do not match / {name} 与日期个数不符")
        return self

    def raw(self) -> Raw:
        """Return the series as the models take it."""
        return Raw(
            self.name,
            self.days,
            self.values,
            self.unit,
            [(one.since, one.rate) for one in self.vat],
            self.volumes,
            [(one.on, one.jump) for one in self.rolls],
            self.products,
        )


class EstimateAsk(Input):
    """A product's price, its carbon cost per tonne, the other input costs, and the choices of the method."""

    price: SeriesIn
    carbon: SeriesIn
    others: tuple[SeriesIn, ...] = Field(default=(), max_length=4)
    frequency: Frequency = "weekly"
    choices: Choices = Choices()


class IndexIn(Input):
    """Days and values of an index; null on a day announced and not published."""

    days: tuple[dt.date, ...] = Field(min_length=1, max_length=MOST)
    values: tuple[Value | None, ...] = Field(min_length=1, max_length=MOST)

    def index(self) -> Index:
        """Return the index as the models take it."""
        if len(self.days) != len(self.values):
            raise BadTermSheet(
                field="index", why_zh="指数的日期与数值个数不符", why_en="days and values of the index do not match"
            )
        return Index(self.days, np.array([np.nan if value is None else value for value in self.values]))


class Delivery(Input):
    """One delivery: its day and tonnes of product."""

    on: dt.date
    quantity_t: Positive


class ClauseAsk(Input):
    """A surcharge clause, the index, the deliveries, and a rate of exchange where currencies differ."""

    terms: TermSheet
    index: IndexIn
    deliveries: tuple[Delivery, ...] = Field(min_length=1, max_length=MOST)
    fx: IndexIn | None = None


def estimated(asked: EstimateAsk) -> PassThrough:
    """Return the estimate of one product."""
    series = [one.raw() for one in asked.others]
    sample = prepare(asked.price.raw(), asked.carbon.raw(), series, frequency=asked.frequency)
    return estimate(sample, asked.choices)


def priced(asked: ClauseAsk) -> BackTest:
    """Return what the clause would have brought."""
    return back_test(
        asked.terms,
        asked.index.index(),
        [one.on for one in asked.deliveries],
        np.array([one.quantity_t for one in asked.deliveries]),
        asked.fx.index() if asked.fx else None,
    )


def of_columns(text: str, frequency: Frequency, choices: Choices) -> EstimateAsk:
    """Return the question of a table: day, price, carbon cost, other costs; the first row names them."""
    import csv
    import io

    rows = [row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) if any(cell.strip() for cell in row)]
    wide = len(rows[0]) if rows else 0
    if wide < 3 or any(len(row) != wide for row in rows):
        raise BadTermSheet(
            field="file",
            why_zh="表格须有日期、产品价格、碳成本三列以上，且每行列数相同",
            why_en="a table has a day, a price, a carbon cost and as many cells in every row",
        )
    head, body = rows[0], rows[1:]
    series: list[dict[str, Any]] = [
        {"name": head[j].strip(), "days": [row[0] for row in body], "values": [_value(row[j]) for row in body]}
        for j in range(1, wide)
    ]
    return EstimateAsk.model_validate(
        {"price": series[0], "carbon": series[1], "others": series[2:], "frequency": frequency, "choices": choices}
    )


def _value(cell: str) -> float | None:
    said = cell.strip().replace(",", "")
    return float(said) if said else None
