"""Cost per product: by hand, the same as one product at a time, added up to the installation; and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.embedded import embedded_cost
from models.errors import NOTHING
from models.installation import EtsYear
from models.position import Position
from models.product_costs import ProductColumns, ProductsExceedSite, SiteColumns, product_costs
from models.regime import Regime
from models.settlement import BASIS_OF, Dealings, settled

NAN = float("nan")


def col(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


SITE = SiteColumns(col(100_000.0), col(93_100.0), col(2.0), col(40.0), col(1.0), np.array([True]))
TWO = ProductColumns(np.array([0, 0]), col(30_000.0, 20_000.0), col(66_000.0, 32_000.0), col(NAN, NAN))


def test_by_hand() -> None:
    made = product_costs(SITE, TWO)
    # e = 2.2; b = 2.2 x 0.931; full 40 e, paid 2 e, marginal 40 (e - b) = 40 x 2.2 x 0.069
    assert made.views_cny_per_t[0] == pytest.approx([88.0, 4.4, 6.072], rel=1e-12)
    assert made.totals_cny[1] == pytest.approx([1_280_000.0, 64_000.0, 88_320.0], rel=1e-12)
    assert made.rest_t[0] == 2_000.0
    assert made.rest_cny[0] == pytest.approx([80_000.0, 4_000.0, 5_520.0], rel=1e-9)


def test_a_free_allocation_of_its_own_moves_the_marginal_view_alone() -> None:
    made = product_costs(SITE, replace(TWO, free_t=col(60_000.0, NAN)))
    assert made.views_cny_per_t[0] == pytest.approx([88.0, 4.4, 40.0 * (2.2 - 2.0)], rel=1e-12)


def test_a_lump_sum_follows_nothing_and_outside_a_market_all_is_zero() -> None:
    lump = product_costs(replace(SITE, free_t=col(NAN), output_share=col(0.0)), TWO)
    assert lump.views_cny_per_t[:, 2] == pytest.approx(lump.views_cny_per_t[:, 0])
    outside = product_costs(replace(SITE, covered=np.array([False])), TWO)
    assert not outside.views_cny_per_t.any()
    assert not outside.rest_cny.any()


def test_what_is_not_known_stays_unknown() -> None:
    made = product_costs(replace(SITE, market_price_cny_per_t=col(NAN), average_paid_cny_per_t=col(NAN)), TWO)
    assert np.isnan(made.views_cny_per_t).all()


def test_products_above_the_site_are_refused_by_its_name() -> None:
    with pytest.raises(ProductsExceedSite) as refused:
        product_costs(SITE, replace(TWO, emissions_t=col(66_000.0, 35_000.0)), lambda _: "一厂")
    assert "一厂" in refused.value.text("zh")
    assert "101,000" in refused.value.text("en")
    with pytest.raises(ProductsExceedSite):
        product_costs(SITE, replace(TWO, free_t=col(90_000.0, 4_000.0)))


tonnes = st.floats(1.0, 1e6)


@given(st.lists(st.tuples(tonnes, tonnes, st.integers(0, 3)), min_size=1, max_size=30), st.data())
def test_products_and_rest_add_up_and_each_is_what_it_is_alone(
    rows: list[tuple[float, float, int]], data: st.DataObject
) -> None:
    output, emitted, site = (np.array(part) for part in zip(*rows, strict=True))
    m = 4
    own = np.bincount(site, emitted, minlength=m) + data.draw(st.floats(0.0, 1e5)) + 1.0
    price, paid, free = (
        np.array(data.draw(st.lists(st.floats(low, high), min_size=m, max_size=m)))
        for low, high in ((1.0, 200.0), (-5.0, 50.0), (0.0, 1e6))
    )
    lam = np.array(data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=m, max_size=m)))
    sites = SiteColumns(own, free, paid, price, lam, np.ones(m, dtype=bool))
    made = product_costs(sites, ProductColumns(site, output, emitted, np.full(len(rows), NAN)))
    sums = np.stack([np.bincount(site, made.totals_cny[:, v], minlength=m) for v in range(3)], axis=1) + made.rest_cny
    whole = np.stack([price * own, paid * own, price * (own - lam * free)], axis=1)
    assert sums == pytest.approx(whole, rel=1e-9, abs=1e-6 * float(np.abs(whole).max()))
    i = data.draw(st.integers(0, len(rows) - 1))
    s = site[i]
    where = Position(own[s], free[s], None, None, None, paid[s], "own_purchases", provisional=False)
    alone = embedded_cost(
        emitted[i] / output[i], 1.0, Regime("guangdong_pilot", 2025, NOTHING, NOTHING, stated=False, reads=()), where,
        "benchmark" if lam[s] else "historical_emissions", price[s], intensity_basis=NOTHING, data_quality=1,
    )  # fmt: skip
    views = [alone.full_cny_per_t, alone.paid_cny_per_t, alone.marginal_cny_per_t]
    assert made.views_cny_per_t[i] == pytest.approx(views, rel=1e-9, abs=1e-9 * price[s] * own[s] / output[i])


def test_many_installations_at_once_are_each_what_they_are_alone() -> None:
    rng = np.random.default_rng(7)
    years = [
        EtsYear.model_construct(**{
            name: None if rng.random() < 0.3 else float(rng.uniform(0, 1e5)) for name in Dealings.__dataclass_fields__
        })
        for _ in range(500)
    ]  # fmt: skip
    names = list(Dealings.__dataclass_fields__)
    table = {n: col(*(NAN if getattr(y, n) is None else getattr(y, n) for y in years)) for n in names}
    price = np.where(rng.random(500) < 0.3, NAN, rng.uniform(20, 100, 500))
    many = settled(Dealings(**table), price)
    assert {BASIS_OF[b] for b in many.basis} == set(BASIS_OF)
    for i, year in enumerate(years):
        one = settled(Dealings.of(year, year.free_allocation_t), price[i : i + 1])
        for field in ("net_t", "open_t", "cost_cny", "average_paid_cny_per_t"):
            assert getattr(one, field)[0] == pytest.approx(getattr(many, field)[i], nan_ok=True)
        assert one.basis[0] == many.basis[i]
