"""An installation over HTTP and in the terminal: the printed example, the lists, findings beside results, refusals."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from service.cli import app
from service.installation.routes import _EXAMPLES
from service.library import Library

URL = "/api/v1/installations/see"
COIL = {"name": "卷", "mass_t": 1050.0, "known": "verified", "see_tco2e_per_t": 2.1, "sefa_tco2e_per_t": 1.38148491}
SHOP = {"id": "structure", "cn_code": "73089059", "activity_t": 1000.0, "direct_t": 20.0, "precursors": [COIL]}


def test_the_printed_example(client: TestClient) -> None:
    answer = client.post(URL, json={"year": 2026, "processes": [SHOP]})
    assert answer.status_code == 200
    made = answer.json()["processes"][0]
    assert made["see_tco2e_per_t"] == pytest.approx(2.225)
    assert made["sefa_tco2e_per_t"] == pytest.approx(1.5597591555)
    assert made["declared"] == {"attributed_t": 20.0, "see_tco2e_per_t": 2.225, "sefa_tco2e_per_t": 1.55976}
    assert [row["key"] for row in made["rows"]] == [
        "direct", "attributed", "activity", "own", "indirect", "precursor.1", "see", "see_direct", "see_indirect",
        "sfa", "free.1", "sefa", "share_default",
    ]  # fmt: skip
    assert "eu.cbam.benchmarks[73089059,A,]" in {read["key"] for read in made["reads"]}


def test_the_example_of_lists_shows_every_step_and_what_was_assumed(client: TestClient) -> None:
    answer = client.post(URL, json=_EXAMPLES["galvanising"]["value"])
    assert answer.status_code == 200
    found = answer.json()
    made = found["processes"][0]
    assert made["see_tco2e_per_t"] == pytest.approx(2492.56 / 1020)
    assert made["share_default"] == pytest.approx(904.75 / 2492.56)
    assert made["rows"][0]["note"]["zh"] == "2,100 GJ × 56.1 tCO2/TJ"
    assert [f["code"] for f in found["findings"]] == ["cbam.default_used"]
    assert found["findings"][0]["field"] == "purchases.1.see_direct_tco2e_per_t"
    assert [row["key"] for row in found["balance"]][-1] == "attributed"
    assert found["goods"][0]["cn_code"] == "72104900"
    assert len(found["key"]) == 64


def test_a_bad_row_leaves_the_others_and_names_what_hangs_on_it(client: TestClient) -> None:
    doc: dict[str, Any] = copy.deepcopy(_EXAMPLES["galvanising"]["value"])
    doc["processes"] += [
        {"id": "tower", "cn_code": "73082000", "activity_t": 100.0, "direct_t": 1.0},
        {"id": "ore", "cn_code": "26011200", "activity_t": 10.0, "direct_t": 2.0},
    ]
    doc["uses"].append({"process": "tower", "from_process": "galvanised", "mass_t": 103.0})
    doc["streams"][0]["ef_tco2_per_tj"] = None
    answer = client.post(URL, json=doc)
    assert answer.status_code == 200
    found = answer.json()
    assert [one["id"] for one in found["processes"]] == ["ore"]
    assert {one["id"]: one["code"] for one in found["refused"]} == {
        "galvanised": "cbam.stream_incomplete",
        "tower": "cbam.upstream_refused",
    }
    assert "galvanised" in found["refused"][1]["text"]["zh"]
    places = {f["field"] for f in found["findings"] if f["severity"] == "error"}
    assert places == {"streams.0.ef_tco2_per_tj", "processes.1.precursors"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cn_code": "76151080"}, "cbam.out_of_scope"),
        ({"cn_code": "72071210"}, "cbam.route_needed"),
        ({"activity_t": 0.0}, "cbam.zero_activity"),
        ({"direct_t": None}, "cbam.no_emissions_stated"),
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


@pytest.mark.parametrize("value", [-1.0, None, "many", 1e300])
def test_bad_activity_is_named_and_not_repeated(client: TestClient, value: object) -> None:
    answer = client.post(URL, json={"year": 2026, "processes": [SHOP | {"activity_t": value}]})
    assert answer.status_code == 422
    assert "activity_t" in answer.json()["errors"][0]["field"]
    assert "many" not in answer.text


@pytest.mark.parametrize("huge", [{"amount": 1e15}, {"amount": 1e-300}, {"amount": 0.0}])
def test_absurd_amounts_never_break_the_service(client: TestClient, huge: dict[str, float]) -> None:
    doc: dict[str, Any] = copy.deepcopy(_EXAMPLES["galvanising"]["value"])
    doc["streams"][0] |= huge
    doc["processes"][0]["activity_t"] = 1e-300
    answer = client.post(URL, json=doc)
    assert answer.status_code in (200, 422)
    assert "NaN" not in answer.text


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, library: Library) -> None:
    monkeypatch.setattr("service.library.Library", lambda: library)
    monkeypatch.delenv("YUETAN_LANG", raising=False)


@pytest.mark.usefixtures("terminal")
def test_the_terminal_says_the_same_from_json_and_yaml(tmp_path: Path) -> None:
    doc = _EXAMPLES["galvanising"]["value"]
    as_json, as_yaml = tmp_path / "plant.json", tmp_path / "plant.yaml"
    as_json.write_text(json.dumps(doc), "utf-8")
    as_yaml.write_text(
        "year: 2026\n"
        "processes: [{id: 镀锌, cn_code: '72104900', activity_t: 1020}]\n"
        "streams: [{id: 气, method: combustion, amount: 2100, unit: GJ, ef_tco2_per_tj: 56.1, shares: {镀锌: 1}}]\n"
        "purchases: [{id: 甲, material: 卷, cn_code: '72083700', origin: VN, bought_t: 1050}]\n"
        "uses: [{process: 镀锌, material: 卷, mass_t: 1050}]\n",
        "utf-8",
    )
    shown = CliRunner().invoke(app, ["cbam", "see", str(as_yaml)])
    assert shown.exit_code == 0, shown.output
    assert "装置汇总" in shown.stdout
    assert "镀锌" in shown.stdout
    assert "按 VN 的默认值计算" in shown.stdout.replace("\n", "")
    told = CliRunner().invoke(app, ["cbam", "see", str(as_json), "--json", "--lang", "en"])
    assert json.loads(told.stdout)["processes"][0]["see_tco2e_per_t"] == pytest.approx(2492.56 / 1020)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("name", "text", "code", "said"),
    [
        ("a.json", "{", 3, ""),
        ("a.json", '{"year": 2026, "year": 2026}', 3, ""),
        ("a.yaml", "year: [", 3, "a.yaml"),
        ("a.yaml", "year: 2026\nprocesses: [{id: a}]\n", 3, "processes.0.cn_code"),
        ("a.yaml", "year: 2026\nprocesses: [{id: a, cn_code: '73089059', activity_t: 0, direct_t: 0}]\n", 1, "cbam.zero_activity"),
    ],
)  # fmt: skip
def test_the_terminal_names_what_it_cannot_read(tmp_path: Path, name: str, text: str, code: int, said: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    done = CliRunner().invoke(app, ["cbam", "see", str(tmp_path / name)])
    assert done.exit_code == code, done.output
    assert said in done.output


@pytest.mark.usefixtures("terminal")
def test_strict_ends_with_four_where_a_process_is_refused(tmp_path: Path) -> None:
    doc = {"year": 2026, "processes": [SHOP, SHOP | {"id": "b", "activity_t": 0.0}]}
    (tmp_path / "p.json").write_text(json.dumps(doc), "utf-8")
    assert CliRunner().invoke(app, ["cbam", "see", str(tmp_path / "p.json")]).exit_code == 0
    assert CliRunner().invoke(app, ["cbam", "see", str(tmp_path / "p.json"), "--strict"]).exit_code == 4
