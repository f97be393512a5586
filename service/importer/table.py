"""Imports of a year from a table of people's own: columns found by their headings, rows that cannot be read told by place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from cbam.declaration import DeclaredLine
from cbam.goods import candidates
from models.errors import NOTHING, Text, YuetanError
from models.files import DATA, read_yaml
from models.findings import Finding
from models.inputs import MOST_T
from models.law import LawBook
from service.decision.typed import number_of
from service.workbook.codes import cn_code_of, default_origins, origin_of
from service.workbook.days import day_of
from service.workbook.guard import Grid
from service.workbook.layout import Column, fold
from service.workbook.problems import CellProblem, Missing, NotANumber, OutOfBounds

_NEEDED = ("cn_code", "origin", "net_mass_t", "imported_on")
_TOP = 20
_DAY = Column(
    "imported_on", Text("进口日期", "day of import"), "date", "", None, True, NOTHING, 12.0, in_template=False
)
_KG = re.compile(r"kg|千克|公斤", re.IGNORECASE)


class NoHeadings(YuetanError):
    code = "importer.no_headings"
    message = Text(
        "前 {top} 行没有找到这些列：{missing_zh}。", "No such columns in the first {top} rows: {missing_en}."
    )
    hint = Text(
        "请在表头写明：CN 编码、原产地、净重（吨）、进口日期；装置、SEE、SEFA 可空。",
        "Name them in the heading: CN code, origin, net mass (t), day of import; installation, SEE and SEFA may be absent.",
    )


@cache
def _words() -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = read_yaml(DATA / "words" / "imports.yaml")
    return found


def read_imports(grid: Grid, book: LawBook) -> tuple[list[DeclaredLine], list[Finding]]:
    """
    Return the imports of a table, and what is wrong with the rows that cannot be read.

    Raises
    ------
    NoHeadings
        A needed column is not named near the top.
    """
    head, columns, per_kg = _headings(grid.rows)
    lines: list[DeclaredLine] = []
    findings: list[Finding] = []
    for at, cells in enumerate(grid.rows[head + 1 :], head + 2):
        texts = {name: cells[i].strip() if i < len(cells) else "" for name, i in columns.items()}
        if not any(texts.values()):
            continue
        try:
            typed = {name: _typed(name, text, book) for name, text in texts.items()}
        except YuetanError as refusal:
            severity = refusal.severity if isinstance(refusal, CellProblem) else "error"
            found = texts.get(refusal.field or "")
            findings.append(Finding.of(refusal, severity=severity, sheet=grid.sheet, row=at, found=found))
            continue
        mass = typed["net_mass_t"] / 1000.0 if per_kg else typed["net_mass_t"]
        actual = typed.get("see_tco2e_per_t") is not None or typed.get("sefa_tco2e_per_t") is not None
        lines.append(DeclaredLine(**typed | {"net_mass_t": mass, "basis": "actual" if actual else "default"}))
    return lines, findings


def _headings(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int], bool]:
    names = {fold(alias): name for name, word in _words().items() for alias in word["names"]}
    best: dict[str, int] = {}
    for at, cells in enumerate(rows[:_TOP]):
        found: dict[str, int] = {}
        for i, cell in enumerate(cells):
            if name := names.get(fold(cell)):
                found.setdefault(name, i)
        if all(name in found for name in _NEEDED):
            return at, found, bool(_KG.search(cells[found["net_mass_t"]]))
        best = max(best, found, key=len)
    missing = [_words()[name] for name in _NEEDED if name not in best]
    raise NoHeadings(
        top=_TOP, missing_zh="、".join(w["zh"] for w in missing), missing_en=", ".join(w["en"] for w in missing)
    )


def _typed(name: str, text: str, book: LawBook) -> Any:
    said = {"name_zh": _words()[name]["zh"], "name_en": _words()[name]["en"]}
    if not text:
        if name in _NEEDED:
            raise Missing(field=name, **said)
        return None
    if name == "cn_code":
        return cn_code_of(text, lambda prefix: candidates(book, prefix))
    if name == "origin":
        return origin_of(text, default_origins())
    if name == "installation":
        return text[:100]
    if name == "route":
        if not re.fullmatch("[CDEFGHJKL]", text.upper()):
            raise OutOfBounds(field=name, bound="C–L", **said)
        return text.upper()
    if name == "imported_on":
        return day_of(text, _DAY)
    value = number_of(text)
    if value is None:
        raise NotANumber(field=name, **said)
    most = MOST_T if name == "net_mass_t" else 50.0
    if not value <= most or (name == "net_mass_t" and value == 0):
        raise OutOfBounds(field=name, bound=f"0–{most:g}", **said)
    return value
