"""Actual emissions of an installation over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body

from cbam.plant import Installation
from service.errors import PROBLEMS
from service.installation import use
from service.installation.read import InstallationRead, installation_of
from service.provide import Law, LawScenarios
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
    },
    "galvanising": {
        "summary": "A galvanising line: gas by its meter, coil of two suppliers, one of them without a verified report",
        "value": {
            "year": 2026,
            "processes": [{"id": "galvanised", "cn_code": "72104900", "activity_t": 1020.0}],
            "streams": [
                {
                    "id": "natural gas",
                    "method": "combustion",
                    "amount": 2100.0,
                    "unit": "GJ",
                    "ef_tco2_per_tj": 56.1,
                    "shares": {"galvanised": 1.0},
                }
            ],
            "purchases": [
                {
                    "id": "A-2026",
                    "material": "hot-rolled coil",
                    "supplier": "A",
                    "cn_code": "72083700",
                    "origin": "CN",
                    "bought_t": 700.0,
                    "see_direct_tco2e_per_t": 2.1,
                    "sefa_tco2e_per_t": 1.3,
                    "verified": True,
                    "report_year": 2026,
                },
                {
                    "id": "B-2026",
                    "material": "hot-rolled coil",
                    "supplier": "B",
                    "cn_code": "72083700",
                    "origin": "VN",
                    "bought_t": 350.0,
                },
            ],
            "uses": [{"process": "galvanised", "material": "hot-rolled coil", "mass_t": 1050.0}],
        },
    },
}


@router.post("/see", summary="SEE and SEFA of an installation's goods", response_model=InstallationRead)
def see(
    installation: Annotated[Installation, Body(openapi_examples=_EXAMPLES)],
    law: Law,
    law_scenario: LawScenarios = [],  # noqa: B006 - FastAPI copies it
) -> InstallationRead:
    """
    Work out what an installation measured, bought and made to SEE and SEFA of each process and code.

    A row that cannot be settled stops only the processes it belongs to, and each
    finding names its place; where nothing can be computed the first reason is
    the answer. What comes out may be declared only once an accredited verifier
    has verified it.
    """
    return installation_of(use.worked_out(installation, law, law_scenario))
