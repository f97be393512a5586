"""Cents: half up, as exact arithmetic gives them, for one amount and for a column."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.money import RELATIVE_ERROR, cents_of, to_cents

amounts = st.decimals(0, 10_000_000, places=4)


@given(st.lists(amounts, min_size=1, max_size=50))
def test_a_column_rounds_as_decimals_do(exact: list[Decimal]) -> None:
    column = np.array([float(x) for x in exact])
    got = to_cents(column, RELATIVE_ERROR * column, lambda i: exact[i])
    assert list(got) == [cents_of(x) for x in exact]
    assert [to_cents(float(x), RELATIVE_ERROR * float(x), lambda _, x=x: x) for x in exact] == list(got)


def test_a_half_cent_goes_up_where_binary_lies_below_it() -> None:
    assert 1.005 * 100 < 100.5
    assert to_cents(1.005, 1e-15, lambda _: Decimal("1.005")) == 101
    assert cents_of(Decimal("1.004999")) == 100


def test_the_exact_way_is_taken_only_near_the_half() -> None:
    asked: list[int] = []

    def exact(i: int) -> Decimal:
        asked.append(i)
        return Decimal("0.125")

    assert list(to_cents(np.array([0.1249, 0.125, 0.1251]), np.full(3, 1e-12), exact)) == [12, 13, 13]
    assert asked == [1]
