"""A CSV as text cells: encoding and separator are told from the bytes, or asked for."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable

from service.workbook.problems import Damaged, EmptyFile, TooManyCells, UnknownDelimiter, UnknownEncoding, WrongKind

SEPARATORS = (",", ";", "\t", "|")
#: Share of Chinese characters that are everyday ones (GB2312 level 1) in a text that really is GB18030.
_EVERYDAY = 0.9
_MOST_ROWS, _MOST_COLUMNS, _MOST_CELLS = 1_048_576, 200, 5_000_000


def decode(data: bytes) -> str:
    """
    Return the text of ``data``.

    Raises
    ------
    UnknownEncoding
        Neither Unicode nor clearly GB18030 (which every series of bytes of Big5
        or Latin-1 might be as well).
    WrongKind
        Not text at all.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise UnknownEncoding from error
    if b"\0" in data:
        raise WrongKind(kind_zh="二进制内容", kind_en="binary data")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and error.start > 0 and error.reason == "unexpected end of data":
            raise Damaged(why="UTF-8") from error
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise UnknownEncoding from error
    foreign = [c for c in text if c > "\x7f" and not _punctuation(c)]
    if sum(map(_everyday, foreign)) < _EVERYDAY * len(foreign):
        raise UnknownEncoding
    return text


def _punctuation(char: str) -> bool:
    return "\u2000" <= char <= "\u206f" or "\u3000" <= char <= "\u303f" or "\uff00" <= char <= "\uffef"


def _everyday(char: str) -> bool:
    try:
        first = char.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return 0xB0 <= first <= 0xD7


def separator(text: str, names: Callable[[str], bool]) -> tuple[str, str]:
    """
    Return the separator and the text without a ``sep=`` line.

    ``names`` says whether a cell is a known heading: the separator under which
    one row holds most of them is the one; where no heading is known the rows
    must agree on their length under one separator only.
    """
    head = text[:8].lower()
    if head.startswith("sep=") and len(text) > 4:
        line, _, rest = text.replace("\r\n", "\n").partition("\n")
        if len(line) == 5:
            return line[4], f"\n{rest}"  # the line stays, empty, so that rows keep their numbers
    known: dict[str, int] = {}
    even: dict[str, int] = {}
    sample = text[:65536]
    if len(text) > len(sample):
        sample = sample[: sample.rfind("\n") + 1] or sample
    for mark in SEPARATORS:
        try:
            rows = [row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=mark) if any(row)][:50]
        except csv.Error:
            continue
        known[mark] = max((sum(map(names, row)) for row in rows), default=0)
        lengths = Counter(map(len, rows))
        usual, often = lengths.most_common(1)[0] if lengths else (0, 0)
        if usual > 1 and often >= 0.8 * len(rows) and len(rows[0]) >= usual:
            even[mark] = usual
    best = max(known.values(), default=0)
    of_best = [mark for mark, count in known.items() if count == best]
    if best >= 2 and len(of_best) == 1:
        return of_best[0], text
    if len(even) == 1:
        return next(iter(even)), text
    if not even and all(mark not in sample for mark in SEPARATORS):
        return ",", text  # one column
    raise UnknownDelimiter


def read_text(data: bytes, names: Callable[[str], bool]) -> tuple[str, list[list[str]]]:
    """
    Return the separator and the rows of a CSV.

    Raises
    ------
    FileProblem
        Empty, of another kind, an encoding or a separator that cannot be told,
        a quotation that never ends, too many cells.
    """
    text = decode(data)
    if not text.strip():
        raise EmptyFile
    if "\0" in text:
        raise WrongKind(kind_zh="二进制内容", kind_en="binary data")
    start = text.lstrip()[:200].lower()
    if start.startswith(("<html", "<!doctype", "<table", "<?xml", "<meta", "<style", "<div")):
        raise WrongKind(kind_zh="网页或 XML", kind_en="a web page or XML")
    if start.startswith(("{", "[", "%pdf")):
        raise WrongKind(kind_zh=" JSON 或 PDF", kind_en="JSON or PDF")
    mark, text = separator(text, names)
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True):
            cells += len(row)
            if len(rows) >= _MOST_ROWS or len(row) > _MOST_COLUMNS or cells > _MOST_CELLS:
                raise TooManyCells(
                    sheet="CSV",
                    rows=len(rows) + 1,
                    columns=len(row),
                    most_rows=_MOST_ROWS,
                    most_columns=_MOST_COLUMNS,
                    most_cells=_MOST_CELLS,
                )
            rows.append(row)
    except csv.Error as error:
        raise Damaged(why=f"CSV: {error}") from error
    return mark, rows
