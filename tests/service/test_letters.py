"""Suppliers without PACT: a request goes out as a workbook, its answer closes it, and what is wrong stands at its cell."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from service import clock
from tests.service.cells import exchanged

API = "/api/v1/supplier-requests"
SITE = {"origin": "http://127.0.0.1"}
ASK = {
    "supplier": "示例铝厂",
    "product": "铝锭",
    "due": str(clock.today() + dt.timedelta(days=30)),
    "tonnes": 800.0,
}
#: Cells of the answer: footprint, unit, boundary, method, first and last day, share of own data, verifier, reference.
ANSWER = {
    "A2": 11850,
    "B2": "吨",
    "C2": "从摇篮到大门",
    "D2": "ISO 14067",
    "E2": "2025-01-01",
    "F2": "2025-12-31",
    "G2": 80,
    "H2": "示例核查机构",
}


def asked(client: TestClient, **more: Any) -> str:
    answer = client.post(API, json=ASK | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def filled(client: TestClient, number: str, **cells: Any) -> bytes:
    """Return the workbook of a request with its answer, and cells of ``Sheet_A1`` exchanged."""
    sent = client.get(f"{API}/{number}/workbook.xlsx")
    assert sent.status_code == 200
    return exchanged(sent.content, {f"Answer_{at}": value for at, value in ANSWER.items()} | cells)


def handed(client: TestClient, data: bytes) -> dict[str, Any]:
    answer = client.post(f"{API}/answers", files={"file": ("back.xlsx", data)})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_asked_sent_answered_and_kept(client: TestClient) -> None:
    number = asked(client)
    assert asked(client) == number
    made = handed(client, filled(client, number))
    assert made["findings"] == []
    assert made["answer"]["footprint_kgco2e_per_unit"] == 11850
    held = client.get(f"/api/v1/registers/requests/{number}").json()
    assert held["state"] == "received"
    assert held["record"]["answer"].startswith("11850 kgCO2e/t, 从摇篮到大门, ISO 14067")
    assert held["record"]["received_on"] == str(clock.today())
    assert held["files"] == 1
    again = handed(client, filled(client, number))
    assert [(one["code"], one["cell"]) for one in again["findings"]] == [("letter.closed", "A2")]
    assert again["request"] is None


@pytest.mark.parametrize(
    ("cells", "code", "cell"),
    [
        ({"Request_A2": "12"}, "letter.unknown_request", "A2"),
        ({"Request_A2": str(uuid4())}, "letter.unknown_request", "A2"),
        ({"Request_B2": "别的厂"}, "letter.other_request", "A2"),
        ({"Answer_A2": "约一万"}, "workbook.not_a_number", "A2"),
        ({"Answer_B2": "桶"}, "workbook.unknown_word", "B2"),
        ({"Answer_C2": "全部"}, "workbook.unknown_word", "C2"),
        ({"Answer_D2": None}, "workbook.", "D2"),
        ({"Answer_F2": "2024-01-01"}, "workbook.rule_broken", "F2"),
        ({"Answer_F2": str(clock.today() + dt.timedelta(days=2))}, "letter.data_ahead", "F2"),
        ({"Answer_G2": 180}, "workbook.out_of_bounds", "G2"),
        ({f"Answer_{at[0]}3": value for at, value in ANSWER.items()}, "letter.one_row", "A3"),
    ],
)
def test_what_is_wrong_names_its_cell_and_nothing_is_entered(
    client: TestClient, cells: dict[str, Any], code: str, cell: str
) -> None:
    number = asked(client)
    made = handed(client, filled(client, number, **cells))
    told = [one for one in made["findings"] if one["code"].startswith(code)]
    assert told, made["findings"]
    assert told[0]["cell"] == cell
    assert told[0]["text"]["zh"]
    assert told[0]["text"]["en"]
    assert made["request"] is None
    held = client.get(f"/api/v1/registers/requests/{number}").json()
    assert (held["state"], held["files"]) == ("open", 0)


def test_refusals(client: TestClient) -> None:
    late = client.post(API, json=ASK | {"due": "2020-01-01"})
    assert (late.status_code, late.json()["code"]) == (422, "pact.due_in_the_past")
    asked(client)
    other = client.post(API, json=ASK | {"tonnes": 1.0})
    assert other.status_code == 409
    assert client.get(f"{API}/{uuid4()}/workbook.xlsx").status_code == 404
    mail = client.post("/api/v1/registers/requests", json={
        "supplier": "b", "product": "c", "asked_on": "2026-01-01", "due": "2026-12-31", "source": "mail",
    })  # fmt: skip
    assert client.get(f"{API}/{mail.json()['id']}/workbook.xlsx").status_code == 404
    assert client.post(f"{API}/answers", files={"file": ("x.xlsx", b"PK")}).status_code == 422


def test_the_page(client: TestClient) -> None:
    form = {name: str(value) for name, value in ASK.items()}
    assert client.post("/suppliers", data=form, headers=SITE, follow_redirects=False).status_code == 303
    for lang, said in (("zh", "等待中"), ("en", "open")):
        page = client.get("/suppliers", params={"lang": lang})
        assert said in page.text
        assert "workbook.xlsx" in page.text
    wrong = client.post("/suppliers?lang=zh", data=form | {"due": "soon"}, headers=SITE)
    assert wrong.status_code == 422
    assert "截止日期" in wrong.text
    number = asked(client)
    bad = filled(client, number, Answer_A2="x")
    refused = client.post("/suppliers/answer", files={"file": ("x.xlsx", bad)}, headers=SITE)
    assert refused.status_code == 422
    assert "!A2" in refused.text
    done = client.post("/suppliers/answer", files={"file": ("x.xlsx", filled(client, number))}, headers=SITE)
    assert done.status_code == 200
    assert "11850 kgCO2e/t" in done.text
    assert client.post("/suppliers/answer", headers=SITE).status_code in (415, 422)
