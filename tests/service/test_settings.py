"""What the environment may say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.settings import Settings, is_loopback


def test_the_default_is_this_machine_and_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "DATABASE_URL", "DATA_DIR", "BROKER_URL", "SECRET"):
        monkeypatch.delenv(f"YUETAN_{name}", raising=False)
    settings = Settings()
    assert (settings.host, settings.port, settings.secret) == ("127.0.0.1", 8000, None)
    assert settings.database.startswith("sqlite:///")
    assert settings.data_dir.name == "var"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])  # noqa: S104 - that is the point
def test_listening_to_others_needs_a_secret(host: str) -> None:
    with pytest.raises(ValidationError, match="YUETAN_SECRET"):
        Settings(host=host)
    with pytest.raises(ValidationError):
        Settings(host=host, secret="short")
    assert Settings(host=host, secret="a long enough secret").host == host


@pytest.mark.parametrize(("host", "is_ours"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("a.b", False)])
def test_loopback(host: str, is_ours: bool) -> None:
    assert is_loopback(host) is is_ours


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YUETAN_DATABASE_URL", "postgresql://x/y")
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("YUETAN_BROKER_URL", "")
    settings = Settings()
    assert settings.database == "postgresql://x/y"
    assert settings.broker_url is None


def test_every_setting_is_documented_with_its_default() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "settings.md").read_text("utf-8")
    rows = re.findall(
        r"^\| `([A-Z_]+)`(?: †)? \| ([^|]+) \| [^|]*[\u4e00-\u9fff][^|]*[A-Za-z][^|]* \|$", page, re.MULTILINE
    )
    told = {name.lower(): default.strip() for name, default in rows}
    assert told.keys() == Settings.model_fields.keys()
    for name, field in Settings.model_fields.items():
        default = field.default
        if default is None:
            assert "`" not in told[name].replace("`DATA_DIR`", ""), name
        elif name != "data_dir":
            assert told[name] == f"`{'[]' if default == () else default}`", name


def test_a_secret_does_not_show_itself() -> None:
    assert "a long enough secret" not in repr(Settings(secret="a long enough secret"))
