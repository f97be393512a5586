"""
What a deployment must not be started with.

On one machine for one person every default is right. With
``YUETAN_DEPLOYMENT=production`` the service and the workers look at their
settings and their database first, and do not start where something would let
records be lost, seen by others, or signed with a key that anybody can guess.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from models.errors import Text, YuetanError
from service.database import Database
from service.settings import Settings, is_loopback

#: Settings of PostgreSQL without which a record that was answered may be lost.
DURABLE = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums")
_SECRET_LENGTH, _SECRET_LETTERS = 32, 10
#: As printed in examples: known to everybody.
_EXAMPLES = ("change", "example", "secret", "password", "yuetan")


class Unsafe(YuetanError):
    code = "service.unsafe"
    message = Text(
        "设置不安全，拒绝启动：\n{all_zh}", "The settings are not safe; the service does not start:\n{all_en}"
    )
    hint = Text(
        "请逐条更正；设置说明见 docs/settings.md，检查用 yuetan doctor。",
        "Correct each of them; see docs/settings.md, and yuetan doctor to check.",
    )


@dataclass(frozen=True, slots=True)
class Concern:
    """Something about the settings: ``unsafe`` stops a deployment, ``weak`` is only said."""

    setting: str
    level: Literal["unsafe", "weak"]
    text: Text

    def line(self, lang: str) -> str:
        """Return it as one line."""
        return f"{self.setting}: {self.text.get(lang)}"


def concerns(settings: Settings, database: Database) -> list[Concern]:
    """Return what a deployment should not have, the database asked."""
    found = [*of_settings(settings), *of_process(settings, os.geteuid() if hasattr(os, "geteuid") else 1)]
    if database.engine.dialect.name != "postgresql":
        return found
    try:
        return found + list(of_postgres(_asked(database), database.role))
    except SQLAlchemyError as error:
        away = Text(f"数据库没有响应：{type(error).__name__}", f"the database does not answer: {type(error).__name__}")
        return [*found, Concern("DATABASE_URL", "unsafe", away)]


def refuse_unsafe(settings: Settings, database: Database) -> list[Concern]:
    """
    Return what is weak in a deployment; nothing on one person's machine.

    Raises
    ------
    Unsafe
        Something is unsafe; all of it is named.
    """
    if settings.deployment != "production":
        return []
    found = concerns(settings, database)
    unsafe = [one for one in found if one.level == "unsafe"]
    if unsafe:
        zh, en = ("\n".join(f"- YUETAN_{one.line(lang)}" for one in unsafe) for lang in ("zh", "en"))
        raise Unsafe(all_zh=zh, all_en=en)
    return found


def of_settings(settings: Settings) -> Iterator[Concern]:
    """Look at the settings alone."""
    secret = settings.secret.get_secret_value() if settings.secret else ""
    if not secret:
        yield _unsafe("SECRET", "没有设置", "is not set")
    elif len(secret) < _SECRET_LENGTH or len(set(secret)) < _SECRET_LETTERS:
        yield _unsafe(
            "SECRET",
            f"太容易猜到：至少 {_SECRET_LENGTH} 个字符的随机串，如 openssl rand -base64 48",
            f"is easily guessed: at least {_SECRET_LENGTH} random characters, such as of openssl rand -base64 48",
        )
    elif any(word in secret.lower() for word in _EXAMPLES):
        yield _unsafe("SECRET", "像是示例里的值", "looks like one of an example")
    if settings.sign_in == "off":
        yield _unsafe(
            "SIGN_IN", "必须是 accounts：不登录则人人以同一身份", "must be accounts: else everybody is one person"
        )
    url = urlsplit(settings.public_url or "")
    if url.scheme != "https":
        yield _unsafe("PUBLIC_URL", "必须是 https 地址", "must be an https address")
    elif (url.hostname or "") not in {host.lower() for host in settings.allowed_hosts}:
        yield _unsafe(
            "ALLOWED_HOSTS",
            "不含 PUBLIC_URL 的主机名，请求会被拒绝",
            "lacks the host of PUBLIC_URL: its requests are refused",
        )
    if settings.database.startswith("sqlite"):
        if settings.worker == "none" or settings.broker_url is not None:
            yield _unsafe(
                "DATABASE_URL", "SQLite 不能由多台机器的任务进程共用，请用 PostgreSQL",
                "SQLite is not for workers on other machines: use PostgreSQL",
            )  # fmt: skip
        else:
            yield _weak(
                "DATABASE_URL", "SQLite 没有机构间的第二道墙，也不能恢复到任意时刻",
                "SQLite has no second wall between organisations and no recovery to any moment",
            )  # fmt: skip
    elif settings.database_role is None:
        yield _unsafe("DATABASE_ROLE", "没有设置：数据库不隔离机构", "is not set: the database parts nobody")
    if settings.worker == "none" and settings.broker_url is None:
        yield _unsafe("BROKER_URL", "WORKER=none 时必须设置", "is needed where WORKER is none")
    if settings.broker_url:
        broker = urlsplit(settings.broker_url)
        if (
            broker.scheme.startswith("amqp")
            and (broker.username or "guest") == "guest"
            and not is_loopback(broker.hostname or "")
        ):
            yield _unsafe("BROKER_URL", "使用了默认的 guest 账户", "uses the default account guest")
    if not is_loopback(settings.host):
        yield _weak(
            "HOST", "直接对外监听：TLS 由反向代理提供，请只监听本机地址",
            "listens to others itself: TLS is the reverse proxy's, so listen on loopback",
        )  # fmt: skip


def of_process(settings: Settings, user: int) -> Iterator[Concern]:
    """Look at whom the process runs as and at its folder."""
    if user == 0:
        yield _weak("USER", "以 root 运行：请建立专用系统账户", "runs as root: make an account of its own")
    folder = settings.data_dir
    if folder.exists() and folder.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        yield _unsafe("DATA_DIR", "其他系统用户可以读写：chmod 700", "is open to other users of the machine: chmod 700")


def of_postgres(said: Mapping[str, Any], role: str | None) -> Iterator[Concern]:
    """Look at what PostgreSQL said of itself and of the two roles."""
    for rule in DURABLE:
        if said[rule] == "off":
            yield _unsafe(
                "DATABASE_URL", f"PostgreSQL 的 {rule} 关闭：已应答的记录可能丢失",
                f"{rule} is off in PostgreSQL: a record that was answered may be lost",
            )  # fmt: skip
    if said["login_super"]:
        yield _unsafe("DATABASE_URL", "登录用的是超级用户", "logs in as a superuser")
    if role is None:
        return
    if said["role_loose"] is None:
        yield _unsafe("DATABASE_ROLE", f"角色 {role} 不存在", f"there is no role {role}")
    elif said["role_loose"]:
        yield _unsafe("DATABASE_ROLE", f"角色 {role} 可绕过隔离", f"role {role} may go around the wall")
    elif said["role_owns"]:
        yield _unsafe(
            "DATABASE_ROLE", f"角色 {role} 拥有表，可以拆墙", f"role {role} owns tables and may take the wall down"
        )
    elif not said["member"]:
        yield _unsafe("DATABASE_ROLE", f"登录账户不是 {role} 的成员", f"the login is no member of {role}")


def _asked(database: Database) -> dict[str, Any]:
    with database.reading() as db:
        said: dict[str, Any] = {rule: str(db.execute(text(f"SHOW {rule}")).scalar()) for rule in DURABLE}
        said["login_super"] = db.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar()
        named = {"role": database.role or ""}
        query = "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = :role"
        said["role_loose"] = db.execute(text(query), named).scalar()
        if said["role_loose"] is not None:
            owns = "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = :role)"
            said["role_owns"] = db.execute(text(owns), named).scalar()
            member = "SELECT pg_has_role(current_user, CAST(:role AS name), 'MEMBER')"
            said["member"] = db.execute(text(member), named).scalar()
    return said


def _unsafe(setting: str, zh: str, en: str) -> Concern:
    return Concern(setting, "unsafe", Text(zh, en))


def _weak(setting: str, zh: str, en: str) -> Concern:
    return Concern(setting, "weak", Text(zh, en))
