"""The law on a day: one value, or what there is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from models.errors import NotInForce, Text, UnknownParameter, YuetanError
from models.law import Entry, LawBook, Read, Table


class NoRow(YuetanError):
    code = "law.no_row"
    message = Text("表“{key}”在该日没有这一行。", "Table '{key}' has no such row on that day.")
    hint = Text("表的键列依次为 {columns}；请给出每一列。", "The key columns are {columns}, in this order; give each.")


@dataclass(frozen=True, slots=True)
class Found:
    """A value in force with what it is."""

    read: Read
    label: Text


def value(book: LawBook, key: str, on: dt.date, row: Sequence[str] = ()) -> Found:
    """
    Return parameter ``key`` as it stands on a day; of a table, the row under ``row``.

    Raises
    ------
    UnknownParameter
        No such parameter.
    NotInForce
        It has no value on that day.
    NoRow
        The table has no such row on that day.
    """
    law = book.at(on)
    table = book.tables.get(key)
    if table is None:
        entry = book.entries.get(key)
        return Found(law.read(key), _label(entry) if entry else Text("", ""))
    found = law.peek(key, *row)
    if found is None:
        raise NoRow(field="row", key=key, columns=", ".join(table.columns))
    return Found(found, _label(table))


def under(book: LawBook, prefix: str) -> list[Entry | Table]:
    """Return what begins with ``prefix``, in order of its key; ``UnknownParameter`` where nothing does."""
    every: dict[str, Entry | Table] = {**book.entries, **book.tables}
    found = [every[key] for key in sorted(every) if key.startswith(prefix)]
    if not found:
        raise UnknownParameter(key=prefix, field="prefix")
    return found


def history(entry: Entry) -> tuple[Read, ...]:
    """Return every value of a parameter with its days."""
    return entry.reads


def in_force(book: LawBook, entry: Entry, on: dt.date) -> Read | None:
    """Return the value of ``entry`` on a day, ``None`` where it has none."""
    try:
        return book.at(on).read(entry.key)
    except NotInForce:
        return None


def _label(of: Entry | Table) -> Text:
    return Text(of.label_zh, of.label)
