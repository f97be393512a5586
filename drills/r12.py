"""R12: base backup and write-ahead log into a new cluster, after the old one was lost."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import time
from pathlib import Path

from sqlalchemy import create_engine, func, select, text

from cbam.consignment import Consignment
from drills.client import goods
from drills.outcome import Outcome, Scale
from drills.servers import Postgres, _as, until
from drills.yard import Yard, timed
from finance.assessment import Options
from service.auth import EMBEDDED
from service.database import Database
from service.exposure import use
from service.library import Library
from service.recompute.use import recomputed
from service.tables import Assessment

GOAL = "no committed row lost; under 15 min; 1,000 of 1,000 recomputed equal"
_DAY = dt.date(2026, 6, 1)
_RECEIVER = "yt_wal"
#: Copies of a real row under other keys, so that the volume is that of real ones.
_MULTIPLY = """
INSERT INTO assessment SELECT made.* FROM assessment a, generate_series(1, :many) n, LATERAL jsonb_populate_record(
  a, jsonb_build_object('id', gen_random_uuid(), 'key', md5(n::text) || md5((-n)::text), 'kind', 'copy')) made
WHERE a.id = (SELECT id FROM assessment ORDER BY created LIMIT 1)
"""


def run(scale: Scale) -> Outcome:
    """Fill, back up while writing goes on, lose the cluster, restore, compare, recompute."""
    out, library, options = Outcome(), Library(), Options()
    real, many = scale.of(1000, 30), scale.of(1_000_000, 2000)
    with Postgres("wal_level=replica", "max_wal_senders=4", "max_wal_size=4GB") as server:
        assert isinstance(server, Postgres)
        base, wal = server.folder / "base", server.folder / "wal"
        with Yard(server.url) as yard:
            _write(yard.database, library, options, range(real))
            with yard.database.writing() as db:
                db.execute(text(_MULTIPLY), {"many": many})
            for folder in (base, wal):
                folder.mkdir()
                shutil.chown(folder, "postgres")
            receiver = _receive(server, wal)
            try:
                with timed() as since:
                    server.run(*_client(server, "pg_basebackup"), "-D", str(base), "-X", "none", "-c", "fast")
                    backed_up = since()
                # Written after the backup: these are in the log alone.
                _write(yard.database, library, options, range(real, real + 100))
                with yard.database.reading() as db:
                    ids = set(db.scalars(select(Assessment.id)))
                    sums = db.execute(select(func.count(), func.sum(Assessment.cost_eur))).one()
            finally:
                server.kill()
                receiver.terminate()
                receiver.wait(30)
            with timed() as since:
                restored = _restore(server, base, wal)
                try:
                    url = yard.url.replace(f":{server.port}/", f":{restored.port}/")
                    found = Database(url)
                    with found.reading() as db:
                        there = set(db.scalars(select(Assessment.id)))
                        equal_sums = tuple(
                            db.execute(select(func.count(), func.sum(Assessment.cost_eur))).one()
                        ) == tuple(sums)
                    took = since()
                    equal = _recomputed(found, library, real)
                    found.dispose()
                finally:
                    restored.remove()
    out.must(ids <= there, f"{len(ids - there)} committed rows are lost")
    out.must(equal_sums, "the sums differ")
    out.must(equal == real, f"{equal} of {real} recomputed equal")
    out.must(backed_up + took < 900, f"{backed_up + took:.0f} s")
    out.tell(
        f"{len(ids):,} assessments: backup {backed_up:.0f} s, restore and replay {took:.0f} s, {len(ids - there)} lost "
        f"(100 of them written after the backup), {equal} of {real} recomputed equal"
    )
    return out


def _write(database: Database, library: Library, options: Options, numbers: range) -> None:
    for begin in range(numbers.start, numbers.stop, 100):
        with database.writing() as db:
            for number in range(begin, min(begin + 100, numbers.stop)):
                exposure = use.assess(Consignment(**goods(float(number + 1))), library, options)
                use.keep(db, EMBEDDED, exposure, use.years(exposure, library, options), library, options, _DAY)


def _recomputed(database: Database, library: Library, real: int) -> int:
    with database.reading() as db:
        asked = select(Assessment.id).where(Assessment.kind == "exposure").order_by(Assessment.created).limit(real)
        results = [("exposure", one) for one in db.scalars(asked)]
    return sum(again.outcome == "equal" for again in recomputed(database, library, EMBEDDED, results))


def _client(server: Postgres, program: str) -> list[str]:
    return [f"{server.bin}/{program}", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres"]


def _receive(server: Postgres, wal: Path) -> subprocess.Popen[bytes]:
    """Take the log as it is written, and let commits wait for it: what was acknowledged is in two places."""
    slot = ["--slot", _RECEIVER]
    server.run(*_client(server, "pg_receivewal"), *slot, "--create-slot")
    receiver = subprocess.Popen(
        _as("postgres", [*_client(server, "pg_receivewal"), "-D", str(wal), *slot, "--synchronous"]),
        cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    engine = create_engine(server.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:

        def streams() -> bool:
            return bool(connection.execute(text("SELECT count(*) FROM pg_stat_replication")).scalar())

        until(streams, 30, "the stream of the log")
        connection.execute(text("ALTER SYSTEM SET synchronous_standby_names = 'pg_receivewal'"))
        connection.execute(text("SELECT pg_reload_conf()"))
        time.sleep(0.5)
    engine.dispose()
    return receiver


def _restore(lost: Postgres, base: Path, wal: Path) -> Postgres:
    command = f"cp {wal}/%f %p || cp {wal}/%f.partial %p"
    made = Postgres(f"restore_command={command}", "synchronous_standby_names=")
    shutil.copytree(base, made.data, dirs_exist_ok=True)
    (made.data / "recovery.signal").touch()
    subprocess.run(["chown", "-R", "postgres", str(made.folder)], check=True)
    made.data.chmod(0o700)
    made.start()
    engine = create_engine(made.url, isolation_level="AUTOCOMMIT")

    def writable() -> bool:
        with engine.connect() as connection:
            return not connection.execute(text("SELECT pg_is_in_recovery()")).scalar()

    until(writable, 600, "the end of the replay", 0.2)
    engine.dispose()
    return made
