"""Offers compared: one boundary or none, the ranking at the user's price, and where it turns."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bids import (
    BidAsk,
    BoundaryUnsaid,
    Comparison,
    IntervalWithout,
    OtherBoundary,
    SameOffer,
    compared,
    load_bid_policy,
    problems,
)
from models.errors import YuetanError
from models.files import DATA
from models.measures import load_measures

MEASURES, POLICY = load_measures(DATA), load_bid_policy(DATA)


def offer(id: str, price: float, kg: float | None, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "bidder": f"bidder {id}", "price_cny_per_unit": price, "footprint_kgco2e_per_unit": kg,
        "boundary": "cradle_to_gate", "method": "GB/T 24067-2024", "year": 2025, "verified_by": "v", "data_quality": 2,
    } | more  # fmt: skip


def asked(*offers: dict[str, Any], shadow: float = 100.0, **more: Any) -> BidAsk:
    given = {"product": "steel", "shadow_cny_per_t": shadow, "shadow_source": "made up", "offers": offers}
    return BidAsk.model_validate(given | more)


def made(*offers: dict[str, Any], **more: Any) -> Comparison:
    return compared(asked(*offers, **more), MEASURES, POLICY)


def test_ranking_and_the_price_at_which_it_turns() -> None:
    """4,000 and 2.1 t against 4,090 and 1.2 t: equal at 90 / 0.9 = 100 CNY; the third is dearer and dirtier than both."""
    three = [offer("a", 4000.0, 2100.0), offer("b", 4090.0, 1200.0), offer("c", 4200.0, 2200.0)]
    found = made(*three, shadow=99.0, quantity=10.0)
    assert [one.offer.id for one in found.offers] == ["a", "b", "c"]
    assert found.offers[0].whole == pytest.approx(4000.0 + 2.1 * 99.0)
    assert (found.offers[0].total_cny, found.offers[0].total_t) == pytest.approx((42_079.0, 21.0))
    assert found.above is not None
    assert found.above.cny_per_t == pytest.approx(100.0)
    assert (found.above.lower, found.above.upper) == ("a", "b")
    assert found.below is None
    after = made(*three, shadow=101.0)
    assert [one.offer.id for one in after.offers] == ["b", "a", "c"]
    assert after.below == found.above
    assert [one.rank_by_price for one in after.offers] == [2, 1, 3]
    assert found.findings == ()


@given(
    st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(-500, 5_000)),
        min_size=2,
        max_size=7,
        unique_by=lambda one: one[1],
    ),
    st.integers(0, 3_000),
)
def test_the_first_place_changes_where_it_says_and_nowhere_else(lines: list[tuple[int, int]], shadow: int) -> None:
    """Just below and just above each turning point, and anywhere between, the best is who the turning points say."""
    offers = [offer(str(i), float(p), float(e)) for i, (p, e) in enumerate(lines)]
    turns = [one for one in made(*offers, shadow=float(shadow)).flips if one.first_place]

    def best(at: float) -> str:
        found = made(*offers, shadow=at).best
        assert found is not None
        return found.offer.id

    ends = [0.0, *(one.cny_per_t for one in turns), (turns[-1].cny_per_t if turns else 0.0) + 1e5]
    for i, (low, high) in enumerate(pairwise(ends)):
        if high - low > 1e-6:
            expected = turns[i].lower if i < len(turns) else turns[-1].upper if turns else best(0.0)
            assert best((low + high) / 2.0) == expected


def test_units_change_nothing() -> None:
    a, b = offer("a", 4000.0, 2100.0), offer("b", 4.09, 1.2, unit="kg", quantity=5_000.0)
    found = made(a, b, shadow=101.0)
    assert found.offers[0].offer.id == "b"
    assert found.offers[0].price == pytest.approx(4090.0)
    assert found.offers[0].total_t == pytest.approx(6.0)


A, B = offer("a", 1.0, 1.0), offer("b", 2.0, 0.5)


@pytest.mark.parametrize(
    ("offers", "error", "field"),
    [
        ([A, A], SameOffer, "offers.1.id"),
        ([A, B | {"boundary": "cradle_to_grave"}], OtherBoundary, "offers.1.boundary"),
        ([A, B | {"boundary": None}], BoundaryUnsaid, "offers.1.boundary"),
        ([A, B | {"unit": "MWh"}], YuetanError, "offers.1.unit"),
        ([A, B | {"low_kgco2e_per_unit": 0.6}], IntervalWithout, "offers.1.footprint_kgco2e_per_unit"),
        (
            [A, B | {"footprint_kgco2e_per_unit": None, "high_kgco2e_per_unit": 1.0}],
            IntervalWithout,
            "offers.1.footprint_kgco2e_per_unit",
        ),
    ],
)
def test_what_cannot_be_compared(offers: list[dict[str, Any]], error: type[YuetanError], field: str) -> None:
    with pytest.raises(error) as caught:
        made(*offers)
    assert caught.value.field == field
    assert problems(asked(*offers), MEASURES)[0].field == field


def test_caveats() -> None:
    offers = [
        A | {"low_kgco2e_per_unit": 0.5, "high_kgco2e_per_unit": 100.0, "price_cny_per_unit": 1.0},
        B | {"method": "ISO 14067", "year": 2021, "verified_by": None, "data_quality": 5, "paid_cny_per_unit": 0.2, "quantity": 1.0},
        offer("c", 0.5, None, boundary=None),
    ]  # fmt: skip
    found = made(*offers, quantity=3.0)
    assert {one.code for one in found.findings} == {
        "bids.methods_differ", "bids.years_apart", "bids.no_footprint", "bids.not_verified", "bids.quality", "bids.paid_already",
        "bids.too_little", "bids.lead_unsure",
    }  # fmt: skip
    assert [(one.offer.id, one.rank, one.rank_by_price) for one in found.offers] == [
        ("a", 1, 2),
        ("b", 2, 3),
        ("c", None, 1),
    ]
