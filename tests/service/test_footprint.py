"""Footprints over HTTP: the printed example by hand, two methods, checks, and what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.footprint.example import CHECKS, EXAMPLE

URL = "/api/v1/footprints"
CHECK = "/api/v1/reconciliations"
#: Natural gas of the example, kgCO2: 10 x 10^4 Nm3 at the default values.
POWER_KG, BILLET_KG = 900_000 * 0.5777, 1_050_000 * 9.0


def spoiled(*path: Any, value: Any, of: dict[str, Any] = EXAMPLE) -> dict[str, Any]:
    made = copy.deepcopy(of)
    at: Any = made
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return made


def test_the_printed_example_by_hand(client: TestClient) -> None:
    answer = client.post(URL, json=EXAMPLE)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    one, other = found["products"]
    assert other["kgco2e"] == pytest.approx((POWER_KG + BILLET_KG) / 1_000_000)
    gas = next(line["kgco2e"] for line in found["lines"] if line["id"] == "天然气")
    assert one["kgco2e"] == pytest.approx((POWER_KG + BILLET_KG) / 1_000_000 + gas / 600_000)
    assert sum(found["attributed_kgco2e"].values()) == pytest.approx(found["total_kgco2e"], rel=1e-9)
    assert one["interval"]["low"] < one["simulated"]["low"] * 1.01 < one["kgco2e"] < one["interval"]["high"]
    assert sum(stage["shown_percent"] for stage in one["stages"]) == pytest.approx(100.0)
    assert one["benchmark_ratio"] == pytest.approx(one["kgco2e"] / 10.5)
    assert "mee-footprint-2024" in str(found["proof"])
    assert all(line["interval"]["low"] <= line["kgco2e"] <= line["interval"]["high"] for line in found["lines"])
    assert {f["code"] for f in found["findings"]} == {
        "footprint.co2_only",
        "footprint.uncertainty_assumed",
        "profile.before_in_force",
        "profile.left_open",
    }
    assert client.post(URL, json=EXAMPLE).json()["key"] == found["key"]


def test_the_report(client: TestClient) -> None:
    for kind, start in (("pdf", b"%PDF-"), ("xlsx", b"PK")):
        answer = client.post(f"{URL}/report.{kind}", params={"product": "6063-B", "lang": "en"}, json=EXAMPLE)
        assert answer.content.startswith(start)
    assert (
        client.post(f"{URL}/report.pdf", params={"product": "x"}, json=EXAMPLE).json()["code"]
        == "footprint.not_on_bill"
    )
    broken = spoiled("bill", "activities", 2, "unit", value="kg")
    refused = client.post(f"{URL}/report.pdf", params={"product": "6063-A"}, json=broken)
    assert (refused.status_code, refused.json()["code"]) == (422, "measure.does_not_convert")


def test_what_the_method_needs_is_a_finding_with_its_field(client: TestClient) -> None:
    found = client.post(URL, json=spoiled("bill", "report", "purpose", value="")).json()
    assert ("profile.field_missing", "report.purpose") in {(f["code"], f["field"]) for f in found["findings"]}
    assert found["products"]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("bill", "profile"), "nothing", "profile.unknown"),
        (("bill", "profile"), "bay-area-draft", "profile.open"),
        (("bill", "activities", 1, "unit"), "t", "measure.does_not_convert"),
        (("bill", "activities", 1, "unit"), "桶", "measure.unknown"),
        (("bill", "activities", 1, "key"), "moonlight", "factors.none_to_choose"),
        (("bill", "activities", 1, "process"), "酸洗", "footprint.not_divided"),
        (("bill", "joint", 0, "rule"), "economic", "footprint.economic_unfounded"),
    ],
)
def test_what_cannot_be_worked_out_is_said(client: TestClient, path: tuple[Any, ...], value: Any, code: str) -> None:
    answer = client.post(URL, json=spoiled(*path, value=value))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["text"]["zh"]
    assert answer.json()["text"]["en"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("bill", "activities", 1, "amount"), -1.0),
        (("bill", "activities", 1, "amount"), "900"),
        (("bill", "activities", 1, "id"), "铝棒"),
        (("bill", "products"), []),
        (("bill", "activities", 1, "fuel"), "natural_gas"),
        (("bill", "seed"), -1),
        (("bill", "draws"), 10**9),
        (("bill", "wish"), 1),
    ],
)
def test_a_body_that_is_no_bill_is_refused(client: TestClient, path: tuple[Any, ...], value: Any) -> None:
    assert client.post(URL, json=spoiled(*path, value=value)).status_code == 422


def test_a_submitted_factor_counts_once_reviewed(client: TestClient) -> None:
    record = {
        "id": "gd", "key": "electricity", "name_zh": "省级", "value": 0.5, "unit": "kgCO2e/kWh", "level": "provincial",
        "region": "Guangdong", "data_year": 2024, "published": "2025-11-01", "source": "示例", "licence": "own",
    }  # fmt: skip
    given = {"record": record, "submitter": "甲", "submitted_on": "2025-12-01"}
    waiting = client.post(URL, json=EXAMPLE | {"submissions": [given], "on": "2026-06-01"}).json()
    assert waiting["products"][1]["level_effects"] == []
    assert "factors.not_usable" in {f["code"] for f in waiting["findings"]}
    review = {"reviewer": "乙", "on": "2026-01-02", "decision": "accepted", "reason": "核对"}
    found = client.post(URL, json=EXAMPLE | {"submissions": [given | {"review": review}], "on": "2026-06-01"}).json()
    (effect,) = found["products"][1]["level_effects"]
    assert effect["kgco2e"] == pytest.approx(0.9 * (0.5 - 0.5777))
    assert "provincial instead of national" in effect["text"]["en"]


def test_two_methods(client: TestClient) -> None:
    asked = EXAMPLE | {"one": "gbt-24067-2024", "other": "cbam-boundary"}
    found = client.post(f"{URL}/compare-methods", json=asked).json()
    by = {one["product"]: one for one in found["products"]}
    assert by["6063-B"]["difference_kgco2e"] == pytest.approx(-POWER_KG / 1_000_000)
    assert by["6063-B"]["parts"] == [
        {
            "activity": "电",
            "one": "mee-footprint-2024:national_average",
            "other": "information",
            "kgco2e": pytest.approx(-0.51993),
        }
    ]
    assert all(one["parts_add_up"] for one in found["products"])
    draft = client.post(f"{URL}/compare-methods", json=asked | {"other": "bay-area-draft"}).json()
    assert draft["products"][0]["other_kgco2e"] is None
    assert client.post(f"{URL}/compare-methods", json=asked | {"other": "x"}).status_code == 422


def test_the_methods_say_what_is_open(client: TestClient) -> None:
    found = {one["id"]: one for one in client.get(f"{URL}/profiles").json()}
    assert found["bay-area-draft"]["status"] == "draft"
    assert found["bay-area-draft"]["counts"] is None
    assert all(one["open"] for one in found.values())


def test_products_and_power_against_reports(client: TestClient) -> None:
    found = client.post(CHECK, json=EXAMPLE | CHECKS).json()
    (check,) = found["checks"]
    assert (check["result"], check["evidence_grade"], check["reference"]) == ("agrees", "A", "meter")
    assert check["sources"][-1] == "footprint"
    assert check["values"] == pytest.approx([90.2, 90.2, None, 90.0])
    (balance,) = found["balances"]
    assert balance["regime"] == "national_market"
    gas = client.post(URL, json=EXAMPLE).json()["lines"][2]["kgco2e"] / 1000
    assert balance["unexplained_tco2e"] == pytest.approx(gas - 220.0)
    assert "crosscheck.outside_boundary" in {f["code"] for f in found["findings"]}
    worse = spoiled("quantities", 0, "statements", 0, "value", value=80.0, of=EXAMPLE | CHECKS)
    told = client.post(CHECK, json=worse).json()
    assert told["score_steps"] == {"电": 2}
    assert told["after"][1]["technological"] > told["before"][1]["technological"]


def test_a_total_without_products_is_asked_for_them(client: TestClient) -> None:
    answer = client.post(CHECK, json=CHECKS)
    assert (answer.status_code, answer.json()["field"]) == (422, "bill")
    assert client.post(CHECK, json={"quantities": CHECKS["quantities"]}).status_code == 200
    assert client.post(CHECK, json={}).status_code == 200
