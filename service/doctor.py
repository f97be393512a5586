"""Is this installation sound? Versions, database, data, broker."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from models.errors import Text, YuetanError
from service import migrate
from service.database import journal_mode
from service.deployment import DURABLE, concerns
from service.jobs import open_jobs
from service.parts import Parts

_PACKAGES = ("fastapi", "pydantic", "sqlalchemy", "celery", "numpy", "pandas", "python-calamine")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    label: Text
    good: bool
    found: Text


def examine(parts: Parts) -> Iterator[Check]:
    """Look at everything, one after the other; nothing is changed but a missing database is created."""
    found = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    yield Check(Text("版本", "Versions"), True, _same(f"Python {platform.python_version()}, {found}"))
    yield from _database(parts)
    yield from _data(parts)
    broker = "filesystem" if parts.settings.broker_url is None else parts.settings.broker.partition("://")[0]
    answers = parts.sender.answers()
    silent = Text(f"{broker} 没有响应，任务会等待", f"{broker} does not answer; jobs wait")
    yield Check(Text("消息", "Broker"), answers, _same(broker) if answers else silent)
    if parts.settings.deployment == "production":
        seen = concerns(parts.settings, parts.database)
        said = Text(*("\n".join(one.line(lang) for one in seen) for lang in ("zh", "en"))) if seen else _same("✓")
        yield Check(Text("部署设置", "Deployment"), not any(one.level == "unsafe" for one in seen), said)


def _database(parts: Parts) -> Iterator[Check]:
    label = Text("数据库", "Database")
    try:
        migrate.upgrade(parts.database)
        with parts.database.reading() as db:
            name = db.get_bind().dialect.name
            yield Check(Text("未完成任务", "Open jobs"), True, _same(str(open_jobs(db))))
            if name == "sqlite":
                checked = str(db.execute(text("PRAGMA quick_check")).scalar())
                shown = f"SQLite {sqlite3.sqlite_version}, {journal_mode()}, quick_check {checked}"
                why = Text(
                    f"{shown}。适合一人一机；需长期保存、多人使用的记录请用 PostgreSQL（崩溃恢复、备份到任意时刻、多写者）。",
                    f"{shown}. Right for one person on one machine; records that must last or are shared belong in "
                    "PostgreSQL (crash recovery, backup to any moment, many writers).",
                )
                yield Check(label, checked == "ok", why)
                return
            values = {rule: str(db.execute(text(f"SHOW {rule}")).scalar()) for rule in DURABLE}
            off = [rule for rule, value in values.items() if value == "off"]
            shown = f"PostgreSQL {db.execute(text('SHOW server_version')).scalar()}"
            bad = Text(f"{shown}，应打开：{', '.join(off)}", f"{shown}; turn on: {', '.join(off)}")
            yield Check(label, not off, bad if off else _same(shown))
            yield _wall(parts)
    except SQLAlchemyError as error:
        yield Check(label, False, Text(f"没有响应：{type(error).__name__}", f"no answer: {type(error).__name__}"))


def _wall(parts: Parts) -> Check:
    label, role = Text("机构之间的第二道墙", "Second wall between organisations"), parts.database.role
    needed = parts.settings.sign_in == "accounts"
    if role is None:
        shut = Text(
            "未设置 YUETAN_DATABASE_ROLE，数据库不隔离机构",
            "YUETAN_DATABASE_ROLE is not set: the database parts nobody",
        )
        return Check(label, not needed, shut)
    query = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = :role")
    with parts.database.reading() as db:
        loose = db.execute(query, {"role": role}).scalar()
    if loose is None or loose:
        return Check(
            label, False, Text(f"角色 {role} 不存在或可绕过隔离", f"role {role} is missing or may go around the wall")
        )
    return Check(label, True, _same(role))


def _data(parts: Parts) -> Iterator[Check]:
    library = parts.library
    try:
        book = library.book()
        for name in library.scenarios:
            library.book((name,))
        loaded = (library.market, library.fx, library.paths, library.card)
    except YuetanError as error:
        yield Check(Text("数据", "Data"), False, Text(error.text("zh"), error.text("en")))
        return
    count, tables = len(book.entries), len(book.tables)
    text_ = Text(
        f"{count} 个法规参数、{tables} 张表、{len(loaded[0].series)} 个行情、{len(loaded[2])} 条价格路径；版次 {library.edition[:12]}",
        f"{count} parameters, {tables} tables, {len(loaded[0].series)} price series, {len(loaded[2])} price paths; "
        f"edition {library.edition[:12]}",
    )
    yield Check(Text("数据", "Data"), True, text_)


def _same(text_: str) -> Text:
    return Text(text_, text_)
