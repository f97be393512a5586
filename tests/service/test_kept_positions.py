"""Positions kept, and statements made from them: what they say is taken, what differs is refused by its field."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from service.auth import EMBEDDED
from service.cli import app
from service.parts import Parts
from service.position.routes import EXAMPLE as POSITION
from service.recompute.use import kept_results, recomputed
from service.statement.routes import EXAMPLE as STATEMENT
from tests.service.test_statement import check, file_of, issued

API = "/api/v1"
#: 95 % of 98 % of 100,000 t free, 5,000 t bought at 39.04: by hand.
PAID, SHARE = 5000 * 39.04 / 100_000, 1 - 0.98 * 0.95


def kept(client: TestClient, **more: Any) -> dict[str, Any]:
    answer = client.post(f"{API}/kept-positions", json=copy.deepcopy(POSITION) | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def asked(position: str, **more: Any) -> dict[str, Any]:
    """Return a statement of the position's site that leaves to it what it knows."""
    made = copy.deepcopy(STATEMENT["statement"]) | {
        "installation": "佛山陶瓷一厂",
        "compliance_year": 2024,
        "scheme": "GDEA",
    }
    for field in ("average_paid_cny_per_tco2", "paid_evidence"):
        del made[field]
    return {"statement": made | more, "position": position}


def final() -> dict[str, Any]:
    """Return what makes the position final: the allocation that was issued, and the contract of the purchase."""
    entry = {"on": "2025-05-01", "kind": "allocation", "instrument": "GDEA", "tonnes": 93_100.0, "for_year": 2024}
    return {"entries": [entry, POSITION["entries"][0] | {"evidence": "合同 2025-017"}]}


def test_a_position_is_kept_once_listed_audited_and_worked_out_again(client: TestClient, parts: Parts) -> None:
    made = kept(client)
    again = client.post(f"{API}/kept-positions", json=POSITION)
    assert (again.status_code, again.json()) == (200, made)
    assert made["position"] == client.post(f"{API}/positions", json=POSITION).json()
    assert [one["id"] for one in client.get(f"{API}/kept-positions").json()["items"]] == [made["id"]]
    assert client.get(f"{API}/kept-positions/{made['id']}").json() == made
    assert made["id"] in client.get("/position").text
    events = client.get(f"{API}/audit/events").json()["items"]
    assert [one["action"] for one in events] == ["position.kept"]
    with parts.database.reading() as db:
        results = kept_results(db, EMBEDDED)
    assert [(one.kind, one.outcome) for one in recomputed(parts.database, parts.library, EMBEDDED, results)] == [
        ("position", "equal")
    ]


@pytest.mark.parametrize(("more", "provisional", "evidence"), [(final(), False, "合同 2025-017"), ({}, True, None)])
def test_a_statement_takes_what_the_position_says(
    client: TestClient, more: dict[str, Any], provisional: bool, evidence: str | None
) -> None:
    position = kept(client, **more)
    number = issued(client, asked(position["id"]))["number"]
    said = json.loads(file_of(client, number))["document"]
    assert float(said["average_paid_cny_per_tco2"]) == pytest.approx(PAID)
    assert float(said["paid_share"]) == pytest.approx(SHARE)
    assert (said["position_key"], said["position_on"]) == (position["key"], "2025-07-01")
    assert said["provisional"] is provisional
    assert said["paid_by"][0]["evidence"] == (evidence or f"position {position['id']}")
    assert float(said["paid_by"][0]["cny_per_t"]) == pytest.approx(0.29 * PAID)
    assert client.post(f"{API}/statements", json=asked(position["id"])).status_code == 200


def test_any_changed_byte_of_what_the_position_says_fails(client: TestClient) -> None:
    data = file_of(client, issued(client, asked(kept(client)["id"]))["number"])
    assert check(client, data).json()["state"] == "valid"
    for word in (b'"paid_share"', b'"position_key"', b'"position_on"', b'"provisional"'):
        at = data.index(word) + len(word) + 2
        broken = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        assert check(client, broken).status_code == 422, word


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_provisional_position_is_said_in_both_languages(client: TestClient, tmp_path: Path, lang: str) -> None:
    number = issued(client, asked(kept(client)["id"]))["number"]
    path = tmp_path / "s.xlsx"
    path.write_bytes(file_of(client, number, "xlsx", lang))
    cells = " ".join(
        str(c) for s in openpyxl.load_workbook(path) for row in s.iter_rows(values_only=True) for c in row if c
    )
    assert "暂定：最终配额或核查排放未定" in cells
    assert "provisional: allocation or verified emissions are pending" in cells


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("installation", "另一厂"), ("compliance_year", 2025), ("scheme", "CEA"), ("average_paid_cny_per_tco2", 2.694),
        ("provisional", False), ("paid_evidence", "另一份合同"),
    ],
)  # fmt: skip
def test_what_differs_from_the_position_is_refused_by_its_field(client: TestClient, field: str, value: Any) -> None:
    refused = client.post(f"{API}/statements/preview", json=asked(kept(client)["id"], **{field: value}))
    assert (refused.status_code, refused.json()["code"]) == (422, "statement.other_than_position")
    assert refused.json()["field"] == f"statement.{field}"


def test_what_agrees_with_the_position_may_be_stated(client: TestClient) -> None:
    body = asked(
        kept(client, **final())["id"], average_paid_cny_per_tco2=PAID, provisional=False, paid_evidence="合同 2025-017"
    )
    assert client.post(f"{API}/statements/preview", json=body).status_code == 200


def test_a_position_without_a_price_or_that_is_not_there_is_refused(client: TestClient) -> None:
    bought = POSITION["entries"][0] | {"price_cny_per_t": None}
    refused = client.post(f"{API}/statements/preview", json=asked(kept(client, entries=[bought])["id"]))
    assert (refused.json()["code"], refused.json()["field"]) == ("statement.position_unpaid", "position")
    assert client.post(f"{API}/statements/preview", json=asked(str(UUID(int=1)))).status_code == 404


def test_a_statement_from_a_position_is_worked_out_again(client: TestClient, parts: Parts) -> None:
    issued(client, asked(kept(client)["id"]))
    with parts.database.reading() as db:
        results = kept_results(db, EMBEDDED)
    done = recomputed(parts.database, parts.library, EMBEDDED, results)
    assert {(one.kind, one.outcome) for one in done} == {("position", "equal"), ("statement", "equal")}


def test_the_workbook_names_the_position(client: TestClient, tmp_path: Path) -> None:
    position = kept(client)
    book = openpyxl.load_workbook(_template(client, tmp_path))
    site = book["装置 Site"]
    heads = {str(cell.value): cell for cell in site[1]}
    row = 2

    def put(head: str, value: Any) -> None:
        column = next(cell.column for text, cell in heads.items() if text.startswith(head))
        site.cell(row, column).value = value

    for head, value in (
        ("装置名称", "佛山陶瓷一厂"), ("履约年度", 2024), ("平均已付碳价", None), ("付款凭证", None), ("头寸编号", position["id"]),
    ):  # fmt: skip
        put(head, value)
    book.save(tmp_path / "filled.xlsx")
    files = {"file": ("s.xlsx", (tmp_path / "filled.xlsx").read_bytes())}
    found = client.post(f"{API}/statements/file/preview", files=files)
    assert found.status_code == 200, found.text
    (line,) = found.json()["lines"]
    assert line["total"]["paid"]["value"] == pytest.approx(0.29 * PAID + 1.03 * 3.0)


def _template(client: TestClient, folder: Path) -> Path:
    path = folder / "template.xlsx"
    path.write_bytes(client.get(f"{API}/statements/template.xlsx", params={"example": True}).content)
    return path


def test_the_page_keeps_what_it_shows(client: TestClient) -> None:
    answer = client.post("/position/keep?lang=en", data={"again": json.dumps(POSITION)}, follow_redirects=False)
    assert answer.status_code == 303
    assert len(client.get(f"{API}/kept-positions").json()["items"]) == 1
    assert "Kept positions" in client.get("/position?lang=en").text


def test_the_terminal_keeps_a_position(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATABASE_URL", f"sqlite:///{tmp_path}/k.db")
    path = tmp_path / "p.json"
    path.write_text(json.dumps(POSITION), "utf-8")
    found = CliRunner().invoke(app, ["position", str(path), "--keep"])
    assert found.exit_code == 0, found.output
    assert "已保存，编号" in found.output
