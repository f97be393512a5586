"""The exchange as people use it: suppliers asked, reminded and closed, footprints offered by workbook, and the page."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest
from fastapi.testclient import TestClient

from service import clock
from service.app import create_app
from service.auth import EMBEDDED, Who, visible
from service.pact import asks
from service.pact.door import reminders_due
from service.pact.errands import remind_due
from service.pact.tables import PactAsk, PactErrand
from service.pact.workbook import template_bytes
from service.parts import Parts
from tests.models.pact.documents import version_3
from tests.service.pact.world import event, partner, published, token
from tests.service.test_hostile import MARK, variants

API = "/api/v1/pact"
DUE = clock.today() + dt.timedelta(days=7)
ASK = {"product": "铝锭", "product_id": "urn:pact:partner.example:product-id:A1", "due": str(DUE), "tonnes": 100.0}


def asked(client: TestClient, partner_id: UUID, **more: Any) -> dict[str, Any]:
    answer = client.post(f"{API}/partners/{partner_id}/asks", json=ASK | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def overdue(here: Parts, ask_id: str) -> None:
    with here.database.writing() as db:
        row = db.scalars(visible(PactAsk, EMBEDDED).where(PactAsk.id == UUID(ask_id))).one()
        row.next_reminder = clock.now() - dt.timedelta(seconds=1)


def sent(here: Parts) -> list[PactErrand]:
    with here.database.reading() as db:
        return list(db.scalars(visible(PactErrand, EMBEDDED).order_by(PactErrand.created)))


def test_an_ask_is_sent_entered_reminded_as_often_as_the_policy_says_and_no_more(either: Parts) -> None:
    with TestClient(create_app(parts=either), base_url="http://127.0.0.1") as client:
        made = asked(client, partner(either).row.id)
        assert made["state"] == "waiting"
        again = client.post(f"{API}/partners/{made['partner_id']}/asks", json=ASK)
        assert again.json()["id"] == made["id"]
        record = client.get(f"/api/v1/registers/requests/{made['request_id']}").json()
        assert (record["state"], record["record"]["supplier"], record["record"]["due"]) == ("open", "客户甲", str(DUE))
        with either.database.writing() as db:
            assert remind_due(db, either.settings) == 0
        most = asks.reminders().most
        for times in range(1, most + 1):
            overdue(either, made["id"])
            with either.database.writing() as db:
                assert remind_due(db, either.settings) == 1
                assert remind_due(db, either.settings) == 0
            assert client.get(f"{API}/asks").json()["items"][0]["reminded"] == times
        last = client.get(f"{API}/asks").json()["items"][0]
        assert last["next_reminder"] is None
        assert len(sent(either)) == 1 + most


def test_an_answer_closes_the_ask_and_the_register(client: TestClient, parts: Parts) -> None:
    buyer = partner(parts)
    made = asked(client, buyer.row.id)
    (errand,) = sent(parts)
    head = token(client, buyer) | {"content-type": "application/cloudevents+json"}
    answer = event("RequestFulfilledEvent", {"requestEventId": str(errand.id), "pfs": [version_3(id=str(uuid4()))]})
    assert client.post("/pact/3/events", json=answer, headers=head).status_code == 200
    said = client.get(f"{API}/asks").json()
    assert (said["items"][0]["state"], said["coverage"]["share"]) == ("fulfilled", 1.0)
    record = client.get(f"/api/v1/registers/requests/{made['request_id']}").json()
    assert record["state"] == "received"
    overdue(parts, made["id"])
    with parts.database.writing() as db:
        assert remind_due(db, parts.settings) == 0


def test_a_reminder_is_answered_too_and_a_refusal_is_shown(client: TestClient, parts: Parts) -> None:
    buyer = partner(parts)
    made = asked(client, buyer.row.id)
    overdue(parts, made["id"])
    with parts.database.writing() as db:
        remind_due(db, parts.settings)
    head = token(client, buyer) | {"content-type": "application/cloudevents+json"}
    why = {"code": "NotFound", "message": "no such product"}
    refusal = event("RequestRejectedEvent", {"requestEventId": str(sent(parts)[-1].id), "error": why})
    assert client.post("/pact/3/events", json=refusal, headers=head).status_code == 200
    assert client.get(f"{API}/asks").json()["items"][0]["state"] == "rejected"
    page = client.get("/exchange?lang=en").text
    assert "refused by the partner" in page
    assert "NotFound: no such product" in page


def test_an_event_of_another_partner_closes_nothing(client: TestClient, parts: Parts) -> None:
    made = asked(client, partner(parts).row.id)
    other = partner(parts, base_url="https://other.example")
    head = token(client, other) | {"content-type": "application/cloudevents+json"}
    answer = event(
        "RequestFulfilledEvent",
        {"requestEventId": str(sent(parts)[0].id), "pfs": [version_3(id=str(uuid4()))]},
        source="//other.example/3/events",
    )
    assert client.post("/pact/3/events", json=answer, headers=head).status_code == 200
    assert client.get(f"{API}/asks").json()["items"][0]["state"] == "waiting"
    assert client.post(f"{API}/asks/{made['id']}/stop").status_code == 204
    assert client.get(f"{API}/asks").json()["items"][0]["state"] == "stopped"
    assert client.get(f"/api/v1/registers/requests/{made['request_id']}").json()["state"] == "withdrawn"
    with parts.database.reading() as db:
        assert reminders_due(db) == []
        assert asks.asks(db, Who(uuid4(), uuid4()), 9) == []


@pytest.mark.parametrize(
    ("more", "reach", "code"),
    [({"due": "2020-01-01"}, True, "pact.due_in_the_past"), ({}, False, "pact.no_address"), ({"product_id": "A1"}, True, "input.invalid")],
)  # fmt: skip
def test_who_cannot_be_asked(client: TestClient, parts: Parts, more: dict[str, Any], reach: bool, code: str) -> None:
    to = partner(parts) if reach else partner(parts, base_url=None, their_client_id=None, their_secret=None)
    answer = client.post(f"{API}/partners/{to.row.id}/asks", json=ASK | more)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert client.get(f"{API}/asks").json()["items"] == []


def spoiled(**cells: Any) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(template_bytes(example=True)))
    sheet = book["碳足迹 Footprints"]
    heads = [str(cell.value).split("\n")[0] for cell in sheet[1]]
    for name, value in cells.items():
        sheet.cell(2, heads.index(name) + 1).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def handed_in(client: TestClient, data: bytes, path: str = "/preview") -> dict[str, Any]:
    answer = client.post(f"{API}/offers/file{path}", files={"file": ("p.xlsx", data)})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_workbook_is_checked_and_published_once(client: TestClient) -> None:
    seen = handed_in(client, template_bytes(example=True))
    assert [(one["kgco2e"], one["unit"], one["pf_id"]) for one in seen["rows"]] == [("9.82", "1 kilogram", None)]
    assert client.get(f"{API}/footprints").json()["items"] == []
    first = handed_in(client, template_bytes(example=True), "")
    again = handed_in(client, template_bytes(example=True), "")
    assert first["rows"][0]["pf_id"] == again["rows"][0]["pf_id"]
    (one,) = client.get(f"{API}/footprints").json()["items"]
    pcf = one["document"]["pcf"]
    assert (pcf["fossilGhgEmissions"], pcf["landUseChangeGhgEmissions"], pcf["geographyCountrySubdivision"]) == (
        "9.8", "0.02", "CN-GD",
    )  # fmt: skip
    assert one["intensity"] == "9.82"


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"化石排放": 8.0}, "pact.parts_do_not_add_up", "化石排放"),
        ({"碳足迹（不含生物吸收）": None}, "pact.needed_without_kept", None),
        ({"留存编号": "x"}, "pact.no_kept_id", "留存编号"),
        ({"留存编号": str(uuid4())}, "pact.kept_or_given", None),
        ({"声明单位": "tce"}, "measure.unknown", "声明单位"),
        ({"包装排放": 0.1}, "pact.not_publishable", None),
        ({"国家": "China", "省": None}, None, "国家"),
    ],
)
def test_what_is_wrong_in_a_workbook_is_told(client: TestClient, cells: dict[str, Any], code: str, column: str) -> None:
    told = handed_in(client, spoiled(**cells), "")
    assert told["rows"] == [] or code == "pact.not_publishable"
    wrong = [one for one in told["findings"] if one["severity"] in ("error", "question")]
    assert wrong, told
    assert code is None or code in [one["code"] for one in wrong]
    assert all((one["sheet"], one["row"]) == ("碳足迹 Footprints", 2) for one in wrong)
    assert client.get(f"{API}/footprints").json()["items"] == []


def test_the_page_registers_releases_asks_and_publishes(client: TestClient, parts: Parts) -> None:
    mill = partner(parts, sees="chosen")
    pf = published(parts).pf_id
    made = client.post("/exchange/partners?lang=en", data={"name": "New partner", "sees": "chosen"})
    assert "client_secret" in made.text
    for lang, said in (("zh", "逐份放行"), ("en", "what is released")):
        page = client.get("/exchange", params={"lang": lang})
        assert page.status_code == 200
        assert said in page.text
        assert "s3" not in page.text
    gone = client.post(f"/exchange/{mill.row.id}/release", data={"footprint": str(pf)}, follow_redirects=False)
    assert gone.status_code == 303
    form = {"partner": str(mill.row.id), "product": "铝锭", "product_id": ASK["product_id"], "due": str(DUE)}
    assert client.post("/exchange/ask", data=form, follow_redirects=False).status_code == 303
    bad = client.post("/exchange/ask?lang=zh", data=form | {"due": "soon"})
    assert bad.status_code == 422
    assert "截止日期" in bad.text
    shown = client.get("/exchange?lang=zh").text
    assert "等待答复" in shown
    checked = client.post("/exchange/check?lang=en", files={"file": ("p.xlsx", template_bytes(example=True))})
    assert "can be published" in checked.text
    assert client.post("/exchange/publish?lang=en", files={"file": ("p.xlsx", b"x")}).status_code == 422
    ask_id = client.get(f"{API}/asks").json()["items"][0]["id"]
    assert client.post(f"/exchange/asks/{ask_id}/stop", follow_redirects=False).status_code == 303


def test_the_page_changes_and_closes_a_partner_in_the_edition_that_was_shown(client: TestClient, parts: Parts) -> None:
    mill = partner(parts, sees="chosen")
    address = f"/exchange/partners/{mill.row.id}"

    def now() -> dict[str, Any]:
        found: dict[str, Any] = next(
            one for one in client.get(f"{API}/partners").json() if one["id"] == str(mill.row.id)
        )
        return found

    before = now()
    assert f'value="{before["version"]}"' in client.get("/exchange").text
    form = {"version": before["version"], "name": "客户乙", "base_url": before["base_url"], "auth_url": before["auth_url"] or "",
            "client_id": before["client_id"], "client_secret": "", "sees": "all"}  # fmt: skip
    assert client.post(address, data=form, follow_redirects=False).status_code == 303
    after = now()
    assert (after["name"], after["sees"], after["has_secret"], after["may_be_private"]) == (
        "客户乙",
        "all",
        before["has_secret"],
        before["may_be_private"],
    )
    stale = client.post(f"{address}?lang=zh", data=form | {"name": "客户丙"})
    assert stale.status_code == 412
    assert "已被他人修改" in stale.text
    for wrong in (
        {"base_url": "ftp://x"},
        {"name": " "},
        {"sees": "none"},
        {"auth_url": "https://x.example", "base_url": ""},
    ):
        refused = client.post(f"{address}?lang=zh", data=form | {"version": after["version"]} | wrong)
        assert refused.status_code == 422, wrong
        assert 'class="problem"' in refused.text
    assert client.post(f"{address}/close", data={"version": before["version"]}).status_code == 412
    assert now() == after
    assert client.post(f"/exchange/partners/{uuid4()}", data=form).status_code == 404
    assert client.post(f"/exchange/partners/{uuid4()}/close", data={"version": "x"}).status_code == 404
    closed = client.post(f"{address}/close", data={"version": after["version"]}, follow_redirects=False)
    assert closed.status_code == 303
    assert now()["active"] is False
    assert f'action="{address}' not in client.get("/exchange").text


def test_hostile_asks(lasting: TestClient) -> None:
    made = lasting.post(f"{API}/partners", json={"name": "x"}).json()["partner"]["id"]
    for hostile in ("null", "-1e309", f'"{MARK}<script>"', "{}", '"\\u202e\\u0000"', "[]"):
        for place, data in variants(ASK | {"comment": "x"}, hostile):
            answer = lasting.post(
                f"{API}/partners/{made}/asks", content=data, headers={"content-type": "application/json"}
            )
            assert answer.status_code == 422, (place, hostile, answer.text)
            assert "<script>" not in answer.text
