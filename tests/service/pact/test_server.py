"""The PACT 3.0 server as a conformance programme looks at it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models.pact.filters import criteria_of, matches, terms
from models.pact.footprint import ProductFootprint
from models.pact.reading import read
from service import clock
from service.app import create_app
from service.auth import EMBEDDED, Who
from service.edition import version_of
from service.identity import use as identity
from service.library import Library
from service.pact import book, door, partners
from service.pact.book import shown
from service.pact.partners import Made
from service.pact.refusals import Changed, NotPublishable
from service.pact.tables import PactErrand, PactEvent, PactFootprint, PactShare
from service.parts import Parts
from tests.models.pact.documents import version_3
from tests.service.conftest import installed
from tests.service.pact.world import basic, event, partner, published, token

World: TypeAlias = tuple[Parts, Made, Made, list[ProductFootprint]]
LIST = "/pact/3/footprints"
EVENTS = "/pact/3/events"
CE = {"content-type": "application/cloudevents+json; charset=UTF-8"}


@pytest.fixture
def buyer(parts: Parts) -> Made:
    return partner(parts)


@pytest.fixture
def head(client: TestClient, buyer: Made) -> dict[str, str]:
    return token(client, buyer)


def pact_error(answer: Any, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert set(body) == {"code", "message"}
    assert body["code"] == code
    assert body["message"]


# Authenticate


def test_a_token_of_one_hour(client: TestClient, buyer: Made) -> None:
    form = {"grant_type": "client_credentials", "scope": "x", "audience": "y", "resource": "z", "unknown": "1"}
    answer = client.post(
        "/pact/auth/token", data=form, headers=basic(buyer.row.id, buyer.secret) | {"host": "localhost"}
    )
    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "token_type", "expires_in"}
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 3600)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("head", [{}, basic("x", "y"), {"authorization": "Basic !!"}, {"authorization": "Bearer x"}])
def test_a_wrong_client_gets_the_error_of_oauth(client: TestClient, head: dict[str, str]) -> None:
    answer = client.post("/pact/auth/token", data={"grant_type": "client_credentials"}, headers=head)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer.json()["error_description"]


def test_a_wrong_secret_and_a_wrong_grant(client: TestClient, buyer: Made) -> None:
    right = basic(buyer.row.id, buyer.secret)
    wrong = client.post("/pact/auth/token", data={"grant_type": "client_credentials"}, headers=basic(buyer.row.id, "x"))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    other = client.post("/pact/auth/token", data={"grant_type": "password"}, headers=right)
    assert (other.status_code, other.json()["error"]) == (400, "unsupported_grant_type")
    none = client.post("/pact/auth/token", headers=right)
    assert (none.status_code, none.json()["error"]) == (400, "invalid_request")


def test_discovery_names_the_token_endpoint(client: TestClient) -> None:
    found = client.get("/pact/.well-known/openid-configuration", headers={"host": "localhost:8000"}).json()
    assert found["token_endpoint"] == "http://localhost:8000/pact/auth/token"


@pytest.mark.parametrize("path", [LIST, f"{LIST}/f4b1225a-bd44-4c8e-861d-079e4e1dfd69", EVENTS])
def test_without_a_good_token_nothing(
    client: TestClient, parts: Parts, buyer: Made, path: str, monkeypatch: Any
) -> None:
    method = "POST" if path == EVENTS else "GET"
    for wrong in ({}, {"authorization": "Bearer x"}, {"authorization": "Bearer "}, basic(buyer.row.id, buyer.secret)):
        pact_error(client.request(method, path, headers=wrong), 401, "BadRequest")
    early = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1, seconds=5)
    monkeypatch.setattr(door, "now", lambda: early)
    old = token(client, buyer)
    monkeypatch.undo()
    pact_error(client.request(method, path, headers=old), 401, "TokenExpired")


def test_a_new_secret_voids_tokens_and_a_closed_partner_is_nobody(
    client: TestClient, parts: Parts, buyer: Made
) -> None:
    old = token(client, buyer)
    with parts.database.writing() as db:
        fresh = partners.renew_secret(db, EMBEDDED, buyer.row.id)
    pact_error(client.get(LIST, headers=old), 401, "BadRequest")
    new = token(client, fresh)
    assert client.get(LIST, headers=new).status_code == 200
    with parts.database.writing() as db:
        row = partners.partner(db, EMBEDDED, buyer.row.id)
        partners.close(db, EMBEDDED, row.id, frozenset({version_of(row)}))
    pact_error(client.get(LIST, headers=new), 401, "BadRequest")


def test_secrets_are_kept_as_digests_and_sealed(parts: Parts, buyer: Made) -> None:
    raw = Path(parts.database.url.removeprefix("sqlite:///")).read_bytes()
    assert buyer.secret.encode() not in raw
    row = partner(parts, their_secret="a-secret-of-theirs").row
    assert b"a-secret-of-theirs" not in Path(parts.database.url.removeprefix("sqlite:///")).read_bytes()
    assert partners.their_secret(row, parts.settings) == "a-secret-of-theirs"


def test_plain_http_from_elsewhere_is_refused(tmp_path: Path, library: Library, blank: Path) -> None:
    for here in installed(tmp_path, library, blank, allowed_hosts=("pcf.example",)):
        with TestClient(create_app(parts=here), base_url="http://pcf.example", raise_server_exceptions=False) as web:
            pact_error(web.get(LIST), 403, "AccessDenied")
            assert web.post("/pact/auth/token").status_code == 403
        with TestClient(create_app(parts=here), base_url="https://pcf.example", raise_server_exceptions=False) as web:
            made = partner(here)
            for _ in range(2):
                published(here)
            answer = web.get(f"{LIST}?limit=1", headers=token(web, made))
            assert answer.headers["link"].startswith("<https://pcf.example/pact/3/footprints?")


# List, Get


def test_an_empty_list_is_a_list(client: TestClient, head: dict[str, str]) -> None:
    answer = client.get(LIST, headers=head)
    assert (answer.status_code, answer.json(), answer.headers["content-type"]) == (
        200,
        {"data": []},
        "application/json",
    )
    assert "link" not in answer.headers


def test_list_and_get_show_the_same(client: TestClient, parts: Parts, head: dict[str, str]) -> None:
    row = published(parts, comment="型材")
    [listed] = client.get(LIST, headers=head).json()["data"]
    got = client.get(f"{LIST}/{str(row.pf_id).upper()}", headers=head).json()["data"]
    assert listed == got == version_3(id=str(row.pf_id), comment="型材")


def test_unknown_is_not_found_and_unshared_is_denied(client: TestClient, parts: Parts) -> None:
    row, chosen = published(parts), partner(parts, sees="chosen")
    head = token(client, chosen)
    for unknown in (str(uuid4()), "x", "%00", "0" * 400):
        pact_error(client.get(f"{LIST}/{unknown}", headers=head), 404, "NotFound")
    pact_error(client.get(f"{LIST}/{row.pf_id}", headers=head), 403, "AccessDenied")
    assert client.get(LIST, headers=head).json() == {"data": []}
    with parts.database.writing() as db:
        assert len(book.release(db, EMBEDDED, chosen.row, [row.pf_id])) == 1
        assert book.release(db, EMBEDDED, chosen.row, [row.pf_id]) == []
    assert client.get(f"{LIST}/{row.pf_id}", headers=head).status_code == 200
    assert len(client.get(LIST, headers=head).json()["data"]) == 1
    with parts.database.reading() as db:
        share = db.scalars(select(PactShare)).one()
        assert (share.person_id, share.sha256) == (EMBEDDED.person_id, row.sha256)


def test_another_organisation_is_another_world(client: TestClient, parts: Parts, head: dict[str, str]) -> None:
    with parts.database.writing() as db:
        organisation = identity.add_organisation(db, "另一家", "exporter", None)
        person = identity.invite(db, organisation.id, "张三", "z@example.com", "exporter_admin").person
    other = Who(organisation.id, person.id)
    theirs = published(parts, other)
    assert client.get(LIST, headers=head).json() == {"data": []}
    pact_error(client.get(f"{LIST}/{theirs.pf_id}", headers=head), 404, "NotFound")
    assert len(client.get(LIST, headers=token(client, partner(parts, other))).json()["data"]) == 1


@pytest.mark.parametrize(
    "query",
    ["limit=-1", "limit=x", "limit=", "limit=1.5", "limit=1&limit=2", "limit=１", "validOn=invalid", "validAfter=", "validBefore=2026",
     "cursor=x", "cursor=%00", "cursor=W10", "x-other-invoice=1", "productId=" + "x" * 600],
)  # fmt: skip
def test_a_bad_query_is_400_with_a_body_of_pact(client: TestClient, head: dict[str, str], query: str) -> None:
    pact_error(client.get(f"{LIST}?{query}", headers=head), 400, "BadRequest")


@pytest.mark.parametrize(
    "query",
    ["status=Unheard", "productId=no-urn", "geography=XX", "companyId=urn:x:y", "classification=&geography=XX", "status=Deprecated",
     "validOn=1999-01-01T00:00:00Z"],
)  # fmt: skip
def test_what_nothing_matches_is_an_empty_list(
    client: TestClient, parts: Parts, head: dict[str, str], query: str
) -> None:
    published(parts)
    answer = client.get(f"{LIST}?{query}", headers=head)
    assert (answer.status_code, answer.json()) == (200, {"data": []})


def pages(client: TestClient, head: dict[str, str], query: str) -> list[list[str]]:
    url, found = f"{LIST}?{query}", []
    while url:
        answer = client.get(url, headers=head)
        assert answer.status_code == 200, answer.text
        again = client.get(url, headers=head)
        assert again.json() == answer.json()
        found.append([one["id"] for one in answer.json()["data"]])
        link = re.fullmatch(r'<(https?://127\.0\.0\.1(/[^>]+))>; rel="next"', answer.headers.get("link", ""))
        url = link[2] if link else ""
        assert len(found) < 50
    return found


def test_pages_are_complete_stable_and_never_too_long(client: TestClient, parts: Parts, head: dict[str, str]) -> None:
    ids = [str(published(parts).pf_id) for _ in range(7)]
    for limit, sizes in ((1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (2000, [7])):
        found = pages(client, head, f"limit={limit}")
        assert [len(one) for one in found] == sizes
        assert [one for page in found for one in page] == ids
    nothing = client.get(f"{LIST}?limit=0", headers=head)
    assert nothing.json() == {"data": []}
    assert [one for page in pages(client, head, "limit=0") for one in page] == ids
    filtered = client.get(f"{LIST}?limit=2&status=Active&geography=CN-GD&geography=DE", headers=head).headers["link"]
    assert "status=Active&" in filtered
    assert "geography=CN-GD&geography=DE" in filtered


def test_rows_added_between_pages_change_nothing(client: TestClient, parts: Parts, head: dict[str, str]) -> None:
    ids = [str(published(parts).pf_id) for _ in range(4)]
    first = client.get(f"{LIST}?limit=2", headers=head)
    link = first.headers["link"].split(">")[0].removeprefix("<http://127.0.0.1")
    before = client.get(link, headers=head).json()
    late = published(parts, created="1999-01-01T00:00:00Z")
    after = client.get(link, headers=head)
    assert after.json() == before
    assert [one["id"] for one in after.json()["data"]] == ids[2:]
    assert "link" not in after.headers
    assert str(late.pf_id) in [one["id"] for one in client.get(LIST, headers=head).json()["data"]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, library: Library, blank: Path) -> Iterator[World]:
    for here in installed(tmp_path_factory.mktemp("pact"), library, blank):
        everything, chosen = partner(here), partner(here, sees="chosen")
        held = []
        for i in range(24):
            places: list[dict[str, Any]] = [
                {"geographyCountrySubdivision": "CN-GD"},
                {"geographyCountrySubdivision": None, "geographyCountry": "CN"},
                {"geographyCountrySubdivision": None, "geographyRegionOrSubregion": "Eastern Asia"},
                {"geographyCountrySubdivision": None},
            ]
            more: dict[str, Any] = {
                "productIds": [f"urn:gtin:{i % 5}", f"urn:pact:Example.com:product-id:{i % 3}"],
                "productClassifications": [f"urn:cpc:{i % 4}"] if i % 4 else None,
                "companyIds": [f"urn:x:{i % 2}"],
                "status": "Deprecated" if i % 6 == 5 else "Active",
                "pcf": places[i % 4]
                | {"referencePeriodStart": "2021-01-01T00:00:00Z", "referencePeriodEnd": f"{2022 + i % 4}-01-01T00:00:00Z"},
            }  # fmt: skip
            if i % 7 == 0:
                more["validityPeriodEnd"] = f"{2023 + i % 4}-06-01T00:00:00+08:00"
            row = published(here, **more)
            held.append(ProductFootprint.model_validate(shown(row)))
            with here.database.writing() as db:
                book.release(db, EMBEDDED, chosen.row, [row.pf_id])
        yield here, everything, chosen, held


DAYS = [
    f"{year}-{day}"
    for year in range(2021, 2030)
    for day in ("01-01T00:00:00Z", "06-01T00:00:00+08:00", "05-31T12:00:00Z")
]
VALUES = {
    "productId": ["URN:GTIN:0", "urn:gtin:3", "urn:pact:example.com:product-id:1", "urn:none"],
    "companyId": ["urn:X:0", "urn:x:1"],
    "geography": ["cn", "CN-GD", "eastern asia", "XX"],
    "classification": ["urn:cpc:1", "urn:cpc:2", "urn:CPC:3"],
    "status": ["active", "Deprecated", "Unheard"],
    "validOn": DAYS,
    "validAfter": DAYS,
    "validBefore": DAYS,
}


@given(
    asked=st.fixed_dictionaries(
        {},
        optional={name: st.lists(st.sampled_from(values), min_size=1, max_size=2) for name, values in VALUES.items()},
    ),
    limit=st.integers(1, 9),
    all_of_it=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=150)
def test_any_filter_in_any_pages_is_what_the_pure_rule_says(
    world: World, asked: dict[str, list[str]], limit: int, all_of_it: bool
) -> None:
    here, everything, chosen, held = world
    criteria = criteria_of(asked)
    found: list[str] = []
    cursor: str | None = None
    with here.database.reading() as db:
        while True:
            page = book.page_for(db, EMBEDDED, (everything if all_of_it else chosen).row, criteria, limit, cursor)
            assert len(page.rows) <= limit
            found += [str(row.pf_id) for row in page.rows]
            cursor = page.next
            if cursor is None:
                break
            assert page.rows
    assert found == [one.id for one in held if matches(one, criteria)]
    assert all(terms(one) for one in held)


def test_pages_on_each_engine(either: Parts) -> None:
    made = partner(either)
    ids = [str(published(either).pf_id) for _ in range(5)]
    with either.database.reading() as db:
        for asked in ({}, {"productId": ["urn:gtin:4712345060507"]}, {"geography": ["cn-gd", "de"]}):
            first = book.page_for(db, EMBEDDED, made.row, criteria_of(asked), 3, None)
            second = book.page_for(db, EMBEDDED, made.row, criteria_of(asked), 3, first.next)
            assert [str(row.pf_id) for row in (*first.rows, *second.rows)] == ids
            assert second.next is None


def test_names_that_no_table_can_hold_match_nothing(either: Parts) -> None:
    made = partner(either)
    published(either, productIds=["urn:x:" + "ß" * 400], pcf={"geographyCountrySubdivision": None})
    published(either, pcf={"geographyCountrySubdivision": None, "geographyRegionOrSubregion": "Ü" * 3000})
    with either.database.reading() as db:
        for asked, count in (("\0", 0), ("urn:x:" + "ß" * 400, 1), ("urn:x:" + "SS" * 240, 0)):
            assert (
                len(book.page_for(db, EMBEDDED, made.row, criteria_of({"productId": [asked]}), 3, None).rows) == count
            )


# Life cycle


def test_a_footprint_never_changes_and_is_succeeded(client: TestClient, parts: Parts, head: dict[str, str]) -> None:
    old = published(parts)
    with parts.database.writing() as db:
        same, is_new = book.publish(db, EMBEDDED, read(version_3(id=str(old.pf_id))))
        assert (same.id, is_new) == (old.id, False)
    with pytest.raises(Changed), parts.database.writing() as db:
        book.publish(db, EMBEDDED, read(version_3(id=str(old.pf_id), comment="another")))
    new = published(parts, precedingPfIds=[str(old.pf_id)])
    listed = {one["id"]: one["status"] for one in client.get(LIST, headers=head).json()["data"]}
    assert listed == {str(old.pf_id): "Deprecated", str(new.pf_id): "Active"}
    active = client.get(f"{LIST}?status=Active", headers=head).json()["data"]
    assert [one["id"] for one in active] == [str(new.pf_id)]
    assert client.get(f"{LIST}/{old.pf_id}", headers=head).json()["data"]["status"] == "Deprecated"


def test_whoever_saw_the_old_one_sees_the_new_one(parts: Parts) -> None:
    chosen, old = partner(parts, sees="chosen"), published(parts)
    with parts.database.writing() as db:
        book.release(db, EMBEDDED, chosen.row, [old.pf_id])
    new = published(parts, precedingPfIds=[str(old.pf_id)])
    with parts.database.reading() as db:
        assert book.one_for(db, EMBEDDED, chosen.row, new.pf_id)[1]


@pytest.mark.parametrize(
    "more",
    [
        {"validityPeriodEnd": "2031-01-01T00:00:00Z"},
        {"pcf": {"geographyCountry": "CN"}},
        {"pcf": {"fossilGhgEmissions": "x"}},
    ],
)
def test_what_breaks_a_rule_is_not_published(parts: Parts, more: dict[str, Any]) -> None:
    with pytest.raises(NotPublishable), parts.database.writing() as db:
        book.publish(db, EMBEDDED, read(version_3(**more)))


# Events


def post(client: TestClient, head: dict[str, str], document: Any) -> Any:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return client.post(EVENTS, content=body, headers=head | CE)


def sent(parts: Parts) -> list[dict[str, Any]]:
    from sqlalchemy.orm import undefer

    with parts.database.reading() as db:
        rows = db.scalars(select(PactErrand).options(undefer(PactErrand.document)).order_by(PactErrand.created))
        return [{"kind": row.kind, **row.document} for row in rows]


def test_a_request_has_exactly_one_answer(client: TestClient, parts: Parts, head: dict[str, str]) -> None:
    row = published(parts)
    asked = event("RequestCreatedEvent", {"productId": ["URN:gtin:4712345060507"], "comment": "please"})
    for _ in range(3):
        answer = post(client, head, asked)
        assert (answer.status_code, answer.content) == (200, b"")
    [back] = sent(parts)
    assert back["type"].endswith("RequestFulfilledEvent.3")
    assert back["data"]["requestEventId"] == asked["id"]
    assert [one["id"] for one in back["data"]["pfs"]] == [str(row.pf_id)]
    UUID(back["id"])


@pytest.mark.parametrize(
    "data", [{"productId": ["urn:pact:null"]}, {"geography": ["XX"]}, {"validAfter": "2090-01-01T00:00:00Z"}]
)
def test_what_cannot_be_fulfilled_is_rejected(
    client: TestClient, parts: Parts, head: dict[str, str], data: dict[str, Any]
) -> None:
    published(parts)
    assert post(client, head, event("RequestCreatedEvent", data)).status_code == 200
    [back] = sent(parts)
    assert back["type"].endswith("RequestRejectedEvent.3")
    assert set(back["data"]["error"]) == {"code", "message"}


def test_what_a_partner_may_not_see_is_not_in_an_answer(client: TestClient, parts: Parts) -> None:
    published(parts)
    head = token(client, partner(parts, sees="chosen"))
    assert post(client, head, event("RequestCreatedEvent", {})).status_code == 200
    assert sent(parts)[0]["type"].endswith("RequestRejectedEvent.3")


def test_footprints_of_an_event_are_kept_for_that_partner(
    client: TestClient, parts: Parts, buyer: Made, head: dict[str, str]
) -> None:
    foreign = {"specVersion": "2.0.0", "dataSchema": "https://other.example/s.json", "data": {"a": None}}
    document = version_3(id=str(uuid4()), extensions=[foreign])
    answer = post(client, head, event("RequestFulfilledEvent", {"requestEventId": "r 1", "pfs": [document]}))
    assert answer.status_code == 200, answer.text
    changed = document | {"comment": "changed"}
    again = post(client, head, event("RequestFulfilledEvent", {"requestEventId": "r 2", "pfs": [changed]}))
    assert again.status_code == 200
    gone = post(
        client,
        head,
        event("RequestFulfilledEvent", {"requestEventId": "r 3", "pfs": [document | {"status": "Deprecated"}]}),
    )
    assert gone.status_code == 200
    with parts.database.reading() as db:
        kept = db.scalars(select(PactFootprint)).one()
        assert (kept.holder, kept.status, kept.document["extensions"]) == (str(buyer.row.id), "Deprecated", [foreign])
        assert "comment" not in kept.document
        found = [row.findings for row in db.scalars(select(PactEvent).order_by(PactEvent.received))]
        assert [[one["code"] for one in each] for each in found] == [[], ["pact.immutable"], []]
    # What others gave us is not ours to hand on.
    assert client.get(LIST, headers=head).json() == {"data": []}
    pact_error(client.get(f"{LIST}/{document['id']}", headers=head), 404, "NotFound")


def test_published_and_rejected(client: TestClient, parts: Parts, head: dict[str, str]) -> None:
    ids = [str(uuid4()), str(uuid4())]
    assert post(client, head, event("PublishedEvent", {"pfIds": ids})).status_code == 200
    assert sent(parts) == [{"kind": "fetch", "pfIds": ids}]
    error = {"code": "NotFound", "message": "no such product"}
    assert post(client, head, event("RequestRejectedEvent", {"requestEventId": "r", "error": error})).status_code == 200
    shown_ = client.get("/api/v1/pact/events").json()
    assert [one["data"].get("error") for one in shown_] == [error, None]


@pytest.mark.parametrize(
    "document",
    [
        b"", b"{", b"[]", b"null", b'{"a": NaN}', b'{"id":"1","id":"2"}', b"\xff", {}, event("Unheard", {}),
        event("RequestCreatedEvent", {}, type="org.wbcsd.pathfinder.ProductFootprint.Published.v1"),
        event("RequestCreatedEvent", {}, specversion="0.3"), event("RequestCreatedEvent", {}, id=""),
        event("RequestCreatedEvent", {}, id=1), event("RequestCreatedEvent", {}, source=None),
        event("RequestCreatedEvent", {}, time="now"), event("RequestCreatedEvent", None), event("RequestCreatedEvent", []),
        event("RequestCreatedEvent", {"productId": [1]}), event("RequestCreatedEvent", {"productId": {}}),
        event("RequestCreatedEvent", {"validOn": ["soon"]}), event("RequestCreatedEvent", {"x-other-invoice": ["1"]}),
        event("RequestCreatedEvent", {"comment": 1}),
        event("PublishedEvent", {"pfIds": ["not-a-uuid"]}), event("PublishedEvent", {"pfIds": "x"}), event("PublishedEvent", {}),
        event("RequestFulfilledEvent", {"requestEventId": "r", "pfs": []}), event("RequestFulfilledEvent", {"pfs": [version_3()]}),
        event("RequestFulfilledEvent", {"requestEventId": "r", "pfs": [{}]}),
        event("RequestFulfilledEvent", {"requestEventId": "r", "pfs": [version_3(pcf={"fossilGhgEmissions": 1.5})]}),
        event("RequestRejectedEvent", {"requestEventId": "r"}), event("RequestRejectedEvent", {"error": {"code": "a", "message": "b"}}),
        event("RequestCreatedEvent", {}, source="https://other.example/3/events"),
        event("RequestCreatedEvent", {}, source="http://partner.example/3/events"),
        event("RequestCreatedEvent", {}, source="https://partner.example:8443/3/events"),
        event("RequestCreatedEvent", {}, source="https://partner.example@127.0.0.1/"),
        event("RequestCreatedEvent", {}, source="https://partner.example.evil.example/"),
        event("RequestCreatedEvent", {}, source="urn:partner"), event("RequestCreatedEvent", {}, source="/3/events"),
    ],
)  # fmt: skip
def test_a_bad_event_is_400_and_leaves_nothing(
    client: TestClient, parts: Parts, head: dict[str, str], document: Any
) -> None:
    pact_error(post(client, head, document), 400, "BadRequest")
    with parts.database.reading() as db:
        assert db.scalars(select(PactEvent)).all() == []
        assert db.scalars(select(PactErrand)).all() == []


def test_an_event_of_another_media_type_and_one_too_large(client: TestClient, head: dict[str, str]) -> None:
    body = json.dumps(event("PublishedEvent", {"pfIds": []}))
    pact_error(
        client.post(EVENTS, content=body, headers=head | {"content-type": "application/json"}), 400, "BadRequest"
    )
    pact_error(client.post(EVENTS, content=body, headers=head), 400, "BadRequest")
    pact_error(client.post(EVENTS, content=b" " * 10_000_001, headers=head | CE), 413, "BadRequest")


def test_who_has_no_way_back_is_told_at_once(client: TestClient, parts: Parts) -> None:
    head = token(client, partner(parts, their_client_id=None, their_secret=None))
    pact_error(post(client, head, event("RequestCreatedEvent", {})), 400, "BadRequest")
    assert post(client, head, event("PublishedEvent", {"pfIds": [str(uuid4())]})).status_code == 200
    nowhere = token(client, partner(parts, base_url=None))
    pact_error(post(client, nowhere, event("PublishedEvent", {"pfIds": []})), 400, "BadRequest")


# The rest


def test_every_other_address_and_method_answers_in_pacts_words(client: TestClient, head: dict[str, str]) -> None:
    for path in ("/pact/", "/pact/2/footprints", "/pact/3", "/pact/3/unknown"):
        pact_error(client.get(path, headers=head), 404, "NotFound")
    pact_error(client.get(LIST, headers=head | {"host": "elsewhere.example"}), 400, "BadRequest")
    pact_error(client.post(LIST, headers=head), 405, "BadRequest")
    pact_error(client.get(EVENTS, headers=head), 405, "BadRequest")
    assert client.get(f"{LIST}/?limit=1", headers=head).status_code == 200


def test_the_schemas_of_our_extensions_are_there_for_anybody(client: TestClient) -> None:
    found = client.get("/pact/extensions/cbam-see/1.0.0/schema.json").json()
    assert "seeDirect" in found["properties"]
    pact_error(client.get("/pact/extensions/cbam-see/9.0.0/schema.json"), 404, "NotFound")


def test_a_failure_of_ours_is_an_internal_error(client: TestClient, head: dict[str, str], monkeypatch: Any) -> None:
    monkeypatch.setattr(book, "page_for", lambda *_: 1 / 0)
    pact_error(client.get(LIST, headers=head), 500, "InternalError")


def test_partners_come_in_beside_sign_in_and_secret(tmp_path: Path, library: Library, blank: Path) -> None:
    for more in ({"sign_in": "accounts"}, {"secret": "x" * 20}):
        folder = tmp_path / next(iter(more))
        folder.mkdir()
        for here in installed(folder, library, blank, **more):
            with TestClient(create_app(parts=here), base_url="http://127.0.0.1", raise_server_exceptions=False) as web:
                assert web.get(LIST, headers=token(web, partner(here))).status_code == 200
                assert web.get("/api/v1/pact/partners").status_code == 401
    assert clock.now().tzinfo is dt.UTC
