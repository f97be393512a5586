"""An installation in one compliance year of an emissions trading system, as its operator states it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from models.inputs import Input, NonNegative, Positive

#: How free allowances were set: decides what one more tonne of product costs.
AllocationMethod = Literal["benchmark", "historical_intensity", "historical_emissions", "equal_to_emissions", "band"]


class EtsYear(Input):
    """
    One installation, one compliance year (the year of the emissions).

    Tonnes are tCO2, money is CNY. What is not stated is ``None`` and is asked
    for by name when a number needs it; nothing is taken as zero.
    """

    installation: str = Field(min_length=1, max_length=100)
    compliance_year: int = Field(ge=2013, le=2060)
    #: Key of ``data/words/processes.yaml``: steel_integrated, steel_other, aluminium_electrolysis, ...
    process: str
    province: str = "guangdong"
    city: str | None = None
    on_national_list: bool | None = None
    #: A regime the operator states with a document; checked against the rules where they are known.
    stated_regime: str | None = None
    regime_document: str | None = None
    verified_emissions_t: NonNegative | None = None
    energy_tce: NonNegative | None = None
    output_t: Positive | None = None
    free_allocation_t: NonNegative | None = None
    allocation_is_final: bool | None = None
    allocation_method: AllocationMethod | None = None
    banked_used_t: NonNegative | None = None
    purchased_t: NonNegative | None = None
    purchase_price_cny_per_t: NonNegative | None = None
    auction_t: NonNegative | None = None
    auction_price_cny_per_t: NonNegative | None = None
    offsets_t: NonNegative | None = None
    offset_price_cny_per_t: NonNegative | None = None
    sold_t: NonNegative | None = None
    sale_price_cny_per_t: NonNegative | None = None
    fees_cny: NonNegative | None = None
    rebate_cny: NonNegative | None = None
    #: Own intensity and sector balance value of the national market's band, tCO2 per t of product.
    intensity_tco2_per_t: Positive | None = None
    balance_value_tco2_per_t: Positive | None = None
    #: A market price the user enters because none of ours is recent enough; marked as the user's.
    user_price_cny_per_t: Positive | None = None
    user_price_on: dt.date | None = None
    user_price_source: str | None = Field(default=None, max_length=300)
