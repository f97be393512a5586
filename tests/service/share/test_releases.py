"""Everything that leaves is written down: what, to whom, where to, why, and the hash of the bytes."""

from __future__ import annotations

import csv
import hashlib
import io

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from service.audit.tables import AuditEvent
from service.release.tables import DataRelease
from service.release.use import print_of
from tests.service.share.world import BANK, BUYER, MILL, STRANGER, World


def test_each_reading_leaves_a_row_with_the_hash_of_what_was_given(world: World) -> None:
    share = world.shared(BUYER, fields=["firm", "goods.see", "cost_eur", "goods.route"])
    given = [world.get(BUYER, f"shares/received/{share}{end}").content for end in ("", ".pdf", ".xlsx")]
    rows = world.get(MILL, f"releases?share={share}").json()["items"][::-1]
    assert [row["way"] for row in rows] == ["share.json", "share.pdf", "share.xlsx"]
    assert [row["sha256"] for row in rows] == [hashlib.sha256(one).hexdigest() for one in given]
    for row in rows:
        assert (row["recipient"], row["country"], row["basis"]["purpose"]) == (BUYER, "DE", "绿色贷款")
        # What is held did not leave.
        assert row["fields"] == {"commercial": ["cost_eur"], "public": ["firm"], "result": ["goods.see"]}
        assert row["person_id"] == str(world.who[MILL].person_id)
    assert world.get(BUYER, "releases").json()["items"] == []
    assert world.get(STRANGER, "releases").json()["items"] == []


def test_what_was_refused_did_not_leave(world: World) -> None:
    share = world.shared()
    world.post(MILL, f"shares/{share}/revoke")
    world.get(BANK, f"shares/received/{share}.pdf")
    world.get(STRANGER, f"shares/received/{share}")
    assert world.get(MILL, f"releases?share={share}").json()["items"] == []


def test_the_log_cannot_be_changed_and_the_trail_knows_each_row(world: World) -> None:
    share = world.shared()
    world.get(BANK, f"shares/received/{share}")
    for statement in (update(DataRelease).values(recipient="x"), delete(DataRelease)):
        with pytest.raises(DBAPIError, match="insert-only"), world.parts.database.writing() as db:
            db.execute(statement)
        with pytest.raises(DBAPIError), world.parts.database.writing(world.who[MILL].organisation_id) as db:
            db.execute(statement)
    with world.parts.database.reading() as db:
        rows = {str(row.id): row for row in db.scalars(select(DataRelease))}
        events = db.scalars(select(AuditEvent).where(AuditEvent.action == "data.released")).all()
        assert {one.subject: one.detail["row"] for one in events} == {name: print_of(row) for name, row in rows.items()}
        before = print_of(next(iter(rows.values())))
        next(iter(rows.values())).country = "FR"
        assert print_of(next(iter(rows.values()))) != before
        db.rollback()
    assert world.get(MILL, "audit/proof").json()["holds"] is True


def test_the_log_is_exported_and_kept_from_those_without_the_right(world: World) -> None:
    share = world.shared(purpose="=HYPERLINK(1)")
    world.get(BANK, f"shares/received/{share}")
    answer = world.get(MILL, "releases/export.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    listed = world.get(MILL, "releases?limit=500").json()["items"]
    assert [line["sha256"] for line in lines] == [row["sha256"] for row in listed]
    assert lines[0]["recipient"] == BANK
    editor = world.colleague(MILL, "exporter_editor")
    auditor = world.colleague(MILL, "auditor")
    assert [world.get(one, "releases").status_code for one in (editor, auditor)] == [403, 200]
    assert [world.get(one, "releases/export.csv").status_code for one in (editor, auditor)] == [403, 200]
