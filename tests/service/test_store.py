"""Results are kept once, under their provenance key, and stay readable."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from service import store
from service.auth import EMBEDDED, Who, visible
from service.database import Database
from service.refusals import BadCursor, NotFound
from service.tables import Assessment


def head(key: str, value: float = 0.1) -> dict[str, Any]:
    return {
        "key": key.ljust(64, "0"),
        "method": "finance.assessment/1",
        "as_of": "2026-11-25",
        "options": {"price_path": "flat"},
        "scenarios": [],
        "totals": {"cost_eur": 3903.1},
        "score": None,
        "findings": [],
        "reads": [{"key": "eu.cbam.default_markup.iron_steel", "value": value}],
        "legend": {"exposure.see": {"zh": "单位隐含排放", "en": "SEE"}},
    }


def record(line: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "line": line,
        "status": "ok",
        "cn_code": "73089059",
        "origin": "CN",
        "net_mass_t": 10.0,
        "certificates": 51.84775,
        "cost_eur": 3903.1,
        **more,
    }


def keep(database: Database, key: str, who: Who = EMBEDDED, value: float = 0.1, lines: int = 1) -> store.Kept:
    with database.writing() as db:
        return store.keep_once(
            db,
            who,
            kind="submission",
            title="示例",
            inputs={"firm": {"name": "示例"}},
            head=head(key, value),
            cost_eur=3903.1,
            lines=store.line_rows(record(i + 1) for i in range(lines)),
        )


def test_the_same_result_is_one_row(database: Database) -> None:
    first, second = keep(database, "a"), keep(database, "a")
    assert (first.made, second.made) == (True, False)
    assert first.row.id == second.row.id
    with database.reading() as db:
        assert len(db.scalars(visible(Assessment, EMBEDDED)).all()) == 1


def test_two_that_race_are_one_row(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda _: keep(database, "race"), range(4)))
    assert sum(one.made for one in kept) == 1
    assert len({one.row.id for one in kept}) == 1


def test_a_later_edition_of_the_law_is_a_new_row_and_the_old_one_stays(database: Database) -> None:
    old, new = keep(database, "old", value=0.1), keep(database, "new", value=0.2)
    assert old.row.id != new.row.id
    with database.reading() as db:
        values = [store.document(db, EMBEDDED, kept.row.id)["reads"][0]["value"] for kept in (old, new)]
    assert values == [0.1, 0.2]


def test_a_document_comes_back_as_it_was_made(database: Database) -> None:
    kept = keep(database, "whole", lines=3)
    with database.reading() as db:
        found = store.document(db, EMBEDDED, kept.row.id)
        line = store.line(db, EMBEDDED, kept.row.id, 2)
    assert found == head("whole") | {"lines": [record(1), record(2), record(3)]}
    assert (line.cost_eur, line.certificates) == (Decimal("3903.10"), Decimal("51.847750"))


def test_pages_hold_every_row_once(database: Database) -> None:
    ids = [keep(database, f"{i}").row.id for i in range(7)]
    seen, cursor = [], None
    with database.reading() as db:
        while True:
            page = store.recent(db, EMBEDDED, cursor, 3)
            seen += [row.id for row in page.rows]
            cursor = page.next
            if cursor is None:
                break
    assert seen == ids[::-1]


def test_lines_are_paged_and_filtered(database: Database) -> None:
    kept = keep(database, "lines", lines=5)
    with database.reading() as db:
        rows, following = store.lines(db, EMBEDDED, kept.row.id, 0, 3)
        assert ([row.line for row in rows], following) == ([1, 2, 3], 3)
        rows, following = store.lines(db, EMBEDDED, kept.row.id, 3, 3)
        assert ([row.line for row in rows], following) == ([4, 5], None)
        assert store.lines(db, EMBEDDED, kept.row.id, 0, 3, "refused") == ([], None)


def test_what_is_not_there_and_what_is_others_look_the_same(database: Database) -> None:
    kept = keep(database, "mine")
    other = Who(uuid4(), uuid4())
    with database.reading() as db:
        for who, row_id in ((EMBEDDED, uuid4()), (other, kept.row.id)):
            with pytest.raises(NotFound):
                store.one(db, who, row_id)
            with pytest.raises(NotFound):
                store.lines(db, who, row_id, 0, 10)
            with pytest.raises(NotFound):
                store.line(db, who, row_id, 1)


@pytest.mark.parametrize("cursor", ["x", "%%%", "YWJj", "MjAyNi0wMS0wMXxh", "=" * 50, "é"])
def test_a_bad_cursor_is_refused(database: Database, cursor: str) -> None:
    with database.reading() as db, pytest.raises(BadCursor):
        store.recent(db, EMBEDDED, cursor, 10)


def test_money_is_rounded_half_up_for_the_table_only() -> None:
    assert store.exact(0.125, 2) == Decimal("0.13")
    assert store.exact(2.675, 2) == Decimal("2.68")
    assert store.exact(None, 2) is None
    assert dt.date.fromisoformat(head("x")["as_of"]) == dt.date(2026, 11, 25)
