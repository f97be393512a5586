"""A change of law over HTTP, in the terminal and on its page; recomputation that leaves the old as it is; the note."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from service.change.routes import _EXAMPLES
from service.cli import app
from service.workbook.example import example_bytes

CHINESE = re.compile(r"[\u4e00-\u9fff]")
FASTENER = {"cn_code": "73181210", "origin": "CN", "net_mass_t": 10.0, "imported_on": "2026-05-12"}


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_two_editions_over_http(client: TestClient) -> None:
    found = client.post("/api/v1/law-changes", json=_EXAMPLES["editions"]["value"]).json()
    assert found["counts"]["value"] > 0
    assert all(one["key"].startswith("eu.cbam.default_value") for one in found["changes"])
    good = found["goods"][0]
    assert sum(good["parts"].values()) == pytest.approx(good["difference"], abs=1e-12)


def test_an_unknown_edition_is_refused(client: TestClient) -> None:
    asked = {"before": {"law": "nosuch", "on": "2026-05-12"}, "after": {"on": "2026-05-12"}}
    answer = client.post("/api/v1/law-changes", json=asked)
    assert answer.status_code == 422
    assert answer.json()["code"] == "law.unknown_scenario"


def kept(client: TestClient, submission: dict[str, Any], **options: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/assessments", json={"submission": submission, "options": options})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_recomputing_under_the_first_edition_keeps_the_old_and_returns_to_it(
    client: TestClient, submission: dict[str, Any]
) -> None:
    goods = [
        {"line": 1, "product": "螺丝", **FASTENER},
        submission["goods"][0] | {"line": 2, "product": "结构"},
    ]
    old = kept(client, submission | {"goods": goods})
    first = client.post(f"/api/v1/assessments/{old['id']}/recompute", params={"law_scenario": "eu-2025-2621"}).json()
    assert first["before_key"] == old["key"]
    assert not first["unchanged"]
    assert first["after_key"] != old["key"]
    again = client.post(f"/api/v1/assessments/{first['after_id']}/recompute").json()
    assert again["after_key"] == old["key"]
    assert again["after_id"] == old["id"]
    same = client.post(f"/api/v1/assessments/{old['id']}/recompute").json()
    assert same["unchanged"]
    assert same["moved"] == []
    assert client.get(f"/api/v1/assessments/{old['id']}").json()["cost_eur"] == old["cost_eur"]


def test_moved_lines_are_told_with_both_costs(client: TestClient, submission: dict[str, Any]) -> None:
    line = {
        "line": 1,
        "product": "结构",
        "cn_code": "73089059",
        "origin": "CN",
        "net_mass_t": 10.0,
        "imported_on": "2028-05-12",
    }
    old = kept(client, submission | {"goods": [line]}, use_scenario_price=True)
    made = client.post(f"/api/v1/assessments/{old['id']}/recompute", params={"law_scenario": "com-2026-616"}).json()
    assert [m["line"] for m in made["moved"]] == [1]
    assert float(made["moved"][0]["after_eur"]) < float(made["moved"][0]["before_eur"])


def test_a_single_consignment_cannot_be_recomputed_and_says_so(client: TestClient, goods: dict[str, Any]) -> None:
    one = client.post("/api/v1/exposures", params={"keep": True}, json=goods).json()["id"]
    answer = client.post(f"/api/v1/assessments/{one}/recompute")
    assert answer.status_code == 422
    assert answer.json()["code"] == "change.not_a_submission"
    assert client.get(f"/api/v1/assessments/{one}/lines/1/note").status_code == 200


def test_the_note_of_the_printed_example(client: TestClient, goods: dict[str, Any]) -> None:
    made = client.post("/api/v1/exposures/note", json=goods).json()
    assert made["cost_eur"] == "3903.10"
    assert made["steps"][-1]["formula"]["en"] == "51.84775 × 75.28, half up to the cent"
    assert (
        client.post("/api/v1/exposures/note", json=goods | {"cn_code": "76151080"}).json()["code"]
        == "cbam.out_of_scope"
    )


def test_the_note_of_a_kept_line_as_data_page_and_paper(client: TestClient, submission: dict[str, Any]) -> None:
    whole = kept(client, submission)
    url = f"/api/v1/assessments/{whole['id']}/lines"
    assert client.get(f"{url}/1/note").json()["cost_eur"] == "3903.10"
    assert client.get(f"{url}/2/note").json()["code"] == "cbam.price_not_published"
    assert client.get(f"{url}/9/note").status_code == 404
    paper = client.get(f"{url}/1/note.pdf", params={"lang": "en"})
    assert paper.content.startswith(b"%PDF-")
    for lang in ("zh", "en"):
        shown = client.get(f"/assessments/{whole['id']}/lines/1/note", params={"lang": lang})
        assert shown.status_code == 200
        assert "3,903.10" in plain(shown.text)
        if lang == "en":
            body = re.sub(r'<a class="lang".*?</a>|class="mark".*?</span>', "", shown.text, flags=re.DOTALL)
            assert not CHINESE.search(body), CHINESE.findall(body)[:5]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_of_a_change(lasting: TestClient, lang: str) -> None:
    params = {
        "before": "eu-2025-2621", "before_on": "2026-05-12", "after": "law", "after_on": "2027-05-12",
        "goods": "7308 90 59 CN\n72083700 India", "lang": lang,
    }  # fmt: skip
    shown = lasting.get("/diff", params=params)
    assert shown.status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=", shown.text)
    words = plain(shown.text)
    assert "None" not in words
    assert "eu.cbam.cbam_factor" in words
    assert lasting.get("/diff", params={"lang": lang}).status_code == 200


@pytest.mark.parametrize("change", [{"before_on": "12.5.2026"}, {"goods": "73089059"}, {"before": "nosuch"}])
def test_what_cannot_be_read_is_said_and_kept(lasting: TestClient, change: dict[str, str]) -> None:
    shown = lasting.get("/diff", params={"before": "law", "goods": "73089059 CN"} | change)
    assert shown.status_code == 422
    assert next(iter(change.values())) in shown.text or "nosuch" in change.values()


def test_in_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "foshan.xlsx"
    file.write_bytes(example_bytes())
    run = CliRunner()
    shown = run.invoke(
        app, ["cbam", "diff", "--from", "law@2026-05-12", "--to", "law@2027-05-12", str(file), "--lang", "en"]
    )
    assert shown.exit_code == 0, shown.output
    assert "eu.cbam.cbam_factor" in shown.output
    told = run.invoke(app, ["cbam", "diff", "--from", "eu-2025-2621@2026-05-12", "--to", "law@2026-05-12", "--json"])
    assert json.loads(told.output)["counts"]["value"] > 0
    paper = tmp_path / "note.pdf"
    made = run.invoke(app, ["cbam", "note", "7308 90 59", "--tonnes", "10", "--on", "2026-05-12", "--pdf", str(paper)])
    assert made.exit_code == 0, made.output
    assert paper.read_bytes().startswith(b"%PDF-")
    assert "51.84775" in made.output
    assert run.invoke(app, ["cbam", "diff", "--from", "nosuch"]).exit_code == 1
