"""Pass-through as the service takes it: series, choices and clauses as inputs, and what the models make of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from models.inputs import Input, Positive
from models.market import Market
from models.passthrough.errors import BadSeries, BadTermSheet
from models.passthrough.estimate import Choices, estimate
from models.passthrough.prepare import Frequency, prepare
from models.passthrough.projection import Projected, project
from models.passthrough.report import PassThrough
from models.passthrough.series import Raw
from models.passthrough.shipped import carbon_cost
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
    name_en: str = Field(default="", max_length=80, description="What English sentences call it; `name` without one")

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
            name_en=self.name_en,
        )


class EstimateAsk(Input):
    """A product's price, its carbon cost per tonne, the other input costs, and the choices of the method."""

    price: SeriesIn
    carbon: SeriesIn
    others: tuple[SeriesIn, ...] = Field(default=(), max_length=4)
    frequency: Frequency = "weekly"
    choices: Choices = Choices()


class ProjectionAsk(Input):
    """An estimate, and a path of the carbon cost per tonne of product to project along, today first."""

    estimate: EstimateAsk
    cost_cny_per_t: tuple[Value, ...] = Field(min_length=2, max_length=520)


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


def vat_in(rates: Sequence[tuple[dt.date, float]]) -> tuple[DatedRate, ...]:
    """Return dated rates of tax as an input."""
    return tuple(DatedRate(since=since, rate=rate) for since, rate in rates)


def carbon_in(market: Market, instrument: str, emissions_tco2_per_t: float) -> SeriesIn:
    """Return the carbon cost of a tonne by the quotes of a market; weeks without news are missing."""
    raw = carbon_cost(market.of(instrument), emissions_tco2_per_t)
    return SeriesIn.model_validate(
        {
            "name": raw.name,
            "days": [day.isoformat() if isinstance(day, dt.date) else day for day in raw.days],
            "values": raw.values,
        }
    )


def estimated(asked: EstimateAsk) -> PassThrough:
    """Return the estimate of one product."""
    series = [one.raw() for one in asked.others]
    sample = prepare(asked.price.raw(), asked.carbon.raw(), series, frequency=asked.frequency)
    return estimate(sample, asked.choices)


def projected(asked: ProjectionAsk) -> tuple[PassThrough, Projected]:
    """Return an estimate and the price change along a path of costs; the path is taken as certain."""
    found = estimated(asked.estimate)
    return found, project(found.path, np.array(asked.cost_cny_per_t, dtype=np.float64))


def priced(asked: ClauseAsk) -> BackTest:
    """Return what the clause would have brought."""
    return back_test(
        asked.terms,
        asked.index.index(),
        [one.on for one in asked.deliveries],
        np.array([one.quantity_t for one in asked.deliveries]),
        asked.fx.index() if asked.fx else None,
    )


def of_columns(
    text: str,
    frequency: Frequency,
    choices: Choices,
    carbon: SeriesIn | None = None,
    vat: tuple[DatedRate, ...] = (),
) -> EstimateAsk:
    """
    Return the question of a table: day, price, carbon cost, other costs; the first row names them.

    With ``carbon`` from elsewhere the table has no carbon column; with ``vat`` price and other costs hold the tax.
    """
    import csv
    import io

    rows = [row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) if any(cell.strip() for cell in row)]
    wide, least = len(rows[0]) if rows else 0, 3 if carbon is None else 2
    if wide < least or any(len(row) != wide for row in rows):
        raise BadTermSheet(
            field="file",
            why_zh="表格须有日期、产品价格、碳成本（未选碳市场时）三列以上，且每行列数相同",
            why_en="a table has a day, a price, a carbon cost unless a market is chosen, and as many cells in every row",
        )
    head, body = rows[0], rows[1:]
    series: list[Any] = [
        {
            "name": head[j].strip() or f"column {j + 1}",
            "days": [row[0] for row in body],
            "values": [_value(row[j], f"{head[j].strip()} {row[0].strip()}") for row in body],
            "vat": () if j == 2 and carbon is None else vat,
        }
        for j in range(1, wide)
    ]
    if carbon is not None:
        series.insert(1, carbon)
    return EstimateAsk.model_validate(
        {"price": series[0], "carbon": series[1], "others": series[2:], "frequency": frequency, "choices": choices}
    )


def _value(cell: str, where: str) -> float | None:
    said = cell.strip().replace(",", "")
    if said in ("", "-", "—", "NA", "n/a"):
        return None
    try:
        value = float(said)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise BadSeries(
            field="file",
            name=where,
            why_zh=f"“{cell.strip()[:40]}”不是数",
            why_en=f"'{cell.strip()[:40]}' is not a number",
            mend_zh="请更正该单元格；没有成交留空。",
            mend_en="Correct the cell; leave it blank without trade.",
        )
    return value
