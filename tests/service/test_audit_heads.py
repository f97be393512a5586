"""The trail signed day by day, and a thousand ways to tamper with it (T2)."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from service.app import create_app
from service.audit.chain import START, followed
from service.audit.tables import AuditEvent
from service.audit.use import kept_heads, proven, record, sign_due, signed_head
from service.auth import EMBEDDED
from service.cli import app
from service.parts import Parts
from tests.service.test_audit import unlocked, written

DAY = dt.date(2026, 12, 1)
TAMPERINGS = int(os.environ.get("YUETAN_TAMPERINGS", "1000"))
_FIELDS = ("organisation_id", "number", "person_id", "at", "action", "subject", "detail", "before", "hash")


def flipped(value: Any, at: random.Random) -> Any:
    """Return a value that differs in one bit, or in one step where it is no text."""
    if isinstance(value, UUID):
        return UUID(int=value.int ^ (1 << at.randrange(128)))
    if isinstance(value, dt.datetime):
        return value + dt.timedelta(microseconds=1 << at.randrange(30))
    if isinstance(value, int):
        return value ^ (1 << at.randrange(8))
    if isinstance(value, dict):
        return value | {at.choice(["lines", "x"]): at.randrange(10**6)}
    i = at.randrange(len(value))
    return value[:i] + chr(ord(value[i]) ^ (1 << at.randrange(4))) + value[i + 1 :]


def tampered(rows: list[dict[str, Any]], at: random.Random) -> tuple[list[dict[str, Any]], int]:
    """Return a trail that someone tampered with, and the number of the first bad row."""
    kind, i = at.choice(["bit", "delete", "swap", "truncate", "insert"]), at.randrange(len(rows))
    made = [dict(row) for row in rows]
    if kind == "bit":
        field = at.choice(_FIELDS)
        made[i][field] = flipped(made[i][field], at)
    elif kind == "delete":
        del made[i]
    elif kind == "swap":
        j = at.choice([k for k in range(len(rows)) if k != i])
        made[i], made[j] = made[j], made[i]
        i = min(i, j)
    elif kind == "truncate":
        del made[i:]
    else:
        made.insert(i, dict(at.choice(rows)) | {"subject": "x"})
    return made, i + 1


def test_a_thousand_tamperings_are_found_and_the_first_bad_row_is_named(either: Parts) -> None:
    written(either.database, 25)
    with either.database.reading() as db:
        whole = proven(db, EMBEDDED)
        rows = [{name: getattr(row, name) for name in _FIELDS} for row in db.query(AuditEvent).order_by("number")]
    head = [(whole.events, whole.hash)]
    assert followed([AuditEvent(**row) for row in rows], head).broken is None
    at = random.Random(20261201)
    for n in range(TAMPERINGS):
        made, first = tampered(rows, at)
        assert followed([AuditEvent(**row) for row in made], head).broken == first, n


def test_a_trail_written_anew_shows_against_the_heads_kept(either: Parts) -> None:
    """Whoever owns the database may compute every hash again; the signature they cannot."""
    written(either.database, 5)
    with either.database.writing() as db:
        assert sign_due(db, either.settings, DAY) == 1
    with either.database.reading() as db:
        rows = [{name: getattr(row, name) for name in _FIELDS} for row in db.query(AuditEvent).order_by("number")]
    unlocked(either.database, "DELETE FROM audit_event")
    rows[2]["detail"] = {"lines": 99}
    with either.database.writing() as db:
        for row in rows:
            record(db, EMBEDDED, row["action"], row["subject"], **row["detail"])
    with either.database.reading() as db:
        assert proven(db, EMBEDDED).broken is None
        found = proven(db, EMBEDDED, None, either.settings)
    assert found.broken == 5
    assert found.why
    assert "signed head" in found.why.en


def test_one_head_a_day_whoever_sweeps_and_however_often(either: Parts) -> None:
    written(either.database, 3)
    for _ in range(3):
        with either.database.writing() as db:
            sign_due(db, either.settings, DAY)
    written(either.database, 2)
    with either.database.writing() as db:
        assert sign_due(db, either.settings, DAY + dt.timedelta(days=1)) == 1
    with either.database.reading() as db:
        kept = kept_heads(db, EMBEDDED, None, 10)
        assert [(row.day - DAY).days for row in kept] == [0, 1]
        assert [row.number for row in kept] == [3, 5]
        assert proven(db, EMBEDDED, kept[0].document, either.settings).broken is None
    for statement in ("UPDATE audit_head SET number = 9", "DELETE FROM audit_head"):
        with pytest.raises(DBAPIError, match="insert-only"), either.database.writing() as db:
            db.execute(text(statement))


def test_an_installation_without_events_is_signed_too(parts: Parts) -> None:
    with parts.database.writing() as db:
        sign_due(db, parts.settings, DAY)
    with parts.database.reading() as db:
        (kept,) = kept_heads(db, EMBEDDED, None, 10)
        assert (kept.number, kept.document["hash"]) == (0, START)
        assert proven(db, EMBEDDED, None, parts.settings).broken is None


def test_heads_over_http_and_in_the_terminal(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(3):
        with parts.database.writing() as db:
            record(db, EMBEDDED, "job.asked", uuid4())
            sign_due(db, parts.settings, DAY + dt.timedelta(days=i))
    with TestClient(create_app(parts=parts), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        page = client.get("/api/v1/audit/heads", params={"limit": 2}).json()
        assert ([one["number"] for one in page["items"]], page["next"]) == ([1, 2], "2026-12-02")
        rest = client.get("/api/v1/audit/heads", params={"after": page["next"]}).json()
        assert ([one["number"] for one in rest["items"]], rest["next"]) == ([3], None)
        signed = rest["items"][0]["document"]
        assert client.post("/api/v1/audit/proof", json=signed).json()["holds"] is True
    monkeypatch.setenv("YUETAN_DATA_DIR", str(parts.settings.data_dir))
    out = tmp_path / "heads.jsonl"
    assert CliRunner().invoke(app, ["audit", "heads", "-o", str(out)]).exit_code == 0
    assert [json.loads(line)["number"] for line in out.read_text("utf-8").splitlines()] == [1, 2, 3]
    with parts.database.reading() as db:
        assert signed_head(db, EMBEDDED, parts.settings)["number"] == 3
