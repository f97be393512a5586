"""``yuetan cbam year``: the year of an importer in the terminal, from a table or from JSON, and as PDF, workbook or calendar."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import ROWS_REFUSED, UNREADABLE, AsJson, Lang, people, print_json, read_bytes, read_input, write

if TYPE_CHECKING:
    from models.findings import Finding
    from service.importer.use import ImporterYear
    from service.library import Library


def year(
    file: Annotated[
        Path, typer.Argument(help="进口清单（xlsx、csv），或 JSON、YAML / imports as a table, or JSON, YAML")
    ],
    of: Annotated[
        int | None, typer.Option("--year", min=2026, max=2060, help="年度，表格时需要 / year, for a table")
    ] = None,
    surrendered: Annotated[
        float | None,
        typer.Option("--surrendered-last-year", min=0, help="上年度上缴数 / surrendered for the year before"),
    ] = None,
    held: Annotated[float, typer.Option(min=0, help="已持有证书 / certificates held")] = 0.0,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="写成 .pdf、.xlsx 或 .ics / write .pdf, .xlsx or .ics")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="有行被拒绝时退出码为 4 / exit 4 if a row is refused")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """进口商年度：门槛、申报汇总、季末持有、账户、日历 / an importer's year: threshold, declaration, holding, calendar."""
    from cbam.calendar import ics
    from service import clock
    from service.importer.read import importer_paper, importer_read
    from service.importer.use import worked_out
    from service.library import Library
    from service.press.document import pdf
    from service.press.sheet import xlsx

    library, today = Library(), clock.today()
    asked, unread = _asked(file, of, surrendered, held, library, lang)
    with people(lang):
        found = worked_out(asked, library.book(), today)
    if out:
        paper = importer_paper(found, today)
        made = {".xlsx": lambda: xlsx(paper, lang), ".ics": lambda: ics(found.calendar, today, lang).encode()}
        write(out, made.get(out.suffix.lower(), lambda: pdf(paper, lang))(), lang)
    every = [*unread, *found.findings]
    if as_json:
        read = importer_read(found).model_dump(mode="json")
        print_json(read | {"findings": [finding.to_dict() for finding in every]})
    else:
        console = terminal.console()
        console.print(
            terminal.rows(found.threshold, Text(f"{asked.year} 年门槛", f"Threshold of {asked.year}").get(lang), lang)
        )
        table = terminal.grid(Text("申报汇总", "Summary of the declaration").get(lang), header=True)
        for head in (Text("CN 编码", "CN code"), Text("原产地", "Origin"), Text("装置", "Installation"), Text("净重 t", "Mass t"),
                     Text("证书", "Certificates")):  # fmt: skip
            table.add_column(
                head.get(lang), justify="right" if "t" in head.en[-1:] or head.en == "Certificates" else "left"
            )
        for group in found.declaration.groups:
            table.add_row(
                group.cn_code,
                group.origin,
                group.installation or "—",
                f"{group.net_mass_t:,.3f}",
                f"{group.certificates:,.5f}",
            )
        console.print(table)
        if found.account:
            console.print(
                terminal.rows(found.account, Text("证书账户", "Certificate account").get(lang), lang, proof=False)
            )
        days = terminal.grid(Text("日历", "Calendar").get(lang))
        for duty in found.calendar:
            days.add_row(str(duty.on), duty.title.get(lang), duty.read.source)
        console.print(days)
        if every:
            console.print(terminal.findings([finding.to_dict() for finding in every], lang))
    if strict and any(finding.refuses for finding in every):
        raise typer.Exit(ROWS_REFUSED)


def _asked(
    file: Path, year: int | None, surrendered: float | None, held: float, library: Library, lang: str
) -> tuple[ImporterYear, list[Finding]]:
    from service.importer.table import read_imports
    from service.importer.use import ImporterYear
    from service.workbook.guard import read_grid

    if file.suffix.lower() in (".json", ".yaml", ".yml"):
        return read_input(file, ImporterYear, lang), []
    data = read_bytes(file, lang)
    with people(lang, UNREADABLE):
        lines, findings = read_imports(read_grid(data, file.name), library.book())
    of = year or max((line.imported_on.year for line in lines), default=2026)
    return ImporterYear(year=of, imports=tuple(lines), surrendered_last_year=surrendered, held=held), findings
