"""An importer's year over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

URL = "/api/v1/importers/year"


def line(on: str, mass: float, **more: Any) -> dict[str, Any]:
    return {"cn_code": "73089059", "origin": "CN", "net_mass_t": mass, "imported_on": on} | more


def test_above_fifty_tonnes_everything_counts(client: TestClient) -> None:
    body = {"year": 2027, "imports": [line("2027-01-15", 30.0), line("2027-05-20", 30.0)], "held": 100.0}
    made = client.post(URL, json=body).json()
    assert made["in_scope"]
    assert made["passed_on"] == "2027-05-20"
    due = 60 * (6.035 * 1.2 - 0.95 * 1.491)
    assert made["certificates"] == pytest.approx(due)
    assert made["to_buy"] == 250
    per_t = 6.035 - 0.95 * 1.491
    assert [(h["quarter_end"], h["by_defaults"]) for h in made["holdings"]] == [
        ("2027-03-31", pytest.approx(15 * per_t)),
        ("2027-06-30", pytest.approx(30 * per_t)),
        ("2027-09-30", pytest.approx(30 * per_t)),
        ("2027-12-31", pytest.approx(30 * per_t)),
    ]


def test_at_fifty_tonnes_nothing_is_due(client: TestClient) -> None:
    made = client.post(URL, json={"year": 2026, "imports": [line("2026-02-15", 50.0)]}).json()
    assert (made["in_scope"], made["to_buy"], made["holdings"]) == (False, 0, [])


def test_2026_has_no_quarter_end_holding(client: TestClient) -> None:
    made = client.post(URL, json={"year": 2026, "imports": [line("2026-02-15", 51.0)]}).json()
    assert made["in_scope"]
    assert made["holdings"] == []
    assert made["to_buy"] == 265  # 51 x (6.6385 - 1.453725), rounded up


def test_a_refused_good_is_told_with_its_code(client: TestClient) -> None:
    answer = client.post(URL, json={"year": 2026, "imports": [line("2026-02-15", 60.0, cn_code="76151080")]})
    assert answer.status_code == 422
    assert answer.json()["code"] == "cbam.out_of_scope"


def test_no_imports_at_all(client: TestClient) -> None:
    made = client.post(URL, json={"year": 2026, "imports": []}).json()
    assert (made["in_scope"], made["to_buy"], made["certificates"]) == (False, 0, 0)
