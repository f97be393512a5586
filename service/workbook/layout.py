"""The workbook as data: its sheets, their columns, and what headings and words are taken for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from models.errors import Text
from models.files import DATA, read_yaml

_BRACKETS = re.compile(r"[(\[【].*?[)\]】]")
_NOISE = re.compile(r"[\s.,:;*_/|·、，。：；'\"’‘“”\-–—]+")
_UNIT = re.compile(r"[(\[【](.*?)[)\]】]")
WORD_FILES = {"process": "processes.yaml", "regime": "regimes.yaml"}


def plain(text: str) -> str:
    """Return ``text`` in compatibility form (full-width becomes half-width), without invisible characters."""
    folded = unicodedata.normalize("NFKC", text)
    if not folded.isprintable():
        folded = "".join(c if c.isprintable() else " " for c in folded)
    return folded.strip()


def tidy(text: str) -> str:
    """Return a text as it was written, without what cannot be seen; full-width signs stay."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return text.strip()


def fold(text: str) -> str:
    """Return the form in which names are compared."""
    return _NOISE.sub("", _BRACKETS.sub("", plain(text))).casefold()


@dataclass(frozen=True, slots=True)
class Word:
    """A value that a column may hold."""

    key: str
    text: Text

    @property
    def shown(self) -> str:
        """What the drop-down offers."""
        if self.key == self.text.en or not self.text.en:
            return f"{self.text.zh} {self.key}".strip()
        return f"{self.text.zh} {self.text.en}"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its field, its names, its kind and its unit."""

    field: str
    text: Text
    kind: str
    unit: str
    words: str | None
    required: bool
    help: Text
    width: float
    in_template: bool

    @property
    def heading(self) -> str:
        """Heading in the template: Chinese, English, unit."""
        unit = f" ({self.unit})" if self.unit else ""
        return f"{self.text.zh}\n{self.text.en}{unit}" if self.text.zh != self.text.en else f"{self.text.zh}{unit}"


@dataclass(frozen=True, slots=True)
class Heading:
    """What a heading cell names: a field, the unit it states, and how good the name is (0 is best)."""

    field: str
    unit: str | None
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of the workbook."""

    key: str
    text: Text
    names: frozenset[str]
    columns: Mapping[str, Column]
    aliases: Mapping[str, Heading]

    @property
    def title(self) -> str:
        """Name of the sheet in the template."""
        return f"{self.text.zh} {self.text.en}"

    def heading(self, cell: str) -> Heading | None:
        """Return what a heading cell names; ``None`` where it names no column of the sheet."""
        if not cell or len(cell) > 120:
            return None
        stated = _UNIT.search(plain(cell))
        unit = stated.group(1).strip() if stated else None
        for part in (cell, *re.split(r"[\n/|]", cell)):
            name = fold(part)
            if name in self.aliases:
                known = self.aliases[name]
                return Heading(known.field, unit or known.unit, known.rank)
        # "净重吨", "Net mass t", "net_mass_t": the unit stands behind the name without brackets.
        name = fold(cell)
        for suffix in ("千克", "公斤", "kg", "吨", "t"):
            if name.endswith(suffix) and name[: -len(suffix)] in self.aliases:
                known = self.aliases[name[: -len(suffix)]]
                return Heading(known.field, suffix, known.rank)
        return None


class Kilograms(NamedTuple):
    """When a net mass looks like kilograms beside the others of its column."""

    fewest: int
    above_t: float
    times_usual: float


@dataclass(frozen=True, slots=True)
class Layout:
    """All of ``data/words/workbook.yaml`` and the words it refers to."""

    sheets: Mapping[str, Sheet]
    words: Mapping[str, tuple[Word, ...]]
    meant: Mapping[str, Mapping[str, str]]
    ignored: frozenset[str]
    totals: frozenset[str]
    empty: frozenset[str]
    units: Mapping[str, Mapping[str, float]]
    asks_above_t: float
    kilograms: Kilograms
    heading_within: int

    def sheet_named(self, name: str) -> str | None:
        """Return which sheet ``name`` is a name of."""
        folded = fold(name)
        return next((key for key, sheet in self.sheets.items() if folded in sheet.names), None)


def load_layout(data: Path, name: str = "workbook") -> Layout:
    """
    Read ``words/<name>.yaml`` with the words of processes and markets beside it.

    A layout other than ``workbook`` states its sheets and its own words; what
    counts as a total, as empty or as a unit is the same everywhere.
    """
    told = read_yaml(data / "words" / "workbook.yaml")
    groups: dict[str, Mapping[str, Any]] = dict(told["words"])
    if name != "workbook":
        own = read_yaml(data / "words" / f"{name}.yaml")
        groups |= own.get("words", {})
        told = told | {"sheets": own["sheets"]}
    for group, file in WORD_FILES.items():
        groups[group] = read_yaml(data / "words" / file)
    words = {
        group: tuple(Word(str(key), Text(str(one["zh"]), str(one["en"]))) for key, one in entries.items())
        for group, entries in groups.items()
    }
    meant = {group: _meanings(words[group], entries) for group, entries in groups.items()}
    return Layout(
        sheets={key: _sheet(key, one) for key, one in told["sheets"].items()},
        words=words,
        meant=meant,
        ignored=frozenset(fold(str(name)) for name in told["ignored"]),
        totals=frozenset(fold(str(word)) for word in told["totals"]),
        empty=frozenset(plain(str(word)).casefold() for word in told["empty"]),
        units={kind: {str(u).casefold(): float(f) for u, f in units.items()} for kind, units in told["units"].items()},
        asks_above_t=float(told["asks_above_t"]),
        kilograms=Kilograms(**told["kilograms"]),
        heading_within=int(told["heading_within"]),
    )


@cache
def default_layout(name: str = "workbook") -> Layout:
    """Return a layout of our own data; it does not change under a running process."""
    return load_layout(DATA, name)


def _meanings(words: tuple[Word, ...], entries: Mapping[str, Any]) -> dict[str, str]:
    made: dict[str, str] = {}
    for word in words:
        names = (word.key, word.text.zh, word.text.en, word.shown, f"{word.key}{word.text.zh}")
        for name in (*names, *entries[word.key].get("aliases", ())):
            made.setdefault(_word(str(name)), word.key)
    return made


def _word(text: str) -> str:
    return re.sub(r"[\s_]+", "", plain(text)).casefold()


def meaning(layout: Layout, group: str, text: str) -> str | None:
    """Return the key that ``text`` names in a group of words; ``None`` where it names none."""
    return layout.meant[group].get(_word(text))


def _sheet(key: str, told: Mapping[str, Any]) -> Sheet:
    columns: dict[str, Column] = {}
    aliases: dict[str, Heading] = {}
    for field, one in told["columns"].items():
        text = Text(one["zh"], one["en"])
        columns[field] = Column(
            field=field,
            text=text,
            kind=one["kind"],
            unit=str(one.get("unit", "")),
            words=one.get("words"),
            required=bool(one.get("required")),
            help=Text(one["help"]["zh"], one["help"]["en"]),
            width=float(one.get("wide", 16)),
            in_template=bool(one.get("template", True)),
        )
        # A field name of the API carries its unit, as net_mass_t does.
        own = "t" if field == "net_mass_t" else None
        aliases[fold(field)] = Heading(field, own)
        for rank, name in enumerate((text.zh, text.en, text.zh + text.en, *one.get("aliases", ()))):
            aliases.setdefault(fold(str(name)), Heading(field, None, max(0, rank - 2)))
        for unit in ("kg", "t"):
            for name in one.get(f"in_{unit}", ()):
                aliases.setdefault(fold(str(name)), Heading(field, unit))
    names = {fold(str(n)) for n in (key, told["zh"], told["en"], f"{told['zh']}{told['en']}", *told["aliases"])}
    return Sheet(key, Text(told["zh"], told["en"]), frozenset(names), columns, aliases)
