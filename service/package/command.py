"""``yuetan package``: an application as one signed zip, and whether one holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import AsJson, Lang, Out, installation, people, print_json, read_bytes, read_input, write

app = typer.Typer(no_args_is_help=True, help="融资申请包 / application packages")


@app.command()
def make(
    file: Annotated[Path, typer.Argument(help="JSON 或 YAML：record、project、footprints… / JSON or YAML")],
    out: Out = Path("application.zip"),
    lang: Lang = "zh",
) -> None:
    """把评分记录、项目、碳足迹、KPI 和证据索引打成签名的包 / make a signed package from a kept score."""
    from service import clock
    from service.auth import EMBEDDED
    from service.package import use

    asked = read_input(file, use.PackageAsk, lang)
    with installation(lang) as parts, parts.database.writing() as db:
        site = parts.settings.public_url
        link = f"{site.rstrip('/')}/verify/score/{asked.record}" if site else None
        data = use.package(db, EMBEDDED, parts.settings, asked, clock.today(), lang, link)
    write(out, data, lang)
    typer.echo(str(out))


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="申请包 zip / a package")], as_json: AsJson = False, lang: Lang = "zh"
) -> None:
    """核对签名和每个文件的哈希 / check the signature and the hash of every file."""
    from service.package.seal import opened

    with people(lang):
        found = opened(read_bytes(file, lang))
    if as_json:
        print_json({"key_id": found.key_id, "said": dict(found.said), "files": sorted(found.files)})
        return
    said = Text(
        f"签名与 {len(found.files)} 个文件相符；密钥 {found.key_id}，请另行与出具方核对",
        f"The signature and {len(found.files)} files hold; key {found.key_id}, to be compared with the issuer",
    )
    terminal.console().print(said.get(lang))
