"""``yuetan policy``: the policy in force, a check by line, what another one would do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import FAILED, AsJson, Lang, installation, people, print_json, read_bytes

app = typer.Typer(no_args_is_help=True, help="评分政策 / the scoring policy")
File = Annotated[Path, typer.Argument(help="政策 JSON / a policy in JSON")]


def _text(file: Path, lang: str) -> str:
    return read_bytes(file, lang).decode("utf-8", errors="replace")


@app.command()
def show(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """现行政策：权重与等级 / the policy in force: weights and grades; --json is the text to edit."""
    from service import clock
    from service.auth import EMBEDDED
    from service.policy import use

    with installation(lang) as parts, parts.database.reading() as db:
        row = use.in_force(db, EMBEDDED, clock.today())
        card = use.card_of(db, EMBEDDED, parts.library, clock.today())
        text = row.text if row else use.default_text(parts.library)
    if as_json:
        typer.echo(text)
        return
    table = terminal.grid(f"{card.policy_id} {card.version} [{card.policy_hash[:12]}]", header=True)
    for name in (Text("指标", "Indicator"), Text("权重", "Weight")):
        table.add_column(name.get(lang))
    for one in card.indicators:
        table.add_row(f"{one.id} {one.text.get(lang)}", f"{one.weight:g}")
    for grade in card.grades:
        table.add_row(f"{grade.id} {grade.text.get(lang)}", f"≥ {grade.min:g}")
    terminal.console().print(table)


@app.command()
def check(file: File, lang: Lang = "zh") -> None:
    """逐行检查政策文件 / check a policy, every refusal with its line."""
    from service.policy import use

    card, findings = use.checked(_text(file, lang))
    console = terminal.console()
    if card is None:
        for one in findings:
            line = Text(f"第 {one.row} 行", f"line {one.row}") if one.row else Text("-", "-")
            console.print(f"{line.get(lang)}: {one.text.get(lang)}", markup=False)
        raise typer.Exit(FAILED)
    console.print(Text(f"可以使用，指纹 {card.policy_hash}", f"It can be used, hash {card.policy_hash}").get(lang))


@app.command()
def compare(
    old: File,
    new: Annotated[Path, typer.Argument(help="新政策 JSON / the other policy in JSON")],
    cases: Annotated[
        Path | None,
        typer.Option("--cases", help="案例 JSON 列表；缺省为已保存的评分 / cases in JSON; else the kept scores"),
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """两版政策对案例的影响：旧等级到新等级 / what another policy does to cases: old grade to new grade."""
    from pydantic import RootModel

    from finance.policy_change import Case
    from service.auth import EMBEDDED
    from service.command import read_input
    from service.policy import use
    from service.policy.read import compare_read

    class Cases(RootModel[tuple[use.CaseAsk, ...]]):
        """A list of cases."""

    given = None if cases is None else read_input(cases, Cases, lang).root
    with people(lang):
        cards = [use.accepted(_text(file, lang)) for file in (old, new)]
        if given is None:
            with installation(lang) as parts, parts.database.reading() as db:
                found = use.over_cases(cards[0], cards[1], use.stored_cases(db, EMBEDDED))
        else:
            found = use.over_cases(cards[0], cards[1], [Case(one.id, one.indicators, one.gates) for one in given])
    if as_json:
        print_json(compare_read(found).model_dump(mode="json"))
        return
    terminal.console().print(terminal.rows(found, Text("政策比较", "Policies compared").get(lang), lang))
