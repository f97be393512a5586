"""
The command line.

Exit codes: 0 done; 1 refused or failed; 2 wrong use; 3 the file cannot be
read; 4 with ``--strict``: done, but some rows were refused.

Heavy imports are inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import Text
from service import terminal
from service.audit import command as audit
from service.change import command as change
from service.command import (
    FAILED,
    ROWS_REFUSED,
    UNREADABLE,
    AsJson,
    Lang,
    LawScenario,
    On,
    Out,
    PricePath,
    UseScenarioPrice,
    has_database,
    people,
    print_json,
    progress,
    read_bytes,
    settings_of,
    write,
)
from service.communication import command as communication
from service.decision import command as decision
from service.dossier import command as dossier
from service.embedded import command as embedded
from service.factors import command as factors
from service.feeds import command as feeds
from service.finance import command as finance
from service.footprint import command as footprint
from service.identity import command as identity
from service.importer import command as importer
from service.installation import command as installation
from service.operation import command as operation
from service.package import command as package
from service.pact import command as pact
from service.passthrough import command as passthrough
from service.policy import command as policy
from service.portfolio import command as portfolio
from service.position import command as position
from service.recompute import command as recompute
from service.registers import command as registers
from service.score import command as scores
from service.statement import command as statement
from service.supply import command as supply

if TYPE_CHECKING:
    from models.fx import FxTable
    from service.child import Supervisor
    from service.parts import Parts

app = typer.Typer(
    name="yuetan",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="粤碳：产品碳成本、CBAM 费用与绿色金融评分。 / What carbon costs a product, at home and at the EU border.",
    epilog="退出码 / exit codes: 0 完成 done · 1 失败 failed · 2 用法 usage · 3 无法读取 unreadable · 4 --strict 有行被拒 rows refused",
)
law_app = typer.Typer(no_args_is_help=True, help="查法规参数 / look up the law")
app.add_typer(law_app, name="law")
cbam_app = typer.Typer(no_args_is_help=True, help="欧盟 CBAM / the EU border")
app.add_typer(cbam_app, name="cbam")
cbam_app.command()(decision.project)
cbam_app.command()(decision.value)
cbam_app.command()(decision.sector)
cbam_app.command()(installation.see)
cbam_app.command()(change.diff)
cbam_app.command()(change.note)
cbam_app.command()(dossier.dossier)
cbam_app.command()(importer.year)
cbam_app.add_typer(communication.app, name="communication")
app.command()(position.position)
app.add_typer(passthrough.app, name="passthrough")
cost_app = typer.Typer(no_args_is_help=True, help="产品与产业链的碳成本 / carbon cost of products and chains")
app.add_typer(cost_app, name="cost")
cost_app.command()(embedded.chain)
cost_app.command()(supply.park)
cost_app.command()(supply.bids)
app.add_typer(statement.app, name="statement")
app.add_typer(factors.app, name="factor")
app.add_typer(registers.app, name="register")
app.add_typer(finance.app, name="finance")
app.command()(finance.stress)
app.add_typer(scores.app, name="scores")
app.command()(scores.verify)
app.add_typer(policy.app, name="policy")
app.add_typer(portfolio.app, name="portfolio")
app.add_typer(package.app, name="package")
app.add_typer(audit.app, name="audit")
app.command()(recompute.recompute)
app.command()(operation.backup)
app.command()(operation.restore)
app.add_typer(identity.app, name="account")
footprint_app = typer.Typer(no_args_is_help=True, help="产品碳足迹 / product footprints")
app.add_typer(footprint_app, name="footprint")
footprint_app.command()(footprint.make)
footprint_app.command()(footprint.keep)
footprint_app.command()(footprint.kept)
footprint_app.command("import")(pact.bring_in)
footprint_app.command("catena-x")(pact.catena_x)
prices_app = typer.Typer(no_args_is_help=True, help="行情来源 / price sources")
app.add_typer(prices_app, name="prices")
prices_app.command()(feeds.sources)
prices_app.command()(feeds.refresh)


def _held(parts: Parts) -> tuple[list[Any], FxTable | None]:
    """Return quotes fetched or brought in, and rates with what was fetched, if this installation has a database."""
    from sqlalchemy.exc import SQLAlchemyError

    from service.auth import EMBEDDED
    from service.feeds.use import fetched_fx
    from service.prices.use import every_series

    if not has_database(parts):
        return [], None
    try:
        with parts.database.reading() as db:
            return every_series(db, EMBEDDED, parts.library), fetched_fx(db, parts.library)
    except SQLAlchemyError:
        return [], None


@app.command()
@cbam_app.command("assess")
def assess(
    file: Annotated[Path, typer.Argument(help="工作簿或 CSV / workbook or CSV")],
    report: Annotated[Path | None, typer.Option("-o", "--report", help="Excel 报告 / report to write")] = None,
    as_json: AsJson = False,
    price_path: PricePath = "flat",
    law_scenario: LawScenario = None,
    use_scenario_price: UseScenarioPrice = False,
    own_price: Annotated[
        float | None,
        typer.Option(
            min=0.01, max=1e6, help="自填证书价格，欧元/吨，代替路径 / own price, EUR per t, in place of the path"
        ),
    ] = None,
    fx: Annotated[
        float | None, typer.Option(min=0.01, max=1e6, help="自填汇率，元/欧元 / own rate, CNY per EUR")
    ] = None,
    fx_source: Annotated[str | None, typer.Option(help="汇率来源 / source of the rate")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="有行被拒绝时退出码为 4 / exit 4 if rows are refused")
    ] = False,
    lang: Lang = "zh",
) -> None:
    """计算一个文件 / assess a file: lines, projection, score, findings; optionally a report."""
    from finance.assessment import Options
    from service import clock
    from service.assessment import use
    from service.parts import Parts, calm_collector
    from service.workbook.report import STEPS_OF, write_report

    parts = Parts.of(settings_of())
    calm_collector()
    data = read_bytes(file, lang)
    with progress(lang) as tell:
        with people(lang, UNREADABLE):
            read = use.read_file(parts.library, data, file.name, lambda done, total: tell("read", done, total))
        if read.submission is None:
            found = [finding.to_dict() for finding in read.findings]
            terminal.console(err=True).print(terminal.findings(found, lang))
            raise typer.Exit(FAILED)
        with people(lang):
            options = Options(
                price_path=price_path,
                use_scenario_price=use_scenario_price,
                law_scenarios=tuple(law_scenario or ()),
                fx_cny_per_eur=fx,
                fx_source=fx_source,
            )
            if own_price is not None:
                options = use.at_own_price(options, own_price, parts.library)
            quotes, rates = _held(parts)
            done = use.assess_read(
                read,
                parts.library,
                options,
                clock.today(),
                quotes,
                lambda done, total: tell("assess", done, total),
                rates,
            )
        steps_of = None if as_json else STEPS_OF
        document = done.result.to_dict(steps_of) | {"findings": [finding.to_dict() for finding in done.findings]}
        if report:
            tell("report", 0, None)
            write(report, write_report(document, lang), lang)
    if as_json:
        print_json(document)
    else:
        console = terminal.console()
        console.print(terminal.assessment(document, lang))
        if report:
            console.print(Text(f"报告已写入 {report}", f"Report written to {report}").get(lang))
    if strict and any(finding.refuses for finding in done.findings):
        raise typer.Exit(ROWS_REFUSED)


@app.command()
def price(
    instrument: Annotated[str, typer.Argument(help="GDEA | CEA | EUA")],
    on: On = None,
    quotes: Annotated[
        Path | None, typer.Option("--import", help="先导入交易所行情（xlsx、csv） / first import a table of quotes")
    ] = None,
    source: Annotated[str, typer.Option(help="导入行情的来源 / source of the imported quotes")] = "",
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """碳配额参考价 / reference price of an allowance on a day; with --import, of your own quotes too."""
    from models.allowance import reference_price
    from service import clock
    from service.parts import Parts

    parts = Parts.of(settings_of())
    if quotes is not None:
        _import_quotes(parts, quotes, instrument.upper(), source or quotes.name, lang)
    with people(lang):
        market = parts.library.market
        for series in _held(parts)[0]:
            market = market.with_quotes(series)
        found = reference_price(market.of(instrument.upper()), on.date() if on else clock.today(), market.policy)
    if as_json:
        print_json({"rows": found.to_dict(), "proof": found.proof()})
    else:
        terminal.console().print(terminal.rows(found, f"{found.instrument} {found.on}", lang))


def _import_quotes(parts: Parts, file: Path, instrument: str, source: str, lang: str) -> None:
    """Keep a table of daily quotes in the database of this installation, and say what was found in it."""
    from service import clock, migrate
    from service.auth import EMBEDDED
    from service.prices import use
    from service.workbook.guard import read_grid

    data = read_bytes(file, lang)
    with people(lang, UNREADABLE):
        grid = read_grid(data, file.name)
    migrate.upgrade(parts.database)
    with people(lang), parts.database.writing() as db:
        _, table = use.import_quotes(
            db,
            EMBEDDED,
            parts.library,
            grid.rows,
            instrument=instrument,
            source=source[:300],
            filename=file.name,
            today=clock.today(),
            sheet=grid.sheet,
        )
    told = terminal.console(err=True)
    if table.findings:
        told.print(terminal.findings([finding.to_dict() for finding in table.findings], lang))
    kept, seen = table.rows_kept, table.rows_seen
    told.print(Text(f"已导入 {kept} 行，共 {seen} 行", f"{kept} of {seen} rows imported").get(lang))


@law_app.command("show")
def law_show(
    key: Annotated[str, typer.Argument(help="eu.cbam.cbam_factor")],
    on: On = None,
    row: Annotated[list[str] | None, typer.Option("--row", help="表的键列，依次给出 / key columns, in order")] = None,
    law_scenario: LawScenario = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """某日的取值 / a value on a day, with unit, first day, source and confidence."""
    from finance.assessment import read_dict
    from service import clock
    from service.law import use
    from service.library import Library

    with people(lang):
        found = use.value(Library().book(law_scenario or ()), key, on.date() if on else clock.today(), row or ())
    if as_json:
        print_json(read_dict(found.read) | {"label": found.label._asdict()})
        return
    read = found.read
    words = (
        ("label", Text("含义", "Meaning"), found.label.get(lang)),
        ("value", Text("取值", "Value"), "—" if read.value is None else f"{read.value}"),
        ("unit", Text("单位", "Unit"), read.unit),
        ("since", Text("起始日", "Since"), f"{read.since}" + (f" – {read.until}" if read.until else "")),
        ("source", Text("来源", "Source"), read.source),
        ("confidence", Text("可信度", "Confidence"), read.confidence),
        ("note", Text("说明", "Note"), read.note),
        ("scenario", Text("情景", "Scenario"), read.scenario or ""),
    )
    table = terminal.grid(read.key)
    for _, label, value in words:
        if value:
            table.add_row(label.get(lang), value)
    if read.assumed:
        table.caption = Text("沿用至末日之后：假设", "held beyond its last day: an assumption").get(lang)
    terminal.console().print(table)


@law_app.command("list")
def law_list(
    prefix: Annotated[str, typer.Argument(help="eu.cbam")] = "",
    on: On = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """列出参数和表 / list parameters and tables with their values on a day."""
    from models.law import Table
    from service import clock
    from service.law import use
    from service.library import Library

    day = on.date() if on else clock.today()
    book = Library().book()
    table = terminal.grid(header=True)
    for name in (Text("参数", "Key"), Text("含义", "Meaning"), Text("取值", "Value"), Text("单位", "Unit")):
        table.add_column(name.get(lang), no_wrap=name.en == "Key")
    told = []
    with people(lang):
        for found in use.under(book, prefix):
            label = Text(found.label_zh, found.label)
            if isinstance(found, Table):
                value, unit = f"{len(found.rows)} × ({', '.join(found.columns)})", ""
            else:
                read = use.in_force(book, found, day)
                value, unit = ("—" if read is None or read.value is None else f"{read.value}"), found.unit
            told.append({"key": found.key, "label": label._asdict(), "value": value, "unit": unit})
            table.add_row(found.key, label.get(lang), value, unit)
    if as_json:
        print_json(told)
    else:
        terminal.console().print(table)


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="工作簿，或含 indicators 与 gates 的 JSON / workbook or JSON")],
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """绿色金融评分 / score a firm by the default policy."""
    from finance.assessment import Options
    from finance.scorecard import Score
    from finance.scorecard import score as scored
    from service import clock
    from service.assessment import use
    from service.parts import Parts

    parts = Parts.of(settings_of())
    data = read_bytes(file, lang)
    made: Score | None
    if file.suffix.lower() == ".json":
        from pydantic import ValidationError

        from service.json_text import check_json
        from service.score.use import ScoreAsk

        with people(lang, UNREADABLE):
            check_json(data)
        try:
            ask = ScoreAsk.model_validate_json(data, strict=True)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                typer.echo(f"{'.'.join(map(str, one['loc']))}: {one['msg']}", err=True)
            raise typer.Exit(UNREADABLE) from None
        with people(lang):
            made = scored(parts.library.card, ask.indicators, ask.gates)
    else:
        with people(lang, UNREADABLE):
            read = use.read_file(parts.library, data, file.name)
        with people(lang):
            quotes, rates = _held(parts)
            made = use.assess_read(read, parts.library, Options(), clock.today(), quotes, fx=rates).result.score
    if made is None:
        typer.echo(Text("文件中没有可评分的内容。", "There is nothing to score in the file.").get(lang), err=True)
        raise typer.Exit(FAILED)
    if as_json:
        print_json(made.to_record())
    else:
        terminal.console().print(terminal.rows(made, Text("绿色金融评分", "Green-finance score").get(lang), lang))


@app.command()
def template(out: Out = Path("yuetan-template.xlsx"), lang: Lang = "zh") -> None:
    """写出空白模板 / write the workbook to fill in."""
    from service.workbook.template import template_bytes

    write(out, template_bytes(), lang)
    typer.echo(str(out))


@app.command()
def example(out: Out = Path("yuetan-example.xlsx"), lang: Lang = "zh") -> None:
    """写出示例工作簿 / write the example workbook."""
    from service.workbook.example import example_bytes

    write(out, example_bytes(), lang)
    typer.echo(str(out))


@app.command()
def doctor(lang: Lang = "zh") -> None:
    """检查安装 / check this installation; exits with 1 if something is wrong."""
    from service.doctor import examine
    from service.parts import Parts

    parts = Parts.of(settings_of())
    healthy = True
    table = terminal.grid()
    for check in examine(parts):
        healthy &= check.good
        mark = "[green]✓[/]" if check.good else "[red]✗[/]"
        table.add_row(mark, check.label.get(lang), check.found.get(lang))
    terminal.console().print(table)
    parts.close()
    if not healthy:
        raise typer.Exit(FAILED)


def _example(parts: Parts, supervisor: Supervisor, lang: str) -> None:
    from service.start import run_example

    with people(lang), progress(lang) as tell:
        _, document = run_example(parts, supervisor, tell)
    terminal.console().print(terminal.assessment(document, lang))


@app.command()
def demo(lang: Lang = "zh") -> None:
    """迁移数据库，让示例走完主流程，打印摘要 / run the example through the main job and stop."""
    from service.child import Supervisor
    from service.parts import Parts

    parts = Parts.of(settings_of())
    supervisor = Supervisor(parts.settings)
    try:
        _example(parts, supervisor, lang)
    finally:
        supervisor.stop(grace_s=0)
        parts.close()


@app.command()
def serve(
    with_demo: Annotated[bool, typer.Option("--demo", help="先计算示例 / run the example first")] = False,
    host: Annotated[str | None, typer.Option("--host", help="默认 127.0.0.1 / default")] = None,
    port: Annotated[int | None, typer.Option("--port", help="默认 8000，被占用则顺延 / next free if taken")] = None,
    lang: Lang = "zh",
) -> None:
    """启动网页与 API / start pages and API on this machine."""
    import uvicorn

    from service import migrate
    from service.app import create_app
    from service.child import Supervisor
    from service.deployment import refuse_unsafe
    from service.operation import log
    from service.parts import Parts
    from service.start import listen, web_config

    settings = settings_of(host=host, port=port)
    log.configure(settings, "web")
    parts = Parts.of(settings)
    with people(lang):
        for concern in refuse_unsafe(settings, parts.database):
            terminal.console(err=True).print(f"! {concern.line(lang)}", markup=False)
    supervisor = Supervisor(settings) if settings.worker == "child" or with_demo else None
    try:
        if with_demo and supervisor is not None:
            _example(parts, supervisor, lang)
        else:
            migrate.upgrade(parts.database)
        with people(lang):
            socket = listen(settings.host, settings.port, exactly=settings.deployment == "production")
        bound = socket.getsockname()[1]
        name = f"[{settings.host}]" if ":" in settings.host else settings.host
        text = Text(
            f"粤碳已启动：http://{name}:{bound}（Ctrl-C 结束）", f"Yuetan is at http://{name}:{bound} (Ctrl-C to stop)"
        )
        terminal.console().print(text.get(lang), style="bold green")
        if settings.sign_in == "off":
            alone = Text(
                "无需登录：首个用户“本机用户”已建立，使用本机的人即以该用户记录。",
                "No sign-in: a first user is made, as whom everyone at this machine is recorded.",
            )
            terminal.console().print(alone.get(lang))
        sys.stdout.flush()
        application = create_app(settings, parts, supervisor)
        uvicorn.Server(web_config(application, settings)).run(sockets=[socket])
    finally:
        if supervisor is not None:
            supervisor.stop(grace_s=0)
        parts.close()


def main() -> None:
    """Run the command line."""
    app()
