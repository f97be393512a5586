"""``yuetan cbam communication``: the Commission's workbook in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import ROWS_REFUSED, AsJson, Lang, Out, people, print_json, read_bytes, read_input, write

app = typer.Typer(no_args_is_help=True, help="欧盟委员会信息沟通表 / the Commission's communication workbook")


@app.command("read")
def read_(
    file: Annotated[Path, typer.Argument(help="信息沟通表 xlsx、xlsm / the workbook")],
    origin: Annotated[str, typer.Option(help="原产地 / origin of the goods")] = "CN",
    strict: Annotated[bool, typer.Option("--strict", help="有问题时退出码为 4 / exit 4 if a cell is refused")] = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """读取产品的直接 SEE 和逐格问题 / read the direct SEE of the products, and what is amiss cell by cell."""
    from service.communication.reader import read_communication
    from service.communication.routes import communication_read
    from service.library import Library

    data = read_bytes(file, lang)
    with people(lang):
        found = read_communication(data, Library().book())
    if as_json:
        print_json(communication_read(found, origin).model_dump(mode="json"))
    else:
        table = terminal.grid(f"{file.name} · {found.version}", header=True)
        for head in (
            Text("行", "Row"),
            Text("产品", "Product"),
            Text("CN", "CN"),
            Text("直接 SEE", "Direct SEE"),
            Text("可用", "Usable"),
        ):
            table.add_column(head.get(lang))
        for one in found.products:
            lacking = "、".join(t.zh for t in one.lacking) if lang == "zh" else ", ".join(t.en for t in one.lacking)
            state = (
                Text("可用，另需 SEFA", "usable, SEFA has to be added").get(lang)
                if one.usable
                else Text("缺：", "lacks: ").get(lang) + lacking
            )
            values = one.values
            table.add_row(
                str(one.row),
                str(values.get("product") or "—"),
                str(values.get("cn_code") or "—"),
                str(values.get("see_direct")),
                state,
            )
        console = terminal.console()
        console.print(table)
        if found.findings:
            console.print(terminal.findings([finding.to_dict() for finding in found.findings], lang))
    if strict and any(finding.refuses for finding in found.findings):
        raise typer.Exit(ROWS_REFUSED)


@app.command("fill")
def fill(
    file: Annotated[Path, typer.Argument(help="您的信息沟通表 / your workbook")],
    installation: Annotated[Path, typer.Argument(help="装置数据 JSON、YAML / the installation")],
    out: Out,
    overwrite: Annotated[
        list[str] | None, typer.Option(help="允许覆盖的单元格，如 D_Processes!L54 / cells that may be overwritten")
    ] = None,
    lang: Lang = "zh",
) -> None:
    """把结果写入您提供的副本，不动公式、宏和已填内容 / write our results into a copy, formulas and entries kept."""
    from cbam.plant import Installation
    from service.communication.surgical import OUTCOMES
    from service.communication.use import filled
    from service.library import Library

    data, plant = read_bytes(file, lang), read_input(installation, Installation, lang)
    with people(lang):
        made = filled(data, plant, Library(), overwrite or ())
    write(out, made.data, lang)
    write(out.with_suffix(".csv"), made.companion(), lang)
    table = terminal.grid(f"{out.name} · {made.version}")
    for one in made.written:
        table.add_row(
            f"{one.edit.sheet}!{one.edit.cell}", str(one.edit.value), OUTCOMES[one.outcome].get(lang), one.before
        )
    terminal.console().print(table)
    if made.left_out:
        typer.echo(Text("没有位置写入：", "No room for: ").get(lang) + ", ".join(made.left_out))


@app.command("report")
def report(
    file: Annotated[Path, typer.Argument(help="装置与主数据 JSON、YAML / installation with master data")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="写成 .pdf 或 .xlsx / write .pdf or .xlsx")] = None,
    lang: Lang = "zh",
) -> None:
    """运营者报告（正式期），JSON / the operator's report of the definitive period, as JSON."""
    from service import clock
    from service.communication.report import report_paper
    from service.communication.use import ReportAsk, reported
    from service.library import Library
    from service.press.document import pdf
    from service.press.sheet import xlsx

    asked = read_input(file, ReportAsk, lang)
    with people(lang):
        made = reported(asked, Library())
    if out:
        paper = report_paper(made, clock.today())
        write(out, xlsx(paper, lang) if out.suffix.lower() == ".xlsx" else pdf(paper, lang), lang)
    print_json(made.model_dump(mode="json"))
