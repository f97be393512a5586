"""
What is joint, divided: shares by the ladder, and parts that add up, also as they are shown.

The ladder is that of ISO 14044 and GB/T 24067: metered apart (subdivision),
else by a physical relation, else by economic value with a statement why the
first two fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field

from models.errors import Text, YuetanError
from models.inputs import Input, Positive
from models.units import FloatArray

Rung: TypeAlias = Literal["subdivision", "physical", "economic"]
RUNGS: tuple[Rung, ...] = ("subdivision", "physical", "economic")
#: Prices of less than a year are no average to divide by.
_LEAST_MONTHS = 12


class EconomicUnfounded(YuetanError):
    code = "footprint.economic_unfounded"
    message = Text(
        "工序“{process}”按经济价值分配，但缺少依据：{why_zh}。",
        "'{process}' is divided by economic value without what that needs: {why_en}.",
    )
    hint = Text(
        "先分别计量，其次按物理关系（质量、能量、含碳量）；两者都不可行时写明原因，并用至少 12 个月的平均价格。",
        "Meter apart, else use a physical relation (mass, energy, carbon); where both fail say why, with prices of 12 months or more.",
    )


class NothingToDivideBy(YuetanError):
    code = "footprint.nothing_to_divide_by"
    message = Text(
        "工序“{process}”没有可用的分配依据：{why_zh}。", "There is nothing to divide '{process}' by: {why_en}."
    )
    hint = Text("请为该工序的每个产品填写分配量。", "Enter a quantity for every product of the process.")


class JointProcess(Input):
    """
    How the emissions of a process that makes several products are divided.

    ``quantities`` are in one unit of the ``basis`` for a physical relation (kg,
    MJ, kg of carbon), and money of the period at mean prices for economic value.
    """

    process: str = Field(min_length=1, max_length=100)
    rule: Literal["physical", "economic"]
    basis: str = Field(min_length=1, max_length=100, examples=["mass"])
    quantities: Annotated[dict[str, Positive], Field(min_length=1, max_length=500)]
    #: Why metering apart and a physical relation fail; needed for economic value.
    statement: str = Field(default="", max_length=2000)
    #: Months that the prices are a mean of.
    price_months: int | None = Field(default=None, ge=1, le=240)

    def shares(self) -> dict[str, float]:
        """
        Return the share of each product; they add up to one.

        Raises
        ------
        EconomicUnfounded
            Economic value without a statement, or on prices of less than a year.
        """
        if self.rule == "economic":
            lacking = []
            if not self.statement:
                lacking.append(
                    Text(
                        "没有说明为何不能分别计量或按物理关系", "no statement why metering and a physical relation fail"
                    )
                )
            if self.price_months is None or self.price_months < _LEAST_MONTHS:
                lacking.append(
                    Text(
                        "价格平均期不足 12 个月或未填写",
                        "prices are a mean of less than 12 months, or it is not said of how many",
                    )
                )
            if lacking:
                raise EconomicUnfounded(
                    field="statement" if not self.statement else "price_months",
                    process=self.process,
                    why_zh="；".join(text.zh for text in lacking),
                    why_en="; ".join(text.en for text in lacking),
                )
        names = list(self.quantities)
        return dict(zip(names, shares_of(list(self.quantities.values())).tolist(), strict=True))


def shares_of(weights: list[float]) -> FloatArray:
    """
    Shares in proportion to weights.

    Parameters
    ----------
    weights : list of float
        Not negative, one at least positive; any unit.

    Returns
    -------
    array, shape (n,)
        Fractions that add up to 1.
    """
    of = np.asarray(weights, dtype=np.float64)
    # Scaled first: the sum of the largest numbers that may be entered must not overflow.
    of = of / of.max()
    made: FloatArray = of / of.sum()
    return made


def shown_parts(parts: FloatArray, digits: int) -> FloatArray:
    """
    Round parts so that they add up to their rounded total.

    Parameters
    ----------
    parts : array, shape (..., n)
        Any unit; the last axis adds up to a total.
    digits : int
        Decimals shown.

    Returns
    -------
    array, shape (..., n)
        Each part rounded down, and one unit of the last digit given to those
        with the largest remainders (largest-remainder method), so that the sum
        is the total rounded half up; no part moves by a whole unit.
    """
    scale = 10.0**digits
    scaled = np.asarray(parts, dtype=np.float64) * scale
    # A part that is whole but for the last bits of its float is whole.
    whole = np.rint(scaled)
    scaled = np.where(np.isclose(scaled, whole, rtol=1e-12, atol=1e-9), whole, scaled)
    low = np.floor(scaled)
    lacking = np.rint(np.floor(scaled.sum(axis=-1) + 0.5) - low.sum(axis=-1)).astype(np.int64)
    order = np.argsort(-(scaled - low), axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1, kind="stable")
    made: FloatArray = (low + (rank < lacking[..., np.newaxis])) / scale
    return made


def balance(parts: Mapping[str, float], total: float) -> float:
    """Return how far parts are from their total, relative to it: at most 1e-9 where every part is attributed."""
    return abs(sum(parts.values()) - total) / total if total else abs(sum(parts.values()))
