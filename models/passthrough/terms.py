"""The term sheet of a surcharge clause (``passthrough.md`` 2.5). A separate line on an invoice, never a pass-through."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from models.inputs import Input, NonNegative
from models.passthrough.errors import BadTermSheet
from models.units import FloatArray, Numbers

#: ``skip``: mean of the days seen; ``last``: the last value seen stands in; ``refuse``: no surcharge.
MissingDay = Literal["skip", "last", "refuse"]
#: Day whose exchange rate counts: each index day its own, the end of the window, or the delivery.
CurrencyDate = Literal["index_day", "window_end", "delivery"]
Share = Annotated[float, Field(ge=0, le=1)]


class TermSheet(Input):
    """
    Terms of a surcharge clause.

    ``S = phi * max(floor, min(cap, Pbar - P0)) * e_ref * (1 - s_free)``. Prices
    are in ``index_currency`` per tCO2, the surcharge in ``invoice_currency`` per
    t of product. Within the deadband the difference is taken as zero; once past
    it, the whole difference counts. A deadband that is not symmetric holds off
    increases only. Cap and floor act on the difference, after the deadband.
    """

    index: str = Field(min_length=1, max_length=60)
    index_currency: str = Field(default="CNY", pattern="^[A-Z]{3}$")
    invoice_currency: str = Field(default="CNY", pattern="^[A-Z]{3}$")
    currency_date: CurrencyDate = "index_day"
    #: Days averaged, the last of them ``lag_days`` before delivery.
    window_days: int = Field(ge=1, le=1100)
    lag_days: int = Field(ge=0, le=1100)
    #: P0, the price already inside the base price, per tCO2.
    base_price: NonNegative
    deadband: NonNegative = 0.0
    deadband_symmetric: bool = True
    cap: float | None = None
    floor: float | None = None
    shared_part: Share = 1.0
    emissions_tco2_per_t: Annotated[float, Field(gt=0, le=50)]
    free_share: Share = 0.0
    #: Decimals of the surcharge on the invoice, half away from zero; ``None`` leaves it unrounded.
    round_digits: int | None = Field(default=2, ge=0, le=6)
    missing_day: MissingDay = "skip"
    #: Index values that the window must hold, whatever the rule on missing days.
    least_values: int = Field(default=1, ge=1, le=1100)
    #: Whether verified emissions and free share are settled afterwards.
    true_up: bool = False

    @model_validator(mode="after")
    def _sound(self) -> TermSheet:
        if self.cap is not None and self.floor is not None and self.floor > self.cap:
            raise BadTermSheet(field="floor", why_zh="下限高于上限", why_en="the floor lies above the cap")
        if self.least_values > self.window_days:
            raise BadTermSheet(
                field="least_values",
                why_zh="所需指数值多于窗口天数",
                why_en="more index values are needed than the window has days",
            )
        return self


def difference(terms: TermSheet, mean_price: Numbers) -> FloatArray:
    """Return Pbar - P0 after deadband, cap and floor, per tCO2; not a number stays so."""
    gap = np.asarray(mean_price, dtype=np.float64) - terms.base_price
    held = np.abs(gap) <= terms.deadband if terms.deadband_symmetric else (gap >= 0) & (gap <= terms.deadband)
    gap = np.where(held, 0.0, gap)
    if terms.cap is not None:
        gap = np.minimum(terms.cap, gap)
    return gap if terms.floor is None else np.maximum(terms.floor, gap)


def half_away(value: FloatArray, digits: int | None) -> FloatArray:
    """Round half away from zero, as invoices do; the nudge undoes what binary fractions lose (0.285 is 0.28499...)."""
    if digits is None:
        return value
    scale = 10.0**digits
    size = np.abs(value) * scale
    return np.asarray(np.sign(value) * np.floor(size + 0.5 + 1e-9 * np.maximum(1.0, size * 1e-6)) / scale)


def surcharge(
    terms: TermSheet,
    mean_price: Numbers,
    fx: Numbers = 1.0,
    emissions_tco2_per_t: Numbers | None = None,
    free_share: Numbers | None = None,
) -> FloatArray:
    """
    Surcharge per tonne of product.

    Parameters
    ----------
    terms : TermSheet
        The clause.
    mean_price : float or array, shape (n,)
        Pbar, mean of the index over the window, index currency per tCO2.
    fx : float or array, shape (n,)
        Invoice currency for one of the index currency.
    emissions_tco2_per_t, free_share : float or array, optional
        Verified values for the true-up; the clause's reference values otherwise.

    Returns
    -------
    array, shape (n,) or ()
        Invoice currency per t of product, rounded as the clause says.

    Examples
    --------
    thyssenkrupp 2021 (Argus Media): 45.93 EUR/t, 2.1 t/t, 20 % bought.

    >>> full = TermSheet(index="EUA", window_days=1, lag_days=0, base_price=0, emissions_tco2_per_t=2.1)
    >>> float(surcharge(full, 45.93))
    96.45
    """
    e = terms.emissions_tco2_per_t if emissions_tco2_per_t is None else emissions_tco2_per_t
    s = terms.free_share if free_share is None else free_share
    return half_away(terms.shared_part * difference(terms, mean_price) * e * (1.0 - s) * fx, terms.round_digits)
