"""R6: the disk is full: that of the uploads, that of PostgreSQL's tables, that of SQLite."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, func, select, text

from drills.client import STORE, ask, goods, upload
from drills.outcome import Missing, Outcome, Scale
from drills.servers import Postgres
from drills.yard import Yard
from service.tables import Upload

GOAL = "507 or 503; nothing torn; recovers without restart"
_SIZE_MB, _FILE = 64, 3_000_000


@contextlib.contextmanager
def small_disk(owner: str | None = None) -> Iterator[Path]:
    """Give a disk of 64 MB; only root may mount one."""
    place = Path(tempfile.mkdtemp(prefix="yt-drill-disk-"))
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_SIZE_MB}m,mode=755", "tmpfs", str(place)],
        check=False,
        capture_output=True,
    )
    if made.returncode != 0:
        place.rmdir()
        raise Missing("a small disk cannot be mounted here: run the drill as root")
    try:
        if owner and os.getuid() == 0:
            shutil.chown(place, owner)
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)
        place.rmdir()


def run(scale: Scale) -> Outcome:
    """Fill each disk by uploads until it is full, make room, and go on."""
    out = Outcome()
    with small_disk() as disk:
        _sqlite(out, disk)
    with small_disk() as disk:
        _spool(out, disk)
    if not scale.short:
        with small_disk("postgres") as disk:
            _tablespace(out, disk)
    return out


def _sqlite(out: Outcome, disk: Path) -> None:
    with Yard() as yard:
        yard.database.dispose()
        where = disk / "yuetan.sqlite"
        shutil.copy(yard.folder / "yuetan.sqlite", where)
        yard.url = yard.database.url = f"sqlite:///{where}"
        _fill(out, "SQLite", yard, disk / "ballast", 45)


def _tablespace(out: Outcome, disk: Path) -> None:
    with Postgres() as server:
        folder = disk / "space"
        folder.mkdir()
        shutil.chown(folder, "postgres")
        engine = create_engine(server.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE TABLESPACE small LOCATION '{folder}'"))
        engine.dispose()
        yard = Yard(server.url)
        yard.place = "small"
        with yard:
            _fill(out, "PostgreSQL", yard, disk / "ballast", 20)


def _fill(out: Outcome, name: str, yard: Yard, ballast: Path, megabytes: int) -> None:
    ballast.write_bytes(bytes(megabytes << 20))
    web = yard.web()
    kept, refused = 0, list[int]()
    for number in range(40):
        status = _hand_in(web.port, number)
        kept += status == 202
        if status != 202:
            refused.append(status)
        if len(refused) >= 5:
            break
    health = ask(web.port, "GET", "/api/v1/health")
    ballast.unlink()
    after = _hand_in(web.port, 100)
    store = ask(web.port, "POST", STORE, goods(1.0))
    with yard.database.reading() as db:
        rows, torn = db.scalar(select(func.count()).select_from(Upload)), 0
        for size, length in db.execute(select(Upload.size, func.length(Upload.content))):
            torn += size != length
    out.must(bool(refused) and set(refused) <= {507, 503}, f"{name}: answers {sorted(set(refused))} when full")
    out.must(rows == kept + 1, f"{name}: {rows} files for {kept + 1} acknowledged")
    out.must(torn == 0, f"{name}: {torn} files torn")
    out.must(health is not None and health.status == 200, f"{name}: no health when full")
    out.must(after == 202 and store is not None and store.status == 201, f"{name}: {after} after there was room")
    out.tell(f"{name}: {kept} files, then {sorted(set(refused))}; {torn} torn; {after} once there was room")


def _spool(out: Outcome, disk: Path) -> None:
    with Yard(tmpdir=disk) as yard:
        web = yard.web()
        ballast = disk / "ballast"
        ballast.write_bytes(bytes((_SIZE_MB - 1) << 20))
        full = _hand_in(web.port, 0)
        ballast.unlink()
        after = _hand_in(web.port, 0)
    out.must(full in (507, 503), f"uploads: {full} when full")
    out.must(after == 202, f"uploads: {after} after there was room")
    out.tell(f"folder of uploads: {full}, then {after}")


def _hand_in(port: int, number: int) -> int:
    body, headers = upload(secrets.token_bytes(_FILE), f"n{number}.xlsx")
    answer = ask(port, "POST", "/api/v1/uploads", body, headers)
    return answer.status if answer else 0
