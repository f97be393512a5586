"""Blocks of the workbook: production processes and purchased precursors, one below the other at a fixed distance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models.errors import Text
from service.communication.cells import REF, broken, cell_at, filled, number_in
from service.communication.known import layout
from service.communication.told import Notes
from service.workbook.guard import RawSheet, as_text
from service.workbook.raw import ERROR, NO_VALUE


@dataclass(frozen=True, slots=True)
class Block:
    """One production process or purchased precursor: what its cells hold, by their meaning."""

    number: int
    name: str
    values: Mapping[str, str | float | None]


#: Cells of block 1, by meaning; ``:`` is a range that is summed.
_CELLS: Mapping[str, Mapping[str, str]] = {
    "D_Processes": {
        "category": "L11", "production_t": "L24", "market_t": "L27", "direct_t": "L54", "heat_in_tj": "L57", "heat_out_tj": "M57",
        "heat_in_ef": "L58", "heat_out_ef": "M58", "waste_gas_in_tj": "L61", "waste_gas_out_tj": "M61",
        "electricity_mwh": "L65", "electricity_ef": "L66", "electricity_out_mwh": "L71",
    },
    "E_PurchPrec": {
        "category": "L14", "purchased_t": "L25", "consumed_t": "L28:L37", "other_t": "L38", "see_direct": "L49", "see_source": "M49",
        "electricity_mwh_per_t": "L50", "see_indirect": "L52", "default_reason": "L54",
    },
}  # fmt: skip
_NAME = {"D_Processes": "G11", "E_PurchPrec": "G14"}


def cell_of(sheet: str, meaning: str, number: int, offset: int = 0) -> str:
    """Return the cell of a meaning in block ``number`` (from 1); ``offset`` counts rows down a range."""
    start = (_NAME[sheet] if meaning == "name" else _CELLS[sheet][meaning]).partition(":")[0]
    match = REF.fullmatch(start)
    assert match is not None  # noqa: S101 - written above
    step = int(layout()["blocks"][sheet]["step"])
    return f"{match.group(1)}{int(match.group(2)) + step * (number - 1) + offset}"


def blocks_of(sheet: RawSheet | None, name: str, notes: Notes) -> Iterator[Block]:
    if sheet is None:
        return
    for number in range(1, int(layout()["blocks"][name]["most"]) + 1):
        title = cell_at(sheet, cell_of(name, "name", number))
        if not filled(title) or title in (ERROR, NO_VALUE):
            continue
        values: dict[str, str | float | None] = {}
        for meaning, ref in _CELLS[name].items():
            first = cell_of(name, meaning, number)
            label = Text(meaning, meaning)
            if ":" in ref:
                values[meaning] = _summed(sheet, name, number, meaning, ref, notes)
                continue
            cell = cell_at(sheet, first)
            if broken(cell, name, first, label, notes):
                values[meaning] = None
            elif meaning in ("category", "see_source", "default_reason"):
                values[meaning] = as_text(cell).strip() or None
            else:
                values[meaning] = number_in(cell, name, first, label, notes)
        _balance(name, number, values, notes)
        yield Block(number, as_text(title).strip(), values)


def _summed(sheet: RawSheet, name: str, number: int, meaning: str, ref: str, notes: Notes) -> float | None:
    first, last = (int(m.group(2)) for part in ref.split(":") if (m := REF.fullmatch(part)))
    refs = [cell_of(name, meaning, number, i) for i in range(last - first + 1)]
    parts = [
        number_in(cell, name, r, Text(meaning, meaning), notes)
        for r in refs
        if (cell := cell_at(sheet, r)) not in (ERROR, NO_VALUE)
    ]
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def _balance(name: str, number: int, values: Mapping[str, Any], notes: Notes) -> None:
    """Tell where a precursor is used beyond what was bought, or a process sells more than it makes."""
    first, second = ("consumed_t", "purchased_t") if name == "E_PurchPrec" else ("market_t", "production_t")
    used, had = values.get(first), values.get(second)
    if isinstance(used, float) and isinstance(had, float) and used > had * (1 + 1e-9):
        notes.add("balance", name, cell_of(name, first, number), used=f"{used:g}", had=f"{had:g}")
