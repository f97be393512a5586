"""A bank's PDs measured over HTTP."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

API = "/api/v1/finance/validation"


def sample(size: int = 2_000) -> dict[str, Any]:
    rng = np.random.default_rng(11)
    pd = rng.uniform(0.01, 0.4, size)
    grade = np.digitize(pd, [0.1, 0.2, 0.3])
    return {
        "pd": pd.tolist(),
        "defaulted": (rng.random(size) < pd).tolist(),
        "grade": grade.tolist(),
        "in_sample": False,
        "seed": 1,
    }


def test_measures_with_their_intervals_and_the_limits_beside_them(client: TestClient) -> None:
    one, other = (client.post(API, json=sample()) for _ in range(2))
    assert one.status_code == 200, one.text
    assert one.json() == other.json()
    made = one.json()
    rows = {row["key"]: row for row in made["rows"]}
    assert 0.6 < rows["auc"]["value"] < 0.9
    assert rows["gini"]["value"] == pytest.approx(2 * rows["auc"]["value"] - 1)
    assert "95%" in rows["auc"]["note"]["en"]
    assert rows["calibration_p"]["value"] > 0.001
    assert sum(group["cases"] for group in made["groups"]) == 2_000
    assert made["rank_agreement"] > 0.8
    assert len(made["shipped_limits"]) == 4
    assert 0.84 <= made["shipped_measured"]["auc"] <= 0.90


def test_pds_that_are_too_low_are_found_out(client: TestClient) -> None:
    body = sample()
    body["pd"] = [p * 0.5 for p in body["pd"]]
    rows = {row["key"]: row for row in client.post(API, json=body).json()["rows"]}
    assert rows["calibration_p"]["value"] < 1e-6


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"defaulted": [False] * 2_000}, "credit.one_outcome"),
        ({"defaulted": [True]}, "input.invalid"),
        ({"grade": [1]}, "input.invalid"),
        ({"pd": [0.0] * 2_000}, "input.invalid"),
        ({"pd": [0.1] * 5, "defaulted": [True] * 5, "grade": None}, "credit.too_few_cases"),
    ],
)
def test_what_says_nothing_is_refused(client: TestClient, change: dict[str, Any], code: str) -> None:
    answer = client.post(API, json=sample() | change)
    assert answer.status_code == 422
    assert answer.json()["code"] == code


def test_one_pd_for_all_tells_nothing_apart(client: TestClient) -> None:
    body = sample() | {"pd": [0.2] * 2_000}
    made = client.post(API, json=body).json()
    assert {row["key"]: row["value"] for row in made["rows"]}["auc"] == 0.5
    assert made["rank_agreement"] is None
