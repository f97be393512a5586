"""The pages: both languages, no outside request, refusals as pages, and every figure of the record shown."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from service.assessment import use
from service.pages import routes
from service.pages.frame import HERE, tools, words
from service.parts import Parts
from service.workbook.example import example_bytes

WORDS = words()
VENDOR = HERE / "static" / "vendor"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def assessed(client: TestClient, parts: Parts) -> str:
    """Hand the example in through the page, do the job, and give the address of the result."""
    sent = client.post("/upload", files={"file": ("foshan.xlsx", example_bytes())}, follow_redirects=False)
    assert sent.status_code == 303
    job = sent.headers["location"].rsplit("/", 1)[1]
    assert client.get(f"/jobs/{job}").status_code == 200
    assert use.work(parts.database, parts.library, UUID(job), 30.0) == "done"
    done = client.get(f"/jobs/{job}", follow_redirects=False)
    assert done.status_code == 303
    fragment = client.get(f"/jobs/{job}/progress")
    assert fragment.headers["hx-redirect"] == done.headers["location"]
    return str(done.headers["location"])


def test_words_are_whole_and_used() -> None:
    sources = "".join(p.read_text(encoding="utf-8") for p in (HERE / "templates").glob("*.html"))
    for key, text in WORDS.items():
        assert set(text) == {"zh", "en"}, key
        assert text["zh"].strip(), key
        assert text["en"].strip(), key
        assert not CHINESE.search(text["en"]) or key == "other_language", key
        families = [key[: i + 1] for i, c in enumerate(key) if c == "_"]
        assert (
            f"t.{key}" in sources
            or any(f"'{family}'" in sources for family in families)
            or f"t['{key}" in sources
            or key.startswith(("stage_", "part_", "level_", "state_", "severity_", "confidence_", "basis_"))
        ), f"{key} is not used"
    for used in set(re.findall(r"\bt\.([a-z_0-9]+)", sources)):
        assert used in WORDS, used


def test_every_tool_of_the_start_page_opens(client: TestClient) -> None:
    for tool in tools():
        assert set(tool) == {"path", "for", "title", "text"}, tool["path"]
        assert tool["for"] in {"exporter", "firm", "bank", "all"}, tool["path"]
        assert tool["title"].keys() == tool["text"].keys() == {"zh", "en"}
        assert client.get(tool["path"]).status_code == 200, tool["path"]


def test_vendored_files_are_what_they_say() -> None:
    listed = json.loads((VENDOR / "vendor.json").read_text(encoding="utf-8"))
    assert {f["file"] for f in listed} == {p.name for p in VENDOR.glob("*.js")}
    for file in listed:
        assert hashlib.sha256((VENDOR / file["file"]).read_bytes()).hexdigest() == file["sha256"], file["file"]
        assert file["licence"]
        assert file["version"]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", ["/", "/law", "/law?key=eu.cbam.cbam_factor&on=2030-01-01", "/law?key=nothing"])
def test_pages_in_both_languages(client: TestClient, path: str, lang: str) -> None:
    answer = client.get(path, params={"lang": lang})
    assert answer.status_code == 200
    assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in answer.text
    body = re.sub(
        r'<a class="lang".*?</a>|class="mark".*?</span>|<option.*?</option>', "", answer.text, flags=re.DOTALL
    )
    if lang == "en" and path != "/":
        assert not CHINESE.search(re.sub(r"<title>.*?</title>", "", body)), CHINESE.findall(body)[:10]
    _check_safe(answer.text)
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def _check_safe(html: str) -> None:
    assert not re.search(r"<script(?![^>]*\bsrc=)", html), "inline script"
    assert not re.search(r"\son[a-z]+=", html), "inline handler"
    assert not re.search(r"\sstyle=", html), "inline style"
    for address in re.findall(r'(?:src|action|hx-get|hx-post)="([^"]+)"', html):
        assert address.startswith("/"), address
    for address in re.findall(r'<link[^>]*href="([^"]+)"', html):
        assert address.startswith("/"), address
    assert "None" not in re.sub(r"<[^>]+>", " ", html)
    assert "nan" not in re.sub(r"<[^>]+>", " ", html).lower().split()


def test_language_is_remembered(client: TestClient) -> None:
    client.get("/?lang=en")
    assert '<html lang="en">' in client.get("/").text
    assert '<html lang="zh-CN">' in client.get("/?lang=xx").text
    client.get("/?lang=zh")
    assert '<html lang="zh-CN">' in client.get("/").text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_result_page_tells_the_record(client: TestClient, assessed: str, lang: str) -> None:
    html = client.get(assessed, params={"lang": lang}).text
    _check_safe(html)
    record = client.get(f"/api/v1{assessed}").json()
    assert f"{record['totals']['cost_eur']:,.2f}" in html
    assert f"{record['totals']['possible_saving_eur']:,.2f}" in html
    assert record["score"]["shown"] in html
    for year in record["totals"]["projection"]:
        assert f'data-year="{year["year"]}" data-eur="{year["cost_eur"]}"' in html
    assert record["key"] in html
    assert f"report.xlsx?lang={lang}" in html
    english = client.get(f"/api/v1{assessed}/report.xlsx", params={"lang": "en"}).content
    assert english[:2] == b"PK"
    assert english != client.get(f"/api/v1{assessed}/report.xlsx").content


def test_each_line_unfolds_to_steps_and_law(client: TestClient, assessed: str) -> None:
    items = client.get(f"/api/v1{assessed}/lines").json()["items"]
    shown = 0
    for item in items:
        html = client.get(f"{assessed}/lines/{item['line']}", params={"lang": "en"}).text
        _check_safe(html)
        if item["status"] == "ok" and item["record"]["basis"] == "default":
            shown += 1
            assert f"{item['record']['cost_eur']:,.2f}" in html
            assert "eu.cbam.default_values[" in html
            assert "Implementing Regulation (EU) 2026/1740" in html
    assert shown >= 2
    refused = client.get(f"{assessed}/lines", params={"status": "refused", "lang": "en"}).text
    assert refused.count('<tr class="refused">') == sum(item["status"] == "refused" for item in items) > 0


def test_refusals_are_pages_in_both_languages(client: TestClient) -> None:
    for path, status in (
        ("/assessments/00000000-0000-0000-0000-000000000000", 404),
        ("/jobs/00000000-0000-0000-0000-000000000000", 404),
        ("/jobs/nonsense", 422),
        ("/law?on=yesterday", 422),
    ):
        for lang, word in (("zh", "出错了"), ("en", "Something is wrong")):
            answer = client.get(
                path, params={"lang": lang} if "?" not in path else None, headers={"cookie": f"lang={lang}"}
            )
            assert answer.status_code == status, path
            assert answer.headers["content-type"].startswith("text/html")
            assert word in answer.text


def test_a_browser_gets_a_page_where_a_program_gets_a_problem(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for lang, said in (("zh", "没有"), ("en", "There is no")):
        lost = client.get(f"/nowhere?lang={lang}", headers=browser)
        assert (lost.status_code, lost.headers["content-type"].split(";")[0]) == (404, "text/html")
        assert said in lost.text
    assert client.get("/nowhere").json()["status"] == 404
    assert client.get("/api/v1/nowhere", headers=browser).json()["status"] == 404

    def away(*_: object) -> None:
        raise OperationalError("SELECT 1", None, Exception("planted-secret"))

    monkeypatch.setattr(routes.store, "recent", away)
    shown = client.get("/?lang=zh", headers=browser)
    assert (shown.status_code, shown.headers["retry-after"]) == (503, client.get("/").headers["retry-after"])
    assert "数据库暂时没有响应" in shown.text
    assert "planted-secret" not in shown.text


@pytest.mark.parametrize(
    ("name", "data", "form", "status"),
    [
        ("goods.pdf", b"%PDF-1.7", {}, 415),
        ("goods.xlsx", b"x" * 30_100_000, {}, 413),
        ("goods.csv", b"a,b", {"price_path": "../../etc"}, 422),
        ("goods.csv", b"a,b", {"law_scenario": "wishful"}, 422),
        ("goods.csv", b"a,b", {"fx_cny_per_eur": "many"}, 422),
        ("goods.csv", b"a,b", {"fx_cny_per_eur": "-7"}, 422),
        ("goods.csv", b"a,b", {"own_price_eur_per_t": "dear"}, 422),
    ],
)
def test_a_bad_upload_is_refused_on_a_page(
    client: TestClient, name: str, data: bytes, form: dict[str, str], status: int
) -> None:
    answer = client.post("/upload", files={"file": (name, data)}, data=form, follow_redirects=False)
    assert answer.status_code == status, answer.text[:300]


def test_a_refused_number_is_named(client: TestClient) -> None:
    sent = {"files": {"file": ("goods.csv", b"a,b")}, "data": {"own_price_eur_per_t": "-1"}}
    assert "自填证书价格" in client.post("/upload", **sent).text
    assert "Own certificate price" in client.post("/upload?lang=en", **sent).text


def test_a_request_from_another_site_is_refused(client: TestClient) -> None:
    answer = client.post(
        "/upload", files={"file": ("goods.csv", b"a,b")}, headers={"origin": "http://elsewhere.example"}
    )
    assert answer.status_code == 403


def test_an_unreadable_file_says_so_on_its_page(client: TestClient, parts: Parts) -> None:
    sent = client.post("/upload", files={"file": ("goods.xlsx", b"PK\x03\x04 broken")}, follow_redirects=False)
    job = sent.headers["location"].rsplit("/", 1)[1]
    assert use.work(parts.database, parts.library, UUID(job), 30.0) == "failed"
    page = client.get(f"/jobs/{job}").text
    assert "未能完成" in page
    assert 'class="problem"' in page


def test_a_product_name_cannot_become_markup(client: TestClient) -> None:
    line = {
        "line": 1,
        "product": "<script>alert(1)</script>",
        "cn_code": "73089059",
        "origin": "CN",
        "net_mass_t": 1,
        "imported_on": "2026-05-12",
    }
    made = client.post("/api/v1/assessments", json={"submission": {"firm": {"name": "<b>x</b>"}, "goods": [line]}})
    if made.status_code == 422:
        made = client.post("/api/v1/assessments", json={"firm": {"name": "<b>x</b>"}, "goods": [line]})
    html = client.get(f"/assessments/{made.json()['id']}").text
    assert "<script>alert" not in html
    assert "<b>x</b>" not in html
    _check_safe(html)


def test_templates_escape_by_default() -> None:
    assert not [p for p in Path(HERE / "templates").glob("*.html") if "|safe" in p.read_text(encoding="utf-8")]
