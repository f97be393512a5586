"""The band of a score and what would change it, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

API = "/api/v1/scores"
BODY: dict[str, Any] = {
    "indicators": {
        "C2": {"value": 0.12, "data_quality": 2},
        "F1": {"value": 1.1, "data_quality": 3},
        "T3": {"value": 0.1},
        "E3": {"state": "not_applicable", "declared_on": "2026-03-01"},
    },
    "gates": {"G1": False},
    "seed": 7,
}


def test_the_band_holds_and_the_seed_gives_it_again(client: TestClient) -> None:
    one, other = (client.post(f"{API}/band", json=BODY).json() for _ in range(2))
    assert one == other
    made = one["band"]
    assert made["p10"] < made["p50"] < made["p90"]
    assert sum(made["grades"].values()) == pytest.approx(1.0)
    assert set(made["variance"]) == {"C2", "F1"}
    plain = client.post(API, json={k: BODY[k] for k in ("indicators", "gates")}).json()
    assert made["score"] == plain["record"]["total"]
    assert one["what_if"] is None


def test_what_would_change_it(client: TestClient) -> None:
    made = client.post(f"{API}/band", json=BODY | {"changes": {"T3": {"value": 0.9}}}).json()["what_if"]
    assert set(made["parts"]) == {"T3"}
    assert made["after"] - made["before"] == pytest.approx(made["change"])
    assert made["change"] > 0


@pytest.mark.parametrize("change", [{"seed": -1}, {"draws": 5}, {"changes": {"Z9": {"value": 1}}}, {"seed": None}])
def test_what_makes_no_sense_is_refused(client: TestClient, change: dict[str, Any]) -> None:
    assert client.post(f"{API}/band", json=BODY | change).status_code == 422
