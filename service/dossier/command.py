"""``yuetan cbam dossier``: the deduction dossier in the terminal, as PDF or as a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import AsJson, Lang, people, print_json, read_input, write


def dossier(
    file: Annotated[Path, typer.Argument(help="装置、账户、货物与证据，JSON 或 YAML / position, goods and evidence")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="写成 .pdf 或 .xlsx / write .pdf or .xlsx")] = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """已付碳价扣减材料 / the dossier on the carbon price paid: what counts, what is missing, who must certify it."""
    from service import clock
    from service.dossier.read import dossier_paper, dossier_read, state_of
    from service.dossier.use import DossierAsk, made_of
    from service.library import Library
    from service.press.document import pdf
    from service.press.sheet import xlsx

    library = Library()
    asked = read_input(file, DossierAsk, lang)
    with people(lang):
        made = made_of(asked, library, library.market, library.fx, clock.today())
    if out:
        paper = dossier_paper(made, clock.today())
        write(out, xlsx(paper, lang) if out.suffix.lower() == ".xlsx" else pdf(paper, lang), lang)
    if as_json:
        print_json(dossier_read(made).model_dump(mode="json"))
        return
    console = terminal.console()
    found = made.dossier
    console.print(found.plain.get(lang), style="bold")
    console.print(terminal.rows(found, f"{found.installation} · {found.year}", lang))
    table = terminal.grid(Text("证据清单", "Evidence").get(lang))
    for _ in range(4):
        table.add_column(overflow="fold")
    for one in found.evidence:
        table.add_row(state_of(one).get(lang), one.name.get(lang), one.by.get(lang), one.reference)
    console.print(table)
    if made.findings:
        console.print(terminal.findings([finding.to_dict() for finding in made.findings], lang))
