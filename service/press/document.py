"""
Documents on paper: an A4 PDF, one language first and the other under each label, made of blocks.

A topic states what its paper says, as blocks of figures, steps, tables and
sentences; how paper looks is in ``paper.typ`` alone. The same document gives
the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from models.errors import NOTHING, Text
from models.table import Row
from service.press.chart import Chart, svg

HERE = Path(__file__).parent
#: Signs of our papers that GBK does not hold.
_SIGNS = "–—‘’“”…×÷≤≥±≈−→€¥‰²³₂₃·•✓✗□■△▲▼"
DISCLAIMER = Text(
    "本文件供决策参考，不是法律意见；法定义务以欧盟和中国主管机关文本为准。",
    "This supports decisions and is no legal advice; the texts of the authorities decide.",
)


class PaperFault(Exception):
    """The paper could not be set; a fault of ours, never of what the user sent."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that is to be seen first."""

    label: Text
    value: str
    unit: str = ""
    note: Text = NOTHING


@dataclass(frozen=True, slots=True)
class Figures:
    """The answer: up to four numbers side by side, the first of them the main one."""

    items: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Steps:
    """Rows of a result, in the order in which a lawyer checks them; rows with a key in ``strong`` are results."""

    rows: Sequence[Row]
    title: Text = NOTHING
    strong: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Column:
    """Heading of a column; ``width`` is its part of the line."""

    label: Text
    width: float = 1.0
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; cells are texts as people read them, in both languages where they are words."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Text | str]]
    title: Text = NOTHING


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences; ``plain`` is set in a frame, as what must be said plainly."""

    paragraphs: Sequence[Text]
    title: Text = NOTHING
    plain: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a whole: ``points`` from 0 to 100, none where it does not apply, and its ``weight`` in percent."""

    label: Text
    points: float | None
    weight: float


@dataclass(frozen=True, slots=True)
class Bars:
    """Parts under one another, each as a bar with its figure."""

    items: Sequence[Bar]
    title: Text = NOTHING


@dataclass(frozen=True, slots=True)
class Charts:
    """Pictures of lines, two beside one another; in a workbook they are their numbers."""

    items: Sequence[Chart]


@dataclass(frozen=True, slots=True)
class Code:
    """An address as a QR code, with what it is for beside it."""

    address: str
    paragraphs: Sequence[Text]


Block: TypeAlias = Figures | Bars | Charts | Steps | Table | Words | Code


@dataclass(frozen=True, slots=True)
class Document:
    """
    A paper.

    ``key`` names the record that it shows and is printed on every page;
    ``made_on`` is the day it speaks of. ``dense`` sets it smaller, for a paper
    that must be one page.
    """

    title: Text
    subtitle: Text
    made_on: dt.date
    key: str
    blocks: Sequence[Block] = field(default_factory=tuple)
    dense: bool = False


@cache
def characters() -> frozenset[str]:
    """Return what the fonts hold: Latin, every character that GBK can write, and a few signs."""
    found = {chr(n) for n in (*range(0x20, 0x7F), *range(0xA0, 0x180))} | set(_SIGNS)
    for first in range(0x81, 0xFF):
        for second in range(0x40, 0xFF):
            found |= set(bytes((first, second)).decode("gbk", errors="ignore"))
    return frozenset(found)


def pdf(document: Document, lang: str) -> bytes:
    """
    Return a document as PDF, ``lang`` first.

    A character that the fonts do not hold is printed as its number in
    brackets, so that nothing of a name is lost in silence.

    Raises
    ------
    PaperFault
        The template could not be set, or set with a warning.
    """
    import typst

    data = json.dumps(_plain(document, lang), ensure_ascii=False)
    midnight = dt.datetime.combine(document.made_on, dt.time(), dt.UTC)
    try:
        made, warnings = typst.compile_with_warnings(
            HERE / "paper.typ",
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"data": data},
            format="pdf",
            timestamp=midnight,
        )
    except typst.TypstError as error:
        raise PaperFault(f"{error.message} {error.diagnostic}") from error
    if warnings or not isinstance(made, bytes):
        raise PaperFault("; ".join(warning.message for warning in warnings) or "no bytes")
    return made


@cache
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[HERE / "fonts"])


def _plain(document: Document, lang: str) -> dict[str, Any]:
    other = "zh" if lang == "en" else "en"

    def pair(text: Text | str) -> dict[str, str]:
        if isinstance(text, str):
            return {"first": _printable(text), "second": ""}
        first, second = _printable(text.get(lang)), _printable(text.get(other))
        return {"first": first, "second": "" if second == first else second}

    def picture(one: Chart) -> dict[str, Any]:
        names = [{"label": pair(line.label), "look": "second" if at else "first"} for at, line in enumerate(one.lines)]
        names += [] if one.band is None else [{"label": pair(one.band.label), "look": "band"}]
        return {"title": pair(one.title), "svg": svg(one), "names": names, "x": pair(one.x_label)}

    def block(one: Block) -> dict[str, Any]:
        kind = type(one).__name__.lower()
        if isinstance(one, Figures):
            items = [
                {"label": pair(f.label), "value": _printable(f.value), "unit": f.unit, "note": pair(f.note)}
                for f in one.items
            ]
            return {"kind": kind, "items": items}
        if isinstance(one, Steps):
            rows = [
                {"label": pair(r.label), "value": _printable(r.shown()), "unit": r.unit, "note": pair(r.note),
                 "number": not isinstance(r.value, str), "strong": r.key in one.strong}
                for r in one.rows
            ]  # fmt: skip
            return {"kind": kind, "title": pair(one.title), "rows": rows}
        if isinstance(one, Bars):
            bars = [
                {"label": pair(b.label), "points": b.points, "shown": "—" if b.points is None else f"{b.points:.1f}",
                 "weight": f"{b.weight:.1f}%"}
                for b in one.items
            ]  # fmt: skip
            return {"kind": kind, "title": pair(one.title), "items": bars}
        if isinstance(one, Charts):
            return {"kind": kind, "items": [picture(c) for c in one.items]}
        if isinstance(one, Table):
            columns = [{"label": pair(c.label), "width": c.width, "number": c.number} for c in one.columns]
            return {
                "kind": kind,
                "title": pair(one.title),
                "columns": columns,
                "rows": [[pair(cell) for cell in row] for row in one.rows],
            }
        paragraphs = [pair(text) for text in one.paragraphs]
        if isinstance(one, Code):
            return {"kind": kind, "svg": _qr(one.address), "address": _printable(one.address), "paragraphs": paragraphs}
        return {
            "kind": kind,
            "title": pair(one.title),
            "plain": one.plain,
            "listed": one.listed,
            "paragraphs": paragraphs,
        }

    return {
        "lang": lang,
        "dense": document.dense,
        "title": pair(document.title),
        "subtitle": pair(document.subtitle),
        "made_on": document.made_on.isoformat(),
        "key": _printable(document.key),
        "disclaimer": pair(DISCLAIMER),
        "blocks": [block(one) for one in document.blocks],
    }


def _qr(address: str) -> str:
    import segno

    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", border=2, dark="#17211d", light="#ffffff")
    return out.getvalue().decode("utf-8")


def _printable(text: str) -> str:
    held = characters()
    return "".join(c if c in held else " " if c.isspace() else f"[U+{ord(c):04X}]" for c in text)
