"""Pass-through over HTTP and in the terminal: examples, an estimate, refusals that say why."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from service.cli import app
from service.passthrough.routes import CLAUSE, MARKET

URL = "/api/v1/passthrough"


def series(n: int = 200, seed: int = 3) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    x = 150 + np.cumsum(rng.standard_normal(n))
    y = np.zeros(n)
    for t in range(1, n):
        y[t] = y[t - 1] - 0.3 * (y[t - 1] - 0.7 * (x[t - 1] - 150)) + 0.3 * (x[t] - x[t - 1]) + rng.standard_normal()
    days = np.datetime_as_string(np.datetime64("2018-01-07") + 7 * np.arange(n)).tolist()
    return {
        "price": {"name": "螺纹钢", "days": days, "values": (4000 + y).tolist()},
        "carbon": {"name": "碳成本", "days": days, "values": x.tolist()},
        "choices": {"inputs_complete": True},
    }


def test_the_printed_examples(client: TestClient) -> None:
    found = client.post(f"{URL}/exante", json=MARKET).json()
    assert 0 < found["p10"] < found["p50"] < found["p90"]
    assert found["drivers"][0]["name"] in MARKET["inputs"]
    found = client.post(f"{URL}/clause", json=CLAUSE).json()
    # Mean of 51.4, 50.0 and 49.2 less 40, times 1.9 and a tenth.
    assert found["deliveries"][0]["surcharge_per_t"] == pytest.approx(1.94)
    assert found["total"] == pytest.approx(970.0)
    assert "pass-through" in found["rows"][2]["note"]["en"]


def test_an_estimate(client: TestClient) -> None:
    answer = client.post(f"{URL}/estimate", json=series())
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["grade"] in "ABC"
    assert found["set"]["low"] < 0.7 < found["set"]["high"]
    assert found["set"]["low"] < found["theta"] < found["set"]["high"]
    assert found["verdict"]["zh"].startswith("碳成本每变动 1 元")


def test_a_d_has_no_point_value(client: TestClient) -> None:
    found = client.post(f"{URL}/estimate", json=series(42)).json()
    if found["grade"] == "D":
        assert found["theta"] is None
        assert found["multipliers"]["value"] is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"values": [5.0] * 200}, "passthrough.bad_series"),
        ({"unit": "USD/st"}, "passthrough.bad_series"),
        ({"days": ["2020-01-01"] * 200}, "passthrough.bad_series"),
        ({"days": ["soon"] * 200}, "passthrough.bad_series"),
    ],
)
def test_what_cannot_be_estimated_is_refused_in_both_languages(
    client: TestClient, change: dict[str, Any], code: str
) -> None:
    asked = series()
    asked["carbon"] |= change
    answer = client.post(f"{URL}/estimate", json=asked)
    assert answer.status_code == 422
    assert answer.json()["code"] == code


def test_nonsense_is_refused_and_never_a_failure(client: TestClient) -> None:
    market = copy.deepcopy(MARKET)
    market["inputs"]["conduct"] = {"low": 0.5, "high": 0.1}
    assert client.post(f"{URL}/exante", json=market).status_code == 422
    clause = copy.deepcopy(CLAUSE)
    clause["terms"] |= {"cap": 1.0, "floor": 2.0}
    assert client.post(f"{URL}/clause", json=clause).status_code == 422
    clause = copy.deepcopy(CLAUSE)
    clause["index"]["values"].pop()
    assert client.post(f"{URL}/clause", json=clause).status_code == 422
    clause = copy.deepcopy(CLAUSE)
    clause["deliveries"][0]["on"] = "2029-01-01"
    found = client.post(f"{URL}/clause", json=clause).json()
    assert found["total"] is None
    assert found["findings"][0]["code"] == "passthrough.index_missing"


def test_the_terminal(tmp_path: Path) -> None:
    asked = series()
    table = tmp_path / "prices.csv"
    rows = zip(asked["price"]["days"], asked["price"]["values"], asked["carbon"]["values"], strict=True)
    table.write_text("日期,螺纹钢,碳成本\n" + "\n".join(f"{d},{p},{c}" for d, p, c in rows), "utf-8")
    run = CliRunner().invoke(app, ["passthrough", "estimate", str(table), "--inputs-complete", "--json"])
    assert run.exit_code == 0, run.output
    assert json.loads(run.output)["theta"] == pytest.approx(0.7, abs=0.3)
    assert "等级" in CliRunner().invoke(app, ["passthrough", "estimate", str(table)]).output
    for name, value in (("exante", MARKET), ("clause", CLAUSE)):
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(value), "utf-8")
        assert CliRunner().invoke(app, ["passthrough", name, str(file), "--lang", "en"]).exit_code == 0
    table.write_text("日期,螺纹钢\n2020-01-01,3\n", "utf-8")
    assert CliRunner().invoke(app, ["passthrough", "estimate", str(table)]).exit_code == 3


def test_a_workbook_and_the_other_estimators_in_the_terminal(tmp_path: Path) -> None:
    from service.passthrough.workbook import template_bytes

    book = tmp_path / "prices.xlsx"
    book.write_bytes(template_bytes(filled=True))
    run = CliRunner().invoke(app, ["passthrough", "estimate", str(book), "--json"])
    assert run.exit_code == 0, run.output
    assert [one["grade"] for one in json.loads(run.output)] == ["D", "D"]
    rng = np.random.default_rng(1)
    z = rng.standard_normal(100)
    file = tmp_path / "iv.json"
    asked = {
        "price": (0.7 * z).tolist(),
        "carbon": (z + rng.standard_normal(100)).tolist(),
        "instruments": [z.tolist()],
    }
    file.write_text(json.dumps(asked | {"because": "auction volumes announced a year ahead"}), "utf-8")
    assert CliRunner().invoke(app, ["passthrough", "instruments", str(file), "--lang", "en"]).exit_code == 0
    products = [
        {"name": f"p{i}", "emissions_tco2_per_t": 1.0 + i, "prices": rng.standard_normal(40).tolist()} for i in range(4)
    ]
    file.write_text(json.dumps({"allowance": z[:40].tolist(), "products": products}), "utf-8")
    run = CliRunner().invoke(app, ["passthrough", "panel", str(file), "--json"])
    assert {row["key"] for row in json.loads(run.output)["rows"]} >= {"rate", "p_wild", "se_driscoll_kraay"}
    file.write_text(json.dumps({"allowance": [1.0] * 40, "products": products}), "utf-8")
    assert CliRunner().invoke(app, ["passthrough", "panel", str(file)]).exit_code != 0


def test_a_price_along_a_path_of_costs(client: TestClient) -> None:
    asked = {"estimate": series(), "cost_cny_per_t": [100.0, *[110.0] * 60]}
    found = client.post(f"{URL}/projection", json=asked).json()
    theta = client.post(f"{URL}/estimate", json=series()).json()["theta"]
    assert found["p50"][-1] == pytest.approx(10.0 * theta, abs=0.6)
    assert found["p10"][-1] < found["p50"][-1] < found["p90"][-1]
    weak = client.post(f"{URL}/projection", json=asked | {"estimate": series(42)}).json()
    assert (weak["p50"] is None) == (weak["grade"] == "D")
    assert client.post(f"{URL}/projection", json=asked | {"cost_cny_per_t": [1.0]}).status_code == 422
