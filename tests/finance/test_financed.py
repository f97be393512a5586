"""Financed emissions: attribution by class, identities, data quality, and every gap refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.errors import UnequalColumns
from finance.financed import CLASSES, AssetClass, Loans, financed_emissions, load_quality
from finance.refused import joined_rows, repeated
from models.files import DATA

LOAN, UNLISTED, LISTED, PROJECT = (CLASSES.index(AssetClass(x)) for x in AssetClass)


def book(size: int = 1, **columns: Any) -> Loans:
    """Return a book of sound business loans with columns exchanged."""
    sound: dict[str, Any] = {
        "outstanding": 20.0, "asset_class": LOAN, "equity": 60.0, "debt": 40.0, "scope12_t": 5_000.0, "quality": 2.0,
    }  # fmt: skip
    made = {k: np.broadcast_to(np.asarray(v), (size,)).copy() for k, v in {**sound, **columns}.items()}
    return Loans.of(size, **made)


def test_the_factor_of_each_class() -> None:
    made = financed_emissions(
        book(
            4,
            outstanding=[20.0, 20.0, 50.0, 30.0],
            asset_class=[LOAN, UNLISTED, LISTED, PROJECT],
            equity=[60.0, -10.0, np.nan, 70.0],
            debt=[40.0, 40.0, 200.0, 30.0],
            market_value=[np.nan, np.nan, 790.0, np.nan],
            minority=[np.nan, np.nan, 10.0, np.nan],
        )
    )
    # Negative equity counts as 0: 20/40. EVIC 790 + 200 + 10, cash not subtracted: 50/1000.
    assert made.attribution == pytest.approx([0.2, 0.5, 0.05, 0.3], rel=1e-12)
    assert made.total12_t == pytest.approx(5_000 * 1.05, rel=1e-12)
    assert made.intensity == pytest.approx(5_250 / (120 / 1e6), rel=1e-12)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"outstanding": np.nan}, "finance.outstanding"),
        ({"outstanding": -1.0}, "finance.outstanding"),
        ({"asset_class": -1}, "finance.class_unknown"),
        ({"equity": np.nan}, "finance.denominator_missing"),
        ({"debt": np.nan}, "finance.denominator_missing"),
        ({"debt": -5.0}, "finance.denominator_not_positive"),
        ({"equity": -5.0, "debt": 0.0}, "finance.denominator_not_positive"),
        ({"asset_class": PROJECT, "equity": -5.0}, "finance.denominator_not_positive"),
        ({"asset_class": LISTED}, "finance.denominator_missing"),
        ({"asset_class": LISTED, "evic": 30.0}, "finance.evic_below_debt"),
        ({"asset_class": LISTED, "evic": 90.0, "market_value": 60.0, "minority": 0.0}, "finance.evic_parts"),
        ({"outstanding": 101.0}, "finance.attribution_above_one"),
        ({"scope12_t": np.nan}, "finance.emissions_missing"),
        ({"scope12_t": -1.0}, "finance.emissions_missing"),
        ({"quality": np.nan}, "finance.quality_missing"),
        ({"quality": 0.0}, "finance.quality_missing"),
    ],
)
def test_a_gap_leaves_the_loan_out_with_its_reason(columns: dict[str, Any], code: str) -> None:
    sound = book()
    mixed = {name: [getattr(sound, name)[0], value] for name, value in columns.items()}
    made = financed_emissions(book(2, **mixed))
    assert made.counts.tolist() == [True, False]
    [finding] = made.refused.findings()
    assert (finding.row, finding.code) == (2, code)
    assert finding.text.zh
    assert finding.text.en
    assert np.isnan(made.financed12_t[1])
    assert made.total12_t == pytest.approx(1_000.0)


def test_rounding_above_one_is_one() -> None:
    assert financed_emissions(book(outstanding=100.00001)).attribution[0] == 1.0


def test_the_loans_of_one_borrower_share_its_denominator() -> None:
    made = financed_emissions(book(3, outstanding=[60.0, 60.0, 60.0], borrower=[0, 0, 1]))
    assert made.counts.tolist() == [False, False, True]
    assert {f.code for f in made.refused.findings()} == {"finance.borrower_over_attributed"}


def test_scope_3_stands_apart_with_its_own_coverage() -> None:
    made = financed_emissions(book(2, scope3_t=[9_000.0, np.nan], quality_scope3=[4.0, 4.0], outstanding=[20.0, 60.0]))
    assert made.total12_t == pytest.approx(4_000.0)
    assert made.total3_t == pytest.approx(1_800.0)
    assert made.coverage3 == pytest.approx(0.25)
    assert made.quality3 == pytest.approx(4.0)


def test_no_scope_3_is_not_zero() -> None:
    made = financed_emissions(book())
    assert made.total3_t is None
    assert {row.key: row.value for row in made.rows()}["scope3"] is None


def test_quality_is_weighed_by_money() -> None:
    made = financed_emissions(book(2, outstanding=[10.0, 30.0], quality=[1.0, 5.0]))
    assert made.quality == pytest.approx(4.0)


def test_by_revenue_is_another_basis() -> None:
    made = financed_emissions(book(average_outstanding=15.0, revenue=500.0), "revenue")
    assert made.attribution[0] == pytest.approx(0.03)
    assert "revenue" in made.proof()[0]


@given(
    st.lists(st.floats(0.01, 1.0), min_size=1, max_size=8),
    st.floats(1.0, 1e9),
    st.floats(0.0, 1e9),
)
def test_all_capital_of_a_borrower_carries_all_its_emissions(parts: list[float], debt: float, tonnes: float) -> None:
    shares = np.array(parts) / sum(parts)
    n = len(parts)
    made = financed_emissions(
        book(n, outstanding=debt * shares, equity=0.0, debt=debt, scope12_t=tonnes, borrower=np.zeros(n, np.intp))
    )
    assert made.total12_t == pytest.approx(tonnes, rel=1e-9, abs=1e-9)


@given(st.floats(1e-3, 1e6))
def test_the_unit_of_money_does_not_matter(scale: float) -> None:
    one, other = book(), book(outstanding=20.0 * scale, equity=60.0 * scale, debt=40.0 * scale)
    assert financed_emissions(other).total12_t == pytest.approx(financed_emissions(one).total12_t, rel=1e-12)


def test_a_join_keeps_every_loan_once() -> None:
    # Two loans to one borrower, and one whose borrower is not there.
    assert joined_rows(["b", "b", "x", "a"], ["a", "b"]).tolist() == [1, 1, -1, 0]
    assert joined_rows(["b"], []).tolist() == [-1]
    assert repeated(["l1", "l2", "l1"]).tolist() == [True, False, True]


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(UnequalColumns):
        Loans.of(2, outstanding=[1.0, 2.0, 3.0])


def test_the_scale_runs_from_verified_to_a_sector_factor_per_asset() -> None:
    scale = load_quality(DATA)
    assert [scale[x].score for x in ("verified_reported", "unverified_reported", "production", "revenue_factor")] == [
        1,
        2,
        3,
        4,
    ]
    assert scale["outstanding_factor"].score == 5


def test_left_out_is_weighed() -> None:
    made = financed_emissions(book(3, quality=[2.0, np.nan, np.nan]))
    [told] = made.refused.told(made.loans.outstanding)
    assert (told.rows, told.amount) == (2, 40.0)
