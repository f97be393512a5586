"""What may be shared of each kind of record, of which class it is, and what waits for a review: all of it data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from models.errors import BadData, Text
from models.files import DATA, read_yaml

_FOLDER = DATA / "access"
_STEP = re.compile(r"([A-Za-z0-9_]+)(\[\]|\{[a-z_]+\})?")
_SAID = "said"


@dataclass(frozen=True, slots=True)
class DataClass:
    """A class of data and what banks call it."""

    name: str
    label: Text
    text: Text
    #: Whether data of the class may ever be shared.
    leaves: bool
    #: Whether it is shared where nobody chooses.
    by_default: bool
    #: The step of each scheme of banks (``data/access/classes.yaml``).
    nfra_2024: str
    jrt_0197: int
    confidence: str


@dataclass(frozen=True, slots=True)
class Field:
    """Something that may be shared; ``table`` is where it is a column."""

    name: str
    at: str
    kind: DataClass
    label: Text
    unit: str
    digits: int
    #: What the words of the record mean, where it holds words of ours.
    words: Mapping[str, Text]

    @property
    def table(self) -> str | None:
        """The table that the field is a column of."""
        return self.name.partition(".")[0] if "[]" in self.at else None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record that may be shared."""

    name: str
    label: Text
    tables: Mapping[str, Text]
    fields: Mapping[str, Field]
    #: Class of what a whole record holds beside its fields, for ways that send it whole.
    otherwise: str | None


@dataclass(frozen=True, slots=True)
class Areas:
    """Where recipients are, and what waits for a review there."""

    home: frozenset[str]
    own_case: frozenset[str]
    labels: Mapping[str, Text]
    held: Mapping[str, frozenset[str]]
    longest_share_days: int
    longest_pass_days: int

    def of(self, country: str) -> str:
        """Return the area of a country; one that is not known is foreign."""
        return "home" if country in self.home else "own_case" if country in self.own_case else "foreign"

    def holds(self, kind: DataClass, country: str) -> bool:
        """Return whether a class waits for a review before it goes to a country."""
        return kind.name in self.held[self.of(country)]


@cache
def classes() -> Mapping[str, DataClass]:
    """Return the classes of data, read once; ``BadData`` where one names a step that its scheme does not have."""
    found = read_yaml(_FOLDER / "classes.yaml")
    made = {}
    for name, given in found["classes"].items():
        if given["nfra_2024"] not in found["nfra_2024"] or not 1 <= given["jrt_0197"] <= 5:
            raise BadData(path="classes.yaml", what=f"{name}: no such step of a scheme")
        rest = {key: given[key] for key in ("leaves", "by_default", "nfra_2024", "jrt_0197", "confidence")}
        made[name] = DataClass(name, Text(given["zh"], given["en"]), Text(**given["text"]), **rest)
    return made


@cache
def scheme_words() -> Mapping[str, Text]:
    """Return the words of the steps of 金规〔2024〕24号."""
    return {name: Text(**said) for name, said in read_yaml(_FOLDER / "classes.yaml")["nfra_2024"].items()}


@cache
def kinds() -> Mapping[str, Kind]:
    """
    Return everything that may be shared, by kind of record.

    Raises
    ------
    BadData
        A field has no class, or one that never leaves; a place that is none;
        a column of a table without words.
    """
    return {name: _kind(name, given) for name, given in read_yaml(_FOLDER / "fields.yaml").items()}


def _kind(name: str, given: Mapping[str, Any]) -> Kind:
    tables = {table: Text(**said) for table, said in given["tables"].items()}
    fields = {field: _field(name, field, said) for field, said in given["fields"].items()}
    for field in fields.values():
        if field.table is not None and field.table not in tables:
            raise BadData(path="fields.yaml", what=f"{name}.{field.name}: no words for its table")
    otherwise = given.get("otherwise")
    if otherwise is not None and otherwise not in classes():
        raise BadData(path="fields.yaml", what=f"{name}: otherwise is no class")
    return Kind(name, Text(**given["label"]), tables, fields, otherwise)


def _field(kind: str, name: str, said: Mapping[str, Any]) -> Field:
    found = classes().get(said.get("class", ""))
    if found is None or not found.leaves:
        raise BadData(path="fields.yaml", what=f"{kind}.{name}: no class, or one that never leaves")
    if not all(_STEP.fullmatch(step) for step in said["at"].split(".")) or said["at"].count("[]") > 1:
        raise BadData(path="fields.yaml", what=f"{kind}.{name}: {said['at']} is no place")
    text = Text(said["zh"], said["en"])
    meaning = {word: Text(**both) for word, both in said.get("words", {}).items()}
    return Field(name, said["at"], found, text, said.get("unit", ""), said.get("digits", 2), meaning)


@cache
def areas() -> Areas:
    """Return where recipients are and what waits there, read once; ``BadData`` where a class is not known."""
    found = read_yaml(_FOLDER / "countries.yaml")
    held = {area: frozenset(names) for area, names in found["held"].items()}
    if held.keys() != found["areas"].keys() or not frozenset().union(*held.values()) <= classes().keys():
        raise BadData(path="countries.yaml", what="held: an area or a class that is not known")
    return Areas(
        frozenset(found["home"]),
        frozenset(found["own_case"]),
        {area: Text(**said) for area, said in found["areas"].items()},
        held,
        found["longest_share_days"],
        found["longest_pass_days"],
    )


def value_of(record: Mapping[str, Any], at: str) -> Any:
    """
    Return what a record holds at a place; for a column, the list of its cells.

    Absent is none, never zero and never an empty text.

    Examples
    --------
    >>> value_of({"a": [{"b": 1}, {}]}, "a[].b")
    [1, None]
    >>> value_of({"zh": "绿", "en": "Green"}, "said")
    {'zh': '绿', 'en': 'Green'}
    """
    return _walk(record, at.split("."))


def _walk(here: Any, steps: Sequence[str]) -> Any:
    if not steps:
        return here
    if not isinstance(here, Mapping):
        return None
    if steps[0] == _SAID:
        return {lang: str(here.get(lang) or "") for lang in ("zh", "en")} if here.get("zh") or here.get("en") else None
    name, _, more = steps[0].partition("[" if steps[0].endswith("[]") else "{")
    found = here.get(name)
    if more == "]":
        return [_walk(one, steps[1:]) for one in found] if isinstance(found, list) else []
    if more:
        rows = found if isinstance(found, list) else []
        found = next((row for row in rows if isinstance(row, Mapping) and row.get("key") == more[:-1]), None)
    return _walk(found, steps[1:])


def has(value: Any) -> bool:
    """Return whether anything is there to share."""
    return any(one is not None for one in value) if isinstance(value, list) else value is not None


def by_class(kind: str, record: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what leaves with a whole record, by class: its fields, and under the kind's own class whatever else it holds."""
    found = kinds()[kind]
    left: dict[str, list[str]] = {}
    for field in found.fields.values():
        if has(value_of(record, field.at)):
            left.setdefault(field.kind.name, []).append(field.name)
    if found.otherwise is None:
        raise KeyError(kind)
    known = {field.at.partition("[")[0] for field in found.fields.values()}
    left.setdefault(found.otherwise, []).extend(place for place in _places(record) if place not in known)
    return left


def _places(record: Mapping[str, Any], under: str = "") -> list[str]:
    """Return the places of a record that hold something, tables whole."""
    found: list[str] = []
    for name, value in record.items():
        if isinstance(value, Mapping):
            found += _places(value, f"{under}{name}.")
        elif value is not None:
            found.append(f"{under}{name}")
    return found
