"""What an exporter, a bank or an authority decides with, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body

from service.decision import read, read_cost, use
from service.decision.use import BreakdownAsk, BreakEvenAsk, ProjectionAsk, SectorAsk, SplitAsk, ValueAsk
from service.errors import PROBLEMS
from service.provide import Law, Today
from service.schemas import FindingRead
from service.strict import StrictRoute

router = APIRouter(prefix="/decisions", tags=["decisions"], route_class=StrictRoute, responses=PROBLEMS)
#: A hundred thousand lines in columns.
SECTOR_LIMIT = 12_000_000

_GOOD: dict[str, Any] = {"name": "钢结构件", "cn_code": "73089059", "origin": "CN", "tonnes_per_year": 1000.0}
_OWN = _GOOD | {"see_tco2e_per_t": 2.225, "sefa_tco2e_per_t": 1.5597591555, "data_year": 2026}


def _one(summary: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"example": {"summary": summary, "value": value}}


@router.post("/projection", summary="Every year ahead", response_model=read.ProjectionRead)
def projection(
    asked: Annotated[
        ProjectionAsk, Body(openapi_examples=_one("1,000 t of steel structures a year", {"goods": [_GOOD]}))
    ],
    law: Law,
    today: Today,
) -> read.ProjectionRead:
    """
    Carry goods through every year, under the law in force and each draft, on each price path and the sensitivity grid.

    A good that is refused keeps its place with the reason; the others are computed.
    """
    made = use.projected(asked, law, today)
    return read.projection_of(made.found, made.setting.rates)


@router.post("/value-of-data", summary="What verified data are worth", response_model=read.ValueRead)
def value_of_data(
    asked: Annotated[
        ValueAsk,
        Body(
            openapi_examples=_one(
                "Own values against default values, verification at 150,000 CNY a year",
                {"goods": [_OWN | {"verification": {"amount": 150000.0, "currency": "CNY"}}]},
            )
        ),
    ],
    law: Law,
    today: Today,
) -> read.ValueRead:
    """
    Compare default and own values per tonne and per year, less what verifying costs.

    What is missing is asked for in `asks`; without own values the most that data can save is still told.
    """
    made = use.valued(asked, law, today)
    return read.ValueRead(
        price_path=made.setting.chosen,
        laws=read.laws_of(made.setting.laws),
        prices=read.prices_of(made.setting.prices),
        fx=read.fx_of(made.setting.rates),
        findings=[FindingRead.model_validate(finding.to_dict()) for finding in made.setting.findings],
        goods=[read.valued_of(good.name, good.cn_code, one) for good, one in zip(asked.goods, made.found, strict=True)],
    )


@router.post("/breakdown", summary="Where the cost comes from", response_model=read_cost.BreakdownRead)
def breakdown(
    asked: Annotated[
        BreakdownAsk,
        Body(
            openapi_examples=_one(
                "Structures of bought coil",
                {
                    "year": 2026,
                    "process": "structure",
                    "tonnes_per_year": 1000.0,
                    "processes": [
                        {
                            "id": "structure",
                            "cn_code": "73089059",
                            "activity_t": 1000.0,
                            "direct_t": 20.0,
                            "precursors": [
                                {
                                    "name": "热轧卷",
                                    "mass_t": 1050.0,
                                    "known": "default",
                                    "cn_code": "72083700",
                                    "origin": "CN",
                                }
                            ],
                        }
                    ],
                },
            )
        ),
    ],
    law: Law,
) -> read_cost.BreakdownRead:
    """
    Take the cost of a good apart by process and precursor; the parts add up to it, also in cents.

    Levers say what a fall of 1 % and of 0.1 does, the heaviest first; they are no parts and do not add up.
    """
    return read_cost.breakdown_of(use.broken_down(asked, law))


@router.post("/break-even", summary="Break-even emissions", response_model=read.BreakEvenRead)
def break_even(
    asked: Annotated[
        BreakEvenAsk,
        Body(openapi_examples=_one("The SEE that costs 40 EUR a tonne", {"good": _OWN, "stated_eur_per_t": 40.0})),
    ],
    law: Law,
    today: Today,
) -> read.BreakEvenRead:
    """Return the SEE at which a good costs nothing, what the default values cost, or a stated amount, year by year."""
    return read.break_even_of(use.evened(asked, law, today))


@router.post("/split", summary="Who bears the cost", response_model=read_cost.SplitRead)
def split(
    asked: Annotated[
        SplitAsk,
        Body(
            openapi_examples=_one(
                "Half each, goods at 900 EUR a tonne",
                {"good": _GOOD, "year": 2027, "deal": {"exporter_share": 0.5, "price_per_t": 900.0, "currency": "EUR"}},
            )
        ),
    ],
    law: Law,
    today: Today,
) -> read_cost.SplitRead:
    """Split the cost of a year at the exporter's share: net price in EUR and CNY, and each quarter's range."""
    return read_cost.split_of(use.shared(asked, law, today))


@router.post("/sector", summary="A sector at once", response_model=read_cost.SectorRead, max_body_size=SECTOR_LIMIT)
def sector(
    asked: Annotated[
        SectorAsk,
        Body(
            openapi_examples=_one(
                "Two exporters, ranked by their cost in 2030",
                {
                    "year": 2030,
                    "lines": {
                        "exporter": ["甲", "乙", "乙"],
                        "cn_code": ["73089059", "72083700", "76042990"],
                        "origin": ["CN", "CN", "CN"],
                        "tonnes_per_year": [1000.0, 5000.0, 300.0],
                        "see_tco2e_per_t": [None, 2.1, None],
                        "sefa_tco2e_per_t": [None, 1.3, None],
                        "data_year": [None, 2026, None],
                    },
                },
            )
        ),
    ],
    law: Law,
    today: Today,
) -> read_cost.SectorRead:
    """
    Sum and rank the cost of many exporters' lines, given in columns, up to 100,000.

    Lines that are refused are counted by reason and left out; the 50 t threshold is the importer's and not applied.
    """
    made = use.of_sector(asked, law, today)
    return read_cost.sector_of(made.found, made.setting.rates)
