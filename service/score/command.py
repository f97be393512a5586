"""``yuetan scores``: keep a score, list what was kept, print one, prove the chain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from models.errors import Text
from service import terminal
from service.command import FAILED, AsJson, Lang, installation, print_json, read_input, write

if TYPE_CHECKING:
    from service.parts import Parts

app = typer.Typer(no_args_is_help=True, help="保存的评分：记录链与报告 / kept scores: the chain and the papers")
File = Annotated[Path, typer.Argument(help="JSON 或 YAML：borrower、indicators、gates、seed / JSON or YAML")]
Paper = Annotated[Path | None, typer.Option("-o", "--out", help="写成一页 PDF / write the one-page PDF")]


@app.command()
def keep(file: File, out: Paper = None, as_json: AsJson = False, lang: Lang = "zh") -> None:
    """评分并保存为记录 / score a borrower and keep the record."""
    from service import clock
    from service.auth import EMBEDDED
    from service.policy.use import card_of
    from service.score import use

    asked = read_input(file, use.KeepAsk, lang)
    with installation(lang) as parts:
        today = clock.today()
        with parts.database.writing() as db:
            row, _ = use.keep(db, EMBEDDED, asked, parts.library, card_of(db, EMBEDDED, parts.library, today), today)
            record_id = row.id
        _show(parts, record_id, out, as_json, lang)


@app.command()
def show(
    record: Annotated[UUID, typer.Argument(help="记录编号 / id of the record")],
    out: Paper = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """一条评分记录 / one kept score."""
    with installation(lang) as parts:
        _show(parts, record, out, as_json, lang)


@app.command("list")
def listed(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """最近保存的评分 / the scores kept last."""
    from service.auth import EMBEDDED
    from service.score import use
    from service.score.read import RecordBrief, brief_of

    with installation(lang) as parts, parts.database.reading() as db:
        briefs = [RecordBrief(**brief_of(row)) for row in use.scores(db, EMBEDDED, None, 500)]
    if as_json:
        print_json([one.model_dump(mode="json") for one in briefs])
        return
    table = terminal.grid(header=True)
    for name in (Text("编号", "Id"), Text("借款人", "Borrower"), Text("得分", "Score"), Text("等级", "Grade")):
        table.add_column(name.get(lang))
    for one in briefs:
        table.add_row(str(one.id), one.borrower, f"{one.score:.1f}", one.grade)
    terminal.console().print(table)


@app.command()
def verify(lang: Lang = "zh") -> None:
    """核对评分记录链 / recompute the chain of scores."""
    from service.auth import EMBEDDED
    from service.score import use

    with installation(lang) as parts, parts.database.reading() as db:
        found = use.proven(db, EMBEDDED)
    if found.broken is None:
        said = Text(f"{found.events} 条，链完整", f"{found.events} records, the chain holds")
        terminal.console().print(said.get(lang))
        return
    why = found.why.get(lang) if found.why else ""
    terminal.console().print(
        Text(f"第 {found.broken} 条不符：{why}", f"Record {found.broken} does not fit: {why}").get(lang)
    )
    raise typer.Exit(FAILED)


def _show(parts: Parts, record_id: UUID, out: Path | None, as_json: bool, lang: str) -> None:
    from service import clock
    from service.auth import EMBEDDED
    from service.press.document import pdf
    from service.score import use
    from service.score.paper import score_paper
    from service.score.read import record_read

    site = parts.settings.public_url
    link = f"{site.rstrip('/')}/verify/score/{record_id}" if site else None
    with parts.database.reading() as db:
        kept = use.one(db, EMBEDDED, record_id, clock.today())
        read = record_read(kept, link or "")
        paper = score_paper(kept, link)
    if out:
        write(out, pdf(paper, lang), lang)
    if as_json:
        print_json(read.model_dump(mode="json"))
        return
    told = Text(
        f"{read.borrower}：{read.score:.1f} 分，{read.grade_in_force} 级；记录 {read.id}，指纹 {read.hash}",
        f"{read.borrower}: {read.score:.1f}, grade {read.grade_in_force}; record {read.id}, hash {read.hash}",
    )
    terminal.console().print(told.get(lang))
