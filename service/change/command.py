"""``yuetan cbam diff`` and ``note``: a change of law, and one line explained, in the terminal."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import (
    UNREADABLE,
    AsJson,
    Lang,
    LawScenario,
    PricePath,
    UseScenarioPrice,
    people,
    print_json,
    read_bytes,
    write,
)

if TYPE_CHECKING:
    from rich.table import Table

    from service.change.use import Compared

_MOST = 30
_KINDS = {
    "new": Text("新增", "new"), "gone": Text("取消", "gone"), "value": Text("取值变化", "value"),
    "source": Text("来源变化", "source"),
}  # fmt: skip
_State = "law | 草案或版本名，可加 @日期，如 eu-2025-2621@2026-05-12 / a draft or edition, with @day"


def diff(
    before: Annotated[str, typer.Option("--from", help=_State)],
    after: Annotated[str, typer.Option("--to", help=_State)] = "law",
    file: Annotated[Path | None, typer.Argument(help="我的货物（工作簿或 CSV） / my goods, workbook or CSV")] = None,
    prefix: Annotated[str, typer.Option(help="只看以此开头的参数 / only keys that begin so")] = "eu.cbam",
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """法规变化：两个版本并列，对我的货物有何影响 / two states of the law side by side, and what moves for my goods."""
    from service import clock
    from service.change.read import compared_read
    from service.change.use import ChangeAsk, State, compared
    from service.library import Library

    library, today = Library(), clock.today()

    def state(text: str) -> State:
        name, _, day = text.partition("@")
        try:
            return State(law=name or "law", on=dt.date.fromisoformat(day) if day else today)
        except ValueError:
            raise typer.BadParameter(text) from None

    goods = _goods(file, library, lang) if file else ()
    with people(lang):
        found = compared(ChangeAsk(before=state(before), after=state(after), prefix=prefix, goods=goods), library)
    if as_json:
        print_json(compared_read(found).model_dump(mode="json"))
        return
    console = terminal.console()
    console.print(_changes(found, lang))
    for one in found.goods:
        if one.difference or one.refused.zh:
            console.print(terminal.rows(one, f"{one.cn_code} {one.origin}", lang))
    if found.goods:
        same = sum(1 for one in found.goods if one.difference == 0)
        typer.echo(Text(f"{same} 种货物不受影响。", f"{same} goods are not touched.").get(lang))


def _goods(file: Path, library: object, lang: str) -> tuple[object, ...]:
    from service.assessment import use
    from service.library import Library

    data = read_bytes(file, lang)
    with people(lang, UNREADABLE):
        read = use.read_file(library if isinstance(library, Library) else Library(), data, file.name)
    if read.submission is None:
        terminal.console(err=True).print(terminal.findings([f.to_dict() for f in read.findings], lang))
        raise typer.Exit(UNREADABLE)
    return tuple(line.consignment() for line in read.submission.goods)


def _changes(found: Compared, lang: str) -> Table:
    title = Text(f"法规变化（{len(found.changes)}）", f"Changes ({len(found.changes)})").get(lang)
    table = terminal.grid(title, header=True)
    for head in (
        Text("参数", "Parameter"),
        Text("类别", "Kind"),
        Text("原", "Before"),
        Text("新", "After"),
        Text("来源", "Source"),
    ):
        table.add_column(head.get(lang), overflow="fold")
    shown = [one for one in found.changes if one.kind != "source"]
    for one in shown[:_MOST]:
        old, new = (side.value if side else "—" for side in (one.before, one.after))
        sources = [side.source for side in (one.after, one.before) if side]
        table.add_row(one.key, _KINDS[one.kind].get(lang), str(old), str(new), sources[0])
    if more := len(found.changes) - len(shown[:_MOST]):
        table.caption = Text(f"另有 {more} 处，用 --json 查看全部", f"{more} more: see all with --json").get(lang)
    return table


def note(
    cn_code: Annotated[str, typer.Argument(help="CN 编码 / CN code")],
    net_mass_t: Annotated[float, typer.Option("--tonnes", min=1e-6, max=1e8, help="净重，吨 / net mass, t")],
    imported_on: Annotated[dt.datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="进口日期 / day of import")],
    origin: Annotated[str, typer.Option(help="原产地 / origin")] = "CN",
    see: Annotated[float | None, typer.Option(min=0, max=50, help="经核查的 SEE / verified SEE")] = None,
    sefa: Annotated[float | None, typer.Option(min=0, max=50, help="同一报告的 SEFA / SEFA of the same report")] = None,
    pdf_file: Annotated[Path | None, typer.Option("--pdf", help="写成 PDF / write a PDF")] = None,
    price_path: PricePath = "flat",
    use_scenario_price: UseScenarioPrice = False,
    law_scenario: LawScenario = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """逐步说明一行货物：数字、单位、规则、来源 / one line explained step by step, as a lawyer would."""
    from cbam.consignment import Basis, Consignment
    from cbam.goods import candidates
    from finance.assessment import Options
    from models.errors import NOTHING
    from service import clock
    from service.change.read import note_paper, note_read
    from service.change.use import explained
    from service.library import Library
    from service.press.document import pdf
    from service.workbook.codes import cn_code_of, default_origins, origin_of

    library = Library()
    with people(lang):
        book = library.book(law_scenario or ())
        line = Consignment(
            cn_code=cn_code_of(cn_code, lambda start: candidates(book, start)),
            origin=origin_of(origin, default_origins()),
            net_mass_t=net_mass_t,
            imported_on=imported_on.date(),
            basis=Basis.DEFAULT if see is None and sefa is None else Basis.ACTUAL,
            see_tco2e_per_t=see,
            sefa_tco2e_per_t=sefa,
        )
        options = Options(
            price_path=price_path, use_scenario_price=use_scenario_price, law_scenarios=tuple(law_scenario or ())
        )
        made = explained(line, library, options)
    if pdf_file:
        write(pdf_file, pdf(note_paper(made, clock.today()), lang), lang)
    if as_json:
        print_json(note_read(made).model_dump(mode="json"))
        return
    table = terminal.grid(f"CN {line.cn_code} · {line.origin}")
    for name in ("number", "title", "value", "formula", "rule"):
        table.add_column(justify="right" if name == "value" else "left", overflow="fold")
    for step in made.steps:
        value = "" if step.value is None else f"{step.value:,.10g} {step.unit}"
        table.add_row(f"{step.number}.", step.title.get(lang), value, step.formula.get(lang), step.rule.get(lang))
        for read in step.reads:
            table.add_row("", "", "", NOTHING.get(lang), read.line(), style="dim")
    console = terminal.console()
    console.print(table)
    for one in made.answers:
        console.print(
            f"· {one.question.get(lang)}：{one.answer.get(lang)}"
            if lang == "zh"
            else f"· {one.question.en}: {one.answer.en}"
        )
