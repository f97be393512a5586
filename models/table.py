"""One list of rows gives text, HTML and JSON, for every result of the house."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from models.errors import NOTHING, Text


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of a result.

    ``key`` is stable and part of the API; ``value`` is a number, a text or
    ``None`` for "not known", which is never the same as zero; ``digits`` is how
    many decimals people are shown, never a rounding of the value.
    """

    key: str
    label: Text
    value: float | str | None
    unit: str = ""
    note: Text = NOTHING
    digits: int = 2

    def shown(self) -> str:
        """Return the value as people read it."""
        if self.value is None:
            return "—"
        if isinstance(self.value, str):
            return self.value
        return f"{self.value:z,.{self.digits}f}"


class Result:
    """Base of results: a subclass gives ``rows()`` and ``proof()``, the rest follows."""

    __slots__ = ()

    def rows(self) -> list[Row]:
        raise NotImplementedError(type(self).__name__)

    def proof(self) -> list[str]:
        return []

    def summary(self, lang: str = "zh") -> str:
        """Return the rows as aligned text, followed by what they rest on."""
        rows = self.rows()
        labels = [row.label.get(lang) for row in rows]
        wide = max(map(width, labels), default=0)
        shown = [row.shown() for row in rows]
        right = max(map(width, shown), default=0)
        lines = [
            f"{label}{' ' * (wide - width(label))}  {' ' * (right - width(text))}{text}"
            f" {row.unit}  {row.note.get(lang)}"
            for row, label, text in zip(rows, labels, shown, strict=True)
        ]
        return "\n".join([line.rstrip() for line in lines] + [f"  {line}" for line in self.proof()])

    def to_dict(self, lang: str | None = None) -> list[dict[str, Any]]:
        """Return the rows as plain data; with both languages, or the one asked for."""
        return [
            {
                "key": row.key,
                "label": row.label.get(lang) if lang else row.label._asdict(),
                "value": row.value,
                "unit": row.unit,
                "note": row.note.get(lang) if lang else row.note._asdict(),
            }
            for row in self.rows()
        ]

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th>{escape(r.label.zh)}<br><small>{escape(r.label.en)}</small></th>"
            f"<td style='text-align:right'>{escape(r.shown())}</td><td>{escape(r.unit)}</td>"
            f"<td>{escape(r.note.zh)}</td></tr>"
            for r in self.rows()
        )
        proof = "".join(f"<li><code>{escape(line)}</code></li>" for line in self.proof())
        return f"<table>{cells}</table><ul>{proof}</ul>"


def width(text: str) -> int:
    """Return how many columns ``text`` takes in a terminal; Chinese characters take two."""
    return sum(2 if "\u2e80" <= c <= "\uffef" else 1 for c in text)
