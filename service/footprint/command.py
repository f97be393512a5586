"""``yuetan footprint make``: a footprint in the terminal, from a filled template, JSON or YAML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import (
    FAILED,
    ROWS_REFUSED,
    UNREADABLE,
    AsJson,
    Lang,
    has_database,
    people,
    print_json,
    read_bytes,
    read_input,
    settings_of,
    write,
)

if TYPE_CHECKING:
    from models.factor_records import HandedIn


def make(
    file: Annotated[
        Path | None, typer.Argument(help="填好的模板 xlsx，或 JSON、YAML / the filled template, or JSON or YAML")
    ] = None,
    template: Annotated[Path | None, typer.Option("--template", help="写出空白模板 / write the empty workbook")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="写成 .pdf 或 .xlsx / write .pdf or .xlsx")] = None,
    product: Annotated[str, typer.Option("--product", help="报告哪个产品 / product of the report")] = "",
    strict: Annotated[
        bool, typer.Option("--strict", help="有内容被拒绝时退出码为 4 / exit 4 if anything is refused")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """各产品碳足迹、区间与核对 / each product with its interval, and what it is checked against."""
    from service import clock
    from service.footprint.file import from_bill, from_file
    from service.footprint.paper import footprint_paper
    from service.footprint.read import file_read
    from service.footprint.use import ReconcileAsk
    from service.footprint.workbook import template_bytes
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
    library, today, kept = Library(), clock.today(), _kept()
    if file.suffix.lower() in (".xlsx", ".xlsm"):
        data = read_bytes(file, lang)
        with people(lang, UNREADABLE):
            found = from_file(data, library, today, kept)
    else:
        asked = read_input(file, ReconcileAsk, lang)
        with people(lang):
            found = from_bill(asked, library, today, kept)
    console = terminal.console()
    if found.made is not None and out is not None:
        chosen = product or next(iter(found.made.site.products))
        if chosen not in found.made.site.products:
            known = ", ".join(found.made.site.products)
            raise typer.BadParameter(Text(f"没有产品 {chosen}：{known}", f"no product {chosen}: {known}").get(lang))
        paper = footprint_paper(found.made, chosen, today)
        write(out, xlsx(paper, lang) if out.suffix.lower() == ".xlsx" else pdf(paper, lang), lang)
    if as_json:
        print_json(file_read(found).model_dump(mode="json"))
    else:
        if found.made is not None:
            for key, one in found.made.site.products.items():
                console.print(terminal.rows(one, one.product.name or key, lang, proof=False))
            console.print(terminal.rows(found.made.site, Text("厂区", "The site").get(lang), lang))
        if found.checked is not None:
            console.print(terminal.rows(found.checked.found, Text("核对", "Checks").get(lang), lang))
        if found.findings:
            console.print(terminal.findings([finding.to_dict() for finding in found.findings], lang))
    if found.made is None and found.checked is None:
        raise typer.Exit(FAILED)
    if strict and any(finding.refuses for finding in found.findings):
        raise typer.Exit(ROWS_REFUSED)


def _kept() -> HandedIn:
    """Return the accepted factors of this installation; nothing where it has no database."""
    from models.factor_records import NOTHING_HANDED_IN
    from service.auth import EMBEDDED
    from service.factors.use import kept
    from service.parts import Parts

    parts = Parts.of(settings_of())
    try:
        if not has_database(parts):
            return NOTHING_HANDED_IN
        with parts.database.reading() as db:
            return kept(db, EMBEDDED)
    finally:
        parts.close()
