"""
The reference model of the evidence-based deduction, as one versioned function.

The act on how a carbon price paid is proven is a draft whose formulas are not
public. Until it is adopted this model stands in: it is an assumption in every
output, its open points are words that a user can switch (``Rules``), and every
input is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.errors import Text
from models.inputs import Input
from models.law import LawAt
from models.units import Numbers

MODEL = "cbam.reference_model/2"
KEY = "eu.cbam.deduction_model"


class Rules(Input):
    """The open points, each a word; where absent the word of ``eu.cbam.deduction_model`` in the law of the day."""

    reference_price: Literal["certificate_price_of_import", "yearly_mean"] | None = None
    pilot: Literal["excluded", "counted"] | None = None
    credits: Literal["excluded", "domestic_counted"] | None = None
    average_price: Literal["own_invoices", "market_yearly_mean"] | None = None


WORDS: Mapping[str, Mapping[str, Text]] = {
    "reference_price": {
        "certificate_price_of_import": Text(
            "进口时的证书价格（扣减额等于实付额）",
            "certificate price of the import (the deduction equals what was paid)"),
        "yearly_mean": Text("全年官方季度价格的均值", "mean of the year's official quarterly prices"),
    },
    "pilot": {
        "excluded": Text("区域试点不计入", "a regional pilot does not count"),
        "counted": Text("区域试点计入（没有条文依据）", "a regional pilot counts (no text supports it)"),
    },
    "credits": {
        "excluded": Text("抵销单位不计入", "offsets do not count"),
        "domestic_counted": Text("国内抵销单位计入（草案）", "domestic offsets count (draft)"),
    },
    "average_price": {
        "own_invoices": Text("企业发票的平均成本", "average cost by own invoices"),
        "market_yearly_mean": Text(
            "市场年均价，至多为发票均价", "yearly mean of the market, at most the average of the invoices"),
    },
}  # fmt: skip
NAMES: Mapping[str, Text] = {
    "reference_price": Text("折算价格", "Reference price"),
    "pilot": Text("区域试点", "Regional pilot"),
    "credits": Text("抵销单位", "Offsets"),
    "average_price": Text("平均价格", "Average price"),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The word taken for each open point, and whether the user has switched it."""

    words: Mapping[str, str]
    switched: frozenset[str]

    def is_(self, point: str, word: str) -> bool:
        """Return whether ``word`` is the one taken."""
        return self.words[point] == word


def chosen(rules: Rules, law: LawAt) -> Chosen:
    """Return the words of the law of the day, with the user's in their place; the law's are read for the proof."""
    given = rules.model_dump()
    words = {point: law.word(f"{KEY}.{point}") for point in WORDS}
    switched = frozenset(point for point, word in given.items() if word is not None and word != words[point])
    return Chosen({point: given[point] or word for point, word in words.items()}, switched)


def paid_amount(
    emissions_t: Numbers, free_t: Numbers, counted_t: Numbers, average_cost_per_t: Numbers, rebate: Numbers = 0.0
) -> Numbers:
    """
    Carbon price paid by an installation in a year, in the currency of the average cost.

    Parameters
    ----------
    emissions_t, free_t : float or array, shape (n,)
        Emissions confirmed under the scheme that belong to the declared ones,
        and the free allowances for them, t.
    counted_t : float or array, shape (n,)
        Units bought and not sold again, as evidence shows, t.
    average_cost_per_t, rebate : float or array, shape (n,)
        Average cost by invoices, and what was paid back.

    Returns
    -------
    float or array, shape (n,)
        max(0, min(max(0, E - free), counted) * pbar - rebate). ``cbam.md`` 8,
        an assumption.

    Examples
    --------
    >>> paid_amount(2_000_000.0, 1_940_000.0, 60_000.0, 75.0)
    4500000.0
    """
    short = np.minimum(np.maximum(0.0, np.asarray(emissions_t) - free_t), counted_t)
    found = np.maximum(0.0, short * average_cost_per_t - rebate)
    return found if np.ndim(found) else float(found)


def taxed_amount(taxed_t: Numbers, rate_per_t: Numbers, rebate: Numbers = 0.0) -> Numbers:
    """Return max(0, taxed emissions x rate - rebate), in the currency of the rate (``cbam.md`` 8, an assumption)."""
    found = np.maximum(0.0, np.asarray(taxed_t) * rate_per_t - rebate)
    return found if np.ndim(found) else float(found)


def secp(see: Numbers, sefa: Numbers, paid_eur_per_t: Numbers, reference_eur_per_t: Numbers) -> Numbers:
    """
    Specific emissions for which a carbon price was paid.

    Parameters
    ----------
    see, sefa : float or array, shape (n,)
        tCO2e per t of goods.
    paid_eur_per_t : float or array, shape (n,)
        Carbon price paid, EUR per t of goods, precursors included.
    reference_eur_per_t : float or array, shape (n,)
        P_ref, EUR per tCO2e.

    Returns
    -------
    float or array, shape (n,)
        min(max(0, SEE - SEFA), CP / P_ref), tCO2e per t: the deduction never
        exceeds what is due. An assumption.

    Examples
    --------
    >>> round(secp(2.225, 1.5597591555, 0.605, 75.28), 8)
    0.00803666
    """
    found = np.minimum(np.maximum(0.0, np.asarray(see) - sefa), np.asarray(paid_eur_per_t) / reference_eur_per_t)
    return found if found.ndim else float(found)
