"""
The law as dated data.

A parameter is a YAML entry (one scalar, values by first day) or a row of a CSV
table (first the key columns, then ``since``). ``LawBook`` holds all of them,
``LawBook.at(day)`` answers for one day and remembers what was read. Drafts and
superseded editions are folders laid over the law by name; what they change
carries that name for good.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from models.errors import BadData, NotInForce, UnknownParameter
from models.files import day as as_day
from models.files import read_csv, read_yaml

CONFIDENCE = ("official", "two_secondary", "one_secondary", "inferred")
_ENTRY = {"label", "label_zh", "unit", "values", "beyond"}
_VALUE = {"value", "source", "confidence", "note", "until"}
_TABLE_TAIL = ("unit", "source", "confidence", "note")


@dataclass(frozen=True, slots=True)
class Read:
    """
    One value of the law as it was read.

    ``value`` is ``None`` where the law names the item but no figure is public.
    ``assumed`` is true when the value is held beyond its last day, which the
    entry must allow. ``scenario`` names the draft or edition it comes from.
    """

    key: str
    value: float | str | None
    since: dt.date
    until: dt.date | None
    unit: str
    source: str
    confidence: str
    note: str = ""
    attrs: tuple[tuple[str, str], ...] = ()
    scenario: str | None = None
    assumed: bool = False

    def attr(self, name: str) -> str:
        """Return what the table says of the row beside its value, e.g. the route."""
        return dict(self.attrs)[name]

    def key_part(self, i: int) -> str:
        """Return the ``i``-th key column of a table row."""
        return self.key[self.key.index("[") + 1 : -1].split(",")[i]

    def line(self) -> str:
        """Return the read as one line of a proof."""
        extra = f", scenario {self.scenario}" if self.scenario else ""
        extra += ", held beyond its last day: assumption" if self.assumed else ""
        return f"{self.key} = {self.value} since {self.since} [{self.source}, {self.confidence}{extra}]"


@dataclass(frozen=True, slots=True)
class Entry:
    """A parameter: what it is, in which unit, and its values in order of their first day."""

    key: str
    label: str
    label_zh: str
    unit: str
    hold: bool
    reads: tuple[Read, ...]
    days: tuple[dt.date, ...]

    def on(self, day: dt.date) -> Read | None:
        """Return the value in force on ``day``; ``None`` before the first or after the last day."""
        i = bisect_right(self.days, day) - 1
        if i < 0:
            return None
        read = self.reads[i]
        if read.until is None or day <= read.until:
            return read
        return replace(read, assumed=True) if self.hold else None


def _entry(key: str, label: str, label_zh: str, unit: str, hold: bool, reads: Sequence[Read], path: Path) -> Entry:
    days = tuple(read.since for read in reads)
    if not reads:
        raise BadData(path=path.name, what=f"{key} has no value")
    if any(a >= b for a, b in pairwise(days)):
        raise BadData(path=path.name, what=f"first days of {key} do not rise: {[str(d) for d in days]}")
    for read in reads:
        if read.confidence not in CONFIDENCE:
            raise BadData(path=path.name, what=f"{key}: confidence {read.confidence!r} is not one of {CONFIDENCE}")
        if read.until is not None and read.until < read.since:
            raise BadData(path=path.name, what=f"{key}: ends on {read.until}, before it starts on {read.since}")
    return Entry(key, label, label_zh, unit, hold, tuple(reads), days)


def _yaml_entries(key: str, node: Any, path: Path, scenario: str | None) -> Iterator[Entry]:
    if not isinstance(node, dict):
        raise BadData(path=path.name, what=f"{key} is not a mapping")
    if "values" not in node:
        for name, child in node.items():
            yield from _yaml_entries(f"{key}.{name}", child, path, scenario)
        return
    if unknown := set(node) - _ENTRY:
        raise BadData(path=path.name, what=f"{key}: unknown fields {sorted(unknown)}")
    if missing := {"label", "label_zh", "unit"} - set(node):
        raise BadData(path=path.name, what=f"{key}: missing fields {sorted(missing)}")
    if node.get("beyond", "refuse") not in ("refuse", "hold"):
        raise BadData(path=path.name, what=f"{key}: beyond is 'refuse' or 'hold'")
    reads = []
    for since, value in node["values"].items():
        if not isinstance(value, dict) or set(value) - _VALUE or not {"value", "source", "confidence"} <= set(value):
            raise BadData(path=path.name, what=f"{key} on {since}: needs value, source, confidence")
        number = value["value"]
        reads.append(
            Read(
                key=key,
                value=str(number) if isinstance(number, str | bool | dt.date) else number,
                since=as_day(since, path),
                until=as_day(value["until"], path) if value.get("until") else None,
                unit=node["unit"],
                source=value["source"],
                confidence=value["confidence"],
                note=value.get("note", ""),
                scenario=scenario,
            )
        )
    hold = node.get("beyond") == "hold"
    yield _entry(key, node["label"], node["label_zh"], node["unit"], hold, reads, path)


@dataclass(frozen=True, slots=True)
class Table:
    """A large table of the law: rows by their key columns, each an ``Entry`` with attributes."""

    key: str
    label: str
    label_zh: str
    columns: tuple[str, ...]
    rows: Mapping[tuple[str, ...], Entry]


def _table(key: str, path: Path, scenario: str | None) -> Table:
    head = read_yaml(path.with_suffix(".yaml"))
    if not isinstance(head, dict) or set(head) != {"label", "label_zh", "keys", "attrs", "beyond"}:
        raise BadData(path=path.name, what="its .yaml must give label, label_zh, keys, attrs, beyond")
    keys, attrs = tuple(head["keys"]), tuple(head["attrs"])
    columns = (*keys, "since", "until", "value", *attrs, *_TABLE_TAIL)
    found: dict[tuple[str, ...], list[Read]] = {}
    for row in read_csv(path, columns):
        row_key = tuple(row[k] for k in keys)
        text = row["value"]
        found.setdefault(row_key, []).append(
            Read(
                key=f"{key}[{','.join(row_key)}]",
                value=(text if row["unit"] == "word" else float(text)) if text else None,
                since=as_day(row["since"], path),
                until=as_day(row["until"], path) if row["until"] else None,
                unit=row["unit"],
                source=row["source"],
                confidence=row["confidence"],
                note=row["note"],
                attrs=tuple((a, row[a]) for a in attrs),
                scenario=scenario,
            )
        )
    hold = head["beyond"] == "hold"
    rows = {
        k: _entry(reads[0].key, head["label"], head["label_zh"], reads[0].unit, hold, reads, path)
        for k, reads in found.items()
    }
    return Table(key, head["label"], head["label_zh"], keys, rows)


@dataclass(frozen=True, slots=True)
class LawBook:
    """All parameters and tables, immutable after loading; ``at(day)`` opens it on one day."""

    entries: Mapping[str, Entry]
    tables: Mapping[str, Table]
    scenarios: tuple[str, ...] = ()
    #: Days on which any value begins or has just ended: between two of them the law stands still.
    changes: tuple[dt.date, ...] = ()
    #: Results derived from this book and nothing else; kept as long as the book is.
    derived: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    def at(self, day: dt.date) -> LawAt:
        """Return the law of ``day``."""
        return LawAt(self, day)


class LawAt:
    """The law of one day; ``reads`` keeps what was asked for, in order."""

    __slots__ = ("book", "day", "epoch", "reads")

    def __init__(self, book: LawBook, day: dt.date) -> None:
        self.book = book
        self.day = day
        #: Number of the stretch of days, from one change of the law to the next, that this day lies in.
        self.epoch = bisect_right(book.changes, day)
        self.reads: dict[str, Read] = {}

    def read(self, key: str) -> Read:
        """
        Return the value of parameter ``key`` and remember it.

        Raises
        ------
        UnknownParameter
            No such parameter in the law data.
        NotInForce
            The parameter has no value on this day.
        """
        entry = self.book.entries.get(key)
        if entry is None:
            raise UnknownParameter(key=key)
        found = entry.on(self.day)
        if found is None:
            last = entry.reads[-1].until or "…"
            raise NotInForce(key=key, day=self.day, first=entry.days[0], last=last)
        self.reads[key] = found
        return found

    def find(self, key: str) -> Read | None:
        """Like ``read``, but ``None`` where the parameter has no value on this day."""
        try:
            return self.read(key)
        except NotInForce:
            return None

    def number(self, key: str) -> float:
        """Return parameter ``key`` as a number; raises as ``read`` does."""
        value = self.read(key).value
        if not isinstance(value, int | float):
            raise BadData(path=key, what=f"{value!r} is not a number")
        return float(value)

    def word(self, key: str) -> str:
        """Return parameter ``key`` as a word; raises as ``read`` does."""
        return str(self.read(key).value)

    def row(self, table: str, *key: str) -> Read | None:
        """Return the row of ``table`` under ``key`` on this day and remember it; ``None`` if there is none."""
        found = self.peek(table, *key)
        if found is not None:
            self.reads[found.key] = found
        return found

    def peek(self, table: str, *key: str) -> Read | None:
        """Like ``row`` without remembering: for a search whose misses are not part of the proof."""
        try:
            rows = self.book.tables[table].rows
        except KeyError:
            raise UnknownParameter(key=table) from None
        entry = rows.get(key)
        return None if entry is None else entry.on(self.day)


def load_law(root: Path, overlays: Sequence[Path] = ()) -> LawBook:
    """
    Read every law file under ``root``, then lay ``overlays`` over it in order.

    A path under the root is the key: ``eu/cbam/default_markup.yaml`` holds
    ``eu.cbam.default_markup``. A ``.csv`` has a ``.yaml`` of the same name that
    says what it is. An overlay replaces whole parameters or table rows; it must
    not bring a parameter the law does not have.

    Raises
    ------
    BadData
        A file is not valid; the message names file and parameter.
    """
    entries: dict[str, Entry] = {}
    tables: dict[str, Table] = {}
    for layer in (root, *overlays):
        scenario = None if layer is root else layer.name
        if not layer.is_dir():
            raise BadData(path=layer.name, what="no such folder of law data")
        for path in sorted(layer.rglob("*")):
            key = ".".join(path.relative_to(layer).with_suffix("").parts)
            if path.suffix == ".csv":
                table = _table(key, path, scenario)
                if scenario:
                    if key not in tables:
                        raise BadData(path=path.name, what=f"{key} is not a table of the law")
                    table = replace(tables[key], rows={**tables[key].rows, **table.rows})
                tables[key] = table
            elif path.suffix == ".yaml" and not path.with_suffix(".csv").exists() and path.stem != "about":
                for entry in _yaml_entries(key, read_yaml(path), path, scenario):
                    if scenario and entry.key not in entries:
                        raise BadData(path=path.name, what=f"{entry.key} is not a parameter of the law")
                    entries[entry.key] = entry
    every = [*entries.values(), *(entry for table in tables.values() for entry in table.rows.values())]
    changes = {read.since for entry in every for read in entry.reads}
    changes |= {read.until + dt.timedelta(days=1) for entry in every for read in entry.reads if read.until}
    return LawBook(entries, tables, tuple(layer.name for layer in overlays), tuple(sorted(changes)))
