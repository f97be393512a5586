"""
A change of law: two states of the law side by side, and what moved for goods, parameter by parameter.

A state is a law book on a day: an edition, a draft laid over the law, or the
same law on another day. Old and new are computed alike, so that a result of
before stays what it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cbam.emissions import DEFAULT_VALUES
from cbam.exposure import DefaultPath, certificates, default_path
from cbam.goods import Origin, origin_of
from models.errors import Text, YuetanError
from models.law import Entry, LawAt, LawBook, Read
from models.table import Result, Row

METHOD = "cbam.editions/1"
_EDITION = "eu.cbam.default_value_edition"


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; ``None`` on the side that has none."""

    key: str
    label: Text
    before: Read | None
    after: Read | None

    @property
    def kind(self) -> str:
        """``new``, ``gone``, ``value``, or ``source`` where only source, confidence or attributes moved."""
        if self.before is None:
            return "new"
        if self.after is None:
            return "gone"
        return "value" if self.before.value != self.after.value else "source"


def changes(before: LawAt, after: LawAt, prefix: str = "") -> list[Change]:
    """
    Return what differs between two states of the law, in order of the key.

    Parameters
    ----------
    before, after : LawAt
        Law book and day of each side.
    prefix : str
        Only keys that begin so.

    Notes
    -----
    The rows of the default value table are compared in the edition in force on
    each side, under a key without the edition.
    """
    old, new = (dict(_values(law, prefix)) for law in (before, after))
    found = []
    for key in sorted(old.keys() | new.keys()):
        a, b = (side[key][1] if key in side else None for side in (old, new))
        if _said(a) != _said(b):
            found.append(Change(key, (old.get(key) or new[key])[0], a, b))
    return found


def _said(read: Read | None) -> tuple[object, ...] | None:
    return None if read is None else (read.value, read.source, read.confidence, read.attrs)


def _values(law: LawAt, prefix: str) -> Iterator[tuple[str, tuple[Text, Read | None]]]:
    book = law.book
    for entry in book.entries.values():
        if entry.key.startswith(prefix):
            yield entry.key, (_label(entry), entry.on(law.day))
    edition = _edition(book, law)
    for table in book.tables.values():
        if not table.key.startswith(prefix):
            continue
        label = Text(table.label_zh, table.label)
        for columns, entry in table.rows.items():
            key = columns
            if table.key == DEFAULT_VALUES:
                if columns[0] != edition:
                    continue
                key = columns[1:]
            yield f"{table.key}[{','.join(key)}]", (label, entry.on(law.day))


def _edition(book: LawBook, law: LawAt) -> str | None:
    entry = book.entries.get(_EDITION)
    found = entry.on(law.day) if entry else None
    return None if found is None else str(found.value)


def _label(entry: Entry) -> Text:
    return Text(entry.label_zh, entry.label)


#: What may move a good on the default basis, in the order in which it is exchanged.
PARTS: tuple[tuple[str, Text], ...] = (
    ("default_value", Text("默认值", "default value")),
    ("markup", Text("加成", "mark-up")),
    ("benchmark", Text("基准值", "benchmark")),
    ("cbam_factor", Text("CBAM 系数", "CBAM factor")),
    ("cscf", Text("CSCF", "CSCF")),
)


@dataclass(frozen=True, slots=True)
class GoodChange(Result):
    """
    What a change of law does to a good of an origin on the default basis.

    ``due`` is certificates per tonne, max(0, SEE - SEFA). ``parts`` holds, by
    parameter, what of the difference it makes; they add up to it. A side that
    is refused has its reason instead.
    """

    cn_code: str
    origin: str
    before: DefaultPath | None
    after: DefaultPath | None
    due_before: float | None
    due_after: float | None
    parts: tuple[tuple[str, float], ...]
    refused: Text

    @property
    def difference(self) -> float | None:
        """Certificates per tonne more (or less) after the change."""
        if self.due_before is None or self.due_after is None:
            return None
        return self.due_after - self.due_before

    def rows(self) -> list[Row]:
        names = dict(PARTS)
        return [
            Row("due_before", Text("原：每吨证书", "Before: certificates per t"), self.due_before, "tCO2e/t", digits=6),
            Row("due_after", Text("新：每吨证书", "After: certificates per t"), self.due_after, "tCO2e/t", digits=6),
            Row("difference", Text("差额", "Difference"), self.difference, "tCO2e/t", self.refused, 6),
            *(Row(f"part.{name}", names[name], part, "tCO2e/t", digits=6) for name, part in self.parts),
        ]


def changed_goods(before: LawAt, after: LawAt, goods: Sequence[tuple[str, str]]) -> list[GoodChange]:
    """
    Return what the change does to each (code, origin), in their order.

    The difference is parted by exchanging one parameter after the other in the
    order of ``PARTS``; the floor at zero holds at every step, so the parts add
    up to the difference. A route that moves shows as its benchmark.
    """
    return [_good(before, after, code, origin) for code, origin in goods]


def _good(before: LawAt, after: LawAt, code: str, origin: str) -> GoodChange:
    (old, due_old, no_old), (new, due_new, no_new) = (_side(law, code, origin) for law in (before, after))
    parts: list[tuple[str, float]] = []
    if old is not None and new is not None:
        values = [_five(old), _five(new)]
        last = _due(values[0])
        for i, (name, _) in enumerate(PARTS):
            mixed = (*values[1][: i + 1], *values[0][i + 1 :])
            parts.append((name, _due(mixed) - last))
            last = _due(mixed)
    sides = [side for side in (no_old, no_new) if side is not None]
    refused = Text("；".join(s.zh for s in sides), "; ".join(s.en for s in sides))
    return GoodChange(code, origin, old, new, due_old, due_new, tuple(parts), refused)


def _side(law: LawAt, code: str, origin: str) -> tuple[DefaultPath | None, float | None, Text | None]:
    fresh = law.book.at(law.day)
    try:
        if origin_of(fresh, origin) is not Origin.LIABLE:
            return None, 0.0, None
        path = default_path(fresh, origin, code)
    except YuetanError as refusal:
        return None, None, Text(refusal.text("zh"), refusal.text("en"))
    return path, _due(_five(path)), None


_Five = tuple[float, ...]


def _five(path: DefaultPath) -> _Five:
    return (path.total_tco2e_per_t, path.markup, path.benchmark_tco2e_per_t, path.cbam_factor, path.cscf)


def _due(values: _Five) -> float:
    total, markup, b, factor, cscf = values
    return float(certificates(1.0, total * (1.0 + markup), factor * cscf * b))
