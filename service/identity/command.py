"""`yuetan account`: the first organisation and its admin, from the machine the service runs on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from models.errors import Text
from service import terminal
from service.command import Lang, people, print_json, settings_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.auth import Who

app = typer.Typer(no_args_is_help=True, help="机构与账户 / organisations and accounts")


@app.command("organisation")
def organisation(
    name: Annotated[str, typer.Argument(help="机构名称 / name")],
    kind: Annotated[str, typer.Option("--kind", help="exporter, bank, ets_firm, verifier, operator")],
    uscc: Annotated[str | None, typer.Option("--uscc", help="统一社会信用代码 / unified social credit code")] = None,
    country: Annotated[str, typer.Option("--country", help="国家两位代码 / country, two letters")] = "CN",
    lang: Lang = "zh",
) -> None:
    """新增机构，打印编号 / add an organisation and print its id."""
    from service import migrate
    from service.identity import use
    from service.parts import Parts

    parts = Parts.of(settings_of())
    migrate.upgrade(parts.database)
    with people(lang), parts.database.writing() as db:
        row = use.add_organisation(db, name, kind, uscc, country)
    typer.echo(str(row.id))


@app.command("organisations")
def organisations(lang: Lang = "zh") -> None:
    """列出机构 / list the organisations."""
    from service import migrate
    from service.identity import use
    from service.identity.roles import access
    from service.parts import Parts

    parts = Parts.of(settings_of())
    migrate.upgrade(parts.database)
    table = terminal.grid(header=True)
    for head in (Text("编号", "Id"), Text("名称", "Name"), Text("类别", "Kind"), Text("信用代码", "Credit code")):
        table.add_column(head.get(lang), no_wrap=head.en == "Id")
    with parts.database.reading() as db:
        for row in use.organisations(db):
            table.add_row(str(row.id), row.name, access().organisations[row.kind].get(lang), row.uscc or "")
    terminal.console().print(table)


@app.command("invite")
def invite(
    organisation_id: Annotated[str, typer.Argument(help="机构编号 / id of the organisation")],
    email: Annotated[str, typer.Argument(help="邮箱 / e-mail address")],
    name: Annotated[str, typer.Option("--name", help="姓名 / name")],
    role: Annotated[str, typer.Option("--role", help="角色，见 data/access/roles.yaml / role")],
    lang: Lang = "zh",
) -> None:
    """邀请一个人，打印一次性链接 / invite someone and print the one-time link."""
    from service import migrate
    from service.identity import use
    from service.parts import Parts
    from service.refusals import NotFound

    parts = Parts.of(settings_of())
    migrate.upgrade(parts.database)
    with people(lang), parts.database.writing() as db:
        try:
            wanted = UUID(organisation_id)
        except ValueError as error:
            raise NotFound(field="organisation") from error
        made = use.invite(db, wanted, name, email, role)
    typer.echo(f"/sign-in/invited?code={made.code}")
    said = Text(
        f"在 {made.until:%Y-%m-%d %H:%M} UTC 前打开一次", f"to be opened once before {made.until:%Y-%m-%d %H:%M} UTC"
    )
    typer.echo(said.get(lang), err=True)


@app.command("copy")
def copy(
    organisation_id: Annotated[str, typer.Argument(help="机构编号 / id of the organisation")],
    person_id: Annotated[str, typer.Argument(help="人员编号 / id of the person")],
    lang: Lang = "zh",
) -> None:
    """打印所存的某人的个人信息，交给本人 / print what is kept of a person, for them."""
    from service.identity.person import copy_of

    with _as_organisation(organisation_id, lang) as (db, who):
        print_json(copy_of(db, who, _id(person_id)))


@app.command("forget")
def forget_person(
    organisation_id: Annotated[str, typer.Argument(help="机构编号 / id of the organisation")],
    person_id: Annotated[str, typer.Argument(help="人员编号 / id of the person")],
    lang: Lang = "zh",
) -> None:
    """删除某人的个人信息，记录中只留化名 / erase what is kept of a person; records keep a pseudonym."""
    from service.identity.person import forget

    with _as_organisation(organisation_id, lang) as (db, who):
        typer.echo(forget(db, who, _id(person_id)))


def _id(text: str) -> UUID:
    from service.refusals import NotFound

    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(field="id") from error


@contextmanager
def _as_organisation(organisation_id: str, lang: str) -> Iterator[tuple[Session, Who]]:
    """Give a session for an organisation, as its operator at the machine."""
    from service import migrate
    from service.auth import EMBEDDED, Who
    from service.parts import Parts

    parts = Parts.of(settings_of())
    try:
        migrate.upgrade(parts.database)
        with people(lang):
            who = Who(_id(organisation_id), EMBEDDED.person_id)
            with parts.database.writing(who.organisation_id) as db:
                yield db, who
    finally:
        parts.close()
