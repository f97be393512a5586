"""CN codes and origins as people write them; neither is ever completed or chosen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from babel.core import get_global

from models.files import DATA, read_yaml
from service.workbook.layout import plain
from service.workbook.problems import (
    BadCode,
    ChineseCode,
    LetterInCode,
    LostZero,
    OriginSeveral,
    OriginUnknown,
    PrefixOutOfScope,
    ShortCode,
)  # fmt: skip
from service.workbook.raw import Cell

Candidates = Callable[[str], list[str]]
_SIGNS = re.compile(r"[\s.,:;*_/|·、，。：；'\"’‘“”()（）\[\]\-–—]+")
_SEPARATORS = re.compile(r"[\s.\-_'’‘`·]+")
_LOOKS = str.maketrans("OoQDIlLZzSsB", "000011122558")
_SHOWN = 12


def cn_code_of(cell: Cell, candidates: Candidates | None = None) -> str:
    """
    Return the eight digits of a CN code.

    Parameters
    ----------
    cell : str or float
        Not empty. Spaces, points, hyphens and an apostrophe do not count.
    candidates : callable or None
        Gives the codes in scope under a prefix, to be named in questions.

    Raises
    ------
    CellProblem
        Short, long, with a letter, or no code at all. Whether a code is in scope
        is not asked here.
    """
    if isinstance(cell, float):
        if cell < 0:
            raise BadCode(field="cn_code")
        text = f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        dropped = not cell.is_integer()
    else:
        text, dropped = plain(cell), False
        if text[:1] in ("-", "−"):
            raise BadCode(field="cn_code")
        if match := re.fullmatch(r"([0-9]{4,})\.0+", text):
            text = match[1]
        elif re.fullmatch(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]{1,2}", text):
            value = float(text)
            digits = len(re.sub(r"[eE].*|\.", "", text))
            if not value.is_integer() or digits < 8:
                raise BadCode(field="cn_code")
            text = f"{value:.0f}"
    code = _SEPARATORS.sub("", text)
    if not code.isascii() or not code.isdigit():
        likely = code.translate(_LOOKS)
        if len(code) == 8 and likely.isascii() and likely.isdigit() and sum(c.isdigit() for c in code) >= 6:
            raise LetterInCode(field="cn_code", likely=likely)
        raise BadCode(field="cn_code")
    length = len(code)
    if length == 8:
        return code
    if length in (10, 13):
        raise _asked(ChineseCode, code[:6], candidates, digits=length)
    if length in (7, 9) and not dropped:
        raise LostZero(field="cn_code", digits=length, found=code)
    if 2 <= length <= 7:
        raise _asked(ShortCode, code[:6] if length == 7 else code, candidates, digits=length)
    raise BadCode(field="cn_code")


def _asked(
    kind: type[ShortCode | ChineseCode], prefix: str, candidates: Candidates | None, *, digits: int
) -> ShortCode | ChineseCode | PrefixOutOfScope:
    if candidates is None:
        return kind(field="cn_code", digits=digits, prefix=prefix, count="?", list="…")
    found = candidates(prefix)
    if not found:
        return PrefixOutOfScope(field="cn_code", prefix=prefix)
    shown = ", ".join(found[:_SHOWN]) + (" …" if len(found) > _SHOWN else "")
    return kind(field="cn_code", digits=digits, prefix=prefix, count=len(found), list=shown)


@dataclass(frozen=True, slots=True)
class Origins:
    """What origins are called."""

    codes: frozenset[str]
    names: Mapping[str, str]
    several: frozenset[str]
    name_zh: Mapping[str, str]


def load_origins(data: Path) -> Origins:
    """Return the names of Unicode CLDR in Chinese and English, the ISO codes, and the aliases of our own."""
    told = read_yaml(data / "words" / "origins.yaml")
    not_origins = set(told["not_origins"])
    names: dict[str, str] = {}
    codes: set[str] = set()
    for language in ("zh", "zh_Hant", "en"):
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in not_origins:
                codes.add(code)
                names.setdefault(_name(name), code)
    for three, twos in get_global("territory_aliases").items():
        if len(three) == 3 and three.isalpha() and len(twos) == 1 and twos[0] in codes:
            names.setdefault(_name(three), twos[0])
    for code, aliases in told["aliases"].items():
        codes.add(code)
        for alias in aliases:
            names[_name(alias)] = code
    names |= {_name(code): code for code in codes}
    zh = Locale.parse("zh").territories
    return Origins(
        frozenset(codes),
        names,
        frozenset(_name(name) for name in told["several"]),
        {code: zh.get(code, told["aliases"].get(code, [code])[-1]) for code in codes},
    )


def _name(text: str) -> str:
    """Return the form in which names of origins are compared; what stands in brackets counts: China (Hong Kong)."""
    return _SIGNS.sub("", plain(text)).casefold()


@cache
def default_origins() -> Origins:
    """Return the origins of our own data; they do not change under a running process."""
    return load_origins(DATA)


def origin_of(cell: Cell, origins: Origins) -> str:
    """
    Return the code of an origin.

    Raises
    ------
    OriginUnknown, OriginSeveral
        No origin, or a name that holds several.
    """
    if isinstance(cell, float):
        raise OriginUnknown(field="origin")
    code = plain(cell).upper()
    if code in origins.codes:
        return code
    # "中国 CN", "China (CN)": both parts must name the same.
    name = _name(cell)
    if name in origins.several:
        raise OriginSeveral(field="origin")
    if name in origins.names:
        return origins.names[name]
    parts = [part for part in re.split(r"[\s(),/|、，;；]+", plain(cell)) if part]
    found = {origins.names.get(_name(part)) for part in parts}
    if len(parts) == 2 and len(found) == 1 and None not in found:
        return str(found.pop())
    if len(parts) > 1 and None not in found and len(found) > 1:
        raise OriginSeveral(field="origin")
    raise OriginUnknown(field="origin")
