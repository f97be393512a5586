"""``yuetan backup`` and ``yuetan restore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import FAILED, Lang, people, settings_of


def backup(
    into: Annotated[Path, typer.Argument(help="放备份的文件夹 / folder for the backups")],
    drill: Annotated[
        bool, typer.Option("--drill", help="再恢复到新位置并重算 / restore it elsewhere and recompute")
    ] = False,
    most: Annotated[
        int, typer.Option("--most", min=0, help="演练重算几个结果 / how many results a drill recomputes")
    ] = 100,
    keep: Annotated[int | None, typer.Option("--keep", min=1, help="只留最新几份 / keep the newest so many")] = None,
    lang: Lang = "zh",
) -> None:
    """
    备份到新文件夹，服务不停 / back up into a new folder while the service works.

    SQLite 用在线备份，PostgreSQL 用 pg_dump；写明每个文件的指纹、各表行数和审计链尾。--drill 恢复到一个新位置，核对并重算。
    """
    import time

    from service import migrate
    from service.operation import backup as use
    from service.parts import Parts

    parts = Parts.of(settings_of())
    console = terminal.console()
    try:
        with people(lang):
            migrate.upgrade(parts.database)
            if drill:
                shown = use.drill(parts, into, most, time.monotonic)
                said = Text(
                    f"备份 {shown.backup_s:.1f} 秒，恢复并核对 {shown.rows} 行 {shown.restore_s:.1f} 秒，"
                    f"重算 {shown.recomputed} 个结果 {shown.recompute_s:.1f} 秒，相同 {shown.equal}",
                    f"backed up in {shown.backup_s:.1f} s, {shown.rows} rows restored and compared in {shown.restore_s:.1f} s, "
                    f"{shown.recomputed} results worked out again in {shown.recompute_s:.1f} s, {shown.equal} equal",
                )
                console.print(said.get(lang))
                for one in shown.others:
                    console.print(f"  {one.kind} {one.id} {one.outcome}", markup=False)
                if not shown.secret_fits or any(one.outcome == "differs" for one in shown.others):
                    raise typer.Exit(FAILED)
            else:
                folder, manifest = use.back_up(parts, into)
                rows = sum(manifest.rows.values())
                console.print(
                    Text(f"已备份 {rows} 行到 {folder.name}", f"{rows} rows backed up into {folder.name}").get(lang)
                )
            if keep is not None:
                for gone in use.erase_old(into, keep):
                    console.print(Text(f"已删除旧备份 {gone.name}", f"an old backup erased: {gone.name}").get(lang))
    finally:
        parts.close()


def restore(
    folder: Annotated[Path, typer.Argument(help="yuetan backup 写出的文件夹 / a folder that backup wrote")],
    lang: Lang = "zh",
) -> None:
    """恢复到设置所指的空数据库，逐项核对 / restore into the empty database of the settings, and compare."""
    from service.operation import backup as use

    settings = settings_of()
    with people(lang):
        manifest = use.restore(folder, settings)
        fits = use.secret_fits(manifest, settings)
    rows, made = sum(manifest.rows.values()), manifest.made[:19]
    console = terminal.console()
    console.print(
        Text(
            f"已恢复 {made} UTC 的备份：{rows} 行，审计链完整",
            f"restored the backup of {made} UTC: {rows} rows, the audit chains hold",
        ).get(lang)
    )
    if not fits:
        other = Text(
            "注意：YUETAN_SECRET 与备份时不同，旧签名、第二因素和伙伴密钥将不能使用。",
            "Mind: YUETAN_SECRET is not that of the backup; old signatures, second factors and partners' secrets will not work.",
        )
        console.print(other.get(lang))
        raise typer.Exit(FAILED)
