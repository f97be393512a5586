"""An installation over HTTP: the printed example, and refusals with their code."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

URL = "/api/v1/installations/see"
COIL = {"name": "卷", "mass_t": 1050.0, "known": "verified", "see_tco2e_per_t": 2.1, "sefa_tco2e_per_t": 1.38148491}
SHOP = {"id": "structure", "cn_code": "73089059", "activity_t": 1000.0, "direct_t": 20.0, "precursors": [COIL]}


def test_the_printed_example(client: TestClient) -> None:
    answer = client.post(URL, json={"year": 2026, "processes": [SHOP]})
    assert answer.status_code == 200
    made = answer.json()["processes"][0]
    assert made["see_tco2e_per_t"] == pytest.approx(2.225)
    assert made["sefa_tco2e_per_t"] == pytest.approx(1.5597591555)
    assert [row["key"] for row in made["rows"]] == [
        "attributed", "activity", "own", "indirect", "precursor.1", "see", "sfa", "free.1", "sefa", "share_default",
    ]  # fmt: skip
    assert "eu.cbam.benchmarks[73089059,A,]" in {read["key"] for read in made["reads"]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cn_code": "76151080"}, "cbam.out_of_scope"),
        ({"cn_code": "72071210"}, "cbam.route_needed"),
        ({"precursors": [COIL | {"known": "own", "process": "nowhere"}]}, "cbam.unknown_process"),
        ({"precursors": [COIL | {"known": "own", "process": "structure"}]}, "cbam.cycle"),
        ({"precursors": [{"name": "卷", "mass_t": 1.0, "known": "default"}]}, "cbam.incomplete_actual"),
    ],
)
def test_refusals_have_their_code_and_both_languages(client: TestClient, change: dict[str, Any], code: str) -> None:
    answer = client.post(URL, json={"year": 2026, "processes": [SHOP | change]})
    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert answer.json()["text"]["zh"]
    assert answer.json()["hint"]["en"]


@pytest.mark.parametrize("value", [0.0, -1.0, None, "many", 1e300])
def test_bad_activity_is_named_and_not_repeated(client: TestClient, value: object) -> None:
    answer = client.post(URL, json={"year": 2026, "processes": [SHOP | {"activity_t": value}]})
    assert answer.status_code == 422
    assert "activity_t" in answer.json()["errors"][0]["field"]
    assert "many" not in answer.text
