"""Decisions over HTTP: known answers, cells that agree, refusals that keep the rest, a sector of many lines."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

URL = "/api/v1/decisions"
GOOD: dict[str, Any] = {"cn_code": "73089059", "origin": "CN", "tonnes_per_year": 10.0}
OWN = GOOD | {"see_tco2e_per_t": 2.225, "sefa_tco2e_per_t": 1.5597591555, "data_year": 2026}
SHOP = {
    "id": "structure", "cn_code": "73089059", "activity_t": 1000.0, "direct_t": 20.0,
    "precursors": [{"name": "卷", "mass_t": 1050.0, "known": "verified", "see_tco2e_per_t": 2.1,
                    "sefa_tco2e_per_t": 1.38148491}],
}  # fmt: skip


def ask(client: TestClient, what: str, body: dict[str, Any]) -> Any:
    answer = client.post(f"{URL}/{what}", json=body)
    assert answer.status_code == 200, answer.text
    assert "NaN" not in answer.text
    return answer.json()


def refused(client: TestClient, what: str, body: dict[str, Any]) -> tuple[str, str | None]:
    answer = client.post(f"{URL}/{what}", json=body)
    assert answer.status_code == 422, answer.text
    return answer.json()["code"], answer.json()["field"]


def cell(cells: list[dict[str, Any]], **at: Any) -> dict[str, Any]:
    found = [one for one in cells if all(one[name] == value for name, value in at.items())]
    assert len(found) == 1
    return found[0]


def test_every_year_law_and_price_with_the_grid_beside(lasting: TestClient) -> None:
    made = ask(lasting, "projection", {"goods": [GOOD, GOOD | {"cn_code": "73170080"}]})
    assert [law["name"] for law in made["laws"]] == ["in_force", "com-2026-616"]
    assert made["years"] == list(range(2026, 2035))
    assert sum(price["grid"] for price in made["prices"]) == 7
    assert len(made["totals"]) == len(made["laws"]) * len(made["prices"]) * len(made["years"])
    assert cell(made["totals"], law="in_force", price="flat", year=2026)["cost_eur"] == "3903.10"
    assert cell(made["totals"], law="in_force", price="grid-100", year=2034)["cost_eur"] == "7845.50"
    assert made["fx"]["source"] == "ecb-reference-rates"
    assert made["goods"][1]["refused"]["code"] == "cbam.out_of_scope"
    assert made["goods"][0]["costs"] == made["totals"]
    held = cell(made["goods"][0]["intensities"], law="in_force", year=2031)["assumed"]
    assert "eu.cbam.cscf" in held
    assert {read["scenario"] for read in made["reads"]} == {None, "com-2026-616"}
    only = ask(lasting, "projection", {"goods": [GOOD], "drafts": [], "last_year": 2027})
    assert (len(only["laws"]), only["years"]) == (1, [2026, 2027])


def test_the_user_may_enter_a_price_and_never_in_yuan(lasting: TestClient) -> None:
    made = ask(lasting, "projection", {"goods": [GOOD], "own_price": {"per_t": 100.0}})
    assert made["price_path"] == "user"
    assert cell(made["totals"], law="in_force", price="user", year=2026)["cost_eur"] == "5184.78"
    by_year = ask(lasting, "projection", {"goods": [GOOD], "own_price": {"by_year": {"2027": 100.0}}})
    assert cell(by_year["totals"], law="in_force", price="user", year=2026)["cost_eur"] is None
    assert cell(by_year["totals"], law="in_force", price="user", year=2027)["cost_eur"] == "5825.55"
    yuan = {"goods": [GOOD], "own_price": {"per_t": 70.0, "currency": "CNY"}}
    assert refused(lasting, "projection", yuan) == ("cbam.price_not_in_euro", "own_price.currency")
    assert refused(lasting, "projection", {"goods": [GOOD], "own_price": {}})[0] == "input.missing"
    assert refused(lasting, "projection", {"goods": [GOOD], "price_path": "moon"})[0] == "cbam.unknown_price_path"
    assert refused(lasting, "projection", {"goods": [GOOD], "drafts": ["moon"]})[0] == "law.unknown_scenario"
    assert refused(lasting, "projection", {"goods": [GOOD], "own_price": {"per_t": 1e9}})[0] == "input.invalid"


def test_value_of_data_in_two_currencies_and_what_is_asked_for(lasting: TestClient) -> None:
    paid = OWN | {"verification": {"amount": 80000.0, "currency": "CNY"}}
    made = ask(lasting, "value-of-data", {"goods": [paid, GOOD, OWN], "fx_cny_per_eur": 8.0, "fx_source": "合同"})
    first, second, third = made["goods"]
    assert first["verification_eur"] == "10000.00"
    assert [read["source"] for read in first["reads"] if read["key"].startswith("fx.")] == ["user: 合同"]
    at = cell(first["cells"], law="in_force", price="flat", year=2026)
    assert at["gain_eur"] == "3402.31"  # 3,903.10 less 500.79
    assert Decimal(at["net_eur"]) == Decimal(at["gain_eur"]) - 10000
    assert at["tonnes_to_pay"] == pytest.approx(10000 / 340.23053122604)
    assert [one["code"] for one in second["asks"]] == ["cbam.incomplete_actual", "input.missing"]
    assert cell(second["cells"], law="in_force", price="flat", year=2026)["most_eur_per_t"] == pytest.approx(390.309862)
    assert [(one["code"], one["field"]) for one in third["asks"]] == [("input.missing", "verification")]
    assert cell(third["cells"], law="in_force", price="flat", year=2026)["gain_eur"] == "3402.31"
    gold = OWN | {"verification": {"amount": 5.0, "currency": "XAU"}}
    assert refused(lasting, "value-of-data", {"goods": [gold]}) == ("fx.unknown_currency", "currency")


def test_the_parts_of_a_cost_add_up_to_it(lasting: TestClient) -> None:
    body = {"year": 2026, "processes": [SHOP], "process": "structure", "tonnes_per_year": 10.0}
    made = ask(lasting, "breakdown", body)
    assert made["cost_eur"] == "500.79"
    assert sum(Decimal(term["eur"]) for term in made["terms"]) == Decimal(made["cost_eur"])
    assert made["levers"][0]["precursor"] == "卷"
    assert refused(lasting, "breakdown", body | {"process": "mill"}) == ("cbam.no_such_process", "process")
    drafted = ask(lasting, "breakdown", body | {"year": 2030, "draft": "com-2026-616", "own_price": {"per_t": 80.0}})
    assert drafted["sefa_tco2e_per_t"] == pytest.approx(0.59 * 0.112 + 1.05 * 1.38148491)


def test_break_even_and_split(lasting: TestClient) -> None:
    even = ask(lasting, "break-even", {"good": OWN, "stated_eur_per_t": 40.0})
    at = cell(even["cells"], law="in_force", year=2026)
    assert at["zero"] == pytest.approx(1.5597591555)
    assert at["as_default"] == pytest.approx(6.7445341555)
    assert at["stated"] == pytest.approx(2.0911087835552604)
    assert refused(lasting, "break-even", {"good": OWN, "stated_eur_per_t": -1.0})[0] == "input.invalid"
    assert refused(lasting, "break-even", {"good": GOOD | {"cn_code": "73170080"}})[0] == "cbam.out_of_scope"
    deal = {"exporter_share": 0.25, "price_per_t": 900.0, "currency": "EUR"}
    split = ask(lasting, "split", {"good": GOOD, "year": 2026, "deal": deal})
    assert (split["cost_eur"], split["exporter_eur"], split["importer_eur"]) == ("3903.10", "975.78", "2927.32")
    assert split["net_price_eur_per_t"] == pytest.approx(900 - 0.25 * 390.309862)
    assert split["net_price_cny_per_t"] == pytest.approx(split["net_price_eur_per_t"] * split["fx"]["cny_per_eur"])
    assert split["fx"]["source"] == "ecb-reference-rates"
    assert [quarter["status"] for quarter in split["quarters"]] == ["official", "official", "scenario", "scenario"]
    far = ask(lasting, "split", {"good": OWN, "year": 2038, "basis": "actual", "deal": deal})
    assert far["cost_eur_per_t"] == pytest.approx(2.225 * 75.28)
    thirty = {"good": GOOD, "year": 2026, "deal": {"exporter_share": 30.0}}
    assert refused(lasting, "split", thirty) == ("cbam.share_outside", "exporter_share")
    short = {"good": GOOD, "year": 2026, "deal": deal, "own_price": {"by_year": {"2028": 90.0}}}
    assert refused(lasting, "split", short) == ("cbam.price_path_too_short", "price_path")
    assert refused(lasting, "split", {"good": GOOD, "year": 2026, "basis": "actual", "deal": deal}) == (
        "cbam.incomplete_actual", "see_tco2e_per_t",
    )  # fmt: skip


def test_numbers_beyond_all_measure_are_refused_or_told_without_infinity(lasting: TestClient) -> None:
    tiny = OWN | {"tonnes_per_year": 1e-300, "verification": {"amount": 1e15, "currency": "CNY"}}
    made = ask(lasting, "value-of-data", {"goods": [tiny], "fx_cny_per_eur": 0.01})
    assert "Infinity" not in str(made)
    assert cell(made["goods"][0]["cells"], law="in_force", price="flat", year=2026)["gain_eur"] == "0.00"
    assert refused(lasting, "value-of-data", {"goods": [tiny], "fx_cny_per_eur": 1e-300})[0] == "input.invalid"
    huge = GOOD | {"tonnes_per_year": 1e8}
    most = ask(lasting, "projection", {"goods": [huge], "own_price": {"per_t": 100000.0}})
    assert cell(most["totals"], law="in_force", price="user", year=2034)["cost_eur"] == "78455000000000.00"
    many = {name: column * 20_000 for name, column in columns(1).items()} | {"tonnes_per_year": [1e8] * 20_000}
    answer = refused(lasting, "sector", {"lines": many, "own_price": {"per_t": 100000.0}})
    assert answer == ("input.out_of_range", "tonnes_per_year")


def columns(n: int) -> dict[str, Any]:
    return {
        "exporter": [f"E{i % 50:02d}" for i in range(n)],
        "cn_code": ["73089059"] * n,
        "origin": ["CN"] * n,
        "tonnes_per_year": [10.0] * n,
    }


def test_a_sector_is_ranked_and_refused_lines_are_counted(lasting: TestClient) -> None:
    lines = {
        "exporter": ["甲", "乙", "乙", "丙", "丁"],
        "cn_code": ["73089059", "72083700", "73170080", "73089059", "1"],
        "origin": ["CN", "CN", "CN", "CN", "CN"],
        "tonnes_per_year": [10.0, 100.0, 5.0, None, 1.0],
        "see_tco2e_per_t": [2.225, None, None, None, None],
        "sefa_tco2e_per_t": [1.5597591555, None, None, None, None],
        "data_year": [2026, None, None, None, None],
    }
    made = ask(lasting, "sector", {"lines": lines, "year": 2026})
    assert made["lines"] == 2
    assert made["refused"] == {"cbam.out_of_scope": 1, "input.out_of_range": 1, "cbam.unknown_code": 1}
    assert {(one["law"], one["year"]) for one in made["held"]} == {
        *(("in_force", year) for year in (2031, 2032, 2033)), *(("com-2026-616", year) for year in range(2031, 2035)),
    }  # fmt: skip
    assert [one["group"] for one in made["ranked"][:2]] == ["乙", "甲"]
    assert made["ranked"][1]["cost_eur"] == "500.79"
    total = Decimal(cell(made["totals"], law="in_force", price="flat", year=2026)["cost_eur"])
    assert sum(Decimal(one["cost_eur"]) for one in made["ranked"]) == total
    assert sum(one["share"] for one in made["ranked"]) == pytest.approx(1)
    uneven = columns(3) | {"origin": ["CN"]}
    assert refused(lasting, "sector", {"lines": uneven}) == ("input.column_length", "origin")
    empty = {"exporter": [], "cn_code": [], "origin": [], "tonnes_per_year": []}
    assert refused(lasting, "sector", {"lines": empty})[0] == "input.invalid"


def test_a_sector_of_twenty_thousand_lines_answers_soon(lasting: TestClient) -> None:
    began = time.perf_counter()
    made = ask(lasting, "sector", {"lines": columns(20_000), "by": "exporter", "top": 3})
    assert time.perf_counter() - began < 20
    assert made["groups"] == 50
    assert len(made["ranked"]) == 3
    first = cell(made["totals"], law="in_force", price="flat", year=2026)["cost_eur"]
    assert Decimal(first) == Decimal("3903.10") * 20_000


def test_every_example_of_the_description_works(lasting: TestClient) -> None:
    paths = lasting.get("/api/v1/openapi.json").json()["paths"]
    ours = {path: of["post"] for path, of in paths.items() if path.startswith(URL)}
    assert len(ours) == 6
    for path, operation in ours.items():
        for example in operation["requestBody"]["content"]["application/json"]["examples"].values():
            answer = lasting.post(path, json=example["value"])
            assert answer.status_code == 200, (path, answer.text)
