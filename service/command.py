"""What the commands of the terminal share: their options, refusals in words, the progress bar, files in and out."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from models.errors import Text, YuetanError
from service import terminal

if TYPE_CHECKING:
    from pydantic import BaseModel

    from service.parts import Parts
    from service.settings import Settings

M = TypeVar("M", bound="BaseModel")

FAILED, UNREADABLE, ROWS_REFUSED = 1, 3, 4

Lang = Annotated[Literal["zh", "en"], typer.Option("--lang", envvar="YUETAN_LANG", help="语言 / language")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
On = Annotated[dt.datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="日期 / day, YYYY-MM-DD")]
PricePath = Annotated[str, typer.Option("--price-path", help="证书价格路径 / certificate price path")]
LawScenario = Annotated[
    list[str] | None, typer.Option("--law-scenario", help="叠加的法规情景 / draft laid over the law")
]
UseScenarioPrice = Annotated[
    bool, typer.Option("--use-scenario-price", help="无官方价格时用情景价格 / where no official price exists")
]
Out = Annotated[Path, typer.Option("-o", "--out", help="输出文件 / file to write")]


@contextmanager
def people(lang: str, code: int = FAILED) -> Iterator[None]:
    """Turn a refusal into words and an exit code."""
    try:
        yield
    except YuetanError as error:
        terminal.console(err=True).print(terminal.said(error, lang))
        raise typer.Exit(code) from None


@contextmanager
def progress(lang: str) -> Iterator[Callable[[str, int, int | None], None]]:
    """Show a bar on the error stream; it disappears when the work is done."""
    words = {
        "read": Text("读取", "Reading"), "assess": Text("计算", "Computing"), "keep": Text("保存", "Keeping"),
        "report": Text("写报告", "Writing the report"), "wait": Text("启动", "Starting"),
    }  # fmt: skip
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=terminal.console(err=True), transient=True) as bar:
        task = bar.add_task(words["wait"].get(lang), total=None)

        def tell(stage: str, done: int, total: int | None) -> None:
            bar.update(task, description=words[stage].get(lang), completed=done, total=total)

        yield tell


def settings_of(**given: Any) -> Settings:
    """Return the settings with what was given on the line; a bad one is named and ends with exit code 2."""
    from pydantic import ValidationError

    from service.settings import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            typer.echo(f"YUETAN_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}", err=True)
        raise typer.Exit(2) from None


@contextmanager
def installation(lang: str) -> Iterator[Parts]:
    """Give the parts of this installation, its database migrated; refusals are told to people."""
    from service import migrate
    from service.parts import Parts

    parts = Parts.of(settings_of())
    try:
        migrate.upgrade(parts.database)
        with people(lang):
            yield parts
    finally:
        parts.close()


def has_database(parts: Parts) -> bool:
    """Return whether this installation has a database that is up to date; none is made."""
    from sqlalchemy.exc import SQLAlchemyError

    from service import migrate

    url = parts.settings.database
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return False
    try:
        return migrate.is_current(parts.database)
    except SQLAlchemyError:
        return False


def print_json(value: Any) -> None:
    """Print JSON on the output stream and nothing else."""
    from service.columns import dumps

    sys.stdout.write(json.dumps(json.loads(dumps(value)), ensure_ascii=False, indent=2) + "\n")


def read_bytes(file: Path, lang: str) -> bytes:
    """Return a file; one that is too large or cannot be read is said and ends with exit code 3."""
    from service.safety import UPLOAD_LIMIT

    try:
        if file.stat().st_size > UPLOAD_LIMIT:
            from service.refusals import TooLarge

            with people(lang, UNREADABLE):
                raise TooLarge(limit_mb=UPLOAD_LIMIT // 1_000_000)
        return file.read_bytes()
    except OSError as error:
        text = Text("无法读取文件", "The file cannot be read").get(lang)
        typer.echo(f"{text}: {file.name} ({error.strerror})", err=True)
        raise typer.Exit(UNREADABLE) from None


def read_input(file: Path, kind: type[M], lang: str) -> M:
    """Return a JSON or YAML file as an input; one that cannot be read ends with exit code 3, each wrong field is named."""
    from pydantic import ValidationError

    from models.files import parse_yaml
    from service.json_text import check_json

    data = read_bytes(file, lang)
    with people(lang, UNREADABLE):
        if file.suffix.lower() in (".yaml", ".yml"):
            data = json.dumps(parse_yaml(data, file.name), ensure_ascii=False, default=str).encode()
        check_json(data)
    try:
        return kind.model_validate_json(data, strict=True)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            typer.echo(f"{'.'.join(map(str, one['loc']))}: {one['msg']}", err=True)
        raise typer.Exit(UNREADABLE) from None


def write(path: Path, data: bytes, lang: str) -> None:
    """Write a file; a place that cannot be written to is said and ends with exit code 1."""
    try:
        path.write_bytes(data)
    except OSError as error:
        text = Text("无法写入文件", "The file cannot be written").get(lang)
        typer.echo(f"{text}: {path.name} ({error.strerror})", err=True)
        raise typer.Exit(FAILED) from None
