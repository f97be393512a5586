"""Backups on both engines: one moment, whole or not at all, into an empty place only, and worked out again there."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url, text
from typer.testing import CliRunner

from service import migrate
from service.app import create_app
from service.audit.use import proven, record
from service.auth import EMBEDDED
from service.cli import app
from service.database import Database
from service.operation import backup as use
from service.operation.backup import NoBackup, NotEmpty, NoTool, OtherEngine, ToolFailed
from service.parts import Parts
from service.settings import Settings
from service.statement.routes import EXAMPLE
from tests.service.test_audit import written
from tests.service.test_recompute import submission


def filled(parts: Parts, n: int = 3) -> None:
    with TestClient(create_app(parts=parts), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        for i in range(n):
            assert client.post("/api/v1/assessments", json=submission(i)).status_code == 201
        assert client.post("/api/v1/statements", json=EXAMPLE).status_code == 201


@pytest.fixture
def place(either: Parts, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """An empty database of the same kind."""
    if either.database.engine.dialect.name == "sqlite":
        return Settings(data_dir=tmp_path / "new")
    new: Callable[[], str] = request.getfixturevalue("postgres")
    url = new()
    database = Database(url)
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    database.dispose()
    return Settings(data_dir=tmp_path / "new", database_url=url)


def test_what_was_backed_up_is_there_again(either: Parts, place: Settings, tmp_path: Path) -> None:
    filled(either)
    folder, manifest = use.back_up(either, tmp_path / "backups")
    written(either.database, 2)  # later than the backup
    assert manifest.rows["assessment"] == 3
    assert use.restore(folder, place) == manifest
    there = Database(place.database)
    with there.reading() as db:
        assert (proven(db, EMBEDDED, None, place).events, proven(db, EMBEDDED).broken) == (5, None)
    assert migrate.is_current(there)
    there.dispose()
    assert {path.name for path in folder.iterdir()} == {"manifest.json", "secret", *manifest.files}
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir() if path.name != "manifest.json")
    assert use.secret_fits(manifest, place)
    with pytest.raises(NotEmpty):
        use.restore(folder, place)


def test_a_drill_works_results_out_again_and_leaves_nothing_but_the_backup(either: Parts, tmp_path: Path) -> None:
    filled(either, 5)
    into = tmp_path / "backups"
    shown = use.drill(either, into, 4, time.monotonic)
    assert (shown.recomputed, shown.equal, shown.others, shown.secret_fits) == (4, 4, (), True)
    assert shown.rows > 10
    assert len(list(into.iterdir())) == 1
    with either.database.reading() as db:
        if db.get_bind().dialect.name == "postgresql":
            named = "SELECT count(*) FROM pg_database WHERE datname LIKE current_database() || '_drill_%'"
            assert db.execute(text(named)).scalar() == 0


def test_a_backup_is_of_one_moment_while_others_write(either: Parts, place: Settings, tmp_path: Path) -> None:
    over = threading.Event()

    def keep_writing() -> None:
        while not over.is_set():
            with either.database.writing() as db:
                record(db, EMBEDDED, "job.asked", uuid4())

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        time.sleep(0.3)
        folder, manifest = use.back_up(either, tmp_path / "backups")
    finally:
        over.set()
        writer.join()
    assert manifest.rows["audit_event"] > 0
    assert manifest.heads[str(EMBEDDED.organisation_id)][0] == manifest.rows["audit_event"]
    use.restore(folder, place)  # compares every table with the manifest


def test_a_changed_or_torn_backup_is_refused(either: Parts, place: Settings, tmp_path: Path) -> None:
    folder, manifest = use.back_up(either, tmp_path / "backups")
    data = next(folder / name for name in manifest.files if name != "secret")
    whole = data.read_bytes()
    for wrong in (whole[:-100], whole[:500] + bytes([whole[500] ^ 1]) + whole[501:]):
        data.write_bytes(wrong)
        with pytest.raises(NoBackup):
            use.restore(folder, place)
    data.write_bytes(whole)
    said = json.loads((folder / "manifest.json").read_text())
    for change in ({"format": "x"}, {"files": {"../../x": "0"}}, {"more": 1}):
        (folder / "manifest.json").write_text(json.dumps(said | change))
        with pytest.raises(NoBackup):
            use.restore(folder, place)
    said["rows"]["audit_event"] += 1
    (folder / "manifest.json").write_text(json.dumps(said))
    with pytest.raises(use.Differs, match="audit_event"):
        use.restore(folder, place)


def test_nothing_half_done_is_left(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(use, "_to_disk", full)
    with pytest.raises(OSError, match="space"):
        use.back_up(parts, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


def test_another_engine_and_no_backup_are_refused(parts: Parts, tmp_path: Path) -> None:
    folder, _ = use.back_up(parts, tmp_path / "backups")
    with pytest.raises(OtherEngine):
        use.restore(folder, Settings(database_url="postgresql://nobody@127.0.0.1:1/x", data_dir=tmp_path / "x"))
    with pytest.raises(NoBackup):
        use.restore(tmp_path, Settings(data_dir=tmp_path / "x"))


def test_missing_and_failing_tools_are_said(tmp_path: Path, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "bin" / "pg_dump"
    monkeypatch.setenv("PATH", str(tool.parent))
    url = make_url("postgresql://svc:Hunter2Hunter2@127.0.0.1/x")
    with pytest.raises(NoTool, match="pg_dump"):
        use._run("pg_dump", url)
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\necho "$@" > "$0.args"\necho "no: postgresql://svc:$PGPASSWORD@host" >&2\nexit 3\n')
    tool.chmod(0o755)
    with pytest.raises(ToolFailed) as failed:
        use._run("pg_dump", url, "--format=custom")
    assert "Hunter2" not in str(failed.value)
    assert (tmp_path / "bin" / "pg_dump.args").read_text() == "--format=custom\n"


def test_only_the_newest_are_kept(parts: Parts, tmp_path: Path) -> None:
    into = tmp_path / "backups"
    names = sorted(use.back_up(parts, into)[0].name for _ in range(3))
    (into / "yuetan-mine").mkdir()
    gone = use.erase_old(into, 2)
    assert [path.name for path in gone] == names[:1]
    assert (into / "yuetan-mine").exists()


def test_in_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "var"))
    asked = tmp_path / "a.json"
    asked.write_text(json.dumps(EXAMPLE), "utf-8")
    run, into = CliRunner(), tmp_path / "backups"
    assert run.invoke(app, ["statement", "make", str(asked), "-o", str(tmp_path / "s.json")]).exit_code == 0
    told = run.invoke(app, ["backup", str(into), "--drill", "--lang", "en"])
    assert told.exit_code == 0, told.output
    assert "1 equal" in " ".join(told.output.split())
    (folder,) = into.iterdir()
    refused = run.invoke(app, ["restore", str(folder)])
    assert refused.exit_code == 1
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "new"))
    assert run.invoke(app, ["restore", str(folder)]).exit_code == 0
    assert run.invoke(app, ["recompute", "--all"]).exit_code == 0
    with sqlite3.connect(tmp_path / "new" / "yuetan.sqlite") as db:
        assert db.execute("SELECT count(*) FROM statement").fetchone() == (1,)
    db.close()
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("YUETAN_SECRET", "another secret than before 123")
    warned = run.invoke(app, ["restore", str(folder), "--lang", "en"])
    assert warned.exit_code == 1
    assert "YUETAN_SECRET" in warned.output
    assert os.environ["YUETAN_SECRET"]
