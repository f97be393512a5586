"""The position of a compliance year over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body

from service.errors import PROBLEMS
from service.position.read import PositionRead, position_read
from service.position.use import PositionAsk, positioned
from service.prices.use import own_market
from service.provide import Caller, Law, Reading, Today
from service.strict import StrictRoute

router = APIRouter(prefix="/positions", tags=["positions"], route_class=StrictRoute, responses=PROBLEMS)

EXAMPLE: dict[str, Any] = {
    "year": {
        "installation": "佛山陶瓷一厂",
        "compliance_year": 2024,
        "process": "ceramics",
        "verified_emissions_t": 100000.0,
    },
    "allocation": {
        "activity": "ceramics",
        "sector": "other",
        "products": [
            {"product": "瓷砖", "output_t": 50000.0, "historic_tco2_per_t": {"value": 2.0, "document": "配额核定表"}}
        ],
    },
    "entries": [
        {"on": "2025-06-01", "kind": "purchase", "instrument": "GDEA", "tonnes": 5000.0, "price_cny_per_t": 39.04}
    ],
    "on": "2025-07-01",
}


@router.post("", summary="Position of a compliance year", response_model=PositionRead)
def position(
    asked: Annotated[
        PositionAsk, Body(openapi_examples={"pilot": {"summary": "A tile maker of the pilot", "value": EXAMPLE}})
    ],
    law: Law,
    who: Caller,
    db: Reading,
    today: Today,
) -> PositionRead:
    """
    Work out obligation, free allocation, what is held, what is still to be bought, what it has cost and may cost.

    An entry that cannot count is named and left out, the others stand. The price
    paid rests on the entries' own contract prices; the market's price values
    what is still to be bought and nothing else.
    """
    return position_read(positioned(asked, law, own_market(db, who, law), today))
