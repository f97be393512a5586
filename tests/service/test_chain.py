"""A chain over HTTP, from a workbook or two tables, and in the terminal: equal figures, every refusal at its cell."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from service.cli import app
from service.embedded.routes import EXAMPLE
from tests.service.cells import exchanged

API = "/api/v1/embedded"


def changed(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(EXAMPLE) | changes


def filled(client: TestClient, **cells: Any) -> bytes:
    """Return the example workbook with cells of ``Sheet_A1`` exchanged."""
    return exchanged(client.get(f"{API}/template.xlsx", params={"example": "true"}).content, cells)


def handed(client: TestClient, data: bytes, **more: Any) -> dict[str, Any]:
    answer = client.post(f"{API}/chain/file", files={"file": ("chain.xlsx", data)} | more)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_the_printed_example(client: TestClient) -> None:
    """Slab: 80 (1.85) own, 0.06 x 60 lime, a fifth of half a MWh at 80 x 0.8, and 15 % of the sheet that comes back."""
    answer = client.post(f"{API}/chain", json=EXAMPLE)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    nodes = {one["id"]: one for one in found["nodes"]}
    own = 80 * 1.85 + 0.06 * 60 + 0.5 * 0.2 * 80 * 0.8
    slab = own / (1 - 0.15 * 1.05)
    assert nodes["板坯"]["embedded"]["full"] == pytest.approx(slab)
    assert nodes["薄板"]["embedded"]["full"] == pytest.approx(1.05 * slab)
    assert nodes["薄板"]["handed_on"]["full"] < nodes["薄板"]["embedded"]["full"]
    # They go into each other and into nothing else.
    assert [one["id"] for one in found["products"]] == ["板坯", "薄板"]
    assert found["loops"][0]["radius"] == pytest.approx((0.15 * 1.05) ** 0.5)
    assert found["check"]["residual"] < 1e-12
    assert found["check"]["iteration_difference"] < 1e-9


def test_the_workbook_and_two_tables_give_the_same_as_the_api(client: TestClient) -> None:
    by_api = client.post(f"{API}/chain", json=EXAMPLE).json()
    by_file = handed(client, filled(client))
    assert by_file["chain"]["nodes"] == by_api["nodes"]
    assert by_file["chain"]["products"] == by_api["products"]
    nodes = (
        "编号,单位,数据来源,直接排放,直接排放纳入,本节点市场价,平均已付碳价,免费配额,分配方法\n"
        "a,t,自有数据,2,是,40,5,0,基准法\nb,t,own,0.3,yes,40,5,0,benchmark\n"
    )
    inputs = "产品,投入品,用量,用量单位\nb,a,1.05,t\na,b,150,kg\n"
    made = handed(client, nodes.encode(), inputs=("inputs.csv", inputs.encode()))
    assert made["findings"] == []
    assert made["chain"]["nodes"][0]["embedded"]["full"] == pytest.approx(32720 / 337)


@pytest.mark.parametrize(
    ("cells", "code", "cell"),
    [
        ({"Inputs_B2": "没有的"}, "chain.unknown_node", "B2"),
        ({"Inputs_D2": "kg"}, "measure.does_not_convert", "D2"),
        ({"Inputs_D2": "桶"}, "measure.unknown", "D2"),
        ({"Inputs_C3": -60}, "chain.negative_input", "C3"),
        ({"Inputs_C3": "很多"}, "workbook.not_a_number", "C3"),
        ({"Inputs_C5": 2.0}, "chain.loop_grows", "C4"),
        ({"Inputs_A3": "石灰", "Inputs_B3": "板坯"}, "chain.counted_twice", "A3"),
        ({"Inputs_A3": "板坯", "Inputs_B3": "电厂", "Inputs_D3": "kWh"}, "chain.input_twice", "B3"),
        ({"Nodes_A3": "电厂"}, "chain.same_node", "A3"),
        ({"Nodes_F3": None}, "chain.coverage_unsaid", None),
        ({"Nodes_D3": "听说"}, "workbook.unknown_word", "D3"),
        ({"Nodes_E3": -1}, "workbook.out_of_bounds", "E3"),
        ({"Nodes_V5": None}, "workbook.", None),
        ({"price_A3": 40, "price_B3": "x", "price_C3": "2026-01-01", "price_D3": "2026-02-01", "price_E3": "y"},
         "chain.one_price", "A3"),
    ],
)  # fmt: skip
def test_what_is_wrong_names_its_cell_and_nothing_is_computed(
    client: TestClient, cells: dict[str, Any], code: str, cell: str | None
) -> None:
    made = handed(client, filled(client, **cells))
    told = [one for one in made["findings"] if one["code"].startswith(code)]
    assert told, made["findings"]
    assert told[0]["text"]["zh"]
    assert told[0]["text"]["en"]
    if cell:
        assert told[0]["cell"] == cell
    assert made["chain"] is None


def test_several_refusals_come_at_once(client: TestClient) -> None:
    made = handed(client, filled(client, Inputs_B2="没有的", Inputs_D3="MWh"))
    assert {one["code"] for one in made["findings"]} == {"chain.unknown_node", "measure.does_not_convert"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"nodes": []}, "input.invalid"),
        ({"inputs": [{"product": "薄板", "input": "板坯", "amount": 1.05}, {"product": "板坯", "input": "薄板", "amount": 1.0}]},
         "chain.loop_grows"),
        ({"inputs": [{"product": "薄板", "input": "板坯", "amount": -1}]}, "chain.negative_input"),
        ({"inputs": [{"product": "薄板", "input": "板坯", "amount": 1e400}]}, ""),
        ({"inputs": [{"product": "薄板", "input": "板坯", "amount": "x"}]}, ""),
        ({"products": ["没有的"]}, "chain.unknown_node"),
        ({"nodes": [{"id": "a", "level": "own", "secret": 1}]}, ""),
    ],
)  # fmt: skip
def test_bad_bodies_are_refused_in_words(client: TestClient, body: dict[str, Any], code: str) -> None:
    text = json.dumps(changed(**body)).replace("Infinity", "1e400")
    answer = client.post(f"{API}/chain", content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    if code.startswith("chain"):
        assert answer.json()["code"] == code
    assert answer.json()["text"]["zh"]


def test_files_that_are_none(client: TestClient) -> None:
    for data in (b"", b"PK\x03\x04junk", b"a,b\n1,2\n"):
        answer = client.post(f"{API}/chain/file", files={"file": ("x.xlsx", data)})
        assert answer.status_code in (200, 422)
        if answer.status_code == 200:
            assert answer.json()["chain"] is None
            assert answer.json()["findings"]


def test_the_terminal(client: TestClient, tmp_path: Path) -> None:
    book, run = tmp_path / "chain.xlsx", CliRunner()
    assert run.invoke(app, ["cost", "chain", "--template", str(book), "--example"]).exit_code == 0
    shown = run.invoke(app, ["cost", "chain", str(book)])
    assert shown.exit_code == 0, shown.output
    assert "循环" in shown.output
    told = json.loads(run.invoke(app, ["cost", "chain", str(book), "--json"]).output)
    assert told["chain"]["nodes"] == client.post(f"{API}/chain", json=EXAMPLE).json()["nodes"]
    plain = tmp_path / "chain.json"
    plain.write_text(json.dumps(EXAMPLE), "utf-8")
    english = run.invoke(app, ["cost", "chain", str(plain), "--lang", "en"])
    assert english.exit_code == 0, english.output
    assert "Loop" in english.output
    book.write_bytes(filled(client, Inputs_C5=2.0))
    refused = run.invoke(app, ["cost", "chain", str(book)])
    assert refused.exit_code == 1
    assert "板坯" in refused.output
    assert run.invoke(app, ["cost", "chain", str(tmp_path / "none.xlsx")]).exit_code == 3


def test_a_first_row_of_words_is_data_and_no_second_heading(client: TestClient) -> None:
    """A unit under a heading and no figure of four digits: the row was once taken for a heading of two rows, and lost."""
    nodes = "编号,单位,数据来源,直接排放\na,t,own,\nb,t,own,0\n"
    made = handed(client, nodes.encode(), inputs=("inputs.csv", "产品,投入品,用量,用量单位\nb,a,1.05,t\n".encode()))
    assert [one["id"] for one in made["chain"]["nodes"]] == ["a", "b"]
    assert made["chain"]["nodes"][1]["embedded"] == {"full": None, "paid": None, "marginal": None}


def test_the_page(client: TestClient) -> None:
    site = {"origin": "http://127.0.0.1"}
    for lang in ("zh", "en"):
        shown = client.get("/chain", params={"example": "true", "lang": lang})
        assert shown.status_code == 200
        assert "187.5371" in shown.text  # 158 / (1 - 0.15 x 1.05)
    assert client.get("/chain").status_code == 200
    page = client.post("/chain", files={"file": ("c.xlsx", filled(client))}, headers=site)
    assert page.status_code == 200
    assert "CEA 2026" in page.text
    wrong = client.post("/chain", files={"file": ("c.xlsx", filled(client, Inputs_C3=-60))}, headers=site)
    assert wrong.status_code == 422
    assert "C3" in wrong.text
    assert client.post("/chain", files={"file": ("c.xlsx", b"PK")}, headers=site).status_code == 422
    assert client.post("/chain", headers=site).status_code == 422
    assert "/chain" in client.get("/").text
