"""The law as a kept result read it, laid over the law of today; and what moved in between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.law import Entry, LawBook, Read, Table
from models.provenance import fingerprint

#: What is compared of a value that was read.
_SAME = ("value", "source", "confidence", "scenario", "assumed")


@dataclass(frozen=True, slots=True)
class Moved:
    """A value that is another today: its name, what was read then, and what is read now; none where it is read no more."""

    name: str
    then: str | None
    now: str | None

    def line(self) -> str:
        """Return the change as one line."""
        return f"{self.name}: {self.then or '—'} → {self.now or '—'}"


def moved_between(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Moved, ...]:
    """
    Return what two documents of a result read differently.

    A result kept before the policy and the price path were noted says nothing of
    them; nor did it note each day of a parameter, so what only the new one read is
    no difference then.
    """
    whole = "basis" in before
    old, new = _by_name(before["reads"]), _by_name(now["reads"])
    names = [*old, *(name for name in new if name not in old)] if whole else [*old]
    found = [
        Moved(name, _shown(old.get(name)), _shown(new.get(name)))
        for name in names
        if _said(old.get(name)) != _said(new.get(name))
    ]
    if whole:
        then, today = before["basis"], now["basis"]
        found += [
            Moved(name, str(then.get(name))[:12], str(today.get(name))[:12])
            for name in sorted(then.keys() | today.keys())
            if then.get(name) != today.get(name)
        ]
    return tuple(found)


def _by_name(reads: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {f"{read['key']} @ {read['since']}" + (" +" if read["assumed"] else ""): read for read in reads}


def _said(read: Mapping[str, Any] | None) -> str | None:
    return None if read is None else fingerprint([*(read[name] for name in _SAME), read.get("attrs")])


def _shown(read: Mapping[str, Any] | None) -> str | None:
    return None if read is None else f"{read['value']} [{read['source']}, {read['confidence']}]"


def pinned(book: LawBook, reads: Sequence[Mapping[str, Any]]) -> LawBook:
    """Return ``book`` with every parameter that was read holding the values that were read, and no others."""
    by_key: dict[str, dict[dt.date, Mapping[str, Any]]] = {}
    for read in reads:
        by_key.setdefault(read["key"], {})[dt.date.fromisoformat(read["since"])] = read
    entries, tables = dict(book.entries), dict(book.tables)
    rows: dict[str, dict[tuple[str, ...], Entry]] = {}
    for key, values in by_key.items():
        if key in entries:
            entries[key] = _entry(entries[key], key, values)
            continue
        name, _, inner = key.partition("[")
        if name in tables:
            columns = tuple(inner[:-1].split(","))
            rows.setdefault(name, {})[columns] = _entry(tables[name].rows.get(columns), key, values, tables[name])
    for name, changed in rows.items():
        tables[name] = replace(tables[name], rows={**tables[name].rows, **changed})
    every = [*entries.values(), *(entry for table in tables.values() for entry in table.rows.values())]
    changes = {read.since for entry in every for read in entry.reads}
    changes |= {read.until + dt.timedelta(days=1) for entry in every for read in entry.reads if read.until}
    return LawBook(entries, tables, book.scenarios, tuple(sorted(changes)))


def _entry(
    now: Entry | None, key: str, values: Mapping[dt.date, Mapping[str, Any]], table: Table | None = None
) -> Entry:
    attrs = {read.since: read.attrs for read in now.reads} if now else {}
    reads = tuple(_read(values[since], attrs.get(since, ())) for since in sorted(values))
    hold = any(read.assumed for read in reads) or (now.hold if now else False)
    label, label_zh = (now.label, now.label_zh) if now else (table.label, table.label_zh) if table else (key, key)
    reads = tuple(replace(read, assumed=False) for read in reads)
    return Entry(key, label, label_zh, reads[0].unit, hold, reads, tuple(read.since for read in reads))


def _read(said: Mapping[str, Any], attrs: tuple[tuple[str, str], ...]) -> Read:
    until = said["until"]
    return Read(
        key=said["key"],
        value=said["value"],
        since=dt.date.fromisoformat(said["since"]),
        until=dt.date.fromisoformat(until) if until else None,
        unit=said["unit"],
        source=said["source"],
        confidence=said["confidence"],
        note=said["note"],
        attrs=tuple(said["attrs"].items()) if "attrs" in said else attrs,
        scenario=said["scenario"],
    )
