"""Who sees what. Every query of an organisation's data starts from ``visible``, nowhere else."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Delete, Select, delete, select

from service.tables import Owned, Shared

Row = TypeVar("Row", bound=Owned)
Lent = TypeVar("Lent", bound=Shared)


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: a person or a program, for an organisation, with what their role may do."""

    organisation_id: UUID
    person_id: UUID
    rights: frozenset[str] = frozenset()


#: The one organisation and the one person of an installation without sign-in; the first migration writes them.
EMBEDDED = Who(UUID("00000000-0000-4000-8000-000000000001"), UUID("00000000-0000-4000-8000-000000000002"))


def visible(table: type[Row], who: Who) -> Select[Row]:
    """Return the rows of ``table`` that ``who`` may see."""
    return select(table).where(table.organisation_id == who.organisation_id)


def erasable(table: type[Row], who: Who) -> Delete:
    """Return the deletion of the rows of ``table`` that ``who`` may see."""
    return delete(table).where(table.organisation_id == who.organisation_id)


def opened(table: type[Lent], who: Who, moment: dt.datetime) -> Select[Lent]:
    """Return the rows of others that they let the organisation of ``who`` read at a moment."""
    return select(table).where(table.recipient_id == who.organisation_id, table.closes > moment)
