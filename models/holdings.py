"""
The allowance account of an installation: dated entries, what is held by vintage and at what cost, what was drawn.

Units are drawn oldest vintage first and, within a vintage, in the order they
came in, unless an entry names its vintage. A unit given free costs nothing, a
unit bought keeps its contract price until it is surrendered or sold, so that no
purchase is counted in two years.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from models.errors import NOTHING, Text, YuetanError
from models.findings import Finding
from models.inputs import Input, NonNegative

EntryKind = Literal[
    "opening", "pre_allocation", "allocation", "purchase", "auction", "offset", "sale", "surrender", "cancellation",
    "returned", "fee", "rebate",
]  # fmt: skip
KINDS: dict[EntryKind, Text] = {
    "opening": Text("期初结转", "opening balance"),
    "pre_allocation": Text("预分配", "pre-allocation"),
    "allocation": Text("免费配额", "free allocation"),
    "purchase": Text("买入", "purchase"),
    "auction": Text("拍卖购得", "auction"),
    "offset": Text("买入抵销单位", "offsets bought"),
    "sale": Text("卖出", "sale"),
    "surrender": Text("清缴", "surrender"),
    "cancellation": Text("自愿注销", "cancellation"),
    "returned": Text("多发配额收回", "over-allocation taken back"),
    "fee": Text("手续费", "fee"),
    "rebate": Text("补贴或返还", "rebate"),
}
IN: frozenset[EntryKind] = frozenset(("opening", "pre_allocation", "allocation", "purchase", "auction", "offset"))
FREE: frozenset[EntryKind] = frozenset(("pre_allocation", "allocation"))
BOUGHT: frozenset[EntryKind] = frozenset(("purchase", "auction", "offset"))
OUT: frozenset[EntryKind] = frozenset(("sale", "surrender", "cancellation", "returned"))
MONEY: frozenset[EntryKind] = frozenset(("fee", "rebate"))
#: Offset units; everything else is an allowance.
OFFSETS = ("CCER", "PHCER")
Instrument = Literal["GDEA", "CEA", "SZA", "CCER", "PHCER"]


class Incomplete(YuetanError):
    code = "ets.entry_incomplete"
    message = Text("“{kind_zh}”缺少“{name_zh}”。", "A {kind_en} entry lacks '{name_en}'.")
    hint = Text("请填写“{name_zh}”。", "Enter '{name_en}'.")


class MoreThanHeld(YuetanError):
    code = "ets.more_than_held"
    message = Text(
        "{on} {kind_zh} {tonnes} t {instrument}{vintage_zh}，账户当时只有 {held} t。",
        "On {on} a {kind_en} of {tonnes} t of {instrument}{vintage_en} meets a holding of {held} t only.",
    )
    hint = Text(
        "请补填此前的买入、分配或期初结转，或更正数量和日期；该笔未计入。",
        "Enter the purchase, allocation or opening balance before it, or correct tonnes and day; the entry is left out.",
    )


class Entry(Input):
    """
    One dated movement of the account.

    ``price_cny_per_t`` is the contract price; for ``opening`` the cost at which
    the units were bought, 0 where they were given free. ``vintage`` is the year
    of the unit, ``for_year`` the compliance year that a surrender, allocation,
    sale or fee belongs to. Money of ``fee`` and ``rebate`` is ``amount_cny``.
    """

    on: dt.date
    kind: EntryKind
    instrument: Instrument = "CEA"
    tonnes: NonNegative | None = None
    price_cny_per_t: NonNegative | None = None
    amount_cny: NonNegative | None = None
    vintage: int | None = Field(default=None, ge=2013, le=2060)
    for_year: int | None = Field(default=None, ge=2013, le=2060)
    #: Whether an offset comes from a project in Guangdong.
    local: bool | None = None
    evidence: str | None = Field(default=None, max_length=300)

    @property
    def settles(self) -> int:
        """Compliance year the entry belongs to: as stated, else its vintage, else the year before its day."""
        return self.for_year or self.vintage or self.on.year - 1


@dataclass(frozen=True, slots=True)
class Lot:
    """Units held: how they came, and what one cost, CNY per t; ``None`` where the price is not stated."""

    instrument: Instrument
    vintage: int | None
    kind: EntryKind
    on: dt.date
    tonnes: float
    cost_cny_per_t: float | None
    local: bool | None = None


@dataclass(frozen=True, slots=True)
class Draw:
    """Units of one lot that left by one entry; ``entry`` counts from 0 in the order of days."""

    entry: int
    lot: Lot
    tonnes: float

    @property
    def cost_cny(self) -> float | None:
        """What the units had cost, CNY."""
        return None if self.lot.cost_cny_per_t is None else self.tonnes * self.lot.cost_cny_per_t


@dataclass(frozen=True, slots=True)
class Account:
    """
    The account on a day.

    ``entries`` are those that count, by day; ``lots`` what is held, in the order
    it will be drawn; ``draws`` what left, by entry; ``findings`` name the place
    of an entry in the list that was given.
    """

    as_of: dt.date
    entries: tuple[Entry, ...]
    lots: tuple[Lot, ...]
    draws: tuple[Draw, ...]
    findings: tuple[Finding, ...]

    def held_t(self, *instruments: Instrument) -> float:
        """Return tonnes held of ``instruments``, of all where none is named."""
        return math.fsum(lot.tonnes for lot in self.lots if not instruments or lot.instrument in instruments)

    def by_vintage(self) -> list[tuple[Instrument, int | None, float, float | None]]:
        """Return instrument, vintage, tonnes and their cost in CNY, oldest vintage first."""
        found: dict[tuple[Instrument, int | None], list[Lot]] = {}
        for lot in self.lots:
            found.setdefault((lot.instrument, lot.vintage), []).append(lot)
        return [(i, v, math.fsum(lot.tonnes for lot in lots), cost_of(lots)) for (i, v), lots in found.items()]

    def drawn(self, kind: EntryKind, for_year: int) -> list[Draw]:
        """Return what left by entries of ``kind`` that belong to a compliance year."""
        return [
            draw
            for draw in self.draws
            if self.entries[draw.entry].kind == kind and self.entries[draw.entry].settles == for_year
        ]


def cost_of(lots: Sequence[Lot]) -> float | None:
    """Return what lots cost together, CNY; ``None`` where a price is not stated."""
    costs = [None if lot.cost_cny_per_t is None else lot.tonnes * lot.cost_cny_per_t for lot in lots]
    return None if None in costs else math.fsum(cost for cost in costs if cost is not None)


def account_on(entries: Sequence[Entry], as_of: dt.date) -> Account:
    """
    Return the account on ``as_of``: later entries are plans and do not count.

    Parameters
    ----------
    entries : sequence of Entry
        In any order; a day's incoming units come before its outgoing ones.
    as_of : date
        Day of the question.

    Notes
    -----
    A final ``allocation`` of a year takes the place of that year's
    pre-allocation: only the difference comes in. Drawing by age is a convention
    of ours (no rule of the markets on it was seen) and decides only which cost
    belongs to which year.
    """
    order = sorted(range(len(entries)), key=lambda i: (entries[i].on, entries[i].kind in OUT))
    counted: list[Entry] = []
    lots: list[Lot] = []
    draws: list[Draw] = []
    findings: list[Finding] = []
    pre: dict[tuple[Instrument, int], float] = {}
    for i in order:
        entry = entries[i]
        if entry.on > as_of:
            continue
        if lacking := _lacking(entry, i):
            findings.append(Finding.of(lacking))
            continue
        tonnes = entry.tonnes or 0.0
        if entry.kind in OUT:
            found = _take(lots, entry, tonnes)
            if found is None:
                findings.append(_refused(lots, entry, i))
                continue
            draws += [Draw(len(counted), lot, t) for lot, t in found]
        elif entry.kind in IN:
            key = (entry.instrument, entry.settles)
            if entry.kind == "pre_allocation":
                pre[key] = pre.get(key, 0.0) + tonnes
            elif entry.kind == "allocation":
                before = pre.pop(key, 0.0)
                if before > tonnes:
                    findings.append(_above_final(entry, before, i))
                tonnes = max(0.0, tonnes - before)
            cost = 0.0 if entry.kind in FREE else entry.price_cny_per_t
            if cost is None:
                findings.append(_no_price(entry, i))
            _put(lots, entry, tonnes, cost)
        counted.append(entry)
    return Account(as_of, tuple(counted), tuple(lots), tuple(draws), tuple(findings))


def _lacking(entry: Entry, at: int) -> Incomplete | None:
    """Return what an entry cannot count without; ``None`` where it is whole."""
    if entry.kind in MONEY:
        field, name = ("amount_cny", Text("金额（元）", "amount, CNY")) if entry.amount_cny is None else (None, NOTHING)
    elif not entry.tonnes:
        field, name = "tonnes", Text("数量（吨）", "tonnes")
    elif entry.kind == "surrender" and entry.for_year is None:
        field, name = "for_year", Text("履约年度", "compliance year")
    else:
        field, name = None, NOTHING
    if field is None:
        return None
    kind = KINDS[entry.kind]
    return Incomplete(field=f"entries.{at}.{field}", kind_zh=kind.zh, kind_en=kind.en, name_zh=name.zh, name_en=name.en)


def _put(lots: list[Lot], entry: Entry, tonnes: float, cost: float | None) -> None:
    if tonnes > 0:
        vintage = entry.vintage or (entry.settles if entry.kind in FREE else None)
        lots.append(Lot(entry.instrument, vintage, entry.kind, entry.on, tonnes, cost, entry.local))
        lots.sort(key=lambda lot: (lot.vintage or lot.on.year, lot.on))


def _matching(lots: Sequence[Lot], entry: Entry) -> list[Lot]:
    return [lot for lot in lots if lot.instrument == entry.instrument and entry.vintage in (None, lot.vintage)]


def _take(lots: list[Lot], entry: Entry, tonnes: float) -> list[tuple[Lot, float]] | None:
    """Take tonnes out of the lots by age; ``None``, and nothing taken, where not enough is held."""
    fitting = _matching(lots, entry)
    if math.fsum(lot.tonnes for lot in fitting) < tonnes - 1e-6:
        return None
    taken = draw_by_age(fitting, tonnes)
    for lot, part in taken:
        at = lots.index(lot)
        left = lot.tonnes - part
        lots[at : at + 1] = [_with(lot, left)] if left > 1e-9 else []
    return taken


def draw_by_age(lots: Sequence[Lot], tonnes: float) -> list[tuple[Lot, float]]:
    """Return which lots, in their order, make up ``tonnes``; less where the lots hold less."""
    found = []
    for lot in lots:
        if tonnes <= 1e-9:
            break
        part = min(lot.tonnes, tonnes)
        found.append((lot, part))
        tonnes -= part
    return found


def _with(lot: Lot, tonnes: float) -> Lot:
    return Lot(lot.instrument, lot.vintage, lot.kind, lot.on, tonnes, lot.cost_cny_per_t, lot.local)


def _refused(lots: Sequence[Lot], entry: Entry, at: int) -> Finding:
    kind, held = KINDS[entry.kind], math.fsum(lot.tonnes for lot in _matching(lots, entry))
    vintage = NOTHING if entry.vintage is None else Text(f"（{entry.vintage} 年）", f" (vintage {entry.vintage})")
    error = MoreThanHeld(
        field=f"entries.{at}.tonnes", on=entry.on, kind_zh=kind.zh, kind_en=kind.en, tonnes=f"{entry.tonnes or 0:,.0f}",
        instrument=entry.instrument, vintage_zh=vintage.zh, vintage_en=vintage.en, held=f"{held:,.0f}",
    )  # fmt: skip
    return Finding.of(error)


def _above_final(entry: Entry, before: float, at: int) -> Finding:
    over = before - (entry.tonnes or 0.0)
    return Finding(
        code="ets.pre_allocation_above_final",
        severity="warning",
        text=Text(
            f"预分配比最终配额多 {over:,.0f} t，须交回。",
            f"The pre-allocation exceeds the final allocation by {over:,.0f} t.",
        ),
        hint=Text("交回后请填写一笔“多发配额收回”。", "Enter an 'over-allocation taken back' once it is returned."),
        field=f"entries.{at}.tonnes",
    )


def _no_price(entry: Entry, at: int) -> Finding:
    kind = KINDS[entry.kind]
    return Finding(
        code="ets.price_not_stated",
        severity="warning",
        text=Text(
            f"{entry.on} 的“{kind.zh}”没有填写单价，用到这些单位的成本无法得知。",
            f"The {kind.en} of {entry.on} has no price: the cost of what is met with these units is not known.",
        ),
        hint=Text(
            "请填写合同价格（元/吨）；无偿取得填 0。市场价不能代替。",
            "Enter the contract price, CNY per t; 0 for units given free. The market price does not stand in.",
        ),
        field=f"entries.{at}.price_cny_per_t",
    )
