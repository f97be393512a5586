"""
Backups that are proven: a copy of one moment, what it must hold, and a restore that checks it.

A backup is a folder: the data, the installation's secret where it lies in a
file, and ``manifest.json`` with the hash of each file, the rows of each table
and the end of each audit chain at that moment. A restore goes into an empty
place only, and nothing is called restored before all of that is there again.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import subprocess  # nosec B404
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import URL, create_engine, inspect, make_url, text

from models.errors import Text, YuetanError
from service import migrate
from service.audit.chain import last_of
from service.audit.tables import AuditEvent
from service.audit.use import proven
from service.clock import now
from service.database import Database
from service.identity.keys import FILE, key_of
from service.library import Library
from service.operation.log import cleared
from service.operation.whole import held
from service.parts import Parts
from service.recompute import use as recompute
from service.settings import Settings

_FORMAT = "yuetan-backup/1"
_MANIFEST, _SQLITE, _POSTGRES = "manifest.json", "yuetan.sqlite", "yuetan.pgdump"
_CHUNK = 1 << 20


class NoTool(YuetanError):
    code = "backup.no_tool"
    message = Text("找不到 {tool}。", "{tool} is not installed.")
    hint = Text(
        "请安装与服务器同版本或更新的 PostgreSQL 客户端：Debian、Ubuntu 上为 postgresql-client。",
        "Install PostgreSQL's client of the server's version or newer: postgresql-client on Debian and Ubuntu.",
    )


class ToolFailed(YuetanError):
    code = "backup.tool_failed"
    message = Text("{tool} 没有完成：{said}", "{tool} did not end well: {said}")
    hint = Text(
        "没有留下可用的备份或恢复；请按所示更正后重做。",
        "Nothing usable was left; correct what is said and do it again.",
    )


class NotEmpty(YuetanError):
    code = "backup.not_empty"
    message = Text("目标不是空的：{place}。", "The place is not empty: {place}.")
    hint = Text(
        "恢复只进入新的数据库或新的文件夹，请另建一个再恢复。",
        "A restore goes into a new database or a new folder only; make one and restore there.",
    )


class NoBackup(YuetanError):
    code = "backup.none"
    message = Text("这里没有备份，或备份不完整：{what}。", "There is no backup here, or it is not whole: {what}.")
    hint = Text("请给出 yuetan backup 写出的文件夹。", "Give the folder that yuetan backup wrote.")


class Differs(YuetanError):
    code = "backup.differs"
    message = Text("恢复出来的与备份时不一致：{what}。", "What was restored is not what was backed up: {what}.")
    hint = Text("请不要使用它；改用另一份备份。", "Do not use it; take another backup.")


class OtherEngine(YuetanError):
    code = "backup.other_engine"
    message = Text("备份来自 {was}，现在的数据库是 {now}。", "The backup is of {was}, and the database here is {now}.")
    hint = Text(
        "请把 YUETAN_DATABASE_URL 设为同类的新数据库。", "Set YUETAN_DATABASE_URL to a new database of that kind."
    )


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    format: str
    made: str
    engine: str
    revision: str
    edition: str
    files: Mapping[str, str]
    rows: Mapping[str, int]
    #: Number and hash of the last event of each organisation.
    heads: Mapping[str, tuple[int, str]]
    #: Tells whether a place has the secret that the signatures and sealed keys need, and nothing of it.
    secret: str


def back_up(parts: Parts, into: Path) -> tuple[Path, Manifest]:
    """
    Write a backup of one moment into a new folder under ``into``, while the service goes on working.

    Raises
    ------
    NoTool, ToolFailed
        PostgreSQL's client is missing or did not do it.
    """
    moment = now()
    folder = into / f"yuetan-{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    unfinished = folder.with_name(folder.name + ".part")
    unfinished.mkdir(mode=0o700, parents=True)
    try:
        manifest = _written(parts, unfinished, moment)
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return folder, manifest


def _written(parts: Parts, folder: Path, moment: dt.datetime) -> Manifest:
    engine = parts.database.engine.dialect.name
    if engine == "sqlite":
        name = _SQLITE
        _copy_sqlite(parts.database, folder / name)
        copied = Database(f"sqlite:///{folder / name}")
        try:
            with copied.engine.execution_options(reads=True).connect() as connection:
                rows, heads, revision = held(connection)
        finally:
            copied.dispose()
    else:
        name = _POSTGRES
        with parts.database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            snapshot = str(connection.execute(text("SELECT pg_export_snapshot()")).scalar())
            rows, heads, revision = held(connection)
            # Row by row what the login may see, which is all: it has a policy of its own.
            more = (
                "--format=custom",
                "--no-owner",
                "--no-privileges",
                "--enable-row-security",
                f"--snapshot={snapshot}",
            )
            _run("pg_dump", make_url(parts.database.url), *more, f"--file={folder / name}")
    names = [name]
    if parts.settings.secret is None:
        key_of(parts.settings, "backup")  # made at first use
        shutil.copy(parts.settings.data_dir / FILE, folder / FILE)
        names.append(FILE)
    for one in names:
        (folder / one).chmod(0o600)
    manifest = Manifest(
        format=_FORMAT,
        made=moment.isoformat(),
        engine=engine,
        revision=revision,
        edition=parts.library.edition,
        files={one: _sha256(folder / one) for one in names},
        rows=rows,
        heads=heads,
        secret=_check_of(parts.settings),
    )
    said = json.dumps({name: getattr(manifest, name) for name in Manifest.__slots__}, indent=1)
    (folder / _MANIFEST).write_text(said, "utf-8")
    for one in (*names, _MANIFEST, "."):
        _to_disk(folder / one)
    return manifest


def _copy_sqlite(database: Database, to: Path) -> None:
    path = make_url(database.url).database
    source, copy = sqlite3.connect(f"file:{path}?mode=ro", uri=True), sqlite3.connect(to)
    with contextlib.closing(source), contextlib.closing(copy):
        source.backup(copy)
        checked = copy.execute("PRAGMA quick_check").fetchone()[0]
    if checked != "ok":
        raise ToolFailed(tool="quick_check", said=checked)


def manifest_of(folder: Path) -> Manifest:
    """
    Return what a backup holds, its files compared with their hashes.

    Raises
    ------
    NoBackup
        It is none, or a file is missing or was changed.
    """
    try:
        said = json.loads((folder / _MANIFEST).read_text("utf-8"))
        manifest = Manifest(**said)
        manifest = replace(manifest, heads={name: (int(at[0]), str(at[1])) for name, at in manifest.heads.items()})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise NoBackup(what=_MANIFEST) from error
    if manifest.format != _FORMAT or not set(manifest.files) <= {_SQLITE, _POSTGRES, FILE}:
        raise NoBackup(what=_MANIFEST)
    for name, digest in manifest.files.items():
        try:
            same = _sha256(folder / name) == digest
        except OSError as error:
            raise NoBackup(what=name) from error
        if not same:
            raise NoBackup(what=name)
    return manifest


def restore(folder: Path, settings: Settings) -> Manifest:
    """
    Bring a backup into the database and the data folder of ``settings``, both empty.

    Raises
    ------
    NoBackup, OtherEngine, NotEmpty
        There is nothing to restore, or no place for it.
    Differs
        What was restored is not what was backed up.
    """
    manifest = manifest_of(folder)
    url = make_url(settings.database)
    engine = "sqlite" if url.get_backend_name() == "sqlite" else "postgresql"
    if engine != manifest.engine:
        raise OtherEngine(was=manifest.engine, now=engine)
    if engine == "sqlite":
        place = Path(url.database or "")
        if place.exists():
            raise NotEmpty(place=place.name)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(folder / _SQLITE, place)
        place.chmod(0o600)
    else:
        _restore_postgres(folder / _POSTGRES, url)
    if FILE in manifest.files and settings.secret is None:
        kept = settings.data_dir / FILE
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if kept.exists():
            raise NotEmpty(place=kept.name)
        shutil.copy(folder / FILE, kept)
        kept.chmod(0o600)
    _compare(manifest, settings)
    return manifest


def _restore_postgres(dump: Path, url: URL) -> None:
    engine = create_engine(url.set(drivername="postgresql+psycopg"), hide_parameters=True)
    try:
        if inspect(engine).get_table_names():
            raise NotEmpty(place=str(url.database))
    finally:
        engine.dispose()
    # The walls are raised anew for the roles of this place.
    listed = _run("pg_restore", None, "--list", str(dump))
    kept = [line for line in listed.splitlines() if " POLICY " not in line and " ROW SECURITY " not in line]
    chosen = dump.with_name(f"list-{secrets.token_hex(4)}")
    try:
        chosen.write_text("\n".join(kept) + "\n", "utf-8")
        more = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", f"--use-list={chosen}")
        _run("pg_restore", url, *more, f"--dbname={url.database}", str(dump))
    finally:
        chosen.unlink(missing_ok=True)


def _compare(manifest: Manifest, settings: Settings) -> None:
    database = Database(settings.database, settings.database_role)
    try:
        with database.engine.execution_options(reads=True).connect() as connection:
            rows, heads, revision = held(connection)
        if revision != manifest.revision:
            raise Differs(what=f"revision {revision}")
        if rows != manifest.rows:
            wrong = sorted(
                name for name in rows.keys() | manifest.rows.keys() if rows.get(name) != manifest.rows.get(name)
            )
            raise Differs(what=", ".join(wrong))
        if heads != manifest.heads:
            raise Differs(what="audit_event")
        migrate.upgrade(database)
        for who in recompute.everyone(database, None):
            with database.reading(who.organisation_id) as db:
                if last_of(db, who, AuditEvent) is not None and (found := proven(db, who)).broken is not None:
                    raise Differs(what=f"audit_event {who.organisation_id} {found.broken}")
    finally:
        database.dispose()


@dataclass(frozen=True, slots=True)
class Drill:
    """What a drill showed: how long each step took, and the kept results worked out again in the new place."""

    backup_s: float
    restore_s: float
    recompute_s: float
    rows: int
    recomputed: int
    equal: int
    others: tuple[recompute.Again, ...]
    secret_fits: bool


def drill(parts: Parts, into: Path, most: int, clock: Callable[[], float]) -> Drill:
    """
    Back up, restore into a place of its own, work kept results out again there, and leave nothing but the backup.

    On PostgreSQL the place is a new database on the same server: the login needs CREATEDB.
    """
    begun = clock()
    folder, manifest = back_up(parts, into)
    backed_up = clock()
    with _place(parts.settings, folder) as settings:
        restore(folder, settings)
        restored = clock()
        database = Database(settings.database, settings.database_role)
        try:
            found = _again(database, parts.library, most)
        finally:
            database.dispose()
        fits = secret_fits(manifest, settings)
    equal = sum(one.outcome == "equal" for one in found)
    others = tuple(one for one in found if one.outcome != "equal")
    total = sum(manifest.rows.values())
    return Drill(backed_up - begun, restored - backed_up, clock() - restored, total, len(found), equal, others, fits)


def _again(database: Database, library: Library, most: int) -> list[recompute.Again]:
    found: list[recompute.Again] = []
    for who in recompute.everyone(database, None):
        left = most - len(found)
        if left <= 0:
            break
        with database.reading(who.organisation_id) as db:
            results = recompute.kept_results(db, who, left)
        found += recompute.recomputed(database, library, who, results)
    return found


@contextmanager
def _place(settings: Settings, folder: Path) -> Iterator[Settings]:
    """Give settings of an empty place that is gone afterwards."""
    data_dir = folder.with_name(f"{folder.name}.drill")
    url = make_url(settings.database)
    # Sixty-three letters are what PostgreSQL takes.
    name = f"{str(url.database)[:40]}_drill_{secrets.token_hex(4)}"
    try:
        if url.get_backend_name() == "sqlite":
            yield settings.model_copy(update={"data_dir": data_dir, "database_url": None})
            return
        admin = create_engine(
            url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", hide_parameters=True
        )
        try:
            with admin.connect() as connection:
                connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
            try:
                there = url.set(database=name).render_as_string(hide_password=False)
                yield settings.model_copy(update={"data_dir": data_dir, "database_url": there})
            finally:
                with admin.connect() as connection:
                    connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        finally:
            admin.dispose()
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


def _run(tool: str, url: URL | None, *arguments: str) -> str:
    """Run one of PostgreSQL's programs; what it must know of the server goes by the environment, never the command line."""
    found = shutil.which(tool)
    if found is None:
        raise NoTool(tool=tool)
    done = subprocess.run(  # noqa: S603 # nosec B603
        [found, *arguments], env=os.environ | _environment(url), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ToolFailed(tool=tool, said=cleared((done.stderr.strip().splitlines() or ["?"])[-1])[:300])
    return done.stdout


def _environment(url: URL | None) -> dict[str, str]:
    if url is None:
        return {}
    said = {
        "PGHOST": url.host,
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    said |= {
        f"PG{name.upper()}": str(value)
        for name, value in url.query.items()
        if name in ("host", "sslmode", "sslrootcert")
    }
    return {name: str(value) for name, value in said.items() if value is not None}


def secret_fits(manifest: Manifest, settings: Settings) -> bool:
    """Return whether ``settings`` have the secret of a backup."""
    return _check_of(settings) == manifest.secret


def _check_of(settings: Settings) -> str:
    """Return what tells one secret from another: a digest of a key derived for nothing else."""
    return hashlib.sha256(key_of(settings, "backup")).hexdigest()[:16]


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            digest.update(part)
    return digest.hexdigest()


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def erase_old(into: Path, keep: int) -> list[Path]:
    """Erase all but the newest ``keep`` whole backups; what is not one stays."""
    whole = sorted(path.parent for path in into.glob(f"yuetan-*/{_MANIFEST}"))
    gone = whole[:-keep]
    for path in gone:
        shutil.rmtree(path)
    return gone
