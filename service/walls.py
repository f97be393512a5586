"""
The second wall between organisations: PostgreSQL's row-level security.

The first is ``auth.visible``. Where a role for the application is set, each
transaction that is for an organisation runs under that role and with that
organisation named, and the database itself refuses every other row but those
that their organisation lets this one read (``tables.Shared``). What is for no
organisation (who signs in, which job is next) runs without the role.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

#: An organisation that nobody is: what is asked before anybody is known sees no rows.
NOBODY = UUID(int=0)
_ORGANISATION = "yuetan.organisation"
_MINE = f"organisation_id = nullif(current_setting('{_ORGANISATION}', true), '')::uuid"
_BEHIND = "yuetan.behind_wall"
#: Tables of which the application may add rows and nothing else.
_ADD_ONLY = frozenset(
    {
        "audit_event", "audit_head", "data_release", "factor_decision", "footprint_verification", "kept_footprint", "kept_position",
        "policy_version", "score_record",
    }
)  # fmt: skip
#: What another organisation lets us read, by the database's own clock.
_OPENED = _MINE.replace("organisation_id", "recipient_id", 1) + " AND closes > clock_timestamp()"


def raise_walls(connection: Connection, role: str | None) -> None:
    """
    Put the wall around every table of organisations, and give the application's role what it needs.

    Done after every migration; a second time changes nothing. Without a role
    the wall stands, but nobody is behind it.
    """
    if connection.dialect.name != "postgresql":
        return
    from service.catalogue import PUBLIC_TABLES, TENANT_TABLES
    from service.tables import Shared

    there = set(
        connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")).scalars()
    )
    owned = [name for table in TENANT_TABLES if (name := table.__tablename__) in there]
    lent = {table.__tablename__ for table in TENANT_TABLES if issubclass(table, Shared)}
    standing = _standing(connection)
    digest = _digest(connection)
    for name in owned:
        mark = digest + ("+opened" if name in lent else "")
        if standing.get(name) == mark:
            continue  # nothing is locked that need not be
        connection.execute(text(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"))
        connection.execute(text(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY"))
        connection.execute(text(f"DROP POLICY IF EXISTS wall ON {name}"))
        connection.execute(text(f"DROP POLICY IF EXISTS service ON {name}"))
        connection.execute(text(f"CREATE POLICY wall ON {name} USING ({_MINE})"))
        connection.execute(text(f"CREATE POLICY service ON {name} TO CURRENT_USER USING (true)"))
        connection.execute(text(f"DROP POLICY IF EXISTS opened ON {name}"))
        if name in lent:
            connection.execute(text(f"CREATE POLICY opened ON {name} FOR SELECT USING ({_OPENED})"))
        connection.execute(text(f"COMMENT ON POLICY wall ON {name} IS '{mark}'"))
    if role is None:
        return
    quoted = connection.dialect.identifier_preparer.quote(role)
    public = [name for table in PUBLIC_TABLES if (name := table.__tablename__) in there]
    schema = connection.dialect.identifier_preparer.quote(
        str(connection.execute(text("SELECT current_schema()")).scalar())
    )
    connection.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {quoted}"))
    for name in (*owned, *public):
        what = "SELECT, INSERT" if name in _ADD_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        connection.execute(text(f"GRANT {what} ON {name} TO {quoted}"))


def _digest(connection: Connection) -> str:
    """Return what a wall of this edition of the code, for this owner, is marked with."""
    owner = str(connection.execute(text("SELECT current_user")).scalar())
    return sha256(Path(__file__).read_bytes() + owner.encode()).hexdigest()


def _standing(connection: Connection) -> dict[str, str]:
    """Return the mark of each wall that stands."""
    asked = text(
        "SELECT c.relname, obj_description(p.oid, 'pg_policy') AS mark FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid "
        "WHERE p.polname = 'wall' AND c.relnamespace = current_schema()::regnamespace "
        "AND c.relrowsecurity AND c.relforcerowsecurity"
    )
    return {row.relname: row.mark for row in connection.execute(asked)}


def behind_wall(session: Session, organisation: UUID, role: str | None) -> None:
    """Let every transaction of a session be for one organisation."""
    session.info[_BEHIND] = (organisation, role)


@event.listens_for(Session, "after_begin")
def _begun(session: Session, _: object, connection: Connection) -> None:
    # One listener for all: to listen to each session alone takes longer than to make it.
    behind = session.info.get(_BEHIND)
    if behind is not None:
        _enter(connection, *behind)


def step_behind(session: Session, organisation: UUID, role: str | None) -> None:
    """Let the rest of a transaction be for one organisation, once it is known who came in."""
    _enter(session.connection(), organisation, role)


def _enter(connection: Connection, organisation: UUID, role: str | None) -> None:
    if connection.dialect.name != "postgresql":
        return
    put = text(
        "SELECT set_config(:name, :organisation, true), "
        "CASE WHEN :role = '' THEN '' ELSE set_config('role', :role, true) END"
    )
    connection.execute(put, {"name": _ORGANISATION, "organisation": str(organisation), "role": role or ""})
