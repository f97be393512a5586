"""Files that show a record: which kinds are taken, and that each is what its name says."""

from __future__ import annotations

import re

from models.errors import Text, YuetanError
from service.refusals import WrongMedia

_ZIP = (b"PK\x03\x04",)
#: Ending of the name, and how such a file begins.
BEGINS: dict[str, tuple[bytes, ...]] = {
    ".pdf": (b"%PDF-",),
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".ofd": _ZIP,
    ".xlsx": _ZIP,
    ".docx": _ZIP,
    ".zip": _ZIP,
}


class NotWhatItSays(YuetanError):
    code = "register.not_what_it_says"
    message = Text("文件内容不是{ending}。", "The content of the file is not {ending}.")
    hint = Text("请上传原件的扫描件或导出文件。", "Hand in a scan or export of the document.")


class NothingIn(YuetanError):
    code = "register.empty_file"
    message = Text("文件是空的。", "The file is empty.")
    hint = Text("请重新选择文件。", "Choose the file again.")


def evidence_name(name: str | None, data: bytes) -> str:
    """
    Return a file name without folders and control characters.

    Raises
    ------
    WrongMedia
        Its ending is not one that is taken.
    NothingIn, NotWhatItSays
        It is empty, or does not begin as such a file does.
    """
    last = re.split(r"[/\\]", name or "")[-1]
    plain = "".join(c for c in last if c.isprintable()).strip()[-120:]
    ending = f".{plain.rpartition('.')[2].lower()}"
    if ending not in BEGINS or plain.startswith("."):
        raise WrongMedia(field="file", expected=" / ".join(BEGINS))
    if not data:
        raise NothingIn(field="file")
    if not data.startswith(BEGINS[ending]):
        raise NotWhatItSays(field="file", ending=ending)
    return plain
