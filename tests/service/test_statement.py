"""Statements over HTTP: signed, checked to the byte, taken back, and chained without counting a tonne twice."""

from __future__ import annotations

import base64
import copy
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import YuetanError
from service.app import create_app
from service.auth import EMBEDDED
from service.library import Library
from service.parts import Parts
from service.settings import Settings
from service.statement.document import document_of
from service.statement.routes import EXAMPLE
from service.statement.seal import Altered, opened, public_of, signed
from service.statement.use import StatementAsk
from tests.service.cells import exchanged

API = "/api/v1"
MARKET = EXAMPLE["statement"]["market"]


def asked(**more: Any) -> dict[str, Any]:
    made = copy.deepcopy(EXAMPLE)
    made["statement"] |= more
    return made


def issued(client: TestClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"{API}/statements", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def file_of(client: TestClient, number: str, kind: str = "json", lang: str = "zh") -> bytes:
    answer = client.get(f"{API}/statements/{number}.{kind}", params={"lang": lang})
    assert answer.status_code == 200, answer.text
    return answer.content


def check(client: TestClient, data: bytes) -> Any:
    return client.post(f"{API}/statements/check", files={"file": ("x", data)})


def test_preview_keeps_nothing(client: TestClient) -> None:
    made = client.post(f"{API}/statements/preview", json=EXAMPLE).json()
    # 0.29 tCO2/t at 39.04 and 1.03 t of coil at 80: by hand.
    assert made["total"]["full"]["value"] == pytest.approx(0.29 * 39.04 + 1.03 * 80.0)
    assert made["total"]["paid"]["value"] == pytest.approx(0.29 * 2.694 + 1.03 * 3.0)
    assert made["total"]["marginal"]["value"] == pytest.approx(39.04 * 0.02 + 1.03 * 5.0)
    assert made["paid_by"][0]["cny_per_t"] == pytest.approx(0.78126)
    assert client.get(f"{API}/statements").json() == {"items": []}


@pytest.mark.parametrize("kind", ["json", "pdf", "xlsx"])
def test_a_file_checks_and_says_who(client: TestClient, kind: str) -> None:
    made = issued(client, EXAMPLE)
    found = check(client, file_of(client, made["number"], kind)).json()
    assert (found["kind"], found["state"], found["issuer_key"]) == (kind, "valid", "own")
    assert found["number"] == made["number"]
    assert found["total_cny_per_t"]["paid"] == "3.8713"
    assert found["link"] == f"http://127.0.0.1/verify/{made['number']}"


def test_the_same_input_is_the_same_statement(client: TestClient) -> None:
    first = issued(client, EXAMPLE)
    again = client.post(f"{API}/statements", json=EXAMPLE)
    assert again.status_code == 200
    assert again.json() == first
    assert len(client.get(f"{API}/statements").json()["items"]) == 1


def test_a_withdrawn_one_is_refused_everywhere(client: TestClient) -> None:
    made = issued(client, EXAMPLE)
    data = file_of(client, made["number"], "pdf")
    gone = client.post(f"{API}/statements/{made['number']}/withdraw", json={"reason": "核查后更正"}).json()
    assert (gone["state"], gone["reason"]) == ("withdrawn", "核查后更正")
    assert check(client, data).json()["state"] == "withdrawn"
    assert client.get(f"{API}/verify/{made['number']}").json()["state"] == "withdrawn"
    refused = client.post(f"{API}/supplier-statements", files={"file": ("x.pdf", data)})
    assert (refused.status_code, refused.json()["code"]) == (422, "statement.withdrawn")
    anew = issued(client, EXAMPLE)
    assert anew["number"] != made["number"]


def test_the_chain_hands_every_tonne_on_once(client: TestClient) -> None:
    slab = issued(client, asked(product="板坯", quantity_t=1000.0, upstream=[], average_paid_cny_per_tco2=10.0))
    data = file_of(client, slab["number"])
    assert client.post(f"{API}/supplier-statements", files={"file": ("s.json", data)}).status_code == 201
    assert client.post(f"{API}/supplier-statements", files={"file": ("s.json", data)}).status_code == 200
    supplies = [{"number": slab["number"], "t_per_t": 1.25}]
    coil = asked(product="卷", quantity_t=600.0, upstream=[], average_paid_cny_per_tco2=2.0, installation="二号") | {
        "supplies": supplies
    }
    made = client.post(f"{API}/statements/preview", json=coil).json()
    assert made["total"]["paid"]["value"] == pytest.approx(0.29 * 2.0 + 1.25 * 2.9)
    assert [payer["cny_per_t"] for payer in made["paid_by"]] == [pytest.approx(0.58), pytest.approx(3.625)]
    first = issued(client, coil)
    # 750 t of 1,000 t are handed on; 250 t are left, and 200 t of coil take them all.
    too_much = client.post(
        f"{API}/statements",
        json=coil | {"statement": coil["statement"] | {"quantity_t": 200.1, "customer": {"name": "B"}}},
    )
    assert (too_much.status_code, too_much.json()["code"]) == (422, "statement.exhausted")
    assert too_much.json()["field"] == "supplies.0.t_per_t"
    issued(client, coil | {"statement": coil["statement"] | {"quantity_t": 200.0, "customer": {"name": "B"}}})
    assert client.get(f"{API}/supplier-statements").json()["items"][0]["used_t"] == 1000.0
    # One taken back gives its tonnes back; a supplier's taken back stops ours.
    client.post(f"{API}/statements/{first['number']}/withdraw", json={"reason": "x"})
    assert client.get(f"{API}/supplier-statements").json()["items"][0]["used_t"] == 250.0
    client.post(f"{API}/statements/{slab['number']}/withdraw", json={"reason": "x"})
    stopped = client.post(f"{API}/statements/preview", json=coil)
    assert (stopped.status_code, stopped.json()["code"]) == (422, "statement.withdrawn")


def test_figures_no_statement_holds(client: TestClient) -> None:
    """A trace far below any payment is nothing; an allocation of 1e14 t per t is refused in words."""
    made = issued(client, asked(free_tco2_per_t=1e-45, error_share=None))
    assert json.loads(file_of(client, made["number"]))["document"]["free_tco2_per_t"] == "0"
    beyond = client.post(f"{API}/statements", json=asked(free_tco2_per_t=1e14, market=MARKET | {"cny_per_t": 1e14}))
    assert (beyond.status_code, beyond.json()["code"]) == (422, "statement.beyond_figures")


def test_a_supplier_statement_is_not_typed_in_nor_guessed(client: TestClient) -> None:
    line = {"product": "a", "issuer": "b", "t_per_t": 1.0, "level": "statement", "statement": "x"}
    typed = client.post(f"{API}/statements/preview", json=asked(upstream=[line]))
    assert (typed.status_code, typed.json()["code"]) == (422, "statement.by_hand")
    unknown = {"supplies": [{"number": "00000000-0000-4000-8000-000000000009", "t_per_t": 1.0}]}
    missing = client.post(f"{API}/statements/preview", json=EXAMPLE | unknown)
    assert (missing.status_code, missing.json()["code"]) == (422, "statement.not_brought_in")


def test_another_installation_is_trusted_once_its_key_was_compared(
    client: TestClient, tmp_path: Path, library: Library, blank: Path
) -> None:
    key = Ed25519PrivateKey.generate()
    data = signed(document_of(*_made()), key).data
    found = check(client, data).json()
    assert (found["issuer_key"], found["state"]) == ("unknown", "not_registered_here")
    refused = client.post(f"{API}/supplier-statements", files={"file": ("s.json", data)})
    assert (refused.status_code, refused.json()["code"]) == (422, "statement.unknown_key")
    new = {"public": base64.b64encode(public_of(key)).decode(), "issuer": "别家", "compared": "电话"}
    assert client.post(f"{API}/trusted-keys", json=new).status_code == 201
    other = client.post(f"{API}/supplier-statements", files={"file": ("s.json", data)})
    assert (other.status_code, other.json()["code"]) == (422, "statement.other_issuer")


def _made() -> Any:
    import datetime as dt

    from models.statement import statement

    made = statement(StatementAsk.model_validate(EXAMPLE).statement)
    return made, "00000000-0000-4000-8000-000000000001", dt.date(2026, 11, 25), None


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[1]", b"%PDF-1.7 nothing", b"PK\x03\x04", b"\xff\xfe", b'{"a":1,"a":2}', b"x" * 100]
)
def test_what_is_no_statement_is_refused(client: TestClient, data: bytes) -> None:
    answer = check(client, data)
    assert (answer.status_code, answer.json()["code"]) == (422, "statement.not_one")


def test_papers_open_and_carry_the_same(client: TestClient) -> None:
    number = issued(client, EXAMPLE)["number"]
    paper = pypdf.PdfReader(io.BytesIO(file_of(client, number, "pdf", "en")), strict=True)
    text = "".join(page.extract_text() for page in paper.pages)
    assert "Carbon cost statement" in text
    assert "采购合同 2025-017" in text
    assert "serves no deduction" in text
    assert "3.0900" in text
    data = file_of(client, number, "xlsx")
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    cells = [
        str(c.value)
        for row in openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows()
        for c in row
        if c.value is not None
    ]
    assert "碳成本单" in cells
    assert opened(data)[0].data == file_of(client, number)


@pytest.fixture(scope="module")
def files(lasting: TestClient) -> dict[str, bytes]:
    number = issued(lasting, EXAMPLE)["number"]
    return {kind: file_of(lasting, number, kind) for kind in ("json", "pdf", "xlsx")}


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(["json", "pdf", "xlsx"]), at=st.floats(0, 1, exclude_max=True), other=st.integers(1, 255))
def test_any_changed_byte_fails(files: dict[str, bytes], kind: str, at: float, other: int) -> None:
    data = bytearray(files[kind])
    place = int(at * len(data))
    data[place] ^= other
    with pytest.raises(YuetanError):
        opened(bytes(data))


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(["json", "pdf", "xlsx"]), at=st.floats(0, 1), more=st.binary(min_size=1, max_size=3))
def test_any_byte_more_fails(files: dict[str, bytes], kind: str, at: float, more: bytes) -> None:
    data = files[kind]
    place = int(at * len(data))
    with pytest.raises(YuetanError):
        opened(data[:place] + more + data[place:])


def test_every_byte_of_the_json_counts(files: dict[str, bytes]) -> None:
    data = files["json"]
    for place in range(len(data)):
        with pytest.raises(YuetanError):
            opened(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])


def test_the_same_figures_written_another_way_fail(files: dict[str, bytes]) -> None:
    whole = json.loads(files["json"])
    with pytest.raises(Altered):
        opened(json.dumps(whole, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode())
    with pytest.raises(Altered):
        opened(json.dumps(whole, ensure_ascii=False, indent=1).encode())


def test_where_organisations_share_a_service_nobody_issues_in_anothers_name(
    tmp_path: Path, library: Library, parts: Parts
) -> None:
    from service.statement.use import NotYourName, issue

    shared = Settings(data_dir=tmp_path, sign_in="accounts", worker="none")
    with parts.database.writing() as db, pytest.raises(NotYourName):
        issue(db, EMBEDDED, shared, StatementAsk.model_validate(EXAMPLE), _made()[2], None, library.accreditation)


def test_on_both_databases(either: Parts) -> None:
    with TestClient(create_app(parts=either), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        test_the_chain_hands_every_tonne_on_once(client)


def test_pages(client: TestClient) -> None:
    assert "还没有" in client.get("/statements").text
    made = issued(client, EXAMPLE)
    data = file_of(client, made["number"], "pdf")
    site = {"origin": "http://127.0.0.1"}
    kept = client.post("/statements/bring-in", files={"file": ("s.pdf", data)}, headers=site)
    assert kept.status_code == 200
    assert made["number"] in kept.text
    wrong = client.post("/statements/bring-in", files={"file": ("s.pdf", b"%PDF-")}, headers=site)
    assert (wrong.status_code, "不是一张完整的碳成本单" in wrong.text) == (422, True)
    link = f"/verify/{made['number']}"
    assert "没有撤回" in client.get(link).text
    assert "验证码与登记的成本单一致" in client.get(link, params={"code": made["sha256"][:16]}).text
    assert "不一致" in client.get(link, params={"code": "0" * 16}).text
    assert "不一致" in client.get(link, params={"code": made["sha256"][:3]}).text
    shown = client.post("/verify", files={"file": ("s.pdf", data)}, headers=site, params={"lang": "en"}).text
    assert "The signature holds and the statement stands" in shown
    assert client.post("/verify", files={"file": ("s.pdf", data[:-1])}, headers=site).status_code == 422
    client.post(f"/statements/{made['number']}/withdraw", data={"reason": "更正"}, headers=site)
    assert "已撤回，请勿使用" in client.get(link, params={"lang": "zh"}).text
    assert client.get("/verify/00000000-0000-4000-8000-000000000009").status_code == 404


def test_anybody_may_verify_where_people_sign_in(tmp_path: Path, library: Library, blank: Path) -> None:
    from tests.service.conftest import installed

    for parts in installed(tmp_path, library, blank, sign_in="accounts"):
        with TestClient(create_app(parts=parts), base_url="http://127.0.0.1", follow_redirects=False) as web:
            assert web.get("/verify").status_code == 200
            assert web.get("/api/v1/verify/00000000-0000-4000-8000-000000000009").status_code == 404
            assert web.get("/statements").status_code == 303
            assert web.get("/api/v1/statements").status_code == 401


def filled(client: TestClient, **cells: Any) -> bytes:
    """Return the example workbook with cells of ``sheet!A1`` exchanged."""
    return exchanged(client.get(f"{API}/statements/template.xlsx", params={"example": "true"}).content, cells)


def handed(client: TestClient, data: bytes, path: str = "") -> dict[str, Any]:
    answer = client.post(f"{API}/statements/file{path}", files={"file": ("s.xlsx", data)})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_workbook_gives_the_same_as_the_api(client: TestClient) -> None:
    made = handed(client, filled(client), "/preview")
    assert made["findings"] == []
    assert made["lines"][0]["total"]["full"]["value"] == pytest.approx(0.29 * 39.04 + 1.03 * 80.0)
    assert made["lines"][0]["number"] is None
    first, again = handed(client, filled(client)), handed(client, filled(client))
    assert first["lines"][0]["number"] == again["lines"][0]["number"]
    assert len(client.get(f"{API}/statements").json()["items"]) == 1


@pytest.mark.parametrize(
    ("cells", "code", "cell"),
    [
        ({"Statements_G2": 0}, "workbook.", "G2"),
        ({"Statements_J2": "-0.2"}, "workbook.", "J2"),
        ({"Statements_B2": "二号"}, "statement.unknown_site", "B2"),
        ({"Statements_M2": "经济价值"}, "workbook.", None),
        ({"Suppliers_A2": "9", "Suppliers_B2": "x", "Suppliers_C2": 1}, "statement.unknown_line", "A2"),
        ({"Suppliers_A2": "1", "Suppliers_B2": "x", "Suppliers_C2": 1}, "workbook.", "B2"),
        (
            {"Suppliers_A2": "1", "Suppliers_B2": "00000000-0000-4000-8000-000000000009", "Suppliers_C2": 1},
            "statement.not_brought_in",
            None,
        ),
        ({"Site_N2": None}, "statement.part_missing", "N2"),
        ({"Averages_H2": 90}, "workbook.", None),
    ],
)
def test_what_is_wrong_in_a_workbook_names_its_cell(
    client: TestClient, cells: dict[str, Any], code: str, cell: str | None
) -> None:
    made = handed(client, filled(client, **cells))
    told = [one for one in made["findings"] if one["severity"] in ("error", "question")]
    assert told, made
    assert told[0]["code"].startswith(code), told
    assert all(one["text"]["zh"] and one["text"]["en"] for one in told)
    if cell:
        assert told[0]["cell"] == cell, told
    if code != "statement.unknown_line":
        assert made["lines"] == []


def test_the_page_takes_a_workbook(client: TestClient) -> None:
    site = {"origin": "http://127.0.0.1"}
    tried = client.post("/statements", files={"file": ("s.xlsx", filled(client))}, headers=site)
    assert "93.7216" in tried.text
    assert client.get(f"{API}/statements").json()["items"] == []
    done = client.post("/statements", files={"file": ("s.xlsx", filled(client))}, data={"issue": "yes"}, headers=site)
    assert client.get(f"{API}/statements").json()["items"][0]["number"] in done.text
    assert client.post("/statements", files={"file": ("s.xlsx", b"PK")}, headers=site).status_code == 422


def test_a_workbook_handed_in_again_does_not_use_a_supply_twice(client: TestClient) -> None:
    slab = issued(client, asked(product="板坯", quantity_t=1200.0, upstream=[], installation="炼钢"))
    client.post(f"{API}/supplier-statements", files={"file": ("s.json", file_of(client, slab["number"]))})
    data = filled(client, Suppliers_A2="1", Suppliers_B2=slab["number"], Suppliers_C2=1)
    first, again = handed(client, data), handed(client, data)
    assert first["lines"][0]["number"] == again["lines"][0]["number"] is not None
    assert client.get(f"{API}/supplier-statements").json()["items"][0]["used_t"] == 1200.0
