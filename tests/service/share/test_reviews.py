"""Process technology waits for a review before it leaves the country; a pass ends by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from service import clock
from service.clock import today
from service.share.fields import areas, classes
from service.share.tables import ExportReview
from tests.service.share.world import BANK, BUYER, MILL, STRANGER, World

FIELDS = ["goods.see", "goods.intensity"]
PASS = {"decision": "passed", "doc_ref": "省商务厅 2026-17", "valid_to": (today() + dt.timedelta(days=9)).isoformat()}


def seen(world: World, share: UUID, name: str = BUYER) -> set[str]:
    return {one["field"] for one in world.get(name, f"shares/received/{share}").json()["fields"]}


def review_of(world: World, share: UUID) -> dict[str, Any]:
    found = world.get(MILL, "export-reviews?limit=500").json()["items"]
    return next(one for one in found if one["share_id"] == str(share))


def decided(world: World, share: UUID, body: dict[str, Any], by: str) -> Any:
    return world.post(by, f"export-reviews/{review_of(world, share)['id']}/decision", body)


@pytest.fixture(scope="module")
def reviewer(world: World) -> str:
    return world.colleague(MILL)


def test_technology_for_abroad_is_held_until_somebody_else_passes_it(world: World, reviewer: str) -> None:
    share = world.shared(BUYER, fields=FIELDS)
    assert seen(world, share) == {"goods.see"}
    asked = review_of(world, share)
    assert (asked["state"], asked["fields"], asked["country"], asked["recipient"]) == (
        "requested", ["goods.intensity"], "DE", BUYER,
    )  # fmt: skip
    assert decided(world, share, PASS, MILL).json()["code"] == "review.same_person"
    assert decided(world, share, PASS, world.colleague(MILL, "exporter_editor")).status_code == 403
    assert decided(world, share, PASS, reviewer).json()["state"] == "passed"
    assert seen(world, share) == set(FIELDS)
    assert decided(world, share, PASS, reviewer).json()["code"] == "review.decided"
    # Taken back, it closes at once, and the rest stays.
    assert decided(world, share, {"decision": "withdrawn"}, MILL).json()["state"] == "withdrawn"
    assert seen(world, share) == {"goods.see"}
    again = world.post(MILL, "export-reviews", {"share_id": str(share)})
    assert (again.status_code, again.json()["fields"]) == (201, ["goods.intensity"])
    assert world.post(MILL, "export-reviews", {"share_id": str(share)}).json()["code"] == "review.nothing_held"


def test_a_share_of_technology_alone_shows_nothing_until_then(world: World, reviewer: str) -> None:
    share = world.shared(BUYER, fields=["goods.intensity"])
    assert seen(world, share) == set()
    assert decided(world, share, {"decision": "refused"}, reviewer).json()["state"] == "refused"
    assert seen(world, share) == set()


def test_at_home_nothing_is_held_and_a_mill_is_not_the_only_one_with_reviews(world: World) -> None:
    share = world.shared(BANK, fields=FIELDS)
    assert seen(world, share, BANK) == set(FIELDS)
    assert world.post(MILL, "export-reviews", {"share_id": str(share)}).json()["code"] == "review.nothing_held"
    assert world.get(STRANGER, "export-reviews").json()["items"] == []


def test_a_pass_ends_with_its_day(world: World, reviewer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    share = world.shared(BUYER, fields=FIELDS)
    decided(world, share, PASS | {"valid_to": today().isoformat()}, reviewer)
    assert seen(world, share) == set(FIELDS)
    tomorrow = clock.now() + dt.timedelta(days=1)
    monkeypatch.setattr("service.share.use.now", lambda: tomorrow)
    assert seen(world, share) == {"goods.see"}


def test_a_pass_opens_no_share_that_was_revoked_meanwhile(world: World, reviewer: str) -> None:
    share = world.shared(BUYER, fields=FIELDS)
    world.post(MILL, f"shares/{share}/revoke")
    assert decided(world, share, PASS, reviewer).status_code == 200
    assert world.get(BUYER, f"shares/received/{share}").status_code == 404
    assert not any(one["open"] for one in world.get(MILL, f"shares/{share}").json()["fields"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"doc_ref": None}, "review.no_document"),
        ({"valid_to": None}, "review.no_document"),
        ({"valid_to": "2026-01-01"}, "review.bad_pass"),
        ({"valid_to": "2100-01-01"}, "review.bad_pass"),
        ({"doc_ref": ""}, "input.invalid"),
        ({"decision": "requested"}, "input.invalid"),
        ({"decision": "withdrawn"}, "review.decided"),
    ],
)
def test_a_pass_without_its_parts_is_refused(world: World, reviewer: str, change: dict[str, Any], code: str) -> None:
    share = world.shared(BUYER, fields=FIELDS)
    answer = decided(world, share, PASS | change, reviewer)
    assert (answer.status_code, answer.json()["code"]) == (422 if code != "review.decided" else 409, code)
    assert seen(world, share) == {"goods.see"}


def test_a_review_of_another_organisation_is_not_there(world: World) -> None:
    share = world.shared(BUYER, fields=FIELDS)
    assert decided(world, share, PASS, BUYER).status_code == 404
    assert world.post(BUYER, "export-reviews", {"share_id": str(share)}).status_code == 404


def test_the_database_itself_wants_two_people(world: World) -> None:
    share = world.shared(BUYER, fields=FIELDS)
    asked = review_of(world, share)
    same = update(ExportReview).where(ExportReview.id == UUID(asked["id"]))
    with pytest.raises(IntegrityError), world.parts.database.writing() as db:
        db.execute(same.values(reviewer_id=world.who[MILL].person_id))
    with pytest.raises(IntegrityError), world.parts.database.writing() as db:
        db.execute(same.values(state="passed"))


@pytest.mark.parametrize(
    ("country", "area"), [("CN", "home"), ("HK", "own_case"), ("MO", "own_case"), ("DE", "foreign"), ("ZZ", "foreign")]
)
def test_the_area_of_a_country_and_what_waits_there(country: str, area: str) -> None:
    assert areas().of(country) == area
    assert areas().holds(classes()["technology"], country) is (area != "home")
    assert not areas().holds(classes()["result"], country)
