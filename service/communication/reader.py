"""
Read the communication workbook: version, master data, products, processes and purchased precursors.

Columns are found by their headings, so a shifted column is read and told; a
value that is not what its column holds is told by sheet and cell and never
replaced by a default.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cbam.goods import candidates
from models.errors import Text, YuetanError
from models.findings import Finding
from models.law import LawBook
from service.communication.blocks import Block, blocks_of
from service.communication.cells import broken, cell_at, filled, number_in
from service.communication.known import SHEETS, NotTheTemplate, UnknownVersion, key_of, layout
from service.communication.told import Notes
from service.workbook.codes import cn_code_of
from service.workbook.guard import RawSheet, as_text, read_sheets
from service.workbook.layout import plain
from service.workbook.package import column_letters, column_number
from service.workbook.raw import Cell

_NUMBERS = ("see_direct", "see_indirect", "see_total", "share_default", "electricity_mwh_per_t", "electricity_ef",
            "carbon_price_share", "carbon_price_due", "rebate_share", "rebate", "carbon_price_effective")  # fmt: skip
#: Specific emissions beyond this are no steel and no aluminium.
_MOST_SEE = 50.0
#: Master data: key, cell of ``A_InstData``, and what people call it.
_MASTER: Mapping[str, tuple[str, Text]] = {
    "period_start": ("I9", Text("报告期开始", "start of the reporting period")),
    "period_end": ("L9", Text("报告期结束", "end of the reporting period")),
    "installation": ("I20", Text("装置名称（英文）", "installation name, English")),
    "installation_local": ("I19", Text("装置名称（本地）", "installation name, local")),
    "street": ("I21", Text("街道", "street")),
    "economic_activity": ("I22", Text("经济活动", "economic activity")),
    "post_code": ("I23", Text("邮编", "post code")),
    "city": ("I25", Text("城市", "city")),
    "country": ("I26", Text("国家", "country")),
    "unlocode": ("I27", Text("UNLOCODE", "UNLOCODE")),
    "latitude": ("I28", Text("纬度", "latitude")),
    "longitude": ("I29", Text("经度", "longitude")),
    "representative": ("I30", Text("授权代表", "authorised representative")),
    "email": ("I31", Text("电子邮件", "e-mail")),
    "telephone": ("I32", Text("电话", "telephone")),
    "verifier": ("I37", Text("核查机构", "verifier")),
    "verifier_number": ("I53", Text("核查机构登记号", "registration number of the verifier")),
}


@dataclass(frozen=True, slots=True)
class Product:
    """One row of the products: values by key, the cell of each, and what keeps it from being declared."""

    row: int
    values: Mapping[str, str | float | None]
    cells: Mapping[str, str]
    lacking: tuple[Text, ...]

    @property
    def usable(self) -> bool:
        """Whether the direct SEE can stand on the actual basis; SEFA has to be added in any case."""
        return not self.lacking


@dataclass(frozen=True, slots=True)
class Communication:
    """A workbook as it was read."""

    version: str
    macros: bool
    master: Mapping[str, str | float | None]
    products: tuple[Product, ...]
    processes: tuple[Block, ...]
    precursors: tuple[Block, ...]
    findings: tuple[Finding, ...]

    @property
    def year(self) -> int | None:
        """Calendar year of the reporting period; ``None`` where it is not one whole year."""
        days = [_day(self.master.get(key)) for key in ("period_start", "period_end")]
        if days[0] is None or days[1] is None or days[0].year != days[1].year:
            return None
        return days[0].year


def read_communication(data: bytes, book: LawBook) -> Communication:
    """
    Return what a communication workbook holds, with a finding for every cell that is not as it should be.

    Raises
    ------
    FileProblem
        The file cannot be read: encrypted, damaged, too large.
    NotTheTemplate
        None of the sheets of the template is there.
    UnknownVersion
        The version cell is missing or names a version we do not know.
    """
    sheets = {sheet.name: sheet for sheet in read_sheets(data)}
    version = version_of(sheets)
    notes = Notes()
    macros = b"vbaProject.bin" in data
    if macros:
        notes.add("macros", "—", "")
    table = next((name for name in layout()["tables"] if name in sheets), None)
    if table is None:
        raise NotTheTemplate(missing="Summary_Products", found=", ".join(sheets))
    master = _master(sheets.get("A_InstData"), notes)
    verified = bool(master.get("verifier"))
    products = _products(sheets[table], table, book, verified, notes)
    _period(master, notes)
    if not verified:
        notes.add("not_verified", "A_InstData", _MASTER["verifier"][0])
    return Communication(
        version=version,
        macros=macros,
        master=master,
        products=tuple(products),
        processes=tuple(blocks_of(sheets.get("D_Processes"), "D_Processes", notes)),
        precursors=tuple(blocks_of(sheets.get("E_PurchPrec"), "E_PurchPrec", notes)),
        findings=tuple(notes.findings),
    )


def version_of(sheets: Mapping[str, RawSheet]) -> str:
    """Return the version by the cell that says it; raises as ``read_communication``."""
    of = layout()["version_cell"]
    if not any(name in sheets for name in SHEETS):
        raise NotTheTemplate(missing=of["sheet"], found=", ".join(sheets) or "—")
    sheet = sheets.get(of["sheet"])
    cell = cell_at(sheet, of["cell"]) if sheet is not None else ""
    text = as_text(cell) if isinstance(cell, str) else _serial(cell)
    known: Mapping[str, str] = layout()["versions"]
    match = re.search(r"20\d\d-\d\d-\d\d", text)
    if match is None or match.group() not in known:
        told = ", ".join(f"{version} ({day})" for day, version in known.items())
        raise UnknownVersion(sheet=of["sheet"], cell=of["cell"], found=text[:60], known=told)
    return known[match.group()]


def _serial(number: float) -> str:
    return (
        (dt.date(1899, 12, 30) + dt.timedelta(days=int(number))).isoformat()
        if 20_000 < number < 80_000
        else f"{number:g}"
    )


def _master(sheet: RawSheet | None, notes: Notes) -> dict[str, str | float | None]:
    found: dict[str, str | float | None] = {}
    for key, (ref, name) in _MASTER.items():
        cell = cell_at(sheet, ref)
        if broken(cell, "A_InstData", ref, name, notes):
            found[key] = None
        elif key in ("latitude", "longitude"):
            found[key] = _degrees(cell, ref, name, notes)
        elif key.startswith("period_"):
            found[key] = _serial(cell) if isinstance(cell, float) else plain(cell) or None
        else:
            found[key] = as_text(cell) if isinstance(cell, float) else cell.strip() or None
    return found


def _degrees(cell: Cell, ref: str, name: Text, notes: Notes) -> float | None:
    """Return a coordinate in degrees; a degree sign, a letter of the compass and a decimal comma are taken."""
    if isinstance(cell, float):
        value: float | None = cell
    else:
        text = plain(cell).replace(" ", "").replace("º", "°")
        if not text:
            return None
        match = re.fullmatch(
            r"([NSEWnsew]?)([+-]?\d{1,3}(?:[.,]\d+)?)°?(?:(\d{1,2})['′])?(?:(\d{1,2}(?:\.\d+)?)[\"″])?([NSEWnsew]?)",
            text,
        )
        value = None
        if match:
            whole = (
                float(match.group(2).replace(",", "."))
                + float(match.group(3) or 0) / 60
                + float(match.group(4) or 0) / 3600
            )
            value = -whole if (match.group(1) or match.group(5)).upper() in ("S", "W") else whole
    if value is None or abs(value) > 180:
        notes.add("coordinate", "A_InstData", ref, as_text(cell), zh=name.zh, en=name.en)
        return None
    return value


def _period(master: Mapping[str, str | float | None], notes: Notes) -> None:
    start, end = (_day(master.get(key)) for key in ("period_start", "period_end"))
    whole = start is not None and end is not None and (start.month, start.day, end.month, end.day) == (1, 1, 12, 31)
    if start is None or end is None or start.year != end.year or not whole:
        notes.add("period", "A_InstData", "I9", start=start or "—", end=end or "—")


def _day(value: str | float | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None


def _products(sheet: RawSheet, name: str, book: LawBook, verified: bool, notes: Notes) -> Iterator[Product]:
    head, columns = _heading(sheet, name, notes)
    first = max(head + 1, head + layout()["tables"][name]["first_row"] - layout()["tables"][name]["heading_row"])
    for at in range(first, len(sheet.rows) + 1):
        cells = sheet.rows[at - 1]
        texts = {key: cells[i] if i < len(cells) else "" for key, i in columns.items()}
        if not any(filled(texts.get(key, "")) for key in ("cn_code", "product", "see_direct", "see_total")):
            continue
        refs = {key: f"{column_letters(i + 1)}{at}" for key, i in columns.items()}
        yield _product(at, texts, refs, name, book, verified, notes)


def _heading(sheet: RawSheet, name: str, notes: Notes) -> tuple[int, dict[str, int]]:
    """Return the row of the headings and the place of each column, told where it is not where the version has it."""
    expected = int(layout()["tables"][name]["heading_row"])
    best: tuple[int, dict[str, int]] = (0, {})
    for at, cells in enumerate(sheet.rows[:60], 1):
        found: dict[str, int] = {}
        for i, cell in enumerate(cells):
            if isinstance(cell, str) and (key := key_of(cell)):
                found.setdefault(key, i)
        if len(found) > len(best[1]):
            best = (at, found)
    head, columns = best
    if missing := [key for key in ("cn_code", "see_direct") if key not in columns]:
        names = ", ".join(layout()["columns"][key] for key in missing)
        raise NotTheTemplate(missing=f"{name}: {names}", found=sheet.name)
    if head != expected or columns["see_direct"] != column_number("I") - 1:
        where = f"{column_letters(columns['see_direct'] + 1)}{head}"
        notes.add("shifted", name, where, expected=f"I{expected}", where=where)
    return head, columns


def _product(
    at: int,
    texts: Mapping[str, Cell],
    refs: Mapping[str, str],
    sheet: str,
    book: LawBook,
    verified: bool,
    notes: Notes,
) -> Product:
    values: dict[str, str | float | None] = {}
    lacking: list[Text] = []
    for key, cell in texts.items():
        name = Text(layout()["columns"][key], layout()["columns"][key])
        if broken(cell, sheet, refs[key], name, notes):
            values[key] = None
        elif key in _NUMBERS:
            values[key] = number_in(cell, sheet, refs[key], name, notes)
        elif key == "cn_code":
            values[key] = _code(cell, sheet, refs[key], book, notes)
        else:
            values[key] = as_text(cell).strip() or None
    if values.get("cn_code") is None:
        lacking.append(Text("CN 编码", "CN code"))
    direct, total = values.get("see_direct"), values.get("see_total")
    if direct is None:
        lacking.append(Text("直接 SEE", "direct SEE"))
        if total is not None:
            notes.add("only_total", sheet, refs["see_direct"])
    elif isinstance(direct, float) and not 0 <= direct <= _MOST_SEE:
        notes.add("see_range", sheet, refs["see_direct"], f"{direct:g}")
        lacking.append(Text("合理的直接 SEE", "a plausible direct SEE"))
    elif isinstance(direct, float) and isinstance(total, float) and total < direct - 1e-9:
        notes.add("total_below_direct", sheet, refs.get("see_total", refs["see_direct"]))
    unit = str(values.get("unit") or "")
    if unit and not re.search(r"t\s*co2e?\s*/\s*t", unit, re.IGNORECASE):
        notes.add("unit", sheet, refs["unit"], unit)
        lacking.append(Text("单位 tCO2e/t", "unit tCO2e per t"))
    _price(values, refs, sheet, notes)
    if not verified:
        lacking.append(Text("核查", "verification"))
    return Product(at, values, refs, tuple(lacking))


def _price(values: Mapping[str, Any], refs: Mapping[str, str], sheet: str, notes: Notes) -> None:
    """Effective price = due - rebate, in one currency; a price without a currency is told."""
    due, rebate, effective = (values.get(key) for key in ("carbon_price_due", "rebate", "carbon_price_effective"))
    if due is None:
        return
    if not values.get("currency"):
        notes.add("currency", sheet, refs.get("currency", refs["carbon_price_due"]))
    if effective is not None and abs(effective - (due - (rebate or 0.0))) > 1e-6 * max(1.0, abs(due)):
        notes.add("effective", sheet, refs["carbon_price_effective"])


def _code(cell: Cell, sheet: str, ref: str, book: LawBook, notes: Notes) -> str | None:
    if not filled(cell):
        return None
    try:
        return cn_code_of(cell, lambda prefix: candidates(book, prefix))
    except YuetanError as refusal:
        notes.add("cn_code", sheet, ref, as_text(cell), zh=refusal.text("zh"), en=refusal.text("en"))
        return None


def products_as_lines(
    found: Communication, origin: str, sefa_by_row: Mapping[int, float] | None = None
) -> Sequence[dict[str, Any]]:
    """Return the usable products as import lines on the actual basis; SEFA is not in the template and has to be added."""
    lines = []
    for product in found.products:
        if not product.usable:
            continue
        lines.append(
            {
                "row": product.row,
                "product": product.values.get("product") or product.values.get("cn_name"),
                "cn_code": product.values["cn_code"],
                "origin": origin,
                "basis": "actual",
                "see_tco2e_per_t": product.values["see_direct"],
                "sefa_tco2e_per_t": (sefa_by_row or {}).get(product.row),
                "production_year": found.year,
            }
        )
    return lines
