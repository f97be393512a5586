"""``yuetan cbam see``: an installation in the terminal, from a JSON or YAML file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import ROWS_REFUSED, UNREADABLE, AsJson, Lang, LawScenario, people, print_json, read_bytes

if TYPE_CHECKING:
    from cbam.plant import Installation


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
    from service.installation import use
    from service.installation.read import installation_of
    from service.library import Library

    asked = _read(file, lang)
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


def _read(file: Path, lang: str) -> Installation:
    """Return the input; a file that cannot be read ends with exit code 3, each field that is wrong is named."""
    from pydantic import ValidationError

    from cbam.plant import Installation
    from models.files import parse_yaml
    from service.strict import check_json

    data = read_bytes(file, lang)
    with people(lang, UNREADABLE):
        if file.suffix.lower() in (".yaml", ".yml"):
            data = json.dumps(parse_yaml(data, file.name), ensure_ascii=False, default=str).encode()
        check_json(data)
    try:
        return Installation.model_validate_json(data, strict=True)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            typer.echo(f"{'.'.join(map(str, one['loc']))}: {one['msg']}", err=True)
        raise typer.Exit(UNREADABLE) from None
