"""A park and offers over HTTP, from a workbook, on a page, on paper and in the terminal: equal figures, refusals at their cells."""

from __future__ import annotations

import copy
import io
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from service.cli import app
from service.supply.routes import BID_EXAMPLE, PARK_EXAMPLE
from tests.service.cells import exchanged

API = {"park": "/api/v1/parks", "bids": "/api/v1/bids"}
RESULT = {"park": "park", "bids": "comparison"}
EXAMPLE = {"park": PARK_EXAMPLE, "bids": BID_EXAMPLE}
SITE = {"origin": "http://127.0.0.1"}
BOTH = pytest.mark.parametrize("tool", ["park", "bids"])
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def filled(client: TestClient, tool: str, **cells: Any) -> bytes:
    """Return the example workbook with cells of ``Sheet_A1`` exchanged."""
    return exchanged(client.get(f"{API[tool]}/template.xlsx?example=true").content, cells)


def handed(client: TestClient, tool: str, data: bytes) -> dict[str, Any]:
    answer = client.post(f"{API[tool]}/file", files={"file": ("x.xlsx", data)})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def changed(tool: str, **changes: Any) -> dict[str, Any]:
    return copy.deepcopy(EXAMPLE[tool]) | changes


def test_the_park_of_the_example(client: TestClient) -> None:
    """Power 0.6 t/MWh; the boiler's 150 t and 60 t of its power over 3,000 GJ make 0.07 t/GJ; 35 t leave with the export."""
    answer = client.post(API["park"], json=PARK_EXAMPLE)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["total_tco2"], found["carried_tco2"], found["exported_tco2"]) == pytest.approx((1550.0, 1515.0, 35.0))
    assert [one["total_tco2"] for one in found["members"]] == pytest.approx([580.0, 700.0, 235.0])
    assert found["counted_twice_tco2"] == pytest.approx(410.0)
    assert found["difference"] < 1e-9
    assert [one["code"] for one in found["findings"]] == ["park.report_differs"]
    assert "410.0" in found["verdict"][-1]["zh"]


def test_the_offers_of_the_example(client: TestClient) -> None:
    """4,000 and 2.1 t against 4,060 and 1.2 t: equal at 60 / 0.9 = 66.67 CNY, below the 80 of the buyer."""
    answer = client.post(API["bids"], json=BID_EXAMPLE)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [(one["id"], one["rank"], one["rank_by_price"]) for one in found["offers"]] == [
        ("2", 1, 3),
        ("1", 2, 2),
        ("3", None, 1),
    ]
    assert found["offers"][0]["whole_cny_per_unit"] == pytest.approx(4060.0 + 1.2 * 80.0)
    assert found["offers"][0]["total_cny"] == pytest.approx(500.0 * 4156.0)
    assert found["flips"][0]["cny_per_t"] == pytest.approx(60.0 / 0.9)
    assert "66.67" in "".join(one["zh"] for one in found["verdict"])
    assert {"bids.no_footprint", "bids.not_verified", "bids.lead_unsure"} == {one["code"] for one in found["findings"]}


@BOTH
def test_the_workbook_gives_the_same_as_the_api(client: TestClient, tool: str) -> None:
    by_api = client.post(API[tool], json=EXAMPLE[tool]).json()
    by_file = handed(client, tool, filled(client, tool))
    assert by_file[RESULT[tool]] == by_api
    assert all(one["cell"] for one in by_file["findings"] if one["field"] not in ("offers", None)), by_file["findings"]


@pytest.mark.parametrize(
    ("tool", "cells", "code", "cell"),
    [
        ("park", {"Flows_B3": "没有的"}, "park.unknown_id", "B3"),
        ("park", {"Flows_C3": -1}, "workbook.out_of_bounds", "C3"),
        ("park", {"Flows_C3": "很多"}, "workbook.not_a_number", "C3"),
        ("park", {"Flows_D3": "桶"}, "workbook.unknown_word", "D3"),
        ("park", {"Flows_C2": 900}, "park.more_than_there_is", "D2"),
        ("park", {"Flows_A3": "热电厂", "Flows_B3": "A"}, "park.flow_twice", "B3"),
        ("park", {"Supplies_G2": 0.5, "Supplies_H2": "x"}, "workbook.rule_broken", "F2"),
        ("park", {"Supplies_H3": None}, "workbook.rule_broken", "H3"),
        ("park", {"Supplies_E3": "B"}, "workbook.rule_broken", "E3"),
        ("park", {"Supplies_B2": "光"}, "workbook.unknown_word", "B2"),
        ("park", {"Members_E2": None}, "workbook.rule_broken", "E2"),
        ("park", {"Members_A3": "A"}, "park.same_id", "A3"),
        ("park", {"Members_C2": 500}, "park.above_operator", "C2"),
        ("park", {"Park_C2": "2024-01-01"}, "workbook.rule_broken", "C2"),
        ("park", {"Park_A3": "二", "Park_B3": "2025-01-01", "Park_C3": "2025-02-01"}, "supply.one_row", "A3"),
        ("bids", {"Purchase_B2": None}, "workbook.", "B2"),
        ("bids", {"Purchase_B2": -1}, "workbook.out_of_bounds", "B2"),
        ("bids", {"Offers_B3": None, "Offers_D4": "面议"}, "bids.too_few", None),
        ("bids", {"Purchase_E2": "兆瓦时"}, "measure.does_not_convert", "E2"),
        ("bids", {"Offers_I2": None, "Offers_I3": None}, "bids.too_few", "A2"),
    ],
)
def test_what_is_wrong_names_its_cell_and_nothing_is_computed(
    client: TestClient, tool: str, cells: dict[str, Any], code: str, cell: str | None
) -> None:
    made = handed(client, tool, filled(client, tool, **cells))
    told = [one for one in made["findings"] if one["code"].startswith(code)]
    assert told, made["findings"]
    assert told[0]["sheet"]
    assert CHINESE.search(told[0]["text"]["zh"])
    assert told[0]["text"]["en"]
    if cell:
        assert told[0]["cell"] == cell, told
    assert made[RESULT[tool]] is None


def test_power_that_only_goes_round_is_refused(client: TestClient) -> None:
    cells = {"Supplies_D4": 100, "Supplies_I4": 0, "Flows_A6": "锅炉", "Flows_B6": "锅炉", "Flows_C6": 100, "Flows_A7": None,
             "Flows_B7": None, "Flows_C7": None}  # fmt: skip
    made = handed(client, "park", filled(client, "park", **cells))
    assert made["park"] is None
    assert [one["code"] for one in made["findings"]] == ["chain.loop_grows"]


def test_refusals_of_a_park_come_at_once(client: TestClient) -> None:
    made = handed(client, "park", filled(client, "park", Flows_B3="没有的", Supplies_E2="Z"))
    assert [(one["code"], one["cell"]) for one in made["findings"]] == [
        ("park.unknown_id", "E2"),
        ("park.unknown_id", "B3"),
    ]


@pytest.mark.parametrize(
    ("cells", "code", "cell"),
    [
        ({"Offers_D3": "面议"}, "workbook.not_a_number", "D3"),
        ({"Offers_I3": "大概"}, "workbook.unknown_word", "I3"),
        ({"Offers_I3": "从摇篮到坟墓"}, "bids.other_boundary", "I3"),
        ({"Offers_A3": "1"}, "bids.same_id", "A3"),
        ({"Offers_C3": "兆瓦时"}, "measure.does_not_convert", "C3"),
        ({"Offers_F3": 1}, "bids.interval", "F3"),
    ],
)
def test_an_offer_with_a_mistake_is_left_out_and_the_others_are_compared(
    client: TestClient, cells: dict[str, Any], code: str, cell: str
) -> None:
    made = handed(client, "bids", filled(client, "bids", **cells))
    assert [(one["code"], one["cell"]) for one in made["findings"] if one["severity"] == "error"] == [(code, cell)]
    assert [one["id"] for one in made["comparison"]["offers"]] == ["1", "3"]
    assert "!3" in made["comparison"]["verdict"][-1]["zh"]
    # A note on an offer behind the one left out still stands at its own row.
    assert {one["cell"] for one in made["findings"] if one["code"] == "bids.no_footprint"} == {"F4"}


def test_the_quantity_keeps_its_unit_where_the_first_offer_is_left_out(client: TestClient) -> None:
    cells = {
        "Offers_D2": "面议",
        "Offers_C3": "kg",
        "Offers_D3": 4.06,
        "Offers_F3": 1.2,
        "Offers_G3": None,
        "Offers_H3": None,
    }
    made = handed(client, "bids", filled(client, "bids", **cells))["comparison"]
    assert made["unit"] == "kg"
    assert made["offers"][0]["total_tco2e"] == pytest.approx(600.0)


@pytest.mark.parametrize(
    ("tool", "body", "code", "field"),
    [
        ("park", {"members": []}, "input.invalid", "body.members"),
        ("park", {"members": [{"id": "A", "output": 3.0}]}, "input.invalid", "body.members.0"),
        ("park", {"last": "2020-01-01"}, "input.invalid", "body"),
        ("park", {"flows": [{"supply": "x", "taker": "A", "quantity": 1.0}]}, "park.unknown_id", "flows.0.supply"),
        ("park", {"secret": 1}, "input.invalid", "body.secret"),
        ("bids", {"offers": BID_EXAMPLE["offers"][:1]}, "input.invalid", "body.offers"),
        ("bids", {"shadow_source": ""}, "input.invalid", "body.shadow_source"),
        ("bids", {"shadow_cny_per_t": -1.0}, "input.invalid", "body.shadow_cny_per_t"),
        ("bids", {"offers": [BID_EXAMPLE["offers"][0]] * 2}, "bids.same_id", "offers.1.id"),
    ],
)  # fmt: skip
def test_bad_bodies_are_refused_in_words(
    client: TestClient, tool: str, body: dict[str, Any], code: str, field: str
) -> None:
    answer = client.post(API[tool], json=changed(tool, **body))
    assert answer.status_code == 422
    told = answer.json()
    assert told["code"] == code
    assert told["text"]["zh"]
    first = told["errors"][0] if told.get("errors") else {"field": told["field"]}
    assert first["field"] == field, told
    if field in ("body", "body.members.0"):
        assert "起始日期" in first["text"]["zh"] or "产量单位" in first["text"]["zh"]


@BOTH
def test_files_that_are_none(client: TestClient, tool: str) -> None:
    for data in (b"", b"PK\x03\x04junk", b"a,b\n1,2\n"):
        answer = client.post(f"{API[tool]}/file", files={"file": ("x.xlsx", data)})
        assert answer.status_code in (200, 422)
        if answer.status_code == 200:
            assert answer.json()[RESULT[tool]] is None
            assert answer.json()["findings"]
    empty = client.get(f"{API[tool]}/template.xlsx").content
    assert (
        client.post(f"{API[tool]}/file", files={"file": ("x.xlsx", empty)}).json()["code"] == "workbook.nothing_to_read"
    )


def test_templates_offer_lists_units_and_both_languages(client: TestClient) -> None:
    for tool, sheet, heading in (("park", "Supplies", "Made or bought"), ("bids", "Offers", "CNY per unit")):
        book = openpyxl.load_workbook(io.BytesIO(client.get(f"{API[tool]}/template.xlsx").content))
        page = next(one for one in book.worksheets if one.title.endswith(sheet))
        heads = [str(cell.value) for cell in page[1]]
        assert any(heading in head and CHINESE.search(head) for head in heads)
        assert any(one.type == "list" for one in page.data_validations.dataValidation)


@BOTH
def test_the_page_and_its_papers(client: TestClient, tool: str) -> None:
    shown = {"park": "1,550.0", "bids": "4,156.00"}[tool]
    for lang in ("zh", "en"):
        assert client.get(f"/{tool}", params={"lang": lang}).status_code == 200
        page = client.get(f"/{tool}", params={"example": "true", "lang": lang})
        assert shown in page.text
        assert "None" not in re.sub(r"<[^>]+>", " ", page.text)
    page = client.post(f"/{tool}", files={"file": ("x.xlsx", filled(client, tool))}, headers=SITE)
    assert page.status_code == 200
    assert shown in page.text
    again = json.dumps(EXAMPLE[tool], ensure_ascii=False)
    for kind, start in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        for lang in ("zh", "en"):
            made = client.post(f"/{tool}", data={"again": again, "as": kind}, headers=SITE, params={"lang": lang})
            assert made.content.startswith(start)
    for more in ({"files": {"file": ("x.xlsx", b"PK")}}, {"data": {"again": "{}"}}, {}):
        refused = client.post(f"/{tool}", headers=SITE, **more)  # type: ignore[arg-type]
        assert refused.status_code == 422
        assert CHINESE.search(refused.text)
    assert f'"/{tool}' in client.get("/").text


def test_a_refused_cell_stands_on_the_page(client: TestClient) -> None:
    wrong = client.post("/park", files={"file": ("x.xlsx", filled(client, "park", Flows_B3="没有的"))}, headers=SITE)
    assert wrong.status_code == 422
    assert "!B3" in wrong.text
    left = client.post("/bids", files={"file": ("x.xlsx", filled(client, "bids", Offers_D2="面议"))}, headers=SITE)
    assert left.status_code == 200
    assert "!D2" in left.text
    assert "乙电炉厂" in left.text


def test_a_member_that_is_not_known_makes_the_total_unknown(client: TestClient) -> None:
    made = handed(client, "park", filled(client, "park", Members_C4=None))
    assert made["park"]["total_tco2"] is None
    assert "未知" in made["park"]["verdict"][0]["zh"]
    assert ("park.direct_unknown", "C4") in [(one["code"], one["cell"]) for one in made["findings"]]
    none = [offer | {"footprint_kgco2e_per_unit": None} for offer in BID_EXAMPLE["offers"]]
    bare = [{name: one[name] for name in ("id", "bidder", "price_cny_per_unit")} for one in none]
    told = client.post(API["bids"], json=changed("bids", offers=bare)).json()
    assert "没有报价给出足迹" in told["verdict"][0]["zh"]


@BOTH
def test_the_terminal(client: TestClient, tool: str, tmp_path: Path) -> None:
    book, paper, run = tmp_path / "x.xlsx", tmp_path / "x.pdf", CliRunner()
    assert run.invoke(app, ["cost", tool, "--template", str(book), "--example"]).exit_code == 0
    shown = run.invoke(app, ["cost", tool, str(book), "-o", str(paper)])
    assert shown.exit_code == 0, shown.output
    assert {"park": "陶瓷企业", "bids": "乙电炉厂"}[tool] in shown.output
    assert paper.read_bytes().startswith(b"%PDF")
    told = json.loads(run.invoke(app, ["cost", tool, str(book), "--json"]).output)
    assert told[RESULT[tool]] == client.post(API[tool], json=EXAMPLE[tool]).json()
    plain = tmp_path / "x.json"
    plain.write_text(json.dumps(EXAMPLE[tool]), "utf-8")
    english = run.invoke(app, ["cost", tool, str(plain), "--lang", "en"])
    assert english.exit_code == 0, english.output
    assert {"park": "The park comes to", "bids": "is first"}[tool] in english.output
    book.write_bytes(filled(client, tool, **{"park": {"Flows_B3": "Z"}, "bids": {"Purchase_B2": "x"}}[tool]))
    assert run.invoke(app, ["cost", tool, str(book)]).exit_code == 1
    assert run.invoke(app, ["cost", tool, str(tmp_path / "none.xlsx")]).exit_code == 3
    assert run.invoke(app, ["cost", tool]).exit_code == 2
