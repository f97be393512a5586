"""What a deployment is not started with, each thing by itself; and that a sound one starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from typer.testing import CliRunner

from service.app import create_app
from service.cli import app
from service.database import Database
from service.deployment import DURABLE, Unsafe, concerns, of_postgres, of_process, of_settings, refuse_unsafe
from service.settings import Settings

SOUND: dict[str, Any] = {
    "deployment": "production",
    "secret": "q8Zr2LkVx0mWc7Tn4JhPs6Yb1GfDu9Ea",
    "sign_in": "accounts",
    "public_url": "https://carbon.example.com",
    "allowed_hosts": ("carbon.example.com",),
    "database_url": "postgresql+psycopg://svc@127.0.0.1/yuetan",
    "database_role": "yuetan_app",
    "worker": "none",
    "broker_url": "amqp://yuetan:x@127.0.0.1//",
}
ANSWERS: dict[str, Any] = dict.fromkeys(DURABLE, "on") | {
    "login_super": False, "role_loose": False, "role_owns": 0, "member": True,
}  # fmt: skip


def unsafe(**changed: Any) -> list[str]:
    return [one.setting for one in of_settings(Settings(**(SOUND | changed))) if one.level == "unsafe"]


def test_a_sound_one_has_nothing_unsafe() -> None:
    assert list(of_settings(Settings(**SOUND))) == []
    assert list(of_postgres(ANSWERS, "yuetan_app")) == []


@pytest.mark.parametrize(
    ("changed", "setting"),
    [
        ({"secret": None}, "SECRET"),
        ({"secret": "short but 16 long"}, "SECRET"),
        ({"secret": "a" * 40}, "SECRET"),
        ({"secret": "change-me-8Zr2LkVx0mWc7Tn4JhPs6Yb"}, "SECRET"),
        ({"sign_in": "off"}, "SIGN_IN"),
        ({"public_url": None}, "PUBLIC_URL"),
        ({"public_url": "http://carbon.example.com"}, "PUBLIC_URL"),
        ({"allowed_hosts": ("other.example.com",)}, "ALLOWED_HOSTS"),
        ({"database_role": None}, "DATABASE_ROLE"),
        ({"database_url": None}, "DATABASE_URL"),
        ({"broker_url": None}, "BROKER_URL"),
        ({"broker_url": "amqp://broker.example.com//"}, "BROKER_URL"),
    ],
)
def test_each_unsafe_setting_is_named(changed: dict[str, Any], setting: str) -> None:
    assert unsafe(**changed) == [setting]


def test_sqlite_on_one_machine_is_weak_not_unsafe() -> None:
    alone = SOUND | {"database_url": None, "database_role": None, "broker_url": None, "worker": "child"}
    assert [(one.setting, one.level) for one in of_settings(Settings(**alone))] == [("DATABASE_URL", "weak")]


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        *(({rule: "off"}, rule) for rule in DURABLE),
        ({"login_super": True}, "superuser"),
        ({"role_loose": None}, "no role"),
        ({"role_loose": True}, "around"),
        ({"role_owns": 3}, "owns"),
        ({"member": False}, "member"),
    ],
)
def test_each_weakness_of_the_database_is_named(changed: dict[str, Any], word: str) -> None:
    (found,) = of_postgres(ANSWERS | changed, "yuetan_app")
    assert found.level == "unsafe"
    assert word in found.text.en


def test_root_and_an_open_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    settings = Settings(**(SOUND | {"data_dir": tmp_path}))
    assert [(one.setting, one.level) for one in of_process(settings, 0)] == [("USER", "weak"), ("DATA_DIR", "unsafe")]
    tmp_path.chmod(0o700)
    assert list(of_process(settings, 1000)) == []


@pytest.mark.services
def test_a_real_database_is_asked(url: str, tmp_path: Path) -> None:
    """The login of the tests is a superuser, and the role is not there."""
    if url.startswith("sqlite"):
        pytest.skip("PostgreSQL is asked")
    database = Database(url, "yt_no_such_role")
    with database.reading() as db:
        superuser = db.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar()
    found = {one.text.en for one in concerns(Settings(**(SOUND | {"data_dir": tmp_path / "new"})), database)}
    database.dispose()
    assert ("logs in as a superuser" in found) is bool(superuser)
    assert "there is no role yt_no_such_role" in found


def test_one_machine_is_never_refused(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert refuse_unsafe(settings, Database(settings.database)) == []


def test_neither_command_nor_application_nor_worker_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("YUETAN_DEPLOYMENT", "production")
    told = CliRunner().invoke(app, ["serve", "--port", "0"])
    assert told.exit_code == 1
    assert "YUETAN_SECRET" in told.output
    assert "SIGN_IN" in told.output
    with pytest.raises(Unsafe), TestClient(create_app(Settings())):
        pass
    worker = subprocess.run(
        [sys.executable, "-m", "workers"], env=os.environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert worker.returncode == 1
    assert "YUETAN_SECRET" in worker.stderr
    assert list(tmp_path.glob("*.sqlite")) == []
