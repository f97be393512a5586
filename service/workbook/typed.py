"""A cell of a column to a value of its field: one rule per kind, each distinct cell typed once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from service.workbook.codes import Candidates, Origins, cn_code_of, origin_of
from service.workbook.days import day_of
from service.workbook.guard import as_text
from service.workbook.layout import Column, Layout, meaning, plain, tidy
from service.workbook.problems import (
    CellProblem,
    ErrorCell,
    Invalid,
    NoCachedValue,
    NotANumber,
    NotPositive,
    TooLong,
    UnknownWord,
)  # fmt: skip
from service.workbook.quantity import Amount, Decimals, number_of
from service.workbook.raw import ERROR, NO_VALUE, Cell

_ERRORS = {"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
_NUMBERS = {"number", "mass", "mass_co2", "intensity", "money", "fraction"}
#: Words that a column of any kind may hold besides numbers.
_ANSWERS = ("yes_no", "evidence_level", "use_of_proceeds")
_LONGEST = 1000
Typed = dt.date | float | int | str | bool | Amount | None


class Typist:
    """
    Types the cells of one column.

    What a cell is typed to depends on nothing but the cell, so each distinct
    one is typed once; a refusal is kept like a value.
    """

    def __init__(
        self,
        column: Column,
        unit: str | None,
        layout: Layout,
        origins: Origins,
        *,
        decimals: Decimals = "",
        epoch_1904: bool = False,
        candidates: Candidates | None = None,
        asks_above_t: float | None = None,
    ) -> None:
        self.column = column
        self.unit = unit
        self.layout = layout
        self.origins = origins
        self.decimals = decimals
        self.epoch_1904 = epoch_1904
        self.candidates = candidates
        self.asks_above_t = asks_above_t
        self.known: dict[Cell, Typed | CellProblem] = {}

    def __call__(self, cell: Cell) -> Typed | CellProblem:
        """Return the value of a cell, ``None`` where it is empty, or what is wrong with it."""
        try:
            return self.known[cell]
        except KeyError:
            pass
        try:
            made: Typed | CellProblem = self._type(cell)
        except CellProblem as problem:
            made = problem
        self.known[cell] = made
        return made

    def _type(self, cell: Cell) -> Typed:
        column = self.column
        names = {"field": column.field, "name_zh": column.text.zh, "name_en": column.text.en}
        if isinstance(cell, str):
            if cell == ERROR:
                raise ErrorCell(**names)
            if cell == NO_VALUE:
                raise NoCachedValue(**names)
            if len(cell) > _LONGEST:
                raise TooLong(**names, most=_LONGEST)
            text = plain(cell)
            if self._is_empty(text):
                return None
            if text.upper() in _ERRORS:
                raise ErrorCell(**names)
            if text.startswith("=") and len(text) > 1:
                raise NoCachedValue(**names)
        kind = column.kind
        if kind == "text":
            return tidy(as_text(cell))
        if kind in _NUMBERS:
            number = number_of(cell, column, self.unit, self.decimals, self.layout, self.asks_above_t)
            if kind == "mass" and column.field == "net_mass_t" and isinstance(number, float) and number <= 0:
                raise NotPositive(**names)
            return number
        if kind == "cn_code":
            return cn_code_of(cell, self.candidates)
        if kind == "origin":
            return origin_of(cell, self.origins)
        if kind == "date":
            return day_of(cell, column, epoch_1904=self.epoch_1904)
        if kind == "year":
            return self._year(cell, names)
        if kind == "yes_no":
            word = meaning(self.layout, "yes_no", as_text(cell))
            if word is None:
                raise self._unknown("yes_no", names)
            return word == "yes"
        if kind == "word" and column.words:
            word = meaning(self.layout, column.words, as_text(cell))
            if word is None:
                raise self._unknown(column.words, names)
            return word
        if kind in ("id", "code"):
            return plain(as_text(cell)).upper().replace(" ", "")
        return self._answer(cell)

    def _answer(self, cell: Cell) -> Typed:
        """Return a number, or a text where it is one of the words that may stand for an answer."""
        text = plain(as_text(cell))
        if any(meaning(self.layout, group, text) for group in _ANSWERS):
            return text
        try:
            return number_of(cell, self.column, self.unit, self.decimals, self.layout)
        except NotANumber:
            return text

    def _is_empty(self, text: str) -> bool:
        folded = text.casefold()
        if folded == "":
            return True
        if folded not in self.layout.empty:
            return False
        # "none" and "无" are answers where the column knows them.
        group = "yes_no" if self.column.kind == "yes_no" else self.column.words
        return not (group and meaning(self.layout, group, text)) and self.column.kind != "any"

    def _year(self, cell: Cell, names: dict[str, str]) -> int:
        text = plain(as_text(cell)).rstrip("年度")
        if not (text.isascii() and text.isdigit() and len(text) == 4):
            raise Invalid(**names)
        return int(text)

    def _unknown(self, group: str, names: dict[str, str]) -> UnknownWord:
        words = self.layout.words[group]
        return UnknownWord(
            **names,
            known_zh="、".join(word.text.zh for word in words),
            known_en=", ".join(word.text.en for word in words),
        )


def refused(error: dict[str, Any], column: Column) -> CellProblem:
    """Return what the model says against a value, in our words."""
    from service.workbook.problems import FarDate, OutOfBounds

    names = {"field": column.field, "name_zh": column.text.zh, "name_en": column.text.en}
    kind, context = error["type"], error.get("ctx") or {}
    if column.kind == "date":
        return FarDate(field=column.field, year=getattr(error["input"], "year", "?"))
    for word, sign in (
        ("greater_than_equal", "≥"),
        ("less_than_equal", "≤"),
        ("greater_than", ">"),
        ("less_than", "<"),
    ):
        if kind == word:
            limit = next(iter(context.values()), "?")
            return OutOfBounds(
                **names, bound=f"{sign} {limit:g}" if isinstance(limit, float | int) else f"{sign} {limit}"
            )
    if kind == "finite_number":
        return OutOfBounds(**names, bound="1e308")
    if kind == "string_too_long":
        return TooLong(**names, most=context.get("max_length", "?"))
    return Invalid(**names)
