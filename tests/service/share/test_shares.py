"""What is shared is seen by its recipient alone, in that version and those fields, until it ends."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest

from service import clock
from service.clock import today
from service.dossier.routes import EXAMPLE as DOSSIER
from service.score.kept import EXAMPLE as SCORE
from service.share.fields import classes, has, kinds, value_of
from tests.service.pact.world import published
from tests.service.share.world import BANK, BUYER, MILL, STRANGER, World

RESULTS = {"public", "result"}
WAYS = ("", ".pdf", ".xlsx")


def ways_of(world: World, name: str, share: Any) -> list[int]:
    return [world.get(name, f"shares/received/{share}{end}").status_code for end in WAYS]


def test_a_recipient_sees_that_version_and_those_fields_and_nothing_else(world: World) -> None:
    assessment = world.assessment()
    share = world.shared(subject=assessment, fields=["firm", "goods.see", "cost_eur"])
    seen = world.get(BANK, f"shares/received/{share}").json()
    record = world.get(MILL, f"assessments/{assessment}").json()
    assert {one["field"]: one["value"] for one in seen["fields"]} == {
        "firm": record["title"],
        "cost_eur": record["totals"]["cost_eur"],
        "goods.see": [2.0],
    }
    assert (seen["version"], seen["owner"], seen["purpose"]) == (record["key"], MILL, "绿色贷款")
    assert world.get(BANK, "shares/received").json()["items"][0]["id"] == str(share)
    assert ways_of(world, BANK, share) == [200, 200, 200]
    for path in (f"assessments/{assessment}", f"assessments/{assessment}/lines", f"shares/{share}"):
        assert world.get(BANK, path).status_code == 404, path
    assert ways_of(world, STRANGER, share) == ways_of(world, MILL, share) == [404, 404, 404]
    assert world.get(STRANGER, "shares/received").json()["items"] == []
    assert world.post(BANK, f"shares/{share}/revoke").status_code == 404


def test_without_a_choice_the_results_alone_are_shared(world: World) -> None:
    share = world.shared()
    seen = world.get(BANK, f"shares/received/{share}").json()["fields"]
    assert {one["data_class"] for one in seen} == RESULTS
    assert {"goods.see", "goods.sefa", "as_of"} <= {one["field"] for one in seen}


@pytest.mark.parametrize("kind", ["score", "statement", "dossier", "footprint"])
def test_every_kind_of_record_is_shared_and_is_read_on_paper(world: World, kind: str) -> None:
    more: dict[str, Any] = {"kind": kind}
    if kind == "score":
        more["subject"] = world.assessment()
    elif kind == "statement":
        more["subject"] = world.statement()
    elif kind == "footprint":
        more["subject"] = str(published(world.parts, world.who[MILL]).pf_id)
    else:
        more["dossier"] = DOSSIER
    share = world.shared(**more)
    seen = world.get(BANK, f"shares/received/{share}").json()["fields"]
    assert len(seen) >= 5
    assert all(has(one["value"]) for one in seen)
    assert ways_of(world, BANK, share) == [200, 200, 200]


def test_a_kept_score_is_shared_like_that_of_an_assessment(world: World) -> None:
    kept = world.post(MILL, "score-records", SCORE).json()
    share = world.shared(kind="score", subject=kept["id"])
    seen = world.get(BANK, f"shares/received/{share}").json()
    assert seen["version"] == kept["hash"]
    assert {"grade", "shown", "indicators.points"} <= {one["field"] for one in seen["fields"]}


def test_a_share_stays_what_it_was_and_tells_of_a_withdrawal(world: World) -> None:
    number = world.statement()
    share = world.shared(kind="statement", subject=number)
    before = world.get(BANK, f"shares/received/{share}").json()
    assert before["withdrawn"] is None
    assert world.post(MILL, f"statements/{number}/withdraw", {"reason": "wrong tonnes"}).status_code == 200
    after = world.get(BANK, f"shares/received/{share}").json()
    assert after["fields"] == before["fields"]
    assert after["withdrawn"]


def test_a_revoked_share_is_nowhere_and_twice_is_once(world: World) -> None:
    share = world.shared()
    assert ways_of(world, BANK, share) == [200, 200, 200]
    assert world.post(MILL, f"shares/{share}/revoke").json()["open"] is False
    first = world.get(MILL, f"shares/{share}").json()
    assert world.post(MILL, f"shares/{share}/revoke").json() == first
    assert ways_of(world, BANK, share) == [404, 404, 404]
    assert str(share) not in world.get(BANK, "shares/received").text
    events = world.get(MILL, "audit/events?limit=500").json()["items"]
    assert [(one["action"], one["subject"]) for one in events].count(("share.revoked", str(share))) == 1
    assert world.get(MILL, "audit/proof").json()["holds"] is True


def test_a_share_ends_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    share = world.shared(until=today().isoformat())
    assert ways_of(world, BANK, share) == [200, 200, 200]
    later = clock.now() + dt.timedelta(days=1)
    for module in ("service.share.use", "service.clock"):
        monkeypatch.setattr(f"{module}.now", lambda: later)
    assert ways_of(world, BANK, share) == [404, 404, 404]


@pytest.mark.parametrize("days", [-1, 1])
def test_a_revocation_holds_whatever_the_clock_says(world: World, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    share = world.shared()
    other = clock.now() + dt.timedelta(days=days)
    monkeypatch.setattr("service.share.use.now", lambda: other)
    world.post(MILL, f"shares/{share}/revoke")
    monkeypatch.undo()
    assert ways_of(world, BANK, share) == [404, 404, 404]


@pytest.mark.parametrize(
    ("more", "code", "status"),
    [
        ({"recipient": str(uuid4())}, "share.no_such_organisation", 422),
        ({"recipient": "nobody"}, "share.no_such_organisation", 422),
        ({"recipient": "00000000-0000-4000-8000-000000000001"}, "share.no_such_organisation", 422),
        ({"recipient": "91440600MA4UTE3T10"}, "identity.bad_uscc", 422),
        ({"until": "2026-01-01"}, "share.expired_at_birth", 422),
        ({"until": "2150-01-01"}, "share.too_long", 422),
        ({"until": "9999-12-31"}, "input.invalid", 422),
        ({"fields": ["inputs"]}, "share.unknown_field", 422),
        ({"fields": []}, "input.invalid", 422),
        ({"fields": ["uscc"] * 101}, "input.invalid", 422),
        ({"kind": "dossier"}, "share.not_one_record", 422),
        ({"kind": "score", "dossier": DOSSIER}, "share.not_one_record", 422),
        ({"kind": "person"}, "input.invalid", 422),
        ({"purpose": ""}, "input.invalid", 422),
        ({"subject": str(uuid4())}, "service.not_found", 404),
        ({"kind": "statement", "subject": str(uuid4())}, "service.not_found", 404),
        ({"kind": "footprint", "subject": str(uuid4())}, "service.not_found", 404),
        ({"extra": 1}, "input.invalid", 422),
    ],
)
def test_what_cannot_be_shared_is_refused_with_its_field(
    world: World, more: dict[str, Any], code: str, status: int
) -> None:
    before = world.get(MILL, "shares").json()
    sent = world.offer(**more)
    assert (sent.json()["code"], sent.status_code) == (code, status), sent.text
    assert sent.json()["text"]["zh"]
    assert world.get(MILL, "shares").json() == before


def test_with_oneself_and_by_those_without_the_right(world: World) -> None:
    assert world.offer(MILL).json()["code"] == "share.with_oneself"
    editor = world.colleague(MILL, "exporter_editor")
    share = world.shared()
    assert world.post(editor, f"shares/{share}/revoke").status_code == 403
    assert world.post(editor, "shares", {}).status_code in (403, 422)
    assert world.get(editor, f"shares/{share}").status_code == 200


def test_a_share_by_credit_code(world: World) -> None:
    with world.parts.database.writing() as db:
        from service.identity.use import add_organisation

        add_organisation(db, "银行", "bank", "91110000600037341L")
    assert world.offer(recipient="91110000600037341L").json()["recipient"] == "银行"


def test_someone_elses_record_cannot_be_shared(world: World) -> None:
    foreign = world.assessment(BUYER)
    assert world.offer(subject=foreign).status_code == 404


def test_pages_of_shares(world: World) -> None:
    assessment = world.assessment()
    shares = [str(world.shared(subject=assessment)) for _ in range(3)]
    first = world.get(MILL, "shares?limit=2").json()
    rest = world.get(MILL, f"shares?limit=500&cursor={first['next']}").json()
    assert [one["id"] for one in first["items"] + rest["items"]][:3] == shares[::-1]
    assert rest["next"] is None
    assert world.get(BANK, "shares/received?cursor=%00").json()["code"] == "service.bad_cursor"


def test_every_field_that_may_leave_has_a_class_that_banks_know() -> None:
    """A field without a class does not load; each class has its step in both schemes, marked as our reading."""
    assert {field.kind.name for kind in kinds().values() for field in kind.fields.values()} == classes().keys() - {
        "personal"
    }
    assert all(one.confidence == "inferred" and 1 <= one.jrt_0197 <= 5 for one in classes().values())
    assert [name for name, one in classes().items() if not one.leaves] == ["personal"]
    assert {name for name, one in classes().items() if one.by_default} == RESULTS


@pytest.mark.parametrize(
    ("at", "value"),
    [("a.b", 1), ("a.c", None), ("x.y", None), ("t[].v", [1, None]), ("n[].v", []), ("k{p}.v", 7), ("k{q}.v", None),
     ("z.said", {"zh": "绿", "en": "green"}), ("a.said", None)],
)  # fmt: skip
def test_the_value_at_a_place(at: str, value: Any) -> None:
    record = {
        "a": {"b": 1}, "t": [{"v": 1}, {}], "k": [{"key": "p", "v": 7}], "z": {"zh": "绿", "en": "green"}, "x": 3,
    }  # fmt: skip
    assert value_of(record, at) == value
