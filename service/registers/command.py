"""``yuetan register``: import, list, grade."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import (
    FAILED,
    UNREADABLE,
    AsJson,
    Lang,
    On,
    installation,
    people,
    print_json,
    read_bytes,
    read_input,
)

app = typer.Typer(no_args_is_help=True, help="登记簿与分级 / registers and grades")
_HEADS = (Text("编号", "Id"), Text("名称", "Name"), Text("状态", "State"), Text("说明", "Why"), Text("来源", "Source"))


@app.command("import")
def bring(
    file: Annotated[Path, typer.Argument(help="填好的模板 xlsx / the filled template")],
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """导入工作簿中的记录 / keep the records of a workbook; good rows count though others are refused."""
    from service.auth import EMBEDDED
    from service.registers.kinds import KINDS
    from service.registers.many import import_file
    from service.registers.read import import_read

    data = read_bytes(file, lang)
    with installation(lang) as parts, people(lang, UNREADABLE), parts.database.writing() as db:
        found = import_file(db, EMBEDDED, data)
    if as_json:
        print_json(import_read(found).model_dump(mode="json"))
    else:
        console = terminal.console()
        for kind in KINDS.values():
            new, same = found.added.get(kind.word, 0), found.unchanged.get(kind.word, 0)
            if new or same:
                console.print(
                    kind.text.get(lang),
                    Text(f"新增 {new}，此前已有 {same}", f"{new} new, {same} there before").get(lang),
                )
        if found.findings:
            console.print(terminal.findings([one.to_dict() for one in found.findings], lang))
    if any(one.refuses for one in found.findings) and not found.added and not found.unchanged:
        raise typer.Exit(FAILED)


@app.command("list")
def show(
    register: Annotated[
        str, typer.Argument(help="certificates、recognitions、accreditations、schemes、credits …")
    ] = "",
    on: On = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """列出登记簿，或其中的记录和某日的状态 / list the registers, or the records of one with their state on a day."""
    from service import clock
    from service.auth import EMBEDDED
    from service.registers import use
    from service.registers.kinds import KINDS
    from service.registers.read import record_read, registers_read

    if not register:
        if as_json:
            print_json([one.model_dump(mode="json") for one in registers_read()])
            return
        table = terminal.grid()
        for one in KINDS.values():
            table.add_row(one.word, one.text.get(lang))
        terminal.console().print(table)
        return
    kind = KINDS.get(register)
    if kind is None:
        raise typer.BadParameter(", ".join(KINDS))
    day = on.date() if on else clock.today()
    with installation(lang) as parts, parts.database.reading() as db:
        found = [record_read(kind, one, day) for one in use.held(db, EMBEDDED, kind, use.MOST)]
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    table = terminal.grid(f"{kind.text.get(lang)} {day}", header=True)
    for head in _HEADS:
        table.add_column(head.get(lang))
    for row in found:
        said = (Text(one.zh, one.en).get(lang) for one in (row.state_text, row.why))
        table.add_row(str(row.id)[:8], str(row.record[kind.name]), *said, str(row.record["source"]))
    terminal.console().print(table)


@app.command("grade")
def grade(
    file: Annotated[
        Path, typer.Argument(help="JSON 或 YAML：数值、单位、不确定度和方案 / value, unit, uncertainty and scheme")
    ],
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """判定等级、各等级的概率和差距 / the grade, the chance of each class, and the way to the next one."""
    from service import clock
    from service.auth import EMBEDDED
    from service.registers import use
    from service.registers.read import grade_read

    asked = read_input(file, use.GradeQuestion, lang)
    with installation(lang) as parts, parts.database.reading() as db:
        made = use.grade(db, EMBEDDED, parts.library, asked, clock.today())
    if as_json:
        print_json(grade_read(made).model_dump(mode="json"))
        return
    console = terminal.console()
    console.print(terminal.rows(made, f"{made.scheme.name} {made.scheme.version}", lang))
    if made.findings:
        console.print(terminal.findings([one.to_dict() for one in made.findings], lang))
