"""T8: each way by which data leave is one of the list, leaves a row with the hash of the bytes, and has its test here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from service.pact import errands
from service.pact.book import shown
from service.pact.tables import PactPartner
from service.release.tables import DataRelease
from service.release.use import ways
from service.score.kept import EXAMPLE as SCORE
from service.tables import Job
from tests.service.pact.world import event, partner, published, token
from tests.service.share.world import API, BANK, MILL, World

MEDIA = {"content-type": "application/cloudevents+json"}
Left = list[tuple[str, bytes | None]]


def last(world: World, n: int = 1) -> list[DataRelease]:
    with world.parts.database.reading() as db:
        mine = select(DataRelease).where(DataRelease.organisation_id == world.who[MILL].organisation_id)
        return list(db.scalars(mine.order_by(DataRelease.at.desc()).limit(n)))[::-1]


def by_share(ending: str) -> Callable[[World], Left]:
    def leave(world: World) -> Left:
        share = world.shared()
        way = {"": "share.json"}.get(ending, f"share{ending}")
        return [(way, world.get(BANK, f"shares/received/{share}{ending}").content)]

    return leave


def by_page(world: World) -> Left:
    share = world.shared()
    answer = world.web.get(f"/shares/received/{share}", headers=world.head(BANK))
    return [("share.page", answer.content)]


def by_statement(world: World) -> Left:
    number = world.statement()
    return [("statement.file", world.get(MILL, f"statements/{number}.{kind}").content) for kind in ("json", "pdf")]


def by_register(world: World) -> Left:
    number = world.statement()
    world.post(MILL, f"statements/{number}/withdraw", {"reason": "x"})
    return [("statement.register", None)]


def by_score(world: World) -> Left:
    kept = world.post(MILL, "score-records", SCORE)
    assert kept.status_code == 201, kept.text
    return [("score.register", None)]


def by_pact(path: str, way: str) -> Callable[[World], Left]:
    def leave(world: World) -> Left:
        row = published(world.parts, world.who[MILL])
        head = token(world.web, partner(world.parts, world.who[MILL]))
        answer = world.web.get(path.format(id=row.pf_id), headers=head)
        assert str(row.pf_id) in answer.text
        return [(way, answer.content)]

    return leave


class Caught:
    """A partner that takes every event."""

    def __init__(self) -> None:
        self.got: list[Mapping[str, Any]] = []
        self.http = self

    def __enter__(self) -> Caught:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send(self, document: Mapping[str, Any]) -> None:
        self.got.append(document)


def asked_by_event(world: World) -> tuple[PactPartner, list[UUID]]:
    """Have a partner ask for a footprint, and return the jobs that answer it."""
    row = published(world.parts, world.who[MILL])
    made = partner(world.parts, world.who[MILL])
    criteria = {"productId": shown(row)["productIds"][:1], "comment": "x"}
    sent = world.web.post(
        "/pact/3/events", json=event("RequestCreatedEvent", criteria), headers=token(world.web, made) | MEDIA
    )
    assert sent.status_code == 200, sent.text
    with world.parts.database.reading() as db:
        return made.row, list(db.scalars(select(Job.id).where(Job.kind == "pact", Job.state == "queued")))


def by_event(world: World) -> Left:
    _, jobs = asked_by_event(world)
    caught = Caught()
    for job in jobs:
        errands.work(world.parts.database, world.parts.settings, job, 30.0, lambda *_: caught)  # type: ignore[arg-type,return-value]
    assert caught.got[-1]["data"]["pfs"]
    return [("pact.event", None)]


#: What leaves by each way, with the bytes where the test has them.
WAYS: dict[str, Callable[[World], Left]] = {
    "share.page": by_page,
    "share.json": by_share(""),
    "share.pdf": by_share(".pdf"),
    "share.xlsx": by_share(".xlsx"),
    "statement.register": by_register,
    "statement.file": by_statement,
    "score.register": by_score,
    "pact.get": by_pact("/pact/3/footprints/{id}", "pact.get"),
    "pact.list": by_pact("/pact/3/footprints", "pact.list"),
    "pact.event": by_event,
}


#: Ways whose test is with their topic.
ELSEWHERE = {"disclosure": "test_an_annex_leaves_out_by_class_and_is_written_down"}


def test_every_way_has_a_test_and_every_test_a_way() -> None:
    assert WAYS.keys() | ELSEWHERE.keys() == ways().keys()
    named = "".join(path.read_text("utf-8") for path in Path(__file__).parents[1].glob("test_*.py"))
    assert [name for name in ELSEWHERE.values() if f"def {name}(" not in named] == []


@pytest.mark.parametrize("way", WAYS)
def test_what_leaves_is_written_down(world: World, way: str) -> None:
    left = WAYS[way](world)
    rows = last(world, len(left))
    assert [row.way for row in rows] == [name for name, _ in left] == [way] * len(left)
    for row, (_, data) in zip(rows, left, strict=True):
        assert data is None or row.sha256 == hashlib.sha256(data).hexdigest()
        assert row.size > 0
        assert row.recipient
        assert row.basis
        assert sum(map(len, row.fields.values())) >= 3
    assert world.get(MILL, "audit/proof").json()["holds"] is True


def test_an_event_to_a_partner_that_was_closed_meanwhile_is_not_sent(world: World) -> None:
    row, jobs = asked_by_event(world)
    before = len(last(world, 500))
    with world.parts.database.writing() as db:
        db.execute(update(PactPartner).where(PactPartner.id == row.id).values(active=False))
    caught = Caught()
    for job in jobs:
        errands.work(world.parts.database, world.parts.settings, job, 30.0, lambda *_: caught)  # type: ignore[arg-type,return-value]
    assert caught.got == []
    assert len(last(world, 500)) == before


#: Operations that answer to whoever comes, without sign-in, and what they tell of an organisation.
OPEN = {
    "/health": "nothing", "/ready": "nothing", "/oauth/token": "nothing", "/verify/{number}": "statement.register",
    "/verify/score/{record_id}": "score.register",
}  # fmt: skip


def test_no_open_operation_is_outside_the_list(world: World) -> None:
    """Whatever answers without sign-in is named above; the rest answers to the organisation's own people alone."""
    described = world.web.get(f"{API}/openapi.json").json()["paths"]
    opened = {
        path.removeprefix(API)
        for path, operations in described.items()
        for method in operations
        if world.web.request(method, path.replace("{", "").replace("}", "")).status_code != 401
    }
    assert opened == OPEN.keys()
