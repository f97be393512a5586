"""A position over HTTP and in the terminal: the printed example, a price that is too old, entries that cannot count."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from service.cli import app
from service.position.routes import EXAMPLE

URL = "/api/v1/positions"


def changed(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(EXAMPLE) | changes


def test_the_printed_example(client: TestClient) -> None:
    answer = client.post(URL, json=EXAMPLE)
    assert answer.status_code == 200
    found = answer.json()
    assert found["regime"] == "guangdong_pilot"
    assert found["free_t"] == pytest.approx(0.98 * 0.95 * 100_000)
    assert found["open_t"] == pytest.approx(1_900)
    assert found["cost_cny"] == pytest.approx(195_200)
    assert found["average_paid_cny_per_t"] == pytest.approx(1.952)
    assert found["deadline"] == "2025-07-20"
    assert [f["code"] for f in found["findings"]] == ["ets.shortfall_open"]
    flat = next(one for one in found["outlook"] if one["name"] == "flat")
    assert flat["cny_per_t"] == pytest.approx(found["market_price_cny_per_t"])
    assert flat["total_cny"] == pytest.approx(195_200 + 1_900 * flat["cny_per_t"])
    assert {one["kind"] for one in found["outlook"]} == {"path", "grid"}
    assert "cn.ets.guangdong.reduction_factor" in {read["key"] for read in found["reads"]}


def test_a_price_too_old_is_told_and_the_position_stands(client: TestClient) -> None:
    found = client.post(URL, json=changed(on="2026-11-25")).json()
    assert found["open_t"] == pytest.approx(1_900)
    assert found["outlook"] == []
    assert found["market_price_cny_per_t"] is None
    assert {f["code"] for f in found["findings"]} == {"price.too_old", "ets.overdue"}


def test_own_prices_speak_where_no_market_price_does(client: TestClient) -> None:
    own = [{"name": "报价", "cny_per_t": 42.0}]
    found = client.post(URL, json=changed(on="2026-11-25", own_prices=own)).json()
    assert [(one["name"], one["kind"], one["open_cny"]) for one in found["outlook"]] == [
        ("报价", "user", pytest.approx(79_800))
    ]


def test_bad_entries_are_named_and_the_others_count(client: TestClient) -> None:
    entries = [
        *EXAMPLE["entries"],
        {"on": "2025-06-02", "kind": "sale", "instrument": "GDEA", "tonnes": 9_999.0, "price_cny_per_t": 41.0},
        {"on": "2025-06-03", "kind": "purchase", "instrument": "GDEA"},
    ]
    found = client.post(URL, json=changed(entries=entries)).json()
    assert found["cost_cny"] == pytest.approx(195_200)
    told = {(f["code"], f["field"]) for f in found["findings"]}
    assert ("ets.more_than_held", "entries.1.tonnes") in told
    assert ("ets.entry_incomplete", "entries.2.tonnes") in told


def test_an_allocation_that_cannot_be_worked_out_is_asked_for(client: TestClient) -> None:
    products = [{"product": "瓷砖", "output_t": 50000.0}]
    found = client.post(URL, json=changed(allocation={"activity": "ceramics", "sector": "other", "products": products}))
    told = {f["code"]: f["field"] for f in found.json()["findings"]}
    assert told["ets.figure_missing"] == "allocation.products.0.historic_tco2_per_t"
    assert "ets.allocation_unknown" in told
    assert found.json()["open_t"] is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"year": {"installation": "甲", "compliance_year": 2024, "process": "ceramics"}}, "input.missing"),
        ({"year": {"installation": "甲", "compliance_year": 2030, "process": "ceramics", "verified_emissions_t": 5.0}},
         "ets.regime_unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused(client: TestClient, change: dict[str, Any], code: str) -> None:
    answer = client.post(URL, json=changed(**change))
    assert answer.status_code == 422
    assert answer.json()["code"] == code


def test_the_terminal_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "position.json"
    file.write_text(json.dumps(EXAMPLE), encoding="utf-8")
    shown = CliRunner().invoke(app, ["position", str(file)])
    assert shown.exit_code == 0, shown.output
    assert "195,200.00" in shown.output
    assert json.loads(CliRunner().invoke(app, ["position", str(file), "--json"]).output)["open_t"] == pytest.approx(
        1_900
    )
    english = CliRunner().invoke(app, ["position", str(file), "--lang", "en"]).output
    assert "Still to be bought" in english
