"""``yuetan finance``: a borrower or a loan book under carbon prices in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Text
from models.findings import Finding
from service import terminal
from service.command import (
    FAILED,
    UNREADABLE,
    AsJson,
    Lang,
    installation,
    people,
    print_json,
    read_bytes,
    read_input,
    write,
)

if TYPE_CHECKING:
    from rich.table import Table

    from service.finance.use import BookAsk, Financing

app = typer.Typer(no_args_is_help=True, help="贷款碳压力与融资排放 / loans under carbon prices, financed emissions")
File = Annotated[Path, typer.Argument(help="填好的模板 xlsx，或 JSON、YAML / the filled template, or JSON or YAML")]
Paper = Annotated[Path | None, typer.Option("-o", "--out", help="写成 .pdf 或 .xlsx / write .pdf or .xlsx")]


@app.command()
def stress(file: File, out: Paper = None, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """一个借款人：损失、利息保障、违约概率与预期损失 / one borrower: loss, cover, PD and expected loss."""
    _run(file, out, as_json, lang, single=True)


@app.command()
def portfolio(file: File, out: Paper = None, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """一本贷款簿：压力、集中度与融资排放 / a loan book: stress, concentration and financed emissions."""
    _run(file, out, as_json, lang, single=False)


@app.command()
def collateral(file: File, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """配额质押：可贷上限与追保 / pledged allowances: loan cap and margin calls; JSON or YAML."""
    from service.auth import EMBEDDED
    from service.terms import use
    from service.terms.routes import collateral_read

    asked = read_input(file, use.CollateralAsk, lang)
    with installation(lang) as parts, parts.database.reading() as db:
        found = use.pledged(db, EMBEDDED, asked, parts.library)
    if as_json:
        print_json(collateral_read(found).model_dump(mode="json"))
        return
    for one, title in ((found.value, Text("配额质押", "Pledge")), (found.watch, Text("盯市", "Watched"))):
        if one is not None:
            terminal.console().print(terminal.rows(one, title.get(lang), lang))


@app.command()
def terms(file: File, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """利差与标识 / margin and label of a loan by grade and KPIs; JSON or YAML."""
    from service import clock
    from service.auth import EMBEDDED
    from service.terms import use
    from service.terms.routes import terms_read

    asked = read_input(file, use.TermsAsk, lang)
    with installation(lang) as parts, parts.database.reading() as db:
        found = use.terms(db, EMBEDDED, asked, parts.library, clock.today())
    if as_json:
        print_json(terms_read(found).model_dump(mode="json"))
        return
    terminal.console().print(terminal.rows(found.margin, Text("利差", "Margin").get(lang), lang))
    if found.routing:
        terminal.console().print(found.routing.text.get(lang))


@app.command()
def credit(
    file: Annotated[Path, typer.Argument(help="样本 CSV、xlsx、Parquet / cases")],
    question: Annotated[Path, typer.Option("--ask", help="outcome、ratios、seed：JSON 或 YAML / JSON or YAML")],
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """本行信用样本：WoE、逻辑回归、交叉验证 / a bank's own file: WoE, logistic, measured out of sample."""
    from service.finance.credit import CreditAsk, credit_report, limits
    from service.finance.credit_routes import credit_read
    from service.library import Library

    asked = read_input(question, CreditAsk, lang)
    with people(lang):
        made = credit_report(read_bytes(file, lang), asked, Library())
    if as_json:
        print_json(credit_read(made).model_dump(mode="json"))
        return
    console = terminal.console()
    console.print(terminal.rows(made.unseen, Text("交叉验证", "Out of sample").get(lang), lang))
    for text in limits(made):
        console.print(text.get(lang))


def _run(file: Path, out: Path | None, as_json: bool, lang: str, *, single: bool) -> None:
    from service import clock
    from service.finance.paper import finance_paper
    from service.finance.read import financing_read
    from service.finance.use import financing, stressed_borrower
    from service.library import Library
    from service.press.document import pdf
    from service.press.sheet import xlsx

    library, console = Library(), terminal.console()
    asked, cells = _asked(file, lang)
    if asked is None:
        console.print(terminal.findings([finding.to_dict() for finding in cells], lang))
        raise typer.Exit(FAILED)
    with people(lang):
        found = (stressed_borrower if single else financing)(asked, library, library.market, clock.today())
    if out:
        paper = finance_paper(found, clock.today())
        write(out, xlsx(paper, lang) if out.suffix.lower() == ".xlsx" else pdf(paper, lang), lang)
    if as_json:
        print_json(financing_read(found).model_dump(mode="json"))
        return
    console.print(_cases(found, lang))
    console.print(terminal.rows(found.case.own, found.case.label.get(lang), lang, proof=False))
    console.print(terminal.rows(found.financed, Text("融资排放", "Financed emissions").get(lang), lang))
    told = [*cells, *found.findings, *found.financed.refused.findings(50), *found.case.own.refused.findings(50)]
    if told:
        console.print(terminal.findings([finding.to_dict() for finding in told], lang))


def _asked(file: Path, lang: str) -> tuple[BookAsk | None, list[Finding]]:
    from service.finance.use import BookAsk
    from service.finance.workbook import read_book

    if file.suffix.lower() not in (".xlsx", ".xlsm"):
        return read_input(file, BookAsk, lang), []
    with people(lang, UNREADABLE):
        read = read_book(read_bytes(file, lang))
    return read.asked, list(read.findings)


def _cases(found: Financing, lang: str) -> Table:
    table = terminal.grid(Text("敏感性网格与情景", "Grid and scenarios").get(lang), header=True)
    heads = (
        Text("情景", "Case"),
        Text("碳价 元/t", "Home CNY/t"),
        Text("年损失 元", "Loss CNY"),
        Text("预期损失变化 bp", "Expected loss, bp"),
        Text("保守口径 bp", "Conservative, bp"),
    )
    for at, head in enumerate(heads):
        table.add_column(head.get(lang), justify="left" if at == 0 else "right")
    for one in found.cases:
        values = (one.shock.home1, one.own.loss, one.own.change_bp, one.conservative.change_bp)
        table.add_row(one.label.get(lang), *("—" if value is None else f"{value:,.2f}" for value in values))
    return table
