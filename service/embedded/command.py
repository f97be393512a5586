"""``yuetan cost chain``: the carbon cost of a chain in the terminal, from a filled template, two tables, JSON or YAML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Text
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

    from models.roll_up import NodeCost
    from service.embedded.supplies import ChainQuestion
    from service.embedded.use import Shelf

#: Rows of nodes that a terminal is shown; JSON holds all of them.
_SHOWN = 40


def chain(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="填好的模板 xlsx，节点表 csv，或 JSON、YAML / the template, a csv of nodes, or JSON or YAML"
        ),
    ] = None,
    inputs: Annotated[Path | None, typer.Option("--inputs", help="投入表 csv / a csv of the inputs")] = None,
    template: Annotated[Path | None, typer.Option("--template", help="写出空白模板 / write the empty workbook")] = None,
    example: Annotated[bool, typer.Option("--example", help="模板中填入示例 / with an example in it")] = False,
    signed: Annotated[
        list[Path] | None,
        typer.Option("--statement", help="供应商的签名成本单，可多次 / a supplier's signed statement, repeatable"),
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="写成 .pdf 或 .xlsx / write .pdf or .xlsx")] = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """产业链碳成本：各级产品的全额、实付、边际成本 / carbon cost along a chain, in three views, loops included."""
    from service import clock
    from service.embedded import use
    from service.embedded.paper import chain_paper
    from service.embedded.read import file_read
    from service.embedded.supplies import ChainQuestion
    from service.embedded.workbook import read_chain, template_bytes
    from service.library import Library
    from service.press.document import pdf
    from service.press.sheet import xlsx

    if template is not None:
        write(template, template_bytes(example=example), lang)
        typer.echo(str(template))
    if file is None:
        if template is None:
            raise typer.BadParameter(Text("请给出文件或 --template", "give a file or --template").get(lang))
        return
    if out is not None and out.suffix.lower() not in (".pdf", ".xlsx"):
        raise typer.BadParameter(".pdf .xlsx")
    library, console = Library(), terminal.console()
    files = [read_bytes(one, lang) for one in signed or ()]
    if file.suffix.lower() in (".json", ".yaml", ".yml"):
        asked = read_input(file, ChainQuestion, lang)
        with _shelf(asked, files, lang) as shelf:
            rolled: use.Rolled | None = use.rolled_up(asked, library, shelf)
        findings = rolled.findings if rolled else ()
    else:
        data, more = read_bytes(file, lang), read_bytes(inputs, lang) if inputs else None
        with people(lang, UNREADABLE):
            read = read_chain(data, more)
        with _shelf(read.asked, files, lang) as shelf:
            rolled, findings = use.from_file(read, library, shelf)
    if rolled is None:
        console.print(terminal.findings([finding.to_dict() for finding in findings], lang))
        raise typer.Exit(FAILED)
    if out is not None:
        paper = chain_paper(rolled, clock.today())
        write(out, pdf(paper, lang) if out.suffix.lower() == ".pdf" else xlsx(paper, lang), lang)
    if as_json:
        print_json(file_read(rolled, findings).model_dump(mode="json"))
        return
    found = rolled.found
    console.print(_nodes(found.nodes[:_SHOWN], lang))
    if len(found.nodes) > _SHOWN:
        more_nodes = len(found.nodes) - _SHOWN
        console.print(Text(f"另有 {more_nodes} 个节点，见 --json", f"{more_nodes} more nodes: see --json").get(lang))
    for one in found.products[:5]:
        console.print(terminal.rows(one, one.node.id, lang, proof=False))
    for loop in found.loops:
        names = ", ".join(loop.members[:8])
        said = Text(f"循环：{names}（谱半径 {loop.radius:.4f}）", f"Loop: {names} (spectral radius {loop.radius:.4f})")
        console.print(said.get(lang), markup=False)
    if findings:
        console.print(terminal.findings([finding.to_dict() for finding in findings], lang))


@contextmanager
def _shelf(asked: ChainQuestion | None, files: Sequence[bytes], lang: str) -> Iterator[Shelf | None]:
    """Give the installation's statements and the files; none where the chain names none, and no database is opened."""
    from service.auth import EMBEDDED
    from service.embedded.use import Shelf

    if asked is None or not (asked.statements or files):
        with people(lang):
            yield None
        return
    with installation(lang) as parts, parts.database.reading() as db:
        yield Shelf(db, EMBEDDED, files)


def _nodes(nodes: Sequence[NodeCost], lang: str) -> Table:
    """Return the embedded cost of the nodes, and what reaches the buyer."""
    table = terminal.grid(Text("每单位碳成本，元", "Carbon cost per unit, CNY").get(lang), header=True)
    heads = (
        Text("节点", "Node"), Text("全额", "Full"), Text("实付", "Paid"), Text("边际", "Marginal"),
        Text("到达买方（全额）", "Handed on (full)"),
    )  # fmt: skip
    for head in heads:
        table.add_column(head.get(lang), justify="left" if head.en == "Node" else "right")
    for node in nodes:
        table.add_row(f"{node.id} ({node.unit})", *map(_shown, node.embedded), _shown(node.handed_on[0]))
    return table


def _shown(value: float | None) -> str:
    return "—" if value is None else f"{value:,.4f}"
