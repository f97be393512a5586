"""Column types mean the same on both engines."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from decimal import Decimal

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import StatementError

from service.columns import Exact, Json, Packed, Utc, dumps, pack
from service.database import Database

META = MetaData()
THINGS = Table(
    "things",
    META,
    Column("id", Integer, primary_key=True),
    Column("amount", Exact(6)),
    Column("moment", Utc()),
    Column("told", Json()),
    Column("packed", Packed()),
)


@pytest.fixture
def things(database: Database) -> Database:
    META.create_all(database.engine)
    return database


def test_what_goes_in_comes_out(things: Database) -> None:
    china = dt.timezone(dt.timedelta(hours=8))
    row = {
        "amount": Decimal("123456789012.123457"),
        "moment": dt.datetime(2026, 5, 12, 1, 0, tzinfo=china),
        "told": {"税": [1, 2.5, None]},
        "packed": {"a": "铝" * 1000},
    }
    with things.engine.begin() as connection:
        connection.execute(insert(THINGS), [row])
        found = connection.execute(select(THINGS)).one()
    assert found.amount == row["amount"]
    assert str(found.amount) == "123456789012.123457"
    assert found.moment == row["moment"]
    assert found.moment.utcoffset() == dt.timedelta(0)
    assert (found.told, found.packed) == (row["told"], row["packed"])


def test_absent_stays_absent(things: Database) -> None:
    with things.engine.begin() as connection:
        connection.execute(insert(THINGS), [dict.fromkeys(("amount", "moment", "told", "packed"))])
        found = connection.execute(select(THINGS)).one()
    assert tuple(found)[1:] == (None, None, None, None)


@pytest.mark.parametrize(
    "row",
    [
        {"amount": 1.5},
        {"amount": Decimal("0.0000001")},
        {"amount": Decimal("1e13")},
        {"amount": Decimal("NaN")},
        {"moment": dt.datetime(2026, 5, 12)},  # noqa: DTZ001 - that is the point
        {"packed": {"x": float("nan")}},
        {"told": {"x": float("inf")}},
    ],
)
def test_what_a_column_cannot_hold_is_refused(things: Database, row: dict[str, object]) -> None:
    with things.engine.begin() as connection, pytest.raises((StatementError, ValueError, TypeError)):
        connection.execute(insert(THINGS), [row])


def test_packing_refuses_what_json_does_not_have_and_keeps_the_words() -> None:
    assert json.loads(zlib.decompress(pack({"a": "NaN", "铝": [1.5, None, "Infinity"]}))) == {
        "a": "NaN",
        "铝": [1.5, None, "Infinity"],
    }
    for bad in (float("nan"), float("-inf")):
        with pytest.raises(ValueError, match="JSON"):
            pack({"a": [bad]})


def test_types_write_themselves_into_migrations() -> None:
    assert [repr(t) for t in (Exact(2), Utc(), Json(), Packed())] == ["Exact(scale=2)", "Utc()", "Json()", "Packed()"]
    assert dumps({"a": "铝"}) == '{"a":"铝"}'
