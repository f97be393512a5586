"""JSON text as we accept it: strict, shallow, no key twice, no NaN."""

from __future__ import annotations

import json
import re
from typing import Any

from service.refusals import BadJson

MOST_DIGITS = 40
MOST_DEEP = 20
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKET = re.compile(rb"[\[\]{}]")


def check_json(data: bytes) -> None:
    """
    Refuse what a standard parser lets through or chokes on.

    Raises
    ------
    BadJson
        Not UTF-8 JSON; NaN or Infinity; a number over 40 characters; nesting
        over 20; a key twice; a character that no text has (NUL, half a pair).
    """
    deep = most = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", data)):
        deep += 1 if bracket[0] in b"[{" else -1
        most = max(most, deep)
    if most > MOST_DEEP:
        raise BadJson(why_zh=f"嵌套超过 {MOST_DEEP} 层", why_en=f"it is nested deeper than {MOST_DEEP}")
    try:
        text = data.decode("utf-8")
        json.loads(text, parse_constant=_constant, parse_float=_number, parse_int=_number, object_pairs_hook=_once)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadJson(why_zh="不是合法的 UTF-8 JSON", why_en="it is not valid JSON in UTF-8") from error
    if "\\u" in text and re.search(r"\\u(0000|[dD][89a-fA-F])", text) and _odd(json.loads(text)):
        raise BadJson(why_zh="含有空字符或残缺字符", why_en="it has a NUL or half a character")


def _constant(_: str) -> None:
    raise BadJson(why_zh="含有 NaN 或 Infinity", why_en="it has NaN or Infinity")


def _number(text: str) -> float:
    if len(text) > MOST_DIGITS:
        raise BadJson(why_zh=f"有超过 {MOST_DIGITS} 个字符的数字", why_en=f"a number has over {MOST_DIGITS} characters")
    return float(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise BadJson(why_zh="同一个键出现两次", why_en="a key appears twice")
    return made


def _odd(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value or any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, dict):
        return any(_odd(k) or _odd(v) for k, v in value.items())
    return isinstance(value, list) and any(map(_odd, value))
