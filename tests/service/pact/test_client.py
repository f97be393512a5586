"""The client: two installations over loopback, addresses that are refused, errands that are tried again."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
import uvicorn
from sqlalchemy import select, update
from sqlalchemy.orm import undefer

from service.app import create_app
from service.auth import EMBEDDED
from service.broker import TASKS
from service.database import Database
from service.edition import version_of
from service.library import Library
from service.pact import book, errands, partners
from service.pact.address import check_shape, joined, same_origin, target
from service.pact.client import PartnerClient
from service.pact.errands import ask_for_due, work
from service.pact.partners import Given, Made, pause
from service.pact.refusals import BadAddress, NoAddress, Unanswered
from service.pact.tables import PactErrand, PactEvent, PactFootprint
from service.parts import Parts
from service.settings import Settings
from service.start import listen
from service.tables import Job
from tests.models.pact.documents import version_3
from tests.service.conftest import Silent
from tests.service.pact.world import partner, published

PUBLIC = "93.184.215.14"


# Where a request may go


@pytest.mark.parametrize(
    "numbers",
    [["127.0.0.1"], ["10.0.0.1"], ["172.16.0.1"], ["192.168.1.1"], ["169.254.169.254"], ["0.0.0.1"], ["::1"], ["fe80::1%eth0"],
     ["fd00::1"], ["::ffff:127.0.0.1"], ["100.64.0.1"], ["224.0.0.1"], ["2002:7f00:1::"], [PUBLIC, "127.0.0.1"], []],
)  # fmt: skip
def test_private_and_loopback_addresses_are_refused(numbers: list[str]) -> None:
    with pytest.raises(BadAddress):
        target("https://partner.example/3/events", may_be_private=False, resolve=lambda *_: numbers)
    if numbers:
        found = target("https://partner.example/3/events", may_be_private=True, resolve=lambda *_: numbers)
        assert found.host == "partner.example"


def test_the_connection_goes_to_the_number_that_was_looked_at() -> None:
    found = target("https://Partner.example:8443/base/3/events?x=1", may_be_private=False, resolve=lambda *_: [PUBLIC])
    assert found == (found.__class__)(
        f"https://{PUBLIC}:8443/base/3/events?x=1", "partner.example:8443", "partner.example"
    )
    with pytest.raises(BadAddress):
        target("http://partner.example/", may_be_private=False, resolve=lambda *_: [PUBLIC])


def test_a_name_that_turns_private_between_two_requests_is_not_followed() -> None:
    """A9, rebinding: each request looks the name up once, and goes to the number that was looked at."""
    turns = iter([[PUBLIC], [PUBLIC], ["127.0.0.1"]])
    asked: list[tuple[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.url.host, request.headers["host"]))
        return httpx2.Response(200, json={"access_token": "x"}) if request.method == "POST" else httpx2.Response(404)

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as http:
        at = "https://partner.example"
        mill = PartnerClient("x", at, at, "id", "secret", False, http, resolve=lambda *_: next(turns))
        with pytest.raises(BadAddress):
            mill.footprint("x")
    assert asked == [(PUBLIC, "partner.example")] * 2


@pytest.mark.parametrize(
    "url",
    ["http://partner.example", "https://127.0.0.1", "https://[::1]:8000", "https://localhost", "https://10.1.1.1/x", "ftp://partner.example",
     "https://user@partner.example", "https://partner.example/?q=1", "https://", "https://partner.example:99999", "https://db.internal"],
)  # fmt: skip
def test_no_partner_is_registered_with(url: str) -> None:
    with pytest.raises(BadAddress):
        check_shape(url, may_be_private=False)


def test_origins_and_links() -> None:
    base = "https://partner.example/pact"
    assert same_origin("https://PARTNER.example:443/other", base)
    assert same_origin("//partner.example/3/events", base)
    for other in (
        "http://partner.example/",
        "https://partner.example:444/",
        "//evil.example/",
        "partner.example",
        "urn:x:y",
    ):
        assert not same_origin(other, base)
    assert joined(f"{base}/3/footprints", "?cursor=1") == f"{base}/3/footprints?cursor=1"
    with pytest.raises(BadAddress):
        joined(base, "https://evil.example/3/footprints")


# A partner that misbehaves


def speaking(answers: Callable[[httpx2.Request], httpx2.Response]) -> tuple[PartnerClient, list[httpx2.Request]]:
    asked: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        if request.url.path.endswith("/auth/token"):
            return httpx2.Response(200, json={"access_token": "t", "token_type": "Bearer"})
        if "well-known" in request.url.path:
            return httpx2.Response(200, json={"token_endpoint": "https://evil.example/token"})
        return answers(request)

    http = httpx2.Client(transport=httpx2.MockTransport(handle))
    base = "https://partner.example"
    return PartnerClient("P", base, base, "id", "secret", False, http, lambda *_: [PUBLIC]), asked


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, content=b"x"), httpx2.Response(200, json=[]), httpx2.Response(200, json={"data": None}),
        httpx2.Response(500), httpx2.Response(302, headers={"location": "http://127.0.0.1/"}), httpx2.Response(401),
        httpx2.Response(200, json={"data": []}, headers={"link": '<https://partner.example/3/footprints>; rel="next"'}),
    ],
)  # fmt: skip
def test_a_list_that_is_none_is_told(answer: httpx2.Response) -> None:
    client, asked = speaking(
        lambda _: httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)
    )
    with pytest.raises(Unanswered):
        list(client.footprints())
    assert {request.url.host for request in asked} == {PUBLIC}
    assert {request.headers["host"] for request in asked} == {"partner.example"}


def test_a_link_elsewhere_is_not_followed_and_credentials_stay() -> None:
    link = {"link": '<https://evil.example/3/footprints?x>; rel="next"'}
    client, asked = speaking(lambda _: httpx2.Response(200, json={"data": [{"id": "1"}]}, headers=link))
    with pytest.raises(BadAddress):
        list(client.footprints())
    assert not any("evil" in request.headers["host"] for request in asked)


def test_an_expired_token_is_renewed_once() -> None:
    left = [httpx2.Response(401), httpx2.Response(200, json={"data": {"id": "1"}})]
    client, asked = speaking(lambda _: left.pop(0))
    assert client.footprint("1") == {"id": "1"}
    assert sum(request.url.path.endswith("/auth/token") for request in asked) == 2


# Errands


def wait_over(here: Parts) -> None:
    with here.database.writing() as db:
        db.execute(update(PactErrand).where(PactErrand.state == "waiting").values(next_try=PactErrand.created))


def run(here: Parts, **more: Any) -> list[str]:
    """Do every job that is queued, as a worker does."""
    with here.database.reading() as db:
        ids = db.scalars(select(Job.id).where(Job.kind == "pact", Job.state == "queued").order_by(Job.created)).all()
    return [work(here.database, here.settings, one, 30.0, **more) for one in ids]


def errand(here: Parts) -> PactErrand:
    with here.database.reading() as db:
        return db.scalars(select(PactErrand).options(undefer(PactErrand.document))).one()


def test_what_fails_is_tried_again_with_growing_pauses_and_given_up_after_three_days(parts: Parts) -> None:
    assert "pact" in TASKS
    made = partner(parts)
    with parts.database.writing() as db:
        partners.send(db, EMBEDDED, parts.settings, made.row, partners.PUBLISHED, {"pfIds": []})
    sent: list[str] = []
    for attempt in range(1, 100):
        assert len(run(parts, connecting=lambda *_: speaking(lambda _: httpx2.Response(503))[0])) == 1
        row = errand(parts)
        sent.append(row.document["id"])
        assert row.attempts == attempt
        if row.state == "given_up":
            break
        with parts.database.writing() as db:
            assert ask_for_due(db) == 0
        assert run(parts, connecting=lambda *_: speaking(lambda _: httpx2.Response(503))[0]) == []
        # As if the pause were over: errand and pause lie that much further back.
        gone = row.next_try - dt.datetime.now(dt.UTC)
        with parts.database.writing() as db:
            db.execute(
                update(PactErrand).values(
                    created=row.created - gone, next_try=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
                )
            )
        with parts.database.writing() as db:
            assert ask_for_due(db) == 1
            assert ask_for_due(db) == 1
    assert row.state == "given_up"
    assert row.reason is not None
    assert row.reason["code"] == "pact.unanswered"
    assert 15 < len(sent) < 40
    assert len(set(sent)) == 1
    with parts.database.writing() as db:
        assert ask_for_due(db) == 0


def test_what_a_partner_does_not_have_is_told_and_the_rest_is_kept(parts: Parts) -> None:
    made = partner(parts)
    ids = [str(uuid4()) for _ in range(3)]
    with parts.database.writing() as db:
        partners.fetch(db, EMBEDDED, made.row, {"pfIds": ids}, "3 published")

    def answers(request: httpx2.Request) -> httpx2.Response:
        pf_id = request.url.path.rpartition("/")[2]
        if pf_id == ids[0]:
            return httpx2.Response(404, json={"code": "NotFound", "message": "x"})
        return httpx2.Response(200, json={"data": version_3(id=pf_id) if pf_id == ids[1] else {"specVersion": "3.0.0"}})

    assert run(parts, connecting=lambda *_: speaking(answers)[0]) == ["done"]
    assert [one for one, _ in received(parts)] == [ids[1]]
    reason = errand(parts).reason
    assert reason is not None
    assert {one["code"] for one in reason["findings"]} == {"pact.unanswered", "pact.schema"}


def test_an_errand_whose_worker_is_lost_ends_too(parts: Parts) -> None:
    made = partner(parts)
    with parts.database.writing() as db:
        partners.fetch(db, EMBEDDED, made.row, {"pfIds": []}, "x")
        db.execute(update(PactErrand).values(created=dt.datetime.now(dt.UTC) - dt.timedelta(hours=79)))
    with parts.database.writing() as db:
        assert ask_for_due(db) == 0
    assert errand(parts).state == "given_up"


def test_pauses_double_up_to_six_hours() -> None:
    assert [pause(i).total_seconds() for i in (0, 1, 2, 9, 10, 500)] == [30, 60, 120, 15360, 21600, 21600]


def test_without_an_address_nothing_is_begun(parts: Parts) -> None:
    made = partner(parts, base_url=None)
    with pytest.raises(NoAddress), parts.database.writing() as db:
        partners.fetch(db, EMBEDDED, made.row, {}, "x")


def test_a_private_address_is_refused_when_the_errand_is_done(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    made = partner(parts, base_url="https://looks.public.example")
    monkeypatch.setattr("service.pact.address.socket.getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("127.0.0.1", 443))])
    with parts.database.writing() as db:
        partners.send(db, EMBEDDED, parts.settings, made.row, partners.PUBLISHED, {"pfIds": []})
    assert run(parts) == ["waiting"]
    assert errand(parts).reason is not None
    assert errand(parts).reason["code"] == "pact.bad_address"  # type: ignore[index]


# Two installations


class Running:
    """An installation that listens on loopback."""

    def __init__(self, folder: Path, library: Library, blank: Path) -> None:
        folder.mkdir()
        shutil.copy(blank, folder / "yuetan.sqlite")
        self.socket = listen("127.0.0.1", 8500)
        port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        settings = Settings(data_dir=folder, worker="none", port=port)
        self.parts = Parts(settings, Database(settings.database), library, Silent(settings))
        config = uvicorn.Config(create_app(parts=self.parts), log_level="error", ws="none")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],), daemon=True)
        self.thread.start()
        until = time.monotonic() + 20
        while not self.server.started and time.monotonic() < until:
            time.sleep(0.02)
        assert self.server.started

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        self.parts.close()


@pytest.fixture
def pair(tmp_path: Path, library: Library, blank: Path) -> Iterator[tuple[Running, Running]]:
    mill, buyer = (Running(tmp_path / name, library, blank) for name in ("mill", "buyer"))
    yield mill, buyer
    for one in (mill, buyer):
        one.stop()


def know(mill: Running, buyer: Running) -> tuple[Made, Made]:
    """Register each with the other, as two people would by exchanging secrets."""
    at_mill, at_buyer = (partner(one.parts, base_url=None, sees="all") for one in (mill, buyer))
    for here, row, there, made in ((mill, at_mill, buyer, at_buyer), (buyer, at_buyer, mill, at_mill)):
        given = Given("other", f"{there.url}/pact", None, str(made.row.id), made.secret, True, "all")
        with here.parts.database.writing() as db:
            partners.change(db, EMBEDDED, here.parts.settings, row.row.id, given, frozenset({version_of(row.row)}))
    return at_mill, at_buyer


def received(here: Parts) -> list[tuple[str, str]]:
    with here.database.reading() as db:
        rows = db.scalars(
            select(PactFootprint).where(PactFootprint.holder.not_in(["own", "file"])).order_by(PactFootprint.kept)
        )
        return [(str(row.pf_id), row.status) for row in rows]


def settle(*sides: Running) -> None:
    """Let both do their errands until none is left."""
    for _ in range(6):
        done = [word for one in sides for word in run(one.parts)]
        assert set(done) <= {"done"}, [errand(one.parts).reason for one in sides]
        if not done:
            return
    raise AssertionError("errands do not end")


def test_two_installations_list_request_publish_and_succeed(pair: tuple[Running, Running]) -> None:
    mill, buyer = pair
    _, at_buyer = know(mill, buyer)
    ids = [str(published(mill.parts).pf_id) for _ in range(book.DEFAULT_PAGE + 5)]
    with buyer.parts.database.writing() as db:
        row = partners.partner(db, EMBEDDED, at_buyer.row.id)
        partners.fetch(db, EMBEDDED, row, {"criteria": {"geography": ["CN-GD"]}}, "list")
        partners.send(db, EMBEDDED, buyer.parts.settings, row, partners.CREATED, {"productId": ["urn:pact:null"]})
        at = row
    settle(buyer, mill)
    assert sorted(one for one, _ in received(buyer.parts)) == sorted(ids)
    with buyer.parts.database.reading() as db:
        [event] = db.scalars(select(PactEvent).options(undefer(PactEvent.document))).all()
        assert event.type.endswith("RequestRejectedEvent.3")
        assert event.partner_id == at.id
    document = version_3(id=str(uuid4()), precedingPfIds=[ids[0]])
    with httpx2.Client(base_url=mill.url, trust_env=False) as web:
        answer = web.post("/api/v1/pact/footprints", json=[document])
    assert answer.status_code == 201, answer.text
    assert answer.json()["partners_told"] == 1
    settle(mill, buyer)
    held = dict(received(buyer.parts))
    assert (held[document["id"]], held[ids[0]]) == ("Active", "Deprecated")
    with buyer.parts.database.writing() as db:
        row = partners.partner(db, EMBEDDED, at_buyer.row.id)
        asked = {"productId": ["urn:gtin:4712345060507"], "status": ["Deprecated"]}
        partners.send(db, EMBEDDED, buyer.parts.settings, row, partners.CREATED, asked)
    settle(buyer, mill)
    assert dict(received(buyer.parts))[ids[0]] == "Deprecated"
    UUID(document["id"])


def test_a_wrong_secret_gets_nothing(pair: tuple[Running, Running]) -> None:
    mill, buyer = pair
    _, at_buyer = know(mill, buyer)
    given = Given("other", f"{mill.url}/pact", None, str(uuid4()), "wrong", True, "all")
    with buyer.parts.database.writing() as db:
        seen = frozenset({version_of(partners.partner(db, EMBEDDED, at_buyer.row.id))})
        row = partners.change(db, EMBEDDED, buyer.parts.settings, at_buyer.row.id, given, seen)
        partners.fetch(db, EMBEDDED, row, {"criteria": {}}, "list")
    assert run(buyer.parts) == ["waiting"]
    assert errand(buyer.parts).reason is not None
    assert "401" in json.dumps(errand(buyer.parts).reason)
    assert dt.timedelta(hours=72) == errands.GIVE_UP_AFTER
