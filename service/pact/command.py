"""``yuetan footprint``: footprints of others brought in, ours written for others, and partners fetched from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from models.errors import Text
from service import terminal
from service.command import FAILED, UNREADABLE, AsJson, Lang, Out, people, print_json, read_bytes, settings_of, write


def bring_in(
    file: Annotated[Path, typer.Argument(help="PACT 2.x/3.x 或 Catena-X 7–9 的 JSON / JSON of PACT or Catena-X")],
    mass: Annotated[
        str | None,
        typer.Option("--mass", help="每单位产品质量 kg，文件未写明时 / kg per unit where the file does not say"),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="只检查，不保存 / look only, keep nothing")] = False,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """导入供应商碳足迹 / bring in a supplier's product footprints; exit code 1 if one cannot be taken."""
    from models.pact.reading import documents, read
    from service.json_text import check_json

    data = read_bytes(file, lang).removeprefix(b"\xef\xbb\xbf")
    with people(lang, UNREADABLE):
        check_json(data)
        found = [read(one, mass) for one in documents(data)]
    kept = 0 if check else _keep(found, lang)
    if as_json:
        print_json([_plain(one) for one in found])
    else:
        console = terminal.console()
        for one in found:
            name = one.footprint.productNameCompany if one.footprint else "—"
            per = f"{one.per.value:f} {one.per.unit}" if one.per else "—"
            console.print(f"{one.form} · {name} · {per}", markup=False)
            console.print(terminal.findings([finding.to_dict() for finding in one.findings], lang))
        said = Text(f"读取 {len(found)} 份，新保存 {kept} 份", f"{len(found)} read, {kept} newly kept")
        typer.echo(said.get(lang), err=True)
    if any(one.footprint is None for one in found):
        raise typer.Exit(FAILED)


def _keep(found: list[Any], lang: str) -> int:
    from service import migrate
    from service.auth import EMBEDDED
    from service.pact.book import receive
    from service.parts import Parts

    parts = Parts.of(settings_of())
    migrate.upgrade(parts.database)
    with people(lang), parts.database.writing() as db:
        return sum(receive(db, EMBEDDED, one)[1] for one in found if one.footprint is not None)


def _plain(one: Any) -> dict[str, Any]:
    return {
        "form": one.form,
        "footprint": one.footprint.document() if one.footprint else None,
        "intensity": f"{one.per.value:f}" if one.per else None,
        "intensity_unit": one.per.unit if one.per else None,
        "findings": [finding.to_dict() for finding in one.findings],
    }


def catena_x(
    file: Annotated[Path, typer.Argument(help="PACT 3.x JSON")],
    out: Out,
    lang: Lang = "zh",
) -> None:
    """写出 Catena-X 9.0.0 文件 / write a footprint as a file of Catena-X 9.0.0."""
    from models.pact.catena_x_out import json_text, to_catena_x
    from models.pact.reading import documents, read
    from models.pact.told import Notes

    data = read_bytes(file, lang)
    with people(lang, UNREADABLE):
        found = [read(one) for one in documents(data)]
    notes = Notes()
    made = [to_catena_x(one.footprint, notes) for one in found if one.footprint is not None]
    told = [*(f for one in found if one.footprint is None for f in one.findings), *notes.findings]
    if told:
        terminal.console(err=True).print(terminal.findings([finding.to_dict() for finding in told], lang))
    if len(made) < len(found):
        raise typer.Exit(FAILED)
    write(out, json_text(made[0] if len(made) == 1 else made).encode(), lang)
