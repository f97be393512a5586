"""``yuetan cost park`` and ``yuetan cost bids``: a park and offers in the terminal, from a filled template, JSON or YAML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import FAILED, UNREADABLE, AsJson, Lang, people, print_json, read_bytes, read_input, write

if TYPE_CHECKING:
    from rich.table import Table

    from models.bids import Comparison
    from models.park import Park
    from service.supply.tool import Asked, Found, Tool

File = Annotated[
    Path | None, typer.Argument(help="填好的模板 xlsx，或 JSON、YAML / the filled template, or JSON or YAML")
]
Template = Annotated[Path | None, typer.Option("--template", help="写出空白模板 / write the empty workbook")]
Example = Annotated[bool, typer.Option("--example", help="模板中填入示例 / with an example in it")]
Paper = Annotated[Path | None, typer.Option("-o", "--out", help="写成 .pdf 或 .xlsx / write .pdf or .xlsx")]
#: Rows that a terminal is shown; JSON holds all of them.
_SHOWN = 40


def park(
    file: File = None,
    template: Template = None,
    example: Example = False,
    out: Paper = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """园区碳排放汇总：成员企业与共享电热，每吨只在一处 / roll-up of a park: members and shared power and heat."""
    from service.supply.tool import PARK_TOOL

    found = _run(PARK_TOOL, file, template, example, out, as_json, lang)
    if found is not None:
        terminal.console().print(_members(found, lang))


def bids(
    file: File = None,
    template: Template = None,
    example: Example = False,
    out: Paper = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """报价含碳比较：价格加影子碳价下的碳成本，名次何时改变 / offers by price and carbon, and where the order changes."""
    from service.supply.tool import BIDS_TOOL

    found = _run(BIDS_TOOL, file, template, example, out, as_json, lang)
    if found is not None:
        terminal.console().print(_offers(found, lang))


def _run(
    tool: Tool[Asked, Found],
    file: Path | None,
    template: Path | None,
    example: bool,
    out: Path | None,
    as_json: bool,
    lang: str,
) -> Found | None:
    """Write the template, work the file out, print or write it; the result where a table of it is still to be shown."""
    from service import clock
    from service.library import Library
    from service.press.document import pdf
    from service.press.sheet import xlsx
    from service.supply.workbook import template_bytes

    if template is not None:
        write(template, template_bytes(tool.workbook, tool.rows if example else None), lang)
        typer.echo(str(template))
    if file is None:
        if template is None:
            raise typer.BadParameter(Text("请给出文件或 --template", "give a file or --template").get(lang))
        return None
    if out is not None and out.suffix.lower() not in (".pdf", ".xlsx"):
        raise typer.BadParameter(".pdf .xlsx")
    library, console = Library(), terminal.console()
    found: Found | None
    if file.suffix.lower() in (".json", ".yaml", ".yml"):
        asked = read_input(file, tool.asks, lang)
        with people(lang):
            found = tool.work(asked, library)
        findings = found.findings
    else:
        data = read_bytes(file, lang)
        with people(lang, UNREADABLE):
            found, findings = tool.from_file(data, library)
    if found is None:
        console.print(terminal.findings([finding.to_dict() for finding in findings], lang))
        raise typer.Exit(FAILED)
    if out is not None:
        paper = tool.paper(found, clock.today())
        write(out, pdf(paper, lang) if out.suffix.lower() == ".pdf" else xlsx(paper, lang), lang)
    if as_json:
        print_json(tool.read(found, findings).model_dump(mode="json"))
        return None
    for said in tool.verdict(found):
        console.print(said.get(lang), markup=False)
    console.print(terminal.rows(found, tool.text.get(lang), lang))
    if findings:
        console.print(terminal.findings([finding.to_dict() for finding in findings], lang))
    return found


def _members(found: Park, lang: str) -> Table:
    table = terminal.grid(Text("各企业排放，tCO2", "Emissions of the members, tCO2").get(lang), header=True)
    for head in (
        Text("企业", "Member"), Text("直接", "Direct"), Text("转出", "Handed on"), Text("电力转入", "With power"),
        Text("热力转入", "With heat"), Text("合计", "Total"),
    ):  # fmt: skip
        table.add_column(head.get(lang), justify="left" if head.en == "Member" else "right")
    for one in found.members[:_SHOWN]:
        values = (one.direct, one.handed_on, one.received["electricity"], one.received["heat"], one.total)
        table.add_row(one.name, *map(_shown, values))
    return _with_rest(table, len(found.members), lang)


def _offers(found: Comparison, lang: str) -> Table:
    table = terminal.grid(Text(f"各报价，元/{found.unit}", f"Offers, CNY per {found.unit}").get(lang), header=True)
    for head in (
        Text("含碳名次", "Rank"), Text("价格名次", "By price"), Text("报价", "Offer"), Text("单价", "Price"),
        Text("碳成本", "Carbon"), Text("合计", "Together"),
    ):  # fmt: skip
        table.add_column(head.get(lang), justify="left" if head.en == "Offer" else "right")
    for one in found.offers[:_SHOWN]:
        name = f"{one.offer.id} · {one.offer.bidder}"
        rank = "—" if one.rank is None else str(one.rank)
        table.add_row(rank, str(one.rank_by_price), name, *map(_shown, (one.price, one.carbon, one.whole)))
    return _with_rest(table, len(found.offers), lang)


def _with_rest(table: Table, count: int, lang: str) -> Table:
    if count > _SHOWN:
        left = count - _SHOWN
        table.caption = Text(f"另有 {left} 行，见 --json", f"{left} more: see --json").get(lang)
    return table


def _shown(value: float | None) -> str:
    return "—" if value is None else f"{value:z,.2f}"
