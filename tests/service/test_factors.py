"""Factors handed in: reviewed by somebody else, once, never their own; chosen in footprints with who did it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from models.errors import YuetanError
from service import clock
from service.app import create_app
from service.audit.use import events, proven
from service.auth import EMBEDDED, Who
from service.cli import app
from service.factors import use
from service.factors.refusals import Decided, OwnSubmission
from service.factors.workbook import template_bytes
from service.footprint.example import EXAMPLE
from service.parts import Parts
from service.refusals import NotFound
from service.tables import Person
from tests.service.test_hostile import MARK, variants

API = "/api/v1/factors"
RECORD: dict[str, Any] = {
    "id": "gd-power", "key": "electricity", "name_zh": "广东电力", "value": 0.41, "unit": "kgCO2e/kWh",
    "level": "provincial", "region": "Guangdong", "data_year": 2024, "published": "2026-01-15",
    "source": "编造", "licence": "own", "uncertainty": 0.05,
}  # fmt: skip
REVIEWER = Who(EMBEDDED.organisation_id, uuid4(), frozenset({"see", "keep", "review"}))


@pytest.fixture
def web(either: Parts) -> Iterator[TestClient]:
    with TestClient(create_app(parts=either), base_url="http://127.0.0.1", raise_server_exceptions=False) as made:
        with either.database.writing() as db:
            db.add(Person(id=REVIEWER.person_id, organisation_id=REVIEWER.organisation_id, name="李四"))
        yield made


def handed_in(client: TestClient, **more: Any) -> dict[str, Any]:
    answer = client.post(f"{API}/submissions", json={"record": RECORD | more, "evidence": "文件第 3 页"})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def decided(parts: Parts, made: dict[str, Any], decision: Any = "accepted", who: Who = REVIEWER) -> None:
    with parts.database.writing() as db:
        use.review(db, who, UUID(made["id"]), decision, "与原文一致", clock.today())


def power(client: TestClient) -> dict[str, Any]:
    """The line of electricity of the example, in Guangdong."""
    bill = EXAMPLE["bill"]
    activities = [
        one | ({"region": "Guangdong"} if one.get("key") == "electricity" else {}) for one in bill["activities"]
    ]
    answer = client.post("/api/v1/footprints", json={"bill": bill | {"activities": activities, "draws": 0}})
    assert answer.status_code == 200, answer.text
    lines: list[dict[str, Any]] = answer.json()["lines"]
    return next(one for one in lines if one["kind"] == "electricity")


def test_a_factor_counts_once_somebody_else_accepted_it(web: TestClient, either: Parts) -> None:
    before = power(web)
    assert before["level"] == "national"
    made = handed_in(web)
    assert (made["state"], made["decisions"]) == ("submitted", [])
    assert power(web) == before
    own = web.post(f"{API}/submissions/{made['id']}/review", json={"decision": "accepted", "reason": "x"})
    assert (own.status_code, own.json()["code"]) == (422, "factors.own_submission")
    decided(either, made)
    line = power(web)
    assert (line["factor"], line["level"]) == ("gd-power", "provincial")
    assert "李四" in line["note"]["zh"]
    assert f"reviewed by 李四 on {clock.today()}" in line["note"]["en"]
    assert "as stated" not in line["note"]["en"]
    shown = web.get(f"{API}/submissions/{made['id']}").json()
    assert shown["state"] == "accepted"
    assert [(one["decision"], one["by"], one["reason"]) for one in shown["decisions"]] == [
        ("accepted", "李四", "与原文一致")
    ]
    chosen = web.get(
        f"{API}/choice", params={"key": "electricity", "year": 2024, "on": str(clock.today()), "region": "Guangdong"}
    )
    assert chosen.json()["record"]["id"] == "gd-power"
    assert [one["level"] for one in chosen.json()["others"]] == ["national"]
    back = web.post(f"{API}/submissions/{made['id']}/withdrawal", json={"reason": "来源更正"})
    assert (back.status_code, back.json()["state"]) == (200, "withdrawn")
    assert power(web) == before
    with either.database.reading() as db:
        assert [one.action for one in events(db, EMBEDDED, 0, 9)] == [
            "factor.submitted", "factor.accepted", "factor.withdrawn",
        ]  # fmt: skip
        assert proven(db, EMBEDDED).broken is None


def test_what_was_decided_stays_decided(web: TestClient, either: Parts) -> None:
    made = handed_in(web)
    decided(either, made, "rejected")
    for again in ("accepted", "rejected"):
        with pytest.raises(Decided):
            decided(either, made, again)
    gone = web.post(f"{API}/submissions/{made['id']}/withdrawal", json={"reason": "x"})
    assert (gone.status_code, gone.json()["code"]) == (409, "factors.decided")
    assert power(web)["level"] == "national"


def test_two_reviewers_at_once_are_one_decision(web: TestClient, either: Parts) -> None:
    made = handed_in(web)

    def attempt(decision: str) -> str:
        try:
            decided(either, made, decision)
        except YuetanError as error:
            return error.code
        return decision

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(attempt, ("accepted", "rejected")))
    assert sorted(found).count("factors.decided") == 1
    assert len(web.get(f"{API}/submissions/{made['id']}").json()["decisions"]) == 1


def test_a_factor_never_changes(web: TestClient, either: Parts) -> None:
    made = handed_in(web)
    again = web.post(f"{API}/submissions", json={"record": RECORD, "evidence": "文件第 3 页"})
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    other = web.post(f"{API}/submissions", json={"record": RECORD | {"value": 0.4}, "evidence": "文件第 3 页"})
    assert (other.status_code, other.json()["code"]) == (409, "factors.taken")
    decided(either, made)
    new = handed_in(web, id="gd-power-2", value=0.4, supersedes="gd-power")
    assert power(web)["factor"] == "gd-power"
    decided(either, new)
    assert power(web)["factor"] == "gd-power-2"
    assert [one["record"]["id"] for one in web.get(f"{API}/submissions").json()["items"]] == ["gd-power-2", "gd-power"]
    first = web.get(f"{API}/submissions", params={"limit": 1}).json()
    rest = web.get(f"{API}/submissions", params={"after": first["next"]}).json()
    assert [one["record"]["id"] for one in rest["items"]] == ["gd-power"]


@pytest.mark.parametrize(
    ("more", "status", "code", "field"),
    [
        ({"licence": "CC-BY-NC-4.0"}, 422, "factors.licence_refused", "licence"),
        ({"licence": "hearsay"}, 422, "factors.licence_refused", "licence"),
        ({"unit": "kgCO2e"}, 422, "measure.unknown", "unit"),
        ({"unit": "kWh/kg"}, 422, "measure.does_not_convert", "unit"),
        ({"level": "national"}, 422, "factors.wrong_region", "region"),
        ({"region": "China"}, 422, "factors.wrong_region", "region"),
        ({"published": "2060-01-01"}, 422, "input.out_of_range", "published"),
        ({"id": "mee-footprint-2024:national_average"}, 409, "factors.taken", "id"),
        ({"supersedes": "mee-footprint-2024:national_average"}, 422, "factors.not_to_supersede", "supersedes"),
        ({"supersedes": "gd-power"}, 422, "factors.not_to_supersede", "supersedes"),
    ],
)  # fmt: skip
def test_what_no_review_could_accept(
    lasting: TestClient, more: dict[str, Any], status: int, code: str, field: str
) -> None:
    answer = lasting.post(f"{API}/submissions", json={"record": RECORD | more, "evidence": "x"})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (status, code, field), answer.text


def test_another_organisation_sees_and_decides_nothing(web: TestClient, either: Parts) -> None:
    made = handed_in(web)
    other = Who(uuid4(), uuid4(), frozenset({"review"}))
    with either.database.writing() as db:
        assert use.held(db, other, 10) == ([], None)
        assert use.kept(db, other).submissions == ()
        with pytest.raises(NotFound):
            use.review(db, other, UUID(made["id"]), "accepted", "x", clock.today())
        with pytest.raises(NotFound):
            use.withdraw(db, other, UUID(made["id"]), "x", clock.today())


def test_who_may_take_it_back(web: TestClient, either: Parts) -> None:
    made = handed_in(web)
    colleague = Who(EMBEDDED.organisation_id, REVIEWER.person_id, frozenset({"see", "keep"}))
    with either.database.writing() as db, pytest.raises(YuetanError, match="takes a factor back"):
        use.withdraw(db, colleague, UUID(made["id"]), "x", clock.today())
    with either.database.writing() as db:
        assert use.withdraw(db, REVIEWER, UUID(made["id"]), "x", clock.today()).state == "withdrawn"


def test_files_show_a_factor(web: TestClient) -> None:
    made = handed_in(web)
    at = f"{API}/submissions/{made['id']}/evidence"
    first = web.post(at, files={"file": ("说明.pdf", b"%PDF-1.7 scan")})
    assert first.status_code == 201
    assert web.post(at, files={"file": ("说明.pdf", b"%PDF-1.7 scan")}).status_code == 200
    assert [one["filename"] for one in web.get(f"{API}/submissions/{made['id']}").json()["files"]] == ["说明.pdf"]
    assert web.get(f"{at}/{first.json()['id']}").content == b"%PDF-1.7 scan"
    other = handed_in(web, id="other")
    assert web.get(f"{API}/submissions/{other['id']}/evidence/{first.json()['id']}").status_code == 404


def test_national_and_provincial_ids_are_mapped(web: TestClient, either: Parts) -> None:
    made = handed_in(web, key="local-power")
    decided(either, made)
    pair = {"national_id": "mee-footprint-2024:national_average", "provincial_id": "gd-power", "source": "对照表"}
    assert [web.post(f"{API}/maps", json=pair).status_code for _ in range(2)] == [201, 200]
    assert web.get(f"{API}/maps").json() == [pair]
    wrong = web.post(f"{API}/maps", json=pair | {"national_id": "gd-power"})
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["field"]) == (
        422,
        "factors.not_mapped",
        "national_id",
    )
    asked = {"key": "local-power", "year": 2024, "on": str(clock.today()), "region": "Guangdong"}
    assert [one["level"] for one in web.get(f"{API}/choice", params=asked).json()["others"]] == ["national"]


def spoiled(change: Callable[[Any], None]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(template_bytes(example=True)))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_hands_in_by_row_and_tells_by_cell(web: TestClient) -> None:
    answer = web.post(f"{API}/file", files={"file": ("f.xlsx", template_bytes(example=True))})
    assert answer.status_code == 200, answer.text
    assert {name: answer.json()[name] for name in ("submitted", "mapped", "unchanged", "findings")} == {
        "submitted": 1, "mapped": 1, "unchanged": 0, "findings": [],
    }  # fmt: skip
    again = web.post(f"{API}/file", files={"file": ("f.xlsx", template_bytes(example=True))}).json()
    assert (again["submitted"], again["unchanged"]) == (0, 2)

    def change(book: Any) -> None:
        sheet = book["因子 Factors"]
        heads = [str(cell.value).split("\n")[0] for cell in sheet[1]]
        sheet.cell(2, heads.index("数值") + 1).value = 0.6
        book["国家与省级对应 Map"].cell(2, 2).value = "nobody"

    told = web.post(f"{API}/file", files={"file": ("f.xlsx", spoiled(change))}).json()
    assert [(one["code"], one["sheet"], one["row"]) for one in told["findings"]] == [
        ("factors.taken", "因子 Factors", 2), ("factors.not_mapped", "国家与省级对应 Map", 2),
    ]  # fmt: skip
    assert [one["cell"] for one in told["findings"]] == ["A2", "B2"]


def test_the_page_shows_and_decides(web: TestClient, either: Parts) -> None:
    made = handed_in(web)
    for lang, said in (("zh", "等待他人审核"), ("en", "nobody reviews their own")):
        page = web.get("/factors", params={"lang": lang})
        assert page.status_code == 200
        assert said in page.text
    refused = web.post(f"/factors/{made['id']}/review?lang=zh", data={"decision": "accepted", "reason": "x"})
    assert refused.status_code == 422
    assert "提交人不能审核自己的因子" in refused.text
    decided(either, made)
    assert "与原文一致" in web.get("/factors?state=accepted").text
    gone = web.post(f"/factors/{made['id']}/withdrawal", data={"reason": "更正"}, follow_redirects=False)
    assert gone.status_code == 303
    assert "更正" in web.get("/factors").text
    sent = web.post("/factors/file", files={"file": ("f.xlsx", template_bytes(example=True))})
    assert "EX-GD-2025" in sent.text
    assert web.post("/factors/file", files={"file": ("f.xlsx", b"x")}).status_code == 422


def test_hostile_values_are_refused_and_never_repeated(lasting: TestClient) -> None:
    body = {"record": RECORD | {"id": "hostile"}, "evidence": "x"}
    for hostile in ("null", "-1e309", f'"{MARK}<script>"', "{}", '"\\u202e\\u0000"', "NaN"):
        for place, data in variants(body, hostile):
            answer = lasting.post(f"{API}/submissions", content=data, headers={"content-type": "application/json"})
            assert answer.status_code < 500, (place, hostile)
            assert "<script>" not in answer.text or answer.status_code in (200, 201), (place, hostile)


def test_the_terminal_hands_in_lists_and_tells_the_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path))
    run = CliRunner()
    file = tmp_path / "f.xlsx"
    assert run.invoke(app, ["factor", "template", "-o", str(file), "--example"]).exit_code == 0
    made = run.invoke(app, ["factor", "import", str(file), "--json"])
    assert json.loads(made.stdout)["submitted"] == 1
    assert json.loads(run.invoke(app, ["factor", "list", "--json"]).stdout)[0]["state"] == "submitted"
    shown = run.invoke(
        app, ["factor", "choice", "electricity", "--year", "2024", "--region", "Guangdong", "--lang", "en"]
    )
    assert "national factor" in shown.stdout


def test_the_reviewer_is_another_person_even_where_both_may_review(web: TestClient, either: Parts) -> None:
    made = handed_in(web)
    with pytest.raises(OwnSubmission):
        decided(either, made, who=Who(EMBEDDED.organisation_id, EMBEDDED.person_id, frozenset({"review"})))
