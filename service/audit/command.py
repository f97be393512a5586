"""``yuetan audit``: prove the trail, sign where it stands, write it out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from models.errors import Text
from service import terminal
from service.command import FAILED, Lang, people, read_bytes, settings_of, write

if TYPE_CHECKING:
    from service.auth import Who
    from service.parts import Parts

app = typer.Typer(no_args_is_help=True, help="审计记录 / the audit trail")
_Organisation = Annotated[
    str | None, typer.Option("--organisation", help="机构编号，默认内置机构 / id of the organisation")
]


@contextmanager
def _installation(lang: str, organisation: str | None) -> Iterator[tuple[Parts, Who]]:
    from service import migrate
    from service.auth import EMBEDDED, Who
    from service.parts import Parts

    try:
        who = Who(UUID(organisation), EMBEDDED.person_id) if organisation else EMBEDDED
    except ValueError:
        raise typer.BadParameter(str(organisation)) from None
    parts = Parts.of(settings_of())
    try:
        migrate.upgrade(parts.database)
        with people(lang):
            yield parts, who
    finally:
        parts.close()


@app.command()
def verify(
    head: Annotated[Path | None, typer.Option("--head", help="此前签署的链尾 / a head signed before")] = None,
    organisation: _Organisation = None,
    lang: Lang = "zh",
) -> None:
    """核对每一条的指纹和前后相接；给出链尾文件可发现末尾被删 / recompute the chain; a signed head shows an end cut off."""
    from service.audit import use
    from service.json_text import check_json

    said: dict[str, Any] | None = None
    if head is not None:
        data = read_bytes(head, lang)
        with people(lang):
            check_json(data)
        loaded = json.loads(data)
        said = loaded if isinstance(loaded, dict) else {}
    with _installation(lang, organisation) as (parts, who), parts.database.reading() as db:
        found = use.proven(db, who, said, parts.settings)
    console = terminal.console()
    if found.broken is None:
        console.print(
            Text(
                f"{found.events} 条，链完整，链尾 {found.hash}", f"{found.events} events, the chain holds, {found.hash}"
            ).get(lang)
        )
        return
    why = found.why.get(lang) if found.why else ""
    console.print(Text(f"第 {found.broken} 条不符：{why}", f"Event {found.broken} does not fit: {why}").get(lang))
    raise typer.Exit(FAILED)


@app.command()
def head(
    out: Annotated[Path, typer.Option("-o", "--out", help="写出的文件 / file to write")],
    organisation: _Organisation = None,
    lang: Lang = "zh",
) -> None:
    """签署当前链尾，另处保存 / sign where the trail stands, to be kept elsewhere."""
    from service.audit import use

    with _installation(lang, organisation) as (parts, who), parts.database.reading() as db:
        made = use.signed_head(db, who, parts.settings)
    write(out, json.dumps(made, ensure_ascii=False, indent=1).encode(), lang)


@app.command()
def heads(
    out: Annotated[Path, typer.Option("-o", "--out", help="JSON Lines")],
    organisation: _Organisation = None,
    lang: Lang = "zh",
) -> None:
    """导出逐日自动签署的链尾，另处保存 / write the heads signed day by day, to be kept elsewhere."""
    from service.audit import use

    lines, after = list[str](), None
    with _installation(lang, organisation) as (parts, who), parts.database.reading() as db:
        while found := use.kept_heads(db, who, after, 1000):
            lines += [json.dumps(one.document, ensure_ascii=False) for one in found]
            after = found[-1].day
    write(out, "".join(f"{line}\n" for line in lines).encode(), lang)


@app.command()
def export(
    out: Annotated[Path, typer.Option("-o", "--out", help="JSON Lines")],
    organisation: _Organisation = None,
    lang: Lang = "zh",
) -> None:
    """导出全部记录，一行一条 / write every event, one a line."""
    from service.audit import use
    from service.audit.routes import EventRead

    lines, after = list[str](), 0
    with _installation(lang, organisation) as (parts, who), parts.database.reading() as db:
        while found := use.events(db, who, after, 2000):
            lines += [EventRead.model_validate(one, from_attributes=True).model_dump_json() for one in found]
            after = found[-1].number
    write(out, "".join(f"{line}\n" for line in lines).encode(), lang)
