"""The smaller sheets: firm, installations, footprints, score."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from pydantic import ValidationError

from finance.scorecard import load_scorecard
from finance.submission import Firm, Footprint, IndicatorValue
from models.errors import Text
from models.files import DATA
from models.inputs import Input
from models.installation import EtsYear
from service.library import CARD
from service.workbook.codes import Origins
from service.workbook.guard import RawSheet
from service.workbook.heading import Found, find
from service.workbook.layout import Layout, Sheet, meaning
from service.workbook.problems import (
    CellProblem,
    ForeignCurrency,
    Invalid,
    NeedsDeclaration,
    NotANumber,
    RuleBroken,
    SameId,
    SameSite,
    UnknownWord,
)  # fmt: skip
from service.workbook.quantity import Amount
from service.workbook.raw import Cell
from service.workbook.table import Notes, Table, TypedRow, tell_twice
from service.workbook.typed import Typist, refused

Kind = TypeVar("Kind", bound=Input)
#: Groups of words that stand as levels of indicators.
LEVELS = {"F2": "evidence_level", "T2": "use_of_proceeds"}


def build(kind: type[Kind], values: dict[str, Any], sheet: Sheet) -> tuple[Kind | None, list[CellProblem]]:
    """Return the model of the values, or what it says against them."""
    try:
        return kind(**values), []
    except ValidationError as error:
        problems: list[CellProblem] = []
        for one in error.errors(include_url=False):
            if one["type"] == "rule":
                rule = one["ctx"]
                problems.append(RuleBroken(field=rule["field"], rule_zh=rule["zh"], rule_en=rule["en"]))
                continue
            of = str(one["loc"][0]) if one["loc"] else ""
            column = sheet.columns.get(of)
            problems.append(refused(dict(one), column) if column else Invalid(field=of or None, name_zh=of, name_en=of))
        return None, problems


def in_cny(values: dict[str, Any], sheet: Sheet) -> list[CellProblem]:
    """Turn amounts into CNY numbers in place; an amount that names another currency is a problem."""
    problems: list[CellProblem] = []
    for of, value in list(values.items()):
        if isinstance(value, Amount):
            values[of] = value.value
            if value.currency not in (None, "CNY"):
                text = sheet.columns[of].text
                problems.append(ForeignCurrency(field=of, name_zh=text.zh, name_en=text.en, currency=value.currency))
    return problems


def read_firm(raw: RawSheet, layout: Layout, origins: Origins, notes: Notes) -> dict[str, Any]:
    """Return the fields of the firm: pairs of name and value, or a heading with one row below."""
    sheet = layout.sheets["firm"]
    values: dict[str, Any] = {}
    places: dict[str, tuple[int, int]] = {}
    found = find(sheet, raw.rows, layout)
    if found is not None and len(found.places) >= 3:
        row = next(((n, r) for n, r in enumerate(raw.rows, 1) if n > found.last and any(r)), (0, []))
        pairs = [
            (p.column.field, row[0], p.at, p.unit, row[1][p.at] if p.at < len(row[1]) else "")
            for p in found.places.values()
        ]
    else:
        pairs = [pair for n, cells in enumerate(raw.rows, 1) if (pair := _pair(sheet, n, cells))]
    for of, number, at, unit, cell in pairs:
        if cell == "":
            continue
        value = Typist(sheet.columns[of], unit, layout, origins, epoch_1904=raw.head.epoch_1904)(cell)
        if isinstance(value, CellProblem):
            notes.add(value, raw.name, number, at, cell)
        elif value is not None:
            if of in places:
                notes.add(
                    SameId(field=of, id=sheet.columns[of].text.zh, other=places[of][0]), raw.name, number, at, cell
                )
                continue
            values[of], places[of] = value, (number, at)
    for problem in in_cny(values, sheet):
        number, at = places[str(problem.field)]
        notes.add(problem, raw.name, number, at)
        del values[str(problem.field)]
    named = {"name": "x"} | values
    _, problems = build(Firm, named, sheet)
    for problem in problems:
        number, at = places.get(str(problem.field), (1, 0))
        notes.add(problem, raw.name, number, at)
        values.pop(str(problem.field), None)
    return values


def _pair(sheet: Sheet, number: int, cells: Sequence[Cell]) -> tuple[str, int, int, str | None, Cell] | None:
    for at, cell in enumerate(cells):
        if isinstance(cell, str) and cell:
            heading = sheet.heading(cell)
            if heading is None:
                return None
            return heading.field, number, at + 1, heading.unit, cells[at + 1] if at + 1 < len(cells) else ""
    return None


def _refuse(table: Table, row: TypedRow, problems: Sequence[CellProblem]) -> None:
    cells = table.raw.rows[row.number - 1]
    for problem in problems:
        place = table.found.places.get(str(problem.field))
        found = cells[place.at] if place and place.at < len(cells) else None
        table.notes.add(problem, table.raw.name, row.number, place.at if place else None, found)


def _checked(table: Table, row: TypedRow) -> bool:
    for problem, at, cell in row.problems:
        table.notes.add(problem, table.raw.name, row.number, at, cell)
    return not row.problems


def read_installations(table: Table) -> tuple[EtsYear, ...]:
    """Return the installations by year; a row that cannot be read is a finding."""
    made: list[EtsYear] = []
    seen: dict[tuple[str, int], int] = {}
    for row in table.rows(("installation", "compliance_year", "process")):
        if not _checked(table, row):
            continue
        problems = in_cny(row.values, table.sheet)
        year, more = build(EtsYear, row.values, table.sheet)
        if year is not None and (key := (year.installation, year.compliance_year)) in seen:
            more = [SameSite(field="installation", site=key[0], year=key[1], other=seen[key])]
        if problems or more or year is None:
            _refuse(table, row, [*problems, *more])
            continue
        seen[(year.installation, year.compliance_year)] = row.number
        made.append(year)
    return tuple(made)


def read_footprints(table: Table) -> tuple[Footprint, ...]:
    """Return the footprints; a row that cannot be read is a finding."""
    made: list[Footprint] = []
    for row in table.rows(("product", "revenue_cny")):
        if not _checked(table, row):
            continue
        problems = in_cny(row.values, table.sheet)
        footprint, more = build(Footprint, row.values, table.sheet)
        if problems or more or footprint is None:
            _refuse(table, row, [*problems, *more])
            continue
        made.append(footprint)
    return tuple(made)


@cache
def known_ids() -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of indicators and of gates that ask for an answer, of the default policy."""
    card = load_scorecard(DATA / CARD)
    indicators = frozenset(i.id for d in card.dimensions for i in d.indicators)
    return indicators, frozenset(gate.id for gate in card.gates if gate.asks == "answer")


def read_score(table: Table) -> tuple[dict[str, IndicatorValue], dict[str, bool]]:
    """Return the stated indicators and the answers to the gates."""
    indicators: dict[str, IndicatorValue] = {}
    gates: dict[str, bool] = {}
    seen: dict[str, int] = {}
    known, asked = known_ids()
    for row in table.rows(("id",)):
        values = row.values
        stated = [of for of in ("value", "state", "declared_on") if of in values]
        if not stated and not [p for p, at, _ in row.problems]:
            continue  # an empty row of the template
        if not _checked(table, row):
            continue
        name = values["id"]
        if name in seen:
            _refuse(table, row, [SameId(field="id", id=name, other=seen[name])])
            continue
        problem = _score_row(name, values, table.layout, known, asked, indicators, gates)
        if problem is not None:
            _refuse(table, row, [problem])
            if problem.severity == "error":
                continue
        seen[name] = row.number
    return indicators, gates


def _score_row(
    name: str,
    values: dict[str, Any],
    layout: Layout,
    known: frozenset[str],
    asked: frozenset[str],
    indicators: dict[str, IndicatorValue],
    gates: dict[str, bool],
) -> CellProblem | None:
    value = values.get("value")
    if name in asked:
        word = meaning(layout, "yes_no", f"{value:.0f}" if isinstance(value, float) else str(value))
        if word is None:
            return UnknownWord(field="value", name_zh="数值", name_en="Value", known_zh="是、否", known_en="yes, no")
        gates[name] = word == "yes"
        return None
    if name not in known:
        ids = ", ".join(sorted(known | asked))
        return UnknownWord(field="id", name_zh="指标编号", name_en="Id", known_zh=ids, known_en=ids)
    if name in LEVELS and value is not None:
        group = LEVELS[name]
        word = meaning(layout, group, str(value))
        if word is None:
            words = layout.words[group]
            zh, en = "、".join(w.text.zh for w in words), ", ".join(w.text.en for w in words)
            return UnknownWord(field="value", name_zh="数值", name_en="Value", known_zh=zh, known_en=en)
        values["value"] = word
    elif isinstance(value, str):
        return NotANumber(field="value", name_zh="数值", name_en="Value")
    made = {of: v for of, v in values.items() if of not in ("id", "label")}
    if value is None and "state" not in made:
        made["state"] = "missing"
    indicator, problems = build(IndicatorValue, made, layout.sheets["score"])
    if indicator is None:
        return problems[0]
    indicators[name] = indicator
    if indicator.state == "not_applicable" and indicator.declared_on is None:
        return NeedsDeclaration(field="declared_on")
    return None


def firm_of(values: dict[str, Any], notes: Notes) -> Firm:
    """Return the firm; without a name it is called so, and a finding says it."""
    if "name" not in values:
        notes.tell(
            "no_firm_name",
            Text("没有填写企业名称，结果中以“未填写”代替", "the firm's name is not given; results say so"),
            Text("请填写“企业”表。", "Fill in the firm sheet."),
            name="name",
        )
    return Firm(**({"name": "（未填写企业名称 / firm not named）"} | values))


def opened(raw: RawSheet, key: str, layout: Layout, notes: Notes, origins: Origins) -> Table | None:
    """Return a smaller sheet as a table; without a heading it is a finding."""
    sheet = layout.sheets[key]
    found = find(sheet, raw.rows, layout)
    if not any(any(row) for row in raw.rows):
        return None
    if found is None or found.missing(sheet):
        names = (
            [c.text for c in found.missing(sheet)] if found else [c.text for c in sheet.columns.values() if c.required]
        )
        no_columns(raw, found, names, notes)
        return None
    tell_twice(raw, found, notes)
    if found.unclear:
        return None
    return Table.open(raw, sheet, found, layout, notes, origins, None)


def no_columns(raw: RawSheet, found: Found | None, names: Sequence[Text], notes: Notes) -> None:
    """Tell which columns a sheet lacks."""
    zh, en = "、".join(f"“{n.zh}”" for n in names), ", ".join(f"'{n.en}'" for n in names)
    seen = ", ".join(found.unread) if found else ""
    notes.tell(
        "column_missing",
        Text(f"缺少必需的列 {zh}，该表没有读取。", f"The columns {en} are missing; the sheet was not read."),
        Text("请恢复模板中的表头，或改用其中的名称。", "Restore the headings of the template."),
        severity="error",
        sheet=raw.name,
        row=found.first if found else None,
        found=seen or None,
    )
