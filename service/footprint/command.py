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
    installation,
    people,
    print_json,
    read_bytes,
    read_input,
    settings_of,
    write,
)

if TYPE_CHECKING:
    from models.factor_records import HandedIn

#: Versions that the terminal lists.
_MOST = 1000


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


def keep(
    file: Annotated[Path, typer.Argument(help="填好的模板 xlsx，或 JSON、YAML / the filled template, or JSON or YAML")],
    product: Annotated[str, typer.Option("--product", help="留存哪个产品 / product to keep")],
    follows: Annotated[str | None, typer.Option("--follows", help="替代的版本 / id of the version it follows")] = None,
    reason: Annotated[str, typer.Option("--reason", help="为什么有新版本 / why there is a new version")] = "",
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """留存为不可更改的版本 / keep a product as a version that never changes."""
    from service import clock
    from service.auth import EMBEDDED
    from service.factors.use import kept as factors_of
    from service.footprint import keep as use
    from service.footprint.kept_read import kept_read
    from service.footprint.use import FootprintAsk
    from service.footprint.workbook import read_bill

    if file.suffix.lower() in (".xlsx", ".xlsm"):
        with people(lang, UNREADABLE):
            read = read_bill(read_bytes(file, lang))
        if read.ask is None:
            terminal.console().print(terminal.findings([one.to_dict() for one in read.findings], lang))
            raise typer.Exit(UNREADABLE)
        ask = read.ask
    else:
        ask = read_input(file, FootprintAsk, lang)
    with installation(lang) as parts, parts.database.writing() as db:
        given = {"bill": ask.bill, "submissions": ask.submissions, "on": ask.on, "product": product, "reason": reason}
        asked = use.KeepAsk.model_validate(given | ({"follows": follows} if follows else {}))
        row, made = use.keep(db, EMBEDDED, parts.library, asked, clock.today(), factors_of(db, EMBEDDED))
        read_back = kept_read(use.one(db, EMBEDDED, parts.library, row.id))
    if as_json:
        print_json(read_back.model_dump(mode="json"))
        return
    said = Text("已留存", "Kept") if made else Text("此前已留存", "Kept before")
    typer.echo(f"{said.get(lang)} v{row.version} {row.id}")


def kept(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """列出留存的版本 / list the versions kept."""
    from service.auth import EMBEDDED
    from service.footprint import keep as use
    from service.footprint.kept_read import kept_read

    with installation(lang) as parts, parts.database.reading() as db:
        found = [kept_read(one) for one in use.listed(db, EMBEDDED, parts.library, _MOST)[0]]
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    table = terminal.grid()
    for one in found:
        state = Text("已有新版本", "superseded") if one.followed_by else Text("现行", "stands")
        table.add_row(
            str(one.id), one.name, str(one.year), f"v{one.version}", f"{one.kgco2e:,.4f} kgCO2e/{one.declared_unit}",
            state.get(lang),
        )  # fmt: skip
    terminal.console().print(table)


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
