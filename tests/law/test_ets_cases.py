"""Every case of ``ets.yaml``: the worked figures of the carbon markets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cbam.deduction import price_effectively_paid
from models.allocation import (
    band_rate,
    band_slope,
    entitlement_intensity,
    free_allocation_pilot,
    net_position,
)
from models.embedded import embedded_cost
from models.errors import Text
from models.files import read_yaml
from models.installation import EtsYear
from models.law import LawBook
from models.position import position
from models.regime import law_of_year, regime_of

CASES = read_yaml(Path(__file__).parent / "ets.yaml")
BASIS = Text("试", "test")


def _year(case: dict[str, Any]) -> EtsYear:
    return EtsYear(installation="A", **case["input"])


def _position(case: dict[str, Any], book: LawBook) -> dict[str, Any]:
    year = _year(case)
    made = position(year, regime_of(year, book), law_of_year(book, year.compliance_year), case.get("market_price"))
    return {name: getattr(made, name) for name in case["expect"]}


def _embedded(case: dict[str, Any], book: LawBook) -> dict[str, Any]:
    year, price = _year(case), case.get("market_price")
    regime = regime_of(year, book)
    site = position(year, regime, law_of_year(book, year.compliance_year), price)
    made = embedded_cost(
        case["intensity"], 1.0, regime, site, case.get("method"), price, intensity_basis=BASIS, data_quality=2
    )
    return {name: getattr(made, name) for name in case["expect"]}


def _pilot(case: dict[str, Any], book: LawBook) -> dict[str, Any]:
    law = law_of_year(book, 2025)
    emissions = case["input"]["emissions_t"]
    entitlement = entitlement_intensity(2.0, emissions / 2.0, law.number("cn.ets.guangdong.reduction_factor"))
    free = free_allocation_pilot(entitlement, law.number("cn.ets.guangdong.free_share.other"))
    net = net_position(emissions, free)
    average = net * case["input"]["price"] / emissions
    return {"free_t": free, "net_t": net, "average": average, "average_eur": average / 7.4326}


def _band(case: dict[str, Any], book: LawBook) -> dict[str, Any]:
    law = law_of_year(book, 2025)
    rule = law.number("cn.ets.national.band"), law.number("cn.ets.national.gap_at_band")
    own, balance = case["input"]["intensity"], case["input"]["balance_value"]
    return {"rate": band_rate(own, balance, *rule), "slope": band_slope(own, balance, *rule)}


def _paid(case: dict[str, Any], book: LawBook) -> dict[str, Any]:
    year = _year(case)
    regime = regime_of(year, book)
    site = position(year, regime, law_of_year(book, year.compliance_year), case.get("market_price"))
    made = price_effectively_paid(year, regime, site, case["rate"])
    return {name: getattr(made, name) for name in case["expect"]}


ENTRIES = {"position": _position, "embedded": _embedded, "pilot": _pilot, "band": _band, "paid": _paid}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any], book: LawBook) -> None:
    made = ENTRIES[case["entry"]](case, book)
    for name, want in case["expect"].items():
        if isinstance(want, int | float):
            assert made[name] == pytest.approx(want, rel=2e-6, abs=1e-9), name
        else:
            assert made[name] == want, name
