"""Product footprints, methods and reconciliations over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body

from service.errors import PROBLEMS
from service.footprint import use
from service.footprint.example import CHECKS, EXAMPLE
from service.footprint.read import (
    CompareRead,
    FootprintRead,
    ProfileRead,
    ReconciliationRead,
    compare_read,
    footprint_read,
    profile_read,
    reconciliation_read,
)
from service.provide import Law, Today
from service.strict import StrictRoute

router = APIRouter(prefix="/footprints", tags=["footprints"], route_class=StrictRoute, responses=PROBLEMS)
reconciliations = APIRouter(prefix="/reconciliations", tags=["footprints"], route_class=StrictRoute, responses=PROBLEMS)

_SITE = {"profiles": {"summary": "Two aluminium profiles of one press", "value": EXAMPLE}}
_BOTH = {"one": "gbt-24067-2024", "other": "cbam-boundary"}
_TWO = {"two": {"summary": "The same by the standard and inside CBAM's boundary", "value": EXAMPLE | _BOTH}}
_CHECKED = {"checked": {"summary": "Products and power against reports", "value": EXAMPLE | CHECKS}}


@router.post("", summary="Footprint of the products of a site", response_model=FootprintRead)
def make(asked: Annotated[use.FootprintAsk, Body(openapi_examples=_SITE)], law: Law, today: Today) -> FootprintRead:
    """
    Work activities out to products by life-cycle stage, each number with its 95 % interval.

    What is wrong with an activity stops the products it belongs to; where no
    product is left the first reason is the answer. Factors handed in count only
    once somebody else has accepted them.
    """
    return footprint_read(use.worked_out(asked, law, today))


@router.post("/compare-methods", summary="One bill by two methods", response_model=CompareRead)
def compare(asked: Annotated[use.CompareAsk, Body(openapi_examples=_TWO)], law: Law, today: Today) -> CompareRead:
    """Return each product by both methods with parts that add up to the difference, and the rules side by side."""
    return compare_read(asked.one, asked.other, use.compared(asked, law, today))


@router.get("/profiles", summary="Methods of product footprints", response_model=list[ProfileRead])
def profiles(law: Law) -> list[ProfileRead]:
    """Return every method with what it states and what our sources leave open."""
    return [profile_read(one) for one in law.profiles.values()]


@reconciliations.post("", summary="Products and amounts against reports", response_model=ReconciliationRead)
def reconcile(
    asked: Annotated[use.ReconcileAsk, Body(openapi_examples=_CHECKED)], law: Law, today: Today
) -> ReconciliationRead:
    """
    Hold products against verified emissions, and amounts against ETS report, energy-use report, meters and invoices.

    What follows from the boundary of the rules is explained and is no error.
    Tolerances, grades and what a difference does to data quality are
    assumptions, named in `proof`.
    """
    return reconciliation_read(use.reconciled(asked, law, today))
