"""``yuetan factor``: the template, import, list, choice. Reviews are made by signed-in people: page and API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from models.errors import Text
from service import terminal
from service.command import (
    FAILED,
    UNREADABLE,
    AsJson,
    Lang,
    On,
    Out,
    installation,
    people,
    print_json,
    read_bytes,
    write,
)

app = typer.Typer(no_args_is_help=True, help="因子提交与审核 / factors handed in and reviewed")
_HEADS = (
    Text("编号", "Id"),
    Text("数值", "Value"),
    Text("层级", "Level"),
    Text("状态", "State"),
    Text("来源", "Source"),
)


@app.command("template")
def blank(
    out: Out,
    example: Annotated[bool, typer.Option("--example", help="填入编造的示例 / with a made-up example")] = False,
    lang: Lang = "zh",
) -> None:
    """写出空白模板 / write the empty workbook."""
    from service.factors.workbook import template_bytes

    write(out, template_bytes(example=example), lang)


@app.command("import")
def bring(
    file: Annotated[Path, typer.Argument(help="填好的模板 xlsx / the filled template")],
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """提交工作簿中的因子 / hand in the factors of a workbook; good rows count though others are refused."""
    from service import clock
    from service.auth import EMBEDDED
    from service.factors.many import import_file
    from service.factors.read import factor_file_read

    data = read_bytes(file, lang)
    with installation(lang) as parts, people(lang, UNREADABLE), parts.database.writing() as db:
        found = import_file(db, EMBEDDED, parts.library, data, clock.today())
    if as_json:
        print_json(factor_file_read(found).model_dump(mode="json"))
    else:
        console = terminal.console()
        said = Text(
            f"新提交 {found.submitted}，新对应 {found.mapped}，此前已有 {found.unchanged}",
            f"{found.submitted} handed in, {found.mapped} mapped, {found.unchanged} there before",
        )
        console.print(said.get(lang))
        if found.findings:
            console.print(terminal.findings([one.to_dict() for one in found.findings], lang))
    if any(one.refuses for one in found.findings) and not (found.submitted or found.mapped or found.unchanged):
        raise typer.Exit(FAILED)


@app.command("list")
def show(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """列出提交的因子及状态 / list the factors handed in with their state."""
    from models.factor_review import STATES
    from service.auth import EMBEDDED
    from service.factors import use
    from service.factors.read import submission_read

    with installation(lang) as parts, parts.database.reading() as db:
        found, _ = use.held(db, EMBEDDED, use.MOST)
        read = [submission_read(one) for one in found]
    if as_json:
        print_json([one.model_dump(mode="json") for one in read])
        return
    table = terminal.grid(header=True)
    for head in _HEADS:
        table.add_column(head.get(lang))
    for one in found:
        of = one.record
        table.add_row(
            of.id, f"{of.value:g} {of.unit}", f"{of.level} {of.supplier or of.region}", STATES[one.state].get(lang),
            of.source,
        )  # fmt: skip
    terminal.console().print(table)


@app.command("choice")
def choice(
    key: Annotated[str, typer.Argument(help="因子库名称，如 electricity / key, such as electricity")],
    year: Annotated[int, typer.Option("--year", min=1990, max=2060, help="活动数据年份 / year of the activity data")],
    region: Annotated[str, typer.Option("--region", help="地区 / region")] = "China",
    supplier: Annotated[str, typer.Option("--supplier", help="供应商 / supplier")] = "",
    family: Annotated[Literal["footprint", "inventory"], typer.Option("--family", help="用途 / family")] = "footprint",
    on: On = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """会采用哪条因子、为什么 / the factor that a footprint would take, and why."""
    from service import clock
    from service.auth import EMBEDDED
    from service.factors import use
    from service.factors.read import chosen_read

    day = on.date() if on else clock.today()
    with installation(lang) as parts, parts.database.reading() as db:
        found = use.would_choose(
            db, EMBEDDED, parts.library, key, region=region, supplier=supplier, year=year, on=day, family=family
        )
    if as_json:
        print_json(chosen_read(found).model_dump(mode="json"))
        return
    console = terminal.console()
    console.print(f"{found.record.id}  {found.record.value:g} {found.record.unit}", markup=False)
    console.print(found.reason.get(lang), markup=False)
