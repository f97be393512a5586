"""``yuetan position``: the position of a compliance year in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Text
from models.findings import Finding
from service import terminal
from service.command import (
    FAILED,
    UNREADABLE,
    AsJson,
    Lang,
    installation,
    people,
    print_json,
    read_bytes,
    read_input,
    write,
)

if TYPE_CHECKING:
    from rich.table import Table

    from models.compliance import Outlook
    from service.position.use import Positioned

#: Products that a terminal is shown.
_SHOWN = 40


def position(
    file: Annotated[Path, typer.Argument(help="填好的模板 xlsx，或 JSON、YAML / the filled template, or JSON or YAML")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="写成 .pdf 或 .xlsx / write .pdf or .xlsx")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="保存，供出具成本单 / keep it, for statements")] = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """履约年度盈缺与碳成本 / position of a compliance year: obligation, cover, cost to date and to come."""
    from service import clock
    from service.auth import EMBEDDED
    from service.library import Library
    from service.position.keep import keep as kept
    from service.position.paper import position_paper
    from service.position.read import position_read
    from service.position.use import PositionAsk, positioned
    from service.position.workbook import read_year
    from service.press.document import pdf
    from service.press.sheet import xlsx

    library = Library()
    console, cells = terminal.console(), list[Finding]()
    if file.suffix.lower() in (".xlsx", ".xlsm"):
        with people(lang, UNREADABLE):
            read = read_year(read_bytes(file, lang), library.book())
        cells += read.findings
        if read.asked is None:
            console.print(terminal.findings([finding.to_dict() for finding in cells], lang))
            raise typer.Exit(FAILED)
        asked = read.asked
    else:
        asked = read_input(file, PositionAsk, lang)
    with people(lang):
        found = positioned(asked, library, library.market, clock.today())
    if out:
        paper = position_paper(found, clock.today())
        write(out, xlsx(paper, lang) if out.suffix.lower() == ".xlsx" else pdf(paper, lang), lang)
    if keep:
        with installation(lang) as parts, parts.database.writing() as db:
            row = kept(db, EMBEDDED, parts.library, asked, clock.today())[0]
            said = Text(f"已保存，编号 {row.id}", f"Kept, number {row.id}").get(lang)
        typer.echo(said, err=True)
    if as_json:
        print_json(position_read(found).model_dump(mode="json"))
        return
    title = f"{asked.year.installation} · {found.position.compliance_year} · {found.regime.name.get(lang)}"
    if found.allocation:
        console.print(terminal.rows(found.allocation, Text("免费配额", "Free allocation").get(lang), lang, proof=False))
    console.print(terminal.rows(found.position, title, lang))
    if found.costs is not None:
        console.print(_costs(found, lang))
    console.print(_outlook(found.position.outlook, lang))
    cells += found.findings
    if cells:
        console.print(terminal.findings([finding.to_dict() for finding in cells], lang))


def _costs(found: Positioned, lang: str) -> Table:
    """Return what carbon costs each product; JSON holds more than a terminal is shown."""
    from service.position.paper import COST_HEADS, cost_rows

    title = Text("每吨产品的碳成本", "Carbon cost per tonne of product")
    table = terminal.grid(title.get(lang), header=True)
    table.add_column(Text("产品", "Product").get(lang))
    for head in COST_HEADS:
        table.add_column(head.get(lang), justify="right")
    rows = cost_rows(found)
    for row in (*rows[: min(len(rows) - 1, _SHOWN)], rows[-1]):
        table.add_row(*(cell.get(lang) if isinstance(cell, Text) else cell for cell in row))
    return table


def _outlook(found: Sequence[Outlook], lang: str) -> Table:
    """Return what is still to be bought at each price."""
    title = Text(
        "尚需购买部分按各价格估算（不是已付价格）", "What is still to be bought, at each price (no price paid)"
    )
    table = terminal.grid(title.get(lang), header=True)
    for head in (
        Text("价格", "Price"), Text("元/吨", "CNY/t"), Text("购买费用", "To be spent, CNY"), Text("全年合计", "The year, CNY"),
        Text("每吨排放", "Per tonne emitted"),
    ):  # fmt: skip
        table.add_column(head.get(lang), justify="left" if head.en == "Price" else "right")
    for one in found:
        values = (one.line.cny_per_t, one.open_cny, one.total_cny, one.per_t_cny)
        table.add_row(one.line.label.get(lang), *("—" if value is None else f"{value:,.2f}" for value in values))
    return table
