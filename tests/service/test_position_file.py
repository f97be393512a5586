"""A compliance year from a workbook: the same as the API, every refusal at its cell, the page and the paper."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from service.cli import app
from service.position.routes import EXAMPLE
from tests.service.cells import exchanged

API = "/api/v1/positions"


def filled(client: TestClient, **cells: Any) -> bytes:
    """Return the example workbook with cells of ``sheet_A1`` exchanged."""
    return exchanged(client.get(f"{API}/template.xlsx", params={"example": "true"}).content, cells)


def handed(client: TestClient, data: bytes) -> dict[str, Any]:
    answer = client.post(f"{API}/file", files={"file": ("p.xlsx", data)})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_the_workbook_gives_the_same_as_the_api(client: TestClient) -> None:
    by_file, by_api = handed(client, filled(client)), client.post(API, json=EXAMPLE).json()
    for key in ("emissions_t", "free_t", "net_t", "open_t", "cost_cny", "average_paid_cny_per_t", "marginal_cny_per_t"):
        assert by_file["position"][key] == by_api[key], key
    assert by_file["position"]["free_t"] == pytest.approx(93_100.0)


def test_products_cost_the_same_by_workbook_and_api_and_add_up(client: TestClient) -> None:
    by_file, by_api = handed(client, filled(client))["position"], client.post(API, json=EXAMPLE).json()
    assert by_file["products"] == by_api["products"]
    assert by_file["rest"] == by_api["rest"]
    polished = by_api["products"][0]
    paid, price = by_api["average_paid_cny_per_t"], by_api["market_price_cny_per_t"]
    assert polished["cost_cny_per_t"]["full"] == pytest.approx(2.2 * price)
    assert polished["cost_cny_per_t"]["paid"] == pytest.approx(2.2 * paid)
    assert polished["cost_cny_per_t"]["marginal"] == pytest.approx(2.2 * price * 0.069)
    parts = [*by_api["products"], by_api["rest"]]
    assert sum(one["total_cny"]["paid"] for one in parts) == pytest.approx(by_api["cost_cny"])
    assert by_api["rest"]["emissions_t"] == 2_000.0


def test_products_above_the_installation_are_told_and_not_costed(client: TestClient) -> None:
    many = EXAMPLE | {"products": [{"product": "x", "output_t": 1.0, "emissions_t": 100_001.0}]}
    found = client.post(API, json=many).json()
    assert (found["products"], found["rest"]) == ([], None)
    assert "products.exceed_site" in {one["code"] for one in found["findings"]}
    assert found["cost_cny"] is not None
    kept = handed(client, filled(client, product_B2=0))
    assert [one["product"] for one in kept["position"]["products"]] == ["釉面砖"]
    assert any(one["cell"] == "B2" for one in kept["findings"])


@pytest.mark.parametrize(
    ("cells", "code", "cell"),
    [
        ({"products_E2": None}, "ets.document_needed", "D2"),
        ({"year_F2": -5}, "workbook.", "F2"),
        ({"Account_B2": "偷走"}, "workbook.", "B2"),
        ({"Account_B2": "买入抵销单位"}, "ets.offset_instrument", "C2"),
        ({"Account_B2": "卖出", "Account_D2": 999999999}, "ets.more_than_held", None),
        ({"Account_E2": None}, "ets.", None),
        ({"year_B2": 1999}, "workbook.", "B2"),
        ({"year_U2": 0.9}, "ets.document_needed", "U2"),
        ({"year_A3": "二厂", "year_B3": 2024, "year_C3": "陶瓷"}, "ets.one_site", "A3"),
    ],
)
def test_what_is_wrong_names_its_cell(client: TestClient, cells: dict[str, Any], code: str, cell: str | None) -> None:
    cells = {k.replace("products", "Products"): v for k, v in cells.items()}
    made = handed(client, filled(client, **cells))
    told = [one for one in made["findings"] if one["code"].startswith(code)]
    assert told, made["findings"]
    assert told[0]["sheet"]
    assert told[0]["text"]["zh"]
    assert told[0]["text"]["en"]
    if cell:
        assert told[0]["cell"] == cell, told


def test_a_refused_row_leaves_the_others(client: TestClient) -> None:
    more = {"Account_A3": "2025-06-02", "Account_B3": "买入", "Account_D3": "x", "Account_E3": 40}
    made = handed(client, filled(client, **more))
    assert made["position"]["cost_cny"] == pytest.approx(5_000 * 39.04)
    assert any(one["cell"] == "D3" for one in made["findings"])


def test_the_page_and_its_papers(client: TestClient) -> None:
    site = {"origin": "http://127.0.0.1"}
    assert "1,900" in client.get("/position", params={"example": "true"}).text
    page = client.post("/position", files={"file": ("p.xlsx", filled(client))}, headers=site)
    assert "195,200.00" in page.text
    assert client.post("/position", files={"file": ("p.xlsx", b"PK")}, headers=site).status_code == 422
    assert client.post("/position", data={"again": "{}"}, headers=site).status_code == 422
    again = json.dumps(EXAMPLE, ensure_ascii=False)
    for kind, start in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        for lang in ("zh", "en"):
            paper = client.post("/position", data={"again": again, "as": kind}, headers=site, params={"lang": lang})
            assert paper.content.startswith(start)


def test_in_the_terminal(client: TestClient, tmp_path: Path) -> None:
    file, paper = tmp_path / "p.xlsx", tmp_path / "p.pdf"
    file.write_bytes(filled(client))
    done = CliRunner().invoke(app, ["position", str(file), "-o", str(paper)])
    assert done.exit_code == 0, done.output
    assert "195,200.00" in done.stdout
    assert paper.read_bytes().startswith(b"%PDF")
    file.write_bytes(b"PK")
    assert CliRunner().invoke(app, ["position", str(file)]).exit_code == 3
