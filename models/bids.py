"""
Offers side by side: price, footprint, and what the footprint costs at a shadow price of the buyer's own.

The shadow price is the user's assumption. Beside the ranking at it stand the
prices at which the ranking changes, so that a reader sees how much hangs on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from models import bid_notes as notes
from models.errors import BadData, Text, YuetanError
from models.files import read_yaml
from models.findings import Finding
from models.inputs import Input, NonNegative, Positive
from models.law import CONFIDENCE
from models.measures import Measures
from models.table import Result, Row

METHOD = "models.bids/1"
Boundary = Literal["cradle_to_gate", "cradle_to_grave", "gate_to_gate"]
BOUNDARIES: dict[Boundary, Text] = {
    "cradle_to_gate": Text("从摇篮到大门", "cradle to gate"),
    "cradle_to_grave": Text("从摇篮到坟墓", "cradle to grave"),
    "gate_to_gate": Text("从大门到大门", "gate to gate"),
}
Name = Annotated[str, Field(min_length=1, max_length=200)]
Footprint = Annotated[float, Field(ge=-1e9, le=1e9)]
#: Changes of the ranking that are listed.
_FLIPS = 50


class Offer(Input):
    """
    An offer: price and footprint per ``unit`` of the product.

    ``low`` and ``high`` are the ends of the footprint's 95 % interval;
    ``paid_cny_per_unit`` the carbon cost already in the price, of a statement.
    """

    id: Name
    bidder: Name
    unit: str = Field(default="t", min_length=1, max_length=20)
    quantity: Positive | None = None
    price_cny_per_unit: NonNegative
    footprint_kgco2e_per_unit: Footprint | None = None
    low_kgco2e_per_unit: Footprint | None = None
    high_kgco2e_per_unit: Footprint | None = None
    boundary: Boundary | None = None
    method: str | None = Field(default=None, max_length=100)
    year: int | None = Field(default=None, ge=2000, le=2060)
    data_quality: int | None = Field(default=None, ge=1, le=5)
    verified_by: str | None = Field(default=None, max_length=200)
    reference: str | None = Field(default=None, max_length=300)
    paid_cny_per_unit: float | None = Field(default=None, ge=-1e6, le=1e6)


class BidAsk(Input):
    """
    Offers for one product; ``quantity`` is what is to be bought, in the unit of the first offer.

    ``left_out`` names offers that came in and cannot be compared, so that no ranking is read without them.
    """

    product: Name
    shadow_cny_per_t: NonNegative
    shadow_source: str = Field(min_length=1, max_length=300)
    quantity: Positive | None = None
    offers: tuple[Offer, ...] = Field(min_length=2, max_length=500)
    left_out: tuple[Name, ...] = Field(default=(), max_length=500)


@dataclass(frozen=True, slots=True)
class BidPolicy:
    """What is said of footprints that are to be compared."""

    years_apart: int
    worst_quality: int
    source: str
    confidence: str


def load_bid_policy(data_dir: Path) -> BidPolicy:
    """Read ``data_dir/bids/policy.yaml``; a score outside 1 to 5 or years below zero is ``BadData``."""
    path = data_dir / "bids" / "policy.yaml"
    told = read_yaml(path)
    made = BidPolicy(int(told["years_apart"]), int(told["worst_quality"]), told["source"], told["confidence"])
    if made.years_apart < 0 or not 1 <= made.worst_quality <= 5 or made.confidence not in CONFIDENCE:
        raise BadData(path=path.name, what="years, score or confidence")
    return made


class SameOffer(YuetanError):
    code = "bids.same_id"
    message = Text("报价编号“{id}”出现了两次。", "The offer '{id}' appears twice.")
    hint = Text("请给每个报价不同的编号。", "Give every offer an id of its own.")


class OtherBoundary(YuetanError):
    code = "bids.other_boundary"
    message = Text(
        "“{one}”的系统边界是{one_zh}，“{other}”是{other_zh}：足迹不能比较。",
        "'{one}' is {one_en} and '{other}' {other_en}: these footprints cannot be compared.",
    )
    hint = Text(
        "请向投标方索取同一边界的足迹，或分开比较。",
        "Ask the bidders for footprints of one boundary, or compare them apart.",
    )


class BoundaryUnsaid(YuetanError):
    code = "bids.boundary_unsaid"
    message = Text("“{id}”有足迹，但没有说明系统边界。", "The footprint of '{id}' does not say its boundary.")
    hint = Text(
        "请填写边界：不同边界的足迹不能比较。", "Enter it: footprints of different boundaries cannot be compared."
    )


class IntervalWithout(YuetanError):
    code = "bids.interval"
    message = Text("“{id}”的足迹不在它的区间之内。", "The footprint of '{id}' does not lie within its interval.")
    hint = Text("请核对下限、足迹和上限。", "Check low, footprint and high.")


@dataclass(frozen=True, slots=True)
class Ranked:
    """
    One offer in the unit of the comparison; ``None`` is not known.

    ``carbon`` is the footprint at the shadow price, ``whole`` price and carbon
    together, ``low`` and ``high`` the ends of it; ``rank`` counts from 1 and is
    none for an offer without a footprint.
    """

    offer: Offer
    rank: int | None
    rank_by_price: int
    price: float
    footprint_kg: float | None
    carbon: float | None
    whole: float | None
    low: float | None
    high: float | None
    total_cny: float | None
    total_t: float | None


@dataclass(frozen=True, slots=True)
class Flip:
    """A shadow price at which two offers change places: ``lower`` is ahead below it, ``upper`` above it."""

    cny_per_t: float
    lower: str
    upper: str
    #: Whether the first place changes there.
    first_place: bool


@dataclass(frozen=True, slots=True)
class Comparison(Result):
    """Offers ranked at the shadow price, the prices at which that changes, and what is to be borne in mind."""

    asked: BidAsk
    unit: str
    offers: tuple[Ranked, ...]
    flips: tuple[Flip, ...]
    findings: tuple[Finding, ...]
    policy: BidPolicy

    @property
    def best(self) -> Ranked | None:
        """The offer in first place; none where no offer has a footprint."""
        return next((one for one in self.offers if one.rank == 1), None)

    @property
    def below(self) -> Flip | None:
        """The highest price below the shadow price at which the first place changes."""
        at = self.asked.shadow_cny_per_t
        return max(
            (f for f in self.flips if f.first_place and f.cny_per_t <= at), key=lambda f: f.cny_per_t, default=None
        )

    @property
    def above(self) -> Flip | None:
        """The lowest price above the shadow price at which the first place changes."""
        at = self.asked.shadow_cny_per_t
        return min(
            (f for f in self.flips if f.first_place and f.cny_per_t > at), key=lambda f: f.cny_per_t, default=None
        )

    def rows(self) -> list[Row]:
        best, below, above = self.best, self.below, self.above
        assumed = Text(
            f"使用者的假设：{self.asked.shadow_source}", f"assumption of the user: {self.asked.shadow_source}"
        )
        never = Text("此价以外第一名不变", "the first place does not change on this side")
        rows = [
            Row("shadow", Text("影子碳价", "Shadow price"), self.asked.shadow_cny_per_t, "CNY/tCO2e", assumed),
            Row("best", Text("第一名", "First"), f"{best.offer.id} · {best.offer.bidder}" if best else "—"),
            Row("whole", Text("价格加碳成本", "Price and carbon"), best.whole if best else None, f"CNY/{self.unit}"),
        ]
        for key, label, flip in (
            ("below", Text("低于此价第一名改变", "Below this the first place changes"), below),
            ("above", Text("高于此价第一名改变", "Above this the first place changes"), above),
        ):
            note = never
            if flip:
                other = flip.lower if key == "below" else flip.upper
                note = Text(f"改为“{other}”", f"to '{other}'")
            rows.append(Row(key, label, flip.cny_per_t if flip else None, "CNY/tCO2e", note))
        return rows

    def proof(self) -> list[str]:
        of = self.policy
        return [
            f"bid policy: years apart {of.years_apart}, worst quality {of.worst_quality} [{of.source}, {of.confidence}]"
        ]


def problems(asked: BidAsk, measures: Measures) -> list[YuetanError]:
    """Return all that stands against a comparison, each at its place."""
    found: list[YuetanError] = []
    seen: set[str] = set()
    first: Offer | None = None
    for i, one in enumerate(asked.offers):
        here = f"offers.{i}"
        if one.id in seen:
            found.append(SameOffer(field=f"{here}.id", id=one.id))
        seen.add(one.id)
        try:
            measures.ratio(one.unit, asked.offers[0].unit, f"{here}.unit")
        except YuetanError as refusal:
            found.append(refusal)
        e, low, high = one.footprint_kgco2e_per_unit, one.low_kgco2e_per_unit, one.high_kgco2e_per_unit
        if (low is not None or high is not None) and (
            e is None or not (e if low is None else low) <= e <= (e if high is None else high)
        ):
            found.append(IntervalWithout(field=f"{here}.footprint_kgco2e_per_unit", id=one.id))
        if e is None:
            continue
        if one.boundary is None:
            found.append(BoundaryUnsaid(field=f"{here}.boundary", id=one.id))
        elif first is None:
            first = one
        elif first.boundary is not None and one.boundary != first.boundary:
            a, b = BOUNDARIES[one.boundary], BOUNDARIES[first.boundary]
            said = {"one_zh": a.zh, "one_en": a.en, "other_zh": b.zh, "other_en": b.en}
            found.append(OtherBoundary(field=f"{here}.boundary", one=one.id, other=first.id, **said))
    return found


def compared(asked: BidAsk, measures: Measures, policy: BidPolicy) -> Comparison:
    """
    Return offers ranked by price and carbon together.

    Raises
    ------
    YuetanError
        The first of ``problems``: other boundaries, units that do not convert.

    Notes
    -----
    whole = p + S e / 1000 with p in CNY and e in kgCO2e per unit. Two offers
    change places at S* = 1000 (p_b - p_a) / (e_a - e_b). Equal wholes rank by
    footprint, then by the order they came in.
    """
    refused = problems(asked, measures)
    if refused:
        raise refused[0]
    unit, shadow = asked.offers[0].unit, asked.shadow_cny_per_t
    lines: list[Ranked] = []
    for one in asked.offers:
        # Per unit of the first offer: a price per kg is a thousand times that per tonne.
        ratio = measures.ratio(unit, one.unit)
        price, e = one.price_cny_per_unit * ratio, _times(one.footprint_kgco2e_per_unit, ratio)
        low, high = (_times(end, ratio) for end in (one.low_kgco2e_per_unit, one.high_kgco2e_per_unit))
        carbon = _times(e, shadow / 1000.0)
        whole = None if carbon is None else price + carbon
        quantity = asked.quantity or _times(one.quantity, measures.ratio(one.unit, unit))
        lines.append(
            Ranked(
                one, None, 0, price, e, carbon, whole,
                low=whole if low is None else price + low * shadow / 1000.0,
                high=whole if high is None else price + high * shadow / 1000.0,
                total_cny=_times(whole, quantity),
                total_t=None if e is None else _times(quantity, e / 1000.0),
            )
        )  # fmt: skip
    known = sorted((one for one in lines if one.whole is not None), key=lambda one: (one.whole, one.footprint_kg))
    ranks = {id(one): place for place, one in enumerate(known, start=1)}
    by_price = {id(one): place for place, one in enumerate(sorted(lines, key=lambda one: one.price), start=1)}
    ranked = [
        replace(one, rank=ranks.get(id(one)), rank_by_price=by_price[id(one)])
        for one in (*known, *(x for x in lines if x.whole is None))
    ]
    return Comparison(
        asked, unit, tuple(ranked), _flips(known), tuple(_caveats(asked, ranked, measures, policy)), policy
    )


def _times(value: float | None, factor: float | None) -> float | None:
    return None if value is None or factor is None else value * factor


def _flips(known: Sequence[Ranked]) -> tuple[Flip, ...]:
    """Return where the ranking changes for prices above zero, rising; those of the first place always, others up to a number."""
    places = [(one.price, one.footprint_kg or 0.0, one.offer.id) for one in known]
    first = _first_places(places)
    lead = {(round(at, 9), a, b) for at, a, b in first}
    found: list[Flip] = []
    for i, (p, e, a) in enumerate(places):
        for q, f, b in places[i + 1 :]:
            if e == f:
                continue
            at = 1000.0 * (q - p) / (e - f)
            if at > 0.0:
                # Above the price the smaller footprint is ahead.
                lower, upper = (a, b) if e > f else (b, a)
                found.append(Flip(at, lower, upper, (round(at, 9), lower, upper) in lead))
    found.sort(key=lambda flip: (not flip.first_place, flip.cny_per_t))
    return tuple(sorted(found[: max(_FLIPS, len(first))], key=lambda flip: flip.cny_per_t))


def _first_places(places: Sequence[tuple[float, float, str]]) -> list[tuple[float, str, str]]:
    """Return where the first place changes, from a price of zero up: the lower envelope of the lines ``p + S e``."""
    at, found = 0.0, list[tuple[float, str, str]]()
    now = min(places, key=lambda one: (one[0], one[1]), default=None)
    while now is not None:
        p, e, name = now
        rivals = [(1000.0 * (q - p) / (e - f), f, (q, f, b)) for q, f, b in places if f < e]
        if not rivals:
            break
        at, _, ahead = min(rivals, key=lambda one: (one[0], one[1]))
        if at > 0.0:
            found.append((at, name, ahead[2]))
        now = ahead
    return found


def _caveats(asked: BidAsk, ranked: Sequence[Ranked], measures: Measures, policy: BidPolicy) -> list[Finding]:
    at = {one.id: i for i, one in enumerate(asked.offers)}
    found: list[Finding] = []
    known = [one for one in ranked if one.rank is not None]
    methods = {one.offer.method for one in known if one.offer.method}
    years = [one.offer.year for one in known if one.offer.year is not None]
    if len(methods) > 1:
        found.append(notes.methods(sorted(methods)))
    if years and max(years) - min(years) > policy.years_apart:
        found.append(notes.years(min(years), max(years)))
    for one in ranked:
        of, here = one.offer, f"offers.{at[one.offer.id]}"
        if one.rank is None:
            found.append(notes.no_footprint(of.id, f"{here}.footprint_kgco2e_per_unit"))
            continue
        if of.verified_by is None:
            found.append(notes.not_verified(of.id, f"{here}.verified_by"))
        if of.data_quality is not None and of.data_quality > policy.worst_quality:
            found.append(notes.quality(of.id, of.data_quality, f"{here}.data_quality"))
        if of.paid_cny_per_unit:
            found.append(notes.paid_already(of.id, of.paid_cny_per_unit, of.unit, f"{here}.paid_cny_per_unit"))
        offered = _times(of.quantity, measures.ratio(of.unit, asked.offers[0].unit))
        if asked.quantity is not None and offered is not None and offered < asked.quantity:
            found.append(notes.too_little(of.id, offered, asked.quantity, f"{here}.quantity"))
    for one, behind in pairwise(known[:2]):
        if one.high is not None and behind.low is not None and one.high >= behind.low and one.high != one.low:
            found.append(notes.within_interval(one.offer.id, behind.offer.id))
    return found
