"""Registers: kept, corrected, dated, shown by files, imported by cell, and what they answer; on both databases."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from service.app import create_app
from service.audit.use import events, proven
from service.auth import EMBEDDED, Who
from service.cli import app
from service.parts import Parts
from service.refusals import NotFound
from service.registers import use
from service.registers.kinds import KINDS
from tests.service.cells import exchanged
from tests.service.test_hostile import HOSTILE, variants

API = "/api/v1/registers"
PDF = b"%PDF-1.7 scan"


@pytest.fixture
def web(either: Parts) -> Iterator[TestClient]:
    with TestClient(create_app(parts=either), base_url="http://127.0.0.1", raise_server_exceptions=False) as made:
        yield made


def body(kind: str, **more: Any) -> dict[str, Any]:
    return dict(KINDS[kind].example) | more


def added(client: TestClient, kind: str, **more: Any) -> dict[str, Any]:
    answer = client.post(f"{API}/{kind}", json=body(kind, **more))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_record_of_each_register_is_kept_once_and_dated(web: TestClient) -> None:
    assert [one["kind"] for one in web.get(API).json()] == list(KINDS)
    for word in KINDS:
        made = added(web, word)
        again = web.post(f"{API}/{word}", json=body(word))
        assert (again.status_code, again.json()["id"]) == (200, made["id"]), word
        page = web.get(f"{API}/{word}", params={"on": "2026-06-01"}).json()
        assert [one["id"] for one in page["items"]] == [made["id"]]
        assert page["items"][0]["state"] == {"schemes": "not_known", "requests": "open"}.get(word, "valid"), word
        one = web.get(f"{API}/{word}/{made['id']}", params={"on": "2025-12-31"}).json()
        assert one["state"] == {"schemes": "not_known", "requests": "planned"}.get(word, "not_yet"), word
        assert one["record"]["source"] == "示例，非真实记录"
        assert one["why"]["zh"]
        assert one["why"]["en"]


def seen(record: dict[str, Any]) -> dict[str, str]:
    return {"if-match": f'"{record["version"]}"'}


def test_a_correction_takes_the_place_and_the_trail_keeps_what_was_said(web: TestClient, either: Parts) -> None:
    made = added(web, "certificates")
    other = web.post(f"{API}/certificates", json=body("certificates", product="别的"))
    assert (other.status_code, other.json()["code"]) == (409, "register.taken")
    put = web.put(
        f"{API}/certificates/{made['id']}", json=body("certificates", product="别的", withdrawn_on="2026-05-01"),
        headers=seen(made),
    )  # fmt: skip
    assert (put.status_code, put.json()["edition"]) == (200, 2)
    assert web.get(f"{API}/certificates/{made['id']}", params={"on": "2026-05-01"}).json()["state"] == "withdrawn"
    unchanged = web.put(f"{API}/certificates/{made['id']}", json=put.json()["record"], headers=seen(put.json()))
    assert unchanged.json()["edition"] == 2
    second = added(web, "certificates", number="EX-002")
    clash = web.put(f"{API}/certificates/{second['id']}", json=body("certificates"), headers=seen(second))
    assert clash.status_code == 409
    assert web.delete(f"{API}/certificates/{made['id']}", headers=seen(made)).status_code == 412
    assert web.delete(f"{API}/certificates/{made['id']}", headers=seen(put.json())).status_code == 204
    assert web.get(f"{API}/certificates/{made['id']}").status_code == 404
    assert web.delete(f"{API}/certificates/{made['id']}", headers=seen(made)).status_code == 404
    with either.database.reading() as db:
        trail = events(db, EMBEDDED, 0, 100)
        assert [event.action for event in trail] == [
            "register.added", "register.changed", "register.added", "register.removed",
        ]  # fmt: skip
        assert trail[1].detail["before"]["product"] == "示例产品"
        assert proven(db, EMBEDDED).broken is None


def test_files_show_a_record(web: TestClient) -> None:
    made = added(web, "accreditations")
    at = f"{API}/accreditations/{made['id']}/evidence"
    first = web.post(at, files={"file": ("认可证书.pdf", PDF)})
    assert (first.status_code, first.json()["filename"]) == (201, "认可证书.pdf")
    assert web.post(at, files={"file": ("认可证书.pdf", PDF)}).status_code == 200
    assert [one["id"] for one in web.get(at).json()] == [first.json()["id"]]
    assert web.get(f"{API}/accreditations/{made['id']}").json()["files"] == 1
    back = web.get(f"{at}/{first.json()['id']}")
    assert back.content == PDF
    assert back.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E8%AE%A4")
    assert back.headers["content-type"] == "application/octet-stream"
    second = added(web, "accreditations", number="2")
    assert web.get(f"{API}/accreditations/{second['id']}/evidence/{first.json()['id']}").status_code == 404
    now = web.get(f"{API}/accreditations/{made['id']}").json()
    assert web.delete(f"{API}/accreditations/{made['id']}", headers=seen(now)).status_code == 204


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("x.exe", b"MZ", 415, "service.wrong_media"),
        ("x.html", b"<html>", 415, "service.wrong_media"),
        (".pdf", PDF, 415, "service.wrong_media"),
        ("x.pdf", b"", 422, "register.empty_file"),
        ("x.pdf", b"<html>", 422, "register.not_what_it_says"),
        ("x.png", PDF, 422, "register.not_what_it_says"),
    ],
)
def test_files_that_are_not_taken(client: TestClient, name: str, data: bytes, status: int, code: str) -> None:
    made = added(client, "certificates")
    answer = client.post(f"{API}/certificates/{made['id']}/evidence", files={"file": (name, data)})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_what_the_registers_answer(web: TestClient) -> None:
    day: dict[str, Any] = {"on": "2026-06-01"}
    certificate = added(web, "certificates", method="方法一")
    at = f"{API}/certificates/{certificate['id']}/recognition"
    assert web.get(at, params=day | {"region": "HK"}).json()["answer"] == "not_known"
    added(web, "recognitions", method="方法一")
    found = web.get(at, params=day | {"region": "hk"}).json()
    assert (found["answer"], found["text"]["zh"], found["sources"]) == ("yes", "接受", ["示例，非真实记录"])
    assert web.get(at, params=day | {"region": "HK", "method": "方法二"}).json()["answer"] == "no"
    assert web.get(at, params={"on": "2029-01-01", "region": "HK"}).json()["answer"] == "no"

    verifier: dict[str, Any] = {"verifier": "示例核查机构"} | day
    assert web.get(f"{API}/accreditation", params=verifier).json()["answer"] == "not_known"
    added(web, "accreditations")
    assert web.get(f"{API}/accreditation", params=verifier).json()["answer"] == "yes"
    quality = web.get(f"{API}/statement-quality", params=verifier | {"data_quality": 2}).json()
    assert (quality["effective"], quality["findings"]) == (2.0, [])
    late = web.get(f"{API}/statement-quality", params=verifier | {"data_quality": 2, "on": "2029-01-01"}).json()
    assert (late["effective"], late["findings"][0]["code"]) == (3.0, "register.not_accredited")
    assert "house-accreditation-policy" in late["proof"][0]

    firm = {"name": "示例企业"} | day
    assert web.get(f"{API}/firm", params=firm).json()["untrustworthy"]["answer"] == "not_known"
    added(web, "listings")
    added(web, "statuses")
    found = web.get(f"{API}/firm", params=firm).json()
    assert found["untrustworthy"]["answer"] == "yes"
    assert [one["level"] for one in found["statuses"]] == ["provincial"]
    assert [one["number"] for one in found["certificates"]] == ["EX-001"]
    assert web.get(f"{API}/firm", params=firm | {"on": "2029-01-01"}).json()["certificates"] == []

    added(web, "credits", price_cny_per_t=20.0)
    effect = web.get(f"{API}/offsets", params=day | {"limit_t": 60, "allowance_cny_per_t": 40}).json()
    assert (effect["usable_t"], effect["cost_cny"], effect["saved_cny"]) == (60.0, 1200.0, 1200.0)
    year = {"on": "2026-06-01", "market": "national", "compliance_year": 2024, "emissions_t": 1000}
    effect = web.get(f"{API}/offsets", params=year).json()
    assert (effect["limit_t"], effect["usable_t"], effect["saved_cny"]) == (50.0, 50.0, None)
    assert "cn.ets.national.offset_share = 0.05" in effect["proof"][0]
    pilot = {"on": "2026-06-01", "market": "guangdong_pilot", "compliance_year": 2024}
    effect = web.get(f"{API}/offsets", params=pilot).json()
    assert (effect["limit_t"], effect["findings"][0]["code"]) == (None, "ets.offsets_not_checked")
    assert web.get(f"{API}/offsets", params=pilot | {"previous_t": 2000}).json()["usable_t"] == 100.0
    assert web.get(f"{API}/offsets", params=pilot | {"previous_t": "x"}).status_code == 422
    added(web, "catalogue")
    item = {"product": "示例产品", "catalogue": "示例目录"} | day
    assert web.get(f"{API}/in-catalogue", params=item).json()["answer"] == "yes"
    added(web, "groups")
    goods = web.get(f"{API}/group-of", params=day | {"code": "76042990"}).json()
    assert (goods["answer"], goods["reasons"][0]["zh"]) == ("yes", "EX 示例产品组")
    added(web, "requests")
    added(web, "requests", product="铝棒", received_on="2026-03-01")
    came = web.get(f"{API}/coverage", params={"on": "2027-01-01"}).json()
    assert (came["share"], came["by_tonnes"], [one["product"] for one in came["chase"]]) == (0.5, False, ["铝锭"])


def test_a_grade_under_a_scheme_given_or_held(web: TestClient) -> None:
    scheme = body("schemes", classes=[
        {"name": "A", "limit": 60.0, "includes_limit": True}, {"name": "B", "limit": 80.0, "includes_limit": True},
        {"name": "C"},
    ])  # fmt: skip
    asked = {"value": 75.0, "unit": "kgCO2e/kg", "half_width": 0.1}
    given = web.post("/api/v1/grades", json=asked | {"scheme": scheme}).json()
    assert (given["grade"], given["gap"]["to"], given["gap"]["distance"]) == ("B", "A", 15.0)
    assert sum(one["probability"] for one in given["chances"]) == pytest.approx(1.0)
    held = web.post(f"{API}/schemes", json=scheme).json()
    by_id = web.post("/api/v1/grades", json=asked | {"scheme_id": held["id"]}).json()
    assert by_id == given
    for wrong, code in (
        (asked, "register.no_scheme"),
        (asked | {"scheme": scheme, "scheme_id": held["id"]}, "register.no_scheme"),
        (asked | {"scheme": scheme, "unit": "kgCO2e/kWh"}, "grading.unit"),
        (asked | {"scheme": scheme | {"classes": [{"name": "A"}, {"name": "B"}]}}, "grading.scheme"),
        (asked | {"scheme": scheme, "low": 80.0, "high": 90.0}, "grading.spread"),
        (asked | {"scheme": scheme | {"valid_to": "2020-01-01"}}, "grading.not_in_force"),
        (asked | {"scheme_id": str(uuid4())}, "service.not_found"),
        (asked | {"scheme": scheme, "value": "75"}, "input.invalid"),
    ):
        answer = web.post("/api/v1/grades", json=wrong)
        assert answer.status_code in (404, 422)
        assert answer.json()["code"] == code


@pytest.mark.parametrize(
    ("kind", "more", "code", "field"),
    [
        ("certificates", {"valid_to": "2025-01-01"}, "register.out_of_order", "valid_to"),
        ("certificates", {"footprint": 3.0}, "register.part_missing", "unit"),
        ("certificates", {"link": "javascript:alert(1)"}, "input.invalid", None),
        ("certificates", {"holder_uscc": "123"}, "input.invalid", None),
        ("certificates", {"source": " "}, "input.invalid", None),
        ("certificates", {"more": 1}, "input.invalid", None),
        ("credits", {"tonnes": -1.0}, "input.invalid", None),
        ("credits", {"gone_on": "2026-02-01"}, "register.part_missing", "gone_as"),
        ("credits", {"instrument": "EUA"}, "input.invalid", None),
        ("schemes", {"classes": [{"name": "A"}, {"name": "B"}]}, "grading.scheme", "classes.0.limit"),
        ("listings", {"removed_on": "2025-01-01"}, "register.out_of_order", "removed_on"),
    ],
)
def test_records_that_are_refused(
    client: TestClient, kind: str, more: dict[str, Any], code: str, field: str | None
) -> None:
    answer = client.post(f"{API}/{kind}", json=body(kind, **more))
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, code, field)
    assert client.get(f"{API}/{kind}").json()["items"] == []


def test_hostile_values_are_refused_in_words(lasting: TestClient) -> None:
    whole = {
        "certificates": {
            "footprint": 1.0,
            "unit": "x",
            "issued": "2026-01-01",
            "link": "https://example.org/x",
            "grade": "A",
        },
        "recognitions": {"accepted": True, "method": "x"},
        "accreditations": {"suspended_from": "2026-02-01", "suspended_to": "2026-03-01", "withdrawn_on": "2026-04-01"},
        "credits": {
            "gone_on": "2026-02-01",
            "gone_as": "sale",
            "vintage": 2024,
            "price_cny_per_t": 1.0,
            "local": False,
        },
        "listings": {"removed_on": "2026-02-01", "uscc": "91440600000000000A"},
        "requests": {"received_on": "2026-02-01", "tonnes": 1.0},
    }
    bodies = {f"registers/{word}": body(word, **whole.get(word, {})) for word in KINDS}
    bodies["grades"] = {"scheme": body("schemes"), "value": 1.5, "unit": "kgCO2e/kg", "low": 1.0, "high": 2.0,
                        "shape": "lognormal", "parts": [{"name": "x", "value": 1.5}], "confidence": 0.9}  # fmt: skip
    wrong = []
    for at, given in bodies.items():
        for hostile in (*HOSTILE, '"0001-01-01"', "1e-320", '"x\\u0000"'):
            for place, text in variants(given, hostile):
                headers = {"content-type": "application/json"}
                answer = lasting.post(f"/api/v1/{at}", content=text.encode(), headers=headers)
                if answer.status_code >= 500 or (answer.status_code >= 400 and "<script" in answer.text):
                    wrong.append((at, place, hostile[:20], answer.status_code))
    assert wrong == []
    for word in KINDS:
        assert lasting.get(f"{API}/{word}").status_code == 200
        assert lasting.get("/registers", params={"kind": word}).status_code == 200


def test_addresses_that_are_none(client: TestClient) -> None:
    assert client.get(f"{API}/nothing").status_code == 404
    assert client.get(f"{API}/nothing/{uuid4()}").status_code == 422
    made = added(client, "certificates")
    assert client.get(f"{API}/credits/{made['id']}").status_code == 404
    assert client.get(f"{API}/certificates", params={"after": str(uuid4())}).status_code == 404


def test_pages_of_a_list_hold_each_record_once(web: TestClient) -> None:
    made = {added(web, "certificates", number=str(i), holder=f"企业{i % 3}")["id"] for i in range(11)}
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = web.get(f"{API}/certificates", params={"limit": "4"} | after).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len(seen) == 11
    assert set(seen) == made


def test_two_at_once_keep_one_record(either: Parts) -> None:
    kind = KINDS["certificates"]
    record = kind.model.model_validate(kind.example)
    meet = threading.Barrier(4)

    def work(_: int) -> tuple[UUID, bool]:
        meet.wait()
        with either.database.writing() as db:
            row, made = use.add(db, EMBEDDED, kind, record)
            return row.id, made

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(work, range(4)))
    assert len({row for row, _ in done}) == 1
    assert sum(made for _, made in done) == 1


def test_another_organisation_sees_nothing(either: Parts) -> None:
    other = Who(uuid4(), uuid4())
    kind = KINDS["certificates"]
    with either.database.writing() as db:
        row, _ = use.add(db, EMBEDDED, kind, kind.model.model_validate(kind.example))
        upload, _ = use.attach(db, EMBEDDED, kind, row.id, PDF, "x.pdf")
        assert use.held(db, other, kind, 10) == []
        with pytest.raises(NotFound):
            use.one(db, other, kind, row.id)
        with pytest.raises(NotFound):
            use.file_of(db, other, kind, row.id, upload.id)
        with pytest.raises(NotFound):
            use.attach(db, other, kind, row.id, PDF, "x.pdf")
        assert use.records(db, other, "certificates", kind.model) == []


def filled(client: TestClient, **cells: Any) -> bytes:
    """Return the example workbook with cells of ``sheet_A1`` exchanged; the sheet by the start of its English name."""
    return exchanged(client.get(f"{API}/template.xlsx", params={"example": "true"}).content, cells)


def handed(client: TestClient, data: bytes) -> dict[str, Any]:
    answer = client.post(f"{API}/file", files={"file": ("r.xlsx", data)})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_workbook_gives_the_same_records_as_the_api(web: TestClient) -> None:
    first = handed(web, filled(web))
    assert first["added"] == dict.fromkeys(KINDS, 1)
    assert first["findings"] == []
    again = handed(web, filled(web))
    assert (again["added"], again["unchanged"]) == ({}, dict.fromkeys(KINDS, 1))
    for word in KINDS:
        # The record of the row is the record of the API: it is there.
        assert web.post(f"{API}/{word}", json=body(word)).status_code == 200, word


@pytest.mark.parametrize(
    ("cells", "code", "cell"),
    [
        ({"Certificates_B2": None}, "workbook.missing", "B2"),
        ({"Certificates_Q2": "2020-01-01"}, "register.out_of_order", "Q2"),
        ({"Certificates_G2": 3.0}, "register.part_missing", "H2"),
        ({"Certificates_G2": "三"}, "workbook.not_a_number", "G2"),
        ({"Certificates_V2": "http://x"}, "workbook.invalid", "V2"),
        ({"Recognition_F2": "2026年13月1日"}, "workbook.bad_date", "F2"),
        ({"Credits_A2": "EUA"}, "workbook.unknown_word", "A2"),
        ({"Credits_C2": -5}, "workbook.", "C2"),
        ({"Credits_I2": "2026-02-01"}, "register.part_missing", "J2"),
        ({"Classes_D2": None}, "grading.scheme", "D2"),
        ({"Classes_E2": None}, "grading.scheme", "D2"),
        ({"Classes_A2": "other"}, "register.unknown_scheme", "A2"),
        ({"Schemes_F2": "随便"}, "workbook.unknown_word", "F2"),
        ({"Statuses_D2": "宇宙级"}, "workbook.unknown_word", "D2"),
        ({"Listings_E2": "2020-01-01"}, "register.out_of_order", "E2"),
        ({"Groups_C2": "76A4、7606"}, "workbook.invalid", "C2"),
        ({"Requests_D2": "2025-01-01"}, "register.out_of_order", "D2"),
    ],
)
def test_what_is_wrong_names_its_cell(client: TestClient, cells: dict[str, Any], code: str, cell: str) -> None:
    found = handed(client, filled(client, **cells))
    told = [(one["code"], one["cell"]) for one in found["findings"]]
    assert any(said.startswith(code) and at == cell for said, at in told), told
    # What is right in the file is kept all the same.
    assert sum(found["added"].values()) == len(KINDS) - 1


@pytest.mark.parametrize("cells", [{"Classes_D2": "x"}, {"Classes_A2": "other"}, {"Classes_C2": None}])
def test_a_scheme_is_never_taken_without_one_of_its_classes(client: TestClient, cells: dict[str, Any]) -> None:
    found = handed(client, filled(client, **cells))
    assert "register.classes_refused" in [one["code"] for one in found["findings"]]
    assert "schemes" not in found["added"]


def test_a_row_twice_and_other_content_are_told(client: TestClient) -> None:
    added(client, "standards", title="别的名称")
    twice = filled(client, Catalogue_A3="示例目录", Catalogue_B3="2026", Catalogue_C3="示例产品", Catalogue_F3="x")
    found = handed(client, twice)
    told = {one["code"]: one for one in found["findings"]}
    assert set(told) == {"register.taken", "register.same_row"}
    assert told["register.same_row"]["row"] == 3
    assert told["register.taken"]["sheet"].endswith("Standards")
    nothing = client.post(f"{API}/file", files={"file": ("r.xlsx", client.get(f"{API}/template.xlsx").content)})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "workbook.nothing_to_read")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_shows_imports_attaches_and_grades(client: TestClient, lang: str) -> None:
    at = {"lang": lang}
    assert client.get("/registers", params=at).status_code == 200
    page = client.post("/registers/file", params=at, files={"file": ("r.xlsx", filled(client))})
    assert page.status_code == 200
    assert ("条新增" if lang == "zh" else " new,") in page.text
    for word, kind in KINDS.items():
        shown = client.get("/registers", params=at | {"kind": word})
        assert shown.status_code == 200
        assert kind.text.get(lang) in shown.text
        assert "示例，非真实记录" in shown.text
    made = client.get(f"{API}/schemes").json()["items"][0]["id"]
    graded = client.post(
        "/registers/grade", params=at, data={"scheme": made, "value": "1.5", "half_width_percent": "10"}
    )
    assert graded.status_code == 200
    assert ("B 的概率" if lang == "zh" else "Chance of B") in graded.text
    bad = client.post("/registers/grade", params=at, data={"scheme": made, "value": "x"})
    assert bad.status_code == 422
    certificate = client.get(f"{API}/certificates").json()["items"][0]["id"]
    sent = client.post(f"/registers/certificates/{certificate}/evidence", params=at, files={"file": ("<b>.pdf", PDF)})
    assert sent.status_code == 200
    assert "&lt;b&gt;.pdf" in client.get("/registers", params=at).text
    refused = client.post(
        f"/registers/certificates/{certificate}/evidence", params=at, files={"file": ("x.exe", b"MZ")}
    )
    assert refused.status_code == 422
    assert client.post("/registers/file", params=at, files={"file": ("x.xlsx", b"no")}).status_code == 422
    assert client.get("/registers", params=at | {"kind": "nothing"}).status_code == 422


def test_the_command_line(client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "cli"))
    (tmp_path / "cli").mkdir()
    file = tmp_path / "r.xlsx"
    file.write_bytes(filled(client))
    run = CliRunner().invoke
    assert run(app, ["register", "import", str(file)]).exit_code == 0
    again = run(app, ["register", "import", str(file), "--json"])
    assert json.loads(again.stdout)["unchanged"]["credits"] == 1
    listed = run(app, ["register", "list", "certificates", "--on", "2029-01-01", "--json"])
    assert json.loads(listed.stdout)[0]["state"] == "expired"
    assert "示例企业" in run(app, ["register", "list", "certificates"]).stdout
    assert "certificates" in run(app, ["register", "list", "--lang", "en"]).stdout
    assert run(app, ["register", "list", "nothing"]).exit_code == 2
    question = tmp_path / "q.json"
    question.write_text(
        json.dumps({"scheme": body("schemes"), "value": 1.5, "unit": "kgCO2e/kg", "half_width": 0.1}), "utf-8"
    )
    graded = run(app, ["register", "grade", str(question), "--json"])
    assert json.loads(graded.stdout)["grade"] == "B"
    assert run(app, ["register", "grade", str(question)]).exit_code == 0
    (tmp_path / "bad.xlsx").write_bytes(b"no")
    assert run(app, ["register", "import", str(tmp_path / "bad.xlsx")]).exit_code == 3
