"""A book over shared draws equals the book under each price, and borrowers do not average each other out."""

from __future__ import annotations

import numpy as np
import pytest

from finance.pd_model import Accounting
from finance.portfolio import shocked
from finance.shared_draws import over_draws
from finance.stress import Shock
from tests.finance.books import book_of

MODEL = Accounting(coefficients={"ebitda_to_debt": -3.0, "interest_cover": -0.1}, years=1.0, source="test")
TODAY = Shock(40.0, 40.0, 600.0, 600.0)


def test_each_draw_is_the_book_at_that_price() -> None:
    draws = np.array([0.0, 20.0, 40.0, 80.0, 300.0])
    found = over_draws(book_of(), MODEL, TODAY, draws)
    assert found is not None
    for price, expected in zip(draws, found.expected, strict=True):
        alone = shocked(book_of(), Shock(40.0, float(price), 600.0, 600.0), MODEL)
        assert expected == pytest.approx(alone.expected1, rel=1e-7)
    assert found.expected[2] == pytest.approx(found.expected0, rel=1e-9)


def test_the_mean_pd_of_each_loan_is_that_of_its_draws() -> None:
    draws = 40.0 * np.random.default_rng(1).lognormal(0.2, 0.5, 500)
    found = over_draws(book_of(), MODEL, TODAY, draws)
    assert found is not None
    by_hand = np.mean([shocked(book_of(), Shock(40.0, float(p), 600.0, 600.0), MODEL).pd1 for p in draws], axis=0)
    assert found.pds.mean == pytest.approx(by_hand, rel=1e-6)
    assert found.quantile_bp(0.05) < found.mean_bp < found.quantile_bp(0.95)
    assert all(row.label.zh and row.value is not None for row in found.rows())


def test_a_book_twice_as_large_spreads_just_as_wide() -> None:
    draws = 40.0 * np.random.default_rng(2).lognormal(0.2, 0.5, 400)
    one = over_draws(book_of(), MODEL, TODAY, draws)
    larger = over_draws(book_of({"ead": [44e6, 60e6, 20e6, 10e6]}), MODEL, TODAY, draws)
    assert one is not None
    assert larger is not None
    assert larger.quantile_bp(0.95) == pytest.approx(one.quantile_bp(0.95), rel=1e-9)


def test_nothing_that_counts_is_nothing() -> None:
    assert over_draws(book_of({"pd": [None] * 4}), MODEL, TODAY, np.array([40.0, 80.0])) is None
