"""The API: known answers, one row for one result, and what is found again."""

from __future__ import annotations

import io
import json
import shutil
import statistics
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from models.files import DATA
from service.app import create_app
from service.assessment import use
from service.database import Database
from service.library import Library
from service.parts import Parts
from service.settings import Settings

API = "/api/v1"
UPLOAD = f"{API}/uploads"


def do_jobs(parts: Parts) -> list[str]:
    """Do what was announced, as a worker would."""
    sent = list(dict.fromkeys(parts.sender.sent))  # type: ignore[attr-defined]
    parts.sender.sent.clear()  # type: ignore[attr-defined]
    return [use.work(parts.database, parts.library, job_id, 30) for _, job_id in sent]


def example(client: TestClient) -> bytes:
    return client.get(f"{API}/example.xlsx").content


def test_the_known_answer(client: TestClient, goods: dict[str, Any]) -> None:
    answer = client.post(f"{API}/exposures", json=goods)
    assert answer.status_code == 200
    found = answer.json()
    assert found["cost_eur"] == "3903.10"
    assert found["certificates"] == pytest.approx(51.84775, abs=1e-9)
    assert (found["see_tco2e_per_t"], found["sefa_tco2e_per_t"]) == (pytest.approx(6.6385), pytest.approx(1.453725))
    assert (found["price_eur_per_t"], found["price_status"], found["id"]) == (75.28, "official", None)
    assert {row["key"] for row in found["rows"]} >= {"see", "sefa", "certificates", "price", "cost"}
    assert all(row["label"]["zh"] and row["label"]["en"] for row in found["rows"])
    assert all(read["source"] and read["since"] for read in found["reads"])
    assert client.get(f"{API}/assessments").json()["items"] == []


def test_a_kept_exposure_is_one_row_and_is_found_again(client: TestClient, goods: dict[str, Any]) -> None:
    answers = [client.post(f"{API}/exposures?keep=true&projection=true", json=goods) for _ in range(3)]
    assert [a.status_code for a in answers] == [201, 201, 201]
    assert len({a.json()["id"] for a in answers}) == 1
    assert [year["year"] for year in answers[0].json()["projection"]] == list(range(2026, 2035))
    listed = client.get(f"{API}/assessments").json()
    assert [item["kind"] for item in listed["items"]] == ["exposure"]
    assert listed["items"][0]["cost_eur"] == "3903.10"
    where = answers[0].headers["location"]
    assert client.get(where).json()["key"] == answers[0].json()["key"]
    line = client.get(f"{where}/lines/1").json()
    step = next(step for step in line["steps"]["exposure"] if step["key"] == "see")
    assert step["value"] == pytest.approx(6.6385)
    assert step["label"]["zh"]


def test_a_draft_is_named_in_every_value_it_changed(client: TestClient, goods: dict[str, Any]) -> None:
    plain = client.post(f"{API}/exposures?projection=true", json=goods).json()
    drafted = client.post(f"{API}/exposures?projection=true&law_scenario=com-2026-616", json=goods).json()
    assert drafted["key"] != plain["key"] or drafted["projection"] != plain["projection"]
    refused = client.post(f"{API}/exposures?law_scenario=nope", json=goods)
    assert (refused.status_code, refused.json()["code"]) == (422, "law.unknown_scenario")


def test_an_unpublished_quarter_is_refused_unless_a_scenario_is_chosen(
    client: TestClient, goods: dict[str, Any]
) -> None:
    later = goods | {"imported_on": "2026-11-12"}
    refused = client.post(f"{API}/exposures", json=later)
    assert (refused.status_code, refused.json()["code"]) == (422, "cbam.price_not_published")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["hint"]["zh"]
    chosen = client.post(f"{API}/exposures?use_scenario_price=true", json=later).json()
    assert chosen["price_status"] == "scenario"
    assert "情景" in chosen["price_label"]["zh"]


def test_the_same_submission_twice_is_one_row(client: TestClient, submission: dict[str, Any]) -> None:
    answers = [client.post(f"{API}/assessments", json={"submission": submission}) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 201]
    first, second = (a.json() for a in answers)
    assert first == second
    assert first["lines"] == 2
    lines = client.get(f"{API}/assessments/{first['id']}/lines").json()
    assert [(line["line"], line["status"], line["cost_eur"]) for line in lines["items"]] == [
        (1, "ok", "3903.10"),
        (2, "refused", None),
    ]
    refused = client.get(f"{API}/assessments/{first['id']}/lines?status=refused").json()["items"]
    assert refused[0]["record"]["findings"][0]["code"] == "cbam.price_not_published"
    other = submission | {"goods": submission["goods"][:1]}
    assert client.post(f"{API}/assessments", json={"submission": other}).json()["id"] != first["id"]
    assert len(client.get(f"{API}/assessments").json()["items"]) == 2


def test_a_later_edition_of_the_law_is_a_new_row_and_the_old_one_stays(
    client: TestClient, parts: Parts, submission: dict[str, Any], tmp_path: Path
) -> None:
    old = client.post(f"{API}/assessments", json={"submission": submission}).json()
    upload = {"file": ("a.xlsx", example(client))}
    old_job = client.post(UPLOAD, files=upload).json()
    data = tmp_path / "data"
    shutil.copytree(DATA, data)
    rule = data / "law" / "eu" / "cbam" / "default_markup.yaml"
    text = rule.read_text("utf-8")
    assert "value: 0.1" in text
    rule.write_text(text.replace("value: 0.1", "value: 0.15", 1).replace("value: 0.10", "value: 0.15"), "utf-8")
    later = Parts(parts.settings, parts.database, Library(data), parts.sender)
    with TestClient(create_app(parts=later), base_url="http://127.0.0.1") as corrected:
        new = corrected.post(f"{API}/assessments", json={"submission": submission}).json()
        assert new["id"] != old["id"]
        assert new["key"] != old["key"]
        assert new["cost_eur"] != old["cost_eur"]
        assert corrected.get(f"{API}/assessments/{old['id']}").json() == old
        assert corrected.post(UPLOAD, files=upload).json()["id"] != old_job["id"]
    assert len(client.get(f"{API}/assessments").json()["items"]) == 2


def test_two_goods_of_one_line_are_refused(client: TestClient, submission: dict[str, Any]) -> None:
    twice = submission | {"goods": submission["goods"][:1] * 2}
    answer = client.post(f"{API}/assessments", json={"submission": twice})
    assert (answer.status_code, answer.json()["code"]) == (422, "goods.same_line")


def test_options_reach_the_result(client: TestClient, submission: dict[str, Any]) -> None:
    ask = {
        "submission": submission,
        "options": {"use_scenario_price": True, "price_path": "user", "user_prices": {"2026": 90}},
    }
    made = client.post(f"{API}/assessments", json=ask).json()
    lines = client.get(f"{API}/assessments/{made['id']}/lines").json()["items"]
    assert [line["record"]["price_eur_per_t"] for line in lines] == [75.28, 90]
    unknown = client.post(f"{API}/assessments", json={"submission": submission, "options": {"price_path": "nope"}})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "cbam.unknown_price_path")


def test_an_upload_becomes_a_job_and_an_assessment(client: TestClient, parts: Parts) -> None:
    data = example(client)
    files = {"file": ("示例.xlsx", data)}
    asked = client.post(UPLOAD, files=files)
    assert asked.status_code == 202
    job = asked.json()
    assert (job["state"], job["attempt"]) == ("queued", 0)
    assert asked.headers["location"] == job["links"]["self"]
    assert client.post(UPLOAD, files=files).json()["id"] == job["id"]
    assert do_jobs(parts) == ["done"]
    done = client.get(job["links"]["self"]).json()
    assert (done["state"], done["attempt"]) == ("done", 1)
    assert done["summary"]["rows_computed"] > 0
    assert done["progress"]["stage"] == "keep"
    whole = client.get(done["links"]["assessment"]).json()
    assert whole["lines"] == done["summary"]["rows_computed"] + done["summary"]["rows_refused"]
    findings = client.get(f"{done['links']['findings']}?limit=2").json()
    assert findings["total"] >= len(findings["items"])
    report = client.get(done["links"]["report"])
    assert report.content[:2] == b"PK"
    assert "attachment" in report.headers["content-disposition"]
    # done again: the message may come twice, the effect is one
    assert use.work(parts.database, parts.library, parts_job(done), 30) == "nothing to do"
    again = client.post(UPLOAD, files=files | {"file": ("other name.xlsx", data)})
    assert again.json()["id"] != job["id"]
    assert do_jobs(parts) == ["done"]
    assert client.get(again.json()["links"]["self"]).json()["assessment_id"] == done["assessment_id"]


def test_the_main_job_on_each_engine(either: Parts, submission: dict[str, Any], goods: dict[str, Any]) -> None:
    with TestClient(create_app(parts=either), base_url="http://127.0.0.1") as client:
        kept = [client.post(f"{API}/assessments", json={"submission": submission}).json() for _ in range(2)]
        assert kept[0] == kept[1]
        assert client.post(f"{API}/exposures?keep=true", json=goods).status_code == 201
        page = client.get(f"{API}/assessments?limit=1").json()
        rest = client.get(f"{API}/assessments?limit=1&cursor={page['next']}").json()
        assert len({item["id"] for item in page["items"] + rest["items"]}) == 2
        assert rest["next"] is None
        lines = client.get(f"{API}/assessments/{kept[0]['id']}/lines").json()["items"]
        assert [line["cost_eur"] for line in lines] == ["3903.10", None]
        job = client.post(UPLOAD, files={"file": ("a.xlsx", example(client))}).json()
        assert do_jobs(either) == ["done"]
        assert client.get(job["links"]["self"]).json()["state"] == "done"
        table = "日期,收盘价,成交量\n2026-11-20,41.5,5000\n"
        for _ in range(2):
            files = {"file": ("q.csv", table.encode())}
            assert client.post(f"{API}/prices/GDEA/quotes", files=files, data={"source": "x"}).status_code == 201
        assert client.get(f"{API}/prices/GDEA/reference?on=2026-11-25").json()["value"] == pytest.approx(41.5)


def parts_job(job: dict[str, Any]) -> Any:
    from uuid import UUID

    return UUID(job["id"])


def test_a_file_that_cannot_be_read_fails_with_its_reason(client: TestClient, parts: Parts) -> None:
    for name, data in (("empty.csv", b""), ("broken.xlsx", b"PK\x03\x04 broken"), ("text.xls", b"not a workbook")):
        job = client.post(UPLOAD, files={"file": (name, data)}).json()
        do_jobs(parts)
        done = client.get(job["links"]["self"]).json()
        assert done["state"] == "failed", name
        assert done["reason"]["text"]["zh"]
        assert done["reason"]["text"]["en"]
        assert done["assessment_id"] is None
    assert client.get(f"{API}/assessments").json()["items"] == []


def test_an_upload_of_another_kind_is_refused(client: TestClient) -> None:
    wrong = client.post(UPLOAD, files={"file": ("x.exe", b"MZ")})
    assert (wrong.status_code, wrong.json()["code"]) == (415, "service.wrong_media")
    large = client.post(UPLOAD, files={"file": ("x.csv", b"x" * 30_000_001)})
    assert (large.status_code, large.json()["code"]) == (413, "service.too_large")
    larger = client.post(UPLOAD, files={"file": ("x.csv", b"x" * 31_000_000)})
    assert (larger.status_code, larger.headers["content-type"]) == (413, "application/problem+json")
    none = client.post(UPLOAD, data={"price_path": "flat"})
    assert none.status_code == 422
    unknown = client.post(UPLOAD, files={"file": ("x.csv", b"x")}, data={"law_scenario": "nope"})
    assert unknown.json()["code"] == "law.unknown_scenario"


def test_a_job_can_be_cancelled_once(client: TestClient, parts: Parts) -> None:
    job = client.post(UPLOAD, files={"file": ("a.xlsx", example(client))}).json()
    assert client.post(f"{job['links']['self']}/cancel").json()["state"] == "cancelled"
    assert do_jobs(parts) == ["nothing to do"]
    assert client.post(UPLOAD, files={"file": ("a.xlsx", example(client))}).json()["state"] == "queued"
    assert do_jobs(parts) == ["done"]
    assert client.post(f"{job['links']['self']}/cancel").status_code == 409


def test_a_job_that_was_cancelled_is_tried_again_over_api_and_page(client: TestClient, parts: Parts) -> None:
    job = client.post(UPLOAD, files={"file": ("a.xlsx", example(client))}).json()
    itself = job["links"]["self"]
    assert client.post(f"{itself}/retry", json={"reason": "急用"}).status_code == 409
    client.post(f"{itself}/cancel")
    assert client.post(f"{itself}/retry", json={"reason": ""}).status_code == 422
    assert client.post(f"{itself}/retry", json={"reason": "误取消"}).json()["state"] == "queued"
    client.post(f"{itself}/cancel")
    shown = client.get(f"/jobs/{job['id']}").text
    assert f'action="/jobs/{job["id"]}/retry"' in shown
    assert client.post(f"/jobs/{job['id']}/retry", data={"reason": ""}).status_code == 422
    sent = client.post(f"/jobs/{job['id']}/retry", data={"reason": "误取消"}, follow_redirects=False)
    assert sent.status_code == 303
    assert do_jobs(parts) == ["done"]


def test_a_job_whose_program_fails_is_parked(
    client: TestClient, parts: Parts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(use, "read_file", broken)
    job = client.post(UPLOAD, files={"file": ("a.xlsx", example(client))}).json()
    for _ in range(3):
        assert use.work(parts.database, parts.library, parts_job(job), 30) == "failed: RuntimeError"
    done = client.get(job["links"]["self"]).json()
    assert (done["state"], done["reason"]["code"]) == ("parked", "service.unexpected")
    assert "broken" not in json.dumps(done)


def test_the_law_on_a_day(client: TestClient) -> None:
    found = client.get(f"{API}/law/eu.cbam.default_markup.iron_steel?on=2027-05-04").json()
    assert (found["value"], found["since"], found["unit"]) == (0.2, "2027-01-01", "fraction")
    assert found["source"] == "eu-2025-2621"
    assert found["label"]["zh"]
    listed = client.get(f"{API}/law?prefix=eu.cbam.default&on=2028-01-01").json()
    keys = {item["key"]: item for item in listed}
    assert keys["eu.cbam.default_markup.iron_steel"]["in_force"]["value"] == 0.3
    assert keys["eu.cbam.default_values"]["kind"] == "table"
    for path, status in (
        ("law/nope?on=2026-01-01", 404),
        ("law/eu.cbam.default_values?on=2026-05-01&row=CN", 404),
        ("law/eu.cbam.cbam_factor?on=2019-01-01", 422),
        ("law/eu.cbam.cbam_factor", 422),
        ("law?prefix=zz", 404),
        ("law/..%2f..%2fetc?on=2026-01-01", 404),
    ):
        assert client.get(f"{API}/{path}").status_code == status, path


def test_scenarios_are_listed_and_named_as_such(client: TestClient) -> None:
    found = client.get(f"{API}/scenarios").json()
    assert {s["name"]: s["kind"] for s in found["law"]}["com-2026-616"] == "draft"
    assert "flat" in {path["name"] for path in found["price_paths"]}


def test_reference_prices(client: TestClient) -> None:
    found = client.get(f"{API}/prices/GDEA/reference?on=2026-02-20").json()
    assert (found["value"], found["quality"], found["statistic"]) == (39.04, "C", "last_close")
    old = client.get(f"{API}/prices/GDEA/reference?on=2026-11-25")
    assert (old.status_code, old.json()["code"]) == (422, "price.too_old")
    assert old.json()["hint"]["zh"]
    assert client.get(f"{API}/prices/XXX/reference?on=2026-11-25").status_code == 404


def test_imported_quotes_are_used_and_marked_as_the_users(client: TestClient) -> None:
    table = "日期,收盘价,成交量\n2026-11-20,41.5,5000\n2026-11-23,42.5,5000\n2026-11-23,42.5,5000\nx,1,1\n"
    files = {"file": ("quotes.csv", table.encode())}
    made = client.post(f"{API}/prices/GDEA/quotes", files=files, data={"source": "交易所网站"})
    assert made.status_code == 201
    told = made.json()
    assert told["rows_kept"] == 2
    assert {finding["row"] for finding in told["findings"] if finding["severity"] == "error"} == {5}
    price = client.get(f"{API}/prices/GDEA/reference?on=2026-11-25").json()
    assert price["value"] == pytest.approx(42.0)
    assert "user: 交易所网站" in price["read"]["source"]
    corrected = {"file": ("quotes.csv", table.replace("42.5", "43.5").encode())}
    client.post(f"{API}/prices/GDEA/quotes", files=corrected, data={"source": "交易所网站"})
    assert client.get(f"{API}/prices/GDEA/reference?on=2026-11-25").json()["value"] == pytest.approx(42.5)
    unknown = client.post(f"{API}/prices/NOPE/quotes", files=files, data={"source": "x"})
    assert unknown.status_code == 404


def test_a_score(client: TestClient) -> None:
    made = client.post(f"{API}/scores", json={"indicators": {"C2": {"value": 0.12, "data_quality": 2}}})
    assert made.status_code == 200
    assert made.json()["method"] == "finance.score/1"
    assert made.json()["rows"]


def test_template_and_example_are_workbooks(client: TestClient) -> None:
    for name in ("template", "example"):
        answer = client.get(f"{API}/{name}.xlsx")
        assert answer.content[:2] == b"PK"
        assert "spreadsheetml" in answer.headers["content-type"]


def test_health_and_readiness(client: TestClient, parts: Parts) -> None:
    assert client.get(f"{API}/health").json()["status"] == "ok"
    assert client.get(f"{API}/ready").json() == {"status": "ready", "database": "sqlite", "worker": "elsewhere"}
    from alembic import command

    from service import migrate

    config = migrate.config()
    with parts.database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    unready = client.get(f"{API}/ready")
    assert (unready.status_code, unready.json()["code"]) == (503, "service.not_ready")
    assert unready.headers["retry-after"]
    away = client.get(f"{API}/assessments")
    assert away.status_code == 503


def test_every_answer_has_its_headers_and_no_page_of_others_gets_in(client: TestClient, goods: dict[str, Any]) -> None:
    for answer in (client.get(f"{API}/health"), client.get("/nope"), client.post(f"{API}/exposures", content=b"x")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
    assert client.get(f"{API}/health", headers={"host": "evil.example"}).status_code == 400
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert client.post(f"{API}/exposures", json=goods, headers=headers).status_code == 403
    same = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
    assert client.post(f"{API}/exposures", json=goods, headers=same).status_code == 200


def test_a_secret_is_asked_for(parts: Parts, goods: dict[str, Any]) -> None:
    secret = "correct horse battery"
    settings = Settings(data_dir=parts.settings.data_dir, worker="none", secret=secret)
    locked = Parts(settings, Database(settings.database), parts.library, parts.sender)
    with TestClient(create_app(parts=locked), base_url="http://127.0.0.1") as client:
        assert client.get(f"{API}/health").status_code == 200
        for headers in (
            {},
            {"authorization": "Bearer wrong"},
            {"authorization": "Basic %%%"},
            {"authorization": secret},
        ):
            assert client.get(f"{API}/assessments", headers=headers).status_code == 401
        assert client.get(f"{API}/assessments", headers={"authorization": f"Bearer {secret}"}).status_code == 200
        assert client.get(f"{API}/assessments", auth=("anyone", secret)).status_code == 200
    locked.database.dispose()


def test_words_follow_the_language_asked_for(client: TestClient) -> None:
    zh = client.get(f"{API}/jobs/{uuid4()}").json()
    en = client.get(f"{API}/jobs/{uuid4()}", headers={"accept-language": "en-GB,zh"}).json()
    assert zh["title"] == zh["text"]["zh"]
    assert en["title"] == zh["text"]["en"]


def test_the_description_is_complete(client: TestClient) -> None:
    described = client.get(f"{API}/openapi.json").json()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert operation.get("description"), (method, path)
            refusals = {status: r for status, r in operation["responses"].items() if status >= "400"}
            told = {"application/problem+json"} | (
                {"application/json"} if path == f"{API}/oauth/token" else set()
            )  # RFC 6749
            assert all(r["content"].keys() <= told for r in refusals.values()), (method, path)
            if "requestBody" in operation:
                assert {"400", "413", "415", "422"} <= set(refusals), (method, path)
    for path in ("exposures", "assessments", "scores"):
        body = described["paths"][f"{API}/{path}"]["post"]["requestBody"]["content"]["application/json"]
        for name, one in body["examples"].items():
            assert client.post(f"{API}/{path}", json=one["value"]).status_code in (200, 201), name


def test_what_is_kept_once_says_so(client: TestClient) -> None:
    """An operation that tells in words of 200 where it was there already describes it, beside 201."""
    paths = client.get(f"{API}/openapi.json").json()["paths"]
    said = {path: one["post"] for path, one in paths.items() if "(200)" in one.get("post", {}).get("description", "")}
    assert {f"{API}/kept-footprints", f"{API}/factors/submissions", f"{API}/supplier-statements"} <= said.keys()
    assert [path for path, one in said.items() if not {"200", "201"} <= one["responses"].keys()] == []
    for path in ("disclosures", "disclosures/annex.{kind}"):
        assert "404" in paths[f"{API}/{path}"]["post"]["responses"]


def test_one_exposure_is_quick(client: TestClient, goods: dict[str, Any]) -> None:
    times = []
    for _ in range(60):
        begun = time.perf_counter()
        client.post(f"{API}/exposures", json=goods)
        times.append(time.perf_counter() - begun)
    assert statistics.median(times) < 0.05


def test_what_was_written_is_json_without_surprises(client: TestClient, goods: dict[str, Any]) -> None:
    raw = io.BytesIO(client.post(f"{API}/exposures", json=goods).content)
    json.load(raw, parse_constant=lambda text: pytest.fail(text))
