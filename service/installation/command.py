"""``yuetan cbam see``: an installation in the terminal, from a JSON or YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import ROWS_REFUSED, AsJson, Lang, LawScenario, people, print_json, read_input


def see(
    file: Annotated[Path, typer.Argument(help="装置数据，JSON 或 YAML / installation data, JSON or YAML")],
    law_scenario: LawScenario = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="有内容被拒绝时退出码为 4 / exit 4 if anything is refused")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """装置实际排放：各工序的 SEE 与 SEFA / actual emissions of an installation: SEE and SEFA, step by step."""
    from cbam.plant import Installation
    from service.installation import use
    from service.installation.read import installation_of
    from service.library import Library

    asked = read_input(file, Installation, lang)
    with people(lang):
        found = use.worked_out(asked, Library(), law_scenario or ())
    if as_json:
        print_json(installation_of(found).model_dump(mode="json"))
    else:
        console = terminal.console()
        for key, made in found.processes.items():
            console.print(terminal.rows(made, f"{key} · {made.good.cn_code}", lang, proof=False))
        console.print(terminal.rows(found, Text("装置汇总", "The installation").get(lang), lang))
        if found.findings:
            console.print(terminal.findings([finding.to_dict() for finding in found.findings], lang))
    if strict and any(finding.refuses for finding in found.findings):
        raise typer.Exit(ROWS_REFUSED)
