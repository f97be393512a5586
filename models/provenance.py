"""Where a figure comes from: method, inputs and every value of the law that was read."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from models.law import Read


def canonical(value: Any) -> Any:
    """
    Return ``value`` in the one form that is hashed.

    Floats are written with at most 15 significant digits, which names a double
    in the range of our data and is the same on every machine; keys are sorted.
    """
    kind = type(value)  # the frequent ones first: a result is hashed while its user waits
    if kind is str or value is None or kind is bool or kind is int:
        return value
    if kind is list or kind is tuple:
        return [canonical(v) for v in value]
    if isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return format(Decimal(format(value, ".15g")).normalize(), "f")
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Enum):
        return canonical(value.value)
    if isinstance(value, Mapping):
        return {str(k): canonical(value[k]) for k in sorted(value, key=str)}
    if isinstance(value, Iterable):
        return [canonical(v) for v in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def fingerprint(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON text of ``value``."""
    text = json.dumps(canonical(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a result rests on. ``key`` is equal for equal method, inputs and values read."""

    method: str
    inputs: str
    reads: tuple[Read, ...]
    scenarios: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """SHA-256 over method, inputs and the parameters read: what each says, since when, and where that stands."""
        reads = [
            canonical([r.key, r.value, r.since, r.source, r.confidence, r.scenario, r.assumed, dict(r.attrs)])
            for r in self.reads
        ]
        reads.sort(key=lambda read: json.dumps(read, ensure_ascii=False))
        return fingerprint({"method": self.method, "inputs": self.inputs, "reads": reads})

    @property
    def confidence(self) -> str:
        """The weakest confidence among the values read."""
        order = ("official", "two_secondary", "one_secondary", "inferred")
        return max((r.confidence for r in self.reads), key=order.index, default="official")

    def lines(self) -> list[str]:
        """Return one line per value read."""
        return [read.line() for read in self.reads]
