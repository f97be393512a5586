"""``yuetan cbam see``: an installation in the terminal, from a filled template, JSON or YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import (
    FAILED,
    ROWS_REFUSED,
    UNREADABLE,
    AsJson,
    Lang,
    LawScenario,
    people,
    print_json,
    read_bytes,
    read_input,
    write,
)


def see(
    file: Annotated[
        Path | None, typer.Argument(help="填好的模板 xlsx，或 JSON、YAML / the filled template, or JSON or YAML")
    ] = None,
    law_scenario: LawScenario = None,
    template: Annotated[Path | None, typer.Option("--template", help="写出空白模板 / write the empty workbook")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="写成 .pdf 或 .xlsx / write .pdf or .xlsx")] = None,
    origin: Annotated[str, typer.Option("--origin", help="装置所在国 / country of the installation")] = "CN",
    price: Annotated[
        float | None, typer.Option("--price", min=0.01, max=1e4, help="证书价格 EUR/tCO2e / certificate price")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="有内容被拒绝时退出码为 4 / exit 4 if anything is refused")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """装置实际排放：各工序的 SEE 与 SEFA / actual emissions of an installation: SEE and SEFA, step by step."""
    from cbam.plant import Installation
    from service import clock
    from service.installation import use
    from service.installation.paper import installation_paper
    from service.installation.read import installation_of
    from service.installation.workbook import template_bytes
    from service.library import Library
    from service.press.document import pdf
    from service.press.sheet import xlsx

    if template is not None:
        write(template, template_bytes(), lang)
        typer.echo(str(template))
    if file is None:
        if template is None:
            raise typer.BadParameter(Text("请给出文件或 --template", "give a file or --template").get(lang))
        return
    library = Library()
    console = terminal.console()
    if file.suffix.lower() in (".xlsx", ".xlsm"):
        data = read_bytes(file, lang)
        with people(lang, UNREADABLE):
            found, findings = use.from_file(data, library, law_scenario or ())
        if found is None:
            console.print(terminal.findings([finding.to_dict() for finding in findings], lang))
            raise typer.Exit(FAILED)
    else:
        asked = read_input(file, Installation, lang)
        with people(lang):
            found = use.worked_out(asked, library, law_scenario or ())
    if out is not None:
        with people(lang):
            paper = installation_paper(use.told(found, library, origin, price), clock.today())
        write(out, xlsx(paper, lang) if out.suffix.lower() == ".xlsx" else pdf(paper, lang), lang)
    if as_json:
        print_json(installation_of(found).model_dump(mode="json"))
    else:
        for key, made in found.processes.items():
            console.print(terminal.rows(made, f"{key} · {made.good.cn_code}", lang, proof=False))
        console.print(terminal.rows(found, Text("装置汇总", "The installation").get(lang), lang))
        if found.findings:
            console.print(terminal.findings([finding.to_dict() for finding in found.findings], lang))
    if strict and any(finding.refuses for finding in found.findings):
        raise typer.Exit(ROWS_REFUSED)
