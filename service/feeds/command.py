"""``yuetan prices``: the price sources in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import FAILED, AsJson, Lang, people, print_json, settings_of

if TYPE_CHECKING:
    from service.feeds.use import Status
    from service.parts import Parts

_STATES = {
    "never": Text("未访问", "never visited"), "running": Text("进行中", "running"),
    "ok": Text("正常", "in order"), "failed": Text("失败", "failing"),
}  # fmt: skip


def _open() -> Parts:
    from service import migrate
    from service.parts import Parts

    parts = Parts.of(settings_of())
    migrate.upgrade(parts.database)
    return parts


def sources(as_json: AsJson = False, lang: Lang = "zh") -> None:
    """行情来源状态 / how each price source stands."""
    from service.feeds.routes import source_read
    from service.feeds.use import statuses

    parts = _open()
    with parts.database.reading() as db:
        found = statuses(db, parts.library.feeds, parts.settings.feeds)
        if as_json:
            print_json([source_read(one).model_dump(mode="json") for one in found])
            return
        _show(found, lang)


def refresh(
    name: Annotated[str, typer.Argument(help="来源名称，见 yuetan prices sources / name of the source")],
    lang: Lang = "zh",
) -> None:
    """立即访问一个来源 / visit a source now; exit code 1 if it fails."""
    from service.feeds.use import statuses, visit

    parts = _open()
    with people(lang):
        visit(parts.database, parts.library, name, by_hand=True)
    with parts.database.reading() as db:
        found = [one for one in statuses(db, parts.library.feeds, parts.settings.feeds) if one.name == name]
        _show(found, lang)
        if any(one.word == "failed" for one in found):
            raise typer.Exit(FAILED)


def _show(found: list[Status], lang: str) -> None:
    console = terminal.console()
    table = terminal.grid(Text("行情来源", "Price sources").get(lang), header=True)
    for head in (Text("来源", "Source"), Text("内容", "What"), Text("自动", "By itself"), Text("状态", "State"),
                 Text("上次访问", "Last visit"), Text("最新日期", "Newest day"), Text("行数", "Rows")):  # fmt: skip
        table.add_column(head.get(lang))
    for one in found:
        run = one.run
        table.add_row(
            f"{one.name}  {one.feed.label.get(lang)}",
            one.feed.instrument or ", ".join(one.feed.currencies),
            Text("是", "yes").get(lang) if one.switched_on else Text("否", "no").get(lang),
            _STATES[one.word].get(lang),
            f"{run.started:%Y-%m-%d %H:%M}" if run else "—",
            str(one.last_day or "—"),
            str(run.rows_kept) if run else "—",
        )
    console.print(table)
    for one in found:
        if one.run and one.run.findings:
            console.print(terminal.findings(one.run.findings, lang))
