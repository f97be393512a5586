"""Goods through years, laws and prices: the same numbers as line by line, nothing lost, assumptions named."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.consignment import Basis, Consignment
from cbam.errors import IncompleteActual, OutOfScope, UnknownPath
from cbam.exposure import assess_import
from cbam.price_lines import price_lines
from cbam.prices import PricePath, Pricing
from cbam.projection import project
from cbam.scenarios import YearlyGood, outlook
from tests.cbam.decisions import BOOK, DRAFT, GRID, LAWS, PATHS, YEARS, good, own, own_prices

LINES = price_lines(PATHS, GRID, BOOK, YEARS)
CHAIN = {
    "process": "shop",
    "processes": [
        {
            "id": "shop",
            "cn_code": "73089059",
            "activity_t": 100.0,
            "direct_t": 2.0,
            "precursors": [
                {"name": "卷", "mass_t": 105.0, "known": "default", "cn_code": "72083700", "origin": "CN"},
            ],
        }
    ],
}


@pytest.mark.parametrize("made", [good(), own()])
@pytest.mark.parametrize("path", ["flat", "reuters-2026-01"])
def test_the_same_cents_as_the_projection_of_one_line(made: YearlyGood, path: str) -> None:
    basis = Basis.DEFAULT if made.see_tco2e_per_t is None else Basis.ACTUAL
    seen = outlook([made], basis, LAWS, YEARS, LINES, path)
    line = Consignment(
        cn_code=made.cn_code, origin=made.origin, net_mass_t=10, imported_on=dt.date(2026, 5, 12), basis=basis,
        see_tco2e_per_t=made.see_tco2e_per_t, sefa_tco2e_per_t=made.sefa_tco2e_per_t,
    )  # fmt: skip
    for at, book in enumerate((BOOK, DRAFT)):
        pricing = Pricing(PATHS, path)
        years = project(assess_import(line, book, pricing), book, pricing)
        for i, year in enumerate(YEARS):
            if year > 2026:  # the year of import has the price of its quarter
                assert seen.cost_eur[0, at, seen.at_chosen, i] == years[i].cost_eur
                assert seen.certificates[0, at, i] == pytest.approx(years[i].certificates, rel=1e-14)


def test_grid_stands_beside_every_path_and_every_point_of_it_is_an_assumption() -> None:
    assert [line.grid for line in LINES] == [False] * len(PATHS) + [True] * len(GRID.points_eur_per_t)
    seen = outlook([good()], Basis.DEFAULT, LAWS, YEARS, LINES, "flat")
    assert all("price_held" in seen.assumed(0, p, 0) for p in seen.of_grid)
    assert "网格" in seen.rows()[0].note.zh
    assert seen.rows()[0].value == 3903.10
    assert len(seen.rows()) == len(LAWS) * len(YEARS)


def test_what_is_no_settled_law_is_named_and_only_where_it_counts() -> None:
    years = range(2026, 2041)
    seen = outlook([good()], Basis.DEFAULT, LAWS, years, price_lines(PATHS, GRID, BOOK, years), "flat")
    benchmark = "eu.cbam.benchmarks[73089059,B,C]"
    in_force = {year: set(held) for year, held in zip(years, seen.held[0][0], strict=True)}
    assert in_force[2030] == set()
    assert in_force[2031] == {"eu.cbam.cscf", benchmark}
    assert in_force[2034] == in_force[2040] == set()  # nothing is allocated free: what is held changes nothing
    draft = {year: set(held) for year, held in zip(years, seen.held[0][1], strict=True)}
    assert draft[2037] == {"eu.cbam.cscf", benchmark}
    assert draft[2038] == set()
    text = next(row for row in seen.rows() if row.key == "com-2026-616.2037").note
    assert "CSCF" in text.en
    assert "基准值沿用" in text.zh


def test_own_values_scale_from_the_law_in_force_and_say_so() -> None:
    seen = outlook([own(data_year=2028)], Basis.ACTUAL, LAWS, YEARS, LINES, "flat")
    at = YEARS.index(2029)
    assert seen.sefa_tco2e_per_t[0, 0, at] == pytest.approx(1.5597591555 * 0.775 / 0.9)
    assert seen.sefa_tco2e_per_t[0, 1, at] == pytest.approx(1.5597591555 * 0.81 / 0.9)
    assert "sefa_scaled" in seen.held[0][0][at]
    assert "sefa_scaled" not in seen.held[0][0][YEARS.index(2028)]


def test_a_chain_takes_mark_up_and_benchmarks_of_each_year() -> None:
    seen = outlook([good(chain=CHAIN)], Basis.ACTUAL, LAWS, YEARS, LINES, "flat")
    want = [0.02 + 1.05 * 3.187 * (1 + markup) for markup in (0.1, 0.2, *[0.3] * 7)]
    assert seen.see_tco2e_per_t[0, 0] == pytest.approx(want)
    assert seen.sefa_tco2e_per_t[0, 0, 0] == pytest.approx(0.975 * (0.112 + 1.05 * 1.37))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "cbam.incomplete_actual"),
        ({"chain": CHAIN, "see_tco2e_per_t": 2.0}, "cbam.own_twice"),
        ({"chain": CHAIN | {"process": "mill"}}, "cbam.no_such_process"),
        ({"chain": CHAIN, "cn_code": "73089051"}, "cbam.process_of_another_good"),
        ({"see_tco2e_per_t": 2.0, "sefa_tco2e_per_t": 1.0, "data_year": 2034}, "cbam.no_allocation_that_year"),
    ],
)
def test_own_values_that_are_refused(changes: dict[str, object], code: str) -> None:
    seen = outlook([good(**changes), own()], Basis.ACTUAL, LAWS, YEARS, LINES, "flat")
    assert seen.refused[0].code == code
    assert set(seen.refused) == {0}
    alone = outlook([own()], Basis.ACTUAL, LAWS, YEARS, LINES, "flat")
    assert np.array_equal(seen.total_eur, alone.total_eur)  # nothing lost of the other
    assert all(row.value is not None for row in seen.rows())


def test_a_missing_value_is_named() -> None:
    seen = outlook([good(see_tco2e_per_t=2.0)], Basis.ACTUAL, LAWS, YEARS, LINES, "flat")
    refusal = seen.refused[0]
    assert isinstance(refusal, IncompleteActual)
    assert refusal.field == "sefa_tco2e_per_t"
    assert "data_year" in refusal.text("zh")


def test_out_of_scope_keeps_its_place_and_no_row_shows_nan() -> None:
    seen = outlook([good(cn_code="73170080")], Basis.DEFAULT, LAWS, YEARS, LINES, "flat")
    assert isinstance(seen.refused[0], OutOfScope)
    assert np.isnan(seen.cost_eur).all()
    assert {row.value for row in seen.rows()} == {0.0}


def test_a_path_that_does_not_reach_is_unknown_and_an_unknown_path_is_refused() -> None:
    short = PricePath(
        zh="短", en="short", kind="user", points={2027: 90.0}, after_last="refuse", source="user", confidence="inferred"
    )
    lines = price_lines({"short": short}, GRID, BOOK, YEARS)
    seen = outlook([good()], Basis.DEFAULT, LAWS, YEARS, lines, "short")
    values = {row.key: row.value for row in seen.rows()}
    assert values["in_force.2026"] is None
    assert values["in_force.2027"] == 5243.0  # 5.82555 x 10 x 90 is 5242.995, half up
    with pytest.raises(UnknownPath):
        outlook([good()], Basis.DEFAULT, LAWS, YEARS, lines, "flat")
    with pytest.raises(UnknownPath):
        outlook([good()], Basis.DEFAULT, LAWS, YEARS, lines, "grid-80")


@given(st.floats(0, 10), st.floats(0, 5), st.floats(0.1, 1e6), st.lists(st.floats(1, 300), min_size=2, max_size=2))
def test_a_higher_price_or_more_tonnes_never_cost_less(
    see: float, sefa: float, tonnes: float, pair: list[float]
) -> None:
    low, high = sorted(pair)
    item = own(see_tco2e_per_t=see, sefa_tco2e_per_t=sefa, tonnes_per_year=tonnes)
    at_low, at_high = (outlook([item], Basis.ACTUAL, LAWS, YEARS, own_prices(p), "user") for p in (low, high))
    assert (at_low.cost_eur >= 0).all()
    chosen = at_low.at_chosen
    assert (at_low.cost_eur[:, :, chosen] <= at_high.cost_eur[:, :, chosen]).all()
    more = outlook(
        [item.model_copy(update={"tonnes_per_year": tonnes * 2})], Basis.ACTUAL, LAWS, YEARS, own_prices(low), "user"
    )
    assert (more.cost_eur >= at_low.cost_eur).all()


def test_equal_inputs_give_an_equal_key_and_a_draft_another() -> None:
    one, two = (outlook([good()], Basis.DEFAULT, LAWS, YEARS, LINES, "flat") for _ in range(2))
    assert one.provenance.key == two.provenance.key
    only = outlook([good()], Basis.DEFAULT, LAWS[:1], YEARS, LINES, "flat")
    assert only.provenance.key != one.provenance.key
    assert any("com-2026-616" in line for line in one.proof())
    assert not any("com-2026-616" in line for line in only.proof())
