"""Make workbooks in the form of the Commission's template, of either version, from the cells that we know of it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import xlsxwriter

from service.communication.known import FOLDER
from service.workbook.package import column_number

DAYS = {"2.1": "2024-06-05", "2.1.1": "2024-12-13"}
COLUMNS = [
    row
    for row in csv.DictReader((FOLDER / "cbam_communication.csv").read_text(encoding="utf-8").splitlines())
    if row["kind"] == "column"
]
SHEETS = ("A_InstData", "C_Emissions&Energy", "D_Processes", "E_PurchPrec", "Summary_Products", "Summary_Communication")
MACRO = b"\xd0\xcf\x11\xe0not a real macro, only bytes that must survive"
COIL: dict[str, Any] = {
    "Production process": "Galvanising", "CN Codes": "7210 49 00", "Product name": "镀锌卷", "SEE (direct)": 2.443686,
    "SEE (indirect)": 0.4, "SEE (total)": 2.843686, "Unit": "tCO2e/t", "Share of emissions by default": 0.36,
}  # fmt: skip
Change = Callable[[Mapping[str, Any]], None]


def template(
    version: str = "2.1.1",
    products: tuple[dict[str, Any], ...] = (COIL,),
    cells: Mapping[str, Any] | None = None,
    *,
    shift: int = 0,
    macro: bool = False,
    protect: bool = True,
    day: str | None = None,
    without: tuple[str, ...] = (),
) -> bytes:
    """
    Return a workbook.

    ``cells`` are further cells by ``Sheet!A1``; ``shift`` moves the table of
    products to the right; a value that begins with ``=`` is a formula, with the
    part after ``|`` as its stored result, none where that is missing.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    shade = book.add_format({"bg_color": "#FFFFCC", "num_format": "0.000", "border": 1, "locked": False})
    sheets = {name: book.add_worksheet(name) for name in ("VersionDocumentation", *SHEETS) if name not in without}
    if "VersionDocumentation" in sheets:
        sheets["VersionDocumentation"].hide()
        sheets["VersionDocumentation"].write_string("B2", "CBAM SEE Communication")
        sheets["VersionDocumentation"].write_string("B3", day if day is not None else DAYS[version])
    given = {
        "A_InstData!I9": "2026-01-01", "A_InstData!L9": "2026-12-31", "A_InstData!I20": "Foshan galvanising",
        "A_InstData!I26": "China", "A_InstData!I28": "23.021°", "A_InstData!I29": "113° 7' 12\" E", "A_InstData!I37": "Verifier GmbH",
        "D_Processes!G11": "Galvanising", "D_Processes!L24": "=SUM(L16:L23)|1020", "D_Processes!L27": 1000, "D_Processes!L54": "",
        "E_PurchPrec!G14": "Hot-rolled coil", "E_PurchPrec!L25": "=SUM(L17:L24)|1050", "E_PurchPrec!L28": 1050, "E_PurchPrec!L49": "",
    } | dict(cells or {})  # fmt: skip
    for ref, value in given.items():
        sheet, _, cell = ref.partition("!")
        if sheet in sheets:
            _write(sheets[sheet], cell, value, shade)
    for name, head, first in (("Summary_Products", 8, 10), ("Summary_Communication", 25, 26)):
        if name not in sheets:
            continue
        for column in COLUMNS:
            if column["sheet"] != name or column["version"] not in ("both", version):
                continue
            letters = re.match("[A-Z]+", column["cell"])
            at = column_number(letters.group() if letters else "A") - 1 + shift
            sheets[name].write_string(head - 1, at, column["field"], shade)
            for i, product in enumerate(products):
                key = next((k for k in product if column["field"].startswith(k)), None)
                if key is not None:
                    _write(sheets[name], (first - 1 + i, at), product[key], shade)
    if protect:
        for sheet in sheets.values():
            sheet.protect("secret")
    if "A_InstData" in sheets:
        sheets["A_InstData"].data_validation(
            "E83:E92", {"validate": "list", "source": ["Crude steel", "Iron or steel products"]}
        )
        sheets["A_InstData"].conditional_format("I9:I40", {"type": "blanks", "format": shade})
        sheets["A_InstData"].merge_range("B2:D3", "CBAM", shade)
        book.define_name("Period", "=A_InstData!$I$9")
    book.close()
    return _rewritten(out.getvalue(), macro)


def _write(sheet: Any, cell: Any, value: Any, shade: Any) -> None:
    where = (
        cell
        if isinstance(cell, tuple)
        else (int(re.sub(r"\D", "", cell)) - 1, column_number(re.sub(r"\d", "", cell)) - 1)
    )
    if isinstance(value, str) and value.startswith("="):
        formula, _, stored = value.partition("|")
        sheet.write_formula(*where, formula, shade, float(stored) if stored[:1].isdigit() else stored)
    elif value == "":
        sheet.write_blank(*where, None, shade)
    elif isinstance(value, str):
        sheet.write_string(*where, value, shade)
    else:
        sheet.write_number(*where, value, shade)


def _rewritten(data: bytes, macro: bool) -> bytes:
    """Return a workbook that is not marked to be computed afresh, as xlsm with a part of macros where asked for."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info.filename)
            if info.filename == "xl/workbook.xml":
                content = content.replace(b' fullCalcOnLoad="1"', b"")
            if macro and info.filename == "[Content_Types].xml":
                plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
                content = content.replace(plain, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")
                bins = b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
                content = content.replace(b"</Types>", bins)
            new.writestr(info, content)
        if macro:
            new.writestr("xl/vbaProject.bin", MACRO)
    return out.getvalue()


def members(data: bytes) -> dict[str, bytes]:
    """Return every part of a package."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
