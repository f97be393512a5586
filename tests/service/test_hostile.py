"""Bad input is refused with words; it never breaks the service and is never repeated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

API = "/api/v1"
MARK = "hostile-8f3a"
HOSTILE: list[str] = [
    "null", "true", "-1", "0", "-1e309", "9" * 39, "0." + "0" * 37 + "1", "[]", '""', f'"{MARK}"',
    f'"{MARK}<script>{"x" * 5000}"', f'{{"{MARK}": "{MARK}"}}', '"\\u202e\\u0001"', '"１２"', '"9999-12-31"', "NaN",
    f'"{MARK}\'); DROP TABLE person;-- {{{{7*7}}}} {{0.__class__}} %n $(id) %0d%0aSet-Cookie: x"',
]  # fmt: skip
FIRM = {
    "name": "x", "uscc": "91440600MA4UTE3T1X", "province": "guangdong", "city": "foshan", "sector": "aluminium",
    "financial_year": 2025, "revenue_cny": 1e8, "ebitda_cny": 1e7, "pass_through": 0.5, "cbam_share_borne": 0.5,
}  # fmt: skip
LINE = {
    "line": 1, "product": "x", "cn_code": "76042990", "origin": "CN", "net_mass_t": 1.0, "imported_on": "2026-02-10",
    "price_per_t": 20000.0, "currency": "CNY", "basis": "actual", "own_see_tco2e_per_t": 2.0,
    "own_sefa_tco2e_per_t": 1.0, "verifier": "v", "installation": "A", "covered_tco2_per_t": 1.0,
    "production_year": 2026, "route": "K",
}  # fmt: skip
SITE = {
    "installation": "A", "compliance_year": 2025, "process": "steel_other", "province": "guangdong", "city": "foshan",
    "on_national_list": False, "verified_emissions_t": 1e5, "energy_tce": 2e4, "output_t": 1e5,
    "free_allocation_t": 9e4, "allocation_is_final": True, "allocation_method": "benchmark", "purchased_t": 1e4,
    "purchase_price_cny_per_t": 40.0, "user_price_cny_per_t": 39.0, "user_price_on": "2026-02-13",
    "user_price_source": "x",
}  # fmt: skip
FOOTPRINT = {"product": "x", "footprint_tco2e_per_t": 2.0, "benchmark_tco2e_per_t": 3.0, "revenue_cny": 1e6}
INDICATOR = {"state": "measured", "value": 0.1, "data_quality": 2, "evidence": "x", "declared_on": "2026-01-01"}
SUBMISSION = {
    "firm": FIRM, "installations": [SITE], "goods": [LINE], "footprints": [FOOTPRINT], "indicators": {"C2": INDICATOR},
    "gates": {"G1": True},
}  # fmt: skip
OPTIONS = {
    "price_path": "user", "use_scenario_price": True, "law_scenarios": ["com-2026-616"], "user_prices": {"2026": 80.0},
    "fx_cny_per_eur": 7.8, "fx_on": "2026-11-01", "fx_source": "x",
}  # fmt: skip
BODIES: dict[str, Any] = {
    "exposures": {"cn_code": "73089059", "origin": "CN", "net_mass_t": 1.0, "imported_on": "2026-05-12",
                  "basis": "default", "see_tco2e_per_t": None, "sefa_tco2e_per_t": None, "production_year": 2026,
                  "route": "C"},
    "assessments": {"submission": SUBMISSION, "options": OPTIONS},
    "scores": {"indicators": {"C2": INDICATOR}, "gates": {"G1": True}},
}  # fmt: skip


def variants(body: Any, hostile: str) -> Iterator[tuple[str, str]]:
    """Yield the body once for each place in it with ``hostile`` in that place, as JSON text."""
    places: list[tuple[Any, ...]] = []

    def walk(value: Any, path: tuple[Any, ...]) -> None:
        places.append(path)
        for key, inner in (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        ):
            walk(inner, (*path, key))

    walk(body, ())

    def text(value: Any, path: tuple[Any, ...], target: tuple[Any, ...]) -> str:
        if path == target:
            return hostile
        if isinstance(value, dict):
            return "{" + ",".join(f"{json.dumps(k)}:{text(v, (*path, k), target)}" for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ",".join(text(v, (*path, i), target) for i, v in enumerate(value)) + "]"
        return json.dumps(value)

    for place in places:
        yield ".".join(map(str, place)), text(body, (), place)


@pytest.fixture
def client(lasting: TestClient) -> TestClient:
    return lasting


def post(client: TestClient, path: str, data: str) -> Any:
    return client.post(f"{API}/{path}", content=data.encode("utf-8"), headers={"content-type": "application/json"})


@pytest.mark.parametrize("path", BODIES)
def test_the_bodies_themselves_are_good(client: TestClient, path: str) -> None:
    answer = post(client, path, json.dumps(BODIES[path]))
    assert answer.status_code in (200, 201), answer.text


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda text: text[:24].encode("ascii", "replace").decode())
@pytest.mark.parametrize("path", BODIES)
def test_a_hostile_value_in_any_place(client: TestClient, path: str, hostile: str) -> None:
    for place, data in variants(BODIES[path], hostile):
        answer = post(client, path, data)
        assert answer.status_code < 500, (place, answer.text)
        if answer.status_code >= 400:
            assert answer.status_code in (404, 413, 415, 422), (place, answer.status_code)
            assert answer.headers["content-type"] == "application/problem+json"
            assert MARK not in answer.text, place
            assert answer.json()["text"]["zh"]


@pytest.mark.parametrize("path", BODIES)
def test_unknown_fields_are_refused_without_their_name(client: TestClient, path: str) -> None:
    answer = post(client, path, json.dumps(BODIES[path] | {f"{MARK}<b>": 1}))
    assert answer.status_code == 422
    assert MARK not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "assessments?cursor=%00", "assessments?cursor=hostile", "assessments?limit=0", "assessments?limit=1e9",
        "assessments/x", "assessments/00000000-0000-0000-0000-000000000000/lines?after=-1", "jobs/%00",
        "law/eu.cbam.cbam_factor?on=hostile", "law/eu.cbam.cbam_factor?on=0001-01-01", "law/%F0%9F%92%A9?on=2026-01-01",
        "law/eu.cbam.scope?on=2026-01-01&row=%00", "law/eu.cbam.default_values?on=2026-05-01&row=a&row=b&row=c&row=d",
        "law?prefix=%00", "prices/GDEA/reference?on=2060-12-31", "prices/GDEA/reference?on=2005-01-01",
        "prices/gdea;drop/reference?on=2026-01-01", "assessments?limit=%D9%A3",
    ],
)  # fmt: skip
def test_hostile_addresses(client: TestClient, path: str) -> None:
    answer = client.get(f"{API}/{path}")
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "name", ["../../etc/x.csv", "a\x00b.csv", "x" * 400 + ".csv", "‮.csv", "=1.csv", ".csv", "a\r\nb.csv", "报表.CSV"]
)
def test_hostile_file_names(client: TestClient, name: str) -> None:
    answer = client.post(f"{API}/uploads", files={"file": (name, b"a,b\n1,2\n")})
    assert answer.status_code in (202, 415, 422)


@pytest.mark.parametrize(
    "data",
    [
        {"price_path": MARK + "<>"}, {"use_scenario_price": MARK}, {"fx_cny_per_eur": "nan"}, {"fx_cny_per_eur": "-1"},
        {"fx_cny_per_eur": "1e309"}, {"fx_on": MARK}, {"fx_source": MARK * 100}, {"fx_source": "a\x00b"}, {"law_scenario": ["a"] * 9},
    ],
)  # fmt: skip
def test_hostile_choices_of_an_upload(client: TestClient, data: dict[str, Any]) -> None:
    answer = client.post(f"{API}/uploads", files={"file": ("a.csv", b"x")}, data=data)
    assert answer.status_code == 422
    assert MARK not in answer.text
