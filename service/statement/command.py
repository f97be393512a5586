"""``yuetan statement``: issue, check, bring in, take back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from models.errors import Text
from service import terminal
from service.command import FAILED, AsJson, Lang, installation, print_json, read_bytes, read_input, write

app = typer.Typer(no_args_is_help=True, help="碳成本单 / carbon cost statements")
_FILE = Annotated[Path, typer.Argument(help="成本单文件 JSON、PDF 或 xlsx / the statement as it was issued")]


@app.command()
def make(
    file: Annotated[Path, typer.Argument(help="JSON 或 YAML / what it rests on, JSON or YAML")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="出具并写成 .json .pdf .xlsx / issue it and write it")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """试算一张成本单；加 -o 即出具并登记 / work a statement out; with -o issue it."""
    from service import clock
    from service.auth import EMBEDDED
    from service.statement.many import preview_verified
    from service.statement.read import preview_read
    from service.statement.routes import as_file
    from service.statement.use import StatementAsk, issue, prepared, taken

    kind = out.suffix.lower().lstrip(".") if out else "json"
    if kind not in ("json", "pdf", "xlsx"):
        raise typer.BadParameter(".json .pdf .xlsx")
    asked = read_input(file, StatementAsk, lang)
    console = terminal.console()
    with installation(lang) as parts, parts.database.writing() as db:
        if out is None:
            made = prepared(db, EMBEDDED, asked)[0]
            told = preview_verified(db, EMBEDDED, parts.library.accreditation, made, clock.today())
        else:
            row, envelope, _ = issue(
                db,
                EMBEDDED,
                parts.settings,
                asked,
                clock.today(),
                parts.settings.public_url,
                parts.library.accreditation,
            )
            content = as_file(parts, EMBEDDED, envelope, cast("Literal['json', 'pdf', 'xlsx']", kind), lang)
            taken(db, EMBEDDED, envelope, content)
    if out is not None:
        write(out, content, lang)
        console.print(Text(f"已出具，编号 {row.id}", f"Issued, number {row.id}").get(lang))
        return
    if as_json:
        print_json(preview_read(made, told).model_dump(mode="json"))
        return
    console.print(terminal.rows(made, f"{made.asked.product} → {made.asked.customer.name}", lang, proof=False))
    if findings := (*made.findings, *(told.findings if told else ())):
        console.print(terminal.findings([finding.to_dict() for finding in findings], lang))


@app.command()
def verify(file: _FILE, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """核对签名，以及是否已撤回 / check the signatures, and whether it stands."""
    from service.auth import EMBEDDED
    from service.statement.read import checked_read
    from service.statement.suppliers import checked
    from service.statement.verified import of_document

    data = read_bytes(file, lang)
    with installation(lang) as parts, parts.database.reading() as db:
        found = checked(db, EMBEDDED, data)
        told = checked_read(found, of_document(db, EMBEDDED, parts.library.accreditation, found.envelope.document))
    if as_json:
        print_json(told.model_dump(mode="json"))
    else:
        key, state = (Text(said.zh, said.en) for said in (told.issuer_key_text, told.text))
        console = terminal.console()
        console.print(state.get(lang))
        console.print(f"{told.issuer} · {key.get(lang)} · {told.key_id}")
        if told.verification is not None:
            by = Text(told.verification.text.zh, told.verification.text.en)
            console.print(f"{told.verified_by} · {by.get(lang)}", markup=False)
        console.print(f"{told.product} · {told.quantity_t} t · {told.first} – {told.last}")
    if told.state == "withdrawn":
        raise typer.Exit(FAILED)


@app.command("import")
def bring(file: _FILE, lang: Lang = "zh") -> None:
    """导入供应商的成本单 / bring in a supplier's statement."""
    from service.auth import EMBEDDED
    from service.statement.suppliers import bring_in

    data = read_bytes(file, lang)
    with installation(lang) as parts, parts.database.writing() as db:
        row, made = bring_in(db, EMBEDDED, data)
        said = Text("已导入", "Brought in") if made else Text("此前已导入", "Was here already")
        line = f"{said.get(lang)} {row.number} · {row.issuer} · {row.product}"
    terminal.console().print(line)


@app.command()
def withdraw(
    number: Annotated[str, typer.Argument(help="编号 / number")],
    reason: Annotated[str, typer.Option("--reason", help="理由，任何查询者都会看到 / why; everybody who asks is told")],
    lang: Lang = "zh",
) -> None:
    """撤回成本单 / take a statement back."""
    from uuid import UUID

    from service.auth import EMBEDDED
    from service.statement import use

    try:
        of = UUID(number)
    except ValueError:
        raise typer.BadParameter(number) from None
    with installation(lang) as parts, parts.database.writing() as db:
        use.withdraw(db, EMBEDDED, of, reason)
    terminal.console().print(Text("已撤回", "Withdrawn").get(lang))
