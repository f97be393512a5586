"""``yuetan position``: the position of a compliance year in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import AsJson, Lang, people, print_json, read_input

if TYPE_CHECKING:
    from rich.table import Table

    from models.compliance import Outlook


def position(
    file: Annotated[Path, typer.Argument(help="装置、配额与账户，JSON 或 YAML / installation, allocation and account")],
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """履约年度盈缺与碳成本 / position of a compliance year: obligation, cover, cost to date and to come."""
    from service import clock
    from service.library import Library
    from service.position.read import position_read
    from service.position.use import PositionAsk, positioned

    library = Library()
    asked = read_input(file, PositionAsk, lang)
    with people(lang):
        found = positioned(asked, library, library.market, clock.today())
    if as_json:
        print_json(position_read(found).model_dump(mode="json"))
        return
    console = terminal.console()
    title = f"{asked.year.installation} · {found.position.compliance_year} · {found.regime.name.get(lang)}"
    if found.allocation:
        console.print(terminal.rows(found.allocation, Text("免费配额", "Free allocation").get(lang), lang, proof=False))
    console.print(terminal.rows(found.position, title, lang))
    console.print(_outlook(found.position.outlook, lang))
    if found.findings:
        console.print(terminal.findings([finding.to_dict() for finding in found.findings], lang))


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
