"""What we know of the Commission's communication workbook: versions, headings and cells, as data of each version."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

from models.errors import Text, YuetanError
from models.files import DATA, read_yaml

FOLDER = DATA / "templates"
#: Sheets of which one at least is in every version.
SHEETS = ("Summary_Products", "Summary_Communication", "A_InstData", "D_Processes", "E_PurchPrec")


class NotTheTemplate(YuetanError):
    code = "communication.not_the_template"
    message = Text(
        "这不是欧盟委员会的 CBAM 信息沟通表：没有工作表“{missing}”（找到的工作表：{found}）。",
        "This is not the Commission's communication workbook: there is no sheet '{missing}' (sheets found: {found}).",
    )
    hint = Text(
        "请上传完整的原表，不要另存为单个工作表。", "Hand in the whole workbook, not one sheet saved by itself."
    )


class UnknownVersion(YuetanError):
    code = "communication.unknown_version"
    message = Text(
        "信息沟通表的版本未知：{sheet}!{cell} 为“{found}”；已知版本：{known}。",
        "The version of the communication workbook is not known: {sheet}!{cell} holds '{found}'; known: {known}.",
    )
    hint = Text(
        "请使用 2.1（2024-06-05）或 2.1.1（2024-12-13）版；未知版本不读取也不填写，以免错列。",
        "Use version 2.1 (2024-06-05) or 2.1.1 (2024-12-13); an unknown one is neither read nor filled, lest columns shift.",
    )


@cache
def layout() -> Mapping[str, Any]:
    """Return ``data/templates/cbam_communication.yaml``."""
    found: Mapping[str, Any] = read_yaml(FOLDER / "cbam_communication.yaml")
    return found


def folded(text: str) -> str:
    """Return a heading without case, blanks and signs."""
    return re.sub(r"[^0-9a-z%]", "", unicodedata.normalize("NFKC", text).casefold())


@cache
def headings() -> Mapping[str, str]:
    """Return the key of each folded heading."""
    return {folded(text): key for key, text in layout()["columns"].items()}


def key_of(cell: str) -> str | None:
    """Return what a heading is called in our program; the longest known heading that it begins with."""
    text = folded(cell)
    found = [known for known in headings() if text.startswith(known)]
    return headings()[max(found, key=len)] if found else None
