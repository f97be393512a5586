"""The sheets of the workbook as data: fields, names in two languages, what each may hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from models.files import DATA, read_yaml
from models.inputs import Input

Kind = Literal[
    "text", "code", "origin", "date", "mass", "number", "signed", "share", "integer", "choice", "yesno", "any"
]


class Choice(Input):
    """One allowed word."""

    value: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()


class Column(Input):
    """One column, or one line of a sheet of fields."""

    field: str
    zh: str
    en: str
    kind: Kind
    unit: str = ""
    required: bool = False
    choices: str | None = None
    aliases: tuple[str, ...] = ()
    help_zh: str = ""
    help_en: str = ""

    @property
    def header(self) -> str:
        """The bilingual header that the template writes."""
        unit = f" ({self.unit})" if self.unit else ""
        return f"{self.zh}{unit}\n{self.en}{unit}"


class Sheet(Input):
    """One sheet."""

    zh: str
    en: str
    kind: Literal["rows", "fields"]
    columns: tuple[Column, ...]

    @property
    def title(self) -> str:
        """The name of the sheet in the template."""
        return f"{self.zh} {self.en}"


class Layout(Input):
    """All sheets and the words that choices allow."""

    choices: dict[str, tuple[Choice, ...]] = Field(default_factory=dict)
    sheets: dict[str, Sheet]

    def words(self, name: str) -> Mapping[str, str]:
        """Return the value of every way to write a choice, folded."""
        return {
            fold(word): choice.value
            for choice in self.choices[name]
            for word in (choice.value, choice.zh, choice.en, *choice.aliases)
        }


def fold(text: str) -> str:
    """Return a text for comparing: full width to half, no spaces, no brackets around units, lower case."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\s_\-·:：/()（）\[\]【】*＊.,，。'’]+", "", plain)


@cache
def layout(data: Path = DATA) -> Layout:
    """Read ``data/words/workbook.yaml`` and the processes once."""
    node = read_yaml(data / "words" / "workbook.yaml")
    processes = read_yaml(data / "words" / "processes.yaml")
    node["choices"]["process"] = [{"value": key, "zh": w["zh"], "en": w["en"]} for key, w in processes.items()]
    return Layout.model_validate(node)
