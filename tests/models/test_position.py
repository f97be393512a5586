"""The position of an installation: what is told beside the figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.installation import EtsYear
from models.law import LawBook
from models.position import Position, position
from models.regime import law_of_year, regime_of

STEEL = {"installation": "A", "compliance_year": 2025, "process": "steel_integrated", "verified_emissions_t": 100_000}
CERAMICS = STEEL | {"process": "ceramics", "free_allocation_t": 93_100}


def of(book: LawBook, inputs: dict[str, object], price: float | None = None) -> Position:
    year = EtsYear.model_validate(inputs)
    return position(year, regime_of(year, book), law_of_year(book, year.compliance_year), price)


def codes(site: Position) -> list[str]:
    return [finding.code for finding in site.findings]


def test_offsets_above_the_limit_are_told(book: LawBook) -> None:
    site = of(book, STEEL | {"free_allocation_t": 97_000, "offsets_t": 6_000, "offset_price_cny_per_t": 60})
    assert codes(site) == ["ets.offsets_above_limit"]
    assert (
        codes(of(book, STEEL | {"free_allocation_t": 97_000, "offsets_t": 3_000, "offset_price_cny_per_t": 60})) == []
    )


def test_the_pilots_offset_rule_is_told_where_it_cannot_be_checked(book: LawBook) -> None:
    site = of(book, CERAMICS | {"offsets_t": 6_900, "offset_price_cny_per_t": 30})
    assert codes(site) == ["ets.offsets_not_checked"]
    assert "10%" in site.findings[0].text.zh
    assert "70%" in site.findings[0].text.en


def test_a_pre_allocation_taken_for_the_final_one_is_told(book: LawBook) -> None:
    """The draft pre-allocates 70 % of the emissions of the year before: no shortfall of 30 %."""
    assert codes(of(book, STEEL | {"free_allocation_t": 70_000})) == ["ets.free_outside_rule"]
    assert codes(of(book, STEEL | {"free_allocation_t": 97_000})) == []
    assert codes(of(book, STEEL | {"compliance_year": 2024, "free_allocation_t": 99_000})) == ["ets.free_outside_rule"]
    assert codes(of(book, CERAMICS | {"free_allocation_t": 70_000})) == []


def test_a_shortfall_not_yet_bought_is_told(book: LawBook) -> None:
    site = of(book, CERAMICS | {"purchased_t": 1_900, "purchase_price_cny_per_t": 40})
    assert site.open_t == pytest.approx(5_000)
    assert codes(site) == ["ets.shortfall_open"]
    assert site.cost_cny == pytest.approx(76_000)


def test_an_allocation_worked_out_from_an_unverified_band_says_so(book: LawBook) -> None:
    values = {"intensity_tco2_per_t": 2.1, "balance_value_tco2_per_t": 2.0}
    of_2025, of_2026 = of(book, STEEL | values), of(book, STEEL | values | {"compliance_year": 2026})
    for site in (of_2025, of_2026):
        assert site.free_t == pytest.approx(100_000 * (1 - 0.05 * 0.03 / 0.20))
        assert site.provisional
        assert "cn.ets.national.band" in {read.key for read in site.reads}
        assert any("cn.ets.national.gap_at_band" in line for line in site.proof())
    note = {row.key: row.note for row in of_2025.rows()}["free"]
    assert "未经证实" in note.zh
    assert "unverified" in note.en


def test_a_stated_allocation_is_not_replaced_by_the_rule(book: LawBook) -> None:
    site = of(
        book,
        STEEL | {"free_allocation_t": 99_000, "intensity_tco2_per_t": 2.5, "balance_value_tco2_per_t": 2.0},
        price=75,
    )
    assert site.free_t == 99_000
    assert not site.provisional
    assert site.marginal_cny_per_tco2 == pytest.approx(0.03 * 75)


@given(st.floats(0.5, 4), st.floats(0.5, 4), st.floats(1, 1e7), st.floats(1, 500))
def test_the_national_position_never_leaves_the_band(
    book: LawBook, own: float, balance: float, emissions: float, price: float
) -> None:
    site = of(
        book,
        STEEL | {"verified_emissions_t": emissions, "intensity_tco2_per_t": own, "balance_value_tco2_per_t": balance},
        price,
    )
    assert site.net_t is not None
    assert abs(site.net_t) <= 0.03 * emissions * (1 + 1e-9)
    assert codes(site) == []
    assert site.average_paid_cny_per_t is not None
    assert 0 <= site.average_paid_cny_per_t <= 0.03 * price * (1 + 1e-9)
