"""Numbers as people write them: separators, units, percentages; two readings are a question, never a choice."""

from __future__ import annotations

import contextlib
import math
import re
import statistics
from collections.abc import Iterable
from typing import Literal, NamedTuple

from models.units import KG_PER_T
from service.workbook.layout import Column, Layout, meaning, plain
from service.workbook.problems import (
    AmbiguousNumber,
    CellProblem,
    LooksLikeKg,
    NotANumber,
    OutOfBounds,
    UnitNotStated,
    UnknownUnit,
)
from service.workbook.raw import Cell

#: What the texts of a sheet show to be the decimal mark: ``both`` where they contradict each other, nothing where they
#: leave it to the convention of Chinese tables (a comma groups thousands), ``?`` where that convention may not hold.
Decimals = Literal[".", ",", "both", "?", ""]
_NUMBER = re.compile(r"([+-]?)((?:[0-9]|\.[0-9])[0-9., '’]*?)(?:[eE]([+-]?[0-9]{1,4}))?\s*([^0-9., '’].*)?")
_SPACED = re.compile(r"[0-9]{1,3}(?:[ '’][0-9]{3})+(?:[.,][0-9]+)?")
_CURRENCY = {"¥": "CNY", "€": "EUR", "$": "USD", "£": None}
_POINT = re.compile(
    r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3}){2,}|[0-9]*\.(?:[0-9]{1,2}|[0-9]{4,})|0\.[0-9]+|[0-9]{4,}\.[0-9]+"
)
_COMMA = re.compile(
    r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,}|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|0,[0-9]+|[0-9]{4,},[0-9]+"
)

#: In brackets of a heading anything may stand; these parts of an unknown unit make it dangerous to pass over.
_SCALES = re.compile(r"[/千百万亿]|每|kg|公斤|thousand|million|billion")
_PER_YEAR = re.compile(r"/(?:年|a|yr|year)$")
_DIGITS = re.compile(r"[0-9][0-9., '’]*")


class Amount(NamedTuple):
    """Money, and the currency where the cell or its heading names one."""

    value: float
    currency: str | None


def decimals_of(texts: Iterable[str]) -> Decimals:
    """Return the decimal mark that the texts of a sheet show without doubt."""
    point = comma = False
    for text in texts:
        body = re.sub(r"[^0-9.,]", "", plain(text))
        point = point or _POINT.fullmatch(body) is not None
        comma = comma or _COMMA.fullmatch(body) is not None
        if point and comma:
            return "both"
    return "." if point else "," if comma else ""


def kilograms_above(
    cells: Iterable[Cell], column: Column, unit: str | None, decimals: Decimals, layout: Layout
) -> float:
    """
    Return above which a net mass in a column of tonnes looks like kilograms.

    A mass far above the others of its column does; and where the usual mass is
    large and one is larger than any shipment, the whole column may be meant in
    kilograms. Only cells without a unit of their own are compared.
    """
    if layout.units["mass"].get(_tidy(unit or "")) != 1.0:
        return layout.asks_above_t
    masses: list[float] = []
    for cell in cells:
        if isinstance(cell, float):
            masses.append(cell)
        elif _DIGITS.fullmatch(cell):
            with contextlib.suppress(CellProblem):
                masses.append(_parse(cell, column, decimals)[0])
    if len(masses) < layout.kilograms.fewest:
        return layout.asks_above_t
    usual = statistics.median(masses)
    if usual > layout.kilograms.above_t and max(masses) > layout.asks_above_t:
        return 0.0
    return min(layout.asks_above_t, max(layout.kilograms.above_t, layout.kilograms.times_usual * usual))


def number_of(
    cell: Cell, column: Column, unit: str | None, decimals: Decimals, layout: Layout, asks_above_t: float | None = None
) -> float | Amount:
    """
    Return the number of a cell in the unit of its field.

    Parameters
    ----------
    cell : str or float
        Not empty; a text may carry a unit, separators, a percent sign.
    column : Column
        What the number means.
    unit : str or None
        The unit that the heading states.
    decimals : str
        The decimal mark shown by the other cells of the sheet.
    asks_above_t : float or None
        Net mass without a unit of its own above which it looks like kilograms;
        that of the layout where none is given.

    Raises
    ------
    CellProblem
        Not a number, two readings, a unit that is not known or not stated, a
        mass that looks like kilograms.
    """
    if isinstance(cell, float):
        value, tail, shown = cell, "", f"{cell:.15g}"
    else:
        value, tail, shown = _parse(cell, column, decimals)
    if not math.isfinite(value):
        raise OutOfBounds(field=column.field, name_zh=column.text.zh, name_en=column.text.en, bound="1e308")
    if column.kind == "money":
        return _money(value, tail, column, unit, layout)
    if column.kind in ("fraction", "any"):
        if tail and tail != "%":
            raise _unknown(column, tail, layout)
        percent = tail == "%" or (not tail and plain(unit or "") == "%")
        return value / 100.0 if percent else value
    units = layout.units.get(column.kind, {})
    if tail:
        if tail not in units:
            raise _unknown(column, tail, layout)
        return value * units[tail]
    stated = _tidy(unit or "")
    if stated not in units and _may_scale(unit, column):
        raise _unknown(column, stated, layout)
    if column.kind == "mass" and stated not in units:
        raise UnitNotStated(field=column.field, name_zh=column.text.zh, name_en=column.text.en)
    value *= units.get(stated, 1.0)
    most = layout.asks_above_t if asks_above_t is None else asks_above_t
    if column.field == "net_mass_t" and value > most and units[stated] == 1:
        raise LooksLikeKg(field=column.field, value=shown)
    return value


def _tidy(unit: str) -> str:
    return re.sub(r"\s", "", plain(unit)).casefold().replace("₂", "2")


def _may_scale(unit: str | None, column: Column) -> bool:
    """Return whether a unit of a heading that we do not know could change the size of the number."""
    stated = _PER_YEAR.sub("", _tidy(unit or ""))
    return stated != _tidy(column.unit) and _SCALES.search(stated) is not None


def _unknown(column: Column, tail: str, layout: Layout) -> UnknownUnit:
    known = ", ".join(layout.units.get(column.kind, {})) or "%"
    return UnknownUnit(field=column.field, name_zh=column.text.zh, name_en=column.text.en, unit=tail[:20], known=known)


def _parse(cell: str, column: Column, decimals: Decimals) -> tuple[float, str, str]:
    """Return number, unit and the number as written."""
    text = plain(cell).replace("−", "-").replace("，", ",")
    wrong = NotANumber(field=column.field, name_zh=column.text.zh, name_en=column.text.en)
    sign = 1.0
    if text.startswith("(") and text.endswith(")"):
        sign, text = -1.0, text[1:-1].strip()
    lead = ""
    if column.kind == "money" and (found := re.match(r"(CNY|RMB|EUR|USD|HKD|US\$|HK\$|[¥€$])\s*", text, re.IGNORECASE)):
        lead, text = found[1], text[found.end() :]
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise wrong
    minus, body, power, tail = match.groups()
    body = body.strip()
    if " " in body or "'" in body or "’" in body:
        if not _SPACED.fullmatch(body):
            raise wrong
        body = re.sub(r"[ '’]", "", body)
    value = _decimal(body, column, decimals)
    if value is None:
        raise wrong
    if power:
        value = value * 10.0 ** int(power) if int(power) < 300 else math.inf
    return sign * (-value if minus == "-" else value), _tidy(lead + (tail or "")), body


def _decimal(body: str, column: Column, decimals: Decimals) -> float | None:
    points, commas = body.count("."), body.count(",")
    if points and commas:
        mark, group = (".", ",") if body.rfind(".") > body.rfind(",") else (",", ".")
        whole, _, part = body.rpartition(mark)
        if mark in whole or not re.fullmatch(rf"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+", whole):
            return None
        return float(f"{whole.replace(group, '')}.{part or '0'}")
    if points + commas == 0:
        return float(body)
    mark = "." if points else ","
    if points + commas > 1:
        grouped = re.fullmatch(rf"[0-9]{{1,3}}(?:{re.escape(mark)}[0-9]{{3}})+", body)
        return float(body.replace(mark, "")) if grouped else None
    whole, _, part = body.partition(mark)
    if re.fullmatch(r"[1-9][0-9]{0,2}", whole) and len(part) == 3:
        # By the convention of the house a comma groups thousands; a point is asked about unless other cells settle it.
        if decimals == mark:
            return float(f"{whole}.{part}")
        if (mark == "," and decimals in ("", ".")) or (mark == "." and decimals == ","):
            return float(whole + part)
        raise AmbiguousNumber(
            field=column.field,
            name_zh=column.text.zh,
            name_en=column.text.en,
            one=f"{whole}.{part}",
            other=f"{whole}{part}",
        )
    if not part and not whole:
        return None
    return float(f"{whole or '0'}.{part or '0'}")


def _money(value: float, tail: str, column: Column, unit: str | None, layout: Layout) -> Amount:
    own = _money_unit(tail, layout) if tail else None
    if tail and own is None:
        raise _unknown(column, tail, layout)
    stated = _money_unit(_tidy(unit or ""), layout)
    if stated is None:
        if own is None and _may_scale(unit, column):
            raise _unknown(column, _tidy(unit or ""), layout)
        stated = (1.0, None)
    factor, currency = own or stated
    return Amount(value * factor, currency or stated[1])


def _money_unit(text: str, layout: Layout) -> tuple[float, str | None] | None:
    """Return the factor and the currency of a unit such as ``元/吨``, ``EUR/kg`` or ``万元``; ``None`` if not known."""
    money, _, per = text.partition("/")
    factor = {
        "": 1.0,
        "t": 1.0,
        "吨": 1.0,
        "tco2": 1.0,
        "tonne": 1.0,
        "mt": 1.0,
        "kg": KG_PER_T,
        "千克": KG_PER_T,
        "公斤": KG_PER_T,
    }.get(per)
    if factor is None:
        return None
    known = layout.units["money"]
    bare = money.lstrip("百千万亿")
    currency = meaning(layout, "currency", bare) if bare else None
    # "万eur": the scale and the currency are known apart; "千元": the scale is not, and is not passed over.
    before = money.removesuffix(bare) if bare else money
    scale = known.get(money, known.get(before) if before else None if currency is None and money else 1.0)
    return None if scale is None else (factor * scale, currency)
