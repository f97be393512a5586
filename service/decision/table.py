"""A sector's lines from a table of people's own: columns found by their headings, rows that cannot be read told by place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from cbam.goods import candidates
from models.errors import Text, YuetanError
from models.files import DATA, read_yaml
from models.findings import Finding
from models.inputs import MOST_T
from models.law import LawBook
from service.decision.typed import number_of
from service.decision.use import MOST_LINES, SectorTable
from service.workbook.codes import cn_code_of, default_origins, origin_of
from service.workbook.guard import Grid
from service.workbook.layout import fold
from service.workbook.problems import CellProblem, Missing, NotANumber, OutOfBounds, TooManyRows

_NEEDED = ("exporter", "cn_code", "origin", "tonnes_per_year")
#: Rows from the top among which the headings are looked for.
_TOP = 20
_KG = re.compile(r"kg|千克|公斤", re.IGNORECASE)
_MOST = {"tonnes_per_year": MOST_T, "see_tco2e_per_t": 50.0, "sefa_tco2e_per_t": 50.0}


class NoHeadings(YuetanError):
    code = "sector.no_headings"
    message = Text(
        "前 {top} 行没有找到这些列：{missing_zh}。", "No such columns in the first {top} rows: {missing_en}."
    )
    hint = Text(
        "请在表头写明：出口商、CN 编码、原产地、每年吨数；自有 SEE、自有 SEFA、数据年份可空。",
        "Name them in the heading: exporter, CN code, origin, tonnes a year; own SEE, own SEFA and year of the values may be absent.",
    )


@dataclass(frozen=True, slots=True)
class SectorFile:
    """The lines that can be read, and what is wrong with the others."""

    lines: SectorTable | None
    findings: tuple[Finding, ...]
    rows: int


@cache
def _words() -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = read_yaml(DATA / "words" / "sector.yaml")
    return found


def read_sector(grid: Grid, book: LawBook) -> SectorFile:
    """
    Read a table of lines.

    Parameters
    ----------
    grid : Grid
        The cells as text, as ``service.workbook.guard.read_grid`` gives them.
    book : LawBook
        The law, for the codes named in a question.

    Returns
    -------
    SectorFile
        Rows that are refused are left out with a finding each; no lines at all
        where every row is.

    Raises
    ------
    NoHeadings
        A needed column is not named near the top.
    TooManyRows
        More lines than are taken at once.
    """
    head, columns, per_kg = _headings(grid.rows)
    made: dict[str, list[Any]] = {name: [] for name in columns}
    findings: list[Finding] = []
    seen: dict[tuple[str, str], Any] = {}
    rows = 0
    for at, cells in enumerate(grid.rows[head + 1 :], head + 2):
        texts = {name: cells[i].strip() if i < len(cells) else "" for name, i in columns.items()}
        if not any(texts.values()):
            continue
        rows += 1
        try:
            typed = {name: _typed(name, text, book, seen) for name, text in texts.items()}
        except YuetanError as refusal:
            severity = refusal.severity if isinstance(refusal, CellProblem) else "error"
            findings.append(
                Finding.of(refusal, severity=severity, sheet=grid.sheet, row=at, found=texts.get(refusal.field or ""))
            )
            continue
        if per_kg:
            typed["tonnes_per_year"] /= 1000.0
        for name, value in typed.items():
            made[name].append(value)
        if len(made["exporter"]) > MOST_LINES:
            raise TooManyRows(sheet=grid.sheet, limit=MOST_LINES)
    lines = SectorTable(**{name: tuple(column) for name, column in made.items()}) if made["exporter"] else None
    return SectorFile(lines, tuple(findings), rows)


def _headings(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int], bool]:
    """Return the row of the headings, the place of each column, and whether the mass is in kilograms."""
    names = {fold(alias): name for name, word in _words().items() for alias in word["names"]}
    best: dict[str, int] = {}
    for at, cells in enumerate(rows[:_TOP]):
        found: dict[str, int] = {}
        for i, cell in enumerate(cells):
            if name := names.get(fold(cell)):
                found.setdefault(name, i)
        if all(name in found for name in _NEEDED):
            return at, found, bool(_KG.search(cells[found["tonnes_per_year"]]))
        best = max(best, found, key=len)
    missing = [_words()[name] for name in _NEEDED if name not in best]
    raise NoHeadings(
        top=_TOP, missing_zh="、".join(w["zh"] for w in missing), missing_en=", ".join(w["en"] for w in missing)
    )


def _typed(name: str, text: str, book: LawBook, seen: dict[tuple[str, str], Any]) -> Any:
    """Return a cell as its column needs it; codes and origins are worked out once for each text."""
    if (name, text) in seen:
        return seen[name, text]
    word = _words()[name]
    said = {"name_zh": word["zh"], "name_en": word["en"]}
    if not text:
        if name in _NEEDED:
            raise Missing(field=name, **said)
        return None
    if name == "exporter":
        return text[:200]
    if name == "cn_code":
        value: Any = cn_code_of(text, lambda prefix: candidates(book, prefix))
    elif name == "origin":
        value = origin_of(text, default_origins())
    else:
        value = number_of(text)
        if value is None:
            raise NotANumber(field=name, **said)
        if name == "data_year":
            if not 2026 <= value <= 2060 or not value.is_integer():
                raise OutOfBounds(field=name, bound="2026–2060", **said)
            value = int(value)
        elif not value <= _MOST[name] or (name == "tonnes_per_year" and value == 0):
            raise OutOfBounds(field=name, bound=f"0–{_MOST[name]:g}", **said)
    seen[name, text] = value
    return value
