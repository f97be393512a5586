"""The one YAML reader (no key twice, ``NO`` stays Norway) and the one CSV reader."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml

from models.errors import BadData

DATA = Path(__file__).resolve().parent.parent / "data"


class _Loader(yaml.SafeLoader):
    """YAML 1.2 truth values, ISO dates, and each key once."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _letter, _words in (("t", "true"), ("f", "false")):
    _Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(f"^{_words}$"), [_letter])


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    pairs = loader.construct_pairs(node, deep=True)
    made: dict[Hashable, Any] = {}
    for key, value in pairs:
        if key in made:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} appears twice", node.start_mark)
        made[key] = value
    return made


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(path: Path) -> Any:
    """Read one YAML file; a key that appears twice or a syntax error is ``BadData``."""
    return parse_yaml(path.read_bytes(), path.name)


def parse_yaml(data: bytes, name: str) -> Any:
    """Return what a YAML text says; ``BadData`` names ``name``."""
    try:
        return yaml.load(data.decode("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise BadData(path=name, what=str(error)) from error


def read_csv(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Yield the rows of a UTF-8 CSV whose header must be exactly ``columns``."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != columns:
            raise BadData(path=path.name, what=f"columns are {reader.fieldnames}, expected {list(columns)}")
        yield from reader


def day(text: str | dt.date, path: Path) -> dt.date:
    """Return an ISO date; anything else is ``BadData``."""
    if isinstance(text, dt.date):
        return text
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise BadData(path=path.name, what=f"{text!r} is not an ISO date") from error
