"""A file an exporter hands in, read: a submission, and a finding for everything that is not in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from finance.submission import GoodsLine, Submission
from models.errors import Text
from models.findings import Finding
from service.workbook import parts
from service.workbook.codes import Candidates, Origins, default_origins
from service.workbook.guard import Progress, RawSheet, read_sheets
from service.workbook.heading import Found, find
from service.workbook.layout import Layout, default_layout, fold, plain
from service.workbook.package import column_letters
from service.workbook.problems import CellProblem, CurrencyConflict, RepeatedBlock
from service.workbook.raw import kind_of
from service.workbook.table import Notes, Table, TypedRow, tell_twice

KEYS = ("cn_code", "net_mass_t", "imported_on", "origin")
_ENDINGS = {"xlsx": {".xlsx", ".xlsm", ".xltx", ".xltm"}, "xls": {".xls"}, "csv": {".csv", ".txt", ".tsv"}}
#: What the domain calls the fields that the sheet calls the installation's own.
_DOMAIN = {"see_tco2e_per_t": "own_see_tco2e_per_t", "sefa_tco2e_per_t": "own_sefa_tco2e_per_t"}


@dataclass(frozen=True, slots=True)
class ReadResult:
    """
    What a file held.

    ``submission`` is ``None`` where nothing at all could be read. ``columns``
    leads from a field of goods to the letter of its column. Of ``rows_seen``,
    the rows of the goods sheet that hold anything, ``rows_kept`` are goods,
    ``rows_skipped`` are headings, titles, totals and remarks, and the rest is
    refused by findings that name the row.
    """

    submission: Submission | None
    findings: tuple[Finding, ...]
    columns: Mapping[str, str]
    sheet: str | None
    rows_seen: int
    rows_kept: int
    rows_skipped: int

    @property
    def goods(self) -> tuple[GoodsLine, ...]:
        """The goods that could be read."""
        return self.submission.goods if self.submission else ()

    @property
    def rows_refused(self) -> int:
        """Rows that hold goods and could not be read."""
        return self.rows_seen - self.rows_kept - self.rows_skipped


def read_submission(
    data: bytes, filename: str, *, candidates: Candidates | None = None, progress: Progress | None = None
) -> ReadResult:
    """
    Read a workbook or a CSV.

    Parameters
    ----------
    data : bytes
        xlsx, xlsm, xls or csv; told by content, not by name.
    filename : str
        Its name; an ending of another kind is a finding.
    candidates : callable or None
        Gives the CN codes in scope under a prefix, named in questions.
    progress : callable or None
        Called with rows done and rows in all (0 while that is not known).

    Returns
    -------
    ReadResult
        Every row of the goods sheet is kept, skipped with a reason, or refused
        with a finding; nothing is guessed.

    Raises
    ------
    FileProblem
        The file as a whole cannot be read: empty, encrypted, damaged, of another
        kind, too large, or its reading was stopped.
    """
    layout, origins, notes = default_layout(), default_origins(), Notes()
    kind = kind_of(data)
    ending = PurePath(filename).suffix.lower()
    if ending not in _ENDINGS[kind]:
        notes.tell(
            "extension",
            Text(
                f"扩展名 {ending or '（无）'} 与内容不符，已按 {kind} 读取。",
                f"The ending {ending or '(none)'} does not fit the content, which was read as {kind}.",
            ),
            severity="warning",
        )
    sheets = read_sheets(data, progress=progress)
    chosen = _choose(sheets, layout, notes)
    rest = _rest(chosen, layout, notes, origins)
    goods: list[GoodsLine] = []
    columns: dict[str, str] = {}
    table = None
    if "goods" in chosen:
        table = _goods_table(chosen["goods"], layout, notes, origins, candidates)
        if table is not None:
            columns = {of: column_letters(place.at + 1) for of, place in table.found.places.items()}
            columns |= {name: columns[own] for name, own in _DOMAIN.items() if own in columns}
            sites = {_site(site.installation): site.installation for site in rest.get("installations", ())}
            goods = _goods(table, sites, progress)
    elif not any(key in chosen for key in ("score", "footprints", "installations")):
        _no_goods(sheets, layout, notes)
    firm_values = parts.read_firm(chosen["firm"], layout, origins, notes) if "firm" in chosen else {}
    submission = None
    if goods or any(rest.values()):
        submission = Submission(firm=parts.firm_of(firm_values, notes), goods=tuple(goods), **rest)
    seen = table.seen if table else _filled(chosen.get("goods"))
    return ReadResult(
        submission=submission,
        findings=notes.close(),
        columns=columns,
        sheet=chosen["goods"].name if "goods" in chosen else None,
        rows_seen=seen,
        rows_kept=len(goods),
        rows_skipped=table.skipped if table else 0,
    )


def _rest(chosen: Mapping[str, RawSheet], layout: Layout, notes: Notes, origins: Origins) -> dict[str, Any]:
    """Return what the smaller tables hold, by field of the submission."""
    rest: dict[str, Any] = {}
    for key in ("installations", "footprints", "score"):
        small = parts.opened(chosen[key], key, layout, notes, origins) if key in chosen else None
        if small is None:
            continue
        if key == "installations":
            rest["installations"] = parts.read_installations(small)
        elif key == "footprints":
            rest["footprints"] = parts.read_footprints(small)
        else:
            rest["indicators"], rest["gates"] = parts.read_score(small)
    return rest


def _filled(raw: RawSheet | None) -> int:
    return sum(any(row) for row in raw.rows) if raw else 0


def _choose(sheets: Sequence[RawSheet], layout: Layout, notes: Notes) -> dict[str, RawSheet]:
    """Return which sheet is which: by name, else by its headings; what is hidden or left over is told."""
    chosen: dict[str, RawSheet] = {}
    left: list[RawSheet] = []
    for raw in sheets:
        key = layout.sheet_named(raw.name)
        if fold(raw.name) in layout.ignored or not any(any(row) for row in raw.rows):
            continue
        if not raw.head.visible:
            _hidden(raw, key or _kind(raw, layout), notes)
        elif key and key not in chosen:
            chosen[key] = raw
        else:
            left.append(raw)
    for raw in left:
        key = _kind(raw, layout)
        if key and key not in chosen:
            chosen[key] = raw
            continue
        same = (
            Text("已有一张同类的表", "there is already a sheet of its kind")
            if key
            else Text("内容无法识别", "its content is not known")
        )
        notes.tell(
            "sheet_not_read",
            Text(f"工作表“{raw.name}”没有读取：{same.zh}。", f"Sheet '{raw.name}' was not read: {same.en}."),
            Text("如其中有货物，请并入“货物”表。", "If it holds goods, move them into the goods sheet."),
            severity="question" if key else "info",
            sheet=raw.name,
        )
    return chosen


def _hidden(raw: RawSheet, key: str | None, notes: Notes) -> None:
    notes.tell(
        "hidden_sheet",
        Text(f"工作表“{raw.name}”是隐藏的，没有读取。", f"Sheet '{raw.name}' is hidden and was not read."),
        Text("如需读取请取消隐藏，否则请删除。", "Unhide it if it is meant, or delete it."),
        severity="question" if key else "info",
        sheet=raw.name,
    )


def _kind(raw: RawSheet, layout: Layout) -> str | None:
    """Return which table the headings of a sheet are of; goods before others at equal score."""
    best, most = None, 0
    for key, sheet in layout.sheets.items():
        if key == "firm":
            continue
        found = find(sheet, raw.rows, layout)
        if found is None or (key != "goods" and found.missing(sheet)):
            continue
        if found.score > most:
            best, most = key, found.score
    return best


def _no_goods(sheets: Sequence[RawSheet], layout: Layout, notes: Notes) -> None:
    needed = [c.text for c in layout.sheets["goods"].columns.values() if c.required]
    zh, en = "、".join(f"“{n.zh}”" for n in needed), ", ".join(f"'{n.en}'" for n in needed)
    first = next((row for raw in sheets for row in raw.rows if any(row)), [])
    notes.tell(
        "no_goods",
        Text(f"没有找到货物表（表头应有 {zh}）。", f"No table of goods was found (its heading has {en})."),
        Text("请使用模板，或保留这些表头。", "Use the template, or keep these headings."),
        severity="error",
        sheet=sheets[0].name if sheets else None,
        found=", ".join(str(cell) for cell in first if cell != "") or None,
    )


def _goods_table(
    raw: RawSheet, layout: Layout, notes: Notes, origins: Origins, candidates: Candidates | None
) -> Table | None:
    sheet = layout.sheets["goods"]
    found = find(sheet, raw.rows, layout)
    if found is None:
        _no_goods([raw], layout, notes)
        return None
    missing = found.missing(sheet)
    if missing:
        zh = "、".join(f"“{c.text.zh}”" for c in missing)
        en = ", ".join(f"'{c.text.en}'" for c in missing)
        for column in missing:
            notes.tell(
                "column_missing",
                Text(
                    f"缺少必需的列“{column.text.zh}”，货物表没有读取。",
                    f"The column '{column.text.en}' is missing; the goods were not read.",
                ),
                Text(
                    f"请添加该列，或把相应列的表头改为{zh}。",
                    f"Add the column, or rename the heading of yours to {en}.",
                ),
                severity="error",
                sheet=raw.name,
                row=found.first,
                found=", ".join(found.unread) or None,
                name=column.field,
            )
        return None
    _tell_columns(raw, found, layout, notes)
    if found.unclear:
        return None
    return Table.open(raw, sheet, found, layout, notes, origins, candidates)


def _tell_columns(raw: RawSheet, found: Found, layout: Layout, notes: Notes) -> None:
    if found.unread:
        names = ", ".join(found.unread)
        notes.tell(
            "unread_columns",
            Text(f"这些列未读取：{names}", f"columns that are not read: {names}"),
            sheet=raw.name,
            row=found.first,
        )
    tell_twice(raw, found, notes)
    hidden = [p.column.text for p in found.places.values() if p.at + 1 in set(raw.head.hidden_columns)]
    if hidden:
        zh, en = "、".join(t.zh for t in hidden), ", ".join(t.en for t in hidden)
        notes.tell(
            "hidden_columns",
            Text(f"隐藏列也已读取：{zh}", f"hidden columns are read as well: {en}"),
            severity="warning",
            sheet=raw.name,
        )
    mass = found.places.get("net_mass_t")
    if mass is not None and layout.units["mass"].get((mass.unit or "").casefold()) not in (None, 1.0):
        notes.tell(
            "converted",
            Text(
                f"净重列的单位是 {mass.unit}，已换算为吨。", f"The net mass is in {mass.unit} and was converted to t."
            ),
            sheet=raw.name,
            row=found.first,
            name="net_mass_t",
        )


#: So many rows that equal others in the same order are a block that was perhaps pasted twice.
_BLOCK = 3
_NO_NAME = Text("没有产品名称，以编码代替", "no product name; the code stands for it")
_NO_CURRENCY = Text("有价格而没有币种，价格未采用", "a price without a currency is not used")
_GIVE_CURRENCY = Text("请填写币种。", "Enter the currency.")


def _goods(table: Table, sites: Mapping[str, str], progress: Progress | None) -> list[GoodsLine]:
    goods: list[GoodsLine] = []
    seen: dict[tuple[Any, ...], int] = {}
    again: list[int | None] = []
    notes, name, sheet = table.notes, table.raw.name, table.sheet
    for row in table.rows(KEYS, progress):
        if row.problems:
            for problem, at, cell in row.problems:
                notes.add(problem, name, row.number, at, cell)
            continue
        values = row.values
        conflict = _price(values)
        if conflict is not None:
            _add(table, row, conflict)
            continue
        if "installation" in values:
            # Written with other spaces or signs, it is the same installation still.
            values["installation"] = sites.get(_site(values["installation"]), values["installation"])
        if "product" not in values:
            values["product"] = values["cn_code"]
            notes.group("no_product", _NO_NAME, name, row.number)
        line, problems = parts.build(GoodsLine, {"line": row.number, **values}, sheet)
        if line is None:
            for problem in problems:
                _add(table, row, problem)
            continue
        if line.price_per_t is not None and line.currency is None:
            notes.group("currency_missing", _NO_CURRENCY, name, row.number, _GIVE_CURRENCY, "warning")
        key = tuple(values.items())
        first = seen.setdefault(key, len(goods))
        again.append(first if first < len(goods) else None)
        goods.append(line)
    return _told_again(goods, again, notes, name)


def _told_again(goods: list[GoodsLine], again: Sequence[int | None], notes: Notes, sheet: str) -> list[GoodsLine]:
    """Return the goods without blocks that repeat others, which are asked about; ``again`` is the first equal one of each."""
    kept: list[GoodsLine] = []
    at = 0
    while at < len(goods):
        first, end = again[at], at + 1
        if first is None:
            kept.append(goods[at])
        else:
            while end < len(goods) and again[end] == first + end - at:
                end += 1
            block = goods[at:end]
            if len(block) >= _BLOCK:
                start, stop, of = block[0].line, block[-1].line, goods[first].line
                for line in block:
                    notes.add(RepeatedBlock(first=start, last=stop, of=of), sheet, line.line)
            else:
                for step, line in enumerate(block):
                    _same(notes, sheet, line.line, goods[first + step].line)
                kept += block
        at = end
    return kept


def _site(name: str) -> str:
    return plain(name).replace(" ", "").casefold()


def _price(values: dict[str, Any]) -> CellProblem | None:
    """Turn price or value of the row into a price per tonne, with the currency that the cell may name."""
    price, value = values.pop("price_per_t", None), values.pop("value", None)
    amount = price if price is not None else value
    if amount is None:
        return None
    own, stated = amount.currency, values.get("currency")
    if own is not None and stated is not None and own != stated:
        return CurrencyConflict(field="currency", one=own, other=stated)
    if own is not None:
        values["currency"] = own
    values["price_per_t"] = amount.value if price is not None else amount.value / values["net_mass_t"]
    return None


def _add(table: Table, row: TypedRow, problem: CellProblem) -> None:
    of = str(problem.field)
    place = table.found.places.get(of) or (table.found.places.get("value") if of == "price_per_t" else None)
    cells = table.raw.rows[row.number - 1]
    found = cells[place.at] if place and place.at < len(cells) else None
    table.notes.add(problem, table.raw.name, row.number, place.at if place else None, found)


def _same(notes: Notes, sheet: str, row: int, other: int) -> None:
    notes.tell(
        "duplicate_row",
        Text(f"与第 {other} 行完全相同，两行都已计算。", f"The row equals row {other}; both are computed."),
        Text("如为重复录入，请删除其中一行。", "Delete one of them if it was entered twice."),
        severity="warning",
        sheet=sheet,
        row=row,
    )
