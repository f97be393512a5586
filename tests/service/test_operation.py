"""The log and the figures of a running service: what they say, and what must be nowhere in them (A10, T9)."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from prometheus_client import generate_latest
from pydantic import ValidationError

from service.app import create_app
from service.audit.use import sign_due
from service.auth import EMBEDDED
from service.jobs import enqueue
from service.operation.log import Daily, cleared, configure, erase_old, pseudonym, told
from service.operation.metrics import Figures, Looked
from service.parts import Parts
from service.settings import Settings
from tests.service.conftest import Silent

PLANTED = {
    "key": "yk_" + "Qm7Vt2Lx9" * 4,
    "bearer": "Bearer tT9kQ2vLxP0aZ",
    "token": "eyJhbGciOi.eyJzdWIiOiJ4In0.c2ln",
    "address": "zhang.wei+x@example.com.cn",
    "password_in_url": "postgresql://svc:Hunter2Hunter2@db/yuetan",
    "mobile": "13812345678",
    "identity_number": "11010519491231002X",
    "invitation": "Zk3vQ9Lm2Xt7Rb5Wc1Yd8Nf6Ph4Jg0Sa_uKe-iOoTq",
}
SECRET_PARTS = ("Qm7Vt2Lx9", "tT9kQ2vLxP0aZ", "eyJzdWIi", "zhang.wei", "Hunter2", "13812345678", "1231002X", "Zk3vQ9Lm")


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Settings]:
    """Settings with a folder for the log, and the log as it was afterwards."""
    before = logging.root.handlers[:], logging.root.level
    yield Settings(data_dir=tmp_path, log_dir=tmp_path / "log", worker="none")
    for handler in logging.root.handlers:
        if handler not in before[0]:
            handler.close()
    logging.root.handlers[:] = before[0]
    logging.root.setLevel(before[1])
    logging.getLogger("uvicorn.access").disabled = False


def lines(settings: Settings) -> list[dict[str, Any]]:
    assert settings.log_dir is not None
    files = sorted(settings.log_dir.glob("*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", PLANTED)
def test_what_looks_like_a_secret_is_cleared(name: str) -> None:
    said = cleared(f"it failed for {PLANTED[name]} at last")
    assert not any(part in said for part in SECRET_PARTS)
    assert said.startswith("it failed for ")
    assert said.endswith(" at last")


def test_what_is_none_stays() -> None:
    for plain in (f"job {uuid4()} failed in attempt 3", "NotInForce on /api/v1/law/{key}", "after 2026-11-30T10:00:00"):
        assert cleared(plain) == plain


def test_planted_secrets_are_in_no_line(written: Settings) -> None:
    """A10: in texts, in arguments, in messages and causes of exceptions, in fields nobody listed."""
    configure(written, "web")
    log = logging.getLogger("service.somewhere")
    for value in PLANTED.values():
        log.warning("it failed: %s", value, extra={"body": value, "password": value})
        try:
            try:
                raise KeyError(value)
            except KeyError as cause:
                raise ValueError(f"bad: {value}") from cause
        except ValueError:
            log.exception("an answer failed")
    found = lines(written)
    assert len(found) == 2 * len(PLANTED)
    text = json.dumps(found, ensure_ascii=False)
    assert not any(part in text for part in SECRET_PARTS)
    assert {name for line in found for name in line} == {"time", "level", "logger", "event", "exception", "frames"}
    assert found[1]["exception"] == ["ValueError", "KeyError"]
    assert "test_operation.py" in found[1]["frames"][-1]


def test_planted_secrets_are_in_no_answer_line_or_export(parts: Parts, written: Settings) -> None:
    """A10: sent in every place of a request; asked for again in the trail and its export."""
    configure(written, "web")
    here = Parts(
        written.model_copy(update={"database_url": parts.settings.database}),
        parts.database,
        parts.library,
        parts.sender,
    )
    with TestClient(create_app(parts=here), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        answers = []
        for value in PLANTED.values():
            answers += [
                client.post("/api/v1/exposures", json={"cn_code": value, "origin": value, value: value}),
                client.get("/api/v1/law/values", params={"key": value, "on": value}),
                client.get(f"/api/v1/assessments/{value.replace('/', '')}"),
                client.post("/sign-in", data={"email": value, "password": value}, headers={"Authorization": value}),
                client.get("/api/v1/prices/GDEA", headers={"Cookie": f"yuetan={value}", "X-Secret": value}),
            ]
        trail = client.get("/api/v1/audit/events").text
    told_ = [answer.text for answer in answers if "sign-in" not in str(answer.url)]
    text = json.dumps(lines(written), ensure_ascii=False) + trail + "".join(told_)
    assert not any(part in text for part in SECRET_PARTS)
    assert all(answer.status_code < 500 for answer in answers)


def test_a_request_leaves_one_line_with_its_number_route_and_pseudonym(parts: Parts, written: Settings) -> None:
    configure(written, "web")
    here = Parts(
        written.model_copy(update={"database_url": parts.settings.database}),
        parts.database,
        parts.library,
        parts.sender,
    )
    with TestClient(create_app(parts=here), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        number = client.get(f"/api/v1/assessments/{uuid4()}").headers["x-request-id"]
        client.get("/nothing/here")
        client.get("/static/style.css")
        client.get("/verify/12345")
    said = [line for line in lines(written) if line["event"] == "request"]
    assert [line["route"] for line in said] == [
        "/api/v1/assessments/{assessment_id}", "-", "/static/*", "/verify/{number}",
    ]  # fmt: skip
    assert (said[0]["request_id"], said[0]["method"], said[0]["status"]) == (number, "GET", 404)
    assert said[0]["ms"] > 0
    assert str(EMBEDDED.organisation_id) not in json.dumps(said)
    assert len({line["organisation"] for line in said}) == 1
    assert len(said[0]["organisation"]) == 12


def test_a_pseudonym_needs_the_key() -> None:
    one = uuid4()
    assert pseudonym(one, b"a") == pseudonym(one, b"a") != pseudonym(one, b"b")


def test_on_one_machine_the_log_is_plain_and_quiet(written: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    configure(Settings(data_dir=written.data_dir), "web")
    logging.getLogger("yuetan.request").info("request")
    logging.getLogger("x").warning("wrong: %s", PLANTED["key"])
    assert capfd.readouterr().err.count("\n") == 1


def test_files_of_days_are_kept_a_year_and_never_under_six_months(tmp_path: Path) -> None:
    """T9."""
    today = dt.date(2026, 12, 1)
    assert Settings().log_keep_days >= 365
    with pytest.raises(ValidationError):
        Settings(log_keep_days=183)
    for age in (0, 183, 366, 367, 800):
        (tmp_path / f"web-{today - dt.timedelta(days=age)}.jsonl").write_text("{}\n")
    (tmp_path / "notes-2020-01-01.txt").write_text("mine")
    erase_old(tmp_path, today - dt.timedelta(days=366))
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["notes-2020-01-01.txt", "web-2025-11-30.jsonl", "web-2026-06-01.jsonl", "web-2026-12-01.jsonl"]


def test_two_processes_write_whole_lines_into_one_file(tmp_path: Path) -> None:
    code = (
        "import sys, logging; from pathlib import Path; from service.operation.log import Daily\n"
        "h = Daily(Path(sys.argv[1]), 'web', 366); h.setFormatter(logging.Formatter('%(message)s'))\n"
        "for i in range(300): h.emit(logging.makeLogRecord({'msg': sys.argv[2] * 2000}))"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), letter]) for letter in "ab"]
    assert [one.wait(60) for one in running] == [0, 0]
    (file,) = tmp_path.glob("*.jsonl")
    assert sorted(file.read_text().splitlines()) == ["a" * 2000] * 300 + ["b" * 2000] * 300


def test_a_full_disk_does_not_stop_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    Daily(tmp_path / "file" / "log", "web", 366).emit(logging.makeLogRecord({"msg": "x"}))


def test_what_an_exception_says_of_itself_ends() -> None:
    one, other = ValueError("a"), KeyError("b")
    one.__cause__, other.__cause__ = other, one
    assert told(one) == {"exception": ["ValueError", "KeyError"], "frames": []}


def test_figures_say_how_the_work_stands(either: Parts) -> None:
    figures = Figures()
    figures.request("GET", "/x", 200, 0.02)
    figures.registry.register(Looked(either))
    with either.database.writing() as db:
        enqueue(db, EMBEDDED, "assess", {}, "a")
        sign_due(db, either.settings, dt.date(2026, 12, 1))
    text = generate_latest(figures.registry).decode()
    for line in (
        'yuetan_requests_total{method="GET",route="/x",status="200"} 1.0',
        'yuetan_jobs{state="queued"} 1.0',
        'yuetan_jobs{state="parked"} 0.0',
        "yuetan_database_up 1.0",
        "yuetan_jobs_lapsed 0.0",
    ):
        assert line in text
    assert "yuetan_audit_head_age_seconds" in text
    assert str(EMBEDDED.organisation_id) not in text


def test_figures_say_when_the_database_is_away(tmp_path: Path, parts: Parts) -> None:
    from service.database import Database

    settings = Settings(database_url="postgresql+psycopg://nobody@127.0.0.1:1/x", data_dir=tmp_path)
    away = Parts(settings, Database(settings.database), parts.library, Silent(settings))
    figures = Figures()
    figures.registry.register(Looked(away))
    text = generate_latest(figures.registry).decode()
    assert "yuetan_database_up 0.0" in text
    assert "yuetan_jobs" not in text
    away.close()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_request_in_flight_ends_when_the_service_is_stopped(tmp_path: Path) -> None:
    """Real process, real signal; on the way the figures are read on their own port."""
    port, figures = free_port(), free_port()
    chosen = {
        "YUETAN_DATA_DIR": str(tmp_path / "var"), "YUETAN_WORKER": "none", "YUETAN_LOG_DIR": str(tmp_path / "log"),
        "YUETAN_METRICS_PORT": str(figures), "YUETAN_PORT": str(port),
    }  # fmt: skip
    service = subprocess.Popen([sys.executable, "-m", "service", "serve"], env=os.environ | chosen)
    try:
        until = time.monotonic() + 90
        while True:
            try:
                talk = socket.create_connection(("127.0.0.1", port), timeout=30)
                break
            except OSError:
                assert time.monotonic() < until
                assert service.poll() is None
                time.sleep(0.2)
        body = json.dumps({"cn_code": "73089059", "origin": "CN", "net_mass_t": 10.0, "imported_on": "2026-05-12"})
        head = f"POST /api/v1/exposures HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        talk.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body[:20]}".encode())
        time.sleep(0.5)
        service.send_signal(signal.SIGTERM)
        time.sleep(1.0)
        talk.sendall(body[20:].encode())
        answer = b""
        while part := talk.recv(65536):
            answer += part
        talk.close()
        assert answer.startswith(b"HTTP/1.1 200")
        assert service.wait(60) is not None
    finally:
        service.kill()
        service.wait()
    said = [json.loads(line) for file in (tmp_path / "log").glob("web-*") for line in file.read_text().splitlines()]
    assert [line["route"] for line in said if line["event"] == "request"] == ["/api/v1/exposures"]
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{figures}/metrics", timeout=5)
