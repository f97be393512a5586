"""``yuetan passthrough``: what share of a carbon cost reaches prices, and what a surcharge clause would have brought."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from models.errors import Text, YuetanError
from models.table import Result
from service import terminal
from service.command import FAILED, UNREADABLE, AsJson, Lang, people, print_json, read_bytes, read_input

app = typer.Typer(no_args_is_help=True, help="碳成本传导与附加费条款 / pass-through of carbon cost, surcharge clauses")
Asked = Annotated[Path, typer.Argument(help="JSON、YAML / JSON or YAML")]


@app.command()
def estimate(
    file: Annotated[
        Path,
        typer.Argument(
            help="填好的模板 xlsx，CSV（日期、价格、碳成本、其他成本）或 JSON、YAML / the filled template, CSV, JSON or YAML"
        ),
    ],
    frequency: Annotated[
        Literal["weekly", "monthly", "quarterly"], typer.Option(help="频率 / frequency, for CSV")
    ] = "weekly",
    complete: Annotated[
        bool, typer.Option("--inputs-complete", help="已含全部主要成本 / no main cost is left out")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """由价格估计传导率 / the rate estimated from prices, with its interval and grade."""
    from models.passthrough.estimate import Choices
    from service.passthrough.use import EstimateAsk, estimated, of_columns

    if file.suffix.lower() in (".xlsx", ".xlsm"):
        _many(file, as_json, lang)
        return
    if file.suffix.lower() == ".csv":
        with people(lang, UNREADABLE):
            asked = of_columns(_text(file, lang), frequency, Choices(inputs_complete=complete))
    else:
        asked = read_input(file, EstimateAsk, lang)
    with people(lang):
        found = estimated(asked)
    if as_json:
        print_json(found.data())
        return
    console = terminal.console()
    console.print(terminal.rows(found, found.sample.said(found.sample.product).get(lang), lang))
    console.print(found.verdict().get(lang))
    if found.findings:
        console.print(terminal.findings([finding.to_dict() for finding in found.findings], lang))


@app.command()
def exante(file: Asked, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """由市场结构推算传导率区间 / the range of the rate of a market's structure."""
    from models.passthrough.structure import KINDS, Market, rate_range

    asked = read_input(file, Market, lang)
    with people(lang):
        found = rate_range(asked)
    if as_json:
        print_json({"p10": found.low, "p50": found.median, "p90": found.high, "rows": found.to_dict()})
        return
    terminal.console().print(terminal.rows(found, KINDS[asked.kind].get(lang), lang))


@app.command()
def clause(file: Asked, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """按真实指数回测附加费条款 / back-test of a surcharge clause; a surcharge is not a pass-through."""
    from service.passthrough.use import ClauseAsk, priced

    asked = read_input(file, ClauseAsk, lang)
    with people(lang):
        found = priced(asked)
    if as_json:
        print_json({"rows": found.to_dict(), "findings": [finding.to_dict() for finding in found.findings]})
        return
    console = terminal.console()
    console.print(terminal.rows(found, asked.terms.index, lang))
    if found.findings:
        console.print(terminal.findings([finding.to_dict() for finding in found.findings], lang))


@app.command()
def panel(file: Asked, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """由各产品排放强度之差估计共同传导率 / one rate from how the exposure of products differs."""
    from service.passthrough.more import PanelAsk, over_panel

    with people(lang):
        found = over_panel(read_input(file, PanelAsk, lang))
    _shown(found, Text("面板", "Panel").get(lang), as_json, lang)


@app.command()
def instruments(file: Asked, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """用工具变量估计：Anderson–Rubin 区间 / a rate by instruments, with its Anderson-Rubin set."""
    from service.passthrough.more import InstrumentAsk, instrumented

    with people(lang):
        found = instrumented(read_input(file, InstrumentAsk, lang))
    _shown(found, Text("工具变量", "Instruments").get(lang), as_json, lang)


def _shown(found: Result, title: str, as_json: bool, lang: str) -> None:
    if as_json:
        print_json({"rows": found.to_dict(), "proof": found.proof()})
        return
    terminal.console().print(terminal.rows(found, title, lang))


def _many(file: Path, as_json: bool, lang: str) -> None:
    """Estimate every product of a workbook, one after the other; what cannot be estimated says why."""
    from service.library import Library
    from service.passthrough.use import estimated
    from service.passthrough.workbook import read_run

    library, console = Library(), terminal.console()
    with people(lang, UNREADABLE):
        asked = read_run(read_bytes(file, lang), library.market, library.data)
    if asked.findings and not as_json:
        console.print(terminal.findings([finding.to_dict() for finding in asked.findings], lang))
    if asked.asked is None:
        raise typer.Exit(FAILED)
    told: list[dict[str, Any]] = []
    for one in asked.asked.products:
        try:
            found = estimated(one)
        except YuetanError as refusal:
            told.append({"product": one.price.name, "code": refusal.code, "text": refusal.text(lang)})
            if not as_json:
                console.print(f"{one.price.name}: {refusal.text(lang)} {refusal.mend(lang)}")
            continue
        told.append(found.data())
        if not as_json:
            console.print(terminal.rows(found, found.sample.said(one.price.name).get(lang), lang))
            console.print(found.verdict().get(lang))
    if as_json:
        print_json(told)


def _text(file: Path, lang: str) -> str:
    """Return a table as text; Chinese spreadsheets still write GB 18030."""
    data = read_bytes(file, lang)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", errors="replace")
