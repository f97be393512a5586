"""Which rows of a book are left out and why: one reason per row, counted and weighed by the money behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import Text, YuetanError
from models.findings import Finding
from models.units import FloatArray

Mask = NDArray[np.bool_]
Kind = type[YuetanError]


@dataclass(slots=True)
class Sieve:
    """Collects the first reason for which each row is refused; 0 is none."""

    size: int
    kinds: list[tuple[Kind, str | None]] = field(default_factory=list)
    why: NDArray[np.int16] = field(init=False)

    def __post_init__(self) -> None:
        self.why = np.zeros(self.size, dtype=np.int16)

    @property
    def open(self) -> Mask:
        """Rows that nothing has been found against."""
        found: Mask = self.why == 0
        return found

    def refuse(self, rows: Mask, kind: Kind, of: str | None = None) -> None:
        """Refuse rows, unless an earlier reason already has."""
        if (kind, of) not in self.kinds:
            self.kinds.append((kind, of))
        self.why[self.open & rows] = self.kinds.index((kind, of)) + 1

    def closed(self) -> Refused:
        """Return what was found."""
        return Refused(self.why, tuple(self.kinds))


@dataclass(frozen=True, slots=True)
class Refused:
    """Per row the number of its reason in ``kinds``, counted from 1; 0 where the row counts."""

    why: NDArray[np.int16]
    kinds: tuple[tuple[Kind, str | None], ...]

    @property
    def counts(self) -> Mask:
        """Rows that count."""
        found: Mask = self.why == 0
        return found

    def findings(self, at_most: int = 1000) -> list[Finding]:
        """Return a finding for each row left out, by row counted from 1, as far as ``at_most``."""
        rows = np.flatnonzero(self.why)[:at_most]
        return [Finding.of(kind(field=of), row=int(i) + 1) for i in rows for kind, of in [self.kinds[self.why[i] - 1]]]

    def told(self, amount: FloatArray) -> list[LeftOut]:
        """Return rows and money left out by reason, the most rows first; an amount that is no number weighs nothing."""
        known = np.where(np.isfinite(amount), amount, 0.0)
        counts = np.bincount(self.why, minlength=len(self.kinds) + 1)
        money = np.bincount(self.why, weights=known, minlength=len(self.kinds) + 1)
        made = [LeftOut(kind, of, int(counts[i]), float(money[i])) for i, (kind, of) in enumerate(self.kinds, start=1)]
        return sorted((one for one in made if one.rows), key=lambda one: (-one.rows, one.kind.code))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many rows, and how much money, one reason leaves out."""

    kind: Kind
    field: str | None
    rows: int
    amount: float

    @property
    def text(self) -> Text:
        """The reason in words."""
        return self.kind.message

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "code": self.kind.code,
            "field": self.field,
            "text": self.text._asdict(),
            "hint": self.kind.hint._asdict(),
            "rows": self.rows,
            "amount": self.amount,
        }


def repeated(ids: Sequence[str] | NDArray[Any]) -> Mask:
    """Return the rows whose id appears more than once."""
    _, at, count = np.unique(np.asarray(ids), return_inverse=True, return_counts=True)
    found: Mask = count[at] > 1
    return found


def joined_rows(ids: Sequence[str] | NDArray[Any], into: Sequence[str] | NDArray[Any]) -> NDArray[np.intp]:
    """
    Return for each id its row in ``into``, -1 where there is none; ``into`` must be unique.

    A join on it keeps every row once, so that exposure is conserved.
    """
    keys, wanted = np.asarray(into), np.asarray(ids)
    if not keys.size:
        return np.full(wanted.shape, -1, dtype=np.intp)
    order = np.argsort(keys, kind="stable")
    at = np.searchsorted(keys, wanted, sorter=order)
    row = order[np.minimum(at, keys.size - 1)]
    return np.where(keys[row] == wanted, row, -1)
