"""Registers along the chain: groups of products by their codes, and what suppliers were asked for."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from models.errors import Text
from models.inputs import Day, Input, Positive
from models.register_answers import Answer
from models.registers import Dated, standing

Prefix = Annotated[str, Field(pattern=r"^[0-9]{2,10}$")]
RequestState = Literal["planned", "open", "overdue", "received", "withdrawn"]
REQUEST_STATES: dict[RequestState, Text] = {
    "planned": Text("未发出", "planned"),
    "open": Text("等待中", "open"),
    "overdue": Text("逾期", "overdue"),
    "received": Text("已收到", "received"),
    "withdrawn": Text("已撤回", "withdrawn"),
}


class ProductGroup(Dated):
    """A group of products and the codes of goods it holds, by their first digits."""

    code: str = Field(min_length=1, max_length=60)
    name: str = Field(min_length=1, max_length=200)
    prefixes: tuple[Prefix, ...] = Field(min_length=1, max_length=500)
    #: Method profile that its footprints are worked out by.
    profile: str | None = Field(default=None, min_length=1, max_length=60)


class SupplierRequest(Input):
    """What a supplier was asked for, until when, and whether it came; ``tonnes`` is what we buy of it in a year."""

    supplier: str = Field(min_length=1, max_length=200)
    product: str = Field(min_length=1, max_length=200)
    asked_on: Day
    due: Day
    received_on: Day | None = None
    withdrawn_on: Day | None = None
    tonnes: Positive | None = None
    #: Number of the statement or footprint that came.
    answer: str | None = Field(default=None, min_length=1, max_length=200)
    source: str = Field(min_length=1, max_length=300)
    note: str | None = Field(default=None, max_length=1000)


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    How much of what was asked for has come.

    ``share`` is by tonnes where every request states them, else by requests, as
    ``by_tonnes`` says; ``None`` where nothing is asked. ``chase`` are the overdue
    ones, the longest first.
    """

    counts: dict[RequestState, int]
    share: float | None
    by_tonnes: bool
    chase: tuple[SupplierRequest, ...]


def group_of(code: str, day: dt.date, records: Iterable[ProductGroup]) -> tuple[Answer, tuple[ProductGroup, ...]]:
    """
    Return the groups that a code of goods is in on a day: those with the longest digits in common.

    Two groups that hold it alike are both returned, and the answer is not known.
    """
    best = 0
    found: list[ProductGroup] = []
    for one in records:
        if standing(one, day).state != "valid":
            continue
        longest = max((len(prefix) for prefix in one.prefixes if code.startswith(prefix)), default=0)
        if longest > best:
            best, found = longest, [one]
        elif longest == best > 0:
            found.append(one)
    sources = tuple(dict.fromkeys(one.source for one in found))
    if not found:
        return Answer("not_known", (Text(f"没有记录包含编码 {code}", f"no record holds the code {code}"),)), ()
    names = tuple(Text(f"{one.code} {one.name}", f"{one.code} {one.name}") for one in found)
    return Answer("yes" if len(found) == 1 else "not_known", names, sources), tuple(found)


def request_state(one: SupplierRequest, day: dt.date) -> RequestState:
    """Return how a request stands on a day; the due day itself is not late."""
    if one.received_on is not None and one.received_on <= day:
        return "received"
    if one.withdrawn_on is not None and one.withdrawn_on <= day:
        return "withdrawn"
    if day < one.asked_on:
        return "planned"
    return "overdue" if day > one.due else "open"


def coverage(records: Iterable[SupplierRequest], day: dt.date) -> Coverage:
    """Return how much has come by a day; what was withdrawn or is not asked yet does not count."""
    told = [(request_state(one, day), one) for one in records]
    counts: dict[RequestState, int] = {state: sum(s == state for s, _ in told) for state in REQUEST_STATES}
    asked = [(state, one) for state, one in told if state in ("open", "overdue", "received")]
    by_tonnes = bool(asked) and all(one.tonnes is not None for _, one in asked)
    weight = [(state, (one.tonnes or 0.0) if by_tonnes else 1.0) for state, one in asked]
    total = math.fsum(w for _, w in weight)
    share = math.fsum(w for state, w in weight if state == "received") / total if asked else None
    late = sorted((one for state, one in told if state == "overdue"), key=lambda one: (one.due, one.supplier))
    return Coverage(counts, share, by_tonnes, tuple(late))
