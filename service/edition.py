"""Which edition of a row somebody edits: without saying so nothing is changed, and what another changed first stays."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from models.errors import Text, YuetanError
from models.provenance import fingerprint
from service.tables import Owned

_GIVEN = re.compile(r'"([0-9a-f]{16})"')


class NoEdition(YuetanError):
    code = "edition.missing"
    message = Text("修改前须说明改的是哪一版。", "A change has to say which edition it changes.")
    hint = Text(
        "请先读取这条记录，把应答中的 ETag（或 version）放进 If-Match。",
        "Read the record first and send its ETag (or version) as If-Match.",
    )


class Stale(YuetanError):
    code = "edition.stale"
    message = Text(
        "这条记录已被他人修改，您的修改没有保存。", "Somebody changed the record first; your change was not kept."
    )
    hint = Text("请重新打开，看过新的内容后再改。", "Open it again and make your change to what is there now.")


def version_of(row: Owned) -> str:
    """Return the version of a row: the same as long as nothing of it changed."""
    state = inspect(row)
    columns: Mapping[str, object] = {
        column.key: _plain(getattr(row, column.key)) for column in state.mapper.column_attrs if not column.deferred
    }
    return fingerprint(columns)[:16]


def _plain(value: object) -> object:
    """Return a value in the form that it has on each engine, just written or read."""
    if isinstance(value, dict | list | bool | int) or value is None:
        return value
    return value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else str(value)


def given(header: str | None) -> frozenset[str]:
    """
    Return the versions that an If-Match names.

    Raises
    ------
    NoEdition
        None is named; ``*`` would be a change of whatever is there.
    """
    found = frozenset(_GIVEN.findall(header or ""))
    if header is None or header.strip() in ("", "*"):
        raise NoEdition(field="If-Match")
    return found


def claim(db: Session, row: Owned, versions: frozenset[str]) -> None:
    """
    Hold a row until the transaction ends, and make sure that it is the edition somebody has seen.

    Raises
    ------
    Stale
        It is another one.
    """
    db.refresh(row, with_for_update=True)
    if version_of(row) not in versions:
        raise Stale


def next_version(db: Session, row: Owned) -> str:
    """Return the version of a row as it stands after a change, as it will be read."""
    db.flush()
    db.refresh(row)
    return version_of(row)
