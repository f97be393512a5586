"""What ``deploy/`` holds, run where it can be."""

from __future__ import annotations

import datetime as dt
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import create_engine, make_url, text

from service import migrate
from service.database import Database
from service.deployment import Unsafe, concerns, refuse_unsafe
from service.settings import TREE, Settings
from tests.service.conftest import POSTGRES
from tests.service.test_operation import free_port

DEPLOY = TREE / "deploy"


def example() -> dict[str, str]:
    lines = (DEPLOY / "yuetan.env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_names_settings_that_exist_and_is_refused_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    given = example()
    assert {name.removeprefix("YUETAN_").lower() for name in given} <= Settings.model_fields.keys()
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="secret"):
        Settings()
    monkeypatch.setenv("YUETAN_SECRET", "CHANGE-ME-CHANGE-ME-CHANGE-ME-CHANGE-ME")
    settings = Settings()
    with pytest.raises(Unsafe, match="SECRET"):
        refuse_unsafe(settings, Database("sqlite://"))


@pytest.mark.services
def test_the_roles_of_the_example_pass_the_check_on_a_real_server(
    postgres: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres()  # skips where there is none
    mark, password = secrets.token_hex(4), secrets.token_urlsafe(12)
    names = {"yuetan_login": f"yt_login_{mark}", "yuetan_app": f"yt_app_{mark}"}
    script = (DEPLOY / "postgres" / "first.sql").read_text("utf-8").replace(":'password'", f"'{password}'")
    for old, new in names.items():
        script = script.replace(old, new)
    script = script.replace("DATABASE yuetan ", f"DATABASE yt_deploy_{mark} ")
    statements = [one.strip() for one in re.sub(r"^--.*$", "", script, flags=re.MULTILINE).split(";")]
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            for one in filter(None, statements):
                connection.execute(text(one))
        url = make_url(POSTGRES).set(username=names["yuetan_login"], password=password, database=f"yt_deploy_{mark}")
        for name, value in example().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("YUETAN_SECRET", secrets.token_urlsafe(36))
        monkeypatch.setenv("YUETAN_DATABASE_URL", url.render_as_string(hide_password=False))
        monkeypatch.setenv("YUETAN_DATABASE_ROLE", names["yuetan_app"])
        monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "var"))
        settings = Settings()
        database = Database(settings.database, settings.database_role)
        migrate.upgrade(database)
        unsafe = [one.text.en for one in concerns(settings, database) if one.level == "unsafe"]
        database.dispose()
        # A server of tests may run without what keeps records; the roles are what is looked at.
        assert [one for one in unsafe if "is off" not in one] == []
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS yt_deploy_{mark} WITH (FORCE)"))
            for name in names.values():
                connection.execute(text(f"DROP ROLE IF EXISTS {name}"))
        admin.dispose()


@pytest.mark.parametrize("unit", sorted(path.name for path in (DEPLOY / "systemd").iterdir()))
def test_systemd_takes_every_unit(unit: str, tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    for path in (DEPLOY / "systemd").iterdir():
        said = path.read_text("utf-8").replace("/opt/yuetan/.venv/bin/yuetan", sys.executable)
        (tmp_path / path.name).write_text(said.replace("/opt/yuetan/.venv/bin/python", sys.executable))
    one = unit.replace("@.", "@8001.")
    if one != unit:
        (tmp_path / one).write_text((tmp_path / unit).read_text())
    done = subprocess.run(
        [tool, "verify", "--man=no", str(tmp_path / one)], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "yuetan" in line]
    assert ours == [], done.stderr


def test_the_units_start_commands_that_exist() -> None:
    from typer.main import get_command

    from service.cli import app

    known = get_command(app).commands  # type: ignore[attr-defined]
    starts = [
        line
        for path in (DEPLOY / "systemd").iterdir()
        for line in path.read_text().splitlines()
        if "ExecStart=" in line
    ]
    assert len(starts) == 4
    for line in starts:
        words = line.split()
        assert words[1:3] == ["-m", "workers"] or words[1] in known, line


def test_compose_fits_the_settings() -> None:
    made: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    services = made["services"]
    for name, one in services.items():
        assert "image" in one or "build" in one, name
        assert set(one.get("depends_on", {})) <= services.keys()
        for volume in one.get("volumes", []):
            assert volume.split(":")[0] in made["volumes"]
        for port in one.get("ports", []):
            assert port.startswith("127.0.0.1:")
    assert services["web"]["environment"]["FORWARDED_ALLOW_IPS"] == "*"
    copied = re.findall(r"^COPY (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert all(name == "." or (TREE / name).exists() for name in copied)


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "yuetan.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "yuetan.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[tuple[int, int, Path]]:
    """A real service with sign-in behind a real nginx: port of http, port of https, folder."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    plain, safe, web = free_port(), free_port(), free_port()
    certificate(tmp_path)
    said = (DEPLOY / "nginx" / "yuetan.conf").read_text("utf-8")
    for old, new in (
        ("server 127.0.0.1:8001;", f"server 127.0.0.1:{web};"), ("    server 127.0.0.1:8002;\n", ""),
        ("listen 80;", f"listen 127.0.0.1:{plain};"), ("    listen [::]:80;\n", ""),
        ("listen 443 ssl", f"listen 127.0.0.1:{safe} ssl"), ("    listen [::]:443 ssl http2;\n", ""),
        ("/etc/ssl/certs/", f"{tmp_path}/"), ("/etc/ssl/private/", f"{tmp_path}/"), ("/var/log/nginx/", f"{tmp_path}/"),
        ("carbon.example.com", "localhost"),
    ):  # fmt: skip
        assert old in said
        said = said.replace(old, new)
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"pid {tmp_path}/pid;\nerror_log {tmp_path}/start.log;\nevents {{}}\nhttp {{\n{folders}{said}\n}}\n"
    if os.geteuid() == 0:
        whole = f"user root;\n{whole}"
    (tmp_path / "nginx.conf").write_text(whole)
    call = [nginx, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "start.log")]
    tried = subprocess.run([*call, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    chosen = {
        "YUETAN_DATA_DIR": str(tmp_path / "var"), "YUETAN_WORKER": "none", "YUETAN_SIGN_IN": "accounts",
        "YUETAN_PORT": str(web), "YUETAN_ALLOWED_HOSTS": '["localhost"]',
    }  # fmt: skip
    service = subprocess.Popen([sys.executable, "-m", "service", "serve"], env=os.environ | chosen)
    proxy = subprocess.Popen([*call, "-g", "daemon off;"])
    try:
        until = time.monotonic() + 90
        while True:
            try:
                if httpx2.get(f"https://localhost:{safe}/api/v1/ready", verify=False).status_code == 200:
                    break
            except httpx2.TransportError:
                pass
            assert time.monotonic() < until
            time.sleep(0.3)
        yield plain, safe, tmp_path
    finally:
        for process in (proxy, service):
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def test_a_real_nginx_in_front_of_a_real_service(proxied: tuple[int, int, Path]) -> None:
    plain, safe, folder = proxied
    environment = os.environ | {"YUETAN_DATA_DIR": str(folder / "var"), "YUETAN_SIGN_IN": "accounts"}

    def command(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "service", *words], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip().splitlines()[-1]

    organisation = command("account", "organisation", "示例", "--kind", "exporter")
    link = command("account", "invite", organisation, "a@example.com", "--name", "甲", "--role", "exporter_admin")
    with httpx2.Client(base_url=f"https://localhost:{safe}", verify=False, timeout=30) as web:
        moved = httpx2.get(f"http://localhost:{plain}/sign-in")
        assert (moved.status_code, moved.headers["location"]) == (301, "https://localhost/sign-in")
        page = web.get(link)
        assert page.status_code == 200
        for path in ("/api/v1/health", "/pact/2/footprints"):
            assert httpx2.get(f"http://localhost:{plain}{path}").status_code == 403, "programs are not led on"
        for answer in (page, web.get("/api/v1/assessments"), web.get("/static/style.css"), web.get("/no/such")):
            assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        (remembered,) = [one for one in page.headers.get_list("set-cookie") if "lang" in one]
        assert remembered.startswith("__Host-lang=zh;")
        assert "Secure" in remembered
        assert page.headers["content-security-policy"]
        assert "nginx/" not in page.headers["server"]
        code = link.partition("code=")[2]
        home = {"origin": f"https://localhost:{safe}"}
        entered = web.post("/sign-in/invited", data={"code": code, "password": "Chang-Feng-Po-Lang-7"}, headers=home)
        assert entered.status_code == 303, entered.text
        cookie = entered.headers["set-cookie"]
        assert cookie.startswith("__Host-yuetan=")
        assert "Secure" in cookie
        refused = web.post("/sign-in/invited", data={"code": "x"}, headers={"origin": "https://elsewhere.example"})
        assert refused.status_code == 403
        assert web.get("/", headers={"host": "elsewhere.example"}).status_code in (400, 421)
        assert web.get("/api/v1/assessments").status_code == 401
        large = web.post("/api/v1/uploads", content=b"x" * 33_000_000, headers=home)
        assert large.status_code == 413
        limited = [web.get("/sign-in").status_code for _ in range(40)]
        assert limited.count(200) > 10
        assert 429 in limited
    log = (folder / "yuetan.log").read_text()
    assert "/sign-in/invited 200" in log
    assert code not in log
    assert "code=" not in log
