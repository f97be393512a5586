"""What is kept of a person: the inventory, a copy for them, and its end."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from models.files import DATA, read_yaml
from service.audit.use import record
from service.auth import Who, erasable, visible
from service.edition import version_of
from service.identity.tables import ApiKey, Client, Login, ProviderLink, SignIn
from service.identity.use import change_person
from service.refusals import NotFound
from service.tables import Person

#: Erased with the person; the person's own row stays under a pseudonym, since records name it.
_ERASED = (SignIn, ApiKey, ProviderLink, Client, Login)
#: What nobody is shown, themselves included: it opens doors.
_SECRET = frozenset({"password", "totp", "recovery", "invited", "token", "secret"})


@cache
def inventory() -> dict[str, dict[str, Any]]:
    """Return what is kept of persons, by table and column (``data/access/personal_data.yaml``)."""
    found: dict[str, dict[str, Any]] = read_yaml(DATA / "access" / "personal_data.yaml")["kept"]
    return found


def copy_of(db: Session, who: Who, person_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """
    Return what is kept of a person of the caller's organisation, for them; of secrets only that there is one.

    Raises
    ------
    NotFound
        There is no such person.
    """
    made: dict[str, list[dict[str, Any]]] = {"person": [_said(_one(db, who, person_id))]}
    for table in _ERASED:
        rows = db.scalars(visible(table, who).where(table.person_id == person_id))
        made[table.__tablename__] = [_said(row) for row in rows]
    return made


def forget(db: Session, who: Who, person_id: UUID) -> str:
    """
    Erase what is kept of a person and return the pseudonym that stays in their place.

    The trail and what they made keep the number of their row, which then says
    nothing. Free text that somebody wrote elsewhere is not searched.

    Raises
    ------
    NotFound, LastAdmin
        There is no such person, or nobody would be left to manage the others.
    """
    person = _one(db, who, person_id)
    change_person(db, who, person_id, None, False, frozenset({version_of(person)}))
    for table in _ERASED:
        db.execute(erasable(table, who).where(table.person_id == person_id))
    person.name = f"#{person_id.hex[:8]}"
    db.flush()
    record(db, who, "person.forgotten", person_id)
    return person.name


def _one(db: Session, who: Who, person_id: UUID) -> Person:
    found = db.scalar(visible(Person, who).where(Person.id == person_id))
    if found is None:
        raise NotFound(field="person")
    return found


def _said(row: Any) -> dict[str, Any]:
    made = {}
    for column in inspect(type(row)).column_attrs:
        value = getattr(row, column.key)
        made[column.key] = bool(value) if column.key in _SECRET else value if value is None else str(value)
    return made
