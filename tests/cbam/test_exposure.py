"""Properties of one import line, over the whole list of goods and many origins."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.consignment import Basis, Consignment
from cbam.errors import RouteNeeded
from cbam.exposure import DefaultPath, assess, assess_import, cost_cents, default_path
from cbam.goods import candidates
from cbam.prices import PricePath, Pricing, last_official, official_price, path_price
from cbam.projection import project, years_of
from models.errors import YuetanError
from models.files import DATA
from models.law import LawAt, LawBook, load_law

BOOK = load_law(DATA / "law")
CODES = candidates(BOOK, "")
DAY = dt.date(2026, 5, 12)
PRICE = official_price(BOOK.at(DAY))
assert PRICE is not None

mass = st.floats(0.001, 1e6, allow_nan=False)
intensity = st.floats(0, 50, allow_nan=False)


def line(**changes: object) -> Consignment:
    return Consignment.model_validate(
        {"cn_code": "73089059", "origin": "CN", "net_mass_t": 10, "imported_on": DAY} | changes
    )


def actual(see: float, sefa: float, net_mass_t: float = 10.0) -> Consignment:
    return line(basis="actual", see_tco2e_per_t=see, sefa_tco2e_per_t=sefa, net_mass_t=net_mass_t)


def settled(law: LawAt, origin: str, code: str) -> DefaultPath | None:
    """Resolve the default basis, or return None where the route is asked for; any other refusal fails the test."""
    try:
        return default_path(law, origin, code)
    except RouteNeeded:
        return None


def test_there_are_536_goods() -> None:
    assert len(CODES) == 536


def test_every_code_resolves_for_china_and_other_countries_in_every_year() -> None:
    for year in years_of(BOOK):
        law = BOOK.at(dt.date(year, 12, 31))
        for code in CODES:
            assert default_path(law, "CN", code).see_tco2e_per_t > 0
            path = settled(law, "ZZ", code)
            assert path is None or path.see_tco2e_per_t > 0


def test_every_origin_resolves_or_is_refused_with_a_reason() -> None:
    law = BOOK.at(DAY)
    origins = {key[1] for key in BOOK.tables["eu.cbam.default_values"].rows}
    assert len(origins) == 73
    refused = 0
    for origin in origins:
        for code in CODES:
            path = settled(law, origin, code)
            refused += path is None
            if path is not None:
                assert path.row.key_part(1) in (origin, "ZZ")
                assert path.sefa_tco2e_per_t == pytest.approx(0.975 * path.benchmark_tco2e_per_t)
    assert 0 < refused < 0.03 * len(origins) * len(CODES)


@pytest.mark.shared
def test_china_agrees_with_the_resolved_view(shared: Callable[[str], Path]) -> None:
    with shared("cbam/default_values_china_cn8.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 536
    for row in rows:
        path = default_path(BOOK.at(DAY), "CN", row["cn_code"])
        later = default_path(BOOK.at(dt.date(2029, 1, 1)), "CN", row["cn_code"])
        assert path.total_tco2e_per_t == float(row["total"])
        assert path.row.key_part(1) == row["table_used"]
        assert path.row.key_part(2) == row["matched_row"]
        assert path.route == row["route_used"]
        assert path.benchmark_tco2e_per_t == float(row["benchmark_b_2026_2027"])
        assert later.benchmark_tco2e_per_t == float(row["benchmark_b_2028_2030"])


@given(intensity, intensity, mass)
def test_cost_is_never_negative_and_agrees_with_fractions(see: float, sefa: float, net_mass_t: float) -> None:
    made = assess(actual(see, sefa, net_mass_t), BOOK.at(DAY), PRICE)
    exact = Fraction(str(net_mass_t)) * max(Fraction(0), Fraction(str(see)) - Fraction(str(sefa)))
    assert made.certificates >= 0
    assert made.cost_eur >= 0
    scale = Fraction(str(net_mass_t)) * (Fraction(str(see)) + Fraction(str(sefa)))
    assert abs(Fraction(made.certificates) - exact) <= scale * Fraction(1, 10**14)
    cents = exact * Fraction(str(PRICE.eur_per_t)) * 100
    assert round(made.cost_eur * 100) == int(cents + Fraction(1, 2))


def test_cent_on_the_half_goes_up() -> None:
    assert cost_cents(1.0, 0.005, 0.0, 0.0, 1.0) == 1
    assert cost_cents(1.005, 1.0, 0.0, 0.0, 1.0) == 101  # 1.005 in binary lies below the half
    assert cost_cents(1.0, 0.0049999, 0.0, 0.0, 1.0) == 0


@given(intensity, intensity, intensity, mass)
def test_a_higher_benchmark_never_costs_more(see: float, sefa: float, more: float, net_mass_t: float) -> None:
    low, high = sorted((sefa, more))
    cost = [assess(actual(see, s, net_mass_t), BOOK.at(DAY), PRICE).cost_eur for s in (low, high)]
    assert cost[1] <= cost[0]


@given(st.sampled_from(CODES), mass)
def test_doubling_tonnes_doubles_certificates(code: str, net_mass_t: float) -> None:
    one = assess(line(cn_code=code, net_mass_t=net_mass_t), BOOK.at(DAY), PRICE)
    two = assess(line(cn_code=code, net_mass_t=2 * net_mass_t), BOOK.at(DAY), PRICE)
    assert two.certificates == 2 * one.certificates


def test_floors_are_per_good_and_never_net() -> None:
    clean, dirty = actual(0.4, 1.2), actual(2.0, 1.2)
    made = [assess(c, BOOK.at(DAY), PRICE) for c in (clean, dirty)]
    assert made[0].cost_eur == 0
    assert sum(m.certificates for m in made) == pytest.approx(8.0)


@given(st.sampled_from(CODES))
def test_in_2034_the_benchmark_has_no_effect(code: str) -> None:
    path = default_path(BOOK.at(dt.date(2034, 6, 1)), "CN", code)
    assert path.sefa_tco2e_per_t == 0
    assert path.see_tco2e_per_t == pytest.approx(path.total_tco2e_per_t * 1.3)


def test_same_inputs_and_law_same_key_another_law_another_key() -> None:
    first_edition = load_law(DATA / "law", [DATA / "editions" / "eu-2025-2621"])
    coil = line(cn_code="72083700", origin="IN")
    keys = [assess(coil, b.at(DAY), PRICE).provenance.key for b in (BOOK, BOOK, first_edition)]
    assert keys[0] == keys[1] != keys[2]
    assert assess(line(net_mass_t=11), BOOK.at(DAY), PRICE).provenance.key != keys[0]
    assert "eu-2025-2621" in {r.scenario for r in assess(coil, first_edition.at(DAY), PRICE).embedded.reads}


def test_proof_names_every_value_once(book: LawBook) -> None:
    proof = assess_import(line(), book, Pricing({}, "")).proof()
    assert len(proof) == len(set(proof)) == 10
    assert any("eu.cbam.certificate_prices[2026Q2] = 75.28" in read for read in proof)


def test_production_year_counts_from_2027_only(book: LawBook, paths: dict[str, PricePath]) -> None:
    pricing = Pricing(paths, "flat", use_scenario=True)
    of_2026 = assess_import(line(imported_on=dt.date(2026, 5, 1), production_year=2027), book, pricing)
    assert of_2026.embedded.see_tco2e_per_t == pytest.approx(6.035 * 1.1)
    of_2028 = assess_import(line(imported_on=dt.date(2028, 1, 5), production_year=2027), book, pricing)
    assert of_2028.embedded.see_tco2e_per_t == pytest.approx(6.035 * 1.2)
    assert of_2028.embedded.sefa_tco2e_per_t == pytest.approx(0.95 * 1.491)


def test_projection_repeats_the_year_of_import_and_marks_assumptions(
    book: LawBook, paths: dict[str, PricePath]
) -> None:
    pricing = Pricing(paths, "reuters-2026-01")
    known = assess_import(line(), book, pricing)
    years = project(known, book, pricing)
    assert [y.year for y in years] == list(range(2026, 2035))
    assert years[0].cost_eur == known.cost_eur
    assert years[0].price.status == "official"
    assert years[1].price.eur_per_t == 107.29
    assert not years[1].assumed
    assert years[3].assumed == ("price_held",)
    assert set(years[5].assumed) == {"price_held", "eu.cbam.cscf", "eu.cbam.benchmarks[73089059,B,C]"}
    assert years[-1].assumed == ("price_held",)


def test_price_paths(book: LawBook, paths: dict[str, PricePath]) -> None:
    assert last_official(book).value == 75.28
    short = PricePath(
        zh="自定", en="own", kind="user", points={2027: 90.0}, after_last="refuse", source="user", confidence="inferred"
    )
    assert path_price(short, "own", book, dt.date(2027, 3, 1)).status == "user"
    for day in (dt.date(2026, 3, 1), dt.date(2028, 3, 1)):
        with pytest.raises(YuetanError) as refused:
            path_price(short, "own", book, day)
        assert refused.value.code == "cbam.price_path_too_short"


def test_default_line_ignores_nothing() -> None:
    """The default basis refuses own values rather than dropping them."""
    with pytest.raises(YuetanError) as refused:
        assess(line(basis=Basis.DEFAULT, see_tco2e_per_t=1.0, sefa_tco2e_per_t=1.0), BOOK.at(DAY), PRICE)
    assert refused.value.code == "cbam.mixed_basis"
