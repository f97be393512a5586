"""Files that are cut short, of another kind, or called what they are not."""

from __future__ import annotations

from collections.abc import Callable

from tests.corpus.draft import Draft
from tests.corpus.shaping import SHAPES, Change, Shape, in_sheet, members, packed, shape


def _reject(change: Callable[[bytes], bytes], ending: str = "") -> Change:
    def made(draft: Draft) -> None:
        draft.bytes_changes.append(change)
        draft.whole, draft.ending = "reject", ending

    return made


for _share in (0.02, 0.3, 0.7, 0.95, 0.999):
    SHAPES.append(
        Shape(f"truncated to {_share}", "damage", _reject(lambda data, s=_share: data[: int(len(data) * s)]), ("xlsx",))
    )
SHAPES.extend(
    [
        Shape("nul", "damage", _reject(lambda data: data.replace("中国".encode(), b"CN\0", 1)), ("csv",)),
        Shape("empty", "damage", _reject(lambda _: b"")),
        Shape("blank", "damage", _reject(lambda _: b" \r\n\r\n"), ("csv",)),
        Shape("a page", "damage", _reject(lambda _: "<html><table><tr><td>CN编码</td></tr></table></html>".encode(), ".xls"), ("csv",)),
        Shape("json", "damage", _reject(lambda _: b'{"goods": []}'), ("csv",)),
        Shape("pdf", "damage", _reject(lambda _: b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"), ("csv",)),
        Shape("encrypted", "damage", _reject(lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 900), ("xlsx",)),
        Shape("another package", "damage", _reject(lambda _: packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"})), ("xlsx",)),
        Shape("a document", "damage", _reject(lambda _: packed({"word/document.xml": b"<a/>", "[Content_Types].xml": b"<a/>"})), ("xlsx",)),
        Shape("an image", "damage", _reject(lambda _: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), ("xlsx",)),
        Shape("without its sheet", "damage", _reject(lambda data: packed({n: d for n, d in members(data).items() if "sheet1" not in n})), ("xlsx",)),
        Shape("sheet cut short", "damage", _reject(lambda data: in_sheet(data, lambda xml: xml[: len(xml) // 2])), ("xlsx",)),
    ]
)  # fmt: skip


@shape("damage", "csv")
def cut_in_the_last_row(draft: Draft) -> None:
    draft.text_changes.append(lambda text: text[: text.rindex("2026-01-16") + 6])
    draft.lines[4].behaviour = "reject"


def _named(ending: str) -> Change:
    return lambda draft: setattr(draft, "ending", ending)


SHAPES.extend(
    Shape(f"called {e}", "damage", _named(e), (k,))
    for e, k in ((".csv", "xlsx"), (".xls", "xlsx"), (".xlsx", "csv"), (".xls", "csv"), (".TXT", "csv"))
)
