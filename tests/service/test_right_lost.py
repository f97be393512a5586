"""A job whose owner lost the right in between ends with that reason and leaves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from finance.assessment import Options
from service import store
from service.assessment import use
from service.auth import EMBEDDED, visible
from service.clock import today
from service.jobs import RIGHTS
from service.parts import Parts
from service.tables import Job, Person
from service.workbook.example import example_bytes


def asked(parts: Parts) -> UUID:
    with parts.database.writing() as db:
        upload = use.keep_upload(db, EMBEDDED, example_bytes(), "foshan.xlsx")
        return use.ask(db, EMBEDDED, parts.library, upload, Options(), today()).id


def given(parts: Parts, **values: Any) -> None:
    with parts.database.writing() as db:
        db.execute(update(Person).where(Person.id == EMBEDDED.person_id).values(**values))


LOST: list[Any] = [{"active": False}, {"role": "exporter_viewer"}, {"role": "one that is no more"}]


@pytest.mark.parametrize("change", LOST)
@pytest.mark.parametrize("when", ["before", "during"])
def test_a_job_ends_where_its_owner_lost_the_right(
    either: Parts, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], when: str
) -> None:
    job = asked(either)
    if when == "before":
        given(either, **change)
    else:
        real: Callable[..., Any] = use.assess_read

        def meanwhile(*args: Any) -> Any:
            given(either, **change)
            return real(*args)

        monkeypatch.setattr(use, "assess_read", meanwhile)
    assert use.work(either.database, either.library, job, 30.0) == "right lost"
    with either.database.reading() as db:
        row = db.scalars(visible(Job, EMBEDDED).where(Job.id == job)).one()
        assert (row.state, row.assessment_id) == ("failed", None)
        assert row.reason
        assert row.reason["code"] == "job.right_lost"
        assert "上传与保存" in row.reason["text"]["zh"]
        assert store.recent(db, EMBEDDED, None, 10).rows == []


def test_the_right_that_a_job_needs_is_one_that_taking_away_shows(either: Parts) -> None:
    assert RIGHTS[use.KIND] == "keep"
    job = asked(either)
    assert use.work(either.database, either.library, job, 30.0) == "done"
