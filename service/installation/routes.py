"""Actual emissions of an installation over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from cbam.chain import METHOD
from service.errors import PROBLEMS
from service.installation import use
from service.installation.use import InstallationYear
from service.provide import Law, LawScenarios
from service.schemas import ReadRead, RowRead, read_of, rows_of
from service.strict import StrictRoute

router = APIRouter(prefix="/installations", tags=["installations"], route_class=StrictRoute, responses=PROBLEMS)

_EXAMPLES = {
    "structure": {
        "summary": "A shop that makes steel structures of bought coil with verified values",
        "value": {
            "year": 2026,
            "processes": [
                {
                    "id": "structure",
                    "cn_code": "73089059",
                    "activity_t": 1000.0,
                    "direct_t": 20.0,
                    "precursors": [
                        {
                            "name": "hot-rolled coil",
                            "mass_t": 1050.0,
                            "known": "verified",
                            "see_tco2e_per_t": 2.1,
                            "sefa_tco2e_per_t": 1.38148491,
                        }
                    ],
                }
            ],
        },
    }
}


class ProcessRead(BaseModel):
    """SEE and SEFA of the good of one process, with the steps that lead to them."""

    id: str
    cn_code: str
    attributed_t: float
    see_tco2e_per_t: float
    sefa_tco2e_per_t: float
    share_default: float = Field(description="Part of SEE that rests on default values, 0 to 1")
    rows: list[RowRead]
    reads: list[ReadRead]


class InstallationRead(BaseModel):
    """Every process, precursors before what is made of them."""

    method: str
    processes: list[ProcessRead]


@router.post("/see", summary="SEE and SEFA of an installation's goods", response_model=InstallationRead)
def see(
    installation: Annotated[InstallationYear, Body(openapi_examples=_EXAMPLES)],
    law: Law,
    law_scenario: LawScenarios = [],  # noqa: B006 - FastAPI copies it
) -> InstallationRead:
    """
    Resolve the processes of an installation and their precursors of any depth to SEE and SEFA.

    What comes out may be declared only once an accredited verifier has verified it.
    """
    found = use.resolved(installation, law, law_scenario)
    return InstallationRead(
        method=METHOD,
        processes=[
            ProcessRead(
                id=key,
                cn_code=one.good.cn_code,
                attributed_t=one.attributed_t,
                see_tco2e_per_t=one.see_tco2e_per_t,
                sefa_tco2e_per_t=one.sefa_tco2e_per_t,
                share_default=one.share_default,
                rows=rows_of(one),
                reads=[read_of(read) for read in one.reads],
            )
            for key, one in found.items()
        ],
    )
