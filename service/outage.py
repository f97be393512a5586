"""What a failure of the database or of a disk means: come again, or make room. Nothing of the failure itself is told."""

from __future__ import annotations

import errno

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError

from models.errors import YuetanError
from service.refusals import NoRoom, NotReady

#: What a use of the database may raise while it is away, restarted or full.
TROUBLE = (DBAPIError, TimeoutError)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
#: SQLSTATE of a full disk, and what SQLite says of one.
_PG_FULL, _SQLITE_FULL = "53100", "database or disk is full"
#: Classes of SQLSTATE of a connection that broke and of a server that is stopped.
_PG_AWAY = ("08", "57P")


def meaning(error: BaseException) -> YuetanError | None:
    """Return the refusal for an outage; ``None`` where the failure is our own."""
    if isinstance(error, OSError):
        return NoRoom() if error.errno in _FULL else None
    if isinstance(error, DBAPIError) and (
        getattr(error.orig, "sqlstate", None) == _PG_FULL or _SQLITE_FULL in str(error.orig)
    ):
        return NoRoom()
    if isinstance(error, OperationalError | InterfaceError | TimeoutError) or is_away(error):
        return NotReady(what_zh="数据库暂时没有响应", what_en="The database does not answer")
    return None


def is_away(error: BaseException) -> bool:
    """Return whether the connection broke: what was begun is undone, and may be begun again."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, TimeoutError)
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or (state is not None and state.startswith(_PG_AWAY))
