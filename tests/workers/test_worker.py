"""A real worker process: it does what was asked, and what is killed comes back and ends once."""

from __future__ import annotations

import csv
import io
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import make_url

from finance.assessment import Options
from service import clock, jobs, store
from service.assessment import use
from service.auth import EMBEDDED, visible
from service.batch.use import Seen, seen
from service.child import Supervisor
from service.parts import Parts
from service.settings import TREE, Settings
from service.tables import Assessment, AssessmentLine

Start = Callable[[Settings], tuple[Parts, Supervisor]]
PATIENCE_S = 60.0


def sheet(rows: int) -> bytes:
    """A goods sheet of ``rows`` lines as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["产品名称", "CN编码", "原产地", "净重（吨）", "进口日期"])
    writer.writerows(["钢结构件", "73089059", "CN", 1 + i, "2026-05-12"] for i in range(rows))
    return text.getvalue().encode("utf-8")


def ask(parts: Parts, data: bytes, name: str = "goods.csv") -> UUID:
    with parts.database.writing() as db:
        upload = use.keep_upload(db, EMBEDDED, data, name)
        job = use.ask(db, EMBEDDED, parts.library, upload, Options(), clock.today())
        announced = jobs.taken_to_send(db)
    parts.sender.send(announced)
    return job.id


def wait(parts: Parts, job_id: UUID, until: Callable[[Seen], bool]) -> Seen:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with parts.database.reading() as db:
            found = seen(db, EMBEDDED, job_id)
        if until(found):
            return found
        time.sleep(0.02)
    pytest.fail(f"the job is {found.job.state} after {PATIENCE_S} s")


def ended(found: Seen) -> bool:
    return found.job.state not in ("queued", "running")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def gone(pid: int) -> bool:
    end = time.monotonic() + 10
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not alive(pid)


def test_a_job_is_done_and_a_killed_one_comes_back_and_ends_once(settings: Settings, start: Start) -> None:
    parts, supervisor = start(settings)
    small = wait(parts, ask(parts, sheet(3)), ended)
    assert (small.job.state, small.job.attempt) == ("done", 1), small.job.reason

    rows = 4000
    job_id = ask(parts, sheet(rows), "long.csv")
    wait(parts, job_id, lambda found: found.job.state == "running" and found.progress is not None)
    first = supervisor.pid
    assert first is not None
    os.killpg(first, signal.SIGKILL)
    done = wait(parts, job_id, ended)
    assert (done.job.state, done.job.attempt) == ("done", 2), done.job.reason
    assert supervisor.starts == 2
    assert supervisor.pid not in (None, first)
    with parts.database.reading() as db:
        assert len(db.scalars(visible(Assessment, EMBEDDED)).all()) == 2
        assert done.job.assessment_id is not None
        assert store.one(db, EMBEDDED, done.job.assessment_id).lines_count == rows
        kept = visible(AssessmentLine, EMBEDDED).where(AssessmentLine.assessment_id == done.job.assessment_id)
        assert len(db.scalars(kept.with_only_columns(AssessmentLine.line)).all()) == rows

    # the broker's files are lost: the row brings the job back
    with parts.database.writing() as db:
        upload = use.keep_upload(db, EMBEDDED, sheet(4), "unannounced.csv")
        forgotten = use.ask(db, EMBEDDED, parts.library, upload, Options(), clock.today()).id
    assert wait(parts, forgotten, ended).job.state == "done"

    supervisor.stop()
    assert not supervisor.alive


def test_the_worker_ends_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from service.child import Supervisor\n"
        "from service.settings import Settings\n"
        "s = Supervisor(Settings(data_dir=sys.argv[1]))\n"
        "s.start()\n"
        "print(s.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    time.sleep(1.0)  # it has asked the kernel by now
    assert alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(child)


@pytest.mark.services
def test_over_rabbitmq(settings: Settings, start: Start) -> None:
    from kombu import Connection

    url = os.environ.get("YUETAN_TEST_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672//")
    try:
        socket.create_connection(("127.0.0.1", make_url(url).port or 5672), 2).close()
    except OSError:
        if os.environ.get("YUETAN_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip("RabbitMQ does not answer")
    queue = f"yt_{secrets.token_hex(4)}"
    own = settings.model_copy(update={"broker_url": url, "queue": queue})
    # Nothing is swept in this test: the message itself has to arrive.
    own = own.model_copy(update={"resend_s": 3600.0})
    parts, supervisor = start(own)
    try:
        done = wait(parts, ask(parts, sheet(3)), ended)
        assert (done.job.state, done.job.attempt) == ("done", 1)
    finally:
        supervisor.stop(grace_s=2)
        parts.sender.close()
        with Connection(url) as connection:
            channel = connection.channel()
            channel.queue_delete(queue)
            channel.exchange_delete(queue)


def test_a_broker_that_is_away_loses_nothing(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    from service import migrate

    parts = Parts.of(Settings(data_dir=tmp_path, broker_url=f"amqp://guest:guest@127.0.0.1:{port}//"))
    migrate.upgrade(parts.database)
    begun = time.monotonic()
    job_id = ask(parts, sheet(2))
    assert time.monotonic() - begun < 3
    with parts.database.reading() as db:
        assert seen(db, EMBEDDED, job_id).job.state == "queued"
    parts.close()
