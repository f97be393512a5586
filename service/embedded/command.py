"""``yuetan cost chain``: the carbon cost of a chain in the terminal, from a filled template, two tables, JSON or YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Text
from models.findings import Finding
from service import terminal
from service.command import FAILED, UNREADABLE, AsJson, Lang, people, print_json, read_bytes, read_input, write

if TYPE_CHECKING:
    from rich.table import Table

    from models.roll_up import NodeCost

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
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """产业链碳成本：各级产品的全额、实付、边际成本 / carbon cost along a chain, in three views, loops included."""
    from service.embedded import use
    from service.embedded.read import file_read
    from service.embedded.workbook import template_bytes
    from service.library import Library

    if template is not None:
        write(template, template_bytes(example=example), lang)
        typer.echo(str(template))
    if file is None:
        if template is None:
            raise typer.BadParameter(Text("请给出文件或 --template", "give a file or --template").get(lang))
        return
    library, console, findings = Library(), terminal.console(), list[Finding]()
    if file.suffix.lower() in (".json", ".yaml", ".yml"):
        from models.roll_up_asked import ChainAsk

        asked = read_input(file, ChainAsk, lang)
        with people(lang):
            found = use.rolled_up(asked, library)
        findings += found.findings
    else:
        data, more = read_bytes(file, lang), read_bytes(inputs, lang) if inputs else None
        with people(lang, UNREADABLE):
            made, told = use.from_file(data, library, more)
        findings += told
        if made is None:
            console.print(terminal.findings([finding.to_dict() for finding in findings], lang))
            raise typer.Exit(FAILED)
        found = made
    if as_json:
        print_json(file_read(found, findings).model_dump(mode="json"))
        return
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
