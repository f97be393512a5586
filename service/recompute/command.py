"""``yuetan recompute``: are the kept results still what their inputs and their law say?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from models.errors import Text
from service import terminal
from service.command import FAILED, AsJson, Lang, people, print_json, settings_of

if TYPE_CHECKING:
    from service.recompute.use import Again

_SAID = {
    "equal": Text("相同", "equal"),
    "moved": Text("参数已变", "a parameter moved"),
    "differs": Text("不符", "differs"),
}


def recompute(
    keys: Annotated[
        list[str] | None, typer.Argument(help="结果编号，或指纹的前 8 位以上 / ids, or first letters of keys")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="全部机构的全部结果 / all results")] = False,
    most: Annotated[
        int | None, typer.Option("--most", min=1, help="每机构至多几个，按指纹抽取 / at most so many")
    ] = None,
    organisation: Annotated[
        str | None, typer.Option("--organisation", help="机构编号 / id of the organisation")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """
    用保存的输入和当时的法规参数重算已保存的结果 / work kept results out again.

    相同即证明；参数此后有更正的，旧结果不变，逐个列出变动的参数。退出码 1：有结果不符。
    """
    from service import migrate
    from service.parts import Parts, calm_collector
    from service.recompute import use

    if not keys and not everything:
        raise typer.BadParameter("KEY … | --all")
    try:
        only = UUID(organisation) if organisation else None
    except ValueError:
        raise typer.BadParameter(str(organisation)) from None
    parts = Parts.of(settings_of())
    done: list[Again] = []
    try:
        migrate.upgrade(parts.database)
        calm_collector()
        with people(lang):
            for who in use.everyone(parts.database, only):
                with parts.database.reading(who.organisation_id) as db:
                    results = use.kept_results(db, who, most) if everything else use.of_names(db, who, keys or [])
                done += use.recomputed(parts.database, parts.library, who, results)
            if keys and not everything:
                use.check_found(done, keys)
    finally:
        parts.close()
    _tell(done, lang, as_json=as_json)
    if any(one.outcome == "differs" for one in done):
        raise typer.Exit(FAILED)


def _tell(done: list[Again], lang: str, *, as_json: bool) -> None:
    counts = {outcome: sum(one.outcome == outcome for one in done) for outcome in _SAID}
    if as_json:
        results = [
            {
                "kind": one.kind, "id": str(one.id), "key": one.key, "outcome": one.outcome,
                "moved": [{"name": m.name, "then": m.then, "now": m.now} for m in one.moved],
                "places": list(one.places), "why": one.why._asdict() if one.why else None,
            }
            for one in done
        ]  # fmt: skip
        print_json({"results": len(done), **counts, "items": results})
        return
    console = terminal.console()
    for one in done:
        if one.outcome == "equal" and not one.moved:
            continue
        console.print(f"{one.kind} {one.id}  {_SAID[one.outcome].get(lang)}")
        for line in (*(m.line() for m in one.moved), *one.places, *([one.why.get(lang)] if one.why else [])):
            console.print(f"  {line}", markup=False)
    said = Text(
        f"重算 {len(done)} 个：相同 {counts['equal']}，参数已变 {counts['moved']}，不符 {counts['differs']}",
        f"{len(done)} worked out again: {counts['equal']} equal, {counts['moved']} with a parameter that moved, "
        f"{counts['differs']} that differ",
    )
    console.print(said.get(lang))
