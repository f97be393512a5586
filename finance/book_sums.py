"""
What one partition of a loan book adds to the whole, and the whole that partitions make.

A partition holds all loans of its borrowers, so that a borrower counts once.
Sums are plain numbers by name: they can be written aside, and merged in the
order of the partitions whoever made them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finance.financed import Financed
from finance.loan_book import LoanBook
from finance.policy import Scorecard
from finance.portfolio import Outcome, migration, top_movers
from finance.refused import Refused
from finance.score_columns import Given, ScoreColumns, score_columns
from models.units import FloatArray

METHOD = "finance.book_sums/1"
#: Largest borrowers, movers and rows left out that are named.
TOP, MOVERS, NAMED = 50, 20, 1_000
#: Lists that are not summed: the key their entries are ordered by, and how many stay.
_LISTS: Mapping[str, tuple[int, int, bool]] = {
    "largest": (2, TOP, True),
    "movers": (4, MOVERS, True),
    "left_out_rows": (0, NAMED, False),
}


def book_scores(card: Scorecard, borrowers: Mapping[str, Any]) -> ScoreColumns | None:
    """
    Return the scores before gates of borrowers in columns; ``None`` where no indicator is there.

    Parameters
    ----------
    borrowers : mapping of name to column
        ``F1`` and the like: numbers, or levels by their name; ``F1_quality`` its
        data-quality score; ``E1_not_applicable`` true where it is declared so.
    """
    given: dict[str, Given] = {}
    for one in card.indicators:
        column, out = borrowers.get(one.id), borrowers.get(f"{one.id}_not_applicable")
        if column is None and out is None:
            continue
        if column is None:
            values = np.full(len(out or ()), np.nan)
        elif one.levels is None:
            values = _numbers(column)
        else:
            place = {name: float(i) for i, name in enumerate(one.levels)}
            values = np.array([place.get(str(v), np.nan) for v in column], dtype=np.float64)
        quality = borrowers.get(f"{one.id}_quality")
        applies = None if out is None else np.array([str(v).strip().lower() not in ("true", "1", "是") for v in out])
        given[one.id] = Given(values, float("nan") if quality is None else _numbers(quality), applies)
    return score_columns(card, given) if given else None


def _numbers(column: Any) -> FloatArray:
    return np.array([np.nan if v is None else v for v in column], dtype=np.float64)


def sums_of(
    book: LoanBook,
    rows: Sequence[int],
    financed: Financed,
    outcomes: Mapping[str, tuple[Outcome, Outcome]],
    main: str,
    bounds: Sequence[float],
    scores: ScoreColumns | None,
    grades: Sequence[str],
) -> dict[str, Any]:
    """
    Return what a partition adds.

    Parameters
    ----------
    rows : sequence of int, shape (n,)
        Row of each loan in the file, as people count it.
    outcomes : mapping of case to (own, conservative)
        The book under each shock.
    main : str
        The case whose concentration, migration and movers are told.
    scores : ScoreColumns, optional
        Scores of the borrowers.
    """
    own = outcomes[main][0]
    money = _known(book.loans.outstanding)
    kept = (book.why == 0) & (money > 0)
    by_borrower = np.bincount(book.of_borrower[kept], weights=money[kept], minlength=len(book.names))
    count = np.bincount(book.of_borrower[kept], minlength=len(book.names))
    largest = np.argsort(-by_borrower, kind="stable")[:TOP]
    return {
        "loans": book.size,
        "borrowers": len(book.names),
        "outstanding": _sum(money, np.ones(book.size, bool)),
        "money": _sum(money, kept),
        "squares": float((by_borrower**2).sum()),
        "largest": [[str(book.names[i]), int(count[i]), float(by_borrower[i])] for i in largest if count[i]],
        "financed": _financed(financed, money),
        "cases": {name: {"own": _case(a), "conservative": _case(b)} for name, (a, b) in outcomes.items()},
        "sector": _groups(book, "sector", financed, own, money, kept),
        "city": _groups(book, "city", financed, own, money, kept),
        "cells": _cells(own),
        "migration": migration(own, bounds).tolist() if bounds else None,
        "movers": [[m.loan, m.borrower, m.pd0, m.pd1, m.change] for m in top_movers(own, MOVERS)],
        "left_out": {"financed": _left(financed.refused, money), "stress": _left(own.refused, money)},
        "left_out_rows": _left_rows(book, rows, financed.refused, own.refused),
        "scores": None if scores is None else _scores(book, scores, money, kept, grades),
    }


def merged(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """
    Return the whole that partitions make, in their order.

    Numbers are summed exactly and rounded once, so that the order in which
    partitions were computed cannot be seen.
    """
    keys = list(dict.fromkeys(key for part in parts for key in part))
    return {key: _merge(key, [part[key] for part in parts if key in part]) for key in sorted(keys)}


def _merge(key: str, values: Sequence[Any]) -> Any:
    there = [value for value in values if value is not None]
    if not there:
        return None
    first = there[0]
    if isinstance(first, Mapping):
        return merged(there)
    if key in _LISTS:
        by, most, down = _LISTS[key]
        rows = [row for value in there for row in value]
        return sorted(rows, key=lambda row: (-row[by] if down else row[by], row[0]))[:most]
    if isinstance(first, list):
        return [_merge("", list(column)) for column in zip(*there, strict=True)]
    if isinstance(first, int):
        return sum(there)
    return math.fsum(there)


def _known(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, 0.0)


def _sum(values: FloatArray, keep: Any) -> float:
    return float(values[keep].sum())


def _financed(found: Financed, money: FloatArray) -> dict[str, Any]:
    c, c3 = found.counts, found.counts3
    return {
        "loans": int(c.sum()),
        "outstanding": _sum(money, c),
        "scope12_t": _sum(found.financed12_t, c),
        "quality_money": _sum(_known(found.loans.quality * money), c),
        "outstanding3": _sum(money, c3),
        "scope3_t": _sum(found.financed3_t, c3),
        "positive": _sum(money, money > 0),
    }


def _case(found: Outcome) -> dict[str, Any]:
    book, stressed, e = found.book, found.stressed, found.expected
    lent, keep = found.lent_to, found.counts
    ratios = [book.by_loan(stressed.interest_cover[i]) for i in (0, 1)]
    money = np.where(book.why == 0, _known(book.loans.outstanding), 0.0)
    made: dict[str, Any] = {
        "borrowers": int(lent.sum()),
        "loss": _sum(stressed.loss, lent),
        "insolvent": int(found.insolvent.sum()),
        "loans": int(keep.sum()),
        "ead": _sum(book.ead, keep),
        "expected0": _sum(e.amount0, keep),
        "expected1": _sum(e.amount1, keep),
    }
    for i, ratio in enumerate(ratios):
        has = np.isfinite(ratio)
        made[f"covered{i}"] = _sum(money, has)
        made[f"uncovered{i}"] = _sum(money, has & (ratio < 1.0))
    return made


def _groups(
    book: LoanBook, by: Any, financed: Financed, own: Outcome, money: FloatArray, kept: Any
) -> dict[str, dict[str, Any]]:
    names, at = np.unique(book.by_loan(book.groups[by]), return_inverse=True)
    size = names.size
    tonnes, change = _known(financed.financed12_t), _known(own.expected.amount1 - own.expected.amount0)
    has, counts = kept & financed.counts, own.counts

    def of(values: FloatArray, keep: Any) -> FloatArray:
        return np.bincount(at[keep], weights=values[keep], minlength=size).astype(np.float64)

    columns = {
        "outstanding": of(money, kept), "scope12_t": of(tonnes, has), "financed": of(money, has),
        "ead": of(_known(book.ead), counts), "change": of(change, counts),
    }  # fmt: skip
    loans = np.bincount(at[kept], minlength=size)
    return {
        str(names[i]): {"loans": int(loans[i])} | {key: float(column[i]) for key, column in columns.items()}
        for i in range(size)
        if loans[i]
    }


def _cells(own: Outcome) -> dict[str, dict[str, dict[str, float]]]:
    book, keep = own.book, own.counts
    sectors, row = np.unique(book.by_loan(book.groups["sector"]), return_inverse=True)
    cities, column = np.unique(book.by_loan(book.groups["city"]), return_inverse=True)
    cell, size = row * cities.size + column, sectors.size * cities.size
    e = own.expected
    ead, change = (
        np.bincount(cell[keep], weights=v[keep], minlength=size).reshape(sectors.size, -1)
        for v in (e.ead, e.amount1 - e.amount0)
    )
    return {
        str(s): {
            str(c): {"ead": float(ead[i, j]), "change": float(change[i, j])}
            for j, c in enumerate(cities)
            if ead[i, j] > 0
        }
        for i, s in enumerate(sectors)
        if (ead[i] > 0).any()
    }


def reasons_of(refused: Refused) -> NDArray[np.object_]:
    """Return why each loan is left out, code and field, shape (loans,); ``None`` where it counts."""
    codes = [None, *(f"{kind.code}:{of}" if of else kind.code for kind, of in refused.kinds)]
    return np.array(codes, dtype=object)[refused.why]


def _left(refused: Refused, money: FloatArray) -> dict[str, dict[str, Any]]:
    return {
        f"{one.kind.code}:{one.field}" if one.field else one.kind.code: {"rows": one.rows, "amount": one.amount}
        for one in refused.told(money)
    }


def _left_rows(book: LoanBook, rows: Sequence[int], *both: Refused) -> list[list[Any]]:
    out = np.flatnonzero(np.any([one.why > 0 for one in both], axis=0))
    order = out[np.argsort(np.asarray(rows)[out], kind="stable")][:NAMED]
    reasons = [reasons_of(one) for one in both]
    return [[int(rows[i]), str(book.ids[i]), *(one[i] for one in reasons)] for i in order]


def _scores(
    book: LoanBook, scores: ScoreColumns, money: FloatArray, kept: Any, grades: Sequence[str]
) -> dict[str, Any]:
    by_loan = book.by_loan(scores.total)
    grade = book.by_loan(scores.grade)
    has = kept & np.isfinite(by_loan)
    return {
        "loans": int(has.sum()),
        "outstanding": _sum(money, has),
        "points_money": _sum(_known(by_loan * money), has),
        "grades": {
            name: {"loans": int((has & (grade == i)).sum()), "outstanding": _sum(money, has & (grade == i))}
            for i, name in enumerate(grades)
        },
    }
