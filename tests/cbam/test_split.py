"""The split of the cost: both parts add up to the cent, whatever the share; quarters by official price or a range."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.errors import ShareOutside
from cbam.split import Deal, exporter_cents, net_price, quarter_terms, split
from models.files import DATA
from models.fx import UnknownCurrency, load_fx, user_rate
from tests.cbam.decisions import BOOK, PATHS

ON = dt.date(2026, 11, 25)
RATES = {"CNY": load_fx(DATA).rate("CNY", ON)}


@given(st.integers(0, 10**12), st.floats(0, 1))
def test_parts_add_up_and_are_in_order(cents: int, share: float) -> None:
    exporter = exporter_cents(cents, share)
    assert 0 <= exporter <= cents
    assert abs(exporter - cents * share) <= 0.5 + 1e-9 * cents
    assert exporter + (cents - exporter) == cents


@given(st.floats(0, 1), st.floats(1, 5000), st.floats(0, 2000))
def test_net_price_and_what_the_importer_pays_differ_by_the_whole_cost(share: float, price: float, cost: float) -> None:
    deal = Deal(exporter_share=share, price_per_t=price)
    made = split(2026, deal, 1.0, round(cost * 100), cost, RATES)
    net, landed = made.net_price_eur_per_t, made.landed_eur_per_t
    assert net is not None and landed is not None  # noqa: PT018
    assert landed - net == pytest.approx(cost, abs=1e-9)
    assert net <= price
    assert landed >= price - 1e-9
    assert net == net_price(price, cost, share)


@pytest.mark.parametrize("share", [-0.01, 1.0001, 30.0])
def test_a_share_outside_is_refused_with_the_way_to_write_it(share: float) -> None:
    with pytest.raises(ShareOutside) as refused:
        exporter_cents(100, share)
    assert "0.3" in refused.value.mend("zh")
    with pytest.raises(ShareOutside):
        quarter_terms(BOOK, PATHS, {2026: 1.0}, share)


def test_money_in_both_currencies_with_day_and_source() -> None:
    deal = Deal(exporter_share=0.25, price_per_t=7200.0, currency="CNY")
    made = split(2027, deal, 100.0, 4_000_000, 400.0, RATES)
    rate = RATES["CNY"].value
    rows = {row.key: row for row in made.rows()}
    assert rows["price"].value == pytest.approx(7200 / rate)
    assert rows["price_cny"].value == pytest.approx(7200)
    assert rows["net_price_cny"].value == pytest.approx(7200 - 100 * rate)
    assert rows["exporter"].value == 10_000
    assert rows["importer_cny"].value == pytest.approx(30_000 * rate)
    assert "2026-10" in rows["exporter_cny"].note.zh
    assert "ecb-reference-rates" in made.proof()[0]


def test_without_a_rate_euro_is_told_and_yuan_is_not_known() -> None:
    made = split(2027, Deal(exporter_share=1.0, price_per_t=900.0), 10.0, 400_000, 400.0, {})
    rows = {row.key: row.value for row in made.rows()}
    assert rows["net_price"] == 500
    assert rows["net_price_cny"] is None
    with pytest.raises(UnknownCurrency):
        split(2027, Deal(exporter_share=1.0, price_per_t=900.0, currency="CNY"), 10.0, 400_000, 400.0, {})
    own = {"CNY": user_rate("CNY", 8.0, ON, "合同")}
    assert split(2027, Deal(exporter_share=1.0), 10.0, 400_000, 400.0, own).in_cny(1.0) == 8.0


def test_quarters_of_2026_are_official_where_published_and_a_range_elsewhere() -> None:
    terms, reads = quarter_terms(BOOK, PATHS, {2026: 5.184775, 2027: 5.82555}, 0.5)
    of = {one.quarter: one for one in terms}
    assert list(of) == [f"{year}Q{q}" for year in (2026, 2027) for q in (1, 2, 3, 4)]
    assert (of["2026Q1"].status, of["2026Q1"].low_eur_per_t, of["2026Q1"].high_eur_per_t) == ("official", 75.36, 75.36)
    assert of["2026Q2"].low_eur_per_t == 75.28
    third = of["2026Q3"]
    assert (third.status, third.low_eur_per_t, third.high_eur_per_t) == ("scenario", 75.28, 92.65)
    assert of["2027Q1"].high_eur_per_t == 107.29
    assert third.exporter()[1] == pytest.approx(0.5 * 5.184775 * 92.65)
    assert third.exporter()[1] + third.importer()[1] == pytest.approx(5.184775 * 92.65)
    assert {read.key for read in reads} >= {"eu.cbam.certificate_prices[2026Q1]"}
    made = split(2026, Deal(exporter_share=0.5), 10.0, 390_310, 390.31, RATES, terms, reads)
    rows = {row.key: row for row in made.rows()}
    assert rows["2026Q3.high"].value == pytest.approx(third.exporter()[1])
