"""The footprint of products before and after equipment that a loan pays for; what is avoided is never netted against emissions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pydantic import Field, model_validator

from finance.indicator import broken
from models.errors import NOTHING, Text
from models.inputs import Input, Positive, TCO2ePerT
from models.table import Result, Row

METHOD = "finance.equipment/1"


class ProductChange(Input):
    """
    One product before and after, tCO2e per t of it.

    Both footprints must be of the same unit, boundary and method; where they
    are not, they cannot be compared and ``comparable`` is false.
    """

    product: str = Field(min_length=1, max_length=200)
    before_tco2e_per_t: TCO2ePerT
    after_tco2e_per_t: TCO2ePerT
    #: Yearly output that the loan's purpose speaks of, the same before and after.
    output_t: Positive
    comparable: bool
    before_evidence: str = Field(min_length=1, max_length=300)
    after_evidence: str = Field(min_length=1, max_length=300)
    #: Measured after the equipment runs, or expected of it.
    measured: bool


class EquipmentAsk(Input):
    """Products that equipment changes, and the loan that pays for it, CNY."""

    equipment: str = Field(min_length=1, max_length=200)
    loan_cny: Positive
    products: tuple[ProductChange, ...] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _once(self) -> EquipmentAsk:
        if len({one.product for one in self.products}) != len(self.products):
            raise broken("产品重复", "a product is named twice")
        return self


@dataclass(frozen=True, slots=True)
class BeforeAfter(Result):
    """What equipment changes; products that cannot be compared are named and add nothing."""

    asked: EquipmentAsk

    @property
    def compared(self) -> tuple[ProductChange, ...]:
        """Products whose footprints can be compared."""
        return tuple(one for one in self.asked.products if one.comparable)

    @property
    def avoided_t(self) -> float | None:
        """Tonnes a year less at the stated output, below 0 where it is more; ``None`` where nothing can be compared."""
        if not self.compared:
            return None
        return math.fsum((p.before_tco2e_per_t - p.after_tco2e_per_t) * p.output_t for p in self.compared)

    @property
    def share(self) -> float | None:
        """The same as a share of the tonnes before."""
        before = math.fsum(p.before_tco2e_per_t * p.output_t for p in self.compared)
        return None if self.avoided_t is None or before <= 0 else self.avoided_t / before

    @property
    def measured(self) -> bool:
        """Whether everything compared was measured after the equipment runs."""
        return bool(self.compared) and all(one.measured for one in self.compared)

    def rows(self) -> list[Row]:
        expected = Text("预期值，须在投运后核查", "expected: to be verified once it runs")
        unequal = Text("单位、边界或方法不同，不能比较", "unit, boundary or method differ: not compared")
        made = []
        for one in self.asked.products:
            change = one.before_tco2e_per_t - one.after_tco2e_per_t if one.comparable else None
            note = unequal if not one.comparable else NOTHING if one.measured else expected
            label = Text(f"{one.product}：每吨减少", f"{one.product}: less per t")
            made.append(Row(f"change.{one.product}", label, change, "tCO2e/t", note, 4))
        per = None if self.avoided_t is None else self.avoided_t / self.asked.loan_cny * 1e6
        apart = Text("不与融资排放相抵", "never netted against financed emissions")
        return [
            *made,
            Row(
                "avoided",
                Text("年减排（按所列产量）", "Less a year, at the stated output"),
                self.avoided_t,
                "tCO2e",
                apart,
            ),
            Row("share", Text("占设备更新前", "Share of before"), self.share, "", digits=4),
            Row("per_million", Text("每百万元贷款", "Per million of the loan"), per, "tCO2e per million CNY"),
        ]

    def proof(self) -> list[str]:
        return [METHOD, *(f"{p.product}: {p.before_evidence} / {p.after_evidence}" for p in self.asked.products)]
